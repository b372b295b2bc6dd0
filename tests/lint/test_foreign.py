"""Configurations of others, of the shape that they have in the field, written for these tests.

``foreign/NAME/expected.txt`` lists every finding: ``code file:line``, just ``file`` for a
whole file.  What is not listed must not be found.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.lint import lint, of

FOREIGN = Path(__file__).parent / "foreign"
EXPECTED = "expected.txt"


def _found(folder: Path) -> list[str]:
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != EXPECTED
    }
    findings = lint(of(files))
    return sorted(
        f"{f.code} {f.where.file}:{f.where.line}".removesuffix(":0") if f.where else f.code
        for f in findings
    )


@pytest.mark.parametrize("folder", sorted(FOREIGN.iterdir()), ids=lambda folder: folder.name)
def test_findings_in_foreign_configuration(folder: Path) -> None:
    expected = (folder / EXPECTED).read_text().splitlines()
    assert expected
    assert _found(folder) == sorted(expected)


def test_there_are_foreign_configurations_of_every_manager() -> None:
    kinds = {path.name for path in FOREIGN.rglob("*") if path.is_file()}
    assert {"corosync.conf", "cib.xml", "keepalived.conf", "haresources", "sbd"} <= kinds
    assert len(list(FOREIGN.iterdir())) >= 6
