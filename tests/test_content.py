"""The criteria that are shipped: each number has its evidence, and each copy works alone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

import evaluator as ev
from evaluator import content
from evaluator.study.document import read_document
from evaluator.study.model import json_schema

CRITERIA = content.criteria_folder()
PROFILES = [p for p in sorted(CRITERIA.glob("*.yml")) if p.name != "catalogue.yml"]
FILES = sorted(CRITERIA.rglob("*.yml"))
CLAIMING = [p for p in FILES if p.name != "catalogue.yml" and p.parent.name != "sites"]
"""Files whose numbers claim something; a site's describe a wish, and its facts are sourced."""
UNSOURCED = {"schema_version"}


def plain(path: Path) -> Any:
    return read_document(path).data


def walk(node: Any, inside: tuple[dict[str, Any], ...] = ()) -> Iterator[tuple[str, Any, Any]]:
    """Key, value and enclosing mappings of every leaf."""
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, dict | list):
                yield from walk(value, (*inside, node))
            yield key, value, (*inside, node)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value, inside)


def test_both_profiles_are_there() -> None:
    assert {p.name for p in PROFILES} >= {"sme.yml", "lazy-user.yml"}


@pytest.mark.parametrize("path", PROFILES, ids=lambda p: p.name)
def test_profile_loads_and_its_weights_sum(path: Path) -> None:
    criteria = ev.load(path.name).study.criteria
    assert criteria.id == path.stem
    assert sum(c.weight for c in criteria.criteria) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("path", CLAIMING, ids=lambda p: p.relative_to(CRITERIA).as_posix())
def test_every_number_has_a_source(path: Path) -> None:
    for key, value, inside in walk(plain(path)):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and key not in UNSOURCED:
            assert any("source" in mapping for mapping in inside), f"{key}: {value} has no source"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(CRITERIA).as_posix())
def test_every_ours_has_a_reason(path: Path) -> None:
    for key, value, inside in walk(plain(path)):
        if key == "source" and "ours" in (value if isinstance(value, list) else [value]):
            reason = inside[-1].get("reason")
            assert reason, f"{inside[-1]} has no reason"
            assert "\n" not in reason.strip()


def test_every_reference_used_exists_and_every_entry_is_used(shipped: ev.Analysis) -> None:
    used: set[str] = {"ours"}
    for path in FILES:
        for key, value, _ in walk(plain(path)):
            if key == "source":
                used |= set(value if isinstance(value, list) else [value])
    assert used - set(shipped.study.references) == {"ours"}


def test_sources_are_https(shipped: ev.Analysis) -> None:
    sources = shipped.study.data_sources()
    assert len(sources) > 10
    for source in sources.values():
        # an archive that is gone keeps the address under which it was known
        assert source.url.startswith("https://") or source.not_available, source.id
        if source.tag_pattern:
            re.compile(source.tag_pattern)


def test_references_have_a_title_and_addresses_that_can_be_followed(shipped: ev.Analysis) -> None:
    for reference in shipped.study.references.values():
        assert reference.title != reference.key
        url = reference.fields.get("url", "https://")
        assert re.match(r"https?://", url), reference.key


@pytest.mark.parametrize("path", PROFILES, ids=lambda p: p.name)
def test_profile_fits_the_json_schema(path: Path) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    data = YAML(typ="safe", pure=True).load(path)
    jsonschema.validate(data, schema)


def test_json_schema_refuses_a_misspelt_key() -> None:
    data = YAML(typ="safe", pure=True).load(PROFILES[0])
    data["wieght"] = 1
    with pytest.raises(jsonschema.ValidationError, match="wieght"):
        jsonschema.validate(data, json_schema())


@pytest.mark.parametrize("path", PROFILES, ids=lambda p: p.name)
def test_copy_in_an_empty_folder_uses_the_shipped_rest(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copyfile(path, tmp_path / "mine.yml")
    monkeypatch.chdir(tmp_path)
    copied, shipped = ev.load("mine.yml").study, ev.load(path.name).study
    assert copied.candidates == shipped.candidates
    assert copied.criteria == shipped.criteria
    assert "mine.yml" in copied.files
    assert set(copied.files) - {"mine.yml"} < set(shipped.files)


def test_folder_with_its_own_candidates_uses_these(tmp_path: Path) -> None:
    for name in ("sme.yml", "catalogue.yml"):
        shutil.copyfile(CRITERIA / name, tmp_path / name)
    for name in ("candidates", "stacks"):
        shutil.copytree(CRITERIA / name, tmp_path / name)
    place = tmp_path / "candidates" / "haproxy.yml"
    place.write_text(
        place.read_text(encoding="utf-8").replace("name: HAProxy", "name: Own proxy", 1),
        encoding="utf-8",
    )
    study = ev.load(tmp_path / "sme.yml").study
    assert study.candidates["haproxy"].name == "Own proxy"
    assert len(study.stacks) >= 8


def test_every_file_read_is_listed_with_its_hash(shipped: ev.Analysis) -> None:
    files = shipped.study.files
    read = {p.relative_to(content.content_root()).as_posix() for p in FILES} - {
        p.relative_to(content.content_root()).as_posix() for p in PROFILES if p.name != "sme.yml"
    }
    # the checkout, or the folder of the installed package, is where shown paths begin
    inside = {re.sub(r"^.*?(criteria|data)/", r"\1/", name) for name in files}
    assert inside == {*read, "criteria/refs.bib", "data/lab/trials.jsonl"}
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in files.values())


def test_shown_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert content.shown(tmp_path / "a" / ".." / "b.yml") == "b.yml"
    assert content.shown(CRITERIA / "sme.yml") == "criteria/sme.yml"
    assert content.shown(Path("/nowhere/x.yml")) == "/nowhere/x.yml"


def test_shipped_content_is_complete() -> None:
    assert (content.shipped_snapshot() / "datapackage.json").is_file()
    assert (content.content_root() / "deploy").is_dir()
