"""Ask a web server every 50 ms until told to stop; then print when, and whether, it answered.

Run as a program in a client's namespace: ``probe.py ADDRESS PORT``; the end of standard input is
the sign to stop.  Prints one line ``SECONDS OK NODE`` for each question.
"""

from __future__ import annotations

import select
import socket
import sys
import time

EVERY = 0.05
PATIENCE = 0.25


def ask(address: str, port: int) -> str:
    """Last word of the answer's body, the node's name; '' when there is no good answer."""
    try:
        with socket.create_connection((address, port), PATIENCE) as connection:
            connection.settimeout(PATIENCE)
            connection.sendall(b"GET / HTTP/1.0\r\nHost: probe\r\n\r\n")
            answer = b""
            while part := connection.recv(65536):
                answer += part
    except OSError:
        return ""
    head, _, body = answer.partition(b"\r\n\r\n")
    good = head.split(b"\r\n", 1)[0].split()[1:2] == [b"200"]
    words = body.decode(errors="replace").split()
    return (words[-1] if words else "?") if good else ""


def main() -> None:
    address, port = sys.argv[1], int(sys.argv[2])
    start = time.monotonic()
    due = start
    while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
        sent = time.monotonic()
        node = ask(address, port)
        print(f"{sent - start:.3f} {int(bool(node))} {node or '-'}", flush=True)
        due = max(due + EVERY, time.monotonic())


if __name__ == "__main__":
    main()
