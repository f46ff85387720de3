"""Tags of languages (BCP 47): their first subtag, and which one is taken for a report's where nothing but the feed and
the publisher's configuration says it.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.text.media import LANGUAGE


def primary_subtag(tag: str) -> str:
    """The language itself, without script and region, in small letters (BCP 47, section 2.2.1): `pt` of `pt-BR`."""
    return tag.partition("-")[0].lower()


def is_same_language(tag: str, other: str) -> bool:
    """Whether two tags name one language, in whatever script or region."""
    return primary_subtag(tag) == primary_subtag(other)


def stated_or_first(stated: str | None, configured: Sequence[str]) -> str | None:
    """One of the publisher's configured languages: the one stated, or else its first.

    Many a French site says `en-US` because its software did; the person who wrote the configuration looked.
    """
    if not configured:
        return a_tag(stated)
    wanted = primary_subtag(stated or "")
    return next((language for language in configured if primary_subtag(language) == wanted), configured[0])


def a_tag(stated: str | None) -> str | None:
    """What a feed says, where it has the form of BCP 47."""
    return stated if stated and LANGUAGE.fullmatch(stated) else None
