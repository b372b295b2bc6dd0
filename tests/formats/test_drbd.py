from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from evaluator.findings import Where
from evaluator.formats.drbd import read

TEXT = """\
include "drbd.d/*.res";
global { usage-count no; }
resource r0 {
    protocol C;  # synchronous
    handlers {
        fence-peer "/usr/lib/drbd/crm-fence-peer.sh --timeout 30; # no comment";
    }
    net { allow-two-primaries; cram-hmac-alg "sha\\"256"; }
    on alice bob
    {
        device /dev/drbd0 minor 0;
        address ipv6 [fd00::1]:7788;
    }
    connection {
        host alice port 7000;
        host bob port 7001;
    }
    skip net { after-sb-0pri disconnect; { } }
    floating 10.0.0.1:7788 { disk /dev/sda; }
}
"""


def test_nesting_quotes_and_places() -> None:
    root, mistakes = read("r0.res", TEXT)
    assert mistakes == []
    assert root.text("include") == "drbd.d/*.res"
    resource = root.find("resource")
    assert resource is not None
    assert resource.values == ("r0",)
    handler = resource.find("handlers", "fence-peer")
    assert handler is not None
    assert handler.values == ("/usr/lib/drbd/crm-fence-peer.sh --timeout 30; # no comment",)
    assert handler.where == Where("r0.res", 6, 9)
    assert resource.text("net", "cram-hmac-alg") == 'sha"256'
    host = resource.find("on")
    assert host is not None
    assert host.values == ("alice", "bob")
    assert host.text("address") == "ipv6 [fd00::1]:7788"
    assert [h.values[0] for h in resource.all("connection", "host")] == ["alice", "bob"]
    assert resource.text("floating") == "10.0.0.1:7788"


def test_an_option_without_value_is_there() -> None:
    root, _ = read("r0.res", TEXT)
    option = root.find("resource", "net", "allow-two-primaries")
    assert option is not None
    assert option.value == ""


def test_what_is_skipped_is_not_there() -> None:
    root, _ = read("r0.res", TEXT)
    assert root.find("resource", "net", "after-sb-0pri") is None
    assert read("r", "skip {\n a b;\n}\nglobal { }\n")[0].get("global") is not None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("net {\n  protocol C\n  timeout 60;\n}\n", "r:2:3"),
        ("net {\n  protocol C\n}\n", "r:2:3"),
        ("net {\n  protocol C;\n", "r:1:1"),
        ("net { }\n}\n", "r:2:1"),
        ('net {\n  cram-hmac-alg "sha1;\n}\n', "r:2:17"),
        ("{ a b; }\n", "r:1:1"),
    ],
)
def test_a_mistake_is_told_at_its_place(text: str, place: str) -> None:
    mistakes = read("r", text)[1]
    assert str(mistakes[0].where) == place
    assert {f.code for f in mistakes} == {"syntax"}


def test_after_a_missing_semicolon_the_next_statement_is_read() -> None:
    root, _ = read("r", "net {\n  protocol C\n  timeout 60;\n}\n")
    assert root.text("net", "protocol") == "C"
    assert root.text("net", "timeout") == "60"


def test_a_secret_is_not_quoted_in_a_mistake() -> None:
    mistakes = read("r", 'net {\n  shared-secret "hush-hush"\n}\n')[1]
    assert mistakes
    assert "hush" not in str(mistakes)


@pytest.mark.skipif(shutil.which("drbdadm") is None, reason="drbdadm is missing (drbd-utils)")
def test_drbdadms_own_dump_is_read_like_the_file_it_dumps(tmp_path: Path) -> None:
    text = """\
global { usage-count no; }
resource r0 {
    device /dev/drbd7; disk /dev/null; meta-disk internal;
    net { protocol C; after-sb-0pri discard-zero-changes; }
    on alice { address 10.0.0.1:7788; node-id 0; }
    on bob { address 10.0.0.2:7788; node-id 1; }
}
"""
    path = tmp_path / "drbd.conf"
    path.write_text(text)
    done = subprocess.run(
        ["drbdadm", "-c", str(path), "dump", "all"], capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stderr
    dumped, mistakes = read("dump", done.stdout)
    assert mistakes == []
    own = read("drbd.conf", text)[0]
    for way in (("resource", "net", "after-sb-0pri"), ("resource", "net", "protocol")):
        assert dumped.text(*way) == own.text(*way)
    hosts = [(host.value, host.text("address")) for host in dumped.all("resource", "on")]
    assert hosts == [("alice", "ipv4 10.0.0.1:7788"), ("bob", "ipv4 10.0.0.2:7788")]
