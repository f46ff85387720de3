"""The tables by which workers share tasks: Procrastinate's, in the schema `engine` beside our own; and what is asked of
them. Procrastinate writes them itself; only programs that poll load it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from importlib.abc import Traversable
from importlib.resources import files
from typing import Any

import psycopg

from aggregator.model import DISCOVER
from aggregator.model.place import PostgresPlace
from aggregator.model.tasks import DueSource
from aggregator.store.postgres.connecting import parameters
from aggregator.store.postgres.connection import PostgresConnection
from aggregator.store.queries import pauses
from aggregator.text.dates import to_iso

_OURS = "engine.sql"
_PATH = "SET search_path = engine, public"
_SECONDS = 5.0  # until a connection is there
_CONNECTIONS = 4  # of one worker; those of its tasks wait for each other

LOCK = "poll "  # before the name of a source: its queueing lock
_PAGE = 2_000  # sources that are read at once


def prepare(connection: PostgresConnection) -> None:
    """Makes the tables, and brings them up to date: what Procrastinate calls `pre` at once, and what it calls `post`,
    which versions before cannot work with, once no program of another version runs. Within a transaction.
    """
    if connection.execute("SELECT to_regclass('engine.made') IS NOT NULL").fetchone() != (True,):
        _apply(connection, files(__package__).joinpath(_OURS).read_text(), [_OURS])
    made = {name for (name,) in connection.execute("SELECT name FROM engine.made")}
    found = dict(_migrations())
    if made == {_OURS}:
        _apply(connection, _sql_of_procrastinate("schema.sql").read_text(encoding="utf-8"), [*found])
        return
    missing = [name for name in sorted(found) if name not in made]
    if any(_is_contracting(name) for name in missing) and _others_run(connection):
        missing = missing[: next(place for place, name in enumerate(missing) if _is_contracting(name))]
    for name in missing:
        _apply(connection, found[name], [name])


def _migrations() -> Iterator[tuple[str, str]]:
    """Of Procrastinate, by their names, which sort as they are applied."""
    for file in _sql_of_procrastinate("migrations").iterdir():
        if file.name.endswith(".sql"):
            yield file.name, file.read_text(encoding="utf-8")


def _sql_of_procrastinate(name: str) -> Traversable:
    return files("procrastinate").joinpath("sql", name)


def _is_contracting(name: str) -> bool:
    return "_post_" in name


def _others_run(connection: PostgresConnection) -> bool:
    """Whether a worker gave a sign of life a moment ago: this program has not yet."""
    sql = "SELECT EXISTS (SELECT 1 FROM engine.workers WHERE seen_at > clock_timestamp() - interval '1 minute')"
    return bool(connection.execute(sql).fetchone() == (True,))


def _apply(connection: PostgresConnection, sql: str, names: list[str]) -> None:
    connection.opened.execute("SET LOCAL search_path = engine, public")
    connection.opened.execute(sql)
    connection.opened.execute("SET LOCAL search_path = DEFAULT")
    connection.executemany("INSERT INTO engine.made (name) VALUES (?)", [(name,) for name in names])


def connection_of(place: PostgresPlace) -> dict[str, Any]:
    """How Procrastinate reaches the tables: the arguments of its `PsycopgConnector`."""

    async def configure(connection: psycopg.AsyncConnection) -> None:
        await connection.set_autocommit(True)
        await connection.execute(_PATH)

    return {
        "kwargs": parameters(place),
        "configure": configure,
        "min_size": 1,
        "max_size": _CONNECTIONS,
        "timeout": _SECONDS,
    }


def due(connection: PostgresConnection, now: datetime, *, searches: bool, after: DueSource | None) -> list[DueSource]:
    """Sources whose time has come and that no task is for, longest overdue first; those behind `after`, some thousands
    at most. `searches`: sites whose feed is sought, or else the others.
    """
    comparison = "=" if searches else "<>"
    last = (
        ""
        if after is None
        else "AND (next_at, source_id) > (SELECT next_at, source_id FROM sources"
        " WHERE publisher = :publisher AND source_key = :key)"
    )
    rows = connection.execute(
        f"""
        SELECT publisher, source_key, url, source_kind FROM sources AS s
        WHERE enabled = 1 AND next_at <= :now AND source_kind {comparison} :discover {last}
          AND paused_at IS NULL AND NOT {pauses.by_person(connection)}
          AND NOT EXISTS (
            SELECT 1 FROM engine.procrastinate_jobs AS j
            WHERE j.queueing_lock = :lock || s.publisher || '/' || s.source_key AND j.status IN ('todo', 'doing'))
        ORDER BY next_at, source_id LIMIT :most
        """,  # noqa: S608  (constants)
        {
            "now": to_iso(now), "discover": DISCOVER, "lock": LOCK, "most": _PAGE,
            "publisher": after.publisher if after else "", "key": after.key if after else "",
        },
    )  # fmt: skip
    return [DueSource(publisher=publisher, key=key, url=url, kind=kind) for publisher, key, url, kind in rows]


def waiting(connection: PostgresConnection) -> Counter[str]:
    """How many polls wait or are under way, by the registrable domain that their tasks name."""
    rows = connection.execute(
        "SELECT args ->> 'domain', count(*) FROM engine.procrastinate_jobs"
        " WHERE task_name = 'poll' AND status IN ('todo', 'doing') GROUP BY 1"
    )
    return Counter(dict(rows.fetchall()))
