"""What a machine lacks for a laboratory is told with its remedy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evaluator.findings import EvaluationError
from evaluator.lab import Laboratory

from .conftest import wiring

pytestmark = pytest.mark.xdist_group("lab")


@pytest.mark.skipif(os.geteuid() != 0, reason="without root nothing else is looked at")
def test_every_missing_program_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    laboratory = Laboratory(wiring("zcs1"), cache=tmp_path)
    programs = {f.remedy for f in laboratory.missing() if f.code == "lab-program"}
    assert {"apt-get install systemd-container", "apt-get install mmdebstrap"} <= programs
    with pytest.raises(EvaluationError, match="lab-program"), laboratory:
        raise AssertionError("entered")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="is root")
def test_without_root_that_is_said() -> None:
    assert [f.code for f in Laboratory(wiring("zcs1")).missing()] == ["lab-root"]


def test_a_folder_where_no_overlay_can_be_mounted_is_refused(possible: None) -> None:
    laboratory = Laboratory(wiring("zcs1"), cache=Path("/proc/self"))
    assert "lab-overlay" in {f.code for f in laboratory.missing()}
