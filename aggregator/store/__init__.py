"""The store: nouns in, rows out. The only room with SQL.

`Store.open` is for the one program that writes; `Store.read` opens the file so that it cannot be written.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from msgspec.structs import replace

from aggregator.model import (
    ALL_REPORTS,
    Addressee,
    AlertMessage,
    Article,
    AtAddress,
    Attempt,
    Cause,
    Channel,
    ClaimKind,
    Client,
    ClockLooks,
    Compared,
    Complaint,
    Cursor,
    DeskDecision,
    DeskPerson,
    DeskSession,
    Due,
    Finding,
    Join,
    Joinable,
    KeptTariff,
    KnownPublisher,
    Lending,
    MassKind,
    Memory,
    Merge,
    NamedReport,
    NewPages,
    Notice,
    PageReading,
    PageState,
    Pending,
    PendingDecision,
    PolledSource,
    PollRecord,
    PublisherTerms,
    Purge,
    Purgeable,
    Query,
    Queue,
    Recheck,
    Redirection,
    Report,
    ReportState,
    Rhythm,
    RobotsCopy,
    SavedSearch,
    Selection,
    Sent,
    Snapshot,
    Source,
    Split,
    StoredConfig,
    StoredPublisher,
    Tags,
    TellState,
    Traits,
    Unjoin,
    Untagged,
    Version,
    Wanted,
)
from aggregator.model.apps import AppEntry, AppFeed, AppListing, AppReader, AppSearch, AppUnread
from aggregator.model.complaints import Filing, FilingCounts, Followed, Letter, Matter, NewLetter
from aggregator.model.errors import StoreError
from aggregator.model.figures import DayFacts, DayFigures
from aggregator.model.picture import (
    CopiesWanted,
    DuePicture,
    EncodedPicture,
    PictureCounts,
    PictureFailure,
)
from aggregator.model.place import Place
from aggregator.model.profile import ClassTerms, PublisherProfile
from aggregator.model.release import FormerPublisher, Gone, Held
from aggregator.model.signals import Looked, SignalFile, StoredSignal
from aggregator.model.snapshots import Extent, Table, Value
from aggregator.model.taken import Taken, TakenLetter, TakenRow
from aggregator.model.tasks import DueSource, TaskState
from aggregator.store import copying, picture_files, private
from aggregator.store.connection import Connection, StoreConnection
from aggregator.store.engine import Engine
from aggregator.store.locks import DaemonLock, Program, RunningDaemon
from aggregator.store.picture_backups import PicturesHeld
from aggregator.store.queries import (
    acts,
    agreements,
    alerts,
    apps,
    claims,
    clocks,
    complaints,
    configured,
    coverage,
    desk_lists,
    desk_sessions,
    due,
    excerpts,
    figures,
    forgetting,
    found,
    habits,
    health,
    held,
    joins,
    known,
    ledger,
    let_go,
    letters,
    merges,
    one_source,
    outgoing,
    pages,
    pauses,
    pending,
    pending_revisions,
    pictures,
    polls,
    profiles,
    purge,
    raw,
    reading,
    rechecks,
    redirects,
    references,
    released,
    renaming,
    robots,
    samples,
    saving,
    searches,
    selections,
    signals,
    snapshots,
    states,
    subscribers,
    suspects,
    tags,
    tokens,
)
from aggregator.store.queries import taken as taken_rows
from aggregator.store.sqlite import (
    backups,
    snapshot_file,
    vacuum,
)
from aggregator.store.sqlite import engine as sqlite_engine
from aggregator.store.sqlite.backups import Facts, Loaded
from aggregator.store.sqlite.sqlite_errors import BUSY_SECONDS, explained
from aggregator.store.sqlite.vacuum import Rewriting
from aggregator.text.dates import duration, from_iso, to_iso

__all__ = [
    "COPY_STEP",
    "DaemonLock",
    "Facts",
    "Loaded",
    "PicturesHeld",
    "Rewriting",
    "RunningDaemon",
    "Store",
    "as_worker",
    "backup_steps",
    "everybody_reads",
    "exists",
    "identity",
    "load_backup",
    "only_daemon",
    "refuse_same_kind",
    "refuse_workers",
    "running_daemon",
    "without_daemon",
]

backup_steps = backups.steps
COPY_STEP = copying.STEP

_PICTURES = 100  # whose files are removed in one transaction

log = logging.getLogger("aggregator.store")

P = ParamSpec("P")
T = TypeVar("T")
Call = Callable[Concatenate[Any, P], T]


def load_backup(file: Path, place: Place, now: datetime, moved: Callable[[], None]) -> Loaded:
    """As `backups.load`; all copies of pictures are compared with what it has when the wire runs again."""
    loaded = _engine_of(place).load_backup(file, place, now, moved)
    picture_files.forget_checked(place if isinstance(place, Path) else place.beside)
    return loaded


def everybody_reads(place: Place) -> bool:
    """Whether every user of this machine may open the file, with complaints and what is held back."""
    return isinstance(place, Path) and private.everybody_reads(place)


def only_daemon(place: Place) -> AbstractContextManager[DaemonLock]:
    """Holds the lock of the daemon; raises DaemonRunning when another process does, and StoreError."""
    return _engine_of(place).only_daemon(place)


def without_daemon(place: Place) -> AbstractContextManager[DaemonLock]:
    """Holds it too, so that no daemon begins meanwhile; raises DaemonRunning where there is one, and StoreError."""
    return _engine_of(place).without_daemon(place)


def as_worker(place: Place) -> AbstractContextManager[None]:
    """Says that a worker is there; raises DaemonRunning where somebody keeps workers away, and StoreError."""
    return _engine_of(place).as_worker(place)


def running_daemon(place: Place) -> RunningDaemon | None:
    """The daemon that uses this database, or who keeps daemons away; None: there is none, or it cannot be told."""
    try:
        return _engine_of(place).running_daemon(place)
    except StoreError:  # the engine is not installed
        return None


def exists(place: Place) -> bool:
    """Whether a database is there. Raises StoreError where that cannot be told: a server does not answer."""
    return _engine_of(place).exists(place)


def identity(place: Place) -> tuple[int, int] | None:
    """Another one as soon as another database has taken the place of one that was open; None: there is none."""
    return _engine_of(place).identity(place)


def refuse_same_kind(source: Place, target: Place) -> None:
    """Raises StoreError where a copy has a better way than `Store.copy_to`."""
    engine = _engine_of(source)
    if engine is _engine_of(target):
        raise StoreError(f"{source} and {target} are databases of the same kind: copy one with {engine.COPIED_WITH}")


def refuse_workers(place: Place) -> None:
    """Raises StoreError where workers cannot share the tasks of this database."""
    _engine_of(place).tasks(place)


def _engine_of(place: Place) -> Engine:
    if isinstance(place, Path):
        return sqlite_engine
    try:
        from aggregator.store.postgres import engine as postgres_engine  # psycopg is an optional part
    except ImportError as error:
        raise StoreError(
            f"{place}: a part for PostgreSQL is not installed ({error}); install it: pip install 'aggregator[postgres]'"
        ) from error
    return postgres_engine


class Store:
    """One open database. Every method may raise StoreError; what it had begun is then rolled back."""

    def __init__(self, place: Place, connection: StoreConnection, engine: Engine) -> None:
        self.place = place
        self.path = place if isinstance(place, Path) else place.beside  # beside it are the files of this machine
        self._connection = connection
        self._engine = engine
        self.program: Program | None = None  # as which it claims what it polls; None: it has claimed nothing yet
        self._is_alone = False  # within `alone`
        self._released_by: str | None = None  # embargoes are over until then, for whoever reads; None: those recorded

    @classmethod
    def open(cls, place: Place, *, busy_seconds: float = BUSY_SECONDS) -> Self:
        """Opens for writing, makes what is missing, brings the tables up to date."""
        engine = _engine_of(place)
        connection: StoreConnection = engine.to_write(place, busy_seconds)
        try:
            store = cls(place, connection, engine)
            store._refuse_unfinished()
            store._prepare()
        except BaseException:
            connection.close()
            raise
        return store

    @classmethod
    def open_to_fill(cls, place: Place) -> Self:
        """As `open`, for a copy of another wire, also one that has not ended. Raises StoreError where another version
        began it.
        """
        engine = _engine_of(place)
        connection: StoreConnection = engine.to_write(place, BUSY_SECONDS)
        try:
            store = cls(place, connection, engine)
            if store.is_unfinished() and not store.is_current():
                raise StoreError(
                    f"{place}: another version of aggregator began to copy a wire into this database; go on with that"
                    " version, or copy into a new database"
                )
            store._prepare()
        except BaseException:
            connection.close()
            raise
        return store

    def is_unfinished(self) -> bool:
        """Whether another wire is being copied into it, and not all of it is there."""
        with self._connection.explained():
            return self._engine.has_tables(self._connection) and copying.is_unfinished(self._connection)

    def _refuse_unfinished(self) -> None:
        if self.is_unfinished():
            raise StoreError(
                f"{self.place}: a `copy-store` into this database has not ended: run the same command again, and it"
                " goes on where it was; or delete this database"
            )

    def _side(self) -> copying.Side:
        return copying.Side(str(self.place), self._connection, self._engine.bulk)

    def still(self) -> AbstractContextManager[None]:
        """Nobody writes meanwhile; what is read here is of one moment."""
        return self._side().still()

    def copy_to(self, target: Store, moved: Callable[[str], None]) -> None:
        """Copies all rows into another store, as `copying.copy`, and queues all words there to be indexed. Within
        `still`. Raises StoreError.
        """
        copying.copy(self._side(), target._side(), target._engine.renew_index, moved)

    def differences_to(self, target: Store, moved: Callable[[str], None]) -> list[str]:
        """What is not the same in a copy; see `copying.differences`. Within `still`."""
        return copying.differences(self._side(), target._side(), moved)

    def rows_for(self, target: Store) -> int:
        """How many `copy_to` copies."""
        return copying.rows(self._side(), target._side())

    def end_copy(self) -> list[str]:
        """Of a copy: lets other programs in; see `copying.end`."""
        return copying.end(self._side())

    @classmethod
    def read(cls, place: Place, *, busy_seconds: float = BUSY_SECONDS) -> Self:
        """Opens for reading only; raises StoreError when there is no database yet. What is stored holds for whoever
        reads; `show_as_of` makes it what holds at a time.
        """
        engine = _engine_of(place)
        store = cls(place, engine.to_read(place, busy_seconds), engine)
        try:
            store._refuse_unfinished()
        except BaseException:
            store.close()
            raise
        return store

    def show_terms(self, configured_terms: Sequence[PublisherTerms]) -> None:
        """Of a store that was opened for reading: these terms hold for whoever reads here, although they are not stored
        yet. What the stored ones keep in altogether stays in until the ledger can say that it is let out.
        """
        with self._connection.explained():
            self._engine.show_terms(self._connection, configured_terms)

    def show_as_of(self, now: datetime, believed: datetime, over: Mapping[str, datetime]) -> None:
        """Of a store that was opened for reading: what has ended by `now` has ended for whoever reads here, also where
        nobody has written since: agreements; embargoes, by `believed`; and the time for which words may be held, which
        for a publisher in `over` is past for what was first seen then or earlier.
        """
        with self._connection.explained():
            self._released_by = self._engine.show_as_of(self._connection, now, believed, over)

    def _prepare(self) -> None:
        with self._transaction():  # all at once, so that nobody finds half of it
            to_index = self._engine.prepare(self._connection)
        if to_index:
            log.warning(
                "%s: the search index of %d reports is made anew, newest first, by the daemon or the next"
                " `aggregator fetch`: about %s; until then a search finds part of them",
                self.place,
                to_index,
                duration(to_index * vacuum.SECONDS_A_REPORT),
            )

    def close(self) -> None:
        self._connection.close()
        if self.program:
            self.program.end()
            self.program = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._is_alone:
            yield
            return
        with self._connection.explained():
            self._connection.begin_writing()
            try:
                yield
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Several reads of one state of the database: of that of the reads around them, where there are such."""
        if self._is_alone or self._connection.in_transaction:
            yield
            return
        with self._connection.explained():
            self._connection.begin()
            try:
                yield
            finally:
                self._connection.rollback()

    def _read(self, query: Call[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._connection.explained():
            return query(self._connection, *args, **kwargs)

    def _read_as_one(self, query: Call[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._snapshot():
            return query(self._connection, *args, **kwargs)

    def _write(self, query: Call[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._transaction():
            return query(self._connection, *args, **kwargs)

    def _unless_changed(self, write: Callable[[Connection], bool]) -> bool:
        """One transaction, undone where `write` returns False: something is not what it was when it was decided."""
        with self._connection.explained():
            self._connection.begin_writing()
            try:
                is_done = write(self._connection)
                if is_done:
                    self._connection.commit()
                else:
                    self._connection.rollback()
            except BaseException:
                self._connection.rollback()
                raise
            return is_done

    # What the pipeline calls

    def config_digest(self) -> str | None:
        """That of the configuration that the tables are in line with; None: none yet."""
        return self._read(configured.digest)

    def configure(
        self,
        publishers: Sequence[PublisherTerms],
        faulty: Mapping[str, str],
        digest: str,
        now: datetime,
        believed: datetime,
    ) -> None:
        """Brings publishers, sources and terms in line with config/. `faulty`: what is wrong with the files of other
        publishers, by their keys; what is stored of these stays as it is. By `believed` embargoes are over.
        """
        self._write(configured.write, publishers, faulty, digest, now, believed)

    def is_current(self) -> bool:
        """Whether its tables are those of this version."""
        return self._read(self._engine.is_current)

    def is_as_stored(self) -> bool:
        """Whether nothing that a clock or a configuration has ended, or another version called otherwise, makes it show
        anything else than what is stored.
        """
        return self._read(self._engine.is_as_stored)

    def stored_publishers(self) -> list[StoredPublisher]:
        """All publishers that the database has, configured or not."""
        return self._read(renaming.stored)

    def rename_publishers(self, renamed: Mapping[str, str], now: datetime) -> None:
        """Gives the publishers of these keys others, all at once, with all that is held of them; a line of the ledger
        says so.
        """
        self._write(renaming.rename, renamed, now)

    def terms_are_out_of_date(self, by: datetime) -> bool:
        """Whether other terms hold by then than those in force."""
        return self._read(agreements.are_out_of_date, by)

    def switch_terms(self, by: datetime, now: datetime, believed: datetime) -> list[str]:
        """Puts in force the terms that hold by then; returns the keys of the publishers whose terms it changed."""
        return self._write(agreements.switch, by, now, believed)

    def keep_config(self, digest: str, packed: str) -> None:
        """Keeps the checked configuration in place of the one before; `digest` is of the files it came from."""
        self._write(configured.keep, digest, packed)

    def kept_config(self, digest: str) -> str | None:
        """What `keep_config` was given with this digest; None: it has kept another one since, or none."""
        return self._read(configured.kept, digest)

    def config_in_force(self) -> StoredConfig | None:
        """The configuration that the tables are in line with; None: a version of the program before 0.5.0 wrote it."""
        return self._read(configured.in_force)

    def note_in_force(self, stored: StoredConfig) -> None:
        """Says which configuration the tables are in line with."""
        self._write(configured.note_in_force, stored)

    def due(self, now: datetime | None, *, also_paused: bool = False) -> list[Due]:
        """The sources whose time has come, longest overdue first, searches last; with None all that are switched on.
        Those that are paused only where that is asked for.
        """
        return self._read(due.due, to_iso(now) if now else None, also_paused=also_paused)

    def as_program(self) -> Program:
        """This program among those that poll into the database, which begins with its first claim. Not within a
        transaction. Raises StoreError.
        """
        if self.program is None or not self.program.holds():
            program = self._engine.begin_program(self.place)
            try:
                with self._transaction():
                    claims.forget(self._connection, program)
            except BaseException:
                program.end()
                raise
            self.program = program
        return self.program

    def claim_polls(self, those: Sequence[Due], now: datetime) -> list[Due]:
        """Claims the sources that this program may poll now, and returns them: not those that another program is
        polling, and not those that one has polled since they were read here.
        """
        if not those:
            return []
        program = self.as_program()
        with self._connection.explained():
            others = claims.of_others(self._connection, "poll", program, now)
        free = [one for one in those if one.source.name not in others]
        if not free:
            return []
        with self._transaction():
            fresh = due.unpolled(self._connection, free)
            taken = claims.take(self._connection, "poll", [one.source.name for one in fresh], program, now)
        return [one for one in fresh if one.source.name in taken]

    def due_of(self, names: Collection[str], now: datetime) -> list[Due]:
        """Those of these sources whose time has come, as `due`."""
        return self._read(due.due, to_iso(now), names=names) if names else []

    def shared_limits(self, per_domain: int, lost_after: timedelta, doing: Callable[[], Mapping[str, int]]) -> Any:
        """What the programs of this database know together of a domain, as `fetch.limits.SharedLimits`; None: they
        share a file. `doing`: how many tasks of each kind this program does.
        """
        with self._connection.explained():
            of_engine = self._engine.shared_limits
            return of_engine(self._connection, self._transaction, per_domain, lost_after.total_seconds(), doing)

    def task_connection(self) -> dict[str, Any]:
        """How Procrastinate reaches the tables of tasks: the arguments of its `PsycopgConnector`. Raises StoreError
        where workers cannot share any.
        """
        known: dict[str, Any] = self._engine.tasks(self.place).connection_of(self.place)
        return known

    def sources_to_poll(self, now: datetime, *, searches: bool, after: DueSource | None = None) -> list[DueSource]:
        """Sources that are due and that no task is for, longest overdue first, behind `after`, some thousands at most.
        `searches`: sites whose feed is sought, or else the others.
        """
        return self._read(self._engine.tasks(self.place).due, now, searches=searches, after=after)

    def polls_waiting(self) -> Counter[str]:
        """How many tasks of polls there are, by the registrable domain."""
        return self._read(self._engine.tasks(self.place).waiting)

    def task_state(self) -> TaskState | None:
        """Queues and workers; None: there has been no worker."""
        return self._read_as_one(self._engine.task_state)

    def oldest_due(self, now: datetime) -> timedelta | None:
        """How long the source that waits longest has been due; None: none is."""
        return self._read(due.oldest, now)

    def confirm(self, kind: ClaimKind, subjects: Sequence[str], now: datetime) -> None:
        """Confirms claims, which otherwise end after a quarter of an hour."""
        program = self.as_program()
        self._write(claims.confirm, kind, subjects, program, now)

    def give_back(self, kind: ClaimKind, subjects: Sequence[str]) -> None:
        """Ends claims without a poll that is recorded."""
        program = self.as_program()
        self._write(claims.give_back, kind, subjects, program)

    def polled_elsewhere(self, *, proposals: bool) -> tuple[tuple[str, str], ...]:
        """Publisher and address of each source that is polled elsewhere than its file says; see `store.redirects`."""
        return self._read(redirects.polled_elsewhere, proposals=proposals)

    def bring_times_back(self, now: datetime) -> None:
        """Brings back the times that a clock has left which ran ahead; see `store.clocks`. Writes only where there are
        any.
        """
        with self._connection.explained():
            sources, rows = clocks.are_ahead(self._connection, now), clocks.rows_are_ahead(self._connection, now)
        if not (sources or rows):
            return
        with self._transaction():
            clocks.bring_back(self._connection, now)
            count = clocks.bring_rows_back(self._connection, now) if rows else 0
        if count:
            log.warning(
                "%s: the clock was ahead, and has been put right: %d times that it left are brought back to %s",
                self.place,
                count,
                to_iso(now),
            )

    def clock_looks(self) -> ClockLooks:
        """What is remembered of looks at the clock."""
        return self._read(clocks.looks)

    def remember_looks(self, looks: ClockLooks) -> None:
        self._write(clocks.remember_looks, looks)

    # What a poll reads and writes

    def load(self, source: Source) -> Memory:
        """What is remembered of a source's last document."""
        return self._read_as_one(known.load, source)

    def known(self, wanted: Sequence[Wanted]) -> list[Snapshot]:
        """What is known of each of these sources, and of the articles that their entries may be; all of one moment.
        Raises SourceRenamed for the first that the database has under no such name.
        """
        with self._snapshot():
            # First, so that what is written meanwhile makes it old.
            versions = self._connection.versions([each.source for each in wanted])
            return [
                known.snapshot(self._connection, each, version) for each, version in zip(wanted, versions, strict=True)
            ]

    def save(self, records: Sequence[PollRecord], now: datetime) -> set[int]:
        """Stores polls with all that they brought, in one transaction: everything, or nothing where it raises. Returns
        the places of those that were not stored, because somebody wrote after their `known` was read: a person, another
        program, or with this very call a poll of the same source, or of another one of its publisher. They are to be
        judged again. A poll that is stored gives back the claim on its source.
        """
        stale: set[int] = set()
        changed: set[str] = set()
        new: dict[int, Article] = {}
        with self._transaction():
            versions = self._connection.versions([record.poll.source for record in records])
            for place, (record, version) in enumerate(zip(records, versions, strict=True)):
                source = record.poll.source
                depends_on = {source.name}
                if record.last_listed is not None or record.decisions or record.acts:
                    depends_on.add(source.publisher)
                if record.known.version != version or changed & depends_on:
                    stale.add(place)
                    continue
                new |= saving.save(self._connection, record, now)
                changed |= depends_on
            self._connection.index.add_new(self._connection, new)
            if self.program:
                saved = [record.poll.source.name for place, record in enumerate(records) if place not in stale]
                claims.give_back(self._connection, "poll", saved, self.program)
        return stale

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else writes meanwhile, so that what is known stays true until it is saved. One transaction."""
        with self._transaction():
            self._is_alone = True
            try:
                yield
            finally:
                self._is_alone = False

    def recall_robots(self, origin: str) -> RobotsCopy | None:
        """What the site's robots.txt said when it was fetched last, by any program."""
        return self._read(robots.recall, origin)

    def remember_robots(self, copy: RobotsCopy) -> None:
        self._write(robots.remember, copy)

    def note_signals(self, looks: Sequence[Looked], now: datetime) -> None:
        """What was seen of what publishers say to machines, in each place whole; see `queries.signals`."""
        self._write(signals.note, looks, now)

    def signals(self, publishers: Collection[str] | None = None) -> list[StoredSignal]:
        """What sites and feeds of these publishers say to machines and said before; None: of all, what they say now."""
        return self._read(signals.of_publishers, publishers)

    def signals_of_report(self, public_id: str) -> list[StoredSignal]:
        """What the page of a report says to machines, and said before."""
        return self._read(signals.of_report, public_id)

    def signals_of_pages(self) -> list[StoredSignal]:
        """What pages of reports say now, of each publisher one of those that say the same."""
        return self._read(signals.of_pages)

    def remember_signal_file(self, file: SignalFile) -> None:
        self._write(signals.remember_file, file)

    def signal_files_asked_since(self, urls: Sequence[str], since: datetime) -> set[str]:
        return self._read(signals.asked_since, urls, to_iso(since))

    def rhythms(self) -> list[tuple[Rhythm, timedelta | None]]:
        """Of each source that is polled: what it has taught, and the interval that a person set."""
        return self._read(habits.rhythms)

    def kept_tariff(self) -> KeptTariff | None:
        """None: there is none yet."""
        return self._read(habits.kept_tariff)

    def keep_tariff(self, kept: KeptTariff) -> None:
        self._write(habits.keep_tariff, kept)

    def index(self) -> int:
        """Indexes one batch of what waits to be searchable; returns how many, 0 when nothing waits."""
        return self._write(self._engine.index_batch)

    def to_index(self) -> int:
        """How many reports wait for that."""
        return self._read(samples.to_index)

    def some_titles(self, most: int) -> list[str]:
        """Headlines of so many reports at most, which came evenly over all the time."""
        return self._read(samples.titles, most)

    def try_writing(self) -> None:
        """Whether polls can be stored again after a StoreError; raises one where they cannot."""
        self._engine.try_writing(self._connection, self._transaction)

    # Saved searches, and who gets what they find

    def searches_are_followed(self, configured: Sequence[SavedSearch], faulty: Collection[str]) -> bool:
        """Whether `follow_searches` would write nothing."""
        return self._read(searches.are_configured, configured, faulty)

    def follow_searches(self, configured: Sequence[SavedSearch], faulty: Collection[str], now: datetime) -> None:
        """Brings the stored searches in line with the files; `faulty`: the names of those whose files have faults. What
        is owed by those of before is noted first.
        """
        with self._transaction():
            while found.collect(self._connection):
                pass
            while alerts.collect(self._connection, now):
                pass
            searches.follow(self._connection, configured, faulty)

    def to_match(self, most: int) -> tuple[bytes, list[tuple[int, str, str, str]]]:
        """The searches in force and versions that none of them was tried on; see `queries.searches`."""
        return self._read_as_one(searches.to_match, most)

    def save_matches(self, by: str, found: Mapping[int, Sequence[str]]) -> bool:
        """The names of the searches that find each of these versions; `by`: the digest of all that were tried. False:
        the searches are others meanwhile, and nothing was written.
        """
        return self._write(searches.save_matches, by, found)

    def to_tag(self, most: int) -> list[Untagged]:
        """Reports that wait for their tags, the last ones first."""
        return self._read(tags.to_tag, most)

    def tagged_by_others(
        self, tables: Mapping[str, str], publisher: str | None, after: int, most: int
    ) -> list[Untagged]:
        """Reports whose tags are of other tables than these, by publisher, or that have none: those behind this number,
        at most so many. `publisher`: its alone.
        """
        return self._read(tags.tagged_by_others, tables, publisher, after, most)

    def count_tagged_by_others(self, tables: Mapping[str, str], publisher: str | None = None) -> int:
        """How many those are, all together."""
        return self._read(tags.count_by_others, tables, publisher)

    def save_tags(self, found: Sequence[tuple[Untagged, Tags]], now: datetime) -> int:
        """Writes tags of stored reports; returns of how many language, topics or countries are others now."""
        return self._write(tags.save, found, now)

    def count_other_tags(self, found: Sequence[tuple[Untagged, Tags]]) -> int:
        """As `save_tags`, and writes nothing."""
        return self._read(tags.count_changed, found)

    def tags_of(self, public_id: str) -> Tags | None:
        """Of a report, with the evidence, whatever its rights let out; None: it has none, or is not here."""
        return self._read(tags.of_report, public_id)

    def match_backwards(self) -> bool:
        """One part of what was stored before a search was; False: none is left."""
        return self._read(searches.are_behind) and self._write(searches.match_backwards)

    def collect_owed(self, now: datetime) -> bool:
        """Notes who is owed what by some more lines of the ledger; False: there are none that can be read yet."""
        return self._read_as_one(alerts.are_behind) and self._write(alerts.collect, now)

    def collect_found(self) -> bool:
        """Notes what saved searches have found by some more lines of the ledger; False: there are none that can be read
        yet.
        """
        return self._read_as_one(found.are_behind) and self._write(found.collect)

    def has_search(self, name: str) -> bool:
        """Whether a saved search of this name was ever read from a file."""
        return self._read(found.has_search, name)

    def looked_for_found(self) -> int:
        """Another number as soon as it is known of more lines of the ledger whether a saved search has found them."""
        return self._read(found.looked_at)

    def claim_alerts(self, now: datetime) -> bool:
        """Keeps the sending of alerts to this program; False: another one that runs sends them."""
        program = self.as_program()
        return bool(self._write(claims.take, "deliver", [alerts.CLAIM], program, now))

    def give_alerts_back(self) -> None:
        self._write(claims.give_back, "deliver", [alerts.CLAIM], self.as_program())

    def tell_states(self) -> list[TellState]:
        """Those who are owed something that no message has yet."""
        return self._read(alerts.tell_states)

    def make_message(self, tell_id: int, token: str, most: int, now: datetime, *, found_too: bool) -> None:
        """A message of what is owed; see `queries.alerts`."""
        self._write(alerts.make_message, tell_id, token, most, now, found_too=found_too)

    def alert_messages(self) -> list[AlertMessage]:
        """Those that wait to be sent, the oldest first."""
        return self._read_as_one(alerts.messages)

    def note_attempt(self, message_id: int, now: datetime) -> None:
        """That one is about to begin."""
        self._write(alerts.note_attempt, message_id, now)

    def note_failure(self, message_id: int, error: str, now: datetime, *, give_up: bool) -> None:
        """That it failed; `give_up`: it is tried no more."""
        self._write(alerts.note_failure, message_id, error, now, give_up=give_up)

    def note_sent(
        self,
        message: AlertMessage,
        sent: Sequence[Sent],
        seq: int,
        now: datetime,
        left: Mapping[tuple[str, Channel], int],
    ) -> None:
        """The message was taken, with its reports as they were at this line of the ledger; `left`: how many reports of
        which publisher left by it.
        """
        self._write(alerts.note_sent, message, sent, seq, now, left)

    def pause_search(self, name: str, now: datetime) -> bool:
        """Nobody is told any more of what it finds; False: there is no such search."""
        return self._write(alerts.pause, name, now)

    def resume_search(self, name: str, now: datetime) -> bool:
        """Ends that, and tries again what was given up; False: there is no such search."""
        return self._write(alerts.resume, name, now)

    def searches(self, now: datetime) -> list[dict[str, Any]]:
        """The saved searches and their recipients; see `sqlite.alerts.listed`."""
        return self._read_as_one(alerts.listed, now)

    # Visits to pages; see `pipeline.rechecks`

    def new_pages(self, oldest: datetime) -> NewPages | None:
        """Pages of which it has yet to be said when they are visited first, of reports first seen since a time; None:
        there are none.
        """
        return self._read_as_one(rechecks.new_pages, to_iso(oldest))

    def queue_visits(self, up_to: int, visits: Mapping[int, datetime]) -> None:
        """When pages of `new_pages` are visited first, by article; those up to `up_to` that are not here never are."""
        self._write(rechecks.queue, up_to, visits)

    def due_visits(self, now: datetime, limit: int, per_publisher: int, publishers: Collection[str]) -> list[Recheck]:
        """At most `limit` visits whose time has come, longest overdue first, of these publishers only, of one at most
        `per_publisher`. What is due but no longer to be visited is taken off the queue.
        """
        with self._transaction():
            rechecks.drop_idle(self._connection, to_iso(now))
            return rechecks.due(self._connection, to_iso(now), limit, per_publisher, publishers)

    def waiting_visits(self, now: datetime, publishers: Collection[str]) -> set[str]:
        """Those of these publishers of whom a visit is due."""
        return self._read(rechecks.waiting, to_iso(now), publishers) if publishers else set()

    def drop_visits(self, articles: Sequence[int]) -> None:
        """Takes these articles off the queue."""
        if articles:
            with self._transaction():
                rechecks.drop(self._connection, articles)

    def pages_visited(self, publisher: str, since: datetime, last: int, without: Sequence[int]) -> tuple[int, int]:
        """How many of a publisher's pages were visited, of its `last` newest since a time and but for these articles,
        and how many of them were not there when they were visited last.
        """
        return self._read(rechecks.pages, publisher, to_iso(since), last, without)

    def record_visits(self, publisher: str, findings: Sequence[Finding], until: datetime | None) -> None:
        """What visits to pages of a publisher taught; `until`: so long its pages are left in peace."""
        with self._transaction():
            for finding in findings:
                rechecks.write(self._connection, finding)
            if until:
                rechecks.postpone(self._connection, publisher, to_iso(until))

    def page_state(self, article_id: int) -> PageState | None:
        """A report as it is held when its page was read; None: nothing of it is held that could be read."""
        return self._read_as_one(pages.state, article_id)

    def record_page(self, reading: PageReading, now: datetime) -> bool:
        """Stores what reading a page came to, with the version that it made; False: the report has another version
        since this was decided, and nothing is done.
        """

        def write(connection: Connection) -> bool:
            if not pages.write(connection, reading, to_iso(now)):
                return False
            if reading.decision is not None:
                polls.write_page(connection, reading.decision, to_iso(now))
            return True

        return self._unless_changed(write)

    def page_reading(self, report: str) -> dict[str, Any] | None:
        """What came of reading a report's page; see `sqlite.pages.of_report`."""
        return self._read(pages.of_report, report)

    def pages_tried(self, since: datetime, until: datetime) -> dict[str, tuple[int, dict[str, int]]]:
        """By publisher, how many pages of reports were read in a time, and how many were not, by reason."""
        return self._read(pages.tried, to_iso(since), to_iso(until))

    def claimed_by_others(self, kind: ClaimKind, now: datetime) -> set[str]:
        """The sources, or publishers, that other programs are busy with."""
        program = self.as_program()
        return self._read(claims.of_others, kind, program, now)

    def claim(self, kind: ClaimKind, subjects: Collection[str], now: datetime) -> set[str]:
        """Claims those that no other program is busy with, and returns them."""
        program = self.as_program()
        return self._write(claims.take, kind, subjects, program, now)

    # Copies of pictures; see `pipeline.pictures`

    def reports_with_other_pictures(self) -> tuple[int, list[str]] | None:
        """Up to which line the ledger was read, and the ids of the reports of which it may have changed whether copies
        of their pictures may be shown; None: nothing has changed since `note_pictures_seen`.
        """
        return self._read_as_one(pictures.changed)

    def note_pictures_seen(self, up_to: int) -> None:
        """Up to this line that was looked at."""
        self._write(pictures.note_changed, up_to)

    def next_reports_with_copies(self) -> list[str]:
        """The ids of the next 100, in turn."""
        return self._write(pictures.swept)

    def article_ids(self, reports: Sequence[str]) -> dict[str, int]:
        """By public id; without those that are not here."""
        return self._read(pictures.article_ids, reports)

    def set_copies_wanted(self, wanted: Sequence[CopiesWanted], now: datetime) -> None:
        """Of each of these reports copies of just these pictures are wanted. Files of others go by
        `remove_picture_files`, and are not shown from now on.
        """
        self._write(pictures.set_wanted, wanted, to_iso(now))

    def due_pictures(
        self, now: datetime, most: int, per_publisher: int, publishers: Collection[str]
    ) -> list[DuePicture]:
        """Those of these publishers whose time has come, longest overdue first."""
        return self._read(pictures.due, to_iso(now), most, per_publisher, publishers)

    def keep_picture(self, picture: DuePicture, made: EncodedPicture, now: datetime) -> None:
        """Stores a copy: its files and its row, or, where no report wants it any more, nothing. The files get their
        names within the transaction, and are removed within one, so that no other program removes what this one has
        just written. Raises OSError where a file cannot be written.
        """
        with picture_files.written(self.path, made) as give_names, self._transaction():
            if pictures.is_wanted(self._connection, picture):
                give_names()
                pictures.note_copied(self._connection, picture, made, to_iso(now))

    def note_picture_failure(self, picture: DuePicture, failure: PictureFailure) -> None:
        """Why there is no copy."""
        self._write(pictures.note_failure, picture, failure)

    def make_room_for_pictures(self, most_bytes: int) -> int:
        """Gives up the copies that were made first, at most 100, as far as all together take more; returns how many."""
        if self._read(pictures.taken) <= most_bytes:
            return 0
        return self._write(pictures.make_room, most_bytes)

    def remove_picture_files(self, now: datetime) -> int:
        """Removes the files of up to 100 pictures of which no copy is wanted any more; returns how many. What cannot be
        removed is tried again another time. Raises OSError where none could be.
        """
        with self._snapshot():
            if not pictures.has_to_remove(self._connection):
                return 0
        with self._transaction():
            removed: list[str] = []
            for digest in pictures.to_remove(self._connection):
                picture_files.remove(self.path, digest)
                removed.append(digest)
            pictures.note_removed(self._connection, removed, to_iso(now))
        return len(removed)

    def compare_pictures(self, now: datetime, within: timedelta) -> None:
        """Files without a row are removed, and rows without files are waiting again; not where that was done `within`
        that time. Raises OSError.
        """
        if picture_files.is_checked(self.path, now, within):
            return
        picture_files.remove_abandoned(self.path, now)
        there = picture_files.found(self.path)
        nobodys = sorted(there.keys() - self._read(pictures.copies).keys())
        for start in range(0, len(nobodys), _PICTURES):
            with self._transaction():  # in which nobody can be about to write a row
                for digest in nobodys[start : start + _PICTURES]:
                    if not pictures.is_copied(self._connection, digest):
                        picture_files.remove(self.path, digest)
        if picture_files.missing(self._read(pictures.copies).values(), there):
            with self._transaction():
                copies = pictures.copies(self._connection)
                lost = picture_files.missing(copies.values(), picture_files.found(self.path))
                pictures.fetch_again(self._connection, lost, to_iso(now))
        picture_files.note_checked(self.path, now)

    def reports_with_picture(self, digest: str, most: int) -> list[str]:
        """The ids of the newest reports that have a copy of it."""
        return self._read(pictures.reports_with, digest, most)

    def picture_was_removed(self, digest: str) -> bool:
        """Whether there was a copy of it that nobody wants any more."""
        return self._read(pictures.was_removed, digest)

    def picture_file(self, digest: str, width: int) -> Path:
        """Where a copy lies that is this wide; there may be none."""
        return picture_files.path_of(self.path, digest, width)

    def picture_counts(self) -> PictureCounts:
        return self._read_as_one(pictures.counts)

    def picture_failures(self, most: int) -> list[tuple[str, int, str]]:
        """By publisher how many pictures could not be had, those with most first, and why one of them could not."""
        return self._read(pictures.failures, most)

    # The steps of housekeeping, a short transaction each; see `desk.housekeeping`

    def lending(self) -> dict[str, Lending]:
        """For how long the publishers who do not let us keep words let us hold them, by key."""
        return self._read(let_go.lending)

    def let_go(self, over: Mapping[str, datetime]) -> int:
        """Lets go of the words of one batch of reports that were first seen so long ago, or earlier, by publisher;
        returns how many, 0 when none is left.
        """
        return self._write(let_go.let_go, over)

    def let_go_pending(self, over: Mapping[str, datetime]) -> None:
        """The same of words that are in force nowhere yet."""
        self._write(let_go.let_go_pending, over)

    def forget_over_limit(self, now: datetime) -> None:
        """A week after a source last added more than it may, `health` no longer says so."""
        self._write(health.forget_over_limit, now)

    def store_pending_revisions(self, now: datetime) -> int:
        """Stores one batch of words that were held back, as revisions; returns how many, 0: none is due."""
        return self._write(pending_revisions.store_due, now)

    def count_health(self, now: datetime) -> None:
        """What `health` says of the last seven days; counted before the transaction, which is short."""
        with self._connection.explained():
            counts = health.counts(self._connection, now)
        self._write(health.keep, counts)

    def count_polls_by_day(self, before: datetime, now: datetime) -> int:
        """Counts a batch of polls that brought nothing and began before `before` into one row a source and day; returns
        how many polls it looked at, 0: none is left.
        """
        return self._write(forgetting.count_polls_by_day, before, now)

    def count_released(self, day: date, counts: Mapping[tuple[str, Channel], int]) -> None:
        """Adds to the number of reports that left on a day of UTC, by publisher and channel."""
        self._write(released.add, day, counts)

    def released_since(self, first: date) -> Counter[tuple[str, Channel]]:
        """How many reports left on this day of UTC or later, by publisher and channel."""
        return self._read(released.since, first)

    def forget_released(self, before: date) -> None:
        """Deletes what was counted of earlier days."""
        self._write(released.forget, before)

    def take(self, taken: Taken, now: datetime) -> bool:
        """Records who takes a report; False: it is not here."""
        return self._write(taken_rows.add, taken, to_iso(now))

    def taken_by_key(self, report: str, key: str) -> Taken | None:
        """Who took this report under a key; None: nobody, or it is so long ago that it is known no more."""
        return self._read(taken_rows.by_key, report, key)

    def taken(self, publisher: str | None, since: datetime) -> list[TakenRow]:
        """What was taken of a publisher since a time, the newest first; None: of all."""
        return self._read(taken_rows.since, publisher, since)

    def taken_of(self, report: str) -> list[TakenRow]:
        """Who took one report, in any version; the newest first."""
        return self._read(taken_rows.of_report, report)

    def forget_taken(self, before: datetime) -> None:
        """Deletes who took what before a time. Writes only where there is something to delete."""
        if self._read(taken_rows.has_old, before):
            self._write(taken_rows.forget, before)

    def next_taken_letter(self, publishers: Collection[str], now: datetime) -> TakenLetter | None:
        """The e-mail about what was taken that one of these publishers is owed now; None: none is."""
        return self._read(taken_rows.next_letter, publishers, now)

    def note_taken_letter_attempt(self, publisher: str, now: datetime) -> bool:
        """That it is about to be sent; False: another program has begun it meanwhile."""
        return self._write(taken_rows.note_attempt, publisher, now)

    def note_taken_letter_failure(self, publisher: str, error: str) -> None:
        self._write(taken_rows.note_failure, publisher, error)

    def note_taken_letter_sent(self, letter: TakenLetter, now: datetime) -> None:
        self._write(taken_rows.note_sent, letter, now)

    def confirmations_since(self, now: datetime) -> datetime:
        """From when on it is recorded when subscribers confirmed: from the first call on."""
        return self._write(figures.recorded_since, now)

    def last_figures(self) -> date | None:
        """The last day that was counted; None: none was."""
        return self._read(figures.last_day)

    def first_poll(self) -> datetime | None:
        """When the first of the polls began that are stored each by itself; None: there is none."""
        return self._read(figures.first_poll)

    def day_facts(self, day: date) -> DayFacts:
        """What is counted of a day of UTC."""
        return self._read_as_one(figures.facts, day)

    def save_figures(self, counted: DayFigures) -> None:
        """Keeps the figures of a day; those that are there already stay as they are."""
        self._write(figures.save, counted)

    def figures(self, first: date) -> list[DayFigures]:
        """The wire's own figures of this day and later ones, the newest first."""
        return self._read(figures.since, first)

    def former_publishers(self) -> list[FormerPublisher]:
        """Those that no file configures any more, and of which reports are held: they leave under its last rights."""
        return self._read(outgoing.former_publishers)

    def publisher_profiles(self) -> list[PublisherProfile]:
        """The publishers that a file configures, and those of which reports are held, by key."""
        return self._read(profiles.all_of)

    def publisher_profile(self, publisher: str) -> PublisherProfile | None:
        """One of these, by its key; None: there is none."""
        return self._read(profiles.of, publisher)

    def class_terms(self, publisher: str) -> list[ClassTerms]:
        """What stands beside a publisher's reports, by class, of the classes that its sources bring."""
        return self._read(profiles.terms, publisher)

    def reports_per_day(self, publisher: str, first: date) -> dict[str, int]:
        """How many of a publisher's reports are in the wire, by day of UTC, from this day on; days without any are left
        out.
        """
        return self._read(profiles.reports_per_day, publisher, first)

    def reports_since(self, first: date) -> dict[str, int]:
        """How many reports of each publisher are in the wire that are listed under this day of UTC or a later one."""
        return self._read(profiles.reports_since, first)

    def forget_listings(self, before: datetime, most_listed: int) -> None:
        """Looks at a batch of what is known of how documents listed reports, and deletes what is of reports first seen
        before `before` that none lists any more. `most_listed`: so many entries at most are remembered of a document.
        """
        self._write(forgetting.forget_listings, before, most_listed)

    def cut_excerpts(self) -> int:
        """Cuts one batch of excerpts anew whose bound has changed; returns how many, 0 when none waits."""
        return self._write(excerpts.cut_batch)

    def repack(self) -> int:
        """Packs one batch of raw words with this program's dictionary; returns how many it looked at, 0: all are."""
        return self._write(raw.repack)

    def set_figures(self) -> None:
        """Lets the database choose indexes by figures of ours, and not by what somebody's ANALYZE counted."""
        self._write(self._engine.set_figures)

    def merge_index(self, now: datetime) -> bool:
        """One step of writing the search index without letters that were let go; False: there is nothing to do."""
        return self._write(self._engine.merge_index, now)

    def renew_index(self) -> None:
        """Empties the search index and queues all that is to be found; `index` does the rest."""
        self._write(self._engine.renew_index)

    def empty_log(self) -> None:
        """Cuts the log to nothing, where nobody reads at this moment."""
        with self._connection.explained():
            self._engine.empty_log(self._connection)

    def rewriting(self) -> Rewriting:
        """What `rewrite` will take: room on the disk, and time."""
        return self._read(self._engine.rewriting)

    def rewrite(self) -> None:
        """Writes the whole file anew, without anything that was deleted. Others cannot write meanwhile. Raises
        StoreError when others read.
        """
        with self._connection.explained():
            self._engine.rewrite(self._connection)

    def parts(self) -> int:
        """About how many parts `back_up` copies."""
        return self._read(self._engine.parts)

    def back_up(self, to: Path, *, replace: bool, moved: Callable[[], None]) -> Facts:
        """Copies the database into a file, with its pictures beside it; see `store.sqlite.backups`."""
        return self._engine.back_up(self._connection, to, replace=replace, moved=moved)

    # What the desk calls; see `aggregator.desk`

    def report_state(self, report: str) -> ReportState | None:
        """What holds a report back, if anything; None: there is no such report."""
        return self._read(acts.state, report)

    def reports_under_embargo(self, until: datetime) -> list[ReportState]:
        """The reports whose embargo ends then or earlier, and nobody has written that down."""
        return self._read(acts.under_embargo, until)

    def act(self, decision: DeskDecision, now: datetime) -> bool:
        """Carries out a decision about a report; False: somebody has changed its state since, and nothing is done."""
        return self._write(acts.write, decision, to_iso(now))

    def acts(self, report: str) -> list[dict[str, Any]]:
        """What was decided about a report, oldest first: at, act, actor, reason, reference, complaint, until."""
        return self._read(acts.of, report)

    def addressee(self, report: str) -> Addressee:
        """Who answers for a report; raises DeskError for an id that is none."""
        return self._read(acts.addressee, report)

    def complaint(self, complaint: Complaint, decision: DeskDecision, now: datetime) -> int | None:
        """Records a complaint and carries out what is decided at once about its report; returns its number. None:
        somebody has changed the state of the report since, and nothing is done.
        """
        return self._write(complaints.complain, complaint, decision, to_iso(now))

    def complaint_about_wire(self, complaint: Complaint, now: datetime) -> int:
        """Records a complaint about the wire as a whole; returns its number."""
        return self._write(complaints.complain_about_wire, complaint, to_iso(now))

    def file_complaint(self, filing: Filing, decision: DeskDecision | None, now: datetime) -> int | None:
        """Records a complaint that came by the form; see `sqlite.complaints.file`."""
        return self._write(complaints.file, filing, decision, to_iso(now))

    def act_for_complaint(self, decision: DeskDecision, number: int, now: datetime) -> bool:
        """Carries out what was decided because of a complaint; as `act`."""
        return self._write(acts.write, decision, to_iso(now), number)

    def filing_counts(self, report: str | None, email: str | None, now: datetime) -> FilingCounts:
        """What came by the form of late; see `FilingCounts`."""
        return self._read_as_one(complaints.filing_counts, report, email, now)

    def complaints(
        self, *, resolved_too: bool = False, number: int | None = None, report: str | None = None
    ) -> list[dict[str, Any]]:
        """The complaints that are open, or all; of this number, about this report; see `queries.complaints`."""
        return self._read(complaints.complaints, resolved_too, number, report)

    def matters(self) -> list[Matter]:
        """The open complaints by the report that they are about, the newest first."""
        return self._read(complaints.matters)

    def followed_complaint(self, reference_hash: str) -> Followed | None:
        """What whoever has the reference of a complaint learns; None: there is none of this reference."""
        return self._read(complaints.followed, reference_hash)

    def erase_complaint(self, number: int, now: datetime) -> bool:
        """Takes the words out of a complaint, also out of the log where nobody reads it; False: there is none of this
        number. What was decided because of it stays.
        """
        is_erased = self._write(complaints.erase, number, to_iso(now))
        with self._connection.explained():
            self._engine.empty_log(self._connection, wait=True)
        return is_erased

    def erase_old_complaints(self, before: datetime, now: datetime) -> int:
        """The same of complaints that were resolved before; returns of how many. Writes only where there are any."""
        if not self._read(complaints.have_old, to_iso(before)):
            return 0
        return self._write(complaints.erase_old, to_iso(before), to_iso(now))

    def resolve_complaint(self, number: int, resolution: str, now: datetime, answer: str | None = None) -> bool:
        """Closes a complaint; False: there is none of this number that is open."""
        return self._write(complaints.resolve, number, resolution, answer, to_iso(now))

    # Letters about complaints; see `queries.letters`

    def claim_letters(self, now: datetime) -> bool:
        """Keeps the sending of letters to this program; False: another one that runs sends them."""
        return bool(self._write(claims.take, "deliver", [letters.CLAIM], self.as_program(), now))

    def give_letters_back(self) -> None:
        self._write(claims.give_back, "deliver", [letters.CLAIM], self.as_program())

    def letters_are_due(self) -> bool:
        """Whether somebody is to be told of a complaint and was not."""
        return self._read(complaints.letters_are_due)

    def untold_complaints(self, report: str | None) -> list[int]:
        """The open complaints about a report (None: about the wire) of which the desk was not told."""
        return self._read(complaints.untold, report)

    def complaints_to_tell(self) -> list[tuple[int, str, str | None]]:
        """Of complaints that were resolved, and whoever wrote them was not told: number, e-mail address, answer."""
        return self._read(complaints.to_tell)

    def add_letter_of_outcome(self, letter: NewLetter, complaint: int, now: datetime) -> None:
        """A letter that a complaint is resolved, to whoever wrote it."""
        self._write(letters.add_outcome, letter, complaint, now)

    def add_letter_of_matter(self, letter: NewLetter, first: int, last: int, now: datetime) -> None:
        """A letter to the desk, of what it was not told; see `queries.letters`."""
        self._write(letters.add_of_matter, letter, first, last, now)

    def letters_to_desk(self, since: datetime) -> int:
        """How many letters to the desk were made since."""
        return self._read(letters.made_since, since)

    def letters(self) -> list[Letter]:
        """The letters that wait to be sent, the oldest first."""
        return self._read(letters.waiting)

    def note_letter_attempt(self, letter_id: int, now: datetime) -> bool:
        """That one begins; False: the letter was ended meanwhile."""
        return self._write(letters.note_attempt, letter_id, now)

    def note_letter_sent(self, letter_id: int, now: datetime) -> None:
        self._write(letters.note_sent, letter_id, now)

    def note_letter_failure(self, letter_id: int, error: str, now: datetime, *, give_up: bool) -> None:
        self._write(letters.note_failure, letter_id, error, now, give_up)

    def add_own_source(self, source: Source, now: datetime) -> None:
        """Makes the source that the wire's own reports come from; raises DeskError when config/ uses its key."""
        self._write(configured.add_own_source, source, to_iso(now))

    def merge(self, number: int) -> Merge | None:
        """An entry that was taken for a report; None: there is no such merge."""
        return self._read_as_one(merges.read, number)

    def version_taken(self, report: str, number: int) -> Merge | None:
        """A version of a report, and those after it, as an entry that was taken for it; None: it has no such version,
        or none before it.
        """
        return self._read_as_one(merges.of_version, report, number)

    def report_version(self, report: str, number: int) -> Version | None:
        return self._read(merges.version, report, number)

    def version_split_off(self, report: str, number: int) -> str | None:
        """The id of the report that a version of this one was made already, or one before it; None: none was."""
        return self._read(merges.split_off, report, number)

    def articles_under(self, publisher: str, keys: Sequence[str]) -> dict[str, int]:
        """The articles of a publisher that these keys lead to, by key."""
        return self._read(merges.articles_under, publisher, keys)

    def split(self, split: Split, now: datetime) -> bool:
        """Undoes a merge; False: the report has changed since, and nothing is done."""
        return self._unless_changed(lambda connection: merges.write(connection, split, now))

    def joinable(self, kept: str, joined: str) -> Joinable | None:
        """Two reports that may become one; None: they are not two of one publisher."""
        return self._read_as_one(joins.joinable, kept, joined)

    def joins(self) -> dict[str, tuple[str, int]]:
        """By the id of each report that a person joined to another one: that one's id, and the number of the merge."""
        return self._read(joins.in_force)

    def has_pending(self, report: str) -> bool:
        """Whether changes of a report wait, for a person or for housekeeping."""
        return self._read(joins.has_pending, report)

    def join(self, join: Join, now: datetime) -> int | None:
        """Makes one report of two; returns the number of the merge. None: one of them has changed since, and nothing is
        done.
        """
        number: list[int] = []

        def write(connection: Connection) -> bool:
            if (made := joins.write(connection, join, now)) is not None:
                number.append(made)
            return made is not None

        return number[0] if self._unless_changed(write) else None

    def unjoin(self, unjoin: Unjoin, now: datetime) -> bool:
        """Makes two reports again; False: the first one has changed since, and nothing is done."""
        return self._unless_changed(lambda connection: joins.undo(connection, unjoin, now))

    def merged_words(self, since: datetime | None) -> list[Compared]:
        """What reports said before and after merges in force since a time that changed words."""
        return self._read(suspects.merged, to_iso(since) if since else "")

    def overwritten_words(self, since: datetime | None) -> list[Compared]:
        """The same of versions that came since a time with another headline or text, address and date."""
        return self._read(suspects.overwritten, to_iso(since) if since else "")

    def at_one_address(self, since: datetime | None) -> list[tuple[AtAddress, ...]]:
        """Reports in the wire that stand at one address of one publisher, of which one was first seen since a time."""
        return self._read(suspects.doubled, to_iso(since) if since else "")

    def named(self, reports: Sequence[str]) -> dict[str, tuple[str, str | None]]:
        """The names of reports' publishers, and their headlines; None while a report is out of the wire."""
        return self._read(suspects.named, reports)

    def pending(self) -> list[dict[str, Any]]:
        """Changes of known reports that wait for a person; see `store.pending`."""
        return self._read(pending.waiting)

    def sources_with_pending(self, key: str, kinds: Sequence[MassKind]) -> list[str]:
        """The sources of which changes of these kinds wait; `key` is a publisher's, or that of one source."""
        return self._read(pending.sources_with, key, kinds)

    def pending_of(self, source: str, kinds: Sequence[MassKind], limit: int) -> Pending:
        """The first changes of these kinds that wait of a source (publisher/key)."""
        return self._read_as_one(pending.some, source, kinds, limit)

    def decide_pending(self, decision: PendingDecision, now: datetime) -> bool:
        """Carries out what a person decides about changes that wait; False: they have changed since, and nothing is
        done.
        """
        return self._unless_changed(lambda connection: pending.decide(connection, decision, now))

    def first_seen(self, publisher: str | None, since: datetime | None, before: datetime | None) -> list[str]:
        """The ids of the reports that are not purged: of one publisher, first seen at `since` or later and before
        `before`; None: any.
        """
        start, end = (to_iso(moment) if moment else None for moment in (since, before))
        return self._read(purge.first_seen, publisher, start, end)

    def purgeable(self, reports: Sequence[str]) -> list[Purgeable]:
        """Those of these reports that are not purged."""
        return self._read(purge.purgeable, reports)

    def purge(self, those: Sequence[Purge], because: Cause, now: datetime) -> list[str]:
        """Deletes the words, versions and keys of these reports for good. Returns the ids of those that stay, because
        they have newer words than when they were chosen.
        """
        return self._write(purge.purge, those, because, to_iso(now))

    # What people read

    def latest(self, selection: Selection) -> list[Report]:
        """The newest first, without those that are backfill, unless by arrival."""
        return list(self.reports(selection))

    def reports(self, selection: Selection, query: Query | None = None) -> Iterator[Report]:
        """As `latest` or, with a query, as `search` lists them, however many they are. Until it has been read to its
        end it keeps the database from being tidied.
        """
        if query is not None and query.is_empty:
            return
        with self._connection.explained():
            yield from reading.listed(self._connection, query, selection)

    def traits(self, selection: Selection, query: Query | None = None) -> list[Traits]:
        """Of the reports that `reports` gives what they can be chosen by."""
        if query is not None and query.is_empty:
            return []
        return self._read(reading.traits, query, selection)

    def search(self, query: Query, selection: Selection, *, ranked: bool = False) -> list[Report]:
        """Reports that a query finds, newest first as `latest` lists them, or, where it has words, best first among the
        2,000 that were written last.
        """
        if query.is_empty:
            return []
        if ranked and query.wanted:
            return self._read(reading.ranked, query, selection)
        return list(self.reports(selection, query))

    def count(self, selection: Selection, query: Query | None = None, *, most: int | None = None) -> int:
        """How many reports `latest` or, with a query, `search` would list without a limit. With `most`, which takes
        milliseconds, it is `most` where there are as many or more; to count all may take seconds.
        """
        if query and query.is_empty:
            return 0
        return self._read(reading.count, query, selection, selections.LAST if most is None else most)

    def report(self, public_id: str) -> Report | None:
        return self._read(reading.report, public_id)

    def reports_beginning_with(self, beginning: str, limit: int, *, desk: bool) -> list[NamedReport]:
        """The first `limit` reports whose ids begin so; `desk`: those too that readers may not know of."""
        return self._read(references.beginning_with, beginning, limit, desk=desk)

    def reports_under_keys(self, keys: Sequence[str], *, desk: bool) -> list[NamedReport]:
        """The reports of any publisher that one of these keys leads to; `desk` as above."""
        return self._read(references.under_keys, keys, desk=desk)

    def held_report(self, public_id: str) -> dict[str, Any] | None:
        """All that is stored of a report for the desk to decide on it, whatever holds it back; see `queries.held`."""
        return self._read_as_one(held.report, public_id, self._released_by)

    def versions(self, public_id: str) -> list[dict[str, Any]]:
        """The versions of a report, oldest first, without their words; see `queries.held`."""
        return self._read(held.versions, public_id)

    def to_release(self, reports: Sequence[str]) -> list[Held]:
        """All that is held of these reports, whatever their rights, in their order: for the gate alone (`rights`). One
        that is not here is left out.
        """
        return self._read_as_one(outgoing.to_release, reports)

    def next_moment(self, now: datetime) -> datetime | None:
        """When the clock alone changes next what leaves: an embargo or an agreement ends; None: at no time known."""
        return self._read(outgoing.next_moment, now)

    def gone(self, since: datetime, publisher: str | None, channel: Channel, most: int) -> list[Gone]:
        """At most so many reports that left the wire since a time, and could have left by the channel before; the last
        first. `publisher`: of this one alone.
        """
        last = self.cursor_before(since)
        return self._read_as_one(outgoing.gone, last.seq if last else 0, publisher, channel, most)

    def notice(self, public_id: str) -> dict[str, Any] | None:
        """The notice in the place of a report, a row of the view `notices`; None: there is none."""
        return self._read(reading.notice, public_id)

    def channels(self, public_id: str) -> tuple[str, ...]:
        """By which an article may be passed on, whether it is in the wire or not; (): by none."""
        return self._read(reading.channels, public_id)

    def raw(self, public_id: str, number: int | None = None) -> dict[str, Any] | None:
        """What a report's newest version said, or the version of this number; None: there is no such one."""
        return self._read(reading.raw, public_id, number)

    def revisions(self, public_id: str) -> list[dict[str, Any]]:
        return self._read(reading.revisions, public_id)

    def changes(self, after: Cursor | None = None, selection: Selection = ALL_REPORTS) -> list[dict[str, Any]]:
        """The ledger of a selection after a cursor, or from its beginning, oldest first. Raises CursorError where the
        cursor is not of this ledger. See `queries.ledger`.
        """
        return self._read_as_one(ledger.lines, replace(selection, after=after))

    def last_cursor(self, search: str | None = None) -> Cursor | None:
        """The cursor of the last line of the ledger, whether it is listed or not, or of the last up to which it is
        known what a saved search has found; None: there is none yet. Raises StoreError where there is no such search.
        """
        return self._read_as_one(ledger.last_cursor, search)

    def cursor_at(self, seq: int) -> Cursor | None:
        """The cursor of a line of the ledger; None for 0. Raises CursorError where there is no such line."""
        return self._read(ledger.cursor_at, seq)

    def named_cursor(self, name: str) -> Cursor | None:
        """How far a job has read the ledger; None: nothing yet."""
        return self._read(ledger.named_cursor, name)

    def claim_cursor(self, name: str, now: datetime) -> bool:
        """Keeps a named cursor to this program; False: another one that runs reads by it."""
        program = self.as_program()
        return bool(self._write(claims.take, "cursor", [name], program, now))

    def give_cursor_back(self, name: str) -> None:
        self._write(claims.give_back, "cursor", [name], self.as_program())

    def move_cursor(self, name: str, before: Cursor | None, to: Cursor) -> bool:
        """Moves a named cursor on; False: it is no longer where it was before, and stays."""
        return self._write(ledger.move_cursor, name, before, to)

    def searched_up_to(self, after: Cursor | None) -> Cursor | None:
        """The last line of the ledger up to which `search` finds all reports whose lines come after a cursor: what came
        in the last moments is not in the index yet. None: none.
        """
        return self._read_as_one(ledger.searched_up_to, after)

    def cursor_before(self, since: datetime) -> Cursor | None:
        """The cursor after which the ledger goes on at this time; None: from its beginning."""
        return self._read(ledger.cursor_before, since)

    # Snapshots for research

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """All that is read within is of one moment, whoever writes meanwhile; it holds tidying up."""
        with self._snapshot():
            yield

    def time_of(self, cursor: Cursor) -> datetime:
        """When the line of this cursor was written."""
        return from_iso(self._read(snapshots.time_of, cursor))

    def count_of_snapshot(self, extent: Extent) -> int:
        """How many reports a snapshot has."""
        return self._read(snapshots.count, extent)

    def rows_of_snapshot(self, table: str, extent: Extent) -> Iterator[dict[str, Any]]:
        """The rows of one of its tables; see `queries.snapshots.rows`. Within `one_state`."""
        with self._connection.explained():
            yield from snapshots.rows(self._connection, table, extent)

    @staticmethod
    def write_snapshot(path: Path, tables: Iterable[tuple[Table, bool, Iterable[Sequence[Value]]]]) -> None:
        """Makes an SQLite file of these tables and their rows; `bool`: whether they are public."""
        with explained(path):
            snapshot_file.write(path, tables)

    def merges(self, since: datetime | None = None, *, undone_too: bool = False) -> list[dict[str, Any]]:
        """The merges in force, or all, since a time; see `queries.merges`."""
        return self._read(merges.listed, to_iso(since) if since else "", undone_too)

    def ended_agreements(self) -> list[dict[str, Any]]:
        """The publishers whose agreements have ended: key, name, last_day, text scopes `during` and `after`."""
        return self._read(agreements.ended)

    def ending_agreements(self, last: date) -> list[dict[str, Any]]:
        """The same of those that have not ended and end with that day at the latest, the first to end first."""
        return self._read(agreements.ending, last)

    def text_scope(self, publisher: str) -> str:
        """What leaves of a publisher's reports by the terms in force, configured or not; "none" of one not known."""
        return self._read(reading.text_scope, publisher)

    def known_publishers(self) -> dict[str, KnownPublisher]:
        """What every publisher may be chosen by that the database has, configured or not, by key."""
        return self._read(reading.known_publishers)

    def publishers_with_reports(self) -> frozenset[str]:
        """The keys of the publishers of which there is a report, in the wire or not, or its tombstone."""
        return self._read(reading.publishers_with_reports)

    def publishers(self) -> list[dict[str, Any]]:
        return self._read(reading.rows, reading.PUBLISHERS)

    # Lists for the desk; see `queries.desk_lists`

    def ledger_page(
        self,
        below: int | None,
        most: int,
        *,
        kinds: Sequence[str] = (),
        report: str | None = None,
        actor: str | None = None,
    ) -> tuple[list[dict[str, Any]], int | None]:
        """The newest lines of the ledger below a number, with who did it; and where the next page begins."""
        return self._read(desk_lists.ledger, below, most, kinds, report, actor)

    def out_of_wire(self, notice: Notice, below: int | None, most: int) -> list[dict[str, Any]]:
        """Reports in whose place this notice stands, the newest first, below a number."""
        return self._read(desk_lists.out_of_wire, notice, below, most)

    def under_embargo(self, below: int | None, most: int) -> list[dict[str, Any]]:
        """Reports that wait for a time, the newest first, below a number."""
        return self._read(desk_lists.under_embargo, below, most)

    def complaints_page(self, report: str | None, below: int | None, most: int) -> list[dict[str, Any]]:
        """Complaints about a report, or about the wire (None), the newest first, below a number."""
        return self._read(desk_lists.complaints, report, below, most)

    def count_held_back(self) -> dict[str, int]:
        """How many reports are out of the wire by each notice, and by `embargo`."""
        return self._read(desk_lists.counts)

    def count_pending(self) -> list[dict[str, Any]]:
        """What waits for a person, counted by source and kind, the oldest first."""
        return self._read(desk_lists.pending)

    def pending_of_kind(self, source: str, kind: MassKind, most: int) -> list[dict[str, Any]]:
        """What waits of a source, of one kind, the first ones; see `sqlite.pending.waiting`."""
        return self._read(pending.waiting_of, source, kind, most)

    def merges_page(self, below: int | None, most: int, *, undone_too: bool = False) -> list[dict[str, Any]]:
        """The newest merges below a number; see `sqlite.merges.listed`."""
        return self._read(merges.page, below, undone_too, most)

    # Who has a token

    def add_token(self, token_hash: str, client: Client, now: datetime) -> bool:
        """Lets a client read by a token, of which this is the SHA-256, hexadecimal; False: it has one already."""
        return self._write(tokens.add, token_hash, client, to_iso(now))

    def add_person(self, token_hash: str, person: DeskPerson, now: datetime) -> bool:
        """Lets a person work at the desk by a token; False: somebody of this name has one already."""
        return self._write(tokens.add_person, token_hash, person, to_iso(now))

    def desk_people(self) -> list[tuple[str, DeskPerson]]:
        """The hash of the token of each person of the desk, and who it is."""
        return self._read(desk_sessions.people)

    def begin_desk_session(
        self, session_hash: str, token_hash: str, now: datetime, ends_at: datetime, *, is_by_proxy: bool
    ) -> bool:
        """Signs a person in; False: the token is not in force any more."""
        return self._write(desk_sessions.begin, session_hash, token_hash, now, ends_at, is_by_proxy)

    def desk_session(self, session_hash: str, now: datetime) -> DeskSession | None:
        """None: there is none, it is over, or the token was revoked."""
        return self._read(desk_sessions.found, session_hash, now)

    def end_desk_session(self, session_hash: str) -> None:
        """Signs a person out; nothing happens where there is no such session."""
        self._write(desk_sessions.end, session_hash)

    def revoke_token(self, name: str, now: datetime) -> bool:
        """Ends the token of a client or of a person; False: there is none."""
        return self._write(tokens.revoke, name, to_iso(now))

    def tokens(self) -> list[dict[str, Any]]:
        """Who has or had a token; see `queries.tokens`."""
        return self._read(tokens.listed)

    def wait_for_news(self, seconds: float) -> bool:
        """Returns as soon as there may be new lines, other tokens, or something else that a saved search has found,
        since the last call; False: after so many seconds there is not.
        """
        with self._connection.explained():
            return self._connection.wait_for_news(seconds)

    def tokens_in_force(self) -> list[tuple[str, Client]]:
        """The hash of each token, and whose it is."""
        return self._read(tokens.in_force)

    # Apps for reading feeds; see `queries.apps`

    def app_feeds(self, reader: AppReader) -> list[AppFeed]:
        """The publishers of which a reader may be shown anything."""
        return self._read(apps.feeds, reader)

    def app_searches(self) -> list[AppSearch]:
        """The saved searches, as folders."""
        return self._read(apps.searches)

    def app_topics(self, codes: Sequence[str]) -> list[str]:
        """Those of these topics that a report is about, in their order."""
        return self._read(apps.topics, codes)

    def app_entries(self, reader: AppReader, listing: AppListing) -> tuple[list[AppEntry], int]:
        """A page of a listing, and how many entries there are of it: up to 10,000 beyond the page, if that is asked
        for.
        """
        return self._read_as_one(apps.entries, reader, listing, self._released_by)

    def app_entries_of(self, reader: AppReader, numbers: Sequence[int]) -> list[AppEntry]:
        """The entries of these numbers, in their order. One that the reader may not know of is left out."""
        return self._read_as_one(apps.numbered, reader, numbers, self._released_by)

    def app_unread(self, reader: AppReader) -> dict[str, AppUnread]:
        """What a reader has read and has not, by publisher."""
        return self._read_as_one(apps.unread, reader, self._released_by)

    def app_first_since(self, moment: datetime) -> int:
        """The number of the first report that was first seen then or later; one above the last: there is none."""
        return self._read_as_one(apps.first_since, moment)

    def app_last(self) -> int:
        """The number of the newest report; 0: there is none."""
        return self._read(apps.last)

    def app_mark(
        self, token_hash: str, numbers: Collection[int], *, is_read: bool | None, is_starred: bool | None
    ) -> None:
        """Marks reports for a token; None: as it was."""
        self._write(apps.mark, token_hash, numbers, is_read, is_starred)

    def app_toggle_star(self, token_hash: str, number: int) -> None:
        """Stars a report for a token, or takes its star away."""
        self._write(apps.toggle_star, token_hash, number)

    def app_mark_all(self, token_hash: str, publishers: Collection[str], up_to: int) -> None:
        """All reports of these publishers up to this number are read for a token."""
        self._write(apps.mark_all, token_hash, publishers, up_to)

    # Subscribers; see `queries.subscribers`

    def queues(self) -> list[Queue]:
        """How far each subscriber has been brought that was ever sent something, or was to be, by name."""
        return self._read(subscribers.queues)

    def queue(self, name: str) -> Queue | None:
        """How far a subscriber has been brought; None: it has not begun."""
        return self._read(subscribers.queue, name)

    def begin_queue(self, name: str, now: datetime, *, from_beginning: bool) -> None:
        """A new subscriber is owed what comes from now on, or all lines; one that is known stays where it is."""
        self._write(subscribers.begin, name, from_beginning=from_beginning, now=now)

    def note_selection(self, name: str, selection: Selection) -> None:
        """By what a subscriber that has begun is sent lines from now on."""
        self._write(subscribers.note_selection, name, selection)

    def former_selections(self, name: str) -> list[tuple[Selection, int]]:
        """What a subscriber's file chose before, each with the line of the ledger up to which it was sent that."""
        return self._read(subscribers.former_selections, name)

    def current_selection(self, name: str) -> Selection | None:
        """By what a subscriber is sent lines now; None: it was never sent any."""
        return self._read(subscribers.current_selection, name)

    def was_sent(self, name: str, report: str, up_to: int) -> bool:
        """Whether a subscriber may have been sent something of a report, up to this line of the ledger."""
        return self._read(subscribers.was_sent, name, report, up_to)

    def skip_to(self, name: str, seq: int) -> None:
        """Up to this line of the ledger a subscriber is owed nothing more."""
        self._write(subscribers.skip_to, name, seq)

    def note_delivery_error(self, name: str, error: str | None, event: Mapping[str, Any] | None = None) -> None:
        """Why nothing can be sent to a subscriber; None: it can. `event` is for `[notify]`; None: nobody is told."""
        self._write(subscribers.note_error, name, error, event)

    def note_unconfirmed(self, queue: Queue, seq: int, events: Iterable[Mapping[str, Any]]) -> None:
        """Queues events for `[notify]`, once: of lines up to this one that a subscriber did not confirm."""
        self._write(subscribers.note_unconfirmed, queue, seq, events)

    def record_attempt(self, attempt: Attempt, now: datetime) -> None:
        """What became of an attempt to send a message: the subscriber goes on, or the message waits, or it is a dead
        letter.
        """
        self._write(subscribers.record, attempt, now)

    def dead_letters(self, name: str) -> list[dict[str, Any]]:
        """What could not be delivered to a subscriber, and why."""
        return self._read(subscribers.dead_letters, name)

    def next_replay(self, name: str) -> int | None:
        """The first line of those that a person asked to send again; None: there is none."""
        return self._read(subscribers.next_replay, name)

    def replay(self, name: str, now: datetime) -> int:
        """Asks for the dead letters of a subscriber to be sent again; returns how many there are."""
        return self._write(subscribers.replay, name, now)

    def pause_queue(self, name: str, now: datetime) -> None:
        """Sends a subscriber nothing until it is resumed; what it is owed stays owed."""
        self._write(subscribers.pause, name, now)

    def resume_queue(self, name: str) -> None:
        """Goes on with a subscriber that was paused, or whose server said 410, where it stood."""
        self._write(subscribers.resume, name)

    def taken_back_by(self, report: str) -> list[int]:
        """The numbers of the lines by which a report left the wire, oldest first."""
        return self._read(subscribers.lines_about, report)

    def version(self) -> tuple[int, int]:
        """Another one as soon as anybody has written to the database, this program or another."""
        with self._connection.explained():
            return self._connection.version()

    def health(self, now: datetime | None = None) -> list[dict[str, Any]]:
        """The rows of the view `health`, the worst first; the counts of the seven days up to `now`, or as housekeeping
        took them last. `counted_at` says when.
        """
        return self._read(health.listed, now)

    def polled(self, since: datetime, until: datetime, publisher: str | None = None) -> list[PolledSource]:
        """Every source that is switched on, or was polled in that time, with what its polls brought and lost.
        `publisher`: those of this one.
        """
        return self._read_as_one(coverage.polled, since, until, publisher)

    def open_gaps(self, selection: Selection, since: datetime, most: int) -> list[dict[str, Any]]:
        """The publishers of a selection of which reports may be missing; see `queries.coverage`."""
        return self._read_as_one(coverage.open_gaps, selection, since, most)

    def last_well(self, source: str, after: datetime, before: datetime) -> datetime | None:
        """When a source was last polled well between two times; None: it was not, or that is no longer known."""
        return self._read(coverage.last_well, source, after, before)

    def note_states(self, now: datetime, *, queue: bool = True) -> int:
        """Remembers the states of all sources, and an event for each that has changed since the last look; returns how
        many. `queue`: they wait for `[notify] command`, too. Writes only where there is something to write. See
        `queries.states`.
        """
        if not self._read_as_one(states.have_changed, now, queue=queue):
            return 0
        return self._write(states.note, now, queue=queue)

    def source_events(self, most: int) -> list[dict[str, Any]]:
        """The last changes of the states of sources, the newest first; see `queries.states`."""
        return self._read(states.lately, most)

    def take_notification(self) -> dict[str, Any] | None:
        """The event that has waited longest, which waits no longer; None: none waits."""
        return self._write(states.take) if self._read(states.waits) else None

    def last_new(self) -> datetime | None:
        """When the wire as a whole last stored something new; None: never."""
        return self._read(health.last_new)

    def sources(self) -> dict[str, bool]:
        """The names of all sources that the database knows, and whether each is switched on."""
        return self._read(pauses.sources)

    def paused(self) -> list[str]:
        """The names of the sources that are switched on and paused, by a person or by 410."""
        return self._read(pauses.paused)

    def pause(
        self, names: Sequence[str], now: datetime, until: datetime | None, actor: str, reason: str | None = None
    ) -> None:
        """Pauses the sources of these names, again where they are paused; `until` None: until they are resumed."""
        self._write(pauses.pause, names, now, until, actor, reason)

    def resume(self, names: Sequence[str], now: datetime, actor: str) -> list[str]:
        """Lets those of the sources of these names that are paused be polled again; returns their names."""
        return self._write(pauses.resume, names, now, actor)

    def end_pauses(self, now: datetime) -> None:
        """Ends the pauses whose time has come. Writes only where there is one."""
        if self._read(pauses.are_over, now):
            self._write(pauses.end, now)

    def accept_redirect(self, name: str, now: datetime) -> Redirection | None:
        """Accepts the redirect that is held of a source; see `store.redirects.accept`."""
        return self._write(redirects.accept, name, now)

    def source(self, name: str, most: int) -> dict[str, Any] | None:
        """All that is known of the source of this name, and its newest polls, at most so many; None: there is none. See
        `queries.one_source`.
        """
        return self._read_as_one(one_source.found, name, most)

    def received_by_day(self, names: Sequence[str], since: date) -> Mapping[str, Mapping[str, int]]:
        """How many new reports these sources brought on each day of UTC since then, where they did."""
        return self._read(one_source.received, names, since)

    def proposed_feeds(self) -> list[dict[str, Any]]:
        """The feeds that were found and wait for a person; see `queries.one_source`."""
        return self._read(one_source.proposed)

    def redirects_in_force(self) -> list[tuple[str, str]]:
        """Source and address of each redirect that was in force before they were checked, until it has been listed."""
        return self._read(redirects.in_force)

    def note_redirects_listed(self, now: datetime) -> None:
        """What `redirects_in_force` returned was shown to a person, and need not be listed again."""
        self._write(redirects.note_listed, now)

    def query(self, sql: str, values: Mapping[str, str] | None = None) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
        """Column names and rows of somebody's SQL, with values for its parameters by name; raises QueryRefused for
        anything but reading.
        """
        return self._engine.query(self._connection, sql, values or {})
