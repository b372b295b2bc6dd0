"""The JSON Schemas that are shipped are those of the models, and they take what is shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

import evaluator as ev
from evaluator import cli
from evaluator.cluster import Declaration, declare, written
from evaluator.study.criteria import Criteria
from evaluator.study.model import json_schema
from evaluator.study.site import Site

CRITERIA = Path(__file__).parents[2] / "criteria"
MODELS = {"criteria": Criteria, "site": Site, "cluster": Declaration}


def plain(text: str) -> Any:
    """The YAML as JSON: dates are texts."""
    words = YAML(typ="safe", pure=True).load(text)
    return json.loads(json.dumps(words, default=lambda date: date.isoformat()))


@pytest.mark.parametrize("kind", MODELS)
def test_shipped_schema_is_the_current_one_and_the_one_that_is_printed(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = json.loads((CRITERIA / f"{kind}.schema.json").read_text(encoding="utf-8"))
    assert shipped == json_schema(MODELS[kind]), f"evaluate schema {kind} > that file"
    jsonschema.Draft202012Validator.check_schema(shipped)
    monkeypatch.setattr("sys.argv", ["evaluate", "schema", kind])
    assert cli.run() == 0
    assert json.loads(capsys.readouterr().out) == shipped


@pytest.mark.parametrize("file", sorted((CRITERIA / "sites").glob("*.yml")), ids=lambda p: p.name)
def test_shipped_sites_fit_and_name_their_schema(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.splitlines()[0] == "# yaml-language-server: $schema=../site.schema.json"
    jsonschema.validate(plain(text), json_schema(Site))


def test_a_written_declaration_fits_and_a_misspelt_key_does_not() -> None:
    study = ev.load().study
    assert study.site is not None
    stack = study.stacks["pacemaker-corosync-drbd-haproxy"]
    words = plain(written(declare(study.site, stack, provenance={})).decode())
    jsonschema.validate(words, json_schema(Declaration))
    words["nodes"][0]["pwoer"] = "a"
    with pytest.raises(jsonschema.ValidationError, match="pwoer"):
        jsonschema.validate(words, json_schema(Declaration))


def test_an_unknown_kind_is_told_the_kinds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["evaluate", "schema", "sites"])
    assert cli.run() == 2
    said = capsys.readouterr().err
    assert all(kind in said for kind in MODELS)
