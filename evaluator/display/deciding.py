"""What ``evaluate mcda`` prints and writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evaluator.display import Format, csv_text, print_json, sheet
from evaluator.display.decision_data import decision_data
from evaluator.display.decision_sheet import decision_sheet
from evaluator.files import write_whole
from evaluator.rank.decide import Decided


def show(found: Decided, format: Format) -> None:
    """Print a decision."""
    if format is Format.json:
        print_json(decision_data(found))
    elif format is Format.csv:
        print(csv_text(rows(found)), end="")
    else:
        sheet.show(decision_sheet(found), format)


def rows(found: Decided) -> list[dict[str, Any]]:
    """One row per alternative, the best first: consensus, share of first ranks, each method."""
    names = found.problem.alternatives
    listed = []
    for i, name in enumerate(names):
        row: dict[str, Any] = {
            "alternative": name,
            "rank": None if found.ranks is None else int(found.ranks[i]),
            "mean_index": None if found.mean is None else float(found.mean[i]),
            "first_rank_probability": found.first_rank.get(name),
        }
        for method, judgement in found.judgements.items():
            if judgement.scores is not None and judgement.ranks is not None:
                row[f"score {method}"] = float(judgement.scores[i])
                row[f"rank {method}"] = int(judgement.ranks[i])
        listed.append(row)
    return sorted(listed, key=lambda row: row["rank"] or 0)


def write(found: Decided, folder: Path) -> list[Path]:
    """Write ``decision.json``, tables and plots; gives the paths written.

    Raises
    ------
    EvaluationError
        When something cannot be written.
    """
    from evaluator.report.figures.decision import plots

    table = rows(found)
    common = ("alternative", "rank")
    files = {"decision.json": json.dumps(decision_data(found), indent=1, allow_nan=False) + "\n"}
    for kind in ("ranks", "scores"):
        own = f"{kind[:-1]} "
        part = [{k: v for k, v in row.items() if k in common or k.startswith(own)} for row in table]
        files[f"{kind}.csv"] = csv_text(part)
    written = [write_whole(folder / name, text.encode()) for name, text in files.items()]
    for name, content in plots(found).items():
        written.append(write_whole(folder / name, content))
    return written
