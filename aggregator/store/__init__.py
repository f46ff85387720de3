"""The store: nouns in, rows out. The only room with SQL.

`Store.open` is for the one program that writes; `Store.read` opens the file so that it cannot be written.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from aggregator.identity import public_id
from aggregator.model import Due, PollSettings, Publisher, Redirection, Report, Selection, Source, Wire
from aggregator.model.errors import StoreError
from aggregator.scheduling.gaps import Before
from aggregator.scheduling.polls import Silence, silence
from aggregator.scheduling.rhythm import Tariff
from aggregator.store.sqlite import (
    agreements,
    as_of,
    claims,
    clocks,
    configured,
    doubt,
    due,
    excerpts,
    habits,
    health,
    held_words,
    identify,
    ledger,
    let_go,
    merges,
    notices,
    opening,
    pending,
    planner,
    polls,
    purge,
    query,
    raw,
    reading,
    redirects,
    retention,
    search,
    trouble,
    vacuum,
    views,
)
from aggregator.store.sqlite.claims import ClaimKind
from aggregator.store.sqlite.desk import Cause, Desk, release_embargoes
from aggregator.store.sqlite.ledger import Cursor
from aggregator.store.sqlite.lock import Program
from aggregator.store.sqlite.reading import Known
from aggregator.store.sqlite.trouble import BUSY_SECONDS, explained
from aggregator.store.sqlite.vacuum import Rewriting
from aggregator.text.dates import to_iso

__all__ = ["ClaimKind", "Connection", "Rewriting", "Store"]

Connection = sqlite3.Connection
log = logging.getLogger("aggregator.store")

# Steps of merging the search index a housekeeping, 0.03 s each: a million articles are merged within some hours.
_MERGES = 100


class Store:
    """One open database. Every method may raise StoreError; what it had begun is then rolled back."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self.program: Program | None = None  # as which it claims what it polls; None: it has claimed nothing yet
        self._released_by: str | None = None  # embargoes are over until then, for whoever reads; None: those recorded
        opening.register(connection)
        raw.register(connection)

    @classmethod
    def open(cls, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> Self:
        """Opens for writing, makes what is missing, brings the tables up to date."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            said = f"{path.parent}: cannot make this folder ({error.strerror}); choose another place with --db"
            raise StoreError(said) from error
        with explained(path):
            # Statements begin their transactions themselves, so isolation_level is None. The writer runs in a thread
            # of its own, one call at a time.
            connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
            try:
                opening.refuse_foreign(connection, path, views.MIGRATIONS)
                store = cls(path, connection)
                store._prepare()
            except BaseException:
                connection.close()
                raise
        return store

    @classmethod
    def read(cls, path: Path, *, now: datetime | None = None, busy_seconds: float = BUSY_SECONDS) -> Self:
        """Opens for reading only; raises StoreError when there is no database yet. With `now`, what ends by then has
        ended for whoever reads, also where nobody has written since: agreements, embargoes, the time for which words
        may be held. Without it, what is stored holds.
        """
        if not path.exists():
            raise StoreError(f"{path}: there is no database yet; `aggregator fetch` makes it, or name one with --db")
        with explained(path):
            uri = path.absolute().as_uri() + "?mode=ro"
            connection = sqlite3.connect(uri, uri=True, timeout=busy_seconds, isolation_level=None)
            try:
                opening.refuse_foreign(connection, path, views.MIGRATIONS)
                connection.execute("SELECT 1 FROM articles LIMIT 1")
                store = cls(path, connection)
                if now is not None:
                    store._released_by = as_of.read_as_of(connection, now)
                connection.execute("PRAGMA query_only = ON")
            except BaseException:
                connection.close()
                raise
        return store

    def _prepare(self) -> None:
        connection = self._connection
        opening.set_up(connection)
        with self._transaction():  # all at once, so that nobody finds half of it
            if not views.is_migrated(connection):
                from aggregator.store.sqlite.schema import migrate  # sqlite_utils takes a fifth of a second to import

                migrate(connection)
            views.replace_views(connection, health.VIEW)
            to_index = search.renew(connection)
        if to_index:
            log.warning(
                "%s: the search index of %d reports is made anew, newest first, by the daemon or the next"
                " `aggregator fetch`: about %s; until then a search finds part of them",
                self.path,
                to_index,
                vacuum.in_words(to_index * vacuum.SECONDS_A_REPORT),
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
        with explained(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Several reads of one state of the database."""
        with explained(self.path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    # What the pipeline calls

    def sync(
        self,
        wire: Wire,
        publishers: Sequence[Publisher],
        now: datetime,
        today: date,
        faulty: Mapping[str, str] = MappingProxyType({}),
    ) -> bool:
        """Brings publishers, sources and terms in line with config/; says whether anything had changed. `faulty`: what
        is wrong with the files of other publishers, by their keys; what is stored of these stays as it is.
        """
        with self._transaction():
            return configured.sync(self._connection, wire, publishers, faulty, to_iso(now), today)

    def keep_config(self, digest: str, packed: str) -> None:
        """Keeps the checked configuration in place of the one before; `digest` is of the files it came from."""
        with self._transaction():
            configured.keep(self._connection, digest, packed)

    def kept_config(self, digest: str) -> str | None:
        """What `keep_config` was given with this digest; None: it has kept another one since, or none."""
        with explained(self.path):
            return configured.kept(self._connection, digest)

    def due(self, now: datetime | None) -> list[Due]:
        """The sources whose time has come, longest overdue first, searches last; with None all that are switched on."""
        if now:
            self.look_at_clock(now)
            self.update_terms(now)
        with explained(self.path):
            return due.due(self._connection, to_iso(now) if now else None)

    def as_program(self) -> Program:
        """This program among those that poll into the database, which begins with its first claim. Not within a
        transaction. Raises StoreError.
        """
        if self.program is None:
            program = Program.begin(self.path)
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
        with explained(self.path):
            others = claims.of_others(self._connection, "poll", program, now)
        free = [one for one in those if one.source.name not in others]
        if not free:
            return []
        with self._transaction():
            fresh = due.unpolled(self._connection, free)
            taken = claims.take(self._connection, "poll", [one.source.name for one in fresh], program, now)
        return [one for one in fresh if one.source.name in taken]

    def confirm(self, kind: ClaimKind, subjects: Sequence[str], now: datetime) -> None:
        """Confirms claims, which otherwise end after a quarter of an hour."""
        program = self.as_program()
        with self._transaction():
            claims.confirm(self._connection, kind, subjects, program, now)

    def give_back(self, kind: ClaimKind, subjects: Sequence[str]) -> None:
        """Ends claims without a poll that is recorded."""
        program = self.as_program()
        with self._transaction():
            claims.give_back(self._connection, kind, subjects, program)

    def polled_elsewhere(self, *, proposals: bool) -> tuple[tuple[str, str], ...]:
        """Publisher and address of each source that is polled elsewhere than its file says."""
        with explained(self.path):
            return redirects.polled_elsewhere(self._connection, proposals=proposals)

    def look_at_clock(self, now: datetime) -> None:
        """Brings back what a clock has left that ran ahead, and remembers this look at it; see `sqlite.clocks` and
        `sqlite.doubt`. Writes only where there is something to write.
        """
        with explained(self.path):
            sources, rows = clocks.are_ahead(self._connection, now), clocks.rows_are_ahead(self._connection, now)
        if sources or rows:
            with self._transaction():
                clocks.bring_back(self._connection, now)
                count = clocks.bring_rows_back(self._connection, now) if rows else 0
            if count:
                log.warning(
                    "%s: the clock was ahead, and has been put right: %d times that it left are brought back to %s",
                    self.path,
                    count,
                    to_iso(now),
                )
        with explained(self.path):
            is_news = doubt.is_news(self._connection, now)
        if is_news:
            with self._transaction():
                begins = doubt.look(self._connection, now)
            if begins and (found := self.doubt(now)):
                log.warning("%s: %s", self.path, found)

    def doubt(self, now: datetime) -> doubt.Doubt | None:
        """Why `now` is not believed yet, and what waits for it; None: it is believed."""
        with explained(self.path):
            newest = doubt.trusted(self._connection, now)
            if newest == now:
                return None
            embargoes = doubt.embargoes_between(self._connection, newest, now)
            return doubt.Doubt(now=now, newest=newest, embargoes=embargoes)

    def update_terms(self, now: datetime) -> list[str]:
        """Puts in force the terms that hold at `now`, some seconds ahead where an agreement ends; returns the keys of
        the publishers whose terms it changed.
        """
        with explained(self.path):
            if not agreements.are_out_of_date(self._connection, now):
                return []
        with self._transaction():
            return agreements.update(self._connection, now)

    def said(self, source: Source) -> dict[str, bytes]:
        """The entry hashes that the source last said, by first key."""
        with explained(self.path):
            return identify.said(self._connection, polls.source_id(self._connection, source))

    def listed(self, source: Source) -> list[Before]:
        """What the source's last document listed, by first key; empty: that is not known."""
        with explained(self.path):
            return identify.keys_before(self._connection, polls.source_id(self._connection, source))

    def tariff(self, settings: PollSettings, now: datetime) -> Tariff:
        """What a request costs on this wire, reckoned anew every hour; see `rhythm`."""
        self.look_at_clock(now)  # before polls have its times
        with self._transaction():
            return habits.tariff(self._connection, settings, now)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, for `recording`: all that happens in it is stored together or not at all."""
        with self._transaction():
            yield self._connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """For a look that needs no lock."""
        with explained(self.path):
            yield self._connection

    def version(self) -> int:
        """A number that is another one as soon as any other program or connection has written to the file."""
        with explained(self.path):
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def index(self) -> int:
        """Indexes one batch of what waits to be searchable; returns how many, 0 when nothing waits."""
        with self._transaction():
            return search.index_batch(self._connection)

    def try_writing(self) -> None:
        """Whether polls can be stored again after a StoreError; raises one where they cannot."""
        trouble.try_writing(self._connection, self._transaction)

    def maintain(self, now: datetime) -> None:
        """All that `housekeeping` does, at once."""
        for _ in self.housekeeping(now):
            pass

    def housekeeping(self, now: datetime) -> Iterator[None]:
        """Housekeeping between polls, in steps of one short transaction each: agreements and embargoes end, words that
        may be held no longer are let go, words that were held back are stored, what `health` counts is counted,
        excerpts follow the rights of today, the search index catches up, raw words are packed with this program's
        dictionary, the planner's counts are taken anew, letters that were let go leave the index, and the log is
        emptied. By a clock that is not believed yet (`doubt`) no embargo ends, and no words are let go for their age.
        """
        self.look_at_clock(now)
        self.update_terms(now)
        with explained(self.path):
            believed = doubt.trusted(self._connection, now)
            let_go_by = retention.let_go_by(self._connection, now)
        self.release_embargoes(believed)
        while self._let_go(let_go_by):
            yield
        with self._transaction():
            let_go.words_that_wait(self._connection, let_go_by, raw.packer(self._connection))
            health.forget_floods(self._connection, believed)
        while self._store_held(now):
            yield
        yield
        self._count(now)
        while self.cut_excerpts():
            yield
        while self.index():
            yield
        while self._repack():
            yield
        with self._transaction():
            planner.measure(self._connection)
        for _ in range(_MERGES):
            yield
            if not self._merge(now):
                break
        with explained(self.path):
            vacuum.empty_log(self._connection)

    def cut_excerpts(self) -> int:
        """Cuts one batch of excerpts anew whose bound has changed; returns how many, 0 when none waits."""
        with self._transaction():
            return excerpts.cut_batch(self._connection)

    def _let_go(self, by: str) -> int:
        with self._transaction():
            return retention.let_go(self._connection, by, raw.packer(self._connection))

    def _count(self, now: datetime) -> None:
        """What `health` says of the last seven days; counted before the transaction, which is short."""
        with explained(self.path):
            counts = health.counts(self._connection, now)
        with self._transaction():
            health.keep(self._connection, counts)

    def _store_held(self, now: datetime) -> int:
        with self._transaction():
            return held_words.store_due(self._connection, now, raw.packer(self._connection))

    def _repack(self) -> int:
        with self._transaction():
            return raw.repack(self._connection)

    def _merge(self, now: datetime) -> bool:
        with self._transaction():
            return search.merge(self._connection, now)

    def release_embargoes(self, now: datetime) -> int:
        """Ends the embargoes whose time has come and tells the ledger; returns how many."""
        with self._transaction():
            return release_embargoes(self._connection, to_iso(now))

    @property
    def desk(self) -> Desk:
        """Acts and complaints; see `store.sqlite.desk`."""
        return Desk(self._connection, self._transaction, lambda: explained(self.path))

    def add_own_source(self, source: Source, now: datetime) -> None:
        """Makes the source that the wire's own reports come from; raises DeskError when config/ uses its key."""
        with self._transaction():
            configured.add_own_source(self._connection, source, to_iso(now))

    def purgeable(self, public_ids: Sequence[str], before: datetime | None, publisher: str | None) -> list[int]:
        """The articles with these ids, and those first seen before a time; raises DeskError for an id that is none."""
        with explained(self.path):
            return purge.chosen(self._connection, public_ids, to_iso(before) if before else None, publisher)

    def purge(self, articles: Sequence[int], because: Cause, now: datetime) -> None:
        """Deletes the words, versions and keys of these articles for good, in transactions of a hundred each. Their
        letters leave the search index within a day of housekeeping, or at once with `rewrite`.
        """
        told = (because.actor, because.reason, because.reference)
        for batch in purge.batches(articles):
            with self._transaction():
                purge.purge(self._connection, batch, told, to_iso(now), raw.packer(self._connection))
        with explained(self.path):
            vacuum.empty_log(self._connection)

    def rewriting(self) -> Rewriting:
        """What `rewrite` will take: room on the disk, and time."""
        with explained(self.path):
            return vacuum.reckon(self._connection, self.path)

    def rewrite(self, now: datetime) -> Iterator[str]:
        """Writes the whole file anew, so that nothing that was deleted is in it or in its log; yields what it does, as
        it comes to it. Others cannot write meanwhile, so there must be no daemon. Raises StoreError when others read.
        """
        yield "making the search index anew"
        with self._transaction():
            search.renew(self._connection, always=True)
        self.maintain(now)
        yield "writing the file anew"
        with explained(self.path):
            vacuum.rewrite(self._connection, self.path)

    # What people read

    def latest(self, selection: Selection) -> list[Report]:
        with explained(self.path):
            return reading.latest(self._connection, selection)

    def search(self, words: str, selection: Selection, *, ranked: bool = False) -> list[Report]:
        """Reports with all these words, newest first as `latest` lists them, or best first among the 2,000 that were
        written last. No word: none.
        """
        expression = search.expression(words)
        if not expression:
            return []
        with explained(self.path):
            if ranked:
                return reading.ranked(self._connection, search.RANKED, expression, selection)
            return reading.found(self._connection, expression, selection)

    def report(self, public_id: str) -> Report | None:
        with explained(self.path):
            return reading.report(self._connection, public_id)

    def status(self, public_id: str, *, desk: bool = False) -> str | None:
        with explained(self.path):
            return reading.status(self._connection, public_id, self._released_by, desk=desk)

    def notice(self, public_id: str) -> dict[str, Any] | None:
        """The notice in the place of a report, a row of the view `notices`; None: there is none."""
        with explained(self.path):
            return notices.of(self._connection, public_id)

    def channels(self, public_id: str) -> tuple[str, ...]:
        """By which an article may be passed on, whether it is in the wire or not; (): by none."""
        with explained(self.path):
            return reading.channels(self._connection, public_id)

    def raw(self, public_id: str) -> dict[str, Any] | None:
        with explained(self.path):
            return reading.raw(self._connection, public_id)

    def revisions(self, public_id: str) -> list[dict[str, Any]]:
        with explained(self.path):
            return reading.revisions(self._connection, public_id)

    def changes(
        self,
        after: Cursor | None = None,
        limit: int | None = None,
        *,
        publisher: str | None = None,
        country: str | None = None,
    ) -> list[dict[str, Any]]:
        """The ledger after a cursor, or from its beginning, oldest first; of one publisher or country, or of all.
        Raises CursorError where the cursor is not of this ledger. See `store.sqlite.ledger`.
        """
        with self._snapshot():
            return ledger.lines(self._connection, after, limit, publisher=publisher, country=country)

    def last_cursor(self) -> Cursor | None:
        """The cursor of the last line of the ledger, whether it is listed or not; None: there is none yet."""
        with explained(self.path):
            return ledger.last_cursor(self._connection)

    def cursor_at(self, seq: int) -> Cursor | None:
        """The cursor of a line of the ledger; None for 0. Raises CursorError where there is no such line."""
        with explained(self.path):
            return ledger.cursor_at(self._connection, seq)

    def cursor_before(self, since: datetime) -> Cursor | None:
        """The cursor after which the ledger goes on at this time; None: from its beginning."""
        with explained(self.path):
            return ledger.cursor_before(self._connection, since)

    def merges(self, since: datetime | None = None) -> list[dict[str, Any]]:
        with explained(self.path):
            return merges.listed(self._connection, to_iso(since) if since else "")

    def split(self, merge: int, now: datetime) -> str:
        """Undoes a merge; returns the public id of the article that its entry is from now on."""
        with self._transaction():
            return merges.split(self._connection, merge, now, public_id, raw.packer(self._connection))

    def split_version(self, report: str, number: int, now: datetime) -> str:
        """Makes a version of a report, and those after it, an article of their own; returns its public id."""
        with self._transaction():
            packer = raw.packer(self._connection)
            return merges.split_version(self._connection, report, number, now, public_id, packer)

    def pending(self) -> list[dict[str, Any]]:
        """Changes of known reports that wait for a person; see `store.sqlite.pending`."""
        with explained(self.path):
            return pending.waiting(self._connection)

    def ended_agreements(self) -> list[dict[str, Any]]:
        """The publishers whose agreements have ended: key, name, last_day, text scopes `during` and `after`."""
        with explained(self.path):
            return agreements.ended(self._connection)

    def ending_agreements(self, last: date) -> list[dict[str, Any]]:
        """The same of those that have not ended and end with that day at the latest, the first to end first."""
        with explained(self.path):
            return agreements.ending(self._connection, last)

    def known_publishers(self) -> dict[str, Known]:
        """Country and languages of every publisher that the database has, configured or not, by key."""
        with explained(self.path):
            return reading.known_publishers(self._connection)

    def publishers(self) -> list[dict[str, Any]]:
        with explained(self.path):
            return reading.rows(self._connection, reading.PUBLISHERS)

    def health(self, now: datetime | None = None) -> list[dict[str, Any]]:
        """The rows of the view `health`, the worst first; the counts of the seven days up to `now`, or as housekeeping
        took them last. `counted_at` says when.
        """
        with explained(self.path):
            return health.listed(self._connection, now)

    def coverage(self, since: datetime, now: datetime) -> list[dict[str, Any]]:
        """What each publisher's polls brought, lost and left out; see `store.sqlite.health`."""
        with explained(self.path):
            tariff = habits.kept_tariff(self._connection)
            return health.coverage(self._connection, to_iso(since), to_iso(now), tariff)

    def silence(self, now: datetime) -> Silence | None:
        """Since when nothing new was stored, if that is longer than the rhythm of the wire as a whole allows."""
        with explained(self.path):
            rhythms = [rhythm for rhythm, _ in habits.rhythms(self._connection)]
            return silence(rhythms, habits.kept_tariff(self._connection), health.last_new(self._connection), now)

    def resume(self, name: str, now: datetime) -> bool:
        """Lets a paused source be polled again; False: there is no such source that is paused."""
        with self._transaction():
            return health.resume(self._connection, name, now)

    def accept_redirect(self, name: str, now: datetime) -> Redirection | None:
        """Accepts the redirect that is held of a source; see `store.sqlite.redirects.accept`."""
        with self._transaction():
            return redirects.accept(self._connection, name, now)

    def redirects_in_force(self) -> list[tuple[str, str]]:
        """Source and address of each redirect that was in force before they were checked, until it has been listed."""
        with explained(self.path):
            return redirects.in_force(self._connection)

    def note_redirects_listed(self, now: datetime) -> None:
        """What `redirects_in_force` returned was shown to a person, and need not be listed again."""
        with self._transaction():
            redirects.note_listed(self._connection, now)

    def query(self, sql: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
        """Column names and rows of somebody's SQL; raises QueryRefused for anything but reading."""
        return query.run(self._connection, sql)
