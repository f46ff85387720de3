"""A day of the press in minutes, to see whether the wire runs flat: `python -m bench.day`.

The clock is simulated, five minutes a step; all else is real: every source that is due is polled through one Pipeline,
as in the daemon, over HTTP from a press in another process, with housekeeping and visits to pages in between. Memory of
this process and its workers is taken every simulated hour. Exit code 1 when the last quarter's median is more than 1.15
times that of the second quarter, when descriptors grow likewise, or when a report is missing at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from aggregator.desk.terms import sync
from aggregator.model import Config, Publisher, Source
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from bench.day_press import ITEMS, OPENED, key
from bench.measuring import family, megabytes, memory, open_files, say, size_of, table
from bench.sample import KEPT, WIRE

_HERE = Path(__file__).parents[1]
_STEP = timedelta(minutes=5)
_HOUR = timedelta(hours=1)
_INTERVALS = (15, 30, 30, 60)  # minutes, in turn
FLAT = 1.15


@dataclass(frozen=True, slots=True)
class Sample:
    """At the end of one simulated hour."""

    hour: int
    polls: int
    failed: int
    articles: int
    revisions: int
    visits: int  # to pages
    requests: int
    memory: int  # bytes
    database: int  # bytes
    files: int  # open descriptors


class PressProcess:
    """The press of `bench.day_press`."""

    def __init__(self, hosts: int) -> None:
        command = [sys.executable, "-m", "bench.day_press", str(hosts)]
        self._process = subprocess.Popen(
            command, cwd=_HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self.pid = self._process.pid
        self.port: int = self._answer()["port"]

    def pass_time(self, minutes: int) -> dict[str, int]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{minutes}\n")
        self._process.stdin.flush()
        return self._answer()

    def heal(self) -> dict[str, int]:
        """Ends whatever is wrong with any host."""
        return self.pass_time(0)

    def _answer(self) -> dict[str, int]:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def config(publishers: int) -> Config:
    wire = replace(WIRE, fetch=replace(WIRE.fetch, per_domain_concurrency=8, timeout=timedelta(seconds=10)))
    return Config(wire=wire, publishers=tuple(map(_publisher, range(publishers))))


def _publisher(number: int) -> Publisher:
    name, every = key(number), timedelta(minutes=_INTERVALS[number % len(_INTERVALS)])
    return Publisher(
        key=name, name=name, place="?", country="XW", kind="newspaper", languages=("en",),
        homepage=f"http://{name}.example/", rights=KEPT,
        sources=(Source(publisher=name, key="feed", url=f"http://{name}.example/feed", every=every),),
    )  # fmt: skip


async def live(store: Store, wire: Config, press: PressProcess, hours: int) -> list[Sample]:
    """Lives the hours; returns a sample of each."""
    now, visits, samples = OPENED, 0, []
    told: dict[str, int] = {}

    def clock() -> datetime:
        return now

    sync(store, wire.wire, wire.publishers, now, now.date())
    async with Pipeline(wire, store, clock, lambda host: ("127.0.0.1", press.port)) as pipeline:
        for hour in range(1, hours + 1):
            began = time.monotonic()
            while now < OPENED + hour * _HOUR:
                await pipeline.run(await pipeline.due(now))
                visits += len(await pipeline.recheck(1000, 100))
                if now.minute % 10 == 0:
                    await pipeline.maintain()
                told = press.pass_time(int(_STEP.total_seconds()) // 60)
                now += _STEP
            samples.append(_sample(store.path, hour, visits, told["requests"], press.pid))
            say(f"hour {hour}: {megabytes(samples[-1].memory):.1f} MB, took {time.monotonic() - began:.1f} s")
        press.heal()
        await pipeline.run(store.due(None))
    return samples


def _sample(database: Path, hour: int, visits: int, requests: int, press: int) -> Sample:
    ours = [pid for pid in family(os.getpid()) if pid != press]
    with closing(sqlite3.connect(database)) as connection:
        polls, failed = connection.execute("SELECT count(*), sum(outcome = 'failed') FROM polls").fetchone()
        (articles,) = connection.execute("SELECT count(*) FROM articles").fetchone()
        (revisions,) = connection.execute("SELECT count(*) FROM revisions").fetchone()
    return Sample(
        hour=hour, polls=polls, failed=failed, articles=articles, revisions=revisions, visits=visits, requests=requests,
        memory=sum(map(memory, ours)), database=size_of(database), files=sum(map(open_files, ours)),
    )  # fmt: skip


def growth(values: Sequence[int]) -> float:
    """The median of the last quarter over that of the second."""
    quarter = max(1, len(values) // 4)
    return statistics.median(values[-quarter:]) / statistics.median(values[quarter : 2 * quarter] or values)


@contextmanager
def _press(hosts: int) -> Iterator[PressProcess]:
    press = PressProcess(hosts)
    try:
        yield press
    finally:
        press.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--publishers", type=int, default=610)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    gc.set_threshold(50_000)  # as the command does
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-day-") as folder, _press(chosen.publishers) as press:
        database = Path(folder) / "wire.db"
        with Store.open(database) as store:
            samples = asyncio.run(live(store, config(chosen.publishers), press, chosen.hours))
        expected = chosen.publishers * ITEMS + press.heal()["published"]
        with closing(sqlite3.connect(database)) as connection:
            (articles,) = connection.execute("SELECT count(*) FROM articles").fetchone()
    print(report(samples))
    print(f"\n{articles:,} of {expected:,} reports stored; {time.monotonic() - began:.0f} s")
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(sample) for sample in samples], indent=1))
    flat = max(growth([s.memory for s in samples]), growth([s.files for s in samples])) <= FLAT
    return 0 if flat and articles == expected else 1


def report(samples: Sequence[Sample]) -> str:
    head = (
        "hour",
        "polls",
        "failed",
        "articles",
        "revisions",
        "page visits",
        "requests",
        "PSS MB",
        "database MB",
        "open",
    )
    rows = [
        (s.hour, s.polls, s.failed, s.articles, s.revisions, s.visits, s.requests, f"{megabytes(s.memory):.1f}",
         f"{megabytes(s.database):.1f}", s.files)
        for s in samples
    ]  # fmt: skip
    memory_grew, files_grew = growth([s.memory for s in samples]), growth([s.files for s in samples])
    verdict = "flat" if max(memory_grew, files_grew) <= FLAT else "NOT FLAT"
    said = (
        f"{verdict}: the last quarter's median over the second's is {memory_grew:.2f} for memory, {files_grew:.2f} for"
    )
    return f"{table(head, rows)}\n\n{said} open files (at most {FLAT})"


if __name__ == "__main__":
    sys.exit(main())
