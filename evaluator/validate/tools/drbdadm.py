"""``drbdadm sh-nop``: reads the configuration and does nothing; exit code 10 when it is wrong.

It speaks the dialect of the kernel module; where none is loaded it is told which one is meant, or
it would accept what the module of the target refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from evaluator.cluster.model import DRBD_MODULES
from evaluator.findings import Finding
from evaluator.formats import drbd
from evaluator.formats.tree import merged
from evaluator.lint.replication import resources
from evaluator.validate.bench import Bench
from evaluator.validate.validator import Validator

PLACED = re.compile(r"^(?P<file>/[^\n:]+):(?P<line>\d+): (?P<message>.*(?:\n\t.*)*)$", re.MULTILINE)


def ask(bench: Bench, files: tuple[str, ...]) -> Iterator[Finding]:
    """A ``drbd.conf`` includes what it needs; without one all files are read as one."""
    mains = [name for name in files if PurePosixPath(name).name == "drbd.conf"]
    texts = ((name, bench.file(name).read_text(errors="replace")) for name in files)
    tree = merged("", tuple(drbd.read(name, text)[0] for name, text in texts))
    newer = any(resource.dialect == "9" for resource in resources(tree))
    module = {"DRBD_DRIVER_VERSION_OVERRIDE": DRBD_MODULES["9" if newer else "8.4"]}
    if not mains:
        # the common part must come before the resources that inherit it
        order = sorted(files, key=lambda f: (not PurePosixPath(f).name.startswith("global"), f))
        whole = bench.scratch / "drbd.conf"
        whole.write_text("".join(f'include "{bench.file(name)}";\n' for name in order))
        mains = [str(whole)]
    for name in mains:
        done = bench.run("drbdadm", "-c", bench.file(name), "sh-nop", extra=module)
        yield from bench.placed(done, PLACED, *(str(bench.file(f)) for f in files))


VALIDATOR = Validator(
    tool="drbdadm",
    kinds=("drbd",),
    checks="keywords and values of DRBD's resources",
    programs=(("drbdadm", "drbd-utils"),),
    version=("drbdadm", "--version"),
    ask=ask,
)
