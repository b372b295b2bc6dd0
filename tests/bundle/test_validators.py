"""The validators that ship with the target take every file, byte for byte as rendered."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from evaluator.bundle import Bundle, write
from evaluator.study.stack import Stack

from .conftest import TOOLS, second_fence_device, without_haproxy
from .variants import VARIANTS

DRIVER = {"DRBD_DRIVER_VERSION_OVERRIDE": "8.4.11"}
"""Without the kernel module at hand, the dialect that drbdadm is to speak."""

NAMESPACE = ("unshare", "--map-root-user", "--net", "--mount")

COROSYNC = """
set -e
mount -t tmpfs none /etc/corosync
head -c 256 /dev/urandom > /etc/corosync/authkey
chmod 0400 /etc/corosync/authkey
ip link set lo up
for address; do ip address add "$address" dev lo; done
exec corosync -t -c "$0"
"""


def _can_unshare() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


def needs(program: str, package: str) -> pytest.MarkDecorator:
    """Leave a test out where its program is missing."""
    return pytest.mark.skipif(
        shutil.which(program, path=TOOLS) is None,
        reason=f"{program} is missing (Debian package {package})",
    )


needs_namespace = pytest.mark.skipif(
    not _can_unshare(), reason="unshare cannot create a network and mount namespace here"
)


def run(
    *command: str | Path, extra: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a validator with a plain environment, at most 60 s."""
    environment = {"PATH": TOOLS, "LC_ALL": "C", **(extra or {})}
    return subprocess.run(
        [str(c) for c in command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def changed(folder: Path, tmp_path: Path, name: str, old: str, new: str) -> Path:
    """Copy a file of the bundle with one text replaced."""
    text = (folder / name).read_text()
    assert old in text
    copy = tmp_path / Path(name).name
    copy.write_text(text.replace(old, new))
    return copy


def having(part: str) -> list[str]:
    """Names of the variants whose stack has a component, or whose manager it is."""
    return [n for n, v in VARIANTS.items() if part in v.components.values() or part == v.profile]


@pytest.fixture
def out(variant: Callable[[str], Bundle], shape: str, tmp_path: Path) -> Path:
    """The bundle of a variant on disk."""
    return write(variant(shape), tmp_path / "out")


@needs("haproxy", "haproxy")
@pytest.mark.parametrize("shape", having("haproxy"))
def test_haproxy_takes_it_without_a_warning(out: Path) -> None:
    done = run("haproxy", "-c", "-f", out / "haproxy/haproxy.cfg")
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr.upper()
    assert "valid" in done.stdout + done.stderr


@needs("haproxy", "haproxy")
def test_haproxy_refuses_a_misspelling(folder: Path, tmp_path: Path) -> None:
    bad = changed(folder, tmp_path, "haproxy/haproxy.cfg", "default_backend", "default_backed")
    assert run("haproxy", "-c", "-f", bad).returncode == 1


@needs("drbdadm", "drbd-utils")
@pytest.mark.parametrize("shape", having("drbd"))
def test_drbdadm_takes_it(variant: Callable[[str], Bundle], out: Path, shape: str) -> None:
    storage = variant(shape).cluster.replicated
    assert storage
    driver = {"DRBD_DRIVER_VERSION_OVERRIDE": storage.module}
    for command in (["sh-nop"], ["dump", "all"]):
        done = run("drbdadm", "-c", out / "drbd/zcs.res", *command, extra=driver)
        assert done.returncode == 0, done.stderr
        assert "ignored" not in done.stderr


@needs("drbdadm", "drbd-utils")
@pytest.mark.parametrize("shape", ["three-drbd9"])
def test_drbdadm_joins_every_copy_with_every_other(out: Path, tmp_path: Path) -> None:
    driver = {"DRBD_DRIVER_VERSION_OVERRIDE": "9.2.0", "__DRBD_NODE__": "zcs3"}
    done = run("drbdadm", "-c", out / "drbd/zcs.res", "-d", "up", "zcs", extra=driver)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("drbdsetup new-peer zcs") == 2
    assert done.stdout.count("--fencing=resource-and-stonith") == 2
    assert "--quorum=majority --on-no-quorum=io-error" in done.stdout
    assert "ipv4:192.0.2.141:7789 ipv4:192.0.2.139:7789" in done.stdout


@needs("drbdadm", "drbd-utils")
def test_drbdadm_reads_what_was_meant(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "peer-secret.res"
    secret.write_text('common { net { cram-hmac-alg sha256; shared-secret "made"; } }\n')
    whole = tmp_path / "drbd.conf"
    parts = [folder / "drbd/global_common.conf", secret, folder / "drbd/zcs.res"]
    whole.write_text("".join(f'include "{p}";\n' for p in parts))
    asked = ("drbdadm", "-c", whole, "-d", "up", "zcs")
    done = run(*asked, extra={**DRIVER, "__DRBD_NODE__": "zcs2"})
    assert done.returncode == 0, done.stderr
    assert "--fencing=resource-and-stonith" in done.stdout
    assert "connect zcs ipv4:192.0.2.140:7789 ipv4:192.0.2.139:7789" in done.stdout
    assert "--protocol=C" in done.stdout
    assert "--cram-hmac-alg=sha256" in done.stdout


@needs("drbdadm", "drbd-utils")
def test_drbdadm_refuses_a_misspelling(folder: Path, tmp_path: Path) -> None:
    bad = changed(folder, tmp_path, "drbd/zcs.res", "fencing ", "fenceing ")
    assert run("drbdadm", "-c", bad, "sh-nop", extra=DRIVER).returncode == 10


@needs("drbdadm", "drbd-utils")
def test_the_handlers_are_where_debian_puts_them(folder: Path) -> None:
    text = (folder / "drbd/zcs.res").read_text()
    handlers = re.findall(r'"(/usr/lib/drbd/[a-z-]+\.sh)[ "]', text)
    assert len(handlers) == 2
    assert all(Path(h).exists() for h in handlers)


@pytest.mark.skipif(
    not Path("/usr/lib/drbd/crm-fence-peer.sh").exists() or not shutil.which("bash"),
    reason="crm-fence-peer.sh is missing (Debian package drbd-utils)",
)
def test_the_handler_finds_the_clone_to_fence(folder: Path, tmp_path: Path) -> None:
    """The handler reads the CIB with sed, so the way in which it is written counts."""
    script = Path("/usr/lib/drbd/crm-fence-peer.sh").read_text()
    found = re.search(r"^fence_peer_init\(\)\n\{.*?^\}", script, re.DOTALL | re.MULTILINE)
    assert found
    program = tmp_path / "find.sh"
    program.write_text(
        f'{found[0]}\ncib_xml=$(cat "$1")\nfence_peer_init >&2\necho "clone $master_id"\n'
    )
    done = run("bash", program, folder / "pacemaker/cib.xml", extra={"DRBD_RESOURCE": "zcs"})
    assert done.stdout.split("\n")[0] == "clone drbd-zcs-clone", done.stderr


@needs("crm_verify", "pacemaker-cli-utils")
@needs("crm_simulate", "pacemaker-cli-utils")
@pytest.mark.parametrize("case", [*having("pacemaker"), "no-balancer", "two-levels"])
def test_pacemaker_takes_it(
    make: Callable[..., Bundle],
    variant: Callable[[str], Bundle],
    stack: Stack,
    tmp_path: Path,
    case: str,
) -> None:
    if case in VARIANTS:
        made = variant(case)
    elif case == "no-balancer":
        made = make(None, without_haproxy(stack))
    else:
        made = make(second_fence_device)
    out = write(made, tmp_path / "out")
    shadow = {"CIB_shadow_dir": str(tmp_path)}
    up = tmp_path / "up.xml"
    nodes = [word for m in made.cluster.members for word in ("-u", m.name)]
    cib = out / "pacemaker/cib.xml"
    done = run("crm_simulate", "-x", cib, "-Q", "--quorum=true", *nodes, "-O", up, extra=shadow)
    assert done.returncode == 0, done.stderr
    done = run("crm_verify", "-V", "-x", up, extra=shadow)
    assert done.returncode == 0, done.stderr
    assert not (done.stdout + done.stderr).strip()


@needs("crm_verify", "pacemaker-cli-utils")
def test_pacemaker_refuses_an_unknown_word(folder: Path, tmp_path: Path) -> None:
    bad = changed(folder, tmp_path, "pacemaker/cib.xml", 'kind="Mandatory"', 'kind="Maybe"')
    done = run("crm_verify", "-V", "-x", bad, extra={"CIB_shadow_dir": str(tmp_path)})
    assert done.returncode == 78


@needs("cibadmin", "pacemaker-cli-utils")
def test_the_command_of_the_readme_loads_it_into_a_used_cluster(
    folder: Path, tmp_path: Path
) -> None:
    live = tmp_path / "live.xml"
    live.write_text(
        '<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="30" num_updates="5">'
        "<configuration><crm_config/><nodes/><resources/><constraints/></configuration>"
        "<status/></cib>"
    )
    command = "cibadmin --replace --scope configuration --xml-file pacemaker/cib.xml"
    assert f"`{command}`" in (folder / "README.md").read_text()
    words = [str(folder / w) if w.startswith("pacemaker/") else w for w in command.split()]
    done = run(*words, extra={"CIB_file": str(live), "CIB_shadow_dir": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert 'id="fence-zcs1"' in live.read_text()


@needs("corosync", "corosync")
@needs("ip", "iproute2")
@needs_namespace
@pytest.mark.parametrize("shape", having("pacemaker"))
def test_corosync_takes_it(variant: Callable[[str], Bundle], out: Path, shape: str) -> None:
    own = variant(shape).cluster.members[0].links
    done = run(*NAMESPACE, "sh", "-c", COROSYNC, out / "corosync/corosync.conf", *own)
    assert done.returncode == 0, done.stderr


@needs("corosync", "corosync")
@needs("ip", "iproute2")
@needs_namespace
def test_corosync_refuses_an_unknown_cipher(folder: Path, tmp_path: Path) -> None:
    bad = changed(folder, tmp_path, "corosync/corosync.conf", "aes256", "aes257")
    done = run(*NAMESPACE, "sh", "-c", COROSYNC, bad, "192.0.2.11", "192.0.2.75")
    assert done.returncode == 8
    assert "cipher" in done.stderr


@needs("nft", "nftables")
@needs_namespace
@pytest.mark.parametrize("shape", VARIANTS)
def test_nft_takes_every_hosts_rules(out: Path) -> None:
    for rules in sorted((out / "nftables").iterdir()):
        done = run(*NAMESPACE, "nft", "-c", "-f", rules)
        assert done.returncode == 0, done.stderr


KEEPALIVED = """
set -e
ip link set lo up
ip link add service type veth peer name other
mount -t tmpfs -o mode=0755 none /usr/local/sbin
cp "$1" /usr/local/sbin/cluster-service
chmod 0755 /usr/local/sbin/cluster-service
exec keepalived -t -f "$0"
"""


@needs("keepalived", "keepalived")
@needs("ip", "iproute2")
@needs_namespace
@pytest.mark.parametrize("shape", having("keepalived"))
def test_keepalived_takes_it_without_a_warning(out: Path) -> None:
    for conf in sorted((out / "keepalived").glob("zcs*.conf")):
        script = out / "service/cluster-service"
        done = run(*NAMESPACE, "sh", "-c", KEEPALIVED, conf, script)
        assert done.returncode == 0, done.stderr
        assert not (done.stdout + done.stderr).strip()


@needs("keepalived", "keepalived")
@needs("ip", "iproute2")
@needs_namespace
@pytest.mark.parametrize("shape", ["keepalived"])
def test_keepalived_refuses_a_misspelling(out: Path, tmp_path: Path) -> None:
    bad = changed(out, tmp_path, "keepalived/zcs1.conf", "nopreempt", "nopreemt")
    done = run(*NAMESPACE, "sh", "-c", KEEPALIVED, bad, out / "service/cluster-service")
    assert done.returncode != 0
    assert "nopreemt" in done.stderr


UNIT = """
set -e
mount -t tmpfs none /etc/systemd/system
mount -t tmpfs -o mode=0755 none /usr/local/sbin
mkdir /etc/systemd/system/keepalived.service.d
cp "$0" /etc/systemd/system/keepalived.service.d/cluster.conf
cp "$1" /usr/local/sbin/cluster-service
chmod 0755 /usr/local/sbin/cluster-service
exec systemd-analyze verify keepalived.service
"""


@needs("systemd-analyze", "systemd")
@needs("keepalived", "keepalived")
@needs_namespace
@pytest.mark.parametrize("shape", ["keepalived-drbd"])
def test_systemd_takes_the_settings_of_the_unit(out: Path) -> None:
    files = (out / "service/unit.conf", out / "service/cluster-service")
    done = run(*NAMESPACE, "sh", "-c", UNIT, *files)
    assert done.returncode == 0, done.stderr
    assert "cluster.conf" not in done.stderr


@needs("shellcheck", "shellcheck")
@pytest.mark.parametrize("shape", having("keepalived") + having("heartbeat"))
def test_shellcheck_takes_the_script(out: Path) -> None:
    done = run("shellcheck", out / "service/cluster-service")
    assert done.returncode == 0, done.stdout


@needs("xmllint", "libxml2-utils")
@pytest.mark.parametrize("shape", ["witness", "keepalived", "heartbeat"])
def test_xmllint_takes_the_pictures(out: Path) -> None:
    done = run("xmllint", "--noout", *sorted((out / "diagrams").iterdir()))
    assert done.returncode == 0, done.stderr


FORWARD = """
set -e
ip link set lo up
ip address add 198.51.100.30/25 dev lo
echo 1 > /proc/sys/net/ipv4/ip_nonlocal_bind
exec "$0" "$@"
"""

PROXY = """
import socket, subprocess, sys, time
cfg, public, port = sys.argv[1:]
service = socket.create_server(("127.0.0.1", int(port)))
# before the virtual address exists, as in the group
proxy = subprocess.Popen(["haproxy", "-db", "-f", cfg])
try:
    time.sleep(1)
    assert proxy.poll() is None, "did not start without the virtual address"
    subprocess.run(["ip", "address", "add", "198.51.100.20/25", "dev", "lo"], check=True)
    for _ in range(50):
        try:
            client = socket.create_connection(
                ("198.51.100.20", int(public)), timeout=5, source_address=("198.51.100.30", 0)
            )
            break
        except OSError:
            time.sleep(0.1)
    client.sendall(b"hello")
    service.settimeout(10)
    for _ in range(50):
        peer, address = service.accept()
        peer.settimeout(1)
        # health checks connect as well, and say nothing, or only who they are
        data = b""
        try:
            while chunk := peer.recv(100):
                data += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        if data.endswith(b"hello"):
            break
    head = data.removesuffix(b"hello")
    if head:
        # PROXY protocol, version 2: signature, command PROXY, TCP over IPv4, source address
        assert head.startswith(bytes.fromhex("0d0a0d0a000d0a515549540a2111")), head
        address = [socket.inet_ntoa(head[16:20])]
    print("told" if head else "sees", address[0])
finally:
    proxy.terminate()
    proxy.wait(10)
"""


@needs("haproxy", "haproxy")
@needs("ip", "iproute2")
@needs_namespace
@pytest.mark.parametrize(
    ("public", "port", "seen"),
    [(25, 10025, "told 198.51.100.30"), (993, 7993, "sees 198.51.100.20")],
    ids=["proxy-protocol", "plain"],
)
def test_haproxy_starts_before_the_address_and_is_not_taken_for_loopback(
    folder: Path, tmp_path: Path, public: int, port: int, seen: str
) -> None:
    """What a mail server would trust is its client's address: it must not be 127.0.0.1."""
    cfg = tmp_path / "haproxy.cfg"
    drop = ("    chroot", "    user", "    group", "    stats")
    lines = (folder / "haproxy/haproxy.cfg").read_text().splitlines(keepends=True)
    cfg.write_text("".join(line for line in lines if not line.startswith(drop)))
    (tmp_path / "proxy.py").write_text(PROXY)
    program = (sys.executable, tmp_path / "proxy.py", cfg, str(public), str(port))
    done = run(*NAMESPACE, "sh", "-c", FORWARD, *program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == seen
