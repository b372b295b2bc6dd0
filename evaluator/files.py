"""Writing files so that one appears whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from evaluator.findings import EvaluationError, file_error


def write_whole(path: Path, content: bytes) -> Path:
    """Write aside, then rename; the folder is made when it is missing.

    Raises
    ------
    EvaluationError
        When the folder or the file cannot be written.
    """
    aside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(content)
        os.replace(aside, path)
    except OSError as error:
        problem = f"cannot be written: {error.strerror or error}"
        remedy = "name a folder that you may write to and that has room (--out)"
        raise EvaluationError(file_error("unwritable-output", path, problem, remedy)) from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
    return path
