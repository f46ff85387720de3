"""In which direction a language is written."""

from __future__ import annotations

import unicodedata

# Languages, and scripts as BCP 47 names them, that are written from right to left (Unicode CLDR, characterOrder).
_RIGHT_TO_LEFT = frozenset(
    ["ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"]
)
_RIGHT_TO_LEFT_SCRIPTS = frozenset(("adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa"))


def direction(language: str | None) -> str:
    """`rtl` or `ltr` of a BCP 47 tag; `auto`, by its first letters, where no language is stated."""
    if not language:
        return "auto"
    primary, *rest = language.lower().split("-")
    script = next((part for part in rest if len(part) == 4 and part.isalpha()), None)
    if script is not None:
        return "rtl" if script in _RIGHT_TO_LEFT_SCRIPTS else "ltr"
    return "rtl" if primary in _RIGHT_TO_LEFT else "ltr"


def direction_of_words(words: str) -> str:
    """`rtl` or `ltr`: that of most of its letters. A sentence that begins with a name in another script goes in its own
    direction, which `dir="auto"` would not give it.
    """
    found = [unicodedata.bidirectional(each) for each in words]
    return "rtl" if sum(each in ("R", "AL") for each in found) > found.count("L") else "ltr"
