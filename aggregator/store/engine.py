"""What the two databases do in ways of their own, each in a module with these functions: SQLite's, and PostgreSQL's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from aggregator.model import PublisherTerms
from aggregator.model.tasks import TaskState
from aggregator.store.bulk import Bulk
from aggregator.store.locks import DaemonLock, Program, RunningDaemon
from aggregator.store.queries.let_go import Over
from aggregator.store.sqlite.backups import Facts, Loaded
from aggregator.store.sqlite.vacuum import Rewriting


class Engine(Protocol):
    """`connection` is one that this engine opened."""

    COPIED_WITH: str  # what copies one of its databases into another of its own

    @property
    def bulk(self) -> Bulk: ...

    def to_write(self, place: Any, busy_seconds: float, /) -> Any:
        """Makes the database where there is none; raises StoreError for one that is not ours, or of a newer version."""

    def to_read(self, place: Any, busy_seconds: float, /) -> Any:
        """A connection by which nothing can be written; raises StoreError where there is no database yet."""

    def prepare(self, connection: Any, /) -> int:
        """Brings tables and views up to date; returns of how many reports the index of words is made anew. Within a
        transaction.
        """

    def has_tables(self, connection: Any, /) -> bool:
        """Whether there are any tables of ours yet."""

    def is_current(self, connection: Any, /) -> bool:
        """Whether the tables are those of this version."""

    def is_as_stored(self, connection: Any, /) -> bool:
        """Whether nothing has taken the place of a table or view, as `show_terms` and `show_as_of` do."""

    def show_terms(self, connection: Any, configured: Sequence[PublisherTerms], /) -> None: ...

    def show_as_of(self, connection: Any, now: datetime, believed: datetime, over: Over, /) -> str | None: ...

    def exists(self, place: Any, /) -> bool:
        """Whether there is a database of ours, or a file that stands for one. Raises StoreError where that cannot be
        told.
        """

    def identity(self, place: Any, /) -> tuple[int, int] | None:
        """Another one as soon as another database has taken the place; None: there is none. It is cheap."""

    def only_daemon(self, place: Any, /) -> AbstractContextManager[DaemonLock]:
        """Raises DaemonRunning when another process holds the lock, and StoreError."""

    def without_daemon(self, place: Any, /) -> AbstractContextManager[DaemonLock]:
        """The same lock, for who keeps daemons away; raises the same, in other words."""

    def as_worker(self, place: Any, /) -> AbstractContextManager[None]:
        """Says that a worker is there; raises DaemonRunning where somebody keeps workers away, and StoreError."""

    def running_daemon(self, place: Any, /) -> RunningDaemon | None:
        """Who holds the lock; None: nobody does, or it cannot be told."""

    def begin_program(self, place: Any, /) -> Program:
        """With the smallest number that no running program has; raises StoreError."""

    def shared_limits(
        self,
        connection: Any,
        transaction: Callable[[], AbstractContextManager[None]],
        per_domain: int,
        lost_after: float,
        doing: Callable[[], Mapping[str, int]],
        /,
    ) -> Any:
        """As `fetch.limits.SharedLimits`; None: a file beside the database does it."""

    def task_state(self, connection: Any, /) -> TaskState | None:
        """The queues of those tasks, and the workers; None: there has been none."""

    def tasks(self, place: Any, /) -> ModuleType:
        """What is known of the tasks that workers share: see `postgres.tasks`. Raises StoreError where workers cannot
        share any.
        """

    def try_writing(self, connection: Any, transaction: Callable[[], AbstractContextManager[None]], /) -> None:
        """Raises StoreError where polls could not be stored."""

    def index_batch(self, connection: Any, /) -> int: ...

    def merge_index(self, connection: Any, now: datetime, /) -> bool: ...

    def renew_index(self, connection: Any, /) -> None: ...

    def set_figures(self, connection: Any, /) -> None:
        """Lets the planner choose indexes by figures that hold for a large wire."""

    def empty_log(self, connection: Any, /, *, wait: bool = False) -> object:
        """Takes what was overwritten out of the log, where the database has one of its own."""

    def rewriting(self, connection: Any, /) -> Rewriting: ...

    def rewrite(self, connection: Any, /) -> None: ...

    def parts(self, connection: Any, /) -> int: ...

    def back_up(self, connection: Any, to: Path, /, *, replace: bool, moved: Callable[[], None]) -> Facts: ...

    def load_backup(self, file: Path, place: Any, now: datetime, moved: Callable[[], None], /) -> Loaded:
        """Puts a copy of `file` in the place of the database. Raises StoreError; nothing is changed then."""

    def query(
        self, connection: Any, sql: str, values: Mapping[str, str], /
    ) -> tuple[list[str], Iterator[tuple[Any, ...]]]: ...
