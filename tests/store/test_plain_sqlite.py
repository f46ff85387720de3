"""Programs that open the file without ours (sqlite3, sqlite-utils, Datasette) find words with accents as this one does,
and only what the view `wire` shows.
"""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.desk.purging import chosen, purge
from aggregator.model import Cause, Selection
from aggregator.store import Store
from aggregator.text.folding import fold
from aggregator.text.query import parse
from tests.conftest import NOW, SOAK
from tests.databases import by_number
from tests.make_database import DATABASES

pytestmark = pytest.mark.soak
VERSIONS = by_number(path.name.removesuffix(".db.gz") for path in DATABASES.glob("*.db.gz"))
SOME = VERSIONS if SOAK else [VERSIONS[0], VERSIONS[-1]]
WORDS = (
    "pénurie",
    "PÉNURIE",
    "penurie",
    "Étoile",
    "à",
    "château",
    "relatório",
    "pe\u0301nurie",
    "carburant",
    "ክትባት",
    "فيضان",
)
FOUND = """
    SELECT w.id FROM article_search AS s JOIN wire AS w ON w.newest_revision = s.rowid
    WHERE article_search MATCH ? ORDER BY w.id
"""
_DECLARED = "unicode61 remove_diacritics {} categories 'L* N* Co Mn Mc'"


@pytest.fixture(scope="module", params=SOME)
def upgraded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of an older version that this one has opened."""
    path = tmp_path_factory.mktemp("upgraded") / "wire.db"
    path.write_bytes(gzip.decompress((DATABASES / f"{request.param}.db.gz").read_bytes()))
    with Store.open(path) as store:
        while store.index():
            pass
    return path


def plainly(path: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    """In a connection that knows no function of ours."""
    with closing(sqlite3.connect(path.as_uri() + "?mode=ro", uri=True)) as connection:
        return connection.execute(sql, values).fetchall()


def test_a_search_with_accents_finds_what_it_finds_in_the_program(upgraded: Path) -> None:
    found = 0
    with Store.read(upgraded) as store:
        for word in WORDS:
            ours = sorted(report.id for report in store.search(parse(word), Selection()))
            assert [row[0] for row in plainly(upgraded, FOUND, word)] == ours, word
            found += len(ours)
    assert found > 20


def test_every_report_of_the_wire_has_its_row_of_the_index(upgraded: Path) -> None:
    reports, indexed = plainly(
        upgraded,
        "SELECT count(*), count(d.id) FROM wire AS w LEFT JOIN article_search_docsize AS d ON d.id = w.newest_revision",
    )[0]
    assert reports == indexed > 20


def test_the_database_is_sound_and_words_are_still_taken_back(upgraded: Path, tmp_path: Path) -> None:
    path = tmp_path / "wire.db"
    with closing(sqlite3.connect(upgraded)) as old, closing(sqlite3.connect(path)) as new:
        old.backup(new)
    with Store.open(path) as store:
        these = [report.id for report in store.search(parse("carburant"), Selection())]
        purge(store, chosen(store, these, None, None), Cause(actor="person:ama", reason="a test"), NOW)
        while store.index():
            pass
        assert store.search(parse("carburant"), Selection()) == []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.execute("INSERT INTO article_search (article_search) VALUES ('integrity-check')")
        (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'article_search'").fetchone()
        assert _DECLARED.format(2) in sql
    assert these
    assert plainly(path, FOUND, "carburant") == []
    assert plainly(path, "SELECT rowid FROM article_search WHERE article_search MATCH 'carburant'") == []


def test_what_is_out_of_the_wire_is_not_found(upgraded: Path, tmp_path: Path) -> None:
    path = tmp_path / "wire.db"
    with closing(sqlite3.connect(upgraded)) as old, closing(sqlite3.connect(path)) as new:
        old.backup(new)
    (before,) = (len(plainly(path, FOUND, "pénurie")),)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE articles SET status = 'withheld', notice = 'withheld' WHERE article_id = (SELECT min(article_id)"
            " FROM wire WHERE title LIKE '%nurie%')"
        )
    assert len(plainly(path, FOUND, "pénurie")) == before - 1


def _characters() -> Iterator[str]:
    """Those that words of the wire's scripts are made of, and marks."""
    for first, last in ((0x21, 0x3000), (0xA640, 0xAC00), (0xF900, 0xFF00), (0x1E900, 0x1E960)):
        yield from (chr(code) for code in range(first, last) if not 0xD800 <= code < 0xE000)


def test_what_is_in_the_index_of_an_older_version_need_not_be_indexed_anew() -> None:
    """Of what `fold` returns both settings of the tokenizer make the same words."""
    rows = [(number, fold(f"a{each}b {each}")) for number, each in enumerate(_characters())]
    with closing(sqlite3.connect(":memory:")) as connection:
        words = []
        for setting in (0, 2):
            declared = _DECLARED.format(setting)
            connection.execute(
                f"CREATE VIRTUAL TABLE index{setting} USING fts5(x, content='', tokenize=\"{declared}\")"
            )
            connection.executemany(f"INSERT INTO index{setting} (rowid, x) VALUES (?, ?)", rows)  # noqa: S608
            connection.execute(f"CREATE VIRTUAL TABLE words{setting} USING fts5vocab(index{setting}, instance)")
            words.append(set(connection.execute(f"SELECT doc, term, offset FROM words{setting}")))  # noqa: S608
    assert words[0] == words[1]
    assert len(words[0]) > 15_000
