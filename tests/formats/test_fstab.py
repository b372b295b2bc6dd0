"""fstab as a tree."""

from __future__ import annotations

from evaluator.formats import fstab

TEXT = """\
# device  directory  type  options
/dev/drbd0\t/srv  ext4  noauto,noatime 0 0

  UUID=0a /   ext4
"""


def test_a_line_is_an_entry_with_its_place() -> None:
    tree, mistakes = fstab.read("etc/fstab", TEXT)
    assert mistakes == []
    assert [(e.key, e.values, str(e.where)) for e in tree.children] == [
        ("/dev/drbd0", ("/srv", "ext4", "noauto,noatime", "0", "0"), "etc/fstab:2:1"),
        ("UUID=0a", ("/", "ext4"), "etc/fstab:4:3"),
    ]
