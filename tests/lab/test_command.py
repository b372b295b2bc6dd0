"""Programs that fail say why, however much they have said before."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.findings import EvaluationError
from evaluator.lab.command import must


def test_what_a_program_prints_is_given() -> None:
    assert must("sh", "-c", "echo here; echo there >&2") == "here\n"


def test_a_failed_program_is_named_with_its_last_words_and_all_of_them_are_kept(
    tmp_path: Path,
) -> None:
    script = "echo first cause >&2; seq 2000 >&2; exit 3\n" + "# a long script\n" * 100
    with pytest.raises(EvaluationError) as failed:
        must("sh", "-c", script, log=tmp_path / "log")
    message = failed.value.findings[0].message
    assert message.startswith("sh -c echo first cause >&2; seq 2000 >&2; exit 3 # a long")
    assert " …: exit code 3: " in message
    assert message.endswith(f"1999\n2000 (all of it is in {tmp_path}/log)")
    assert len(message) < 2500
    assert (tmp_path / "log").read_text().startswith("first cause\n1\n2\n")


def test_a_program_that_never_ends_is_ended() -> None:
    with pytest.raises(EvaluationError, match="timed out after"):
        must("sleep", "60", timeout=0.2)
