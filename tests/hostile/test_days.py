"""Days beside hostile publishers: the others get every report at the usual delay, and memory and descriptors stay flat.

One of each kind of misbehaviour and a few hostile documents stand among honest publishers. `make test` lives two
rounds of the daemon; `make soak` five minutes of it, a simulated day, and fifty publishers.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.demo import Press
from aggregator.demo.misbehave import MISBEHAVIOURS
from aggregator.desk.terms import sync
from aggregator.model import Config
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from bench.measuring import family, memory, open_files
from tests import ROOT, commands
from tests.brisk import brisk
from tests.cli.test_cli import OWN, PUBLISHER
from tests.cli.test_cli import WIRE as WIRE_TOML
from tests.conftest import NOW, SOAK, WIRE, make_publisher, only_soak
from tests.hostile.test_documents import DOCUMENTS
from tests.waiting import until

GOOD = 50 if SOAK else 5
HOURS = 24
SECONDS = 300 if SOAK else 0
ROUNDS = 2  # of the daemon at least: in each every good publisher has a new report
_WRITTEN = ("a page of links", "categories", "ampersands", "all reports under one id", "elements in elements")
KINDS = (*MISBEHAVIOURS, *_WRITTEN)
_LISTED = 80  # reports in a feed
_OPTIONS: dict[str, dict[str, object]] = {
    "redirect": {"location": "http://elsewhere.example/feed"},
    "gzip_bomb": {"size": 64 * 1024 * 1024},
    "slow": {"seconds": 30.0},
}


def hostile(press: Press, host: str, kind: str) -> None:
    """Makes a host what the kind says."""
    if kind in DOCUMENTS:
        made = DOCUMENTS[kind][0]()
        press.set_document(host, "/feed", made if isinstance(made, bytes) else made[-1])
    else:
        press.set_document(host, "/feed", feed(host, 3))
        press.misbehave(host, "/feed", kind, **_OPTIONS.get(kind, {}))


def feed(host: str, count: int) -> bytes:
    """The last reports of so many."""
    items = "".join(
        f"<item><guid>{host}-{number}</guid><title>Report {number} of {host}</title><link>http://{host}/{number}</link>"
        f"<description>The words of report {number}.</description></item>"
        for number in range(count, max(count - _LISTED, 0), -1)
    )
    return f"<rss version='2.0'><channel><title>{host}</title>{items}</channel></rss>".encode()


def is_flat(values: Sequence[int], slack: float) -> bool:
    """Whether the last third is no larger than the second one, by so much."""
    third = len(values) // 3
    return statistics.median(values[-third:]) <= statistics.median(values[third : 2 * third]) * slack


@only_soak
@pytest.mark.soak
def test_a_day_beside_hostile_publishers(tmp_path: Path) -> None:
    """In `make test` the daemon below lives beside the same publishers."""
    good = [make_publisher(f"good-{number}") for number in range(GOOD)]
    half_an_hour = timedelta(minutes=30)  # by its rhythm a source would be asked every hour, a little late
    good = [replace(each, sources=(replace(each.sources[0], every=half_an_hour),)) for each in good]
    bad = [make_publisher(f"bad-{number}") for number in range(len(KINDS))]
    wire = replace(WIRE, fetch=replace(WIRE.fetch, timeout=timedelta(seconds=1)))
    config = Config(wire=wire, publishers=(*good, *bad))
    now, step = NOW, half_an_hour
    sizes: list[int] = []
    files: list[int] = []

    async def live(store: Store, press: Press) -> None:
        nonlocal now
        async with Pipeline(config, store, lambda: now, lambda host: press.address) as pipeline:
            for hour in range(1, HOURS + 1):
                for publisher in good:
                    press.set_document(f"{publisher.key}.example", "/feed", feed(publisher.key, hour * 3))
                for _ in range(2):
                    now += step
                    await pipeline.run(await pipeline.due(now))
                await pipeline.maintain()
                sizes.append(sum(map(memory, family(os.getpid()))))
                files.append(sum(map(open_files, family(os.getpid()))))
                assert _stored(store.path, "good-%") == GOOD * hour * 3, f"after {hour} hours"

    with Press(now=NOW) as press, Store.open(tmp_path / "wire.db") as store:
        for publisher, kind in zip(bad, KINDS, strict=True):
            hostile(press, f"{publisher.key}.example", kind)
        sync(store, wire, config.publishers, NOW, NOW.date())
        asyncio.run(live(store, press))
    assert max(files) < 400
    assert is_flat(files, 1.1)
    assert is_flat(sizes, 1.2)


def _stored(database: Path, publishers: str) -> int:
    try:
        with closing(sqlite3.connect(database)) as connection:
            found = connection.execute("SELECT count(*) FROM articles WHERE publisher LIKE ?", (publishers,)).fetchone()
    except sqlite3.OperationalError:  # the daemon has not made it yet
        return 0
    return int(found[0])


# The daemon


class Folder:
    """A configuration of good publishers at one press, and of hostile ones each at a loopback address of its own."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.config, self.database = folder / "config", folder / "data" / "wire.db"
        (self.config / "publishers" / "ml").mkdir(parents=True)
        (self.config / "publishers" / "xa").mkdir()
        (self.config / "wire.toml").write_text(WIRE_TOML.replace("timeout_seconds = 5", "timeout_seconds = 10"))
        shutil.copy(ROOT / "config" / "rights.toml", self.config)
        (self.config / "publishers" / "xa" / "test-wire.toml").write_text(OWN)
        self.press = stack.enter_context(Press(now=NOW))
        self.good = [f"good-{number}.example" for number in range(GOOD)]
        self.count = 0
        self.publish()
        for host in self.good:
            self._add(host, self.press, every=0.02)
        for number, kind in enumerate(KINDS):
            press = stack.enter_context(Press(now=NOW, host=f"127.0.1.{number + 1}"))
            hostile(press, f"bad-{number}.example", kind)
            self._add(f"bad-{number}.example", press, every=0.1)

    def _add(self, host: str, press: Press, every: float) -> None:
        key = host.partition(".")[0]
        text = PUBLISHER.format(name=key.title(), host=host, base=press.url, every=every)
        (self.config / "publishers" / "ml" / f"{key}.toml").write_text(text)

    def publish(self) -> None:
        """A new report at each good publisher."""
        self.count += 1
        for host in self.good:
            self.press.set_document(host, "/feed", feed(host, self.count))

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[str]]:
        command = brisk([*commands.COMMAND, "--config", str(self.config), "--db", str(self.database), "run"])
        process = commands.Popen(command, stderr=subprocess.DEVNULL, text=True, cwd=self.config)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.mark.long
