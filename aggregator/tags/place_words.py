"""The words that name a country, of each language: read from the files in `places/` when a language is first met.

A file a language (`en.txt`, `fr.txt` ...), to be read and extended by people. Empty lines and those that begin with #
are for people; `a | b` are several words, `(a|b)` within a word a choice, such as `malien(|s|ne|nes)`. Accents do not
count. A word that is written small in the file is found in any case, one with a capital only behind a capital, one all
in capitals (`RDC`) only in capitals. Sections:

- `[names]`, `[people]`, `[places]`: `CODE = words`: names and short forms of countries; who and what is of a country;
  its regions and cities. `CD, CG = words`: of one of them, and which one other evidence must say.
- `[none]`: phrases that have such a word in them and name no country, such as "guinea pig".
- `[turns]`: `Word, Word: CODE = words`: with one of these in the report the word means that country (`none`: nothing).
- `[behind]`: names that are other words too: counted behind a preposition of place, before a colon at the start, or
  where other evidence names the country.
- `[words]`: names that are ordinary words: likewise, but a capital must make the difference.
- `[open]`: names that count only where other evidence names the country.
- `[persons]`: names that are persons' names too: not counted beside another word with a capital.
- `[endings]`: what the language puts behind countries' names, such as the `s` of the German genitive.
- `[given]`: names that are first names now and then: not counted before another word with a capital, where capitals
  make a difference.
- `[first names]`: a people's name behind one of these is a person's: "Muhammad al-Masri".
- `[at]`: prepositions of place. `[beside]`: what may stand with a capital beside a country's name.

`everywhere.txt` is written likewise, for all languages. `generated.txt` has the names of Unicode CLDR and of GeoNames;
`tests/make_places.py` makes it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Literal, NamedTuple

from msgspec import Struct, field

from aggregator.tags.place_text import Words, forms, keys_of, words_in
from aggregator.text.languages import primary_subtag

LANGUAGES = ("ar", "de", "en", "es", "fr", "ha", "it", "pt", "sw")  # those that have a file

Kind = Literal["name", "demonym", "region", "city", "none"]
How = Literal["alone", "behind", "words", "open", "persons", "given"]
Form = Literal["any", "capital", "capitals"]  # in which letters it must stand
_KINDS: Mapping[str, Kind] = {"names": "name", "people": "demonym", "places": "region"}
_HOWS: tuple[How, ...] = ("behind", "words", "open", "persons", "given")
_CITIES = ("alone", "behind", "open")
_FOLDER = Path(__file__).with_name("places")
_PREFIXED = "\u0600"  # from here on are the scripts that write particles with a name
_CHOICE = re.compile(r"\(([^)]*)\)")
_MOST_REMEMBERED = 20_000  # pieces of texts and pairs of these, a few MB
_LONGEST_SHORT_FORM = 6  # letters of a word in capitals that is an abbreviation


class Entry(NamedTuple):
    """What a word or phrase says."""

    keys: tuple[str, ...]
    kind: Kind
    how: How
    codes: tuple[str, ...]  # the country that it means; several: one of them; of `none` empty
    elsewhere: tuple[str, ...] = ()  # countries that have a smaller town of this name
    form: Form = "capital"


# By first word, then by second ("" for those that have one word): the longest first.
Table = Mapping[str, Mapping[str, tuple[Entry, ...]]]


class PlaceWords(Struct, frozen=True):
    """What a language's reports are read with."""

    tables: tuple[Table, ...]  # the language's own first
    at: frozenset[str]
    beside: frozenset[str]
    first_names: frozenset[str]
    turns: Mapping[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]  # by a name's words: a code and cues
    # What stood between spaces, so that it is not looked up again: what begins no phrase, as most does; what begins
    # some; and such a piece with the next one, where the two are the beginning of none.
    _idle: set[str] = field(default_factory=set)
    _begin: dict[str, frozenset[str] | None] = field(default_factory=dict)  # see `_seconds`
    _idle_pairs: set[str] = field(default_factory=set)

    def may_name(self, text: str) -> bool:
        """Whether a phrase that names something may stand in a text, as far as its single words and capitals say."""
        pieces = text.split()
        begin = {*pieces} - self._idle
        if not begin:
            return False
        if max(len(self._idle), len(self._begin), len(self._idle_pairs)) >= _MOST_REMEMBERED:
            for remembered in (self._idle, self._begin, self._idle_pairs):
                remembered.clear()
        for piece in begin - self._begin.keys():
            if self._is_idle(piece):
                self._idle.add(piece)
            else:
                self._begin[piece] = self._seconds(piece)
        begin &= self._begin.keys()
        pairs = {f"{one} {other}" for one, other in zip(pieces, (*pieces[1:], ""), strict=False) if one in begin}
        return not all(map(self._is_idle_pair, pairs - self._idle_pairs))

    def _is_idle(self, piece: str) -> bool:
        for key in keys_of(piece):
            for form in forms(key):
                for table in self.tables:  # `any` takes three times as long
                    if form in table:
                        return False
        return True

    def _seconds(self, piece: str) -> frozenset[str] | None:
        """The words one of which must stand behind a piece, so that a phrase may begin in it; None: not known."""
        words = words_in(piece)
        if len(words.keys) != 1:
            return None
        begun = [table[form] for form in forms(words.keys[0]) for table in self.tables if form in table]
        written = words.word(0)
        if any(_may_be_written(each, written) for of_key in begun for each in of_key.get("", ())):
            return None
        return frozenset(second for of_key in begun for second in of_key)

    def _is_idle_pair(self, pair: str) -> bool:
        """Whether no phrase begins in the first of two pieces."""
        one, _, other = pair.partition(" ")
        seconds, keys = self._begin[one], keys_of(other)
        if seconds is not None and (not other or keys) and (not keys or seconds.isdisjoint(forms(keys[0]))):
            self._idle_pairs.add(pair)
            return True
        words = words_in(pair)
        begin = len(keys_of(one))
        is_idle = (begin < len(words.keys) or not other) and not any(
            _may_be_begun(table[form], words, number)
            for number in range(begin)
            for form in forms(words.keys[number])
            for table in self.tables
            if form in table
        )
        if is_idle:
            self._idle_pairs.add(pair)
        return is_idle

    def has(self, key: str) -> bool:
        """Whether a phrase begins with this word, as far as one can say before Arabic particles are taken away."""
        if key > _PREFIXED:
            return True
        for table in self.tables:  # noqa: SIM110 - it is asked of every word, and `any` takes three times as long
            if key in table:
                return True
        return False

    def longest(self, keys: tuple[str, ...], number: int) -> tuple[Entry, int] | None:
        """The longest phrase that begins with this word of a text, and how many words it has; None: none does."""
        best: Entry | None = None
        for key in forms(keys[number]):
            for table in self.tables:
                if (of_key := table.get(key)) is None:
                    continue
                found = _begun(of_key, keys, number)
                if found is not None and (best is None or len(found.keys) > len(best.keys)):
                    best = found
        return None if best is None else (best, len(best.keys))


