"""The file of passwords is opened before any node is asked, and never repeated."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from evaluator.deploy import Access, verify
from evaluator.deploy.playbook import program
from evaluator.deploy.vault import check, named
from evaluator.findings import EvaluationError

ANSIBLE = Path(program())
WORD = "first-password-7f3a"
GOOD = f"vault_fence_zcs1: {WORD}\nvault_fence_zcs2: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  61\n"


def refused(path: Path, password: Path | None = None) -> str:
    with pytest.raises(EvaluationError) as error:
        check(path, password, ANSIBLE)
    assert WORD not in str(error.value)
    return str(error.value)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    path = tmp_path / "vault.yml"
    path.write_text(GOOD)
    return path


def test_an_open_file_is_taken(secrets: Path) -> None:
    check(secrets, None, ANSIBLE)


def test_an_encrypted_file_needs_its_password(secrets: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text("one\n")
    bad.write_text("another\n")
    subprocess.run(
        [
            *(ANSIBLE.with_name("ansible-vault"), "encrypt", secrets),
            *("--vault-password-file", good),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert "[vault-locked]" in (text := refused(secrets))
    assert "--vault-password-file" in text
    assert "[vault-password]" in refused(secrets, bad)
    check(secrets, good, ANSIBLE)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f"vault_fence_zcs1: {WORD}\n\tx: y\n", ":2:1"),
        (f"a: {WORD}\na: {WORD}\n", ":2:1"),
        (f"a: *{WORD}\n", ":1:4"),
        (WORD, "vault.yml: error"),
        (f"- {WORD}\n", "vault.yml: error"),
        ("", "vault.yml: error"),
        ("\0", "vault.yml: error"),
    ],
)
def test_what_ansible_could_not_use_is_refused_at_its_place(
    secrets: Path, content: str, line: str
) -> None:
    secrets.write_text(content)
    assert line in (text := refused(secrets))
    assert "[secrets-file]" in text
    assert "vault_fence_node1" in text


def test_no_node_is_asked_with_a_broken_file(bundle: Path, secrets: Path) -> None:
    secrets.write_text("- a list\n")
    with pytest.raises(EvaluationError) as error:
        verify(bundle, Access(secrets=secrets))
    assert [finding.code for finding in error.value.findings] == ["secrets-file"]


@pytest.mark.parametrize("typed", ["", "''", "4711", "0123456", "true", "[7f3a]", '"a7f3a\\n"'])
def test_a_password_that_is_no_text_of_one_line_is_refused_by_name(
    secrets: Path, typed: str
) -> None:
    secrets.write_text(f"other: 1\nvault_fence_zcs1: {typed}\n")
    with pytest.raises(EvaluationError) as error:
        check(secrets, None, ANSIBLE, ["vault_fence_zcs1", "vault_fence_zcs2"])
    (finding,) = error.value.findings
    assert finding.code == "password-unusable"
    assert "vault_fence_zcs1" in finding.message
    assert str(finding.where) == f"{secrets}:2:1"
    for word in ("4711", "7f3a", "123456", "42798"):
        assert word not in str(finding)


def test_a_password_that_is_merged_in_is_looked_at_too(secrets: Path) -> None:
    secrets.write_text("<<: {vault_fence_zcs1: ''}\n")
    with pytest.raises(EvaluationError, match="password-unusable"):
        check(secrets, None, ANSIBLE, ["vault_fence_zcs1"])


@pytest.mark.parametrize("typed", ['"p{{ss"', "'{{ 6 * 7 }}'", f"!vault |\n  {WORD}", "'0123456'"])
def test_a_password_may_look_like_a_template_or_be_encrypted(secrets: Path, typed: str) -> None:
    secrets.write_text(f"vault_fence_zcs1: {typed}\n")
    check(secrets, None, ANSIBLE, ["vault_fence_zcs1"])


def test_the_passwords_of_a_bundle_are_those_of_its_fence_devices(bundle: Path) -> None:
    assert named(bundle) == ["vault_fence_zcs1", "vault_fence_zcs2"]
