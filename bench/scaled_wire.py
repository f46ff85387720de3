"""A wire whose programs `bench.scale` measures: a database, `aggregator run` or workers, and what a pass costs them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import psycopg

from aggregator.engine.deferring import TICK_SECONDS
from aggregator.text.dates import to_iso, utc_now
from bench.measuring import RunFailed, cpu_of, family, memory, say
from bench.postgres import Server, weights
from bench.world import make_config

_LATER = timedelta(hours=12)
# A source that was never polled and is due later looks as if a clock that ran ahead had left it, and is brought back.
POLLED = "2026-01-01T00:00:00Z"
_SECONDS = 600.0  # for one pass
_AT_ONCE = 64
_LOOK_SECONDS = 0.03
# What the connections of the programs are doing at this moment, and who writes: the lock that all writers share.
_DOING = """
    SELECT CASE WHEN state = 'active' AND wait_event_type IS NULL THEN 'computes'
                WHEN state = 'active' AND wait_event_type = 'Lock' THEN 'waits for its turn to write'
                WHEN state = 'active' THEN 'waits for the disk and others'
                WHEN state LIKE 'idle in%' THEN 'waits for the worker, in a transaction' END, count(*)
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' GROUP BY 1
    UNION ALL
    SELECT 'one writes', count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND objid = 1097295730 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
WAITS = ("waits for its turn to write", "waits for the disk and others", "waits for the worker, in a transaction")


@dataclass(frozen=True, slots=True)
class Pass:
    """All sources, polled once. Processor time is what they took beyond what idle programs take."""

    kind: str  # "new" or "304"
    store: str
    workers: int
    sources: int  # in the table
    polls: int
    articles: int
    seconds: float  # from when the first source is taken up until the last is stored
    worker_cpu: float
    server_cpu: float
    doing: dict[str, float]  # seconds of all connections together, by what they did
    worker_bytes: int
    connections: int
    load: float


@dataclass(frozen=True, slots=True)
class Idle:
    """Processor time that programs take in a second in which no source is due."""

    worker: float
    server: float


