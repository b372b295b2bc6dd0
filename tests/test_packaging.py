"""What is built and what is committed: the wheel stands alone, and nothing says where we work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from evaluator import __version__

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted(ROOT.glob("requirements*.lock"))


def tracked() -> list[Path]:
    """Files that are, or are about to be, committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout")
    names = done.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--disable-pip-version-check", "--wheel-dir", str(folder), str(ROOT)],
        check=True, timeout=120,
    )  # fmt: skip
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.xdist_group("wheel")
def test_wheel_carries_what_a_run_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        meta = next(n for n in names if n.endswith(".dist-info/METADATA"))
        points = next(n for n in names if n.endswith("entry_points.txt"))
        metadata, entries = archive.read(meta).decode(), archive.read(points).decode()
    inside = "evaluator/_content"
    for folder in ("criteria", "data/snapshot", "deploy"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"{inside}/{path.relative_to(ROOT).as_posix()}" in names
    assert "evaluator/py.typed" in names
    assert any(n.endswith("licenses/LICENSE") for n in names)
    assert not [n for n in names if n.startswith(("tests/", "notebooks/")) or "__pycache__" in n]
    for path in (ROOT / "evaluator").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert path.relative_to(ROOT).as_posix() in names
    assert "evaluate = evaluator.__main__:main" in entries
    assert f"\nVersion: {__version__}\n" in metadata
    assert "\nLicense-Expression: GPL-3.0-or-later\n" in metadata


@pytest.mark.xdist_group("wheel")
def test_wheel_works_alone_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    target, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
         "--disable-pip-version-check", "--target", str(target), str(wheel)],
        check=True, timeout=120,
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(target / "bin" / "evaluate"), "--criteria", "sme.yml"],
        cwd=empty, capture_output=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(target)},
    )  # fmt: skip
    assert (done.returncode, done.stderr.decode()) == (0, "")
    assert {p.name for p in empty.iterdir()} == {"report.html", "report.pdf", "run.json", "bundle"}
    assert (empty / "bundle" / "manifest.json").is_file()
    assert str(ROOT) not in (empty / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.name)
def test_lock_has_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"(?m)^\s*(-i|--(extra-)?index-url|--find-links|--trusted-host)\b", text)
    requirements = re.split(r"\n(?=[A-Za-z0-9])", text.replace("\\\n", " "))
    named = [r for r in requirements if re.match(r"[A-Za-z0-9]", r)]
    assert len(named) > 30
    for requirement in named:
        assert re.match(r"[A-Za-z0-9._\[\]-]+==\S+", requirement), requirement[:60]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", requirement), requirement[:60]


def test_lock_holds_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    def name(requirement: str) -> str:
        found = re.match(r"[A-Za-z0-9._-]+", requirement)
        assert found
        return re.sub(r"[._-]+", "-", found[0]).lower()

    wanted = {
        "requirements.lock": project["project"]["dependencies"],
        "requirements-test.lock": project["dependency-groups"]["test"],
    }
    for lock, requirements in wanted.items():
        lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
        pinned = {name(line) for line in lines if "==" in line}
        assert {name(r) for r in requirements} <= pinned


# Spelt in parts, so that this file does not name them either.
PLACES = ("/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/")
HOSTS = ("py" + "pi.org", "pythonh" + "osted.org", "index" + "-url =", "/sim" + "ple/")
SECRETS = ("BEGIN " + "PRIVATE KEY", "BEGIN " + "OPENSSH PRIVATE", "BEGIN " + "RSA PRIVATE")


def test_no_tracked_file_says_where_it_was_made() -> None:
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        for word in (*PLACES, *HOSTS, *SECRETS):
            assert word not in text, f"{path.relative_to(ROOT)} holds {word!r}"


ADDRESS = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,3}){3})(?![\d.])")
DOCUMENTATION = ("192.0.2.", "198.51.100.", "203.0.113.", "127.", "0.0.0.0", "255.255.")  # noqa: S104
BENCHMARKS = "198.18."  # RFC 2544: nobody's hosts


def test_addresses_are_from_documentation_ranges() -> None:
    kinds = {".yml", ".yaml", ".md", ".py", ".conf", ".j2"}
    for path in tracked():
        if path.suffix not in kinds or "tests" in path.relative_to(ROOT).parts:
            continue
        for address in ADDRESS.findall(path.read_text(encoding="utf-8")):
            assert address.startswith((*DOCUMENTATION, BENCHMARKS)), (
                f"{path.relative_to(ROOT)}: {address}"
            )


def test_a_module_fits_in_a_head() -> None:
    modules = sorted((ROOT / "evaluator").rglob("*.py"))
    assert modules
    long = {
        path.relative_to(ROOT).as_posix(): count
        for path in modules
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 450
    }
    assert not long


def test_every_module_is_importable_as_declared() -> None:
    for path in sorted((ROOT / "evaluator").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) > 10:
            assert "from __future__ import annotations" in text, path
