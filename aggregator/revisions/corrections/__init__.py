"""Whether a publisher's own words say that this version corrects an earlier one. Pure.

The forms that newsrooms use are data, a file a language beside this one (`en.txt`, `fr.txt` ...). A line of a file is a
form, folded as search folds words (no case, no accents); empty lines and those that begin with # are for people. In a
form `(a|b)` is a choice, `[x]` may be missing, `...` stands for up to eight words, `{name}` for a choice that the file
itself defines (`name = a | b`), and a word that ends in `*` for all that begin so. Sections say where a form counts:

- `[labels]`: at the head of a line, before a colon, a dash, a bracket or the line's end, with a date between perhaps;
  or at the end of a line, in brackets or behind a dash. "Corrected earnings rose" has no such mark and is none.
- `[brackets]`: at the head of a line, behind an opening bracket, as news agencies write ("(Corrects paragraph 3)").
- `[sentences]`: at the head of a sentence.
- `[notes]`: labels that need a word of `[faults]` behind them: an editor's note may be about anything.
- `[dates]`: the words that may stand in a date behind a label, beside numbers.

Only the first and the last 200 characters of a line are looked at: desks put their notes at one end of a paragraph. A
form is compiled when a line has the words without which it cannot match; most of them never are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

from msgspec import Struct

from aggregator.text.folding import fold

LANGUAGES = ("ar", "de", "en", "es", "fr", "pt", "sw")

_WINDOW = 200  # characters
_SECTIONS = ("labels", "brackets", "sentences", "notes", "faults", "dates")
_NAME = re.compile(r"^(\w+)\s*=\s*(.+)$")
_TOKEN = re.compile(r"\.\.\.|[()|\[\]]|[^\s()|\[\]]+")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "\u00a0": " ", "\u202f": " "})
_HEAD = r"^[\W_]*"  # what may stand before a label: quotes, brackets, bullets
_SENTENCE = r"(?:^|(?<=[.!?؟。:;–—(\[*]))[\s\W_]{0,8}"
# What ends a label: a colon, a dash, a closing bracket, a full stop, the end of the line.
_MARK = r"(?:\s*[\])}】»*\"']*\s*(?:[:：|–—-]|\.(?=\s|$)|[\])}】»*]|$))"


class _Form(Struct, frozen=True):
    """One way in which a newsroom says it."""

    needs: tuple[str, ...]  # a text without any of these words cannot match
    head: str  # regular expressions: what the first characters of a line may look like
    tail: str  # and the last


def is_correction(line: str) -> bool:
    """Whether one line of plain words, a headline or a paragraph, says so."""
    words = line.translate(_QUOTES).strip()
    head = fold(words[:_WINDOW])
    # The tail begins with a whole word. Of a short line it is the same text, in which other forms are looked for.
    tail = fold(words[-_WINDOW:].partition(" ")[2]) if len(words) > _WINDOW else head
    return any(_compiled(pattern).search(head) for pattern in _may_match(head, "head")) or any(
        _compiled(pattern).search(tail) for pattern in _may_match(tail, "tail")
    )


def _may_match(text: str, place: Literal["head", "tail"]) -> list[str]:
    """The patterns of the forms whose words the text has, each once."""
    needed = _patterns(place)
    found = (patterns for word, patterns in needed.items() if word in text)
    return list(dict.fromkeys(pattern for patterns in found for pattern in patterns))


@cache
def _patterns(place: Literal["head", "tail"]) -> dict[str, list[str]]:
    """The patterns for one end of a line, by the words without which they cannot match."""
    needed: dict[str, list[str]] = {}
    for form in (form for language in LANGUAGES for form in _forms_of(language)):
        for word in form.needs:
            needed.setdefault(word, []).append(form.head if place == "head" else form.tail)
    return needed


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _forms_of(language: str) -> Iterator[_Form]:
    sections, names = _read(language)
    patterns = {name: [_pattern(form, names) for form in sections[name]] for name in ("faults", "dates")}
    date = rf"(?:[\s,.(–—-]*(?:\w*\d[\w:/.+-]*|(?:{'|'.join(patterns['dates'])})\b))*[)\]]?"
    fault = rf".{{0,{_WINDOW}}}?\b(?:{'|'.join(patterns['faults'])})"
    for section in ("labels", "brackets", "sentences", "notes"):
        for form in sections[section]:
            words = _pattern(form, names)
            head, tail = _placed(section, rf"{words}(?!\w){date}" if section in ("labels", "notes") else words, fault)
            yield _Form(needs=_needs(form, names), head=head, tail=tail)


def _placed(section: str, words: str, fault: str) -> tuple[str, str]:
    """Where the words must stand at the head of a line, and at its tail."""
    if section == "labels":
        after_sentence = rf"[.!?؟\])]\s*[\[(*]?\s*{words}\s*[:：]"
        return rf"{_HEAD}{words}{_MARK}", rf"{after_sentence}|(?:[\[(【]\s*|\s[–—|-]+\s){words}\s*[\])】.*]*\s*$"
    if section == "notes":
        return rf"{_HEAD}{words}{_MARK}{fault}", rf"[.!?؟\])]\s*[\[(*]?\s*{words}{_MARK}{fault}"
    if section == "brackets":
        return rf"^\s*[\[(【*]\s*{words}(?!\w)", rf"[.!?؟]\s*[\[(]\s*{words}(?!\w)"
    return (rf"{_SENTENCE}{words}",) * 2


def _read(language: str) -> tuple[dict[str, list[str]], dict[str, str]]:
    """The forms of a language by section, and the names that its file defines."""
    names: dict[str, str] = {}
    forms: dict[str, list[str]] = {section: [] for section in _SECTIONS}
    section = ""
    for line in files(__package__).joinpath(f"{language}.txt").read_text(encoding="utf-8").splitlines():
        line = fold(line.partition("#")[0].translate(_QUOTES)).strip()
        if line.startswith("[") and line[1:-1] in _SECTIONS:
            section = line[1:-1]
        elif found := _NAME.match(line):
            names[found[1]] = f"({found[2]})"
        elif line:
            forms[section].append(line)
    return forms, names


def _pattern(form: str, names: Mapping[str, str]) -> str:
    """A form as a regular expression. Between two words stand blanks; where a word may be missing, so may they."""
    pieces: list[str] = []
    for token in _TOKEN.findall(_with_names(form, names)):
        if token == "...":
            pieces.append(r"(?:\S+\s+){0,8}?")
        elif token in "([":
            pieces.append("(?:")
        elif token in ")]":
            pieces.append(r")\s*" if token == ")" else r")?\s*")
        elif token == "|":
            pieces.append("|")
        else:
            pieces.append(_word(token) + r"\s*")
    return "".join(pieces).removesuffix(r"\s*")


def _with_names(form: str, names: Mapping[str, str]) -> str:
    for name, choice in names.items():
        form = form.replace(f"{{{name}}}", choice)
    return form


def _word(token: str) -> str:
    if token.endswith("*"):
        return re.escape(token[:-1]) + r"\w*"
    return re.escape(token) + (r"(?!\w)" if token[-1].isalnum() else "")


def _needs(form: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Words of which a text that matches the form has one: the longest word that the form must have, or the choice of
    which the shortest is the longest.
    """
    best: tuple[str, ...] = ("",)
    choices: list[list[str]] = []
    depth, optional = 0, 0
    for token in _TOKEN.findall(_with_names(form, names)):
        if token in "([":
            depth += 1
            optional += token == "["
            if depth == 1:
                choices = [[]]
        elif token in ")]":
            depth -= 1
            if depth == 0 and token == ")":
                found = tuple(max(words, key=len, default="") for words in choices)
                best = max(best, found, key=lambda words: min(map(len, words)))
            optional -= token == "]"
        elif token == "|":
            if depth == 1:
                choices.append([])
        elif token != "..." and not optional:
            word = token.rstrip("*")
            if depth:
                choices[-1].append(word)
            else:
                best = max(best, (word,), key=lambda words: min(map(len, words)))
    return best
