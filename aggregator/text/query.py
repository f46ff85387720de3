"""What somebody searches for, as it is typed: words, "phrases", begin*, title:word, changed:1d, AND, OR, NOT and
brackets. Pure.

    alternatives = all {"OR" all}
    all          = one {["AND"] one}
    one          = ["NOT" | "-"] ["title:"] (word | "phrase" | "(" alternatives ")")
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from difflib import get_close_matches

from msgspec import Struct

from aggregator.model import AllOf, AnyOf, Part, Phrase, Query
from aggregator.model.errors import SearchError
from aggregator.text.dates import read_since
from aggregator.text.separators import spaced, words_of
from aggregator.text.word_forms import phrase_forms

# A search is made by a person. In a wire of 22,500 reports 50 words joined by OR took 0.05 s, and 10 beginnings of two
# letters 1.4 s, on a machine whose two cores had twelve processes to run.
MOST_CHARACTERS, MOST_WORDS, DEEPEST = 1_000, 50, 10
_SHORTEST_BEGINNING, _MOST_BEGINNINGS = 2, 10  # letters, and words
# Of a million reports ten beginnings of two letters, with which most words began, took 5 to 13 s. Anybody may search.
_SHORT_BEGINNING, _MOST_SHORT = 4, 3  # fewer letters than these are few

_FIELDS = ("title", "changed")
_OPERATORS = ("AND", "OR", "NOT")
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ue000-\uf8ff]")  # the last: private use, such as words of ours
_LEXEME = re.compile(
    r"""
    \s*(?: (?P<close>\))
         | (?P<dash>-?) (?:(?P<field>[^\W\d_]+):(?!//)(?=[^\s)]))?
           (?: (?P<open>\() | "(?P<phrase>[^"]*)"?(?P<star>\*?) | (?P<word>[^\s()"]+) )
         | (?P<lost>\S) )
    """,
    re.VERBOSE,
)


class _Lexeme(Struct, frozen=True):
    kind: str  # "(", ")", an operator or "word"
    text: str = ""  # of a word, as it is typed
    is_phrase: bool = False  # it stood in quotes
    field: str | None = None
    is_excluded: bool = False  # a dash stands before it


def parse(typed: str, now: datetime | None = None) -> Query:
    """The query that these words are. Raises SearchError for what can find nothing: nothing that is typed is an
    operator of the index. `now`: from which `changed:` counts back; None: it is refused.
    """
    if len(typed) > MOST_CHARACTERS:
        raise SearchError(f"the search has {len(typed):,} characters; write at most {MOST_CHARACTERS:,}")
    lexemes = list(_lexemes(typed))
    count = sum(len(each.text.split()) for each in lexemes if each.kind == "word")
    if count > MOST_WORDS:
        raise SearchError(f"the search has {count} words; write at most {MOST_WORDS}")
    beginnings = [_letters(each.text) for each in lexemes if each.kind == "word" and each.text.endswith("*")]
    if len(beginnings) > _MOST_BEGINNINGS:
        raise SearchError(f"more than {_MOST_BEGINNINGS} words have a `*` behind them; write fewer")
    if sum(letters < _SHORT_BEGINNING for letters in beginnings) > _MOST_SHORT:
        said = f"more than {_MOST_SHORT} words have a `*` behind fewer than {_SHORT_BEGINNING} letters"
        raise SearchError(f"{said}; write more of them, e.g. `elect*`")
    lexemes, since = _without_changed(lexemes, now)
    if not lexemes:
        if since is None:
            raise SearchError(_nothing_said(typed))
        return Query(changed_since=since)
    rest = deque(lexemes)
    found = _alternatives(rest, 0, False)
    if rest:
        raise SearchError(_NOT_OPENED)
    if not found.wanted and since is None:
        raise SearchError("there are only exclusions; write also what is to be found, e.g. `flood -bridge`")
    return Query(found.wanted, found.unwanted, since)


def needles_of(phrase: Phrase) -> tuple[str, ...]:
    """What stands in a text where a phrase does, one for each of its forms: words with spaces around them."""
    found = (spaced(words) for form in phrase.forms if (words := words_of(form)))
    return tuple(each.removesuffix(" ") if phrase.begins else each for each in found)


def typed(arguments: Sequence[str]) -> str:
    """The arguments of a command line as `parse` reads them: the shell took the quotation marks of a phrase."""
    return " ".join(map(_typed_again, arguments))


_BEFORE = re.compile(r"(-?(?:title:)?)(.*)", re.DOTALL)
_MORE_THAN_WORDS = re.compile(r"""["()“”„‟«»]|(?:^|\s)(?:AND|OR|NOT)(?:\s|$)|\s-\w|\*\s|(?:^|\s)-?changed:|\stitle:""")


