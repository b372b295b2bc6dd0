from __future__ import annotations

from evaluator.findings import Where
from evaluator.formats.sbd import read


def test_settings_of_a_shell() -> None:
    text = "# x\nSBD_DEVICE=\"/dev/a;/dev/b\"\nexport SBD_PACEMAKER='yes' # why\nSBD_OPTS=\n"
    root, mistakes = read("sbd", text)
    assert mistakes == []
    assert root.text("SBD_DEVICE") == "/dev/a;/dev/b"
    assert root.text("SBD_PACEMAKER") == "yes"
    assert root.find("SBD_OPTS").values == ()
    assert root.find("SBD_PACEMAKER").where == Where("sbd", 3, 1)


def test_mistakes_are_told() -> None:
    root, mistakes = read("s", 'SBD_DEVICE = /dev/a\nSBD_OPTS=-W -v\nA="x\nB=1\n')
    assert [str(f.where) for f in mistakes] == ["s:1:1", "s:2:1", "s:3:1"]
    assert root.text("B") == "1"
