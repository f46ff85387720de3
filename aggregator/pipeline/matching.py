"""Tries saved searches on what was not matched where it was read, and on what was stored before them, part by part."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from aggregator.model import Config
from aggregator.pipeline.on_store import OnStore
from aggregator.store import Store
from aggregator.text.matching import matcher

_VERSIONS = 200  # that are matched in one step


async def match_waiting(on_store: OnStore) -> None:
    """All that waits; then notes what was found by which lines of the ledger. Raises StoreError."""
    while True:
        searches, versions = await on_store(_waiting)
        if not versions:
            break
        found = await asyncio.to_thread(_matched, searches, versions)
        if not await on_store(partial(_save, searches=searches, found=found)):
            break  # the searches are others now; the next look has them
    while await on_store(Store.match_backwards):
        pass
    while await on_store(Store.collect_found):
        pass


def follow(store: Store, config: Config, now: datetime) -> None:
    """Brings the stored searches in line with the configuration, where they are not. What those of before find is
    noted first; what is there already is matched with those of now. Raises StoreError.
    """
    faulty = [each.key for each in config.faulty_searches]
    if not store.searches_are_followed(config.searches, faulty):
        _match_all(store)
        store.follow_searches(config.searches, faulty, now)
        _match_all(store)


def _match_all(store: Store) -> None:
    searches, versions = _waiting(store)
    while versions and _save(store, searches, _matched(searches, versions)):
        searches, versions = _waiting(store)
    while store.match_backwards():
        pass
    while store.collect_found():
        pass


def _waiting(store: Store) -> tuple[bytes, list[tuple[int, str, str, str]]]:
    return store.to_match(_VERSIONS)


def _matched(searches: bytes, versions: Sequence[tuple[int, str, str, str]]) -> dict[int, tuple[str, ...]]:
    tried = matcher(searches)
    return {revision: tried.matched(*words).searches for revision, *words in versions}


def _save(store: Store, searches: bytes, found: Mapping[int, Sequence[str]]) -> bool:
    return store.save_matches(matcher(searches).digest, found)
