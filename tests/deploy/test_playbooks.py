"""The playbooks themselves: syntax, lint, and that every task knows its variables."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from evaluator.bundle import render, write

from .conftest import declaration

HERE = Path(__file__).parent
DEPLOY = HERE.parents[1] / "deploy"
PLAYBOOKS = ("build", "verify", "rolling-update", "rollback", "export", "teardown")
STACKS = ("pacemaker", "keepalived", "heartbeat")


def program(name: str) -> str:
    """A program of the running environment, or a reason to leave the test out."""
    found = shutil.which(
        name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    if found is None:
        pytest.skip(f"{name} is not installed (ansible-core, ansible-lint)")
    return found


@pytest.fixture(scope="module", params=STACKS)
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param) / "bundle"
    return write(render(declaration(request.param)), folder)


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_every_playbook_is_well_formed_with_every_stack(playbook: str, bundle: Path) -> None:
    command = [
        program("ansible-playbook"),
        "--syntax-check",
        f"--inventory={bundle}/ansible/inventory.yml",
        f"--extra-vars=bundle={bundle}",
        f"{playbook}.yml",
    ]
    done = subprocess.run(command, cwd=DEPLOY, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    # these two groups are made while it runs
    warnings = [w for w in done.stderr.splitlines() if "WARNING" in w and "rolling_" not in w]
    assert not warnings


def test_the_playbooks_pass_the_linter(tmp_path: Path) -> None:
    command = [program("ansible-lint"), "--offline", "--nocolor", "--format=pep8"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "ANSIBLE_HOME": str(tmp_path)}
    done = subprocess.run(
        command, cwd=DEPLOY, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout


def test_every_file_that_is_installed_is_in_the_bundle(bundle: Path) -> None:
    for host in (bundle / "ansible/host_vars").iterdir():
        files = YAML(typ="safe").load(host)["cluster_files"]
        assert {"base", "firewall"} < {f["role"] for f in files}
        for file in files:
            assert (bundle / file["source"]).is_file()
