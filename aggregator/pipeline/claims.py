"""Keeps claims alive while what they are for lasts, and gives back what is left of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial

from msgspec import Struct

from aggregator.model import ClaimKind
from aggregator.model.errors import StoreError
from aggregator.pipeline.on_store import OnStore
from aggregator.store import Store

CONFIRM_SECONDS = 240.0  # a few times within the quarter of an hour that a claim is good for


class Claims(Struct, frozen=True):
    """Holds nothing open itself."""

    on_store: OnStore
    clock: Callable[[], datetime]

    @asynccontextmanager
    async def kept(self, kind: ClaimKind, subjects: Collection[str]) -> AsyncIterator[None]:
        """Confirms the claims in `subjects` while the block lasts, and ends those that are still there then. The block
        takes out what has ended.
        """
        confirming = asyncio.create_task(self._confirm(kind, subjects))
        try:
            yield
        finally:
            confirming.cancel()
            await asyncio.gather(confirming, return_exceptions=True)
            await self.give_back(kind, subjects)

    async def give_back(self, kind: ClaimKind, subjects: Collection[str]) -> None:
        """Ends claims. Where the database cannot be used they end with this program, or when it claims them again."""
        if names := tuple(subjects):
            with suppress(StoreError):
                await self.on_store(lambda store: store.give_back(kind, names))

    async def _confirm(self, kind: ClaimKind, subjects: Collection[str]) -> None:
        while True:
            await asyncio.sleep(CONFIRM_SECONDS)
            with suppress(StoreError):
                await self.on_store(partial(_confirmed, kind, tuple(subjects), self.clock()))


def _confirmed(kind: ClaimKind, subjects: Sequence[str], now: datetime, store: Store) -> None:
    store.confirm(kind, subjects, now)
