"""What is taken for a report's language where nothing but the feed and the publisher's configuration says it."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.text.media import LANGUAGE


def stated_or_first(stated: str | None, configured: Sequence[str]) -> str | None:
    """One of the publisher's configured languages: the one stated, or else its first.

    Many a French site says `en-US` because its software did; the person who wrote the configuration looked.
    """
    if not configured:
        return a_tag(stated)
    primary = (stated or "").split("-")[0].lower()
    return next((language for language in configured if language.split("-")[0].lower() == primary), configured[0])


def a_tag(stated: str | None) -> str | None:
    """What a feed says, where it has the form of BCP 47."""
    return stated if stated and LANGUAGE.fullmatch(stated) else None