def _typed_again(argument: str) -> str:
    before, words = _BEFORE.fullmatch(argument.strip()).groups()  # type: ignore[union-attr]  # it fits everything
    is_phrase = len(words.split()) > 1 and not _MORE_THAN_WORDS.search(argument.strip())
    return f'{before}"{words}"' if is_phrase else argument


def others(typed: str) -> Iterator[str]:
    """Searches that find more than this one, the nearest first, some twenty: with a phrase as words, with a word that
    only begins so, with all words so, with a word fewer.
    """
    lexemes = list(_lexemes(typed))
    if any(each.is_phrase and not each.is_excluded and len(each.text.split()) > 1 for each in lexemes):
        yield _shown([replaced for each in lexemes for replaced in _as_words(each)])
    begun = [at for at, each in enumerate(lexemes) if _begun(each, 0) != each]
    for cut in range(_MOST_CUT + 1):
        alone = [(at,) for at in begun] if 1 < len(begun) <= _ALONE else []
        for ats in (*alone, tuple(begun)):
            one = [_begun(each, cut) if at in ats else each for at, each in enumerate(lexemes)]
            if one != lexemes:
                yield _shown(one)
    if all(each.kind == "word" for each in lexemes):
        wanted = [each for each in lexemes if not each.is_excluded and each.field != "changed"]
        for left_out in reversed(wanted[:5] if len(wanted) > 1 else ()):
            yield _shown([each for each in lexemes if each is not left_out])


def _as_words(lexeme: _Lexeme) -> Sequence[_Lexeme]:
    if not lexeme.is_phrase or lexeme.is_excluded:
        return (lexeme,)
    return [_Lexeme("word", word, field=lexeme.field) for word in lexeme.text.split()]


_LEAST_BEGINNING = 4  # letters of a word that is offered as a beginning
_MOST_CUT = 3  # letters that are left out of one
_ALONE = 3  # words, of which each is offered so


def _begun(lexeme: _Lexeme, cut: int) -> _Lexeme:
    """Such a word without its last letters and with a star."""
    text = lexeme.text.rstrip("*")
    is_word = lexeme.kind == "word" and not (lexeme.is_phrase or lexeme.is_excluded or lexeme.field == "changed")
    if not is_word or not text.isalpha() or len(text) - cut < _LEAST_BEGINNING:
        return lexeme
    return _Lexeme("word", f"{text[: len(text) - cut]}*", field=lexeme.field)


def _shown(lexemes: Sequence[_Lexeme]) -> str:
    """As a person would type them."""
    said = ""
    for each in lexemes:
        text = f'"{each.text}"' if each.is_phrase else each.text
        field = f"{each.field}:" if each.field else ""
        before = "" if not said or said.endswith("(") or each.kind == ")" else " "
        said += f"{before}{'-' * each.is_excluded}{field}{text if each.kind == 'word' else each.kind}"
    return said


# What is typed, in its parts


