"""The nodes' image: what decides its content, and what a killed builder leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evaluator.lab.image import PACKAGES, default_cache, forget, image_path, package_sources

from .conftest import until

pytestmark = pytest.mark.xdist_group("lab")

BUILDER = """
import subprocess, sys
from evaluator.lab.image import ALONE

mount = 'mount -t tmpfs none "$1" && touch "$1/here" && echo mounted && sleep 61.5'
subprocess.run([*ALONE, "sh", "-c", mount, "sh", sys.argv[1]])
"""


def test_the_folder_of_the_image_tells_its_content(tmp_path: Path) -> None:
    source = tmp_path / "debian.sources"
    source.write_text("Suites: bookworm\n")
    path = image_path(tmp_path, ("corosync", "pacemaker"), [source])
    assert image_path(tmp_path, ("pacemaker", "corosync"), [source]) == path
    assert image_path(tmp_path, ("corosync",), [source]) != path
    source.write_text("Suites: bookworm bookworm-updates\n")
    assert image_path(tmp_path, ("corosync", "pacemaker"), [source]) != path
    assert len(PACKAGES) == len(set(PACKAGES))


def test_only_sources_of_debian_12_are_used(tmp_path: Path) -> None:
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    for name, text in {
        "debian.sources": "Suites: bookworm",
        "old.list": "deb https://mirror.example/debian bookworm main",
        "other.sources": "Suites: nodistro",
        "off.sources.disabled": "Suites: bookworm",
    }.items():
        (folder / name).write_text(text)
    assert [path.name for path in package_sources(tmp_path)] == ["debian.sources", "old.list"]


def test_images_that_nobody_asks_for_any_more_are_removed(tmp_path: Path) -> None:
    for name, asked_for in {"image-old": 1000, "image-new": 3000}.items():
        (tmp_path / name / "usr").mkdir(parents=True)
        os.utime(tmp_path / name, (asked_for, asked_for))
    (tmp_path / "image.lock").touch()
    forget(tmp_path, before=2000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image-new", "image.lock"]


def test_the_cache_can_be_put_elsewhere() -> None:
    assert default_cache({"EVALUATE_LAB_CACHE": "/srv/lab"}) == Path("/srv/lab")
    assert default_cache({}) == default_cache({"EVALUATE_LAB_CACHE": ""})


def test_a_killed_builder_leaves_no_mount_and_no_process(possible: None, tmp_path: Path) -> None:
    # were its mounts of /dev and /sys to stay, the next builder would empty this machine's
    with subprocess.Popen(
        [sys.executable, "-c", BUILDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == "mounted\n"
        assert not (tmp_path / "here").exists()
        assert str(tmp_path) not in Path("/proc/mounts").read_text()
        builder.kill()
    until(lambda: not _running("sleep\00061.5"))


def _running(words: str) -> bool:
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if words in process.read_text():
                return True
        except OSError:
            continue
    return False
