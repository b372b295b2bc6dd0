"""Every fault folder: it reads, says what and why, and fits a cluster; and what is refused."""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path

import pytest

from evaluator import display
from evaluator.cluster import Declaration, build
from evaluator.cluster.model import ClusterModel
from evaluator.content import content_root
from evaluator.findings import EvaluationError, Finding
from evaluator.lab.power import MOODS
from evaluator.trial.campaign import Campaign
from evaluator.trial.clusters import CLUSTERS, declaration
from evaluator.trial.faults import VERBS, parse
from evaluator.trial.scenario import FOLDER, Trial, read, trials
from tests.command import Evaluate

from .conftest import HOSTILE

NAMES = sorted(p.name for p in (content_root() / FOLDER).iterdir() if p.is_dir())
ROLES = {"active", "passive", "witness"}
PROCESSES = {"daemon", "nginx", "haproxy", "pacemakerd"}
ON_THE_LIST = {
    "clean stop": ["stop-active", "leave-active", "leave-passive"],
    "kill -9 of corosync": ["kill-daemon-active", "crash-daemon-active"],
    "kill -9 of pacemakerd": ["kill-pacemakerd-active"],
    "kill -9 of the service": ["kill-service"],
    "SIGSTOP": ["freeze-daemon-active", "freeze-service"],
    "power off": ["power-cut-active", "power-cut-passive"],
    "one link": ["one-link-silent", "one-link-unplugged"],
    "all links, symmetric": ["rings-unplugged"],
    "all links, silent": ["nodes-apart", "rings-silent", "isolated-silent"],
    "all links, asymmetric": ["isolated-one-way"],
    "disk full": ["volume-full"],
    "fence device failing or slow": [
        "fence-devices-refuse", "fence-devices-silent", "fence-devices-slow",
    ],
    "peer absent at boot": ["peer-absent-at-boot"],
    "double failure": ["power-cut-both", "power-cut-one-after-the-other"],
    "stop timeout": ["service-does-not-stop"],
    "duplicate VIP": ["address-claimed"],
    "qnetd lost": ["power-cut-witness"],
    "clock jump": ["clock-jump-active"],
    "disk I/O error": ["disk-error-active", "disk-error-passive"],
    "replication link cut": ["replication-cut", "replication-and-rings-silent"],
    "resync interrupted": ["resync-interrupted"],
    "split brain": ["split-brain"],
}  # fmt: skip
"""What a laboratory has to do."""

FAULT_YML = """\
title: A made-up one
faults:
  - cut-power active
service: moves
answers: again
bound_seconds: 60
"""
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="a laboratory is for root")


@functools.cache
def shipped() -> dict[str, Trial]:
    return {trial.name: trial for trial in trials()}


@functools.cache
def declared(cluster: str) -> Declaration:
    return declaration(cluster)


@functools.cache
def model(cluster: str) -> ClusterModel:
    return build(declared(cluster))


def homes(trial: Trial) -> list[str]:
    """Clusters that a fault fits."""
    return [name for name in CLUSTERS if not trial.why_not(model(name))]


def test_there_are_at_least_thirty_and_all_are_read() -> None:
    assert len(NAMES) >= 30
    assert list(shipped()) == NAMES


@pytest.mark.parametrize("fault", ON_THE_LIST)
def test_every_fault_of_the_list_is_made(fault: str) -> None:
    assert ON_THE_LIST[fault]
    assert set(ON_THE_LIST[fault]) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_and_why(name: str) -> None:
    text = (content_root() / FOLDER / name / "README.md").read_text(encoding="utf-8")
    title, _, body = text.partition("\n\n")
    assert title == f"# {shipped()[name].words.title}"
    assert len(body) > 20
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("name", NAMES)
def test_it_fits_a_cluster_and_says_why_not_the_others(name: str) -> None:
    trial = shipped()[name]
    assert homes(trial)
    for cluster in set(CLUSTERS) - set(homes(trial)):
        assert trial.why_not(model(cluster)).startswith("it is for ")


