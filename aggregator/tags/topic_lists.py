"""How the lists of topics are written that people edit: sections of a topic, lines of words, forms of a word. Pure.

A line `[07000000 health]` opens the section of a topic, `[none]` that of what has none. A line below it is a label, a
colon and words with commas between them; # and what follows is for people. In a word `[s]` may be missing, and `(a|b)`
is a choice: `clinic[s]`, `vaccin(e|es|ation)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from aggregator.text.folding import fold
from aggregator.text.separators import words_of

# Hausa's letters with hooks, which many write without them; Turkish i without its dot.
_PLAIN = tuple(zip("ɓɗƙƴƁƊƘƳı", "bdkyBDKYi", strict=True))
_PART = re.compile(r"\[([^\[\]]*)\]|\(([^()]*)\)")


def lines(file: Path) -> Iterator[tuple[str | None, str, tuple[str, ...]]]:
    """The topic of a section (None: none), the label of a line (""; it has none) and its words as they are written."""
    topic: str | None = None
    for line in file.read_text(encoding="utf-8").splitlines():
        line = line.partition("#")[0].strip()
        if re.fullmatch(r"\[(\d{8} .+|none)\]", line):
            topic = None if line == "[none]" else line[1:9]
        elif line:
            label, colon, words = line.partition(":")
            if not colon:
                label, words = "", line
            yield topic, label.strip(), tuple(filter(None, map(str.strip, words.split(","))))


def plain(text: str) -> str:
    """Folded, and without the differences that a language's own letters make."""
    if not text.isascii():
        for letter, usual in _PLAIN:  # faster than `translate`
            text = text.replace(letter, usual)
    return fold(text)


def forms(written: str) -> Sequence[str]:
    """What a word or a phrase with its choices stands for."""
    if "[" not in written and "(" not in written:
        return (written,)
    parts: list[Sequence[str]] = []
    end = 0
    for found in _PART.finditer(written):
        parts.append((written[end : found.start()],))
        parts.append(("", found[1]) if found[1] is not None else found[2].split("|"))
        end = found.end()
    parts.append((written[end:],))
    return tuple("".join(each) for each in product(*parts))


def words(written: str) -> tuple[str, ...]:
    """The folded words of a phrase."""
    folded = written.lower() if written.isascii() else plain(written)
    return (folded,) if folded.isalpha() else tuple(words_of(folded))
