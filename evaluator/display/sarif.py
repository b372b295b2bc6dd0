"""Findings as SARIF 2.1.0 (OASIS), which code hosts and editors show beside the lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from evaluator import __version__
from evaluator.findings import Finding, Severity
from evaluator.lint import Rule

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def sarif(
    command: str,
    findings: Sequence[Finding],
    not_asked: Mapping[str, str],
    rules: Sequence[Rule] = (),
    links: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A log of one run: findings, what the rules behind them say, and what was not asked.

    ``not_asked`` gives the reason by the code, ``links`` the address of a source by its key.
    """
    index = {rule.code: number for number, rule in enumerate(rules)}
    notes = [
        {
            "level": "note",
            "message": {"text": f"{code} was not asked: {why}"},
            "associatedRule": {"id": code},
        }
        for code, why in not_asked.items()
    ]
    run = {
        "tool": {
            "driver": {
                "name": command,
                "version": __version__,
                "rules": [_rule(rule, links or {}) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "results": [_result(finding, index) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule, links: Mapping[str, str]) -> dict[str, Any]:
    found = {
        "id": rule.code,
        "shortDescription": {"text": rule.demand},
        "fullDescription": {"text": rule.rationale},
        "help": {"text": f"{rule.remedy}\nSource: {', '.join(rule.source)}"},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"source": list(rule.source)},
    }
    if link := next((links[key] for key in rule.source if key in links), ""):
        found["helpUri"] = link
    return found


def _result(finding: Finding, index: Mapping[str, int]) -> dict[str, Any]:
    remedy = f"\n{finding.remedy}" if finding.remedy else ""
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": LEVELS[finding.severity],
        "message": {"text": finding.message + remedy},
    }
    if finding.code in index:
        result["ruleIndex"] = index[finding.code]
    if finding.where:
        file = Path(finding.where.file)
        uri = file.as_uri() if file.is_absolute() else quote(file.as_posix())
        place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
        if finding.where.line:
            column = max(finding.where.column, 1)
            place["region"] = {"startLine": finding.where.line, "startColumn": column}
        result["locations"] = [{"physicalLocation": place}]
    return result
