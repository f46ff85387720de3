"""Runs `fetch --all --json` over the whole shipped directory, served by the local press: `python -m bench.directory`.

The command is the real one, in a process of its own, in which the resolver alone is the press's (`bench.pressed`). The
files of config/ are used as they are, but that a copy of wire.toml lets 127.0.0.0/8 be reached: robots.txt, limits,
spacing and all behind them are the product's. The database is new, so the sites of which only the homepage is known are
searched too: of three of them one names a feed, one has one where software puts it, one has none. A second pass polls
all again.
"""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from aggregator.config.loading import load
from aggregator.demo import Press, Resource
from aggregator.demo.sites import generate_feed
from aggregator.model import DISCOVER, Source
from aggregator.text.dates import to_iso
from bench.measuring import Cost, measured, megabytes, say, size_of, table

_HERE = Path(__file__).parents[1]
_ITEMS = 20
_NAMED, _BY_CUSTOM = "/named.xml", "/rss.xml"
_PAGE = "<!doctype html><html><head><title>Home</title>{}</head><body><p>Welcome.</p></body></html>"
_LINK = f'<link rel="alternate" type="application/rss+xml" href="{_NAMED}">'
_CLOSED, _OPEN = "allow_addresses = []", 'allow_addresses = ["127.0.0.0/8"]'

Polls = Sequence[dict[str, Any]]


def enabled_sources(config: Path) -> list[Source]:
    return [source for publisher in load(config).publishers for source in publisher.sources if source.enabled]


def serve() -> None:
    """The press, until standard input ends: a feed at every enabled address, a page at every site that is searched."""
    now = datetime.now(UTC)
    with Press(now=now) as press:
        sources = enabled_sources(_HERE / "config")
        for seed, source in enumerate(sorted(sources, key=lambda source: source.kind != DISCOVER)):
            feed = Resource(generate_feed(seed, _ITEMS, now=now), "application/rss+xml")
            if source.kind != DISCOVER:
                _put(press, source.url, feed)
                continue
            _put(press, source.url, Resource(_PAGE.format("" if seed % 3 else _LINK).encode(), "text/html"))
            if seed % 3 < 2:
                _put(press, urljoin(source.url, _BY_CUSTOM if seed % 3 else _NAMED), feed)
        print(press.address[1], flush=True)
        sys.stdin.read()


def _put(press: Press, url: str, document: Resource) -> None:
    parts = urlsplit(url)
    press.set_document(parts.hostname or "", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), document)


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


def copied_config(folder: Path) -> Path:
    """config/ as it is shipped, but that the press may be reached."""
    config = folder / "config"
    shutil.copytree(_HERE / "config", config)
    text = (config / "wire.toml").read_text()
    assert _CLOSED in text
    (config / "wire.toml").write_text(text.replace(_CLOSED, _OPEN))
    return config


def fetch_all(folder: Path, config: Path, port: int) -> tuple[Cost, Polls]:
    """One pass of the command, and the polls that it tells of. It ends with 1, because some searches are in vain."""
    told = folder / "polls.json"
    where = ["--config", str(config), "--db", str(folder / "wire.db")]
    command = [sys.executable, "-m", "bench.pressed", str(port), *where, "fetch", "--all", "--json"]
    cost = measured(command, folder=_HERE, log=folder / "log", output=told, codes=(0, 1))
    return cost, json.loads(told.read_text())


def done_after(database: Path, began: datetime, *, searches: bool) -> str:
    """Seconds from `began` until half, nine in ten and all of the searches for a feed, or of the other polls, ended."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    found = connection.execute(
        """
        SELECT unixepoch(l.started) + l.seconds - ? FROM polls AS l JOIN sources AS s ON s.source_id = l.source_id
        WHERE l.started >= ? AND (s.source_kind = 'discover') = ? ORDER BY 1
        """,
        (began.timestamp(), to_iso(began), searches),
    ).fetchall()
    connection.close()
    last = len(found) - 1
    return " / ".join(f"{found[place][0]:.0f}" for place in (last // 2, last * 9 // 10, last)) if found else ""


def rows(cost: Cost, polls: Polls, searches: Polls, database: Path, began: datetime) -> list[tuple[str, object]]:
    found = sum(search["proposed"] is not None for search in searches)
    return [
        ("sources polled", len(polls)),
        *((f"... {outcome}", count) for outcome, count in Counter(poll["outcome"] for poll in polls).items()),
        ("... half / nine in ten / all after, seconds", done_after(database, began, searches=False)),
        ("articles stored", sum(poll["new"] for poll in polls)),
        ("sites searched for a feed", len(searches)),
        ("... found / in vain", f"{found} / {len(searches) - found}"),
        ("... half / nine in ten / all after, seconds", done_after(database, began, searches=True)),
        ("seconds in all", round(cost.wall, 1)),
        ("seconds of processor time", round(cost.cpu, 1)),
        ("peak MB, all processes", megabytes(cost.peak)),
        ("database MB", megabytes(size_of(database))),
    ]


def unread(sources: Sequence[Source], polls: Polls) -> Iterator[str]:
    """The enabled sources with an address that were not read, and what was said of them."""
    told = {poll["source_name"]: poll for poll in polls}
    for source in sources:
        poll = told.get(source.name, {"outcome": "not polled", "error": None})
        if source.kind != DISCOVER and poll["outcome"] not in ("ok", "not_modified", "unchanged"):
            yield f"{source.name}: {poll['outcome']} {poll['error']} ({source.url})"


def main() -> int:
    if "--serve" in sys.argv:
        serve()
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left behind by `timeout`
    faults: list[str] = []
    with press_elsewhere() as port, tempfile.TemporaryDirectory(prefix="bench-directory-") as name:
        folder = Path(name)
        config = copied_config(folder)
        sources = enabled_sources(config)
        sought = {source.name for source in sources if source.kind == DISCOVER}
        for what in ("first pass", "second pass"):
            say(f"{what}: {len(sources)} sources, {len(sought)} of them to be searched for")
            began = datetime.now(UTC).replace(microsecond=0)
            cost, told = fetch_all(folder, config, port)
            polls = [poll for poll in told if poll["source_name"] not in sought]
            searches = [poll for poll in told if poll["source_name"] in sought]
            measured_rows = rows(cost, polls, searches, folder / "wire.db", began)
            print(table((what, "measured"), measured_rows), end="\n\n", flush=True)
            faults += unread(sources, polls)
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
