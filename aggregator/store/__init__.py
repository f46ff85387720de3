"""The store: nouns in, rows out. The only room with SQL.

`Store.open` is for the one program that writes; `Store.read` opens the file so that it cannot be written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

from aggregator.dates import from_iso, to_iso
from aggregator.errors import StoreBusy, StoreError, StoreFull
from aggregator.store import configured, planner, polls, query, raw, reading, retention, search, views
from aggregator.text import fold
from aggregator.types import Article, Decision, Due, Known, Poll, Publisher, Report, Selection, Wire

__all__ = ["Store"]

Decide = Callable[[Sequence[Article], Mapping[str, Known]], list[Decision]]

BUSY_SECONDS = 30


class Store:
    """One open database. Every method may raise StoreError; what it had begun is then rolled back."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        connection.create_function("fold", 1, fold, deterministic=True)
        raw.register(connection)

    @classmethod
    def open(cls, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> Self:
        """Opens for writing, makes what is missing, brings the tables up to date."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            said = f"{path.parent}: cannot make this folder ({error.strerror}); choose another place with --db"
            raise StoreError(said) from error
        with _explained(path):
            # Statements begin their transactions themselves, so isolation_level is None. The writer runs in a thread
            # of its own, one call at a time.
            connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
            store = cls(path, connection)
            store._prepare()
        return store

    @classmethod
    def read(cls, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> Self:
        """Opens for reading only; raises StoreError when there is no database yet."""
        if not path.exists():
            raise StoreError(f"{path}: there is no database yet; `aggregator fetch` makes it, or name one with --db")
        with _explained(path):
            uri = path.absolute().as_uri() + "?mode=ro"
            connection = sqlite3.connect(uri, uri=True, timeout=busy_seconds, isolation_level=None)
            connection.execute("PRAGMA query_only = ON")
            connection.execute("SELECT 1 FROM articles LIMIT 1")
        return cls(path, connection)

    def _prepare(self) -> None:
        connection = self._connection
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        # Keys and ids fall anywhere into their indexes, so a batch touches a thousand pages. With SQLite's own 2 MB of
        # cache, and a checkpoint after every 4 MB written, a million articles cost twice as much (bench/README.md).
        connection.execute("PRAGMA cache_size = -16384")
        connection.execute("PRAGMA wal_autocheckpoint = 8192")
        connection.execute("PRAGMA foreign_keys = ON")
        if not views.is_migrated(connection):
            _migrate(connection)
        with self._transaction():
            views.replace_views(connection)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _explained(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    # What the pipeline calls

    def sync(self, wire: Wire, publishers: Sequence[Publisher], now: datetime, today: date) -> bool:
        """Brings publishers, sources and terms in line with config/; says whether anything had changed."""
        with self._transaction():
            return configured.sync(self._connection, wire, publishers, to_iso(now), today)

    def due(self, now: datetime | None) -> list[Due]:
        """The sources whose time has come, longest overdue first; with None all that are switched on."""
        with _explained(self.path):
            return polls.due(self._connection, to_iso(now) if now else None)

    def next_due_at(self) -> datetime | None:
        with _explained(self.path):
            moment = polls.next_due_at(self._connection)
        return from_iso(moment) if moment else None

    def record(self, polled: Sequence[tuple[Poll, Sequence[Article]]], decide: Decide, now: datetime) -> list[Poll]:
        """Stores polls with all that they brought, in one transaction, and returns them with their counts."""
        with self._transaction():
            pack = raw.packer(self._connection)
            return [self._record(poll, articles, decide, now, pack) for poll, articles in polled]

    def _record(self, poll: Poll, articles: Sequence[Article], decide: Decide, now: datetime, pack: polls.Pack) -> Poll:
        source = polls.source_id(self._connection, poll.source)
        decisions = decide(articles, polls.known(self._connection, source, articles))
        polls.write_decisions(self._connection, source, decisions, now, pack)
        changes = [decision.change for decision in decisions]
        new = changes.count("new")
        counted = replace(
            poll, new=new, unchanged=changes.count(None), revised=len(changes) - new - changes.count(None)
        )
        polls.write_poll(self._connection, source, counted)
        return counted

    def index(self) -> int:
        """Indexes one batch of what waits to be searchable; returns how many, 0 when nothing waits."""
        with self._transaction():
            return search.index_batch(self._connection)

    def maintain(self, now: datetime) -> None:
        """Housekeeping between polls: the search index catches up, the dictionary is learnt once there is enough to
        learn from, the planner's counts are taken anew, words that were lent for a while are let go.
        """
        while self.index():
            pass
        with self._transaction():
            raw.train(self._connection, to_iso(now))
            planner.measure(self._connection)
        while self._let_go(now):
            pass

    def _let_go(self, now: datetime) -> int:
        with self._transaction():
            return retention.let_go(self._connection, to_iso(now), raw.packer(self._connection))

    # What people read

    def latest(self, selection: Selection) -> list[Report]:
        with _explained(self.path):
            return reading.latest(self._connection, selection)

    def search(self, words: str, selection: Selection, *, ranked: bool = False) -> list[Report]:
        """Reports with all these words, newest first, or best first among the newest 2,000. No word: none."""
        expression = search.expression(words)
        if not expression:
            return []
        with _explained(self.path):
            return reading.found(self._connection, search.hits(ranked), search.order(ranked), expression, selection)

    def report(self, public_id: str) -> Report | None:
        with _explained(self.path):
            return reading.report(self._connection, public_id)

    def status(self, public_id: str) -> str | None:
        with _explained(self.path):
            return reading.status(self._connection, public_id)

    def raw(self, public_id: str) -> dict[str, Any] | None:
        with _explained(self.path):
            return reading.raw(self._connection, public_id)

    def revisions(self, public_id: str) -> list[dict[str, Any]]:
        with _explained(self.path):
            return reading.revisions(self._connection, public_id)

    def changes(self, after: int = 0) -> list[dict[str, Any]]:
        """The ledger after a sequence number, oldest first."""
        with _explained(self.path):
            return reading.changes(self._connection, after)

    def publishers(self) -> list[dict[str, Any]]:
        with _explained(self.path):
            return reading.rows(self._connection, reading.PUBLISHERS)

    def health(self) -> list[dict[str, Any]]:
        with _explained(self.path):
            return reading.rows(self._connection, reading.HEALTH)

    def query(self, sql: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
        """Column names and rows of somebody's SQL; raises QueryRefused for anything but reading."""
        return query.run(self._connection, sql)


def _migrate(connection: sqlite3.Connection) -> None:
    """Brings the tables up to date. sqlite_utils takes a fifth of a second to import, so only when it is needed."""
    from sqlite_utils import Database

    from aggregator.store.schema import migrations

    migrations.apply(Database(connection, execute_plugins=False))


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into ours, which say what to do. Nothing stored is lost by any of them."""
    try:
        yield
    except sqlite3.OperationalError as error:
        said = str(error)
        if "locked" in said or "busy" in said:
            raise StoreBusy(
                f"{path}: another program has kept the database locked for {BUSY_SECONDS} s; "
                "end it (a long query, a copy under way?) and run this again; nothing stored is lost"
            ) from error
        if "full" in said:
            raise StoreFull(
                f"{path}: the disk is full; make room and run this again; nothing stored is lost"
            ) from error
        raise StoreError(f"{path}: {said}; can this user write the file and its folder?") from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise  # a bug of ours
        raise StoreError(
            f"{path}: {error}; keep the file, restore a copy, or give another with --db "
            "(`sqlite3 FILE .recover` reads what can be read)"
        ) from error
