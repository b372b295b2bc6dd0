"""Doubtful cases, and the file in which a person decides them."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evaluator.display import Format
from evaluator.display import identities as display_identities
from evaluator.findings import EvaluationError
from evaluator.mine.identities import Curated, Identity, Person, resolution, resolve
from evaluator.mine.identities.confirming import AliasFile, all_persons, open_review
from evaluator.mine.identities.doubtful import Case, doubtful
from evaluator.mine.identities.files import Kind, read_identities, write_identities
from evaluator.mine.identities.review import review


def who(name: str, address: str, source: str = "one") -> Identity:
    return Identity(source, name, address, name, address)


def cases(*identities: Identity, curated: Curated | None = None) -> list[Case]:
    items = {identity: n for n, identity in enumerate(identities, start=1)}
    known = curated or Curated()
    return doubtful(resolution(items, known), items, known)


def test_nothing_is_doubtful_about_unlike_people() -> None:
    assert not cases(who("Ann Example", "ann@example.net"), who("Ben Sample", "ben@example.edu"))


def test_one_address_of_unlike_names() -> None:
    (case,) = cases(who("Ann Example", "desk@example.net"), who("Ben Sample", "desk@example.net"))
    assert case.joined
    assert "unlike names" in case.evidence[0]
    assert case.items == 1


def test_one_address_of_a_name_and_its_married_form_is_no_doubt() -> None:
    same = "ann@example.net"
    assert not cases(who("Ann Example", same), who("Ann Sample", same), who("ann", same))


def test_same_name_in_different_sources() -> None:
    far = who("Jon Sample", "x1@example.net"), who("Jon Sample", "x2@example.edu", "two")
    (case,) = cases(*far)
    assert case.joined
    assert "different sources" in case.evidence[0]
    telling = who("Jon Sample", "jsample@example.net"), who("Jon Sample", "jon@b.example", "two")
    assert not cases(*telling)
    assert not cases(far[0], who("Jon Sample", "x2@example.edu"))


def test_names_that_differ_in_accents() -> None:
    (case,) = cases(who("Bình Example", "binh@b.example"), who("Bính Example", "b@c.example"))
    assert case.joined
    assert "accents" in case.evidence[0]
    assert not cases(who("Bình Example", "binh@b.example"), who("Binh Example", "b@c.example"))


def test_chain_of_unlike_names_is_pointed_out() -> None:
    names = ["Ann Example", "Ben Sample", "Cy Instance", "Di Token"]
    chain = [who(name, f"{n}@example.net") for n, name in enumerate(names)]
    chain += [who(name, f"{n + 1}@example.net") for n, name in enumerate(names[:-1])]
    found = cases(*chain)
    assert found
    assert all("4 unlike names" in case.evidence[-1] for case in found)


def test_person_with_very_many_addresses_is_doubtful() -> None:
    (case,) = cases(*(who("Ann Example", f"a{n}@example.net") for n in range(101)))
    assert case.joined
    assert not cases(*(who("Ann Example", f"a{n}@example.net") for n in range(99)))


def test_cluster_too_large_to_take_apart_is_doubtful() -> None:
    crowd = [who(f"Ann{n} Example{n}", f"a{n % 240}@example.net") for n in range(480)]
    crowd += [who("Ann0 Example0", f"a{n}@example.net") for n in range(240)]
    found = cases(*crowd)
    assert any("very many" in text for case in found for text in case.evidence)


@pytest.mark.parametrize(
    ("one", "other", "evidence"),
    [
        (("Ann Example", "annex@b.example"), ("annex", "annex@c.example"), "local part"),
        (("annex", "devnull@localhost"), ("Ann Example", "annex@c.example"), "login"),
        (("Ann Example", "annex@b.example"), ("Ann Example-Sample", "x@c.example"), "names alike"),
        (("Ann Exampel", "annex@b.example"), ("Ann Example", "x@c.example"), "names alike"),
        (("A. Example", "annex@b.example"), ("Ann Example", "x@c.example"), "an initial"),
        (("annex", "1@b.example"), ("annex", "2@c.example"), "login"),
        (("王小明", "1@b.example"), ("王小明", "2@c.example"), "login"),
    ],
)
def test_apart_and_perhaps_one(one: tuple[str, str], other: tuple[str, str], evidence: str) -> None:
    (case,) = cases(who(*one), who(*other))
    assert not case.joined
    assert any(evidence in text for text in case.evidence)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Ann Example", "jo@b.example"), ("Ben Sample", "jo@c.example")),
        (("Ann Example", "info@b.example"), ("ann", "info@c.example")),
        (("Ann Example", "annex@b.example"), ("annex bot", "annex@c.example")),
        (("A. Example", "1@b.example"), ("Ben Example", "2@c.example")),
        (("root", "root@b.example"), ("root", "root@c.example")),
    ],
)
def test_apart_without_doubt(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert not cases(who(*one), who(*other))


def test_login_that_many_use_tells_nobody_apart() -> None:
    names = ["Alex Example", "Alex Sample", "Alex Instance", "Cy Token", "Di Case"]
    many = [who(name, f"alex@{n}.example") for n, name in enumerate(names)]
    assert not cases(*many[2:], who("alex", "x@example.net"))


def test_weightiest_first_and_each_chain_asked_once() -> None:
    logins = [who("annex", "devnull@localhost", f"s{n}") for n in range(4)]
    found = cases(*logins, who("ben", "devnull@localhost"), who("Ben Sample", "ben@b.example"))
    assert [case.items for case in found] == sorted((c.items for c in found), reverse=True)
    assert len(found) == 3 + 1


@pytest.mark.parametrize("same", [True, False])
def test_every_answer_settles_its_case_and_holds(tmp_path: Path, same: bool) -> None:
    people = [
        who("Ann Example", "desk@example.net"), who("Ben Sample", "desk@example.net"),
        who("Ann Example", "ann@example.net"), who("Jon Instance", "x1@b.example"),
        who("Jon Instance", "x2@c.example", "two"), who("cy", "none@none", "old"),
        who("Cy Token", "cy@b.example"), who("Di Case", "d1@b.example"),
        who("D. Case", "d2@c.example"),
        who("Jo Plain", "none@none", "old"), who("Jo Plain", "root@localhost", "new"),
    ]  # fmt: skip
    items = dict.fromkeys(people, 1)
    place = tmp_path / "people.yml"
    for _ in range(10):
        found, file = open_review(items, (), place)
        if not found.cases:
            break
        for case in found.cases:
            file.answer([case], 0, same=same)
            keys = resolve(items, file.curated)
            one, other = (
                {keys[i] for i in people if i.name in side.names and i.source in side.sources
                 and (i.address in side.addresses or not side.addresses)}
                for side in case.sides
            )  # fmt: skip
            assert bool(one & other) == same
    assert not found.cases
    assert len(read_identities(place).together if same else read_identities(place).apart) >= 4


# --- the file -------------------------------------------------------------------------------

ANN, LOGIN = who("Ann Example", "annex@b.example"), who("annex", "none@none", "old")
BEN, OTHER = who("Ben Sample", "ben@b.example"), who("ben", "ben@c.example")
ITEMS = {ANN: 9, LOGIN: 5, BEN: 4, OTHER: 2}


def test_file_is_private_and_its_open_cases_are_renewed(tmp_path: Path) -> None:
    place = tmp_path / "people.yml"
    found, file = open_review(ITEMS, (), place)
    assert [case.items for case in found.cases] == [5, 2]
    file.propose(found.cases)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert read_identities(place) == Curated()
    first = place.read_bytes()
    again, file = open_review(ITEMS, (), place)
    file.propose(again.cases)
    assert place.read_bytes() == first
    fewer, file = open_review({ANN: 9, LOGIN: 5, BEN: 4}, (), place)
    file.propose(fewer.cases)
    assert place.read_text().count("- same:") == 1


def test_what_a_person_wrote_stays_as_it_is(tmp_path: Path) -> None:
    place = tmp_path / "people.yml"
    written = (
        "# mine\npersons:\n  - {name: Ann Example, addresses: [annex@b.example]} # hers\n"
        "cases:\n  - same: no # asked her\n    joined: false\n    items: 1\n"
        "    sides:\n      - claims: [annex@b.example]\n      - claims: ['old:annex']\n"
        "  - same:\n    joined: false\n    items: 1\n"
        "    sides: [{claims: [zoe@b.example]}, {claims: [y@b.example]}]\n"
    )
    place.write_text(written)
    found, file = open_review(ITEMS, (), place)
    assert [case.items for case in found.cases] == [2]
    file.propose(found.cases)
    text = place.read_text()
    assert text.startswith("# mine\n")
    for kept in ("addresses: [annex@b.example]} # hers", "# asked her", "'old:annex'"):
        assert kept in text
    assert "zoe@b.example" not in text
    assert resolve(ITEMS, read_identities(place))[ANN] != resolve(ITEMS)[ANN]


def test_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    place = tmp_path / "people.yml"
    found, file = open_review(ITEMS, (), place)
    place.write_text("persons: [{name: Ann Example}]")
    with pytest.raises(EvaluationError, match="file-changed"):
        file.propose(found.cases)
    assert "Ann Example" in place.read_text()


@pytest.mark.parametrize(
    "text", ["\udcff", "- profile: {name: A}", '{"uidentities": {}}', "people: 1", "["]
)
def test_other_files_are_not_written_to(tmp_path: Path, text: str) -> None:
    place = tmp_path / "people"
    place.write_text(text, errors="surrogateescape")
    with pytest.raises(EvaluationError):
        AliasFile(place)
    assert place.read_text(errors="surrogateescape") == text


def test_answer_that_contradicts_is_refused_and_not_kept(tmp_path: Path) -> None:
    place = tmp_path / "people.yml"
    place.write_text("persons: [{name: Ann Example}, {accounts: {old: [annex]}}]")
    found = review(ITEMS)
    file = AliasFile(place)
    with pytest.raises(EvaluationError) as error:
        file.answer(found.cases, 0, same=True)
    assert error.value.findings[0].code == "claimed-twice"
    assert error.value.findings[0].where.file.endswith("people.yml")
    assert "same" not in place.read_text()
    file.propose(found.cases)
    assert "same: true" not in place.read_text()


def test_everybody_as_another_registry_takes_them(tmp_path: Path) -> None:
    curated = Curated((Person("Ann Example", accounts=(("old", "annex"),)), Person("Zoe Unseen")))
    everybody = all_persons(resolution(ITEMS, curated), ITEMS, curated)
    assert {p.name for p in everybody.persons} == {"Ann Example", "Ben Sample", "ben", "Zoe Unseen"}
    place = tmp_path / "export.json"
    write_identities(everybody, place, Kind.sortinghat)
    before, after = resolve(ITEMS, curated), resolve(ITEMS, read_identities(place))
    assert {(a, b) for a in ITEMS for b in ITEMS if before[a] == before[b]} == {
        (a, b) for a in ITEMS for b in ITEMS if after[a] == after[b]
    }


# --- the terminal ---------------------------------------------------------------------------


@pytest.fixture
def answering() -> Callable[..., Callable[[str], str]]:
    def make(*typed: str) -> Callable[[str], str]:
        answers: Iterator[str] = iter(typed)

        def ask(_: str) -> str:
            try:
                return next(answers)
            except StopIteration:
                raise EOFError from None

        return ask

    return make


@pytest.mark.parametrize(
    ("typed", "answered", "same"),
    [
        (("y", "n"), 2, [True, False]),
        (("yes", "q"), 1, [True]),
        (("s", "no"), 1, [False]),
        (("", ""), 0, []),
        (("maybe", "what", "yep", "N"), 1, [False]),
        (("y",), 1, [True]),
        ((), 0, []),
    ],
)
def test_answers_are_kept_one_by_one(
    tmp_path: Path,
    answering: Callable[..., Callable[[str], str]],
    typed: tuple[str, ...],
    answered: int,
    same: list[bool],
) -> None:
    place = tmp_path / "people.yml"
    found, file = open_review(ITEMS, (), place)
    assert display_identities.confirm(found, file, 100, answering(*typed)) == answered
    known = read_identities(place)
    assert [len(known.together), len(known.apart)] == [same.count(True), same.count(False)]
    assert place.read_text().count("- same:") == 2


HOSTILE = who("\x1b[31m[bold]Eve\u202e", "annex@b\x07.example")


def test_hostile_names_reach_neither_terminal_nor_file(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    answering: Callable[..., Callable[[str], str]],
) -> None:
    items = {HOSTILE: 2, who("annex", "none@none", "old"): 1}
    place = tmp_path / "people.yml"
    found, file = open_review(items, (), place)
    assert len(found.cases) == 1
    for format in (Format.table, Format.json):
        display_identities.cases(found, file, 10, format)
    display_identities.confirm(found, file, 10, answering("y"))
    said = "".join(capsys.readouterr())
    assert "[bold]Eve" in said.replace("\\[", "[")
    for char in "\x1b\x07\u202e":
        assert char not in said
        assert char not in place.read_text()
    assert resolve(items, read_identities(place))[HOSTILE] == min(
        set(resolve(items, read_identities(place)).values())
    )


@pytest.mark.parametrize("answers", [b"y\nq\n", b"q\n"])
def test_confirming_on_a_real_terminal(tmp_path: Path, answers: bytes) -> None:
    place = tmp_path / "people.yml"
    script = (
        "import sys; from pathlib import Path\n"
        "from evaluator.display import identities as d\n"
        "from evaluator.mine.identities import Identity\n"
        "from evaluator.mine.identities.confirming import open_review\n"
        "a = Identity('s', 'Ann Example', 'annex@b.example', 'Ann Example', 'annex@b.example')\n"
        "b = Identity('old', 'annex', 'none@none', 'annex', 'none@none')\n"
        "assert sys.stdin.isatty()\n"
        "d.confirm(*open_review({a: 2, b: 1}, (), Path(sys.argv[1])), 10)\n"
    )
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answers)
        subprocess.run(
            [sys.executable, "-c", script, str(place)], stdin=theirs, check=True, timeout=60
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert len(read_identities(place).together) == answers.count(b"y")
