"""``evaluate init``: a commented study for any field, which runs as it is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

import evaluator as ev
from evaluator.cli import guarded
from evaluator.cli.app import app
from evaluator.findings import EvaluationError, ExitCode
from evaluator.study.starting import new_study, write_new

RUNNER = CliRunner()


def init(*typed: str) -> int:
    return guarded(lambda: app(["init", *typed], standalone_mode=False))


def content(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_it_runs_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert init("dns") == 0
    capfd.readouterr()
    typed = ["--criteria", "dns/dns.yml", "--out", "dns"]
    assert guarded(lambda: app(typed, standalone_mode=False)) == 0
    shown = capfd.readouterr()
    assert "Take Alpha." in shown.out
    assert "alpha not in the snapshot" in shown.err
    assert (tmp_path / "dns" / "report.pdf").read_bytes().startswith(b"%PDF")
    page = (tmp_path / "dns" / "report.html").read_text(encoding="utf-8")
    assert "(left out)" not in page
    assert not (tmp_path / "dns" / "bundle").exists()
    typed = ["mine", "--criteria", "dns/dns.yml", "--cache", "cache"]
    assert guarded(lambda: app(typed, standalone_mode=False)) == ExitCode.UNAVAILABLE
    assert "no source could be mined" in capfd.readouterr().err  # the examples say so themselves


def test_every_key_is_explained_and_every_option_that_is_commented_out_is_valid(
    tmp_path: Path,
) -> None:
    folder = write_new(tmp_path / "dns", new_study("dns"))
    path = folder / "dns.yml"
    text = path.read_text(encoding="utf-8")
    head, _, rest = text.partition("# Everything below may stay out.")
    lines = [line[2:] for line in rest.splitlines() if line.startswith("# ")]
    keys = ("semaphores:", "need:", "attitude:", "attitudes:", "decision:", "methods:", " ", "-")
    path.write_text(head + "\n".join(x for x in lines if x.startswith(keys)) + "\n")
    catalogue = folder / "catalogue.yml"
    text = catalogue.read_text(encoding="utf-8")
    keys = ("functions:", "organisations:", " ")
    lines = [line.removeprefix("# ") for line in text.splitlines()]
    live = [old for old in text.splitlines() if old and not old.startswith("#")]
    catalogue.write_text(
        "\n".join([*live, *(x for x in lines if x.startswith(keys) and x not in live)])
    )
    criteria = ev.load(path).study.criteria
    assert (len(criteria.semaphores), len(criteria.need), criteria.attitude) == (1, 1, "careful")


def test_candidates_can_be_mined_at_once(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for typed in (
        ("init", "-q", str(source)),
        ("-C", str(source), "-c", "user.name=A", "-c", "user.email=a@example.org", "commit",
         "-q", "--allow-empty", "-m", "first"),
    ):  # fmt: skip
        subprocess.run(["git", *typed], check=True)
    address = "https://example.org/knot.git"
    written = new_study("dns", [("Knot DNS", address), ("BIND 9", "https://example.org/bind")])
    folder = write_new(tmp_path / "dns", written)
    one = folder / "candidates" / "knot-dns.yml"
    one.write_text(one.read_text().replace(f'url: "{address}"', f'url: "{source}"'))
    study = ev.load(folder / "dns.yml").study
    assert {c.name for c in study.candidates.values()} == {"Knot DNS", "BIND 9"}
    assert {c.licence.kind for c in study.candidates.values()} == {"unknown"}
    assert not any(c.facts for c in study.candidates.values()), "nothing is made up of them"
    assert sum(c.weight for c in study.criteria.criteria) == pytest.approx(1)
    typed = ["mine", "--criteria", str(folder / "dns.yml"), "--source", "knot-dns",
             "--allow-local", "--cache", str(tmp_path / "cache")]  # fmt: skip
    assert guarded(lambda: app(typed, standalone_mode=False)) == 0
    assert ev.load(folder / "dns.yml").run().table.get("knot-dns", "commits_total").value == 1


@pytest.mark.parametrize("there", ["folder", "file", "link"])
def test_nothing_is_overwritten(
    tmp_path: Path, there: str, capfd: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "dns"
    if there == "folder":
        place.mkdir()
        (place / "mine.txt").write_text("kept")
    elif there == "file":
        place.write_text("kept")
    else:
        (tmp_path / "other").mkdir()
        place.symlink_to(tmp_path / "other")
    before = content(tmp_path)
    assert init("dns", "--out", str(tmp_path)) == ExitCode.INVALID
    assert "nothing is ever overwritten" in capfd.readouterr().err
    assert content(tmp_path) == before


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../dns", "/etc/dns", "a/b", "a\\b", "-x", "a b", "a\n", "a\x00", "é",
     "\u202ea", "x" * 65, "catalogue", "Snapshot", "{{ 7 * 7 }}"],
)  # fmt: skip
def test_bad_names_are_explained(name: str, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError) as caught:
        new_study(name)
    assert caught.value.findings[0].code == "bad-name"
    assert caught.value.findings[0].remedy
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["null", "123", "1e5", "true", "no", "0x1F", "2015-01-01", "a.yml"]
)
def test_names_that_yaml_would_take_for_something_else(name: str, tmp_path: Path) -> None:
    folder = write_new(tmp_path / name, new_study(name, [(name, "https://example.org/x")]))
    study = ev.load(folder / f"{name}.yml").study
    assert study.criteria.id == name
    assert [c.name for c in study.candidates.values()] == [name]


@pytest.mark.parametrize(
    "typed",
    ["", "x", "=https://example.org/x", "x=", "x=/etc/passwd", "x=file:///etc", "x=ext::sh -c id",
     "x=--upload-pack=id", "x=https://-oProxy/x", "\u202e=https://example.org/x",
     'x"\n=https://example.org/x', "...=https://example.org/x", f"{'x' * 81}=https://example.org/x"],
)  # fmt: skip
def test_bad_candidates_are_explained(
    typed: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert init("dns", "--out", str(tmp_path), "--candidate", typed) == ExitCode.INVALID
    assert "error [bad-" in capfd.readouterr().err
    assert not any(tmp_path.iterdir())


def test_hostile_titles_stay_titles(tmp_path: Path) -> None:
    title = 'a"b: {c} #d \\n {{ 7 }} & <i>'
    folder = write_new(tmp_path / "dns", new_study("dns", [(title, "https://example.org/x#y")]))
    (candidate,) = ev.load(folder / "dns.yml").study.candidates.values()
    assert candidate.name == title


def test_two_candidates_of_one_name() -> None:
    twice = [("Knot DNS", "https://example.org/a"), ("knot dns", "https://example.org/b")]
    with pytest.raises(EvaluationError, match="two candidates would be 'knot-dns'"):
        new_study("dns", twice)
