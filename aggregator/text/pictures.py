"""Pictures, sounds and videos within a publisher's HTML, and the forms in which media are compared.

It alone knows which addresses are pixels, advertisements and "share" services.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from urllib.parse import urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.model import Media, Text
from aggregator.text.html import one_line
from aggregator.text.tags import TAG, UNREAD, attributes
from aggregator.text.urls import resolved, steady_of, without_user

MOST_MEDIA = 100  # of an entry
_MOST_TAGS = 2_000  # that are looked at for them
_LONGEST_ADDRESS = 4_000  # characters
_LONGEST_CAPTION = 20_000  # characters of markup; a caption that ends later is none
_DEEPEST = 20  # figures within figures

_ONE_PIXEL = re.compile(r"(?i)(?:^|;)\s*(?:(?:max-)?(?:width|height)\s*:\s*[01](?:px)?|display\s*:\s*none)\s*(?:;|$)")
_TINY = frozenset(("0", "1", "0px", "1px"))
_PIXELS = re.compile(r"\s*([0-9]{1,6})\s*(?:px)?\s*", re.IGNORECASE)
_IN_FULL = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:[/?#]|$)")
_SLASHES = re.compile(r"^(https?:)/{3,}", re.IGNORECASE)  # more than there should be: browsers read two
_CANDIDATE = re.compile(r",\s+|(?<=[0-9][wx]),")  # between the candidates of a srcset


def _named(*names: str) -> str:
    """A pattern of names in any case, which is five times as fast as one that ignores case."""
    return "(?:" + "|".join("".join(f"[{letter}{letter.upper()}]" for letter in name) for name in names) + r")\b"


_SHOWN, _UNREAD = _named("img", "video", "audio", "source"), f"!--|{_named('script', 'style', 'svg')}"
_ANY = re.compile(f"<{_SHOWN}")
_AROUND = re.compile(f"<{_named('figure', 'picture', 'video', 'audio')}")
# What is read of words that have nothing around their pictures, and of others. Beside figures only those elements hold
# captions whose class says so: WordPress's of old, Blogger's.
_PLACE = re.compile(f"<(?:{_SHOWN}|{_UNREAD})")
_PLACE_WITH_CAPTIONS = re.compile(
    f"<(?:/?{_SHOWN}|/?{_named('picture', 'figure', 'figcaption')}|{_UNREAD}"
    f"|{_named('p', 'dd', 'div', 'td')}(?=[^<>]{{0,200}}caption))"
)
_ATTRIBUTES = frozenset(
    (
        "src",
        "data-src",
        "data-lazy-src",
        "srcset",
        "data-srcset",
        "alt",
        "width",
        "height",
        "style",
        "type",
        "poster",
        "class",
    )
)
_CAPTION_CLASSES = frozenset(("wp-caption-text", "tr-caption"))
_ENDS = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("figcaption", "p", "dd", "div", "td")}


class _Reading(Struct):
    base: str
    text_type: str
    found: list[Media] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)  # in `found`, by address
    last: int | None = None  # the place of the media that was shown last
    figures: list[list[int]] = field(default_factory=list)  # that are open: the places of the media in each
    waiting: Text | None = None  # a caption before its picture
    player: str = ""  # the element around a `source`


def pictures(text: Text, base: str) -> tuple[Media, ...]:
    """The pictures, sounds and videos within words, in order, with captions, at most MOST_MEDIA. Their addresses are of
    http or https; relative ones are resolved against `base`, and left out where that is empty.
    """
    value = text.value
    if text.type == "text/plain" or not _ANY.search(value):
        return ()
    reading, at = _Reading(base, text.type), 0
    is_plain = "caption" not in value and not _AROUND.search(value)
    places = _PLACE if is_plain else _PLACE_WITH_CAPTIONS
    ends_of_unread = {begin.pattern: True for begin, _ in UNREAD}  # whether one may still follow
    for _ in range(_MOST_TAGS):
        place = places.search(value, at)
        if not place or len(reading.found) >= MOST_MEDIA:
            break
        at = _after_unread(value, place.start(), ends_of_unread) or _read_tag(reading, value, place.start())
    return tuple(reading.found)


def _after_unread(value: str, start: int, may_end: dict[str, bool]) -> int:
    """Where a comment or a script that begins here ends; 0: none begins here, or it has no end."""
    if value[start + 1] not in "!sS":
        return 0
    for begin, end in UNREAD:
        if may_end[begin.pattern] and begin.match(value, start):
            if last := end.search(value, start):
                return last.end()
            may_end[begin.pattern] = False
    return 0


def _read_tag(reading: _Reading, value: str, start: int) -> int:
    tag = TAG.match(value, start)
    if not tag or not tag[2]:
        return start + 1
    name = tag[2].lower()
    if tag[1]:
        _end_element(reading, name)
        return tag.end()
    said = attributes(tag[3], _ATTRIBUTES)
    if name in ("img", "video", "audio", "source"):
        _read_media(reading, name, said)
    elif name == "figure" and len(reading.figures) < _DEEPEST:
        reading.figures.append([])
    elif name == "picture":
        reading.player = name
    elif name == "figcaption" or _CAPTION_CLASSES & set(said.get("class", "").split()):
        return _read_caption(reading, value, tag.end(), name)
    return tag.end()


def _end_element(reading: _Reading, name: str) -> None:
    if name == "figure":
        reading.waiting = None
        if reading.figures:
            reading.figures.pop()
    elif name == reading.player:
        reading.player = ""


def _read_media(reading: _Reading, name: str, said: Mapping[str, str]) -> None:
    if name in ("video", "audio"):
        reading.player = name
    elif name == "source" and reading.player == "picture":
        return  # the same picture in other sizes
    address = web_address(reading.base, address_of(said))
    if not address and name == "img":
        return
    width, height = (
        (pixels(said.get("width")), pixels(said.get("height"))) if name in ("img", "video") else (None, None)
    )
    if name == "img":
        _show(reading, Media(address, "image", None, width, height, alt=said.get("alt", "").strip() or None))
    else:
        media_type = said.get("type", "").split(";")[0].strip().lower() or None
        _show(reading, Media(address, reading.player or None, media_type, width, height))
        _show(reading, Media(web_address(reading.base, said.get("poster", "")), "image"))


def _show(reading: _Reading, media: Media) -> None:
    if not media.url:
        return
    place = reading.places.setdefault(media.url, len(reading.found))
    if place == len(reading.found):
        reading.found.append(media)
    reading.last = place
    for figure in reading.figures:
        figure.append(place)
    if reading.waiting:
        _give(reading, [place], reading.waiting)
        reading.waiting = None


def _read_caption(reading: _Reading, value: str, start: int, name: str) -> int:
    """Gives a caption to the media of its figure, or outside a figure to the last of all, if they have none. Returns
    where to read on: a picture within a caption is one too.
    """
    is_of_figure = name == "figcaption" and bool(reading.figures)
    places = reading.figures[-1] if is_of_figure else [] if reading.last is None else [reading.last]
    lacking = [place for place in places if reading.found[place].caption is None]
    if not lacking and not (is_of_figure and not places):
        return start
    end = _ENDS[name].search(value, start, start + _LONGEST_CAPTION) if name in _ENDS else None
    caption = Text(value[start : end.start()], reading.text_type) if end else None
    if caption and one_line(caption):
        _give(reading, lacking, caption)
        reading.waiting = None if places else caption
    return start


def _give(reading: _Reading, places: Sequence[int], caption: Text) -> None:
    for place in places:
        if reading.found[place].caption is None:
            reading.found[place] = replace(reading.found[place], caption=caption)


# What a tag and an address say


def address_of(said: Mapping[str, str]) -> str:
    """The address of a picture or a player by its attributes, before it is shown or after; '' for a pixel and for what
    belongs to a service.
    """
    named = said.get("data-lazy-src") or said.get("data-src") or said.get("src", "")
    if not named or named.startswith("data:"):
        named = _largest(said.get("data-srcset") or said.get("srcset", ""))
    if not named or said.get("width") in _TINY or said.get("height") in _TINY or is_service(named):
        return ""
    return "" if "style" in said and _ONE_PIXEL.search(said["style"]) else named


def is_service(url: str) -> bool:
    """Whether an address is that of a pixel, an advertisement or "share this"."""
    return _services().search("/" + url.lower()) is not None


@cache
def _services() -> re.Pattern[str]:
    """Slow to compile, and few documents need it. It begins with a sign that an address has few of, so that it is
    tried at few places.
    """
    return re.compile(
        r"""(?x) [/.] (?:
        ~(?:a|f|ff|4)/ | feeds\.wordpress\.com/1\.0/ | doubleclick\.net
        | googlesyndication\.com | (?:da|pi|res\d?|rc|share|adchoice)\.feedsportal\.com | a2t?\.im | mf\.gif
        | (?:pixel|stats)\.wp\.com
        | stats\.wordpress\.com | quantserve\.com | scorecardresearch\.com | google-analytics\.com | addtoany\.com
        | addthis\.com | sharethis\.com | facebook\.com/(?:sharer|share\.php|plugins/(?:like|share)) | outbrain\.com
        | (?:twitter|x)\.com/(?:intent|share|home\?status) | plus\.google\.com/share | taboola\.com
        | (?:api\.whatsapp\.com|whatsapp:/)/send | wa\.me/\?text | t\.me/share | linkedin\.com/share | mailto:\?
        | pinterest\.com/pin/create | reddit\.com/submit | pixel\.(?:gif|png) | (?:images|ads)\.pheedo\.com
        )"""
    )


def _largest(srcset: str) -> str:
    """The address of a picture's largest size (https://html.spec.whatwg.org/#srcset-attributes)."""
    largest, most = "", -1.0
    for candidate in _CANDIDATE.split(srcset):
        address, _, size = candidate.strip().partition(" ")
        number = size.strip()[:-1]
        of_this = float(number) if number.replace(".", "", 1).isdecimal() and number.isascii() else 1.0
        if address and not address.startswith("data:") and of_this > most:
            largest, most = address, of_this
    return largest


