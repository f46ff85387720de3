"""Tries saved searches on what was not matched where it was read, and on what was stored before them, part by part.

Here for commands, which have nothing else to do meanwhile; `match_waiting` does the same beside the polls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from aggregator.model import Config
from aggregator.store import Store
from aggregator.text.matching import matcher

_VERSIONS = 200  # that are matched in one step


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
    searches, versions = waiting(store)
    while versions and save(store, searches, matched(searches, versions)):
        searches, versions = waiting(store)
    while store.match_backwards():
        pass
    while store.collect_found():
        pass


def waiting(store: Store) -> tuple[bytes, list[tuple[int, str, str, str]]]:
    """The searches, packed, and the next versions that wait, with their words."""
    return store.to_match(_VERSIONS)


def matched(searches: bytes, versions: Sequence[tuple[int, str, str, str]]) -> dict[int, tuple[str, ...]]:
    """Which searches find each of these versions, by their numbers."""
    tried = matcher(searches)
    return {revision: tried.matched(*words).searches for revision, *words in versions}


def save(store: Store, searches: bytes, found: Mapping[int, Sequence[str]]) -> bool:
    """False: the searches are others now, and nothing was stored."""
    return store.save_matches(matcher(searches).digest, found)
