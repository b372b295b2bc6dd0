"""What plan and apply refuse before a node is touched, and what they say of nodes out of reach."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evaluator.bundle import render, write
from evaluator.bundle.folder import MANIFEST, manifest
from evaluator.deploy import Access, apply, export, plan, read_plan, verify
from evaluator.deploy.events import results
from evaluator.deploy.plan import Change, Plan, beside, checked, digest, save
from evaluator.findings import EvaluationError, ExitCode

from .conftest import declaration

NOW = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
NOBODY = Access()


def codes(error: pytest.ExceptionInfo[EvaluationError]) -> list[str]:
    return [finding.code for finding in error.value.findings]


def a_plan(bundle: Path) -> Plan:
    return Plan(
        bundle=digest(bundle),
        cluster="pacemaker-2-witness",
        created=NOW.isoformat(),
        changes=(Change(node="zcs1", task="a task", message="", diff="+ a line\n"),),
    )


@pytest.mark.parametrize("name", ["corosync/corosync.conf", "pacemaker/cib.xml", "cluster.yml"])
def test_an_altered_bundle_is_neither_planned_nor_applied(bundle: Path, name: str) -> None:
    save(a_plan(bundle), beside(bundle))
    with (bundle / name).open("a") as file:
        file.write("\n")
    with pytest.raises(EvaluationError) as error:
        plan(bundle, NOBODY, now=NOW)
    assert codes(error) == ["file-changed"]
    with pytest.raises(EvaluationError) as error:
        apply(bundle, NOBODY)
    assert codes(error) == ["file-changed"]


def seal(bundle: Path) -> None:
    """Make the manifest fit what is there, as somebody would who means harm."""
    files = {
        p.relative_to(bundle).as_posix(): p.read_bytes()
        for p in bundle.rglob("*")
        if p.is_file() and p.name != MANIFEST
    }
    (bundle / MANIFEST).write_bytes(manifest(files, {}))


def test_a_dangerous_bundle_is_refused_though_its_manifest_fits(bundle: Path) -> None:
    conf = bundle / "pacemaker" / "cib.xml"
    conf.write_text(
        conf.read_text().replace(
            '"stonith-enabled" value="true"', '"stonith-enabled" value="false"'
        )
    )
    seal(bundle)
    with pytest.raises(EvaluationError) as error:
        checked(bundle)
    assert "fencing-enabled" in codes(error)


@pytest.mark.parametrize("name", ["ansible/inventory.yml", "ansible/host_vars/more.yml"])
def test_what_cluster_yml_does_not_render_to_is_not_run(
    bundle: Path, tmp_path: Path, name: str
) -> None:
    """A lookup in an inventory runs a program of the operator's machine."""
    mark = tmp_path / "was-run"
    inventory = bundle / name
    before = inventory.read_bytes() if inventory.exists() else b""
    lookup = f"x: \"{{{{ lookup('ansible.builtin.pipe', 'touch {mark}') }}}}\"\n"
    inventory.write_bytes(before + lookup.encode())
    seal(bundle)
    for act in (
        lambda: plan(bundle, NOBODY, now=NOW),
        lambda: verify(bundle, NOBODY),
        lambda: export(bundle, NOBODY, tmp_path / "out"),
    ):
        with pytest.raises(EvaluationError) as error:
            act()
        assert set(codes(error)) == {"not-its-rendering"}
        assert name in str(error.value)
    assert not mark.exists()


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_ended_ends_what_it_began(tmp_path: Path, sent: signal.Signals) -> None:
    script = """
import sys
from pathlib import Path
from evaluator.deploy.playbook import _run
folder = Path(sys.argv[1])
_run("build", ["sh", "-c", f"echo $$ >{folder}/new; mv {folder}/new {folder}/pid; sleep 60"],
     folder, None)
"""
    running = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)])
    until = time.monotonic() + 30
    while not (tmp_path / "pid").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    running.send_signal(sent)
    assert running.wait(30) == 128 + sent
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_apply_needs_a_plan_of_this_very_bundle(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError) as error:
        apply(bundle, NOBODY)
    assert codes(error) == ["no-plan"]
    other = write(render(declaration("keepalived")), tmp_path / "other")
    save(a_plan(other), beside(bundle))
    with pytest.raises(EvaluationError) as error:
        apply(bundle, NOBODY)
    assert codes(error) == ["plan-of-another"]
    for content in ("", "{}", '{"format": "x"}', "\0"):
        beside(bundle).write_text(content)
        with pytest.raises(EvaluationError) as error:
            apply(bundle, NOBODY)
        assert codes(error) == ["not-a-plan"]


def test_a_plan_is_read_back_as_it_was_made(bundle: Path) -> None:
    made = a_plan(bundle)
    assert read_plan(save(made, beside(bundle)), bundle) == made
    assert made.nodes == ["zcs1"]


def test_nodes_out_of_reach_are_named_and_nothing_is_planned(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("ssh"):
        pytest.skip("ssh is missing (Debian package openssh-client)")
    # nobody listens there: the addresses are for documentation (RFC 5737)
    monkeypatch.setenv("ANSIBLE_TIMEOUT", "1")
    monkeypatch.setenv("ANSIBLE_SSH_RETRIES", "0")
    with pytest.raises(EvaluationError) as error:
        plan(bundle, NOBODY, now=NOW)
    assert error.value.exit_code is ExitCode.CLUSTER
    assert set(codes(error)) == {"unreachable"}
    assert {str(f.where) for f in error.value.findings} == {"zcs1", "zcs2", "witness"}
    assert not beside(bundle).exists()


def test_events_are_read_up_to_a_line_cut_off() -> None:
    diff = {"before": "one\n", "after": "two\n", "before_header": "f"}
    a, b = {"host": "a", "task": "t"}, {"host": "b", "task": "t"}
    lines = [
        json.dumps({"event": "play", "play": "x"}),
        json.dumps({"event": "ok", **a, "changed": True, "msg": "m", "diff": diff}),
        json.dumps({"event": "item", **b, "changed": True, "diff": diff}),
        json.dumps({"event": "ok", **b, "changed": True}),
        json.dumps({"event": "unreachable", **b}),
        "nonsense",
        '{"event": "ok", "ho',
    ]
    found = list(results(lines))
    assert [(r.host, r.outcome) for r in found] == [
        ("a", "changed"),
        ("b", "changed"),
        ("b", "unreachable"),
    ]
    assert "-one\n+two\n" in found[0].diff
    assert "-one\n+two\n" in found[1].diff
