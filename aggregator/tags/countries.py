"""The countries of a report: a stand-in until the room's own is there."""

from __future__ import annotations

from aggregator.model import Tag, TagEvidence, Where

_NAMES = {"Mali": "ML", "Senegal": "SN", "Kenya": "KE", "Ghana": "GH"}


def countries_of(title: str, text: str, dateline: str | None, language: str | None) -> tuple[Tag, ...]:
    """Some names, as they stand."""
    places: tuple[tuple[Where, str], ...] = (("headline", title), ("text", text))
    return tuple(
        Tag(code, 1.0, tuple(TagEvidence(name, where, "name") for where, words in places if name in words))
        for name, code in _NAMES.items()
        if name in title or name in text
    )
