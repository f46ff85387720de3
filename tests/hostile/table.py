"""Runs one hostile source beside good ones through the real pipeline; measures what it cost, and what the others got.

    with Table(tmp_path) as table:
        row = table.run_beside(b"<rss>...", good=4)           # a document, served by the local press
        row = table.run_beside(Server(answer), good=4)        # a server that sends whatever bytes it likes
        assert (row.outcome, row.others_stored) == ("failed", row.others_expected)

Each row has a hostile publisher of its own at a domain of its own, and new reports at the good ones; one pipeline with
its reading processes serves all rows, as in the daemon.
"""

from __future__ import annotations

import asyncio
import os
import resource
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from msgspec.structs import replace

from aggregator.demo import Press, Resource
from aggregator.desk.terms import sync
from aggregator.model import Config, Due, Poll, Publisher, Wire
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from tests.conftest import NOW, WIRE, file_of, make_publisher

T = TypeVar("T")

EACH = 3  # reports of each good publisher, a row
MINUTE = timedelta(minutes=1)
_SAMPLE = 0.05  # seconds between two looks at the memory
_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc/self/status").exists()

# What a server sends for a path: bytes, and seconds to wait. Then the connection is closed.
Steps = Callable[[str], Iterable[bytes | float]]


def no_page(path: str) -> Iterator[bytes | float]:
    yield b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Server:
    """A server of one's own. `robots` answers for /robots.txt, 404 by default."""

    answer: Steps
    robots: Steps = no_page


@dataclass(frozen=True, kw_only=True)
class Row:
    """What became of one hostile source, and of the good ones that were polled with it."""

    poll: Poll
    others: tuple[Poll, ...]  # in the order in which they ended
    others_expected: int  # reports that the good publishers had
    asked: int  # connections that the hostile server took; 0 for a document
    cpu_seconds: float  # of this process and its reading processes, without the servers of the tests
    reader_seconds: float  # of the reading processes alone
    peak_bytes: int  # the most that this process took, beyond what it had before
    reader_peak_bytes: int  # the most that one reading process had, in all

    @property
    def outcome(self) -> str:
        return self.poll.outcome

    @property
    def error(self) -> str | None:
        return self.poll.error

    @property
    def others_stored(self) -> int:
        """Reports of the good publishers that were stored meanwhile."""
        return sum(poll.new for poll in self.others if poll.outcome == "ok")


