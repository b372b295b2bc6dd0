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


# --- what Pacemaker says of itself ----------------------------------------------------------

WELL = """
<nodes>
  <node name="zcs1" online="true" standby="false" maintenance="false" pending="false"
    unclean="false"/>
  <node name="zcs2" online="true" standby="false" maintenance="false" pending="false"
    unclean="false"/>
</nodes>
<resources>
  <group id="group-zcs">
    <resource id="service-zcs" role="Started" blocked="false" managed="true" failed="false"/>
  </group>
  <clone id="link-clone">
    <resource id="link" role="Started" blocked="false" managed="true" failed="false"/>
    <resource id="link" role="Started" blocked="false" managed="true" failed="false"/>
  </clone>
  <resource id="fence-zcs1" role="Started" blocked="false" managed="true" failed="false"/>
</resources>
<node_history>
  <node name="zcs1">
    <resource_history id="service-zcs" orphan="false" migration-threshold="2"/>
  </node>
  <node name="zcs2">
    <resource_history id="service-zcs" orphan="false" migration-threshold="2"/>
    <resource_history id="link" orphan="false" migration-threshold="3"/>
    <resource_history id="fence-zcs1" orphan="false" migration-threshold="3"/>
  </node>
</node_history>
<fence_history/>
"""
"""As ``crm_mon`` of Pacemaker 2.1.5 says it, in short."""


def why_not_whole(words: str, *, forgiving: bool = False) -> str:
    def run(node: str, *argv: str, timeout: float = 60) -> CompletedProcess[str]:
        if argv[0] == "crm_mon":
            return telling(words)(node, *argv)
        return CompletedProcess(argv, 0, "Expected votes:   2\nTotal votes:      2\n", "")

    return MANAGERS["pacemaker"].why_not_whole(run, MEMBERS, forgiving=forgiving)


def changed(what: str, *changes: str) -> str:
    """What a whole cluster says, but for some attributes of the first that is called so."""
    before, found, after = WELL.partition(what)
    assert found
    for name, value in (change.split("=") for change in changes):
        part, end, rest = after.partition(">")
        attribute = f' {name}="'
        if attribute in part:
            head, _, tail = part.partition(attribute)
            part = f'{head}{attribute}{value}"{tail.partition(chr(34))[2]}'
        else:
            part = f'{attribute}{value}"{part}'
        after = part + end + rest
    return before + found + after


def test_a_whole_cluster_is_whole() -> None:
    assert why_not_whole(WELL) == ""


SERVICE, PEER = 'resource id="service-zcs"', 'name="zcs2"'


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (changed(PEER, "online=false"), "zcs2 is not online"),
        (changed(PEER, "standby=true"), "zcs2 is standby"),
        (changed(PEER, "maintenance=true"), "zcs2 is maintenance"),
        (changed(PEER, "pending=true"), "zcs2 is pending"),
        (changed(PEER, "unclean=true"), "zcs2 is unclean"),
        (changed(SERVICE, "managed=false"), "service-zcs is unmanaged"),
        (changed(SERVICE, "failed=true"), "service-zcs has failed"),
        (changed(SERVICE, "blocked=true"), "service-zcs has failed"),
        (changed(SERVICE, "role=Stopped"), "service-zcs is Stopped"),
        (changed('resource id="link"', "role=Stopped"), "link is Stopped"),
        (changed("<fence_history").replace(
            "<fence_history/>",
            '<fence_history><fence_event target="zcs2" status="pending"/></fence_history>'),
         "zcs2 is being fenced"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named_and_not_forgiven(words: str, reason: str) -> None:
    assert why_not_whole(words) == f"zcs1 says: {reason}"
    assert why_not_whole(words, forgiving=True) == f"zcs1 says: {reason}"


HISTORY = '<node_history>\n  <node name="zcs1">\n    <resource_history id="service-zcs"'
FENCE = '<resource_history id="fence-zcs1"'


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (changed(HISTORY, "fail-count=2"),
         "zcs1 may not have service-zcs, whose fail-count there is 2"),
        (changed(FENCE, "fail-count=1000000"),
         "zcs2 may not have fence-zcs1, whose fail-count there is INFINITY"),
        (changed(FENCE, "fail-count=1000000").replace(
            'resource id="fence-zcs1" role="Started"', 'resource id="fence-zcs1" role="Stopped"'),
         "fence-zcs1 is Stopped"),
        (changed('<resource_history id="link"', "fail-count=3").replace(
            'resource id="link" role="Started"', 'resource id="link" role="Stopped"', 1),
         "link is Stopped"),
    ],
)  # fmt: skip
def test_a_peer_that_may_not_have_a_resource_is_none_until_failures_are_forgotten(
    words: str, reason: str
) -> None:
    assert why_not_whole(words) == f"zcs1 says: {reason}"
    assert why_not_whole(words, forgiving=True) == ""


@pytest.mark.parametrize(
    "words",
    [
        changed(HISTORY, "fail-count=1"),
        # 0 is for never
        changed(HISTORY, "fail-count=9", "migration-threshold=0"),
        # of a host that is no member
        changed(HISTORY, "fail-count=2").replace(
            '<node_history>\n  <node name="zcs1">', '<node_history>\n  <node name="other">'
        ),
    ],
)
def test_failures_that_ban_nothing_are_nobodys_loss(words: str) -> None:
    assert why_not_whole(words) == ""


def test_what_failed_there_excuses_nothing_else() -> None:
    words = changed(FENCE, "fail-count=3").replace(
        'resource id="service-zcs" role="Started"', 'resource id="service-zcs" role="Stopped"'
    )
    assert why_not_whole(words, forgiving=True) == "zcs1 says: service-zcs is Stopped"


# --- daemons whose parent was killed --------------------------------------------------------


def test_orphans_get_a_parent_again_out_of_service_and_told_by_the_peer() -> None:
    told: list[tuple[str, ...]] = []

    def run(node: str, *argv: str, timeout: float = 60) -> CompletedProcess[str]:
        """Stands for two nodes; on the second, pacemakerd was started anew."""
        if argv[0] == "pgrep":
            return CompletedProcess(argv, 0 if node == "zcs2" else 1, "", "")
        told.append((node, *argv))
        return CompletedProcess(argv, 0, "", "")

    MANAGERS["pacemaker"].reunite(run, MEMBERS)
    assert told == [
        ("zcs1", "crm_standby", "-N", "zcs2", "-v", "on"),
        ("zcs1", "crm_resource", "--wait"),
        ("zcs2", "systemctl", "restart", "pacemaker"),
        ("zcs1", "crm_standby", "-N", "zcs2", "-D"),
    ]
