"""Debian's packages from apt's lists: built ones, and this machine's own."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import hashlib
import lzma
import platform
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from debian.deb822 import Packages, PkgRelation
from debian.debian_support import Version
from hypothesis import given
from hypothesis import strategies as st

from evaluator.mine.command import SourceError
from evaluator.mine.sources import Mining, debian
from evaluator.mine.sources.debian import upstream_part
from evaluator.study.candidate import DataSource
from tests.mine.conftest import TODAY, rows_of

pytestmark = pytest.mark.skipif(
    not shutil.which("apt-config") or not Path(debian.HELPER).exists(), reason="apt is not here"
)

STEM = "ftp.example.net_debian_dists_"
MAIN = "Sat, 10 Jan 2026 08:00:00 UTC"
LATER = "Sat, 24 Jan 2026 08:00:00 UTC"
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
    ".lz4": lambda content: framed(content, "lz4"),
    ".zst": lambda content: framed(content, "zstd"),
}


def framed(content: bytes, codec: str) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, codec) as stream:
        stream.write(content)
    return bytes(sink.getvalue().to_pybytes())


def stanza(package: str, version: str = "1.0-1", size: str = "100", **fields: str) -> bytes:
    said = {"Package": package, "Version": version, "Installed-Size": size, "Architecture": "amd64"}
    said |= {name.replace("_", "-"): value for name, value in fields.items()}
    return "".join(f"{k}: {v}\n" for k, v in said.items() if v).encode()


SHOP = [
    stanza(
        "shop",
        "1:2.1+dfsg-3",
        "1113",
        Pre_Depends="init (>= 1.54~)",
        Depends="libc6 (>= 2.3), libc6 (<< 3), shop-common (= 1:2.1+dfsg-3), mta | smtp:any,\n ssl",
        Description="A shop",
    ),
    stanza("shop-common", "1:2.1+dfsg-3", Source="shop", Architecture="all", Provides="till (= 2)"),
    stanza("shop-rebuilt", "1:2.1+dfsg-3+b2", Source="shop (1:2.1+dfsg-3)", Depends="shop"),
    stanza(
        "customer", Source="people (2.0)", Depends="shop [amd64] <!nocheck>, shop-rebuilt | other"
    ),
    stanza("visitor", Source="people", Pre_Depends="shop:any (>= 1)"),
    stanza("clerk", Recommends="nobody | till, shop-common"),
    stanza("passer-by", Suggests="shop", Enhances="shop", Depends="shops, shop-, workshop"),
]


@pytest.fixture
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes lists as ``apt-get update`` leaves them, and apt's configuration that leads there."""
    folder = tmp_path / "lists"
    folder.mkdir()
    configuration = tmp_path / "apt.conf"
    configuration.write_text(f'Dir::State::lists "{folder}";\nAPT::Architecture "amd64";\n')
    monkeypatch.setenv("APT_CONFIG", str(configuration))

    def make(
        stanzas: list[bytes],
        codename: str = "bookworm",
        date: str = MAIN,
        suffix: str = "",
        **header: str,
    ) -> Path:
        content = b"\n".join(stanzas)
        place = folder / f"{STEM}{codename}_main_binary-amd64_Packages{suffix}"
        place.write_bytes(PACKED[suffix](content))
        said = {"Origin": "Debian", "Codename": codename, "Date": date} | header
        digest = hashlib.sha256(content).hexdigest()
        (folder / f"{STEM}{codename}_InRelease").write_text(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
            + "".join(f"{k.replace('_', '-')}: {v}\n" for k, v in said.items() if v)
            + f"SHA256:\n {'0' * 64}     12 contrib/binary-amd64/Packages\n"
            f" {digest} {len(content)} main/binary-amd64/Packages\n"
            f" {'1' * 64}     12 main/binary-amd64/Packages.gz\n"
        )
        return place

    return make


def page(address: str = "source/bookworm/shop", **fields: str) -> DataSource:
    url = f"https://packages.debian.org/{address}"
    return DataSource(**({"id": "debian-shop", "backend": "debian", "url": url} | fields))


def by_package(mining: Mining, address: str = "source/bookworm/shop") -> dict[str, dict[str, Any]]:
    return {r["package"]: r for r in rows_of(page(address), mining, "packages").to_pylist()}


