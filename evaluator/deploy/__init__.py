"""From a bundle to a running cluster, and back.

``plan`` says what would change on each node, ``apply`` does what was planned, ``verify`` holds the
running cluster against its model, ``rollback`` restores what was there before, ``export`` turns a
running cluster into a declaration.  All of them drive the playbooks of ``deploy/``.
"""

from __future__ import annotations

from evaluator.deploy.apply import apply, roll_back, roll_update, verify
from evaluator.deploy.export import export
from evaluator.deploy.plan import Plan, plan, read_plan
from evaluator.deploy.playbook import Access, Outcome

__all__ = [
    "Access",
    "Outcome",
    "Plan",
    "apply",
    "export",
    "plan",
    "read_plan",
    "roll_back",
    "roll_update",
    "verify",
]
