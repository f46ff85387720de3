"""docs/data.md keeps its word: every table, view and column is on it, with what NULL means, and no list is stale."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest

from aggregator.store.sqlite.engine import replace_views
from tests.make_data import FILE, LISTS, NO_NULL, Page, described, generated, words
from tests.make_schema import migrated

Words = dict[str, dict[str, dict[str, object]]]
_TYPES: Mapping[str, type | tuple[type, ...]] = {"INTEGER": int, "REAL": float, "TEXT": str, "BLOB": str}


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    with closing(migrated(":memory:")) as opened:
        replace_views(opened)
        yield opened


@pytest.fixture(scope="module")
def pages(connection: sqlite3.Connection) -> list[Page]:
    return described(connection, words())


def lacking(pages: list[Page]) -> list[str]:
    """What the page does not say, a line each."""
    found = [f"{page.name}: what it is" for page in pages if not page.said]
    for page in pages:
        for column in page.columns:
            of = f"{page.name}.{column.name}"
            found += [f"{of}: what it is"] * (not column.said)
            found += [f"{of}: what NULL means, or that it is never so"] * (column.null is None)
            found += [f"{of}: an example"] * (column.example is None)
    return found


def test_the_page_is_the_one_that_the_schema_makes() -> None:
    assert FILE.read_text("utf-8") == generated(), "run `make data`"


def test_every_column_is_described(pages: list[Page]) -> None:
    assert lacking(pages) == [], "say it in the comment of the schema, or in tests/data_words.toml"


def test_a_column_that_nobody_describes_is_named() -> None:
    with closing(migrated(":memory:")) as opened:
        replace_views(opened)
        opened.execute("ALTER TABLE polls ADD COLUMN mood TEXT")
        opened.execute("CREATE TABLE moods (mood_id INTEGER PRIMARY KEY) STRICT")
        opened.execute("CREATE VIEW moody AS SELECT article_id, NULL AS sorrow FROM articles")
        found = lacking(described(opened, words()))
    assert {each.partition(":")[0] for each in found} == {
        "polls.mood", "moods", "moods.mood_id", "moody", "moody.article_id", "moody.sorrow",
    }  # fmt: skip


def test_an_example_is_of_the_type_of_its_column(pages: list[Page]) -> None:
    wrong = [
        f"{page.name}.{column.name}: {column.example!r}"
        for page in pages
        for column in page.columns
        if column.type in _TYPES and not isinstance(column.example, _TYPES[column.type])
    ]
    assert wrong == []


def test_no_list_of_values_is_stale(pages: list[Page]) -> None:
    """Whoever names three values of a list names all of it, that is, takes it from the code."""
    said = {f"{page.name}.{column.name}": column.said for page in pages for column in page.columns}
    assert stale(said) == []


def stale(said: Mapping[str, str]) -> list[str]:
    """The descriptions, by what they are of, that name three values of a list and not all of it."""
    found = []
    for of, text in said.items():
        words = {each.strip(" ,.:;()") for each in text.replace(",", " ").split()}
        named = [set(values) for values in LISTS.values() if len(words & set(values)) >= 3]
        if named and not any(values <= words for values in named):
            found.append(f"{of}: {text}")
    return found


def test_nothing_is_described_that_is_not_there(pages: list[Page]) -> None:
    there = {page.name: {column.name for column in page.columns} | {"_"} for page in pages}
    there["any"] = set().union(*there.values())
    extra = {f"{table}.{name}" for table, columns in words().items() for name in columns if name not in there[table]}
    assert extra == set()


def test_what_is_said_of_null_is_what_the_schema_allows(connection: sqlite3.Connection, pages: list[Page]) -> None:
    for page in pages:
        rows = connection.execute('SELECT name, "notnull" OR pk FROM pragma_table_xinfo(?)', (page.name,)).fetchall()
        never = {name for name, is_never in rows if is_never}
        if not page.is_view and page.name not in ("article_search", "_sqlite_migrations"):
            assert {column.name for column in page.columns if column.null == NO_NULL} == never, page.name
