"""The media of an entry as one list: each address once, with all that is said of it. And what a media type is of."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from aggregator.model import Media
from aggregator.text.pictures import MOST_MEDIA

_MEDIUMS = ("image", "audio", "video")


def once(media: Iterable[Media]) -> tuple[Media, ...]:
    """The first MOST_MEDIA of those that have an address; by http and by https it is one. What is said of one twice is
    taken from the first.
    """
    found: dict[str, Media] = {}
    for each in media:
        address = each.url.partition("://")[2]
        known = found.get(address)
        if known is not None:
            found[address] = _filled(known, each)
        elif address and len(found) < MOST_MEDIA:
            found[address] = each
    return tuple(found.values())


def _filled(known: Media, other: Media) -> Media:
    """With what only the other says."""
    lacking = [name for name in Media.__struct_fields__ if getattr(known, name) is None]
    said = {name: value for name in lacking if (value := getattr(other, name)) is not None}
    return replace(known, **said) if said else known


def medium_of(media_type: str | None) -> str | None:
    """image, audio, video or document; None for no media type, and for one that tells nothing."""
    said = (media_type or "").partition("/")[0].lower()
    if said in _MEDIUMS:
        return said
    return "document" if said == "text" or (media_type or "").lower() == "application/pdf" else None
