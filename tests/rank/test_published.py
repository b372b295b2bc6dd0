"""Examples from the literature, each by ``evaluate mcda`` from its file, to the printed digits."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from evaluator import cli

PUBLISHED = Path(__file__).parent / "published"
EXAMPLES = sorted(path.stem for path in PUBLISHED.glob("*.yml"))
DRAWN = 0.01
"""Shares of draws may be off by this: at 100,000 draws, more than six standard errors."""


def test_every_example_has_what_it_expects_and_where_that_was_printed() -> None:
    expected = sorted(p.name.removesuffix(".expected.json") for p in PUBLISHED.glob("*.json"))
    assert expected == EXAMPLES
    assert len(EXAMPLES) >= 16
    for name in EXAMPLES:
        data = json.loads((PUBLISHED / f"{name}.expected.json").read_text())
        assert all(data[key] for key in ("title", "citation", "where_found"))
        assert data["methods"] or data["weights"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_published(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["mcda", str(PUBLISHED / f"{name}.yml"), "--format", "json"]
    code = cli.guarded(lambda: cli.app(arguments, prog_name="evaluate", standalone_mode=False))
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    found = json.loads(out)
    expected = json.loads((PUBLISHED / f"{name}.expected.json").read_text())
    source, digits = expected["citation"], expected["digits"]
    # half a unit of the last printed digit, and what floating point adds to that
    off = 0.5 * 10**-digits * (1 + 1e-6)
    for method, said in expected["methods"].items():
        answer = found["methods"][method]
        for alternative, score in said.get("scores", {}).items():
            assert answer["scores"][alternative] == pytest.approx(score, rel=0, abs=off), source
        if "ranks" in said:
            assert answer["ranks"] == said["ranks"], source
        for criterion, ratio in said.get("consistency_ratios", {}).items():
            parts = {**answer["detail"]["alternatives"], "": answer["detail"].get("criteria")}
            assert math.isclose(parts[criterion]["CR"], ratio, abs_tol=off), source
    for criterion, weight in expected.get("weights", {}).items():
        assert found["weights"][criterion] == pytest.approx(weight, rel=0, abs=off), source
    for measure, shares in expected.get("smaa", {}).items():
        for alternative, share in shares.items():
            got = found["smaa"][measure][alternative]
            assert got == pytest.approx(share, rel=0, abs=DRAWN), (source, measure, alternative)
