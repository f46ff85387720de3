"""The topics of a report: a stand-in until the room's own is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.model import Tag, TagEvidence

_CODES = {"politics": "11000000", "economy": "04000000", "sport": "15000000", "football": "20001065"}
_BROADER = {"20001065": ("20000822", "15000000")}


def topics_of(
    title: str, text: str, categories: Sequence[str], language: str | None, own: Mapping[str, str | None]
) -> tuple[Tag, ...]:
    """By categories alone."""
    found: dict[str, list[TagEvidence]] = {}
    for said in categories:
        code = own[said] if said in own else _CODES.get(said.lower())
        if code:
            found.setdefault(code, []).append(TagEvidence(said, "category", "category"))
    return tuple(Tag(code, 1.0, tuple(evidence)) for code, evidence in found.items())


def broader_of(code: str) -> tuple[str, ...]:
    """The topics that one is part of."""
    return _BROADER.get(code, ())


def topic_code(said: str) -> str | None:
    """By code, medtop:code or label."""
    code = said.removeprefix("medtop:")
    if code in {*_CODES.values(), *_BROADER}:
        return code
    return _CODES.get(said.lower())
