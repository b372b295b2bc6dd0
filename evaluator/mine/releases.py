"""Releases from tags: version, series, and whether it is a pre-release."""

from __future__ import annotations

import re
from dataclasses import dataclass

TAG = re.compile(
    r"""
    (?P<prefix>(?:[A-Za-z][A-Za-z0-9]*[-_])*)          # Pacemaker-  STABLE_  ocfs2-tools-
    [vV]?
    (?P<number>\d+(?:[._]\d+)*)                        # 1.1.24  2_0_8
    (?P<letter>[a-z]?)                                 # 0.4.9f
    (?:-(?P<revision>p?\d+))?                          # 8.4.11-1  9.10.2-P4
    (?:[-._]?(?P<stage>rc|pre|dev|alpha|beta|[ab](?=\d))[-._]?(?P<count>\d*[a-z]?))?
    (?:[-._](?:rel|release|final))?                    # NSD_4_0_2_REL
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
HG_TAGGED = re.compile(r"Added tag (?P<tag>[A-Za-z0-9._+-]+) for changeset [0-9a-f]{6,}")
PRERELEASE_WORDS = frozenset({"alpha", "beta", "pre", "rc", "dev"})
# Builds of a distribution, and marks that were never released.
OTHER_WORDS = re.compile(r"sle[sd]?\d*|sp\d*|rhel\d*|el\d*|obs|suse|ga|series|root|archive|before")


@dataclass(frozen=True)
class Version:
    """A release's number; ``series`` is its first two numbers, such as ``2.1``."""

    version: str
    series: str
    prerelease: bool


def parse_tag(tag: str) -> Version | None:
    """The version that a tag names; None when it names none (a branch point, a vendor's build).

    Examples
    --------
    >>> parse_tag("Pacemaker-1.1.24-rc1")
    Version(version='1.1.24-rc1', series='1.1', prerelease=True)
    """
    match = TAG.fullmatch(tag)
    if not match:
        return None
    words = [w for w in re.split(r"[-_]", match["prefix"].lower()) if w]
    if any(OTHER_WORDS.fullmatch(word) for word in words):
        return None
    numbers = match["number"].replace("_", ".")
    version = numbers + match["letter"].lower()
    if match["revision"]:
        version += f"-{match['revision'].lower()}"
    stages = [w for w in words if w in PRERELEASE_WORDS]
    if match["stage"]:
        stages.append(match["stage"].lower())
        version += f"-{match['stage'].lower()}{match['count'].lower()}"
    return Version(version, ".".join(numbers.split(".")[:2]), bool(stages))


def hg_tag(subject: str) -> str | None:
    """The tag that a commit of a Mercurial conversion records, if it does."""
    match = HG_TAGGED.match(subject)
    return match["tag"] if match else None
