"""The client's program against small real servers on the loopback, as it runs in a laboratory.

The servers stand for the service's own: each knows just enough of its protocol to be a good one,
and to fail where a real one can.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from io import BufferedIOBase
from pathlib import Path
from typing import Any, cast

import pytest

from evaluator.trial import client
from evaluator.trial.client import Settings, body, digest
from evaluator.trial.ledger import Answer, Ledger

SEED = 7
ACCOUNT, PASSWORD = "test@lab.example.net", "secret of a test"
Talk = Callable[["Server", BufferedIOBase, BufferedIOBase, socket.socket], None]


class Server(socketserver.ThreadingTCPServer):
    """A server whose connections are held by a function; what it was told is in ``kept``."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, talk: Talk, fates: Iterable[str] = ()) -> None:
        self.fates = iter(fates)
        self.kept: list[bytes] = []
        self.asked: list[float] = []

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                server = cast("Server", self.server)
                server.asked.append(time.monotonic())
                with contextlib.suppress(OSError):
                    talk(server, self.rfile, self.wfile, self.connection)

        super().__init__(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self.server_bind()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def fate(self) -> str:
        """What is to become of the next request: '' when all is well."""
        return next(self.fates, "")


@contextlib.contextmanager
def dead(talk: Talk, fates: Iterable[str] = ()) -> Iterator[Server]:
    """A server that has its port and takes no connections."""
    with Server(talk, fates) as server:
        yield server


@contextlib.contextmanager
def alive(server: Server) -> Iterator[None]:
    """It takes connections from now on, until the block ends."""
    server.server_activate()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def serving(talk: Talk, fates: Iterable[str] = ()) -> Iterator[Server]:
    with dead(talk, fates) as server, alive(server):
        yield server


def vanish(connection: socket.socket) -> None:
    """End a connection as a host without power does once it is back: by a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


def mail_server(
    server: Server, rfile: BufferedIOBase, wfile: BufferedIOBase, link: socket.socket
) -> None:
    """Stands for the service's mail server (RFC 5321); ``kept`` has the text of what it took."""
    fate = server.fate()
    wfile.write(b"220 stand-in\r\n")
    while line := rfile.readline():
        if line.upper().strip() != b"DATA":
            refuse = fate == "refuse" and line.upper().startswith(b"RCPT")
            wfile.write(b"452 no room\r\n" if refuse else b"250 well\r\n")
            continue
        wfile.write(b"354 go on\r\n")
        if fate == "cut off":
            rfile.readline()
            return vanish(link)
        text = b"".join(iter(rfile.readline, b".\r\n"))
        if fate == "not kept":
            wfile.write(b"451 no\r\n")
            continue
        server.kept.append(text)
        if fate == "no answer":
            return None
        if fate == "half an answer":
            wfile.write(b"25")
            return None
        wfile.write(b"250 kept\r\n")
        if fate == "dies after":
            return vanish(link)
    return None


def web_server(
    server: Server, rfile: BufferedIOBase, wfile: BufferedIOBase, link: socket.socket
) -> None:
    """Stands for the service's web server; its page ends with the name of the node."""
    while rfile.readline().strip():
        pass
    fate = server.fate()
    if fate == "silent":
        time.sleep(0.6)
    elif fate == "no answer":
        vanish(link)
    elif fate == "empty":
        return
    elif fate == "down":
        wfile.write(b"HTTP/1.0 503 Service Unavailable\r\n\r\nno server\r\n")
    elif fate == "cut off":
        wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 20\r\n\r\nserved by z")
    elif fate == "nonsense":
        wfile.write(b"\x00\xff\xfe 200\x1b[31m")
    else:
        wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 15\r\n\r\nserved by zcs1\n")


def directory(
    server: Server, rfile: BufferedIOBase, wfile: BufferedIOBase, link: socket.socket
) -> None:
    """Stands for the service's directory: one answer to an anonymous bind (RFC 4511)."""
    assert link.recv(64) == bytes.fromhex("300c020101600702010304008000")
    fate = server.fate()
    code = {"refuse": b"\x31", "other message": b"\x00"}.get(fate, b"\x00")
    number = b"\x02" if fate == "other message" else b"\x01"
    if fate != "no answer":
        link.sendall(
            b"\x30\x0c\x02\x01" + number + b"\x61\x07\x0a\x01" + code + b"\x04\x00\x04\x00"
        )


def silent(
    server: Server, rfile: BufferedIOBase, wfile: BufferedIOBase, link: socket.socket
) -> None:
    """Stands for a service that hangs: it takes connections and says nothing."""
    rfile.read()


# --- the program ----------------------------------------------------------------------------


def settings(every: float = 0.02, patience: float = 2.0, **ports: int) -> Settings:
    return Settings(
        address="127.0.0.1",
        ports=ports,
        account=ACCOUNT,
        password=PASSWORD,
        certificate="",
        seed=SEED,
        every=dict.fromkeys(ports, every),
        patience=dict.fromkeys(ports, patience),
    )


@contextlib.contextmanager
def program(verb: str, words: Settings) -> Iterator[subprocess.Popen[str]]:
    """The client at work; it is killed when a test fails."""
    command = [sys.executable, str(client.__file__), verb]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        # a question that never ends would have a test wait for ever
        bound = threading.Timer(30, process.kill)
        bound.start()
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(asdict(words)) + "\n")
            process.stdin.flush()
            yield process
        finally:
            bound.cancel()
            process.kill()


