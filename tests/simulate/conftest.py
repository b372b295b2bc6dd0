"""Clusters to rehearse with: the CIBs of rendered bundles, and changes to them."""

from __future__ import annotations

import copy
import functools
import shutil
from collections.abc import Callable

import pytest
from lxml import etree

from evaluator.bundle import Bundle, render
from evaluator.cluster import declare
from evaluator.formats.cib import Cib, read
from evaluator.programs import SYSTEM_PATH
from evaluator.simulate import Rehearsal, Scenario, shipped, simulate
from evaluator.study.site import Site
from evaluator.study.stack import Stack
from tests.bundle.conftest import HERE, load
from tests.bundle.variants import VARIANTS

Mutation = Callable[[etree._Element], object]

needs_simulator = pytest.mark.skipif(
    shutil.which("crm_simulate", path=SYSTEM_PATH) is None,
    reason="crm_simulate is missing (Debian package pacemaker-cli-utils)",
)


@functools.cache
def made(variant: str) -> Bundle:
    """The bundle of a variant."""
    words = copy.deepcopy(load(HERE / "site.yml"))
    chosen = VARIANTS[variant]
    chosen.change(words)
    stack = chosen.stack(Stack.model_validate(load(HERE / "stack.yml")))
    site = Site.model_validate(words)
    return render(declare(site, stack, provenance={}, accepted=chosen.risks))


def rendered(variant: str) -> bytes:
    """The CIB of a variant's bundle."""
    return made(variant).files["pacemaker/cib.xml"]


def parsed(content: bytes) -> Cib:
    """A CIB from its text."""
    cib, findings = read("cib.xml", content)
    assert cib is not None, findings
    return cib


def changed(variant: str, mutation: Mutation) -> Cib:
    """A variant's CIB after a change."""
    root = etree.fromstring(rendered(variant))
    mutation(root)
    return parsed(etree.tostring(root))


@functools.cache
def scenarios() -> dict[str, Scenario]:
    """The shipped scenarios by name."""
    return {scenario.id: scenario for scenario in shipped()}


def rehearse(cib: Cib, *names: str) -> Rehearsal:
    """Run some shipped scenarios."""
    return simulate(cib, [scenarios()[name] for name in names])


def codes(result: Rehearsal) -> set[str]:
    """Codes of what is wrong."""
    return {finding.code.removeprefix("simulate-") for finding in result.findings}
