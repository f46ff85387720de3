"""The store: a real SQLite file, its tables and views, what it refuses, what survives."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.desk import retention
from aggregator.desk.housekeeping import maintain
from aggregator.desk.terms import sync
from aggregator.model import Category, Publisher, Selection, Source, Text, Validators
from aggregator.model.errors import DaemonRunning, QueryRefused, StoreBusy, StoreError, StoreFull
from aggregator.model.place import PostgresPlace
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store, only_daemon
from aggregator.store.queries import let_go
from aggregator.store.queries.views import MIGRATIONS
from aggregator.text import raw_words
from aggregator.text.dates import to_iso
from aggregator.text.query import parse
from tests.conftest import (
    AGREEMENT,
    NOW,
    QUOTATION,
    WIRE,
    file_of,
    keep_house,
    make_articles,
    make_entry,
    make_poll,
    make_publisher,
    record,
)
from tests.databases import connections
from tests.releases import printed

ANY = Selection()


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    """What a researcher sees who opens the file with plain sqlite3, without any function of ours; or the database."""
    if isinstance(store.place, PostgresPlace):
        with file_of(store) as connection:
            return list(connection.execute(sql).fetchall())
    with sqlite3.connect(store.path) as connection:
        found = connection.execute(sql).fetchall()
    connection.close()
    return found


def test_a_report_is_in_the_wire_with_all_that_must_stand_beside_it(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry())
    (report,) = store.latest(ANY)
    assert (report.publisher_name, report.publisher_place, report.country) == ("Daily Example", "Bamako", "ML")
    assert report.title == "Le pont numéro 1 rouvre"
    assert report.text == "BAMAKO — Le pont n° 1 rouvre lundi.\nLes camions attendent depuis mardi."
    assert report.credit == "Daily Example (Bamako)"
    assert "work of Daily Example" in report.disclaimer
    assert report.complaints_url == WIRE.complaints_url
    assert (report.text_scope, report.byline, report.language) == ("full_text", "Awa Keïta", "fr")
    assert (report.published, report.first_seen) == ("2026-11-21T08:00:00Z", to_iso(NOW))


def test_a_quoted_report_leaves_as_an_excerpt_that_names_the_original(store: Store) -> None:
    quoted = make_publisher("quoted", replace(QUOTATION, excerpt_max_words=8))
    sync(store, WIRE, [quoted], NOW, NOW.date())
    record(store, quoted, make_entry())
    (report,) = store.latest(ANY)
    assert report.text == report.summary == "Le pont n° 1 rouvre lundi."
    assert "http://daily.example/1" in report.disclaimer
    assert "{" not in report.disclaimer


def test_a_publisher_without_terms_is_not_in_the_wire(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry())
    with file_of(store) as connection:
        connection.execute("DELETE FROM terms")
    assert store.latest(ANY) == []


def test_an_unchanged_entry_stores_nothing_but_its_poll(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1), make_entry(2))
    before = rows(store, "SELECT count(*) FROM revisions")
    poll = record(store, publisher, make_entry(1), make_entry(2), now=NOW + timedelta(hours=1))
    assert (poll.new, poll.revised, poll.unchanged) == (0, 0, 2)
    assert rows(store, "SELECT count(*) FROM revisions") == before
    assert rows(store, "SELECT count(*) FROM polls") == [(2,)]


def test_an_edit_is_a_new_revision_and_the_old_words_stay(store: Store, publisher: Publisher) -> None:
    first, second = make_entry(), make_entry(title=Text("Le pont numéro 1 ne rouvre pas", "text/plain"))
    record(store, publisher, first)
    poll = record(store, publisher, second, now=NOW + timedelta(hours=1))
    assert (poll.new, poll.revised) == (0, 1)
    (report,) = store.latest(ANY)
    assert report.title == "Le pont numéro 1 ne rouvre pas"
    versions = store.revisions(report.id)
    assert [version["change_kind"] for version in versions] == ["new", "revised"]
    assert versions[0]["words"]["title"]["value"] == "Le pont numéro 1 rouvre"
    assert rows(store, "SELECT seq, revision, change_kind FROM changes") == [(1, 1, "new"), (2, 2, "revised")]


def test_a_correction_in_the_publishers_own_words_is_called_one(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry())
    record(store, publisher, make_entry(content=(Text("<p>RECTIFICATIF : le pont rouvre mardi.</p>"),)))
    assert rows(store, "SELECT change_kind FROM changes ORDER BY seq") == [("new",), ("corrected",)]


def test_the_raw_words_are_what_came_and_hash_to_it(store: Store, publisher: Publisher) -> None:
    entry = make_entry(title=Text("  A &amp; B ​<b>c</b>\u202e\n", "text/html"))
    record(store, publisher, entry)
    (report,) = store.latest(ANY)
    assert store.raw(report.id) == json.loads(raw_words.encode(entry))
    ((raw_hash,),) = rows(store, "SELECT raw_hash FROM revisions")
    assert raw_hash == sha256(raw_words.encode(entry)).digest()


def test_one_article_in_two_sections_is_one_row_and_no_edit(store: Store, publisher: Publisher) -> None:
    section = Source(publisher=publisher.key, key="sport", url="http://daily-example.example/sport")
    both = replace(publisher, sources=(*publisher.sources, section))
    sync(store, WIRE, [both], NOW, NOW.date())
    shorter = make_entry(content=(), categories=(Category("sport"),))
    for _ in range(2):
        record(store, both, make_entry())
        record_polls(store, [(make_poll(section), make_articles(both, shorter))], NOW)
    assert rows(store, "SELECT count(*) FROM articles") == [(1,)]
    assert rows(store, "SELECT count(*) FROM revisions") == [(1,)]
    assert "depuis mardi" in (store.latest(ANY)[0].text or "")


def test_a_date_that_cannot_be_read_is_null_and_kept_as_text(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(published="the day before yesterday"))
    assert rows(store, "SELECT published, published_stated, sort_time FROM articles") == [
        (None, "the day before yesterday", to_iso(NOW))
    ]


def test_a_date_ahead_is_kept_and_does_not_hold_the_top_of_the_list(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(published="2041-01-01T00:00:00Z"))
    assert rows(store, "SELECT published, sort_time FROM articles") == [("2041-01-01T00:00:00Z", to_iso(NOW))]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("elections", "Les élections à N'Djaména"),
        ("ÉLECTIONS n'djamena", "Les élections à N'Djaména"),
        ("انتخابات", "الاِنتِخابات: اِنْتِخَابَات رئاسية"),
        ("احمد", "كلمة أحمد في المدرسة"),
        ("مدرسه", "كلمة أحمد في المدرسة مدرسة"),
        ("ጸሐይ", "ፀሀይ ወጣች"),
        ("ng'ombe", "Bei ya ng'ombe yapanda"),
        ("uchaguzi", "Uchaguzi mkuu waahirishwa"),
        ('"bei ya"', "Bei ya ng'ombe yapanda"),
        ("uchag*", "Uchaguzi mkuu waahirishwa"),
        ("নির্বাচন", "জাতীয় নির্বাচন স্থগিত"),
    ],
)
def test_search_finds_words_in_every_script(store: Store, publisher: Publisher, typed: str, title: str) -> None:
    titles = ["Les élections à N'Djaména", "الاِنتِخابات: اِنْتِخَابَات رئاسية", "كلمة أحمد في المدرسة مدرسة", "ፀሀይ ወጣች"]
    titles += ["Bei ya ng'ombe yapanda", "Uchaguzi mkuu waahirishwa", "জাতীয় নির্বাচন স্থগিত"]
    entries = [
        make_entry(n, title=Text(words, "text/plain"), summary=None, content=()) for n, words in enumerate(titles)
    ]
    record(store, publisher, *entries)
    for ranked in (False, True):
        found = store.search(parse(typed), ANY, ranked=ranked)
        assert [report.title for report in found if report.title and title in report.title], typed
        assert len(found) == 1


def test_search_finds_only_the_newest_words(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(title=Text("Zebra", "text/plain")))
    record(store, publisher, make_entry(title=Text("Okapi", "text/plain")))
    assert [report.title for report in store.search(parse("okapi"), ANY)] == ["Okapi"]
    assert store.search(parse("zebra"), ANY) == []
    assert store.search(parse("okapi -pont"), ANY) == []


@pytest.mark.parametrize(
    "typed", ['"a', "NEAR(a b)", "^a", "a:", '"col:x"', "{a}", "a + b", 'a"bcd*', "or", "\x00a", "a'b", "a;b"]
)
def test_whatever_is_typed_is_no_syntax_error(store: Store, publisher: Publisher, typed: str) -> None:
    record(store, publisher, make_entry())
    assert store.search(parse(typed), ANY) == []
    assert store.search(parse(f"pont {typed}"), ANY, ranked=True) == []


def test_what_waits_for_the_index_survives_a_crash(store: Store, publisher: Publisher, tmp_path: Path) -> None:
    record_polls(store, [(make_poll(publisher.sources[0]), make_articles(publisher, make_entry()))], NOW)
    assert store.search(parse("pont"), ANY) == []
    with Store.open(store.place) as again:
        maintain(again, NOW)
        assert len(again.search(parse("pont"), ANY)) == 1


def test_validators_articles_and_next_poll_are_one_transaction(store: Store, publisher: Publisher) -> None:
    source = publisher.sources[0]
    poll = make_poll(source, validators=Validators('W/"a b"', "yesterday"), body_hash=b"x" * 32)
    broken = replace(make_articles(publisher, make_entry())[0], entry_hash=None)
    with pytest.raises(sqlite3.IntegrityError):
        record_polls(store, [(poll, [broken])], NOW)
    (due,) = store.due(NOW)
    assert due.validators == Validators()
    assert due.body_hash is None
    assert rows(store, "SELECT (SELECT count(*) FROM polls), (SELECT count(*) FROM articles)") == [(0, 0)]
    record_polls(store, [(poll, make_articles(publisher, make_entry()))], NOW)
    assert store.due(NOW) == []
    (due,) = store.due(None)
    assert due.validators == Validators('W/"a b"', "yesterday")


def test_failures_are_counted_and_a_success_ends_them(store: Store, publisher: Publisher) -> None:
    failed = make_poll(publisher.sources[0], outcome="failed", error="no answer", http_status=None)
    record_polls(store, [(failed, ()), (failed, ())], NOW)
    assert store.due(None)[0].failures == 2
    assert rows(store, "SELECT failures, last_error, last_success FROM health") == [(2, "no answer", None)]
    record(store, publisher, make_entry())
    assert rows(store, "SELECT failures, last_error, articles_7_days FROM health")[0][:2] == (0, None)


def test_a_source_that_moved_forgets_its_validators_and_one_that_went_is_off(
    store: Store, publisher: Publisher
) -> None:
    poll = make_poll(publisher.sources[0], validators=Validators("e", "m"), body_hash=b"x")
    record_polls(store, [(poll, make_articles(publisher, make_entry()))], NOW)
    moved = replace(publisher, sources=(replace(publisher.sources[0], url="http://new.example/feed"),))
    assert sync(store, WIRE, [moved], NOW, NOW.date())
    (due,) = store.due(NOW)
    assert (due.source.url, due.validators, due.body_hash) == ("http://new.example/feed", Validators(), None)
    assert sync(store, WIRE, [], NOW, NOW.date())
    assert store.due(None) == []
    assert len(store.latest(ANY)) == 1


def test_sync_writes_only_when_something_changed(store: Store, publisher: Publisher) -> None:
    assert not sync(store, WIRE, [publisher], NOW, date(2026, 11, 22))
    assert sync(store, WIRE, [publisher], NOW, date(2026, 11, 23))


def test_an_expired_agreement_falls_to_an_excerpt(store: Store, publisher: Publisher) -> None:
    ending = make_publisher(rights=replace(publisher.rights, expires=date(2026, 11, 30)))
    record(store, ending, make_entry())
    for today, scope in ((date(2026, 11, 30), "full_text"), (date(2026, 12, 1), "excerpt")):
        sync(store, WIRE, [ending], NOW, today)
        assert store.latest(ANY)[0].text_scope == scope


def test_of_a_publisher_that_lets_us_keep_no_words_none_are_kept(store: Store) -> None:
    strict = make_publisher("strict", replace(QUOTATION, text_scope="headline_only", storage="metadata_only"))
    sync(store, WIRE, [strict], NOW, NOW.date())
    record(store, strict, make_entry())
    (report,) = store.latest(ANY)
    assert (report.title, report.text, report.summary) == ("Le pont numéro 1 rouvre", None, None)
    assert set(store.raw(report.id) or {}) == {"id", "title", "links", "authors", "published"}
    assert rows(store, "SELECT summary || text || coalesce(excerpt, '') FROM bodies") == [("",)]


def test_words_that_were_lent_for_a_while_are_let_go(store: Store) -> None:
    lent = make_publisher("lent", replace(QUOTATION, storage="transient", retention_days=30))
    sync(store, WIRE, [lent], NOW, NOW.date())
    record(store, lent, make_entry(1, title=Text("Okapi", "text/plain")))
    record(store, lent, make_entry(2, title=Text("Zebra", "text/plain")), now=NOW + timedelta(days=20))
    for days, with_words in ((29, 2), (30, 1), (60, 0)):
        keep_house(store, NOW + timedelta(days=days))
        assert len(store.search(parse("camions"), ANY)) == with_words
        assert rows(store, "SELECT count(*) FROM bodies WHERE text || coalesce(excerpt, '') <> ''") == [(with_words,)]
    (okapi,) = store.search(parse("okapi"), ANY)
    assert set(store.raw(okapi.id) or {}) == {"id", "title", "links", "authors", "published"}
    assert rows(store, "SELECT count(*) FROM revisions WHERE raw_hash = ''") == [(0,)]


def test_letting_go_looks_only_at_what_was_lent(store: Store, publisher: Publisher) -> None:
    """Housekeeping comes every ten minutes, and a wire holds a million articles."""

    def steps() -> int:
        taken: list[int] = []
        with file_of(store) as connection:
            connection.set_progress_handler(lambda: taken.append(1), 1)
            let_go.let_go(connection, over)
            connection.set_progress_handler(None, 1)
        return len(taken)

    lent = make_publisher("lent", rights=replace(AGREEMENT, storage="transient", retention_days=30))
    sync(store, WIRE, [publisher, lent], NOW, NOW.date())
    over = retention.over(store.lending(), NOW)
    assert over
    before = steps()
    assert before
    record(store, publisher, *(make_entry(number) for number in range(400)))
    assert steps() <= before + 20  # with each article looked at it would be thousands


def test_the_ledger_has_no_gap(store: Store, publisher: Publisher) -> None:
    for version in range(5):
        entries = [make_entry(n, title=Text(f"{n}.{version}", "text/plain")) for n in range(4)]
        record(store, publisher, *entries, now=NOW + timedelta(days=2 * version))
    assert rows(store, "SELECT seq FROM changes ORDER BY seq") == [(n,) for n in range(1, 21)]


def test_the_daily_roll_up_counts_what_is_listed(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1), make_entry(2), make_entry(3, published=None))
    counted = rows(store, "SELECT publisher, day, articles FROM daily ORDER BY day")
    assert counted == [("daily-example", "2026-11-21", 2), ("daily-example", "2026-11-22", 1)]


WRITES = [
    "DELETE FROM articles",
    "INSERT INTO polls DEFAULT VALUES",
    "UPDATE articles SET title = ''",
    "WITH a AS (SELECT 1) DELETE FROM articles",
    "CREATE TABLE x (y)",
    "DROP VIEW wire",
    "ALTER TABLE articles ADD COLUMN x",
    "VACUUM",
    "VACUUM INTO '{other}'",
    "ATTACH '{other}' AS other",
    "ATTACH 'file:{other}?mode=rwc' AS other",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA user_version = 7",
    "PRAGMA writable_schema = ON",
    "PRAGMA query_only = OFF",
    "UPDATE sqlite_master SET sql = ''",
    "UPDATE sqlite_schema SET sql = ''",
    "INSERT INTO article_search (article_search) VALUES ('rebuild')",
    "BEGIN IMMEDIATE",
    "REINDEX",
    "ANALYZE",
    "CREATE TEMP TABLE x (y)",
    "SELECT 1; DELETE FROM articles",
    "SELECT load_extension('x')",
    "nonsense",
    "",
]


@pytest.mark.parametrize("sql", WRITES)
def test_a_query_that_is_no_reading_is_refused(store: Store, publisher: Publisher, tmp_path: Path, sql: str) -> None:
    record(store, publisher, make_entry())
    other = tmp_path / "other.db"
    with Store.read(store.place) as reader, pytest.raises(QueryRefused):
        list(reader.query(sql.replace("{other}", str(other)))[1])
    assert not other.exists()
    assert rows(store, "SELECT count(*) FROM articles") == [(1,)]


def test_a_query_may_read_search_and_use_our_functions(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry())
    with Store.read(store.place) as reader:
        names, found = reader.query("SELECT id, publisher_name FROM wire")
        assert names == ["id", "publisher_name"]
        assert len(list(found)) == 1
        _, found = reader.query("SELECT rowid FROM article_search WHERE article_search MATCH fold('PONT')")
        assert list(found) == [(1,)]
        _, found = reader.query("SELECT json_extract(raw_words(raw, dictionary_id), '$.title.value') FROM revisions")
        assert list(found) == [("Le pont numéro 1 rouvre",)]
        _, found = reader.query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT 3) SELECT i FROM n")
        assert list(found) == [(1,), (2,), (3,)]


def test_a_missing_a_corrupt_and_a_foreign_file_are_explained(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="aggregator fetch"):
        Store.read(tmp_path / "none.db")
    corrupt = tmp_path / "corrupt.db"
    corrupt.write_bytes(b"this is no database at all" * 400)
    for opening in (Store.open, Store.read):
        with pytest.raises(StoreError, match=r"corrupt\.db: this is no SQLite database, or its beginning is damaged"):
            opening(corrupt)
    assert corrupt.read_bytes().startswith(b"this is no database")
    folder = tmp_path / "file"
    folder.touch()
    with pytest.raises(StoreError, match="cannot make this folder"):
        Store.open(folder / "wire.db")


def test_a_locked_database_is_waited_for_and_then_reported(store: Store, publisher: Publisher) -> None:
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreBusy, match="another program"), Store.open(store.place, busy_seconds=0.05) as waiting:
            record(waiting, publisher, make_entry())
    finally:
        other.execute("ROLLBACK")
        other.close()
    record(store, publisher, make_entry())
    assert len(store.latest(ANY)) == 1


def test_a_full_disk_is_said_and_loses_nothing(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1))
    many = [make_entry(n, summary=Text(str(n) * 3_000)) for n in range(2, 100)]
    with connections() as opened, Store.open(store.place) as full:
        connection = opened[-1]
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own way to run out of room
        with pytest.raises(StoreFull, match="disk is full"):
            record(full, publisher, *many)
        assert rows(store, "SELECT count(*) FROM articles") == [(1,)]
        assert rows(store, "PRAGMA integrity_check") == [("ok",)]
        connection.execute("PRAGMA max_page_count = 1000000")
        record(full, publisher, *many)
    assert rows(store, "SELECT count(*) FROM articles") == [(99,)]


def test_the_views_are_written_for_the_newest_tables(store: Store) -> None:
    assert rows(store, "SELECT name FROM _sqlite_migrations ORDER BY rowid") == [(name,) for name in MIGRATIONS]


def test_two_daemons_refuse_each_other(tmp_path: Path) -> None:
    database = tmp_path / "wire.db"
    holding = (
        "import sys, pathlib; from aggregator.store import only_daemon\n"
        "with only_daemon(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(DaemonRunning, match=f"process {other.pid}"), only_daemon(database):
            pass
        other.kill()
    with only_daemon(database):  # a lock that no crash leaves behind
        pass


def test_a_publisher_of_no_known_place_stands_alone_above_its_report(store: Store, publisher: Publisher) -> None:
    publisher = replace(publisher, place=None)
    sync(store, WIRE, [publisher], NOW, NOW.date())
    record(store, publisher, make_entry())
    (report,) = store.latest(ANY)
    assert (report.publisher_place, report.credit) == ("", "Daily Example")
    assert "()" not in "".join(printed(store, [report], NOW))


@pytest.mark.parametrize(
    ("summary", "stored"),
    [
        ("<p>Le pont rouvre lundi.</p>", None),
        ("<p>Le pont " + "rouvre " * 80 + "lundi.</p>", "Le pont " + "rouvre " * 58 + "…"),
    ],
)
def test_an_excerpt_that_is_the_summary_is_stored_once(
    store: Store, publisher: Publisher, summary: str, stored: str | None
) -> None:
    publisher = replace(publisher, rights=replace(publisher.rights, text_scope="excerpt"))
    sync(store, WIRE, [publisher], NOW, NOW.date())
    record(store, publisher, make_entry(summary=Text(summary), content=()))
    assert rows(store, "SELECT excerpt FROM bodies") == [(stored,)]
    shown = stored or "Le pont rouvre lundi."
    assert rows(store, "SELECT summary, text FROM wire") == [(shown, shown)]


def test_a_new_file_has_large_pages_and_an_older_one_its_own(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "older.db")) as connection:
        connection.execute("PRAGMA page_size = 4096")
        connection.execute("VACUUM")
    for name, size in (("new", 16_384), ("older", 4_096)):
        path = tmp_path / f"{name}.db"
        with Store.open(path), closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA page_size").fetchone() == (size,)
