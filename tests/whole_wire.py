"""A whole wire in a folder, for the state machine: all that it calls of the program stands in this file.

A poll may be one that is killed in its midst. It is made by a process that is a fork of this module (`Killer`), and
that ends by SIGKILL before a certain write to the database's log, or, where there is no C compiler, after a time.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msgspec.structs import replace

from aggregator.config.loading import load
from aggregator.desk import acts, clock, joins, merges
from aggregator.desk.purging import chosen, purge
from aggregator.desk.reading import read_as_of
from aggregator.desk.terms import sync
from aggregator.desk.terms import update as update_terms
from aggregator.model import Cause, Config, Cursor, Report, Selection
from aggregator.model.errors import DeskError
from aggregator.model.place import Place, PostgresPlace
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from aggregator.text.query import parse
from bench.crash import compiled
from tests import commands
from tests.releases import Printed, printed

ROOT = Path(__file__).parents[1]
ALL = Selection(limit=100_000)
_CAUSE = Cause(actor="person:ama", reason="a complaint is being looked into")

Address = tuple[str, int]


class WholeWire:
    """One database and its configuration. A context manager; between two calls nothing but the database is open."""

    def __init__(self, folder: Path, press: Address, place: Place | None = None) -> None:
        self.folder = folder
        self.database: Place = place or folder / "wire.db"
        self.press = press
        self.config: Config
        self.store: Store

    def __enter__(self) -> Self:
        self.store = Store.open(self.database)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()

    # What a person or the daemon does

    def configure(self, now: datetime) -> None:
        """Reads the configuration and puts it in force, as every command that polls does first."""
        self.config = load(self.folder / "config")
        assert self.config.faults == (), self.config.faults
        _put_in_force(self.store, self.config, now)

    def poll(self, now: datetime, user_agent: str) -> None:
        """A pass over all sources, due or not, and housekeeping."""
        _put_in_force(self.store, self.config, now)
        named = replace(self.config, wire=replace(self.config.wire, user_agent=user_agent))
        asyncio.run(_pass(self.store, named, now, self.press))

    def killed_poll(self, killer: Killer, now: datetime, user_agent: str, write: int) -> bool:
        """The same in a process that is killed before so many writes; whether it was, for it may have had fewer."""
        self.store.close()
        try:
            return killer.poll(self.folder, now, user_agent, self.press, write, self.database)
        finally:
            self.store = Store.open(self.database)

    def withhold(self, report: str, now: datetime, *, legal: bool) -> bool:
        """Whether it was done; False: the desk refused it. So with all acts."""
        return _is_done(lambda: acts.withhold(self.store, report, _CAUSE, now, legal=legal))

    def withdraw(self, report: str, now: datetime) -> bool:
        return _is_done(lambda: acts.withdraw(self.store, report, _CAUSE, now))

    def restore(self, report: str, now: datetime) -> bool:
        return _is_done(lambda: acts.restore(self.store, report, _CAUSE, now))

    def embargo(self, report: str, until: datetime, now: datetime) -> bool:
        return _is_done(lambda: acts.embargo(self.store, report, until, _CAUSE, now))

    def purge(self, report: str, now: datetime) -> bool:
        return _is_done(lambda: purge(self.store, chosen(self.store, [report], None, None), _CAUSE, now))

    def join(self, kept: str, joined: str, now: datetime) -> int | None:
        """The number of the merge; None: the desk refused it."""
        try:
            return joins.join(self.store, kept, joined, _CAUSE, now)
        except DeskError:
            return None

    def has_pending(self, report: str) -> bool:
        return self.store.has_pending(report)

    def split(self, number: int, now: datetime) -> str:
        return merges.split(self.store, number, now)

    # What others read

    def believed(self, now: datetime) -> datetime:
        """The time up to which what cannot be undone is decided at `now`."""
        doubt = clock.doubt(self.store, now)
        return doubt.newest if doubt else now

    def changes(self, after: str | None, limit: int | None = None) -> list[dict[str, Any]]:
        """Lines of the ledger after a cursor."""
        return self.store.changes(Cursor.read(after) if after else None, Selection(limit=limit))

    def reader(self, now: datetime | None) -> Reader:
        """For reading by the clock, or with None what the file says to whoever opens it."""
        return Reader(read_as_of(self.database, now) if now else Store.read(self.database))


class Reader:
    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()

    def rows(self, sql: str) -> list[dict[str, Any]]:
        names, rows = self._store.query(sql)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def latest(self) -> Sequence[Report]:
        return self._store.latest(ALL)

    def search(self, words: str) -> Sequence[Report]:
        return self._store.search(parse(words), ALL)

    def printed(self, now: datetime) -> Printed:
        return printed(self._store, self.latest(), now)


def _is_done(act: Callable[[], object]) -> bool:
    try:
        act()
    except DeskError:
        return False
    return True


def _put_in_force(store: Store, config: Config, now: datetime) -> None:
    clock.look(store, now)
    sync(store, config.wire, config.publishers, now, now.date())
    update_terms(store, now)


async def _pass(store: Store, config: Config, now: datetime, press: Address) -> None:
    async with Pipeline(config, store, lambda: now, lambda host: press) as pipeline:
        await pipeline.run(store.due(None))
        await pipeline.maintain()


# Polls that are killed


class Killer:
    """A context manager: holds open the process that makes the processes which are killed."""

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        library = compiled(folder)
        preloaded = {"LD_PRELOAD": str(library)} if library else {}
        command = [sys.executable, "-m", "tests.whole_wire", "writes" if library else "milliseconds"]
        self._log = folder / "log"  # reading processes complain in it that the process which asked them has ended
        pipe, environment = subprocess.PIPE, {**os.environ, **preloaded}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=log, text=True, cwd=ROOT, env=environment
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self._stack.close()

    def poll(self, folder: Path, now: datetime, user_agent: str, press: Address, dies_at: int, database: Place) -> bool:
        """Whether it was killed. A process that writes to a server is killed after as many milliseconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        said = {"folder": str(folder), "now": now.isoformat(), "press": press, "dies_at": dies_at}
        said["user_agent"] = user_agent
        said["url"] = None if isinstance(database, Path) else database.url
        self._process.stdin.write(json.dumps(said) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        ended = os.waitstatus_to_exitcode(int(answer)) if answer else 1
        assert ended in (0, -signal.SIGKILL, -signal.SIGALRM), self._log.read_text()[-3_000:]
        return ended != 0


def main(unit: str) -> None:
    """Forks for each line of standard input, and says how that process ended."""
    commands.give_readers()
    commands.run((*commands.COMMAND, "--help"), stdout=subprocess.DEVNULL, check=True)  # they begin here, once
    for line in sys.stdin:
        said = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _poll_and_die(said, unit)
        print(os.waitpid(pid, 0)[1], flush=True)


def _poll_and_die(said: dict[str, Any], unit: str) -> None:
    folder = Path(said["folder"])
    place = PostgresPlace(name="wire", url=said["url"], beside=folder / "wire.db") if said["url"] else None
    if unit == "writes" and place is None:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # it is announced so, for whoever wants to look
        os.environ["DIES_AT"] = str(said["dies_at"])
    else:
        signal.setitimer(signal.ITIMER_REAL, said["dies_at"] / 1_000)
    try:
        now, wire = datetime.fromisoformat(said["now"]), WholeWire(folder, tuple(said["press"]), place)
        with wire:
            wire.configure(now)
            wire.poll(now, said["user_agent"])
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
