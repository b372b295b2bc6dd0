"""Packaging: how far a distribution is behind upstream, and what its packages bring and need.

Of a package that is listed several times up to the as-of date, the highest version counts.
"""

from __future__ import annotations

import pandas as pd
from debian.debian_support import Version

from evaluator.metrics.history import History
from evaluator.metrics.registry import Measure, metric, not_available
from evaluator.metrics.releases import final_releases
from evaluator.mine.releases import parse_tag

NOT_TO_RUN = ("-dev", "-doc", "-dbg", "-dbgsym")
"""Ends of names of packages that building, reading and debugging need (ours, by Debian's habit)."""


def current(history: History) -> pd.DataFrame:
    """The packages as of the date, each once, in its highest version."""
    versions = [Version(version) for version in history.packages["version"]]
    order = sorted(range(len(versions)), key=versions.__getitem__)
    packages = history.packages.iloc[order].drop_duplicates("package", keep="last")
    return packages.sort_values("package")


def to_run(history: History) -> pd.DataFrame:
    """The current packages without those that only building, reading or debugging needs."""
    packages = current(history)
    return packages[~packages["package"].str.endswith(NOT_TO_RUN)]


def packaged_releases(history: History) -> tuple[pd.DataFrame, list[str]]:
    """Upstream's releases of the packaged versions, the oldest first, and what was never tagged.

    ``packaged`` is the version as the distribution writes it.  Where two repositories have a
    release of that number, the earlier one counts.
    """
    written = {}
    for upstream in current(history)["upstream"]:
        parsed = parse_tag(upstream.replace("~", "-"))
        written[parsed.version if parsed else upstream] = upstream
    releases = history.releases[history.releases["version"].isin(written)]
    releases = releases.sort_values(["released", "source"]).drop_duplicates("version")
    unknown = [written[version] for version in written.keys() - set(releases["version"])]
    return releases.assign(packaged=releases["version"].map(written)), sorted(unknown)


def _not_tagged(history: History, unknown: list[str]) -> str:
    why = f"packaged {', '.join(unknown)} not among upstream's tags" if unknown else ""
    return "; ".join(said for said in (why, history.partial_releases) if said)


@metric(
    "packaging_lag", "Libyears: of the packaged version", unit="days",
    window="until the as-of date", direction="min", needs="packages", source="chaoss-libyears",
)  # fmt: skip
def packaging_lag(history: History) -> Measure:
    """Days from upstream's release of the packaged version to its newest higher version.

    Newest by date, among the final releases of the same repository; 0 when no version is higher, or
    none of them younger.  Of several packaged versions the longest lag counts.
    """
    packaged, unknown = packaged_releases(history)
    if packaged.empty or history.partial_releases:
        return not_available(_not_tagged(history, unknown), 0)
    finals = final_releases(history).sort_values(["released", "version"])
    lag, behind, notes = 0, 0, []
    for release in packaged.to_dict("records"):
        same = finals[finals["source"] == release["source"]]
        higher = same[[Version(v) > Version(release["packaged"]) for v in same["version"]]]
        note = f"{release['version']} of {release['released'].date()}"
        if len(higher):
            newest = higher.iloc[-1]
            lag = max(lag, (newest["released"] - release["released"]).days)
            note += f"; newest is {newest['version']} of {newest['released'].date()}"
        behind += len(higher)
        notes.append(note)
    return Measure(
        lag, behind, note="; ".join(filter(None, (*notes, _not_tagged(history, unknown))))
    )


@metric(
    "packaged_version_age", "Age of the packaged version", unit="months",
    window="until the as-of date", direction="min", needs="packages", source="ours",
)  # fmt: skip
def packaged_version_age(history: History) -> Measure:
    """Months (365.25 / 12 days) since upstream's release of the packaged version.

    Of several the oldest counts.  Fixes that the distribution added to it since are not seen.
    """
    packaged, unknown = packaged_releases(history)
    if packaged.empty:
        return not_available(_not_tagged(history, unknown), 0)
    oldest = packaged.iloc[0]
    note = f"{oldest['version']} of {oldest['released'].date()}"
    return Measure(history.months_since(oldest["released"]), len(packaged), note=note)


def _most(history: History, column: str) -> Measure:
    packages = to_run(history)
    if packages.empty:
        return not_available("only packages to build with, to read or to debug", 0)
    most = packages.sort_values(column, kind="stable").iloc[-1]
    note = f"{most['package']} {most['version']} in {most['distribution']} {most['release']}"
    return Measure(int(most[column]), len(packages), note=note)


@metric(
    "package_dependencies", "Upstream Code Dependencies: of the package", unit="packages",
    window="as of the date", direction="min", needs="packages",
    source="chaoss-upstream-code-dependencies",
)  # fmt: skip
def package_dependencies(history: History) -> Measure:
    """Packages in Depends and Pre-Depends, alternatives once, of the binary package with the most.

    Direct ones only, other packages of the same source among them.
    """
    return _most(history, "depends")


@metric(
    "package_reverse_dependencies", "Reverse dependencies of the package",
    unit="source packages", window="as of the date", direction="max", needs="packages",
    source="debian-policy",
)  # fmt: skip
def package_reverse_dependencies(history: History) -> Measure:
    """Other source packages of the release that need the binary package that is needed by the most.

    Needed is what Depends, Pre-Depends or Recommends of a binary package names, be it by what it
    provides or as one of several alternatives.
    """
    return _most(history, "reverse_depends")


@metric(
    "package_installed_size", "Installed-Size", unit="MiB", window="as of the date",
    direction="min", needs="packages", source="debian-policy",
)  # fmt: skip
def package_installed_size(history: History) -> Measure:
    """Sum of Installed-Size over the source's binary packages but those to build, read or debug."""
    packages = to_run(history)
    if packages.empty:
        return not_available("only packages to build with, to read or to debug", 0)
    left_out = len(current(history)) - len(packages)
    note = f"without {left_out} of {'/'.join(NOT_TO_RUN)}" if left_out else ""
    return Measure(float(packages["installed_kb"].sum()) / 1024, len(packages), note=note)
