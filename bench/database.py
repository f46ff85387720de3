"""The database at a million articles: what writing and reading cost, what it weighs: `python -m bench.database`.

Articles go in through `pipeline.recording.record` and are read as the commands read them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from aggregator.desk.housekeeping import housekeeping, maintain, rewrite
from aggregator.desk.purging import chosen, purge
from aggregator.desk.terms import sync
from aggregator.model import Cause, NextPoll, Poll, Selection
from aggregator.model import Wire as WireSettings
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store
from aggregator.text.query import parse
from bench import articles as made
from bench.measuring import machine, megabytes, say, size_of, spread, table
from bench.questions import Questions

BATCH = 250  # articles a transaction, as in aggregator.pipeline.writer
_AHEAD = 40  # batches that may be made before they are stored
_RARE = 40_000  # rank of a word that few articles hold
SETTINGS = WireSettings(
    name="Bench Wire",
    url="https://wire.example/",
    publisher="paper-000",
    user_agent="BenchWire/1.0",
    robots_token="BenchWire",
    complaints_url="https://wire.example/contact",
    complaints_email="desk@wire.example",
)


def fill(path: Path, count: int) -> dict[str, float]:
    """Stores the articles; the seconds that storing and indexing took, in all and over the last tenth."""
    spent = dict.fromkeys(("record", "index", "record, last tenth", "index, last tenth"), 0.0)
    room = threading.Semaphore(_AHEAD)
    with Store.open(path) as store, multiprocessing.get_context("spawn").Pool(1, made.prepare, (count,)) as pool:
        start = start_of(count)
        sync(store, SETTINGS, made.publishers(), start, start.date())
        done = 0
        for batch in pool.imap(made.batch, _gated(made.bounds(count, BATCH), room)):
            room.release()
            record, index = write(store, batch)
            done += BATCH
            for name, seconds in (("record", record), ("index", index)):
                spent[name] += seconds
                spent[f"{name}, last tenth"] += seconds if done > count * 0.9 else 0
            if done % 50_000 == 0:
                say(f"  {done} articles: {spent['record']:.0f} s recorded, {spent['index']:.0f} s indexed")
        maintain(store, made.END)
    return spent


def start_of(count: int) -> datetime:
    """When the first of so many articles was seen."""
    return made.END - timedelta(days=count / made.A_DAY)


def _gated(bounds: Iterable[tuple[int, int]], room: threading.Semaphore) -> Iterator[tuple[int, int]]:
    """The bounds, no faster than their batches are stored, so that those made meanwhile do not fill the memory."""
    for each in bounds:
        room.acquire()
        yield each


def write(store: Store, batch: made.Batch) -> tuple[float, float]:
    """Stores and indexes one batch; the seconds of both."""
    now = batch[-1][2]
    following = NextPoll(at=now + timedelta(minutes=30), reason="interval")
    polled = [
        (Poll(source=source, started=at, seconds=0.1, outcome="ok", next=following, entries=len(articles)), articles)
        for source, articles, at in batch
    ]
    began = time.perf_counter()
    record_polls(store, polled, now)
    recorded = time.perf_counter()
    while store.index():
        pass
    if (indexed := time.perf_counter()) and not now.hour:
        maintain(store, now)  # as the daemon does between polls
    return recorded - began, indexed - recorded


def readings(path: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is read, by name."""
    store = Store.read(path)
    keys = [publisher.key for publisher in made.publishers()]
    common, middling, rare = map(parse, (made.word(40), made.word(400), made.word(_RARE)))
    two = parse(f"{made.word(40)} {made.word(41)}")

    asked = Questions(store)
    yield "latest 50 of the wire", asked.latest()
    yield "latest 50 of the biggest publisher", asked.latest(publishers=(keys[0],))
    yield "latest 50 of the smallest publisher", asked.latest(publishers=(keys[-1],))
    yield "latest 50 of a country", asked.latest(countries=("AA",))
    yield "latest 50 of all publishers but one", asked.latest(publishers=tuple(keys[1:]))
    yield "latest 50 of two countries", asked.latest(countries=("AA", "AB"))
    yield "latest 50 of a common class", asked.latest(item_classes=("news",))
    yield "latest 50 of a rare class", asked.latest(item_classes=("notice",))
    yield "latest 50 of a class that is not there", asked.latest(item_classes=("opinion",))
    yield "latest 50 of a common language", asked.latest(languages=("en",))
    yield "latest 50 of a rare language", asked.latest(languages=("sw",))
    yield (
        "latest 50 of a class in a language, never together",
        asked.latest(item_classes=("notice",), languages=("fr",)),
    )
    yield (
        "latest 50 of the biggest publisher, of a class that it has not",
        asked.latest(publishers=(keys[0],), item_classes=("opinion",)),
    )
    yield "search newest, a common word", asked.search(common)
    yield "search newest, a rare word", asked.search(rare)
    yield "search newest, two common words", asked.search(two)
    yield "search newest, a common word, smallest publisher", asked.search(common, publishers=(keys[-1],))
    yield "search newest, a middling word, smallest publisher", asked.search(middling, publishers=(keys[-1],))
    yield "search newest, a common word, rare class", asked.search(common, item_classes=("notice",))
    yield "search newest, a middling word, rare language", asked.search(middling, languages=("sw",))
    yield "search ranked, a common word", asked.search(common, ranked=True)
    last = store.last_cursor()
    assert last is not None
    yield "100 changes, the last", asked.changes(last.seq - 100)
    yield "100 changes of the smallest publisher, from the first", asked.changes(0, publishers=(keys[-1],))
    yield "counting to 10,000, the wire", lambda: store.count(Selection(), most=10_001)
    yield "counting to 10,000, a common word", lambda: store.count(Selection(), common, most=10_001)
    yield "articles per publisher and day, 30 days, `reports_per_day`", lambda: _rows(store, _DAILY)
    yield "articles per publisher and day, 30 days, GROUP BY", lambda: _rows(store, _GROUPED)
    yield "health", store.health
    yield "publishers", store.publishers
    yield "opening for reading", lambda: Store.read(path).close()
    yield "opening for writing", lambda: Store.open(path).close()