def test_packages_of_a_source_are_read(lists: Callable[..., Path], mining: Mining) -> None:
    lists(SHOP)
    rows = by_package(mining)
    assert set(rows) == {"shop", "shop-common", "shop-rebuilt"}
    assert rows["shop"] == {
        "key": "bookworm/shop/amd64",
        "reason": "",
        "package": "shop",
        "distribution": "debian",
        "release": "bookworm",
        "version": "1:2.1+dfsg-3",
        "upstream": "2.1",
        "installed_kb": 1113,
        "depends": 5,  # init, libc6, shop-common, mta or smtp, ssl
        "reverse_depends": 1,  # people, of which two binaries need it
        "dated": int(dt.datetime(2026, 1, 10, 8, tzinfo=dt.UTC).timestamp()),
    }
    # through what it provides, by Recommends, and not by its own source
    assert rows["shop-common"]["reverse_depends"] == 1
    assert rows["shop-rebuilt"]["reverse_depends"] == 1
    assert rows["shop-rebuilt"]["version"] == "1:2.1+dfsg-3+b2"
    assert rows["shop-rebuilt"]["upstream"] == "2.1"


def test_provenance_says_which_lists(lists: Callable[..., Path], mining: Mining) -> None:
    place = lists(SHOP)
    found = debian.harvest(page(), mining)
    digest = hashlib.sha256(place.read_bytes()).hexdigest()
    line = f"{digest} bookworm {int(dt.datetime(2026, 1, 10, 8, tzinfo=dt.UTC).timestamp())}\n"
    assert found.head == hashlib.sha256(line.encode()).hexdigest()
    assert (found.kind, found.branch) == ("packages", "bookworm")
    assert found.backend_version.startswith("python-debian ")
    assert found.note == (
        "Lists: bookworm of 2026-01-10; no list of bookworm-updates; no list of bookworm-security"
    )


def test_page_of_a_binary_package_means_that_one(
    lists: Callable[..., Path], mining: Mining
) -> None:
    lists(SHOP)
    assert set(by_package(mining, "bookworm/shop-common")) == {"shop-common"}
    assert set(by_package(mining, "bookworm/customer")) == {"customer"}


@pytest.mark.parametrize("suffix", sorted(PACKED))
def test_lists_are_read_as_apt_keeps_them(
    suffix: str, lists: Callable[..., Path], mining: Mining
) -> None:
    lists(SHOP, suffix=suffix)
    assert len(by_package(mining)) == 3


def test_higher_version_of_a_later_list_is_one_more_row(
    lists: Callable[..., Path], mining: Mining
) -> None:
    lists([stanza("shop", "1.9-1"), stanza("shop-doc", "1.9-1", Source="shop")])
    lists(
        [stanza("shop", "1.10~rc1-1"), stanza("shop-doc", "1.9-1", Source="shop")],
        "bookworm-security",
        LATER,
    )
    found = rows_of(page(), mining, "packages").to_pylist()
    assert [(r["key"], r["version"], r["release"]) for r in found] == [
        ("bookworm/shop/amd64", "1.9-1", "bookworm"),
        ("bookworm/shop-doc/amd64", "1.9-1", "bookworm"),
        ("bookworm-security/shop/amd64", "1.10~rc1-1", "bookworm"),
    ]
    assert found[2]["dated"] - found[0]["dated"] == 14 * 86400


def test_lower_version_of_a_later_list_is_none(lists: Callable[..., Path], mining: Mining) -> None:
    lists([stanza("shop", "1:1.0-1+deb12u2")], date=LATER)
    lists([stanza("shop", "9.9-1")], "bookworm-security", MAIN)
    lists([stanza("shop", "1:1.0-1+deb12u1")], "bookworm-updates", LATER)
    versions = [r["version"] for r in rows_of(page(), mining, "packages").to_pylist()]
    assert versions == ["9.9-1", "1:1.0-1+deb12u2"]


