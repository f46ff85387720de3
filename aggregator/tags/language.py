"""The language of a report: a stand-in until the room's own is there."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.model import LanguageFrom
from aggregator.text.languages import stated_or_first


def language_of(
    title: str, text: str, stated: str | None, languages: Sequence[str]
) -> tuple[str | None, LanguageFrom | None]:
    """Arabic by its script; else as it is stated or configured."""
    if any("\u0600" <= each <= "\u06ff" for each in title):
        return "ar", "script"
    language = stated_or_first(stated, languages)
    return language, "configured" if language else None
