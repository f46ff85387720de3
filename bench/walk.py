"""Through how much code one warm poll walks: `python -m bench.walk [--list]`. Counts functions, files and rooms.

One source is polled by a Pipeline over HTTP, again and again, as a daemon does. What is called of `aggregator/` in the
third poll is counted, from the moment the pipeline takes the source until its poll is stored, in all threads and in the
reading process. Left out are start-up, the question of what is due, the search index, housekeeping, and what has no
name or is not written by us: comprehensions, lambdas, methods that Python or a library makes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from types import CodeType, FrameType

from aggregator.config.loading import load
from aggregator.demo.sites import generate_feed
from aggregator.desk.terms import sync
from aggregator.pipeline.pipeline import Pipeline
from aggregator.pipeline.recording import record
from aggregator.pipeline.worker import framed
from aggregator.store import Store
from bench.fallback import Files, Static
from bench.measuring import table
from bench.world import make_config

_ROOT = Path(__file__).parents[1]
_CODE = f"{_ROOT / 'aggregator'}{os.sep}"
_BEGIN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
_ITEMS = 30
_POLLS = 3  # the last one is counted
_FEED = "feed.xml"
# Python imports it when it starts: a reading process notes what it calls, too.
_NOTE = "from bench.walk import note_calls; note_calls({folder!r})"


@dataclass(frozen=True, slots=True)
class Case:
    """What the second and the third poll meet."""

    has_validators: bool  # whether the server says 304 of what has not changed
    new: int  # reports
    outcome: str  # of the third poll


CASES: Mapping[str, Case] = {
    "304": Case(has_validators=True, new=0, outcome="not_modified"),
    "unchanged 200": Case(has_validators=False, new=0, outcome="unchanged"),
    "one new report": Case(has_validators=True, new=1, outcome="ok"),
}


@dataclass(frozen=True, slots=True, order=True)
class Function:
    file: str  # in aggregator/
    name: str

    @property
    def room(self) -> str:
        return self.file.partition("/")[0].removesuffix(".py")


@dataclass(frozen=True, slots=True)
class Walk:
    here: frozenset[Function]
    reading: frozenset[Function]  # in the reading process

    @property
    def functions(self) -> list[Function]:
        return sorted(self.here | self.reading)

    @property
    def files(self) -> list[str]:
        return sorted({each.file for each in self.functions})

    @property
    def rooms(self) -> list[str]:
        return sorted({each.room for each in self.functions})


class _Counter:
    """What is called in this process from `begin` to `end`, in all threads that begin within `watching`."""

    def __init__(self) -> None:
        self.codes: set[CodeType] = set()
        self._counts = False
        self._is_stored = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        threading.setprofile(self._look)
        sys.setprofile(self._look)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def begin(self) -> None:
        self._counts = True

    def end(self) -> None:
        self._counts = False

    def _look(self, frame: FrameType, event: str, _: object) -> None:
        if not self._counts:
            return
        is_main = threading.current_thread() is threading.main_thread()
        if event == "call" and (is_main or not self._is_stored):
            self.codes.add(frame.f_code)
        elif event == "return" and frame.f_code is record.__code__:
            self._is_stored = True  # the thread that stored the poll goes on with the search index


def functions(codes: set[CodeType]) -> frozenset[Function]:
    """Those of them that are ours and have a name."""
    return frozenset(
        Function(code.co_filename.removeprefix(_CODE), code.co_qualname)
        for code in codes
        if code.co_filename.startswith(_CODE) and not code.co_qualname.rpartition(".")[2].startswith("<")
    )


def note_calls(folder: str) -> None:
    """In a reading process: writes what it calls for a document to a file of its own, before it answers."""
    codes: set[CodeType] = set()

    def look(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            codes.add(frame.f_code)
        elif event == "return" and frame.f_code is framed.__code__:
            said = [(each.file, each.name) for each in functions(codes)]
            codes.clear()
            (Path(folder) / f"{os.getpid()}-{time.monotonic_ns()}.json").write_text(json.dumps(said))

    sys.setprofile(look)


def walked(case: Case) -> Walk:
    """What the third poll calls. Raises AssertionError where it was none of this kind."""
    with tempfile.TemporaryDirectory(prefix="bench-walk-") as name:
        folder = Path(name)
        for each in ("served", "start", "notes"):
            (folder / each).mkdir()
        (folder / "start" / "sitecustomize.py").write_text(_NOTE.format(folder=str(folder / "notes")))
        with _python_path(folder / "start", _ROOT):
            return asyncio.run(_polled_thrice(folder, case))


async def _polled_thrice(folder: Path, case: Case) -> Walk:
    served, notes = folder / "served" / _FEED, folder / "notes"
    files, counter = Files(served.parent, case.has_validators), _Counter()
    server = await asyncio.get_running_loop().create_server(lambda: Static(files), "127.0.0.1", 0)
    url = "http://{}:{}/{}".format(*server.sockets[0].getsockname(), _FEED)
    config = load(make_config(folder / "config", [("site", url)]))
    now = _BEGIN
    with Store.open(folder / "wire.db") as store, counter.watching():
        sync(store, config.wire, config.publishers, now, now.date())
        async with server, Pipeline(config, store, lambda: now) as pipeline:
            for number in range(_POLLS):
                served.write_bytes(generate_feed(1, _ITEMS, now=_BEGIN, version=number * case.new))
                changed = _BEGIN.timestamp() + number * case.new
                os.utime(served, (changed, changed))  # its Last-Modified
                due = await pipeline.due(now)
                await pipeline.run(())  # once an hour a batch reckons what requests cost
                noted = {*notes.iterdir()}
                if number + 1 == _POLLS:
                    counter.begin()
                (poll,) = await pipeline.run(due, lambda stored: counter.end())
                assert poll.next is not None
                now = poll.next.at
            reading = {*notes.iterdir()} - noted
    assert (poll.outcome, poll.new) == (case.outcome, case.new), poll
    said = [each for note in reading for each in json.loads(note.read_text())]
    return Walk(here=functions(counter.codes), reading=frozenset(Function(*each) for each in said))


@contextmanager
def _python_path(*folders: Path) -> Iterator[None]:
    """Where processes that are started within look for modules."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(map(str, folders))
    try:
        yield
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.walk", description=__doc__)
    parser.add_argument("--only", choices=CASES, help="this kind of poll alone")
    parser.add_argument("--list", action="store_true", help="the functions, by room and file")
    parser.add_argument("--json", type=Path, help="write the functions here")
    asked = parser.parse_args(arguments)
    walks = {name: walked(case) for name, case in CASES.items() if asked.only in (None, name)}
    rows = [
        (name, len(walk.functions), len(walk.files), len(walk.rooms), len(walk.reading)) for name, walk in walks.items()
    ]
    print(table(("poll", "functions", "files", "rooms", "functions in the reading process"), rows))
    for name, walk in walks.items() if asked.list else ():
        print(f"\n## {name}")
        for room, those in groupby(walk.functions, lambda each: each.room):
            listed = list(those)
            print(f"\n{room}: {len({each.file for each in listed})} files, {len(listed)} functions")
            for file, inside in groupby(listed, lambda each: each.file):
                print(f"  {file}: {', '.join(each.name for each in inside)}")
    if asked.json:
        said = {name: [f"{each.file}: {each.name}" for each in walk.functions] for name, walk in walks.items()}
        asked.json.write_text(json.dumps(said, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
