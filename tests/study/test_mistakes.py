"""Every mistake is named with its place, with what was typed and with what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from evaluator.findings import EvaluationError, Finding
from evaluator.metrics import all_metrics
from evaluator.mine.sources import backends
from evaluator.study import Study, load_study

Problems = Callable[[], list[Finding]]

SME = "sme.yml"
SITE = "sites/netnovation.yml"
STACK = "stacks/keepalived-haproxy.yml"
KEEPALIVED = "candidates/keepalived.yml"
CATALOGUE = "catalogue.yml"


def edit(path: Path, old: str, new: str) -> tuple[str, int]:
    """Replace the first ``old`` in a file; gives the new text, and where ``new`` begins in it."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    offset = text.index(old)
    text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8", newline="")
    return text, offset


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset."""
    before = text[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")


class Mistake(NamedTuple):
    """In ``file``, ``old`` becomes ``new``; the finding points at ``at`` and says ``says``."""

    file: str
    old: str
    new: str
    at: str
    code: str
    says: tuple[str, ...] = ()


MISTAKES = {
    "unknown key": Mistake(
        SME, "id: sme\n", "id: sme\ntitel: x\n", "titel", "unknown-key", ("'titel'", "'title'")
    ),
    "unknown nested key": Mistake(
        SME, "    weight: 0.16\n", "    weight: 0.16\n    wieght: 1\n", "wieght",
        "unknown-key", ("criteria.0", "did you mean 'weight'?"),
    ),
    "unknown key of an interval": Mistake(
        SME, "value: [3, 5]", "value: {low: 3, high: 5, hihg: 5}", "hihg", "unknown-key",
        ("did you mean 'high'?",),
    ),
    "wrong type": Mistake(
        SME, "weight: 0.12", 'weight: "0.12"', '"0.12"', "wrong-type", ("'0.12'", "number")
    ),
    "truth value for a number": Mistake(
        SME, "weight: 0.12", "weight: true", "true", "wrong-type", ("True", "number")
    ),
    "text for a truth value": Mistake(
        SME, "required: true", "required: yes", "yes", "wrong-type", ("'yes'", "boolean")
    ),
    "mapping for a text": Mistake(
        SME, "id: sme\n", "id: {a: b}\n", "id", "wrong-type", ("'a'", "string")
    ),
    "mapping for a fact": Mistake(
        SITE, "  value: debian-12\n", "  value: {a: 1}\n", "value", "wrong-type",
        ("truth value, a number, a text or a list",),
    ),
    "three ends of an interval": Mistake(
        SME, "value: [3, 5]", "value: [3, 4, 5]", "[3", "wrong-type", ("[low, high]",)
    ),
    "unknown value": Mistake(
        SME, "direction: max", "direction: mx", "mx", "unknown-value", ("'mx'", "'max'", "min")
    ),
    "other schema version": Mistake(
        SME, "schema_version: 1", "schema_version: 2", "2", "unknown-value", ("2", "allowed: 1")
    ),
    "missing key": Mistake(SME, "    name: Semaphore\n", "", "", "missing-key", ("'name'",)),
    "missing key with choices": Mistake(
        SITE, "mode: tcp, proxy_protocol: true", "proxy_protocol: true", "", "missing-key",
        ("add the key 'mode': tcp or http",),
    ),
    "missing key with a meaning": Mistake(
        SITE, "    power: a\n", "", "", "missing-key", ("a text (name of the circuit",)
    ),
    "missing mapping": Mistake(
        SITE, "timing:\n", "tming:\n", "", "missing-key",
        ("'timing': a mapping with source, token_ms (if you like: ",),
    ),
    "list in place of a mapping": Mistake(
        SITE, "staff:\n", "staff: [1]\nstuff:\n", "[1]", "wrong-type",
        ("a mapping with source, administrators, skills, rate_eur_per_hour (if you like: ",),
    ),
    "number in place of a text of digits": Mistake(
        SITE, "minor: 0", "drbd: 9", "9", "unknown-value", ('in quotes, as a text: "9"',)
    ),
    "address in place of a network": Mistake(
        SITE, "cidr: 203.0.113.0/25", "cidr: 203.0.113.5/25", "203.0.113.5", "invalid-value",
        ("write the network, 203.0.113.0/25",),
    ),
    "no network": Mistake(
        SITE, "cidr: 203.0.113.0/25", "cidr: 203.0.113.0/99", "203.0.113.0/99", "invalid-value",
        ("203.0.113.0/99",),
    ),
    "no source": Mistake(
        SITE, "  value: debian-12\n  source: ours\n", "  value: debian-12\n", "",
        "missing-evidence", ("operating_system", "source: ours"),
    ),
    "ours without a reason": Mistake(
        SME, "    source: ours\n    reason: Mail clients keep one address\n",
        "    source: ours # because\n", "", "missing-evidence", ("'reason'",),
    ),
    "empty source": Mistake(SME, "source: gamez-slides", "source: []", "[]", "invalid-value"),
    "unknown reference": Mistake(
        SME, "source: gamez-slides", "source: gamez-slide", "gamez-slide", "unknown-reference",
        ("'gamez-slide'", "did you mean 'gamez-slides'?"),
    ),
    "unknown reference in a list": Mistake(
        SME, "source: [pacemaker-explained, ours]", "source: [ours, pacemaker-explaned]",
        "pacemaker-explaned", "unknown-reference", ("'pacemaker-explained'",),
    ),
    "no reference at all": Mistake(
        SME, "source: gamez-slides", 'source: "a b"', '"a b"', "invalid-value", ("'a b'",)
    ),
    "weights too large": Mistake(
        SME, "weight: 0.12", "weight: 0.32", "", "weights-sum",
        ("1.2", "-0.2 in all", "0.833333"),
    ),
    "weight not a number": Mistake(
        SME, "weight: 0.12", "weight: .nan", ".nan", "invalid-value", ("nan", "finite")
    ),
    "weight infinite": Mistake(
        SME, "weight: 0.12", "weight: .inf", ".inf", "invalid-value", ("inf", "finite")
    ),
    "weight negative": Mistake(
        SME, "weight: 0.12", "weight: -0.12", "-0.12", "invalid-value", ("-0.12", "equal to 0")
    ),
    "weight above one": Mistake(
        SME, "weight: 0.12", "weight: 1.5", "1.5", "invalid-value", ("1.5", "equal to 1")
    ),
    "weight of 400 digits": Mistake(
        SME, "weight: 0.12", f"weight: {'9' * 400}", "999", "wrong-type", ("999…",)
    ),
    "number of 5000 digits": Mistake(
        SME, "draws: 10000", f"draws: {'9' * 5000}", "999", "yaml-syntax", ("5000 digits",)
    ),
    "interval upside down": Mistake(
        SME, "value: [3, 5]", "value: [5, 3]", "[5", "invalid-value", ("low 5", "high 3")
    ),
    "endless horizon": Mistake(
        SME, "value: [3, 5]", "value: [3, 5e9]", "", "invalid-value", ("horizon_years",)
    ),
    "effort below nothing": Mistake(
        SME, "value: [10, 40]", "value: [-10, 40]", "", "invalid-value", ("-10 is below 0",)
    ),
    "level of a test": Mistake(SME, "alpha: 0.05", "alpha: 5", "5", "invalid-value", ("less",)),
    "no silent years": Mistake(
        SME, "black_after_years: 3", "black_after_years: 0", "0", "invalid-value", ("0",)
    ),
    "lights the wrong way round": Mistake(
        SME, "    green: 6\n    yellow: 12", "    green: 12\n    yellow: 6", "", "invalid-value",
        ("green 12 is no better than yellow 6",),
    ),
    "factor negative": Mistake(
        SME, "{survivability: 1.5,", "{survivability: -1.5,", "-1.5", "invalid-value", ("-1.5",)
    ),
    "factors that leave nothing": Mistake(
        SME, "    factors: {}",
        "    factors: {survivability: 0, stability: 0, support: 0, activity: 0, function: 0,"
        " tried: 0}",
        "factors", "weights-vanish",
    ),
    "no methods": Mistake(
        SME, "guidelines:\n", "stacks: []\nguidelines:\n", "[]", "invalid-value", ("stacks",)
    ),
    "unknown attitude": Mistake(
        SME, "attitude: mission_critical", "attitude: mission_critcal", "mission_critcal",
        "unknown-attitude", ("'mission_critcal'", "did you mean 'mission_critical'?", "research"),
    ),
    "unknown group": Mistake(
        SME, "{survivability: 1.5,", "{survivablity: 1.5,", "survivablity", "unknown-group",
        ("did you mean 'survivability'?",),
    ),
    "unknown metric": Mistake(
        SME, "metric: commits_12m", "metric: comits_12m", "comits_12m", "unknown-metric",
        ("did you mean 'commits_12m'?",),
    ),
    "unknown metric of a light": Mistake(
        SME, "metric: months_since_last_commit", "metric: moonths", "moonths", "unknown-metric"
    ),
    "unknown fact": Mistake(
        SME, "    metric: commits_12m", "    fact: colour", "colour", "unknown-fact", ("'colour'",)
    ),
    "two origins": Mistake(
        SME, "    metric: commits_12m", "    metric: commits_12m\n    derived: semaphore_share",
        "", "invalid-value", ("exactly one", "metric, derived"),
    ),
    "light without bounds": Mistake(
        SME, "    green: 6\n", "", "", "invalid-value", ("also needs green",)
    ),
    "light that fails on nothing": Mistake(
        SME, "mandatory: true\n", "mandatory: true\n    fails_on: []\n", "", "invalid-value",
        ("names no colour",),
    ),
    "unknown function": Mistake(
        SME, "function: quorum\n", "function: quorun\n", "quorun", "unknown-function",
        ("did you mean 'quorum'?",),
    ),
    "unknown requirement": Mistake(
        SME, "requirement: data-nodes", "requirement: data-node", "data-node",
        "unknown-requirement", ("did you mean 'data-nodes'?",),
    ),
    "unknown site fact": Mistake(
        SME, "site: shared-storage", "site: shared-storages", "shared-storages",
        "unknown-site-fact", ("did you mean 'shared-storage'?",),
    ),
    "unknown site": Mistake(
        SME, "site: netnovation\n", "site: netnovaton\n", "netnovaton", "unknown-site",
        ("did you mean 'netnovation'?",),
    ),
    "unknown stack": Mistake(
        SME, "guidelines:\n", "stacks: [keepalived-haprox]\nguidelines:\n", "keepalived-haprox",
        "unknown-stack", ("did you mean 'keepalived-haproxy'?",),
    ),
    "unknown method": Mistake(
        SME, "name: topsis", "name: topsys", "topsys", "unknown-method", ("did you mean 'topsis'?",)
    ),
    "same criterion twice": Mistake(
        SME, "id: absence-factor", "id: lights", "lights", "duplicate-id", ("'lights'",)
    ),
    "same need twice": Mistake(
        SME, "function: node-fencing", "function: service-monitoring", "service-monitoring",
        "duplicate-id",
    ),
    "filter that compares no number": Mistake(
        STACK, "    value: 2\n", "    value: two\n", "two", "not-a-number",
        ("'two'", "'data-nodes'", "at_most"),
    ),
    "unknown candidate": Mistake(
        STACK, "load-balancing: haproxy", "load-balancing: haproxi", "haproxi",
        "unknown-candidate", ("did you mean 'haproxy'?",),
    ),
    "unknown role of a stack": Mistake(
        STACK, "  load-balancing: haproxy", "  load-balancer: haproxy", "load-balancer",
        "unknown-role", ("did you mean 'load-balancing'?",),
    ),
    "role that is not filled": Mistake(
        STACK, "load-balancing: haproxy", "membership: haproxy", "haproxy", "role-not-filled",
        ("'haproxy'", "'membership'", "its roles: load-balancing"),
    ),
    "unknown role of a candidate": Mistake(
        KEEPALIVED, "roles: [", "roles: [storge, ", "storge", "unknown-role",
        ("did you mean 'storage'?",),
    ),
    "file name differs from the id": Mistake(
        KEEPALIVED, "id: keepalived\n", "id: keepalive\n", "keepalive", "id-differs",
        ("'keepalive'", "id: keepalived"),
    ),
    "unknown backend": Mistake(
        KEEPALIVED, "backend: git", "backend: gitt", "gitt", "unknown-backend", ("'git'",)
    ),
    "unknown network of a node": Mistake(
        SITE, "      ring0: 192.0.2.11", "      ring9: 192.0.2.11", "ring9", "unknown-network",
        ("'ring9'", "did you mean"),
    ),
    "unknown network of an address": Mistake(
        SITE, "    network: management\n", "    network: managment\n", "managment",
        "unknown-network", ("did you mean 'management'?",),
    ),
    "unknown node of a plug": Mistake(
        SITE, 'plugs: {zcs1: "1"}', 'plugs: {zcs7: "1"}', "zcs7", "unknown-node", ("'zcs7'",)
    ),
    "unknown volume": Mistake(
        SITE, "    volume: ", "    volume: no-", "no-", "unknown-volume"
    ),
    "unknown virtual address": Mistake(
        SITE, "    virtual_address: ", "    virtual_address: no-", "no-",
        "unknown-virtual-address",
    ),
    "same network twice": Mistake(
        SITE, "{name: ring1,", "{name: ring0,", "ring0", "duplicate-id", ("networks",)
    ),
    "no address": Mistake(
        SITE, "ring0: 192.0.2.11", "ring0: 192.0.2.311", "192.0.2.311", "invalid-value",
        ("192.0.2.311",),
    ),
    "host bits in a network": Mistake(
        SITE, "cidr: 192.0.2.0/26", "cidr: 192.0.2.1/26", "192.0.2.1", "invalid-value"
    ),
    "same role twice": Mistake(
        CATALOGUE, "- id: resource-management", "- id: membership", "membership", "duplicate-id"
    ),
    "duplicate key": Mistake(
        SME, "site: netnovation\n", "site: netnovation\nid: again\n", "id: again",
        "duplicate-key", ('"id"',),
    ),
    "tab": Mistake(
        SME, "  - function: quorum\n", "\t- function: quorum\n", "\t", "yaml-syntax", ("spaces",)
    ),
    "indentation": Mistake(
        SME, "    required: true\n", "   required: true\n", "required", "yaml-syntax", ("indent",)
    ),
    "unclosed bracket": Mistake(
        SME, "factors: {}", "factors: {", "", "yaml-syntax", ()
    ),
    "impossible date": Mistake(
        STACK, "since: 2005-12-17", "since: 2005-02-30", "2005-02-30", "yaml-syntax",
        ("day is out of range",),
    ),
    "date as text": Mistake(
        STACK, "since: 2005-12-17", 'since: "2005"', '"2005"', "wrong-type", ("'2005'", "date")
    ),
    "control character": Mistake(
        SME, "id: sme\n", "id: s\x07me\n", "\x07", "yaml-syntax", ("U+0007",)
    ),
    "alias": Mistake(
        SME, "title: Which", "title: &t Which", "&t", "yaml-syntax", ("write the value out",)
    ),
    "number as a key": Mistake(
        SME, "factors: {}", "factors: {5: 1}", "5", "invalid-key", ("5",)
    ),
    "list as a key": Mistake(
        SME, "factors: {}", "factors: {[a]: 1}", "[a]", "yaml-syntax", ("plain text",)
    ),
    "lone surrogate": Mistake(
        SME, "title: Which", 'title: "\\ud800"\nold: Which', '"\\ud800"', "invalid-value"
    ),
    "second document": Mistake(
        SME, "site: netnovation\n", "site: netnovation\n---\n", "---", "yaml-syntax",
        ("another document",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistake(mistake: Mistake, folder: Path, problems: Problems) -> None:
    text, offset = edit(folder / mistake.file, mistake.old, mistake.new)
    found = [f for f in problems() if f.code == mistake.code]
    assert found, f"no finding with code {mistake.code}: {problems()}"
    finding = found[0]
    assert finding.where is not None
    assert finding.where.file.endswith(mistake.file)
    if mistake.at:
        expected = place(text, offset + mistake.new.index(mistake.at))
        assert (finding.where.line, finding.where.column) == expected
    assert finding.where.line >= 1
    for words in mistake.says:
        assert words in str(finding)


# Where the thing itself is not there, the place is that of what should hold it.
HOLDERS = {
    "missing key": "id: lights",
    "no source": "operating_system:",
    "ours without a reason": "function: virtual-ip",
    "weights too large": "criteria:\n",
    "endless horizon": "effort:\n",
    "two origins": "id: commits\n",
    "light without bounds": "id: release-recency",
    "light that fails on nothing": "id: alive",
}


@pytest.mark.parametrize(("name", "holder"), HOLDERS.items(), ids=HOLDERS)
def test_place_of_what_is_missing(name: str, holder: str, folder: Path, problems: Problems) -> None:
    mistake = MISTAKES[name]
    text, _ = edit(folder / mistake.file, mistake.old, mistake.new)
    (where,) = [f.where for f in problems() if f.code == mistake.code]
    assert where is not None
    start = text.index("\n" + holder) + 1 if holder.endswith(":\n") else text.index(holder)
    assert (where.line, where.column) == place(text, start)


def test_the_small_study_itself_is_in_order(load: Callable[[], Study]) -> None:
    study = load()
    assert list(study.stacks) == ["keepalived-haproxy"]
    assert sorted(study.candidates) == ["haproxy", "keepalived"]


def test_all_mistakes_of_all_files_at_once(folder: Path, problems: Problems) -> None:
    """A mistake of form in a file hides none between the files, nor the other way round."""
    edit(folder / SME, "id: sme\n", "id: sme\nwieght: 3\n")
    edit(folder / SME, "weight: 0.12", "weight: 0.32")
    edit(folder / SME, "attitude: mission_critical", "attitude: mission_critcal")
    edit(folder / SME, "metric: commits_12m", "metric: comits_12m")
    edit(folder / SITE, "ring0: 192.0.2.11", "ring0: 192.0.2.311")
    edit(folder / SITE, 'plugs: {zcs1: "1"}', 'plugs: {zcs7: "1"}')
    edit(folder / STACK, "load-balancing: haproxy", "load-balancing: haproxi")
    edit(folder / KEEPALIVED, "backend: git", "backend: gitt")
    edit(folder / KEEPALIVED, "kind: project", "kind: projekt")
    found = problems()
    assert sorted(f.code for f in found) == sorted(
        [
            "unknown-key", "weights-sum", "unknown-attitude", "unknown-metric", "invalid-value",
            "unknown-node", "unknown-candidate", "unknown-backend", "unknown-value",
        ]
    )  # fmt: skip
    places = [f.where for f in found if f.where]
    assert len(places) == len(found)
    assert places == sorted(places)


def test_a_file_that_cannot_be_read_starts_no_avalanche(folder: Path, problems: Problems) -> None:
    """Names that an unreadable file may define are not called unknown."""
    for name in (KEEPALIVED, SITE, CATALOGUE):
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write("open: [\n")
    (folder / "refs.bib").write_text("@misc{", encoding="utf-8")
    codes = sorted(f.code for f in problems())
    assert codes == ["bibtex-syntax", "yaml-syntax", "yaml-syntax", "yaml-syntax"]


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        (b"", "wrong-type", 1, 1),
        (b"- a\n- b\n", "wrong-type", 1, 1),
        (b"hello\n", "wrong-type", 1, 1),
        (b"# only a comment\n", "wrong-type", 1, 1),
        ("id: sme\nü: \xe9".encode("latin-1"), "not-utf8", 2, 1),
        (b"id: sme\n\nx: ab\xff", "not-utf8", 3, 6),
        (bytes(range(256)) * 40, "not-utf8", 2, 118),
        (b"id: a\0b\n", "yaml-syntax", 1, 6),
        (b"id: *nowhere\n", "yaml-syntax", 1, 5),
        (b"#" * 500_001, "file-too-large", 0, 0),
    ],
    ids=["empty", "list", "text", "comment", "latin-1", "late", "binary", "nul", "alias", "huge"],
)
def test_what_is_no_study_at_all(
    folder: Path, problems: Problems, content: bytes, code: str, line: int, column: int
) -> None:
    (folder / SME).write_bytes(content)
    finding = problems()[0]
    assert finding.code == code
    assert finding.where is not None
    assert finding.where.file.endswith(SME)
    assert (finding.where.line, finding.where.column) == (line, column)


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "a: &a [*a]\n",
        "a: &a {b: *a}\n",
        "a: &a {b: 1}\nc:\n  <<: *a\n",
        "a: " + "[" * 200_000,
        "a: " + "{a: " * 50_000,
        "- " * 100_000,
        "? " * 100_000,
        "\n".join(" " * i + "a:" for i in range(600)),
    ],
    ids=["laughs", "own item", "own value", "merge", "[[[", "{{{", "- -", "? ?", "deep"],
)
def test_bombs_are_refused_where_they_begin(folder: Path, problems: Problems, text: str) -> None:
    """Twelve levels of nine aliases would be 10^11 values; nothing of it may be built."""
    (folder / SME).write_text(text, encoding="utf-8")
    (finding,) = problems()
    assert finding.code == "yaml-syntax"
    assert finding.where is not None
    assert finding.where.line >= 1


@pytest.mark.parametrize("files", [["sme.yml"], ["a.yml", "b.yml"]], ids=["one", "two"])
def test_forgiven(folder: Path, load: Callable[[], Study], files: list[str]) -> None:
    """Line ends and byte order marks of other systems are no mistakes; nor are other files."""
    raw = (folder / SME).read_bytes()
    (folder / SME).write_bytes(b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n"))
    for name in files:
        (folder / "candidates" / f"{name}.orig").write_text("no yaml: [", encoding="utf-8")
    assert load().criteria.id == "sme"


def circle(folder: Path, names: list[str], key: str) -> None:
    """Candidates, copies of keepalived, each the successor or part of the one before."""
    text = (folder / KEEPALIVED).read_text(encoding="utf-8").replace("data_sources:", "parts_of:")
    cut = text[: text.index("parts_of:")]
    for name, after in zip(names, [*names[1:], names[0]], strict=True):
        body = cut.replace("id: keepalived", f"id: {name}", 1)
        tail = {
            "successor": f"successor: {{candidate: {after}, since: 2010-01-01, source: ours, "
            "reason: made up}\n",
            "parts": f"parts: [haproxy, {after}]\n",
        }
        (folder / "candidates" / f"{name}.yml").write_text(body + tail[key], encoding="utf-8")


@pytest.mark.parametrize("names", [["a"], ["a", "b"], ["a", "b", "c"]], ids=len)
@pytest.mark.parametrize("key", ["successor", "parts"])
def test_circles(folder: Path, problems: Problems, names: list[str], key: str) -> None:
    circle(folder, names, key)
    (finding,) = problems()
    assert finding.code == f"circular-{key}"
    assert " > ".join([*names, names[0]]) in finding.message
    text = (folder / "candidates" / "a.yml").read_text(encoding="utf-8")
    after = [*names, names[0]][1]
    needle = f"candidate: {after}," if key == "successor" else f"haproxy, {after}]"
    lead = len("candidate: ") if key == "successor" else len("haproxy, ")
    start = text.index(needle) + lead
    assert finding.where is not None
    assert finding.where.file.endswith("candidates/a.yml")
    assert (finding.where.line, finding.where.column) == place(text, start)


def test_two_circles_are_two_findings(folder: Path, problems: Problems) -> None:
    circle(folder, ["a", "b"], "successor")
    circle(folder, ["c", "d", "e"], "successor")
    assert [f.code for f in problems()] == ["circular-successor", "circular-successor"]


def test_a_chain_and_a_shared_part_are_no_circle(folder: Path, problems: Problems) -> None:
    circle(folder, ["a", "b", "c"], "parts")
    edit(folder / "candidates" / "c.yml", "parts: [haproxy, a]", "parts: [haproxy]")
    assert problems() == []


def test_same_data_source_told_differently(folder: Path, problems: Problems) -> None:
    text = (folder / "candidates" / "haproxy.yml").read_text(encoding="utf-8")
    assert "id: haproxy\n" in text
    (folder / "candidates" / "proxy.yml").write_text(
        text.replace("id: haproxy\n", "id: proxy\n", 1).replace("url: https://", "url: git://", 1),
        encoding="utf-8",
    )
    found = problems()
    assert {f.code for f in found} == {"source-differs"}
    assert "'haproxy'" in found[0].message


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("@misc{a, title = {x}", "bibtex-syntax"),
        ("@misc{a:b, title = {x}}", "bibtex-entry"),
        ("@misc{a, title = {x}}\n@misc{a, title = {y}}", "bibtex-syntax"),
        ("\ud800", "unreadable-file"),
    ],
    ids=["open", "colon", "twice", "not UTF-8"],
)
def test_bibliography(folder: Path, problems: Problems, content: str, code: str) -> None:
    (folder / "refs.bib").write_bytes(content.encode("utf-8", "surrogatepass"))
    (finding,) = problems()
    assert finding.code == code
    assert finding.where is not None
    assert finding.where.file.endswith("refs.bib")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("sme.yaml", "did you mean 'sme.yml'?"),
        ("no/such/folder/sme.yml", "did you mean 'sme.yml'?"),
        ("x" * 300, "allowed: chaoss-starter-health.yml, criticality-score.yml, "),
        (".", "allowed: chaoss-starter-health.yml, criticality-score.yml, "),
        ("", "allowed: chaoss-starter-health.yml, criticality-score.yml, "),
    ],
)
def test_no_such_criteria_file(typed: str, says: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        load_study(typed, metrics=all_metrics(), backends=backends())
    (finding,) = caught.value.findings
    assert finding.code == "no-such-file"
    assert says in finding.remedy


def test_no_such_site_typed(folder: Path) -> None:
    with pytest.raises(EvaluationError) as caught:
        load_study(folder / SME, site="netnovatoin", metrics=all_metrics(), backends=backends())
    (finding,) = caught.value.findings
    assert (finding.code, "netnovation" in finding.remedy) == ("no-such-file", True)


def test_a_site_without_a_state_is_told_what_it_lacks_and_the_criteria_are_not_blamed(
    folder: Path, problems: Problems
) -> None:
    file = folder / SITE
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("\nstate:\n") + 1], encoding="utf-8")
    found = problems()
    assert {(f.code, f.where.file if f.where else "") for f in found} == {
        ("missing-site-fact", str(file))
    }
    assert any("state.data-nodes is missing" in f.message for f in found)
    assert all("{value: …, source: …}" in f.remedy for f in found)


def test_a_firm_that_only_uses_software_has_a_kind(folder: Path, load: Callable[[], Study]) -> None:
    edit(folder / SITE, "kind: product-specialist", "kind: user")
    site = load().site
    assert site is not None
    assert site.organisation.business_model.kind == "user"
