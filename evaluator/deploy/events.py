"""What a playbook did, task by task and host by host.

The callback plugin ``deploy/callback_plugins/events.py`` writes one JSON object a line; what a task
keeps secret (``no_log``) it has censored before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

OUTCOMES = ("ok", "skipped", "failed", "unreachable")


class Result(NamedTuple):
    """One task on one host; ``outcome`` is ok, changed, skipped, failed or unreachable."""

    host: str
    task: str
    outcome: str
    message: str
    diff: str
    data: Mapping[str, Any]


def results(lines: Iterable[str]) -> Iterator[Result]:
    """Results among the lines of an events file; a line cut off by an interrupt is left out.

    What the items of a loop changed is part of the result of their task.
    """
    differences: dict[tuple[str, str], str] = {}
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        kind = event.get("event") if isinstance(event, dict) else None
        place = (str(event.get("host", "")), str(event.get("task", ""))) if kind else ("", "")
        if kind == "item":
            differences[place] = differences.get(place, "") + _diff(event.get("diff"))
        elif kind in OUTCOMES:
            yield Result(
                *place,
                outcome="changed" if kind == "ok" and event.get("changed") else kind,
                message=str(event.get("msg") or ""),
                diff=differences.pop(place, "") + _diff(event.get("diff")),
                data=event,
            )


def _diff(diff: Any) -> str:
    """Differences as text, the way ansible-core shapes them."""
    if not diff:
        return ""
    if isinstance(diff, list):
        return "".join(_diff(part) for part in diff)
    if not isinstance(diff, Mapping):
        return f"{diff}\n"
    if "prepared" in diff:
        return str(diff["prepared"])
    if "before" not in diff and "after" not in diff:
        return ""
    return _unified(diff)


def _unified(diff: Mapping[str, Any]) -> str:
    import difflib

    before, after = (_text(diff.get(side)).splitlines() for side in ("before", "after"))
    header = str(diff.get("after_header") or diff.get("before_header") or "")
    lines = difflib.unified_diff(before, after, f"{header} (is)", f"{header} (will be)", "", "", 2)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _text(side: Any) -> str:
    if side is None or isinstance(side, str):
        return side or ""
    return json.dumps(side, indent=1, sort_keys=True)
