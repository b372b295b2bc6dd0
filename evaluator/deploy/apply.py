"""Doing what was planned, checking it, undoing it, and renewing it node by node."""

from __future__ import annotations

from pathlib import Path

from evaluator.deploy.plan import beside, checked, read_plan
from evaluator.deploy.playbook import Access, Outcome, Watch, refuse, run


def apply(
    bundle: Path, access: Access, *, plan: Path | None = None, watch: Watch | None = None
) -> Outcome:
    """Build the cluster, or mend what has drifted from the bundle.

    Raises
    ------
    EvaluationError
        As :func:`evaluator.deploy.plan.checked` and :func:`evaluator.deploy.plan.read_plan`; with
        exit code 4 and a finding for each failure when the build stopped.
    """
    checked(bundle)
    read_plan(plan or beside(bundle), bundle)
    return _done("build", bundle, access, watch)


def verify(bundle: Path, access: Access, *, watch: Watch | None = None) -> Outcome:
    """Hold the running cluster against the bundle's model; it changes nothing.

    Raises
    ------
    EvaluationError
        With exit code 4 and a finding for each deviation.
    """
    checked(bundle)
    return _done("verify", bundle, access, watch)


def roll_back(bundle: Path, access: Access, *, watch: Watch | None = None) -> Outcome:
    """Restore what was on the nodes before the last apply, one node after the other."""
    checked(bundle)
    return _done("rollback", bundle, access, watch)


def roll_update(bundle: Path, access: Access, *, watch: Watch | None = None) -> Outcome:
    """Renew the packages of one node after the other while the service goes on."""
    checked(bundle)
    return _done("rolling-update", bundle, access, watch)


def _done(playbook: str, bundle: Path, access: Access, watch: Watch | None) -> Outcome:
    outcome = run(playbook, bundle, access, watch=watch)
    refuse(outcome.findings)
    return outcome
