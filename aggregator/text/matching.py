"""Which of many saved searches find a report, by its folded words and the query tree of `search`. Pure.

A report is looked up by its words: each search is filed under words of which one must be in whatever it finds, so that
the cost grows with what is found and not with the number of searches. Most of what stands between two spaces is filed
under nothing, and is left out by one difference of sets before any word of it is looked at.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import Struct, field

from aggregator.model import AllOf, Matched, Part, Phrase
from aggregator.text.query import needles_of, parse
from aggregator.text.separators import spaced, words_of

# Of what is matched: raise it when `fold`, `spaced`, `word_forms` or the query language changes. Then all is matched
# anew.
FORM = "1"
_MOST_REMEMBERED = 50_000  # pieces of text: some megabytes
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


def anywhere(title: str, summary: str, text: str) -> str:
    """All words of a report, as they follow each other, with spaces around each; the text is folded."""
    # Nobody can type what stands between the parts, so that no phrase goes from one into the next.
    others = () if text == summary else (_END, *words_of(text))
    return spaced([*words_of(title), _END, *words_of(summary), *others])


class _Words(Struct):
    """The words of one report: which of those that searches look for it has, and all of them, in their order."""

    title_said: str
    summary: str
    text: str
    present: set[int]  # the numbers of keys
    _anywhere: str = ""
    _title: str = ""

    @property
    def anywhere(self) -> str:
        """All words, as they follow each other, with spaces around each."""
        if not self._anywhere:
            self._anywhere = anywhere(self.title_said, self.summary, self.text)
        return self._anywhere

    @property
    def title(self) -> str:
        """Those of the headline."""
        self._title = self._title or spaced(words_of(self.title_said))
        return self._title


_Holds = Callable[[_Words], bool]
_Key = tuple[str, bool]  # a word, and whether it is whole, or the beginning of one


class _Search(Struct, frozen=True):
    name: str
    needs: frozenset[int]  # keys, all of which must be present
    rest: _Holds | None  # what must hold besides; None: nothing


class _Keys:
    """Numbers of keys, given as they are asked for."""

    def __init__(self) -> None:
        self.numbers: dict[_Key, int] = {}

    def number(self, key: _Key) -> int:
        return self.numbers.setdefault(key, len(self.numbers))


class Matcher(Struct, frozen=True):
    """Searches, filed by words."""

    digest: str
    _searches: tuple[_Search, ...]
    _words: Mapping[str, int]  # keys that are whole words
    _beginnings: Mapping[int, Mapping[str, tuple[tuple[str, int], ...]]]  # others, by how they begin, and its length
    _places: Mapping[int, tuple[int, ...]]  # the searches that are filed under a key
    _always: tuple[int, ...]  # those that may find a report whatever its words are
    # What stood between spaces, and was met: what has no key, as most has none, and the rest, with its keys and the
    # searches under these.
    _idle: set[str] = field(default_factory=set)
    _filed: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)

    @classmethod
    def of(cls, words: Mapping[str, str], digest: str) -> Matcher:
        """Of searches by name. Raises SearchError."""
        searches: list[_Search] = []
        keys, always = _Keys(), list[int]()
        places: dict[int, list[int]] = defaultdict(list)
        for place, (name, typed) in enumerate(words.items()):
            query = parse(typed, _LATEST)
            tree = AllOf(query.wanted, query.unwanted)
            needs, rest = _all_of(tree, keys)
            searches.append(_Search(name, needs, rest))
            filed = _keys(tree)
            if filed is None:
                always.append(place)
            for key in filed or ():
                places[keys.number(key)].append(place)
        beginnings: dict[int, dict[str, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
        for (word, is_whole), number in keys.numbers.items():
            if not is_whole:
                beginning = word[:_MOST_BEGINNING]
                beginnings[len(beginning)][beginning].append((word, number))
        return cls(
            digest,
            tuple(searches),
            {word: number for (word, is_whole), number in keys.numbers.items() if is_whole},
            {length: {each: tuple(of) for each, of in those.items()} for length, those in beginnings.items()},
            {number: tuple(those) for number, those in places.items()},
            tuple(always),
        )

    def matched(self, title: str, summary: str, text: str) -> Matched:
        """The searches that find a report with these words, which are folded."""
        pieces = {*title.split(), *summary.split()}
        if text != summary:
            pieces.update(text.split())
        filed = [self._filed.get(piece) or self._look_up(piece) for piece in pieces - self._idle]
        possible = set(self._always).union(*[places for _, places in filed])
        if not possible:
            return Matched(by=self.digest, searches=())
        present = set[int]().union(*[keys for keys, _ in filed])
        those, searches = _Words(title, summary, text, present), self._searches
        found = sorted([place for place in possible if searches[place].needs <= present])
        names = [each.name for place in found if (each := searches[place]).rest is None or each.rest(those)]
        return Matched(by=self.digest, searches=tuple(names))

    def _look_up(self, piece: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The keys of the words of a piece of text, and the searches that are filed under them; it is remembered."""
        keys: list[int] = []
        for word in words_of(piece):
            if (number := self._words.get(word)) is not None:
                keys.append(number)
            for length, of in self._beginnings.items():
                keys += [number for begin, number in of.get(word[:length], ()) if word.startswith(begin)]
        if len(self._idle) + len(self._filed) >= _MOST_REMEMBERED:
            self._idle.clear()
            self._filed.clear()
        found = tuple(keys), tuple(place for key in keys for place in self._places.get(key, ()))
        if keys:
            self._filed[piece] = found
        else:
            self._idle.add(piece)
        return found


