"""Moves a wire from one database into another, SQLite's or PostgreSQL's, and looks whether both are the same then."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

from aggregator.model import Selection
from aggregator.model.errors import StoreError
from aggregator.model.place import Place
from aggregator.store import Store, exists, refuse_same_kind, without_daemon
from aggregator.text import query

WORDS = 100  # that are searched for in both
_FOUND = 1_000  # reports of each search that are compared
_INDEXED = 500  # reports of a step of indexing
_WORD = re.compile(r"[^\W\d_]{4,}")

# Begins a stage that has so many steps; what it gives is called with each step.
Progress = Callable[[str, int], AbstractContextManager[Callable[[str], None]]]


def copied(source: Place, target: Place, progress: Progress, step: int) -> tuple[int, list[str]]:
    """Copies all of a wire, or goes on with a copy that was ended, and compares. Returns how many rows the wire has,
    and what differs, a sentence each: as long as anything does, no program opens the target. `step`: rows of a step of
    the progress. Raises StoreError and DaemonRunning.
    """
    refuse_same_kind(source, target)
    if not exists(source):
        raise StoreError(f"{source}: there is no database")
    with (
        without_daemon(source),
        without_daemon(target),
        Store.open(source) as held,
        Store.open_to_fill(target) as filled,
        held.still(),
    ):
        rows = held.rows_for(filled)
        with progress("Copying (thousand rows)", rows // step) as moved:
            held.copy_to(filled, moved)
        with progress("Indexing words (reports)", filled.to_index() // _INDEXED) as moved:
            while filled.index():
                moved("")
        with progress("Comparing (thousand rows)", rows // step) as moved:
            found = held.differences_to(filled, moved)
        found += _searches(held, filled)
        if not found:
            found = filled.end_copy()
        return rows, found


def _searches(source: Store, target: Store) -> Iterator[str]:
    """A sentence for each word by which the two do not find the same reports."""
    everything = Selection(limit=_FOUND)
    for word in _words(source.some_titles(WORDS * 3)):
        asked = query.parse(word)
        there, here = ([report.id for report in store.search(asked, everything)] for store in (source, target))
        if there != here:
            missing, more = len(set(there) - set(here)), len(set(here) - set(there))
            yield f"a search for {word}: {missing} reports are not found in the copy, and {more} only there"


def _words(titles: Sequence[str]) -> list[str]:
    """Of each title its longest word, until there are enough."""
    found = dict.fromkeys(max(words, key=len) for title in titles if (words := _WORD.findall(title)))
    return list(found)[:WORDS]
