"""Bundles for the laboratory's site."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from evaluator.bundle import render as rendered
from evaluator.bundle import write
from evaluator.cluster import Declaration
from evaluator.content import deploy_folder
from evaluator.trial.clusters import declaration as declare

HERE = Path(__file__).parent
CLUSTERS = {"pacemaker": "pacemaker-2-witness"}

Change = Callable[[dict[str, Any]], object]


def declaration(manager: str = "pacemaker", change: Change | None = None) -> Declaration:
    """The laboratory's cluster under a manager, after a change to the words of its site."""
    return declare(CLUSTERS.get(manager, manager), change)


def module(name: str) -> ModuleType:
    """A module of ``deploy/library``, which needs ansible-core."""
    pytest.importorskip("ansible", reason="ansible-core is not installed")
    spec = importlib.util.spec_from_file_location(name, deploy_folder() / "library" / f"{name}.py")
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle of the laboratory on disk, to be changed at will."""
    return write(rendered(declaration()), tmp_path / "bundle")
