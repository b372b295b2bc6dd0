"""A bundle on disk: whole or not at all, and verified."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluator.bundle import Bundle, read_manifest, verify, write
from evaluator.findings import EvaluationError, ExitCode

from .conftest import HERE, PROVENANCE
from .variants import without_witness


def refused(bundle: Bundle, folder: Path) -> str:
    with pytest.raises(EvaluationError) as caught:
        write(bundle, folder)
    assert caught.value.exit_code == ExitCode.INVALID
    (finding,) = caught.value.findings
    assert finding.remedy
    return finding.code


def test_written_as_rendered(bundle: Bundle, tmp_path: Path) -> None:
    out = write(bundle, tmp_path / "new/out")
    assert out == tmp_path / "new/out"
    assert {n: (out / n).read_bytes() for n in bundle.files} == bundle.files
    assert verify(out) == []
    assert read_manifest(out)["provenance"] == PROVENANCE
    assert os.listdir(tmp_path / "new") == ["out"]


def test_another_mask_gives_the_same_modes(bundle: Bundle, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        out = write(bundle, tmp_path / "out")
    finally:
        os.umask(before)
    assert verify(out) == []
    assert out.stat().st_mode & 0o777 == 0o755


def test_a_bundle_is_replaced_as_a_whole(
    bundle: Bundle, make: Callable[..., Bundle], tmp_path: Path
) -> None:
    out = write(bundle, tmp_path / "out")
    write(make(without_witness), out)
    assert verify(out) == []
    assert not (out / "ansible/host_vars/witness.yml").exists()
    assert os.listdir(tmp_path) == ["out"]


def test_an_empty_folder_is_taken(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert verify(write(bundle, tmp_path / "out")) == []


@pytest.mark.parametrize("kind", ["folder", "file", "link", "other-manifest", "broken-manifest"])
def test_what_is_no_bundle_is_left_alone(bundle: Bundle, tmp_path: Path, kind: str) -> None:
    out, mail = tmp_path / "out", tmp_path / "elsewhere/mail"
    mail.parent.mkdir()
    mail.write_text("mine")
    if kind == "file":
        out.write_text("mine")
    elif kind == "link":
        out.symlink_to(mail.parent)
    else:
        out.mkdir()
        (out / "mine").write_text("mine")
        if kind == "other-manifest":
            (out / "manifest.json").write_text('{"name": "an application"}')
        if kind == "broken-manifest":
            (out / "manifest.json").write_text("{")
    before = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*"))
    assert refused(bundle, out) == "not-a-bundle"
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")) == before
    assert mail.read_text() == "mine"


def test_a_parent_that_is_a_file(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert refused(bundle, tmp_path / "file/out") == "output-not-written"
    assert (tmp_path / "file").read_text() == "mine"


FULL = """
set -e
mount -t tmpfs -o size=32k none "$0"
exec "$@"
"""

WRITE = """
import sys
from pathlib import Path
from evaluator.bundle import render, write
from evaluator.cluster import declare
from evaluator.findings import EvaluationError
from evaluator.study.site import Site
from evaluator.study.stack import Stack
from tests.bundle.conftest import HERE, load
site = Site.model_validate(load(HERE / "site.yml"))
stack = Stack.model_validate(load(HERE / "stack.yml"))
made = render(declare(site, stack, provenance={}))
folder = Path(sys.argv[1])
try:
    write(made, folder / "out")
except EvaluationError as error:
    print(error)
print(sorted(p.name for p in folder.iterdir()))
"""


def _can_mount() -> bool:
    command = ["unshare", "--map-root-user", "--mount", "true"]
    return (
        bool(shutil.which("unshare"))
        and not subprocess.run(command, capture_output=True, check=False).returncode
    )


needs_mount = pytest.mark.skipif(
    not _can_mount(), reason="unshare cannot create a mount namespace here"
)


def in_namespace(script: str, folder: Path) -> str:
    """Write the bundle into a mount of its own; what the program printed."""
    done = subprocess.run(
        [
            *("unshare", "--map-root-user", "--mount", "sh", "-c", script, folder),
            *(sys.executable, "-c", WRITE, folder),
        ],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_mount
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    printed = in_namespace(FULL, tmp_path)
    assert "[output-not-written] No space left on device; nothing was changed" in printed
    assert printed.splitlines()[-1] == "[]"


@needs_mount
def test_a_read_only_disk(tmp_path: Path) -> None:
    script = 'mount -t tmpfs -o ro none "$0" && exec "$@"'
    printed = in_namespace(script, tmp_path)
    assert "[output-not-written] Read-only file system; nothing was changed" in printed
    assert printed.splitlines()[-1] == "[]"


@pytest.mark.parametrize("failure", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_a_failure_while_swapping_brings_the_old_one_back(
    bundle: Bundle,
    make: Callable[..., Bundle],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: BaseException,
) -> None:
    """The disk cannot be made to fail between two renames, so the second rename is made to."""
    out = write(bundle, tmp_path / "out")
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise failure
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises((EvaluationError, KeyboardInterrupt)):
        write(make(without_witness), out)
    assert verify(out) == []
    assert (out / "ansible/host_vars/witness.yml").exists()
    assert os.listdir(tmp_path) == ["out"]


def _append(path: Path) -> None:
    path.write_text(path.read_text() + "\n")


def _link(path: Path) -> None:
    content = path.read_bytes()
    path.unlink()
    other = path.parent.parent.parent / "other"
    other.write_bytes(content)
    path.symlink_to(other)


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (_append, "file-changed"),
        (_link, "file-changed"),
        (Path.unlink, "file-missing"),
        (lambda p: p.chmod(0o600), "file-mode"),
        (lambda p: (p.parent / "extra").touch(), "file-unknown"),
    ],
)
def test_harm_is_noticed(
    bundle: Bundle, tmp_path: Path, harm: Callable[[Path], object], code: str
) -> None:
    out = write(bundle, tmp_path / "out")
    harm(out / "drbd/zcs.res")
    assert [f.code for f in verify(out)] == [code]


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": 99},
        {"files": {}},
        {"files": ["drbd/zcs.res"]},
        {"files": [{"path": "../../etc/passwd", "sha256": "", "size": 0, "mode": "0644"}]},
        {"format": None},
    ],
)
def test_a_manifest_that_is_none(bundle: Bundle, tmp_path: Path, change: dict[str, object]) -> None:
    out = write(bundle, tmp_path / "out")
    document = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").write_text(json.dumps({**document, **change}))
    with pytest.raises(EvaluationError) as caught:
        verify(out)
    assert caught.value.findings[0].code == "not-a-bundle"


def test_a_missing_manifest(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError) as caught:
        verify(tmp_path)
    assert caught.value.findings[0].code == "not-a-bundle"
