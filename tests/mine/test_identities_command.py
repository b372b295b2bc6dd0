"""The ``identities`` command over a cache that ``mine`` has filled."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from evaluator import cli
from evaluator.content import criteria_folder
from evaluator.findings import ExitCode
from evaluator.mine.identities.files import read_identities

PEOPLE = (
    ("Ann Example", "annex@b.example"),
    ("annex", "annex@c.example"),
    ("[bold]Eve\x1b[31m", "e@b.example"),
)


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study with one repository of made-up people."""
    folder = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    for number, (name, address) in enumerate(PEOPLE * 2):
        who = ["-c", f"user.name={name}", "-c", f"user.email={address}"]
        command = ["commit", "-q", "--allow-empty", "-m", f"Change {number}"]
        subprocess.run(["git", "-C", str(folder), *who, *command], check=True)
    home = Path(shutil.copytree(criteria_folder(), tmp_path / "study"))
    place = home / "candidates" / "haproxy.yml"
    head, _, tail = place.read_text(encoding="utf-8").partition("data_sources:\n")
    rest = tail[tail.index("\npackages:") :]
    entry = f"  - {{id: made, backend: git, url: 'file://{folder}'}}\n"
    place.write_text(f"{head}data_sources:\n{entry}{rest}", encoding="utf-8")
    return home / "sme.yml"


@pytest.fixture
def evaluate(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """Runs a command with that study and a cache."""

    def run(command: str, *arguments: str) -> Result:
        given = [command, f"--criteria={study}", f"--cache={tmp_path / 'cache'}", "--source=made"]
        code = cli.guarded(
            lambda: cli.app([*given, *arguments], prog_name="evaluate", standalone_mode=False)
        )
        return Result(code, *capsys.readouterr())

    return run


@pytest.fixture
def mined(evaluate: Callable[..., Result], tmp_path: Path) -> Callable[..., Result]:
    """The same, after mining."""
    result = evaluate("mine", "--allow-local", f"--out={tmp_path / 'snapshot'}")
    assert result.code == ExitCode.OK, result.err
    return evaluate


def test_cases_are_shown_and_written(mined: Callable[..., Result], tmp_path: Path) -> None:
    code, out, err = mined("identities")
    assert code == ExitCode.OK
    assert "annex@b.example" in out
    assert "same local part" in " ".join(out.split())
    assert "6 commits, messages and issues; 3 names, 3 addresses: 3 persons" in err
    place = tmp_path / "cache" / "identities.yml"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert "wrote" in out
    first = place.read_bytes()
    assert mined("identities").code == ExitCode.OK
    assert place.read_bytes() == first
    assert "\x1b" not in out + err


def test_answer_in_the_file_is_followed_and_kept(
    mined: Callable[..., Result], tmp_path: Path
) -> None:
    mined("identities")
    place = tmp_path / "cache" / "identities.yml"
    place.write_text(place.read_text().replace("- same:", "- same: yes # asked her", 1))
    code, _, err = mined("identities")
    assert code == ExitCode.OK
    assert "2 persons" in err
    assert "Doubtful: 0 joined, 0 apart." in err
    assert "same: yes # asked her" in place.read_text()


def test_cases_as_json(mined: Callable[..., Result]) -> None:
    code, out, _ = mined("identities", "--format=json")
    assert code == ExitCode.OK
    assert out.isascii()
    (case,) = json.loads(out)["cases"]
    assert not case["joined"]
    assert {a for side in case["sides"] for a in side["addresses"]} == {p[1] for p in PEOPLE[:2]}


@pytest.mark.parametrize("kind", ["sortinghat", "grimoirelab"])
def test_everybody_for_another_registry(
    mined: Callable[..., Result], tmp_path: Path, kind: str
) -> None:
    place = tmp_path / "everybody"
    code, _, err = mined("identities", f"--write={kind}", f"--out={place}")
    assert code == ExitCode.OK, err
    assert {p.addresses[0] for p in read_identities(place).persons} == {p[1] for p in PEOPLE}
    again = mined("identities", f"--write={kind}", f"--out={place}")
    assert again.code == ExitCode.INVALID
    assert "[file-exists]" in again.err


def test_what_is_known_is_taken_from_any_format(
    mined: Callable[..., Result], tmp_path: Path
) -> None:
    known = tmp_path / "known.yml"
    addresses = ", ".join(address for _, address in PEOPLE[:2])
    known.write_text(f"- profile: {{name: Ann Example}}\n  email: [{addresses}]\n  irc: [ann]\n")
    said = mined("identities", f"--identities={known}").err
    assert "2 persons" in said
    assert "'irc' is not read" in said
    known.write_text("- profile: {}")
    code, out, err = mined("identities", f"--identities={known}")
    assert (code, out) == (ExitCode.INVALID, "")
    assert "known.yml:1:3: error [missing-key]" in err


def test_asking_needs_a_terminal(mined: Callable[..., Result]) -> None:
    code, out, err = mined("identities", "--confirm")
    assert (code, out) == (ExitCode.INVALID, "")
    assert "[cannot-ask]" in err


def test_unknown_source(mined: Callable[..., Result]) -> None:
    code, _, err = mined("identities", "--source=elsewhere")
    assert code == ExitCode.INVALID
    assert "[unknown-source]" in err


def test_nothing_was_mined(evaluate: Callable[..., Result], tmp_path: Path) -> None:
    code, out, err = evaluate("identities")
    assert (code, out) == (ExitCode.UNAVAILABLE, "")
    assert "[nothing-mined]" in err
    assert not (tmp_path / "cache" / "identities.yml").exists()
