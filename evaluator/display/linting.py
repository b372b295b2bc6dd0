"""What lint says: lines for a terminal, JSON, or SARIF for the platforms that read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from evaluator import display
from evaluator.display.located import STYLES, Format, lines, opened, rows
from evaluator.display.sarif import sarif
from evaluator.findings import Finding
from evaluator.lint import Configuration, Rule
from evaluator.study.model import Reference

MOST = 12
"""Names of a list on a terminal; JSON has them all."""


@dataclass(frozen=True)
class Linted:
    """A folder that was linted, with what was found and asked; files are relative to the folder."""

    folder: Path
    configuration: Configuration
    findings: Sequence[Finding]
    asked: Sequence[Rule]
    not_asked: Sequence[Rule]


def linted(result: Linted, references: Mapping[str, Reference], format: Format) -> None:
    """Print what was found; ``references`` are the rules' sources by key."""
    if format is Format.json:
        display.print_json(_data(result))
    elif format is Format.sarif:
        links = {key: _link(r) for key, r in references.items() if _link(r)}
        missing = {r.code: f"no file of {', '.join(r.formats)}" for r in result.not_asked}
        found = opened(result.folder, result.findings)
        display.print_json(sarif("evaluate lint", found, missing, result.asked, links))
    else:
        _lines(result)


def _lines(result: Linted) -> None:
    lines(opened(result.folder, result.findings))
    severities = Counter(f.severity for f in result.findings)
    told = [f"{n} {s}{'s' * (n > 1 and s != 'info')}" for s in STYLES if (n := severities[s])]
    kinds = Counter(f.kind for f in result.configuration.files if f.kind)
    read = ", ".join(f"{n} × {kind}" if n > 1 else kind for kind, n in sorted(kinds.items()))
    summary = f"{', '.join(told) or 'Nothing found'}; {len(result.asked)} rules; read: {read}"
    display.terminal().print(display.safe(summary), soft_wrap=True)
    if result.not_asked:
        number = len(result.not_asked)
        display.note(f"Note: {number} rules are about files that are not here (--format json).")
    ours = _in_bundle(result.configuration)
    if unknown := [f.path for f in result.configuration.files if not f.kind and f.path not in ours]:
        display.note(f"Note: not recognised: {_list(unknown)}.")


def _in_bundle(configuration: Configuration) -> set[str]:
    """Paths of the files that a bundle's manifest lists."""
    said = (configuration.manifest or {}).get("files")
    files = said if isinstance(said, list) else []
    paths = [path for f in files if isinstance(f, dict) and isinstance(path := f.get("path"), str)]
    folders = [PurePosixPath(path).parent for path in configuration.paths("manifest")]
    return {str(folder / path) for folder in folders for path in paths}


def _list(names: Sequence[str]) -> str:
    more = f", … ({len(names)} in all)" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more


def _data(result: Linted) -> dict[str, Any]:
    """The findings as the documented JSON structure."""
    return {
        "schema_version": 1,
        "folder": str(result.folder),
        "findings": [row | {"source": row["source"].split()} for row in rows(result.findings)],
        "files": [{"path": f.path, "kind": f.kind or None} for f in result.configuration.files],
        "asked": [rule.code for rule in result.asked],
        "not_asked": [{"code": r.code, "needs": list(r.formats)} for r in result.not_asked],
    }


# --- explain --------------------------------------------------------------------------------------


def explained(
    code: str,
    rule: Rule | None,
    refusal: str,
    means: str,
    references: Mapping[str, Reference],
    format: display.Format,
) -> None:
    """Print what a code means: as a rule of lint, as a refusal of a declaration, or as neither."""
    parts: dict[str, Any] = {"code": code}
    if rule:
        parts |= {
            "severity": rule.severity,
            "demands": rule.demand,
            "rationale": rule.rationale,
            "remedy": rule.remedy,
            "source": [_line(key, references) for key in rule.source],
            "needs": list(rule.formats),
        }
    if refusal:
        parts["refused_because"] = refusal
    if means:
        parts["means"] = means
    if format is display.Format.json:
        display.print_json(parts)
    elif format is not display.Format.table:
        flat = {k: "; ".join(v) if isinstance(v, list) else v for k, v in parts.items()}
        display.print_rows([flat], format)
    else:
        console = display.terminal()
        for name, value in parts.items():
            for text in value if isinstance(value, list) else [value]:
                label = display.safe(name.replace("_", " "))
                console.print(f"[bold]{label}[/bold]: {display.safe(str(text))}", soft_wrap=True)


def _line(key: str, references: Mapping[str, Reference]) -> str:
    """``Author. Title. Year. Link.``; the key itself where nothing else is known."""
    if key not in references:
        return key
    reference = references[key]
    parts = [reference.author, reference.title, reference.year, _link(reference)]
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)


def _link(reference: Reference) -> str:
    if "doi" in reference.fields:
        return f"https://doi.org/{reference.fields['doi']}"
    return reference.fields.get("url", "")
