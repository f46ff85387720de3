"""What each database does in a way of its own while a whole wire is copied into or out of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct


class TableShape(Struct, frozen=True):
    """A table that is copied."""

    key: tuple[str, ...]  # its primary key, or the number that each row has beside its columns; (): it has neither
    columns: tuple[str, ...]


ROW = "rowid"  # SQLite numbers the rows of a table without a key; PostgreSQL does where their order says something


def text(value: Any) -> Any:
    """A value with U+FFFD in the place of U+0000, which is in no text of PostgreSQL."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


class Bulk(Protocol):
    """`connection` is one of the engine's. What writes is called within a transaction."""

    MAY_HAVE_MORE: bool  # tables that only this database has are for its own use, and are not copied

    def shapes(self, connection: Any, /) -> Mapping[str, TableShape]:
        """The tables that there are, by name, without those of the index of words."""

    def begin(self, connection: Any, /) -> None:
        """Before the first transaction of a copy into or out of this connection."""

    def without_rules(self, connection: Any, /) -> list[str]:
        """Takes away what follows from a change of a row (triggers) and what has to hold between tables (foreign keys);
        returns statements that bring it back.
        """

    def with_rules(self, connection: Any, statements: Sequence[str], /) -> list[str]:
        """Brings it back, and gives new rows the numbers behind those that were copied; returns in words what does not
        hold between the tables.
        """

    def scan(self, connection: Any, sql: str, values: Sequence[Any], /) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, few at a time in memory. Within a transaction."""

    def fill(self, connection: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], /) -> None:
        """Adds rows. Raises StoreError for a value that this database cannot hold."""
