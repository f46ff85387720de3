"""Polls a simulated wire by one rule, and says how late its reports were found."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.polling.rules import Answer, Memory, Ours, Rule
from bench.polling.world import Site

_RECKONED_EVERY = 12  # hours, and every hour while everything is new
_SEEN_OFF = 3  # days after the last report, for those not found yet; what is asked then is not counted


@dataclass(slots=True)
class Told:
    """What came of one rule on one wire."""

    delays: list[float]  # hours from publication to detection, of each report that was found
    requests: int = 0
    wasted: int = 0  # of the requests: nothing was new
    lost: int = 0  # reports that stood in the document only between two polls

    @property
    def mean(self) -> float:
        return sum(self.delays) / len(self.delays)

    @property
    def ninth(self) -> float:
        """The 90th percentile."""
        return sorted(self.delays)[math.ceil(len(self.delays) * 0.9) - 1]


@dataclass(slots=True)
class _Course:
    """How far one site has been read."""

    site: Site
    memory: Memory
    due: float
    read: int = 0  # items of the site that were published before the last poll


def race(sites: Sequence[Site], rule: Rule, days: int) -> Told:
    courses = [_Course(site, Memory(), site.first_poll) for site in sites]
    told = Told([])
    epochs = [*range(_RECKONED_EVERY), *range(_RECKONED_EVERY, (days + _SEEN_OFF) * 24 + 1, _RECKONED_EVERY)]
    for began, ends in pairwise(epochs):
        if isinstance(rule, Ours):
            rule.reckon([course.memory for course in courses], began)
        for course in courses:
            while course.due < ends:
                _poll(course, rule, told, days * 24)
    return told


def _poll(course: _Course, rule: Rule, told: Told, end: float) -> None:
    site, now = course.site, course.due
    until = bisect_right(site.published, now, course.read)
    oldest = max(until - site.size, 0)
    if now < end:
        told.requests += 1
        told.wasted += until == course.read
    if until == course.read:
        answer = Answer(now, (), (), until - oldest)
    else:
        seen = max(course.read, oldest)
        told.lost += sum(at >= 0 for at in site.published[course.read : seen])
        told.delays += [now - at for at in site.published[seen:until] if at >= 0]
        answer = Answer(now, site.stated[seen:until], site.stated[oldest:until], until - oldest)
    course.due = now + rule(course.memory, answer)
    course.memory.last, course.read = now, until
