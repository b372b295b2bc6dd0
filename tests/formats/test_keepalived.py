from __future__ import annotations

from evaluator.findings import Where
from evaluator.formats.keepalived import read

TEXT = """\
! Configuration File
global_defs {
   router_id mail_a  # this node
   script_user root
}
$VIP=10.0.0.10/24
vrrp_script check {
    script "/usr/bin/test -e '/run/x' # no comment"
    interval 2
}
vrrp_instance VI_1 {
    state BACKUP
    @main priority 150
    @^main priority 100
    authentication { auth_type PASS
                     auth_pass secret }
    virtual_ipaddress
    {
        ${VIP} dev eth0
        $VIP label eth0:1
    }
    track_script { check }
    unicast_peer {
        10.0.0.2
    }
}
"""


def test_blocks_words_and_places() -> None:
    root, mistakes = read("k", TEXT)
    assert mistakes == []
    assert root.text("global_defs", "router_id") == "mail_a"
    assert root.text("vrrp_script", "script") == "/usr/bin/test -e '/run/x' # no comment"
    instance = root.find("vrrp_instance")
    assert instance is not None
    assert instance.value == "VI_1"
    assert [e.value for e in instance.all("priority")] == ["150", "100"]
    assert instance.all("priority")[0].where == Where("k", 13, 11)
    assert instance.text("authentication", "auth_type") == "PASS"
    assert instance.text("authentication", "auth_pass") == "secret"
    addresses = instance.find("virtual_ipaddress")
    assert addresses is not None
    assert [(a.key, a.value) for a in addresses.children] == [
        ("10.0.0.10/24", "dev eth0"),
        ("10.0.0.10/24", "label eth0:1"),
    ]
    assert [c.key for c in instance.find("track_script").children] == ["check"]
    assert instance.find("unicast_peer", "10.0.0.2").where == Where("k", 24, 9)


def test_included_files_are_read_in_their_place() -> None:
    files = {"vips": "10.0.0.10\n", "loop": "include loop\ninclude k\nstate BACKUP\n"}

    def include(_name: str, pattern: str) -> list[tuple[str, str]]:
        return [(pattern, files[pattern])] if pattern in files else []

    text = "vrrp_instance V {\n virtual_ipaddress {\n  include vips\n }\n include loop\n}\n"
    root, mistakes = read("k", text, include)
    address = root.find("vrrp_instance", "virtual_ipaddress", "10.0.0.10")
    assert address is not None
    assert address.where == Where("vips", 1, 1)
    assert root.text("vrrp_instance", "state") == "BACKUP"
    assert [str(f.where) for f in mistakes] == ["loop:1:1"]


def test_mistakes_are_told_and_hold_no_secret() -> None:
    mistakes = read("k", 'vrrp_instance V {\n authentication {\n auth_pass "hush\n')[1]
    assert [str(f.where) for f in mistakes] == ["k:3:2", "k:2:2", "k:1:1"]
    assert "hush" not in str(mistakes)


def test_variables_do_not_grow_without_bound() -> None:
    text = "$A=" + "x" * 1000 + "\n" + "state " + "$A " * 100_0 + "$A$A$A$A$A$A$A$A" * 100
    root, _ = read("k", text)
    assert max(len(word) for word in root.find("state").values) <= 4096
