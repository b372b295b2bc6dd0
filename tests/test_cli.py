"""The command: options, exit codes, what goes to which stream, and that nothing is left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluator import __version__, cli
from evaluator.content import criteria_folder, shipped_snapshot
from evaluator.findings import ExitCode
from tests.command import Evaluate, Result

ROOT = Path(__file__).resolve().parents[1]
OF_STUDIES = ("rank", "metrics", "report", "bundle", "explain", "diff", "mine", "identities")
COMMANDS = (*OF_STUDIES, "mcda", "init", "schema")


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("EVALUATE_", "COLUMNS"))}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def process(*arguments: str, cwd: Path, **more: str) -> Result:
    """Run the command as a user does."""
    done = subprocess.run(
        [sys.executable, "-m", "evaluator", *arguments],
        cwd=cwd, env=environment(**more), capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    result = Result(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in result.err
    return result


@pytest.fixture
def evaluate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Evaluate:
    """Runs the command inside this process, in an empty folder."""
    for name in [n for n in os.environ if n.startswith("EVALUATE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    home = tmp_path / "empty"
    home.mkdir()
    monkeypatch.chdir(home)

    def run(*arguments: str) -> Result:
        code = cli.guarded(
            lambda: cli.app(list(arguments), prog_name="evaluate", standalone_mode=False)
        )
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Result(code, out, err)

    return run


# --- usage ----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_names_options_and_defaults(evaluate: Evaluate, command: str) -> None:
    code, out, err = evaluate(*command.split(), "--help")
    assert (code, err) == (0, "")
    assert out.startswith("Usage: evaluate")
    assert ("--criteria" in out) == (command in ("", *OF_STUDIES))
    for name in () if command else (*COMMANDS, "Exit codes", "130", "EVALUATE_CRITERIA"):
        assert name in out


@pytest.mark.parametrize("arguments", [["--version"], ["--version", "rank"]])
def test_version(evaluate: Evaluate, arguments: list[str]) -> None:
    assert evaluate(*arguments) == (0, f"{__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--nix"], "--nix"),
        (["rnk"], "'rank'"),
        (["rank", "--format", "xml"], "'table', 'json', 'csv', 'md'"),
        (["rank", "--as-of", "yesterday"], "write YYYY-MM-DD"),
        (["rank", "--as-of", "2015-02-30"], "write YYYY-MM-DD"),
        (["rank", "--seed", "-1"], "--seed"),
        (["rank", "--seed", "x"], "--seed"),
        (["rank", "extra"], "extra"),
        (["--format", "csv", "report"], "--format"),
        (["rank", "--criteria"], "--criteria"),
    ],
    ids=" ".join,
)
def test_usage(evaluate: Evaluate, arguments: list[str], says: str) -> None:
    code, out, err = evaluate(*arguments)
    assert (code, out) == (ExitCode.INVALID, "")
    assert says in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rank", "--criteria", "nix.yml"], "nix.yml: error [no-such-file]"),
        (["rank", "--site", "nix"], "allowed: netnovation.yml"),
        (["rank", "--as-of", "2999-01-01"], "[as-of-after-snapshot]"),
        (["rank", "--snapshot", "nix"], "[snapshot-missing]"),
        (["mine", "--source", "pacemakr"], "did you mean 'pacemaker'?"),
        (["metrics", "--candidate", "haproxi"], "did you mean 'haproxy'?"),
        (["bundle", "--stack", "nix"], "stacks with a bundle: "),
        (["bundle", "--stack", "hp-serviceguard"], "'hp-serviceguard' has no deployment profile"),
    ],
    ids=" ".join,
)
def test_invalid_input(evaluate: Evaluate, arguments: list[str], says: str) -> None:
    code, out, err = evaluate(*arguments)
    assert (code, out) == (ExitCode.INVALID, "")
    assert says in err
    assert list(Path.cwd().iterdir()) == []


def test_mistakes_in_a_study_are_printed_with_their_places(evaluate: Evaluate) -> None:
    text = (criteria_folder() / "sme.yml").read_text(encoding="utf-8")
    text = text.replace("attitude: mission_critical", "attitude: mision_critical").replace(
        "site: netnovation", "sight: netnovation"
    )
    Path("copy.yml").write_text(text, encoding="utf-8")
    code, out, err = evaluate("rank", "--criteria", "copy.yml")
    assert (code, out) == (ExitCode.INVALID, "")
    lines = text.splitlines()
    attitude, sight = (
        next(i for i, line in enumerate(lines, 1) if line.startswith(key))
        for key in ("attitude:", "sight:")
    )
    assert f"copy.yml:{attitude}:11: error [unknown-attitude] unknown attitude 'misi" in err
    assert "did you mean 'mission_critical'? allowed: mission_critical, neutral" in err
    assert f"copy.yml:{sight}:1: error [unknown-key] unknown key 'sight'" in err
    assert "did you mean 'site'?" in err


# --- options --------------------------------------------------------------------------------


def test_option_before_the_command_is_one_after_it(evaluate: Evaluate) -> None:
    options = ["--criteria", "lazy-user.yml", "--as-of", "2014-12-31", "--format=csv"]
    after, before = evaluate("rank", *options), evaluate(*options, "rank")
    assert after.code == 0
    assert before == after


def test_option_after_the_command_wins(evaluate: Evaluate) -> None:
    assert "[no-such-file]" in evaluate("--criteria", "sme.yml", "rank", "--criteria", "nix").err


@pytest.mark.parametrize("before", [True, False])
def test_what_is_typed_outranks_the_environment(
    evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    monkeypatch.setenv("EVALUATE_CRITERIA", "from-environment.yml")
    assert "from-environment.yml: error" in evaluate("rank").err
    typed = ["--criteria", "typed.yml"]
    result = evaluate(*typed, "rank") if before else evaluate("rank", *typed)
    assert "typed.yml: error" in result.err


def test_every_variable_of_the_help_is_heeded(
    evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value, says in [
        ("SITE", "nix", "no such site"),
        ("SNAPSHOT", "nix", "[snapshot-missing]"),
        ("AS_OF", "nix", "write YYYY-MM-DD"),
        ("SEED", "nix", "--seed"),
        ("FORMAT", "nix", "--format"),
    ]:
        with monkeypatch.context() as patch:
            patch.setenv(f"EVALUATE_{name}", value)
            assert says in evaluate("rank").err


# --- data -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def ranked(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What ``evaluate rank --format json`` prints."""
    code, out, err = process("rank", "--format", "json", cwd=tmp_path_factory.mktemp("rank"))
    assert (code, err) == (0, "")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(out, parse_constant=refuse)


