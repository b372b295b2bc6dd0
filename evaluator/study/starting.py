"""The files of a new study for any field: commented, and running as they are."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined

from evaluator.findings import EvaluationError, Finding, Where

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
RESERVED = ("catalogue", "candidates", "snapshot", "report", "run")
"""Names that another file or folder of a study has."""

EXAMPLES = (("Alpha", "https://example.org/alpha", 7), ("Beta", "https://example.org/beta", 5))
SHARES = (3, 3, 2, 2)
"""Weights of the mined criteria among themselves (ours: an example to change)."""


def new_study(name: str, candidates: Sequence[tuple[str, str]] = ()) -> dict[str, bytes]:
    """Files of a study by their path in its folder.

    Parameters
    ----------
    name
        Of the field: letters, digits, dot, dash and underscore.
    candidates
        Name and address of the git repository of each; two examples when there is none.

    Raises
    ------
    EvaluationError
        When the name is none, or the candidates' names are empty, unprintable or alike.
    """
    if not NAME.fullmatch(name) or name.lower() in RESERVED:
        problem = f"{name!r} cannot name a study"
        remedy = "use up to 64 letters, digits, dots, dashes and underscores, such as 'dns'"
        if name.lower() in RESERVED:
            remedy = f"these have a meaning inside a study: {', '.join(RESERVED)}"
        raise EvaluationError(Finding("bad-name", problem, remedy=remedy))
    share = 1.0 if candidates else 0.6
    weights = [round(share * s / sum(SHARES), 6) for s in SHARES]
    written = {
        f"{name}.yml": _text("criteria.yml", name=name, examples=not candidates, weights=weights),
        "catalogue.yml": _text("catalogue.yml", name=name),
        "refs.bib": _text("refs.bib"),
        "README.md": _text("README.md", name=name),
    }
    for title, url, fit in [(*c, None) for c in candidates] or EXAMPLES:
        key = _identifier(title)
        path = f"candidates/{key}.yml"
        if path in written:
            problem = f"two candidates would be {key!r}"
            raise EvaluationError(Finding("duplicate-id", problem, remedy="name one otherwise"))
        written[path] = _text(
            "candidate.yml",
            name=name,
            id=key,
            title=title,
            url=url,
            example=fit is not None,
            fit=fit,
        )
    return {path: text.encode() for path, text in written.items()}


def _identifier(title: str) -> str:
    """``Knot DNS`` is ``knot-dns``."""
    key = re.sub(r"[^a-z0-9._-]+", "-", title.lower()).strip("-._")
    if not key or len(title) > 80 or not title.isprintable() or title != title.strip():
        problem = f"{title!r} cannot name a candidate"
        remedy = "give NAME=ADDRESS; a name is at most 80 characters, with a letter or digit"
        raise EvaluationError(Finding("bad-name", problem, remedy=remedy))
    return key


def _text(template: str, **values: object) -> str:
    environment = Environment(  # noqa: S701 - YAML and Markdown; what is typed is quoted by 'yaml'
        loader=FunctionLoader(_template),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["yaml"] = lambda text: json.dumps(text, ensure_ascii=False)
    return environment.get_template(f"{template}.j2").render(values)


def _template(name: str) -> str:
    return files("evaluator.study").joinpath("templates", name).read_text(encoding="utf-8")


def write_new(folder: Path, written: Mapping[str, bytes]) -> Path:
    """Write files into a folder that does not exist yet, all of them or none.

    Raises
    ------
    EvaluationError
        When something is there already, or the folder cannot be written.
    """
    aside = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        fresh = aside / "new"
        for path, content in written.items():
            (fresh / path).parent.mkdir(parents=True, exist_ok=True)
            (fresh / path).write_bytes(content)
        fresh.rename(folder)  # refused by the system where anything but an empty folder is there
    except OSError as error:
        problem = f"cannot be made: {error.strerror or error}"
        remedy = "choose another NAME or --out; nothing is ever overwritten"
        finding = Finding("unwritable-output", problem, Where(str(folder)), remedy)
        raise EvaluationError(finding) from error
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)
    return folder