@pytest.mark.parametrize("name", NAMES)
def test_its_words_are_those_of_the_clusters_that_it_fits(name: str) -> None:
    trial = shipped()[name]
    for cluster in homes(trial):
        site = declared(cluster)
        witness = model(cluster).quorum.witness
        there = ROLES if witness else ROLES - {"witness"}
        allowed = {
            "NODE": there,
            "PROCESS": PROCESSES,
            "NETWORK": {"all"} | {network.name for network in site.networks},
            "MOOD": set(MOODS) - {"well"},
        }
        for fault in trial.faults:
            kinds = VERBS[fault.verb][0].split()
            for kind, typed in zip(kinds, fault.arguments, strict=True):
                if kind == "SECONDS":
                    assert 0 < float(typed) <= 60
                else:
                    assert typed in allowed[kind], f"{fault} on {cluster}"
            # what is written to the volume needs one
            assert fault.verb not in ("fill", "hang-stop") or trial.words.volume
        assert set(trial.words.fenced) <= there | {"one", "any"}
        assert not {"one", "any"} & set(trial.words.fenced) or len(trial.words.fenced) == 1


def test_every_verb_is_used_and_says_what_it_does() -> None:
    assert {fault.verb for trial in shipped().values() for fault in trial.faults} == set(VERBS)
    for name, (_, make) in VERBS.items():
        assert len((make.__doc__ or "").split()) > 3, name


def test_the_few_that_stand_for_the_others_fit_every_cluster_that_fences() -> None:
    core = [trial for trial in shipped().values() if trial.words.core]
    assert 4 <= len(core) <= 6
    for cluster, (stack, _, _) in CLUSTERS.items():
        fit = [trial for trial in core if cluster in homes(trial)]
        assert len(fit) == len(core) or not stack.startswith("pacemaker"), cluster


# --- mistakes -------------------------------------------------------------------------------


def refused(folder: Path, text: str) -> list[Finding]:
    """What is wrong with a made-up fault folder."""
    (folder / "fault.yml").write_text(text, encoding="utf-8")
    with pytest.raises(EvaluationError) as error:
        read(folder)
    return error.value.findings


def test_a_folder_without_mistakes_is_read(tmp_path: Path) -> None:
    (tmp_path / "fault.yml").write_text(FAULT_YML)
    trial = read(tmp_path)
    assert trial.name == tmp_path.name
    assert [str(fault) for fault in trial.faults] == ["cut-power active"]
    assert (trial.words.managers, trial.words.fenced) == ([], [])


