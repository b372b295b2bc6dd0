"""How managers are asked and told, and what happens when a node gives no answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from subprocess import CompletedProcess

import pytest

from evaluator.findings import EvaluationError
from evaluator.trial.managers import MANAGERS, Manager

MEMBERS = ("zcs1", "zcs2")


def dead(node: str, *argv: str, timeout: float = 60) -> CompletedProcess[str]:
    """Stands for nodes without power, of which :meth:`Rig.run` says 255."""
    return CompletedProcess(argv, 255, "", f"{node} has no power")


@pytest.mark.parametrize("manager", MANAGERS.values(), ids=MANAGERS)
def test_a_cluster_without_power_is_not_whole(manager: Manager) -> None:
    assert "zcs1" in manager.why_not_whole(dead, MEMBERS)


@pytest.mark.parametrize("manager", MANAGERS.values(), ids=MANAGERS)
def test_a_node_that_cannot_be_told_is_an_error_that_a_campaign_goes_on_after(
    manager: Manager,
) -> None:
    for tell in (manager.leave, manager.join):
        with pytest.raises(EvaluationError, match="zcs1"):
            tell(dead, "zcs1")


def test_a_member_whose_quorum_is_not_told_is_not_whole() -> None:
    def half(node: str, *argv: str, timeout: float = 60) -> CompletedProcess[str]:
        """Stands for nodes on which Pacemaker answers and Corosync no longer does."""
        if argv[0] != "crm_mon":
            return dead(node, *argv)
        nodes = "".join(f'<node name="{name}" online="true"/>' for name in MEMBERS)
        return CompletedProcess(argv, 0, f"<crm_mon><nodes>{nodes}</nodes></crm_mon>", "")

    assert "corosync-quorumtool" in MANAGERS["pacemaker"].why_not_whole(half, MEMBERS)


def telling(words: str) -> Callable[..., CompletedProcess[str]]:
    """Stands for nodes of which ``crm_mon`` says this, and that do as they are told."""

    def run(node: str, *argv: str, timeout: float = 60) -> CompletedProcess[str]:
        said = f"<crm_mon>{words}</crm_mon>" if argv[0] == "crm_mon" else ""
        return CompletedProcess(argv, 0, said, "")

    return run


@pytest.mark.parametrize(
    ("state", "told"),
    [('online="false"', False), ('online="true" pending="true"', False),
     ('online="true" pending="false"', True)],
)  # fmt: skip
def test_a_member_is_taken_back_when_it_has_joined(state: str, told: bool) -> None:
    run = telling(f'<nodes><node name="zcs1" {state}/></nodes>')
    with nullcontext() if told else pytest.raises(EvaluationError, match="not joined"):
        MANAGERS["pacemaker"].join(run, "zcs1")


def test_a_clone_that_is_not_everywhere_is_not_whole() -> None:
    nodes = "".join(f'<node name="{name}" online="true"/>' for name in MEMBERS)
    clone = '<clone id="link-clone"><resource id="link" managed="true" role="Started"/></clone>'
    run = telling(f"<nodes>{nodes}</nodes><resources>{clone}</resources>")
    said = MANAGERS["pacemaker"].why_not_whole(run, MEMBERS)
    assert said == "zcs1 says: link-clone runs on 1 nodes of 2"
