"""Readings of what a publisher says of its pictures, recordings and other files, each of bounded size."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aggregator.model import Media, Text
from aggregator.text import html, printable
from aggregator.text.pictures import MOST_MEDIA

# What of an entry's media is not held as it was said, outside the raw words.
MEDIA_LEFT_OUT, MEDIA_CUT = "media_left_out", "media_cut"
MOST_CAPTION = 5_000  # characters; a video's may be the whole description of it
MOST_LINE = 500  # characters of a title, a credit, a copyright notice, an alternative text
_MOST_NUMBER = 2**63  # what an integer of SQL holds less than
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][\w!#$&^.+-]{0,60}/[\w!#$&^.+-]{1,60}", re.ASCII)  # RFC 6838 section 4.2
LANGUAGE = re.compile("[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,8}")  # BCP 47, section 2.1
_MEDIUMS = frozenset({"image", "audio", "video", "document", "executable"})


def readings(media: Sequence[Media]) -> tuple[tuple[Media, ...], tuple[str, ...]]:
    """The media as they are held: web addresses, each once; lines and captions in plain words. And what was done to
    any: left out, because its address is none of http or https or is too long, or there are too many; or cut.
    """
    held: dict[str, Media] = {}
    adjusted: set[str] = set()
    for said in media:
        address = printable.address(said.url)
        if address is None or (address not in held and len(held) == MOST_MEDIA):
            adjusted.add(MEDIA_LEFT_OUT)
        elif address not in held:
            held[address] = _reading(said, address, adjusted)
    return tuple(held.values()), tuple(sorted(adjusted))


def _reading(said: Media, address: str, adjusted: set[str]) -> Media:
    def line(words: str | None) -> str | None:
        return _cut(printable.line(html.clean_line(Text(words, "text/plain"))), MOST_LINE, adjusted) if words else None

    caption = _cut(printable.lines(html.plain(said.caption)), MOST_CAPTION, adjusted) if said.caption else None
    return Media(
        url=address,
        medium=said.medium if said.medium in _MEDIUMS else None,
        type=said.type if said.type and _MEDIA_TYPE.fullmatch(said.type) else None,
        width=_number(said.width),
        height=_number(said.height),
        length=_number(said.length),
        title=line(said.title),
        caption=Text(caption, "text/plain") if caption else None,
        credit=line(said.credit),
        copyright=line(said.copyright),
        alt=line(said.alt),
        language=said.language if said.language and LANGUAGE.fullmatch(said.language) else None,
    )


def _cut(words: str, most: int, adjusted: set[str]) -> str | None:
    held = html.shortened(words, most)
    if held != words:
        adjusted.add(MEDIA_CUT)
    return held or None


def _number(said: int | None) -> int | None:
    return said if said is not None and 0 <= said < _MOST_NUMBER else None
