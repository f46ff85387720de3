"""Words of a document as they stand in its bytes, and whether feedparser would alter them.

The facts are feedparser's (6.0.14: mixin.py, `pop`) and those of `verbatim`, whose rules for markup these are.
"""

from __future__ import annotations

import re
from contextlib import suppress

from aggregator.model.errors import ParseError

_START_TAG = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
_UNREADABLE_ALONE = re.compile(r"<!\[CDATA\[|</?[A-Za-z_][\w.-]*:")
_LETTER = re.compile(r"[^\W_]")
# Bytes that may be UTF-8 read as Latin-1 and written as UTF-8 again, or a C1 control: feedparser alters such text.
# Each begins with bytes of its own, which is what makes the search fast.
_SUSPECTS = (
    re.compile(rb"\xc2[\x80-\x9f]"),
    re.compile(rb"\xc3[\x82-\xb4](?:\xc2|&#|<!|\]\])"),
    re.compile(rb"&#(?:0*1[2-9]\d|0*2[0-4]\d|[xX]0*[89a-fA-F][0-9a-fA-F]);"),
)
_C1 = re.compile("[\x80-\x9f]")


def may_be_altered(document: bytes) -> bool:
    """Whether there may be any text in a document that feedparser alters; where there is none, this says no at once."""
    return any(suspect.search(document) for suspect in _SUSPECTS)


def is_altered(text: str) -> bool:
    """Whether feedparser would take a text for one of another encoding."""
    if text.isascii():  # as most is
        return False
    text = altered = text.strip()
    with suppress(UnicodeError):
        altered = text.encode("iso-8859-1").decode("utf-8")
    return altered != text or _C1.search(text) is not None


def markup(document: bytes, start: int, end: int, children: list[tuple[str, int, int]], shown: str) -> str:
    """What stands between the tags of Atom's XHTML; without the one `div` around it (RFC 4287, section 3.1.1.3).

    `start`, `end`: bytes where its tags begin; `children`: its elements, each with local name, start and end; `shown`:
    its text. Raises ParseError for markup that cannot be read by itself, or has no letter to know it by.
    """
    said = _inside(document, start, end)
    only, first, last = children[0] if len(children) == 1 else ("", 0, 0)
    bare = said.strip()
    if only == "div" and bare.startswith("<div") and bare.endswith("</div>"):
        said = _inside(document, first, last)
    if is_altered(shown) or not _LETTER.search(shown) or _UNREADABLE_ALONE.search(said):
        raise ParseError("markup that is not plain")
    return said


def _inside(document: bytes, start: int, end: int) -> str:
    tag = _START_TAG.match(document, start, end)
    return document[tag.end() : end].decode("utf-8") if tag else ""
