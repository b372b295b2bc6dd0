"""The resource agent, run for real against a stand-in for the suite.

The suite cannot be had for a test.  ``su`` in this folder stands in for
``su - zimbra -c "zmcontrol ..."``; everything else is the agent as it is deployed.
"""

from __future__ import annotations

import os
import shutil
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lxml import etree

from .conftest import TOOLS

HERE = Path(__file__).parent
AGENT = HERE.parents[1] / "deploy/resource-agents/zcs"
LIBRARY = Path("/usr/lib/ocf/lib/heartbeat/ocf-shellfuncs")
SCHEMA = Path("/usr/share/resource-agents/metadata.rng")

pytestmark = pytest.mark.skipif(
    not LIBRARY.exists(), reason=f"{LIBRARY} is missing (Debian package resource-agents)"
)

SUCCESS, GENERIC, UNIMPLEMENTED, INSTALLED, CONFIGURED, NOT_RUNNING = 0, 1, 3, 5, 6, 7


class Suite:
    """A folder in which the stand-in keeps its state, and calls of the agent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "home/bin/zmcontrol"
        shim = folder / "shim/su"
        shim.parent.mkdir()
        shutil.copy(HERE / "su", shim)
        shim.chmod(0o755)

    def mount(self) -> None:
        self.program.parent.mkdir(parents=True)
        self.program.write_text("#!/bin/sh\n")
        self.program.chmod(0o755)

    def state(self, word: str) -> None:
        (self.folder / "state").write_text(f"{word}\n")

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def environment(self, **extra: str) -> dict[str, str]:
        return {
            "PATH": f"{self.folder}/shim:{TOOLS}",
            "OCF_ROOT": "/usr/lib/ocf",
            "OCF_RESOURCE_INSTANCE": "zcs",
            "OCF_RESOURCE_TYPE": "zcs",
            "HA_LOGFACILITY": "none",
            "OCF_RESKEY_user": "nobody",
            "OCF_RESKEY_home": str(self.folder / "home"),
            "OCF_RESKEY_pause": "0",
            "ZCS_STAND_IN": str(self.folder),
            **extra,
        }

    def run(self, action: str, **extra: str) -> int:
        if action == "monitor":
            extra = {"OCF_RESKEY_CRM_meta_interval": "60000", **extra}
        return subprocess.run(
            [AGENT, action],
            env=self.environment(**extra),
            capture_output=True,
            timeout=30,
            check=False,
        ).returncode

    def probe(self) -> int:
        return self.run("monitor", OCF_RESKEY_CRM_meta_interval="0")


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    made = Suite(tmp_path)
    made.mount()
    return made


def test_start_and_stop(suite: Suite) -> None:
    assert suite.run("monitor") == NOT_RUNNING
    assert suite.run("start") == SUCCESS
    assert suite.run("monitor") == SUCCESS
    assert suite.run("start") == SUCCESS
    assert suite.run("stop") == SUCCESS
    assert suite.run("stop") == SUCCESS
    assert suite.probe() == NOT_RUNNING
    assert suite.calls.count("zmcontrol start") == 1


def test_half_failed_is_a_failure_and_not_stopped(suite: Suite) -> None:
    suite.state("half")
    assert suite.run("monitor") == GENERIC
    assert suite.probe() == GENERIC
    assert suite.run("stop") == SUCCESS
    assert suite.run("monitor") == NOT_RUNNING


def test_auxiliary_services_do_not_count(suite: Suite) -> None:
    suite.state("core")
    assert suite.run("monitor") == SUCCESS
    assert suite.run("monitor", OCF_RESKEY_ignore="stats snmp logger") == GENERIC
    assert suite.run("monitor", OCF_RESKEY_ignore="stats,snmp,logger,spell") == SUCCESS
    assert suite.run("monitor", OCF_RESKEY_ignore="") == GENERIC
    suite.state("rest")
    assert suite.run("monitor") == NOT_RUNNING
    assert suite.run("monitor", OCF_RESKEY_ignore="log") == GENERIC


def test_a_part_that_comes_back_by_itself_is_no_failure(suite: Suite) -> None:
    suite.state("late-1")
    started = time.monotonic()
    assert suite.run("monitor", OCF_RESKEY_pause="1") == SUCCESS
    assert time.monotonic() - started >= 1
    assert suite.calls.count("zmcontrol status") == 2
    suite.state("half")
    assert suite.run("monitor") == GENERIC
    assert suite.calls.count("zmcontrol status") == 4
    # whole or wholly stopped needs one look only
    suite.state("running")
    assert suite.run("monitor") == SUCCESS
    assert suite.calls.count("zmcontrol status") == 5


def test_no_list_is_a_failure(suite: Suite) -> None:
    suite.state("mute")
    assert suite.run("monitor") == GENERIC


def test_without_the_volume(tmp_path: Path) -> None:
    suite = Suite(tmp_path)
    assert suite.probe() == NOT_RUNNING
    assert suite.run("stop") == SUCCESS
    assert suite.run("start") == INSTALLED
    assert suite.run("monitor") == INSTALLED
    assert suite.calls == []


def test_a_start_that_fails_waits_for_its_timeout(suite: Suite) -> None:
    (suite.folder / "refuse-start").touch()
    done = subprocess.run(
        ["timeout", "4", AGENT, "start"],
        env=suite.environment(),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 124
    assert suite.calls.count("zmcontrol start") == 1
    assert suite.calls.count("zmcontrol status") >= 2
    assert suite.run("stop") == SUCCESS
    assert suite.run("monitor") == NOT_RUNNING


def test_a_start_is_judged_by_what_runs_and_not_by_its_exit_code(suite: Suite) -> None:
    (suite.folder / "late-start").touch()
    assert suite.run("start") == SUCCESS
    assert suite.calls.count("zmcontrol start") == 1
    assert suite.run("monitor") == SUCCESS


def test_a_stop_that_needs_two_attempts(suite: Suite) -> None:
    assert suite.run("start") == SUCCESS
    (suite.folder / "slow-stop").touch()
    assert suite.run("stop") == SUCCESS
    assert suite.calls.count("zmcontrol stop") == 2
    assert suite.run("monitor") == NOT_RUNNING


@pytest.mark.parametrize(
    "wrong",
    [
        {"OCF_RESKEY_user": "root"},
        {"OCF_RESKEY_user": "zimbra; reboot"},
        {"OCF_RESKEY_user": "-c"},
        {"OCF_RESKEY_home": "opt/zimbra"},
        {"OCF_RESKEY_home": "/opt/$(reboot)"},
        {"OCF_RESKEY_pause": "ten"},
        {"OCF_RESKEY_ignore": "stats;reboot"},
        {"OCF_RESKEY_probe": "smtp:127.0.0.1"},
        {"OCF_RESKEY_probe": "smtp:127.0.0.1:0"},
        {"OCF_RESKEY_probe": "smtp:127.0.0.1:65536"},
        {"OCF_RESKEY_probe": "smtp:127.0.0.1:25 imap::143"},
        {"OCF_RESKEY_probe": "smtp:mail.example.net:25"},
        {"OCF_RESKEY_probe": "gopher:127.0.0.1:70"},
        {"OCF_RESKEY_probe": "smtp+starttls:127.0.0.1:25"},
        {"OCF_RESKEY_probe": "smtp:127.0.0.1:25;reboot"},
        {"OCF_RESKEY_probe": "https:$(reboot):443"},
        {"OCF_RESKEY_probe_timeout": "0"},
        {"OCF_RESKEY_probe_timeout": "soon"},
    ],
    ids=lambda w: next(iter(w.values())),
)
def test_wrong_parameters(suite: Suite, wrong: dict[str, str]) -> None:
    for action in ("validate-all", "start", "stop", "monitor"):
        assert suite.run(action, **wrong) == CONFIGURED
    assert suite.calls == []


def test_an_unknown_account_and_an_unknown_action(suite: Suite) -> None:
    assert suite.run("start", OCF_RESKEY_user="nobody-of-that-name") == INSTALLED
    assert suite.run("validate-all") == SUCCESS
    assert suite.run("validate-all", OCF_RESKEY_probe="imaps:[::1]:993 smtp:::1:25") == SUCCESS
    assert suite.run("validate-all", OCF_RESKEY_probe="imaps:[::1]:993,smtp:::1:25") == SUCCESS
    assert suite.run("validate-all", OCF_RESKEY_probe="imaps:[::1]:993,nonsense") == CONFIGURED
    assert suite.run("promote") == UNIMPLEMENTED


class Hear(bytes):
    """What a speaker has to hear before it says the next line."""


Script = tuple[bytes | float, ...]
# PROXY protocol, version 2, command LOCAL, no addresses
LOCAL = Hear(b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0")
QUIT = Hear(b"QUIT\r\n")
ASK = Hear(b"GET / HTTP/1.0\r\n\r\n")
SMTP: Script = (b"220 mail.example.net ESMTP\r\n", QUIT, b"221 Bye\r\n")
IMAP: Script = (b"* OK ready\r\n", Hear(b"a LOGOUT\r\n"), b"* BYE\r\na OK\r\n")
POP3: Script = (b"+OK ready\r\n", QUIT, b"+OK\r\n")


class Speaker(socketserver.ThreadingTCPServer):
    """A server on loopback that follows a script, another one in each connection.

    The last script serves all further connections.  A ``float`` is a pause in seconds.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, scripts: tuple[Script, ...], certificate: Path | None) -> None:
        self.scripts = list(scripts)
        self.heard: list[bytes] = []
        self.context: ssl.SSLContext | None = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        super().__init__(("127.0.0.1", 0), Conversation)

    def get_request(self) -> tuple[socket.socket, object]:
        request, address = super().get_request()
        if self.context:
            # the handshake is made in the thread of the conversation, with the first line
            request = self.context.wrap_socket(
                request, server_side=True, do_handshake_on_connect=False
            )
        return request, address

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up early is part of the tests."""

    def at(self, protocol: str) -> dict[str, str]:
        return {"OCF_RESKEY_probe": f"{protocol}:127.0.0.1:{self.server_address[1]}"}


class Conversation(socketserver.BaseRequestHandler):
    server: Speaker

    def handle(self) -> None:
        scripts = self.server.scripts
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        for step in script:
            if isinstance(step, float):
                time.sleep(step)
            elif not isinstance(step, Hear):
                self.request.sendall(step)
            elif not self.hears(step):
                return

    def hears(self, wanted: bytes) -> bool:
        heard = b""
        while len(heard) < len(wanted) and (more := self.request.recv(1000)):
            heard += more
        self.server.heard.append(heard)
        return heard == wanted


@contextmanager
def speaking(*scripts: Script, certificate: Path | None = None) -> Iterator[Speaker]:
    with Speaker(scripts, certificate) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(5)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    if not shutil.which("openssl"):
        pytest.skip("openssl is missing (Debian package openssl)")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "1", "-subj", "/CN=mail", "-keyout", path, "-out", f"{path}.crt"),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


@pytest.mark.parametrize(
    ("protocol", "script"),
    [
        ("smtp", SMTP),
        ("smtp", (b"220-please wait\r\n", 0.1, b"220 mail ESMTP\r\n", QUIT, b"221 Bye\r\n")),
        ("lmtp", SMTP),
        ("imap", IMAP),
        ("pop3", POP3),
        ("http", (ASK, b"HTTP/1.1 302 Found\r\n\r\n")),
        ("http", (ASK, b"HTTP/1.0 401 Unauthorized\r\n\r\n")),
    ],
)
def test_an_endpoint_that_speaks_its_protocol(
    suite: Suite, protocol: str, script: Script, certificate: Path
) -> None:
    suite.state("running")
    with speaking(script) as server:
        assert suite.run("monitor", **server.at(protocol)) == SUCCESS
        assert server.heard == [step for step in script if isinstance(step, Hear)]
    with speaking(script, certificate=certificate) as server:
        assert suite.run("monitor", **server.at(f"{protocol}s")) == SUCCESS
        assert suite.run("start", **server.at(f"{protocol}s")) == SUCCESS


def test_the_proxy_protocol_comes_first(suite: Suite, certificate: Path) -> None:
    suite.state("running")
    with speaking((LOCAL, *SMTP)) as server:
        assert suite.run("monitor", **server.at("smtp+proxy")) == SUCCESS
        assert server.heard == [LOCAL, QUIT]
        late = {"OCF_RESKEY_probe_timeout": "1"}
        assert suite.run("monitor", **server.at("smtp"), **late) == GENERIC


@pytest.mark.parametrize(
    ("protocol", "script"),
    [
        ("smtp", (b"554 no service\r\n",)),
        ("smtp", (b"220-first\r\n220-and no more\r\n",)),
        ("smtp", (b"220 ready\r\n", QUIT, b"421 closing\r\n")),
        ("smtp", (b"HTTP/1.1 200 OK\r\n",)),
        ("smtp", (b"x" * 5000,)),
        ("smtp", (b"\xff\0$(reboot)`reboot`%s\n",)),
        ("imap", (b"* BYE Too many connections\r\n",)),
        ("imap", ()),
        ("imaps", IMAP),
        ("pop3", (b"-ERR\r\n",)),
        ("http", (ASK, b"HTTP/1.1 503 Service Unavailable\r\n\r\n")),
        ("http", (ASK, b"HTTP/1.1 400 Bad Request\r\n\r\n")),
        ("http", (ASK, b"HTTP/1.1\r\n\r\n")),
        ("http", (ASK, b"\x15\x03\x01\x00\x02\x02\x46")),
    ],
)
def test_a_liar_is_a_failure_though_zmcontrol_says_running(
    suite: Suite, protocol: str, script: Script
) -> None:
    suite.state("running")
    with speaking(script) as server:
        probe = server.at(protocol) | {"OCF_RESKEY_probe_timeout": "2"}
        assert suite.run("monitor", **probe) == GENERIC
        # it took two looks
        assert suite.calls.count("zmcontrol status") == 2
    # nothing listens there any more
    assert suite.run("monitor", **probe) == GENERIC
    # and without the probe nobody would know
    assert suite.run("monitor") == SUCCESS


@pytest.mark.parametrize("script", [(60.0,), (b"2", 0.3) * 60], ids=["mute", "trickle"])
def test_all_probes_together_are_bounded(suite: Suite, script: Script) -> None:
    suite.state("running")
    with speaking(script) as server:
        three = " ".join([server.at("smtp")["OCF_RESKEY_probe"]] * 3)
        probe = {"OCF_RESKEY_probe": three, "OCF_RESKEY_probe_timeout": "1"}
        began = time.monotonic()
        assert suite.run("monitor", **probe) == GENERIC
        assert 2 <= time.monotonic() - began < 5


def test_one_silence_between_two_answers_is_no_failure(suite: Suite) -> None:
    suite.state("running")
    with speaking((b"421 busy\r\n",), SMTP) as server:
        assert suite.run("monitor", **server.at("smtp")) == SUCCESS
        assert suite.calls.count("zmcontrol status") == 2


def test_a_start_waits_until_the_endpoints_answer(suite: Suite) -> None:
    with speaking((b"421 busy\r\n",), (b"421 busy\r\n",), SMTP) as server:
        assert suite.run("start", **server.at("smtp")) == SUCCESS
        assert suite.calls.count("zmcontrol start") == 1
        assert server.heard == [QUIT]


def test_what_is_stopped_is_not_probed(suite: Suite) -> None:
    with speaking(SMTP) as server:
        assert suite.run("monitor", **server.at("smtp")) == NOT_RUNNING
        assert server.heard == []


def test_status_is_monitor_for_those_who_say_no_interval(suite: Suite, tmp_path: Path) -> None:
    # as keepalived and Heartbeat call it: nothing of Pacemaker in the environment
    bare = {"PATH": suite.environment()["PATH"], "HA_LOGFACILITY": "none"}
    mine = {k: v for k, v in suite.environment().items() if k.startswith(("OCF_RESKEY_", "ZCS"))}

    def status(**extra: str) -> int:
        return subprocess.run(
            [AGENT, "status"],
            env=bare | mine | extra,
            capture_output=True,
            timeout=30,
            check=False,
        ).returncode

    assert status() == NOT_RUNNING
    assert suite.run("start") == SUCCESS
    assert status() == SUCCESS
    suite.state("half")
    assert status() == GENERIC
    assert status(OCF_RESKEY_home=str(tmp_path / "not-mounted")) == NOT_RUNNING


def test_meta_data_conforms(suite: Suite) -> None:
    done = subprocess.run(
        [AGENT, "meta-data"], env=suite.environment(), capture_output=True, timeout=30, check=True
    )
    parser = etree.XMLParser(load_dtd=False, no_network=True)
    document = etree.fromstring(done.stdout, parser)
    assert document.findtext("version") == "1.1"
    timeouts = {a.get("name"): a.get("timeout") for a in document.iter("action")}
    assert timeouts["start"] == timeouts["stop"] == "600s"
    # zmcontrol bounds itself by 180 s and its question to LDAP by 30 s
    assert timeouts["monitor"] == "240s"
    defaults = {p.get("name"): p.find("content").get("default") for p in document.iter("parameter")}
    assert defaults["ignore"] == "stats snmp logger spell"
    assert defaults["pause"] == "10"
    if SCHEMA.exists():
        schema = etree.RelaxNG(etree.parse(SCHEMA))
        assert schema.validate(document), schema.error_log


@pytest.mark.skipif(
    not all(shutil.which(name, path=TOOLS) for name in ("ocf-tester", "xmllint")),
    reason="ocf-tester or xmllint is missing (Debian packages resource-agents, libxml2-utils)",
)
@pytest.mark.skipif(os.geteuid() != 0, reason="ocf-tester needs root")
def test_ocf_tester(suite: Suite) -> None:
    # ocf-tester also runs the agent as nobody, who cannot look into pytest's folders
    with tempfile.TemporaryDirectory() as open_folder:
        Path(open_folder).chmod(0o755)
        agent = shutil.copy(AGENT, open_folder)
        done = subprocess.run(
            [
                *("ocf-tester", "-n", "zcs", "-o", "user=nobody"),
                *("-o", f"home={suite.folder / 'home'}", "-o", "pause=0", agent),
            ],
            env=suite.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed all tests" in done.stdout