def load(words: Settings, count: int, *, most: float = 5.0) -> list[Answer]:
    """Let it ask at least so many questions, end its input, and read what it says."""
    with program("load", words) as process:
        assert process.stdout is not None
        first = [process.stdout.readline() for _ in range(count)]
        ended = time.monotonic()
        out, err = process.communicate(timeout=20)
        assert time.monotonic() - ended < most
        assert (process.returncode, err) == (0, "")
    lines = [*first, *out.splitlines()]
    answers = Ledger.of(SEED, lines).answers
    assert len(answers) == len(lines), "every line is an answer"
    return list(answers)


def sent(server: Server) -> list[tuple[int, str]]:
    """(number, SHA-256) of what a mail server has kept."""
    found = []
    for text in server.kept:
        head, _, inner = text.partition(b"\r\n\r\n")
        number = re.search(rb"^X-Trial: 7 (\d+)$", head.replace(b"\r", b""), re.MULTILINE)
        assert number
        found.append((int(number[1]), digest(inner)))
    return found


# --- mail -----------------------------------------------------------------------------------

BAD = ("no answer", "refuse", "cut off", "not kept", "half an answer")


def test_what_is_acknowledged_is_recorded_and_nothing_else() -> None:
    with serving(mail_server, ["", "", *BAD, "", "dies after", ""]) as server:
        answers = load(settings(smtp=server.port), 12)
    ledger = Ledger(SEED, tuple(answers))
    bad = {3, 4, 5, 6, 7}
    assert [a.number for a in answers] == list(range(1, len(answers) + 1))
    assert set(ledger.acknowledged) == {a.number for a in answers} - bad
    held = ledger.hold(sent(server))
    assert held == (len(answers) - len(bad), (), (), ())
    # two were kept although nobody was told
    assert {n for n, _ in sent(server)} - set(ledger.acknowledged) == {3, 7}
    reasons = {a.number: a.what for a in answers if not a.ok}
    assert "452" in reasons[4]
    assert "451" in reasons[6]
    assert all(reason.isprintable() for reason in reasons.values())


def test_a_mail_that_is_lost_after_its_acknowledgement_is_missed() -> None:
    with serving(mail_server) as server:
        answers = load(settings(smtp=server.port), 4)
        del server.kept[1]
    assert Ledger(SEED, tuple(answers)).hold(sent(server)).lost == (2,)


# --- web and directory ----------------------------------------------------------------------


def test_the_web_servers_answers_are_told_apart() -> None:
    fates = ["", "down", "no answer", "empty", "silent", "nonsense", ""]
    with serving(web_server, fates) as server:
        answers = load(settings(http=server.port, patience=0.3), 8)
    assert [a.ok for a in answers[:8]] == [True, *[False] * 5, True, True]
    told = [a.what for a in answers]
    assert told[0] == told[6] == "zcs1"
    assert "503 Service Unavailable" in told[1]
    assert "ConnectionResetError" in told[2]
    assert "an empty answer" in told[3]
    assert "TimeoutError" in told[4]
    assert answers[4].seconds == pytest.approx(0.3, abs=0.2)


def test_a_page_that_was_cut_off_is_no_answer() -> None:
    with serving(web_server, ["cut off"]) as server:
        assert not load(settings(http=server.port), 1)[0].ok


def test_the_directorys_answers_are_told_apart() -> None:
    with serving(directory, ["", "refuse", "other message", "no answer"]) as server:
        answers = load(settings(ldap=server.port), 5)
    assert [a.ok for a in answers[:5]] == [True, False, False, False, True]
    assert "an empty answer" in answers[3].what


