"""A connection to a database, as the queries of the store use it: what SQLite's and PostgreSQL's have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from typing import Any, Protocol

from aggregator.model import Article, Source
from aggregator.model.selection import Part


class Cursor(Protocol):
    """What a statement returned: rows as tuples, read once."""

    @property
    def rowcount(self) -> int: ...

    @property
    def description(self) -> Any: ...  # of each column a tuple, its name first; None: the statement returns no rows

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __next__(self) -> Any: ...


class Connection(Protocol):
    """Statements are in the SQL that both databases read; parameters are `?`, `?1` or `:name`. Outside of a transaction
    each is one by itself.
    """

    @property
    def in_transaction(self) -> bool: ...

    def execute(self, sql: str, values: Any = ..., /) -> Cursor: ...

    def executemany(self, sql: str, values: Iterable[Any], /) -> Cursor: ...

    def streamed(self, sql: str, values: Any = ..., /) -> AbstractContextManager[Cursor]:
        """The rows of a query that has very many: few at a time are in memory. Within a transaction."""

    @property
    def stored(self) -> str:
        """SQL before the name of a table: the stored one, also where another is shown in its place."""

    def migrations(self) -> Set[str]:
        """Of those in `views.MIGRATIONS`, the names of those that the tables have."""

    def has_table(self, name: str, /) -> bool: ...

    def columns_of(self, name: str, /) -> list[str]:
        """Of a table or a view."""

    def tables_with(self, column: str, /) -> list[str]: ...

    def shows_instead(self, name: str, /) -> bool:
        """Whether a view of this connection alone is in the place of that view."""

    def renaming_publishers(self) -> AbstractContextManager[None]:
        """Within it, and until the end of the transaction, rows may have a publisher that is in no other table; and
        nothing is counted: `reports_per_day` is changed as the other tables are.
        """


class WordIndex(Protocol):
    """The index of words, which each store keeps in a form of its own. What writes is called within a transaction."""

    def add_new(self, connection: Any, new: Mapping[int, Article], /) -> None: ...

    def take_back(self, connection: Any, articles: Sequence[int], /) -> None: ...

    PAGE: int | None  # hits that are best read at once, of which the first are wanted; None: one after the other
    RANKED: str  # SQL for the newest 2,000 matches of an expression, its one parameter: (revision, score), best lowest

    def expression(self, wanted: Sequence[Part], unwanted: Sequence[Part], marks: Sequence[str] = (), /) -> str:
        """What is looked for, as the database reads it: all of `wanted` and none of `unwanted`, with these `marks`."""

    def any_of(self, parts: Sequence[Part], /) -> str: ...

    def matching(self, expression: str, within: str = "", /) -> str:
        """SQL for the revisions that match; `expression`: its parameter; `within`: bounds of the revisions, as
        `BETWEEN ? AND ?`.
        """

    def marked_from(self, connection: Any, /) -> int | None: ...

    def marks(self, first_keys: Sequence[str], classes: Sequence[str], languages: Sequence[str], /) -> list[str]: ...


class StoreConnection(Connection, Protocol):
    """One that a store has opened."""

    @property
    def index(self) -> WordIndex: ...

    def begin(self) -> None:
        """Begins to read one state of the database."""

    def begin_writing(self) -> None:
        """Begins to write; nobody else does until the end."""

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def version(self) -> tuple[int, int]:
        """Another one as soon as anybody has written, here or elsewhere."""

    def versions(self, sources: Sequence[Source], /) -> list[tuple[int, int]]:
        """Of each source another one as soon as anybody has written what `known` returned of it, here or elsewhere."""

    def wait_for_news(self, seconds: float, /) -> bool:
        """Returns as soon as somebody may have written what is followed since the last call: lines of the ledger,
        tokens, what saved searches have found. False: after so many seconds nobody has.
        """

    def close(self) -> None: ...

    def explained(self) -> AbstractContextManager[None]:
        """Within it, what the database refuses is a StoreError that says what to do."""