_DAILY = """
    SELECT publisher, day, usable FROM reports_per_day
    WHERE day >= date((SELECT max(day) FROM reports_per_day), '-30 days')
"""
_GROUPED = (
    "SELECT publisher, substr(sort_time, 1, 10) AS day, count(*) FROM articles"
    " WHERE sort_time >= date((SELECT max(sort_time) FROM articles), '-30 days') GROUP BY publisher, day"
)


def _rows(store: Store, sql: str) -> int:
    return len(list(store.query(sql)[1]))


def _count(path: Path) -> int:
    with Store.read(path) as store:
        return int(next(store.query("SELECT count(*) FROM articles")[1])[0])


def weights(path: Path) -> list[tuple[str, int]]:
    """Bytes of each table and index, the heaviest first; the shadow tables of the search index together."""
    with sqlite3.connect(path) as connection:
        try:
            rows = connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall()
        except sqlite3.OperationalError:
            say("SKIPPED: sizes by table; this SQLite has no dbstat")
            return []
    weighed: dict[str, int] = {}
    for name, size in rows:
        owner = "article_search" if name.startswith("article_search") else name
        weighed[owner] = weighed.get(owner, 0) + size
    return sorted(weighed.items(), key=lambda row: -row[1])


def letting_go(path: Path) -> dict[str, float]:
    """Purges a thousand reports of the biggest publisher, has the index tidied and the file written anew; seconds."""
    took: dict[str, float] = {}
    cause = Cause(actor="person:bench", reason="measuring")
    with Store.open(path) as store:
        biggest = store.latest(Selection(publishers=(made.publishers()[0].key,), limit=1_000))
        began = time.perf_counter()
        purge(store, chosen(store, [report.id for report in biggest], None, None), cause, made.END)
        took["purge of 1,000 reports"] = time.perf_counter() - began
        steps = []
        while _rows(store, _TO_TIDY):
            for _ in _timed(housekeeping(store, made.END), steps):
                pass
        took["tidying the index, in all"], took["tidying the index, longest step"] = sum(steps), max(steps)
        began = time.perf_counter()
        for what, seconds in zip(("index anew", "file anew"), _between(rewrite(store, made.END)), strict=True):
            took[f"purge --vacuum, {what}"] = seconds
    return took


_TO_TIDY = "SELECT 1 FROM settings WHERE name IN ('search_letters', 'search_merging')"


def _timed(steps: Iterator[None], seconds: list[float]) -> Iterator[None]:
    """The steps, and how long each took."""
    began = time.perf_counter()
    for step in steps:
        seconds.append(time.perf_counter() - began)
        yield step
        began = time.perf_counter()


def _between(steps: Iterator[str]) -> list[float]:
    """How long it took from the announcement of each step to the next, or to the end."""
    at = [time.perf_counter() for _ in steps]
    return [after - before for before, after in itertools.pairwise([*at, time.perf_counter()])]


def report(path: Path, count: int, spent: Mapping[str, float], times: Mapping[str, tuple[float, float]]) -> str:
    writes = [(name, seconds / count * (10 if "tenth" in name else 1) * 1000) for name, seconds in spent.items()]
    sizes = [("whole file", size_of(path), size_of(path) / count)]
    sizes += [(name, size, size / count) for name, size in weights(path) if size / count >= 1]
    return "\n\n".join(
        [
            f"{count} articles, {made.PUBLISHERS} publishers; "
            + "; ".join(f"{name} {value}" for name, value in machine().items()),
            table(("writing", "ms an article"), writes),
            table(
                ("reading", "ms, median of 40", "95th percentile"),
                [(name, median * 1000, late * 1000) for name, (median, late) in times.items()],
            ),
            table(
                ("table or index", "MB", "bytes an article"),
                [(name, megabytes(size), each) for name, size, each in sizes],
            ),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--db", type=Path, help="keep the database here; one that is there is read, not filled")
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-database-") as folder:
        path = chosen.db or Path(folder) / "wire.db"
        spent = {} if path.exists() else fill(path, chosen.articles)
        count = _count(path)
        times = {name: spread(call) for name, call in readings(path)}
        print(report(path, count, spent, times))
        sizes = dict(weights(path))
        gone = {} if chosen.db else letting_go(path)
        print("\n" + table(("letting go", "s"), gone.items()))
        if chosen.json:
            figures = {"write": spent, "read": times, "letting go": gone, "bytes": sizes, **machine()}
            chosen.json.write_text(json.dumps({"articles": count, **figures}, indent=1))


if __name__ == "__main__":
    main()
