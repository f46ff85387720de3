"""Sends what waits in the database, beside the polls: one round after the other, each of attempts that are recorded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from msgspec import Struct, field

from aggregator.model.errors import StoreError
from aggregator.pipeline.on_store import OnStore
from aggregator.store import Store

_LONGEST = 300.0  # seconds in which attempts begin before all is looked at anew


class Sending(Struct):
    """The rounds of one kind of message, as long as a program runs. `what`: those messages, as the log names them.

    A message is sent twice only where the program ended between the moment in which it was taken and the record of
    that.
    """

    what: str
    log: logging.Logger
    on_store: OnStore
    _round: asyncio.Task[None] | None = None
    _begun: float = 0.0  # by the clock of the loop
    _is_ending: bool = False
    _taken: dict[object, Callable[[Store], None]] = field(default_factory=dict)  # sent, and not yet recorded

    @property
    def may_begin(self) -> bool:
        """Whether another attempt may begin in this round."""
        return not self._is_ending and asyncio.get_running_loop().time() < self._begun + _LONGEST

    def begin(self, send_all: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begins a round, unless one is under way."""
        if self._round is None or self._round.done():
            self._begun = asyncio.get_running_loop().time()
            self._round = asyncio.create_task(self._run(send_all))

    async def done(self) -> None:
        """Waits until all that is due was tried once."""
        if self._round is not None:
            await asyncio.wait({self._round})

    async def end(self) -> None:
        """Waits for what is being sent, which takes no longer than it may; what is left waits in the database."""
        self._is_ending = True
        await self.done()

    async def attempt(
        self, send: Callable[[], Awaitable[None]], note_failure: Callable[[str], Awaitable[None]]
    ) -> None:
        """One message, where it may begin. A fault of ours in it keeps no other waiting. Raises StoreError."""
        if not self.may_begin:
            return
        try:
            await send()
        except StoreError:
            raise
        except Exception:
            self.log.exception("internal error (bug), please report it")
            await note_failure("internal error (bug); see the log")

    async def note_sent(self, message: object, record: Callable[[Store], None]) -> None:
        """Records that a message was taken: now, or else before anything is sent again. Raises StoreError."""
        self._taken[message] = record
        await self.on_store(record)
        del self._taken[message]

    async def _run(self, send_all: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            for message, record in list(self._taken.items()):
                await self.note_sent(message, record)
            await send_all()
        except StoreError as error:  # whoever stores polls says so; what waits goes on waiting
            self.log.warning("%s wait, because the database cannot be used: %s", self.what, error)
