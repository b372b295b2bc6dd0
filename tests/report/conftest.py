"""A small synthetic study and evaluation: well-formed, invented, and labelled so."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluator.report import write_report
from evaluator.result import (
    ComponentResult,
    CriterionValue,
    DecisionRow,
    EffortResult,
    Evaluation,
    FunctionMatch,
    Light,
    MethodRow,
    MetricRow,
    Selection,
    SourceRow,
    StackResult,
    WeightRow,
    YearRow,
)
from evaluator.study.model import Study

OURS = {"source": ["ours"], "reason": "synthetic"}
NAMES = {"alpha": "Alpha", "beta": "Beta", "gamma": "Gamma", "delta": "Delta", "suite": "Suite"}
STACKS = {
    "first": {"membership": "beta", "resource-management": "gamma", "storage": "delta"},
    "second": {"membership": "alpha", "storage": "delta"},
    "third": {"membership": "suite"},
}
CRITERIA = {"activity": "Activity", "people": "People", "match": "Functional match"}


def _candidate(key: str, name: str) -> dict[str, Any]:
    suite = key == "suite"
    entry: dict[str, Any] = {
        "id": key,
        "name": name,
        "summary": f"{name} is a synthetic system.",
        "kind": "suite" if suite else "project",
        "homepage": f"https://{key}.example/",
        "roles": [role for stack in STACKS.values() for role, c in stack.items() if c == key],
        "licence": {
            "spdx": "GPL-2.0-only",
            "kind": "proprietary" if suite else "floss",
            "source": ["book"],
        },
        "data_sources": []
        if suite
        else [{"id": f"{key}-git", "backend": "git", "url": f"https://{key}.example/git"}],
    }
    if key == "alpha":
        entry["successor"] = {"candidate": "beta", "since": "2012-03-01", "source": ["paper"]}
    return entry


def _effort(scale: float) -> dict[str, Any]:
    fields = (
        "adopt_hours",
        "switch_hours",
        "run_hours_per_year",
        "money_once_eur",
        "money_eur_per_year",
        "mental_points",
    )
    return {f: {"value": [10 * scale, 20 * scale], **OURS} for f in fields}


def _stack(key: str) -> dict[str, Any]:
    return {
        "id": key,
        "name": f"{key.capitalize()} stack",
        "summary": f"The {key} synthetic stack.",
        "components": STACKS[key],
        "available": {"source": ["book"]},
        "compatibility": {"source": ["paper"]},
        "effort": _effort(1 + len(key) / 10),
    }


def _site() -> dict[str, Any]:
    purposes = {
        "public": "service",
        "ring0": "ring",
        "ring1": "ring",
        "copy": "replication",
        "power": "management",
    }
    networks = [
        {"name": name, "purpose": purpose, "cidr": f"192.0.2.{at * 32}/27"}
        for at, (name, purpose) in enumerate(purposes.items())
    ]
    nodes = [
        {
            "name": f"node{n}",
            "role": "data" if n < 3 else "witness",
            "power": "abc"[n - 1],
            "addresses": {
                name: f"192.0.2.{at * 32 + n}"
                for at, name in enumerate(purposes)
                if n < 3 or name in ("public", "power")
            },
        }
        for n in (1, 2, 3)
    ]
    return {
        "id": "site",
        "organisation": {
            "name": "Example Hosting",
            "summary": "A synthetic hosting company.",
            **OURS,
            "business_model": {"kind": "product-specialist", **OURS},
        },
        "operating_system": {"value": "debian-12", **OURS},
        "domain": "example.test",
        "networks": networks,
        "nodes": nodes,
        "fence_devices": [
            {
                "name": f"pdu{n}",
                "agent": "fence_ipmilan",
                "address": f"192.0.2.{128 + 20 + n}",
                "network": "power",
                "power": "c",
                "plugs": {f"node{n}": str(n)},
                "delay_seconds": 5 * (2 - n),
                "secret": "vault_pdu",
            }
            for n in (1, 2)
        ],
        "volumes": [
            {
                "name": "data",
                "backing_disk": "/dev/vg/data",
                "size_gib": 10,
                "minor": 0,
                "port": 7788,
                "filesystem": "ext4",
                "mount": "/srv",
            }
        ],
        "virtual_addresses": [{"name": "vip", "address": "192.0.2.10", "network": "public"}],
        "services": [
            {
                "name": "mail",
                "agent": "ocf:example:mail",
                "volume": "data",
                "virtual_address": "vip",
                "start_timeout_seconds": 600,
                "stop_timeout_seconds": 600,
                "monitor_interval_seconds": 60,
                "monitor_timeout_seconds": 120,
                "endpoints": [{"name": "smtp", "port": 25, "backend_port": 2525, "mode": "tcp"}],
            }
        ],
        "supporting_software": [
            {"name": "Directory", "purpose": "Accounts", "spdx": "MIT", **OURS}
        ],
        "timing": {"token_ms": 3000, **OURS},
        "service_level": {
            "availability_percent": 99.9,
            "recovery_time_seconds": 900,
            "acknowledged_data_loss": "none",
            **OURS,
        },
        "staff": {"administrators": 2, "skills": ["linux"], "rate_eur_per_hour": [30, 50], **OURS},
        "constraints": [{"value": "It adapts to the platform", **OURS}],
    }


def _criteria() -> dict[str, Any]:
    return {
        "schema_version": 1,
        "id": "synthetic",
        "title": "Synthetic evaluation",
        "question": "Which synthetic stack should carry the mail?",
        "site": "site",
        "attitude": "mission_critical",
        "attitudes": {"mission_critical": {"factors": {}, **OURS}},
        "need": [{"function": "failover", "required": True, **OURS}],
        "state": [],
        "semaphores": [
            {
                "id": "newcomers",
                "name": "New committers",
                "metric": "new_committers_slope",
                "rule": "slope",
                "mandatory": True,
                "alpha": 0.1,
                "black_after_years": 2,
                "source": ["paper"],
            },
            {
                "id": "release",
                "name": "Last release",
                "metric": "months_since_last_release",
                "rule": "threshold",
                "mandatory": False,
                "green": 6,
                "yellow": 12,
                **OURS,
            },
        ],
        "criteria": [
            {
                "id": key,
                "name": name,
                "group": "life",
                "weight": weight,
                "direction": "max",
                **(
                    {"derived": "functional_match"} if key == "match" else {"metric": "commits_12m"}
                ),
                **OURS,
            }
            for (key, name), weight in zip(CRITERIA.items(), (0.5, 0.25, 0.25), strict=True)
        ],
        "effort": {
            "horizon_years": {"value": 5, **OURS},
            "learning_exponent": {"value": [0.1, 0.3], **OURS},
            "mental_eur_per_point": {"value": [10, 50], **OURS},
        },
        "methods": [{"name": n, "source": ["book"]} for n in ("topsis", "weighted_sum", "vikor")],
        "decision": {
            "rule": "quality_then_effort",
            "tell_apart": 0.9,
            "weight_spread": 0.3,
            "draws": 1000,
            **OURS,
        },
        "guidelines": [
            {"id": "g1", "text": "Favour stability.", "answer": "Done.", "source": ["book"]}
        ],
    }


def _reference(key: str, **fields: str) -> dict[str, Any]:
    return {
        "key": key,
        "kind": "book",
        "author": "Doe, J.",
        "title": f"The {key}",
        "year": "2020",
        "fields": fields,
    }


def synthetic_study() -> Study:
    """Five invented candidates, three invented stacks, one invented site."""
    roles = sorted({r for stack in STACKS.values() for r in stack})
    return Study.model_validate(
        {
            "criteria": _criteria(),
            "catalogue": {
                "roles": [{"id": r, "name": r.capitalize(), "summary": r} for r in roles],
                "functions": [{"id": "failover", "name": "Failover", "summary": "It fails over."}],
            },
            "site": _site(),
            "candidates": {k: _candidate(k, v) for k, v in NAMES.items()},
            "stacks": {k: _stack(k) for k in STACKS},
            "references": {
                "book": _reference("book", publisher="Example Press"),
                "paper": _reference("paper", journal="Example Journal", doi="10.0/example"),
                "unread": _reference("unread", url="https://unread.example/"),
            },
            "files": {"synthetic.yml": "0" * 64},
        },
        strict=False,
    )


def _light(candidate: str, semaphore: str, name: str) -> Light:
    colours = {"alpha": "red", "beta": "green", "gamma": "yellow", "delta": "grey"}
    colour = colours[candidate]
    return Light.model_validate(
        {
            "semaphore": semaphore,
            "name": name,
            "candidate": candidate,
            "colour": colour,
            "mandatory": semaphore == "newcomers",
            "fails": False,
            "value": None if colour == "grey" else 0.7,
            "n": 30,
            "text": "synthetic",
        }
    )


def _stack_result(key: str, rank: int | None) -> StackResult:
    ranked = rank is not None
    share = {1: 0.7, 2: 0.3}.get(rank or 0, 0.0)
    values = [
        CriterionValue(
            criterion=c,
            value=None if (key, c) == ("second", "people") else 10.0 + len(key) + at,
            low=5.0,
            high=30.0,
            outcome="not_available" if (key, c) == ("second", "people") else "ok",
            assumed=(key, c) == ("second", "people"),
            unit="commits",
            via=list(STACKS[key].values())[:1],
            note="synthetic",
        )
        for at, c in enumerate(CRITERIA)
    ]
    lights = [
        _light(c, s, n)
        for c in STACKS[key].values()
        if c != "suite"
        for s, n in (("newcomers", "New committers"), ("release", "Last release"))
    ]
    return StackResult(
        id=key,
        name=f"{key.capitalize()} stack",
        summary=f"The {key} synthetic stack.",
        components=STACKS[key],
        deployable=key == "first",
        outcome="ranked" if ranked else "removed",
        removed_by="" if ranked else "failover",
        stage="" if ranked else "need",
        only_by="" if ranked else "failover",
        reasons=[] if ranked else ["Failover: needed, not provided"],
        quality_rank=rank,
        effort_rank=rank,
        functional_match=1.0 if ranked else 0.25,
        functions=[
            FunctionMatch(
                function="failover",
                name="Failover",
                required=True,
                value="yes" if ranked else "no",
                via="beta",
                source=["book"],
            )
        ],
        effort=EffortResult(
            low=9e3,
            median=1.2e4 + 4e3 * len(key),
            high=6e4,
            money=3e3,
            adopt=5e3,
            switch=2e3,
            run=4e3,
            mental=1e3,
            least_probability=share,
        ),
        rank=rank,
        score=0.61 / rank if rank else 0.2,
        score_low=0.4 / rank if rank else None,
        score_high=0.8 / rank if rank else None,
        first_rank_probability=share if ranked else None,
        rank_acceptability=[share, 1 - share] if ranked else [],
        method_scores={"topsis": 0.6, "weighted_sum": 0.6, "vikor": 0.6} if ranked else {},
        method_ranks={"topsis": rank, "weighted_sum": rank, "vikor": rank} if rank else {},
        values=values,
        lights=lights,
    )


def _metric_rows() -> list[MetricRow]:
    rows = []
    for key in ("alpha", "beta", "gamma", "delta"):
        values = {
            "commits_12m": 100.0,
            "contributor_absence_factor": 2.0,
            "elephant_factor": 1.0,
            "months_since_last_release": 5.5,
            "time_to_first_response": None,
        }
        for metric, value in values.items():
            known = value is not None
            rows.append(
                MetricRow(
                    candidate=key,
                    metric=metric,
                    value=value,
                    low=value,
                    high=value,
                    unit="units",
                    n=40 if known else None,
                    window="24 months",
                    outcome="ok" if known else "not_available",
                    source=f"{key}-git",
                    note="1.0 on 2021-05-01" if known else "list not mined",
                )
            )
    return rows


def _yearly() -> list[YearRow]:
    shape: dict[str, Callable[[int], int]] = {
        "alpha": lambda y: max(0, 60 - 6 * (y - 2008)),
        "beta": lambda y: 8 * (y - 2008),
        "gamma": lambda y: 50,
        "delta": lambda y: 20 + y % 3,
    }
    return [
        YearRow(
            candidate=c,
            year=y,
            commits=f(y),
            contributors=5,
            new_contributors=1 + y % 4,
            releases=None if (c, y) == ("delta", 2019) else y % 3,
            messages=None,
            new_mail_participants=None,
        )
        for c, f in shape.items()
        for y in range(2008, 2022)
    ]


def synthetic_evaluation(winner: str | None = "first") -> Evaluation:
    """An invented result in which ``winner`` leads, or in which nothing is left."""
    order = [] if winner is None else [winner, *(s for s in ("first", "second") if s != winner)]
    ranks = {s: r for r, s in enumerate(order, 1)}
    stacks = [
        _stack_result(s, ranks.get(s)) for s in [*order, *(s for s in STACKS if s not in order)]
    ]
    return Evaluation(
        schema_version=1,
        as_of=dt.date(2021, 6, 30),
        title="Synthetic evaluation",
        question="Which synthetic stack should carry the mail?",
        criteria="synthetic",
        attitude="mission_critical",
        seed=1,
        draws=1000,
        snapshot_date=dt.date(2021, 7, 1),
        stacks=stacks,
        components={
            "membership": [
                ComponentResult(
                    id=c,
                    name=NAMES[c],
                    role="membership",
                    rank=r,
                    score=0.5 / r,
                    score_low=0.1,
                    score_high=0.9,
                    first_rank_probability=0.5,
                    rank_acceptability=[0.5, 0.5],
                    method_scores={},
                    method_ranks={},
                    values=[],
                    lights=[],
                )
                for r, c in enumerate(("beta", "alpha"), 1)
            ]
        },
        selection=Selection(
            winner=winner,
            runner_up=order[1] if order else None,
            rule="The best wins.",
            indistinguishable=[],
            reason=f"Synthetic reason for {winner}.",
        ),
        methods=[
            MethodRow(id=key, name=key, index="score", best="max", parameters={}, source=["ours"])
            for key in ("topsis", "weighted_sum", "vikor")
        ],
        decision=DecisionRow(rule="quality_then_effort", tell_apart=0.9, weight_spread=0.5),
        weights=[
            WeightRow(
                criterion=c,
                name=n,
                group="life",
                direction="max",
                typed=w,
                effective=w,
                source=["ours"],
                reason="synthetic",
            )
            for (c, n), w in zip(CRITERIA.items(), (0.5, 0.25, 0.25), strict=True)
        ],
        agreement=0.93,
        coverage=0.75,
        metrics=_metric_rows(),
        yearly=_yearly(),
        sources=[
            SourceRow(
                id=f"{c}-git",
                backend="git",
                backend_version="1.0",
                url=f"https://{c}.example/git",
                branch="main",
                head="a" * 40,
                outcome="not_available" if c == "delta" else "ok",
                reason="no mirror" if c == "delta" else "",
                items=0 if c == "delta" else 1200,
                first=dt.date(2008, 1, 1),
                last=dt.date(2021, 6, 1),
                retrieved=dt.date(2021, 7, 1),
                dropped={"merges": 12},
                note="",
            )
            for c in ("alpha", "beta", "gamma", "delta")
        ],
        versions={"floss-evaluator": "0.1.0", "python": "3.11"},
        notes=["A synthetic note of the run."],
        inputs={"synthetic.yml": "0" * 64},
    )


@pytest.fixture(scope="session")
def study() -> Study:
    return synthetic_study()


@pytest.fixture(scope="session")
def evaluation() -> Evaluation:
    return synthetic_evaluation()


@pytest.fixture(scope="session")
def evaluate() -> Callable[[str | None], Evaluation]:
    """Makes a synthetic evaluation that a given stack wins, or none."""
    return synthetic_evaluation


@pytest.fixture(scope="session")
def written(
    study: Study, evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Both formats of the synthetic report, by suffix."""
    paths = write_report(evaluation, study, None, tmp_path_factory.mktemp("report"))
    return {path.suffix: path for path in paths}


@pytest.fixture(scope="session")
def pdf_text() -> Callable[[Path], str]:
    """Extracts the text of a PDF as a reader's copy and paste would."""
    tool = shutil.which("pdftotext")
    if not tool:
        pytest.skip("pdftotext (poppler-utils) is not installed")

    def extract(path: Path) -> str:
        command = [tool, "-layout", path, "-"]
        done = subprocess.run(command, capture_output=True, check=True, timeout=30)
        return done.stdout.decode()

    return extract
