"""Which countries a report is about: those that its dateline, headline and first words name, with the evidence. Pure.

The publisher's country plays no part. A name that may be another thing (a river, a first name, an ordinary word, a
town of the same name elsewhere) counts only where the words around it, or other evidence, say that it is the country's;
`places/` has the words, and `place_words` says how they count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from aggregator.model.tags import Tag, TagEvidence, Where
from aggregator.tags.place_text import Words, words_in
from aggregator.tags.place_words import Entry, PlaceWords, place_words

READ = 1_200  # characters of a text
_LEAD = 300  # of which the first say alone what a report is about, where its headline names no country
_MOST_TITLE = 400
_EVIDENCE = 8  # pieces that a tag keeps

_POINTS = {"dateline": 5.0, "headline": 4.0, "text": 1.0}
_OF_KIND = {"name": 1.0, "demonym": 0.9, "region": 0.8, "city": 0.7}
_ENOUGH_IN_TEXT = 2  # namings in the text alone, beside a headline or a dateline that names another country
_PREFIXED = "\u0600"  # from here on scripts that may write a particle with a name
_STARTS = frozenset('.!?:;|([{«“"„•…؟–—‹¿¡')


@dataclass(frozen=True, slots=True)
class _Found:
    """A phrase of a report that may name a country."""

    entry: Entry
    words: Words
    where: Where
    first: int  # number of its first word
    end: int  # and of the word behind it
    codes: tuple[str, ...]
    is_certain: bool

    def in_lead(self) -> bool:
        return self.where != "text" or self.words.spans[self.first][0] < _LEAD


def countries_of(title: str, text: str, dateline: str | None, language: str | None) -> tuple[Tag, ...]:
    """The countries of a report, the heaviest first, as ISO 3166-1 alpha-2; (): none is clear.

    `text`: plain words; its first READ characters are read. `dateline`: as it stands; None: there is none. `language`:
    of the report, BCP 47; None: not known.
    """
    known = place_words(language)
    parts: list[tuple[Where, Words]] = [("headline", words_in(title[:_MOST_TITLE])), ("text", words_in(text[:READ]))]
    if dateline:
        parts.insert(0, ("dateline", words_in(dateline[:_MOST_TITLE])))
    said = " ".join(["", *(key for _, words in parts for key in words.keys), ""])
    found = [each for where, words in parts for each in _found_in(words, where, known, said)]
    return _tags(_supported(found))


def _found_in(words: Words, where: Where, known: PlaceWords, said: str) -> list[_Found]:
    found: list[_Found] = []
    end = 0  # of the phrase before
    for number, key in enumerate(words.keys):
        if number < end or not (key in known.begins or key > _PREFIXED):
            continue
        match = known.longest(words.keys, number)
        if match is None or not _is_written_so(match[0], words, number, match[1]):
            continue
        entry, count = match
        end = number + count
        phrase = _Found(entry, words, where, number, end, entry.codes, False)
        each = _turned(phrase, known, said) if entry.keys in known.turns else phrase
        if each is not None:
            found.append(replace(each, is_certain=True) if _is_certain(each, known) else each)
    return _settled(found)


def _is_written_so(entry: Entry, words: Words, number: int, count: int) -> bool:
    """Whether a phrase has the capitals that its entry asks for, where a text's capitals say anything."""
    if entry.form == "any" or entry.kind == "none":
        return True
    written = [words.word(each) for each in range(number, number + count)]
    if entry.form == "capitals":
        if not all(each.isupper() for each in written):
            return False
        # "LET US PRAY": among words in capitals an abbreviation that is a word too needs its points.
        return not (entry.how == "words" and _is_loud(words, number, count)) and (
            count == 1
            or words.case != "capitals"
            or all("." in words.between(number + each) for each in range(1, count))
        )
    if words.case == "small":
        return entry.how == "alone" and entry.kind != "city"
    return any(not each[0].islower() for each in (written[0], written[-1]))


def _is_loud(words: Words, number: int, count: int) -> bool:
    if words.case == "capitals":
        return True
    beside = [each for each in (number - 1, number + count) if 0 <= each < len(words.keys)]
    return bool(beside) and all(words.word(each).isupper() and len(words.word(each)) > 1 for each in beside)


def _turned(found: _Found, known: PlaceWords, said: str) -> _Found | None:
    """As another word of the report turns it to another country; None: to none."""
    for code, cue in known.turns.get(found.entry.keys, ()):
        if f" {' '.join(cue)} " in said:
            if code == "none":
                return None
            return replace(found, codes=(code,), entry=replace(found.entry, codes=(code,), how="alone"))
    return found


def _is_certain(found: _Found, known: PlaceWords) -> bool:
    """Whether it names its country whatever else the report says."""
    entry, words = found.entry, found.words
    if entry.kind == "none":
        return False
    if found.where == "dateline":
        return len(found.codes) == 1
    match entry.how:
        case "alone":
            return True
        case "open":
            return False
        case "persons":
            return not _is_beside_name(found, known)
        case "words" if entry.form == "capitals":
            return True  # `_is_written_so` looked at the words around it
        case "words" if _is_label(found):
            return True
        case "words":
            plain = words.case == "mixed" and not _starts(words, found.first)
            if plain and found.end - found.first > 1:  # "La Réunion"
                return all(not words.word(each)[0].islower() for each in range(found.first, found.end))
            return plain and _is_behind_preposition(found, known) and not _is_beside_name(found, known)
        case "behind":
            return _is_label(found) or (_is_behind_preposition(found, known) and not _is_beside_name(found, known))
    return False


def _is_label(found: _Found) -> bool:
    """Whether it opens the headline before a colon or a bar, as publishers write the country of a report."""
    return found.first == 0 and found.words.between(found.end).strip()[:1] in (":", "|", "：")