def test_questions_keep_their_distance_and_do_not_pile_up() -> None:
    with serving(web_server, ["", "silent"]) as server:
        load(settings(http=server.port, every=0.2, patience=0.5), 5)
    gaps = [after - before for before, after in zip(server.asked, server.asked[1:], strict=False)]
    # the second one takes its whole patience; the third comes at once, and is not followed by more
    assert 0.45 < gaps[1] < 2
    assert min(gaps) > 0.05


def test_every_kind_is_asked_by_itself_and_counted_from_one() -> None:
    with serving(web_server) as web, serving(mail_server) as mail, serving(silent) as hung:
        ports = {"http": web.port, "smtp": mail.port, "ldap": hung.port}
        answers = load(settings(patience=0.5, **ports), 12)
    kinds = {kind: [a.number for a in answers if a.kind == kind] for kind in ports}
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in kinds.values())
    assert len(kinds["http"]) > len(kinds["ldap"])
    assert {a.ok for a in answers if a.kind == "ldap"} == {False}
    assert {a.ok for a in answers if a.kind != "ldap"} == {True}


# --- its end --------------------------------------------------------------------------------


def test_it_ends_at_once_with_its_input_while_it_waits_for_the_next_question() -> None:
    with serving(web_server) as server:
        answers = load(settings(http=server.port, every=60), 1)
    assert len(answers) == 1


def test_it_ends_with_an_error_when_it_cannot_write_what_it_was_told() -> None:
    with serving(web_server) as web, serving(silent) as hung, Path("/dev/full").open("w") as full:
        words = settings(http=web.port, ldap=hung.port, patience=60)
        command = [sys.executable, str(client.__file__), "load"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=full, stderr=pipe, text=True) as process:
            assert process.stdin is not None
            process.stdin.write(json.dumps(asdict(words)) + "\n")
            process.stdin.flush()
            try:
                # by itself: its input goes on, and another question is under way
                assert process.wait(20) == 1
            finally:
                process.kill()
            assert process.stderr is not None
            assert "No space left on device" in process.stderr.read()


def test_it_ends_within_its_patience_while_a_server_hangs() -> None:
    with serving(silent) as server, program("load", settings(smtp=server.port, patience=0.5)) as it:
        until_asked(server)
        began = time.monotonic()
        out, err = it.communicate(timeout=10)
        assert time.monotonic() - began < 5
    assert (it.returncode, err) == (0, "")
    assert not any(a.ok for a in Ledger.of(SEED, out.splitlines()).answers)


def until_asked(server: Server) -> None:
    end = time.monotonic() + 10
    while not server.asked:
        assert time.monotonic() < end, "nobody asked within 10 s"
        time.sleep(0.01)


@pytest.mark.parametrize("kind", ["smtp", "http", "ldap", "imap"])
def test_a_dead_server_is_told_and_asked_again(kind: str) -> None:
    with dead(silent) as server:
        answers = load(settings(**{kind: server.port}), 3)
    assert not any(a.ok for a in answers)
    assert all("ConnectionRefusedError" in a.what for a in answers)


@pytest.mark.parametrize("kind", ["smtp", "http", "ldap", "imap"])
def test_nonsense_is_no_answer_and_the_next_question_comes(kind: str) -> None:
    said = [
        b"\x00\xff\xfe\x80\r\n", b"\r\n" * 9, b"250-\xff\r\n" * 9, b"220 \xff\r\n" * 9,
        b"* OK \xff\r\n* \xff\r\n", b"* OK [CAPABILITY \r\n", b"0" * 300, b"x" * 200_000,
        b"* OK {9}\r\n", b"* OK\r\n* CAPABILITY {99}\r\n", b"HTTP/1.0 \xff\r\n\r\n",
    ]  # fmt: skip
    left = iter(said)

    def nonsense(
        server: Server, rfile: BufferedIOBase, wfile: BufferedIOBase, link: socket.socket
    ) -> None:
        wfile.write(next(left, b""))

    with serving(nonsense) as server:
        answers = load(settings(**{kind: server.port}), len(said) + 1)
    assert not any(a.ok for a in answers)


def test_a_server_that_comes_back_is_found() -> None:
    with dead(web_server) as server, program("load", settings(http=server.port)) as it:
        assert it.stdout is not None
        assert not json.loads(it.stdout.readline())["ok"]
        with alive(server):
            end = time.monotonic() + 5
            while not json.loads(it.stdout.readline())["ok"]:
                assert time.monotonic() < end, "not found within 5 s"


# --- the mailbox ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate with its key, of an unknown authority, as the service's is."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing (Debian package openssl)")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        " -subj /CN=zcs.lab.example.net -keyout key.pem -out crt.pem"
    )
    subprocess.run(command.split(), cwd=path.parent, check=True, capture_output=True, timeout=30)
    parts = [(path.parent / name).read_text() for name in ("key.pem", "crt.pem")]
    path.write_text("".join(parts))
    return path


