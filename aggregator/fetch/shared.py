"""What the programs of one database know together of a domain: how many requests are under way there, when the next may
start, and until when it wants to be left alone.

It is one small file beside the database. That a request is under way is a lock on a byte of it, which the operating
system takes back when the program ends, however it ends. The times are rows of the file; a row whose times are over
says nothing any more, and its room is used again, so the file does not grow. The clock is the system's monotonic one,
which all programs read alike and nobody can set.

POSIX record locks belong to a process, and end when it closes the file: one `Shared` a process and file.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import logging
import math
import os
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("aggregator.fetch")

_ROW = struct.Struct("<Qddd")  # key, next start, since when and until when it is left alone
_ROWS = 32  # in a page; a domain's row is somewhere in the page that its key names
_PAGES = 512
_GATE = 1 << 20  # the byte that is locked while a row is read and written
_PLACES = 1 << 21  # from here on each domain has bytes of its own, one a request; locks may lie beyond the file's end
_PLACES_EACH = 1 << 10  # at least the most that `per_domain_concurrency` may be
_TRIES, _TRY_SECONDS = 100, 0.0005  # at the gate, which is held for some microseconds
_ROUNDING = 0.001
_SHORTEST_WAIT, _LONGEST_WAIT = 0.05, 0.5  # seconds between two looks for a place
# A program that was stopped and not ended (SIGSTOP) holds its places. Where all are held and nobody has started for so
# long, they are not waited for any longer: no poll takes that much.
_STANDSTILL = 600.0


class _Row(Struct, frozen=True):
    next_start: float = 0.0  # seconds of the monotonic clock, like all here
    paused_at: float = 0.0
    paused_until: float = 0.0


class Shared:
    """As `limits.SharedLimits`; holds the file open. `longest`: seconds that two starts may be apart at most."""

    def __init__(self, descriptor: int, per_domain: int, longest: float, clock: Callable[[], float]) -> None:
        self._descriptor = descriptor
        self._clock = clock
        self._per_domain = min(per_domain, _PLACES_EACH)
        self._longest = longest
        self._began = self._clock()
        self._mine: set[int] = set()  # bytes that are locked: the system does not tell us of our own
        self.stuck: set[int] = set()  # keys of domains whose places were all held, and nobody started any more

    @classmethod
    def open(
        cls, path: Path, per_domain: int, longest: float, clock: Callable[[], float] = time.monotonic
    ) -> Shared | None:
        """None where its folder is not there, or does not let us write: then limits hold within this program."""
        if not path.parent.is_dir():
            return None
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            if os.geteuid() == 0:  # else nobody but root could write it from now on
                owner = path.parent.stat()
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
        except OSError as error:
            log.warning("%s: %s; limits of domains hold within this program alone", path, error.strerror)
            return None
        return cls(descriptor, per_domain, longest, clock)

    async def begin(self) -> None:
        """The others need not know that this program is there."""

    async def close(self) -> None:
        """Gives back all places."""
        os.close(self._descriptor)

    def place(self, domain: str) -> AbstractAsyncContextManager[None]:
        """Waits for one of the domain's places and holds it."""
        return self._one_of(domain, self._per_domain)

    def alone(self, name: str) -> AbstractAsyncContextManager[None]:
        """Waits until no other program does what has this name, and keeps others from it."""
        return self._one_of(name, 1)

    @asynccontextmanager
    async def _one_of(self, name: str, places: int) -> AsyncIterator[None]:
        place = await self._take(_key_of(name), places)
        try:
            yield
        finally:
            if place is not None:
                self._mine.discard(place)
                with suppress(OSError):
                    fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, place)

    async def _take(self, key: int, places: int) -> int | None:
        """None: those who hold them stand still."""
        moved, wait, first = self._clock(), _SHORTEST_WAIT, _PLACES + key * _PLACES_EACH
        while True:
            for place in range(first, first + places):
                if place not in self._mine and self._lock(place):
                    self._mine.add(place)
                    self.stuck.discard(key)
                    return place
            with self._row(key) as row:
                moved = max(moved, row.value.next_start)
            if key in self.stuck or self._clock() - moved > _STANDSTILL:
                self.stuck.add(key)
                return None
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, _LONGEST_WAIT)

    async def start(self, domain: str, apart: float, held: float) -> tuple[float, float]:
        """As `starts.StartsOfAll`; a start is known by when the next one may be."""
        now = self._clock()
        with self._row(_key_of(domain)) as row:
            if not row.is_open:
                return 0.0, 0.0
            wait = row.value.next_start - now
            # What is further away was written before the machine was started anew.
            if 0 < wait <= self._longest + _ROUNDING and row.value.next_start != held:
                return wait, 0.0
            if apart:
                row.value = replace(row.value, next_start=now + apart)
            return 0.0, row.value.next_start

    async def back_off(self, domain: str, seconds: float) -> None:
        """Notes that the domain wants to be left alone for so long."""
        now = self._clock()
        with self._row(_key_of(domain)) as row:
            until = max(now + seconds, row.value.paused_until)
            row.value = replace(row.value, paused_at=now, paused_until=until)

    async def is_backing_off(self, domain: str) -> bool:
        """Whether the domain has asked for that since this program began. What it asked for before stands in the
        database, and whoever asks it all the same has been told to.
        """
        with self._row(_key_of(domain)) as row:
            return self._began <= row.value.paused_at <= self._clock() < row.value.paused_until

    @contextmanager
    def _row(self, key: int) -> Iterator[_Held]:
        """The domain's row, while no other program reads or writes it; what the block makes of it is written."""
        held = _Held(_Row(), is_open=self._enter())
        try:
            if not held.is_open:
                yield held
                return
            start = key % _PAGES * _ROWS * _ROW.size
            try:
                page = os.pread(self._descriptor, _ROWS * _ROW.size, start)
            except OSError:
                page = b""
            page = page.ljust(_ROWS * _ROW.size, b"\0")
            at, held.value = _found(page, key)
            before = held.value
            yield held
            if held.value != before:
                written = _ROW.pack(key, held.value.next_start, held.value.paused_at, held.value.paused_until)
                with suppress(OSError):  # a full disk, say: whoever polls will hear of it
                    os.pwrite(self._descriptor, written, start + (self._room(page) if at is None else at))
        finally:
            if held.is_open:
                with suppress(OSError):
                    fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, _GATE)

    def _room(self, page: bytes) -> int:
        """Where a new row may stand: where one's times are over, as a rule; else in place of that which says something
        for the shortest time.
        """
        now = self._clock()

        def over_at(row: tuple[int, float, float, float]) -> float:
            """When a row says nothing any more; 0.0 where it was written before the machine was started anew."""
            _, next_start, paused_at, paused_until = row
            starts = next_start if next_start <= now + self._longest + _ROUNDING else 0.0
            return max(starts, paused_until if paused_at <= now else 0.0, 0.0)

        ends = [over_at(row) for row in _ROW.iter_unpack(page)]
        return _ROW.size * ends.index(min(ends))

    def _enter(self) -> bool:
        for _ in range(_TRIES):
            if self._lock(_GATE):
                return True
            time.sleep(_TRY_SECONDS)
        return False

    def _lock(self, byte: int) -> bool:
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except OSError as error:
            # Else nobody can lock here, and nobody is waited for.
            return error.errno not in (errno.EACCES, errno.EAGAIN)
        return True


class _Held(Struct):
    value: _Row
    is_open: bool  # False: another program has kept the gate for too long, so nothing is read and nothing is written


def _found(page: bytes, key: int) -> tuple[int | None, _Row]:
    """Where in a page the row of a domain is, and what it says; None: it has none."""
    named = key.to_bytes(8, "little")
    place = page.find(named)
    while place >= 0 and place % _ROW.size:  # these bytes are another row's times
        place = page.find(named, place + 1)
    if place < 0:
        return None, _Row()
    _, *times = _ROW.unpack_from(page, place)
    return place, _Row(*times) if all(map(math.isfinite, times)) else _Row()


def _key_of(domain: str) -> int:
    """A number below 2 to the 48, and never 0."""
    return int.from_bytes(hashlib.blake2b(domain.encode("utf-8", "surrogatepass"), digest_size=6).digest()) or 1