def _lexemes(typed: str) -> Iterator[_Lexeme]:
    """All that stands for something; what has no letter and no digit is left out. Raises SearchError."""
    for found in _LEXEME.finditer(_CONTROLS.sub(" ", typed.translate(_QUOTES))):
        dash, field, phrase, word = found["dash"] == "-", found["field"], found["phrase"], found["word"]
        if found["close"]:
            yield _Lexeme(")")
        elif found["open"]:
            yield _Lexeme("(", field=_known_field(field, "("), is_excluded=dash)
        elif word in _OPERATORS and not dash and not field:
            yield _Lexeme(word)
        else:
            said = word or (phrase or "") + (found["star"] or "")
            known = _known_field(field, said) if field else None
            if word and not field:
                _refuse_lone_field(word)
            if known == "changed" or any(map(str.isalnum, said)):
                yield _Lexeme("word", said.strip(), word is None, known, dash)


def _known_field(name: str | None, said: str) -> str | None:
    if name is None:
        return None
    if name.lower() not in _FIELDS:
        near = get_close_matches(name.lower(), _FIELDS, n=1)
        meant = f"did you mean `{near[0]}:{said}`? " if near else ""
        raise SearchError(
            f"there is no field `{name}:`; {meant}The fields are title: and changed:; for a word with a colon write"
            f' "{name}:{said}" in quotes; for publisher, country and language there are options'
        )
    return name.lower()


def _refuse_lone_field(word: str) -> None:
    """For `title: bridge`; words as in `Mali: a bridge` may end so."""
    name = word.removesuffix(":").lower()
    if word.endswith(":") and (near := get_close_matches(name, _FIELDS, n=1, cutoff=0.75)):
        example = "title:bridge" if near[0] == "title" else "changed:1d"
        raise SearchError(f"`{word}` has nothing directly behind it; write it without a space, e.g. `{example}`")


def _nothing_said(typed: str) -> str:
    if not typed.strip(' \t\n"()'):
        return "there is no word to search for; write one or more, e.g. `flood bridge`"
    if "*" in typed:
        return "a `*` alone finds nothing; write the beginning of a word before it, e.g. `elect*`"
    return "there is no letter and no digit in it; write a word, e.g. `flood`"


def _without_changed(lexemes: list[_Lexeme], now: datetime | None) -> tuple[list[_Lexeme], datetime | None]:
    """The lexemes without `changed:`, and the latest time that it names."""
    if not any(each.field == "changed" for each in lexemes):
        return lexemes, None
    left: list[_Lexeme] = []
    times: list[datetime] = []
    depth, is_behind = 0, False  # behind a `changed:`, where an AND joins nothing
    for each in lexemes:
        depth += {"(": 1, ")": -1}.get(each.kind, 0)
        is_and, is_behind = each.kind == "AND" and is_behind, False
        if each.field == "changed":
            is_alone = depth == 0 and not each.is_excluded and not (left and left[-1].kind == "NOT")
            if each.kind != "word" or not is_alone or any(other.kind == "OR" for other in lexemes):
                raise SearchError("`changed:` holds for the whole search; write it without OR, NOT and brackets")
            times.append(_time_of(each.text, now))
            if left and left[-1].kind == "AND":
                left.pop()
            else:
                is_behind = True
        elif not is_and:
            left.append(each)
    return left, max(times)


def _time_of(text: str, now: datetime | None) -> datetime:
    moment = read_since(text, now) if now else None
    if moment is None or now is None:
        raise SearchError(f"`changed:{text}` names no time; write e.g. `changed:6h`, `changed:2d` or a date")
    if moment > now:
        raise SearchError(
            f"`changed:{text}` is in the future; write e.g. `changed:6h`, `changed:2d` or an earlier date"
        )
    return moment


# What belongs together


def _alternatives(rest: deque[_Lexeme], depth: int, in_title: bool) -> AllOf:
    parts = [_all(rest, depth, in_title)]
    while rest and rest[0].kind == "OR":
        rest.popleft()
        parts.append(_all(rest, depth, in_title, is_behind_or=True))
    if len(parts) == 1:
        return parts[0]
    if not all(each.wanted for each in parts):
        raise SearchError("an exclusion needs a word beside it on the same side of OR, e.g. `flood OR (rain -storm)`")
    return AllOf((AnyOf(tuple(map(_simple, parts))),))


