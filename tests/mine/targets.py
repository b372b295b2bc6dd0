"""All that is fuzzed, by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.mine import answers, oracle
from tests.mine.oracle import Tally

TARGETS: dict[str, Callable[[bytes, Path], Tally]] = {
    "git-log": oracle.git_log,
    "mbox": oracle.mbox_file,
    "message": oracle.message,
    "issue-json": answers.issues,
    "perceval-json": oracle.perceval_items,
    "debian": answers.packages,
    "repository": oracle.repository,
    "catalogue": oracle.catalogue,
    "identities": oracle.identities,
}
