"""The resource agent, run for real against a stand-in for the suite.

The suite cannot be had for a test.  ``su`` in this folder stands in for
``su - zimbra -c "zmcontrol ..."``; everything else is the agent as it is deployed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
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
    assert suite.run("promote") == UNIMPLEMENTED


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
