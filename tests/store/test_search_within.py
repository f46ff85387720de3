"""A search within a publisher, class or language reads the rows of the index that are marked so, and finds what it did
before any was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.desk.purging import chosen, purge
from aggregator.model import Cause, Publisher, Selection, Text
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store
from aggregator.store.postgres import search as postgres_search
from aggregator.store.queries import reading
from aggregator.store.sqlite import search as sqlite_search
from aggregator.text.query import parse
from tests.conftest import (
    NOW,
    file_of,
    make_articles,
    make_entry,
    make_poll,
    make_publisher,
    open_copy,
    open_store,
    record,
)
from tests.rows import every_row

HOUR = timedelta(hours=1)
SMALL = make_publisher("habari-leo", languages=("sw",), country="TZ")
LARGE = make_publisher("daily-example")


INDEXES = {"sqlite": sqlite_search, "postgres": postgres_search}
NOW_OR_BEFORE = (("sqlite", "this version"), ("sqlite", "half of it before"), ("postgres", "this version"))
IDS = [f"{kind}, indexed by {by}" for kind, by in NOW_OR_BEFORE]


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.fixture
def by() -> str:
    return "this version"


by_all = pytest.mark.parametrize(("kind", "by"), NOW_OR_BEFORE, ids=IDS)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Where the store is, by kind and version, that those of the tests are copies of."""
    folder = tmp_path_factory.mktemp("filled")

    @cache
    def filled_once(kind: str, by: str) -> Path:
        is_old, path = by != "this version", folder / f"{kind} {by}"
        with open_store(kind, path, [SMALL, LARGE]) as opened:
            if is_old:
                marked_from(opened, 10**9)
            for number in range(2, 22, 2):
                if number == 12 and is_old:
                    with file_of(opened) as connection:
                        (last,) = connection.execute("SELECT max(revision_id) FROM revisions").fetchone()
                    marked_from(opened, last + 1)
                report(opened, SMALL, number)
                report(opened, LARGE, *range(number * 100, number * 100 + 20))
        return path

    return filled_once


@pytest.fixture
def store(kind: str, by: str, filled: Callable[[str, str], Path], tmp_path: Path) -> Iterator[Store]:
    """The small one's reports have even numbers up to 20, the large one's are 200 of others."""
    with open_copy(kind, filled(kind, by), tmp_path / "wire") as opened:
        yield opened


def marked_from(store: Store, revision: int) -> None:
    """As if rows of revisions before that were indexed by a version that marked none."""
    with file_of(store) as connection:
        connection.execute("UPDATE settings SET value = ? WHERE name = 'search_marked_from'", (str(revision),))


def report(store: Store, publisher: Publisher, *numbers: int, said: str = "Le pont rouvre") -> None:
    words = {number: {"summary": Text(f"<p>{said}.</p>"), "content": ()} for number in numbers}
    entries = (make_entry(n, title=Text(f"{said} {n}", "text/plain"), published=None, **words[n]) for n in numbers)
    record(store, publisher, *entries, now=NOW + numbers[0] * HOUR)


SELECTIONS = (
    Selection(publishers=(SMALL.key,)),
    Selection(languages=("sw",)),
    Selection(languages=("SW",), item_classes=("news",)),
    Selection(publishers=(SMALL.key,), languages=("sw",), item_classes=("news",), countries=("TZ",)),
)


def found(
    store: Store, words: str = "rouvre", selection: Selection = SELECTIONS[0], limit: int | None = None
) -> list[str]:
    reports = store.search(parse(words), replace(selection, limit=limit))
    assert {each.publisher for each in reports} <= {SMALL.key}
    return [(each.title or "").split()[-1] for each in reports]


@by_all
@every_row("selection", SELECTIONS)
def test_it_finds_the_reports_that_are_meant_newest_first(store: Store, selection: Selection) -> None:
    assert found(store, selection=selection) == [str(number) for number in range(20, 0, -2)]
    assert found(store, selection=selection, limit=7) == [str(number) for number in range(20, 6, -2)]
    assert found(store, "pont -rouvre", selection) == []
    assert found(store, '"pont rouvre" rou*', selection, limit=2) == ["20", "18"]
    assert found(store, selection=replace(selection, item_classes=("opinion",))) == []
    assert found(store, selection=replace(selection, languages=("sw-KE",))) == []


@by_all
def test_a_report_of_another_class_or_language_is_found_by_it(store: Store, kind: str) -> None:
    with file_of(store) as connection:
        connection.execute("UPDATE articles SET class = 'opinion' WHERE title LIKE '% 6' AND language = 'sw'")
        connection.execute("UPDATE articles SET language = 'sw-KE' WHERE title LIKE '% 18' AND language = 'sw'")
        connection.execute("UPDATE articles SET language = NULL WHERE title LIKE '% 20' AND language = 'sw'")
    while store.index():
        pass
    assert found(store, selection=Selection(item_classes=("opinion",))) == ["6"]
    assert found(store, selection=Selection(languages=("sw-KE",))) == ["18"]
    assert found(store, selection=Selection(languages=("sw",), limit=2)) == [
        "18",
        "16",
        "14",
        "12",
        "10",
        "8",
        "6",
        "4",
        "2",
    ]
    assert found(store) == [str(number) for number in range(20, 0, -2)]
    index = INDEXES[kind]
    assert MARKED[kind](store, index.marks((), ("opinion",), ())[0]) in (0, 1)  # 0: its row was indexed before
    of_small = MARKED[kind](store, index.marks((SMALL.key,), (), ())[0])
    assert MARKED[kind](store, index.marks((), (), ("sw",))[0]) == of_small - 1


