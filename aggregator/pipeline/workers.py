"""The processes that read documents, so that a hostile one can hang or crash nothing but itself.

The first starts when the first document comes, another when the first has a queue: a pass in which little has changed
does not pay for what it does not need. `aggregator.pipeline.worker` runs in them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import pickle
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar, cast

from aggregator.model import FetchResult, Publisher, Source
from aggregator.model.errors import ParseError
from aggregator.pipeline.reading import Reading, unpacked
from aggregator.pipeline.worker import LENGTH, WALL, framed, named

if TYPE_CHECKING:
    from aggregator.pipeline.discovery.measure import Measure

log = logging.getLogger("aggregator.poll")

T = TypeVar("T")

# Of processor time. Honest documents take milliseconds, huge and broken ones seconds; what takes longer is hostile.
PARSE_SECONDS = 10.0
_SLOW = 1.0  # seconds without an answer, after which a process is not waited for if there may be another one
# A process that has read so many documents is replaced, so that memory stays flat over weeks.
DOCUMENTS_EACH = 2_000
_QUEUE = 32  # documents; starting a process costs about as much time as reading so many of them, most of them known
_AHEAD = 4  # documents in a process: the one that it reads, and the next ones
ANSWER_BYTES = 16 * 1024 * 1024  # bytes that are taken in before an answer is whole, without asking the process to wait
# Not by multiprocessing, which would run a script that uses a Pipeline anew in each of its processes.
_START = "import json, sys; sys.path = json.loads(sys.argv[1]); from aggregator.pipeline.worker import serve; serve()"


class Workers:
    """Holds the processes open. One event loop, one Workers."""

    def __init__(self, processes: int | None = None, seconds: float = PARSE_SECONDS, searches: bytes = b"") -> None:
        """`searches`: those that are tried on what is read; see `parsing.read`."""
        self._searches = searches
        self._most = processes or os.cpu_count() or 1
        self._seconds = seconds
        self._lines: list[_Line] = []

    @property
    def is_reading(self) -> bool:
        """Whether a document is in one of the processes, or waits for one."""
        return any(line.waiting for line in self._lines)

    async def read(
        self, result: FetchResult, source: Source, publisher: Publisher, digests: Mapping[str, bytes]
    ) -> Reading:
        """`parsing.read` in one of the processes; raises ParseError also for a document that hangs or crashes it."""
        call: Callable[..., bytes | Reading] = named
        arguments = (result, source, publisher, digests, self._searches)
        return unpacked(await self.call(call, ("aggregator.pipeline.parsing", "read_packed", *arguments)))

    async def measured(self, result: FetchResult, source: Source) -> Measure:
        """`measure.measure`, likewise."""
        call: Callable[..., Measure] = named
        return await self.call(call, ("aggregator.pipeline.discovery.measure", "measure", result, source))

    async def call(self, function: Callable[..., T], arguments: tuple[object, ...]) -> T:
        """What a function of a module returns in one of the processes; raises what it raises, and ParseError."""
        return await self._asked(await self._place(), function, arguments)

    async def first(self, function: Callable[..., T], arguments: tuple[object, ...]) -> T:
        """As `call`, always in the first of the processes, for what takes too much memory to be loaded by each."""
        if not self._lines:
            self._lines.append(_Line(self._seconds))
        while not await self._lines[0].enter(_SLOW):
            pass
        return await self._asked(self._lines[0], function, arguments)

    async def _asked(self, line: _Line, function: Callable[..., T], arguments: tuple[object, ...]) -> T:
        """Of a line that was entered."""
        try:
            fine, answer = await line.ask(framed((self._seconds, function, arguments)))
        finally:
            line.leave()
        if fine:
            return cast("T", answer)
        if isinstance(answer, MemoryError | RecursionError):
            raise ParseError(f"the document broke its reader ({type(answer).__name__})") from answer
        raise cast("Exception", answer)

    async def _place(self) -> _Line:
        """A process that takes one more document: the one with the shortest queue. Where that is busy with one document
        for more than a second, whoever waits for it looks again, so that nobody waits behind a slow document.
        """
        while True:
            line = self._choose()
            if await line.enter(_SLOW):
                return line

    def _choose(self) -> _Line:
        """The shortest queue, those that go on first; a new one where all are long or slow."""
        if len(self._lines) < self._most and all(line.waiting >= _QUEUE or line.is_slow for line in self._lines):
            self._lines.append(_Line(self._seconds))
        return min(self._lines, key=lambda line: (line.is_slow, line.waiting))

    async def close(self) -> None:
        """Ends the processes; whatever they were reading is read again at the next poll."""
        for line in self._lines:
            await line.close()


_Answer = tuple[bool, object]


class _Lost(Exception):
    """The process ended before it took this document up."""


class _Line:
    """A queue of documents, and the process that reads them: another one where it broke, or has read enough."""

    def __init__(self, seconds: float) -> None:
        self.waiting = 0
        self._went_on = time.monotonic()  # when it last answered, or was given a document with nothing else to do
        self._seconds = seconds
        self._ahead = asyncio.Semaphore(_AHEAD)
        self._starting = asyncio.Lock()
        self._process: Process | None = None
        self._ended: list[Process] = []
        self._is_closed = False

    @property
    def is_slow(self) -> bool:
        """Whether it has been busy with one document for more than a second; to start is no document's fault."""
        return self.waiting > 0 and not self._starting.locked() and time.monotonic() - self._went_on > _SLOW

    async def enter(self, seconds: float) -> bool:
        """Waits so long at most for a place; whoever got one leaves it by `leave`."""
        if self.waiting == 0:
            self._went_on = time.monotonic()
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._ahead.acquire()
        except BaseException as error:
            self.waiting -= 1
            if isinstance(error, TimeoutError):
                return False
            raise
        return True

    def leave(self) -> None:
        self.waiting -= 1
        self._went_on = time.monotonic()
        self._ahead.release()

    async def ask(self, call: bytes) -> _Answer:
        """What the process answers; raises ParseError for a document that ended it."""
        while True:
            try:
                return await (await self._open()).ask(call)
            except _Lost:
                continue

    async def _open(self) -> Process:
        async with self._starting:
            if self._is_closed:
                raise ParseError("the program is ending; the document is read at the next poll")
            if self._process is None or self._process.is_over:
                if self._process is not None:
                    self._ended = [*(old for old in self._ended if not old.is_gone), self._process]
                self._process = await Process.start(self._seconds)
                self._went_on = time.monotonic()
            return self._process

    async def close(self) -> None:
        self._is_closed = True
        async with self._starting:
            for process in (*self._ended, *filter(None, [self._process])):
                await process.close()


