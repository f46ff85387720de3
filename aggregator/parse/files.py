"""The media of an entry as one list: each address once, with all that is said of it. And what a media type is of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

from aggregator.model import Media
from aggregator.text.pictures import MOST_MEDIA

_MEDIUMS = ("image", "audio", "video")


def once(media: Iterable[Media]) -> tuple[Media, ...]:
    """The first MOST_MEDIA of those that have an address. What is said of one twice is taken from the first."""
    found: dict[str, Media] = {}
    for each in media:
        known = found.get(each.url)
        if known is not None:
            found[each.url] = _filled(known, each)
        elif each.url and len(found) < MOST_MEDIA:
            found[each.url] = each
    return tuple(found.values())


def _filled(known: Media, other: Media) -> Media:
    """With what only the other says."""
    said = {each.name: getattr(other, each.name) for each in fields(Media) if getattr(known, each.name) is None}
    return replace(known, **said)


def medium_of(media_type: str | None) -> str | None:
    """image, audio, video or document; None for no media type, and for one that tells nothing."""
    said = (media_type or "").partition("/")[0].lower()
    if said in _MEDIUMS:
        return said
    return "document" if said == "text" or (media_type or "").lower() == "application/pdf" else None
