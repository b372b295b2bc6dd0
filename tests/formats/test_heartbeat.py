from __future__ import annotations

from evaluator.findings import Where
from evaluator.formats.heartbeat import read_authkeys, read_ha_cf, read_haresources


def test_ha_cf_is_a_directive_a_line() -> None:
    root, mistakes = read_ha_cf("ha.cf", "# x\nkeepalive 2\nucast eth0 10.0.0.2 # peer\nnode a b\n")
    assert mistakes == []
    assert root.number("keepalive") == 2
    assert root.find("ucast").values == ("eth0", "10.0.0.2")
    assert root.find("node").where == Where("ha.cf", 4, 1)


def test_haresources_are_nodes_with_their_resources() -> None:
    text = (
        "alice drbddisk::r0 \\\n      Filesystem::/dev/drbd0::/opt::ext4 \\\n   10.0.0.10/24 mail\n"
    )
    root, mistakes = read_haresources("haresources", text)
    assert mistakes == []
    (node,) = root.children
    assert node.key == "alice"
    assert [(c.key, c.values) for c in node.children] == [
        ("drbddisk", ("r0",)),
        ("Filesystem", ("/dev/drbd0", "/opt", "ext4")),
        ("IPaddr", ("10.0.0.10/24",)),
        ("mail", ()),
    ]
    assert node.children[1].where == Where("haresources", 2, 7)


def test_a_node_without_resources_is_a_mistake() -> None:
    assert [str(f.where) for f in read_haresources("h", "\n alice\n")[1]] == ["h:2:2"]


def test_authkeys_give_methods_and_no_secret() -> None:
    root, mistakes = read_authkeys("authkeys", "auth 1\n1 sha1 hush-hush\n2 crc\nhush\n")
    assert root.text("auth") == "1"
    assert root.find("1").values == ("sha1", "secret")
    assert root.find("2").values == ("crc",)
    assert [str(f.where) for f in mistakes] == ["authkeys:4:1"]
    assert "hush" not in str((root, mistakes))
