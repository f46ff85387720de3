"""A program that polls until it is told to stop, by one configuration after the other: reads them again when their
files have changed, and opens the database again as soon as it can be used.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from aggregator.model import Config
from aggregator.model.errors import ConfigError, StoreError
from aggregator.pipeline.faults import log_faults
from aggregator.pipeline.following import Following
from aggregator.pipeline.opening import config_for_polling, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.pipeline import Pipeline
from aggregator.pipeline.usable import PAUSE_SECONDS, PAUSED, RESUMED
from aggregator.store import Store
from aggregator.text.dates import to_iso, utc_now

log = logging.getLogger("aggregator.run")

# Whether another configuration is to be put in force.
HasEnded = Callable[[Pipeline], Awaitable[bool]]


class PollUntil(Protocol):
    """Polls by one configuration until the event is set: by a signal, or where `HasEnded` says so. Raises StoreError
    where the database has to be opened again, and logs that it is paused (`usable.PAUSED`).
    """

    def __call__(
        self, config: Config, store: Store, stop: asyncio.Event, has_ended: HasEnded, /
    ) -> Awaitable[None]: ...


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


async def serve(
    following: Following,
    poll_until: PollUntil,
    begun: Callable[[Config, str], None] = lambda config, since: None,
    end_also: Callable[[], None] = lambda: None,
) -> None:
    """One round of `poll_until` for each configuration, until the end is asked for, which `end_also` is told. `begun`
    is told each configuration and the time at which it was read.
    """
    signals = _Signals(end_also)
    signals.listen()
    store: Store | None = open_wire(following.paths, following.config, utc_now())
    while store:
        is_paused = False
        with store:
            config, since = following.config, to_iso(following.since)
            begun(config, since)
            sources = sum(len(publisher.sources) for publisher in config.publishers)
            log_faults(config)
            said = "polling %d sources of %d publishers into %s, by the configuration read at %s"
            log.info(said, sources, len(config.publishers), store.place, since)
            try:
                await poll_until(config, store, signals.woken, _Looks(following))
            except StoreError:  # which was logged
                is_paused = True
        store = await _reopened(following, signals, is_paused=is_paused)
    log.info("stopped; every poll that had begun is stored")


async def _reopened(following: Following, signals: _Signals, *, is_paused: bool) -> Store | None:
    """The database as soon as polls can be stored, with the configuration read again at a signal; None: the end was
    asked for. `is_paused`: it could not be used, which was logged; what else is wrong with it meanwhile is not.
    """
    said = ""
    if is_paused:
        await _rest(signals)
    while not signals.ending:
        signals.woken.clear()
        if signals.rereading:
            signals.rereading = False
            following.files_have_changed(utc_now())  # what is read now is not to be read again at the next look
            following.take(read_again(following.paths, following.config, following.since), utc_now())
        try:
            store = open_wire(following.paths, following.config, utc_now())
            if is_paused:
                _try_writing(store)
                log.info(RESUMED)
            return store
        except StoreError as error:
            if str(error) != said and not is_paused:
                log.error(PAUSED, error)
            said = str(error)
        await _rest(signals)
    return None


def _try_writing(store: Store) -> None:
    """Closes the store where polls cannot be stored; raises StoreError."""
    try:
        store.try_writing()
    except BaseException:
        store.close()
        raise


async def _rest(signals: _Signals) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(signals.woken.wait(), PAUSE_SECONDS)


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


def read_again(paths: Paths, config: Config, since: datetime | None = None) -> Config:
    """The configuration as it is now; or, when it is faulty, `config`, the one that was good, read at `since`."""
    try:
        return config_for_polling(paths)
    except ConfigError as error:
        of = f", that of {to_iso(since)}," if since else ""
        said = "the configuration has faults, so the one before stays in force%s until these are corrected:\n%s"
        log.error(said, of, error)
        return config
