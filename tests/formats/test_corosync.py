from __future__ import annotations

import pytest

from evaluator.findings import Where
from evaluator.formats.corosync import read

TEXT = """\
# comment
totem {
    version: 2
    token: 3000
    interface {
        linknumber: 0
        mcastport: 5405
    }
    interface {
        linknumber: 1
    }
}

nodelist {
\tnode {
\t\tname: alice
\t\tring0_addr: 10.0.0.1
\t}
}
totem {
    token: 5000
}
"""


def test_sections_keys_and_places() -> None:
    root, mistakes = read("corosync.conf", TEXT)
    assert mistakes == []
    assert [c.key for c in root.children] == ["totem", "nodelist", "totem"]
    assert [i.text("linknumber") for i in root.all("totem", "interface")] == ["0", "1"]
    name = root.find("nodelist", "node", "name")
    assert name is not None
    assert (name.value, name.where) == ("alice", Where("corosync.conf", 16, 3))


def test_of_a_key_in_two_sections_of_the_same_name_the_last_one_counts() -> None:
    root, _ = read("corosync.conf", TEXT)
    assert root.number("totem", "token") == 5000
    assert root.number("totem", "version") == 2
    assert root.number("totem", "absent") is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("10", 10), ("-1.5", -1.5), ("1_000", None), ("1e9", None), ("nan", None), ("٣", None)],
)
def test_a_number_is_written_in_plain_digits(text: str, number: float | None) -> None:
    assert read("c", f"totem {{\n token: {text}\n}}\n")[0].number("totem", "token") == number


def test_what_follows_a_value_is_no_comment() -> None:
    root, mistakes = read("c", "totem {\n token: 3000 # milliseconds\n}\n")
    assert mistakes == []
    assert root.text("totem", "token") == "3000 # milliseconds"
    assert root.number("totem", "token") is None


def test_a_value_may_hold_colons() -> None:
    root, _ = read("c", "nodelist {\n node {\n  ring0_addr: fd00::1\n }\n}\n")
    assert root.text("nodelist", "node", "ring0_addr") == "fd00::1"


def test_mistakes_are_told_and_reading_goes_on() -> None:
    root, mistakes = read("c", "totem {\n  version 2\n  token: 1\n}\n}\nquorum {\n  two_node: 1\n")
    assert [(str(f.where), f.code) for f in mistakes] == [
        ("c:2:3", "syntax"),
        ("c:5:1", "syntax"),
        ("c:6:1", "syntax"),
    ]
    assert "'version'" in mistakes[0].message
    assert "key: value" in mistakes[0].remedy
    assert root.text("totem", "token") == "1"
    assert root.text("quorum", "two_node") == "1"


def test_a_section_on_one_line_is_a_mistake_and_ends_there() -> None:
    root, mistakes = read("c", "totem { version: 2 }\nquorum {\n provider: x\n}\n")
    assert len(mistakes) == 1
    assert root.text("quorum", "provider") == "x"