def marked_in_sqlite(store: Store, mark: str) -> int:
    """How many rows of the index have the one word of this expression."""
    with file_of(store) as connection:
        connection.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, article_search, row)")
        row = connection.execute("SELECT doc FROM temp.terms WHERE term = ?", (mark.strip('()"'),)).fetchone()
    return row[0] if row else 0


def marked_in_postgres(store: Store, mark: str) -> int:
    with file_of(store) as connection:
        found = connection.execute("SELECT count(*) FROM article_search WHERE words @@ CAST(? AS tsquery)", (mark,))
        return int(found.fetchone()[0])


MARKED = {"sqlite": marked_in_sqlite, "postgres": marked_in_postgres}
INDEXED = {"sqlite": ("article_search_docsize", "id"), "postgres": ("article_search", "revision_id")}


@by_all
def test_what_is_revised_or_deleted_leaves_the_index(store: Store, kind: str) -> None:
    report(store, SMALL, 4, said="Le marché ferme")
    report(store, SMALL, 16, said="Le marché ferme")
    cause = Cause(actor="person:ama", reason="a test")
    (gone,) = [one.id for one in store.latest(Selection(publishers=(SMALL.key,))) if (one.title or "").endswith(" 18")]
    purge(store, chosen(store, [gone], None, None), cause, NOW)
    while store.index():
        pass
    assert found(store) == ["20", "14", "12", "10", "8", "6", "2"]
    assert sorted(found(store, "marche")) == ["16", "4"]
    table, column = INDEXED[kind]
    sql = f"""
        SELECT count(*) FROM {table} AS d JOIN revisions AS r ON r.revision_id = d.{column}
        JOIN articles AS a ON a.article_id = r.article_id WHERE a.publisher = ? AND r.revision_id >= ?
    """  # noqa: S608  (constants)
    with file_of(store) as connection:
        (expected,) = connection.execute(sql, (SMALL.key, INDEXES[kind].marked_from(connection))).fetchone()
    assert {MARKED[kind](store, mark) for mark in INDEXES[kind].marks((SMALL.key,), (), ("sw",))} == {expected}


@by_all
def test_an_index_that_is_made_anew_is_marked_everywhere(store: Store, kind: str) -> None:
    store.renew_index()
    while store.index():
        pass
    with file_of(store) as connection:
        assert INDEXES[kind].marked_from(connection) == 0
    assert found(store) == [str(number) for number in range(20, 0, -2)]


def words_in_sqlite(store: Store) -> list[tuple[object, ...]]:
    """Each word of the index, with its row, column and place."""
    with file_of(store) as connection:
        connection.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'article_search', 'instance')")
        return connection.execute("SELECT term, doc, col, offset FROM temp.words ORDER BY 1, 2, 3, 4").fetchall()


def words_in_postgres(store: Store) -> list[tuple[object, ...]]:
    sql = """
        SELECT w.lexeme, s.revision_id, array_to_string(w.weights, ''), array_to_string(w.positions, ' ')
        FROM article_search AS s CROSS JOIN LATERAL unnest(s.words) AS w ORDER BY 1, 2
    """
    with file_of(store) as connection:
        return connection.execute(sql).fetchall()


WORDS_OF = {"sqlite": words_in_sqlite, "postgres": words_in_postgres}


def waiting(store: Store) -> int:
    with file_of(store) as connection:
        return int(connection.execute("SELECT count(*) FROM search_queue").fetchone()[0])


@pytest.mark.parametrize("kind", WORDS_OF)
@pytest.mark.parametrize("several", [9, 10], ids="{} new ones".format)
def test_the_new_reports_of_a_document_are_indexed_as_they_would_be_later(
    tmp_path: Path, several: int, kind: str
) -> None:
    """Of many the values at hand are indexed when they are stored, of a few when there are more."""
    texts = ("L'été à Ségou", "Ripoti ya KWANZA", "أُعِيدَ فَتْحُ مَدرَسَةٍ", "ዓዲስ ኣበባ", "Água e pão")
    with open_store(kind, tmp_path / "wire", [SMALL, LARGE]) as store:
        for publisher in (SMALL, LARGE):
            entries = [
                make_entry(
                    number,
                    title=Text(f"{texts[number % 5]} {number}", "text/plain"),
                    content=(Text(f"<p>{texts[number % 4]}</p>"),) * (number % 2),
                )
                for number in range(several)
            ]
            polled = (make_poll(publisher.sources[0]), make_articles(publisher, *entries))
            record_polls(store, [polled], NOW)
            assert waiting(store) == (several if several < 10 else 0)
            while store.index():
                pass
        indexed = WORDS_OF[kind](store)
        store.renew_index()
        while store.index():
            pass
        assert WORDS_OF[kind](store) == indexed
    assert len({each[1] for each in indexed}) == 2 * several


def test_the_reports_of_others_are_passed_over_in_the_index(store: Store) -> None:
    """Four times as many of another publisher cost little where rows are marked."""
    store.renew_index()
    while store.index():
        pass

    def steps() -> int:
        taken: list[int] = []
        with file_of(store) as connection:
            connection.set_progress_handler(lambda: taken.append(1), 1)
            assert len(list(reading.listed(connection, parse("rouvre"), Selection(publishers=(SMALL.key,))))) == 10
            connection.set_progress_handler(None, 1)
        return len(taken)

    before = steps()
    report(store, LARGE, *range(10_000, 10_600))
    assert steps() <= before * 1.5
