"""One of each: when a publisher's keys drift, when they cannot be trusted, and how a merge is undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aggregator.desk import acts, merges
from aggregator.desk.housekeeping import release_embargoes
from aggregator.desk.terms import sync
from aggregator.model import Cause, Entry, Link, Person, Publisher, Selection, Text
from aggregator.model.errors import StoreError
from aggregator.store import Store
from aggregator.text.query import parse
from tests.conftest import NOW, WIRE, file_of, make_entry, make_publisher, record
from tests.store.test_store import rows

HOUR = timedelta(hours=1)
OTHER_WORDS: dict[str, object] = {
    "title": Text("Le marché au poisson déménage", "text/plain"),
    "summary": None,
    "content": (Text("<p>Les vendeuses de poisson quittent le quai pour la halle neuve dès mercredi matin.</p>"),),
}


def articles(store: Store) -> int:
    return int(str(rows(store, "SELECT count(*) FROM articles")[0][0]))


@pytest.mark.parametrize(
    "drift",
    [
        {"id": "a-new-guid"},
        {"id": "a-new-guid", "links": (Link("https://www.daily.example/1/?utm_source=rss"),)},
        {"id": "a-new-guid", "links": (Link("http://m.daily.example/1"),)},
        {"id": "a-new-guid", "links": (Link("http://daily.example/amp/1"),)},
        {"id": None},
        {"links": (Link("http://daily.example/le-pont-rouvre-mardi"),)},
        {"id": "a-new-guid", "links": (Link("http://daily.example/new-cms/77"),)},
    ],
)
def test_an_entry_whose_keys_drift_stays_one_article(
    store: Store, publisher: Publisher, drift: dict[str, object]
) -> None:
    record(store, publisher, make_entry())
    poll = record(store, publisher, make_entry(1, **drift), now=NOW + HOUR)
    assert (poll.new, articles(store)) == (0, 1)
    again = record(store, publisher, make_entry(1, **drift), now=NOW + 2 * HOUR)
    assert (again.new, again.unchanged) == (0, 1)


def test_a_guid_that_changed_host_or_scheme_is_the_same(store: Store, publisher: Publisher) -> None:
    first = make_entry(id="http://old.example/?p=17", links=(Link("http://old.example/2026/pont"),))
    moved = make_entry(id="https://new.example/?p=17", links=(Link("https://new.example/actualites/pont"),))
    record(store, publisher, first)
    record(store, publisher, moved, now=NOW + HOUR)
    assert articles(store) == 1
    assert rows(store, "SELECT matched_by FROM merges") == [("alt",)]


@pytest.mark.parametrize(
    "entry",
    [
        make_entry(2, id="other", links=(Link("http://daily.example/1"),), **OTHER_WORDS),  # one address for all
        make_entry(1, links=(Link("http://daily.example/2"),), **OTHER_WORDS),  # one guid for all
        make_entry(1, **OTHER_WORDS, id="other"),
    ],
)
def test_two_reports_that_share_a_key_stay_two_however_often_they_come(
    store: Store, publisher: Publisher, entry: Entry
) -> None:
    record(store, publisher, make_entry())
    for hours in (1, 2, 3):
        record(store, publisher, entry, now=NOW + hours * HOUR)
        record(store, publisher, make_entry(), now=NOW + hours * HOUR + HOUR / 2)
        assert articles(store) == 2
    assert rows(store, "SELECT count(*) FROM revisions") == [(2,)]


def test_never_across_publishers(store: Store, publisher: Publisher) -> None:
    other = make_publisher("other-example")
    sync(store, WIRE, [publisher, other], NOW, NOW.date())
    record(store, publisher, make_entry())
    record(store, other, make_entry())
    assert articles(store) == 2
    assert rows(store, "SELECT count(*) FROM merges") == [(0,)]


def test_weeks_later_equal_words_are_another_report(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry())
    again = make_entry(id="other", links=(Link("http://daily.example/other"),))
    record(store, publisher, again, now=NOW + timedelta(days=30))
    assert articles(store) == 2


def test_ids_that_change_at_every_poll_are_recognised_and_no_longer_asked(store: Store, publisher: Publisher) -> None:
    for hour in range(4):
        document = [
            make_entry(n, id=f"{n}?t={hour}", title=Text(f"Report about subject number {n}", "text/plain"))
            for n in range(5)
        ]
        record(store, publisher, *document, now=NOW + hour * HOUR)
    assert articles(store) == 5
    ((ladder, reason),) = rows(store, "SELECT ladder, ladder_reason FROM sources")
    assert (ladder, str(reason).startswith("ids change from poll to poll")) == ("url", True)
    before = rows(store, "SELECT count(*) FROM merges")
    record(store, publisher, make_entry(0, id="0?t=9"), now=NOW + 9 * HOUR)
    assert rows(store, "SELECT count(*) FROM merges") == before


def test_one_guid_for_all_is_recognised(store: Store, publisher: Publisher) -> None:
    document = [make_entry(n, id="http://daily.example/") for n in range(4)]
    record(store, publisher, *document)
    assert articles(store) == 4
    assert rows(store, "SELECT ladder, ladder_reason FROM sources") == [
        ("url", "one id stands for several items: 4 in one document")
    ]


def test_a_merge_can_be_undone_and_stays_undone(store: Store, publisher: Publisher) -> None:
    twin = make_entry(id="other", links=(Link("http://daily.example/1"),), title=Text("Le pont rouvre", "text/plain"))
    record(store, publisher, make_entry())
    record(store, publisher, twin, now=NOW + HOUR)
    (merge,) = store.merges()
    assert (merge["matched_by"], merge["undone_at"]) == ("url", None)
    assert "alike" in merge["evidence"]
    public_id = merges.split(store, merge["id"], NOW + 2 * HOUR)
    while store.index():
        pass
    titles = {report.id: report.title for report in store.latest(Selection())}
    assert titles == {public_id: "Le pont rouvre", merge["article"]: "Le pont numéro 1 rouvre"}
    record(store, publisher, make_entry(), twin, now=NOW + 3 * HOUR)
    assert articles(store) == 2
    assert {report.id: report.title for report in store.latest(Selection())} == titles
    assert len(store.search(parse("numero"), Selection())) == 1
    ledger = rows(store, "SELECT seq FROM changes ORDER BY seq")
    assert ledger == [(number,) for number in range(1, len(ledger) + 1)]
    with pytest.raises(StoreError, match="undone already"):
        merges.split(store, merge["id"], NOW)
    with pytest.raises(StoreError, match="not there"):
        merges.split(store, 99, NOW)


OWN = make_entry(authors=(Person("Awa Keïta"),), categories=("Ponts",))
TWIN = make_entry(
    id="other",
    links=(Link("http://daily.example/1"),),
    title=Text("Le pont rouvre", "text/plain"),
    authors=(Person("Moussa Traoré"),),
    categories=("Routes",),
    published="Sun, 22 Nov 2026 09:30:00 GMT",
)


def split(store: Store, now: datetime = NOW + 2 * HOUR) -> str:
    ((number,),) = rows(store, "SELECT id FROM merges WHERE undone_at IS NULL")
    return merges.split(store, int(str(number)), now)


def test_a_split_leaves_what_two_reports_would_have_left(store: Store, publisher: Publisher, tmp_path: Path) -> None:
    """All that is held of an article beside its public id and its revisions, as if nothing had been merged."""
    record(store, publisher, OWN)
    record(store, publisher, TWIN, now=NOW + HOUR)
    split(store)
    with Store.open(tmp_path / "apart.db") as apart:
        sync(apart, WIRE, [publisher], NOW, NOW.date())
        apart_twin = replace(TWIN, links=(Link("http://daily.example/apart"),))
        record(apart, publisher, OWN)
        record(apart, publisher, replace(apart_twin, title=Text("Tout autre chose", "text/plain"), content=()))
        for sql in (
            "SELECT byline, published, published_stated, updated, listed_at, language, class, status, backfill"
            " FROM articles ORDER BY id",
            "SELECT categories FROM bodies ORDER BY article",
            "SELECT s.key, s.said_words = r.words_hash, s.entry_hash = r.raw_hash FROM sightings AS s"
            " JOIN articles AS a ON a.id = s.article JOIN revisions AS r ON r.article = a.id AND r.number = a.revision"
            " ORDER BY s.article",
            "SELECT day, articles FROM daily",
        ):
            assert rows(store, sql) == rows(apart, sql)
    kinds = rows(store, "SELECT number, changed FROM revisions WHERE article = 1 ORDER BY number")
    assert [number for number, _ in kinds] == [1, 2, 3]
    assert kinds[2][1] == kinds[1][1]  # what was changed is changed back
    near = rows(store, "SELECT count(*) FROM near_keys WHERE article = 2")
    assert near != [(0,)]


def test_the_other_keys_of_the_entry_go_with_it(store: Store, publisher: Publisher) -> None:
    record(store, publisher, OWN)
    twin = replace(OWN, id="http://daily.example/?p=7", links=(Link("http://daily.example/2"),))
    record(store, publisher, twin, now=NOW + HOUR)
    split(store)
    keys = rows(store, "SELECT article, key FROM article_keys ORDER BY article, key")
    assert [key for article, key in keys if article == 1] == ["id:tag:daily.example,2026:1", "url://daily.example/1"]
    assert [key for article, key in keys if article == 2] == [
        "alt:?p=7", "id:http://daily.example/?p=7", "url://daily.example/2"
    ]  # fmt: skip


def test_an_undated_entry_is_listed_when_it_came(store: Store, publisher: Publisher) -> None:
    record(store, publisher, OWN)
    record(store, publisher, replace(TWIN, published=None), now=NOW + HOUR)
    split(store, NOW + 9 * HOUR)
    assert rows(store, "SELECT listed_at FROM articles WHERE id = 2") == [("2026-11-22T11:00:00Z",)]


def test_what_a_merge_put_into_the_archive_stays_there(store: Store, publisher: Publisher) -> None:
    record(store, publisher, OWN)
    record(store, publisher, TWIN, now=NOW + HOUR)
    with file_of(store) as connection:
        connection.execute("UPDATE articles SET backfill = 1")
    split(store)
    assert store.latest(Selection()) == []


@pytest.mark.parametrize("act", ["withhold", "legal", "withdraw", "embargo"])
def test_a_report_that_is_split_off_is_held_back_as_the_other_is_and_says_why(
    store: Store, publisher: Publisher, act: str
) -> None:
    record(store, publisher, OWN)
    record(store, publisher, TWIN, now=NOW + HOUR)
    (merge,) = store.merges()
    cause = Cause(actor="person:ama", reason="a street is named", reference="T-9")
    if act == "embargo":
        acts.embargo(store, merge["article"], NOW + 9000 * HOUR, cause, NOW + HOUR)
    elif act == "legal":
        acts.withhold(store, merge["article"], cause, NOW + HOUR, legal=True)
    else:
        getattr(acts, act)(store, merge["article"], cause, NOW + HOUR)
    public_id = split(store)
    assert store.latest(Selection()) == []
    assert rows(store, "SELECT count(DISTINCT coalesce(notice, embargoed_until)), count(*) FROM articles") == [(1, 2)]
    done = "SELECT k.actor, k.reason, k.reference, k.until FROM acts AS k JOIN articles AS a ON a.id = k.article"
    ((actor, reason, reference, until),) = rows(store, f"{done} WHERE a.public_id = '{public_id}'")
    assert (actor, reason, reference) == ("person:ama", "a street is named", "T-9")
    assert (until is not None) is (act == "embargo")
    lines = [line["kind"] for line in store.changes() if line["id"] == public_id]
    assert lines == {"withdraw": ["new", "withdrawn"], "embargo": []}.get(act, ["new", "withheld"])
    if act == "embargo":
        release_embargoes(store, NOW + 9001 * HOUR)
    else:
        acts.restore(store, public_id, cause, NOW + 3 * HOUR)
    assert public_id in [report.id for report in store.latest(Selection())]


def test_after_a_split_the_next_document_leaves_no_gap(store: Store, publisher: Publisher) -> None:
    record(store, publisher, OWN)
    record(store, publisher, TWIN, now=NOW + HOUR)
    split(store)
    later = make_entry(7, published="Sun, 22 Nov 2026 12:00:00 GMT", title=Text("Le marché", "text/plain"))
    assert record(store, publisher, later, TWIN, now=NOW + 3 * HOUR).gap is None


def test_an_archive_saved_anew_is_flagged_and_kept_out_of_the_front(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1))
    archive = [
        make_entry(n, title=Text(f"Archive {n}"), published="Tue, 03 Mar 2015 08:00:00 GMT") for n in range(100, 160)
    ]
    late = replace(make_entry(2), published="Sat, 21 Nov 2026 20:00:00 GMT")
    record(store, publisher, late, *archive, now=NOW + HOUR)
    assert rows(store, "SELECT backfill, count(*) FROM articles GROUP BY backfill") == [(0, 2), (1, 60)]
    assert len(store.latest(Selection(limit=100))) == 2
    assert len(store.search(parse("archive"), Selection(limit=100))) == 60