def _may_be_begun(of_key: Mapping[str, tuple[Entry, ...]], words: Words, number: int) -> bool:
    """Whether one of the phrases with a first word may stand there, by that word and the next one."""
    written = words.word(number)
    if any(_may_be_written(each, written) for each in of_key.get("", ())):
        return True
    if number + 1 == len(words.keys):
        return False
    return any(
        len(entry.keys) > 2 or _may_be_written(entry, written) or _may_be_written(entry, words.word(number + 1))
        for second in forms(words.keys[number + 1])
        for entry in of_key.get(second, ())
        if entry.kind != "none"
    )


def _may_be_written(entry: Entry, word: str) -> bool:
    """Whether a word of a phrase has the capital that the phrase asks for."""
    return entry.kind != "none" and (entry.form == "any" or not word[0].islower())


def _begun(of_key: Mapping[str, tuple[Entry, ...]], keys: tuple[str, ...], number: int) -> Entry | None:
    """The longest of the phrases with a first word."""
    if number + 1 < len(keys):
        for second in forms(keys[number + 1]):
            for entry in of_key.get(second, ()):
                if len(entry.keys) == 2 or _goes_on(entry.keys, keys, number):
                    return entry
    alone = of_key.get("")
    return alone[0] if alone else None


def _goes_on(wanted: tuple[str, ...], keys: tuple[str, ...], number: int) -> bool:
    return len(keys) - number >= len(wanted) and all(
        want == key or want in forms(key) for want, key in zip(wanted[2:], keys[number + 2 :], strict=False)
    )


