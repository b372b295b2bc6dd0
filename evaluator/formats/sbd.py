"""SBD's settings, /etc/default/sbd or /etc/sysconfig/sbd: variables of a shell (sbd(8))."""

from __future__ import annotations

import re
import shlex

from evaluator.findings import Where
from evaluator.formats.tree import Grower, Reading

TIMEOUT = re.compile(r"Timeout \((\w+)\)\s*:\s*([0-9]+)")
SETTING = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")


def read(name: str, text: str) -> Reading:
    """Read the settings; quotes are taken off, variables in values stay as written."""
    tree = Grower(name)
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        where = Where(name, number, len(raw) - len(raw.lstrip()) + 1)
        if not line or line.startswith("#"):
            continue
        setting = SETTING.fullmatch(line)
        if setting is None:
            tree.wrong(where, line, "NAME=value, without blanks around '='")
            continue
        try:
            words = shlex.split(setting[2], comments=True)
        except ValueError:
            tree.wrong(where, line, "a quote that ends the quoted text of this line")
            words = [setting[2].strip("'\"")]
        if len(words) > 1:
            tree.wrong(where, line, f'a value in quotes: {setting[1]}="…"')
        tree.add(setting[1], tuple(filter(None, words[:1])), where)
    return tree.finish()


def read_dump(name: str, text: str) -> Reading:
    """Read what ``sbd -d DISK dump`` prints: a section ``disk`` with its timeouts, for each disk.

    The keys are ``watchdog``, ``allocate``, ``loop`` and ``msgwait``; whole seconds.
    """
    tree = Grower(name)
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        where = Where(name, number, 1)
        if line.startswith("==Dumping header on disk "):
            tree.open("disk", (line.split()[-1],), where)
        elif line.startswith("==Header on disk "):
            tree.close(where)
        elif timeout := TIMEOUT.fullmatch(line):
            tree.add(timeout[1], (timeout[2],), where)
    return tree.finish()
