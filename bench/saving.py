"""What the database costs in a poll, in SQLite and in PostgreSQL: `python -m bench.saving [--server URL] [--polls N]`.

`pipeline.recording.record` is called as the writer calls it: what is known is asked, the document is judged, all is
stored. Judging costs the same over both stores. Medians; processor time, of this process and of the
server's process for it, is what a busy machine changes least.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
from msgspec.structs import replace

from aggregator.desk.terms import sync
from aggregator.model import Article, NextPoll, Poll, Source, Tag, TagEvidence, Tags
from aggregator.model.place import Place, PostgresPlace
from aggregator.pipeline.recording import record
from aggregator.store import Store
from bench import articles as made
from bench.database import SETTINGS
from bench.measuring import machine, table
from bench.postgres import Server

_WARM = 10  # polls before the first that counts: statements are prepared, the database is not empty
_ALL = 1_000_000  # of which these articles are the first
_DATABASE = f"bench_saving_{os.getpid()}"


Document = tuple[Source, tuple[Article, ...]]


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a poll, in milliseconds."""

    kind: str
    store: str
    median: float
    p95: float
    own_cpu: float
    server_cpu: float


def documents(first: int, polls: int, size: int) -> list[Document]:
    """So many, each with articles that no other has, of one publisher after the other."""
    wire = made.Wire(_ALL)
    return [
        (source, tuple(_tagged(article, number) for number, article in enumerate(articles, first + turn * size)))
        for turn in range(polls)
        for source, articles in [wire.document(turn, range(first + turn * size, first + (turn + 1) * size))]
    ]


def _tagged(article: Article, number: int) -> Article:
    """With what most reports have beside their words: two topics and a country."""
    chance = random.Random(number)
    topics = chance.sample(range(1, 18), 2)
    return replace(
        article,
        tags=Tags(
            by="bench",
            language=article.language,
            language_from="stated",
            topics=tuple(_tag(f"{code:02}000000", weight) for code, weight in zip(topics, (0.7, 0.3), strict=True)),
            countries=(_tag("ML", 1.0),),
        ),
    )


def _tag(code: str, weight: float) -> Tag:
    return Tag(code=code, weight=weight, evidence=(TagEvidence(words="Bamako", where="text", rule="city"),))


def measured(place: Place, polls: int) -> Iterator[Cost]:
    each_one, each_twenty = documents(0, polls + _WARM, 1), documents(_ALL // 2, polls + _WARM, 20)
    kinds: dict[str, list[Document]] = {
        "1 new": each_one,
        "20 new": each_twenty,
        "the same 20 again": each_twenty,
        "304": [(source, ()) for source, _ in each_one],
    }
    now = made.END
    with Store.open(place) as store:
        sync(store, SETTINGS, made.publishers(), now, now.date())
        server = _Server(place)
        for kind, those in kinds.items():
            rows: list[tuple[float, float, float]] = []
            for source, articles in those:
                now += timedelta(minutes=1)
                servers, own, began = server.cpu(), time.process_time(), time.perf_counter()
                _record(store, source, articles, now)
                wall, own = time.perf_counter() - began, time.process_time() - own
                rows.append((1000 * wall, 1000 * own, 1000 * (server.cpu() - servers)))
            walls, owns, servers_ = zip(*rows[_WARM:], strict=True)
            yield Cost(
                kind=kind,
                store="SQLite" if isinstance(place, Path) else "PostgreSQL",
                median=statistics.median(walls),
                p95=sorted(walls)[len(walls) * 95 // 100],
                own_cpu=statistics.median(owns),
                server_cpu=statistics.median(servers_),
            )


def _record(store: Store, source: Source, articles: tuple[Article, ...], now: datetime) -> None:
    poll = Poll(
        source=source,
        started=now,
        seconds=0.1,
        outcome="ok" if articles else "not_modified",
        next=NextPoll(at=now + timedelta(minutes=30), reason="interval"),
        entries=len(articles),
    )
    (stored,) = record(store, [(poll, articles)], now)
    assert stored is not None


class _Server:
    """The server's process for the one connection of this program."""

    def __init__(self, place: Place) -> None:
        self._clock: Path | None = None
        if not isinstance(place, Path):
            with psycopg.connect(place.url) as connection:
                (pid,) = connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    " AND backend_type = 'client backend'"
                ).fetchone() or (0,)
            self._clock = Path(f"/proc/{pid}/schedstat")

    def cpu(self) -> float:
        """The seconds of processor time that it took so far (proc(5): nanoseconds)."""
        return int(self._clock.read_text().split()[0]) / 1e9 if self._clock else 0.0


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.saving", description=__doc__)
    parser.add_argument("--polls", type=int, default=200)
    parser.add_argument("--server", help="postgresql://...; otherwise one is started for this")
    parser.add_argument("--only", choices=("SQLite", "PostgreSQL"))
    asked = parser.parse_args(arguments)
    found: list[Cost] = []
    with tempfile.TemporaryDirectory() as name:
        if asked.only != "PostgreSQL":
            found += measured(Path(name) / "wire.db", asked.polls)
        if asked.only != "SQLite":
            with nullcontext(asked.server) if asked.server else _server() as server, _database(server) as url:
                found += measured(PostgresPlace("PostgreSQL", url, Path(name) / "wire"), asked.polls)
    print(
        table(
            ("poll", "store", "median, ms", "p95, ms", "this process, CPU ms", "the server's process, CPU ms"),
            [(each.kind, each.store, each.median, each.p95, each.own_cpu, each.server_cpu) for each in found],
        )
    )
    print(machine())
    return 0


@contextmanager
def _server() -> Iterator[str]:
    with Server() as own:
        yield own.url


@contextmanager
def _database(url: str) -> Iterator[str]:
    """The address of a new database at this server, which is gone afterwards."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {_DATABASE} TEMPLATE template0".encode())
        try:
            yield url.replace("/postgres?", f"/{_DATABASE}?")
        finally:
            connection.execute(f"DROP DATABASE {_DATABASE} WITH (FORCE)".encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