@pytest.mark.xdist_group("ranked")
def test_rank_json(ranked: Any) -> None:
    assert ranked["schema_version"] == 1
    assert (
        ranked["as_of"]
        == json.loads((shipped_snapshot() / "datapackage.json").read_text(encoding="utf-8"))[
            "as_of"
        ]
    )
    for stack in ranked["stacks"]:
        assert {"id", "rank", "score", "first_rank_probability", "outcome", "reasons"} <= set(stack)
        assert stack["reasons"]
    kept = [s for s in ranked["stacks"] if s["outcome"] == "ranked"]
    assert [s["rank"] for s in kept] == list(range(1, len(kept) + 1))
    assert sum(s["first_rank_probability"] for s in kept) == pytest.approx(1)
    assert ranked["winner"] == kept[0]["id"]


@pytest.mark.xdist_group("ranked")
def test_removed_stacks_say_which_filter(ranked: Any) -> None:
    removed = [s for s in ranked["stacks"] if s["outcome"] == "removed"]
    assert removed
    for stack in removed:
        assert stack["rank"] is None
        assert stack["stage"] in ("need", "state", "semaphore")
        assert stack["removed_by"]


@pytest.mark.xdist_group("ranked")
def test_components_are_ranked_within_their_roles(ranked: Any) -> None:
    assert len(ranked["components"]) >= 5
    for entries in ranked["components"].values():
        assert all({"id", "rank", "score"} <= set(entry) for entry in entries)
        ranks = [entry["rank"] for entry in entries]
        assert ranks == sorted(ranks)
        assert ranks[0] == 1


def test_metrics_json(evaluate: Evaluate) -> None:
    code, out, err = evaluate("metrics", "--format", "json", "--candidate", "heartbeat")
    assert (code, err) == (0, "")
    assert out.isascii()
    rows = json.loads(out)
    wanted = {"candidate", "metric", "value", "unit", "n", "window", "outcome", "source"}
    assert len(rows) >= 15
    for row in rows:
        assert wanted <= set(row)
        assert row["candidate"] == "heartbeat"
        assert (row["value"] is not None) == (row["outcome"] == "ok")
        assert row["outcome"] in ("ok", "not_available", "not_applicable", "error")


