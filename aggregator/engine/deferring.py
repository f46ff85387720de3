"""The tick: makes a task of each source that is due, and none of one that has a task."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from math import ceil

from msgspec import Struct
from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued

from aggregator.desk.housekeeping import tick
from aggregator.model import FetchSettings
from aggregator.model.errors import FetchError
from aggregator.model.tasks import DueSource
from aggregator.store import Store

log = logging.getLogger("aggregator.engine")

TICK_SECONDS = 5  # how late a poll may start
POLL, SEARCH = "poll", "search"  # names of tasks, and of their queues
_LOCK = "poll "  # before the name of a source: its queueing lock
MOST_WAITING = 5_000  # tasks of polls; the other sources that are due wait in their table
_MOST_SEARCHES = 50  # each takes half a minute
_MOST_READ = 50_000  # sources in one tick, where nearly all are of domains that have enough tasks


class Tick(Struct, frozen=True):
    """What one tick needs. `domain_of`: the registrable domain of an address; raises FetchError."""

    settings: FetchSettings
    domain_of: Callable[[str], str]

    def chosen(self, store: Store, now: datetime) -> list[tuple[str, DueSource, str]]:
        """The sources that get a task now, each with the task's name and its domain. Raises StoreError."""
        tick(store, now)
        waiting = store.polls_waiting()
        room = max(0, MOST_WAITING - waiting.total())
        polls = [(POLL, *each) for each in self._with_room(due_in_pages(store, now, searches=False), waiting, room)]
        if not any(store.sources_to_poll(now, searches=True)[:1]):
            return polls
        searches = self._with_room(due_in_pages(store, now, searches=True), waiting, _MOST_SEARCHES)
        return polls + [(SEARCH, *each) for each in searches]

    def _with_room(self, due: Iterator[DueSource], waiting: Counter[str], room: int) -> list[tuple[DueSource, str]]:
        """At most so many, and of a domain no more than it can be asked for until the next tick and the one after it:
        whoever waits for a domain keeps a place from the others. `waiting` counts them.
        """
        most = self._most_of_domain()
        chosen: list[tuple[DueSource, str]] = []
        for source in due:
            if len(chosen) >= room:
                break
            domain = self._domain(source)
            if waiting[domain] < most:
                waiting[domain] += 1
                chosen.append((source, domain))
        return chosen

    def _most_of_domain(self) -> int:
        apart = self.settings.per_domain_spacing.total_seconds()
        at_once = self.settings.per_domain_concurrency
        return at_once + (ceil(2 * TICK_SECONDS / apart) if apart else MOST_WAITING)

    def _domain(self, source: DueSource) -> str:
        try:
            return self.domain_of(source.url)
        except FetchError:  # its address is none, which its poll will say
            return ""


def due_in_pages(store: Store, now: datetime, *, searches: bool) -> Iterator[DueSource]:
    """Sources that are due and have no task, longest overdue first. Raises StoreError."""
    read, last = 0, None
    while read < _MOST_READ:
        page = store.sources_to_poll(now, searches=searches, after=last)
        if not page:
            return
        yield from page
        read, last = read + len(page), page[-1]


async def defer(app: App, chosen: list[tuple[str, DueSource, str]]) -> int:
    """Makes the tasks, which several workers may do at the same time; returns how many."""
    if not chosen:
        return 0
    deferrers = [
        app.configure_task(
            task,
            queue=task,
            queueing_lock=f"{_LOCK}{source.name}",
            task_kwargs=_arguments(source, domain),
            priority=0,
        ).job
        for task, source, domain in chosen
    ]
    try:
        await app.job_manager.batch_defer_jobs_async(deferrers)
    except AlreadyEnqueued:  # another worker was faster; what it has not made is made at the next tick
        return 0
    return len(deferrers)


def _arguments(source: DueSource, domain: str) -> Mapping[str, str]:
    return {"source": source.name, "domain": domain}
