"""Webhooks: from stored to delivered, messages a second, and kills: `python -m bench.delivery_webhooks [--kills N]`.

A daemon, a subscriber's server in a process of its own, and a program that writes changes (this one, which is the
slower way: the daemon wakes itself for what it stores, and looks twice a second for what others do). With --kills
daemon and server are killed (SIGKILL) at random while changes are written and sent; in the end the subscriber must have
every change, in order, exactly once after de-duplication by number. Exit code 1 where it has not.
"""

from __future__ import annotations

import argparse
import base64
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.demo import Press
from aggregator.demo.sites import generate_feed
from aggregator.desk import acts
from aggregator.model import Cause
from aggregator.store import Store
from aggregator.text.dates import utc_now
from bench.measuring import say, table
from bench.serving import free_port
from bench.world import make_config

SECRET = "whsec_" + base64.b64encode(b"a secret of 32 bytes for a bench").decode()
_NAME, _HOST = "partner", "one.example"
_CAUSE = Cause(actor="person:bench", reason="measuring")
_FILE = 'url = "http://127.0.0.1:{port}/"\nsecret = "${{BENCH_SECRET}}"\nformat = "{form}"\n'
_SECONDS = 60.0  # in which another message must come, while one is awaited
# Writes down what came before it answers: number and time, a line each.
_SERVER = """
import json, os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        os.write(log, f"{said['data']['number']} {time.time()}\\n".encode())
        self.wfile.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
    def log_message(self, *arguments):
        pass
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
"""

Start = Callable[..., "subprocess.Popen[bytes]"]


