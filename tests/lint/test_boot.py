"""Links that start something at boot are seen, wherever they lead."""

from __future__ import annotations

from pathlib import Path

from evaluator.lint import read
from evaluator.lint.boot import enabled_units


def link(folder: Path, name: str, target: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def test_links_of_a_copied_etc_name_the_units_that_start(tmp_path: Path) -> None:
    wants = "etc/systemd/system/multi-user.target.wants"
    link(tmp_path, f"{wants}/drbd.service", "/lib/systemd/system/drbd.service")
    link(tmp_path, f"{wants}/gone.service", "/nowhere/gone.service")
    link(tmp_path, "etc/rc3.d/S20haproxy", "../init.d/haproxy")
    link(tmp_path, "etc/rc0.d/K20nginx", "../init.d/nginx")
    assert enabled_units(read(tmp_path)) == {
        "drbd": f"{wants}/drbd.service",
        "gone": f"{wants}/gone.service",
        "haproxy": "etc/rc3.d/S20haproxy",
    }


def test_what_such_a_link_leads_to_is_not_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside.conf"
    outside.write_text("totem {\n  version: 2\n}\n")
    folder = tmp_path / "folder"
    link(folder, "etc/systemd/system/multi-user.target.wants/corosync.conf", str(outside))
    found = read(folder)
    assert [(f.kind, f.size) for f in found.files] == [("enabled-unit", 0)]
    assert found.corosync is None
