"""The trip: what is due is fetched, read, and stored with the record of its poll. Decides nothing, knows no format."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from aggregator.fetch import ConnectTo, Fetcher, Shelf, Turn, written_by
from aggregator.model import DISCOVER, Article, Config, Due, Finding, Poll, Publisher, RobotsCopy, Source, Wire
from aggregator.model.errors import FetchError, StoreError
from aggregator.pipeline.asking import Asked, Asking
from aggregator.pipeline.claims import Claims
from aggregator.pipeline.rechecks import Rechecks
from aggregator.pipeline.redirects import Redirects
from aggregator.pipeline.weather import Weather
from aggregator.pipeline.workers import Workers
from aggregator.pipeline.writer import Writer
from aggregator.scheduling.gaps import Before
from aggregator.scheduling.polls import pauses
from aggregator.store import Store
from aggregator.store.sqlite import robots
from aggregator.text.dates import to_iso
from aggregator.text.html import unquoted
from aggregator.text.printable import escaped, log_line

if TYPE_CHECKING:
    from aggregator.pipeline.discovery import Prober

__all__ = ["Pipeline", "open_prober"]

log = logging.getLogger("aggregator.poll")


class Pipeline:
    """Holds open what a trip needs. Use it as an async context manager; one at a time for a Store."""

    def __init__(
        self, config: Config, store: Store, clock: Callable[[], datetime], connect_to: ConnectTo | None = None
    ) -> None:
        self._settings = config.wire.poll
        self._publishers = {publisher.key: publisher for publisher in config.publishers}
        self._sources = {source.name: source for publisher in config.publishers for source in publisher.sources}
        self._clock = clock
        self._workers = Workers()
        self._writer = Writer(store, clock)
        shelf = Shelf(self._recall_robots, self._remember_robots)
        shared = limits_beside(store.path)
        self._fetcher = Fetcher(config.wire, connect_to or (lambda host: None), shelf, shared=shared)
        self._weather = Weather()
        self._redirects = Redirects(self._publishers)
        self._asking = Asking(
            self._fetcher,
            self._workers.read,
            self._prober,
            self._said,
            self._listed,
            self._publishers,
            self._redirects,
            config.wire.poll,
            clock,
        )
        self._claims = Claims(self._writer.on_store, clock)
        self._under_way: set[str] = set()
        self._stopping = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._writer.close()
        await self._workers.close()
        await self._fetcher.__aexit__(kind, error, trace)

    def stop(self) -> None:
        """Polls that have not begun are left for another time; those in flight are finished."""
        self._stopping = True

    async def due(self, now: datetime) -> list[Due]:
        """What is due now and not being polled; raises StoreError. A source that another program has brought in since
        this configuration was read is left alone.
        """
        return [due for due in await self._writer.due(now) if self._may_poll(due)]

    def _may_poll(self, due: Due) -> bool:
        return due.source.name not in self._under_way and due.source.publisher in self._publishers

    async def run(
        self,
        due: Iterable[Due],
        done: Callable[[Poll], None] = lambda poll: None,
        elsewhere: Callable[[Sequence[Due]], None] = lambda those: None,
    ) -> list[Poll]:
        """Polls all these sources, but those that are being polled already, and those whose host asks to be left alone
        meanwhile; calls `done` as each is stored, and `elsewhere` with those that another program is polling or has
        polled since `due` was read.

        What goes wrong with a source is its Poll. What goes wrong with the store is raised, StoreError, and ends
        the others: without a store there is nothing to poll for. A bug is a failed Poll, so that its source is left in
        peace for a while, and is raised when the others have ended.
        """
        await self._writer.reckon(self._settings)
        self._redirects.learn(await self._polled_elsewhere())
        mine = await self._claimed(due, elsewhere)
        unrecorded = {one.source.name for one in mine}
        async with self._claims.kept("poll", unrecorded):
            tasks = [self._begun(one, unrecorded, done) for one in mine]
            try:
                await _ended(tasks)
                return [poll for task in tasks if (poll := task.result()) is not None]
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _claimed(self, due: Iterable[Due], elsewhere: Callable[[Sequence[Due]], None]) -> list[Due]:
        """Those of these sources that are this program's to poll; they are under way from now on."""
        those = {one.source.name: one for one in due if self._may_poll(one)}
        self._under_way.update(those)  # before anything is waited for: another batch may be on its way, too
        mine: list[Due] = []
        try:
            mine = await self._writer.on_store(lambda store: store.claim_polls(list(those.values()), self._clock()))
        finally:
            others = those.keys() - {one.source.name for one in mine}
            self._under_way -= others
        if others:
            elsewhere([those[name] for name in sorted(others)])
        return mine

    def _begun(self, due: Due, unrecorded: set[str], done: Callable[[Poll], None]) -> asyncio.Task[Poll | None]:
        """A poll under way. Its source may be polled again as soon as it has ended, whatever the others do."""
        name = due.source.name
        task = asyncio.create_task(self._one(due, unrecorded, done))
        task.add_done_callback(lambda ended: self._under_way.discard(name))
        return task

    async def try_writing(self) -> None:
        """Whether polls can be stored again after a StoreError; raises one where they cannot."""
        await self._writer.on_store(Store.try_writing)

    async def maintain(self) -> None:
        """Housekeeping between polls; raises StoreError."""
        await self._writer.maintain()

    async def recheck(
        self, limit: int, per_publisher: int, elsewhere: Callable[[int], None] = lambda publishers: None
    ) -> list[Finding]:
        """Visits the pages of at most `limit` articles whose time for it has come; raises StoreError. Calls `elsewhere`
        with the number of publishers whose pages another program is visiting; theirs are left to it.
        None are visited as long as the clock is not believed (`Store.doubt`): what was missing a minute ago would be
        missing since a year.
        """
        if await self._writer.on_store(lambda store: store.doubt(self._clock())):
            return []
        polled, stopping = await self._polled_elsewhere(), lambda: self._stopping
        rechecks = Rechecks(self._fetcher, self._claims, self._publishers, polled, self._clock, stopping)
        return await rechecks.run(limit, per_publisher, elsewhere)

    def _prober(self) -> Prober:
        from aggregator.pipeline.discovery import Prober

        return Prober(self._fetcher, self._workers.measured, self._recall_robots, self._clock, self._publishers)

    async def _said(self, source: Source) -> Mapping[str, bytes]:
        return await self._writer.on_store(lambda store: store.said(source))

    async def _listed(self, source: Source) -> Sequence[Before]:
        return await self._writer.on_store(lambda store: store.listed(source))

    async def _polled_elsewhere(self) -> tuple[tuple[str, str], ...]:
        proposals = self._settings.accept_discovered
        return await self._writer.on_store(lambda store: store.polled_elsewhere(proposals=proposals))

    async def _recall_robots(self, origin: str) -> RobotsCopy | None:
        def recall(store: Store) -> RobotsCopy | None:
            with store.reading() as connection:
                return robots.recall(connection, origin)

        return await self._writer.on_store(recall)

    async def _remember_robots(self, copy: RobotsCopy) -> None:
        def remember(store: Store) -> None:
            with store.writing() as connection:
                robots.remember(connection, copy)

        await self._writer.on_store(remember)

    def _or_its_door(self, due: Due) -> Due:
        """What was found for a source is polled in its place, where the operator lets the wire do so unseen. It is read
        for what it is, a feed or another kind.
        """
        if due.source.kind != DISCOVER or due.proposed is None or not self._settings.accept_discovered:
            return due
        return replace(due, source=replace(due.source, url=due.proposed, kind="feed"))

    async def _one(self, due: Due, unrecorded: set[str], done: Callable[[Poll], None]) -> Poll | None:
        """`unrecorded`: the batch's sources that are claimed; a poll that is recorded takes its own out."""
        due, name = self._or_its_door(due), due.source.name

        async def record(poll: Poll, articles: Sequence[Article] = ()) -> Poll:
            stored = await self._writer.record(poll, articles)
            if stored.is_whole:
                unrecorded.discard(name)
            return stored

        try:
            hosts = written_by(self._publishers.get(due.source.publisher))
            async with self._fetcher.turn(due.source.url, hosts) as turn:
                # What its host said a moment ago, to another source, puts this one off too; that is stored with that
                # poll.
                if self._stopping or self._fetcher.is_backing_off(due.source.url):
                    unrecorded.discard(name)
                    await self._claims.give_back("poll", [name])
                    return None
                asked = await self._poll(due, turn)
                asked = replace(asked, poll=replace(asked.poll, busy=tuple(turn.busy)))
                for pause in pauses(asked.poll, self._settings):
                    self._fetcher.back_off(pause.url, pause.lasts)
                poll = await record(asked.poll, asked.articles)
                if not poll.is_whole:
                    poll = await record(*await self._asking.read_whole(asked))
        except FetchError as error:  # its address is none, so there was no turn to wait for
            poll = await record(self._asking.failed(self._unasked(due), error))
        except StoreError:
            raise
        except Exception as error:
            await record(replace(self._unasked(due), error=_in_words(error)))
            raise
        if log.isEnabledFor(logging.INFO):
            log.info("%s", _line(poll))
        done(poll)
        return poll

    def _unasked(self, due: Due) -> Poll:
        return Poll(source=due.source, started=self._clock(), seconds=0.0, outcome="failed")

    async def _poll(self, due: Due, turn: Turn) -> Asked:
        """A poll that got no answer while nobody answers is none of its publisher's."""
        begun = self._weather.begin()
        known = self._sources.get(due.source.name)
        is_found = known is not None and known.kind == DISCOVER
        if known is not None and not is_found:  # what opens a private source stands in the configuration alone
            due = replace(due, source=replace(due.source, access=known.access))
        try:
            asked = await self._asking.poll(due, turn)
            if is_found:  # the address in the configuration is the site's, and does not move with its door
                asked = replace(asked, poll=replace(asked.poll, moved_to=None))
        except BaseException:
            await self._weather.end(begun, answered=False)
            raise
        if asked.failure is None or asked.failure.answered:
            await self._weather.end(begun, answered=True)
        elif await self._weather.is_ours(begun, self._fetcher.domain_of(due.source.url)):
            asked = replace(asked, poll=replace(asked.poll, outcome="offline"))
        return asked


