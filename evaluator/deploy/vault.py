"""The operator's file of passwords, looked at before any node is asked."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import TaggedScalar
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from evaluator.cluster import read as read_declaration
from evaluator.findings import EvaluationError, Finding, Where

ENCRYPTED = b"$ANSIBLE_VAULT;"
QUOTED = "write the password in quotes, in one line"
EXAMPLE = "one line for each password, as 'vault_fence_node1: its password'"


def check(
    path: Path, password_file: Path | None, ansible: Path, passwords: Iterable[str] = ()
) -> None:
    """Refuse a file of variables that Ansible could not use; no word of it is repeated.

    Parameters
    ----------
    path
        A YAML mapping, as a whole encrypted by ansible-vault or not.
    password_file
        What opens it.
    ansible
        ansible-playbook; ansible-vault is beside it.
    passwords
        Names of the variables that are passwords, as :func:`named` gives them.

    Raises
    ------
    EvaluationError
        ``vault-locked``, ``vault-password``, ``secrets-file`` or ``password-unusable``.
    """
    where = Where(str(path))
    content = path.read_bytes()
    if content.startswith(ENCRYPTED):
        if password_file is None:
            remedy = "give the file with its password: --vault-password-file FILE"
            raise EvaluationError(
                Finding("vault-locked", "the file is encrypted by ansible-vault", where, remedy)
            )
        opened = subprocess.run(
            [
                *(str(ansible.with_name("ansible-vault")), "view", str(path.absolute())),
                *("--vault-password-file", str(password_file.absolute())),
            ],
            capture_output=True,
            check=False,
            timeout=60,
        )
        if opened.returncode:
            remedy = f"ansible-vault view {path} --vault-password-file {password_file}"
            message = f"{password_file} does not open it"
            raise EvaluationError(Finding("vault-password", message, where, remedy))
        content = opened.stdout
    try:
        # leaves tags as they are: single values may be encrypted (!vault)
        words = YAML().load(io.BytesIO(content))
    except (YAMLError, UnicodeDecodeError) as error:
        if isinstance(error, MarkedYAMLError) and (mark := error.problem_mark):
            where = Where(str(path), mark.line + 1, mark.column + 1)
        # the parser's own words repeat what stands there
        twice = isinstance(error, DuplicateKeyError)
        message = "a name stands there twice" if twice else "not YAML"
        raise EvaluationError(Finding("secrets-file", message, where, EXAMPLE)) from None
    if not isinstance(words, Mapping):
        raise EvaluationError(
            Finding("secrets-file", "there are no names with values in it", where, EXAMPLE)
        )
    found = [
        Finding("password-unusable", f"{name} {fault}", _place(path, words, name), QUOTED)
        for name in sorted(set(passwords) & set(words))
        if (fault := _fault(words[name]))
    ]
    if found:
        raise EvaluationError(found)


def named(bundle: Path) -> list[str]:
    """Names of the passwords that a bundle's cluster needs."""
    return sorted(
        {device.secret for device in read_declaration(bundle / "cluster.yml")[0].fence_devices}
    )


def _fault(value: object) -> str:
    """Why a value is no password, '' if it is one; what ansible-vault encrypted is seen later."""
    if isinstance(value, TaggedScalar):
        return ""
    if value is None or value == "":
        return "is empty"
    if not isinstance(value, str):
        return "is not text, but what YAML makes of it"
    if any(ord(c) < 32 or ord(c) == 127 for c in value):
        return "holds an end of line or another control character"
    return ""


def _place(path: Path, words: Any, name: str) -> Where:
    # what is merged in ("<<") has no place of its own
    line, column, *_ = (words.lc.data or {}).get(name, (-1, -1))
    return Where(str(path), line + 1, column + 1)
