"""One running laboratory for all tests that do not need their own."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evaluator.lab import Laboratory, LabSpec, Outlet
from evaluator.lab.image import default_cache
from evaluator.lab.node import group_roots

CACHE = default_cache(os.environ)
PASSWORD = """not=for "everyone" ' #1"""  # noqa: S105 - of the laboratory that tests make


def wiring(*names: str, **more: object) -> LabSpec:
    """Nodes on three networks, each with a controller of its own."""
    return LabSpec(
        networks={
            "management": "198.51.100.128/25",
            "ring0": "192.0.2.0/26",
            "service": "203.0.113.0/25",
        },
        nodes={
            name: {
                "management": f"198.51.100.{140 + i}",
                "ring0": f"192.0.2.{10 + i}",
                "service": f"203.0.113.{10 + i}",
            }
            for i, name in enumerate(names, 1)
        },
        outlets=tuple(
            Outlet(f"bmc-{name}", f"198.51.100.{150 + i}", "fence", PASSWORD, {"1": name})
            for i, name in enumerate(names, 1)
        ),
        client={"service": "203.0.113.99"},
        boot_delay=0.5,
        **more,  # type: ignore[arg-type]
    )


def until(true: Callable[[], bool], timeout: float = 10) -> None:
    """Wait for it, not longer than allowed."""
    end = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < end, f"not within {timeout:g} s"
        time.sleep(0.05)


def left_of(prefix: str) -> list[str]:
    """What this machine still has of a laboratory."""
    own = {str(os.getpid())}
    found = [str(path) for path in Path("/run/netns").glob(f"{prefix}*")]
    found += [str(path) for path in Path("/run/systemd/nspawn").glob(f"*/*{prefix}*")]
    found += [str(root / prefix) for root in group_roots() if (root / prefix).exists()]
    found += [line for line in Path("/proc/mounts").read_text().splitlines() if prefix in line]
    loops = subprocess.run(["losetup", "--all"], capture_output=True, text=True, check=True)
    found += [line for line in loops.stdout.splitlines() if prefix in line]
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_text()
        except OSError:
            continue
        if prefix in words and process.parent.name not in own:
            found.append(words.replace("\0", " "))
    return found


@pytest.fixture(scope="session")
def possible() -> None:
    """Skips, with the reasons, where no laboratory can be made."""
    if findings := Laboratory(wiring("zcs1"), cache=CACHE).missing():
        pytest.skip("; ".join(f"{finding.message} ({finding.remedy})" for finding in findings))


@pytest.fixture(scope="session")
def laboratory(possible: None) -> Iterator[Laboratory]:
    """Two running nodes with a disk in common; a test leaves them running and healed."""
    with Laboratory(wiring("zcs1", "zcs2", shared_disk="/dev/shared0"), cache=CACHE) as running:
        running.start()
        yield running
