"""What the deploy commands print: the plan per node, progress, the end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.markup import escape

from evaluator import display
from evaluator.deploy.events import Result
from evaluator.deploy.plan import Plan
from evaluator.deploy.playbook import Outcome

MOST_LINES = 60
"""Lines of one difference that the terminal shows; the plan's file has all of them (ours)."""


@contextmanager
def watched(what: str) -> Iterator[Callable[[Result], object]]:
    """Show the task at hand while a playbook runs, on a terminal only."""
    console = display.terminal(stderr=True)
    if not console.is_terminal:
        yield lambda result: None
        return
    with console.status(display.safe(f"{what} …")) as status:
        yield lambda result: status.update(display.safe(f"{what}: {result.host}: {result.task}"))


def plan(made: Plan, outcome: Outcome, format: display.Format) -> None:
    """Print a plan: each node's changes with their differences."""
    if format is display.Format.json:
        display.print_json(json.loads(made.model_dump_json()))
        return
    rows = [{"node": c.node, "change": c.task, "message": c.message} for c in made.changes]
    if format is not display.Format.table:
        display.print_rows(rows, format)
        return
    console = display.terminal()
    for node in made.nodes:
        console.print(f"[bold]{display.safe(node)}[/bold]")
        for change in made.changes:
            if change.node == node:
                console.print(f"  ~ {display.safe(change.task)}", soft_wrap=True)
                _difference(change.diff)
    count = Counter(change.node for change in made.changes)
    if not made.changes:
        console.print("Nothing would change: the nodes are as the bundle says.")
    else:
        shares = ", ".join(f"{node} {number}" for node, number in count.items())
        console.print(f"{len(made.changes)} changes: {display.safe(shares)}.")
    display.note(f"Asked in {outcome.seconds:.0f} s; nothing was changed.")


def _difference(text: str) -> None:
    console = display.terminal()
    lines = display.plain(text).splitlines()
    for line in lines[:MOST_LINES]:
        style = {"+": "green", "-": "red"}.get(line[:1], "dim")
        console.print(f"      [{style}]{escape(line)}[/{style}]", soft_wrap=True)
    if len(lines) > MOST_LINES:
        console.print(f"      … {len(lines) - MOST_LINES} more lines in the plan's file")


def outcome(done: Outcome) -> None:
    """Print what a playbook did, by node."""
    console = display.terminal()
    hosts = dict.fromkeys(result.host for result in done.results)
    for host in hosts:
        outcomes = Counter(r.outcome for r in done.results if r.host == host)
        console.print(f"{display.safe(host)}: changed={outcomes['changed']} ok={outcomes['ok']}")
    console.print(f"{done.playbook}: done in {done.seconds:.0f} s, changed={len(done.changed)}")


def verified(done: Outcome) -> None:
    """Say that the cluster is as its model."""
    checks = sum(result.outcome in ("ok", "changed") for result in done.results)
    display.terminal().print(
        f"The cluster is as the bundle says: {checks} checks held in {done.seconds:.0f} s."
    )
