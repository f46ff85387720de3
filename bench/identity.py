"""What identity, decision and ledger cost an entry, in microseconds: no fetching, no parsing, no search index.

    python -m bench.identity [ARTICLES]

A database that holds ARTICLES (20,000) of 100 sources records polls of 30 entries of 350 words, all of one kind: a row
of the table is the median of 50 polls, divided by 30. The first two rows are the pure part, which runs where parsing
does.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from aggregator.desk.terms import sync
from aggregator.identity import keys_of
from aggregator.model import Article, Document, Entry, Link, NextPoll, Person, Poll, Publisher, Source, Text
from aggregator.normalise import normalise
from aggregator.pipeline.recording import record
from aggregator.store import Store
from bench.sample import KEPT, WIRE

ENTRIES, POLLS, SOURCES = 30, 50, 100
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
WORDS = "harbour council teacher rain ferry market bridge clinic harvest road court radio river school union"


def publisher(number: int) -> Publisher:
    key = f"paper-{number}"
    return Publisher(
        key=key,
        name=key,
        place="?",
        country="XW",
        kind="newspaper",
        languages=("en",),
        homepage=f"http://{key}.example/",
        rights=KEPT,
        sources=(Source(publisher=key, key="feed", url=f"http://{key}.example/feed"),),
    )


def entry(number: int, guid: str = "", said: str = "") -> Entry:
    drawn = random.Random(number)
    text = " ".join(drawn.choices(WORDS.split(), k=350))
    return Entry(
        id=guid or f"http://paper.example/?p={number}",
        title=Text(f"{' '.join(drawn.choices(WORDS.split(), k=8))} {number}", "text/plain"),
        summary=Text(f"<p>{text[:200]}</p>"),
        content=(Text(f"<p>{text}</p><p>{said}</p>"),),
        links=(Link(f"http://paper.example/2026/{number}?utm_source=rss"),),
        authors=(Person("Nia Obeng"),),
        published="Sat, 21 Nov 2026 08:00:00 GMT",
    )


def articles(of: Publisher, entries: Sequence[Entry]) -> tuple[Article, ...]:
    return normalise(Document(format="rss20", entries=tuple(entries)), of.sources[0], of).articles


def polled(store: Store, of: Publisher, listed: Sequence[Article], minutes: int) -> float:
    """Records one poll; returns microseconds an entry."""
    now = NOW + timedelta(minutes=minutes)
    following = NextPoll(at=now + timedelta(minutes=30), reason="interval")
    poll = Poll(source=of.sources[0], started=now, seconds=0.0, outcome="ok", next=following, entries=len(listed))
    began = time.perf_counter()
    record(store, [(poll, listed)], now)
    return (time.perf_counter() - began) / len(listed) * 1e6


def fill(store: Store, papers: Sequence[Publisher], held: int) -> None:
    for start in range(0, held, ENTRIES):
        of = papers[start // ENTRIES % SOURCES]
        polled(store, of, articles(of, [entry(number) for number in range(start, start + ENTRIES)]), 0)


Documents = Callable[[int], Sequence[Entry]]  # the entries of the document of one round


def measure(store: Store, papers: Sequence[Publisher], first: int) -> dict[str, float]:
    def kind(said: Documents) -> float:
        times = [polled(store, papers[n], articles(papers[n], said(n)), 30 * next(clock)) for n in range(POLLS)]
        return statistics.median(times)

    clock = iter(range(1, 100_000))
    numbers = [range(first + n * ENTRIES, first + (n + 1) * ENTRIES) for n in range(POLLS)]

    def said(more: str, guid: str = "") -> Documents:
        return lambda n: [entry(number, guid and f"{guid}{number}", more) for number in numbers[n]]

    dated = "Sun, 22 Nov 2026 09:00:00 GMT"
    return {
        "new": kind(said("")),
        "unchanged": kind(said("")),
        "only its date changed": kind(lambda n: [replace(one, published=dated) for one in said("")(n)]),
        "edited": kind(said("It is free.")),
        "only a counter changed": kind(said("It is free. 12 comments")),
        "another guid, same address": kind(said("It is free. 12 comments", "n-")),
    }


def reading() -> dict[str, float]:
    """Microseconds an entry of the pure part."""
    entries, of = [entry(number) for number in range(ENTRIES)], publisher(0)
    return {
        "keys of an entry": _timed(lambda: keys_of(entries)),
        "normalise, keys included": _timed(lambda: articles(of, entries)),
    }


def _timed(call: Callable[[], object]) -> float:
    times = []
    for _ in range(POLLS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times) / ENTRIES * 1e6


def main(arguments: Sequence[str]) -> None:
    held = int(arguments[0]) if arguments else 20_000
    papers = [publisher(number) for number in range(SOURCES)]
    with tempfile.TemporaryDirectory(prefix="identity-") as folder, Store.open(Path(folder) / "wire.db") as store:
        sync(store, WIRE, papers, NOW, NOW.date())
        fill(store, papers, held)
        costs = {**reading(), **measure(store, papers, held + ENTRIES)}
    print(f"| an entry, {held:,} articles held | µs |\n| --- | --- |")
    for name, cost in costs.items():
        print(f"| {name} | {cost:.0f} |")


if __name__ == "__main__":
    main(sys.argv[1:])