def pixels(said: str | None) -> int | None:
    """A width or a height, `640` or `640px`; None for whatever else is said, such as a share of the page."""
    if not said:
        return None
    found = _PIXELS.fullmatch(said)
    return int(found[1]) if found else None


def web_address(base: str, said: str) -> str:
    """The address in full, where it is one of http or https that can be read and is not longer than any that is meant;
    else ''. `base`: what a relative one is relative to; '' for nothing. A user name and password in it are left out.
    """
    said = said.strip()
    if len(said) > _LONGEST_ADDRESS or not said:
        return ""
    if _IN_FULL.match(said):
        return said
    address = without_user(resolved(base, _SLASHES.sub(r"\1//", said) if ":///" in said else said))
    try:
        parts = urlsplit(address)
    except ValueError:  # e.g. a bracket in the host's place
        return ""
    return address if parts.scheme in ("http", "https") and parts.netloc else ""


# Compared


def compared(url: str) -> str:
    """An address of a picture as it is compared: host, query and size make no difference."""
    return steady_of(url.partition("#")[0].partition("?")[0], picture=True)


def digest(media: Sequence[Media]) -> bytes:
    """8 bytes that are equal for media that are the same to a reader: addresses as compared, in any order, with their
    captions, credits and copyrights in plain words. Empty for no media.
    """
    if not media:
        return b""
    said = {
        (compared(each.url), one_line(each.caption), _single_spaced(each.credit), _single_spaced(each.copyright))
        for each in media
    }
    joined = "\x1e".join("\x1f".join(parts) for parts in sorted(said))
    return sha256(joined.encode("utf-8", "surrogatepass")).digest()[:8]


def _single_spaced(words: str | None) -> str:
    return " ".join((words or "").split())
