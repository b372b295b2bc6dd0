"""A client of the service: it delivers numbered mail, asks the web server, reads and binds.

Run as a program where the clients are, ``client.py load|read|clear``; the first line of
standard input is its :class:`Settings` as JSON.  It writes one JSON object a line:

``load``, until the end of standard input: ``{"time", "kind", "ok", "seconds", "number", "what"}``
with ``time`` the start in seconds since the epoch, ``kind`` one of :data:`KINDS`, ``number``
counted for each kind, and ``what`` the node that answered or the error.  A mail is acknowledged
when the server has said so after its last line (RFC 5321, 4.2.5); one whose answer was lost may or
may not be there.

It ends at once with an error when it cannot write what it was told: what was promised would not be
known any more.

``read``: ``{"number", "sha256"}`` for every mail of this trial in the mailbox, read by IMAP;
``clear`` empties the mailbox.

It uses the standard library alone: where it runs, nothing else need be installed.
"""

from __future__ import annotations

import hashlib
import imaplib
import json
import os
import random
import re
import smtplib
import socket
import ssl
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass

KINDS = ("smtp", "http", "imap", "ldap")
_NUMBER = re.compile(rb"^X-Trial: (\d+) (\d+)\r$", re.MULTILINE)


@dataclass(frozen=True)
class Settings:
    """What to ask, and how often.

    ``ports`` has the public port of each kind that the service offers; ``every`` the seconds from
    one question of a kind to the next, and ``patience`` how long each may take.
    """

    address: str
    ports: dict[str, int]
    account: str
    password: str
    certificate: str
    seed: int
    every: dict[str, float]
    patience: dict[str, float]


def body(seed: int, number: int) -> str:
    """Text of a mail, 1 to 8 KiB that only its number can make again."""
    dice = random.Random(f"{seed} {number}")  # noqa: S311 - to be repeated, not to be secret
    lines = dice.randint(13, 110)
    return "".join(f"{dice.randbytes(36).hex()}\r\n" for _ in range(lines))


def digest(text: bytes) -> str:
    """SHA-256 of a mail's text, without the blank end that servers may change."""
    return hashlib.sha256(text.rstrip()).hexdigest()


def deliver(settings: Settings, number: int) -> str:
    """Deliver one mail; returning means that it was acknowledged."""
    text = (
        f"From: sender@example.org\r\nTo: {settings.account}\r\nSubject: trial {number}\r\n"
        f"X-Trial: {settings.seed} {number}\r\n\r\n{body(settings.seed, number)}"
    )
    place = (settings.address, settings.ports["smtp"])
    session = smtplib.SMTP(*place, timeout=settings.patience["smtp"], local_hostname="client")
    try:
        session.sendmail("sender@example.org", [settings.account], text)
    finally:
        # what was acknowledged stays so, however the session ends
        session.close()
    return ""


