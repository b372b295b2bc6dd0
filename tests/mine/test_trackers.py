"""Issue trackers over the loopback interface, which speak the protocols of the real ones.

Everything that they tell is made up here.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from evaluator.mine import session, tracker
from evaluator.mine.command import SourceError
from evaluator.mine.shelf import Shelf
from evaluator.mine.sources import ISSUES, Harvest, Mining
from tests.mine.conftest import harvest, rows_of, source
from tests.mine.serving import Quiet, serving

Query = Mapping[str, list[str]]
Answer = tuple[int, Mapping[str, str], Any]
SECRET = "not-a-real-token-0123456789"  # noqa: S105
GITHUB, GITLAB = "/owner/project", "/group/sub/project"
BUGZILLA = "/?product=Cluster+Suite"


@pytest.fixture(autouse=True)
def no_tokens_and_no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "GITLAB_TOKEN", "BUGZILLA_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("GITHUB_HOST", "GITLAB_HOST", "BUGZILLA_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(session, "PAUSES", (0.0, 0.0))


# --- servers ---------------------------------------------------------------------------------


@dataclass
class Site:
    """A server: what it was asked, and what it answers instead of the truth."""

    truth: Callable[[str, Query], Answer]
    address: str = ""
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    fault: Callable[[str], Answer | None] = lambda target: None

    def paths(self) -> list[str]:
        return [target.partition("?")[0] for target in self.asked]


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[str, Query], Answer]], Site]]:
    with ExitStack() as servers:

        def start(truth: Callable[[str, Query], Answer]) -> Site:
            site = Site(truth)

            class Handler(Quiet):
                def do_GET(self) -> None:
                    site.asked.append(self.path)
                    site.headers.append({k.lower(): v for k, v in self.headers.items()})
                    parts = urlsplit(self.path)
                    answer = site.fault(self.path) or site.truth(parts.path, parse_qs(parts.query))
                    status, headers, content = answer
                    body = content if isinstance(content, bytes) else json.dumps(content).encode()
                    self.respond(body, status, {"Content-Type": "application/json", **headers})

            site.address = servers.enter_context(serving(Handler))
            return site

        yield start


def page_of(
    items: list[Any], query: Query, url: str, extra: Mapping[str, str] | None = None
) -> Answer:
    """A page as GitHub and GitLab give it: a list, and where the next one is."""
    size = int(query.get("per_page", ["30"])[0])
    number = int(query.get("page", ["1"])[0])
    headers = dict(extra or {})
    if number * size < len(items):
        rest = "&".join(f"{k}={v[0].replace('+', '%2B')}" for k, v in query.items() if k != "page")
        headers["Link"] = f'<{url}?{rest}&page={number + 1}>; rel="next"'
        headers["X-Next-Page"] = str(number + 1)
    return 200, headers, items[(number - 1) * size : number * size]


def day(number: float, hour: int = 0, minute: int = 0, second: int = 0) -> str:
    start = dt.datetime(2020, 1, 1, hour, minute, second) + dt.timedelta(days=number)
    return start.isoformat() + "Z"


def seconds(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp())


def since(items: list[dict[str, Any]], given: str | None, name: str) -> list[dict[str, Any]]:
    """The entries of a list that changed since a date, in that order."""
    start = dt.datetime.fromisoformat(given) if given else dt.datetime.min.replace(tzinfo=dt.UTC)
    newer = [i for i in items if dt.datetime.fromisoformat(i[name]) >= start]
    return sorted(newer, key=lambda i: dt.datetime.fromisoformat(i[name]))


@dataclass
class GitHubData:
    issues: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    reviews: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    site: Site | None = None

    def add(self, number: int, opened: str = "", login: str = "ann", **fields: Any) -> None:
        opened = opened or day(number)
        self.issues.append(
            {
                "id": 9000 + number, "number": number, "title": "a title", "body": "a body",
                "user": {"login": login, "id": 1, "type": "User"}, "state": "open",
                "created_at": opened, "updated_at": opened, "closed_at": None, "comments": 0,
                "assignee": {"login": "ann"}, "assignees": [{"login": "ann"}],
                "reactions": {"total_count": 3}, **fields,
            }
        )  # fmt: skip
        self.issues[-1]["comments"] = len(self.comments.get(number, ()))

    def say(self, number: int, login: str | None, when: str) -> None:
        user = {"login": login} if login else None
        said = {"id": 1, "user": user, "created_at": when, "reactions": {"total_count": 2}}
        self.comments.setdefault(number, []).append(said)

    def __call__(self, path: str, query: Query) -> Answer:
        assert self.site is not None
        url = f"{self.site.address}{path}"
        base = "/api/v3/repos/owner/project/"
        match path.removeprefix(base).split("/"):
            case ["issues"]:
                assert set(query["state"]) == {"all"}
                assert set(query["direction"]) == {"asc"}
                found = since(self.issues, query.get("since", [None])[0], "updated_at")
                limits = {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "1893456000"}
                return page_of(found, query, url, limits)
            case ["issues", number, "comments"]:
                return page_of(self.comments.get(int(number), []), query, url)
            case ["pulls", number, "reviews"]:
                return page_of(self.reviews.get(int(number), []), query, url)
        return 404, {}, {"message": "Not Found"}


@pytest.fixture
def github(serve: Callable[..., Site]) -> GitHubData:
    data = GitHubData()
    data.site = serve(data)
    return data


def place(data: Any, path: str = GITHUB, backend: str = "github") -> Any:
    return source(f"{data.site.address}{path}", backend)


def rows(found: Any, mining: Mining) -> dict[str, dict[str, Any]]:
    """The last row of each key, as assembly takes them."""
    table = rows_of(found, mining, "issues")
    assert table.schema.equals(ISSUES)
    return {row["key"].rpartition("/")[2]: row for row in table.to_pylist()}


# --- GitHub ----------------------------------------------------------------------------------


def test_github_issues_and_pull_requests_each_once(github: GitHubData, mining: Mining) -> None:
    github.say(1, "ann", day(1, 1))
    github.say(1, "helper[bot]", day(1, 2))
    github.say(1, "ben", day(1, 3, 4, 59))
    github.say(1, "cat", day(1, 2, 30))
    github.say(1, "ben", day(0))  # before there was anything to answer
    github.add(1, state="closed", closed_at=day(3), updated_at=day(3))
    github.add(2, login="ben", updated_at=day(4))
    github.say(3, "ben", day(3, 12))
    github.reviews[3] = [
        {"id": 1, "user": {"login": "cat"}, "submitted_at": day(3, 9), "state": "APPROVED"},
        {"id": 2, "user": {"login": "cat"}, "state": "PENDING"},
        {"id": 3, "user": {"login": "ben"}, "submitted_at": day(3, 8), "state": "COMMENTED"},
    ]
    merged = {"merged_at": day(5, 6), "url": "https://example.net/"}
    github.add(3, login="ben", state="closed", closed_at=day(5, 6), pull_request=merged,
               updated_at=day(5, 6))  # fmt: skip
    github.add(4, state="closed", closed_at=day(6), pull_request={"merged_at": None},
               updated_at=day(6))  # fmt: skip
    found = place(github)
    got = rows(found, mining)
    assert list(got) == ["1", "2", "3", "4"]
    assert got["1"] == {
        "key": f"{found.url}/issues/1", "reason": "", "kind": "issue", "name": "",
        "address": "ann@users.noreply.127.0.0.1", "opened": seconds(day(1)),
        "first_response": seconds(day(1, 2, 30)), "closed": seconds(day(3)), "merged": False,
        "comments": 2,
    }  # fmt: skip
    assert (got["2"]["closed"], got["2"]["first_response"], got["2"]["comments"]) == (None, None, 0)
    assert got["3"]["key"] == f"{found.url}/pull/3"
    assert got["3"]["kind"] == got["4"]["kind"] == "change_request"
    assert (got["3"]["merged"], got["4"]["merged"]) == (True, False)
    assert got["3"]["first_response"] == seconds(day(3, 9))
    assert got["3"]["comments"] == 1
    assert got["3"]["closed"] == seconds(day(5, 6))


def test_github_tells_its_own_programs_by_their_type(github: GitHubData, mining: Mining) -> None:
    github.say(1, "Assistant", day(1, 1))
    github.comments[1][0]["user"]["type"] = "Bot"
    github.add(1)
    github.add(2, user={"login": "helper[bot]", "type": "Bot"})
    got = rows(place(github), mining)
    assert (got["1"]["first_response"], got["1"]["comments"]) == (None, 0)
    assert got["2"]["address"] == "helper[bot]@users.noreply.127.0.0.1"


def test_a_server_that_does_not_tell_merges(github: GitHubData, mining: Mining) -> None:
    github.add(1, pull_request={"url": "https://example.net/"})
    reason = rows(place(github), mining)["1"]["reason"]
    assert reason == "listed without the time of its merge"


def test_github_is_asked_for_nothing_that_rows_do_not_need(
    github: GitHubData, mining: Mining
) -> None:
    github.say(1, "ben", day(2))
    github.add(1)
    github.add(2, pull_request={"merged_at": None})
    harvest(place(github), mining)
    base = "/api/v3/repos/owner/project"
    listed = f"{base}/issues"
    wanted = [listed, f"{base}/issues/1/comments", f"{base}/pulls/2/reviews", listed]
    assert github.site.paths() == wanted


def test_a_second_run_asks_only_for_what_is_newer(github: GitHubData, mining: Mining) -> None:
    for number in range(1, 8):
        github.add(number)
    found = place(github)
    assert harvest(found, mining).new == 7
    github.site.asked.clear()
    again = harvest(found, mining)
    assert (again.new, again.gone, again.head) == (0, 0, day(7))
    assert len(github.site.asked) == 1
    assert "since=2020-01-08T00%3A00%3A00" in github.site.asked[0]

    github.say(3, "ben", day(9))
    github.issues[2] |= {"comments": 1, "updated_at": day(9), "state": "closed",
                         "closed_at": day(9)}  # fmt: skip
    github.site.asked.clear()
    assert harvest(found, mining).new == 1
    assert [p for p in github.site.paths() if "comments" in p] == [
        "/api/v3/repos/owner/project/issues/3/comments"
    ]
    assert rows(found, mining)["3"]["closed"] == seconds(day(9))
    assert len(rows(found, mining)) == 7


def test_long_lists_and_many_changes_in_one_second(github: GitHubData, mining: Mining) -> None:
    for number in range(1, 421):
        when = day(10) if 60 < number <= 320 else day(number / 10 if number < 61 else number)
        github.add(number, updated_at=when)
    found = place(github)
    got = rows_of(found, mining, "issues")["key"].to_pylist()
    assert len(got) == len(set(got)) == 420
    assert harvest(found, mining).new == 0


def test_pages_that_shift_while_they_are_read_lose_nothing(
    github: GitHubData, mining: Mining
) -> None:
    for number in range(1, 251):
        github.add(number, **({"pull_request": {"merged_at": None}} if number == 40 else {}))

    def shift(target: str) -> None:
        # The first entry changes while the first page is read: all others move up by one.
        if target.endswith("/pulls/40/reviews") or "/pulls/40/" in target:
            github.issues[0]["updated_at"] = day(900)

    github.site.fault = shift
    assert set(rows(place(github), mining)) == {str(n) for n in range(1, 251)}


class Killed(BaseException):
    """What stands for SIGKILL: nothing catches it."""


@pytest.mark.parametrize("step", ["put", "remember", "discard"])
@pytest.mark.parametrize("nth", [1, 2, 3, 5])
def test_killed_anywhere_and_continued_gives_the_same_rows(
    github: GitHubData,
    mining: Mining,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    nth: int,
) -> None:
    monkeypatch.setattr(tracker, "MOST_PARTS", 2)
    monkeypatch.setattr(tracker, "PART_ROWS", 20)
    for number in range(1, 121):
        github.say(number, "ben", day(number, 5))
        github.add(number)
    found = place(github)
    calls = 0
    whole = getattr(Shelf, step)

    def dying(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls >= nth:
            if step != "discard":
                whole(*arguments)
            raise Killed
        return whole(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Shelf, step, dying)
        try:
            harvest(found, mining)
        except Killed:
            pass
        else:
            assert calls < nth
    table = rows_of(found, mining, "issues")
    assert sorted(table["key"].to_pylist()) == sorted(
        f"{found.url}/issues/{n}" for n in range(1, 121)
    )
    assert table["first_response"].null_count == 0
    assert set(mining.shelf(found).parts("issues")) == set(harvest(found, mining).parts)


def test_a_server_that_dies_at_the_third_page(github: GitHubData, mining: Mining) -> None:
    for number in range(1, 331):
        github.add(number)
    found = place(github)
    github.site.fault = lambda target: (
        (500, {}, b"down") if len(github.site.paths()) > 2 and "/issues?" in target else None
    )
    with pytest.raises(SourceError, match="answers with status 500"):
        harvest(found, mining)
    assert len(github.site.asked) == 2 + 1 + len(session.PAUSES)
    github.site.fault = lambda target: None
    assert harvest(found, mining).new == 330 - 199
    assert set(rows(found, mining)) == {str(n) for n in range(1, 331)}


def test_a_passing_trouble_is_asked_again(github: GitHubData, mining: Mining) -> None:
    github.add(1)
    troubles = [(502, {}, b""), (503, {}, b"")]
    github.site.fault = lambda target: troubles.pop() if troubles else None
    assert harvest(place(github), mining).new == 1


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1893456000"}),
         "continue after 2030-01-01 00:00 UTC"),
        ((429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}), "continue later"),
        ((403, {"Retry-After": "60"}), "continue in 60 s"),
        ((429, {"Retry-After": "Fri, 01 Jan 2027 00:00:00 GMT"}), "after Fri, 01 Jan 2027"),
        ((503, {"Retry-After": "3600"}), "continue in 3600 s"),
    ],
)  # fmt: skip
def test_at_a_rate_limit_what_was_read_is_kept(
    github: GitHubData, mining: Mining, answer: Any, told: str
) -> None:
    for number in range(1, 31):
        github.say(number, "ben", day(number, 5))
        github.add(number)
    found = place(github)
    github.site.fault = lambda target: (*answer, b"") if len(github.site.asked) > 21 else None
    with pytest.raises(SourceError, match=told):
        harvest(found, mining)
    assert len(github.site.asked) == 22
    github.site.fault = lambda target: None
    assert harvest(found, mining).new == 10
    assert len(rows(found, mining)) == 30


@pytest.mark.parametrize(
    ("status", "told"),
    [(401, "wants a token"), (403, "wants a token"), (404, "has no .*/issues"),
     (410, "has no .*/issues"), (418, "status 418"), (500, "status 500")],
)  # fmt: skip
def test_refusals_are_told(github: GitHubData, mining: Mining, status: int, told: str) -> None:
    github.site.fault = lambda target: (status, {}, {"message": "no"})
    with pytest.raises(SourceError, match=told):
        harvest(place(github), mining)


def test_a_tracker_without_issues_is_none(github: GitHubData, mining: Mining) -> None:
    with pytest.raises(SourceError, match="holds no issue"):
        harvest(place(github), mining)


def test_an_issue_whose_comments_are_gone_takes_no_other_with_it(
    github: GitHubData, mining: Mining
) -> None:
    for number in (1, 2, 3):
        github.say(number, "ben", day(4))
        github.add(number)
    github.site.fault = lambda target: (410, {}, b"") if "/2/comments" in target else None
    got = rows(place(github), mining)
    assert [got[n]["reason"] for n in "123"] == ["", "its comments cannot be had", ""]


def test_reviews_that_are_no_list(github: GitHubData, mining: Mining) -> None:
    github.add(1)
    github.add(2, pull_request={"merged_at": None})
    github.site.fault = lambda target: (200, {}, b"<html>") if "/reviews" in target else None
    with pytest.raises(SourceError, match="something that is no list"):
        harvest(place(github), mining)
    github.site.fault = lambda target: None
    assert harvest(place(github), mining).new == 1


def test_a_server_out_of_reach(mining: Mining) -> None:
    with pytest.raises(SourceError, match=r"http://127\.0\.0\.1:1 cannot be read"):
        harvest(source(f"http://127.0.0.1:1{GITHUB}", "github"), mining)


# --- secrets and other hosts -----------------------------------------------------------------

CASES = [
    ("github", GITHUB, "GITHUB_TOKEN", "GITHUB_HOST"),
    ("gitlab", GITLAB, "GITLAB_TOKEN", "GITLAB_HOST"),
    ("bugzilla", BUGZILLA, "BUGZILLA_API_KEY", "BUGZILLA_HOST"),
]


@pytest.mark.parametrize(("backend", "path", "variable", "host"), CASES)
def test_a_token_goes_to_its_host_only_and_into_nothing(
    serve: Callable[..., Site],
    mining: Mining,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    backend: str,
    path: str,
    variable: str,
    host: str,
) -> None:
    caplog.set_level("DEBUG")
    data = {"github": GitHubData, "gitlab": GitLabData, "bugzilla": BugzillaData}[backend]()
    site = data.site = serve(data)
    data.add(1)
    found = place(data, path, backend)
    monkeypatch.setenv(variable, SECRET)
    harvest(found, mining)
    assert not any(SECRET in str(headers) for headers in site.headers)
    monkeypatch.setenv(host, site.address.partition("//")[2])
    harvest(found, mining)
    assert SECRET in str(site.headers[-1])
    assert SECRET not in str(site.asked)
    for status in (401, 403, 404, 429, 500):
        site.fault = lambda target, status=status: (status, {}, {"message": SECRET})
        with pytest.raises(SourceError) as refused:
            harvest(found, mining)
        assert SECRET not in str(refused.value)
    assert SECRET not in caplog.text
    kept = [p for p in mining.cache.path.rglob("*") if p.is_file()]
    assert any(p.suffix == ".parquet" for p in kept)
    assert not any(SECRET.encode() in p.read_bytes() for p in kept)


@pytest.mark.parametrize(("backend", "path", "variable", "host"), CASES)
@pytest.mark.parametrize("kind", ["redirect", "link"])
def test_a_token_does_not_follow_to_another_host(
    serve: Callable[..., Site],
    mining: Mining,
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    path: str,
    variable: str,
    host: str,
    kind: str,
) -> None:
    elsewhere = serve(lambda path, query: (200, {}, []))
    target = f"{elsewhere.address}/api"
    if kind == "redirect":
        site = serve(lambda path, query: (302, {"Location": target}, b""))
    else:
        item = {"id": 1, "number": 1, "iid": 1, "updated_at": "no date"}
        site = serve(lambda path, query: (200, {"Link": f'<{target}>; rel="next"'}, [item]))
    monkeypatch.setenv(variable, SECRET)
    monkeypatch.setenv(host, site.address.partition("//")[2])
    told = "leads on to" if backend != "bugzilla" or kind == "redirect" else "cannot be read"
    with pytest.raises(SourceError, match=told) as refused:
        harvest(source(f"{site.address}{path}", backend), mining)
    assert SECRET in str(site.headers[0])
    assert SECRET not in str(refused.value)
    assert not elsewhere.asked


def test_what_is_no_token_is_not_sent(
    github: GitHubData, mining: Mining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", f"{SECRET}\n{SECRET}")
    monkeypatch.setenv("GITHUB_HOST", github.site.address.partition("//")[2])
    with pytest.raises(SourceError, match="GITHUB_TOKEN holds blanks") as refused:
        harvest(place(github), mining)
    assert SECRET not in str(refused.value)
    assert not github.site.asked


def test_a_password_of_netrc_does_not_take_the_token_s_place(
    github: GitHubData, mining: Mining, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ann password also-not-real\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    monkeypatch.setenv("GITHUB_HOST", github.site.address.partition("//")[2])
    github.add(1)
    harvest(place(github), mining)
    assert {h["authorization"] for h in github.site.headers} == {f"Bearer {SECRET}"}


def test_a_renamed_repository_is_followed_on_the_same_host(
    github: GitHubData, mining: Mining
) -> None:
    github.add(1)

    def moved(target: str) -> Answer | None:
        if not target.startswith("/api/v3/repos/old/"):
            return None
        return 301, {"Location": target.replace("/old/name/", "/owner/project/")}, b""

    github.site.fault = moved
    assert harvest(place(github, "/old/name"), mining).new == 1


@pytest.mark.parametrize("location", ["/api", "http://[", "//", "ftp://127.0.0.1/"])
def test_redirections_without_end(github: GitHubData, mining: Mining, location: str) -> None:
    github.site.fault = lambda target: (302, {"Location": location}, b"")
    with pytest.raises(SourceError, match=r"redirects|leads on"):
        harvest(place(github), mining)
    assert len(github.site.asked) <= session.REDIRECTIONS + 1


@pytest.mark.parametrize(
    ("backend", "url"),
    [
        *((backend, url) for backend in ("github", "gitlab", "bugzilla") for url in (
            "http://example.net/owner/project", "ssh://git@example.net/owner/project",
            "git://example.net/owner/project", "file:///owner/project", "/owner/project",
            "https:///owner/project", "ext::sh -c true", "https://example.net:port/a/b",
            "https://exa mple.net/owner/project", "https://example.net/owner/proj\nect",
            "https://exämple.net/owner/project", "https://[::1/owner/project",
        )),
        *(("github", f"https://github.com{path}") for path in (
            "", "/", "/owner", "/owner/project/issues", "/owner/..", "/../project", "/owner/a%2Fb",
            "/owner/project?x=1", "/owner/project#1", "/-owner/project",
        )),
        *(("gitlab", f"https://gitlab.com{path}") for path in (
            "", "/", "/group", "/group/../project", "/group//project", "/group/project/-/issues",
            "/group/project?x=1", "/group/a%2Fb",
        )),
        *(("bugzilla", f"https://bugs.example.org{path}") for path in (
            "", "/", "/?product", "/?component=c", "/?product=a&api_key=b",
            "/buglist.cgi?product=a", "?product=a",
        )),
    ],
)  # fmt: skip
def test_other_addresses_are_refused(backend: str, url: str, mining: Mining) -> None:
    with pytest.raises(SourceError, match=r"refused|allowed"):
        harvest(source(url, backend), mining)


@pytest.mark.parametrize("ending", ["/", ".git", ".git/"])
def test_an_address_may_end_as_git_writes_it(
    github: GitHubData, gitlab: GitLabData, mining: Mining, ending: str
) -> None:
    github.add(1)
    gitlab.add(1)
    one = rows(place(github, GITHUB + ending), mining)["1"]
    assert one["key"] == f"{github.site.address}{GITHUB}/issues/1"
    assert harvest(place(gitlab, GITLAB + ending, "gitlab"), mining).new == 1


def test_credentials_in_an_address_are_refused_and_not_shown(mining: Mining) -> None:
    with pytest.raises(SourceError, match="with credentials") as refused:
        harvest(source(f"https://ann:{SECRET}@github.com/owner/project", "github"), mining)
    assert SECRET not in str(refused.value)


def test_loopback_only_where_it_is_allowed(github: GitHubData, mining: Mining) -> None:
    strict = Mining(mining.git, mining.cache, mining.retrieved, allow_local=False)
    with pytest.raises(SourceError, match="refused"):
        harvest(place(github), strict)
    assert not github.site.asked


# --- hostile answers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [b"<html>log in</html>", b"", b"{}", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000, b"NaN"],
)
@pytest.mark.parametrize(("backend", "path"), [case[:2] for case in CASES])
def test_answers_that_are_no_list(
    serve: Callable[..., Site], mining: Mining, backend: str, path: str, answer: bytes
) -> None:
    site = serve(lambda path, query: (200, {}, answer))
    with pytest.raises(SourceError):
        harvest(source(f"{site.address}{path}", backend), mining)


@pytest.mark.parametrize(("backend", "path"), [case[:2] for case in CASES])
def test_entries_of_other_forms_are_known_and_left_out(
    serve: Callable[..., Site], mining: Mining, backend: str, path: str
) -> None:
    data = {"github": GitHubData, "gitlab": GitLabData, "bugzilla": BugzillaData}[backend]()
    data.site = serve(data)
    odd: list[Any] = [None, 7, "text", [], {}, {"number": "1", "iid": [], "id": {}}, {"id": -1},
                      {"number": True, "iid": True, "id": True}]  # fmt: skip
    names = ("number", "iid", "id", "user", "author", "creator", "creator_detail", "state",
             "status", "pull_request", "created_at", "creation_time", "updated_at", "comments",
             "last_change_time", "closed_at", "is_open", "user_notes_count")  # fmt: skip
    for n, value in enumerate((None, 5, -1, 1e400, "", "x", [], {}, [{}], {"login": 4}, True), 10):
        odd.append({"number": n, "iid": n, "id": n, "updated_at": day(1)} | dict.fromkeys(
            names[3:], value))  # fmt: skip
    listed = "/issues" if backend != "bugzilla" else "/rest/bug"

    def fault(target: str) -> Answer | None:
        if not target.partition("?")[0].endswith(listed) or "offset" in target:
            return None
        return 200, {}, odd if backend != "bugzilla" else {"bugs": odd}

    data.site.fault = fault
    found = place(data, path, backend)
    table = rows_of(found, mining, "issues").to_pylist()
    # What is the same, such as four entries that are no objects, is one.
    assert len({row["key"] for row in table}) == len(table) >= 12
    assert all(row["reason"] for row in table)
    assert harvest(found, mining).new == 0


def test_hostile_strings(github: GitHubData, mining: Mining) -> None:
    logins = ["\x1b[31m[bold]eve", "a@b", "x" * 100_000, "\ud800\x00", "../../e", "ann", "ghost"]
    for number, login in enumerate(logins, 1):
        github.add(number, login=login, body="\ud800<script>" * 100_000, title="\x1b]0;t\x07")
    got = rows(place(github), mining)
    assert len(got) == len(logins)
    assert not any(row["reason"] for row in got.values())
    assert all(len(row["address"]) < 250 and row["address"].isprintable() for row in got.values())
    assert [row["address"] for row in got.values()][-2:] == ["ann@users.noreply.127.0.0.1", ""]


def test_accounts_that_are_gone_are_nobody(github: GitHubData, mining: Mining) -> None:
    github.say(1, None, day(1, 1))
    github.add(1)
    github.say(2, "ghost", day(2, 1))
    github.say(2, "ben", day(2, 2))
    github.add(2, login="ghost")
    github.issues[1]["user"] = None
    got = rows(place(github), mining)
    # Somebody else than ann, though nobody knows who; but perhaps the one who opened the second.
    assert got["1"]["first_response"] == seconds(day(1, 1))
    assert got["2"]["first_response"] == seconds(day(2, 2))
    assert (got["2"]["name"], got["2"]["address"], got["2"]["reason"]) == ("", "", "")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"created_at": None}, "no readable date of opening"),
        ({"created_at": "the day after"}, "no readable date of opening"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "no readable date of opening"),
        ({"state": "closed"}, "closed, at no readable date"),
        ({"state": "closed", "closed_at": 12}, "closed, at no readable date"),
        ({"state": "closed", "closed_at": "2019-01-01T00:00:00Z"}, "closed before it was opened"),
        ({"state": "open", "closed_at": "2019-01-01T00:00:00Z"}, ""),
    ],
)
def test_dates_that_cannot_be(
    github: GitHubData, mining: Mining, fields: dict[str, Any], reason: str
) -> None:
    github.add(1, updated_at=day(1))
    github.issues[0] |= fields
    assert rows(place(github), mining)["1"]["reason"] == reason


def test_a_change_in_the_future_hides_no_later_one(github: GitHubData, mining: Mining) -> None:
    for number in range(1, 151):
        github.add(number, updated_at="9999-12-31T23:59:59Z" if number < 120 else day(number))
    found = place(github)
    assert len(rows(found, mining)) == 150
    assert harvest(found, mining).new == 0
    github.add(151)
    assert harvest(found, mining).new == 1


def test_a_list_in_another_order_is_read_to_its_end(github: GitHubData, mining: Mining) -> None:
    for number in range(1, 251):
        github.add(number)

    def backwards(target: str) -> Answer | None:
        parts = urlsplit(target)
        if not parts.path.endswith("/issues"):
            return None
        query = parse_qs(parts.query)
        found = since(github.issues, query["since"][0], "updated_at")[::-1]
        return page_of(found, query, f"{github.site.address}{parts.path}")

    github.site.fault = backwards
    assert len(rows(place(github), mining)) == 250
    assert harvest(place(github), mining).new == 0


def test_a_list_without_end_is_left(
    github: GitHubData, mining: Mining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker, "MOST_PAGES", 5)
    github.add(1)
    again = {"Link": f'<{github.site.address}/api/v3/again>; rel="next"'}
    github.site.fault = lambda target: (200, again, github.issues)
    with pytest.raises(SourceError, match="more than 5 pages"):
        harvest(place(github), mining)


def test_ever_new_issues_are_left(
    github: GitHubData, mining: Mining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker, "MOST_LISTINGS", 5)

    def invent(target: str) -> None:
        github.add(len(github.issues) + 1)

    github.site.fault = invent
    with pytest.raises(SourceError, match="does not come to an end in 5 listings"):
        harvest(place(github), mining)


def test_a_packed_bomb_is_left(
    github: GitHubData, mining: Mining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "LARGEST_BYTES", 1_000_000)
    bomb = gzip.compress(b" " * 2_000_000)
    github.site.fault = lambda target: (200, {"Content-Encoding": "gzip"}, bomb)
    with pytest.raises(SourceError, match="larger than 1000000 bytes"):
        harvest(place(github), mining)


def test_a_server_that_drips_is_left(mining: Mining, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "ANSWER_SECONDS", 0.3)
    done = threading.Event()

    class Dripping(Quiet):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            while not done.wait(0.05):
                try:
                    self.wfile.write(b" ")
                except OSError:
                    return

    with serving(Dripping) as address:
        with pytest.raises(SourceError, match="took longer than"):
            harvest(source(f"{address}{GITHUB}", "github"), mining)
        done.set()


def test_an_interrupted_run_asks_no_more(github: GitHubData, mining: Mining) -> None:
    for number in range(1, 31):
        github.say(number, "ben", day(number, 5))
        github.add(number)

    def stop(target: str) -> None:
        if "/10/comments" in target:
            mining.git.stop()

    github.site.fault = stop
    with pytest.raises(SourceError, match="interrupted"):
        harvest(place(github), mining)
    assert len(github.site.asked) == 11


# --- the shelf -------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [b"", b"PAR1 and no more"])
def test_a_part_that_cannot_be_read_is_read_again(
    github: GitHubData, mining: Mining, damage: bytes
) -> None:
    for number in range(1, 121):
        github.add(number)
    found = place(github)
    part = harvest(found, mining).parts[0]
    Path(mining.shelf(found).address, part).write_bytes(damage)
    assert harvest(found, mining).new == 120
    assert len(rows(found, mining)) == 120


@pytest.mark.parametrize(
    "state", [{"parts": 7}, {"parts": ["x"]}, {"lists": {"issue": {"cursor": 3}}}, {"lists": []},
              {"parts": [], "next": "1", "lists": {"issue": {"cursor": "soon", "seen": {}}}}],
)  # fmt: skip
def test_a_state_of_another_form_is_forgotten(
    github: GitHubData, mining: Mining, state: dict[str, Any]
) -> None:
    github.add(1)
    found = place(github)
    mining.shelf(found).remember(state)
    assert harvest(found, mining).new == 1


def test_many_parts_become_one(
    github: GitHubData, mining: Mining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker, "MOST_PARTS", 3)
    found = place(github)
    for number in range(1, 10):
        github.add(number)
        github.issues[0]["updated_at"] = day(number)
        harvest(found, mining)
    got: Harvest = harvest(found, mining)
    assert len(got.parts) <= 3
    assert mining.shelf(found).parts("issues") == sorted(got.parts)
    assert len(rows(found, mining)) == 9


# --- GitLab ----------------------------------------------------------------------------------


@dataclass
class GitLabData:
    lists: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {"issues": [], "merge_requests": []}
    )
    notes: dict[tuple[str, int], list[dict[str, Any]]] = field(default_factory=dict)
    site: Site | None = None

    def add(self, number: int, kind: str = "issues", **fields: Any) -> None:
        opened = day(number).replace("Z", ".123Z")
        item = {
            "id": 500 + number, "iid": number, "title": "t", "state": "opened",
            "created_at": opened, "updated_at": opened, "closed_at": None,
            "author": {"id": 11, "username": "ann", "name": "Ann Example"},
            "user_notes_count": len(
                [n for n in self.notes.get((kind, number), []) if not n["system"]]
            ),
        }  # fmt: skip
        if kind == "merge_requests":
            item |= {"merged_at": None, "source_branch": "topic", "merged_by": None}
        self.lists[kind].append(item | fields)

    def say(self, kind: str, number: int, user: tuple[int, str, str], when: str, body: str = "",
            system: bool = False) -> None:  # fmt: skip
        author = dict(zip(("id", "username", "name"), user, strict=True))
        note = {"id": 1, "author": author, "created_at": when, "body": body, "system": system}
        self.notes.setdefault((kind, number), []).append(note)

    def __call__(self, path: str, query: Query) -> Answer:
        assert self.site is not None
        url = f"{self.site.address}{path}"
        limits = {"RateLimit-Remaining": "100", "RateLimit-Reset": "1893456000"}
        match path.removeprefix("/api/v4/projects/group%2Fsub%2Fproject").strip("/").split("/"):
            case [""]:
                return 200, limits, {"id": 1}
            case [("issues" | "merge_requests") as kind]:
                assert set(query["order_by"]) == {"updated_at"}
                assert set(query["sort"]) == {"asc"}
                found = since(self.lists[kind], query["updated_after"][0], "updated_at")
                return page_of(found, query, url, limits)
            case [kind, number, "notes"]:
                return page_of(self.notes.get((kind, int(number)), []), query, url, limits)
        return 404, {}, {"message": "404 Not Found"}


@pytest.fixture
def gitlab(serve: Callable[..., Site]) -> GitLabData:
    data = GitLabData()
    data.site = serve(data)
    return data


ANN, BEN = (11, "ann", "Ann Example"), (12, "ben", "Ben Sample")


def test_gitlab_issues_and_merge_requests(gitlab: GitLabData, mining: Mining) -> None:
    gitlab.say("issues", 1, ANN, day(1, 1))
    gitlab.say("issues", 1, BEN, day(1, 2), body="changed the label", system=True)
    gitlab.say("issues", 1, BEN, day(1, 5))
    gitlab.say("issues", 1, (13, "project_7_bot_0a", "Robot"), day(1, 4))
    gitlab.add(1, state="closed", closed_at=day(4))
    gitlab.say("merge_requests", 1, BEN, day(1, 7), "approved this merge request", system=True)
    gitlab.say("merge_requests", 1, BEN, day(1, 6), "mentioned in commit", system=True)
    gitlab.add(1, "merge_requests", state="merged", merged_at=day(2))
    gitlab.add(2, "merge_requests", state="closed", closed_at=day(5),
               author={"id": 99, "username": "ghost", "name": "Ghost User"})  # fmt: skip
    gitlab.add(3)
    gitlab.add(4, state="closed")
    found = place(gitlab, GITLAB, "gitlab")
    table = {row["key"].partition("/-/")[2]: row for row in rows(found, mining).values()}
    assert sorted(table) == ["issues/3", "issues/4", "merge_requests/1", "merge_requests/2"]
    table = {
        row["key"].partition("/-/")[2]: row for row in rows_of(found, mining, "issues").to_pylist()
    }
    assert table["issues/1"] == {
        "key": f"{found.url}/-/issues/1", "reason": "", "kind": "issue", "name": "Ann Example",
        "address": "11-ann@users.noreply.127.0.0.1", "opened": seconds(day(1)),
        "first_response": seconds(day(1, 5)), "closed": seconds(day(4)), "merged": False,
        "comments": 1,
    }  # fmt: skip
    merged, declined = table["merge_requests/1"], table["merge_requests/2"]
    assert merged["kind"] == declined["kind"] == "change_request"
    assert (merged["merged"], merged["closed"]) == (True, seconds(day(2)))
    assert (merged["first_response"], merged["comments"]) == (seconds(day(1, 7)), 1)
    assert (declined["merged"], declined["closed"]) == (False, seconds(day(5)))
    assert (declined["name"], declined["address"]) == ("", "")
    assert table["issues/3"]["closed"] is None
    assert table["issues/4"]["reason"] == "closed, at no readable date"


def test_gitlab_is_read_on_and_asked_for_nothing_else(gitlab: GitLabData, mining: Mining) -> None:
    for number in range(1, 131):
        gitlab.add(number)
        gitlab.add(number, "merge_requests")
    found = place(gitlab, GITLAB, "gitlab")
    gitlab.site.fault = lambda target: (
        (429, {"RateLimit-Reset": "1893456000"}, b"") if "merge_requests/70/" in target else None
    )
    with pytest.raises(SourceError, match="continue after 2030-01-01"):
        harvest(found, mining)
    gitlab.site.fault = lambda target: None
    assert harvest(found, mining).new == 61
    assert rows_of(found, mining, "issues").num_rows == 260
    # No issue has notes; merge requests may have approvals, which are not counted.
    base = "/api/v4/projects/group%2Fsub%2Fproject"
    asked = set(gitlab.site.paths())
    assert asked == {base, f"{base}/issues", f"{base}/merge_requests"} | {
        f"{base}/merge_requests/{n}/notes" for n in range(1, 131)
    }
    gitlab.site.asked.clear()
    assert harvest(found, mining).new == 0
    assert len(gitlab.site.asked) == 3


def test_gitlab_without_the_project(gitlab: GitLabData, mining: Mining) -> None:
    with pytest.raises(SourceError, match="has no /api/v4/projects/group%2Fother"):
        harvest(place(gitlab, "/group/other", "gitlab"), mining)


# --- Bugzilla --------------------------------------------------------------------------------


@dataclass
class BugzillaData:
    bugs: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    history: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    most: int = 1000
    site: Site | None = None

    def add(self, number: int, **fields: Any) -> None:
        opened = day(number)
        self.bugs.append(
            {
                "id": number, "product": "Cluster Suite", "component": "agents", "status": "NEW",
                "creator": "ann@example.net", "is_open": True, "summary": "s",
                "creator_detail": {"id": 3, "name": "ann@example.net", "real_name": "Ann Example"},
                "creation_time": opened, "last_change_time": opened, **fields,
            }
        )  # fmt: skip
        self.say(number, fields.get("creator", "ann@example.net"), opened)

    def say(self, number: int, creator: str, when: str) -> None:
        said = {"id": 1, "creator": creator, "creation_time": when}
        self.comments.setdefault(number, []).append(said)

    def change(self, number: int, when: str, left: str, entered: str) -> None:
        changed = {"field_name": "status", "removed": left, "added": entered}
        other = {"field_name": "severity", "removed": "low", "added": "high"}
        self.history.setdefault(number, []).append({"when": when, "changes": [other, changed]})

    def __call__(self, path: str, query: Query) -> Answer:
        match path.removeprefix("/rest/bug").split("/"):
            case [""]:
                assert query["order"] == ["changeddate"]
                found = since(self.bugs, query["last_change_time"][0], "last_change_time")
                found = [b for b in found if b["product"] in query["product"]]
                found = [b for b in found if b["component"] in query.get("component", ["agents"])]
                start = int(query.get("offset", ["0"])[0])
                size = min(self.most, int(query["limit"][0]))
                return 200, {}, {"bugs": found[start : start + size]}
            case ["", _, "comment"]:
                given = {n: {"comments": self.comments.get(int(n), [])} for n in query["ids"]}
                return 200, {}, {"bugs": given, "comments": {}}
            case ["", _, "history"]:
                listed = [
                    {"id": int(n), "history": self.history.get(int(n), [])} for n in query["ids"]
                ]
                return 200, {}, {"bugs": listed}
        return 404, {}, {"error": True, "code": 100, "message": "no such thing"}


@pytest.fixture
def bugzilla(serve: Callable[..., Site]) -> BugzillaData:
    data = BugzillaData()
    data.site = serve(data)
    return data


def test_bugzilla_bugs(bugzilla: BugzillaData, mining: Mining) -> None:
    bugzilla.add(1, status="VERIFIED", is_open=False, last_change_time=day(20))
    bugzilla.say(1, "ann@example.net", day(1, 1))
    bugzilla.say(1, "robot@bot.example.net", day(1, 2))
    bugzilla.say(1, "ben@example.org", day(2))
    bugzilla.change(1, day(3), "NEW", "RESOLVED")
    bugzilla.change(1, day(4), "RESOLVED", "REOPENED")
    bugzilla.change(1, day(9, 10, 11, 12), "REOPENED", "RESOLVED")
    bugzilla.change(1, day(12), "RESOLVED", "VERIFIED")
    bugzilla.add(2, creator="cat", creator_detail={"id": 8, "name": "cat"})
    bugzilla.change(2, day(3), "NEW", "RESOLVED")
    bugzilla.change(2, day(4), "RESOLVED", "REOPENED")
    bugzilla.add(3, status="RESOLVED", is_open=False, cf_last_closed=day(5))
    bugzilla.comments[3][0]["creator"] = "ben@example.org"  # the report itself is no answer
    bugzilla.add(4, status="DONE", is_open=False)
    bugzilla.change(4, day(6), "NEW", "DONE")
    bugzilla.add(5, product="Another")
    bugzilla.add(6, status="CLOSED", is_open=False)
    found = place(bugzilla, BUGZILLA, "bugzilla")
    got = {k.partition("id=")[2]: row for k, row in rows(found, mining).items()}
    assert sorted(got) == ["1", "2", "3", "4", "6"]
    assert got["1"] == {
        "key": f"{bugzilla.site.address}/show_bug.cgi?id=1", "reason": "", "kind": "issue",
        "name": "Ann Example", "address": "ann@example.net", "opened": seconds(day(1)),
        "first_response": seconds(day(2)), "closed": seconds(day(9, 10, 11)), "merged": False,
        "comments": 1,
    }  # fmt: skip
    # A server hides addresses from those who have no account; the number tells them apart.
    assert got["2"]["address"] == "8-cat@users.noreply.127.0.0.1"
    assert got["2"]["closed"] is None
    assert (got["3"]["closed"], got["3"]["first_response"]) == (seconds(day(5)), None)
    assert got["4"]["closed"] == seconds(day(6))
    assert got["6"]["reason"] == "closed, at no readable date"
    assert not any("attachment" in target for target in bugzilla.site.asked)
    assert all("_all" not in target for target in bugzilla.site.asked)


@pytest.mark.parametrize("most", [1000, 20])
def test_bugzilla_is_read_on_whatever_it_gives_at_once(
    bugzilla: BugzillaData, mining: Mining, most: int
) -> None:
    bugzilla.most = most
    for number in range(1, 251):
        bugzilla.add(number, last_change_time=day(50) if 40 < number < 180 else day(number))
    found = place(bugzilla, BUGZILLA, "bugzilla")
    bugzilla.site.fault = lambda target: (
        (500, {}, b"") if "/bug/200/" in target or "ids=200" in target else None
    )
    with pytest.raises(SourceError, match="status 500"):
        harvest(found, mining)
    kept = sum(mining.shelf(found).get(p).num_rows for p in mining.shelf(found).parts("issues"))
    assert 100 < kept < 200
    bugzilla.site.fault = lambda target: None
    assert harvest(found, mining).new == 250 - kept
    assert len(rows(found, mining)) == 250
    bugzilla.site.asked.clear()
    assert harvest(found, mining).new == 0
    assert len(bugzilla.site.asked) <= 2
    assert "last_change_time=2020-09-07T00%3A00%3A00Z" in bugzilla.site.asked[0]


def test_bugzilla_components(bugzilla: BugzillaData, mining: Mining) -> None:
    bugzilla.add(1)
    bugzilla.add(2, component="other")
    found = place(bugzilla, f"{BUGZILLA}&component=other", "bugzilla")
    assert [row["key"][-1] for row in rows(found, mining).values()] == ["2"]


def test_bugzilla_says_what_is_wrong(bugzilla: BugzillaData, mining: Mining) -> None:
    wrong = {"error": True, "code": 106, "message": "no product \x1b[31m'X'"}
    bugzilla.site.fault = lambda target: (200, {}, wrong)
    with pytest.raises(SourceError, match=r"the tracker says: no product \[31m'X' \(code: 106\)"):
        harvest(place(bugzilla, BUGZILLA, "bugzilla"), mining)


def test_bugzilla_without_comments_or_history(bugzilla: BugzillaData, mining: Mining) -> None:
    bugzilla.add(1)
    bugzilla.add(2)
    one = {"1": {"comments": []}, "2": 5}
    bugzilla.site.fault = lambda target: (200, {}, {"bugs": one}) if "/comment" in target else None
    got = list(rows(place(bugzilla, BUGZILLA, "bugzilla"), mining).values())
    assert [row["reason"] for row in got] == ["", "without comments or history"]
