"""No edit is lost: what is held back is stored within a day; no correction, headline or sentence is held back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlite_utils import Database

from aggregator.demo import Press, Resource
from aggregator.desk import acts
from aggregator.desk.housekeeping import maintain
from aggregator.desk.merges import split
from aggregator.desk.terms import sync
from aggregator.model import (
    Category,
    Cause,
    Config,
    Entry,
    Link,
    Media,
    Person,
    Poll,
    Publisher,
    Selection,
    TagSettings,
    Text,
    Words,
)
from aggregator.model.errors import StoreError
from aggregator.pipeline.pipeline import Pipeline
from aggregator.pipeline.recording import record as record_polls
from aggregator.revisions.compare import UNSTABLE_SOURCE, same_sentences, what_changed, words_of
from aggregator.store import Store
from aggregator.store.queries import history
from aggregator.store.sqlite.schema.migrations import migrations
from aggregator.tags.tagging import tag_all
from tests.conftest import NOW, SOAK, WIRE, file_of, make_articles, make_entry, make_poll, make_publisher, record
from tests.databases import connections
from tests.identity.test_identity_properties import DAILY, new_store, sequences
from tests.store.test_store import rows
from tests.test_trip import HOST

pytestmark = pytest.mark.stores("soak")

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SIX = range(6)
NOTE = "<p>Correction: an earlier version of this report gave the wrong toll.</p>"


def story(number: int, *, toll: int = 140, picture: int = 0, note: str = "", **fields: object) -> Entry:
    """A report of three sentences below a picture."""
    words = (
        f'<p><img src="http://p.example/{picture}.jpg"></p>'
        f"<p>Report {number} counts {toll} hurt. The road is closed.</p>{note}"
    )
    return make_entry(number, summary=None, content=(Text(words),), **fields)


def stories(count: int = 6, **fields: object) -> list[Entry]:
    return [story(number, **fields) for number in range(count)]  # type: ignore[arg-type]


def make_unstable(store: Store, publisher: Publisher, count: int = 6) -> None:
    """Four polls, the last at NOW + 45 minutes; all but the first show other pictures."""
    for picture in range(4):
        record(store, publisher, *stories(count, picture=picture), now=NOW + 15 * picture * MINUTE)


def pictures(store: Store) -> list[str]:
    """The picture in the newest revision of each report."""
    _, said = store.query(
        "SELECT raw_words(r.raw, r.dictionary_id) FROM articles AS a"
        " JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision ORDER BY a.article_id"
    )
    return [str(words).partition("http://p.example/")[2].partition(".jpg")[0] for (words,) in said]


def held(store: Store) -> list[int]:
    return [
        int(str(article)) for (article,) in rows(store, "SELECT article_id FROM pending_revisions ORDER BY article_id")
    ]


def words_in_force(store: Store, articles: Sequence[int]) -> dict[int, Words]:
    with file_of(store) as connection:
        return history.words_of(connection, articles)


def ledger(store: Store, after: int = 0) -> list[tuple[object, ...]]:
    return rows(store, f"SELECT article_id, change_kind, at FROM changes WHERE seq > {after} ORDER BY seq")  # noqa: S608


TWO_A_DAY = """
    SELECT one.article_id FROM revisions AS one JOIN revisions AS other
      ON other.article_id = one.article_id AND other.stored_at > one.stored_at
      AND unixepoch(other.stored_at) - unixepoch(one.stored_at) < 86400
