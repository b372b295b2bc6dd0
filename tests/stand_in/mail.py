"""A client inside a node: ``mail.py send TEXT`` and ``mail.py read``; it prints what it got."""

import imaplib
import poplib
import smtplib
import ssl
import sys
import time
import urllib.request
from pathlib import Path

account, password = Path("/opt/zimbra/conf/test-account").read_text().split()
tls = ssl.create_default_context(cafile="/opt/zimbra/conf/tls/zcs.crt")
tls.check_hostname = False  # the name is the virtual address's, which is not here


class Proxied(smtplib.SMTP):
    """As a proxy would connect for somebody else (PROXY protocol, version 1)."""

    def _get_socket(self, host, port, timeout):
        connection = super()._get_socket(host, port, timeout)
        connection.sendall(b"PROXY TCP4 192.0.2.77 192.0.2.11 40000 25\r\n")
        return connection


def send(text, recipient=account):
    with Proxied("127.0.0.1", 2525, timeout=10) as session:
        session.sendmail("someone@example.org", [recipient], f"Subject: test\r\n\r\n{text}\r\n")


def submit(text):
    with smtplib.SMTP("127.0.0.1", 2587, timeout=10) as session:
        session.starttls(context=tls)
        session.login(account, password)
        session.sendmail(account, [account], f"Subject: test\r\n\r\n{text}\r\n")


def read():
    with imaplib.IMAP4_SSL("127.0.0.1", 7993, ssl_context=tls, timeout=10) as session:
        session.login(account, password)
        session.select(readonly=True)
        numbers = session.search(None, "ALL")[1][0].split()
        return [session.fetch(n, "(BODY[TEXT])")[1][0][1].decode().strip() for n in numbers]


match sys.argv[1:]:
    case ["send", *texts]:
        for text in texts:
            send(text)
    case ["submit", text]:
        submit(text)
    case ["send-to", recipient]:
        send("relay me", recipient)
    case ["read", *wanted]:
        # accepted mail is delivered a moment later
        deadline = time.monotonic() + 10
        while not set(wanted) <= set(found := read()) and time.monotonic() < deadline:
            time.sleep(0.1)
        print("\n".join(found))
    case ["count-pop3"]:
        session = poplib.POP3_SSL("127.0.0.1", 7995, context=tls, timeout=10)
        session.user(account)
        session.pass_(password)
        print(session.stat()[0])
        session.quit()
    case ["page"]:
        print(urllib.request.urlopen("https://127.0.0.1/", context=tls, timeout=10).read())
    case ["log-in", word]:
        with imaplib.IMAP4_SSL("127.0.0.1", 7993, ssl_context=tls, timeout=10) as session:
            session.login(account, word)
