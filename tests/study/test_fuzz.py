"""Whatever is done to a criteria file: a study, or findings with a place; nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from evaluator.content import criteria_folder
from evaluator.findings import EvaluationError, Finding
from evaluator.study import Study

LINES = (criteria_folder() / "sme.yml").read_text(encoding="utf-8").splitlines(keepends=True)
QUICK = settings(
    deadline=None,
    derandomize=True,
    max_examples=20,
    # each example writes the same file anew, so the folder may be shared between them
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

positions = st.integers(0, len(LINES) - 1)
values = st.sampled_from(
    [
        "", "~", "[]", "{}", "[[]]", "{a: {b: c}}", "true", "-1", "1e999", ".nan", "0x1F", "'",
        '"\\x00"', "2015-02-30", "2015-01-01", "!!binary aGk=", "!!set {a}", "!!omap [a: b]",
        "!!python/name:os.system", "|\n  text", ">-\n  text", "&a x", "*a", "%", "@", "`", "? x",
        "- x", "<<: x", "ours", "lights", "1_000", "1:30:00", "\u202e", "\x85", "e\u0301",
    ]
)  # fmt: skip
mutations = st.one_of(
    st.tuples(st.just("drop"), positions, st.just("")),
    st.tuples(st.just("repeat"), positions, st.just("")),
    st.tuples(st.just("swap"), positions, st.just("")),
    st.tuples(st.just("value"), positions, values),
    st.tuples(st.just("line"), positions, st.text(max_size=30)),
)


def mutate(lines: list[str], change: tuple[str, int, str]) -> None:
    kind, i, text = change
    i %= max(len(lines), 1)
    if not lines:
        lines.append(text)
    elif kind == "drop":
        del lines[i]
    elif kind == "repeat":
        lines.insert(i, lines[i])
    elif kind == "swap":
        lines[i], lines[i - 1] = lines[i - 1], lines[i]
    elif kind == "value":
        lines[i] = f"{lines[i].partition(':')[0]}: {text}\n"
    else:
        lines[i] = text + "\n"


def read(folder: Path, load: Callable[[], Study], raw: bytes) -> None:
    (folder / "sme.yml").write_bytes(raw)
    findings = []
    try:
        assert isinstance(load(), Study)
    except EvaluationError as error:
        findings = error.findings or [Finding("none", "")]
    for finding in findings:
        assert finding.where is not None
        assert finding.where.file
        assert finding.message


@QUICK
@given(changes=st.lists(mutations, min_size=1, max_size=4))
@example(changes=[("value", 229, "!!set {a}")])  # a group that is no text
def test_mutated_lines(
    folder: Path, load: Callable[[], Study], changes: list[tuple[str, int, str]]
) -> None:
    lines = list(LINES)
    for change in changes:
        mutate(lines, change)
    read(folder, load, "".join(lines).encode("utf-8", "surrogatepass"))


@QUICK
@given(noise=st.binary(min_size=1, max_size=6), share=st.floats(0, 1))
def test_random_bytes_inside(
    folder: Path, load: Callable[[], Study], noise: bytes, share: float
) -> None:
    raw = "".join(LINES).encode()
    at = int(share * len(raw))
    read(folder, load, raw[:at] + noise + raw[at + len(noise) :])


@QUICK
@given(text=st.text(alphabet="ab:-[]{}?*&!|>'\"%@#, \n\t~<=0\\", max_size=40))
def test_random_yaml(folder: Path, load: Callable[[], Study], text: str) -> None:
    read(folder, load, text.encode())


@pytest.mark.parametrize("name", ["catalogue.yml", "sites/netnovation.yml", "refs.bib"])
def test_truncated_anywhere(folder: Path, load: Callable[[], Study], name: str) -> None:
    raw = (folder / name).read_bytes()
    for at in range(0, len(raw), len(raw) // 6):
        (folder / name).write_bytes(raw[:at])
        with contextlib.suppress(EvaluationError):
            load()
