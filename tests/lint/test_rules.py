"""Every rule against its goldens.

``tests/lint/rules/CODE/`` holds folders ``pass…`` and ``fail…`` (at least one of each) with the
files of a configuration.  A fail folder has ``expected.txt``: one line ``file:line`` per finding of
this rule, just ``file`` for a whole file, ``-`` for a finding without place.  Both may have
``modes.txt``: lines ``0400 file``, as git keeps no modes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.content import criteria_folder
from evaluator.lint import Configuration, all_rules, lint, not_asked, of
from evaluator.study.bibliography import read_references

GOLDENS = Path(__file__).parent / "rules"
BESIDE = ("expected.txt", "modes.txt")


def goldens(kind: str) -> list[Path]:
    return sorted(p for p in GOLDENS.glob(f"*/{kind}*") if p.is_dir())


def configuration(folder: Path) -> Configuration:
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in BESIDE
    }
    given = folder / "modes.txt"
    lines = given.read_text().splitlines() if given.exists() else []
    modes = {path: int(mode, 8) for mode, path in (line.split(maxsplit=1) for line in lines)}
    return of(files, modes)


def places(folder: Path, code: str) -> list[str]:
    found = [f for f in lint(configuration(folder)) if f.code == code]
    return sorted(
        "-" if f.where is None else f"{f.where.file}:{f.where.line}".removesuffix(":0")
        for f in found
    )


def name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


@pytest.mark.parametrize("folder", goldens("fail"), ids=name)
def test_rule_fires_at_the_expected_places(folder: Path) -> None:
    expected = (folder / "expected.txt").read_text().split()
    assert expected
    assert places(folder, folder.parent.name) == sorted(expected)


@pytest.mark.parametrize("folder", goldens("pass"), ids=name)
def test_rule_is_asked_and_silent(folder: Path) -> None:
    code = folder.parent.name
    assert code not in {rule.code for rule in not_asked(configuration(folder))}
    assert places(folder, code) == []


@pytest.mark.parametrize("folder", [*goldens("pass"), *goldens("fail")], ids=name)
def test_no_rule_breaks_on_a_golden(folder: Path) -> None:
    assert [f for f in lint(configuration(folder)) if f.code == "rule-failed"] == []


def test_every_rule_has_a_passing_and_a_failing_golden_and_every_golden_a_rule() -> None:
    for kind in ("pass", "fail"):
        assert {folder.parent.name for folder in goldens(kind)} == set(all_rules())


@pytest.mark.parametrize("code", all_rules())
def test_rule_says_why_what_to_do_and_where_that_is_written(code: str) -> None:
    rule = all_rules()[code]
    known = {*read_references(criteria_folder() / "refs.bib"), "ours"}
    assert rule.demand
    assert rule.rationale
    assert rule.remedy
    assert rule.source
    assert set(rule.source) <= known
    assert all(Configuration().has(f) is False for each in rule.formats for f in each.split("|"))
