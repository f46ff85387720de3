"""Kills the wire at random moments while a press publishes on and on: `python -m bench.crash [--kills 200] [--seed N]`.

Each life of the process, `run` or `fetch --all` in turn, ends with SIGKILL, at a random moment or before a random one
of its writes. What it leaves is copied at once and examined (`examine`), and the next life goes on with the same file.
A quiet fetch at the end must hold every report that the press ever published, once, with all that a completed poll saw.
Some kills fall into the first start of all, each upon a database of its own. Exit code 1 on any fault.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.demo import Press
from aggregator.text.dates import utc_now
from bench.measuring import members, say, table
from bench.newsroom import Newsroom, examine, missing
from bench.world import make_config

_HERE = Path(__file__).parents[1]
_FETCH = "per_domain_concurrency = 64\nper_domain_seconds = 0\ntimeout_seconds = 10\n"
_POLL = "[poll]\nevery_minutes = 0.02\nshortest_minutes = 0.01\n"
# On SIGUSR1 it writes down what each thread is doing, which needs nothing of the interpreter; then it is killed.
_CHILD = """\
import faulthandler, signal, sys
faulthandler.register(signal.SIGUSR1, file=open(sys.argv.pop(1), "w"), all_threads=True)
from aggregator.__main__ import main
main()
"""
# What a process was doing, by the first of these functions that stands in the stack of one of its threads.
_DOING = (
    ("making the tables", {"_migrate", "_prepare"}),
    ("bringing config in line", {"sync", "keep_config"}),
    ("indexing", {"index_batch", "index"}),
    ("maintenance", {"repack", "measure", "let_go", "merge", "maintain", "release_embargoes"}),
    ("recording", {"record", "_record", "_write"}),
    ("other work on the store", {"_transaction", "explained"}),
)
_STARTED = {"_run_once", "run_until_complete", "run_forever"}  # the event loop runs
_WRITE_LOCK = 120  # the byte of FILE-shm that a writer locks (https://sqlite.org/walformat.html, section 2.3)
ORPHAN_SECONDS = 15.0  # by when a worker must have ended whose process was killed


@dataclass(frozen=True, slots=True)
class Killed:
    doing: str
    orphans: int
    faults: tuple[str, ...]


@dataclass
class Outcome:
    """What all the kills came to."""

    kills: list[Killed] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    articles: int = 0
    lost: int = 0
    doubled: int = 0
    orphans_left: int = 0
    longest_orphan: float = 0.0
    ended: int = 0  # lives that were over before they were killed
    in_a_transaction: int = 0

    def all_faults(self) -> list[str]:
        return [*self.faults, *(fault for kill in self.kills for fault in kill.faults)]


class Bench:
    """One configuration, one press, one database; kills whatever it starts."""

    def __init__(self, folder: Path, press: Press, newsroom: Newsroom, seed: int) -> None:
        self.folder = folder
        self.database = folder / "wire.db"
        self.newsroom = newsroom
        self.outcome = Outcome()
        self._chance = random.Random(seed)
        self._mortal = compiled(folder)
        urls = [(newsroom.key(host), f"{press.url}/{host}/feed") for host in newsroom.hosts]
        self._config = make_config(folder / "config", urls, _FETCH)
        with (self._config / "wire.toml").open("a") as file:
            file.write(_POLL)
        self._orphans: list[tuple[int, float]] = []  # process group, when its process was killed
        self._watched = threading.Event()
        self._watch = threading.Thread(target=self._watch_orphans, daemon=True)
        self._watch.start()

    def quiet_fetch(self, database: Path) -> tuple[float, int]:
        """A whole pass that nobody disturbs; returns its seconds, and how often it wrote to the log."""
        told = self.folder / "writes"
        told.write_text("0")
        began = time.monotonic()
        command = self._command(database, "fetch", "--all")
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=_HERE, env=self._environment(WRITES_TO=str(told))
        )
        if done.returncode:
            self.outcome.faults.append(f"a quiet fetch ended with {done.returncode}: {done.stderr[-500:]}")
        return time.monotonic() - began, int(told.read_text())

    def life(self, database: Path, within: float, *commands: str, writes: int = 0) -> None:
        """Starts the process and kills it at a random moment within so many seconds; or, with `writes`, before one of
        so many of its writes to the database's log.
        """
        dies_at = str(self._chance.randint(1, max(1, writes * 4 // 5))) if writes and self._mortal else ""
        process, dump = self._start(database, dies_at, *commands)
        with suppress(subprocess.TimeoutExpired):
            process.wait(within * 2 if dies_at else self._chance.uniform(0, within))
        died = time.monotonic()
        if process.returncode is None:
            stacks, locked = _stacks(process.pid, dump), _is_locked(database)
            process.kill()
            process.wait()
        elif process.returncode == -signal.SIGKILL:
            stacks, locked = dump.read_text(), True
        else:
            self.outcome.ended += 1
            if process.returncode:
                self.outcome.faults.append(f"{commands[0]} ended with {process.returncode}: {_tail(self.folder)}")
            return
        orphans = len(members(process.pid))
        if orphans:
            self._orphans.append((process.pid, died))
        self.outcome.in_a_transaction += locked
        self.outcome.kills.append(Killed(_doing(stacks), orphans, self.examined(database)))

    def examined(self, database: Path) -> tuple[str, ...]:
        """The faults of a copy, so that the next life finds the file as the killed one left it."""
        copy = self.folder / "copy.db"
        for suffix in ("", "-wal"):
            copy.with_name(copy.name + suffix).unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{database}{suffix}", f"{copy}{suffix}")
        return tuple(examine(copy, self.newsroom)) if copy.exists() else ()

    def finish(self) -> Outcome:
        """The quiet fetch at the end, and what it must have brought."""
        self.quiet_fetch(self.database)
        self.outcome.faults += self.examined(self.database)
        lost, doubled, self.outcome.articles = missing(self.database, self.newsroom)
        self.outcome.lost, self.outcome.doubled = len(lost), len(doubled)
        self.outcome.faults += [f"lost: {one}" for one in lost[:20]] + [f"doubled: {one}" for one in doubled[:20]]
        self._watched.set()
        self._watch.join()
        return self.outcome

    def _watch_orphans(self) -> None:
        """Until all is over, and as long after it as orphans may live."""
        while not self._watched.wait(0.1) or self._orphans:
            for group, died in tuple(self._orphans):
                left, age = members(group), time.monotonic() - died
                if not left:
                    self.outcome.longest_orphan = max(self.outcome.longest_orphan, age)
                elif age < ORPHAN_SECONDS:
                    continue
                for pid in left:
                    self.outcome.orphans_left += 1
                    self.outcome.faults.append(f"a worker outlived its process by {ORPHAN_SECONDS:g} s")
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                self._orphans.remove((group, died))
            if self._watched.is_set():
                time.sleep(0.1)

    def _start(self, database: Path, dies_at: str, *commands: str) -> tuple[subprocess.Popen[bytes], Path]:
        dump = self.folder / "stacks"
        dump.write_text("")
        arguments = self._command(database, *commands)[3:]
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", _CHILD, str(dump), *arguments],
                cwd=_HERE, stdout=log, stderr=log, start_new_session=True, env=self._environment(DIES_AT=dies_at),
            )  # fmt: skip
        return process, dump

    def _command(self, database: Path, *commands: str) -> list[str]:
        where = ["--config", str(self._config), "--db", str(database)]
        return [sys.executable, "-m", "aggregator", *where, *commands]

    def _environment(self, **more: str) -> dict[str, str]:
        preload = {"LD_PRELOAD": str(self._mortal)} if self._mortal else {}
        return {**os.environ, **preload, **more}


def compiled(folder: Path) -> Path | None:
    """`mortal.c` as a library; None: there is no C compiler, and all kills are left to chance."""
    library = folder / "mortal.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(Path(__file__).with_name("mortal.c"))]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        say("no C compiler: writes are not counted")
        return None
    return library


def _tail(folder: Path) -> str:
    return (folder / "log").read_text(errors="replace")[-500:]


def _is_locked(database: Path) -> bool:
    """Whether somebody is within a write transaction at this moment: asks the kernel, so that nobody is disturbed."""
    shared = Path(f"{database}-shm")
    # struct flock of 64-bit Linux: type, whence, start, length, process
    asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, _WRITE_LOCK, 1, 0)
    try:
        with shared.open("rb+") as file:
            answer = fcntl.fcntl(file, fcntl.F_GETLK, asked)
    except FileNotFoundError:
        return False
    return struct.unpack("hhqqi4x", answer)[0] != fcntl.F_UNLCK


def _stacks(pid: int, dump: Path) -> str:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGUSR1)
    for _ in range(20):
        if "most recent call first" in (said := dump.read_text()) and said.endswith("\n"):
            return said
        time.sleep(0.001)
    return dump.read_text()


def _doing(stacks: str) -> str:
    functions = {line.rpartition(" in ")[2] for line in stacks.splitlines() if line.startswith("  File")}
    for doing, names in _DOING:
        if functions & names:
            return doing
    return "fetching, reading, waiting" if functions & _STARTED else "starting"


def kill_many(folder: Path, kills: int, seed: int, hosts: int = 24) -> Outcome:
    """All the kills; one in twenty, and one at least, falls into the first start of all."""
    with Press(now=utc_now()) as press:
        newsroom = Newsroom(press, hosts, seed)
        bench = Bench(folder, press, newsroom, seed)
        first = folder / "first.db"
        seconds, writes = bench.quiet_fetch(first)
        for number in range(max(1, kills // 20)):
            bench.life(folder / f"first-{number}.db", seconds * 0.6, "fetch", "--all", writes=number % 2 and writes)
        with newsroom.publishing():
            bench.quiet_fetch(bench.database)
            seconds, writes = bench.quiet_fetch(bench.database)
            say(f"a whole pass takes {seconds:.2f} s and {writes} writes to the log")
            while len(bench.outcome.kills) < kills:
                _one(bench, len(bench.outcome.kills), seconds, writes)
        return bench.finish()


def _one(bench: Bench, number: int, seconds: float, writes: int) -> None:
    """Every other life is the daemon's, and one of ten of those may see its second tick. Recording and indexing take
    a small part of a life, and are where something could break, so every other kill is before one of their writes.
    """
    counted = writes if number % 4 in (2, 3) else 0
    if number % 20 == 19:
        bench.life(bench.database, 7.0, "run")
    elif number % 2:
        bench.life(bench.database, seconds, "run", writes=counted)
    else:
        bench.life(bench.database, seconds, "fetch", "--all", writes=counted)
    if number % 20 == 19:
        say(f"{number + 1} kills, {len(bench.outcome.all_faults())} faults")


def report(outcome: Outcome) -> str:
    doing = Counter(kill.doing for kill in outcome.kills)
    bad = Counter(kill.doing for kill in outcome.kills if kill.faults)
    rows = [(name, count, bad[name]) for name, count in doing.most_common()]
    rows.append(("all", len(outcome.kills), bad.total()))
    orphans = sum(kill.orphans for kill in outcome.kills)
    return "\n".join(
        [
            table(("killed while", "kills", "with a fault"), rows),
            "",
            f"In a write transaction: {outcome.in_a_transaction}. Lives that ended before their kill: {outcome.ended}.",
            f"Articles {outcome.articles}, lost {outcome.lost}, doubled {outcome.doubled}.",
            f"Workers orphaned {orphans}, of which {outcome.orphans_left} had to be ended; "
            f"the last to end by itself took {outcome.longest_orphan:.1f} s.",
            *(f"FAULT: {fault}" for fault in outcome.all_faults()),
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-crash-") as folder:
        outcome = kill_many(Path(folder), chosen.kills, chosen.seed)
    print(f"{report(outcome)}\n\n{time.monotonic() - began:.0f} s, seed {chosen.seed}")
    if chosen.json:
        figures = {name: value for name, value in vars(outcome).items() if name != "kills"}
        figures["kills"] = Counter(kill.doing for kill in outcome.kills)
        chosen.json.write_text(json.dumps(figures, indent=1))
    return 1 if outcome.all_faults() else 0


if __name__ == "__main__":
    sys.exit(main())