class _File(Struct):
    """A language's file as it stands."""

    coded: list[tuple[Kind, tuple[str, ...], tuple[str, ...], Form]] = field(default_factory=list)  # keys, codes
    lists: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    turns: list[tuple[str, str, str]] = field(default_factory=list)  # word, code or `none`, cue


def place_words(language: str | None) -> PlaceWords:
    """Of the language of a report, BCP 47; None or one of which there are no names: as English and French are read."""
    primary = primary_subtag(language or "")
    return _place_words(primary if primary in LANGUAGES or f"names {primary}" in _generated() else "")


@cache
def _place_words(language: str) -> PlaceWords:
    own = language if language in LANGUAGES else "en"
    read = [_file(each) for each in dict.fromkeys((own, "en"))]
    tables = [_of_file(own), _everywhere()]
    if not language:
        tables.insert(1, _of_file("fr"))
    elif language not in LANGUAGES:
        tables.insert(0, _table(_generated_entries(language, _hows(read))))
    turns: dict[tuple[str, ...], list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for each in read:
        for word, code, cue in each.turns:
            turns[keys_of(word)].append((code, keys_of(cue)))
    return PlaceWords(
        tuple(tables),
        frozenset(_first_keys(each.lists["at"] for each in read)),
        frozenset(_first_keys(each.lists["beside"] for each in read)),
        frozenset(_first_keys([_file(own).lists["first names"]])),
        {word: tuple(found) for word, found in turns.items()},
    )


@cache
def _of_file(language: str) -> Table:
    """What a language's own file and the generated one have for it."""
    own = _file(language)
    entries = list(_entries(own, _hows([own])))
    entries += _generated_entries(language, _hows([own, _file("en")]))
    return _table([*entries, *_with_endings(entries, own.lists["endings"])])


def _with_endings(entries: Iterable[Entry], endings: list[str]) -> list[Entry]:
    return [
        each._replace(keys=(*each.keys[:-1], each.keys[-1] + ending))
        for each in entries
        for ending in endings
        if each.kind in ("name", "region") and each.form == "capital"
    ]


def _first_keys(lists: Iterable[list[str]]) -> Iterator[str]:
    return (key for words in lists for word in words for key in keys_of(word)[:1])


@cache
def _everywhere() -> Table:
    """What reports in every language are read with: countries in English and French, and cities."""
    english, french = _file("en"), _file("fr")
    hows = _hows([english, french])
    found = list(_entries(_file("everywhere"), hows))
    for each in (english, french):
        found += (
            entry
            for entry in _entries(each, hows)
            if entry.kind in ("name", "none") and entry.form != "any" and (each is english or entry.how == "alone")
        )
    found += _generated_entries("en", hows)
    found += (entry for entry in _generated_entries("fr", hows) if entry.how == "alone")
    # Of the cities of one name the one that counts alone is the one that is meant.
    for line in sorted(_generated()["cities"], key=lambda each: _CITIES.index(each.split("\t")[1])):
        code, how, name, *others = line.split("\t")
        elsewhere = tuple(others[0].split()) if others else ()
        keys = keys_of(name)
        of_name = hows[keys] if keys in hows else _how(how)
        found.append(Entry(keys, "city", of_name, (code, *elsewhere) if of_name == "open" else (code,), elsewhere))
    return _table(found)


def _how(word: str) -> How:
    return next((each for each in _HOWS if each == word), "alone")


def _hows(read: Iterable[_File]) -> dict[tuple[str, ...], How]:
    """How the words count that do not count alone; the first file decides."""
    found: dict[tuple[str, ...], How] = {}
    for each in read:
        for how in _HOWS:
            for word in each.lists[how]:
                found.setdefault(keys_of(word), how)
    return found


def _entries(read: _File, hows: Mapping[tuple[str, ...], How]) -> Iterator[Entry]:
    for kind, keys, codes, form in read.coded:
        how: How = "open" if len(codes) > 1 else hows.get(keys, "alone")
        yield Entry(keys, kind, how, codes, form=form)
    for phrase in read.lists["none"]:
        yield Entry(keys_of(phrase), "none", "alone", (), form=_form(phrase))


def _form(word: str) -> Form:
    if len(word) <= _LONGEST_SHORT_FORM and word.isupper() and word.lower() != word:
        return "capitals"
    return "any" if word[0].islower() or not (word[0].isupper() or word.lower() != word.upper()) else "capital"


def _generated_entries(language: str, hows: Mapping[tuple[str, ...], How]) -> list[Entry]:
    found = []
    for section, kind in (("names", "name"), ("zones", "city")):
        for line in _generated().get(f"{section} {language}", ()):
            code, name = line.split("\t")
            keys = keys_of(name)
            if keys:
                found.append(Entry(keys, "name" if kind == "name" else "city", hows.get(keys, "alone"), (code,)))
    return found


def _table(entries: Iterable[Entry]) -> Table:
    """Of two phrases that are the same the first."""
    first: dict[tuple[str, ...], Entry] = {}
    for entry in entries:
        same = first.setdefault(entry.keys, entry)
        if entry.form == "any" and same.codes == entry.codes:  # "Palestina" and "palestina"
            first[entry.keys] = same._replace(form="any")
    found: dict[str, dict[str, tuple[Entry, ...]]] = defaultdict(dict)
    for keys, entry in sorted(first.items(), key=lambda each: -len(each[0])):
        of_key, second = found[keys[0]], keys[1] if len(keys) > 1 else ""
        of_key[second] = (*of_key.get(second, ()), entry)
    return dict(found)


@cache
def _file(language: str) -> _File:
    read = _File()
    for section, line in _lines(language):
        if section in _KINDS:
            kind, codes, words = _KINDS[section], *_coded(line)
            read.coded += ((kind, keys_of(word), codes, _form(word)) for word in words)
        elif section == "turns":
            named, _, rest = line.partition(":")
            code, _, cues = rest.partition("=")
            read.turns += ((word.strip(), code.strip(), cue) for word in named.split(",") for cue in _words(cues))
        else:
            read.lists[section] += _words(line)
    return read


def _lines(language: str) -> Iterator[tuple[str, str]]:
    """The lines of a file that are not for people, each with its section."""
    section = ""
    for line in (_FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line.strip(" []")
        else:
            yield section, line


def _coded(line: str) -> tuple[tuple[str, ...], Iterable[str]]:
    """The countries of a line, and the words for them."""
    codes, _, words = line.partition("=")
    return tuple(each.strip() for each in codes.split(",")), _words(words)


def _words(line: str) -> Iterable[str]:
    """The words of a line, each choice in all its forms."""
    if "(" not in line:
        return map(str.strip, line.split("|"))
    # A bar within a choice separates no words.
    return (form for word in re.split(r"\|(?![^(]*\))", line) for form in _forms_of(word.strip()))


def _forms_of(word: str) -> Iterable[str]:
    if "(" not in word:
        return (word,)
    parts = _CHOICE.split(word)
    choices = (part.split("|") if number % 2 else [part] for number, part in enumerate(parts))
    return map("".join, product(*choices))


@cache
def _generated() -> Mapping[str, list[str]]:
    """The lines of the generated file by section."""
    sections: dict[str, list[str]] = {}
    for part in (_FOLDER / "generated.txt").read_text(encoding="utf-8").split("\n[")[1:]:
        head, _, rest = part.partition("]\n")
        sections[head] = rest.splitlines()
    return sections


# Names alone, for datelines


@cache
def country_names() -> frozenset[str]:
    """Names and short forms of countries in every language that there is, as they are written."""
    named = (line for each in LANGUAGES for section, line in _lines(each) if section == "names")
    found = {word for line in named for word in _coded(line)[1]}
    sections = (lines for section, lines in _generated().items() if section.startswith("names "))
    return frozenset(found | {line.partition("\t")[2] for lines in sections for line in lines})
