"""Which of many saved searches find a report, by its folded words and the query tree of `search`. Pure.

A report is looked up by its words: each search is filed under words of which one must be in whatever it finds, so that
the cost grows with what is found and not with the number of searches.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from aggregator.model import AllOf, Matched, Part, Phrase
from aggregator.text.query import parse
from aggregator.text.separators import spaced, words_of

# Of what is matched: raise it when `fold`, `spaced`, `word_forms` or the query language changes. Then all is matched
# anew.
FORM = "1"
_MOST_IDLE = 50_000  # words that are remembered: some megabytes
_MOST_BEGINNING = 4  # letters of a beginning under which a search is filed
_END = "\ue001"  # a character of private use, which `query` takes out of what is typed
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)  # words alone are matched; `changed:` is for whoever knows the time


def packed(words: Mapping[str, str]) -> bytes:
    """The words of searches, by name, as they are handed to another process; b"": there are none."""
    return json.dumps([FORM, sorted(words.items())]).encode() if words else b""


@lru_cache(4)
def digest(searches: bytes) -> str:
    """What says by which searches a report was matched; '': by none. `searches`: see `packed`."""
    return hashlib.sha256(searches).hexdigest()[:32] if searches else ""


@lru_cache(4)
def matcher(searches: bytes) -> Matcher:
    """`searches`: see `packed`."""
    words = dict(json.loads(searches)[1]) if searches else {}
    return Matcher.of(words, digest(searches))


class _Words:
    """The words of one report."""

    __slots__ = ("_anywhere", "_each", "_title", "_title_words", "in_order")

    def __init__(self, title: str, summary: str, text: str) -> None:
        # Nobody can type what stands between the parts, so that no phrase goes from one into the next.
        others = () if text == summary else (_END, *words_of(text))
        self.in_order = [*words_of(title), _END, *words_of(summary), *others]
        self._title, self._anywhere, self._title_words = title, "", ""
        self._each: frozenset[str] = frozenset()

    @property
    def each(self) -> frozenset[str]:
        self._each = self._each or frozenset(self.in_order)
        return self._each

    @property
    def anywhere(self) -> str:
        """All words, as they follow each other, with spaces around each."""
        self._anywhere = self._anywhere or spaced(self.in_order)
        return self._anywhere

    @property
    def title(self) -> str:
        """Those of the headline."""
        self._title_words = self._title_words or spaced(words_of(self._title))
        return self._title_words


_Holds = Callable[[_Words], bool]


@dataclass(frozen=True, slots=True)
class Matcher:
    """Searches, filed by words."""

    digest: str
    _searches: tuple[tuple[str, _Holds], ...]
    _by_word: Mapping[str, tuple[int, ...]]
    _by_beginning: Mapping[int, Mapping[str, tuple[int, ...]]]  # by its length
    _always: tuple[int, ...]  # those that may find a report whatever its words are
    _idle: set[str] = field(default_factory=set)  # words that were met, under which nothing is filed: most are such

    @classmethod
    def of(cls, words: Mapping[str, str], digest: str) -> Matcher:
        """Of searches by name. Raises SearchError."""
        searches: list[tuple[str, _Holds]] = []
        by_word: dict[str, list[int]] = defaultdict(list)
        by_beginning: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        always: list[int] = []
        for place, (name, typed) in enumerate(words.items()):
            query = parse(typed, _LATEST)
            tree = AllOf(query.wanted, query.unwanted)
            searches.append((name, _all_of(tree)))
            keys = _keys(tree)
            if keys is None:
                always.append(place)
            for word, is_whole in keys or ():
                if is_whole:
                    by_word[word].append(place)
                else:
                    beginning = word[:_MOST_BEGINNING]
                    by_beginning[len(beginning)][beginning].append(place)
        return cls(
            digest,
            tuple(searches),
            {word: tuple(places) for word, places in by_word.items()},
            {n: {word: tuple(places) for word, places in of.items()} for n, of in by_beginning.items()},
            tuple(always),
        )

    def matched(self, title: str, summary: str, text: str) -> Matched:
        """The searches that find a report with these words, which are folded."""
        those = _Words(title, summary, text)
        places = set(self._always)
        if not self._idle.issuperset(those.in_order):
            for word in those.each - self._idle:
                places.update(self._places(word))
        found = (self._searches[place] for place in sorted(places))
        return Matched(by=self.digest, searches=tuple(name for name, holds in found if holds(those)))

    def _places(self, word: str) -> Sequence[int]:
        """The searches that are filed under a word, or under how it begins; where there are none, it is remembered."""
        found = list(self._by_word.get(word, ()))
        for length, of in self._by_beginning.items():
            found += of.get(word[:length], ())
        if not found:
            if len(self._idle) >= _MOST_IDLE:
                self._idle.clear()
            self._idle.add(word)
        return found


def _holds(part: Part) -> _Holds:
    if isinstance(part, AllOf):
        return _all_of(part)
    if isinstance(part, Phrase):
        return _phrase(part)
    parts = [_holds(each) for each in part.parts]
    return lambda words: any(holds(words) for holds in parts)


def _all_of(part: AllOf) -> _Holds:
    wanted, unwanted = ([_holds(each) for each in parts] for parts in (part.wanted, part.unwanted))
    if len(wanted) == 1 and not unwanted:
        return wanted[0]
    return lambda words: all(holds(words) for holds in wanted) and not any(holds(words) for holds in unwanted)


def _phrase(phrase: Phrase) -> _Holds:
    needles = _needles(phrase)
    if phrase.in_title:
        return lambda words: any(needle in words.title for needle in needles)
    found = [needle.split() for needle in needles]
    if all(len(each) == 1 for each in found) and not phrase.begins:
        forms = frozenset(word for (word,) in found)
        return lambda words: not forms.isdisjoint(words.each)
    return lambda words: any(needle in words.anywhere for needle in needles)


def _needles(phrase: Phrase) -> tuple[str, ...]:
    """What stands in a text where the phrase does, one for each of its forms."""
    found = (spaced(words) for form in phrase.forms if (words := words_of(form)))
    return tuple(each.removesuffix(" ") if phrase.begins else each for each in found)


_Keys = Sequence[tuple[str, bool]]  # words, one of which must be there; whether they are whole, or beginnings


def _keys(part: Part) -> _Keys | None:
    """Under which words a part is filed; None: under none, as it may hold without any."""
    if isinstance(part, Phrase):
        return [_key(needle, part.begins) for needle in _needles(part)]
    if isinstance(part, AllOf):
        each = [keys for keys in map(_keys, part.wanted) if keys is not None]
        # Long words are mostly rare ones.
        return max(each, key=lambda keys: (min((len(word) for word, _ in keys), default=0), -len(keys)), default=None)
    found = [_keys(each) for each in part.parts]
    return None if None in found else [key for keys in found for key in keys or ()]


def _key(needle: str, begins: bool) -> tuple[str, bool]:
    words = needle.split()
    whole = words[:-1] if begins else words
    return (max(whole, key=len), True) if whole else (words[-1], False)
