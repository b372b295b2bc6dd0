"""The frame around the scenarios: reading them, asking for one's own events, the command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluator.cli import app
from evaluator.content import content_root
from evaluator.findings import EvaluationError, ExitCode
from evaluator.simulate import asked, parse, read_scenario, simulate
from evaluator.simulate.cast import cast
from evaluator.simulate.plan import read_plan

from .conftest import changed, needs_simulator, parsed, rendered

SHIPPED = content_root() / "deploy/scenarios"


def run(*words: str | Path) -> tuple[int, str]:
    """Run the command; gives exit code and output."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(done.exception, EvaluationError):
        raise done.exception
    return done.exit_code, done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pacemaker").mkdir()
    (tmp_path / "pacemaker/cib.xml").write_bytes(rendered("voter"))
    return tmp_path


def test_everybody_has_a_role() -> None:
    found = cast(parsed(rendered("voter")))
    assert found.voters == ("zcs3",)
    assert [role for role, _ in found.chain] == ["data", "mount", "service", "address", "balancer"]
    assert dict(found.devices) == {f"fence-zcs{n}": (f"zcs{n}",) for n in (1, 2, 3)}
    stateless = cast(parsed(rendered("three-stateless")))
    assert [role for role, _ in stateless.chain] == ["address"], "the rest runs on all"
    assert stateless.voters == ()


def test_a_cib_without_a_service_is_refused() -> None:
    def empty(root: object) -> None:
        for group in root.iter("group"):  # type: ignore[attr-defined]
            group.getparent().remove(group)

    with pytest.raises(EvaluationError) as refused:
        cast(changed("witness", empty))
    assert [f.code for f in refused.value.findings] == ["not-simulated"]


@pytest.mark.parametrize(
    "text",
    ["lose first", "lose first, voter", "lose first without quorum",
     "start second without quorum while fencing fails", "fail service on first"],
)  # fmt: skip
def test_an_event_is_read_as_it_is_written(text: str) -> None:
    assert str(parse(text)) == text


@needs_simulator
@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("loose zcs1", "unknown-event", "did you mean 'lose'?"),
        ("lose zcs9", "unknown-part", "did you mean 'zcs"),
        ("quorum gone", "unknown-event", "allowed: back, lost"),
        ("break service", "unknown-event", "start service on first"),
        ("lose", "unknown-part", "allowed: "),
    ],
)
def test_an_event_that_makes_no_sense_is_refused(text: str, code: str, says: str) -> None:
    with pytest.raises(EvaluationError) as refused:
        simulate(parsed(rendered("witness")), [asked([text])])
    (finding,) = refused.value.findings
    assert finding.code == code
    assert says in finding.remedy
    assert refused.value.exit_code == ExitCode.INVALID


def test_without_the_simulator_the_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError) as refused:
        simulate(parsed(rendered("witness")), [], path=str(tmp_path))
    (finding,) = refused.value.findings
    assert "pacemaker-cli-utils" in finding.remedy
    assert refused.value.exit_code == ExitCode.UNAVAILABLE


@needs_simulator
def test_a_cluster_that_never_starts_is_told() -> None:
    def disabled(root: object) -> None:
        for pair in root.iter("nvpair"):  # type: ignore[attr-defined]
            if pair.get("name") == "promoted-max":
                pair.set("value", "0")

    with pytest.raises(EvaluationError) as refused:
        simulate(changed("witness", disabled), [])
    assert "does not start" in refused.value.findings[0].message
    assert refused.value.exit_code == ExitCode.FINDINGS


@needs_simulator
def test_the_command_rehearses_ones_own_events(folder: Path) -> None:
    code, output = run("simulate", folder, "--event", "lose zcs1", "--event", "join zcs1")
    assert code == 0, output
    assert "fence zcs1 > promote drbd-zcs on zcs2 > start fs-zcs on zcs2" in output
    assert output.count("service: zcs2") == 2


