"""The makers of reports: read beside the words in force, new with them, and let go with them."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from aggregator.desk import purging
from aggregator.desk.outgoing import outlet, releases
from aggregator.desk.terms import sync
from aggregator.model import Cause, Entry, Media, Person, Publisher, TagSettings, Text
from aggregator.model.release import Release
from aggregator.store import Store
from aggregator.tags.tagging import tag_all
from tests.conftest import AGREEMENT, NOW, QUOTATION, WIRE, file_of, keep_house, make_entry, make_publisher, record
from tests.store.test_store import rows

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CAUSE = Cause(actor="person:ama", reason="the court asked for it", reference="T-17")
PICTURE = Media(
    "http://img.example/pont.jpg", "image", caption=Text("Le pont, mardi. © Moussa Exemple/AFP", "text/plain")
)
WIRED = "<p>BAMAKO, Mali, 1 mars 2026 (Reuters) - Le pont rouvre.</p><p>Les camions attendent.</p>"
SIGNED = "<p>Le pont rouvre.</p><p>(Reporting by Tom Sample in Accra)</p>"


def entry(content: str = WIRED, *authors: str, number: int = 1, media: tuple[Media, ...] = ()) -> Entry:
    return make_entry(
        number, content=(Text(content),), authors=tuple(Person(name) for name in authors), media=media, language="fr"
    )


def all_of(store: Store) -> list[tuple[object, ...]]:
    return [
        *rows(store, "SELECT literal, places, country, date, agency FROM datelines ORDER BY article_id"),
        *rows(store, "SELECT name, author_kind, role, city, found_in FROM authors ORDER BY article_id, place"),
        *rows(store, "SELECT name, stated, found_in, words FROM agencies ORDER BY article_id, place"),
    ]


DATELINE = ("BAMAKO, Mali, 1 mars 2026 (Reuters)", '["Bamako"]', "Mali", "2026-03-01", "Reuters")
OF_DATELINE = ("Reuters", "Reuters", "dateline", "BAMAKO, Mali, 1 mars 2026 (Reuters)")


PEOPLE = (
    ("Awa Exemple", "person", "author", None, "byline"),
    ("Tom Sample", "person", "reporting", "Accra", "text"),
    ("Human Rights Watch", "organisation", "author", None, "byline"),
)


def test_sql_can_ask_for_them_and_the_words_stay(store: Store, publisher: Publisher) -> None:
    record(
        store,
        publisher,
        entry(WIRED, "Awa Exemple", media=(PICTURE,)),
        entry(SIGNED, "Human Rights Watch", number=2),
    )
    assert all_of(store) == [
        DATELINE,
        *PEOPLE,
        OF_DATELINE,
        ("Agence France-Presse", "AFP", "credit", "© Moussa Exemple/AFP"),
    ]
    assert rows(store, "SELECT text FROM bodies ORDER BY article_id")[0] == (
        "BAMAKO, Mali, 1 mars 2026 (Reuters) - Le pont rouvre.\nLes camions attendent.",
    )
    assert rows(store, "SELECT caption, credit FROM media") == [
        ("Le pont, mardi. © Moussa Exemple/AFP", "© Moussa Exemple/AFP"),
    ]


def test_the_feeds_own_credit_stands(store: Store, publisher: Publisher) -> None:
    record(store, publisher, entry(media=(replace(PICTURE, credit="Awa Keïta"),)))
    assert rows(store, "SELECT credit FROM media") == [("Awa Keïta",)]
    assert rows(store, "SELECT name FROM agencies") == [("Reuters",)]


def test_a_new_version_brings_its_own(store: Store, publisher: Publisher) -> None:
    record(store, publisher, entry(WIRED, "Awa Exemple"))
    record(store, publisher, entry("<p>Rectificatif : Le pont rouvre jeudi.</p>", "La Rédaction"), now=NOW + HOUR)
    assert all_of(store) == []
    record(store, publisher, entry(SIGNED, "Awa Exemple"), now=NOW + 2 * HOUR)
    assert [row[0] for row in all_of(store)] == ["Awa Exemple", "Tom Sample"]


def test_they_leave_with_the_report(store: Store, publisher: Publisher) -> None:
    record(store, publisher, entry(WIRED, "Awa Exemple"), entry(SIGNED, number=2))
    by = outlet(store, None, NOW + HOUR)
    ids = [str(each) for (each,) in rows(store, "SELECT id FROM articles ORDER BY article_id")]
    wired, signed = releases(store, WIRE, ids, by)
    assert isinstance(wired, Release)
    assert isinstance(signed, Release)
    assert (wired.dateline, wired.located) == ("BAMAKO, Mali, 1 mars 2026 (Reuters)", "Bamako, Mali")
    assert (wired.agencies, wired.origin) == (("Reuters",), "Reuters")
    assert (signed.dateline, signed.located, signed.agencies, signed.origin) == (None, None, (), None)
    assert [each.name for each in (*wired.authors, *signed.authors)] == ["Awa Exemple", "Tom Sample"]
    said = f"Part of this report comes from Reuters, as {publisher.name} states."
    assert said in wired.disclaimers
    assert said not in signed.disclaimers


def test_a_headline_alone_leaves_without_dateline_and_names(store: Store) -> None:
    rights = replace(QUOTATION, text_scope="headline_only")
    bare = make_publisher("bare", rights)
    sync(store, WIRE, [bare], NOW, NOW.date())
    record(store, bare, entry(WIRED, "Awa Exemple"))
    ((report,),) = rows(store, "SELECT id FROM articles")
    (release,) = releases(store, WIRE, [str(report)], outlet(store, None, NOW + HOUR))
    assert isinstance(release, Release)
    assert (release.dateline, release.located, release.authors) == (None, None, ())
    assert release.origin == "Reuters", "who is to be credited is said all the same"


def test_retag_reads_those_of_reports_that_an_older_version_stored(store: Store, publisher: Publisher) -> None:
    record(store, publisher, entry(WIRED, "Awa Exemple", media=(PICTURE,)), entry(SIGNED, number=2))
    before = all_of(store)
    with file_of(store) as connection:
        for table in ("datelines", "authors", "agencies"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
    untagged = store.to_tag(10)
    found = [
        (each, tags)
        for each, tags in zip(
            untagged, tag_all([(each.words, TagSettings(), ("fr",)) for each in untagged]), strict=True
        )
    ]
    assert store.count_other_tags(found) == 2
    assert store.save_tags(found, NOW + HOUR) == 2
    assert all_of(store) == before
    assert store.count_other_tags(found) == 0


def test_of_a_publisher_that_lets_no_words_be_kept_the_byline_alone_is_read(store: Store) -> None:
    strict = make_publisher("strict", replace(AGREEMENT, storage="metadata_only"))
    sync(store, WIRE, [strict], NOW, NOW.date())
    record(store, strict, entry(WIRED, "Awa Exemple", media=(PICTURE,)))
    assert all_of(store) == [("Awa Exemple", "person", "author", None, "byline")]


def test_what_words_said_goes_with_them_and_the_rest_with_the_report(store: Store) -> None:
    lent = make_publisher("lent", replace(AGREEMENT, storage="transient", retention_days=30))
    sync(store, WIRE, [lent], NOW, NOW.date())
    record(store, lent, entry(WIRED, "Awa Exemple with AP", media=(PICTURE,)), entry(SIGNED, number=2))
    keep_house(store, NOW + 31 * DAY)
    assert all_of(store) == [
        ("Awa Exemple", "person", "author", None, "byline"),
        ("Associated Press", "AP", "byline", "Awa Exemple with AP"),
    ]
    ids = [str(each) for (each,) in rows(store, "SELECT id FROM articles")]
    purging.purge(store, purging.chosen(store, ids), CAUSE, NOW + 32 * DAY)
    assert all_of(store) == []
