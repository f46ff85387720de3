"""Workers over PostgreSQL beside `run` over SQLite, and the tick of a large wire: `python -m bench.scale`.

Four parts: how long the tick takes that finds what is due; what a poll costs the worker and the server, by how many
sources there are; polls and articles a second with one, two and four workers, in a pass in which all is new and in
those in which nothing has changed; what a report weighs. The server of PostgreSQL is one of its own, with its own
settings. Each feed has an address, and so a domain, of its own. Every pass ends after ten minutes at the latest.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from procrastinate import PsycopgConnector
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from aggregator.engine.deferring import TICK_SECONDS, Tick, defer
from aggregator.engine.tasks import app_of
from aggregator.model import FetchSettings
from aggregator.model.place import PostgresPlace
from aggregator.store import Store
from aggregator.text.dates import to_iso, utc_now
from aggregator.text.urls import domain_of
from bench.measuring import machine, megabytes, table
from bench.postgres import Server
from bench.scaled_wire import POLLED, WAITS, Idle, Pass, Wire, later
from bench.serving import free_port, hosts, serve
from bench.world import make_feeds

Urls = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Weight:
    """What the reports of one pass weigh on the disk of the database."""

    articles: int
    tables: Mapping[str, int]  # bytes, by table and by index
    wal: int  # bytes of the server's log while they were stored, indexed and tagged


def passes(
    folder: Path, urls: Urls, server: Server, most: Sequence[int], rounds: int
) -> Iterator[tuple[Pass, Idle, Weight | None]]:
    """Of SQLite alone, and of so many workers: one in which all is new, and some in which nothing has changed."""
    for workers, of in [(1, None), *((number, server) for number in most)]:
        with Wire(folder, urls, of, f"pass{workers}" if of else "alone") as wire:
            wire.begin(workers)
            empty, wal = (wire.weights(), wire.wal()) if of else ({}, 0)
            found = wire.passed("new", len(urls))
            wire.settle()
            weight = None
            if of:
                wal = wire.wal() - wal
                full = wire.weights()
                weight = Weight(found.articles, {name: size - empty.get(name, 0) for name, size in full.items()}, wal)
            yield found, wire.idle, weight
            for _ in range(rounds):
                yield wire.passed("304", len(urls)), wire.idle, None


def costs(folder: Path, urls: Urls, server: Server, sizes: Sequence[int], rounds: int) -> Iterator[tuple[Pass, Idle]]:
    """What a poll costs by how many sources there are: of one worker, nothing changed."""
    with Wire(folder, urls, server, "costs") as wire:
        wire.begin(1)
        wire.passed("new", len(urls))
        wire.settle()
        wire.passed("304", len(urls))
        for size in sizes:
            wire.fill(size)
            wire.rest()
            for _ in range(rounds):
                yield wire.passed("304", len(urls)), wire.idle


@dataclass(frozen=True, slots=True)
class Ticks:
    """How long the tick takes, in seconds."""

    sources: int
    due: int  # a tick
    median: float
    p95: float


def ticks(folder: Path, urls: Urls, server: Server, sources: int, times: int) -> Ticks:
    """Sources that are due evenly over half an hour, 5 s later at each tick; what it defers is done before the next."""
    with Wire(folder, urls[:1], server, "ticks") as wire:
        wire.make_tables()
        wire.fill(sources)
        wire.run(
            f"UPDATE sources SET last_poll = '{POLLED}',"  # noqa: S608
            " url = 'http://p' || source_id % 20000 || '.example/' || source_id,"
            " next_at = to_char(now() AT TIME ZONE 'UTC' + make_interval(secs => source_id % 1800),"
            ' \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')'
        )
        wire.run("VACUUM ANALYZE sources")
        said = conninfo_to_dict(wire.url)
        place = PostgresPlace(name=wire.url, url=make_conninfo("", **said), beside=folder / "ticks.beside")
        return asyncio.run(_ticks(wire, place, sources, times))


async def _ticks(wire: Wire, place: PostgresPlace, sources: int, times: int) -> Ticks:
    taken: list[float] = []
    due = 0
    with Store.open(place) as store:
        store.shared_limits(2, timedelta(seconds=30), dict)  # makes the tables of tasks
        app = app_of(PsycopgConnector(**store.task_connection()), _nothing, _nothing, ())
        tick = Tick(FetchSettings(), lambda url: domain_of(url.split("/")[2]))
        now = utc_now()
        async with app.open_async():
            for number in range(times + 2):
                now += timedelta(seconds=TICK_SECONDS)
                began = time.perf_counter()
                chosen = await asyncio.to_thread(tick.chosen, store, now)
                await defer(app, chosen)
                if number >= 2:  # the first finds what was due before
                    taken.append(time.perf_counter() - began)
                    due += len(chosen)
                wire.run("SET search_path = engine, public; DELETE FROM procrastinate_jobs")
                wire.run(f"UPDATE sources SET next_at = '{later()}' WHERE next_at <= '{to_iso(now)}'")  # noqa: S608
    return Ticks(sources, due // times, statistics.median(taken), statistics.quantiles(taken, n=20)[-1])


async def _nothing(source: str) -> None:
    return None


def _medians(passes: Sequence[Pass]) -> list[Pass]:
    """Of passes of the same kind that follow each other, the one of median speed."""

    def of(each: Pass) -> tuple[object, ...]:
        return each.store, each.workers, each.sources, each.kind

    def speed(each: Pass) -> float:
        return each.polls / each.seconds

    alike = [sorted(group, key=speed) for _, group in groupby(passes, of)]
    return [group[(len(group) - 1) // 2] for group in alike]


def report(
    found: Sequence[tuple[Pass, Idle, Weight | None]], by_size: Sequence[tuple[Pass, Idle]], tick: Ticks | None
) -> Iterator[str]:
    """The tables, as Markdown."""
    if found:
        yield table(
            (
                *("store", "workers", "pass", "polls/s", "articles/s", "ms a poll, workers", "ms a poll, server"),
                *("one writes, % of the time", "MB, workers", "connections", "load"),
            ),
            map(_row, _medians([each for each, _, _ in found])),
        )
        yield _waits("workers", [(each.workers, each.kind, each) for each in _medians([each for each, _, _ in found])])
        idle = [(each.store, each.workers, 1000 * idle.worker, 1000 * idle.server) for each, idle, _ in found]
        yield table(("idle", "workers", "ms a second, workers", "ms a second, server"), dict.fromkeys(idle))
    if weight := next((weight for _, _, weight in found if weight), None):
        yield _weighed(weight)
    if by_size:
        rows = _medians([each for each, _ in by_size])
        yield table(
            ("sources", "polls/s", "ms a poll, worker", "ms a poll, server", "load"),
            [(each.sources, each.polls / each.seconds, *_cpu(each), each.load) for each in rows],
        )
        yield table(
            ("sources, of which none is due", "ms a second, worker", "ms a second, server"),
            dict.fromkeys((each.sources, 1000 * idle.worker, 1000 * idle.server) for each, idle in by_size),
        )
        yield _waits("sources", [(each.sources, each.kind, each) for each in rows])
    if tick:
        yield table(
            ("sources", "due at a tick", "median, ms", "p95, ms"),
            [(tick.sources, tick.due, 1000 * tick.median, 1000 * tick.p95)],
        )


def _row(each: Pass) -> tuple[object, ...]:
    return (
        each.store,
        each.workers,
        each.kind,
        each.polls / each.seconds,
        each.articles / each.seconds,
        *_cpu(each),
        100 * each.doing.get("one writes", 0.0) / each.seconds,
        megabytes(each.worker_bytes),
        each.connections,
        each.load,
    )


def _cpu(each: Pass) -> tuple[float, float]:
    """Milliseconds of a poll: of the workers, of the server."""
    return 1000 * each.worker_cpu / each.polls, 1000 * each.server_cpu / each.polls


def _waits(what: str, rows: Sequence[tuple[int, str, Pass]]) -> str:
    """What the connections of the workers did in the time of a poll; several do it at the same time."""
    columns = ("computes", *WAITS, "one writes")
    return table(
        (what, "pass", *(f"{column}, ms a poll" for column in columns)),
        [
            (number, kind, *(1000 * each.doing.get(column, 0.0) / each.polls for column in columns))
            for number, kind, each in rows
            if each.doing
        ],
    )


def _weighed(weight: Weight) -> str:
    """Bytes of a report."""
    grown = {name: size / weight.articles for name, size in weight.tables.items()}
    largest = sorted(grown.items(), key=lambda row: -row[1])
    rows = [("all tables and indexes", sum(grown.values())), ("log of the server (WAL)", weight.wal / weight.articles)]
    rows += [(name, size) for name, size in largest if size >= 10]
    return table((f"of {weight.articles:,} reports", "bytes each"), rows)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--sources", type=int, nargs="*", default=[1_000, 20_000, 200_000])
    parser.add_argument("--rounds", type=int, default=5, help="passes in which nothing has changed")
    parser.add_argument("--ticks", type=int, default=100, help="0: none")
    parser.add_argument("--tick-sources", type=int, default=200_000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    port = free_port()
    with tempfile.TemporaryDirectory() as name, Server(shared_buffers="256MB") as server:
        folder = Path(name)
        feeds = make_feeds(folder / "feeds", asked.feeds)
        feeds.show_first()
        at = hosts(asked.feeds)
        urls = [
            (file.removesuffix(".xml"), f"http://{at[number % len(at)]}:{port}/{file}")
            for number, file in enumerate(feeds.names)
        ]
        tick = ticks(folder, urls, server, asked.tick_sources, asked.ticks) if asked.ticks else None
        with serve(feeds.served, folder / "server", port, at=at):
            by_size = list(costs(folder, urls, server, asked.sources, asked.rounds)) if asked.sources else []
            found = list(passes(folder, urls, server, asked.workers, asked.rounds)) if asked.workers else []
    print(*report(found, by_size, tick), sep="\n\n")
    if asked.json:
        figures = {
            "passes": [asdict(each) for each, _, _ in found],
            "idle": [asdict(idle) for _, idle, _ in found],
            "weights": [asdict(weight) for _, _, weight in found if weight],
            "costs": [{**asdict(each), "idle": asdict(idle)} for each, idle in by_size],
            "tick": asdict(tick) if tick else None,
        }
        asked.json.write_text(json.dumps({**figures, "machine": machine()}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