@needs_simulator
def test_the_command_tells_what_is_wrong_with_exit_code_1(folder: Path) -> None:
    cib = folder / "pacemaker/cib.xml"
    old = '"no-quorum-policy" value="stop"'
    assert old in cib.read_text()
    cib.write_text(cib.read_text().replace(old, '"no-quorum-policy" value="ignore"'))
    name = "partition-seen-from-the-other-side"
    code, output = run("simulate", folder, "--scenario", name)
    assert code == 1
    assert "simulate-nothing-without-quorum" in output
    assert "'fence zcs1' without quorum" in output
    code, output = run("simulate", folder, "--scenario", name, "--format", "json")
    assert code == 1
    outcome = json.loads(output)["scenarios"][-1]
    assert outcome["scenario"] == name
    assert outcome["chapters"][0]["event"] == "lose zcs1 without quorum"
    assert {f["code"] for f in outcome["findings"]} >= {"simulate-nothing-without-quorum"}


@needs_simulator
def test_a_scenario_for_another_cluster_is_left_out_by_name(folder: Path) -> None:
    done = CliRunner().invoke(
        app, ["simulate", str(folder), "--scenario", "three-carriers-minority"]
    )
    assert done.exit_code == 0
    assert "left out: there is no 'third' in this cluster" in done.output


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--scenario", "node-lost-frist"], "unknown-scenario"), ([], "nothing-to-simulate")],
)
def test_the_command_refuses_in_words(folder: Path, words: list[str], code: str) -> None:
    if not words:
        (folder / "pacemaker/cib.xml").unlink()
    with pytest.raises(EvaluationError) as refused:
        run("simulate", folder, *words)
    assert [f.code for f in refused.value.findings] == [code]


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("events.yml", "  - lose first", "  - lose second", "scenario"),
        ("events.yml", "events:", "event:", "unknown-key"),
        ("expected.yml", "    ends:", "    end:", "unknown-key"),
        ("cluster.yml", "{}", "carriers: many", "wrong-type"),
    ],
)
def test_a_scenario_with_a_mistake_is_refused_at_its_place(
    tmp_path: Path, file: str, old: str, new: str, code: str
) -> None:
    place = tmp_path / "mine"
    shutil.copytree(SHIPPED / "node-lost-first", place)
    text = (place / file).read_text()
    assert old in text
    (place / file).write_text(text.replace(old, new))
    with pytest.raises(EvaluationError) as refused:
        read_scenario(place)
    assert code in {f.code for f in refused.value.findings}, refused.value
    assert all(
        f.where and f.where.file.endswith(file.replace("events", "e")[-4:])
        for f in refused.value.findings
    )


@needs_simulator
def test_ones_own_scenarios_are_run(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(SHIPPED / "voter-lost", own / "mine")
    expected = own / "mine/expected.yml"
    expected.write_text(expected.read_text().replace("all: first", "all: second"))
    code, output = run("simulate", folder, "--scenarios", own)
    assert code == 1
    assert "vip-mail rests on zcs1, not on zcs2" in output


def test_what_waits_through_a_step_that_is_only_taken_as_done_waits() -> None:
    graph = b"""<transition_graph>
      <synapse><action_set><crm_event id="1" operation="stonith" on_node="a"/></action_set>
        <inputs/></synapse>
      <synapse><action_set><pseudo_event id="2" operation="stop"/></action_set>
        <inputs><trigger><crm_event id="1"/></trigger></inputs></synapse>
      <synapse><action_set><rsc_op id="3" operation="start" on_node="b"><primitive id="x:0"/>
        </rsc_op></action_set><inputs><trigger><pseudo_event id="2"/></trigger></inputs></synapse>
      </transition_graph>"""
    plan = read_plan(graph)
    assert {str(action) for action in plan.actions.values()} == {"fence a", "start x on b"}
    assert plan.waits("3", ["1"])
    assert not plan.waits("1", ["3"])
