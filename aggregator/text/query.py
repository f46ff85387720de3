"""The words that somebody searches for, as they are typed: words, "exact phrases", -without, begin*. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aggregator.model import Phrase, Query
from aggregator.text.folding import fold

_PIECE = re.compile(r'(-?)"([^"]*)"?|(\S+)')


def parse(typed: str) -> Query:
    """All words, without those behind a dash. Nothing that is typed is an error: what has no letter and no digit is
    left out, and a quotation mark that is never closed reaches to the end.
    """
    wanted: list[Phrase] = []
    unwanted: list[Phrase] = []
    for piece in _PIECE.finditer(typed):
        dash, phrase, word = piece.groups()
        if word is not None:
            dash, phrase = ("-", word[1:]) if word.startswith("-") else ("", word)
        words = fold(phrase.rstrip("*")).replace('"', " ").strip()
        if any(character.isalnum() for character in words):
            (unwanted if dash else wanted).append(Phrase(words, begins=phrase.endswith("*")))
    return Query(tuple(wanted), tuple(unwanted))


def typed(arguments: Sequence[str]) -> str:
    """The arguments of a command line as `parse` reads them: the shell took the quotation marks of a phrase."""
    return " ".join(f'"{word}"' if " " in word and '"' not in word else word for word in arguments)
