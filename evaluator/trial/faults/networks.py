"""Faults of networks: cables, switches, strangers."""

from __future__ import annotations

import sys

from evaluator.findings import EvaluationError
from evaluator.trial import announce
from evaluator.trial.faults import Stage, Undo, must, power_on, said, verb


@verb("unplug", "NETWORK NODE")
def unplug(stage: Stage, arguments: list[str]) -> Undo:
    """A cable is pulled: the card sees it.  ``all`` stands for every network of the node."""
    return _cut(stage, arguments, carrier=False)


@verb("silence", "NETWORK NODE")
def silence(stage: Stage, arguments: list[str]) -> Undo:
    """The switch forgets a port: the card has its carrier, and nothing comes or goes."""
    return _cut(stage, arguments, carrier=True)


def _cut(stage: Stage, arguments: list[str], *, carrier: bool) -> Undo:
    which, node = arguments[0], stage.roles[arguments[1]]
    every = list(stage.lab.spec.nodes[node])
    cut = every if which == "all" else [which]
    for network in cut:
        stage.lab.cut(node, network, carrier=carrier)

    def heal() -> None:
        for network in cut:
            stage.lab.heal(node, network)
        power_on(stage, node)

    return heal


@verb("part", "NETWORK NODE")
def part(stage: Stage, arguments: list[str]) -> Undo:
    """The node and the others do not hear each other; clients and a witness hear all of them."""
    which, node = arguments[0], stage.roles[arguments[1]]
    nodes = stage.lab.spec.nodes
    others = [name for name in nodes if name not in (node, stage.roles.get("witness"))]
    every = [network for network in nodes[node] if which in (network, "all")]
    for network in every:
        stage.lab.part(node, [name for name in others if network in nodes[name]], network)

    def join() -> None:
        for network in every:
            stage.lab.join(node, network)
        for name in (node, *others):
            power_on(stage, name)

    return join


DEAF = "trial-deaf"


@verb("deafen", "NETWORK NODE")
def deafen(stage: Stage, arguments: list[str]) -> Undo:
    """A node sends and no longer hears: a partition that only one side sees."""
    which, node = arguments[0], stage.roles[arguments[1]]
    cards = [stage.lab.spec.interface(n) for n in stage.lab.spec.nodes[node] if which in (n, "all")]
    listed = ", ".join(f'"{card}"' for card in cards)
    rules = (
        f"table inet {DEAF} {{ chain in {{ type filter hook input priority -300;"
        f" iifname {{ {listed} }} drop\n}}\n}}"
    )
    must(stage, node, "nft", rules)

    def hear() -> None:
        # a node that was switched off meanwhile has forgotten it
        power_on(stage, node)
        stage.run(node, "nft", "delete", "table", "inet", DEAF)

    return hear


@verb("heal", "NETWORK NODE")
def heal(stage: Stage, arguments: list[str]) -> Undo:
    """A cable that was cut before is put back."""
    which, node = arguments[0], stage.roles[arguments[1]]
    for network in stage.lab.spec.nodes[node]:
        if which in (network, "all"):
            stage.lab.heal(node, network)
    return lambda: None


@verb("claim-address", "")
def claim_address(stage: Stage, arguments: list[str]) -> Undo:
    """A stranger, the machine of the switches, takes the virtual address and tells the network."""
    (network,) = stage.lab.spec.client
    card = stage.lab.spec.interface(network)
    own = ("ip", "address", "{}", f"{stage.address}/32", "dev", card)

    def change(verb: str) -> None:
        said(stage.lab.operator(*(word.format(verb) for word in own)))

    change("add")
    try:
        said(stage.lab.operator(sys.executable, announce.__file__, card, stage.address))
    except EvaluationError:
        change("delete")
        raise
    return lambda: change("delete")
