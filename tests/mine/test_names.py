from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.mine.filetypes import is_code
from evaluator.mine.identities import (
    Identity,
    is_bot,
    is_full_name,
    is_placeholder,
    name_keys,
    normalised_address,
    normalised_name,
    resolve,
)
from evaluator.mine.releases import Version, hg_tag, parse_tag
from evaluator.mine.repository import split_identity


def who(name: str, address: str, source: str = "one", mapped: tuple[str, str] | None = None):
    return Identity(source, name, address, *(mapped or (name, address)))


def persons(*identities: Identity) -> int:
    return len(set(resolve(identities).values()))


def test_shared_address_or_full_name_make_one_person() -> None:
    ann = who("Ann Example", "ann@example.net")
    assert persons(ann, who("ann", "ANN@example.net", "two")) == 1
    assert persons(ann, who("Example, Ánn", "other@example.org", "two")) == 1
    assert persons(ann, who("Ann Q. Example", "third@example.org")) == 1
    assert persons(ann, who("Ben Sample", "ben@example.net")) == 2


def test_placeholder_address_fuses_nobody() -> None:
    crowd = [who(f"login{n}", "devnull@localhost") for n in range(9)]
    crowd += [who(f"Person N{n} Family{n}", "root@host.example.net") for n in range(9)]
    assert persons(*crowd) == 18


def test_one_word_and_generic_names_fuse_nobody() -> None:
    assert persons(who("root", "a@example.net"), who("root", "b@example.net")) == 2
    unknown = ("Unknown User", "The Developers", "system administrator")
    for name in unknown:
        assert persons(who(name, "a@example.net"), who(name, "b@example.net")) == 2


def test_login_at_a_placeholder_is_a_person_within_its_source() -> None:
    here, there = who("alan", "devnull@localhost"), who("alan", "devnull@localhost", "two")
    assert persons(here, here) == 1
    assert persons(here, there) == 2


def test_address_of_many_people_belongs_to_nobody() -> None:
    names = ["Ann Example", "Ben Sample", "Carl Instance", "Dora Case", "Emil Token"]
    assert persons(*(who(name, "office@example.net") for name in names)) == 5
    assert persons(*(who(name, "office@example.net") for name in names[:2])) == 1


def test_mailmap_joins_and_both_sides_count() -> None:
    mapped = who("aexample", "old@example.net", mapped=("Ann Example", "ann@example.net"))
    assert persons(mapped, who("Ann E", "old@example.net", "two")) == 1
    assert persons(mapped, who("ann", "ann@example.net", "two")) == 1


def test_program_with_an_address_a_report_is_one() -> None:
    reports = [who("syzbot", f"syzbot+{n:x}@example.net") for n in range(1000, 1020)]
    assert persons(*reports) == 1
    assert all(map(is_bot, reports))


@pytest.mark.parametrize(
    "name",
    ["dependabot[bot]", "kernel test robot", "Patchwork Bot", "CI bot", "Jenkins", "example-ci"],
)
def test_bots(name: str) -> None:
    assert is_bot(who(name, "x@example.net"))


@pytest.mark.parametrize(
    "name", ["Abbot Example", "Robothan Smith", "Bottega", "Ann Jenkins", "Travis Sample", "Ébot"]
)
def test_people_who_are_no_bots(name: str) -> None:
    assert not is_bot(who(name, "abbot@example.net"))


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=12))
def test_persons_do_not_depend_on_order(pairs: list[tuple[str, str]]) -> None:
    identities = [who(name, address) for name, address in pairs]
    forward, backward = resolve(identities), resolve(identities[::-1])
    assert forward == backward
    assert set(forward) == set(identities)


@pytest.mark.parametrize(
    "address",
    ["", "devnull@localhost", "root@a.example.net", "x@(none)", "y", "ubuntu@ip-192-0-2-1"],
)
def test_placeholders(address: str) -> None:
    assert is_placeholder(address)


