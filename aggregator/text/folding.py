"""Text as search and identity compare it: no case, no accents, one form a letter. Pure."""

from __future__ import annotations

import re
import unicodedata

# Marks that a searcher leaves out or types differently: Latin accents, Arabic vowel signs, Hebrew points and so on.
_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06ed"
    "\u135d-\u135f\u1dc0-\u1dff\u20d0-\u20f0]"
)
_NEEDS_LETTERS = re.compile("[\u0600-\u06ff\u1200-\u137f]")


def _letters() -> dict[str, str]:
    """Letters that one language writes in several ways without a difference that a searcher would make.

    Arabic: alef maqsura and yeh, teh marbuta and heh, Persian forms, digits. Amharic: the homophones h, s, a, ts
    (Unicode Standard, chapters 9.2 and 19.1).
    """
    letters = {0x0649: "\u064a", 0x0629: "\u0647", 0x06A9: "\u0643", 0x06CC: "\u064a", 0x0671: "\u0627"}
    for digit in range(10):
        letters[0x0660 + digit] = letters[0x06F0 + digit] = str(digit)
    rows = ((0x1210, 0x1200), (0x1280, 0x1200), (0x1220, 0x1230), (0x12D0, 0x12A0), (0x1340, 0x1338))
    for variant, usual in rows:
        for order in range(7):
            letters[variant + order] = chr(usual + order)
    for long, short in ((0x1203, 0x1200), (0x1213, 0x1200), (0x1283, 0x1200), (0x12A3, 0x12A0), (0x12D3, 0x12A0)):
        letters[long] = chr(short)  # the first and the fourth order of h and of a sound the same
    return {chr(letter): usual for letter, usual in letters.items()}


_LETTERS = _letters()  # no letter of the one side is on the other


def opening(text: str) -> str:
    """The first forty words, folded. Registered as the SQL function `opening`."""
    return fold(" ".join(text[:800].split()[:40]))


def fold(text: str | None) -> str:
    """What search compares: no case, no accents, one form a letter. Registered as the SQL function `fold`."""
    if not text:
        return ""
    if text.isascii():
        return text.lower()
    folded = _MARKS.sub("", unicodedata.normalize("NFKD", text)).casefold()
    if _NEEDS_LETTERS.search(folded):
        for letter, usual in _LETTERS.items():  # three times as fast as `translate`
            folded = folded.replace(letter, usual)
    return folded
