"""A person makes one report of two: nothing is lost, polls keep to it, what is held stays so, split undoes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from aggregator.desk import acts, joins, merges
from aggregator.desk.purging import chosen, purge
from aggregator.desk.terms import sync
from aggregator.model import Cause, Entry, Link, Publisher, Selection, Source, Text
from aggregator.model.errors import DeskError, StoreError
from aggregator.store import Store
from tests.conftest import NOW, WIRE, make_articles, make_entry, make_poll, make_publisher, record, some
from tests.pipeline.test_own_reports import CAUSE
from tests.store.test_store import rows

pytestmark = pytest.mark.stores("soak")

ANY = Selection()
HOUR = timedelta(hours=1)
FAR = datetime(2099, 1, 1, tzinfo=UTC)
FIRST = make_entry(
    1,
    title=Text("Bridge shut", "text/plain"),
    content=(Text("<p>The bridge is shut. Lorries wait on both banks of the river.</p>"),),
    links=(Link("http://daily.example/bridge"),),
)
# Nothing of it is like the first one: another guid, address, headline, text and date.
SECOND = make_entry(
    2,
    title=Text("Ferry to run at night", "text/plain"),
    content=(Text("<p>From Monday a ferry carries what the bridge cannot, says the minister.</p>"),),
    links=(Link("http://daily.example/2026/ferry"),),
    published="Sun, 22 Nov 2026 07:00:00 GMT",
)


def edited(entry: Entry, text: str) -> Entry:
    return replace(entry, content=(Text(f"<p>{text}</p>"),))


@pytest.fixture
def two(store: Store, publisher: Publisher) -> tuple[str, str]:
    """The ids of two reports, the second of which came an hour later."""
    record(store, publisher, FIRST)
    record(store, publisher, SECOND, FIRST, now=NOW + HOUR)
    by_title = {report.title: report.id for report in store.latest(ANY)}
    return by_title["Bridge shut"], by_title["Ferry to run at night"]


def titles(store: Store) -> dict[str, str | None]:
    return {report.id: report.title for report in store.latest(ANY)}


def lines(store: Store) -> list[tuple[str, str]]:
    return [(line["id"], line["change_kind"]) for line in store.changes()]


def revisions(store: Store) -> list[tuple[Any, ...]]:
    return rows(
        store,
        "SELECT a.id, r.number, hex(r.words_hash), r.title FROM revisions AS r JOIN articles AS a USING (article_id)"
        " ORDER BY r.revision_id",
    )


def test_one_stays_with_the_later_words_and_the_other_is_out_with_all_it_was(
    store: Store, two: tuple[str, str]
) -> None:
    first, second = two
    before, last = revisions(store), len(lines(store))
    number = joins.join(store, first, second, CAUSE, NOW + 2 * HOUR)
    assert titles(store) == {first: "Ferry to run at night"}
    assert lines(store)[last:] == [(second, "withheld"), (first, "revised")]
    assert revisions(store)[: len(before)] == before
    (act,) = store.acts(second)
    assert (act["act"], act["actor"]) == ("join", CAUSE.actor)
    assert act["reason"] == f"the same report as {first}: {CAUSE.reason}"
    assert [one["act"] for one in store.acts(first)] == ["join"]
    assert (store.notice(second) or {})["notice"] == "withheld"
    (row,) = store.merges()
    assert (row["merge_id"], row["id"], row["joined"], row["matched_by"]) == (number, first, second, "person")
    assert (row["kept"]["title"], row["taken"]["title"]) == ("Bridge shut", "Ferry to run at night")
    per_day = rows(store, "SELECT sum(held), sum(usable) FROM reports_per_day")
    assert per_day == [(2, 1)]


def test_the_words_that_came_later_are_in_force_whichever_stays(store: Store, two: tuple[str, str]) -> None:
    first, second = two
    last = len(lines(store))
    joins.join(store, second, first, CAUSE, NOW + 2 * HOUR)
    assert titles(store) == {second: "Ferry to run at night"}
    assert lines(store)[last:] == [(first, "withheld"), (second, "resent")]


POLLS: Mapping[str, Sequence[Entry]] = {
    "both, the newest first": (SECOND, FIRST),
    "both, the oldest first": (FIRST, SECOND),
    "the first": (FIRST,),
    "the second": (SECOND,),
}


@pytest.mark.parametrize("order", ["first stays", "second stays"])
@pytest.mark.parametrize("listed", POLLS)
def test_later_polls_keep_to_it(
    store: Store, publisher: Publisher, two: tuple[str, str], listed: str, order: str
) -> None:
    kept, joined = two if order == "first stays" else two[::-1]
    joins.join(store, kept, joined, CAUSE, NOW + 2 * HOUR)
    for hours in range(3, 6):
        record(store, publisher, *POLLS[listed], now=NOW + hours * HOUR)
    assert rows(store, "SELECT count(*) FROM articles") == [(2,)]
    assert list(titles(store)) == [kept]
    if len(POLLS[listed]) == 2:
        assert titles(store) == {kept: "Ferry to run at night"}
        assert rows(store, "SELECT max(number) FROM revisions") == [(2 if order == "first stays" else 1,)]
    # And an edit of the one whose words are in force is a version of the report that stays.
    corrected = edited(SECOND, "From Tuesday a ferry carries what the bridge cannot, says the minister.")
    later = [corrected if entry is SECOND else entry for entry in POLLS[listed]]
    record(store, publisher, *later, now=NOW + 6 * HOUR)
    record(store, publisher, *later, now=NOW + 7 * HOUR)
    (report,) = store.latest(ANY)
    if SECOND in POLLS[listed]:
        assert "Tuesday" in (report.text or "")
    assert rows(store, "SELECT count(*) FROM articles") == [(2,)]


@pytest.mark.soak
@pytest.mark.parametrize(("listed", "order"), some(product(["nothing", *POLLS], ["first stays", "second stays"]), 6))
def test_split_makes_them_what_they_were(
    store: Store, publisher: Publisher, two: tuple[str, str], listed: str, order: str
) -> None:
    kept, joined = two if order == "first stays" else two[::-1]
    number = joins.join(store, kept, joined, CAUSE, NOW + 2 * HOUR)
    corrected = edited(SECOND, "From Tuesday a ferry carries what the bridge cannot, says the minister.")
    later = [corrected if entry is SECOND else entry for entry in POLLS.get(listed, ())]
    if later:
        record(store, publisher, *later, now=NOW + 3 * HOUR)
    before = revisions(store)
    assert merges.split(store, number, NOW + 4 * HOUR) == joined
    assert revisions(store)[: len(before)] == before
    assert titles(store) == {two[0]: "Bridge shut", two[1]: "Ferry to run at night"}
    texts = {report.id: report.text or "" for report in store.latest(ANY)}
    assert ("Tuesday" in texts[two[1]]) is (SECOND in POLLS.get(listed, ()))
    assert "Lorries" in texts[two[0]]
    assert store.joins() == {}
    assert store.merges() == []
    assert [row["split_into"] for row in store.merges(undone_too=True)] == [joined]
    assert lines(store)[-1][0] in two
    assert (joined, "restored") in lines(store)
    for hours in (5, 6):
        record(store, publisher, *(later or (SECOND, FIRST)), now=NOW + hours * HOUR)
    assert rows(store, "SELECT count(*) FROM articles") == [(2,)]
    assert titles(store) == {two[0]: "Bridge shut", two[1]: "Ferry to run at night"}
    assert rows(store, "SELECT sum(held), sum(usable) FROM reports_per_day") == [(2, 2)]
    with pytest.raises(StoreError, match="is undone already"):
        merges.split(store, number, NOW + 7 * HOUR)


def test_a_sister_source_that_lists_the_other_one_keeps_to_it(store: Store) -> None:
    sources = tuple(Source(publisher="le-jour", key=key, url=f"http://le-jour.example/{key}") for key in "ab")
    publisher = make_publisher("le-jour", sources=sources)
    sync(store, WIRE, [publisher], NOW, NOW.date())
    from aggregator.pipeline.recording import record as record_polls

    def poll(source: int, entry: Entry, hours: int) -> None:
        now = NOW + hours * HOUR
        record_polls(store, [(make_poll(sources[source], now), make_articles(publisher, entry))], now)

    poll(0, FIRST, 0)
    poll(1, SECOND, 1)
    by_title = {report.title: report.id for report in store.latest(ANY)}
    number = joins.join(store, by_title["Bridge shut"], by_title["Ferry to run at night"], CAUSE, NOW + 2 * HOUR)
    for hours in (3, 5):
        poll(0, FIRST, hours)
        poll(1, SECOND, hours + 1)
    assert len(titles(store)) == 1
    assert rows(store, "SELECT max(number) FROM revisions") == [(2,)]
    merges.split(store, number, NOW + 7 * HOUR)
    for hours in (8, 10):
        poll(0, FIRST, hours)
        poll(1, SECOND, hours + 1)
    assert titles(store) == {report: title for title, report in by_title.items()}


HOLDS: Mapping[str, Callable[[Store, str], None]] = {
    "withheld": lambda store, report: acts.withhold(store, report, CAUSE, NOW + 2 * HOUR),
    "legal": lambda store, report: acts.withhold(store, report, CAUSE, NOW + 2 * HOUR, legal=True),
    "withdrawn": lambda store, report: acts.withdraw(store, report, CAUSE, NOW + 2 * HOUR),
}


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("hold", HOLDS)
def test_what_keeps_one_of_them_out_keeps_out_what_they_become(
    store: Store, two: tuple[str, str], hold: str, which: int
) -> None:
    HOLDS[hold](store, two[which])
    number = joins.join(store, two[0], two[1], CAUSE, NOW + 3 * HOUR)
    state = store.report_state(two[0])
    assert state is not None
    assert state.notice == hold
    assert store.latest(ANY) == []
    before = store.report_state(two[1])
    merges.split(store, number, NOW + 4 * HOUR)
    assert store.latest(ANY) == []  # what keeps the one out keeps the other out, until a person looks
    assert store.report_state(two[1]) == before
    acts.restore(store, two[1], CAUSE, NOW + 5 * HOUR)
    assert list(titles(store)) == [two[1]]


def test_what_cannot_be_joined_is_refused_and_changes_nothing(store: Store, two: tuple[str, str]) -> None:
    other = make_publisher("other")
    sync(store, WIRE, [make_publisher(), other], NOW, NOW.date())
    record(store, other, make_entry(9))
    stranger = next(report.id for report in store.latest(ANY) if report.publisher == "other")
    acts.embargo(store, two[1], FAR, CAUSE, NOW + HOUR)
    before = lines(store)
    for one, another, said in (
        (two[0], two[0], "not two reports of one publisher"),
        (two[0], stranger, "not two reports of one publisher"),
        (two[0], two[1], "under embargo"),
        (two[1], two[0], "under embargo"),
        ("nobody", two[0], "no report with this id"),
    ):
        with pytest.raises(DeskError, match=said):
            joins.join(store, one, another, CAUSE, NOW + 2 * HOUR)
    purge(store, [stranger], CAUSE, NOW + 2 * HOUR)
    with pytest.raises(DeskError, match="was purged"):
        joins.join(store, two[0], stranger, CAUSE, NOW + 2 * HOUR)
    assert store.joins() == {}
    assert lines(store)[: len(before)] == before


def test_acts_upon_the_other_one_name_the_report_that_it_is(store: Store, two: tuple[str, str]) -> None:
    number = joins.join(store, *two, CAUSE, NOW + 2 * HOUR)
    said = f"was joined to {two[0]}; act on that one, or `aggregator split {number}`"
    for act in (acts.withhold, acts.withdraw, acts.restore):
        with pytest.raises(DeskError, match=said):
            act(store, two[1], CAUSE, NOW + 3 * HOUR)
    with pytest.raises(DeskError, match=said):
        joins.join(store, two[1], two[0], CAUSE, NOW + 3 * HOUR)
    with pytest.raises(DeskError, match="purge that one"):
        chosen(store, [two[1]])


def test_purging_the_report_purges_both(store: Store, publisher: Publisher, two: tuple[str, str]) -> None:
    joins.join(store, *two, CAUSE, NOW + 2 * HOUR)
    assert set(chosen(store, [two[0]])) == set(two)
    assert set(chosen(store, [], publisher="daily-example")) == set(two)
    assert chosen(store, [], since=NOW + HOUR) == []  # the second one is part of the first one, which came before
    purge(store, chosen(store, [two[0]]), CAUSE, NOW + 3 * HOUR)
    assert rows(store, "SELECT DISTINCT title FROM revisions") == [("",)]
    assert rows(store, "SELECT count(*) FROM article_keys") == [(0,)]
    record(store, publisher, SECOND, FIRST, now=NOW + 4 * HOUR)
    assert rows(store, "SELECT count(*) FROM articles") == [(2,)]


def test_after_a_split_either_can_be_purged(store: Store, two: tuple[str, str]) -> None:
    number = joins.join(store, *two, CAUSE, NOW + 2 * HOUR)
    merges.split(store, number, NOW + 3 * HOUR)
    purge(store, chosen(store, [two[1]]), CAUSE, NOW + 4 * HOUR)
    assert titles(store) == {two[0]: "Bridge shut"}
    assert [title for (title,) in rows(store, "SELECT title FROM revisions WHERE title LIKE '%Ferry%'")] == []


def test_three_become_one_and_come_apart_in_their_order(
    store: Store, publisher: Publisher, two: tuple[str, str]
) -> None:
    third = make_entry(3, title=Text("Third of all", "text/plain"), links=(Link("http://daily.example/third"),))
    record(store, publisher, third, SECOND, FIRST, now=NOW + 2 * HOUR)
    last = next(report.id for report in store.latest(ANY) if report.title == "Third of all")
    one = joins.join(store, *two, CAUSE, NOW + 3 * HOUR)
    other = joins.join(store, last, two[0], CAUSE, NOW + 4 * HOUR)
    with pytest.raises(StoreError, match=f"`aggregator split {other}` first"):
        merges.split(store, one, NOW + 5 * HOUR)
    record(store, publisher, third, SECOND, FIRST, now=NOW + 5 * HOUR)
    assert list(titles(store)) == [last]
    assert set(chosen(store, [last])) == {last, *two}
    merges.split(store, other, NOW + 6 * HOUR)
    merges.split(store, one, NOW + 7 * HOUR)
    assert set(titles(store)) == {last, *two}
    record(store, publisher, third, SECOND, FIRST, now=NOW + 8 * HOUR)
    assert set(titles(store)) == {last, *two}
    assert rows(store, "SELECT count(*) FROM articles") == [(3,)]


def test_the_cause_of_a_join_is_a_persons(store: Store, two: tuple[str, str]) -> None:
    cause = Cause(actor="person:ben", reason="one story", reference="T-3")
    joins.join(store, *two, cause, NOW + 2 * HOUR)
    assert [(act["actor"], act["reference"]) for report in two for act in store.acts(report)] == [
        ("person:ben", "T-3"),
        ("person:ben", "T-3"),
    ]
