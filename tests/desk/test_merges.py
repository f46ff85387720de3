"""A merge is undone: the entry becomes the report that it would have been, and stays one."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.desk import acts, merges
from aggregator.desk.housekeeping import release_embargoes
from aggregator.desk.terms import sync
from aggregator.model import Category, Cause, Link, Person, Publisher, Selection, Text
from aggregator.model.errors import StoreError
from aggregator.store import Store
from aggregator.text.query import parse
from tests.conftest import NOW, WIRE, file_of, make_entry, record
from tests.identity.test_merges import articles
from tests.store.test_store import rows

pytestmark = pytest.mark.stores("soak")

HOUR = timedelta(hours=1)


def test_a_merge_can_be_undone_and_stays_undone(store: Store, publisher: Publisher) -> None:
    twin = make_entry(id="other", links=(Link("http://daily.example/1"),), title=Text("Le pont rouvre", "text/plain"))
    record(store, publisher, make_entry())
    record(store, publisher, twin, now=NOW + HOUR)
    (merge,) = store.merges()
    assert (merge["matched_by"], merge["undone_at"]) == ("url", None)
    assert "alike" in merge["evidence"]
    public_id = merges.split(store, merge["merge_id"], NOW + 2 * HOUR)
    while store.index():
        pass
    titles = {report.id: report.title for report in store.latest(Selection())}
    assert titles == {public_id: "Le pont rouvre", merge["id"]: "Le pont numéro 1 rouvre"}
    record(store, publisher, make_entry(), twin, now=NOW + 3 * HOUR)
    assert articles(store) == 2
    assert {report.id: report.title for report in store.latest(Selection())} == titles
    assert len(store.search(parse("numero"), Selection())) == 1
    ledger = rows(store, "SELECT seq FROM changes ORDER BY seq")
    assert ledger == [(number,) for number in range(1, len(ledger) + 1)]
    with pytest.raises(StoreError, match="undone already"):
        merges.split(store, merge["merge_id"], NOW)
    with pytest.raises(StoreError, match="not there"):
        merges.split(store, 99, NOW)


OWN = make_entry(authors=(Person("Awa Keïta"),), categories=(Category("Ponts"),))
TWIN = make_entry(
    id="other",
    links=(Link("http://daily.example/1"),),
    title=Text("Le pont rouvre", "text/plain"),
    authors=(Person("Moussa Traoré"),),
    categories=(Category("Routes"),),
    published="Sun, 22 Nov 2026 09:30:00 GMT",
)


def split(store: Store, now: datetime = NOW + 2 * HOUR) -> str:
    ((number,),) = rows(store, "SELECT merge_id FROM merges WHERE undone_at IS NULL")
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
            "SELECT byline, published, published_stated, updated, sort_time, language, class, status, backfill"
            " FROM articles ORDER BY article_id",
            "SELECT categories FROM bodies ORDER BY article_id",
            "SELECT s.article_key, s.words_hash = r.words_hash, s.entry_hash = r.raw_hash FROM sightings AS s"
            " JOIN articles AS a ON a.article_id = s.article_id JOIN revisions AS r ON r.article_id = a.article_id"
            " AND r.number = a.revision"
            " ORDER BY s.article_id",
            "SELECT day, articles FROM daily",
        ):
            assert rows(store, sql) == rows(apart, sql)
    kinds = rows(store, "SELECT number, changed FROM revisions WHERE article_id = 1 ORDER BY number")
    assert [number for number, _ in kinds] == [1, 2, 3]
    assert kinds[2][1] == kinds[1][1]  # what was changed is changed back
    near = rows(store, "SELECT count(*) FROM near_keys WHERE article_id = 2")
    assert near != [(0,)]


def test_the_other_keys_of_the_entry_go_with_it(store: Store, publisher: Publisher) -> None:
    record(store, publisher, OWN)
    twin = replace(OWN, id="http://daily.example/?p=7", links=(Link("http://daily.example/2"),))
    record(store, publisher, twin, now=NOW + HOUR)
    split(store)
    keys = rows(store, "SELECT article_id, article_key FROM article_keys ORDER BY article_id, article_key")
    assert [key for article, key in keys if article == 1] == ["id:tag:daily.example,2026:1", "url://daily.example/1"]
    assert [key for article, key in keys if article == 2] == [
        "alt:?p=7", "id:http://daily.example/?p=7", "url://daily.example/2"
    ]  # fmt: skip


def test_an_undated_entry_is_listed_when_it_came(store: Store, publisher: Publisher) -> None:
    record(store, publisher, OWN)
    record(store, publisher, replace(TWIN, published=None), now=NOW + HOUR)
    split(store, NOW + 9 * HOUR)
    assert rows(store, "SELECT sort_time FROM articles WHERE article_id = 2") == [("2026-11-22T11:00:00Z",)]


def test_what_a_merge_put_into_the_archive_stays_there(store: Store, publisher: Publisher) -> None:
    record(store, publisher, OWN)
    record(store, publisher, TWIN, now=NOW + HOUR)
    with file_of(store) as connection:
        connection.execute("UPDATE articles SET backfill = 1")
    split(store)
    assert store.latest(Selection()) == []


@pytest.mark.parametrize("act", ["withhold", "legal", "withdraw", "embargo"])
def test_a_report_that_is_split_off_is_kept_out_as_the_other_is_and_says_why(
    store: Store, publisher: Publisher, act: str
) -> None:
    record(store, publisher, OWN)
    record(store, publisher, TWIN, now=NOW + HOUR)
    (merge,) = store.merges()
    cause = Cause(actor="person:ama", reason="a street is named", reference="T-9")
    if act == "embargo":
        acts.embargo(store, merge["id"], NOW + 9000 * HOUR, cause, NOW + HOUR)
    elif act == "legal":
        acts.withhold(store, merge["id"], cause, NOW + HOUR, legal=True)
    else:
        getattr(acts, act)(store, merge["id"], cause, NOW + HOUR)
    public_id = split(store)
    assert store.latest(Selection()) == []
    assert rows(store, "SELECT count(DISTINCT coalesce(notice, embargoed_until)), count(*) FROM articles") == [(1, 2)]
    done = (
        "SELECT k.actor, k.reason, k.reference, k.until FROM acts AS k JOIN articles AS a ON a.article_id ="
        " k.article_id"
    )
    ((actor, reason, reference, until),) = rows(store, f"{done} WHERE a.id = '{public_id}'")
    assert (actor, reason, reference) == ("person:ama", "a street is named", "T-9")
    assert (until is not None) is (act == "embargo")
    lines = [line["change_kind"] for line in store.changes() if line["id"] == public_id]
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
