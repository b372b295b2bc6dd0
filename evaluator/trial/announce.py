"""Tell a network that an IPv4 address is at this card: ``announce.py CARD ADDRESS``.

A gratuitous ARP (RFC 5227, 3), as a host sends that takes an address over.
"""

from __future__ import annotations

import socket
import struct
import sys


def announce(card: str, address: str) -> None:
    """Send it; needs root."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((card, 0))
        here: bytes = raw.getsockname()[4]
        whose = socket.inet_aton(address)
        header = b"\xff" * 6 + here + struct.pack("!H", 0x0806)
        request = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1)
        raw.send(header + request + here + whose + bytes(6) + whose)


if __name__ == "__main__":
    announce(*sys.argv[1:3])
