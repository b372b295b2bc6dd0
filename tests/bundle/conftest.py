"""A site and a stack of the tests' own, and bundles rendered from them."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from evaluator.bundle import Bundle, render, write
from evaluator.cluster import declare
from evaluator.study.site import Site
from evaluator.study.stack import Stack

from .variants import VARIANTS

HERE = Path(__file__).parent
PROVENANCE = {"version": "1.2.3", "as_of": "2026-01-31", "site": "harbour", "criteria": "0" * 64}

TOOLS = "/usr/sbin:/usr/bin:/sbin:/bin"
"""Where Debian puts the validators; an ordinary account's PATH lacks the first."""

Change = Callable[[dict[str, Any]], object]


def load(path: Path) -> Any:
    """Read a YAML file."""
    return YAML(typ="safe").load(path)


def text(bundle: Bundle, name: str) -> str:
    """A file of the bundle."""
    return bundle.files[name].decode()


def variables(bundle: Bundle, name: str) -> Any:
    """What a file of variables says."""
    return YAML(typ="safe").load(text(bundle, f"ansible/{name}"))


@pytest.fixture(scope="session")
def site_words() -> dict[str, Any]:
    """The tests' site as plain words, not to be changed."""
    words: dict[str, Any] = load(HERE / "site.yml")
    return words


@pytest.fixture(scope="session")
def stack() -> Stack:
    return Stack.model_validate(load(HERE / "stack.yml"))


@pytest.fixture(scope="session")
def make(site_words: dict[str, Any], stack: Stack) -> Callable[..., Bundle]:
    """Render the site after a change to its words, by default unchanged."""

    def _make(change: Change | None = None, stack: Stack = stack) -> Bundle:
        words = copy.deepcopy(site_words)
        if change:
            change(words)
        site = Site.model_validate(words)
        return render(declare(site, stack, provenance=PROVENANCE))

    return _make


@pytest.fixture(scope="session")
def variant(site_words: dict[str, Any], stack: Stack) -> Callable[[str], Bundle]:
    """Render a variant by its name, once."""

    @functools.cache
    def _variant(name: str) -> Bundle:
        chosen = VARIANTS[name]
        words = copy.deepcopy(site_words)
        chosen.change(words)
        made = chosen.stack(stack)
        site, risks = Site.model_validate(words), chosen.risks
        return render(declare(site, made, provenance=PROVENANCE, accepted=risks))

    return _variant


@pytest.fixture(scope="session")
def bundle(make: Callable[..., Bundle]) -> Bundle:
    return make()


@pytest.fixture(scope="session")
def folder(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle on disk, not to be changed."""
    return write(bundle, tmp_path_factory.mktemp("bundle") / "out")


def second_fence_device(words: dict[str, Any]) -> None:
    """Add a power switch that can switch both nodes, as a second level."""
    words["fence_devices"].append(
        {
            "name": "pdu",
            "agent": "fence_apc_snmp",
            "address": "198.51.100.160",
            "network": "management",
            "power": "standby-c",
            "plugs": {"zcs1": "3", "zcs2": "4"},
            "secret": "vault_pdu",
        }
    )


def without_haproxy(stack: Stack) -> Stack:
    """Take the load balancer from a stack."""
    components = {k: v for k, v in stack.components.items() if v != "haproxy"}
    name = "Pacemaker on Corosync with DRBD"
    return stack.model_copy(update={"components": components, "name": name})
