"""Which reports stand at the top of the front page, so that no publisher takes more than its share. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from aggregator.model import Report

_T = TypeVar("_T", bound=Hashable)


def in_rounds(reports: Sequence[Report], most: int, each: int | None = None) -> tuple[Report, ...]:
    """At most so many of these, which are the newest first, and at most `each` of a publisher. They are chosen in
    rounds: the newest report of each publisher before the second of any, so that whoever publishes a hundred reports an
    hour takes no more room than whoever publishes one. What is chosen keeps the order of time.
    """
    had: Counter[str] = Counter()
    rounds: list[tuple[int, int]] = []  # of each report the round in which its publisher's turn comes, and its place
    for place, report in enumerate(reports):
        if each is None or had[report.publisher] < each:
            rounds.append((had[report.publisher], place))
        had[report.publisher] += 1
    chosen = sorted(place for _, place in sorted(rounds)[:most])
    return tuple(reports[place] for place in chosen)


def in_sections(
    reports: Iterable[Report], sections_of: Callable[[Report], Iterable[_T]], most_sections: int, most: int
) -> list[tuple[_T, tuple[Report, ...]]]:
    """The sections with the most reports, each with its own, chosen in rounds. A report stands in one section, the
    first that it fits. Of no publisher a section has more than half, and none is of one publisher alone.
    """
    found: dict[_T, list[Report]] = defaultdict(list)
    for report in reports:
        for section in sections_of(report):
            found[section].append(report)
    chosen: list[tuple[_T, tuple[Report, ...]]] = []
    taken: set[str] = set()
    for section, of in sorted(found.items(), key=lambda each: -len(each[1])):
        these = in_rounds([report for report in of if report.id not in taken], most, most // 2)
        if len({report.publisher for report in these}) > 1 and len(chosen) < most_sections:
            chosen.append((section, these))
            taken.update(report.id for report in these)
    return chosen
