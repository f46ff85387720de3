"""Sends subscribers what they are owed, each in a task of its own, so that a slow one keeps nobody else waiting.

What is acknowledged is stored before the next message is sent. A message whose acknowledgement was not stored, because
this program was killed or the disk is full, is sent again with the same id.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from aggregator.delivery.message import Message
from aggregator.delivery.signing import Signer, signer
from aggregator.delivery.webhook import Outcome, send
from aggregator.fetch import ConnectTo
from aggregator.fetch.posting import Poster
from aggregator.model import Attempt, Config, Selection, Subscriber, Wire
from aggregator.model.errors import DeliveryError, StoreError
from aggregator.pipeline.claims import Claims
from aggregator.pipeline.match_waiting import match_waiting
from aggregator.pipeline.on_store import OnStore
from aggregator.pipeline.owed import Owed, Waiting, next_owed, selection_of
from aggregator.pipeline.subscribers import overdue
from aggregator.scheduling.deliveries import pause
from aggregator.store import Store
from aggregator.text.dates import to_iso
from aggregator.text.printable import as_json, log_line

log = logging.getLogger("aggregator.delivery")

T = TypeVar("T")

_LOOK_SECONDS = 0.5  # between two looks whether another program has written to the database
_LONGEST_WAIT = 60.0  # without a look at the clock, which may be set
AGAIN_SECONDS = 5.0  # between two attempts to use the database, or to claim a subscriber
_AFTER_BUG_SECONDS = 60.0
GRACE_SECONDS = 5.0  # for messages in flight when the end is asked for
_TOLD_AT = 3  # failed attempts in a row, five minutes after the first: then a person is told
_TOLD_AFTER = timedelta(days=1)  # a failure that is older was reported


class Sent(Struct):
    """What one pass did for a subscriber."""

    name: str
    acknowledged: int = 0
    error: str | None = None  # of the last attempt; None: it went well
    is_elsewhere: bool = False  # another program sends to it just now


class Deliveries:
    """Holds the connections to subscribers open. Use `begin` and `end`, or `once` alone."""

    def __init__(
        self,
        config: Config,
        on_store: OnStore,
        clock: Callable[[], datetime],
        connect_to: ConnectTo = lambda host: None,
        environment: Mapping[str, str] = os.environ,
        chance: random.Random | None = None,
    ) -> None:
        self._config = config
        self._subscribers = [each for each in config.subscribers if each.enabled]
        self._on_store = on_store
        self._clock = clock
        self._environment = environment
        self._chance = chance or random.Random()
        self._claims = Claims(on_store, clock)
        self._poster = Poster(config.wire, connect_to, environment)
        self._selections: dict[str, Selection] = {}
        self._awake = {each.name: asyncio.Event() for each in self._subscribers}
        self._tasks: list[asyncio.Task[Any]] = []
        self._ending = asyncio.Event()
        self._ends_at = 0.0  # of the event loop's clock
        self._tells = bool(config.wire.notify.command)
        self._is_patient = True  # whether it waits for a database that cannot be used
        self._said = ""  # of the database, so that each problem is logged once

    def begin(self) -> None:
        """Sends from now on what is owed and what comes, until `end`."""
        if self._subscribers:
            self._tasks = [asyncio.create_task(self._follow(each)) for each in self._subscribers]
            self._tasks.append(asyncio.create_task(self._look()))
            self._tasks.append(asyncio.create_task(self._watch()))

    def wake(self) -> None:
        """Something was written that subscribers may be owed."""
        for event in self._awake.values():
            event.set()

    def stop(self) -> None:
        """No message is begun any more; those in flight have a few seconds from now on."""
        if not self._ending.is_set():
            self._ending.set()
            self._ends_at = asyncio.get_running_loop().time() + GRACE_SECONDS
            self.wake()

    async def end(self) -> None:
        """Waits for what is in flight. What takes longer is given up, and owed as before."""
        self.stop()
        if self._tasks:
            left = max(0.0, self._ends_at - asyncio.get_running_loop().time())
            await asyncio.wait(self._tasks, timeout=left)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._poster.__aexit__()

    async def once(self, seconds: float) -> list[Sent]:
        """Sends each subscriber all that it is owed now and whose time has come, for so long at most; then ends. Raises
        StoreError at once where the database cannot be used.
        """
        self._is_patient = False
        sent = [Sent(each.name) for each in self._subscribers]
        pairs = zip(self._subscribers, sent, strict=True)
        self._tasks = [asyncio.create_task(self._send_all(each, done)) for each, done in pairs]
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        await self.end()
        for task in self._tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
        await self._tell_unconfirmed()
        return sent

    # One subscriber

    async def _follow(self, one: Subscriber) -> None:
        while not self._ending.is_set():
            try:
                await self._send_on(one)
            except StoreError:  # the end was asked for, and the database cannot be used; it was logged
                return
            except Exception:
                log.exception("subscriber=%s: internal error (bug), please report it", one.name)
                await self._rest(_AFTER_BUG_SECONDS)

    async def _send_on(self, one: Subscriber) -> None:
        """Until the end is asked for."""
        claimed = await self._stored(lambda store: store.claim("deliver", [one.name], self._clock()))
        if not claimed:
            await self._rest(AGAIN_SECONDS)
            return
        async with self._claims.kept("deliver", {one.name}):
            keys = await self._keys(one)
            while keys is None and not self._ending.is_set():
                await self._rest(_LONGEST_WAIT)  # a variable of the environment comes with another start
            while keys and not self._ending.is_set():
                self._awake[one.name].clear()
                owed = await self._next(one)
                if isinstance(owed, Waiting):
                    await self._wait(one, owed.until)
                else:
                    await self._deliver(one, keys, owed)

    async def _send_all(self, one: Subscriber, done: Sent) -> None:
        """Until nothing is to be sent now. Raises StoreError."""
        if not await self._on_store(lambda store: store.claim("deliver", [one.name], self._clock())):
            done.is_elsewhere = True
            return
        async with self._claims.kept("deliver", {one.name}):
            keys = await self._keys(one)
            if keys is None:
                done.error = "its secrets cannot be used"
                return
            while not self._ending.is_set() and isinstance(owed := await self._next(one), Owed):
                attempt = await self._deliver(one, keys, owed)
                done.error = attempt.error
                done.acknowledged += attempt.error is None

    async def _keys(self, one: Subscriber) -> Signer | None:
        """What signs its messages; None: nothing can be sent, which is logged and shown. Its queue begins all the same,
        so that it is owed what comes from now on.
        """
        try:
            keys, error = signer(one.secrets, self._environment), None
        except DeliveryError as unfit:
            keys, error = None, str(unfit)
            log.error("subscriber=%s: nothing is sent: %s", one.name, error)
        now = self._clock()

        def note(store: Store) -> None:
            store.begin_queue(one.name, now, from_beginning=one.from_beginning)
            queue = store.queue(one.name)
            if queue and (error or not queue.attempts) and queue.error != error and not queue.ended_at:
                event = _event(one, now, "subscriber_failing", error) if error and self._tells else None
                store.note_delivery_error(one.name, error, event)

        await self._stored(note)
        return keys

    async def _next(self, one: Subscriber) -> Owed | Waiting:
        if one.selection.search is not None:
            await match_waiting(self._stored)
        now = self._clock()

        def read(store: Store) -> Owed | Waiting:
            selection = self._selections.get(one.name) or selection_of(self._config, store, one)
            if selection is None:
                return Waiting()
            if one.name not in self._selections:
                store.note_selection(one.name, selection)
            self._selections[one.name] = selection
            return next_owed(store, self._config.wire, one, selection, now)

        return await self._stored(read)

    async def _deliver(self, one: Subscriber, keys: Signer, owed: Owed) -> Attempt:
        outcome = await send(self._poster, one.url, keys, owed.message, self._clock())
        now = self._clock()
        attempt = self._judged(one, owed, outcome, now)
        await self._stored(lambda store: store.record_attempt(attempt, now))
        said = {"subscriber": one.name, "seq": owed.cursor.seq, "kind": owed.kind, "id": owed.id}
        if attempt.error is None:
            log.debug("%s", log_line(said))
        else:
            said |= {"attempt": owed.attempts + 1, "next": to_iso(now + attempt.pause) if attempt.pause else None}
            log.warning("%s", log_line({**said, "error": attempt.error}))
        return attempt

    def _judged(self, one: Subscriber, owed: Owed, outcome: Outcome, now: datetime) -> Attempt:
        """What follows from an outcome."""
        is_last = outcome.error is None or outcome.is_gone or owed.is_replay
        attempt = Attempt(
            name=one.name,
            cursor=owed.cursor,
            error=outcome.error,
            is_gone=outcome.is_gone,
            is_replay=owed.is_replay,
            pause=None if is_last else pause(owed.attempts + 1, outcome.retry_after, self._chance),
            released=owed.released if outcome.error is None else None,
        )
        state = _state(attempt, owed, now)
        if state is None or not self._tells:
            return attempt
        line = {"seq": owed.cursor.seq, "change_kind": owed.kind, "id": owed.id}
        return replace(attempt, event=_event(one, now, state, outcome.error, owed.failing_since, line))

    # Waiting

    async def _look(self) -> None:
        """Wakes everybody when the database has changed: by another program, or by a line that a clock wrote."""
        seen: tuple[int, int] | None = None
        while not self._ending.is_set():
            with suppress(StoreError):  # whoever sends something says so
                version = await self._on_store(Store.version)
                if version != seen:
                    self.wake()
                seen = version
            await self._rest(_LOOK_SECONDS)

    async def _watch(self) -> None:
        """Tells a person, again and again, what was not confirmed in time."""
        while not self._ending.is_set():
            try:
                await self._tell_unconfirmed()
            except StoreError:  # whoever sends something says so
                pass
            except Exception:
                log.exception("internal error (bug), please report it")
            await self._rest(_LONGEST_WAIT)

    async def _tell_unconfirmed(self) -> None:
        """Of each subscriber, once a line. Raises StoreError."""
        for one in self._subscribers if self._tells else ():
            now = self._clock()
            while await self._on_store(partial(self._note_unconfirmed, one=one, now=now)):
                pass

    def _note_unconfirmed(self, store: Store, one: Subscriber, now: datetime) -> bool:
        """Some lines more; False: there are none."""
        queue, selection = store.queue(one.name), selection_of(self._config, store, one)
        if queue is None or selection is None:
            return False
        seq, lines = overdue(store, queue, selection, now)
        if seq <= max(queue.told_seq, queue.seq):
            return False
        error = queue.error or "it has not confirmed within 15 minutes that this report left the wire"
        events = [_event(one, now, "unconfirmed", error, queue.failing_since, line) for line in lines]
        store.note_unconfirmed(queue, seq, events)
        return True

    async def _wait(self, one: Subscriber, until: datetime | None) -> None:
        """Until something may be owed, or this time has come."""
        seconds = _LONGEST_WAIT if until is None else min(_LONGEST_WAIT, (until - self._clock()).total_seconds())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._awake[one.name].wait(), max(seconds, 0.0))

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)

    async def _stored(self, call: Callable[[Store], T]) -> T:
        """What a call on the store returns, as soon as the database can be used. Raises StoreError once the end has
        been asked for, and where nothing is waited for.
        """
        while True:
            try:
                done: Awaitable[T] = self._on_store(call)
                result = await done
            except StoreError as error:
                if self._ending.is_set() or not self._is_patient:
                    raise
                if str(error) != self._said:
                    log.error("deliveries wait, and go on by themselves: %s", error)
                self._said = str(error)
                await self._rest(AGAIN_SECONDS)
            else:
                self._said = ""
                return result


async def send_test(
    wire: Wire, one: Subscriber, now: datetime, environment: Mapping[str, str] = os.environ
) -> tuple[str | None, Sequence[str]]:
    """Sends a message that has nothing of the wire. What went wrong (None: it was acknowledged), and the public keys of
    its signatures. Raises DeliveryError where nothing can be signed.
    """
    keys = signer(one.secrets, environment)
    said = {"type": "wire.test", "timestamp": to_iso(now), "data": {}}
    message = Message(f"{one.name}_test-{int(now.timestamp())}", as_json(said).encode())
    async with Poster(wire, environment=environment) as poster:
        outcome = await send(poster, one.url, keys, message, now)
    return outcome.error, keys.public_keys


def _event(
    one: Subscriber,
    now: datetime,
    state: str,
    error: str | None,
    since: datetime | None = None,
    line: Mapping[str, Any] | None = None,
) -> Mapping[str, Any]:
    """What `[notify] command` is told; `since`: it has failed; `line` None: it is about no message."""
    return {
        "at": to_iso(now),
        "state": state,
        "subscriber": one.name,
        "contact": one.contact,
        "url": one.url.text,
        "error": error,
        "failing_since": to_iso(since) if since else None,
        "number": line["seq"] if line else None,
        "kind": line["change_kind"] if line else None,
        "id": line["id"] if line else None,
    }


def _state(attempt: Attempt, owed: Owed, now: datetime) -> str | None:
    """What a person must know of; None: nothing."""
    if attempt.error is None:
        since = owed.failing_since
        was_told = since is not None and (owed.attempts >= _TOLD_AT or now - since >= _TOLD_AFTER)
        return "subscriber_recovered" if was_told else None
    if attempt.is_gone:
        return "subscriber_ended"
    if attempt.is_replay:
        return None
    if attempt.pause is None:
        return "dead_letter"
    return "subscriber_failing" if owed.attempts + 1 == _TOLD_AT else None
