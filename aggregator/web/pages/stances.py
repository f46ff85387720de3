"""How publishers describe themselves: what their files quote, and from where. The wire says nothing of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.model import Publisher


def stances(publishers: Sequence[Publisher]) -> Mapping[str, tuple[str, str]]:
    """How publishers describe themselves, and where, by key."""
    return {each.key: (each.stance, each.stance_source) for each in publishers if each.stance and each.stance_source}
