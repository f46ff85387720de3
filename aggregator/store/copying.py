"""Copies a whole wire from one database into another, table by table in batches, and compares the two.

A copy that has not ended is marked in the target, in `settings`, and no other program opens it. The mark holds what
takes the place of triggers and foreign keys until the end. How far a table is is said by its own last row: rows are
copied in the order of the primary key, each batch in one transaction. So whatever ends a copy, it goes on behind the
last batch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice, zip_longest
from typing import Any

from msgspec import Struct, field

from aggregator.model.errors import StoreError
from aggregator.store.bulk import ROW, Bulk, TableShape, text
from aggregator.store.connection import StoreConnection
from aggregator.store.queries import raw, settings

STEP = 1_000  # rows, after which it is said that the copy moves on
_BATCH = 10_000  # rows of a transaction
_MARK = "copy_store"  # setting: JSON, `_Mark`; as long as it is there, the copy has not ended
_OF_INDEX = "search_"  # settings that begin so are of the index of words, which each database makes by itself

_OF_WIRE = f"name <> '{_MARK}' AND substr(name, 1, {len(_OF_INDEX)}) <> '{_OF_INDEX}'"

# What is of the moment, and not of the wire: who polls just now, and what waits to be indexed.
_MOMENTARY = frozenset({"claims", "search_queue", "search_removals"})
_FILLED_BY_A_WIRE = ("publishers", "articles", "polls", "changes", "acts", "tokens")


class Side(Struct):
    """One of the two databases."""

    name: str
    connection: StoreConnection
    bulk: Bulk

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction."""
        with self.connection.explained():
            self.connection.begin_writing()
            try:
                yield
                self.connection.commit()
            except BaseException:
                self.connection.rollback()
                raise

    @contextmanager
    def still(self) -> Iterator[None]:
        """Nobody writes into it meanwhile; what is read is of one moment."""
        with self.connection.explained():
            self.bulk.begin(self.connection)
            self.connection.begin_writing()
        try:
            yield
        finally:
            self.connection.rollback()


class _Mark(Struct):
    wire: str  # what the source held when the copy began
    restore: list[str]  # statements that bring triggers and foreign keys back
    done: list[str] = field(default_factory=list)  # tables
    is_indexing: bool = False  # all tables are copied

    def write(self, connection: StoreConnection) -> None:
        said = {"wire": self.wire, "restore": self.restore, "done": self.done, "is_indexing": self.is_indexing}
        settings.write(connection, _MARK, json.dumps(said))


def is_unfinished(connection: StoreConnection) -> bool:
    """Whether it is the target of a copy that has not ended."""
    return settings.read(connection, _MARK) is not None


def _mark_of(connection: StoreConnection) -> _Mark | None:
    noted = settings.read(connection, _MARK)
    return None if noted is None else _Mark(**json.loads(noted))


def rows(source: Side, target: Side) -> int:
    """How many there are to copy."""
    tables = _common(source, target)
    with source.connection.explained():
        return sum(_count(source.connection, table) for table in tables if table != "settings")


def copy(source: Side, target: Side, renew_index: Callable[[Any], None], moved: Callable[[str], None]) -> None:
    """Within `source.still`. Raises StoreError where the target holds anything else than an unfinished copy of the same
    wire; nothing of it was changed then.
    """
    shapes = _common(source, target)
    with target.connection.explained():
        target.bulk.begin(target.connection)
    mark = _begun(source, target, shapes)
    for table, shape in shapes.items():
        if table not in mark.done:
            _copy_table(source, target, table, shape, mark, moved)
    if not mark.is_indexing:
        with target.writing():
            renew_index(target.connection)
            mark.is_indexing = True
            mark.write(target.connection)


def end(target: Side) -> list[str]:
    """Brings back triggers and foreign keys, and lets other programs in. Returns what does not hold between the tables:
    then the copy stays unfinished.
    """
    mark = _mark_of(target.connection)
    if mark is None:
        return []
    try:
        with target.writing():
            if faults := target.bulk.with_rules(target.connection, mark.restore):
                raise _Faulty(faults)
            settings.write(target.connection, _MARK, None)
    except _Faulty as error:
        return error.faults
    return []


class _Faulty(Exception):
    def __init__(self, faults: list[str]) -> None:
        super().__init__()
        self.faults = faults


def _begun(source: Side, target: Side, shapes: Mapping[str, TableShape]) -> _Mark:
    wire = _wire(source.connection)
    mark = _mark_of(target.connection)
    if mark is not None:
        if mark.wire != wire:
            raise StoreError(
                f"{target.name}: holds part of a copy, and {source.name} is another wire or was written since that"
                " began; nothing was changed; copy into a new, empty database"
            )
        return mark
    for table in _FILLED_BY_A_WIRE:
        if target.connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():  # noqa: S608
            raise StoreError(
                f"{target.name}: holds a wire already (its table {table} has rows); nothing was changed; copy into a"
                " new, empty database"
            )
    with target.writing():
        mark = _Mark(wire, target.bulk.without_rules(target.connection))
        for table in shapes:  # what opening it has put there
            if table != "settings":
                target.connection.execute(f"DELETE FROM {table}")  # noqa: S608  (of the schema)
        mark.write(target.connection)
    return mark


def _wire(connection: StoreConnection) -> str:
    """Another text as soon as the wire is another one, or something has come."""
    found = [
        connection.execute(sql).fetchone()
        for sql in (
            "SELECT seq, hash FROM changes ORDER BY seq DESC LIMIT 1",
            "SELECT max(poll_id) FROM polls",
            "SELECT max(revision_id) FROM revisions",
            "SELECT max(act_id) FROM acts",
            "SELECT id FROM articles ORDER BY article_id LIMIT 1",
        )
    ]
    return hashlib.sha256(repr(found).encode()).hexdigest()