def mailbox_server(pem: Path) -> Talk:
    """Stands for the service's IMAP server (RFC 3501); ``kept`` has whole mails."""

    def talk(
        server: Server, rfile: BufferedIOBase, wfile: BufferedIOBase, link: socket.socket
    ) -> None:
        with contextlib.ExitStack() as opened:
            converse(server, rfile, link, opened)

    def converse(
        server: Server, rfile: BufferedIOBase, link: socket.socket, opened: contextlib.ExitStack
    ) -> None:
        fate, trust = server.fate(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trust.load_cert_chain(pem)
        link.sendall(b"* OK stand-in\r\n")
        while line := rfile.readline():
            tag, verb, *_ = line.decode().split()
            said, good = b"", b"OK done"
            if verb == "CAPABILITY":
                said = b"* CAPABILITY IMAP4rev1 STARTTLS\r\n"
            elif verb == "LOGIN" and (fate == "login" or f'"{PASSWORD}"'.encode() not in line):
                good = b"NO wrong password"
            elif verb in ("SELECT", "EXAMINE") and fate == "no mailbox":
                good = b"NO it is not there"
            elif verb in ("SELECT", "EXAMINE"):
                said = b"* %d EXISTS\r\n" % len(server.kept)
            elif verb == "FETCH":
                for number, mail in enumerate(server.kept, 1):
                    said += b"* %d FETCH (BODY[] {%d}\r\n%s)\r\n" % (number, len(mail), mail)
            elif verb == "EXPUNGE":
                server.kept.clear()
            link.sendall(said + tag.encode() + b" " + good + b"\r\n")
            if verb == "STARTTLS":
                link = opened.enter_context(trust.wrap_socket(link, server_side=True))
                rfile = opened.enter_context(link.makefile("rb"))

    return talk


def with_certificate(words: Settings, pem: Path) -> Settings:
    return Settings(**asdict(words) | {"certificate": (pem.parent / "crt.pem").read_text()})


def mail(seed: int, number: int, text: str = "", head: str = "") -> bytes:
    """A mail as a server keeps it, with a header of its own before and a blank line after."""
    inner = text or body(seed, number)
    return (
        f"Return-Path: <sender@example.org>\r\n{head}X-Trial: {seed} {number}\r\n\r\n{inner}\r\n"
    ).encode()


def run(verb: str, words: Settings) -> list[Any]:
    with program(verb, words) as process:
        out, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def test_the_mails_of_a_trial_are_read_and_no_others(certificate: Path) -> None:
    with serving(mailbox_server(certificate)) as server:
        words = with_certificate(settings(imap=server.port), certificate)
        assert run("read", words) == []
        server.kept += [
            mail(SEED, 1),
            mail(SEED + 1, 1),
            mail(SEED, 2, "altered"),
            mail(SEED, 1),
            b"Subject: somebody's own\r\n\r\nX-Trial: 7 9\r\n",
            b"X-Trial: 7 x\r\n\r\n",
        ]
        found = run("read", words)
        assert [mail["number"] for mail in found] == [1, 2, 1]
        told = Ledger(SEED, tuple(Answer(0, "smtp", True, 0, n, "") for n in (1, 2, 3)))
        assert told.hold((m["number"], m["sha256"]) for m in found) == (3, (3,), (1,), (2,))
        assert run("clear", words) == []
        assert server.kept == []
        assert run("clear", words) == []


def test_the_mailbox_is_opened_under_load(certificate: Path) -> None:
    with serving(mailbox_server(certificate), ["", "login", ""]) as server:
        server.kept += [mail(SEED, 1), mail(SEED, 2)]
        answers = load(with_certificate(settings(imap=server.port), certificate), 3)
    assert [a.ok for a in answers[:3]] == [True, False, True]
    assert answers[0].what == "2"
    assert "wrong password" in answers[1].what


def test_a_server_with_another_certificate_is_not_trusted(certificate: Path) -> None:
    with serving(mailbox_server(certificate)) as server:
        answers = load(settings(imap=server.port), 1)
    assert not answers[0].ok
    assert "CERTIFICATE_VERIFY_FAILED" in answers[0].what


def test_a_mailbox_that_cannot_be_opened_is_no_answer(certificate: Path) -> None:
    with serving(mailbox_server(certificate), ["no mailbox"]) as server:
        words = with_certificate(settings(imap=server.port), certificate)
        assert not load(words, 1)[0].ok
