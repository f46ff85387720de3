"""Text as search and identity compare it: no case, no accents, one form a letter. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

# Marks that a searcher leaves out or types differently: Latin accents, Arabic vowel signs, Hebrew points and so on.
_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06ed"
    "\u135d-\u135f\u1dc0-\u1dff\u20d0-\u20f0]"
)
_ARABIC, _DIGITS, _ETHIOPIC = map(re.compile, ("[\u0600-\u06ff]", "[\u0660-\u0669\u06f0-\u06f9]", "[\u1200-\u137f]"))

# Letters that one language writes in several ways without a difference that a searcher would make. No letter of the one
# side is on the other. Arabic: alef maqsura and yeh, teh marbuta and heh, Persian forms, digits.
_ARABIC_LETTERS = {"\u0649": "\u064a", "\u0629": "\u0647", "\u06a9": "\u0643", "\u06cc": "\u064a", "\u0671": "\u0627"}
_ARABIC_DIGITS = {chr(first + digit): str(digit) for first in (0x0660, 0x06F0) for digit in range(10)}


def _ethiopic() -> dict[str, str]:
    """Amharic: the homophones h, s, a, ts (Unicode Standard, chapters 9.2 and 19.1)."""
    letters: dict[int, str] = {}
    rows = ((0x1210, 0x1200), (0x1280, 0x1200), (0x1220, 0x1230), (0x12D0, 0x12A0), (0x1340, 0x1338))
    for variant, usual in rows:
        for order in range(7):
            letters[variant + order] = chr(usual + order)
    for long, short in ((0x1203, 0x1200), (0x1213, 0x1200), (0x1283, 0x1200), (0x12A3, 0x12A0), (0x12D3, 0x12A0)):
        letters[long] = chr(short)  # the first and the fourth order of h and of a sound the same
    return {chr(letter): usual for letter, usual in letters.items()}


_ETHIOPIC_LETTERS = _ethiopic()


def opening(text: str) -> str:
    """The first forty words, folded. Registered as the SQL function `opening`."""
    return fold(" ".join(text[:800].split(None, 40)[:40]))


def fold(text: str | None) -> str:
    """What search compares: no case, no accents, one form a letter. Registered as the SQL function `fold`."""
    if not text:
        return ""
    if text.isascii():
        return text.lower()
    folded = _MARKS.sub("", unicodedata.normalize("NFKD", text)).casefold()
    if folded.isascii():
        return folded
    if _ARABIC.search(folded):
        folded = _usual(folded, _ARABIC_LETTERS)
        if _DIGITS.search(folded):
            folded = _usual(folded, _ARABIC_DIGITS)
    if _ETHIOPIC.search(folded):
        folded = _usual(folded, _ETHIOPIC_LETTERS)
    return folded


def _usual(text: str, letters: Mapping[str, str]) -> str:
    for letter, usual in letters.items():  # three times as fast as `translate`
        text = text.replace(letter, usual)
    return text
