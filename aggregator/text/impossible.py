"""Which queries can find no report, whatever its words are: those that leave out what they look for. Pure."""

from __future__ import annotations

from aggregator.model import AllOf, Part, Phrase, Query
from aggregator.text.query import needles_of


def is_impossible(query: Query) -> bool:
    """False: some words would be found, as far as this knows."""
    return bool(query.wanted) and _is_impossible(AllOf(query.wanted, query.unwanted))


def _is_impossible(part: Part) -> bool:
    if isinstance(part, Phrase):
        return not needles_of(part)
    if isinstance(part, AllOf):
        return any(map(_is_impossible, part.wanted)) or any(_implies(part, each) for each in part.unwanted)
    return all(map(_is_impossible, part.parts))


def _implies(said: Part, other: Part) -> bool:
    """Whether every report that has the one has the other."""
    if isinstance(other, AllOf):
        return not other.unwanted and all(_implies(said, each) for each in other.wanted)
    if not isinstance(other, Phrase):
        return any(_implies(said, each) for each in other.parts)
    if isinstance(said, AllOf):
        return any(_implies(each, other) for each in said.wanted)
    if not isinstance(said, Phrase):
        return all(_implies(each, other) for each in said.parts)
    if other.in_title and not said.in_title:
        return False
    return all(any(needle in each for needle in needles_of(other)) for each in needles_of(said))
