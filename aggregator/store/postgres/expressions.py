"""What is looked for in the index of words in PostgreSQL, as text: JSON with

- `words`, a tsquery that finds all that fits;
- `needles`, what is looked for, and whether in the headline alone, in a row that has all its words beside its tsvector;
  and `path`, the jsonpath of which of them must be there, or null where the tsvector says it of these rows too;
- `rank`, the tsquery of the words by which hits are put in order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from aggregator.model import AllOf, AnyOf, Part, Phrase
from aggregator.store.queries.indexing import MARK, marks_of_choice
from aggregator.text.query import needles_of

_Needle = tuple[str, bool]  # as `text.query.needles_of` makes them; in the headline alone

LONG = f"{MARK}long"  # the word of ours of a row whose tsvector does not say all
_LONGEST = 1_900  # bytes of a lexeme; an entry of a GIN index has 2,700 at most


def lexeme_of(word: str) -> str:
    """What stands for a word in a tsvector: of a very long one its beginning."""
    if len(word) <= _LONGEST // 4 or len(said := word.encode()) <= _LONGEST:
        return word
    return said[:_LONGEST].decode(errors="ignore")


def quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def marks(first_keys: Sequence[str], classes: Sequence[str], languages: Sequence[str]) -> list[str]:
    """In tsquery: one for the publishers, one for the classes and one for the languages."""
    return [_any(map(quoted, words)) for words in marks_of_choice(first_keys, classes, languages)]


def expression(wanted: Sequence[Part], unwanted: Sequence[Part] = (), marks: Sequence[str] = ()) -> str:
    """All of `wanted`, one at least, and none of `unwanted`: nothing that a person typed is an operator."""
    return _said(AllOf(tuple(wanted), tuple(unwanted)), marks)


def any_of(parts: Sequence[Part]) -> str:
    return _said(AnyOf(tuple(parts)))


def _said(part: Part, marks: Sequence[str] = ()) -> str:
    words, path = _words(part), None
    needles: dict[_Needle, int] = {}
    if not _is_said_by_words(part):
        words = f"({words} & !{quoted(LONG)} | {_roughly(part)} & {quoted(LONG)})"
        path = _path(part, needles)
    said = {
        "words": " & ".join([words, *marks]),
        "path": path,
        "needles": list(needles),
        "rank": _any(dict.fromkeys(_ranked(part))),
    }
    return json.dumps(said, ensure_ascii=False)


def _all(parts: Iterable[str]) -> str:
    return f"({' & '.join(parts)})"


def _any(parts: Iterable[str]) -> str:
    return f"({' | '.join(parts)})"


def _words(part: Part) -> str:
    """The tsquery of what a row has whose tsvector says all."""
    if isinstance(part, AnyOf):
        return _any(map(_words, part.parts))
    if isinstance(part, AllOf):
        return _all([*map(_words, part.wanted), *(f"!{_words(each)}" for each in part.unwanted)])
    return _any(f"({' <-> '.join(form)})" for form in _forms(part))


def _roughly(part: Part) -> str:
    """The tsquery of what any row has that fits, and others may have."""
    if isinstance(part, AnyOf):
        return _any(map(_roughly, part.parts))
    if isinstance(part, AllOf):
        return _all(map(_roughly, part.wanted))
    return _any(_all(form) for form in _forms(part))


def _ranked(part: Part) -> Iterator[str]:
    """The words of what is wanted."""
    if isinstance(part, Phrase):
        for form in _forms(part):
            yield from form
    else:
        for each in part.wanted if isinstance(part, AllOf) else part.parts:
            yield from _ranked(each)


def _forms(phrase: Phrase) -> Iterator[list[str]]:
    """Of each form the words, one behind the other, in tsquery."""
    for needle in needles_of(phrase):
        *words, last = map(lexeme_of, needle.split())
        weight = "A" * phrase.in_title
        found = [(word, weight) for word in words] + [(last, "*" * phrase.begins + weight)]
        yield [quoted(word) + (f":{of}" if of else "") for word, of in found]


def _is_said_by_words(part: Part) -> bool:
    """Whether a tsvector that holds the words of a report, wherever they stand, is enough."""
    if isinstance(part, Phrase):
        needles = [needle.split() for needle in needles_of(part)]
        return all(len(each) == 1 and lexeme_of(each[0]) == each[0] for each in needles)
    parts = (*part.wanted, *part.unwanted) if isinstance(part, AllOf) else part.parts
    return all(map(_is_said_by_words, parts))


def _path(part: Part, needles: dict[_Needle, int]) -> str:
    """The jsonpath of which needles a row has that fits; they are numbered as they are met."""
    if isinstance(part, AnyOf):
        return f"({' || '.join(_path(each, needles) for each in part.parts)})"
    if isinstance(part, AllOf):
        wanted = [_path(each, needles) for each in part.wanted]
        return f"({' && '.join([*wanted, *(f'!{_path(each, needles)}' for each in part.unwanted)])})"
    numbers = [needles.setdefault((each, part.in_title), len(needles)) for each in needles_of(part)]
    return f"({' || '.join(f'$[{number}] == true' for number in numbers)})"