class Table:
    """A context manager that holds a database, a pipeline and the servers of all rows open."""

    def __init__(self, folder: Path, wire: Wire = WIRE, *, rows: int = 60, good: int = 8, **settings: object) -> None:
        """`settings`: those of `[fetch]` that differ from `conftest.WIRE`; at most `rows` rows of `good` good ones."""
        self._wire = replace(wire, fetch=replace(wire.fetch, **settings))
        self._good = [make_publisher(f"good-{number}") for number in range(good)]
        self._hostile = [make_publisher(f"hostile-{number}") for number in range(rows)]
        self._folder = folder
        self._stack = ExitStack()
        self._reports = 0
        self._rows: list[Publisher] = list(self._hostile)
        self._servers: dict[str, tuple[str, int]] = {}
        self.now = NOW

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.press = stack.enter_context(Press(now=NOW))
            self._loop = stack.enter_context(_Loop("hostile"))
            self._store = stack.enter_context(Store.open(self._folder / "wire.db"))
            self._runner = stack.enter_context(asyncio.Runner())
            publishers = (*self._good, *self._hostile)
            sync(self._store, self._wire, publishers, NOW, NOW.date())
            config = Config(wire=self._wire, publishers=publishers)
            held = AsyncExitStack()
            self._pipeline = self._runner.run(
                held.enter_async_context(Pipeline(config, self._store, lambda: self.now, self._connect_to))
            )
            stack.callback(lambda: self._runner.run(held.aclose()))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _connect_to(self, host: str) -> tuple[str, int] | None:
        return self._servers.get(host, self.press.address)

    def run_beside(
        self, hostile: bytes | Resource | Server | Sequence[bytes | Resource], good: int = 4, seconds: float = 60
    ) -> Row:
        """One row: the hostile source is polled once, together with so many good publishers. Of several documents each
        is polled, an hour after the one before, and the row is about the last. Fails after so many seconds.
        """
        hostiles = hostile if isinstance(hostile, list | tuple) else [hostile]
        key = self._rows.pop(0).key
        for one in hostiles:
            self.now += timedelta(hours=1)
            row = self._one(key, one, good, seconds)
        return row

    def again(self, row: Row, hostile: bytes | Resource | Server, good: int = 4, seconds: float = 60) -> Row:
        """A later poll of the same hostile source, an hour after the last."""
        self.now += timedelta(hours=1)
        return self._one(row.poll.source.publisher, hostile, good, seconds)

    def crowd(self, hostile: Server, many: int, good: int = 4, document: bytes | None = None) -> list[Poll]:
        """The polls, in the order in which they ended, of so many hostile sources at one server, asked first, and of
        the good ones behind them. Ends with the last of the good ones. `document`: what these have, in place of their
        usual three reports.
        """
        self.now += timedelta(hours=1)
        keys = [self._rows.pop(0).key for _ in range(many)]
        others = [publisher.key for publisher in self._good[:good]]
        ended: list[Poll] = []

        async def run(due: list[Due]) -> None:
            have_ended = asyncio.Event()

            def done(poll: Poll) -> None:
                ended.append(poll)
                if {each.source.publisher for each in ended} >= set(others):
                    have_ended.set()

            running = asyncio.create_task(self._pipeline.run(due, done))
            async with asyncio.timeout(20):
                await have_ended.wait()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        with _Listening(self._loop, hostile) as server:
            self._servers.update({f"{key}.example": server.address for key in keys})
            for other in others:
                self.press.set_document(f"{other}.example", "/feed", document or self._feed(other))
            due = {each.source.publisher: each for each in self._due()}
            self._runner.run(run([due[key] for key in (*keys, *others)]))
        for key in keys:
            del self._servers[f"{key}.example"]
        return ended

    def _one(self, key: str, hostile: bytes | Resource | Server, good: int, seconds: float) -> Row:
        host = f"{key}.example"
        with ExitStack() as stack:
            server = None
            if isinstance(hostile, Server):
                server = stack.enter_context(_Listening(self._loop, hostile))
                self._servers[host] = server.address
                stack.callback(self._servers.pop, host)
            else:
                self.press.set_document(host, "/feed", hostile)
            keys = [publisher.key for publisher in self._good[:good]]
            for other in keys:
                self.press.set_document(f"{other}.example", "/feed", self._feed(other))
            due = [each for each in self._due() if each.source.publisher in (key, *keys)]
            ended: list[Poll] = []

            async def run() -> None:
                async with asyncio.timeout(seconds):
                    await self._pipeline.run(due, ended.append)

            with _Measure() as cost:
                self._runner.run(run())
            (poll,) = (each for each in ended if each.source.publisher == key)
            return Row(
                poll=poll,
                others=tuple(each for each in ended if each is not poll),
                others_expected=len(keys) * EACH,
                asked=server.asked if server else 0,
                cpu_seconds=cost.seconds,
                reader_seconds=cost.reader_seconds,
                peak_bytes=cost.peak,
                reader_peak_bytes=cost.reader_peak,
            )

    def _feed(self, key: str) -> bytes:
        items = []
        for _ in range(EACH):
            self._reports += 1
            number = self._reports
            items.append(
                f"<item><guid>{key}-{number}</guid><title>Report {number} of {key}</title>"
                f"<link>http://{key}.example/{number}</link><description>Words of {number}.</description></item>"
            )
        return f"<rss version='2.0'><channel><title>Good</title>{''.join(items)}</channel></rss>".encode()

    def _due(self) -> list[Due]:
        """By a connection of its own: the pipeline's belongs to the thread that writes, which indexes meanwhile."""
        with Store.read(self._folder / "wire.db") as store:
            return store.due(None)

    def health(self, row: Row) -> str | None:
        """What `health` says is wrong with the row's source."""
        with Store.read(self._folder / "wire.db") as store, file_of(store) as connection:
            found = connection.execute("SELECT problem FROM health WHERE source_name = ?", (row.poll.source.name,))
            (said,) = found.fetchone()
        return said  # type: ignore[no-any-return]


