"""What a playbook did, task by task and host by host.

The callback plugin ``deploy/callback_plugins/events.py`` writes one JSON object a line; what a task
keeps secret (``no_log``) it has censored before.
"""

from __future__ import annotations

import json
import re
import shlex
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
    failures: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        kind = event.get("event") if isinstance(event, dict) else None
        place = (str(event.get("host", "")), str(event.get("task", ""))) if kind else ("", "")
        if kind == "item":
            differences[place] = differences.get(place, "") + _diff(event.get("diff"))
        elif kind == "item-failed":
            failures.setdefault(place, []).append(_message(event, place[1]))
        elif kind in OUTCOMES:
            items = failures.pop(place, [])
            yield Result(
                *place,
                outcome="changed" if kind == "ok" and event.get("changed") else kind,
                message="\n".join(items)
                or (_message(event, place[1]) if kind == "failed" else str(event.get("msg") or "")),
                diff=differences.pop(place, "") + _diff(event.get("diff")),
                data=event,
            )


def _message(event: Mapping[str, Any], task: str) -> str:
    """What a failed task says; without a code of its own also which it is, and its program."""
    said = str(event.get("msg") or "").strip()
    if said.startswith("["):
        return said
    # a plugin's own words stand behind those of Ansible
    if coded := re.search(r"failed: (\[[a-z0-9-]+\] .*)", said, re.DOTALL):
        return coded[1]
    if event.get("censored"):
        return f"{task}: what it said is hidden, as it works with secrets"
    command = event.get("cmd")
    if isinstance(command, list):
        command = shlex.join(map(str, command))
    outputs = ("stderr", "module_stderr", "stdout", "module_stdout")
    output = next((str(event[name]).strip() for name in outputs if event.get(name)), "")
    return ": ".join(dict.fromkeys(part for part in (task, command, said, output) if part))


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
