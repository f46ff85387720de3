"""What is configured is written where it changed, and nothing else is."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from aggregator.desk.terms import sync
from aggregator.model import Publisher, Source
from aggregator.store import Store
from tests.conftest import NOW, WIRE, make_publisher

_TABLES = ("publishers", "sources", "terms", "agreements")


def configured(path: Path, publishers: Sequence[Publisher], days: int) -> list[tuple[str, str, str]]:
    """Table, act and publisher of each row that is written."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE IF NOT EXISTS written (of_table TEXT, act TEXT, publisher TEXT)")
        connection.execute("DELETE FROM written")
        for table in _TABLES:
            for act, row in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old")):
                note = f"INSERT INTO written VALUES ('{table}', '{act}', {row}.publisher)"  # noqa: S608  (constants)
                name = f"{table}_{act}"
                connection.execute(f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {act} ON {table} BEGIN {note}; END")
    now = NOW + timedelta(days=days)
    with Store.open(path) as store:
        assert sync(store, WIRE, publishers, now, now.date())
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT DISTINCT of_table, act, publisher FROM written ORDER BY 1, 2, 3").fetchall()


def made(key: str, place: str = "Bamako") -> Publisher:
    feed = Source(publisher=key, key="feed", url=f"http://{key}.test/feed")
    return replace(make_publisher(key), place=place, sources=(feed,))


def test_on_another_day_and_after_a_change_only_what_changed_is_written(tmp_path: Path) -> None:
    path = tmp_path / "wire.db"
    Store.open(path).close()
    few = [made("daily"), made("journal"), made("gazeti")]
    assert {(table, publisher) for table, _, publisher in configured(path, few, 0)} >= {
        (table, each.key) for table in ("publishers", "sources", "terms") for each in few
    }
    assert configured(path, few, 1) == []
    moved = [few[0], made("journal", "Dakar"), few[2]]
    assert configured(path, moved, 2) == [
        ("publishers", "UPDATE", "journal"),
        ("terms", "UPDATE", "journal"),  # a disclaimer names the place
    ]
    source = replace(moved[2].sources[0], every=timedelta(hours=2))
    slower = [*moved[:2], replace(moved[2], sources=(source,))]
    assert configured(path, slower, 3) == [("sources", "UPDATE", "gazeti")]
    assert configured(path, slower[1:], 4) == [("publishers", "UPDATE", "daily"), ("sources", "UPDATE", "daily")]
    assert configured(path, slower, 5) == [("publishers", "UPDATE", "daily"), ("sources", "UPDATE", "daily")]