def run_beside(
    hostile: bytes | Resource | Server, good: int, folder: Path, seconds: float = 60, **settings: object
) -> Row:
    """One row of a table of its own."""
    with Table(folder, rows=1, good=good, **settings) as table:
        return table.run_beside(hostile, good, seconds)


# The servers of the rows


class _Loop:
    """An event loop in a thread of its own."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    def run(self, coroutine: object) -> object:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)  # type: ignore[arg-type]


class _Listening:
    """A server of a row while it listens."""

    def __init__(self, loop: _Loop, server: Server) -> None:
        self._loop = loop
        self._server = server
        self._talks: set[asyncio.Task[None]] = set()
        self.asked = 0

    def __enter__(self) -> Self:
        self._listening = self._loop.run(asyncio.start_server(self._talk, "127.0.0.1", 0, backlog=1024))
        self.address = self._listening.sockets[0].getsockname()[:2]  # type: ignore[attr-defined]
        return self

    def __exit__(self, *raised: object) -> None:
        self._loop.run(self._close())

    async def _close(self) -> None:
        self._listening.close()  # type: ignore[attr-defined]
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        self.asked += 1
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            asked = await reader.readuntil(b"\r\n\r\n")
            path = asked.split(b" ", 2)[1].decode("latin-1")
            steps = self._server.robots if path == "/robots.txt" else self._server.answer
            for step in steps(path):
                if isinstance(step, float):
                    await asyncio.sleep(step)
                else:
                    writer.write(step)
                    await writer.drain()
                if writer.is_closing() or reader.at_eof():
                    break
        writer.close()
        self._talks.discard(task)


# What it cost


class _Measure:
    """Processor time and memory of this process and of its children, but not of the servers that the tests run."""

    def __enter__(self) -> Self:
        self.reader_peak = self.peak = 0
        for pid in ("self", *_children()):
            _reset_peak(pid)
        self._before = _peak("self")
        self._ended = threading.Event()
        self._sampler = threading.Thread(target=self._sample, name="sampler", daemon=True)
        self._children = _seconds_of_children()
        self._seconds = _own_seconds()
        self._sampler.start()
        return self

    def __exit__(self, *raised: object) -> None:
        children = _seconds_of_children()
        self.reader_seconds = children - self._children
        own = _own_seconds() - self._seconds
        self._ended.set()
        self._sampler.join(10)
        self.seconds = own + self.reader_seconds
        self._look()

    def _sample(self) -> None:
        while not self._ended.wait(_SAMPLE):
            self._look()

    def _look(self) -> None:
        self.peak = max(self.peak, _peak("self") - self._before)
        self.reader_peak = max([self.reader_peak, *map(_peak, _children())])


_SERVERS = ("press", "hostile", "sampler")


def _own_seconds() -> float:
    """Of this process, without the threads that are the tests' own."""
    clocks = [
        time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        for thread in threading.enumerate()
        if thread.name in _SERVERS and thread.ident is not None
    ]
    return time.process_time() - sum(clocks)


def _seconds_of_children() -> float:
    """Of those that have ended and of those that run."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime + sum(map(_seconds_of, _children()))


def _children() -> Iterator[str]:
    if _PROC:
        for path in Path("/proc/self/task").glob("*/children"):
            with suppress(OSError):
                yield from path.read_text().split()


def _seconds_of(pid: str) -> float:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    return 0.0


def _peak(pid: str) -> int:
    """The most bytes of memory that a process had since `_reset_peak`; 0 where the system does not say."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def _reset_peak(pid: str) -> None:
    with suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")