def ask(settings: Settings, number: int) -> str:
    """Ask the web server for its page; returns the name of the node that answered."""
    place = (settings.address, settings.ports["http"])
    with socket.create_connection(place, settings.patience["http"]) as connection:
        connection.settimeout(settings.patience["http"])
        connection.sendall(b"GET / HTTP/1.0\r\nHost: trial\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, page = answer.partition(b"\r\n\r\n")
    words = head.split(b"\r\n", 1)[0].split()
    if words[1:2] != [b"200"]:
        raise OSError(b" ".join(words[1:]).decode(errors="replace") or "an empty answer")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    if length and len(page) < int(length[1]):
        raise OSError(f"cut off after {len(page)} of {int(length[1])} bytes")
    return (page.decode(errors="replace").split() or ["?"])[-1]


def _mailbox(settings: Settings, patience: float, *, readonly: bool = True) -> imaplib.IMAP4:
    trust = ssl.create_default_context(cadata=settings.certificate)
    trust.check_hostname = False  # the certificate is pinned; the address is an address
    session = imaplib.IMAP4(settings.address, settings.ports["imap"], timeout=patience)
    session.starttls(trust)
    session.login(settings.account, settings.password)
    verdict, said = session.select(readonly=readonly)
    if verdict != "OK":
        raise session.error(said[0])
    return session


def _count(session: imaplib.IMAP4) -> int:
    """How many mails the selected mailbox has."""
    return int(session.response("EXISTS")[1][-1] or b"0")


def open_mailbox(settings: Settings, number: int) -> str:
    """Log in and open the mailbox; returns how many mails it has."""
    session = _mailbox(settings, settings.patience["imap"])
    try:
        return str(_count(session))
    finally:
        session.shutdown()


def bind(settings: Settings, number: int) -> str:
    """An anonymous LDAP bind (RFC 4511, 4.2): version 3, an empty name, no password."""
    request = bytes.fromhex("300c020101600702010304008000")
    place = (settings.address, settings.ports["ldap"])
    with socket.create_connection(place, settings.patience["ldap"]) as connection:
        connection.settimeout(settings.patience["ldap"])
        connection.sendall(request)
        answer = connection.recv(256)
    # LDAPMessage: its number 1, bindResponse, resultCode success
    if answer[2:6] != b"\x02\x01\x01\x61" or answer[7:10] != b"\x0a\x01\x00":
        raise OSError(f"no success: {answer[:16].hex()}" if answer else "an empty answer")
    return ""


ASK: dict[str, Callable[[Settings, int], str]] = {
    "smtp": deliver,
    "http": ask,
    "imap": open_mailbox,
    "ldap": bind,
}


def _keep_asking(settings: Settings, kind: str, end: threading.Event, say: threading.Lock) -> None:
    due, number = time.monotonic(), 0
    while not end.wait(max(0.0, due - time.monotonic())):
        number += 1
        began, start = time.time(), time.monotonic()
        try:
            ok, what = True, ASK[kind](settings, number)
        except (OSError, EOFError, smtplib.SMTPException, imaplib.IMAP4.error) as error:
            ok, what = False, f"{type(error).__name__}: {error}"[:200]
        line = {
            "time": began,
            "kind": kind,
            "ok": ok,
            "seconds": round(time.monotonic() - start, 4),
            "number": number,
            "what": what,
        }
        with say:
            print(json.dumps(line), flush=True)
        due = max(due + settings.every[kind], time.monotonic())


def _or_end(ask: Callable[..., None], *words: object) -> None:
    """Do it; when it fails, the whole program has: the other threads must not hide that."""
    try:
        ask(*words)
    except BaseException:
        try:
            traceback.print_exc()
        finally:
            os._exit(1)


def load(settings: Settings) -> None:
    """Ask every kind in a thread of its own until standard input ends."""
    end, say = threading.Event(), threading.Lock()
    threads = [
        threading.Thread(target=_or_end, args=(_keep_asking, settings, kind, end, say))
        for kind in settings.ports
    ]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    end.set()
    for thread in threads:
        thread.join()


def read(settings: Settings) -> Iterator[tuple[int, str]]:
    """Number and SHA-256 of every mail of a trial in the mailbox."""
    session = _mailbox(settings, 60)
    try:
        _, parts = session.fetch("1:*", "(BODY.PEEK[])") if _count(session) else ("", [])
        for part in parts:
            if isinstance(part, tuple):
                head, _, text = part[1].partition(b"\r\n\r\n")
                found = _NUMBER.search(head + b"\r\n")
                if found and int(found[1]) == settings.seed:
                    yield int(found[2]), digest(text)
    finally:
        session.shutdown()


def clear(settings: Settings) -> None:
    """Empty the mailbox."""
    session = _mailbox(settings, 60, readonly=False)
    try:
        if _count(session):
            session.store("1:*", "+FLAGS.SILENT", r"(\Deleted)")
            session.expunge()
    finally:
        session.shutdown()


def main() -> None:
    settings = Settings(**json.loads(sys.stdin.readline()))
    if sys.argv[1] == "load":
        load(settings)
    elif sys.argv[1] == "clear":
        clear(settings)
    else:
        for number, sha256 in read(settings):
            print(json.dumps({"number": number, "sha256": sha256}))


if __name__ == "__main__":
    main()
