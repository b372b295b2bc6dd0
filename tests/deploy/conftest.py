"""Bundles for the laboratory's site."""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

from evaluator.bundle import render as rendered
from evaluator.bundle import write
from evaluator.cluster import Declaration, declare
from evaluator.content import deploy_folder
from evaluator.study.site import Site
from evaluator.study.stack import Stack

HERE = Path(__file__).parent
PROVENANCE = {"evaluator": "1.2.3", "site": "laboratory", "criteria": "0" * 64}

Change = Callable[[dict[str, Any]], object]


def load(name: str) -> Any:
    """Read a YAML file of this folder."""
    return YAML(typ="safe").load(HERE / name)


def declaration(manager: str = "pacemaker", change: Change | None = None) -> Declaration:
    """The laboratory's cluster under a manager, after a change to the words of its site."""
    words = copy.deepcopy(load("site.yml"))
    if change:
        change(words)
    return declare(
        Site.model_validate(words),
        Stack.model_validate(load(f"{manager}.yml")),
        provenance=PROVENANCE,
    )


def stateless(words: dict[str, Any]) -> None:
    """Take the disk from the site: what keeps no data needs no fencing."""
    words["volumes"] = []
    del words["services"][0]["volume"]


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
