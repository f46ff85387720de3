"""Tries saved searches on all that waits for it, beside the polls."""

from __future__ import annotations

import asyncio
from functools import partial

from aggregator.pipeline import matching
from aggregator.pipeline.on_store import OnStore
from aggregator.store import Store


async def match_waiting(on_store: OnStore) -> None:
    """All that waits; then notes what was found by which lines of the ledger. Raises StoreError."""
    while True:
        searches, versions = await on_store(matching.waiting)
        if not versions:
            break
        found = await asyncio.to_thread(matching.matched, searches, versions)
        if not await on_store(partial(matching.save, searches=searches, found=found)):
            break  # the searches are others now; the next look has them
    while await on_store(Store.match_backwards):
        pass
    while await on_store(Store.collect_found):
        pass
