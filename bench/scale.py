"""Workers over PostgreSQL beside `run` over SQLite, and the tick of a large wire: `python -m bench.scale`.

Three parts: polls and articles a second with one, two and four workers, in a pass in which all is new and in one in
which nothing has changed; what a poll costs the worker and the server, by how many sources there are; and how long the
tick takes that finds what is due. The server of PostgreSQL is one of its own, with its own settings.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from aggregator.engine.deferring import TICK_SECONDS, Tick, defer
from aggregator.engine.tasks import app_of
from aggregator.model import FetchSettings
from aggregator.model.place import PostgresPlace
from aggregator.store import Store
from aggregator.text.dates import to_iso, utc_now
from aggregator.text.urls import domain_of
from bench.measuring import RunFailed, cpu_of, family, machine, memory, say, table
from bench.postgres import Server
from bench.serving import free_port, serve
from bench.world import Feeds, make_config, make_feeds

_LATER = timedelta(hours=12)
# A source that was never polled and is due later looks as if a clock that ran ahead had left it, and is brought back.
_POLLED = "2026-01-01T00:00:00Z"
_SECONDS = 900.0  # for one pass
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Pass:
    """All sources, polled once."""

    kind: str  # "new" or "304"
    store: str
    workers: int
    sources: int  # in the table
    polls: int
    articles: int
    seconds: float
    worker_cpu: float
    server_cpu: float
    worker_bytes: int
    connections: int


class Wire:
    """A database, and the programs that poll into it."""

    def __init__(self, folder: Path, urls: Sequence[tuple[str, str]], server: Server | None, name: str) -> None:
        self.server = server
        self.config = make_config(folder / name, urls)
        self._file = folder / name / "wire.db"
        if server is not None:
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}".encode())
        self.url = server.url.replace("/postgres?", f"/{name}?") if server else str(self._file)
        self.programs: list[subprocess.Popen[bytes]] = []
        self._log = (folder / f"{name}.log").open("wb")

    def begin(self, workers: int) -> None:
        """Starts the programs, before any source is due."""
        self._command("fetch", "bench-wire")  # which has no source: makes the tables
        self.run(f"UPDATE sources SET next_at = '{_later()}', last_poll = '{_POLLED}'")  # noqa: S608
        words = ["worker", "--concurrency", str(_AT_ONCE)] if self.server else ["run"]
        for _ in range(workers):
            self.programs.append(subprocess.Popen(self._words(*words), stdout=self._log, stderr=self._log))
        if self.server:
            _until(lambda: self.rows("SELECT to_regclass('engine.procrastinate_workers') IS NOT NULL") == [(True,)])
            _until(lambda: len(self.rows("SELECT 1 FROM engine.procrastinate_workers")) >= 3 * workers)
        time.sleep(2 * TICK_SECONDS)  # what they do at their start is done

    def end(self) -> None:
        for program in self.programs:
            program.send_signal(signal.SIGTERM)
        for program in self.programs:
            with suppress(subprocess.TimeoutExpired):
                program.wait(30)
            program.kill()
        self._log.close()

    def passed(self, kind: str, polls: int) -> Pass:
        """Polls all that the configuration names, once."""
        before, articles = self._count("polls"), self._count("articles")
        cpu, server_cpu = self._cpu(), self._server_cpu()
        self.run("UPDATE sources SET next_at = '2000-01-01T00:00:00Z' WHERE source_key NOT LIKE 'filled-%'")
        _until(lambda: self._count("polls") > before)
        began, seen = time.monotonic(), self._count("polls")
        _until(lambda: self._count("polls") >= before + polls)
        seconds = time.monotonic() - began
        found = Pass(
            kind=kind,
            store="PostgreSQL" if self.server else "SQLite",
            workers=len(self.programs),
            sources=self._count("sources"),
            polls=polls + before - seen,
            articles=self._count("articles") - articles,
            seconds=seconds,
            worker_cpu=self._cpu() - cpu,
            server_cpu=self._server_cpu() - server_cpu,
            worker_bytes=sum(memory(each) for program in self.programs for each in family(program.pid)),
            connections=self._connections(),
        )
        say(
            f"{found.store}, {found.workers} workers, {found.sources:,} sources, {kind}:"
            f" {polls / max(seconds, 0.1):.0f} polls/s"
        )
        return found

    def fill(self, sources: int) -> None:
        """So many rows in the table of sources altogether, none of which is due."""
        missing = sources - self._count("sources")
        columns = [
            name
            for (name,) in self.rows(
                "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'sources'"
                " AND table_schema = 'public' AND column_name NOT IN ('source_id', 'source_key', 'next_at')"
            )
        ]
        same = ", ".join(columns)
        self.run(
            f"INSERT INTO sources ({same}, source_key, next_at) SELECT {same}, 'filled-' || number, '{_later()}'"  # noqa: S608
            " FROM (SELECT * FROM sources ORDER BY source_id LIMIT 1) AS one,"
            f" generate_series({sources - missing}, {sources - 1}) AS numbers (number)"
        )
        self.run("ANALYZE sources")

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        if self.server is None:
            with closing(sqlite3.connect(self._file, timeout=30)) as connection:
                return connection.execute(sql).fetchall()
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(sql.encode()).fetchall()

    def run(self, sql: str) -> None:
        if self.server is None:
            with closing(sqlite3.connect(self._file, timeout=30)) as connection, connection:
                connection.execute(sql)
            return
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.encode())

    def _count(self, name: str) -> int:
        return int(str(self.rows(f"SELECT count(*) FROM {name}")[0][0]))  # noqa: S608  (of our own words)

    def _cpu(self) -> float:
        return sum(cpu_of(program.pid) for program in self.programs)

    def _server_cpu(self) -> float:
        return sum(map(_own_cpu, family(self.server.pid))) if self.server else 0.0

    def _connections(self) -> int:
        if self.server is None:
            return 0
        return len(self.rows("SELECT 1 FROM pg_stat_activity WHERE datname = current_database()")) - 1

    def _words(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "aggregator", "--config", str(self.config), "--db", self.url, *words]

    def _command(self, *words: str) -> None:
        subprocess.run(self._words(*words), check=False, stdout=self._log, stderr=self._log)


def _later() -> str:
    return to_iso(utc_now() + _LATER)


def _own_cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _until(condition: object) -> None:
    ends = time.monotonic() + _SECONDS
    while not condition():  # type: ignore[operator]
        if time.monotonic() > ends:
            raise RunFailed(f"it did not come within {_SECONDS:g} s")
        time.sleep(0.05)


@contextmanager
def _open(folder: Path, urls: Sequence[tuple[str, str]], server: Server | None, name: str) -> Iterator[Wire]:
    wire = Wire(folder, urls, server, name)
    try:
        yield wire
    finally:
        wire.end()


def passes(
    folder: Path, feeds: Feeds, urls: Sequence[tuple[str, str]], server: Server, most: Sequence[int]
) -> Iterator[Pass]:
    """Of SQLite alone, and of so many workers."""
    for workers, of in [(1, None), *((number, server) for number in most)]:
        with _open(folder, urls, of, f"pass{workers}" if of else "alone") as wire:
            wire.begin(workers)
            yield wire.passed("new", len(feeds.names))
            yield wire.passed("304", len(feeds.names))


def costs(
    folder: Path, feeds: Feeds, urls: Sequence[tuple[str, str]], server: Server, sizes: Sequence[int]
) -> Iterator[Pass]:
    """What a poll costs by how many sources there are: of one worker, nothing changed."""
    with _open(folder, urls, server, "costs") as wire:
        wire.begin(1)
        wire.passed("new", len(feeds.names))
        for size in sizes:
            wire.fill(size)
            yield wire.passed("304", len(feeds.names))


@dataclass(frozen=True, slots=True)
class Ticks:
    """How long the tick takes, in seconds."""

    sources: int
    due: int  # a tick
    median: float
    p95: float


def ticks(folder: Path, urls: Sequence[tuple[str, str]], server: Server, sources: int, times: int) -> Ticks:
    """Sources that are due evenly over half an hour, 5 s later at each tick; what it defers is done before the next."""
    with _open(folder, urls[:1], server, "ticks") as wire:
        wire._command("fetch", "bench-wire")
        wire.fill(sources)
        wire.run(
            f"UPDATE sources SET last_poll = '{_POLLED}',"  # noqa: S608
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
        app = app_of(store.task_connector(), _nothing, _nothing, ())
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
                wire.run(f"UPDATE sources SET next_at = '{_later()}' WHERE next_at <= '{to_iso(now)}'")  # noqa: S608
    return Ticks(sources, due // times, statistics.median(taken), statistics.quantiles(taken, n=20)[-1])


async def _nothing(source: str) -> None:
    return None


def report(found: Sequence[Pass], by_size: Sequence[Pass], tick: Ticks | None) -> str:
    head = (
        "store",
        "workers",
        "pass",
        "polls/s",
        "articles/s",
        "ms a poll, workers",
        "ms a poll, server",
        "MB, workers",
        "connections",
    )
    parts = [table(head, map(_row, found))] if found else []
    if by_size:
        parts.append(
            table(
                ("sources", "ms a poll, worker", "ms a poll, server"),
                [
                    (each.sources, 1000 * each.worker_cpu / each.polls, 1000 * each.server_cpu / each.polls)
                    for each in by_size
                ],
            )
        )
    if tick:
        parts.append(
            table(
                ("sources", "due at a tick", "median, ms", "p95, ms"),
                [(tick.sources, tick.due, 1000 * tick.median, 1000 * tick.p95)],
            )
        )
    return "\n\n".join(parts)


def _row(each: Pass) -> tuple[object, ...]:
    return (
        each.store,
        each.workers,
        each.kind,
        each.polls / each.seconds,
        each.articles / each.seconds,
        1000 * each.worker_cpu / each.polls,
        1000 * each.server_cpu / each.polls,
        each.worker_bytes / 1e6,
        each.connections,
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--feeds", type=int, default=1_000)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--sources", type=int, nargs="*", default=[1_000, 20_000, 200_000])
    parser.add_argument("--ticks", type=int, default=100, help="0: none")
    parser.add_argument("--tick-sources", type=int, default=200_000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    port = free_port()
    with tempfile.TemporaryDirectory() as name, Server(shared_buffers="256MB") as server:
        folder = Path(name)
        feeds = make_feeds(folder / "feeds", asked.feeds)
        feeds.show_first()
        urls = [(file.removesuffix(".xml"), f"http://127.0.0.1:{port}/{file}") for file in feeds.names]
        tick = ticks(folder, urls, server, asked.tick_sources, asked.ticks) if asked.ticks else None
        if tick:
            say(f"the tick: {tick}")
        with serve(feeds.served, folder / "server", port):
            by_size = list(costs(folder, feeds, urls, server, asked.sources)) if asked.sources else []
            found = list(passes(folder, feeds, urls, server, asked.workers)) if asked.workers else []
    print(report(found, by_size, tick))
    if asked.json:
        rows = {"passes": [asdict(each) for each in found], "costs": [asdict(each) for each in by_size]}
        asked.json.write_text(json.dumps({**rows, "tick": asdict(tick) if tick else None, "machine": machine()}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
