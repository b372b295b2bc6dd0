"""Archives in mbox files that are on this machine already, plain or compressed."""

from __future__ import annotations

import os
import stat
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from perceval.backends.core.mbox import MBox

from evaluator.mine.archive import harvest_boxes
from evaluator.mine.command import SourceError, checked_url
from evaluator.mine.sources import Harvest, Mining
from evaluator.result import SourceKind
from evaluator.study.candidate import DataSource

KIND: SourceKind = "mail"
MOST_FILES = 10_000


def harvest(source: DataSource, mining: Mining) -> Harvest:
    """All messages of a file, or of all files of a folder and the folders in it.

    The files are read in order of their paths.  Symbolic links in the folder are not followed; they
    are counted, as are files that are no mbox.

    Raises
    ------
    SourceError
        When the address is no path of this machine, or nothing readable is there.
    """
    url = checked_url(source.url, allow_local=mining.allow_local)
    place = Path(url.removeprefix("file://"))
    if not place.is_absolute():
        raise SourceError("an mbox archive is read from a path of this machine: download it first")
    if not place.exists():
        raise SourceError(f"there is nothing at {url!r}")
    tool = f"perceval {version('perceval')}, MBox {MBox.version}"
    if place.is_dir():
        files, dropped = _files(place)
    elif place.is_file():
        files, dropped = [(place.name, place)], {}
    else:
        raise SourceError(f"{url!r} is neither a file nor a folder")
    return harvest_boxes(source, mining, files, tool, dropped)


def _files(folder: Path) -> tuple[list[tuple[str, Path]], dict[str, int]]:
    """Regular files below a folder by their paths in it, sorted; what else there is, counted."""
    files: list[tuple[str, Path]] = []
    dropped: Counter[str] = Counter()
    for root, folders, names in os.walk(folder, onerror=_refuse):
        if {"cur", "new"} <= set(folders):
            raise SourceError(f"{root!r} is a Maildir; give its messages in mbox files")
        for name in folders + names:
            path = Path(root, name)
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                files.append((str(path.relative_to(folder)), path))
            elif stat.S_ISLNK(mode):
                dropped["symbolic links, not followed"] += 1
            elif not stat.S_ISDIR(mode):
                dropped["neither files nor folders"] += 1
        if len(files) > MOST_FILES:
            raise SourceError(f"there are more than {MOST_FILES} files in {str(folder)!r}")
    return sorted(files), dict(dropped)


def _refuse(error: OSError) -> None:
    raise SourceError(f"{error.filename!r} cannot be read: {error.strerror}")
