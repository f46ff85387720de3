"""How soon a change is delivered, and what those who wait cost: `python -m bench.delivery`.

One `aggregator serve`, and clients of its stream of changes over loopback, each at an address of its own (a header of a
proxy that is trusted). A report is withheld and restored in turn; measured is the time from the end of the transaction
to the line at each client.
"""

from __future__ import annotations

import argparse
import json
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aggregator.desk import acts
from aggregator.model import Cause, Selection
from aggregator.pipeline.opening import load_config, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from bench.measuring import megabytes, say, table
from bench.serving import free_port

_DEMO = Path(__file__).parents[1] / "data" / "demo"
_BECAUSE = Cause(actor="person:bench", reason="a measurement")
_SECONDS = 60.0


@dataclass
class Listener:
    """A client of the stream, as little of one as can be."""

    socket: socket.socket
    heard: bytes = b""
    at: list[float] = field(default_factory=list)  # when each line came

    def take(self, event: bytes) -> None:
        came = self.socket.recv(1 << 16)
        if not came:
            raise SystemExit(f"a stream ended: {self.heard[-300:]!r}")
        self.heard = (self.heard + came)[-(1 << 17) :]
        while event in self.heard:
            self.heard = self.heard.partition(event)[2]
            self.at.append(time.monotonic())


def listen(port: int, after: str, number: int) -> Listener:
    opened = socket.create_connection(("127.0.0.1", port))
    address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    asked = f"GET /api/changes/stream?after={after} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: {address}\r\n\r\n"
    opened.sendall(asked.encode())
    return Listener(opened)


def until(listeners: Sequence[Listener], event: bytes, times: int) -> None:
    """Until each has heard of it so often."""
    with selectors.DefaultSelector() as selector:
        for each in listeners:
            selector.register(each.socket, selectors.EVENT_READ, each)
        end = time.monotonic() + _SECONDS
        while any(len(each.at) < times for each in listeners):
            for key, _ in selector.select(max(0.0, end - time.monotonic())):
                key.data.take(event)
            if time.monotonic() >= end:
                heard = sum(len(each.at) >= times for each in listeners)
                raise SystemExit(f"{event!r} came to {heard} clients of {len(listeners)}")


def delivered(store: Store, report: str, listeners: Sequence[Listener], changes: int) -> list[float]:
    """Seconds from each change to each client."""
    taken = []
    for number in range(changes):
        doing, kind = ((acts.withhold, "withheld"), (acts.restore, "restored"))[number % 2]
        for each in listeners:
            each.at.clear()
        doing(store, report, _BECAUSE, datetime.now(UTC))
        began = time.monotonic()
        until(listeners, f"event: {kind}\n".encode(), 1)
        taken += [each.at[0] - began for each in listeners]
        time.sleep(0.15 * (number % 3))  # so that changes do not keep time with the looks of the server
    return taken


def resident(pid: int) -> int:
    """Bytes."""
    fields = Path(f"/proc/{pid}/smaps_rollup").read_text().split()
    return int(fields[fields.index("Pss:") + 1]) * 1024


def processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def rows(counts: Sequence[int], changes: int) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory(prefix="bench-delivery-") as work:
        config, database = Path(work) / "config", Path(work) / "wire.db"
        shutil.copytree(_DEMO / "config", config)
        with (config / "wire.toml").open("a", encoding="utf-8") as file:
            file.write('\n[serve]\ntrusted_proxies = ["127.0.0.1"]\n')
        say("the wire of the demo is polled")
        aggregator = (sys.executable, "-m", "aggregator")
        subprocess.run((*aggregator, "demo", "--into", str(database)), check=True, capture_output=True)
        port = free_port()
        command = (
            *aggregator,
            "--config",
            str(config),
            "--db",
            str(database),
            "serve",
            "--listen",
            f"127.0.0.1:{port}",
        )
        log = Path(work) / "log"
        with log.open("wb") as written:  # a pipe that nobody reads would stop the server
            server = subprocess.Popen(command, stderr=written)
        try:
            while b"serving" not in log.read_bytes() and server.poll() is None:
                time.sleep(0.05)
            paths = Paths(config, database)
            # The configuration is in force, as a daemon brings it.
            with open_wire(paths, load_config(paths), datetime.now(UTC)) as store:
                report = next(store.reports(Selection(limit=1))).id
                listeners: list[Listener] = []
                for count in counts:
                    after = str(store.last_cursor())
                    listeners += [listen(port, after, number) for number in range(len(listeners), count)]
                    until(listeners, b"event: heartbeat\n", 1)
                    say(f"{count} clients listen")
                    taken = delivered(store, report, listeners, changes)
                    idle = processor(server.pid)
                    time.sleep(10)
                    idle = (processor(server.pid) - idle) / 10
                    figures = (statistics.median(taken), max(taken), resident(server.pid), idle)
                    found.append((count, figures[0], figures[1], megabytes(figures[2]), 100 * figures[3]))
        finally:
            server.terminate()
            server.wait()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 100, 1000], help="from few to many")
    parser.add_argument("--changes", type=int, default=10)
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    found = rows(chosen.clients, chosen.changes)
    print(table(("clients", "median s", "worst s", "memory MB", "idle CPU %"), found))
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
