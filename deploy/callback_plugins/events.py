"""One line of JSON per event, for the program that drives the playbooks.

The lines go to the file that ``EVALUATE_DEPLOY_EVENTS`` names; without it this does nothing.
What a task hides with ``no_log`` is hidden here too.
"""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: events
type: notification
short_description: one line of JSON per event
description: Writes play, task, host, result and difference of every step to a file.
options: {}
"""

KEPT = ("msg", "diff", "findings", "kept", "done", "rc", "attempts", "result")
FAILED = ("cmd", "stderr", "stdout", "module_stderr", "module_stdout")
"""What else is kept of a failure; of the outputs the last lines."""
LINES, CHARACTERS = 5, 1000


def tail(said):
    """The last lines of an output; a command stays as it is."""
    if not isinstance(said, str):
        return said
    return "\n".join(said.strip().splitlines()[-LINES:])[-CHARACTERS:]


class CallbackModule(CallbackBase):
    """Append each event to a file, at once."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "events"
    CALLBACK_NEEDS_ENABLED = False

    def __init__(self):
        super().__init__()
        path = os.environ.get("EVALUATE_DEPLOY_EVENTS")
        self._play = ""
        self._out = open(path, "a", encoding="utf-8") if path else None  # noqa: SIM115
        self.disabled = self._out is None

    def _write(self, event, **more):
        if self._out:
            self._out.write(json.dumps({"event": event, "play": self._play, **more}) + "\n")
            self._out.flush()

    def _result(self, event, result, **more):
        words = result._result
        task = result._task
        if task.no_log or words.get("_ansible_no_log"):
            kept = {"censored": True}
        else:
            kept = {name: words[name] for name in KEPT if words.get(name)}
            if event.endswith("failed"):
                kept |= {name: tail(words[name]) for name in FAILED if words.get(name)}
        self._write(
            event,
            task=task.get_name(),
            role=task._role.get_name() if task._role else "",
            action=task.action,
            host=result._host.get_name(),
            changed=bool(words.get("changed")),
            **kept,
            **more,
        )

    def v2_playbook_on_play_start(self, play):
        self._play = play.get_name()
        self._write("play")

    def v2_runner_on_ok(self, result):
        self._result("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result("failed", result, ignored=bool(ignore_errors))

    def v2_runner_on_skipped(self, result):
        self._result("skipped", result)

    def v2_runner_on_unreachable(self, result):
        self._result("unreachable", result)

    def v2_runner_item_on_ok(self, result):
        self._result("item", result)

    def v2_runner_item_on_failed(self, result):
        self._result("item-failed", result)

    def v2_playbook_on_stats(self, stats):
        hosts = {host: stats.summarize(host) for host in sorted(stats.processed)}
        self._write("stats", hosts=hosts)