class Wire:
    """Runs inside the `with`. `server` None: SQLite."""

    def __init__(self, folder: Path, urls: Sequence[tuple[str, str]], server: Server | None, name: str) -> None:
        self.server = server
        self.config = make_config(folder / name, urls)
        self.idle = Idle(0, 0)
        self._file = folder / name / "wire.db"
        self._name = name
        self.url = server.url.replace("/postgres?", f"/{name}?") if server else str(self._file)
        self._programs: list[subprocess.Popen[bytes]] = []
        self._log = (folder / f"{name}.log").open("wb")
        self._looking: psycopg.Connection[Any] | None = None
        self._looked = 0.0
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        self._ends.callback(self._log.close)
        if self.server is not None:
            with psycopg.connect(self.server.url, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {self._name}".encode())
            self._ends.callback(self._drop)
            self._looking = self._ends.enter_context(psycopg.connect(self.url, autocommit=True))
        return self

    def __exit__(self, *_: object) -> None:
        for program in self._programs:
            program.send_signal(signal.SIGTERM)
        for program in self._programs:
            with suppress(subprocess.TimeoutExpired):
                program.wait(30)
            program.kill()
        self._ends.close()

    def _drop(self) -> None:
        assert self.server is not None
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {self._name} WITH (FORCE)".encode())

    def make_tables(self) -> None:
        subprocess.run(self._words("fetch", "bench-wire"), check=False, stdout=self._log, stderr=self._log)

    def begin(self, workers: int) -> None:
        """Starts the programs, before any source is due."""
        self.make_tables()
        self.run(f"UPDATE sources SET next_at = '{later()}', last_poll = '{POLLED}'")  # noqa: S608
        words = ["worker", "--concurrency", str(_AT_ONCE)] if self.server else ["run"]
        for _ in range(workers):
            self._programs.append(subprocess.Popen(self._words(*words), stdout=self._log, stderr=self._log))
        if self.server:
            _until(lambda: self.rows("SELECT to_regclass('engine.procrastinate_workers') IS NOT NULL") == [(True,)])
            _until(lambda: len(self.rows("SELECT 1 FROM engine.procrastinate_workers")) >= 3 * workers)
        self.rest()

    def rest(self) -> None:
        """Learns what the programs take while no source is due, once what they did before is done."""
        time.sleep(2 * TICK_SECONDS)
        cpu, server_cpu, began = self._cpu(), self._server_cpu(), time.monotonic()
        time.sleep(2 * TICK_SECONDS)
        spent = time.monotonic() - began
        self.idle = Idle((self._cpu() - cpu) / spent, (self._server_cpu() - server_cpu) / spent)

    def passed(self, kind: str, polls: int) -> Pass:
        """Polls all that the configuration names, once; those of them that are done in 600 s."""
        before, articles, sources = self.count("polls"), self.count("articles"), self.count("sources")
        cpu, server_cpu, began = self._cpu(), self._server_cpu(), time.monotonic()
        self.run("UPDATE sources SET next_at = '2000-01-01T00:00:00Z' WHERE source_key NOT LIKE 'filled-%'")
        doing: Counter[str] = Counter()
        _until(lambda: bool(self.count("claims")) or self.count("polls") > before)
        taken = self._looked = time.monotonic()
        is_done = _until(lambda: self._look(doing) >= before + polls, or_fail=False)
        ended = time.monotonic()
        stored = self.count("polls") - before
        if not stored:
            raise RunFailed(f"no source was polled within {_SECONDS:g} s")
        spent = ended - began
        if not is_done:
            say(f"  {stored} of {polls} polls were done within {_SECONDS:g} s")
        found = Pass(
            kind=kind,
            store="PostgreSQL" if self.server else "SQLite",
            workers=len(self._programs),
            sources=sources,
            polls=stored,
            articles=self.count("articles") - articles,
            seconds=ended - taken,
            worker_cpu=self._cpu() - cpu - self.idle.worker * spent,
            server_cpu=self._server_cpu() - server_cpu - self.idle.server * spent,
            doing=dict(doing),
            worker_bytes=sum(memory(each) for program in self._programs for each in family(program.pid)),
            connections=self._connections(),
            load=os.getloadavg()[0],
        )
        say(
            f"{found.store}, {found.workers} workers, {found.sources:,} sources, {kind}:"
            f" {found.polls} in {found.seconds:.1f} s, load {found.load:.1f}"
        )
        return found

    def settle(self) -> None:
        """Waits until what is done after polls is done, too: the index of words, tags."""
        queues = ("search_queue", "tag_queue", "match_queue")
        _until(lambda: not any(map(self.count, queues)), or_fail=False)

    def fill(self, sources: int) -> None:
        """So many rows in the table of sources altogether, none of which is due or silent."""
        missing = sources - self.count("sources")
        columns = [
            name
            for (name,) in self.rows(
                "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'sources'"
                " AND table_schema = 'public'"
                " AND column_name NOT IN ('source_id', 'source_key', 'next_at', 'silent_after')"
            )
        ]
        same = ", ".join(map(str, columns))
        self.run(
            f"INSERT INTO sources ({same}, source_key, next_at) SELECT {same}, 'filled-' || number, '{later()}'"  # noqa: S608
            " FROM (SELECT * FROM sources ORDER BY source_id LIMIT 1) AS one,"
            f" generate_series({sources - missing}, {sources - 1}) AS numbers (number)"
        )
        self.run("VACUUM ANALYZE sources")

    def weights(self) -> dict[str, int]:
        assert self._looking is not None
        self.run("CHECKPOINT")
        return weights(self._looking)

    def wal(self) -> int:
        """Bytes that the server has written to its log so far."""
        return int(str(self.rows("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")[0][0]))

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        if self._looking is None:
            with closing(sqlite3.connect(self._file, timeout=30)) as connection:
                return connection.execute(sql).fetchall()
        return self._looking.execute(sql.encode()).fetchall()

    def run(self, sql: str) -> None:
        if self._looking is None:
            with closing(sqlite3.connect(self._file, timeout=30)) as connection, connection:
                connection.execute(sql)
            return
        self._looking.execute(sql.encode())

    def count(self, name: str) -> int:
        return int(str(self.rows(f"SELECT count(*) FROM {name}")[0][0]))  # noqa: S608  (of our own words)

    def _look(self, doing: Counter[str]) -> float:
        """How many polls there are; adds what the connections do, as if they did it since the look before."""
        if self._looking is not None:
            now = time.monotonic()
            for what, number in self._looking.execute(_DOING):
                doing[what] += number * (now - self._looked)
            self._looked = now
        return self.count("polls")

    def _cpu(self) -> float:
        return sum(cpu_of(program.pid) for program in self._programs)

    def _server_cpu(self) -> float:
        """With those of its processes that have ended."""
        if self.server is None:
            return 0.0
        pids = family(self.server.pid)
        return sum(map(_own_cpu, pids)) + _own_cpu(self.server.pid, of_ended=True)

    def _connections(self) -> int:
        if self.server is None:
            return 0
        return len(self.rows("SELECT 1 FROM pg_stat_activity WHERE datname = current_database()")) - 1

    def _words(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "aggregator", "--config", str(self.config), "--db", self.url, *words]


def later() -> str:
    """When no source is due."""
    return to_iso(utc_now() + _LATER)


def _own_cpu(pid: int, *, of_ended: bool = False) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    own, ended = fields[11:13], fields[13:15]
    return sum(map(int, ended if of_ended else own)) / os.sysconf("SC_CLK_TCK")


def _until(condition: Callable[[], bool], *, or_fail: bool = True) -> bool:
    """False: it did not come in time."""
    ends = time.monotonic() + _SECONDS
    while not condition():
        if time.monotonic() > ends:
            if or_fail:
                raise RunFailed(f"it did not come within {_SECONDS:g} s")
            return False
        time.sleep(_LOOK_SECONDS)
    return True