def test_schema_is_json(evaluate: Evaluate) -> None:
    code, out, err = evaluate("schema")
    assert (code, err) == (0, "")
    assert json.loads(out)["title"] == "Criteria"


# --- snapshot -------------------------------------------------------------------------------


def wrong_hash(folder: Path) -> None:
    place = folder / "commits.parquet"
    raw = bytearray(place.read_bytes())
    raw[len(raw) // 2] ^= 1
    place.write_bytes(raw)


def not_parquet(folder: Path) -> None:
    """Bytes that fit their hash and are no Parquet."""
    import hashlib

    place, package = folder / "releases.parquet", folder / "datapackage.json"
    raw = b"PAR1" + b"\0" * 100 + b"PAR1"
    data = json.loads(package.read_text(encoding="utf-8"))
    (resource,) = [r for r in data["resources"] if r["name"] == "releases"]
    resource |= {"bytes": len(raw), "hash": f"sha256:{hashlib.sha256(raw).hexdigest()}"}
    place.write_bytes(raw)
    package.write_text(json.dumps(data), encoding="utf-8")


def truncated(folder: Path) -> None:
    place = folder / "messages.parquet"
    place.write_bytes(place.read_bytes()[:-100])


def missing(folder: Path) -> None:
    (folder / "persons.parquet").unlink()


def not_json(folder: Path) -> None:
    (folder / "datapackage.json").write_text("{", encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (wrong_hash, "snapshot-hash"),
        (not_parquet, "snapshot-parquet"),
        (truncated, "snapshot-size"),
        (missing, "snapshot-file-missing"),
        (not_json, "snapshot-package"),
    ],
)
def test_damaged_snapshot(
    evaluate: Evaluate, tmp_path: Path, damage: Callable[[Path], None], code: str
) -> None:
    copy = Path(shutil.copytree(shipped_snapshot(), tmp_path / "snapshot"))
    damage(copy)
    result = evaluate("rank", "--snapshot", str(copy))
    assert result.code == ExitCode.INVALID
    assert result.out == ""
    assert f"[{code}]" in result.err
    assert "evaluate mine" in result.err


# --- mining ---------------------------------------------------------------------------------


def repository(folder: Path, *, commits: int) -> Path:
    """A repository of made-up commits."""
    git = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    folder.mkdir()
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    for number in range(commits):
        command = [*git, "commit", "-q", "--allow-empty", "-m", f"Change {number}"]
        subprocess.run(command, check=True)
    return folder


