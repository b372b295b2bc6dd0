"""Every scenario folder, run on the bundles that it fits."""

from __future__ import annotations

import functools

import pytest

from evaluator.content import content_root
from evaluator.simulate import VERBS, Outcome, Rehearsal

from .conftest import needs_simulator, parsed, rehearse, rendered, scenarios

HOMES = ("witness", "voter", "three-drbd9")
"""Each scenario is run on the first of these that it fits."""
NAMES = sorted(p.name for p in (content_root() / "deploy/scenarios").iterdir() if p.is_dir())
CORE = (
    "node-lost-and-back", "node-lost-while-fencing-fails", "standby-and-back", "quorum-lost",
    "service-fails-twice", "service-does-not-stop", "partition-heals",
)  # fmt: skip


@functools.cache
def outcomes() -> dict[str, Outcome]:
    """How each scenario goes at home."""
    found: dict[str, Outcome] = {}
    for home in HOMES:
        left = [name for name in NAMES if name not in found]
        for outcome in rehearse(parsed(rendered(home)), *left).outcomes:
            if not outcome.left_out:
                found.setdefault(outcome.scenario, outcome)
    return found


def told(found: Outcome | Rehearsal) -> str:
    """What is wrong, to be read."""
    return "\n".join(str(finding) for finding in found.findings)


def test_there_are_at_least_thirty() -> None:
    assert len(NAMES) >= 30
    assert set(NAMES) == set(scenarios())


@needs_simulator
@pytest.mark.parametrize("name", ["start", *NAMES])
def test_it_goes_as_expected(name: str) -> None:
    assert name in outcomes(), "it fits none of the bundles"
    assert not outcomes()[name].findings, told(outcomes()[name])
    assert outcomes()[name].chapters


@needs_simulator
@pytest.mark.parametrize(
    ("variant", "fit"), [("two-node", 5), ("shared-disk", 5), ("three-stateless", 3)]
)
def test_the_core_goes_as_expected_on_other_clusters(variant: str, fit: int) -> None:
    result = rehearse(parsed(rendered(variant)), *CORE)
    assert not result.findings, told(result)
    assert sum(not outcome.left_out for outcome in result.outcomes) >= fit


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_and_why(name: str) -> None:
    text = (content_root() / "deploy/scenarios" / name / "README.md").read_text(encoding="utf-8")
    title, _, body = text.partition("\n\n")
    assert title == f"# {scenarios()[name].title}"
    assert len(body) > 20
    assert max(map(len, text.splitlines())) <= 120


def test_the_readme_knows_every_event() -> None:
    text = (content_root() / "deploy/scenarios/README.md").read_text(encoding="utf-8")
    for verb, (what, _) in VERBS.items():
        assert f"| `{verb}` | {what} |" in text
