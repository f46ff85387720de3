"""run: the daemon. Polls what is due until it is told to stop; reads the configuration again when it has changed."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import click

from aggregator.cli.faults import names_of
from aggregator.cli.options import LISTEN
from aggregator.model import Config, Due, Poll
from aggregator.model.errors import ConfigError, StoreError
from aggregator.pipeline.clock import Job, run_until
from aggregator.pipeline.following import Following
from aggregator.pipeline.opening import config_for_polling, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import DaemonLock, Store, only_daemon
from aggregator.text.dates import to_iso, utc_now
from aggregator.text.printable import escaped

log = logging.getLogger("aggregator.run")

TICK = timedelta(seconds=5)  # how late a poll may start
_GRACE_SECONDS = 4.0  # for polls in flight when the end is asked for; all has ended within five
_LONGEST_PAUSE = 300.0  # seconds between two attempts to poll into a database that had no room
_ALERT = timedelta(seconds=1)  # how late a report may be sent to somebody
_MAINTENANCE = timedelta(minutes=10)
# Visits to articles' pages: some thousands a day at most, so polls keep their places, and of one site a few at a time.
_RECHECK = timedelta(minutes=1)
_SIGNALS, _SITES_A_TIME = timedelta(minutes=1), 60  # of sites that are asked once a day what machines may do
_PICTURES = timedelta(seconds=30)
_PICTURES_A_TIME, _PICTURES_OF_A_PUBLISHER = 40, 5  # so that the clock does not wait for one slow site's
_PAGES_A_TIME, _PAGES_OF_A_PUBLISHER = 20, 3  # of fewer pages it cannot be told whether a site answers so to all


@click.command()
@click.option("--serve", "is_serving", is_flag=True, help="Publish the wire over HTTP too, as `serve` does.")
@LISTEN
@click.pass_obj
def run(paths: Paths, is_serving: bool, listen: str | None) -> None:
    """Run as a daemon: fetch every source when it is due.

    Between fetches it visits the pages of reports, to learn of withdrawals; `recheck` does that once. SIGTERM and
    SIGINT end it when the fetches under way are done. The configuration is read again within seconds when its files
    have changed, and at SIGHUP; while it has errors, the one before stays in force. Two daemons do not share a
    database. It logs a line for every fetch to standard error. Subscribers (config/subscribers/) are sent each change
    as it is stored; `aggregator subscribers` shows how far each has been brought.
    """
    if listen is not None and not is_serving:
        raise click.UsageError("--listen belongs to --serve")
    logging.getLogger("aggregator").setLevel(logging.INFO)
    paths = paths.resolved()
    config = config_for_polling(paths)
    # The server begins within the lock: a second daemon must not take its place.
    server = _server(paths, listen) if is_serving else nullcontext(lambda: None)
    with only_daemon(paths.database()) as lock, server as end_serving:
        asyncio.run(_serve(Following(paths, config, utc_now()), lock, end_serving))


def _server(paths: Paths, listen: str | None) -> AbstractContextManager[Callable[[], None]]:
    from aggregator.cli.serve import serving  # most daemons need no web server in their memory

    return serving(paths, listen)


@dataclass
class _Signals:
    """What the operating system asked for."""

    end_also: Callable[[], None]  # what ends with the polls
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    ending: bool = False
    rereading: bool = False

    def listen(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._end)
        loop.add_signal_handler(signal.SIGINT, self._end)
        loop.add_signal_handler(signal.SIGHUP, self._read_again)

    def _read_again(self) -> None:
        self.rereading = True
        self.woken.set()

    def _end(self) -> None:
        self.ending = True
        self.end_also()
        self.woken.set()


async def _serve(following: Following, lock: DaemonLock, end_also: Callable[[], None]) -> None:
    """One round for each configuration, until the end is asked for."""
    signals = _Signals(end_also)
    signals.listen()
    store: Store | None = open_wire(following.paths, following.config, utc_now())
    while store:
        with store:
            config, since = following.config, to_iso(following.since)
            lock.note(config.digest or "", since)
            sources = sum(len(publisher.sources) for publisher in config.publishers)
            log_faults(config)
            said = "polling %d sources of %d publishers into %s, by the configuration read at %s"
            log.info(said, sources, len(config.publishers), store.place, since)
            await poll_until(config, store, signals.woken, _Looks(following))
        store = await _reopened(following, signals)
    log.info("stopped; every poll that had begun is stored")


async def _reopened(following: Following, signals: _Signals) -> Store | None:
    """The database as soon as it can be used, with the configuration read again at a signal; None: the end was asked
    for.
    """
    said = ""
    while not signals.ending:
        signals.woken.clear()
        if signals.rereading:
            signals.rereading = False
            following.files_have_changed(utc_now())  # what is read now is not to be read again at the next look
            following.take(read_again(following.paths, following.config, following.since), utc_now())
        try:
            return open_wire(following.paths, following.config, utc_now())
        except StoreError as error:
            if str(error) != said:
                log.error("polling is paused, and resumes by itself: %s", error)
            said = str(error)
        with suppress(TimeoutError):
            await asyncio.wait_for(signals.woken.wait(), TICK.total_seconds())
    return None


@dataclass
class _Looks:
    """Whether the configuration is to be put in force anew, because its files have changed or another program has."""

    following: Following
    said: str = ""

    async def __call__(self, pipeline: Pipeline) -> bool:
        following = self.following
        if await asyncio.to_thread(following.files_have_changed, utc_now()):
            log.info("the files of the configuration have changed")
            read = await asyncio.to_thread(read_again, following.paths, following.config, following.since)
            is_new = read is not following.config  # else it has faults, and what is in force stays
            following.take(read, utc_now())
            return is_new
        stored = await pipeline.config_in_force()
        if stored is None or stored.digest == following.config.digest or following.config.digest is None:
            return False
        why = following.differs_by(stored)
        if why and why != self.said:
            said = "process %d has stored the terms of another configuration, %s; this one goes on by the files of %s"
            log.warning(said, stored.pid, why, following.paths.config_folder())
        elif not why:
            said = "process %d has stored an older state of the configuration's files; theirs of now is put in force"
            log.info(said, stored.pid)
        self.said = why
        return not why


def log_faults(config: Config) -> None:
    """Says whom the faults in publishers' and subscribers' files stop."""
    if config.faults:
        said = "not polled until their files are correct: %s; what is stored of them stays as it is; the faults:\n%s"
        log.error(said, names_of(config.faulty) or "nobody", "\n".join(map(escaped, config.faults)))
    if config.faulty_subscribers:
        said = "sent nothing until their files are correct: %s; what they are owed stays owed"
        log.error(said, names_of(config.faulty_subscribers))
    if config.faulty_searches:
        said = "no alerts until their files are correct, of what these searches find: %s; it stays owed"
        log.error(said, names_of(config.faulty_searches))


def read_again(paths: Paths, config: Config, since: datetime | None = None) -> Config:
    """The configuration as it is now; or, when it is faulty, `config`, the one that was good, read at `since`."""
    try:
        return config_for_polling(paths)
    except ConfigError as error:
        of = f", that of {to_iso(since)}," if since else ""
        said = "the configuration has faults, so the one before stays in force%s until these are corrected:\n%s"
        log.error(said, of, error)
        return config


async def poll_until(
    config: Config, store: Store, stop: asyncio.Event, has_ended: Callable[[Pipeline], Awaitable[bool]] | None = None
) -> None:
    """Polls by one configuration until `stop` is set: by a signal, or where `has_ended` says that another one is to be
    put in force.
    """

    async with Pipeline(config, store, utc_now) as pipeline:
        database = _Database(pipeline.try_writing)
        polls: set[asyncio.Task[None]] = set()
        visits: set[asyncio.Task[None]] = set()

        elsewhere = _Elsewhere()

        async def poll_due() -> None:
            # The clock does not wait for the polls: a host that hangs must not keep the others from their turn.
            _begin(database.use_again(lambda: _poll(pipeline, elsewhere)), polls)

        async def maintain() -> None:
            await database.use(pipeline.maintain)

        async def recheck() -> None:
            # The clock waits for the visits, so that no two are to the same page.
            visit = database.use(lambda: pipeline.recheck(_PAGES_A_TIME, _PAGES_OF_A_PUBLISHER))
            await asyncio.wait({_begin(visit, visits)})

        async def read_signals() -> None:
            await asyncio.wait({_begin(database.use(lambda: pipeline.read_signals(_SITES_A_TIME)), visits)})

        async def copy_pictures() -> None:
            copying = database.use(lambda: pipeline.copy_pictures(_PICTURES_A_TIME, _PICTURES_OF_A_PUBLISHER))
            await asyncio.wait({_begin(copying, visits)})

        async def look() -> None:
            if has_ended and await has_ended(pipeline):
                stop.set()

        jobs = [
            Job("poll", TICK, poll_due),
            Job("maintain", _MAINTENANCE, maintain),
            Job("config", TICK, lambda: database.use(look)),
            Job("tags", TICK, lambda: database.use(pipeline.tag)),
            Job("notify", TICK, lambda: database.use(pipeline.notify)),
            Job("alerts", _ALERT, lambda: database.use(pipeline.alert)),
            Job("hub", TICK, lambda: database.use(pipeline.tell_hub)),
        ]
        pipeline.deliver()
        visiting = [
            Job("recheck", _RECHECK, recheck),
            Job("signals", _SIGNALS, read_signals),
            Job("pictures", _PICTURES, copy_pictures),
        ]
        await run_until(stop, [*jobs, *visiting])
        pipeline.stop()
        for visit in visits:  # a site may want a minute between two; what is not visited now is due at the next start
            visit.cancel()
        await _let_end(polls)
        await asyncio.gather(*visits, return_exceptions=True)


async def _let_end(polls: set[asyncio.Task[None]]) -> None:
    """Waits a little for the polls in flight. What takes longer is given up and due again at the next start: nothing of
    it is stored, and nothing lost.
    """
    if polls:
        _, late = await asyncio.wait(polls, timeout=_GRACE_SECONDS)
        for poll in late:
            poll.cancel()
        await asyncio.gather(*polls, return_exceptions=True)


def _begin(work: Coroutine[None, None, None], tasks: set[asyncio.Task[None]]) -> asyncio.Task[None]:
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task


async def _poll(pipeline: Pipeline, elsewhere: _Elsewhere) -> None:
    await pipeline.run(await pipeline.due(utc_now()), _warn, elsewhere)


class _Elsewhere:
    """Says of sources that another program polls, a `fetch`, that they are left to it: of each once, not at every
    tick.
    """

    def __init__(self) -> None:
        self._said: frozenset[str] = frozenset()

    def __call__(self, those: Sequence[Due]) -> None:
        names = frozenset(due.source.name for due in those)
        if names - self._said:
            log.info("%d sources are being polled by another program, and left to it", len(names))
        self._said = names


def _warn(poll: Poll) -> None:
    """Of what waits for a person, and of a source that adds more than it may."""
    if poll.pending:
        log.warning("source=%s waiting=%d; `aggregator pending` shows what waits", poll.source.name, poll.pending)
    if poll.over_limit:
        log.warning("source=%s new=%d kept_out_of_latest=%d", poll.source.name, poll.new, poll.over_limit)


async def _surviving(call: Callable[[], Awaitable[object]]) -> None:
    """Calls it; a bug is written down with all that is known of it, and the daemon goes on. Raises StoreError."""
    try:
        await call()
    except StoreError:
        raise
    except OSError as error:  # no more files may be opened, a disk is full: it is tried again at its next turn
        log.error("the operating system refused something, and it is tried again: %s", error)
    except Exception:
        log.exception("internal error (bug), please report it")


class _Database:
    """Whether the database can be used. When it cannot, that is logged once, and no publisher is polled for
    what could not be stored: the database alone is tried, and polling goes on once it can be written.
    """

    def __init__(self, try_writing: Callable[[], Awaitable[None]]) -> None:
        self._try_writing = try_writing
        self._error = ""  # '': it can be used
        self._under_way = 0  # calls
        self._pause = TICK.total_seconds()
        self._not_before = 0.0

    async def use(self, call: Callable[[], Awaitable[object]]) -> None:
        """Calls it, unless the database cannot be used."""
        if self._error:
            return
        self._under_way += 1
        try:
            await _surviving(call)
        except StoreError as error:
            self._report(error)
        finally:
            self._under_way -= 1

    async def use_again(self, call: Callable[[], Awaitable[object]]) -> None:
        """Calls it; where the database could not be used, tries that first, and says when it can."""
        if not self._error:
            await self.use(call)
        elif not self._under_way and time.monotonic() >= self._not_before:
            self._under_way += 1  # an attempt alone says something
            try:
                await self._write_and(call)
            except StoreError as error:
                self._report(error)
            else:
                self._error, self._pause = "", TICK.total_seconds()
                log.info("the database can be used again: polling is resumed")
            finally:
                self._under_way -= 1

    async def _write_and(self, call: Callable[[], Awaitable[object]]) -> None:
        await self._try_writing()
        self._not_before = time.monotonic() + self._pause  # should it take this, and then not what polls bring
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        await _surviving(call)

    def _report(self, error: StoreError) -> None:
        if str(error) != self._error:
            log.error("polling is paused, and resumes by itself: %s", error)
        self._error = str(error)