def _shapes(side: Side) -> dict[str, TableShape]:
    """Those that may be copied."""
    return {table: shape for table, shape in side.bulk.shapes(side.connection).items() if table not in _MOMENTARY}


def _common(source: Side, target: Side) -> dict[str, TableShape]:
    """The tables of a wire, with the keys by which both read them. Raises StoreError where one lacks what the other
    has.
    """
    with source.connection.explained(), target.connection.explained():
        there, here = _shapes(source), _shapes(target)
    for table in sorted(there.keys() ^ here.keys()):
        side = source if table in there else target
        if not side.bulk.MAY_HAVE_MORE and _count(side.connection, table):
            raise StoreError(
                f"{side.name}: the table {table} is none of this program's, and is not copied: take it out of the"
                " database first, and copy it by yourself"
            )
    common = {}
    for table in sorted(there.keys() & here.keys()):
        if not set(there[table].columns) ^ set(here[table].columns) <= {ROW}:
            raise StoreError(f"{source.name}: the table {table} has other columns than in {target.name}")
        common[table] = min(there[table], here[table], key=lambda shape: len(shape.columns))
    return common


def _copy_table(
    source: Side, target: Side, table: str, shape: TableShape, mark: _Mark, moved: Callable[[str], None]
) -> None:
    last = _last(target.connection, table, shape)
    read = source.bulk.scan(source.connection, *_select(table, shape, last))
    while True:
        batch = islice(read, _BATCH) if shape.key else read  # without a key nothing says how far it is
        with target.writing():
            if table == "settings":  # what opening it has put there
                target.connection.execute(f"DELETE FROM settings WHERE {_OF_WIRE}")  # noqa: S608
            taken = _Counted(batch, table, moved)
            target.bulk.fill(target.connection, table, shape.columns, taken)
            is_over = not shape.key or taken.count < _BATCH
            if is_over:
                mark.done.append(table)
                mark.write(target.connection)
        if is_over:
            return


class _Counted(Struct):
    """Rows that are counted as they are taken."""

    rows: Iterable[tuple[Any, ...]]
    table: str
    moved: Callable[[str], None]
    count: int = 0

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for row in self.rows:
            self.count += 1
            if self.count % STEP == 0:
                self.moved(self.table)
            yield row


def _last(connection: StoreConnection, table: str, shape: TableShape) -> tuple[Any, ...] | None:
    """The key of the last row of the target; None: it has none."""
    if not shape.key or table == "settings":
        return None
    order = ", ".join(f"{name} DESC" for name in shape.key)
    sql = f"SELECT {', '.join(shape.key)} FROM {table} ORDER BY {order} LIMIT 1"  # noqa: S608  (of the schema)
    found: tuple[Any, ...] | None = connection.execute(sql).fetchone()
    return found


def _select(table: str, shape: TableShape, after: Sequence[Any] | None = None) -> tuple[str, Sequence[Any]]:
    """All rows in the order of their keys, which is the same in both databases: text by its bytes, NULL first."""
    order = ", ".join(shape.key) or ", ".join(f"{name} IS NOT NULL, {name}" for name in shape.columns)
    which = []
    if table == "settings":  # a table of some rows, which is one batch
        which.append(_OF_WIRE)
    if after is not None:
        which.append(f"({', '.join(shape.key)}) > ({', '.join('?' * len(after))})")
    where = f" WHERE {' AND '.join(which)}" if which else ""
    sql = f"SELECT {', '.join(shape.columns)} FROM {table}{where} ORDER BY {order}"  # noqa: S608  (of the schema)
    return sql, tuple(after or ())


def _count(connection: StoreConnection, table: str) -> int:
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608  (of the schema)
    return int(count)


def differences(source: Side, target: Side, moved: Callable[[str], None]) -> list[str]:
    """What is not the same in both, a sentence a table: each row of each table is compared, and the words of each
    revision as they are unpacked. Within `source.still`.
    """
    found: list[str] = []
    with target.connection.explained():
        target.connection.begin()
        try:
            for table, shape in _common(source, target).items():
                found += _difference(source, target, table, shape, moved)
        finally:
            target.connection.rollback()
    return found


def _difference(
    source: Side, target: Side, table: str, shape: TableShape, moved: Callable[[str], None]
) -> Iterator[str]:
    sql, values = _select(table, shape)
    sides = [
        map(_reader(side.connection, table, shape), side.bulk.scan(side.connection, sql, values))
        for side in (source, target)
    ]
    counts, first = [0, 0], None
    for number, both in enumerate(zip_longest(*sides), start=1):
        counts = [count + (row is not None) for count, row in zip(counts, both, strict=True)]
        if both[0] != both[1] and first is None:
            first = both[0] or both[1]
        if number % STEP == 0:
            moved(table)
    if first is not None:
        key = {name: first[shape.columns.index(name)] for name in shape.key}
        where = f"; the first that differs: {key}" if key else ""
        yield f"{table}: {counts[0]:,} rows in {source.name}, {counts[1]:,} in {target.name}{where}"


def _reader(connection: StoreConnection, table: str, shape: TableShape) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """A row as it is compared: of a version with the SHA-256 of the words that are packed in it."""
    if table != "revisions":
        return lambda row: tuple(map(text, row))
    unpack = raw.unpacker(connection)
    words, dictionary = shape.columns.index("raw"), shape.columns.index("dictionary_id")

    def read(row: tuple[Any, ...]) -> tuple[Any, ...]:
        unpacked = None if row[words] is None else unpack(row[words], row[dictionary])
        return (*map(text, row), hashlib.sha256(unpacked).digest() if unpacked is not None else None)

    return read