def _holds(part: Part, keys: _Keys) -> _Holds:
    if isinstance(part, Phrase):
        return _phrase(part, keys)
    if isinstance(part, AllOf):
        needs, rest = _all_of(part, keys)
        if rest is None:
            return lambda words: needs <= words.present
        return lambda words: needs <= words.present and rest(words)
    parts = [_holds(each, keys) for each in part.parts]
    return lambda words: any(holds(words) for holds in parts)


def _all_of(part: AllOf, keys: _Keys) -> tuple[frozenset[int], _Holds | None]:
    """The keys that must all be present, and what must hold besides; None: nothing."""
    found = [(each, _single(each, keys)) for each in part.wanted]
    needs = frozenset(number for _, number in found if number is not None)
    wanted = [_holds(each, keys) for each, number in found if number is None]
    unwanted = [_holds(each, keys) for each in part.unwanted]
    if not wanted and not unwanted:
        return needs, None
    if len(wanted) == 1 and not unwanted:
        return needs, wanted[0]
    return needs, lambda words: all(each(words) for each in wanted) and not any(each(words) for each in unwanted)


def _single(part: Part, keys: _Keys) -> int | None:
    """The key that is all that a part asks for; None: it asks for something else."""
    numbers = _numbers(part, keys) if isinstance(part, Phrase) else None
    return numbers[0] if numbers is not None and len(numbers) == 1 else None


def _numbers(phrase: Phrase, keys: _Keys) -> list[int] | None:
    """The keys of which one is all that a phrase asks for; None: it is of several words, or of the headline alone."""
    found = [needle.split() for needle in needles_of(phrase)]
    if phrase.in_title or any(len(each) != 1 for each in found):
        return None
    return [keys.number((word, not phrase.begins)) for (word,) in found]


def _phrase(phrase: Phrase, keys: _Keys) -> _Holds:
    needles, numbers = needles_of(phrase), _numbers(phrase, keys)
    if numbers is not None:
        those = frozenset(numbers)
        return lambda words: not those.isdisjoint(words.present)
    if phrase.in_title:
        return lambda words: any(needle in words.title for needle in needles)
    return lambda words: any(needle in words.anywhere for needle in needles)


def _keys(part: Part) -> Sequence[_Key] | None:
    """Under which keys a part is filed, of which one must be there; None: under none, as it may hold without any."""
    if isinstance(part, Phrase):
        return [_key(needle, part.begins) for needle in needles_of(part)]
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