def test_normalised_name() -> None:
    assert normalised_name("Ánn-Marie  EXAMPLE (work)") == "ann example marie"
    assert normalised_name("") == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Søren Ærø", "Soeren Aeroe"),
        ("Łukasz Żółty", "lukasz zolty"),
        ("Đorđe Ðóra", "Dorde Dora"),
        ("Işık Yıldız", "ISIK YILDIZ"),
        ("Jörg Groß", "Joerg Gross"),
        ("Jörg Groß", "Jorg GROSS"),
        ("Håkon Bø", "Haakon Boe"),
        ("Björk Þórsdóttir", "bjork thorsdottir"),
        ("J\u00f6rg Gro\u00df", "Jo\u0308rg Gro\u00df"),
        ("JÃ¶rg Sample", "Jörg Sample"),
        ("Ann O'Example", "ann oexample"),
        ("Ann Example via Users", "Example, Ann"),
        ("Ann Example (ann", "Ann Example"),
        ("Ａｎｎ Ｅｘａｍｐｌｅ", "Ann Example"),
        ("Γιώργος Δείγμα", "ΓΙΩΡΓΟΣ ΔΕΙΓΜΑ"),
    ],
)
def test_spellings_of_one_name_meet(one: str, other: str) -> None:
    assert set(name_keys(one)) & set(name_keys(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Юрий Пример", "Yuriy Primer"),
        ("Андрей Пример", "Андреи Пример"),
        ("が か", "か が き"),
        ("王 小明", "李 小明"),
        ("Wang Xiaoming", "王 小明"),
        ("Joerg Sample", "Jorg Sample"),
        ("Ann Example", "Anna Example"),
        ("", "."),
    ],
)
def test_names_of_two_people_do_not_meet(one: str, other: str) -> None:
    assert not set(filter(is_full_name, name_keys(one))) & set(name_keys(other))


def test_digraphs_meet_only_through_the_letter() -> None:
    plain, digraph = who("Jorg Sample", "a@example.net"), who("Joerg Sample", "b@example.net")
    assert persons(plain, digraph) == 2
    assert persons(plain, digraph, who("Jörg Sample", "c@example.net")) == 1


@given(st.text(max_size=30))
def test_a_normalised_name_stays_what_it_is(name: str) -> None:
    once = normalised_name(name)
    assert normalised_name(once) == once


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("12345+ann@users.noreply.github.com", "ann@users.noreply.github.com"),
        ("Ann@users.noreply.github.com", "ann@users.noreply.github.com"),
        ("77-ann@users.noreply.gitlab.com", "ann@users.noreply.gitlab.com"),
        ("77-ann@users.noreply.git.example.net", "ann@users.noreply.git.example.net"),
        ("7-ann@users.noreply.github.com", "7-ann@users.noreply.github.com"),
        ("ann at example.net", "ann@example.net"),
        (" ANN+list@Example.NET ", "ann@example.net"),
        ("no address", "no address"),
    ],
)
def test_normalised_addresses(typed: str, address: str) -> None:
    assert normalised_address(typed) == address


def test_address_in_the_place_of_the_name_is_an_address() -> None:
    converted = who("ann@example.net", "none@none")
    assert persons(converted, who("Ann Example", "ann@example.net", "two")) == 1
    assert persons(converted, who("ben@example.net", "none@none")) == 2


def test_address_that_a_list_put_in_is_not_the_authors() -> None:
    ann = who("Ann Example via Users", "users@lists.example.net")
    ben = who("Ben Sample via Users", "users@lists.example.net")
    assert persons(ann, ben) == 2
    assert persons(ann, who("Ann Example", "ann@example.net")) == 1


def test_logins_of_one_source_are_told_apart_by_every_sign() -> None:
    assert persons(who("a.example", "devnull@localhost"), who("b.example", "none@none")) == 2


def test_program_is_not_its_owner() -> None:
    ann, program = who("Ann Example", "ann@example.net"), who("ann's bot", "ann@example.net")
    assert persons(ann, program) == 2
    assert persons(program, who("ann's bot", "ann@example.net", "two")) == 1