def test_second_run_reads_nothing_and_a_new_list_what_is_new(
    lists: Callable[..., Path], mining: Mining
) -> None:
    lists(SHOP)
    first = debian.harvest(page(), mining)
    assert (first.new, first.gone) == (3, 0)
    misses = debian._read.cache_info().misses
    again = debian.harvest(page(), mining)
    assert (again.new, again.gone, again.parts) == (0, 0, first.parts)
    assert debian._read.cache_info().misses == misses
    lists(SHOP, date=LATER)
    dated = debian.harvest(page(), mining)
    assert (dated.new, dated.gone) == (0, 0)
    assert dated.head != first.head
    lists([*SHOP[:2], stanza("shop-new", Source="shop")], date=LATER)
    third = debian.harvest(page(), mining)
    assert (third.new, third.gone) == (1, 1)
    assert mining.shelf(page()).parts("packages") == list(third.parts)


def test_damaged_part_is_read_again_and_leftovers_go(
    lists: Callable[..., Path], mining: Mining
) -> None:
    lists(SHOP)
    (part,) = debian.harvest(page(), mining).parts
    shelf = mining.shelf(page())
    Path(shelf.address, part).write_bytes(b"PAR1")
    shelf.put("packages", "of-a-run-that-was-killed", debian.PACKAGES.empty_table())
    assert debian.harvest(page(), mining).parts == (part,)
    assert shelf.parts("packages") == [part]
    assert len(shelf.get(part)) == 3


def test_sources_that_are_mined_at_once_read_the_lists_once(
    lists: Callable[..., Path], mining: Mining
) -> None:
    lists(SHOP)
    misses = debian._read.cache_info().misses
    pages = [page(f"bookworm/{p}", id=f"debian-{p}") for p in ("shop", "clerk", "visitor")]
    with ThreadPoolExecutor(len(pages)) as pool:
        heads = {found.head for found in pool.map(lambda p: debian.harvest(p, mining), pages)}
    assert len(heads) == 1
    assert debian._read.cache_info().misses == misses + 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"Version": ""}, "package without a valid version: shop"),
        ({"Version": "1.0\x1b[31m"}, "package without a valid version: shop"),
        ({"Version": "9" * 5000}, "package without a valid version: shop"),
        ({"Version": "x:1"}, "package without a valid version: shop"),
        ({"Source": "shop (1.0\ufffd)"}, "package without a valid version: shop"),
        ({"Installed-Size": ""}, "package without a valid Installed-Size: shop"),
        ({"Installed-Size": "big"}, "package without a valid Installed-Size: shop"),
        ({"Installed-Size": "-1"}, "package without a valid Installed-Size: shop"),
        ({"Installed-Size": "²"}, "package without a valid Installed-Size: shop"),
        ({"Installed-Size": "9" * 5000}, "package without a valid Installed-Size: shop"),
        ({"Package": "", "Source": "shop"}, "package without a valid name"),
        ({"Package": "Shop\x1b]0;x\x07", "Source": "shop"}, "package without a valid name"),
        ({"Package": "../shop", "Source": "shop"}, "package without a valid name"),
    ],
)
def test_package_that_cannot_be_counted_says_why(
    fields: dict[str, str], reason: str, lists: Callable[..., Path], mining: Mining
) -> None:
    said = {"Package": "shop", "Version": "1.0-1", "Installed-Size": "1"} | fields
    broken = "".join(f"{k}: {v}\n" for k, v in said.items() if v).encode()
    lists([broken, stanza("shop-good", Source="shop")])
    bad, good = rows_of(page(), mining, "packages").to_pylist()
    assert bad["reason"] == reason
    assert bad["key"] == "bookworm/0"
    assert (good["package"], good["reason"]) == ("shop-good", "")


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\n\n\n\n",
        b"no field at all\n",
        b"Package: \xff\xfe\nVersion: \xc3\x28\nDepends: \xff, \x00, (, |, ,,|\n",
        b"Depends: " + b"a, " * 3_000_000 + b"shop\nPackage: long\nVersion: 1\n",
        b"Package: folded\n Version: 1\n\t\n Depends: shop\n",
        b"Package: twice\nPackage: shop2\nVersion: 1\nVersion: 2\n",
        b"Package: spaces\nVersion: 1\nDepends:"
        + b" " * 1_000_000
        + b","
        + b" " * 1_000_000
        + b"\n",
    ],
    # a test's name goes into the environment of what it starts, which has no room for megabytes
    ids=lambda content: f"{len(content)}-bytes",
)
def test_hostile_neighbours_do_no_harm(
    hostile: bytes, lists: Callable[..., Path], mining: Mining
) -> None:
    lists([stanza("shop"), hostile, stanza("till", Depends="shop")])
    assert by_package(mining)["shop"]["reverse_depends"] >= 1


