"""The media of reports: held beside the words in force, revised alone, and read anew without a line in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from aggregator.desk import merges, pending
from aggregator.desk.housekeeping import maintain
from aggregator.desk.reading import read_as_of
from aggregator.desk.terms import sync
from aggregator.model import Document, Entry, Media, Person, Publisher, Source, Text
from aggregator.normalise import normalise
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store
from tests.conftest import (
    AGREEMENT,
    NOW,
    WIRE,
    file_of,
    keep_house,
    make_entry,
    make_poll,
    make_publisher,
    record,
)
from tests.store.test_store import rows

pytestmark = pytest.mark.stores("soak")

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

BRIDGE = Media(
    "http://img.example/pont.jpg?w=640",
    "image",
    "image/jpeg",
    640,
    360,
    52_000,
    title="pont.jpg",
    caption=Text("<p>Le pont,\n<b>mardi</b>.</p><p>À droite, le bac.</p>"),
    credit="Awa Keïta",
    copyright="© Le Jour",
    alt="Un pont",
    language="fr",
)
SOUND = Media("http://img.example/son.mp3", "audio", "audio/mpeg", length=91_000)
FERRY = Media("http://img.example/bac.jpg", "image")

TWO_FEEDS = make_publisher(
    "daily-example",
    sources=tuple(
        Source(publisher="daily-example", key=key, url=f"http://daily-example.example/{key}")
        for key in ("feed", "news")
    ),
)


def urls(store: Store) -> list[tuple[object, ...]]:
    return rows(store, "SELECT article_id, url FROM media ORDER BY article_id, place")


def lines(store: Store) -> list[tuple[object, ...]]:
    sql = """
        SELECT c.article_id, c.change_kind, r.changed FROM changes AS c
        JOIN revisions AS r ON r.article_id = c.article_id AND r.number = c.revision ORDER BY c.seq
    """
    return rows(store, sql)


def listed(store: Store, source: Source, *entries: Entry, now: object = NOW) -> None:
    """A poll of one of two sources."""
    articles = normalise(Document(format="rss20", entries=entries), source, TWO_FEEDS).articles
    record_polls(store, [(make_poll(source, now), articles)], now)  # type: ignore[arg-type]


def as_read_before(store: Store) -> None:
    """As 0.2.0 left it: media were not read."""
    with file_of(store) as connection:
        connection.execute("DELETE FROM media")
        connection.execute("UPDATE sightings SET media_hash = NULL")


# What is held


def test_media_stand_beside_the_words_in_their_order(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1, media=(BRIDGE, SOUND)), make_entry(2))
    assert rows(store, "SELECT * FROM media ORDER BY article_id, place") == [
        (
            1, 0, "http://img.example/pont.jpg?w=640", "image", "image/jpeg", 640, 360, 52_000, "pont.jpg",
            "Le pont, mardi.\nÀ droite, le bac.", "Awa Keïta", "© Le Jour", "Un pont", "fr",
        ),
        (1, 1, "http://img.example/son.mp3", "audio", "audio/mpeg", None, None, 91_000, *[None] * 6),
    ]  # fmt: skip
    assert rows(store, "SELECT length(media_hash) FROM sightings ORDER BY article_id") == [(8,), (0,)]


def test_of_a_publisher_that_lets_no_words_be_kept_no_media_are(store: Store) -> None:
    strict = make_publisher("strict", replace(AGREEMENT, storage="metadata_only"))
    sync(store, WIRE, [strict], NOW, NOW.date())
    record(store, strict, make_entry(1, media=(BRIDGE,)))
    assert urls(store) == []
    record(store, strict, make_entry(1, media=(FERRY,)), now=NOW + HOUR)
    assert lines(store) == [(1, "new", None), (1, "revised", '["media"]')], "that they changed is known all the same"
    assert urls(store) == []


# What is a revision


@pytest.mark.parametrize(
    ("media", "changed"),
    [
        ((replace(BRIDGE, url="https://cdn.example/pont.jpg?v=2"), SOUND), None),  # host and query
        ((SOUND, BRIDGE), None),  # the order
        ((replace(BRIDGE, width=1_280), SOUND), None),
        ((FERRY, SOUND), '["media"]'),
        ((BRIDGE,), '["media"]'),
        ((), '["media"]'),
        ((replace(BRIDGE, caption=Text("Le pont, jeudi.")), SOUND), '["media"]'),
        ((replace(BRIDGE, credit="Issa Traoré"), SOUND), '["media"]'),
    ],
)
def test_other_media_under_the_same_words_are_a_minor_revision(
    store: Store, publisher: Publisher, media: Sequence[Media], changed: str | None
) -> None:
    record(store, publisher, make_entry(media=(BRIDGE, SOUND)))
    record(store, publisher, make_entry(media=tuple(media)), now=NOW + HOUR)
    new: list[tuple[object, ...]] = [(1, "new", None)]
    assert lines(store) == (new if changed is None else [*new, (1, "revised", changed)])
    said = media if changed else (BRIDGE, SOUND)
    assert urls(store) == [(1, each.url) for each in said], "those of the revision in force"


def test_a_picture_that_is_swapped_in_the_text_too_is_one_revision(store: Store, publisher: Publisher) -> None:
    def entry(picture: str) -> Entry:
        body = Text(f'<p><img src="http://img.example/{picture}.jpg"></p><p>Le pont rouvre lundi.</p>')
        return make_entry(content=(body,), media=(Media(f"http://img.example/{picture}.jpg", "image"),))

    record(store, publisher, entry("a"))
    record(store, publisher, entry("b"), now=NOW + HOUR)
    assert lines(store) == [(1, "new", None), (1, "revised", '["body", "media"]')]


def test_two_sources_that_list_a_report_with_different_media_make_no_revisions_of_each_other(store: Store) -> None:
    sync(store, WIRE, [TWO_FEEDS], NOW, NOW.date())
    feed, news = TWO_FEEDS.sources
    for hour in range(3):  # each time with another category, so that each is compared
        listed(store, feed, make_entry(media=(BRIDGE,), rights=f"{hour}"), now=NOW + hour * HOUR)
        listed(store, news, make_entry(media=(FERRY,), rights=f"{hour}"), now=NOW + hour * HOUR + MINUTE)
    assert lines(store) == [(1, "new", None)]
    assert urls(store) == [(1, BRIDGE.url)]
    listed(store, news, make_entry(media=(SOUND,)), now=NOW + DAY)
    assert lines(store)[1:] == [(1, "revised", '["media"]')]
    assert urls(store) == [(1, SOUND.url)]


def test_media_under_words_that_are_not_in_force_are_none(store: Store) -> None:
    sync(store, WIRE, [TWO_FEEDS], NOW, NOW.date())
    feed, news = TWO_FEEDS.sources
    short = make_entry(content=(), media=(FERRY,))
    listed(store, feed, make_entry(media=(BRIDGE,)))
    listed(store, news, short, now=NOW + HOUR)
    listed(store, news, replace(short, media=(SOUND,)), now=NOW + 2 * HOUR)
    assert lines(store) == [(1, "new", None)], "its shorter text would be put in force with its picture"
    assert urls(store) == [(1, BRIDGE.url)]


def test_a_source_that_shows_other_pictures_at_every_poll_makes_one_revision_a_day(
    store: Store, publisher: Publisher
) -> None:
    def shown(hour: int) -> list[Entry]:
        return [make_entry(n, media=(Media(f"http://img.example/{n}-{hour}.jpg", "image"),)) for n in range(6)]

    for hour in range(5):
        record(store, publisher, *shown(hour), now=NOW + hour * HOUR)
    assert len(lines(store)) == 6 * 3, "the third poll in a row that changes all is where it waits"
    assert rows(store, "SELECT DISTINCT changed, length(media_hash) FROM pending_revisions") == [('["media"]', 8)]
    maintain(store, NOW + 2 * DAY)
    assert len(lines(store)) == 6 * 4
    assert [url for _, url in urls(store)] == [f"http://img.example/{n}-4.jpg" for n in range(6)]
    record(store, publisher, *(replace(each, rights="CC") for each in shown(4)), now=NOW + 3 * DAY)
    assert len(lines(store)) == 6 * 4


def test_pictures_that_change_all_at_once_wait_for_nobody(store: Store, publisher: Publisher) -> None:
    record(store, publisher, *(make_entry(n, media=(BRIDGE,)) for n in range(150)))
    record(store, publisher, *(make_entry(n, media=(FERRY,)) for n in range(150)), now=NOW + HOUR)
    assert len(lines(store)) == 300
    assert rows(store, "SELECT count(*) FROM pending_changes") == [(0,)]


# What becomes of them


def test_media_that_wait_for_a_person_come_with_their_words(store: Store, publisher: Publisher) -> None:
    record(store, publisher, *(make_entry(n, media=(BRIDGE,)) for n in range(110)))
    note = Text("<p>Le bac circule aussi la nuit.</p>")
    again = [make_entry(n, content=(note, Text(f"<p>{n}</p>")), media=(FERRY,)) for n in range(110)]
    record(store, publisher, *again, now=NOW + HOUR)
    assert [len([url for _, url in urls(store) if url == each.url]) for each in (BRIDGE, FERRY)] == [10, 100]
    done = pending.accept(store, [publisher], publisher.key, ["revised"], "person:ama", NOW + 2 * HOUR)
    assert dict(done) == {"revised": 10}
    assert {url for _, url in urls(store)} == {FERRY.url}
    assert rows(store, 'SELECT count(*) FROM revisions WHERE changed = \'["body", "media"]\'') == [(110,)]
    record(store, publisher, *(replace(each, rights="CC") for each in again), now=NOW + 3 * HOUR)
    assert len(lines(store)) == 220


def test_media_beside_words_that_a_person_refused_are_not_put_in_force(store: Store, publisher: Publisher) -> None:
    record(store, publisher, *(make_entry(n, media=(BRIDGE,)) for n in range(6)))
    defaced = [make_entry(n, title=Text("Hacked"), media=(FERRY,)) for n in range(6)]
    record(store, publisher, *defaced, now=NOW + HOUR)
    assert dict(pending.refuse(store, publisher.key, ["same_words"], "person:ama", NOW + HOUR)) == {"same_words": 6}
    record(store, publisher, *(replace(each, media=(SOUND,)) for each in defaced), now=NOW + 2 * HOUR)
    assert len(lines(store)) == 6
    assert {url for _, url in urls(store)} == {BRIDGE.url}


def test_a_merge_that_is_undone_gives_each_report_its_own_media(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1, media=(BRIDGE,)))
    moved = make_entry(1, id="another-guid", summary=Text("<p>Le pont rouvre mardi.</p>"), media=(FERRY,))
    record(store, publisher, moved, now=NOW + HOUR)
    assert urls(store) == [(1, FERRY.url)]
    merges.split(store, 1, NOW + 2 * HOUR)
    assert urls(store) == [(1, BRIDGE.url), (2, FERRY.url)]
    record(store, publisher, replace(moved, rights="CC"), now=NOW + 3 * HOUR)
    assert [line for line in lines(store) if line[0] == 2] == [(2, "new", None)]


def test_whoever_reads_by_a_clock_sees_no_media_of_words_that_may_be_held_no_longer(store: Store) -> None:
    lent = make_publisher("lent", replace(AGREEMENT, storage="transient", retention_days=30))
    sync(store, WIRE, [lent, make_publisher("kept")], NOW, NOW.date())
    record(store, lent, make_entry(1, media=(BRIDGE,)))
    record(store, make_publisher("kept"), make_entry(2, media=(FERRY,)))
    with read_as_of(store.place, NOW + 31 * DAY) as reader:
        _, seen = reader.query("SELECT url FROM media")
        assert list(seen) == [(FERRY.url,)]
    assert len(urls(store)) == 2
    keep_house(store, NOW + 31 * DAY)
    assert [url for _, url in urls(store)] == [FERRY.url]


# After an upgrade

READ_BEFORE = make_entry(1, rights="CC")
NOW_READ = make_entry(1, rights="CC", media=(BRIDGE, SOUND))


@pytest.fixture
def upgraded(store: Store, publisher: Publisher) -> Store:
    record(store, publisher, READ_BEFORE)
    as_read_before(store)
    return store


def test_media_of_a_report_that_is_still_listed_come_without_a_revision(upgraded: Store, publisher: Publisher) -> None:
    record(upgraded, publisher, NOW_READ, now=NOW + HOUR)
    assert lines(upgraded) == [(1, "new", None)]
    assert urls(upgraded) == [(1, BRIDGE.url), (1, SOUND.url)]
    record(upgraded, publisher, replace(NOW_READ, media=(FERRY,)), now=NOW + 2 * HOUR)
    assert lines(upgraded)[1:] == [(1, "revised", '["media"]')]


def test_a_report_that_is_listed_unchanged_had_no_media(upgraded: Store, publisher: Publisher) -> None:
    record(upgraded, publisher, READ_BEFORE, make_entry(2), now=NOW + HOUR)
    assert rows(upgraded, "SELECT hex(media_hash) FROM sightings") == [("",), ("",)]
    record(upgraded, publisher, NOW_READ, now=NOW + 2 * HOUR)
    assert lines(upgraded)[2:] == [(1, "revised", '["media"]')], "its first picture was added since"


def test_words_that_changed_meanwhile_are_a_revision(upgraded: Store, publisher: Publisher) -> None:
    record(upgraded, publisher, replace(NOW_READ, title=Text("Le pont rouvre mardi")), now=NOW + HOUR)
    assert lines(upgraded)[1:] == [(1, "revised", '["title"]')]
    assert urls(upgraded) == [(1, BRIDGE.url), (1, SOUND.url)]


def test_more_authors_than_an_older_version_read_are_no_revision(upgraded: Store, publisher: Publisher) -> None:
    authors = (Person("Awa Keïta"), Person("Issa Traoré"))
    record(upgraded, publisher, replace(NOW_READ, authors=authors), now=NOW + HOUR)
    assert lines(upgraded) == [(1, "new", None)]
    assert len(urls(upgraded)) == 2
    record(upgraded, publisher, replace(NOW_READ, authors=authors[1:]), now=NOW + 2 * HOUR)
    assert lines(upgraded)[1:] == [(1, "revised", '["byline"]')], "from there on it is a change"


def test_what_was_let_go_gets_no_media(upgraded: Store, publisher: Publisher) -> None:
    with file_of(upgraded) as connection:
        connection.execute("UPDATE articles SET has_text = 0")
    record(upgraded, publisher, NOW_READ, now=NOW + HOUR)
    assert urls(upgraded) == []


def test_only_the_source_of_the_words_in_force_brings_media(store: Store) -> None:
    sync(store, WIRE, [TWO_FEEDS], NOW, NOW.date())
    feed, news = TWO_FEEDS.sources
    listed(store, feed, READ_BEFORE)
    listed(store, news, READ_BEFORE, now=NOW + MINUTE)
    as_read_before(store)
    listed(store, news, replace(READ_BEFORE, media=(FERRY,)), now=NOW + HOUR)
    assert urls(store) == []
    listed(store, feed, NOW_READ, now=NOW + 2 * HOUR)
    assert urls(store) == [(1, BRIDGE.url), (1, SOUND.url)]
    assert lines(store) == [(1, "new", None)]
