"""Those who wait for changes: long poll and server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

Whoever waits holds no thread and no connection to the database. One task waits for a new line of the ledger and wakes
all who wait; those with the same selection, channel and cursor share the page that is read then. A reader is written to
as fast as it reads: what it has not taken is held once, at most a page of it, and delays nobody else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from msgspec import Struct, field
from starlette.types import Message, Receive, Scope, Send

from aggregator.model import Client, Cursor
from aggregator.model.errors import AggregatorError, CursorError
from aggregator.model.place import Place
from aggregator.store import Store, identity
from aggregator.web.changes import Page
from aggregator.web.problems import NO_LINE, READ_ANEW, Problem, words

log = logging.getLogger("aggregator.web")

EVENT_STREAM = "text/event-stream"
MOST_AT_ONCE = 256 * 1024  # bytes of a page that is read for a stream
_READERS = 4  # pages that are read at once
_CHUNK = 64 * 1024  # bytes that are written at once
_RETRY = 5_000  # milliseconds
T = TypeVar("T")


class Pace(Struct, frozen=True, kw_only=True):
    """How often is looked, and what is borne. Seconds."""

    look: float = 0.25  # where the database tells nobody that it was written
    heartbeat: float = 30.0
    patience: float = 30.0  # for a reader that takes nothing
    most: int = 2_000  # who wait at once


# What a look found: the last line, the clients that have tokens, and how far saved searches are.
Found = tuple[Cursor | None, frozenset[Client], int]


class Ledger(Struct):
    """Looks for what is new. Of one thread."""

    place: Place
    _store: Store | None = None
    _file: tuple[int, int] | None = None

    def look(self, seconds: float) -> Found | None:
        """As soon as there may be something new; None: after so many seconds there is not. Raises AggregatorError and
        OSError; the next look begins anew, at once.
        """
        try:
            if self._store is not None and not self._store.wait_for_news(seconds):
                return None
            file = identity(self.place)
            if self._store is None or file != self._file:  # another file, such as a backup, may be in its place
                self.close()
                self._store, self._file = Store.read(self.place), file
            clients = frozenset(client for _, client in self._store.tokens_in_force())
            return self._store.last_cursor(), clients, self._store.looked_for_found()
        except (AggregatorError, OSError):
            self.close()
            raise

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


class Following(Struct):
    """All who wait, and the one task that looks for them; of one event loop."""

    place: Place
    pace: Pace = field(default_factory=Pace)
    is_ending: Callable[[], bool] = lambda: False  # the server is to stop
    version: int = 0  # another one as soon as anything is new
    waiting: int = 0
    clients: frozenset[Client] | None = None  # None: not looked yet
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _watch: asyncio.Task[None] | None = None
    _next: dict[object, asyncio.Task[Any]] = field(default_factory=dict)  # what is to be read
    _running: dict[object, asyncio.Task[Any]] = field(default_factory=dict)  # what is being read
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_READERS, "changes"))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def call(self, read: Callable[[], T]) -> T:
        """In a thread of those who follow: those of other requests are left to them."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, read)

    def may_read(self, client: Client | None) -> bool:
        """Whether a token is still in force, as far as the last look knows."""
        return client is None or self.clients is None or client in self.clients

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Somebody waits. Raises Problem: too many do."""
        if self.waiting >= self.pace.most or self.is_ending():
            raise Problem(503, "too many wait for changes", "ask again later, or without `wait`", {"Retry-After": "30"})
        self.waiting += 1
        if self._watch is None:
            self._watch = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self.waiting -= 1

    async def _look(self) -> None:
        """Until nobody waits any more. A database that cannot be read is looked for again: whoever reads says why."""
        ledger, last = Ledger(self.place), None
        with ThreadPoolExecutor(1, "ledger") as thread:
            loop = asyncio.get_running_loop()
            try:
                while self.waiting:
                    try:
                        found = await loop.run_in_executor(thread, ledger.look, self.pace.look)
                    except (AggregatorError, OSError):
                        found = None
                        await asyncio.sleep(self.pace.look)
                    if found is not None:
                        self.clients = found[1]
                        if found != last:
                            last = found
                            self._wake()
                    if self.is_ending():
                        self._wake()
            finally:
                self._watch = None
                await loop.run_in_executor(thread, ledger.close)

    def _wake(self) -> None:
        self.version += 1
        self._news.set()
        self._news = asyncio.Event()

    async def news(self, version: int, seconds: float) -> None:
        """Returns when something is newer than a version, and after so many seconds at the latest."""
        if self.version == version and seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._news.wait()

    async def shared(self, what: object, read: Callable[[], T]) -> T:
        """What is read, once for all who ask for the same before its reading begins, as those do who are woken
        together: nobody gets what was read before he asked. Raises as `read`.
        """

        async def begin() -> T:
            running = self._running.get(what)
            if running is not None:  # it began before: who comes meanwhile is read for once it has ended
                await asyncio.wait([running])
            del self._next[what]
            self._running[what] = reading
            try:
                return await self.call(read)
            finally:
                if self._running.get(what) is reading:
                    del self._running[what]

        if what not in self._next:
            reading = asyncio.ensure_future(begin())
            reading.add_done_callback(lambda done: done.cancelled() or done.exception())  # others may have gone
            self._next[what] = reading
        found: T = await asyncio.shield(self._next[what])  # whoever goes must not end what others wait for
        return found

    async def awaited(self, what: object, read: Callable[[], Page], seconds: float, receive: Receive) -> Page:
        """The page, as soon as it has a line; the empty one when the time is over, the server stops or the client has
        gone. Raises as `read`.
        """
        left, end = asyncio.ensure_future(gone(receive)), time.monotonic() + seconds
        try:
            while True:
                version = self.version  # before the page, so that nothing between the two is missed
                page = await self.shared(what, read)
                rest = end - time.monotonic()
                if page.lines or rest <= 0 or left.done() or self.is_ending():
                    return page
                news = asyncio.ensure_future(self.news(version, rest))
                await asyncio.wait((left, news), return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
        finally:
            left.cancel()


async def gone(receive: Receive) -> None:
    """Returns when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Stream(Struct, frozen=True):
    """An answer that goes on: an ASGI application. `read`: the page behind a cursor; `sent`: it has been written."""

    following: Following
    client: Client | None
    after: Cursor | None
    read: Callable[[Cursor | None], tuple[object, Callable[[], Page]]]
    sent: Callable[[Page], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.following.one_more():
            version = self.following.version  # before the page, so that nothing between the two is missed
            first = await self.following.shared(*self.read(self.after))  # before an answer: what is wrong has a status
            await self._answer(scope, receive, send, version, first)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, version: int, first: Page) -> None:
        headers = [
            (b"content-type", f"{EVENT_STREAM}; charset=utf-8".encode()),
            (b"cache-control", b"no-store"),
            (b"vary", b"Accept, Authorization"),
            (b"x-accel-buffering", b"no"),  # nginx hands on what comes
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        left = asyncio.ensure_future(gone(receive))
        events = asyncio.ensure_future(self._events(send, version, first))
        try:
            await asyncio.wait((left, events), return_when=asyncio.FIRST_COMPLETED)
            if events.done():
                events.result()
        finally:
            for each in (left, events):
                each.cancel()
            await asyncio.gather(left, events, return_exceptions=True)

    async def _events(self, send: Send, version: int, first: Page) -> None:
        patience = self.following.pace.patience
        try:
            await self._write(
                send,
                f"retry: {_RETRY}\n: whoever takes nothing for {patience:g} seconds is cut off, and goes on by asking"
                " again with the last id\n\n",
            )
            why = await self._follow(send, version, first)
            await self._write(send, f"event: closed\ndata: {why}\n\n")
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            log.info("a client took nothing of its stream of changes for %g seconds: it was cut off", patience)

    async def _follow(self, send: Send, version: int, page: Page) -> str:
        """Writes events until there is a reason to end; returns it, as a problem. `version`: from before the page."""
        following = self.following
        beat = 0.0  # when the next heartbeat is due
        while True:
            if page.lines:
                await self._lines(send, page)
            if not page.is_more and time.monotonic() >= beat:
                await self._write(send, f"{_id(page.cursor)}event: heartbeat\ndata: {page.heartbeat()}\n\n")
                beat = time.monotonic() + following.pace.heartbeat
            if following.is_ending():
                return words(503, "the server stops", "go on with the last id in some seconds")
            if not page.is_more:
                await following.news(version, beat - time.monotonic())
            if not following.may_read(self.client):
                return words(401, "a token is needed", "this token is not known any more, or was revoked")
            version = following.version
            try:
                page = await following.shared(*self.read(Cursor.read(page.cursor) if page.cursor else None))
            except CursorError:
                return words(410, NO_LINE, READ_ANEW)
            except AggregatorError as error:
                log.error("a stream of changes was ended: %s", error)
                return words(503, "the wire cannot be read now", "go on with the last id in a minute")

    async def _lines(self, send: Send, page: Page) -> None:
        chunk = ""
        for cursor, kind, said in page.lines:
            chunk += f"id: {cursor}\nevent: {kind}\ndata: {said}\n\n"
            if len(chunk) >= _CHUNK:
                await self._write(send, chunk)
                chunk = ""
        if chunk:
            await self._write(send, chunk)
        self.sent(page)

    async def _write(self, send: Send, text: str) -> None:
        """At the pace of the reader. Raises TimeoutError."""
        message: Message = {"type": "http.response.body", "body": text.encode(), "more_body": True}
        async with asyncio.timeout(self.following.pace.patience):
            await send(message)


def _id(cursor: str | None) -> str:
    return f"id: {cursor}\n" if cursor else ""