def test_truncated_or_changed_list_is_refused(lists: Callable[..., Path], mining: Mining) -> None:
    place = lists(SHOP)
    place.write_bytes(place.read_bytes()[:-40])
    with pytest.raises(SourceError, match=r"is not what its Release file states; run 'apt-get upd"):
        debian.harvest(page(), mining)
    place = lists(SHOP, suffix=".gz")
    place.with_suffix("").unlink()
    place.write_bytes(place.read_bytes()[:-40])
    with pytest.raises(SourceError, match="is not what its Release file states"):
        debian.harvest(page(), mining)


def test_list_or_package_beyond_all_bounds_is_refused(
    lists: Callable[..., Path], mining: Mining
) -> None:
    lists([b"Package: shop\nDepends: " + b"a" * (debian.LARGEST_STANZA + (2 << 20)) + b"\n"])
    with pytest.raises(SourceError, match="too large"):
        debian.harvest(page(), mining)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"Origin": "Example"}, "apt has no list of Debian bookworm, component main, amd64"),
        ({"Codename": "trixie"}, "allowed: trixie; add the release to apt's sources"),
        ({"date": ""}, "states no date that can be read; run 'apt-get update'"),
        ({"date": "yesterday"}, "states no date that can be read"),
        ({"date": "Sat, 99 Jan 99999999 08:00:00 UTC"}, "states no date that can be read"),
    ],
)
def test_release_file_that_does_not_fit(
    header: dict[str, str], reason: str, lists: Callable[..., Path], mining: Mining
) -> None:
    lists(SHOP, **header)
    with pytest.raises(SourceError, match=reason):
        debian.harvest(page(), mining)


def test_release_file_that_is_no_text(lists: Callable[..., Path], mining: Mining) -> None:
    place = lists(SHOP)
    release = place.with_name(f"{STEM}bookworm_InRelease")
    release.write_bytes(b"\xff\x00" + release.read_bytes())
    assert len(by_package(mining)) == 3
    release.write_bytes(b"\xff\x00" * 1000)
    with pytest.raises(SourceError, match="apt has no list"):
        debian.harvest(page(), mining)


def test_machine_without_lists(lists: Callable[..., Path], mining: Mining) -> None:
    with pytest.raises(SourceError, match=r"apt has no list.*allowed: nothing;.*'apt-get update'"):
        debian.harvest(page(), mining)


def test_machine_without_apt(
    lists: Callable[..., Path], mining: Mining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SourceError, match="apt cannot be asked for its lists"):
        debian.harvest(page(), mining)


def test_package_that_the_release_lacks(lists: Callable[..., Path], mining: Mining) -> None:
    lists(SHOP)
    with pytest.raises(
        SourceError, match="Debian bookworm, component main, has no 'source/absent'"
    ):
        debian.harvest(page("source/bookworm/absent"), mining)
    with pytest.raises(SourceError, match="has no 'people'"):
        debian.harvest(page("bookworm/people"), mining)


