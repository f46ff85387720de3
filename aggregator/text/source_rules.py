"""The rules of a source: which of its reports come into the wire, by words and by categories. Pure.

Words are compared as search compares them: no case, no accents, one form a letter; `flood*` is how words begin, and
several words are a phrase. There are no patterns beyond that, so a rule is linear in the length of a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from aggregator.model import SourceRules
from aggregator.text.folding import fold

_WORD = re.compile(r"[^\W_]+")


def rule_that_leaves_out(rules: SourceRules, words: Iterable[str], categories: Iterable[str]) -> str | None:
    """The name of the first rule that a report does not satisfy; None: it comes in. `words`: its headline, summary and
    text; `categories`: their terms and labels.

    A rule that leaves out is named with the word or category that did it: `exclude_words: football`.
    """
    if rules.include_words or rules.exclude_words:
        said = "".join(f" {' '.join(_folded_words(part))} \n" for part in words)
        if word := next((each for each in rules.exclude_words if _wanted(each) in said), None):
            return f"exclude_words: {word}"
        if rules.include_words and not any(_wanted(each) in said for each in rules.include_words):
            return "include_words"
    if rules.include_categories or rules.exclude_categories:
        folded = {_category(each) for each in categories}
        if name := next((each for each in rules.exclude_categories if _category(each) in folded), None):
            return f"exclude_categories: {name}"
        if rules.include_categories and not any(_category(each) in folded for each in rules.include_categories):
            return "include_categories"
    return None


def faults(rules: SourceRules) -> Iterator[tuple[str, str, str]]:
    """What makes a rule useless, each as the key, the value that was found, and what was expected: a word without a
    letter or digit, and whatever one rule includes and another leaves out in any case.
    """
    for name in rules.__struct_fields__:
        is_empty = _is_no_word if name.endswith("words") else _is_no_category
        for value in getattr(rules, name):
            if is_empty(value):
                yield name, value, "at least one letter or digit"
    excluded = [(word, _wanted(word)) for word in rules.exclude_words if not _is_no_word(word)]
    for word in rules.include_words:
        # A report with this word has all that stands in it, so what leaves a part of it out leaves it out.
        if by := next((other for other, wanted in excluded if wanted in _wanted(word)), None):
            yield "include_words", word, f'a word that exclude_words does not leave out; "{by}" does'
    left_out = {_category(each): each for each in rules.exclude_categories if not _is_no_category(each)}
    for name in rules.include_categories:
        if by := left_out.get(_category(name)):
            yield "include_categories", name, f'a category that exclude_categories does not leave out; "{by}" does'


def _folded_words(text: str) -> list[str]:
    return _WORD.findall(fold(text))


def _wanted(typed: str) -> str:
    """How a word or phrase stands in folded words with a space around each."""
    return f" {' '.join(_folded_words(typed))}{'' if typed.rstrip().endswith('*') else ' '}"


def _category(name: str) -> str:
    return " ".join(fold(name).split())


def _is_no_word(typed: str) -> bool:
    return not _folded_words(typed)


def _is_no_category(name: str) -> bool:
    return not any(character.isalnum() for character in name)