class Process:
    """One process and what it has been asked, in order."""

    def __init__(self, process: asyncio.subprocess.Process, seconds: float) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._calls, self._answers = process, process.stdin, process.stdout
        self._seconds = seconds
        self._asked = 0
        self._open: deque[asyncio.Future[_Answer]] = deque()
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, seconds: float) -> Process:
        """Raises ParseError where the system has no room for it."""
        pipe, path = asyncio.subprocess.PIPE, json.dumps([str(folder) for folder in sys.path])
        command = (sys.executable, "-P", "-c", _START, path)  # -P: nothing is imported from where somebody stands
        try:
            began = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=ANSWER_BYTES)
        except OSError as error:
            raise ParseError(f"no process can be started to read the document ({error.strerror})") from error
        return cls(began, seconds)

    @property
    def is_over(self) -> bool:
        """Whether it takes no more documents."""
        return self._asked >= DOCUMENTS_EACH or self.is_gone

    @property
    def is_gone(self) -> bool:
        return self._listening.done()

    async def ask(self, call: bytes) -> _Answer:
        """Raises ParseError if it ends over this document, and _Lost if it does so before."""
        future: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        self._open.append(future)
        self._asked += 1
        self._calls.write(call)
        if self.is_over:
            self._calls.close()  # it ends when it has answered
        return await future

    async def _listen(self) -> None:
        """Hands the answers out; whoever has left meanwhile gets none."""
        try:
            while True:
                length = int.from_bytes(await self._answers.readexactly(LENGTH))
                answer = pickle.loads(await self._answers.readexactly(length))
                future = self._open.popleft()
                if not future.done():
                    future.set_result(answer)
        except asyncio.IncompleteReadError:
            pass
        except Exception:
            log.exception("a reading process gave an answer that cannot be read")
            self._kill()
        status = await self._process.wait()
        for number, future in enumerate(self._open):
            if not future.done():
                future.set_exception(_Lost() if number else self._broken(status))

    def _broken(self, status: int) -> ParseError:
        if status == -signal.SIGPROF:
            said = f"more than {self._seconds:g} s of processor time"
            return ParseError(f"reading the document took {said}; it was given up")
        if status == -signal.SIGALRM:
            return ParseError(f"reading the document took longer than {self._seconds * WALL:g} s; it was given up")
        ended = next((sign.name for sign in signal.Signals if sign == -status), f"exit code {status}")
        return ParseError(f"the document broke its reader ({ended})")

    async def close(self) -> None:
        self._kill()
        await self._listening

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