@pytest.mark.parametrize(
    ("tag", "version", "series", "prerelease"),
    [
        ("Pacemaker-1.1.24", "1.1.24", "1.1", False),
        ("Pacemaker-2.1.0-rc3", "2.1.0-rc3", "2.1", True),
        ("v3.1.7", "3.1.7", "3.1", False),
        ("drbd-9.2.1", "9.2.1", "9.2", False),
        ("drbd-9.0.17-0rc1", "9.0.17-0-rc1", "9.0", True),
        ("drbd-8.4.11-1", "8.4.11-1", "8.4", False),
        ("drbd-8.0pre5", "8.0-pre5", "8.0", True),
        ("drbd-10.0.0a4", "10.0.0-a4", "10.0", True),
        ("pcs-0.11.5", "0.11.5", "0.11", False),
        ("0.10.0.alpha.1", "0.10.0-alpha1", "0.10", True),
        ("v0.12.0b1", "0.12.0-b1", "0.12", True),
        ("1.8.7", "1.8.7", "1.8", False),
        ("v2.9-dev3", "2.9-dev3", "2.9", True),
        ("v1.3.15.2", "1.3.15.2", "1.3", False),
        ("v9.19.0-rc.1", "9.19.0-rc1", "9.19", True),
        ("v1.1.20a", "1.1.20a", "1.1", False),
        ("STABLE_2_0_8", "2.0.8", "2.0", False),
        ("beta-2.99.2", "2.99.2", "2.99", True),
        ("ocfs2-tools-0.99.1-BETA2", "0.99.1-beta2", "0.99", True),
        ("glue-1.0.2-rc2a", "1.0.2-rc2a", "1.0", True),
        ("openais-0.80.3", "0.80.3", "0.80", False),
    ],
)
def test_tags_of_the_field(tag: str, version: str, series: str, prerelease: bool) -> None:
    assert parse_tag(tag) == Version(version, series, prerelease)


@pytest.mark.parametrize(
    "tag",
    [
        "sle11-rc3",
        "SLE10-SP1",
        "SLES10-GA-2.0.7-1.5",
        "obs-2.1.2-4",
        "RHEL7.1",
        "Series-Root-1.0",
        "archive/topic-zerocopy",
        "before-test-move",
        "ocfs2-sles9_sp2_20050721",
        "drbd-9.0.19-0.1ibm2",
        "version_0.90@1613",
        "",
        "v1.0<script>",
    ],
)
def test_tags_that_are_no_release(tag: str) -> None:
    assert parse_tag(tag) is None


def test_mercurial_tags() -> None:
    assert hg_tag("Added tag STABLE-2.1.3 for changeset 4a3eac571f44") == "STABLE-2.1.3"
    assert hg_tag("Reverted: Added tag STABLE-2.1.3 for changeset 4a3eac571f44") is None


@pytest.mark.parametrize(
    "path",
    [
        *("lib/a.c", "Makefile.am", "configure.ac", "x/agent.in", "heartbeat/IPaddr2"),
        *("debian/rules", "web/app.js", "rpm/p.spec.in", "Makefile", "data/drbd.ocf"),
        '"src/\\303\\244.py"',
    ],
)
def test_code(path: str) -> None:
    assert is_code(path)


@pytest.mark.parametrize(
    "path",
    [
        *("README", "doc/guide", "man/drbd.8", "po/de.po", "logo.png", "a.conf", "AUTHORS"),
        *("x.xml", ".gitignore", "ChangeLog", "docs/index.html", "corosync.conf.example"),
    ],
)
def test_not_code(path: str) -> None:
    assert not is_code(path)


@given(st.text(max_size=20))
def test_any_text_is_split(text: str) -> None:
    _, address = split_identity(text)
    assert "<" not in address


def test_split_identity() -> None:
    assert split_identity("Ann Example <ann@example.net>") == ("Ann Example", "ann@example.net")
    assert split_identity(" <ann@example.net>") == ("", "ann@example.net")
    assert split_identity("ann") == ("ann", "")
