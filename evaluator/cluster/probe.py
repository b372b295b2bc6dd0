"""By which words the service is asked whether it answers: the parameter ``probe`` of its agent.

The agent asks before the virtual address is there, so it asks on loopback.  Where a load balancer
has the public ports, the service listens on others (``backend_port``); else it has the public ones
itself, and nobody sends it the PROXY protocol.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evaluator.cluster.declaration import Declaration
from evaluator.cluster.networks import loopback

PARAMETER = "probe"
BY_NAME = {"submission": "smtp", "submissions": "smtps"} | {
    name: name for name in ("smtp", "smtps", "imap", "imaps", "pop3", "pop3s", "http", "https")
}
BY_PORT = {
    25: "smtp",
    80: "http",
    110: "pop3",
    143: "imap",
    443: "https",
    465: "smtps",
    587: "smtp",
    993: "imaps",
    995: "pop3s",
}
"""What speaks on a public port (IANA's registry) where the endpoint's name does not tell."""

WORD = re.compile(r"((?:smtp|lmtp|imap|pop3|http)s?)(\+proxy)?:([0-9A-Fa-f.:]+):([0-9]{1,5})")
"""What the agent takes; a numeric address, as no look may depend on a name server."""


@dataclass(frozen=True)
class Question:
    """How an endpoint is asked; ``protocol`` is empty where neither name nor port tells it."""

    endpoint: str
    protocol: str
    proxied: bool
    address: str
    port: int

    def word(self, protocol: str) -> str:
        """``PROTOCOL[+proxy]:ADDRESS:PORT``."""
        return f"{protocol}{'+proxy' if self.proxied else ''}:{self.address}:{self.port}"


def questions(site: Declaration) -> list[Question]:
    """How each endpoint of the service is asked on its own node."""
    balanced = "haproxy" in site.stack.components.values()
    return [
        Question(
            e.name,
            BY_NAME.get(e.name) or BY_PORT.get(e.port, ""),
            e.proxy_protocol and balanced,
            loopback(site.virtual_addresses[0].address),
            e.backend_port if balanced else e.port,
        )
        for e in site.services[0].endpoints
    ]


def derived(site: Declaration) -> str:
    """The parameter as the endpoints give it; empty where nothing can be asked."""
    words = (q.word(q.protocol) for q in questions(site) if q.protocol)
    # one listener may be behind several endpoints
    return ",".join(dict.fromkeys(words))


def contradictions(site: Declaration, given: str) -> Iterator[str]:
    """What of a given parameter no endpoint answers, each as a sentence.

    LMTP is not for clients, so it may be asked where no endpoint is.
    """
    listening = {q.port: q for q in questions(site)}
    here = loopback(site.virtual_addresses[0].address)
    for word in given.split(","):
        match = WORD.fullmatch(word)
        if match is None:
            yield f"{word!r} is not PROTOCOL:ADDRESS:PORT"
            continue
        protocol, _, address, port = match.groups()
        question = listening.get(int(port))
        if question is None and not (protocol.startswith("lmtp") and address == here):
            ports = ", ".join(map(str, sorted(listening)))
            yield f"{word!r}: no endpoint is at {address} port {port}; here they are at {ports}"
        elif question is not None and word != question.word(question.protocol or protocol):
            right = question.word(question.protocol or protocol)
            yield f"{word!r}: the endpoint {question.endpoint!r} answers to {right!r}"
