"""Whether the publishers whom a subscriber names are anybody's; apart from the shapes, which take long to import."""

from __future__ import annotations

from collections.abc import Collection

from aggregator.config.files import search_file, subscriber_file
from aggregator.model import SavedSearch, Selection, Subscriber
from aggregator.rights import did_you_mean, fault


def unknown_publishers(subscriber: Subscriber, known: Collection[str]) -> tuple[str, ...]:
    """A fault for each publisher that a subscriber names and nobody knows: it would wait for ever."""
    return _unknown(subscriber_file(subscriber.name), subscriber.selection, known)


def unknown_publishers_of_search(search: SavedSearch, known: Collection[str]) -> tuple[str, ...]:
    """As `unknown_publishers`, of a saved search."""
    return _unknown(search_file(search.name), search.selection, known)


def _unknown(file: str, selection: Selection, known: Collection[str]) -> tuple[str, ...]:
    return tuple(
        f"{file}: {fault(f'publishers[{number}]', key, _publisher_expected(key, known))}"
        for number, key in enumerate(selection.publishers, start=1)
        if key not in known
    )


def _publisher_expected(key: str, known: Collection[str]) -> str:
    return f"the key of a publisher; `aggregator publishers` lists them{did_you_mean(key, known)}"
