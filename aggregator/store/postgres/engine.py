"""PostgreSQL as an engine of the store: see `store.engine`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from aggregator.model import PublisherTerms
from aggregator.model.place import PostgresPlace
from aggregator.store.engine import Program
from aggregator.store.postgres import connection as connections
from aggregator.store.postgres import search
from aggregator.store.postgres.connection import PostgresConnection
from aggregator.store.postgres.errors import explained
from aggregator.store.postgres.sql import translated
from aggregator.store.queries import health, let_go, views
from aggregator.store.sqlite.backups import Facts
from aggregator.store.sqlite.vacuum import Rewriting


def to_write(place: PostgresPlace, busy_seconds: float) -> PostgresConnection:
    with explained(place):
        return connections.opened(place)


def to_read(place: PostgresPlace, busy_seconds: float) -> PostgresConnection:
    with explained(place):
        return connections.opened(place)


def prepare(connection: PostgresConnection) -> int:
    if not _has_tables(connection):
        for name in ("functions.sql", "new_database.sql"):
            connection.opened.execute(files(__package__).joinpath(name).read_text())  # type: ignore[call-overload]
        connection.executemany(
            "INSERT INTO migrations (name, applied_at) VALUES (?, '2026-11-30T00:00:00Z')",
            [(name,) for name in views.MIGRATIONS],
        )
        for name, sql in views.of_this_version(health.VIEW):
            if name == "health":  # for now: it is not portable yet
                continue
            connection.opened.execute(translated(sql).replace("%%", "%"))  # type: ignore[call-overload]
    return 0


def _has_tables(connection: PostgresConnection) -> bool:
    return connection.execute("SELECT to_regclass('migrations') IS NOT NULL").fetchone() == (True,)


def is_current(connection: PostgresConnection) -> bool:
    return True


def is_as_stored(connection: PostgresConnection) -> bool:
    return True


def show_terms(connection: PostgresConnection, configured: Sequence[PublisherTerms]) -> None:
    raise NotImplementedError


def show_as_of(connection: PostgresConnection, now: datetime, believed: datetime, over: let_go.Over) -> str | None:
    raise NotImplementedError


def begin_program(place: PostgresPlace) -> Program:
    raise NotImplementedError


def try_writing(connection: PostgresConnection, transaction: Callable[[], AbstractContextManager[None]]) -> None:
    raise NotImplementedError


index_batch = search.index_batch


def merge_index(connection: PostgresConnection, now: datetime) -> bool:
    """PostgreSQL takes what was deleted out of its files by itself (autovacuum)."""
    return False


def renew_index(connection: PostgresConnection) -> None:
    search.renew(connection, always=True)


def set_figures(connection: PostgresConnection) -> None:
    """PostgreSQL counts for itself (autovacuum)."""


def empty_log(connection: PostgresConnection, *, wait: bool = False) -> object:
    return None


def rewriting(connection: PostgresConnection) -> Rewriting:
    raise NotImplementedError


def rewrite(connection: PostgresConnection) -> None:
    raise NotImplementedError


def parts(connection: PostgresConnection) -> int:
    raise NotImplementedError


def back_up(connection: PostgresConnection, to: Path, *, replace: bool, moved: Callable[[], None]) -> Facts:
    raise NotImplementedError


def query(
    connection: PostgresConnection, sql: str, values: Mapping[str, str]
) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    raise NotImplementedError
