"""Findings at their places: lines for a terminal, or rows of JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from evaluator import display
from evaluator.findings import Finding, Severity

STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


class Format(StrEnum):
    table = "table"
    json = "json"
    sarif = "sarif"


def opened(folder: Path, findings: Sequence[Finding]) -> list[Finding]:
    """Findings about the files of a folder, or about one file, with them as opened from here."""
    base = folder if folder.is_dir() else folder.parent
    return [
        replace(f, where=replace(f.where, file=str(base / f.where.file))) if f.where else f
        for f in findings
    ]


def lines(findings: Sequence[Finding]) -> None:
    """Print each finding with its remedy."""
    console = display.terminal()
    for finding in findings:
        place = f"{finding.where}: " if finding.where else ""
        style = STYLES[finding.severity]
        severity = f"[{style}]{finding.severity}[/{style}]"
        said = display.safe(f"[{finding.code}] {finding.message}")
        console.print(f"{display.safe(place)}{severity} {said}", soft_wrap=True)
        if finding.remedy:
            console.print(f"    {display.safe(finding.remedy)}", soft_wrap=True)


def rows(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as the documented JSON structure."""
    return [
        {
            "code": f.code,
            "severity": f.severity,
            "message": f.message,
            "file": f.where.file if f.where else None,
            "line": (f.where.line or None) if f.where else None,
            "column": (f.where.column or None) if f.where else None,
            "remedy": f.remedy,
            "source": f.source,
        }
        for f in findings
    ]
