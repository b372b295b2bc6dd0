"""A plan: what a bundle would change on each node, and the permission to do it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from evaluator.bundle import render, verify
from evaluator.bundle.folder import MANIFEST
from evaluator.cluster import read as read_declaration
from evaluator.deploy.playbook import Access, Outcome, Watch, refuse, run
from evaluator.files import write_whole
from evaluator.findings import EvaluationError, Finding, Severity, Where
from evaluator.lint import lint, read
from evaluator.study.fact import Model

FORMAT = "floss-evaluator-plan"


class Change(Model):
    """What one task would change on one node; ``diff`` may be empty."""

    node: str
    task: str
    message: str
    diff: str


class Plan(Model):
    """The differences between a bundle and its nodes at one moment."""

    format: str = FORMAT
    bundle: str
    """SHA-256 of the bundle's manifest."""
    cluster: str
    created: str
    """When it was made, in UTC."""
    changes: tuple[Change, ...]

    @property
    def nodes(self) -> list[str]:
        """Nodes on which something would change, in the order of the playbook."""
        return list(dict.fromkeys(change.node for change in self.changes))


def checked(bundle: Path) -> tuple[str, list[Finding]]:
    """Name of a bundle's cluster, and the warnings about it.

    Raises
    ------
    EvaluationError
        When it is no bundle, was altered, breaks a rule of the linter whose risk nobody has
        accepted, or is not what its ``cluster.yml`` renders to.
    """
    altered = verify(bundle)
    if altered:
        raise EvaluationError(altered)
    declaration, places = read_declaration(bundle / "cluster.yml")
    found = lint(read(bundle))
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    if errors := errors or _foreign(bundle, render(declaration, places).files):
        raise EvaluationError(errors)
    return declaration.id, found


def _foreign(bundle: Path, rendered: Mapping[str, bytes]) -> list[Finding]:
    """Files that are not the bundle's own rendering: an inventory is a program to Ansible."""
    there = {p.relative_to(bundle).as_posix() for p in bundle.rglob("*") if not p.is_dir()}
    return [
        Finding(
            "not-its-rendering",
            "it is not what cluster.yml renders to: written by hand or by another version",
            Where(str(bundle / name)),
            f"evaluate bundle --cluster {bundle / 'cluster.yml'} --out FOLDER, and compare",
        )
        for name in sorted(there | rendered.keys())
        if name not in rendered
        or name not in there
        or (bundle / name).read_bytes() != rendered[name]
    ]


def digest(bundle: Path) -> str:
    """SHA-256 of a bundle's manifest, which holds that of every other file."""
    return hashlib.sha256((bundle / MANIFEST).read_bytes()).hexdigest()


def beside(bundle: Path) -> Path:
    """Where a bundle's plan lies."""
    return bundle.with_name(f"{bundle.name}.plan.json")


def plan(
    bundle: Path, access: Access, *, now: dt.datetime, watch: Watch | None = None
) -> tuple[Plan, Outcome]:
    """Ask every node what the bundle would change there; nothing is changed.

    Raises
    ------
    EvaluationError
        As :func:`checked`; with exit code 4 when a node refuses or cannot be reached.
    """
    cluster, _ = checked(bundle)
    outcome = run("build", bundle, access, check=True, watch=watch)
    refuse(outcome.findings)
    changes = tuple(
        Change(node=r.host, task=r.task, message=r.message, diff=r.diff) for r in outcome.changed
    )
    made = Plan(
        bundle=digest(bundle),
        cluster=cluster,
        created=now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        changes=changes,
    )
    return made, outcome


def save(made: Plan, path: Path) -> Path:
    """Write a plan."""
    return write_whole(path, (made.model_dump_json(indent=1) + "\n").encode())


def read_plan(path: Path, bundle: Path) -> Plan:
    """Read the plan of a bundle.

    Raises
    ------
    EvaluationError
        ``no-plan`` if there is none, ``not-a-plan`` if it is something else, ``plan-of-another``
        if the bundle is not the one that was planned.
    """
    remedy = f"make one and read it: evaluate deploy plan {bundle}"
    where = Where(str(path))
    try:
        made = Plan.model_validate_json(path.read_bytes())
    except OSError as error:
        message = f"there is no plan: {error.strerror or error}"
        raise EvaluationError(Finding("no-plan", message, where, remedy)) from error
    except ValidationError as error:
        message = "it is not a plan of this version"
        raise EvaluationError(Finding("not-a-plan", message, where, remedy)) from error
    if made.format != FORMAT or made.bundle != digest(bundle):
        message = "it was made for another bundle, or the bundle was rendered anew since"
        raise EvaluationError(Finding("plan-of-another", message, where, remedy))
    return made
