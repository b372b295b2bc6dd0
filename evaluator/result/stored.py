"""Stored results: ``run.json`` read back, as data of whom nobody knows who wrote it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evaluator.findings import EvaluationError, Finding, Where, file_error
from evaluator.result import SCHEMA_VERSION, Evaluation, Judged

MAX_BYTES = 100_000_000
LARGEST = 1e100
"""Numbers from here on are damage; sums and squares of smaller ones stay finite (ours)."""
FILE = "run.json"
REMEDY = "give a run.json that 'evaluate' wrote, or the folder that holds it"


def read_run(place: str | Path) -> Evaluation:
    """The result in a ``run.json``, or in the folder that holds one.

    Raises
    ------
    EvaluationError
        When it cannot be read, is too large, is not JSON, is of another schema, or does not fit
        together.
    """
    path = Path(place)
    try:
        if path.is_dir():
            path = path / FILE
        if not path.is_file():
            raise EvaluationError(file_error("no-such-run", path, "no such stored run", REMEDY))
        if path.stat().st_size > MAX_BYTES:
            problem = f"larger than {MAX_BYTES // 1_000_000} MB"
            raise EvaluationError(file_error("run-too-large", path, problem, REMEDY))
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        problem = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise EvaluationError(file_error("unreadable-run", path, problem, REMEDY)) from error
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        where = Where(str(path), getattr(error, "lineno", 0), getattr(error, "colno", 0))
        problem = f"not JSON: {getattr(error, 'msg', None) or type(error).__name__}"
        raise EvaluationError(Finding("run-not-json", problem, where, REMEDY)) from error
    return _checked(path, data)


def _checked(path: Path, data: Any) -> Evaluation:
    version = data.get("schema_version") if isinstance(data, dict) else None
    if version is None:
        raise EvaluationError(file_error("not-a-run", path, "holds no stored run", REMEDY))
    if version != SCHEMA_VERSION:
        selection = data.get("selection")
        winner = selection.get("winner") if isinstance(selection, dict) else None
        problem = f"is of schema {version!r:.20}, this version reads {SCHEMA_VERSION}"
        remedy = (
            f"all that can be said of it: its winner is {winner!r:.90}; run its study again, as of "
            f"{data.get('as_of')!r:.20}, to compare the rest"
        )
        raise EvaluationError(file_error("run-of-another-schema", path, problem, remedy))
    try:
        found = Evaluation.model_validate_json(json.dumps(data))
    except ValidationError as error:
        findings = [
            Finding(
                "damaged-run",
                f"{'.'.join(str(step)[:40] for step in e['loc'])}: {e['msg']}"[:300],
                Where(str(path)),
                REMEDY,
            )
            for e in error.errors(include_url=False, include_input=False)[:10]
        ]
        raise EvaluationError(findings) from error
    except (ValueError, RecursionError) as error:
        raise EvaluationError(file_error("damaged-run", path, str(error)[:300], REMEDY)) from error
    if problem := _contradiction(found) or _unmeasured(data, ""):
        raise EvaluationError(file_error("damaged-run", path, problem[:300], REMEDY))
    return found


def _contradiction(run: Evaluation) -> str:
    """What does not fit together, in words; empty when all does."""
    ids = [stack.id for stack in run.stacks]
    named = [run.selection.winner, run.selection.runner_up, *run.selection.indistinguishable]
    if len(set(ids)) < len(ids):
        return "a stack stands in it twice"
    if absent := {name for name in named if name} - set(ids):
        return f"the selection names {sorted(absent)[0]!r}, which is no stack of it"
    columns = [weight.criterion for weight in run.weights]
    if len(set(columns)) < len(columns):
        return "a criterion stands in it twice"
    if any(weight.effective < 0 or weight.typed < 0 for weight in run.weights):
        return "a weight is below 0"
    tables: dict[str, Sequence[Judged]] = {"stacks": run.stacks, **run.components}
    for name, rows in tables.items():
        if problem := _ragged(rows, columns):
            return f"{name}: {problem}"
    return ""


def _ragged(rows: Sequence[Judged], columns: list[str]) -> str:
    layouts = {tuple(value.criterion for value in row.values) for row in rows}
    if len(layouts) > 1:
        return "its rows do not have the same criteria"
    if unknown := {c for layout in layouts for c in layout} - set(columns):
        return f"criterion {sorted(unknown)[0]!r} has no weight"
    if any(v.low > v.high for row in rows for v in row.values):
        return "an interval ends before it begins"
    return ""


def _unmeasured(data: Any, at: str) -> str:
    if isinstance(data, int | float):
        return "" if abs(data) < LARGEST else f"{at}: {str(data)[:40]} was never measured"
    inner = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    return next((p for key, value in inner if (p := _unmeasured(value, f"{at}.{key}"))), "")
