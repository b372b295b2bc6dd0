"""Where the shipped criteria, snapshot and deploy files lie: in a checkout or in the wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def content_root() -> Path:
    """Folder that holds ``criteria/``, ``data/`` and ``deploy/``."""
    bundled = _PACKAGE / "_content"
    return bundled if bundled.is_dir() else _PACKAGE.parent


def criteria_folder() -> Path:
    return content_root() / "criteria"


def shipped_snapshot() -> Path:
    return content_root() / "data" / "snapshot"


def deploy_folder() -> Path:
    return content_root() / "deploy"


def shown(path: Path) -> str:
    """The path as the user knows it: relative to the working or the shipped folder if inside."""
    path = path.resolve()
    for base in (Path.cwd(), content_root()):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return str(path)