def _all(rest: deque[_Lexeme], depth: int, in_title: bool, *, is_behind_or: bool = False) -> AllOf:
    """May have only exclusions, which exclude from what stands around it."""
    wanted: list[Part] = []
    unwanted: list[Part] = []
    while rest and rest[0].kind not in (")", "OR"):
        if rest[0].kind == "AND":
            rest.popleft()
            if not (wanted or unwanted) or not rest or rest[0].kind in (")", "OR", "AND"):
                raise SearchError(_lonely("AND"))
        is_excluded = rest[0].kind == "NOT"
        if is_excluded:
            rest.popleft()
            if not rest or rest[0].kind in (")", *_OPERATORS):
                raise SearchError("NOT needs a word directly behind it, e.g. `flood NOT bridge`")
        if is_excluded and rest[0].is_excluded:
            raise SearchError("NOT and a dash are before the same word; one of them is enough")
        is_excluded |= rest[0].is_excluded
        one = _one(rest, depth, in_title)
        if not is_excluded:
            wanted += one.wanted
            unwanted += one.unwanted
        elif one.wanted:
            unwanted.append(_simple(one))
        else:
            raise SearchError("an exclusion of exclusions is not understood; write the words without NOT and dash")
    if not wanted and not unwanted:
        raise SearchError(_no_word(rest[0].kind if rest else "", depth, is_behind_or))
    return AllOf(tuple(wanted), tuple(unwanted))


_NOT_OPENED = "this `)` closes no bracket; leave it out, or put it in quotes"
_NOT_CLOSED = "a `(` is never closed; write a `)` behind the words that belong together, or put it in quotes"


def _lonely(operator: str) -> str:
    example = f"`flood {operator} drought`"
    return f'{operator} needs a word on both sides, e.g. {example}; as a word to be found write "{operator}"'


def _no_word(kind: str, depth: int, is_behind_or: bool) -> str:
    """Why there is none where one should be, before something of this kind or, with none, at the end."""
    if kind == "OR" or is_behind_or:
        return _lonely("OR")
    if kind == ")":
        return "there is no word in these brackets; write one, or leave them out" if depth else _NOT_OPENED
    return _NOT_CLOSED


def _one(rest: deque[_Lexeme], depth: int, in_title: bool) -> AllOf:
    lexeme = rest.popleft()
    in_title |= lexeme.field == "title"
    if lexeme.kind != "(":
        return AllOf((_phrase(lexeme, in_title),))
    if depth == DEEPEST:
        raise SearchError(f"brackets stand more than {DEEPEST} deep; write fewer")
    found = _alternatives(rest, depth + 1, in_title)
    if not rest:
        raise SearchError(_NOT_CLOSED)
    rest.popleft()
    return found


def _phrase(lexeme: _Lexeme, in_title: bool) -> Phrase:
    text = lexeme.text.rstrip("*")
    if re.search(r"\w\*|\*\w", text):
        raise SearchError(f"in `{lexeme.text}` the `*` can only stand at the end, e.g. `elect*`")
    begins = lexeme.text.endswith("*")
    if begins and _letters(text) < _SHORTEST_BEGINNING:
        raise SearchError(f"`{lexeme.text}` begins too many words; write more of it, e.g. `elect*`")
    forms = phrase_forms(text.split())
    if not any(map(words_of, forms)):  # such as an Arabic tatweel alone
        raise SearchError(f"there is no letter and no digit in `{lexeme.text}`; write a word, e.g. `flood`")
    return Phrase(forms, begins=begins, in_title=in_title)


def _letters(text: str) -> int:
    """How many letters and digits the last word of a text has."""
    return sum(map(str.isalnum, (text.split() or [""])[-1]))


def _simple(part: AllOf) -> Part:
    return part.wanted[0] if len(part.wanted) == 1 and not part.unwanted else part
