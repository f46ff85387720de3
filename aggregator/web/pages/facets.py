"""By what else the reports that were found can be chosen, and how many there are of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aggregator.model import KnownPublisher, Traits
from aggregator.tags.vocabulary import with_broader
from aggregator.web.pages.choice import FILTERS, Choice

_MOST = 10  # values of a filter


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a filter. `count`: how many reports have it; None: it is chosen."""

    value: str  # as codes have it, not as it was typed
    path: str  # of the page with it or, where it is chosen, without
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Facet:
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
            counts = Counter(value for report in found for value in _values(name, report, known))
            frequent = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
            values = tuple(Value(value, choice.address(path, **{name: value}), count) for value, count in frequent)
        if values:
            listed.append(Facet(name, values))
    return listed


def _values(name: str, report: Traits, known: Mapping[str, KnownPublisher]) -> Iterable[str]:
    """What of a filter a report is found by."""
    if name == "topic":
        return {above for code in report.topics for above in with_broader(code)}
    if name == "about":
        return report.about
    if name in ("kind", "group"):
        return (getattr(known[report.publisher], name),) if report.publisher in known else ()
    value = {"publisher": report.publisher, "country": report.country, "class": report.item_class}.get(name)
    if name == "language":
        value = report.language and report.language.partition("-")[0].lower()
    return (value,) if value else ()
