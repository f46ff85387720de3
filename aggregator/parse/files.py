"""What is said of files, by links and as media: each address once, with all that is said of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from msgspec.structs import replace

from aggregator.model import Link, Media
from aggregator.text.pictures import MOST_MEDIA

File = TypeVar("File", Link, Media)
_IANA = "http://www.iana.org/assignments/relation/"
LONGEST_LANGUAGE, _MOST_DIGITS = 50, 15  # characters of a language and of a length that can be meant
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
            found[address] = filled(known, each)
        elif address and len(found) < MOST_MEDIA:
            found[address] = each
    return tuple(found.values())


def filled(known: File, other: File) -> File:
    """With what only the other says."""
    lacking = [name for name in known.__struct_fields__ if getattr(known, name) is None]
    said = {name: value for name in lacking if (value := getattr(other, name)) is not None}
    return replace(known, **said) if said else known


def medium_of(media_type: str | None) -> str | None:
    """image, audio, video or document; None for no media type, and for one that tells nothing."""
    said = (media_type or "").partition("/")[0].lower()
    if said in _MEDIUMS:
        return said
    return "document" if said == "text" or (media_type or "").lower() == "application/pdf" else None


def length_of(said: str | None) -> int | None:
    """So many bytes; None for what cannot be meant."""
    said = (said or "").strip()
    return int(said) if said.isascii() and said.isdecimal() and len(said) <= _MOST_DIGITS else None


def relation(rel: str) -> str:
    """What a link leads to, in lower case; "" where nothing is said."""
    return rel.strip().lower().removeprefix(_IANA)