def _is_behind_preposition(found: _Found, known: PlaceWords) -> bool:
    words, first = found.words, found.first
    if words.keys[first] not in (found.entry.keys[0],):
        return True  # Arabic writes its prepositions with the word
    # An apostrophe stands behind an elision ("d'Oran"); any other sign begins something else.
    return first > 0 and words.keys[first - 1] in known.at and not words.between(first).strip(" \u00a0'’ʼ`´-\u2011")


def _starts(words: Words, number: int) -> bool:
    return number == 0 or not _STARTS.isdisjoint(words.between(number))


def _is_beside_name(found: _Found, known: PlaceWords) -> bool:
    """Whether the word before or behind is a name, as those of persons are: "Jordan Ayew", "Michael Jordan"."""
    words = found.words
    if words.case in ("capitals", "small"):
        return any(
            0 <= each < len(words.keys) and not _may_stand_beside(words, each, known)
            for each in (found.end,)
            if each < len(words.keys) and not words.between(each).strip()
        )
    behind, before = found.end, found.first - 1
    if (
        behind < len(words.keys)
        and not words.between(behind).strip(" -\u00a0")
        and words.word(behind)[0].isupper()
        and not _may_stand_beside(words, behind, known)
    ):
        return True
    return (
        before >= 0
        and not words.between(found.first).strip(" -.\u00a0")
        and words.word(before)[0].isupper()
        and not _may_stand_beside(words, before, known)
    )


def _may_stand_beside(words: Words, number: int, known: PlaceWords) -> bool:
    key = words.keys[number]
    if key.isdigit() or key in known.beside or key in known.at or known.longest(words.keys, number):
        return True
    return any(
        key.endswith(end) and _stem_is_known(key.removesuffix(end), known) for end in ("s", "es", "ed", "d", "ing")
    )


def _stem_is_known(stem: str, known: PlaceWords) -> bool:
    return stem in known.beside or f"{stem}e" in known.beside


def _settled(found: list[_Found]) -> list[_Found]:
    """Without the phrases that name nothing, and with the country that stands behind a city's name as its own."""
    settled: list[_Found] = []
    for number, each in enumerate(found):
        if each.entry.kind == "none":
            continue
        if number + 1 < len(found):
            each = _with_place_behind(each, found[number + 1])
        settled.append(each)
    return settled


def _with_place_behind(city: _Found, behind: _Found) -> _Found:
    """ "London, Ontario", "Lagos in Portugal", "Lebanon, Ohio": the town of this name in the place behind it."""
    if city.entry.kind == "name" and city.end == behind.first and _is_in_america(behind):
        comma = city.words.between(city.end).strip() == ","
        return replace(city, codes=behind.codes, is_certain=True) if comma else city
    if city.entry.kind != "city":
        return city
    if behind.entry.kind not in ("name", "region") or behind.first - city.end > 1 or len(behind.codes) != 1:
        return city
    code = behind.codes[0]
    sign = city.words.between(behind.first if behind.first == city.end else city.end).strip()
    joined = behind.first > city.end or sign[:1] in (",", "(", "،", "/", "")
    if code == city.codes[0] or not joined:
        return city
    if code in city.entry.elsewhere:
        return replace(city, codes=(code,), is_certain=True)
    # A town that we do not know: the city of that name is not meant.
    return replace(city, codes=(), is_certain=False) if behind.first == city.end and sign[:1] in (",", "(") else city


def _is_in_america(found: _Found) -> bool:
    """Whether it is a state or a province in whose towns the names of countries come again."""
    return found.entry.kind == "region" and found.codes in (("US",), ("CA",))


def _supported(found: Iterable[_Found]) -> list[_Found]:
    """What counts: what is certain, and what other evidence makes certain, with one code each."""
    found = list(found)
    certain = {each.codes[0] for each in found if each.is_certain}
    counted = []
    for each in found:
        if each.is_certain:
            counted.append(each)
        elif len(codes := [code for code in each.codes if code in certain]) == 1:
            counted.append(replace(each, codes=(codes[0],)))
    return counted


def _tags(found: list[_Found]) -> tuple[Tag, ...]:
    by_code: dict[str, list[_Found]] = {}
    for each in found:
        by_code.setdefault(each.codes[0], []).append(each)
    has_head = any(each.where != "text" for each in found)
    kept = {code: of_code for code, of_code in by_code.items() if _is_enough(of_code, has_head)}
    points = {code: sum(map(_points, of_code)) for code, of_code in kept.items()}
    total = sum(points.values())
    tags = [Tag(code, round(points[code] / total, 3), tuple(_evidence(of_code))) for code, of_code in kept.items()]
    return tuple(sorted(tags, key=lambda tag: -tag.weight))


def _is_enough(found: list[_Found], has_head: bool) -> bool:
    """Whether a country is what the report is about, or stands in its text by the way."""
    if any(each.where != "text" for each in found):
        return True
    if has_head:
        return len(found) > _ENOUGH_IN_TEXT and any(each.in_lead() for each in found)
    return any(each.in_lead() for each in found) or len(found) > _ENOUGH_IN_TEXT


def _points(found: _Found) -> float:
    of_kind = 1.0 if found.where == "dateline" else _OF_KIND[found.entry.kind]
    return _POINTS[found.where] * of_kind


def _evidence(found: list[_Found]) -> Iterator[TagEvidence]:
    """The strongest first, the same words once in each part of the report."""
    strongest = sorted(found, key=lambda each: -_points(each))
    pieces = {
        TagEvidence(
            each.words.quote(each.first, each.end),
            each.where,
            "dateline" if each.where == "dateline" else each.entry.kind,
        ): None
        for each in strongest
    }
    yield from list(pieces)[:_EVIDENCE]
