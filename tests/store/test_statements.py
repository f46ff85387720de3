"""What queries may expect of a connection, the same of every store: many rows by one call, and streamed rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from aggregator.store import Store
from tests.conftest import file_of, make_entry, make_publisher, record
from tests.rows import every_row

pytestmark = pytest.mark.stores

ADD = "INSERT INTO settings (name, value) VALUES (?, ?)"
SET = f"{ADD} ON CONFLICT (name) DO UPDATE SET value = settings.value || excluded.value"
KEEP = f"{ADD} ON CONFLICT DO NOTHING"
WORDS = ["", 'Ségou "l\'eau"', "back\\slash \\x41 \\u0041", "line\nline\ttab", "فتح الجسر", "100 % {a} $1 ? :name", "𝔄"]
# Of 5,000 numbers the 4,000th cannot be computed.
FAILS_LATE = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    SELECT abs(CASE WHEN i = :at THEN -9223372036854775807 - 1 ELSE i END) FROM n
"""


@pytest.fixture
def connection(store: Store) -> Iterator[Any]:
    with file_of(store) as found:
        yield found


def values(connection: Any) -> dict[str, str]:
    rows = connection.execute("SELECT name, value FROM settings WHERE name LIKE 'trial/%' ORDER BY name")
    return dict(rows.fetchall())


def names(count: int) -> list[str]:
    return [f"trial/{number}" for number in range(count)]


@every_row("count", [0, 1, 2, len(WORDS)])
def test_every_row_is_added_as_it_is(connection: Any, count: int) -> None:
    connection.execute("DELETE FROM settings WHERE name LIKE 'trial/%'")
    connection.executemany(ADD, list(zip(names(count), WORDS, strict=False)))
    assert values(connection) == dict(zip(names(count), WORDS, strict=False))


def test_bytes_and_what_is_missing_are_added_as_they_are(connection: Any) -> None:
    contents = [b"", b"\0\\x41'\"", bytes(range(256))]
    connection.executemany(
        "INSERT INTO dictionaries (content, trained_at) VALUES (?, ?)", [(each, "2026-11-22") for each in contents]
    )
    found = connection.execute("SELECT content FROM dictionaries WHERE trained_at = '2026-11-22' ORDER BY content")
    assert [bytes(content) for (content,) in found.fetchall()] == sorted(contents)
    connection.executemany("INSERT INTO robots (origin, http_status, body, fetched_at) VALUES (?, ?, ?, ?)", ROBOTS)
    rows = connection.execute("SELECT origin, http_status, body, fetched_at FROM robots ORDER BY origin").fetchall()
    assert list(map(tuple, rows)) == ROBOTS


ROBOTS = [("http://a.example", None, b"", "2026-11-22"), ("http://b.example", 200, b"User-agent: *", "2026-11-22")]


def test_a_row_that_is_there_is_changed_or_kept_in_the_order_of_the_rows(connection: Any) -> None:
    connection.executemany(ADD, [("trial/0", "a"), ("trial/1", "b")])
    connection.executemany(SET, [("trial/1", "c"), ("trial/2", "d")])
    connection.executemany(SET, [("trial/2", "e"), ("trial/3", "f"), ("trial/2", "g")])
    connection.executemany(KEEP, [("trial/0", "h"), ("trial/4", "i"), ("trial/4", "j")])
    assert values(connection) == {
        "trial/0": "a",
        "trial/1": "bc",
        "trial/2": "deg",
        "trial/3": "f",
        "trial/4": "i",
    }


@every_row("count", [1, 9, 10, 11, 35])
def test_the_last_of_many_rows_for_one_key_stays(store: Store, count: int) -> None:
    publisher = make_publisher()
    record(store, publisher, *map(make_entry, range(12)))
    with file_of(store) as connection:
        connection.execute("DELETE FROM near_keys WHERE article_key LIKE 'trial:%'")
        numbers = [number for (number,) in connection.execute("SELECT article_id FROM articles").fetchall()]
        rows = [(publisher.key, f"trial:{each % 7}", numbers[each % len(numbers)]) for each in range(count)]
        connection.executemany(
            """
            INSERT INTO near_keys (publisher, article_key, article_id) VALUES (?, ?, ?)
            ON CONFLICT (publisher, article_key) DO UPDATE SET article_id = excluded.article_id
            """,
            rows,
        )
        found = connection.execute("SELECT article_key, article_id FROM near_keys WHERE article_key LIKE 'trial:%'")
        assert dict(found.fetchall()) == {key: number for _, key, number in rows}


def test_rows_are_changed_and_deleted_by_their_keys(connection: Any) -> None:
    connection.executemany(ADD, [(name, "a") for name in names(6)])
    connection.executemany("UPDATE settings SET value = ? WHERE name = ?", [("b", "trial/0"), ("c", "trial/9")])
    connection.executemany(
        "UPDATE settings SET value = ? WHERE name = ?", [("d", "trial/1"), ("e", "trial/2"), ("f", "trial/1")]
    )
    connection.executemany("UPDATE settings SET value = 'g' WHERE name = ?", [("trial/3",), ("trial/4",)])
    connection.executemany("UPDATE settings SET value = ? WHERE value = ?", [("h", "g"), ("i", "x")])
    connection.executemany("DELETE FROM settings WHERE name = ?", [("trial/5",), ("trial/7",)])
    connection.executemany("DELETE FROM settings WHERE name = ? AND value = ?", [("trial/0", "x"), ("trial/2", "e")])
    assert values(connection) == {"trial/0": "b", "trial/1": "f", "trial/3": "h", "trial/4": "h"}


def test_where_one_row_cannot_be_added_none_is(store: Store) -> None:
    with file_of(store) as connection:
        connection.executemany(ADD, [("trial/1", "a")])
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)), file_of(store) as connection:
        connection.executemany(ADD, [("trial/0", "b"), ("trial/1", "c"), ("trial/2", "d")])
    with file_of(store) as connection:
        assert values(connection) == {"trial/1": "a"}


def test_the_first_rows_of_a_stream_are_there_before_the_last_are_made(connection: Any) -> None:
    with connection.streamed(FAILS_LATE, {"at": 4_000}) as rows:
        assert [next(rows) for _ in range(1_500)] == [(number,) for number in range(1, 1_501)]
        with pytest.raises((sqlite3.Error, psycopg.Error)):
            list(rows)


def test_one_stream_is_read_within_another_and_has_the_names_of_its_columns(connection: Any) -> None:
    found = []
    with connection.streamed("SELECT 1 AS one UNION ALL SELECT 2") as outer:
        for (number,) in outer:
            with connection.streamed("SELECT CAST(? AS INTEGER) AS inner_one", (number * 10,)) as inner:
                assert [column[0] for column in inner.description] == ["inner_one"]
                found += inner.fetchall()
    assert found == [(10,), (20,)]
