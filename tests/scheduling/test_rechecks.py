"""When a report's own page is visited, what its answer means, and when it is not believed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from aggregator.model import PageVisit, Publisher, Recheck, Validators
from aggregator.scheduling.rechecks import APART, STEPS, UNANSWERED, believed, first_visit, judge, next_visit, rest
from tests.conftest import AGREEMENT, NOW, make_publisher
from tests.rows import every_row

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGE, HOME = "http://daily-example.example/2026/pont", "http://daily-example.example/"


def recheck(**fields: object) -> Recheck:
    made = Recheck(article_id=1, id="a", publisher="daily-example", url=PAGE, first_seen=NOW)
    return replace(made, **fields)


def publisher(on_missing: str = "suspend", on_gone: str = "suspend") -> Publisher:
    corrections = replace(AGREEMENT.corrections, on_missing=on_missing, on_gone=on_gone)
    return make_publisher(rights=replace(AGREEMENT, corrections=corrections))


def test_a_page_is_visited_at_each_step_and_then_no_more() -> None:
    assert next_visit(NOW, NOW) == NOW + HOUR
    assert next_visit(NOW, NOW + HOUR) == NOW + 6 * HOUR
    assert next_visit(NOW, NOW + 2 * DAY) == NOW + 3 * DAY
    assert next_visit(NOW, NOW + STEPS[-1]) is None
    assert first_visit(PAGE, NOW, NOW) == NOW + HOUR
    assert first_visit(PAGE, NOW, NOW + 7 * DAY) is None
    assert first_visit(HOME, NOW, NOW) is None
    assert first_visit("no address", NOW, NOW) is None


@pytest.mark.parametrize(("on_gone", "act"), [("withdraw", "withdraw"), ("suspend", "suspend")])
def test_410_takes_a_report_out_at_once_as_the_rights_say(on_gone: str, act: str) -> None:
    found = judge(recheck(), publisher(on_gone=on_gone), PageVisit(url=PAGE, http_status=410), NOW)
    assert found.removal is not None
    assert (found.removal.act, found.next_at, found.there) == (act, None, False)


def test_451_withholds_a_report_whatever_the_rights_say() -> None:
    found = judge(recheck(), publisher(), PageVisit(url=PAGE, http_status=451), NOW)
    assert found.removal is not None
    assert (found.removal.act, found.removal.notice) == ("withhold", "legal")


@every_row(("on_missing", "act"), [("withdraw", "withdraw"), ("suspend", "suspend")])
@every_row("visit", [PageVisit(url=PAGE, http_status=404), PageVisit(url=HOME, http_status=200)])
def test_a_missing_page_counts_when_it_is_still_missing_a_day_later(
    on_missing: str, act: str, visit: PageVisit
) -> None:
    first = judge(recheck(), publisher(on_missing), visit, NOW)
    assert (first.removal, first.missing_since, first.next_at) == (None, NOW, NOW + APART)
    soon = judge(recheck(missing_since=NOW), publisher(on_missing), visit, NOW + APART - HOUR)
    assert soon.removal is None
    late = judge(recheck(missing_since=NOW), publisher(on_missing), visit, NOW + APART)
    assert late.removal is not None
    assert late.removal.act == act


def test_a_missing_page_is_nothing_where_the_rights_keep_reports() -> None:
    found = judge(recheck(missing_since=NOW), publisher("keep"), PageVisit(url=PAGE, http_status=404), NOW + 2 * DAY)
    assert (found.removal, found.there) == (None, False)


def test_a_page_that_is_there_is_not_missing_any_more() -> None:
    found = judge(recheck(missing_since=NOW), publisher(), PageVisit(url=PAGE, http_status=200), NOW + DAY)
    assert (found.there, found.missing_since, found.removal) == (True, None, None)


def test_what_says_nothing_of_the_report_changes_nothing() -> None:
    waiting = recheck(missing_since=NOW)
    unasked = PageVisit(url=PAGE, http_status=304)
    for visit in (None, PageVisit(url=PAGE, http_status=500), unasked):
        found = judge(waiting, publisher(), visit, NOW + 8 * DAY)
        assert (found.there, found.missing_since, found.next_at) == (None, NOW, NOW + 8 * DAY + APART)
    found = judge(recheck(validators=Validators(etag='"1"')), publisher(), unasked, NOW)
    assert found.there is True
    assert judge(recheck(url=HOME), publisher(), PageVisit(url=HOME, http_status=404), NOW).next_at is None


def test_a_site_where_most_pages_are_gone_is_not_believed() -> None:
    gone = judge(recheck(), publisher(), PageVisit(url=PAGE, http_status=410), NOW)
    there = judge(recheck(), publisher(), PageVisit(url=PAGE, http_status=200), NOW)
    assert believed([gone, gone], (0, 0), NOW) == [gone, gone]
    assert believed([gone, there], (2, 1), NOW) == [gone, there]
    doubted, kept = believed([gone, there], (2, 2), NOW)
    assert (doubted.removal, doubted.doubted, doubted.next_at, doubted.missing_since) == (None, True, NOW + APART, NOW)
    assert kept == there


def test_a_busy_site_is_left_in_peace_for_an_hour_to_a_day() -> None:
    assert rest(PageVisit(url=PAGE, http_status=200), NOW) is None
    assert rest(None, NOW) == NOW + UNANSWERED
    assert rest(PageVisit(url=PAGE, http_status=503, retry_after=timedelta(minutes=1)), NOW) == NOW + UNANSWERED
    assert rest(PageVisit(url=PAGE, http_status=429, retry_after=NOW + 2 * HOUR), NOW) == NOW + 2 * HOUR
    assert rest(PageVisit(url=PAGE, http_status=429, retry_after=timedelta(days=9)), NOW) == NOW + DAY
