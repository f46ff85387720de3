"""Reads JSON as servers send it: behind a byte order mark, comments or notices of PHP, and cut in the middle.

A comma behind the last element or member is passed over. Of a document that breaks off, the part before is read: every
whole element of its list, and never half of one. One with a fault in its middle is refused, because nobody can say what
the rest means. Of a key that is there twice the last counts, as in every reader of JSON; numbers keep their spelling.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model.errors import ParseError

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# Numbers keep their spelling, which also spares us the limits of int().
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)
_BLANK = "\ufeff \t\r\n"
_NOT_LOOKED_AT = b"\xef\xbb\xbf\xfe\xff\0\t\r\n "
_HEAD = 65_536  # bytes within which JSON begins
# What tells first what a document is: the root of another kind of document, or the beginning of JSON.
_OPENING = re.compile(
    rb"""<(?:\?xml|!doctype|html|body|script|(?:[\w.-]+:)?(?:rss|feed|rdf|channel|item|entry|urlset|sitemapindex))[\s/>]
    | (?P<json> \[\s*\{\s*" | \{\s*" )""",
    re.IGNORECASE | re.VERBOSE,
)
# Of JSON behind something else only that is taken for a feed which says so: a page may hold JSON of any kind.
_OURS = re.compile(rb"""jsonfeed\.org\\?/version|"guid"\s*:|"code"\s*:\s*"rest_""")
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)
_CLOSES = {"[": "]", "{": "}"}
# What is open around an element of a list, or around a member of the document: elsewhere nothing is cut off.
_AROUND = (["["], ["{"], ["{", "["])
_MOST_DIGITS = 15  # of a length in bytes
_LONGEST_LITERAL = len("-Infinity")


class Reading(Struct, frozen=True):
    """What was read of a document."""

    value: Any
    is_cut: bool = False  # the document breaks off; `value` is the part before that is whole
    cut_off: int = 0  # 1: it breaks off inside an element of the list that stands last in `value`
    remark: str | None = None


def start(body: bytes) -> int | None:
    """The byte where JSON begins in a document of any encoding; None: it is none.

    0 where nothing stands before but blanks and byte order marks. Comments, notices and calls of JSONP may stand before
    a feed or a listing of posts, but no page and no document of XML.
    """
    first = body[:64].lstrip(_NOT_LOOKED_AT)[:1]
    if not first or first in b"{[":
        return 0 if first else None
    found = _OPENING.search(body, 0, _HEAD)
    if found is None or found["json"] is None or not _OURS.search(body, found.start()):
        return None
    try:
        read(body[found.start() :])
    except ParseError:  # a program, or a text about JSON
        return None
    return found.start()


def read(document: bytes) -> Reading:
    """What a document in UTF-8 says, which begins with its JSON.

    Raises ParseError if it is no JSON, is nested too deep, or breaks off before anything in it is whole.
    """
    text = document.decode("utf-8", "replace").strip(_BLANK)
    try:
        return _decoded(text)
    except json.JSONDecodeError as error:
        without, commas = _without_commas(text)
        if not commas:
            return _up_to(text, error)
    remark = f"commas too many: {commas}"
    try:
        reading = _decoded(without)
    except json.JSONDecodeError as error:
        reading = _up_to(without, error)
    return replace(reading, remark=f"{remark}; {reading.remark}" if reading.remark else remark)


def _decoded(text: str) -> Reading:
    try:
        value, end = _DECODER.raw_decode(text)
    except RecursionError as error:
        raise ParseError("its JSON is nested deeper than can be read: no feed needs that") from error
    return Reading(
        value, remark=f"{len(text) - end} characters behind the end of the JSON" if end < len(text) else None
    )


def _without_commas(text: str) -> tuple[str, int]:
    """The text without commas behind which nothing stands but a closing bracket, and how many those were."""
    pieces, kept, comma = list[str](), 0, None
    for token in _TOKEN.finditer(text):
        if comma is not None and token[0] in ("]", "}") and not text[comma + 1 : token.start()].strip():
            pieces.append(text[kept:comma])
            kept = comma + 1
        comma = token.start() if token[0] == "," else None
    return "".join([*pieces, text[kept:]]), len(pieces)


def _up_to(text: str, error: json.JSONDecodeError) -> Reading:
    """What stands before the place where a document breaks off."""
    if not error.msg.startswith("Unterminated string") and len(text) - error.pos > _LONGEST_LITERAL:
        raise ParseError(f"it looks like JSON but is not: {error}") from error
    around: list[str] = []
    end, closing = 0, ""  # behind the last element or member that is whole, and what closes the document there
    for token in _TOKEN.finditer(text, 0, error.pos):
        sign = token[0]
        if sign in _CLOSES:
            around.append(sign)
        elif sign in ("]", "}"):
            around.pop()
        elif sign != ",":
            continue
        if sign not in _CLOSES and around in _AROUND:
            end = token.start() if sign == "," else token.end()
            closing = "".join(_CLOSES[each] for each in reversed(around))
    if not end:
        raise ParseError(f"the feed is cut off before its first entry ends: {error}") from error
    return Reading(
        _DECODER.decode(text[:end] + closing),
        is_cut=True,
        cut_off=int(closing.startswith("]") and bool(text[end:].strip(", \t\r\n"))),
        remark=f"it breaks off ({error}); what comes before was read",
    )


def array(value: Any) -> Sequence[Any]:
    """The elements of an array; none of anything else."""
    return value if isinstance(value, list) else ()


def token(value: Any) -> str | None:
    """An id, address, name or date, which other programs must be able to store: a lone surrogate or NUL in it becomes
    U+FFFD. None for what says nothing.
    """
    return _UNSTORABLE.sub("\ufffd", value).strip() or None if isinstance(value, str) else None


def number(value: Any) -> int | None:
    """A size or a length, which is more than nothing; as a number or as text. None for what is no whole number."""
    is_whole = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _MOST_DIGITS
    return int(value) or None if is_whole else None
