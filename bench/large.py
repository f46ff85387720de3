"""Reading a wire of millions of reports in PostgreSQL, and what they weigh: `python -m bench.large`.

The product writes the first reports; the others are copies of these with numbers and times of their own, made by SQL in
the tables that lists, searches and the ledger read. The index of words holds every copy.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from aggregator.desk.terms import sync
from aggregator.model import Selection
from aggregator.model.place import PostgresPlace
from aggregator.store import Store
from aggregator.text.query import parse
from bench import articles as made
from bench.database import BATCH, SETTINGS, start_of, write
from bench.measuring import machine, megabytes, say, spread, table
from bench.postgres import Server, weights
from bench.questions import Questions

_COMMON, _RARE = "20000593", "20000594"  # topics: of each third report, and of one in 997
_MORE = 2_000  # reports that are written at the end
_WAL = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
_FREE = 12_000_000_000  # bytes of the disk that are left alone
# The columns that a copy does not have in common with what it is copied from.
_NUMBERS = {"article_id": "articles", "revision_id": "revisions", "seq": "changes", "released_seq": "changes"}
_TIMES = frozenset({"published", "updated", "sort_time", "first_seen", "seen_at", "stored_at", "at"})
_COPIED = ("articles", "bodies", "revisions", "changes", "article_topics", "article_search")


@dataclass(frozen=True, slots=True)
class Writing:
    """What a report costs that the product stores and puts into the index of words."""

    seconds: float
    wal: float  # bytes of the server's log


def write_reports(place: PostgresPlace, first: int, count: int) -> Writing:
    """Stores reports as the product does, with the numbers from `first` on; the index of words has them then."""
    made.prepare(first + count)
    spent = 0.0
    with Store.open(place) as store, psycopg.connect(place.url, autocommit=True) as connection:
        start = start_of(first + count)
        sync(store, SETTINGS, made.publishers(), start, start.date())
        connection.execute("CHECKPOINT")
        before = _one(connection, _WAL)
        for at, size in made.bounds(count, BATCH):
            spent += sum(write(store, made.batch((first + at, size))))
        return Writing(spent / count, (_one(connection, _WAL) - before) / count)


def add_topics(connection: psycopg.Connection[Any]) -> None:
    """As if each report had had its topics from the first."""
    connection.execute("SET session_replication_role = replica")
    for topic, condition in ((_COMMON, "article_id % 3 = 0"), (_RARE, "article_id % 997 = 0")):
        connection.execute(
            "INSERT INTO article_topics (topic, sort_time, article_id, weight)"  # noqa: S608  (of our own words)
            f" SELECT '{topic}', sort_time, article_id, 1 FROM articles WHERE {condition}".encode()
        )
        connection.execute(f"UPDATE articles SET topics = '[\"{topic}\"]' WHERE {condition}".encode())  # noqa: S608


def copy(connection: psycopg.Connection[Any], first: int, until: int, *, words: bool) -> int:
    """Adds copies of the first reports until there are so many, or the disk has no room; returns how many there are."""
    last = {of: _one(connection, f"SELECT max({_key(of)}) FROM {of}") for of in set(_NUMBERS.values())}  # noqa: S608
    seconds = first / made.A_DAY * 86_400
    connection.execute("SET session_replication_role = replica")  # no trigger: each copied row was made by one
    connection.execute("DROP INDEX article_search_words")
    statements = [_copying(connection, of, last, seconds) for of in _COPIED]
    began, count = time.perf_counter(), first
    for number in range(1, until // first):
        if shutil.disk_usage(tempfile.gettempdir()).free < _FREE:
            say(f"  the disk has no room for more than {count:,} reports")
            break
        with connection.transaction():
            for statement in statements:
                connection.execute(statement.replace("{number}", str(number)).encode())
        count += first
        if number % 10 == 0:
            say(f"  {count:,} reports, {time.perf_counter() - began:.0f} s")
    if words:
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("CREATE INDEX article_search_words ON article_search USING gin (words)")
        say(f"  the index of words, {time.perf_counter() - began:.0f} s")
    for of in ("articles", "revisions"):
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{of}', '{_key(of)}'), (SELECT max({_key(of)}) FROM {of}))".encode()  # noqa: S608
        )
    connection.execute("TRUNCATE reports_per_day")
    connection.execute(
        "INSERT INTO reports_per_day (publisher, day, held, usable, withdrawn, backfill)"
        " SELECT publisher, substr(sort_time, 1, 10), count(*), count(*), 0, 0 FROM articles GROUP BY 1, 2"
    )
    connection.execute("SET session_replication_role = origin")
    connection.execute("VACUUM (ANALYZE)")
    say(f"  all is copied, {time.perf_counter() - began:.0f} s")
    return count


def _key(of: str) -> str:
    return next(column for column, owner in _NUMBERS.items() if owner == of)


def _copying(connection: psycopg.Connection[Any], of: str, last: Mapping[str, int], seconds: float) -> str:
    """SQL that adds the copy `{number}` of the first reports to a table."""
    columns = [
        name
        for (name,) in connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped", (of,)
        )
    ]
    values = [_value(of, column, last, seconds) for column in columns]
    key = next(column for column in columns if column in _NUMBERS)
    up_to = last[_NUMBERS[key]]
    return (
        f"INSERT INTO {of} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE SELECT {', '.join(values)} FROM {of}"  # noqa: S608
        f" WHERE {key} <= {up_to} ORDER BY {key}"
    )


def _value(of: str, column: str, last: Mapping[str, int], seconds: float) -> str:
    if column in _NUMBERS:
        return f"{column} + {last[_NUMBERS[column]]} * {{number}}"
    if column in _TIMES:
        later = f"{column}::timestamptz + make_interval(secs => {seconds} * {{number}})"
        return f"to_char(({later}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    if (of, column) == ("articles", "id"):
        return "substr(id, 1, 11) || lpad({number}::text, 5, '0')"
    return column


def _one(connection: psycopg.Connection[Any], sql: str) -> int:
    row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return int(row[0])


def readings(store: Store) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is read, by name."""
    keys = [publisher.key for publisher in made.publishers()]
    common, middling, rare = map(parse, (made.word(40), made.word(400), made.word(40_000)))
    two = parse(f"{made.word(40)} {made.word(41)}")
    newest = store.last_cursor()
    assert newest is not None
    recent = max(0, newest.seq - 100_000)

    asked = Questions(store)
    yield "latest 50 of the wire", asked.latest()
    yield "latest 50 of the biggest publisher", asked.latest(publishers=(keys[0],))
    yield "latest 50 of the smallest publisher", asked.latest(publishers=(keys[-1],))
    yield "latest 50 of a country", asked.latest(countries=("AA",))
    yield "latest 50 of a rare class", asked.latest(item_classes=("notice",))
    yield "latest 50 of a rare language", asked.latest(languages=("sw",))
    yield "latest 50 of a topic of each third report", asked.latest(topics=(_COMMON,))
    yield "latest 50 of a topic of one report in 997", asked.latest(topics=(_RARE,))
    yield "search newest, a common word", asked.search(common)
    yield "search newest, a middling word", asked.search(middling)
    yield "search newest, a rare word", asked.search(rare)
    yield "search newest, two common words", asked.search(two)
    yield "search newest, a common word, smallest publisher", asked.search(common, publishers=(keys[-1],))
    yield "search ranked, a common word", asked.search(common, ranked=True)
    yield "search ranked, a rare word", asked.search(rare, ranked=True)
    yield "100 changes, the last", asked.changes(newest.seq - 100)
    yield "100 changes from the first", asked.changes(0)
    yield "100 changes of the biggest publisher, from the first", asked.changes(0, publishers=(keys[0],))
    yield "100 changes of the smallest publisher, from the first", asked.changes(0, publishers=(keys[-1],))
    yield "100 changes of that publisher, 100,000 lines before the end", asked.changes(recent, publishers=(keys[-1],))
    yield "100 changes of a topic of each third report, from the first", asked.changes(0, topics=(_COMMON,))
    yield "100 changes of a topic of one report in 997, from the first", asked.changes(0, topics=(_RARE,))
    yield "100 changes of that topic, 100,000 lines before the end", asked.changes(recent, topics=(_RARE,))
    yield "counting to 10,000, a common word", lambda: store.count(Selection(), common, most=10_001)
    yield "health", store.health


