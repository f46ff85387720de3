"""Whether the publishers whom a subscriber names are anybody's; apart from the shapes, which take long to import."""

from __future__ import annotations

from collections.abc import Collection

from aggregator.config.files import subscriber_file
from aggregator.model import Subscriber
from aggregator.rights import did_you_mean, fault


def unknown_publishers(subscriber: Subscriber, known: Collection[str]) -> tuple[str, ...]:
    """A fault for each publisher that a subscriber names and nobody knows: it would wait for ever."""
    return tuple(
        f"{subscriber_file(subscriber.name)}: {fault(f'publishers[{number}]', key, _publisher_expected(key, known))}"
        for number, key in enumerate(subscriber.selection.publishers, start=1)
        if key not in known
    )


def _publisher_expected(key: str, known: Collection[str]) -> str:
    return f"the key of a publisher; `aggregator publishers` lists them{did_you_mean(key, known)}"
