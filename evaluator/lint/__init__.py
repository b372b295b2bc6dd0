r"""Lint: what is dangerous in a cluster's configuration, ours or anybody's.

>>> from evaluator.lint import lint, read, of
>>> findings = lint(of({"corosync.conf": b"totem {\n  version: 2\n}\n"}))

A rule is one module of :mod:`evaluator.lint.rules`; see :func:`rule`.
"""

from __future__ import annotations

from evaluator.lint.configuration import Configuration, of, read
from evaluator.lint.registry import READING, Rule, all_rules, found, lint, not_asked, rule

__all__ = [
    "READING", "Configuration", "Rule", "all_rules", "found", "lint", "not_asked", "of", "read",
    "rule",
]  # fmt: skip
