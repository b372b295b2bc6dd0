from __future__ import annotations

import math

import pytest

from evaluator.formats.units import score, seconds, truth


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("30", 30), ("30s", 30), ("500ms", 0.5), ("2min", 120), ("1h", 3600), (" 10 sec ", 10),
        ("PT2M30S", 150), ("P1D", 86400), ("1.5", 1.5), ("0", 0),
        ("", None), ("soon", None), ("-5", None), ("10x", None), ("P", None), ("9" * 99, None),
    ],
)  # fmt: skip
def test_seconds(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("YES", True), ("on", True), ("1", True), ("0", False), ("Off", False),
     ("", None), ("maybe", None)],
)  # fmt: skip
def test_truth(text, value):
    assert truth(text) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [("INFINITY", math.inf), ("-infinity", -math.inf), ("100", 100), ("-7", -7),
     ("1000000", math.inf), ("-2000000", -math.inf), ("", 0), ("much", 0), ("9" * 5000, 0)],
)  # fmt: skip
def test_score(text, value):
    assert score(text) == value
