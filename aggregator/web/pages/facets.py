"""By what else the reports that were found can be chosen, and how many there are of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from msgspec import Struct

from aggregator.model import KnownPublisher, Traits
from aggregator.tags.vocabulary import with_broader
from aggregator.text.languages import primary_subtag
from aggregator.web.pages.choice import FILTERS, Choice

_MOST = 10  # values of a filter


class Value(Struct, frozen=True):
    """One value of a filter. `count`: how many reports have it; None: it is chosen."""

    value: str  # as codes have it, not as it was typed
    path: str  # of the page with it or, where it is chosen, without
    count: int | None = None


class Facet(Struct, frozen=True):
    """A filter with the values that reports have, the most frequent first."""

    name: str
    values: tuple[Value, ...]

    @property
    def is_chosen(self) -> bool:
        return any(each.count is None for each in self.values)


def facets(path: str, choice: Choice, found: Sequence[Traits], known: Mapping[str, KnownPublisher]) -> list[Facet]:
    """Of a filter that is in use what is chosen, so that it can be taken away; of the others what they would leave."""
    listed: list[Facet] = []
    for name in FILTERS:
        if typed := choice.given.get(name, ()):
            read = choice.codes(name)
            values = tuple(
                Value(value, choice.without(path, name, each)) for value, each in zip(read, typed, strict=True)
            )
        else:
            counts = _counted(name, found, known)
            frequent = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
            values = tuple(Value(value, choice.address(path, **{name: value}), count) for value, count in frequent)
        if values:
            listed.append(Facet(name, values))
    return listed


def _counted(name: str, found: Iterable[Traits], known: Mapping[str, KnownPublisher]) -> Counter[str]:
    """How many of these reports each value of a filter finds. Many are alike, so that alike ones are counted first."""
    counts: Counter[str] = Counter()
    for trait, number in Counter(map(_TRAITS[name], found)).items():
        for value in _values(name, trait, known):
            counts[value] += number
    return counts


_TRAITS: Mapping[str, Callable[[Traits], Any]] = {
    "publisher": attrgetter("publisher"),
    "country": attrgetter("country"),
    "about": attrgetter("about"),
    "language": attrgetter("language"),
    "kind": attrgetter("publisher"),
    "group": attrgetter("publisher"),
    "class": attrgetter("item_class"),
    "topic": attrgetter("topics"),
}


def _values(name: str, trait: Any, known: Mapping[str, KnownPublisher]) -> Iterable[str]:
    """What of a filter a report is found by; `trait`: what it has of `_TRAITS`."""
    if name == "topic":
        return {above for code in trait for above in with_broader(code)}
    if name == "about":
        return tuple(trait)
    if name in ("kind", "group"):
        return (getattr(known[trait], name),) if trait in known else ()
    value = primary_subtag(trait) if name == "language" and trait else trait
    return (value,) if value else ()
