"""The server at a million articles, beside Datasette on the same file and a bare framework: `python -m bench.serve`.

The feed of the front page and a page of 50 reports by the API: what is asked again and again (an answer is kept, and
whoever has it gets a 304), and pages of which no answer is kept, another one each time; so are the pages for readers.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import os
import re
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from aggregator.model import Config, Selection
from aggregator.pipeline.cached import digest, signature
from aggregator.pipeline.opening import open_wire
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.text import timezones
from aggregator.text.dates import utc_now
from bench import articles as made
from bench.contenders import aggregator
from bench.database import SETTINGS, fill
from bench.measuring import cpu_of, machine, say, size_of, table
from bench.serving import free_port

_THROUGH_THE_PRODUCT = 100_000  # articles; more are copies of these, with earlier dates
_PAGE = 50  # reports
_MANY = 4  # connections at once
_READ = 2_000  # reports, whose words are searched for
_OTHERS = 20_000  # pages that are asked for, one after the other, so that no answer is kept of the next
_START_SECONDS = 60.0
_SETTLED_SECONDS = 11  # after so long the program takes the files' times for an answer; see pipeline.cached


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Case:
    """What is asked of one server, again and again, one address after the other."""

    name: str
    server: Server
    requests: Iterator[bytes]  # for ever; all connections and rounds take the next
    status: int = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """What a case took in one round."""

    a_second: float  # answers, over `_MANY` connections
    median: float  # seconds of an answer, over one
    late: float  # the 95th percentile of these
    cpu: float  # seconds of processor time of the server, an answer; whatever else the machine does


# The file


def make_database(path: Path, count: int) -> None:
    """A wire of so many articles."""
    through = min(count, _THROUGH_THE_PRODUCT)
    fill(path, through)
    multiply(path, count)


def multiply(path: Path, count: int) -> None:
    """Copies articles, whole, with earlier dates, until there are so many. Copies are in no search and no ledger."""
    with sqlite3.connect(path) as connection:
        there = int(connection.execute("SELECT count(*) FROM articles").fetchone()[0])
        for number in range(1, -(-count // there)):
            most = min(there, count - number * there)
            say(f"  copies: {most:,} more articles")
            _copy(connection, number, there, most)
            connection.commit()


def _copy(connection: sqlite3.Connection, number: int, there: int, most: int) -> None:
    """The copies of this number, from 1, of the first `most` of those that were there."""
    seconds = there / made.A_DAY * 86_400 * number
    (newest,) = connection.execute("SELECT max(revision_id) FROM revisions").fetchone()
    key = f"article_id + {number * there}"
    earlier = {
        name: f"strftime('%Y-%m-%dT%H:%M:%SZ', {name}, '-{seconds} seconds')"
        for name in ("published", "sort_time", "first_seen")
    }
    mark = f"substr(id, 1, 13) || '0{number:02}'"  # no other id has a 0
    for name, changed in (
        ("articles", {"article_id": key, "id": mark, **earlier}),
        ("bodies", {"article_id": key}),
        ("revisions", {"article_id": key, "revision_id": f"revision_id + {newest}"}),
    ):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
        values = ", ".join(changed.get(column, column) for column in columns)
        connection.execute(
            f"INSERT INTO {name} ({', '.join(columns)}) SELECT {values} FROM {name} WHERE article_id <= ?",  # noqa: S608
            (most,),
        )


def put_in_force(folder: Path, path: Path, wait: float = _SETTLED_SECONDS) -> None:
    """Brings the file in line with a configuration, as the daemon does; no publisher has a file of its own."""
    folder.mkdir()
    (folder / "wire.toml").write_text("# The configuration of bench.serve is kept in the database.\n")
    say(f"  waiting {wait:g} s: files that changed a moment ago are read at every request")
    time.sleep(wait)
    publishers = tuple(made.publishers())
    config = Config(wire=SETTINGS, publishers=publishers, digest=digest(folder), signature=signature(folder))
    open_wire(Paths(folder, path), config, utc_now()).close()


# The servers


@contextmanager
def _server(command: Sequence[str], port: int, log: Path) -> Iterator[Server]:
    with log.open("wb") as said:
        process = subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=said, stderr=said)
    try:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        else:
            raise SystemExit(f"the server did not start on port {port}: {command}: {log.read_text()[-2_000:]}")
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _ours(paths: Paths, port: int) -> list[str]:
    where = ["--config", str(paths.config), "--db", str(paths.db)]
    return [*aggregator(), *where, "serve", "--listen", f"127.0.0.1:{port}"]


def _datasette(path: Path, port: int) -> list[str]:
    return [sys.executable, "-m", "datasette", "serve", str(path), "-p", str(port), "-h", "127.0.0.1"]


def _bare(sizes: Sequence[int], port: int) -> list[str]:
    return [sys.executable, "-m", "bench.bare", str(port), *map(str, sizes)]


# Asking


def ask(connection: socket.socket, request: bytes) -> tuple[int, bytes]:
    """Status and body of one answer over a connection that stays open."""
    connection.sendall(request)
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _more(connection)
    head = data[:end].lower()
    length = re.search(rb"\r\ncontent-length: *(\d+)", head)
    if b"\r\ntransfer-encoding: chunked" in head:
        while not data.endswith(b"\r\n0\r\n\r\n"):
            data += _more(connection)
        return int(head[9:12]), data[end + 4 :]
    missing = (int(length.group(1)) if length else 0) - (len(data) - end - 4)
    parts = [data[end + 4 :]]
    while missing > 0:
        parts.append(_more(connection))
        missing -= len(parts[-1])
    return int(head[9:12]), b"".join(parts)


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 18)
    if not data:
        raise SystemExit("a server closed the connection")
    return data


def get(port: int, path: str, *more: str) -> bytes:
    """A request, as bytes; `more`: headers."""
    lines = (f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *more, "", "")
    return "\r\n".join(lines).encode()


def _timed(case: Case, seconds: float, taken: list[float]) -> None:
    with socket.create_connection(("127.0.0.1", case.server.port)) as connection:
        end = time.perf_counter() + seconds
        while (began := time.perf_counter()) < end or len(taken) < 2:
            status, _ = ask(connection, next(case.requests))
            if status != case.status:
                raise SystemExit(f"{case.name}: expected {case.status}, found {status}")
            taken.append(time.perf_counter() - began)


def measure(case: Case, seconds: float) -> Taken:
    """One round."""
    alone: list[float] = []
    before = cpu_of(case.server.pid)
    _timed(case, seconds, alone)
    cpu = (cpu_of(case.server.pid) - before) / len(alone)
    together: list[list[float]] = [[] for _ in range(_MANY)]
    threads = [threading.Thread(target=_timed, args=(case, seconds, taken)) for taken in together]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    a_second = sum(map(len, together)) / (time.perf_counter() - began)
    return Taken(a_second, statistics.median(alone), statistics.quantiles(alone, n=20)[-1], cpu)


# What is measured


def _cases(ours: Server, bare: Server, datasette: Server | None, path: Path) -> list[Case]:
    feed, page = "/feeds/latest.atom", f"/api/reports?limit={_PAGE}"
    with Store.read(path) as store:
        ids = [report.id for report in store.latest(Selection(limit=_OTHERS))]
    cases = []
    for name, address, constant in (("front feed", feed, "/feed"), ("API page", page, "/page")):
        has_it = f"If-None-Match: {_etag(ours.port, address)}"
        below = f"{address}{'&' if '?' in address else '?'}before="
        pages = [get(ours.port, f"{below}{each}") for each in ids]
        cases += [
            Case(f"{name}: ours", ours, itertools.repeat(get(ours.port, address))),
            Case(f"{name}: ours, 304", ours, itertools.repeat(get(ours.port, address, has_it)), 304),
            Case(f"{name}: ours, no answer kept", ours, itertools.cycle(pages)),
            Case(f"{name}: bare framework", bare, itertools.repeat(get(bare.port, constant))),
        ]
    cases += _pages(ours, path, ids)
    if datasette:
        rows = f"/{path.stem}/wire.json?_size={_PAGE}&_sort_desc=sort_time&_nocount=1&_nofacet=1"
        others = (
            f"{rows}&sort_time__lt={year}-{month:02}-01T00:00:00Z"
            for year in range(2023, 2099)
            for month in range(1, 13)
        )
        cases += [
            Case("page of rows: Datasette", datasette, itertools.repeat(get(datasette.port, rows))),
            Case(
                "page of rows: Datasette, other pages",
                datasette,
                itertools.cycle([get(datasette.port, each) for each in others]),
            ),
        ]
    return cases


def _pages(ours: Server, path: Path, ids: Sequence[str]) -> list[Case]:
    """Pages for readers, another one each time: a front page of each time zone, a list below each report, a report, and
    what each word finds, as a list and side by side.
    """
    with Store.read(path) as store:
        reports = list(store.latest(Selection(limit=_READ)))
    words = list(dict.fromkeys(word for each in reports for word in (each.text or "").split() if word.isalpha()))
    zones = [get(ours.port, "/", f"Cookie: zone={zone}") for zone in sorted(timezones.names())]
    addresses = {
        "list": [f"/latest?before={each}" for each in ids],
        "report": [f"/report/{each}" for each in ids],
        "search": [f"/search?q={each}" for each in words],
        "side by side": [f"/positions?q={each}" for each in words],
    }
    asked = {name: [get(ours.port, each) for each in of] for name, of in addresses.items()}
    return [
        Case(f"{name}: ours, no answer kept", ours, itertools.cycle(of))
        for name, of in {"front page": zones, **asked}.items()
    ]


def _etag(port: int, path: str) -> str:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(get(port, path, "Connection: close"))
        data = b""
        while more := connection.recv(1 << 18):
            data += more
    found = re.search(rb"(?i)\r\netag: *(\S+)", data)
    assert found is not None, data[:500]
    return found.group(1).decode()


def _size(port: int, path: str) -> int:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        return len(ask(connection, get(port, path))[1])


def compared(folder: Path, path: Path, seconds: float, rounds: int) -> Mapping[str, Taken]:
    """Medians of the rounds, in which the cases take turns. The folder has the configuration."""
    paths = Paths(folder / "config", path)
    with ExitStack() as stack:
        ports = [free_port() for _ in range(3)]
        ours = stack.enter_context(_server(_ours(paths, ports[0]), ports[0], folder / "ours.log"))
        sizes = [_size(ours.port, "/feeds/latest.atom"), _size(ours.port, f"/api/reports?limit={_PAGE}")]
        bare = stack.enter_context(_server(_bare(sizes, ports[1]), ports[1], folder / "bare.log"))
        datasette = None
        if importlib.util.find_spec("datasette"):
            datasette = stack.enter_context(_server(_datasette(path, ports[2]), ports[2], folder / "peer.log"))
        else:
            say("SKIPPED: Datasette; it is not installed")
        cases = _cases(ours, bare, datasette, path)
        taken: dict[str, list[Taken]] = {case.name: [] for case in cases}
        for number in range(rounds):
            say(f"  round {number + 1} of {rounds}; load {os.getloadavg()[0]:.1f}")
            for case in cases[number % len(cases) :] + cases[: number % len(cases)]:
                taken[case.name].append(measure(case, seconds))
    return {name: _median(each) for name, each in taken.items()}


def _median(rounds: Sequence[Taken]) -> Taken:
    return Taken(
        a_second=statistics.median(each.a_second for each in rounds),
        median=statistics.median(each.median for each in rounds),
        late=statistics.median(each.late for each in rounds),
        cpu=statistics.median(each.cpu for each in rounds),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--db", type=Path, help="keep the database here; one that is there is read, not filled")
    parser.add_argument("--seconds", type=float, default=3.0, help="of a case in a round, alone and then together")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--wait", type=float, default=_SETTLED_SECONDS, help="seconds before the servers start")
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-serve-") as folder:
        path = chosen.db or Path(folder) / "wire.db"
        if not path.exists():
            make_database(path, chosen.articles)
        with Store.read(path) as store:
            count = store.count(Selection())
        put_in_force(Path(folder) / "config", path, chosen.wait)
        found = compared(Path(folder), path, chosen.seconds, chosen.rounds)
        print(f"{count:,} articles, {size_of(path):,} bytes; " + "; ".join(f"{k} {v}" for k, v in machine().items()))
        head = ("what is asked", f"answers a second, {_MANY} connections", "ms, median", "ms, p95", "ms of processor")
        print(
            table(
                head,
                (
                    (name, each.a_second, each.median * 1e3, each.late * 1e3, each.cpu * 1e3)
                    for name, each in found.items()
                ),
            )
        )
        if chosen.json:
            figures = {name: {"a_second": each.a_second, "median": each.median, "p95": each.late, "cpu": each.cpu}
                       for name, each in found.items()}  # fmt: skip
            chosen.json.write_text(json.dumps({"articles": count, "cases": figures, **machine()}, indent=1))


if __name__ == "__main__":
    main()
