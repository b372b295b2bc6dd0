"""Results of OpenSSF Scorecard, as ``scorecard --format json`` writes them, as dated evidence.

``scorecard/CANDIDATE.json`` beside the criteria file is the result of one of that candidate's
repositories.  Only what is used is checked and kept; texts are data of others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from evaluator.findings import Finding, allowed_values
from evaluator.study.candidate import Candidate
from evaluator.study.document import Document

Check = Literal[
    "overall",
    "Binary-Artifacts",
    "Branch-Protection",
    "CI-Tests",
    "CII-Best-Practices",
    "Code-Review",
    "Contributors",
    "Dangerous-Workflow",
    "Dependency-Update-Tool",
    "Fuzzing",
    "License",
    "Maintained",
    "Packaging",
    "Pinned-Dependencies",
    "SAST",
    "SBOM",
    "Security-Policy",
    "Signed-Releases",
    "Token-Permissions",
    "Vulnerabilities",
    "Webhooks",
]
"""The checks that Scorecard documents (source ``openssf-scorecard``), and its overall score."""

INCONCLUSIVE = -1
"""What Scorecard gives for a check that it could not run."""
STALE_DAYS = 365
"""Age above which a result is called old (ours: Scorecard itself looks back 90 days)."""


def _day(value: object) -> object:
    """The day of an ISO 8601 date or time, UTC where it names a zone."""
    if not isinstance(value, str):
        return value
    when = dt.datetime.fromisoformat(value)
    try:
        return (when.astimezone(dt.UTC) if when.tzinfo else when).date()
    except OverflowError:
        raise ValueError(f"{value} lies outside the years 1 to 9999 in UTC") from None


def _joined(value: object) -> object:
    """Text in which two halves of a character, as JSON may escape it, are one again."""
    if not isinstance(value, str):
        return value
    try:
        return value.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise ValueError("half of a character stands without the other") from None


class _Given(BaseModel):
    """Part of a result; what Scorecard adds in later versions is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


Score = Annotated[float, Field(ge=INCONCLUSIVE, le=10)]
Short = Annotated[str, BeforeValidator(_joined), Field(max_length=400)]
Long = Annotated[str, BeforeValidator(_joined), Field(max_length=4000)]


class CheckResult(_Given):
    """A check with its score from 0 to 10, or -1."""

    name: Short
    score: Score
    reason: Long = ""


class Repository(_Given):
    name: Short
    commit: Short


class Version(_Given):
    version: Short
    commit: Short


class Scorecard(_Given):
    """One result: what was looked at, when, by which version, and what was found."""

    date: Annotated[dt.date, BeforeValidator(_day)]
    repo: Repository
    scorecard: Version
    score: Score
    checks: Annotated[list[CheckResult], Field(max_length=200)]

    def of(self, check: str) -> CheckResult | None:
        """The result of a check, or of all (``overall``); None when it was not run."""
        if check == "overall":
            return CheckResult(name=check, score=self.score)
        return next((found for found in self.checks if found.name == check), None)

    @property
    def provenance(self) -> str:
        """Version, date, repository and commit, in words."""
        return (
            f"Scorecard {self.scorecard.version} of {self.date}, "
            f"{self.repo.name} at {self.repo.commit[:12]}"
        )

    def old(self, as_of: dt.date) -> bool:
        """Whether it was more than a year old at the date."""
        return (as_of - self.date).days > STALE_DAYS


def misfiled(
    document: Document, result: Scorecard | None, name: str, candidates: Mapping[str, Candidate]
) -> Iterator[Finding]:
    """What is wrong with a result as evidence on the candidate that its file is named after."""
    if name not in candidates:
        message = f"no candidate is named {name!r}"
        remedy = f"name the file after its candidate; {allowed_values(name, candidates)}"
        yield document.finding("unknown-candidate", (), message, remedy)
    elif result is not None:
        mined = {_address(s.url) for s in candidates[name].data_sources}
        if _address(result.repo.name) not in mined:
            message = f"{result.repo.name!r} is not a data source of {name!r}"
            remedy = f"its sources: {', '.join(sorted(mined)) or 'none'}"
            yield document.finding("scorecard-of-another", ("repo", "name"), message, remedy)
    names = [check.name for check in result.checks] if result is not None else []
    for i, check in enumerate(names):
        if check in names[:i]:
            message = f"check {check!r} stands twice in checks"
            yield document.finding(
                "duplicate-id", ("checks", i, "name"), message, "remove one of them"
            )


def _address(url: str) -> str:
    """A repository's address without scheme, case and ``.git``."""
    return url.rpartition("://")[2].rstrip("/").removesuffix(".git").lower()
