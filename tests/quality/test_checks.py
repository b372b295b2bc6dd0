"""Every check fires on a history that has its flaw, on no other, and not before it entered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from evaluator.quality import all_checks

DAY = dt.timedelta(days=1)
LATER = dt.date(2021, 1, 4)
"""When most flaws enter; what is before is sound."""

Spoil = Callable[[Any, Any], None]


def since(rows: list[dict[str, Any]], column: str, day: dt.date = LATER) -> list[dict[str, Any]]:
    return [row for row in rows if (row[column].date() if column == "sent" else row[column]) >= day]


def several_roots(alpha: Any, beta: Any) -> None:
    alpha.commit(LATER, root=True)


def imported_base(alpha: Any, beta: Any) -> None:
    alpha.commits[0]["lines_added"] = 10_000


def no_author_dates(alpha: Any, beta: Any) -> None:
    for row in alpha.commits[:200]:
        row["authored"] = row["committed"]


def shared_history(alpha: Any, beta: Any) -> None:
    for mine, theirs in zip(alpha.commits[-6:], beta.commits[-6:], strict=True):
        mine["commit"] = theirs["commit"]


def late_commits(alpha: Any, beta: Any) -> None:
    for row in since(alpha.commits, "committed")[::4]:
        row["authored"] -= 31 * DAY


def import_days(alpha: Any, beta: Any) -> None:
    for number in range(20):
        alpha.commit(LATER, authored=dt.date(2017, 1, 1) + number * DAY)


def bulk_days(alpha: Any, beta: Any) -> None:
    for _ in range(27):
        alpha.commit(LATER)


def wrong_clocks(alpha: Any, beta: Any) -> None:
    alpha.commit(LATER, authored=LATER + DAY)


def left_out(alpha: Any, beta: Any) -> None:
    alpha.dropped = {"dated before 1990 or after 2024-07-01": 2, "tags that name no version": 5}


def mass_moves(alpha: Any, beta: Any) -> None:
    alpha.commit(LATER, lines_added=1_000, lines_removed=1_050)


def empty_commits(alpha: Any, beta: Any) -> None:
    for row in since(alpha.commits, "committed")[:20]:
        row["lines_added"] = row["lines_removed"] = 0


def placeholder_addresses(alpha: Any, beta: Any) -> None:
    for row in since(alpha.commits, "committed")[:6]:
        row["domain"] = "localhost"


def bot_commits(alpha: Any, beta: Any) -> None:
    for row in since(alpha.commits, "committed")[:6]:
        row["person"] = 99


def bot_messages(alpha: Any, beta: Any) -> None:
    for row in since(alpha.messages, "sent")[:40:2]:
        row["person"] = 99


def crossposted(alpha: Any, beta: Any) -> None:
    pairs = zip(since(alpha.messages, "sent"), since(beta.messages, "sent"), strict=True)
    for mine, theirs in list(pairs)[:100]:
        mine["message"], mine["thread"] = theirs["message"], theirs["thread"]


def patch_mail(alpha: Any, beta: Any) -> None:
    for row in since(alpha.messages, "sent"):
        row["patch"] = True


def unanswered(alpha: Any, beta: Any) -> None:
    for number in range(900):
        alpha.thread(LATER + number * DAY, answered=False)


def begins_midway(alpha: Any, beta: Any) -> None:
    alpha.messages[:] = since(alpha.messages, "sent", dt.date(2019, 5, 1))


def archive_ends(alpha: Any, beta: Any) -> None:
    alpha.messages[:] = [m for m in alpha.messages if m["sent"].date() < dt.date(2024, 5, 1)]


def archive_hole(alpha: Any, beta: Any) -> None:
    hole = (LATER, LATER + 62 * DAY)
    alpha.messages[:] = [m for m in alpha.messages if not hole[0] <= m["sent"].date() < hole[1]]


def parallel_series(alpha: Any, beta: Any) -> None:
    for number in range(3):
        alpha.release(LATER + number * DAY, f"1.0.{7 + number}")


def bulk_tags(alpha: Any, beta: Any) -> None:
    for number in range(5):
        alpha.release(LATER, f"1.5.0-rc{number}", prerelease=True)


def development_tags(alpha: Any, beta: Any) -> None:
    alpha.releases[:] = [r for r in alpha.releases if r["released"] < LATER]
    for series in range(7, 10):
        for number in range(5):
            day = LATER + (series * 100 + number) * DAY
            alpha.release(day, f"1.{series}.0-dev{number}", prerelease=True)
        alpha.release(LATER + (series * 100 + 50) * DAY, f"1.{series}.0")


def shared_releases(alpha: Any, beta: Any) -> None:
    pairs = zip(since(alpha.releases, "released"), since(beta.releases, "released"), strict=True)
    for mine, theirs in list(pairs)[:3]:
        mine["tag"] = theirs["tag"]


def untagged(alpha: Any, beta: Any) -> None:
    alpha.releases[:] = [r for r in alpha.releases if r["released"] < LATER]


FLAWS: dict[str, Spoil] = {
    f.__name__: f
    for f in (
        several_roots, imported_base, no_author_dates, shared_history, late_commits, import_days,
        bulk_days, wrong_clocks, left_out, mass_moves, empty_commits, placeholder_addresses,
        bot_commits, bot_messages, crossposted, patch_mail, unanswered, begins_midway,
        archive_ends, archive_hole, parallel_series, bulk_tags, development_tags, shared_releases,
        untagged,
    )
}  # fmt: skip
FROM_THE_START = {"imported_base", "no_author_dates"}
IN_BOTH = {"shared_history", "crossposted", "shared_releases"}


def test_every_check_has_a_flaw_here() -> None:
    assert set(FLAWS) == set(all_checks())


def test_a_sound_history_has_nothing_to_remark(look: Any) -> None:
    assert look() == {}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_check_fires_on_its_flaw_and_no_other_does(
    flaw: str, alpha: Any, beta: Any, look: Any
) -> None:
    FLAWS[flaw](alpha, beta)
    rows = look()
    reads = all_checks()[flaw].reads
    source = "alpha-list" if reads == "messages" else "alpha"
    expected = {(source, flaw)}
    if flaw in IN_BOTH:
        expected.add((source.replace("alpha", "beta"), flaw))
    assert set(rows) == expected
    row = rows[source, flaw]
    assert row.n > 0
    assert row.value > 0
    assert row.text


@pytest.mark.parametrize("flaw", sorted(set(FLAWS) - FROM_THE_START))
def test_a_flaw_that_entered_later_is_not_reported_earlier(
    flaw: str, alpha: Any, beta: Any, look: Any
) -> None:
    FLAWS[flaw](alpha, beta)
    earlier = dt.date(2019, 5, 20) if flaw == "begins_midway" else LATER - DAY
    assert look(earlier) == {}


# --- what is close to a flaw and none -------------------------------------------------------


def nine_thousand_lines(alpha: Any, beta: Any) -> None:
    alpha.commits[0]["lines_added"] = 9_999


def a_month_s_delay(alpha: Any, beta: Any) -> None:
    for row in since(alpha.commits, "committed"):
        row["authored"] = row["committed"] - 30 * DAY


def nineteen_old_commits(alpha: Any, beta: Any) -> None:
    for number in range(19):
        alpha.commit(LATER, authored=dt.date(2017, 1, 1) + number * DAY)


def nineteen_commits_of_few(alpha: Any, beta: Any) -> None:
    alpha.commits[:] = [c for c in alpha.commits if c["committed"].month in (1, 2)]
    for _ in range(18):
        alpha.commit(LATER)


def nineteen_empty_commits(alpha: Any, beta: Any) -> None:
    for row in since(alpha.commits, "committed")[:19]:
        row["lines_added"] = row["lines_removed"] = 0


def nine_hundred_lines_moved(alpha: Any, beta: Any) -> None:
    alpha.commit(LATER, lines_added=999, lines_removed=999)


def four_tags_of_a_day(alpha: Any, beta: Any) -> None:
    for number in range(4):
        alpha.release(LATER, f"1.5.0-rc{number}", prerelease=True)


def two_shared_tags(alpha: Any, beta: Any) -> None:
    for mine, theirs in zip(alpha.releases[:2], beta.releases[:2], strict=True):
        mine["tag"] = theirs["tag"]


def four_shared_commits(alpha: Any, beta: Any) -> None:
    for mine, theirs in zip(alpha.commits[-4:], beta.commits[-4:], strict=True):
        mine["commit"] = theirs["commit"]


def four_weeks_of_silence(alpha: Any, beta: Any) -> None:
    alpha.messages[:] = [m for m in alpha.messages if m["sent"].date() < dt.date(2024, 6, 4)]


def seven_weeks_without_mail(alpha: Any, beta: Any) -> None:
    hole = (LATER, LATER + 52 * DAY)
    alpha.messages[:] = [m for m in alpha.messages if not hole[0] <= m["sent"].date() < hole[1]]


def four_placeholders(alpha: Any, beta: Any) -> None:
    for row in alpha.commits[-4:]:
        row["domain"] = "localhost"


def a_patch_in_four(alpha: Any, beta: Any) -> None:
    for row in alpha.messages[::4]:
        row["patch"] = True


def a_third_unanswered(alpha: Any, beta: Any) -> None:
    for number in range(350):
        alpha.thread(LATER + number * DAY, answered=False)


def a_small_beginning(alpha: Any, beta: Any) -> None:
    for number in range(10):
        alpha.thread(alpha.commits[0]["committed"] + number * DAY)
    for number in range(1500):
        alpha.thread(dt.date(2016, 1, 1) + number * DAY)


def a_few_cross_posts(alpha: Any, beta: Any) -> None:
    for mine, theirs in zip(alpha.messages[-20:], beta.messages[-20:], strict=True):
        mine["message"], mine["thread"] = theirs["message"], theirs["thread"]


def a_candidate_for_each_release(alpha: Any, beta: Any) -> None:
    alpha.releases.clear()
    for series in range(8):
        day = dt.date(2016 + series, 6, 1)
        alpha.release(day - 9 * DAY, f"1.{series}.0-rc1", prerelease=True)
        alpha.release(day, f"1.{series}.0")


def two_years_without_a_release(alpha: Any, beta: Any) -> None:
    alpha.releases[:] = [r for r in alpha.releases if r["released"] < dt.date(2022, 7, 1)]


def hardly_any_work_since(alpha: Any, beta: Any) -> None:
    untagged(alpha, beta)
    alpha.commits[:] = [c for c in alpha.commits if c["committed"] < LATER + 60 * DAY]


@pytest.mark.parametrize(
    "almost",
    [
        nine_thousand_lines, a_month_s_delay, nineteen_old_commits, nineteen_commits_of_few,
        nineteen_empty_commits, nine_hundred_lines_moved, four_tags_of_a_day, two_shared_tags,
        four_shared_commits, four_weeks_of_silence, seven_weeks_without_mail, four_placeholders,
        a_patch_in_four, a_third_unanswered, a_small_beginning, a_few_cross_posts,
        a_candidate_for_each_release, two_years_without_a_release, hardly_any_work_since,
    ],
)  # fmt: skip
def test_just_below_a_threshold_is_nothing(almost: Spoil, alpha: Any, beta: Any, look: Any) -> None:
    almost(alpha, beta)
    assert look() == {}


def test_one_person_alone_may_commit_all_as_it_is_written(alpha: Any, look: Any) -> None:
    for row in alpha.commits[:450]:
        row["person"], row["authored"] = 1, row["committed"]
    assert look() == {}


def test_a_large_addition_is_no_move(alpha: Any, look: Any) -> None:
    alpha.commit(LATER, lines_added=50_000, lines_removed=1_000)
    assert look() == {}


def test_merges_are_not_looked_at_for_dates_and_lines(alpha: Any, look: Any) -> None:
    for number in range(100):
        alpha.commit(
            LATER + number * 3 * DAY, merge=True, lines_added=None, lines_removed=None, files=None,
            authored=dt.date(2016, 1, 1),
        )  # fmt: skip
    assert look() == {}


def test_two_finals_of_an_older_series_are_a_slip(alpha: Any, look: Any) -> None:
    for number in range(2):
        alpha.release(LATER + number * DAY, f"1.0.{7 + number}")
    assert look() == {}


def test_series_are_compared_as_numbers(alpha: Any, look: Any) -> None:
    alpha.releases.clear()
    for minor in range(7, 13):
        alpha.release(dt.date(2012 + minor, 1, 1), f"1.{minor}.0")
        alpha.release(dt.date(2012 + minor, 2, 1), f"1.{minor}.1")
    assert look() == {}


def test_a_quiet_list_is_not_an_ended_one(alpha: Any, look: Any) -> None:
    alpha.messages[:] = [
        m for m in alpha.messages if m["sent"].month in (1, 3, 5) and m["sent"].date().day < 9
    ]
    assert ("alpha-list", "archive_ends") not in look()
    assert ("alpha-list", "archive_hole") not in look()


def test_tags_that_were_left_out_are_no_flaw(alpha: Any, look: Any) -> None:
    alpha.dropped = {"tags that the pattern excludes": 37}
    assert look() == {}


# --- what is touched ------------------------------------------------------------------------


def test_what_is_older_than_a_window_does_not_touch_it(alpha: Any, look: Any) -> None:
    for row in alpha.commits[:50]:
        row["domain"] = "localhost"
    row = look(dt.date(2024, 6, 30))["alpha", "placeholder_addresses"]
    assert "new_committers_slope" in row.affects
    assert not set(row.affects) & {"elephant_factor", "active_contributors_12m"}
    row = look(dt.date(2016, 6, 30))["alpha", "placeholder_addresses"]
    assert {"elephant_factor", "new_contributors_12m"} <= set(row.affects)


def test_what_touches_nothing_is_a_note(alpha: Any, look: Any) -> None:
    bulk_days(alpha, None)
    assert look(dt.date(2021, 6, 30))["alpha", "bulk_days"].severity == "caution"
    row = look()["alpha", "bulk_days"]
    assert (row.severity, row.affects) == ("note", [])


def test_the_newest_day_of_a_window_counts(alpha: Any, look: Any) -> None:
    for _ in range(27):
        alpha.commit(dt.date(2023, 7, 1))
    assert "commits_12m" in look()["alpha", "bulk_days"].affects


def test_the_day_before_a_window_does_not(alpha: Any, look: Any) -> None:
    for _ in range(27):
        alpha.commit(dt.date(2023, 6, 30))
    row = look()["alpha", "bulk_days"]
    assert "commits_12m" not in row.affects
    assert "burstiness" in row.affects


def test_what_one_source_has_twice_is_not_shared(alpha: Any, look: Any) -> None:
    for row in alpha.commits[-100:]:
        row["commit"] = 1
    assert look() == {}


def test_others_are_named_the_most_alike_first(alpha: Any, beta: Any, look: Any) -> None:
    shared_history(alpha, beta)
    assert "beta 6" in look()["alpha", "shared_history"].text
