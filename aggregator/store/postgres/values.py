"""How values are given to PostgreSQL and read from it, where psycopg does it otherwise than SQLite's module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader

_SMALLINT, _NUMERIC = 21, 1700  # pg_type.oid

Words = Callable[[bytes | None, int | None], str | None]


class _Flag(Dumper):
    """A truth value is stored as 1 or 0."""

    oid = _SMALLINT

    def dump(self, obj: bool) -> bytes:
        return b"1" if obj else b"0"


class _Number(Loader):
    """A sum of integers is an integer."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdigit() else float(text)


def register(opened: psycopg.Connection[Any]) -> None:
    opened.adapters.register_dumper(bool, _Flag)
    opened.adapters.register_loader(_NUMERIC, _Number)


def register_words(opened: psycopg.Connection[Any], unpack: Words) -> bool:
    """Lets what SQL has as `raw_words(raw, dictionary_id)` be read as words; False: the database has no tables yet."""
    row = opened.execute("SELECT CAST(to_regtype('packed_words') AS oid)").fetchone()
    if row is None or row[0] is None:
        return False

    class Packed(Loader):
        def load(self, data: Buffer) -> str | None:
            raw, _, dictionary = bytes(data).decode()[1:-1].rpartition(",")  # "\\\\x28b5",7
            return unpack(
                bytes.fromhex(raw.strip('"').lstrip("\\").removeprefix("x")), int(dictionary) if dictionary else None
            )

    opened.adapters.register_loader(row[0], Packed)
    return True