@pytest.mark.soak
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs all of 127.0.0.0/8, and /proc")
def test_a_daemon_beside_hostile_publishers(tmp_path: Path) -> None:
    sizes: list[int] = []
    files: list[int] = []
    with ExitStack() as stack:
        folder = Folder(tmp_path, stack)
        process = stack.enter_context(folder.daemon())
        ends = time.monotonic() + SECONDS
        while len(sizes) < ROUNDS or time.monotonic() < ends:
            expected = len(folder.good) * folder.count
            # Due every second, and looked for every half: what was published has come long before this.
            until(lambda expected=expected: _stored(folder.database, "good-%") == expected, seconds=60)
            sizes.append(sum(map(memory, family(process.pid))))
            files.append(sum(map(open_files, family(process.pid))))
            folder.publish()
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert _delay(folder.database) < timedelta(seconds=60)
    assert max(sizes) < 700 * 1024 * 1024
    assert max(files) < 400
    if SOAK:
        assert is_flat(sizes, 1.2)
        assert is_flat(files, 1.2)


def _delay(database: Path) -> timedelta:
    """The longest time between two polls of a good source."""
    with closing(sqlite3.connect(database)) as connection:
        polls = connection.execute(
            "SELECT s.publisher, p.started FROM polls AS p JOIN sources AS s ON s.source_id = p.source_id"
            " WHERE s.publisher LIKE 'good-%' ORDER BY s.publisher, p.started"
        ).fetchall()
    return max(
        datetime.fromisoformat(later) - datetime.fromisoformat(earlier)
        for (one, earlier), (other, later) in pairwise(polls)
        if one == other
    )
