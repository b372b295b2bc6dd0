"""Unit files: sections, settings, lines that go on, mistakes."""

from __future__ import annotations

from evaluator.formats.systemd import read


def test_sections_settings_and_lines_that_go_on() -> None:
    text = (
        "# note\n[Unit]\nAfter = drbd.service\n\n[Service]\nExecStopPost=\nExecStop=/bin/a \\\n b\n"
    )
    tree, mistakes = read("x.conf", text)
    assert mistakes == []
    assert tree.text("Unit", "After") == "drbd.service"
    stop = tree.find("Service", "ExecStop")
    assert stop is not None
    assert (stop.value, str(stop.where)) == ("/bin/a b", "x.conf:7:1")
    assert tree.find("Service", "ExecStopPost").values == ()


def test_what_is_no_setting_is_told_at_its_line() -> None:
    tree, mistakes = read("x.conf", "Early=1\n[Service]\nKillMode\nType=forking \\")
    assert [str(m.where) for m in mistakes] == ["x.conf:1:1", "x.conf:3:1"]
    assert tree.text("Service", "Type") == "forking"
