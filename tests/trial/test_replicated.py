"""What DRBD says of its copies, read as the commands print it."""

from __future__ import annotations

from subprocess import CompletedProcess

import pytest

from evaluator.trial.replicated import difference, why_not_whole

NODES = ("zcs1", "zcs2")
WELL = {
    "zcs1 drbdadm cstate mail": "Connected\n",
    "zcs2 drbdadm cstate mail": "Connected\n",
    "zcs1 drbdadm dstate mail": "UpToDate/UpToDate\n",
    "zcs2 drbdadm dstate mail": "UpToDate/UpToDate\n",
    "zcs1 cat /proc/drbd": (
        " 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n"
        "    ns:81 nr:0 dw:81 dr:164 al:8 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:0\n"
    ),
}


class Nodes:
    """Answers as nodes with DRBD do; ``changes`` are what they say instead."""

    def __init__(self, banned: bool = False, **changes: str) -> None:
        self.banned = banned
        self.said = WELL | {words.replace("_", " "): said for words, said in changes.items()}

    def __call__(self, node: str, *argv: str) -> CompletedProcess[str]:
        if argv[0] == "cibadmin":
            return CompletedProcess(argv, 0 if self.banned else 105, "", "")
        error = self.said.get(f"{node} {argv[1]}", "")
        return CompletedProcess(argv, 0, self.said.get(f"{node} {' '.join(argv)}", ""), error)


def test_two_good_copies_are_whole() -> None:
    assert why_not_whole(Nodes(), "mail", NODES) == ""


@pytest.mark.parametrize(
    ("words", "said", "reason"),
    [
        ("zcs2_drbdadm_cstate_mail", "SyncTarget\n", "zcs2 says: cstate of mail is SyncTarget"),
        ("zcs1_drbdadm_dstate_mail", "UpToDate/Inconsistent\n", "dstate of mail is UpToDate/Inc"),
        ("zcs1_drbdadm_dstate_mail", "Diskless/UpToDate\n", "zcs1 says: dstate of mail is Diskl"),
        ("zcs2_drbdadm_dstate_mail", "", "zcs2 says: dstate of mail is unknown"),
    ],
)
def test_a_copy_that_is_not_good_is_named(words: str, said: str, reason: str) -> None:
    assert reason in why_not_whole(Nodes(**{words: said}), "mail", NODES)


def test_a_copy_that_must_not_be_promoted_is_no_redundancy() -> None:
    assert "may not be promoted" in why_not_whole(Nodes(banned=True), "mail", NODES)


def test_equal_copies_do_not_differ() -> None:
    assert difference(Nodes(), "mail", "zcs1", 5) == ""


@pytest.mark.parametrize(
    ("words", "said", "reason"),
    [
        ("zcs1_cat_/proc/drbd", WELL["zcs1 cat /proc/drbd"].replace("oos:0", "oos:8"), "8 KiB of"),
        ("zcs1_cat_/proc/drbd", "", "does not say"),
        ("zcs1_verify", "State change failed: need a connection", "cannot be compared: State"),
        ("zcs1_drbdadm_cstate_mail", "VerifyS\n", "were not compared in 0 s: VerifyS"),
    ],
)
def test_a_difference_or_no_comparison_is_told(words: str, said: str, reason: str) -> None:
    assert reason in difference(Nodes(**{words: said}), "mail", "zcs1", 0)
