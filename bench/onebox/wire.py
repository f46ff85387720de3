"""The wire of the one box, a process of its own: `python -m bench.onebox.wire DATABASE PORT SOURCES DAYS`.

Does what the command `run` does, by a clock that jumps: a look every five seconds at what is due, housekeeping every
ten minutes, visits to pages every minute. All that is due at a time has ended before the clock goes on, so that a poll
takes no time of the simulated week.
"""

from __future__ import annotations

import asyncio
import gc
import http.client
import math
import sqlite3
import sys
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from aggregator.desk.terms import sync
from aggregator.model import Config, Publisher, Source
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from aggregator.text.dates import read_date
from bench.onebox.press import CLOCK
from bench.onebox.world import OPENED, host_of, time_of
from bench.sample import KEPT, WIRE

_LOOK = timedelta(seconds=5)  # what `aggregator.cli.run` does, and how often
_MAINTENANCE = timedelta(minutes=10)
_RECHECK = timedelta(minutes=1)
_PAGES_A_TIME, _PAGES_OF_A_PUBLISHER = 20, 3
_HOUR = timedelta(hours=1)
_GARBAGE = 50_000  # as the command has it


def publisher(number: int) -> Publisher:
    host = host_of(number)
    key = host.removesuffix(".example")
    return Publisher(
        key=key, name=key, place="?", country="XW", kind="newspaper", languages=("en",), homepage=f"http://{host}/",
        rights=KEPT, sources=(Source(publisher=key, key="feed", url=f"http://{host}/feed"),),
    )  # fmt: skip


async def live(store: Store, config: Config, port: int, end: datetime) -> None:
    now = maintain_at = recheck_at = OPENED

    def clock() -> datetime:
        return now

    sync(store, config.wire, config.publishers, now, now.date())
    with closing(sqlite3.connect(f"file:{store.path}?mode=ro", uri=True)) as reading:
        async with Pipeline(config, store, clock, lambda host: ("127.0.0.1", port)) as pipeline:
            while now < end:
                _pass_time(port, now)
                await pipeline.run(await pipeline.due(now))
                if now >= recheck_at:
                    await pipeline.recheck(_PAGES_A_TIME, _PAGES_OF_A_PUBLISHER)
                    recheck_at = now + _RECHECK
                if now >= maintain_at:
                    await pipeline.maintain()
                    maintain_at = now + _MAINTENANCE
                now = min(_next_look(reading, now), maintain_at, recheck_at)
            await pipeline.maintain()


def _next_look(reading: sqlite3.Connection, now: datetime) -> datetime:
    """The first look after `now` that finds a source due."""
    (at,) = reading.execute("SELECT min(next_at) FROM sources").fetchone()
    due = read_date(at) or now
    return OPENED + max(math.ceil((due - OPENED) / _LOOK), (now - OPENED) // _LOOK + 1) * _LOOK


def _pass_time(port: int, now: datetime) -> None:
    """On a connection of its own: the press closes one that was not used for a minute, as after a long batch."""
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as press:
        press.request("GET", f"/{(now - OPENED) / _HOUR}", headers={"Host": CLOCK})
        press.getresponse().read()


def main(arguments: list[str]) -> None:
    gc.set_threshold(_GARBAGE)
    database, port, sources, days = arguments
    config = Config(wire=WIRE, publishers=tuple(map(publisher, range(int(sources)))))
    with Store.open(Path(database)) as store:
        asyncio.run(live(store, config, int(port), time_of(float(days) * 24)))


if __name__ == "__main__":
    main(sys.argv[1:])
