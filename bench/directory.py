"""Polls the whole shipped directory, every enabled address mapped onto the local press: `python -m bench.directory`.

The files of config/ are used as they are; only the resolver is the press's (`Pipeline(connect_to=...)`), so robots.txt,
limits, spacing and everything behind them run for real. The press stands in a process of its own. Sites of which only
the homepage is known are left out: to search one takes up to a dozen requests, spaced.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from aggregator.config import load
from aggregator.pipeline import Pipeline
from aggregator.press import Document, Press
from aggregator.press.sites import generate_feed
from aggregator.store import Store
from aggregator.types import Config, Poll
from aggregator.vocabulary import DISCOVER
from bench.measuring import family, megabytes, memory, size_of, table

_HERE = Path(__file__).parents[1]
_ITEMS = 20


def serve() -> None:
    """The press, until standard input ends: a feed at every enabled address."""
    now, config = datetime.now(UTC), load(_HERE / "config")
    with Press(now=now) as press:
        sources = [source for publisher in config.publishers for source in publisher.sources if source.enabled]
        for seed, source in enumerate(sources):
            parts = urlsplit(source.url)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            if source.kind != DISCOVER:
                feed = Document(generate_feed(seed, _ITEMS, now=now), "application/rss+xml")
                press.set_document(parts.hostname or "", path, feed)
        print(press.address[1], flush=True)
        sys.stdin.read()


@contextmanager
def press_elsewhere() -> Iterator[int]:
    """The port of a press in a process of its own."""
    command = [sys.executable, "-m", "bench.directory", "--serve"]
    with subprocess.Popen(command, cwd=_HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


class Peak(threading.Thread):
    """Samples the memory of this process and those that it starts, but for one."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.bytes = 0
        self._others = set(family(os.getpid())) - {os.getpid()}

    def run(self) -> None:
        while True:
            self.bytes = max(self.bytes, sum(memory(pid) for pid in set(family(os.getpid())) - self._others))
            time.sleep(0.1)


async def poll(config: Config, store: Store, port: int) -> Sequence[Poll]:
    def connect_to(host: str) -> tuple[str, int]:
        return "127.0.0.1", port

    async with Pipeline(config, store, lambda: datetime.now(UTC), connect_to) as pipeline:
        polls = await pipeline.run([due for due in store.due(None) if due.source.kind != DISCOVER])
        await pipeline.maintain()
    return polls


def main() -> None:
    if "--serve" in sys.argv:
        serve()
        return
    config = load(_HERE / "config")
    # The press stands at a private address.
    fetch = replace(config.wire.fetch, allow_addresses=("127.0.0.0/8",))
    config = replace(config, wire=replace(config.wire, fetch=fetch))
    with press_elsewhere() as port, tempfile.TemporaryDirectory(prefix="bench-directory-") as folder:
        database = Path(folder) / "wire.db"
        peak = Peak()
        peak.start()
        began = time.monotonic()
        with Store.open(database) as store:
            now = datetime.now(UTC)
            store.sync(config.wire, config.publishers, now, now.date())
            polls = asyncio.run(poll(config, store, port))
        seconds = time.monotonic() - began
        outcomes = Counter(each.outcome for each in polls)
        rows = [
            ("publishers", len(config.publishers)),
            ("sources polled", len(polls)),
            *((f"... {outcome}", count) for outcome, count in outcomes.items()),
            ("articles stored", sum(each.new for each in polls)),
            ("seconds", round(seconds, 1)),
            ("peak MB", megabytes(peak.bytes)),
            ("database MB", megabytes(size_of(database))),
        ]
        print(table(("what", "measured"), rows))
        for each in polls:
            if each.outcome != "ok":
                print(f"{each.source.name}: {each.outcome} {each.error} ({each.source.url})")
        sys.exit(outcomes["ok"] != len(polls))


if __name__ == "__main__":
    main()