@pytest.fixture
def mining_study(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Builds a study whose haproxy has the data sources of the given addresses."""

    def build(addresses: dict[str, str]) -> Path:
        home = tmp_path / "study"
        shutil.copytree(criteria_folder(), home)
        place = home / "candidates" / "haproxy.yml"
        text = place.read_text(encoding="utf-8")
        head, _, tail = text.partition("data_sources:\n")
        rest = tail[tail.index("\npackages:") :]
        entries = "".join(
            f"  - {{id: {name}, backend: git, url: '{url}'}}\n" for name, url in addresses.items()
        )
        place.write_text(f"{head}data_sources:\n{entries}{rest}", encoding="utf-8")
        return home / "sme.yml"

    return build


def test_mine_names_what_failed_and_keeps_the_rest(
    evaluate: Evaluate, mining_study: Callable[[dict[str, str]], Path], tmp_path: Path
) -> None:
    good = repository(tmp_path / "good", commits=3)
    empty = repository(tmp_path / "empty-repository", commits=0)
    study = mining_study(
        {
            "made-good": f"file://{good}",
            "made-empty": f"file://{empty}",
            "made-away": f"file://{tmp_path}/nowhere",
            "made-refused": "ext::sh -c touch% hacked",
        }
    )
    names = ("made-good", "made-empty", "made-away", "made-refused")
    code, out, err = evaluate(
        "mine", "--criteria", str(study), "--out", "new", "--cache", str(tmp_path / "cache"),
        "--allow-local", *(f"--source={name}" for name in names),
    )  # fmt: skip
    assert code == ExitCode.UNAVAILABLE
    for name in names[1:]:
        assert f"[source-failed] source '{name}'" in err
    assert "source 'made-good'" not in err
    assert not list(tmp_path.rglob("hacked"))
    assert "wrote new/" in out
    package = json.loads(Path("new/datapackage.json").read_text(encoding="utf-8"))
    found = {row["id"]: (row["outcome"], row["items"]) for row in package["sources"]}
    assert found == {
        "made-good": ("ok", 3),
        "made-empty": ("error", 0),
        "made-away": ("error", 0),
        "made-refused": ("error", 0),
    }


def test_mine_says_when_silence_does_not_count_and_when_nothing_was_written(
    evaluate: Evaluate,
    mining_study: Callable[[dict[str, str]], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_DATE", "2020-01-02T12:00:00Z")
    study = mining_study({"made-good": f"file://{repository(tmp_path / 'good', commits=2)}"})
    command = (
        "mine", "--criteria", str(study), "--out", "new", "--cache", str(tmp_path / "cache"),
        "--allow-local", "--source=made-good",
    )  # fmt: skip
    code, out, err = evaluate(*command)
    assert code == 0
    assert "wrote new/" in out
    assert "Note: the snapshot is as of its newest item, 2020-01-02" in err
    code, out, err = evaluate(*command)
    assert "no new items; the snapshot stays as it is" in out
    assert "wrote" not in out
    code, out, err = evaluate(*command, "--as-of", "2026-01-01")
    assert code == 0
    assert "newest item" not in err


def test_mine_of_nothing_writes_nothing(
    evaluate: Evaluate, mining_study: Callable[[dict[str, str]], Path], tmp_path: Path
) -> None:
    study = mining_study({"made-away": f"file://{tmp_path}/nowhere"})
    code, _, err = evaluate(
        "mine", "--criteria", str(study), "--out", "new", "--cache", str(tmp_path / "cache"),
        "--source", "made-away",
    )  # fmt: skip
    assert code == ExitCode.UNAVAILABLE
    assert "made-away" in err
    assert list(Path.cwd().iterdir()) == []


# --- output ---------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["report", "--no-pdf"], ["bundle"]], ids=["report", "bundle"])
@pytest.mark.parametrize("out", ["file", "file/below"])
def test_out_that_is_no_folder(evaluate: Evaluate, command: list[str], out: str) -> None:
    Path("file").write_text("mine", encoding="utf-8")
    code, printed, err = evaluate(*command, "--out", out)
    assert (code, printed) == (ExitCode.INVALID, "")
    assert "error [" in err
    assert out in err
    assert Path("file").read_text(encoding="utf-8") == "mine"
    assert [p.name for p in Path.cwd().iterdir()] == ["file"]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """A whole run in an empty folder."""
    folder = tmp_path_factory.mktemp("whole")
    return process("--criteria", "sme.yml", cwd=folder), folder


def files(folder: Path) -> dict[str, bytes]:
    found = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


@pytest.mark.xdist_group("whole")
def test_whole_run(written: tuple[Result, Path]) -> None:
    (code, out, err), folder = written
    assert (code, err) == (0, "")
    assert "Pacemaker" in out
    assert "wrote report.html" in out
    assert {p.name for p in folder.iterdir()} == {"report.html", "report.pdf", "run.json", "bundle"}
    assert (folder / "report.pdf").read_bytes()[:5] == b"%PDF-"
    assert b"\x1b" not in out.encode()


@pytest.mark.xdist_group("whole")
def test_twice_the_same_bytes_and_the_second_replaces_the_first(
    written: tuple[Result, Path], tmp_path: Path
) -> None:
    (first, folder), other = written, tmp_path / "other"
    other.mkdir()
    shutil.copytree(folder / "bundle", other / "bundle")
    (other / "bundle" / "README.md").write_text("changed", encoding="utf-8")
    again = process(
        "--criteria", "sme.yml", cwd=other, PYTHONHASHSEED="7", TZ="Asia/Tokyo", LC_ALL="C"
    )
    now, before = files(other), files(folder)
    assert [name for name in before if now.get(name) != before[name]] == []
    assert now.keys() == before.keys()
    assert again.out.splitlines()[:-1] == first.out.splitlines()[:-1]


ON_A_SMALL_DISK = """
mount -t tmpfs -o size=64k tmpfs "$1" || exit 99
cd "$1"
"$2" -m evaluator "$3" --out "$1/out" 2>"$4/err" >"$4/out"
echo $? >"$4/code"
find "$1" -mindepth 1 -not -name out >"$4/left"
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_full_disk(tmp_path: Path) -> None:
    disk, said = tmp_path / "disk", tmp_path / "said"
    disk.mkdir()
    said.mkdir()
    given = (str(disk), sys.executable, "report", str(said))
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", ON_A_SMALL_DISK, "sh", *given],
        env=environment(), timeout=120, check=False, capture_output=True,
    )  # fmt: skip
    if done.returncode == 99 or "unshare" in done.stderr.decode():
        pytest.skip("this machine does not allow a mount namespace")
    err = (said / "err").read_text(encoding="utf-8")
    assert (said / "code").read_text(encoding="utf-8").strip() == "2"
    assert "No space left on device" in err
    assert "Traceback" not in err
    assert (said / "left").read_text(encoding="utf-8") == ""