MISTAKES = {
    "unknown verb": ("cut-power active", "cut-powr active", "unknown-fault", 3, 5,
                     "did you mean 'cut-power'?"),
    "no verb": ("- cut-power active", "- ''", "unknown-fault", 3, 5, "claim-address, crash"),
    "argument missing": ("cut-power active", "cut-power", "fault-arguments", 3, 5,
                         "write: cut-power NODE"),
    "argument too many": ("cut-power active", "unplug ring0 active now", "fault-arguments", 3, 5,
                          "write: unplug NETWORK NODE"),
    "argument of what has none": ("cut-power active", "claim-address now", "fault-arguments", 3,
                                  5, "write: claim-address"),
    "unknown network": ("cut-power active", "unplug rnig0 active", "fault-arguments", 3, 5,
                        "did you mean 'ring0'?"),
    "unknown mood": ("cut-power active", "fence-devices sulky", "fault-arguments", 3, 5, "silent"),
    "a witness that need not be": ("cut-power active", "cut-power witness", "invalid-value", 1, 1,
                                   ""),
    "one, and another": ("service: moves", "fenced: [one, active]\nservice: moves",
                         "invalid-value", 1, 1, ""),
    "unknown key": ("service: moves", "service: moves\nservices: moves", "unknown-key", 5, 1,
                    "did you mean 'service'?"),
    "unknown place": ("service: moves", "service: movs", "unknown-value", 4, 10,
                      "did you mean 'moves'?"),
    "unknown answer": ("answers: again", "answers: later", "unknown-value", 5, 10,
                       "again, once undone, throughout"),
    "unknown manager": ("service: moves", "managers: [pcs]\nservice: moves", "unknown-value", 4,
                        12, "heartbeat, keepalived, pacemaker"),
    "bound of nothing": ("_seconds: 60", "_seconds: 0", "invalid-value", 6, 16, "greater than 0"),
    "bound below nothing": ("_seconds: 60", "_seconds: -3", "invalid-value", 6, 16, "than 0"),
    "bound without end": ("_seconds: 60", "_seconds: .inf", "invalid-value", 6, 16, "600"),
    "bound that is no number": ("_seconds: 60", "_seconds: .nan", "invalid-value", 6, 16, ""),
    "bound too long": ("_seconds: 60", "_seconds: 601", "invalid-value", 6, 16, "equal to 600"),
    "bound as a word": ("_seconds: 60", "_seconds: soon", "wrong-type", 6, 16, "valid number"),
    "watched too long": ("service: moves", "watch_seconds: 121\nservice: moves", "invalid-value",
                         4, 16, "equal to 120"),
    "no fault": ("faults:\n  - cut-power active", "faults: []", "invalid-value", 2, 9, "1 item"),
    "faults as a text": ("faults:\n  - cut-power active", "faults: cut-power active",
                         "wrong-type", 2, 9, "list"),
    "title missing": ("title: A made-up one\n", "", "missing-key", 1, 1, "add the key 'title'"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_its_place_and_what_is_allowed(
    mistake: str, tmp_path: Path
) -> None:
    old, new, code, line, column, remedy = MISTAKES[mistake]
    assert FAULT_YML.count(old) == 1
    (finding,) = refused(tmp_path, FAULT_YML.replace(old, new))
    assert finding.code == code
    assert finding.where is not None
    assert (finding.where.line, finding.where.column) == (line, column)
    assert finding.where.file.endswith("fault.yml")
    assert remedy in finding.remedy


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    found = refused(tmp_path, FAULT_YML.replace("  - cut", "  - cut\n  - kill x\n  - cut"))
    assert [finding.code for finding in found] == ["unknown-fault", "fault-arguments"]
    found = refused(tmp_path, FAULT_YML.replace("moves", "no").replace("again", "no"))
    assert [finding.code for finding in found] == ["unknown-value"] * 2


@pytest.mark.parametrize(
    "text", ["", "- 1\n", "title: [\n", "title: &a b\n", "\x00", "title: a\ntitle: b\n"]
)
def test_what_is_no_mapping_of_words_is_refused(text: str, tmp_path: Path) -> None:
    found = refused(tmp_path, text)
    assert all(finding.where and finding.where.file.endswith("fault.yml") for finding in found)


def test_a_folder_without_its_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError) as error:
        read(tmp_path)
    assert [finding.code for finding in error.value.findings] == ["unreadable-file"]


@pytest.mark.parametrize(
    "text",
    [
        FAULT_YML.replace("cut-power active", json.dumps("".join(HOSTILE.split()))),
        FAULT_YML.replace("moves", json.dumps(HOSTILE)),
        FAULT_YML.replace("service:", f"{json.dumps(HOSTILE)}:"),
    ],
)
def test_hostile_text_is_refused_and_reaches_no_terminal(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = refused(tmp_path, text)
    display.findings(found)
    err = capsys.readouterr().err
    assert "HYPERLINK" in err
    assert "[/nope]" in err or "…" in err
    assert not set(err) & set("\x1b\x9b\u202e\u200b\r\t")


def test_a_hostile_title_is_inert_in_the_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from evaluator.display import trying

    (tmp_path / "fault.yml").write_text(FAULT_YML.replace("A made-up one", json.dumps(HOSTILE)))
    for form in display.Format:
        trying.faults([read(tmp_path)], form)
        out = capsys.readouterr().out
        assert "HYPERLINK" in out
        assert not set(out) & set("\x1b\x9b\u202e\u200b\r\t")


@pytest.mark.parametrize(
    "text",
    [
        "cut-power actve", "unplug ring0 actve", "kill daemon nobody", "fence-devices sulking",
        "wait long", "wait -3", "wait nan",
    ],
)  # fmt: skip
def test_an_argument_that_can_be_nothing_is_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        parse(text)


def test_a_container_has_no_clock_to_set(tmp_path: Path) -> None:
    text = FAULT_YML.replace("cut-power active", "jump-clock 30 active")
    (finding,) = refused(tmp_path, text)
    assert "write replicated: true" in str(finding)
    (tmp_path / "fault.yml").write_text(f"{text}replicated: true\n")
    assert [str(fault) for fault in read(tmp_path).faults] == ["jump-clock 30 active"]


def test_a_role_that_there_is_not_is_refused_where_it_is_to_be_fenced(tmp_path: Path) -> None:
    refused(tmp_path, FAULT_YML + "fenced: [actve]\n")


# --- names on the command line --------------------------------------------------------------


def test_unknown_names_are_refused_before_anything_is_built() -> None:
    with pytest.raises(EvaluationError) as error:
        list(Campaign(["pacemaker-2"], ["kill-servic"]).trials("pacemaker-2"))
    (finding,) = error.value.findings
    assert finding.code == "unknown-trial"
    assert finding.remedy.startswith("did you mean 'kill-service'? allowed: address-claimed, ")
    assert all(name in finding.remedy for name in NAMES)
    with pytest.raises(EvaluationError) as error:
        list(Campaign(["pacemaker2"]).trials("pacemaker2"))
    (finding,) = error.value.findings
    assert finding.code == "unknown-cluster"
    assert finding.remedy.startswith("did you mean 'pacemaker-2'? allowed: heartbeat, keepalived")
    assert all(name in finding.remedy for name in CLUSTERS)


@root_only
@pytest.mark.parametrize("word", ["--only", "--cluster"])
@pytest.mark.parametrize("name", ["pacemaker-5", "", "../..", "\x1b[31m[bold]"])
def test_unknown_names_end_the_command_with_what_is_allowed(
    evaluate: Evaluate, word: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = evaluate("lab", "run", word, name)
    assert done.code == 2
    assert done.out == ""
    assert "allowed: " in done.err
    assert repr(name) in done.err
    assert "\x1b" not in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="this is what others than root are told")
def test_who_is_not_root_is_told_so(evaluate: Evaluate) -> None:
    done = evaluate("lab", "run", "--only", "kill-service")
    assert done.code == 3
    assert "[lab-root]" in done.err


@pytest.mark.parametrize("form", display.Format)
def test_the_list_has_every_fault(evaluate: Evaluate, form: display.Format) -> None:
    done = evaluate("lab", "list", "--format", form)
    assert done.code == 0
    shown = done.out.replace("\\", "")
    assert all(name in shown for name in NAMES)
    if form is display.Format.json:
        listed = {row["fault"]: row["faults"] for row in json.loads(done.out)}
        assert listed["rings-silent"] == "silence ring0 active; silence ring1 active"
        needs = {row["fault"]: row["needs"] for row in json.loads(done.out)}
        assert needs["rings-silent"] == ""
        assert needs["split-brain"] == "a replicated volume"
    if form is display.Format.table:
        ends = {line.split()[0]: line.rstrip() for line in done.out.splitlines()}
        assert ends["address-claimed"].endswith("  all")
        assert ends["disk-error-active"].endswith("  with a replicated volume")
        assert ends["volume-full"].endswith("  with a volume")
        assert ends["peer-absent-at-boot"].endswith("  pacemaker, with a quorum device")


# --- the order ------------------------------------------------------------------------------


def test_only_the_seed_decides_the_order() -> None:
    faults = ["kill-service", "power-cut-active", "stop-active", "rings-silent"]

    def order(seed: int) -> list[tuple[str, int]]:
        campaign = Campaign(["pacemaker-2"], faults, repeat=3, seed=seed)
        return [(trial.name, number) for trial, number in campaign.trials("pacemaker-2")]

    assert order(1) == order(1) != order(2)
    assert sorted(order(1)) == sorted((name, n) for name in faults for n in (1, 2, 3))


def test_what_does_not_fit_a_cluster_is_left_out() -> None:
    campaign = Campaign(["keepalived"], ["power-cut-witness", "power-cut-active"])
    assert [trial.name for trial, _ in campaign.trials("keepalived")] == ["power-cut-active"]
    for name in ("volume-full", "kill-service", "power-cut-witness"):
        assert list(Campaign([], [name]).trials("keepalived")) == [], name
        assert len(list(Campaign([], [name]).trials("pacemaker-2-witness"))) == 1
    core = Campaign(["keepalived"], core=True).trials("keepalived")
    assert all(trial.words.core for trial, _ in core)


@root_only
def test_a_run_of_what_fits_no_cluster_is_refused(
    evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = evaluate("lab", "run", "--cluster", "pacemaker-2", "--only", "power-cut-witness")
    assert done.code != 0
