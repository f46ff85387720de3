"""Topics by the names that people type and read. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from aggregator.tags import categories
from aggregator.tags.vocabulary import first_levels, topics

_CODE = re.compile(r"(?:medtop:|https?://cv\.iptc\.org/newscodes/mediatopic/)?(\d{8})", re.IGNORECASE)


def topic_code(typed: str) -> str | None:
    """The code of what somebody typed: 07000000, medtop:07000000, a label in any language that the vocabulary has, or a
    category that has a topic here ("Michezo"). None: no topic is called so, or several are.
    """
    typed = typed.strip()
    if found := _CODE.fullmatch(typed):
        return found[1] if found[1] in topics() else None
    broad, other = _by_label()
    name = categories.key(typed)
    return broad.get(name) or categories.topic_of(typed, None) or other.get(name)


def topic_label(code: str, language: str | None = None) -> str:
    """What a topic is called in a language, else in English; of an unknown one its code."""
    topic = topics().get(code)
    if topic is None:
        return code
    return topic.labels.get((language or "").partition("-")[0]) or topic.labels["en"]


def topics_called(typed: str) -> tuple[str, ...]:
    """The codes of all topics that have this label, in any language."""
    return _labelled().get(categories.key(typed), ())


@cache
def _labelled() -> Mapping[str, tuple[str, ...]]:
    """The codes of topics, by label."""
    codes: dict[str, dict[str, None]] = defaultdict(dict)  # each once
    for topic in topics().values():
        for label in topic.labels.values():
            codes[categories.key(label)][topic.code] = None
    return {label: tuple(of) for label, of in codes.items()}


@cache
def _by_label() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The codes of the first level by label, and those below it whose labels no other topic has."""
    codes = _labelled()
    broad = {label: code for label, of in codes.items() for code in of if code in first_levels()}
    return broad, {label: of[0] for label, of in codes.items() if len(of) == 1}
