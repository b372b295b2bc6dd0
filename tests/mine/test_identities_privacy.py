"""A snapshot gives nobody away: neither by its numbers, nor by a mail domain of one's own."""

from __future__ import annotations

import hashlib
import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.metrics.history import Organisations
from evaluator.metrics.organisations import organisation_of
from evaluator.mine.cache import Pseudonyms
from evaluator.mine.identities import Identity, resolve
from evaluator.mine.identities.domains import guarded_domains
from tests.mine.conftest import EPOCH, source

KEY = Pseudonyms(b"k" * 32)
PEOPLE = [
    ("Ann Example", "ann@example.net"), ("aexample", "ann@old.example.net"),
    ("Ben \ufffd Sample", "ben@lab.example.net"), ("Eve", "eve@EXAMPLE.edu"),
    ("build[bot]", "bot@lab.example.net"),
]  # fmt: skip


def spellings() -> Iterator[str]:
    """What somebody who suspects a person would try."""
    keys = set(resolve([Identity("built", *p, *p) for p in PEOPLE]).values())
    for name, address in PEOPLE:
        texts = {name, address, f"{name} <{address}>", address.lower(), address.partition("@")[0]}
        texts |= {f"{kind}{text}" for kind in ("person\0", "name ", "address ") for text in texts}
        yield from texts
    yield from keys
    yield from (f"person\0{key}" for key in keys)


def digests(text: str) -> Iterator[bytes]:
    for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
        yield hashlib.new(name, text.encode(), usedforsecurity=False).digest()
    for key in (b"", b"floss-evaluator", b"person"):
        yield Pseudonyms(key).digest("person", text)
        yield Pseudonyms(key).digest("domain", text.rpartition("@")[2])


@pytest.fixture
def snapshot(run: Callable[..., object], built: Path, tmp_path: Path) -> Path:
    run(source(built))
    return tmp_path / "snapshot"


def everything(folder: Path) -> tuple[set[str], set[int]]:
    """All texts and all numbers of a snapshot, its description included."""
    texts, numbers = set(), set()
    for file in folder.iterdir():
        if file.suffix == ".parquet":
            for column in pq.read_table(file).itercolumns():
                values = column.to_pylist()
                texts |= {v for v in values if isinstance(v, str)}
                numbers |= {v for v in values if isinstance(v, int) and not isinstance(v, bool)}
        else:
            texts.add(file.read_text())
    return texts, numbers


def test_nobody_is_found_in_a_snapshot_by_hashing_candidates(snapshot: Path) -> None:
    texts, numbers = everything(snapshot)
    assert numbers
    for text in spellings():
        for digest in digests(text):
            for size, order in itertools.product((4, 8), ("big", "little")):
                value = int.from_bytes(digest[:size], order)
                guesses = {value, value >> 1, value - (1 << (8 * size))}
                assert not {g for g in guesses if abs(g) > 1000} & numbers
            assert not any(digest.hex()[:10] in known for known in texts)


def test_who_has_the_key_finds_a_change_that_nobody_else_finds(
    snapshot: Path, tmp_path: Path
) -> None:
    known = "\0".join((str(EPOCH), "Begin", "0"))
    own = Pseudonyms((tmp_path / "cache" / "pseudonym.key").read_bytes())
    _, numbers = everything(snapshot)
    assert own.number("commit", known) in numbers
    for key in (b"", b"floss-evaluator", bytes(32)):
        assert Pseudonyms(key).number("commit", known) not in numbers


def test_no_name_and_no_address_is_in_a_snapshot(snapshot: Path) -> None:
    texts, _ = everything(snapshot)
    assert "v1.0.0" in texts
    for text in texts:
        for word in ("Ann", "aexample", "Sample", "ann@", "ben@", "eve@", "[bot]", "Eve"):
            assert word not in text


def test_numbers_are_the_same_for_one_cache_and_unlike_for_another(
    run: Callable[..., object], built: Path, tmp_path: Path
) -> None:
    def numbers() -> list[list[int]]:
        table = pq.read_table(tmp_path / "snapshot" / "commits.parquet")
        return [table[name].to_pylist() for name in ("commit", "person")]

    run(source(built))
    first = numbers()
    shutil.rmtree(tmp_path / "snapshot")
    run(source(built))
    assert numbers() == first
    shutil.rmtree(tmp_path / "snapshot")
    run(source(built), cache=tmp_path / "another")
    assert not set(numbers()[0]) & set(first[0])


# --- mail domains ---------------------------------------------------------------------------


def frame(*rows: tuple[str, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["domain", "person"]).assign(
        organisation="", domain=lambda f: f["domain"].astype("category")
    )


def test_domain_of_one_person_becomes_a_pseudonym() -> None:
    frames = {"commits": frame(("ann.test", 1), ("ann.test", 1), ("work.test", 1), ("", 3)),
              "messages": frame(("work.test", 2), ("ann.test", 1))}  # fmt: skip
    found = guarded_domains(frames, (), KEY)
    commits, messages = (found[name]["domain"].tolist() for name in ("commits", "messages"))
    assert commits[2:] == ["work.test", ""]
    assert commits[0] == commits[1] == messages[1]
    assert commits[0].endswith(".pseudonym")
    assert "ann" not in commits[0]
    again = guarded_domains(frames, (), Pseudonyms(b"z" * 32))["commits"]["domain"]
    assert again[0] != commits[0]


def test_listed_domains_and_their_sub_domains_are_kept() -> None:
    frames = {"commits": frame(("acme.test", 1), ("uk.acme.test", 2), ("notacme.test", 3))}
    kept = guarded_domains(frames, {"ACME.test"}, KEY)["commits"]["domain"].tolist()
    assert kept[:2] == ["acme.test", "uk.acme.test"]
    assert kept[2].endswith(".pseudonym")


def test_no_rows_and_no_tables() -> None:
    assert guarded_domains({}, (), KEY) == {}
    assert guarded_domains({"commits": frame()}, (), KEY)["commits"].empty


DOMAINS = [
    "",
    "acme.test",
    "uk.acme.test",
    "mail.test",
    "eu.mail.test",
    "a.test",
    "b.test",
    "x.b.test",
]
LISTED = Organisations({"acme.test": "Acme"}, frozenset({"mail.test", ""}))


class Known:
    organisations = LISTED


@given(st.lists(st.tuples(st.sampled_from(DOMAINS), st.integers(1, 4)), min_size=1, max_size=14))
def test_organisations_come_out_the_same(rows: list[tuple[str, int]]) -> None:
    frames = {"commits": frame(*rows)}
    guarded = guarded_domains(frames, {"acme.test", "mail.test"}, KEY)
    before, after = (organisation_of(Known, f["commits"]) for f in (frames, guarded))
    assert before.fillna("?").tolist() == after.fillna("?").tolist()