def report(
    count: int,
    written: Mapping[int, Writing],
    read: Mapping[str, tuple[float, float]],
    sizes: Mapping[str, int],
) -> str:
    """`written`: by how many reports there were."""
    return "\n\n".join(
        [
            f"{count:,} reports; load {os.getloadavg()[0]:.1f}; "
            + "; ".join(f"{name} {value}" for name, value in machine().items()),
            table(
                ("reports in the database", "ms, to store and index one", "bytes of the log of the server (WAL)"),
                [(before, 1000 * each.seconds, each.wal) for before, each in written.items()],
            ),
            table(
                ("reading", "ms, median of 20", "95th percentile"),
                [(name, median * 1000, late * 1000) for name, (median, late) in read.items()],
            ),
            table(
                ("table or index", "MB", "bytes a report"),
                [(name, megabytes(size), size / count) for name, size in sizes.items() if size / count >= 1],
            ),
        ]
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.large", description=__doc__)
    parser.add_argument("--articles", type=int, default=2_000_000)
    parser.add_argument("--first", type=int, default=20_000, help="written by the product; the others are copies")
    parser.add_argument(
        "--no-words", action="store_true", help="make no index of words, which takes the longest, and measure no search"
    )
    parser.add_argument("--server", help="address of a server's database; default: a server of its own")
    parser.add_argument("--keep", action="store_true", help="leave the database where it is; one that is there is read")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    if asked.server:
        return _measure(asked, asked.server)
    with Server(shared_buffers="1GB", max_wal_size="4GB", wal_level="minimal", max_wal_senders="0") as server:
        return _measure(asked, server.url)


def _measure(asked: argparse.Namespace, server: str) -> int:
    name = "bench_large"
    url = server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as admin:
        is_there = bool(admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone())
        if not is_there:
            admin.execute(f"CREATE DATABASE {name}".encode())
    with tempfile.TemporaryDirectory(prefix="bench-large-") as folder:
        place = PostgresPlace(name=name, url=url, beside=Path(folder) / "large")
        written: dict[int, Writing] = {}
        try:
            if not is_there:
                written[0] = write_reports(place, 0, asked.first)
                say(f"  {asked.first:,} reports by the product, {1000 * written[0].seconds:.2f} ms each")
            with psycopg.connect(url, autocommit=True) as connection:
                if not is_there:
                    add_topics(connection)
                    copy(connection, asked.first, asked.articles, words=not asked.no_words)
                count = _one(connection, "SELECT count(*) FROM articles")
                sizes = weights(connection)
            with Store.read(place) as store:
                read = {}
                for what, call in readings(store):
                    if asked.no_words and "word" in what:
                        continue
                    read[what] = spread(call, 20)
                    say(f"  {what}: {1000 * read[what][0]:.1f} ms")
            if not asked.no_words:
                written[count] = write_reports(place, count, _MORE)
        finally:
            if not asked.keep:
                with psycopg.connect(server, autocommit=True) as admin:
                    admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    print(report(count, written, read, sizes))
    if asked.json:
        figures = {"articles": count, "written": {at: asdict(each) for at, each in written.items()}, "read": read}
        asked.json.write_text(json.dumps({**figures, "bytes": sizes, "machine": machine()}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