def started(*arguments: str, cwd: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "evaluator", *arguments],
        cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.xdist_group("whole")
@pytest.mark.parametrize("delay", [2.5, 4.5])
def test_interrupt_leaves_nothing_half_written(
    tmp_path: Path, written: tuple[Result, Path], delay: float
) -> None:
    whole = files(written[1])
    running = started(cwd=tmp_path)
    time.sleep(delay)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode in (0, ExitCode.INTERRUPTED), err.decode()
    assert b"Traceback" not in err
    left = files(tmp_path)
    assert left.items() <= whole.items()
    if running.returncode:
        assert b"Interrupted" in err
        assert b"wrote" not in out


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [(["schema"], 0), (["metrics", "--format", "json"], 1)],
    ids=["buffered", "midway"],
)
def test_reader_that_goes_away(tmp_path: Path, arguments: list[str], lines: int) -> None:
    running = started(*arguments, cwd=tmp_path)
    assert running.stdout is not None
    assert running.stderr is not None
    for _ in range(lines):
        running.stdout.readline()
    running.stdout.close()
    assert running.stderr.read() == b""
    running.stderr.close()
    assert running.wait(timeout=60) == 0


def shell(line: str, cwd: Path) -> Result:
    done = subprocess.run(
        ["sh", "-c", line.replace("evaluate", f"{sys.executable} -m evaluator")],
        cwd=cwd, env=environment(PYTHONIOENCODING="ascii"), capture_output=True, check=False,
        timeout=60,
    )  # fmt: skip
    return Result(done.returncode, done.stdout.decode("ascii"), done.stderr.decode("ascii"))


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("evaluate schema >/dev/full", 2, "No space left"),
        ("evaluate schema >&-", 0, ""),
        ("evaluate rank --as-of 2999-01-01 >&- 2>&-", 2, ""),
    ],
)
def test_streams_that_are_full_or_closed(tmp_path: Path, line: str, code: int, says: str) -> None:
    result = shell(line, tmp_path)
    assert result.code == code
    assert says in result.err
    assert "Exception ignored" not in result.err


def test_terminal_without_unicode(tmp_path: Path) -> None:
    result = shell("evaluate rank", tmp_path)
    assert (result.code, result.err) == (0, "")
    assert "Pacemaker" in result.out


# --- the guard itself -----------------------------------------------------------------------


def raising(error: BaseException) -> Callable[[], Any]:
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "Interrupted"),
        (PermissionError(13, "Permission denied", "/x"), 2, "/x: Permission denied"),
        (ValueError("odd"), 70, "ValueError: odd"),
        (MemoryError(), 70, "MemoryError"),
        (RecursionError("deep"), 70, "RecursionError"),
    ],
)
def test_every_way_to_fail_has_its_code(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, says: str
) -> None:
    assert cli.guarded(raising(error)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert "Traceback" not in err


def test_traceback_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALUATE_DEBUG", "1")
    with pytest.raises(ValueError, match="odd"):
        cli.guarded(raising(ValueError("odd")))


@pytest.mark.parametrize(("variable", "coloured"), [("NO_COLOR", False), ("FORCE_COLOR", True)])
def test_no_colour(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    coloured: bool,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv(variable, "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    cli.guarded(raising(ValueError("odd")))
    assert ("\x1b[" in capsys.readouterr().err) is coloured