def _in_words(error: Exception) -> str:
    """An exception that nobody meant to raise, for the record of a poll."""
    said = escaped(unquoted(str(error)), 200)
    return f"a fault of the program ({type(error).__name__}: {said}); the log has it"


async def _ended(tasks: Iterable[asyncio.Task[Poll | None]]) -> None:
    """Waits for all tasks. A StoreError is raised at once, any other exception when all have ended."""
    waiting, bug = set(tasks), None
    while waiting:
        ended, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
        for error in filter(None, (task.exception() for task in ended)):
            if isinstance(error, StoreError):
                raise error
            bug = bug or error
    if bug:
        raise bug


def limits_beside(database: Path) -> Path:
    """The file by which the limits of domains hold for all programs of a database."""
    database = database.resolve()  # a link to it may be in another folder
    return database.with_name(f"{database.name}.limits")


@asynccontextmanager
async def open_prober(
    wire: Wire,
    clock: Callable[[], datetime],
    connect_to: ConnectTo | None = None,
    publishers: Sequence[Publisher] = (),
    database: Path | None = None,
) -> AsyncIterator[Prober]:
    """For looking without a database: what sites' robots.txt say is remembered as long as this is open. `publishers`:
    those whose sources are looked at. The limits of domains hold together with the programs that poll into `database`,
    which need not be there.
    """
    from aggregator.pipeline.discovery import Prober

    copies: dict[str, RobotsCopy] = {}

    async def recall(origin: str) -> RobotsCopy | None:
        return copies.get(origin)

    async def remember(copy: RobotsCopy) -> None:
        copies[copy.origin] = copy

    workers = Workers()
    try:
        shelf, shared = Shelf(recall, remember), limits_beside(database) if database else None
        async with Fetcher(wire, connect_to or (lambda host: None), shelf, shared=shared) as fetcher:
            by_key = {publisher.key: publisher for publisher in publishers}
            yield Prober(fetcher, workers.measured, recall, clock, by_key)
    finally:
        await workers.close()


def _line(poll: Poll) -> str:
    """The canonical line of a poll, for a log; see `text.printable.log_line`."""
    said = {
        "source": poll.source.name,
        "outcome": poll.outcome,
        "status": poll.status,
        "new": poll.new,
        "revised": poll.revised,
        "unchanged": poll.unchanged,
        "dropped": sum(poll.drops.values()),
        "adjusted": sum(poll.adjusted.values()) or None,
        "bytes": poll.body_bytes,
        "ms": round(poll.seconds * 1000),
        "pages": poll.pages or None,
        "gap": poll.gap,
        "waiting": poll.waiting or None,
        "excess": poll.excess or None,
        "proposed": poll.proposal.url if poll.proposal else None,
        "next": to_iso(poll.next.at) if poll.next else None,
        "reason": poll.next.reason if poll.next else None,
        "error": poll.error or None,
    }
    return log_line(said)