@dataclass
class Wire:
    """A wire with some reports, its daemon, and a subscriber's server."""

    folder: Path
    start: Start  # of processes
    port: int = field(default_factory=free_port)
    daemon: subprocess.Popen[bytes] | None = None
    server: subprocess.Popen[bytes] | None = None

    @property
    def database(self) -> Path:
        return self.folder / "wire.db"

    def begin(self, press: Press, form: str, reports: int) -> None:
        """Makes it, with reports of one publisher."""
        press.set_document(_HOST, "/feed", generate_feed(1, reports, now=utc_now()))
        config = make_config(self.folder / "config", [("one", f"{press.url}/{_HOST}/feed")])
        (config / "subscribers").mkdir()
        self.run("fetch")
        (config / "subscribers" / f"{_NAME}.toml").write_text(_FILE.format(port=self.port, form=form))
        self.run("subscribers", "--deliver")  # from now on changes are owed

    def run(self, *arguments: str) -> None:
        process = self.start(self._command(*arguments), env=self._environment())
        if process.wait(60):
            raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}")

    def _command(self, *arguments: str) -> list[str]:
        config = str(self.folder / "config")
        before = [sys.executable, "-W", "error", "-m", "aggregator"]
        return [*before, "--config", config, "--db", str(self.database), *arguments]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "BENCH_SECRET": SECRET}

    def start_daemon(self) -> None:
        with (self.folder / "daemon.log").open("ab") as log:
            self.daemon = self.start(self._command("run"), env=self._environment(), stderr=log)

    def start_server(self) -> None:
        command = [sys.executable, "-c", _SERVER, str(self.folder / "received"), str(self.port)]
        self.server = subprocess.Popen(command)

    def end(self) -> None:
        for process in (self.daemon, self.server):
            if process is not None:
                process.kill()
                process.wait()

    def received(self) -> list[tuple[int, float]]:
        """Number and time (seconds since 1970) of each message, as they came."""
        path = self.folder / "received"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(int(number), float(at)) for number, at in (line.split() for line in lines)]

    def count(self) -> int:
        """How many messages came."""
        path = self.folder / "received"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def await_number(self, number: int, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Until a message with this number has come."""
        received, seen, end = self.received(), 0, time.monotonic() + _SECONDS
        while number not in [each for each, _ in received[-200:]]:
            received = self.received()
            meanwhile()
            if len(received) > seen:
                seen, end = len(received), time.monotonic() + _SECONDS
            if time.monotonic() > end:
                raise SystemExit(f"message {number} did not come; nothing came for {_SECONDS:g} s")
            time.sleep(0.02)


@contextmanager
def opened(folder: Path, form: str, reports: int = 30, start: Start = subprocess.Popen) -> Iterator[Wire]:
    """A wire whose daemon and subscriber run."""
    with Press(now=utc_now()) as press:
        wire = Wire(folder, start)
        try:
            wire.begin(press, form, reports)
            wire.start_server()
            wire.start_daemon()
            yield wire
        finally:
            wire.end()


class Changes:
    """Withholds and restores reports, one line of the ledger each."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reports = sorted({line["id"] for line in store.changes() if line["id"]})
        self._made = 0

    def make(self) -> int:
        """One more; the number of its line."""
        turn, place = divmod(self._made, len(self._reports))
        act = acts.restore if turn % 2 else acts.withhold
        act(self._store, self._reports[place], _CAUSE, utc_now())
        self._made += 1
        last = self._store.last_cursor()
        assert last is not None
        return last.seq


def latency(wire: Wire, count: int) -> list[float]:
    """Seconds from the commit of each change to its message, one change at a time, at random moments."""
    chance = random.Random(1)
    stored: dict[int, float] = {}
    with Store.open(wire.database) as store:
        changes = Changes(store)
        for _ in range(count):
            number = changes.make()
            stored[number] = time.time()
            wire.await_number(number)
            time.sleep(chance.uniform(0, 0.6))
    return [at - stored[number] for number, at in wire.received() if number in stored]


def a_second(wire: Wire, count: int) -> float:
    """Messages a second, of changes that were all stored before."""
    assert wire.daemon is not None
    wire.daemon.send_signal(signal.SIGTERM)
    wire.daemon.wait(30)
    before = len(wire.received())
    with Store.open(wire.database) as store:
        changes = Changes(store)
        number = [changes.make() for _ in range(count)][-1]
    wire.start_daemon()
    wire.await_number(number)
    times = [at for _, at in wire.received()[before:]]
    return (len(times) - 1) / (times[-1] - times[0])


@dataclass
class Outcome:
    """What kills came to."""

    faults: list[str] = field(default_factory=list)
    daemons: int = 0  # killed while they sent
    servers: int = 0  # killed
    starting: int = 0  # daemons killed that had sent nothing yet
    doubles: int = 0  # messages that came twice, because the first acknowledgement was not stored


def kill_many(wire: Wire, kills: int, changes: int, seed: int) -> Outcome:
    """Kills while `changes` are written and sent; most kills wait until a message has come since the one before."""
    chance, outcome = random.Random(seed), Outcome()
    with Store.open(wire.database) as store:
        first = store.last_cursor()
        making = Changes(store)
        number = 0
        for turn in range(kills):
            batch = changes * (turn + 1) // kills - changes * turn // kills
            number = [making.make() for _ in range(batch)][-1]
            seen, wanted = wire.count(), chance.randrange(1, max(batch, 2))
            is_early = chance.random() < 0.1
            end = time.monotonic() + (chance.uniform(0, 0.5) if is_early else _SECONDS)
            while wire.count() < seen + wanted and time.monotonic() < end:
                _go_on(store)
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.01))
            _kill(wire, chance, outcome, has_sent=wire.count() > seen)
        wire.await_number(number, lambda: _go_on(store))
        expected = [line["seq"] for line in store.changes(first)]
    numbers = [each for each, _ in wire.received()]
    unique = list(dict.fromkeys(numbers))
    if lost := sorted(set(expected) - set(unique)):
        outcome.faults.append(f"{len(lost)} changes were lost: {lost[:5]}")
    if set(unique) - set(expected):
        outcome.faults.append("messages came that nobody was owed")
    if unique != sorted(unique):
        outcome.faults.append("changes came out of order")
    outcome.doubles = len(numbers) - len(unique)
    return outcome


def _go_on(store: Store) -> None:
    """As a person does who has repaired a server, and does not wait five minutes."""
    if (queue := store.queue(_NAME)) and queue.attempts:
        store.resume_queue(_NAME)


def _kill(wire: Wire, chance: random.Random, outcome: Outcome, *, has_sent: bool) -> None:
    victim = chance.choice(("daemon", "server", "both"))
    if victim in ("daemon", "both"):
        assert wire.daemon is not None
        wire.daemon.kill()
        assert wire.daemon.wait() == -signal.SIGKILL
        outcome.daemons += has_sent
        outcome.starting += not has_sent
    if victim in ("server", "both"):
        assert wire.server is not None
        wire.server.kill()
        assert wire.server.wait() == -signal.SIGKILL
        outcome.servers += 1
        wire.start_server()
    if victim in ("daemon", "both"):
        wire.start_daemon()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--changes", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    rows, faults = [], []
    for form in ("thin", "report"):
        with tempfile.TemporaryDirectory() as folder, opened(Path(folder), form) as wire:
            if given.kills:
                outcome = kill_many(wire, given.kills, given.changes, given.seed)
                say(f"{form}: {outcome}")
                faults += outcome.faults
                continue
            took = sorted(latency(wire, 60))
            rate = a_second(wire, given.changes)
            rows.append((form, statistics.median(took), took[len(took) * 95 // 100], round(rate)))
    if rows:
        print(table(("format", "median s", "95 % s", "messages a second"), rows))
    for fault in faults:
        say(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
