"""In which direction a language is written."""

from __future__ import annotations

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