def test_lists_that_are_out_of_date_are_noted(lists: Callable[..., Path], mining: Mining) -> None:
    lists(SHOP)
    lists([], "bookworm-security", MAIN, Valid_Until="Fri, 30 Jan 2026 08:00:00 UTC")
    lists([], "bookworm-updates", LATER, Valid_Until="Sat, 31 Jan 2026 08:00:00 UTC")
    assert dt.date(2026, 1, 31) == TODAY
    assert debian.harvest(page(), mining).note == (
        "Lists: bookworm of 2026-01-10, bookworm-security of 2026-01-10, bookworm-updates of "
        "2026-01-24; bookworm-security was valid until 2026-01-30 only: run 'apt-get update'"
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://packages.debian.org/source/shop",
        "https://packages.debian.org/source/bookworm/",
        "https://packages.debian.org/source/bookworm/../shop",
        "https://packages.debian.org/source/bookworm/shop/../../x",
        "https://packages.debian.org/source/../shop",
        "https://packages.debian.org/bookworm/..",
        "https://packages.debian.org/bookworm/shop\n",
        "https://packages.debian.org/bookworm/shop?x=1",
        "https://packages.debian.org/bookworm/-oDir::State=x",
        "https://packages.debian.org.example.net/bookworm/shop",
        "http://packages.debian.org/bookworm/shop",
        "file:///var/lib/apt/lists",
        "shop",
    ],
)
def test_other_addresses_are_refused(url: str, mining: Mining) -> None:
    with pytest.raises(SourceError, match="is refused; allowed: https://packages"):
        debian.harvest(page(url=url), mining)


@pytest.mark.parametrize("field", ["branch", "path"])
def test_branch_and_path_mean_nothing_here(field: str, mining: Mining) -> None:
    with pytest.raises(SourceError, match="without branch and path"):
        debian.harvest(page(**{field: "x"}), mining)


@pytest.mark.parametrize(
    ("full", "upstream"),
    [
        ("2.1.5-1+deb12u1", "2.1.5"),
        ("1:2.2.7-1+b2", "2.2.7"),
        ("1.0-283-g9d4029a-2+deb12u1", "1.0-283-g9d4029a"),
        ("2.1.5~rc1-1", "2.1.5~rc1"),
        ("1:4.12.0+dfsg.1-2~bpo12+1", "4.12.0"),
        ("3.0~ds1-1", "3.0"),
        ("1.0~dev3-1", "1.0~dev3"),
        ("3.0+really2.9.1-1", "2.9.1"),
        ("12.4+deb12u5", "12.4"),
        ("20240101", "20240101"),
    ],
)
def test_upstreams_part_of_a_version(full: str, upstream: str) -> None:
    assert upstream_part(full) == upstream


@given(
    epoch=st.sampled_from(["", "0:", "7:"]),
    upstream=st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}(~(rc|beta)[0-9])?", fullmatch=True),
    repacked=st.sampled_from(["", "+dfsg", "+dfsg.1", "+ds1", "~ds2", ".dfsg"]),
    revision=st.sampled_from(["", "-1", "-0.1", "-3+deb12u4", "-1~bpo12+1"]),
)
def test_upstreams_part_survives_what_debian_adds(
    epoch: str, upstream: str, repacked: str, revision: str
) -> None:
    assert upstream_part(f"{epoch}{upstream}{repacked}{revision}") == upstream


def test_this_machines_lists_agree_with_python_debian(mining: Mining) -> None:
    """Its own parser of stanzas and relations, slow and independent of ours, as the oracle."""
    try:
        codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
        lists = debian.apt_lists(codename)
    except (OSError, SourceError) as error:
        pytest.skip(str(error))
    best: dict[str, Packages] = {}
    wanted = b"pacemaker"
    for content in (s for item in lists for s in debian._stanzas(item) if wanted in s):
        found = Packages(content.decode())
        older = best.get(found["Package"])
        if older is None or Version(found["Version"]) > Version(older["Version"]):
            best[found["Package"]] = found

    def named(package: Packages, *fields: str) -> list[set[str]]:
        groups = [
            g for f in fields if f in package for g in PkgRelation.parse_relations(package[f])
        ]
        return [{relation["name"] for relation in group} for group in groups]

    ours = rows_of(page(f"source/{codename}/pacemaker"), mining, "packages").to_pylist()
    newest = {row["package"]: row for row in ours}
    for name, row in newest.items():
        package = best[name]
        assert row["version"] == package["Version"]
        assert row["installed_kb"] == int(package["Installed-Size"])
        needs = named(package, "Depends", "Pre-Depends")
        assert row["depends"] == len({frozenset(group) for group in needs})
    fields = ("Depends", "Pre-Depends", "Recommends")
    users = {p.source for p in best.values() if any("pacemaker" in g for g in named(p, *fields))}
    assert newest["pacemaker"]["reverse_depends"] == len(users - {"pacemaker"}) > 2
