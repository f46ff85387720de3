"""What became of every item of the one box, and what a fixed interval would have made of the same items."""

from __future__ import annotations

import math
import random
import sqlite3
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.text.dates import read_date
from bench.onebox.press import place_of
from bench.onebox.wire import publisher
from bench.onebox.world import OPENED, Course, World

Seen = tuple[int | None, Sequence[tuple[int, int]]]  # of a source, see `bench.onebox.press`


@dataclass(slots=True)
class Account:
    """Of the items that were published while the box ran; delays are hours from publication to storing."""

    published: int = 0
    stored: int = 0
    waiting: int = 0  # at the end, for their source's next poll; their delay is up to that
    missed: int = 0  # stood in a document between two polls only
    lost: int = 0  # stood in a document that was fetched, and are not stored
    delays: array[float] = field(default_factory=lambda: array("d"))

    @property
    def mean(self) -> float:
        return sum(self.delays) / max(len(self.delays), 1)

    @property
    def p95(self) -> float:
        return sorted(self.delays)[math.ceil(len(self.delays) * 0.95) - 1] if self.delays else 0.0


def account(world: World, connection: sqlite3.Connection, seen: Mapping[str, Seen]) -> Account:
    """Of what is stored, a source at a time. `seen`: by the source's number."""
    found = Account()
    for number in range(world.sources):
        course, (until, missed) = world.course(number), seen[str(number)]
        stored, due = _stored(connection, number)
        for place in range(course.first, len(course.published)):
            found.published += 1
            if place in stored:
                found.stored += 1
                found.delays.append(stored[place] - course.published[place])
            elif any(begin <= place < end for begin, end in missed):
                found.missed += 1
            elif place >= (until or 0):
                found.waiting += 1
                found.delays.append(due - course.published[place])
            else:
                found.lost += 1
    return found


def _stored(connection: sqlite3.Connection, number: int) -> tuple[dict[int, float], float]:
    """When each of a source's items was first seen, by its place, and when the source is polled next."""
    key = publisher(number).key
    items = connection.execute("SELECT url, first_seen FROM articles WHERE publisher = ?", (key,))
    stored = {place_of(url): _hours(first_seen) for url, first_seen in items}
    (next_at,) = connection.execute("SELECT next_at FROM sources WHERE publisher = ?", (key,)).fetchone()
    return stored, _hours(next_at)


def _hours(stored: str) -> float:
    at = read_date(stored)
    assert at is not None
    return (at - OPENED).total_seconds() / 3600


def at_fixed_interval(world: World, hours: float) -> Account:
    """Every source polled every so many hours, from a random moment of the first interval on. Nothing is `lost`."""
    found, drawn = Account(), random.Random(world.seed)
    for number in range(world.sources):
        _poll_every(world.course(number), hours, drawn.uniform(0, hours), world.days * 24, found)
    return found


def _poll_every(course: Course, hours: float, begun: float, end: float, found: Account) -> None:
    polls = [max(math.ceil((at - begun) / hours), 0) for at in course.published]  # the first after each item
    for place in range(course.first, len(course.published)):
        found.published += 1
        newer = place + course.size
        if newer < len(polls) and polls[newer] == polls[place]:  # it fell off before that poll
            found.missed += 1
            continue
        at = begun + polls[place] * hours
        found.delays.append(at - course.published[place])
        if at < end:
            found.stored += 1
        else:
            found.waiting += 1
