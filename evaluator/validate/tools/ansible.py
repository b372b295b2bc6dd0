"""``ansible-inventory``, and ``ansible-playbook --syntax-check`` of this package's playbooks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.content import content_root
from evaluator.findings import Finding
from evaluator.validate.bench import Bench
from evaluator.validate.validator import Validator

PLACED = re.compile(
    r"^(?P<message>\S[^\n]*)\nOrigin: (?P<file>/[^\n]*?):(?P<line>\d+):(?P<column>\d+)$",
    re.MULTILINE,
)
SETTINGS = {
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_INVENTORY_ENABLED": "auto,yaml",
    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1",
}
HOSTS = re.compile(r"^(?:- |  )hosts:", re.MULTILINE)


def ask(bench: Bench, files: tuple[str, ...]) -> Iterator[Finding]:
    """Ask about each inventory."""
    deploy = content_root() / "deploy"
    playbooks = [p for p in sorted(deploy.glob("*.yml")) if HOSTS.search(p.read_text("utf-8"))]
    settings = dict(SETTINGS)
    if (deploy / "ansible.cfg").is_file():
        settings["ANSIBLE_CONFIG"] = str(deploy / "ansible.cfg")
    for name in files:
        inventory = bench.file(name)
        done = bench.run("ansible-inventory", "-i", inventory, "--list", extra=settings)
        if done.code != 0:
            yield from bench.placed(done, PLACED, str(inventory))
        elif playbooks:
            check = ("ansible-playbook", "--syntax-check", "-i", inventory)
            bundle = ("-e", f"bundle={bench.base}")
            done = bench.run(*check, *bundle, *playbooks, extra=settings)
            if done.code != 0:
                yield from bench.placed(done, PLACED, str(inventory))


VALIDATOR = Validator(
    tool="ansible",
    kinds=("inventory",),
    checks="the inventory with its variables, and the syntax of the playbooks over it",
    programs=(("ansible-playbook", "ansible-core"), ("ansible-inventory", "ansible-core")),
    version=("ansible-playbook", "--version"),
    ask=ask,
)