"""


def length(store: Store) -> int:
    return len(ledger(store))


# What never waits


EDITS: dict[str, tuple[dict[str, str], str]] = {
    "a correction": ({"note": NOTE}, "corrected"),
    "a number": ({"note": "<p>The toll is 170.</p>"}, "revised"),
    "a mark": ({"note": "<p>The toll is 140?</p>"}, "revised"),
    "a headline": ({"title": "Bomb details emerge in case {}"}, "revised"),
    "a withdrawal": ({"title": "WITHDRAWN: report {}"}, "withdrawn"),
}


# In `make test` of each kind of edit one or two days, with and without an unstable source.
BIG_NEWS = [(edit, count) for edit in EDITS for count in (3, 4, 6)]


@pytest.mark.soak
@pytest.mark.parametrize(("edit", "count"), BIG_NEWS if SOAK else BIG_NEWS[::2])
def test_an_edit_on_a_day_of_big_news_is_stored_at_once(
    store: Store, publisher: Publisher, edit: str, count: int
) -> None:
    """Every story was edited at three polls in a row; the next edit was held back and lost, a correction too."""
    changed, kind = EDITS[edit]
    for hour in range(4):
        toll = f"<p>The toll is {137 + hour}.</p>"
        record(store, publisher, *stories(count, note=toll, picture=hour), now=NOW + hour * HOUR)
    assert rows(store, "SELECT json_array_length(unstable) FROM sources") == [(3 if count > 4 else None,)]
    seen = length(store)
    last = [edited(number, changed) for number in range(count)]
    poll = record(store, publisher, *last, now=NOW + 4 * HOUR)
    assert (poll.revised, dict(poll.drops)) == (count, {})
    record(store, publisher, *(make_entry(number) for number in range(50, 60)), now=NOW + 5 * HOUR)  # they leave
    expected = [(number + 1, kind, "2026-11-22T14:00:00Z") for number in range(count)]
    assert sorted(ledger(store, seen))[:count] == expected
    if kind != "withdrawn":
        current = {report.title: report.text for report in store.latest(Selection(limit=100))}
        assert all(current[one.title] == one.text for one in make_articles(publisher, *last))


def edited(number: int, changed: dict[str, str]) -> Entry:
    title = changed.get("title", "Le pont numéro {} rouvre").format(number)
    note = changed.get("note", "<p>The toll is 140.</p>")
    return story(number, picture=4, note=note, title=Text(title, "text/plain"))


@pytest.mark.parametrize("days", [0.7, 1, 25])
def test_polls_that_are_days_apart_make_no_source_unstable(store: Store, publisher: Publisher, days: float) -> None:
    """Three polls in a row were 25 days apart; within two days there are not three."""
    polls = [record(store, publisher, *stories(picture=poll), now=NOW + poll * days * DAY) for poll in range(5)]
    assert any(UNSTABLE_SOURCE in poll.drops for poll in polls) is (days < 1)


@pytest.mark.parametrize("answer", ["not_modified", "unchanged", "the same", "another"])
def test_a_poll_that_says_nothing_begins_the_count_anew(store: Store, publisher: Publisher, answer: str) -> None:
    for poll in range(3):
        record(store, publisher, *stories(picture=poll), now=NOW + poll * HOUR)
    if answer in ("not_modified", "unchanged"):
        record_polls(store, [(make_poll(publisher.sources[0], outcome=answer), ())], NOW + 3 * HOUR)
    else:
        record(store, publisher, *(stories(picture=2) if answer == "the same" else [story(7)]), now=NOW + 3 * HOUR)
    for poll in (4, 5):
        assert record(store, publisher, *stories(picture=poll), now=NOW + poll * HOUR).revised == 6
    assert record(store, publisher, *stories(picture=6), now=NOW + 6 * HOUR).drops == {UNSTABLE_SOURCE: 6}


def test_a_failed_poll_says_nothing_of_its_source(store: Store, publisher: Publisher) -> None:
    for poll in range(3):
        record(store, publisher, *stories(picture=poll), now=NOW + poll * HOUR)
    failed = make_poll(publisher.sources[0], outcome="failed", error="timeout")
    record_polls(store, [(failed, ())], NOW + 3 * HOUR)
    assert record(store, publisher, *stories(picture=3), now=NOW + 4 * HOUR).drops == {UNSTABLE_SOURCE: 6}


# What is held back, and stored


MINOR: dict[str, list[dict[str, object]]] = {
    "pictures": [{"picture": number} for number in range(5)],
    "links in the text": [{"note": f'<p><a href="http://a.example/{n}">More</a></p>'} for n in range(5)],
    "bylines": [{"authors": (Person(f"Awa {n}"),)} for n in range(5)],
    "addresses": [{"links": (Link(f"http://daily.example/{n}"),)} for n in range(5)],
    "dates": [{"updated": f"2026-11-22T0{n}:00:00Z"} for n in range(5)],
}


@pytest.mark.parametrize("what", MINOR)
def test_what_is_pending_is_stored_after_a_day_though_no_document_comes(
    store: Store, publisher: Publisher, what: str
) -> None:
    versions = MINOR[what]
    for hour, said in enumerate(versions[:4]):  # the links of all to the same page are too many for one poll
        mine = [
            story(
                n, **({**said, "links": (Link(f"http://daily.example/{n}?v={hour}"),)} if what == "addresses" else said)
            )
            for n in SIX
        ]  # type: ignore[arg-type]
        poll = record(store, publisher, *mine, now=NOW + hour * HOUR)
    assert (poll.revised, poll.drops) == (0, {UNSTABLE_SOURCE: 6})
    seen = length(store)
    record_polls(store, [(make_poll(publisher.sources[0], outcome="not_modified"), ())], NOW + 4 * HOUR)
    maintain(store, NOW + 25 * HOUR)
    assert (length(store), held(store)) == (seen, [1, 2, 3, 4, 5, 6])
    maintain(store, NOW + 26 * HOUR)
    assert held(store) == []
    kind = "resent" if what == "dates" else "revised"
    assert ledger(store, seen) == [(article_id, kind, "2026-11-23T12:00:00Z") for article_id in range(1, 7)]
    assert rows(store, "SELECT DISTINCT seen_at, stored_at FROM revisions WHERE number = 4") == [
        ("2026-11-22T13:00:00Z", "2026-11-23T12:00:00Z")
    ]
    current = words_in_force(store, range(1, 7))
    assert [
        what_changed(current[number + 1], words_of(one)) for number, one in enumerate(make_articles(publisher, *mine))
    ] == [()] * 6
    maintain(store, NOW + 20 * DAY)
    assert length(store) == seen + 6


STORED = (
    "SELECT article_id, title, url, byline, published, updated, updated_stated, language, class FROM articles",
    "SELECT article_id, number, seen_at, title, changed, words_hash, raw_hash, hex(raw) FROM revisions WHERE number"
    " = 4",
    "SELECT article_id, change_kind FROM changes WHERE revision = 4",
)


def test_what_housekeeping_stores_is_what_a_poll_would_have_stored(tmp_path: Path, publisher: Publisher) -> None:
    last = [
        story(
            n,
            picture=9,
            authors=(Person("Awa"),),
            categories=(Category("ponts"), Category("x")),
            updated="2026-11-22T09:00:00Z",
            media=(Media(f"http://p.example/{n}.jpg", "image", caption=Text("<p>Le <b>pont</b></p>"), credit="Awa"),),
        )
        for n in SIX
    ]
    found = []
    for is_calm in (False, True):
        with Store.open(tmp_path / f"{is_calm}.db") as store:
            sync(store, WIRE, [publisher], NOW, NOW.date())
            make_unstable(store, publisher)
            if is_calm:
                with file_of(store) as connection:
                    connection.execute("UPDATE sources SET unstable = NULL")
                    connection.execute("DELETE FROM pending_revisions")
            assert bool(record(store, publisher, *last, now=NOW + HOUR).revised) is is_calm
            maintain(store, NOW + 3 * DAY)
            found.append(
                [
                    sorted(rows(store, f"SELECT * FROM {table}"))  # noqa: S608
                    for table in (
                        "bodies",
                        "media",
                        "daily",
                        "article_keys",
                        "sightings",
                        "search_queue",
                        "search_removals",
                    )
                ]
                + [rows(store, sql) for sql in STORED]
            )
            assert {report.byline for report in store.latest(Selection())} == {"Awa"}
            assert rows(store, "SELECT DISTINCT caption, credit FROM media") == [("Le pont", "Awa")]
            with file_of(store) as connection:
                connection.execute("INSERT INTO article_search (article_search) VALUES ('integrity-check')")
    pending, at_once = found
    assert pending == at_once


@pytest.mark.parametrize("finds_credits", [True, False])
def test_what_was_held_back_has_its_makers_and_credits_with_its_tags(
    store: Store, publisher: Publisher, finds_credits: bool
) -> None:
    """Housekeeping reads neither; whatever sets its tags does, as a poll would have."""
    daily = replace(publisher, tags=TagSettings(credits=finds_credits))
    make_unstable(store, daily)
    caption = Text("<p>Le pont, mardi. © Moussa Exemple/AFP</p>")
    last = [
        replace(
            story(n, picture=9, authors=(Person("Awa Exemple"),)),
            media=(
                Media(f"http://p.example/{n}.jpg", "image", caption=caption),
                Media(f"http://p.example/{n}-2.jpg", "image", caption=Text("Le préfet"), credit="Ali"),
            ),
        )
        for n in SIX
    ]
    assert record(store, daily, *last, now=NOW + HOUR).revised == 0
    maintain(store, NOW + 3 * DAY)
    waiting = store.to_tag(10)
    found = tag_all([(each.words, daily.tags, daily.languages) for each in waiting])
    seen = length(store)
    store.save_tags(list(zip(waiting, found, strict=True)), NOW + 3 * DAY)
    credit = "© Moussa Exemple/AFP" if finds_credits else None
    assert rows(store, "SELECT DISTINCT place, credit FROM media ORDER BY place") == [(0, credit), (1, "Ali")]
    assert rows(store, "SELECT DISTINCT name, found_in FROM authors") == [("Awa Exemple", "byline")]
    agencies = [("AFP", "credit", credit)] if finds_credits else []
    assert rows(store, "SELECT DISTINCT stated, found_in, words FROM agencies") == agencies
    assert [kind for _, kind, _ in ledger(store, seen)] == ["retagged"] * 6
    again = store.tagged_by_others({daily.key: "other tables"}, None, 0, 10)
    assert [each.words.makers and each.words.makers.captions for each in again] == [
        () if finds_credits else ((0, "Le pont, mardi. © Moussa Exemple/AFP"),)
    ] * 6


def test_an_entry_that_leaves_its_document_has_its_words_stored_at_the_next_housekeeping(
    store: Store, publisher: Publisher
) -> None:
    make_unstable(store, publisher)
    assert pictures(store) == ["2"] * 6
    maintain(store, NOW + HOUR)
    assert held(store) == [1, 2, 3, 4, 5, 6]
    record(store, publisher, *stories(picture=3)[:5], now=NOW + HOUR)
    maintain(store, NOW + HOUR)
    assert (held(store), pictures(store)) == ([1, 2, 3, 4, 5], ["2"] * 5 + ["3"])
    record(store, publisher, now=NOW + 2 * HOUR)  # a document without entries
    maintain(store, NOW + 2 * HOUR)
    assert (held(store), pictures(store)) == ([], ["3"] * 6)


def test_an_entry_that_comes_back_waits_like_the_others(store: Store, publisher: Publisher) -> None:
    make_unstable(store, publisher)
    record(store, publisher, *stories(picture=3)[:5], now=NOW + HOUR)
    record(store, publisher, *stories(picture=3), now=NOW + 2 * HOUR)
    maintain(store, NOW + 2 * HOUR)
    assert held(store) == [1, 2, 3, 4, 5, 6]


def test_an_article_gets_one_such_revision_a_day(store: Store, publisher: Publisher) -> None:
    """However often its entry leaves the document and comes back with another picture."""
    for hour in range(0, 72, 2):
        now = NOW + hour * HOUR
        record(store, publisher, *stories(picture=hour)[: 5 if hour % 8 == 6 else 6], now=now)
        maintain(store, now)
    late = rows(
        store, "SELECT article_id, stored_at FROM revisions WHERE stored_at IS NOT NULL ORDER BY article_id, number"
    )
    assert [article for article, _ in late] == [6, 6, 6]
    assert rows(store, TWO_A_DAY) == []
    assert rows(store, "SELECT max(revision) FROM articles") <= [(3 + 3 + 1,)]
    maintain(store, now + DAY)
    assert pictures(store) == ["70"] * 5 + ["68"]


def test_newer_words_that_a_poll_stores_take_the_place_of_those_pending(store: Store, publisher: Publisher) -> None:
    make_unstable(store, publisher)
    record(store, publisher, *stories(picture=4, toll=170), now=NOW + HOUR)
    assert (held(store), pictures(store)) == ([], ["4"] * 6)
    seen = length(store)
    maintain(store, NOW + 3 * DAY)
    assert (length(store), pictures(store)) == (seen, ["4"] * 6)


def test_words_that_are_taken_back_are_forgotten(store: Store, publisher: Publisher) -> None:
    make_unstable(store, publisher)
    record(store, publisher, *stories(picture=2), now=NOW + HOUR)
    assert held(store) == []
    seen = length(store)
    maintain(store, NOW + 3 * DAY)
    assert (length(store), pictures(store)) == (seen, ["2"] * 6)


def test_the_same_document_again_leaves_what_waits_as_it_is(store: Store, publisher: Publisher) -> None:
    make_unstable(store, publisher)
    before = rows(store, "SELECT * FROM pending_revisions")
    poll = record(store, publisher, *stories(picture=3), now=NOW + HOUR)
    assert (poll.unchanged, dict(poll.drops)) == (6, {})
    assert rows(store, "SELECT * FROM pending_revisions") == before


def test_counters_make_neither_a_revision_nor_an_unstable_source(store: Store, publisher: Publisher) -> None:
    for poll in range(6):
        said = stories(note=f"<p>{poll} comments</p><p>{poll} minutes ago</p>")
        assert record(store, publisher, *said, now=NOW + poll * HOUR).revised == 0
    assert record(store, publisher, *stories(note="<p>x</p>", picture=1), now=NOW + 6 * HOUR).revised == 6
    maintain(store, NOW + 3 * DAY)
    assert rows(store, "SELECT DISTINCT revision FROM articles") == [(2,)]


def test_counters_beside_words_that_are_pending_keep_no_source_unstable(store: Store, publisher: Publisher) -> None:
    make_unstable(store, publisher)
    record(store, publisher, *stories(picture=3, note="<p>1 comments</p>"), now=NOW + HOUR)
    assert rows(store, "SELECT unstable FROM sources") == [(None,)]


def test_pictures_that_take_turns_make_one_revision_a_day(store: Store, publisher: Publisher) -> None:
    """Also where the one in force comes back: that is another change in what the source says, and no rest."""
    for hour in range(0, 48, 2):
        record(store, publisher, *stories(picture=hour // 2 % 5), now=NOW + hour * HOUR)
        maintain(store, NOW + hour * HOUR)
    assert rows(store, "SELECT DISTINCT revision FROM articles") == [(4,)]


def test_another_source_that_brings_newer_words_is_not_overruled(store: Store) -> None:
    publisher = make_publisher()
    other = replace(publisher.sources[0], key="more", url="http://daily-example.example/more")
    publisher = replace(publisher, sources=(*publisher.sources, other))
    sync(store, WIRE, [publisher], NOW, NOW.date())
    make_unstable(store, publisher)
    for toll, hour in ((140, 1), (170, 2)):
        articles = make_articles(publisher, story(0, toll=toll, picture=2))
        record_polls(store, [(make_poll(other, NOW + hour * HOUR), articles)], NOW + hour * HOUR)
    assert held(store) == [2, 3, 4, 5, 6]
    maintain(store, NOW + 3 * DAY)
    (text,) = [report.text for report in store.latest(Selection()) if report.title == "Le pont numéro 0 rouvre"]
    assert "170 hurt" in str(text)


# Nothing on the way loses them


def test_a_restart_and_a_publisher_that_was_removed_lose_nothing(store: Store, publisher: Publisher) -> None:
    make_unstable(store, publisher)
    store.close()
    with Store.open(store.place) as again:
        sync(again, WIRE, [], NOW + HOUR, NOW.date())
        maintain(again, NOW + DAY + HOUR)
        assert (held(again), pictures(again)) == ([], ["3"] * 6)


@pytest.mark.parametrize("back", [HOUR, 40 * DAY])
def test_a_clock_that_was_set_back_keeps_nothing_waiting(store: Store, publisher: Publisher, back: timedelta) -> None:
    make_unstable(store, publisher)
    maintain(store, NOW + 30 * MINUTE - back)  # times of the future are brought back, so the day begins anew
    assert record(store, publisher, *stories(picture=4), now=NOW - back + HOUR).revised in (0, 6)
    maintain(store, NOW - back + 26 * HOUR)
    assert (held(store), pictures(store)) == ([], ["4"] * 6)


def test_what_is_pending_follows_its_entry_when_a_merge_is_undone(store: Store, publisher: Publisher) -> None:
    twin = make_entry(0, id="a-new-guid")
    first = [make_entry(0), *stories()[1:]]
    record(store, publisher, *first, now=NOW - HOUR)
    record(store, publisher, replace(twin, title=Text("Le pont numéro 0 rouvre bien", "text/plain")), *first[1:])
    assert len(store.merges()) == 1
    for picture in range(1, 5):
        seen = replace(story(0, picture=picture), id="a-new-guid")
        record(store, publisher, seen, *stories(picture=picture)[1:], now=NOW + 15 * picture * MINUTE)
    assert held(store) == [1, 2, 3, 4, 5, 6]
    new = split(store, 1, NOW + 2 * HOUR)
    ((number,),) = rows(store, f"SELECT article_id FROM articles WHERE id = '{new}'")  # noqa: S608
    assert held(store) == [2, 3, 4, 5, 6, number]
    maintain(store, NOW + 2 * DAY)
    assert pictures(store) == ["", *["4"] * 6]


def test_too_many_changes_at_once_wait_for_a_person_also_where_their_source_is_unstable(
    store: Store, publisher: Publisher
) -> None:
    def moved(poll: int) -> list[Entry]:
        return [story(n, links=(Link(f"http://daily.example/{n}?v={poll}"),)) for n in range(60)]

    for poll in range(5):
        counted = record(store, publisher, *moved(poll), now=NOW + poll * HOUR)
    assert dict(counted.drops) == {"pending": 10, UNSTABLE_SOURCE: 50}
    maintain(store, NOW + 3 * DAY)
    assert rows(store, "SELECT count(*) FROM articles WHERE url LIKE '%v=4'") == [(50,)]
    assert rows(store, "SELECT count(*) FROM pending_changes WHERE url LIKE '%v=4'") == [(10,)]


def test_damaged_words_stop_no_housekeeping(
    store: Store, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    make_unstable(store, publisher)
    with file_of(store) as connection:
        connection.execute("UPDATE pending_revisions SET raw = x'28b52ffd99' WHERE article_id = 2")
    maintain(store, NOW + 2 * DAY)
    assert "article 2: its newest words are damaged" in caplog.text
    assert (held(store), pictures(store)) == ([], ["3", "2", "3", "3", "3", "3"])


def test_words_that_another_program_version_packed_can_be_read_until_they_are_stored(
    store: Store, publisher: Publisher
) -> None:
    make_unstable(store, publisher)
    other = zstandard.ZstdCompressor(
        dict_data=zstandard.ZstdCompressionDict(b"Report counts hurt. The road is closed.")
    )
    with file_of(store) as connection:
        connection.execute(
            "INSERT INTO dictionaries VALUES (7, ?, '2026')", (b"Report counts hurt. The road is closed.",)
        )
        for article, words in connection.execute(
            "SELECT article_id, raw_words(raw, dictionary_id) FROM pending_revisions"
        ).fetchall():
            row = (other.compress(words.encode()), article)
            connection.execute("UPDATE pending_revisions SET raw = ?, dictionary_id = 7 WHERE article_id = ?", row)
    maintain(store, NOW + HOUR)
    assert len(held(store)) == 6
    maintain(store, NOW + 2 * DAY)
    assert (held(store), pictures(store)) == ([], ["3"] * 6)


# Rights


def test_what_is_pending_leaves_by_no_view(store: Store, publisher: Publisher) -> None:
    record(store, publisher, *stories())
    for hour in range(1, 4):
        record(store, publisher, *stories(authors=(Person(f"Awa {hour}"),)), now=NOW + hour * HOUR)
    assert held(store)
    _, names = store.query("SELECT name FROM sqlite_schema WHERE type = 'view'")
    shown = str([list(store.query(f"SELECT * FROM {name}")[1]) for (name,) in names])  # noqa: S608
    assert "Awa 2" in shown
    assert "Awa 3" not in shown


def test_a_report_that_is_withheld_stays_so_when_its_words_are_stored(store: Store, publisher: Publisher) -> None:
    make_unstable(store, publisher)
    (first, *_) = [str(report) for (report,) in rows(store, "SELECT id FROM articles ORDER BY article_id")]
    acts.withhold(store, first, Cause(actor="person:ama", reason="a test"), NOW + HOUR)
    maintain(store, NOW + 2 * DAY)
    assert (held(store), pictures(store)) == ([], ["3"] * 6)
    assert len(store.latest(Selection())) == 5


def test_the_excerpt_is_cut_by_the_rights_of_the_day_on_which_words_are_stored(
    store: Store, publisher: Publisher
) -> None:
    make_unstable(store, publisher)
    narrow = replace(publisher, rights=replace(publisher.rights, text_scope="excerpt", excerpt_max_words=6))
    sync(store, WIRE, [narrow], NOW + HOUR, NOW.date())
    maintain(store, NOW + 2 * DAY)
    assert {report.text for report in store.latest(Selection())} == {f"Report {n} counts 140 hurt." for n in SIX}


# Over HTTP, with what an older version left


def served(*entries: Entry) -> Resource:
    items = "".join(
        f"<item><guid isPermaLink='false'>{entry.id}</guid><title>{entry.title.value}</title>"  # type: ignore[union-attr]
        f"<link>{entry.links[0].href}</link><description>{escape(entry.content[0].value)}</description></item>"
        for entry in entries
    )
    return Resource(f"<rss version='2.0'><channel><title>Daily</title>{items}</channel></rss>".encode())


def passes(store: Store, publisher: Publisher, documents: Sequence[Resource]) -> list[Poll]:
    """A poll an hour, and housekeeping after each."""
    config, polls = Config(wire=WIRE, publishers=(publisher,)), []

    async def serve(press: Press) -> None:
        now = NOW
        async with Pipeline(config, store, lambda: now, lambda host: press.address) as pipeline:
            for document in documents:
                press.set_document(HOST, "/feed", replace(document, last_modified=NOW))
                polls.extend(await pipeline.run(store.due(None)))
                await pipeline.maintain()
                now += HOUR

    with Press(now=NOW) as press:
        asyncio.run(serve(press))
    return polls


def test_a_304_loses_nothing(store: Store, publisher: Publisher) -> None:
    documents = [served(*stories(picture=hour, toll=100 + min(hour, 3))) for hour in range(6)]
    corrected, again = (served(*stories(picture=picture, toll=103, note=NOTE)) for picture in (5, 6))
    polls = passes(store, publisher, [*documents, corrected, *[again] * 27])
    assert {poll.outcome for poll in polls[-26:]} <= {"not_modified", "unchanged"}  # now and then it is asked in full
    assert [dict(polls[number].drops) for number in (4, 5, 6, 7)] == [
        {UNSTABLE_SOURCE: 6},
        {UNSTABLE_SOURCE: 6},
        {},
        {UNSTABLE_SOURCE: 6},
    ]
    kinds = rows(store, "SELECT change_kind, at FROM changes WHERE article_id = 1 ORDER BY seq")
    assert kinds == [
        ("new", "2026-11-22T10:00:00Z"),
        *(("revised", f"2026-11-22T{11 + hour}:00:00Z") for hour in range(3)),
        ("corrected", "2026-11-22T16:00:00Z"),
        ("revised", "2026-11-23T16:00:00Z"),
    ]
    assert pictures(store) == ["6"] * 6


def test_a_source_whose_edits_an_older_version_lost_is_asked_for_its_whole_document(tmp_path: Path) -> None:
    path = tmp_path / "older.db"
    database = Database(path)
    migrations.apply(database, stop_before="0014_held_words")
    database.conn.executescript(
        """
        INSERT INTO publishers
          VALUES ('p', 'P', '', 'ML', 'newspaper', 'news_organization', '[]', 'http://p', NULL, '{}', 1);
        INSERT INTO sources (id, publisher, key, url, kind, class, enabled, next_at, next_reason, etag, last_modified,
            body_hash, restless)
          VALUES (1, 'p', 'busy', 'u1', 'feed', 'news', 1, '2026', 'first', 'e', 'l', x'01', 3),
            (2, 'p', 'calm', 'u2', 'feed', 'news', 1, '2026', 'first', 'e', 'l', x'01', 2);
        """
    )
    migrations.apply(database, stop_before="0015_trust")
    validators = 'SELECT "key", etag, last_modified, body_hash FROM sources ORDER BY "key"'
    assert database.conn.execute(validators).fetchall() == [("busy", None, None, None), ("calm", "e", "l", b"\x01")]
    database.close()


# Any sequence


ALL = ("picture", "link", "byline", "counter", "updated", "sentence", "headline", "correction")
MINORS = ALL[:5]


@dataclass(frozen=True)
class Step:
    """What changes in all stories, in some more, which are absent, and how long after the poll before."""

    everywhere: str
    more: tuple[tuple[int, str], ...] = ()
    absent: frozenset[int] = frozenset()
    minutes: int = 15
    answer: str = "ok"  # or a poll that brings no document
    keeps_house: bool = False


changes = st.sampled_from((*MINORS, *MINORS, *ALL))
steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(("picture", "picture", "picture", *ALL, "nothing")),
        st.lists(st.tuples(st.sampled_from(SIX), changes), max_size=2).map(tuple),
        st.frozensets(st.sampled_from(SIX), max_size=1),
        st.sampled_from((15, 15, 15, 60, 600, 2_000)),
        st.sampled_from(("ok", "ok", "ok", "ok", "not_modified")),
        st.booleans(),
    ),
    min_size=1,
    max_size=9,
).map(tuple)
HELD = (Step("picture"),) * 4
HELD_THEN_GONE = (*HELD, Step("nothing", absent=frozenset(SIX), keeps_house=True))
HELD_THEN_EDITED = (*HELD, Step("nothing", more=((0, "sentence"), (1, "correction"))))
HELD_THEN_304 = (*HELD, *(Step("nothing", answer="not_modified", minutes=600, keeps_house=True),) * 4)


def said(number: int, count: dict[str, int]) -> Entry:
    """A story after so many changes of each kind."""
    notes = [f"<p>Correction: it is {n}, and not what report {'x' * n} gave.</p>" for n in range(count["correction"])]
    beside = f'<p>See <a href="http://a.example/{count["link"]}">this</a>.</p><p>{count["counter"]} comments</p>'
    return story(
        number,
        toll=100 + count["sentence"],
        picture=count["picture"],
        note="".join(notes) + beside,
        title=Text(f"Road {number} is closed, update {count['headline']}", "text/plain"),
        authors=(Person(f"Awa {count['byline']}"),),
        updated=f"2026-11-22T{count['updated'] // 60:02}:{count['updated'] % 60:02}:00Z",
    )


def play(store: Store, polls: Sequence[Step], breaks_off: int = 0) -> Iterator[tuple[dict[int, Entry], bool]]:
    """Plays the polls; yields after each the entries that its document lists, and whether it was a poll. With
    `breaks_off` each is first broken off after so many operations of SQLite, and recorded twice then.
    """
    counts = {number: dict.fromkeys(ALL, 0) for number in SIX}
    now = NOW
    _poll(store, [said(number, counts[number]) for number in SIX], "ok", now, breaks_off)
    for step in polls:
        now += step.minutes * MINUTE
        listed: dict[int, Entry] = {}
        if step.answer == "ok":
            for number, what in (*((number, step.everywhere) for number in SIX), *step.more):
                if what != "nothing" and number not in step.absent:
                    counts[number][what] += 1
            listed = {number: said(number, counts[number]) for number in SIX if number not in step.absent}
        _poll(store, list(listed.values()), step.answer, now, breaks_off)
        if step.keeps_house:
            maintain(store, now)
        yield listed, True
    for hours in (1, 24, 25, 48):
        maintain(store, now + hours * HOUR)
    yield {number: said(number, counts[number]) for number in SIX}, False


def _poll(store: Store, entries: Sequence[Entry], answer: str, now: datetime, breaks_off: int) -> None:
    polled = [(make_poll(DAILY.sources[0], now, outcome=answer), make_articles(DAILY, *entries))]
    if breaks_off:
        with connections() as opened, Store.open(store.place) as breaking:
            connection = opened[-1]
            connection.set_progress_handler(lambda: 1, breaks_off)
            with suppress(StoreError):
                record_polls(breaking, polled, now)
            connection.set_progress_handler(None, 0)
            record_polls(breaking, polled, now)
    record_polls(store, polled, now)


@sequences
@given(steps)
@example(HELD_THEN_GONE)
@example(HELD_THEN_EDITED)
@example(HELD_THEN_304)
def test_after_two_quiet_days_the_newest_words_of_every_report_are_stored(history_: tuple[Step, ...]) -> None:
    """And no correction, headline or sentence waits at all."""
    with new_store() as store:
        for listed, is_poll in play(store, history_):
            current = words_in_force(store, [number + 1 for number in SIX])
            for number, entry in listed.items():
                (article,) = make_articles(DAILY, entry)
                newest, shown = words_of(article), current[number + 1]
                assert same_sentences(shown, newest)
                if not is_poll:
                    assert what_changed(shown, newest) == ()
        assert held(store) == []
        assert rows(store, TWO_A_DAY) == []
        gapless = [seq for (seq,) in rows(store, "SELECT seq FROM changes ORDER BY seq")]
        assert gapless == list(range(1, len(gapless) + 1))


def test_the_property_above_meets_words_that_are_pending() -> None:
    for history_ in (HELD_THEN_GONE, HELD_THEN_EDITED, HELD_THEN_304):
        with new_store() as store:
            met = [held(store) for _ in play(store, history_)]
            assert any(met)


def test_housekeeping_that_breaks_off_has_stored_words_or_still_holds_them(store: Store, publisher: Publisher) -> None:
    make_unstable(store, publisher)
    seen = length(store)
    broken = 0
    for turn in range(1, 400, 23):
        turns = iter(range(turn))
        with connections() as opened, Store.open(store.place) as ending:  # rolled back when it is closed
            opened[-1].set_progress_handler(lambda left=turns: next(left, None) is None, 20)
            try:
                maintain(ending, NOW + 2 * DAY)
            except StoreError:
                broken += 1
        stored = [article for article, _, _ in ledger(store, seen)]
        assert sorted([*stored, *held(store)]) == [1, 2, 3, 4, 5, 6]
    assert broken > 5
    maintain(store, NOW + 2 * DAY)
    assert (held(store), pictures(store)) == ([], ["3"] * 6)


KEPT = {
    "held": "SELECT * FROM pending_revisions ORDER BY article_id",
    "articles": "SELECT * FROM articles ORDER BY article_id",
    "bodies": "SELECT * FROM bodies ORDER BY article_id",
    "revisions": "SELECT * FROM revisions ORDER BY revision_id",
    "changes": "SELECT * FROM changes ORDER BY seq",
    "sightings": "SELECT * FROM sightings ORDER BY source_id, article_id",
    "changing": "SELECT unstable FROM sources ORDER BY source_id",
}


@sequences
@given(steps, st.integers(1, 3_000))
@example(HELD_THEN_EDITED, 500)
def test_polls_that_are_recorded_twice_or_break_off_make_no_difference(
    history_: tuple[Step, ...], operations: int
) -> None:
    with new_store() as once, new_store() as twice:
        for _ in play(once, history_):
            pass
        for _ in play(twice, history_, operations):
            pass
        for table, sql in KEPT.items():
            assert rows(once, sql) == rows(twice, sql), table
