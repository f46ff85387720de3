"""How values go to PostgreSQL and come back, so that they are what SQLite takes and gives."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader

from aggregator.store.connection import Connection
from aggregator.store.postgres.sql import translated, values_of
from aggregator.store.queries import raw
from aggregator.text.folding import fold, opening

_SMALLINT = 21  # in pg_type, the same everywhere


class _Truth(Loader):
    """1 or 0."""

    def load(self, data: Buffer) -> int:
        return int(bytes(data) == b"t")


class _Sum(Loader):
    """Of integers PostgreSQL's sum is a number of any length, and so is their mean."""

    def load(self, data: Buffer) -> float:
        number = bytes(data)
        return float(number) if b"." in number else int(number)


class _Json(Loader):
    """A text, as in SQLite."""

    def load(self, data: Buffer) -> str:
        return bytes(data).decode()


class _FlagDumper(Dumper):
    """Flags are columns of integers."""

    oid = _SMALLINT

    def dump(self, obj: bool) -> Buffer:
        return b"1" if obj else b"0"


def register(opened: psycopg.Connection[Any]) -> None:
    """For what SQLite has not."""
    opened.adapters.register_loader("bool", _Truth)
    opened.adapters.register_loader("numeric", _Sum)
    opened.adapters.register_loader("json", _Json)
    opened.adapters.register_dumper(bool, _FlagDumper)


def _packed(row: bytes) -> tuple[bytes, int | None]:
    """Of `("\\\\x28B5",7)`."""
    packed, _, dictionary = row[1:-1].rpartition(b",")
    return bytes.fromhex(packed[4:-1].decode()), int(dictionary) if dictionary else None


def _text(row: bytes) -> tuple[str]:
    """Of `(text)` or `("a ""text"" with \\\\")`."""
    text = row[1:-1]
    if text.startswith(b'"'):
        text = text[1:-1].replace(b'""', b'"').replace(b"\\\\", b"\\")
    return (text.decode(),)


CALLS = re.compile(r"\b(?:raw_words|fold|opening)\(")


class _Opened:
    """psycopg's connection, to read dictionaries by."""

    def __init__(self, opened: psycopg.Connection[Any]) -> None:
        self._opened = opened

    def execute(self, sql: str, given: Any = (), /) -> psycopg.Cursor[Any]:
        return self._opened.execute(translated(sql).encode(), values_of(given, sql))


def call_when_read(opened: psycopg.Connection[Any]) -> None:
    """SQLite calls functions of this program while it reads: those of CALLS. PostgreSQL gives their arguments, as a row
    of a type that is theirs alone (functions.sql), and they are called when that row is read; so they can be in what a
    SELECT returns, and nowhere else. Does nothing where no wire is yet.
    """
    raw_words = raw.reader(cast(Connection, _Opened(opened)))
    called: dict[str, Callable[[bytes], Any]] = {
        "called_raw_words": lambda row: raw_words(*_packed(row)),
        "called_fold": lambda row: fold(*_text(row)),
        "called_opening": lambda row: opening(*_text(row)),
    }
    types = ", ".join(f"to_regtype('{name}')::oid" for name in called)
    for number, call in zip(opened.execute(f"SELECT {types}".encode()).fetchone() or (), called.values(), strict=True):
        if number is not None:
            opened.adapters.register_loader(number, _calling(call))


def _calling(call: Callable[[bytes], Any]) -> type[Loader]:
    class Calling(Loader):
        def load(self, data: Buffer) -> Any:
            return call(bytes(data))

    return Calling
