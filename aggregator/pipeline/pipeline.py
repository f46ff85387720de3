"""The trip: what is due is fetched, read, and stored with the record of its poll. Decides nothing, knows no format."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from msgspec.structs import replace

from aggregator.desk import clock as desk_clock
from aggregator.fetch import ConnectTo, Fetcher, RobotsCache, Turn, written_by
from aggregator.fetch.limits import shared_file
from aggregator.model import DISCOVER, Config, Due, Finding, Poll, RobotsCopy, StoredConfig
from aggregator.model.errors import FetchError, StoreError
from aggregator.pipeline.alerting import Alerter
from aggregator.pipeline.claims import Claims
from aggregator.pipeline.connectivity import Connectivity
from aggregator.pipeline.deliveries import Deliveries, Sent
from aggregator.pipeline.hub import Hub
from aggregator.pipeline.letters import Letters
from aggregator.pipeline.notifying import Notifier
from aggregator.pipeline.pages import PageReader
from aggregator.pipeline.paths import limits_beside
from aggregator.pipeline.pictures import Pictures
from aggregator.pipeline.poll import Poller, Unrecorded
from aggregator.pipeline.rechecks import Rechecks
from aggregator.pipeline.redirects import Redirects
from aggregator.pipeline.signals import SignalReader, sites_answering
from aggregator.pipeline.tagging import tag_waiting
from aggregator.pipeline.taken_letters import TakenLetters
from aggregator.pipeline.workers import Workers
from aggregator.pipeline.writer import Writer
from aggregator.scheduling.polls import pauses
from aggregator.store import Store
from aggregator.text import matching
from aggregator.text.dates import to_iso
from aggregator.text.html import unquoted
from aggregator.text.printable import escaped, log_line

if TYPE_CHECKING:
    from aggregator.pipeline.discovery.prober import Prober

log = logging.getLogger("aggregator.poll")

T = TypeVar("T")

_NOTIFY_SECONDS = 5.0  # for the command that runs when the end is asked for


class Pipeline:
    """Holds open what a trip needs. Use it as an async context manager; one at a time for a Store."""

    def __init__(
        self, config: Config, store: Store, clock: Callable[[], datetime], connect_to: ConnectTo | None = None
    ) -> None:
        self._settings = config.wire.poll
        self._pictures = config.wire.pictures
        self._keep = (config.wire.store.keep_polls, config.wire.complaints.keep, config.wire.take.keep)
        sent_to = {each.name for each in config.subscribers if each.enabled}
        self._subscribers = sent_to | {each.key for each in config.faulty_subscribers}
        self._publishers = {publisher.key: publisher for publisher in config.publishers}
        self._sources = {source.name: source for publisher in config.publishers for source in publisher.sources}
        self._clock = clock
        self._workers = Workers(searches=matching.packed({each.name: each.words for each in config.searches}))
        self._writer = Writer(store, clock, lambda: self._workers.is_reading)
        robots_cache = RobotsCache(self._recall_robots, self._remember_robots)
        per_domain, lost_after = config.wire.fetch.per_domain_concurrency, config.wire.engine.lost_after
        of_database = store.shared_limits(per_domain, lost_after, lambda: self.doing())
        shared = of_database or shared_file(limits_beside(store.path), config.wire.fetch)
        self._fetcher = Fetcher(config.wire, connect_to or (lambda host: None), robots_cache, shared=shared)
        self._connectivity = Connectivity()
        self._redirects = Redirects(self._publishers)
        self._signals = SignalReader(
            self._fetcher, self._workers, self._writer.on_store, config.wire.robots_token, clock
        )
        self._poller = Poller(
            self._fetcher,
            self._workers,
            self._writer,
            self._prober,
            self._publishers,
            self._redirects,
            config.wire.poll,
            clock,
            self._signals,
        )
        self._pages = PageReader(self._workers, self._writer.on_store, self._publishers, self._sources)
        self._notifier = Notifier(
            config.wire.notify, config.wire.name, store.path.absolute().parent, self._writer.on_store, clock
        )
        self._alerter = Alerter(config, store.path.absolute().parent, self._writer.on_store, clock)
        self._letters = Letters(config.wire, self._writer.on_store, clock)
        self._taken_letters = TakenLetters(config, self._writer.on_store, clock)
        self._hub = Hub(config.wire, self._writer.on_store, clock, connect_to or (lambda host: None))
        self._claims = Claims(self._writer.on_store, clock)
        self._new_deliveries: Callable[[], Deliveries] = partial(
            Deliveries, config, self._writer.on_store, clock, connect_to or (lambda host: None)
        )
        self._deliveries = self._new_deliveries()
        self._writer.has_written = self._wake
        self._under_way: set[str] = set()
        self.doing: Callable[[], Mapping[str, int]] = lambda: {"polls": len(self._under_way)}  # as others are told
        self._stopping = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._hub.end()
        await self._deliveries.end()
        await self._notifier.end(_NOTIFY_SECONDS)
        await self._alerter.sending.end()
        await self._letters.sending.end()
        await self._taken_letters.sending.end()
        await self._writer.close()
        await self._workers.close()
        await self._fetcher.__aexit__(kind, error, trace)

    async def begin(self) -> None:
        """Lets the other programs of the database know of this one before its first poll; raises StoreError."""
        await self._fetcher.begin()

    def stop(self) -> None:
        """Polls and messages that have not begun are left for another time; those in flight are finished."""
        self._stopping = True
        self._deliveries.stop()

    def deliver(self) -> None:
        """Sends subscribers what they are owed, beside the polls, from now on until the end."""
        self._deliveries.begin()

    async def deliver_for(self, seconds: float, stop: asyncio.Event) -> None:
        """Sends them what they are owed for so long, or until `stop` is set; then another program may."""
        self._deliveries = self._new_deliveries()
        self._deliveries.begin()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
        await self._deliveries.end()

    def _wake(self) -> None:
        self._deliveries.wake()

    async def delivered(self, seconds: float) -> list[Sent]:
        """Sends them all that they are owed now, for so long at most; raises StoreError. The last call."""
        return await self._deliveries.once(seconds)

    async def due(self, now: datetime) -> list[Due]:
        """What is due now and not being polled; raises StoreError. A source that this configuration does not know,
        because another program has brought it in, is left alone: what opens it and what it may bring is not known here.
        """
        return [due for due in await self._writer.due(now) if self._may_poll(due)]

    async def still_due(self, names: Collection[str], now: datetime) -> list[Due]:
        """Those of these sources that are due and that this program may poll; raises StoreError."""
        due = await self._writer.on_store(lambda store: store.due_of(names, now))
        return [one for one in due if self._may_poll(one)]

    async def on_store(self, call: Callable[[Store], T]) -> T:
        """What one call on the store returns, made between those that store polls; raises StoreError."""
        return await self._writer.on_store(call)

    def domain_of(self, url: str) -> str:
        """The registrable domain that the limits count by; raises FetchError for what is no address."""
        return self._fetcher.domain_of(url)

    def _may_poll(self, due: Due) -> bool:
        return due.source.name not in self._under_way and due.source.name in self._sources

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

    async def config_in_force(self) -> StoredConfig | None:
        """The configuration that the tables are in line with now; raises StoreError."""
        return await self._writer.on_store(Store.config_in_force)

    async def tag(self, seconds: float | None = None) -> None:
        """Sets the tags of reports that wait for them, for so long at most; None: until none waits. Raises
        StoreError.
        """
        ends = None if seconds is None else time.monotonic() + seconds

        def goes_on() -> bool:
            return not self._stopping and (ends is None or time.monotonic() < ends)

        await tag_waiting(self._workers, self._writer.on_store, self._publishers, self._clock, goes_on)

    async def notify(self) -> None:
        """Begins to run `[notify] command` for each source whose state has changed since the last look; raises
        StoreError.
        """
        await self._notifier.look()

    async def tell_hub(self) -> None:
        """Begins to tell the hub of WebSub which feeds have changed since it was told last; raises StoreError."""
        await self._hub.look()

    async def notified(self, seconds: float) -> None:
        """Waits so long at most until that is done."""
        await self._notifier.end(seconds)

    async def alert(self) -> None:
        """Notes who is owed what by saved searches, makes letters about complaints, and begins to send what is due; to
        publishers, too, who are told which of their reports were taken. Raises StoreError.
        """
        await self._alerter.look()
        await self._letters.look()
        self._taken_letters.look()

    async def alerted(self) -> None:
        """Waits until all that is due was tried once."""
        await self._alerter.sending.done()
        await self._letters.sending.done()
        await self._taken_letters.sending.done()

    async def try_writing(self) -> None:
        """Whether polls can be stored again after a StoreError; raises one where they cannot."""
        await self._writer.on_store(Store.try_writing)

    async def maintain(self) -> None:
        """Housekeeping between polls; raises StoreError."""
        await self._writer.maintain(*self._keep, self._subscribers)

    async def recheck(
        self,
        limit: int,
        per_publisher: int,
        elsewhere: Callable[[int], None] = lambda publishers: None,
        only: Collection[str] | None = None,
        seconds: float | None = None,
    ) -> list[Finding]:
        """Visits the pages of at most `limit` articles whose time for it has come; raises StoreError. Calls `elsewhere`
        with the number of publishers whose pages another program is visiting; theirs are left to it. `only`: of these
        publishers. After so many `seconds` no other page is begun. The pages of sources that ask for it are read.
        None are visited as long as the clock is not believed (`desk.clock`): what was missing a minute ago would be
        missing since a year.
        """
        if await self._writer.on_store(lambda store: desk_clock.doubt(store, self._clock())):
            return []
        polled, until = await self._polled_elsewhere(), None if seconds is None else time.monotonic() + seconds

        def stopping() -> bool:
            return self._stopping or (until is not None and time.monotonic() >= until)

        rechecks = Rechecks(
            self._fetcher, self._claims, self._publishers, polled, self._clock, stopping, self._signals, self._pages
        )
        return await rechecks.run(limit, per_publisher, elsewhere, only)

    async def read_pages(
        self, limit: int, per_publisher: int, seconds: float, publishers: Iterable[str]
    ) -> list[Finding]:
        """The same of those of these publishers the pages of whose reports are read, right after their reports came;
        raises StoreError.
        """
        only = {key for key in publishers if any(self._pages.is_read(name) for name in self._names_of(key))}
        return await self.recheck(limit, per_publisher, only=only, seconds=seconds) if only else []

    def _names_of(self, publisher: str) -> list[str]:
        return [source.name for source in self._sources.values() if source.publisher == publisher]

    async def copy_pictures(self, most: int, per_publisher: int) -> int:
        """Fetches at most so many pictures of which the wire shows copies; returns how many were made. Raises
        StoreError. None are fetched as long as the clock is not believed (`desk.clock`).
        """
        if await self._writer.on_store(lambda store: desk_clock.doubt(store, self._clock())):
            return 0
        return await Pictures(
            self._fetcher, self._workers, self._claims, self._publishers, self._pictures, self._clock,
            lambda: self._stopping,
        ).run(most, per_publisher)  # fmt: skip

    async def read_signals(self, most: int, answered: Iterable[tuple[str, str]] | None = None) -> int:
        """Asks at most so many sites for the documents in which they speak to machines, each once a day; returns how
        many. `answered`: only those on the domains of these addresses, each with the key of its publisher. Raises
        StoreError.
        """
        only = None if answered is None else sites_answering(self._publishers, answered)
        return await self._signals.read_files(self._publishers.values(), most, only)

    def _prober(self) -> Prober:
        from aggregator.pipeline.discovery.prober import (
            Prober,  # loads what reads documents; most passes search no site
        )

        return Prober(self._fetcher, self._workers.measured, self._recall_robots, self._clock, self._publishers)

    async def _polled_elsewhere(self) -> tuple[tuple[str, str], ...]:
        proposals = self._settings.accept_discovered
        return await self._writer.on_store(lambda store: store.polled_elsewhere(proposals=proposals))

    async def _recall_robots(self, origin: str) -> RobotsCopy | None:
        return await self._writer.on_store(lambda store: store.recall_robots(origin))

    async def _remember_robots(self, copy: RobotsCopy) -> None:
        await self._writer.on_store(lambda store: store.remember_robots(copy))

    def _or_its_feed(self, due: Due) -> Due:
        """What was found for a source is polled in its place, where the operator lets the wire do so unseen. It is read
        for what it is, a feed or another kind.
        """
        if due.source.kind != DISCOVER or due.proposed is None or not self._settings.accept_discovered:
            return due
        return replace(due, source=replace(due.source, url=due.proposed, kind="feed"))

    async def _one(self, due: Due, unrecorded: set[str], done: Callable[[Poll], None]) -> Poll | None:
        """`unrecorded`: the batch's sources that are claimed; a poll that is recorded takes its own out."""
        due, name = self._or_its_feed(due), due.source.name
        try:
            hosts = written_by(self._publishers.get(due.source.publisher))
            async with self._fetcher.turn(due.source.url, hosts) as turn:
                # What its host said a moment ago, to another source, puts this one off too; that is stored with that
                # poll.
                if self._stopping or await self._fetcher.is_backing_off(due.source.url):
                    unrecorded.discard(name)
                    await self._claims.give_back("poll", [name])
                    return None
                polled = await self._poll(due, turn)
                if turn.busy:
                    polled = replace(polled, poll=replace(polled.poll, busy=tuple(turn.busy)))
                for pause in pauses(polled.poll, self._settings):
                    await self._fetcher.back_off(pause.url, pause.lasts)
                poll = await self._poller.record(polled)
        except FetchError as error:  # its address is none, so there was no turn to wait for
            poll = await self._poller.record(Unrecorded(self._poller.failed(self._not_polled(due), error)))
        except StoreError:
            raise
        except Exception as error:
            await self._poller.record(Unrecorded(replace(self._not_polled(due), error=_in_words(error))))
            unrecorded.discard(name)
            raise
        unrecorded.discard(name)
        if log.isEnabledFor(logging.INFO):
            log.info("%s", _line(poll))
        done(poll)
        return poll

    def _not_polled(self, due: Due) -> Poll:
        return Poll(source=due.source, started=self._clock(), seconds=0.0, outcome="failed")

    async def _poll(self, due: Due, turn: Turn) -> Unrecorded:
        """A poll that got no answer while nobody answers is none of its publisher's."""
        begun = self._connectivity.begin()
        known = self._sources.get(due.source.name)
        is_found = known is not None and known.kind == DISCOVER
        # What opens a private source stands in the configuration alone.
        if known is not None and not is_found and known.access != due.source.access:
            due = replace(due, source=replace(due.source, access=known.access))
        try:
            polled = await self._poller.poll(due, turn)
            if is_found:  # the address in the configuration is the site's, and does not move with its feed
                polled = replace(polled, poll=replace(polled.poll, moved_to=None))
        except BaseException:
            await self._connectivity.end(begun, answered=False)
            raise
        if polled.failure is None or polled.failure.answered:
            await self._connectivity.end(begun, answered=True)
        elif await self._connectivity.is_ours(begun, self._fetcher.domain_of(due.source.url)):
            polled = replace(polled, poll=replace(polled.poll, outcome="offline"))
        return polled


def _in_words(error: Exception) -> str:
    """An exception that nobody meant to raise, for the record of a poll."""
    said = escaped(unquoted(str(error)), 200)
    return f"internal error (bug), please report; see the log ({type(error).__name__}: {said})"


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


def _line(poll: Poll) -> str:
    """The canonical line of a poll, for a log; see `printable.log_line`."""
    said = {
        "source": poll.source.name,
        "outcome": poll.outcome,
        "http_status": poll.http_status,
        "new": poll.new,
        "revised": poll.revised,
        "unchanged": poll.unchanged,
        "dropped": sum(poll.drops.values()),
        "adjusted": sum(poll.adjusted.values()) or None,
        "bytes": poll.body_bytes,
        "ms": round(poll.seconds * 1000),
        "pages": poll.pages or None,
        "gap": poll.gap,
        "pending": poll.pending or None,
        "over_limit": poll.over_limit or None,
        "proposed": poll.proposal.url if poll.proposal else None,
        "next": to_iso(poll.next.at) if poll.next else None,
        "reason": poll.next.reason if poll.next else None,
        "error": poll.error or None,
    }
    return log_line(said)
