"""Which countries a report is about: those that its dateline, headline and first words name, with the evidence. Pure.

The publisher's country plays no part. A name that may be another thing (a river, a first name, an ordinary word, a
town of the same name elsewhere) counts only where the words around it, or other evidence, say that it is the country's;
`places/` has the words, and `place_words` says how they count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model.tags import Tag, TagEvidence, Where
from aggregator.tags.place_text import Words, words_in
from aggregator.tags.place_words import Entry, PlaceWords, place_words

READ = 800  # characters of a text
_LEAD = 200  # of which the first say alone what a report is about, where its headline names no country
_MOST_TITLE = 400
_EVIDENCE = 8  # pieces that a tag keeps

_POINTS = {"dateline": 5.0, "headline": 4.0, "text": 1.0}
_OF_KIND = {"name": 1.0, "demonym": 0.9, "region": 0.8, "city": 0.7}
_ENOUGH_IN_TEXT = 2  # namings in the text alone, beside a headline or a dateline that names another country
_ARTICLES = frozenset(("a", "al", "el", "il", "l", "la", "las", "le", "les", "los", "o", "os", "the"))
# What stands between the names of several countries.
_ANDS = frozenset(("", "and", "et", "e", "y", "und", "na", "da", "و", "v", "vs"))
_LONG = 3  # letters before the ending of a verb
_OPENING, _CLOSING = frozenset("«“„‘‹\"'"), frozenset("»”“’›\"'")
_STARTS = frozenset('.!?:;|([{«“"„•…؟–—‹¿¡')


class _Found(Struct, frozen=True):
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
    headline, beginning = title[:_MOST_TITLE], text[:READ]
    # Where all is small, capitals are not asked for.
    seen = " ".join(each.title() if each.islower() else each for each in (headline, beginning))
    if not dateline and not known.may_name(seen):
        return ()
    parts: list[tuple[Where, Words]] = [("headline", words_in(headline)), ("text", words_in(beginning))]
    if dateline:
        parts.insert(0, ("dateline", words_in(dateline[:_MOST_TITLE])))
    said = " ".join(["", *(key for _, words in parts for key in words.keys), ""])
    found = [each for where, words in parts for each in named_in(words, where, known, said)]
    return _tags(_supported(found))


def named_in(words: Words, where: Where, known: PlaceWords, said: str) -> list[_Found]:
    """The phrases among these words that name a country or may; `said`: the keys of all words, a blank between."""
    found: list[_Found] = []
    end = 0  # of the phrase before
    for number, key in enumerate(words.keys):
        if number < end or not known.has(key):
            continue
        match = known.longest(words.keys, number)
        if match is None or not _is_written_so(match[0], words, number, match[1]):
            continue
        entry, count = match
        end = number + count
        is_clear = entry.how == "alone" and entry.kind not in ("none", "demonym") and entry.keys not in known.turns
        is_clear = is_clear and not (entry.kind in ("region", "city") and _is_title(words, number, end))
        phrase = _Found(entry, words, where, number, end, entry.codes, is_clear)
        each = phrase if is_clear else _judged(phrase, known, said)
        if each is not None:
            found.append(each)
    return _settled(found)


def _judged(found: _Found, known: PlaceWords, said: str) -> _Found | None:
    """A phrase that may be another thing; None: it is one."""
    turned = _turned(found, known, said) if found.entry.keys in known.turns else found
    return replace(turned, is_certain=True) if turned is not None and _is_certain(turned, known) else turned


def _is_written_so(entry: Entry, words: Words, number: int, count: int) -> bool:
    """Whether a phrase has the capitals that its entry asks for, where a text's capitals say anything."""
    if entry.form == "any" or entry.kind == "none":
        return True
    written = [words.word(each) for each in range(number, number + count)]
    if entry.form == "capitals":
        if not all(each.isupper() and each.isascii() for each in written) or _is_currency(words, number + count):
            return False
        # "LET US PRAY": among words in capitals an abbreviation that is a word too needs its points.
        return not (entry.how == "words" and _is_loud(words, number, count)) and (
            count == 1
            or words.case != "capitals"
            or all("." in words.between(number + each) for each in range(1, count))
        )
    if words.case == "small":
        return entry.how in ("alone", "given") and entry.kind != "city"
    # "Le Cap", but not "Le cap": the article of a name says nothing.
    return any(not each[0].islower() for each in written if count == 1 or each.lower() not in _ARTICLES)


def _is_title(words: Words, first: int, end: int) -> bool:
    """Whether it stands alone in quotation marks, as the title of a film or a book does."""
    return words.between(first).strip()[-1:] in _OPENING and words.between(end).strip()[:1] in _CLOSING


def _is_currency(words: Words, end: int) -> bool:
    """Whether a sign of money stands behind a name: "US$500m"."""
    return words.between(end)[:1] in tuple("$€£¥")


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
            return replace(found, codes=(code,), entry=found.entry._replace(codes=(code,), how="alone"))
    return found


def _is_certain(found: _Found, known: PlaceWords) -> bool:
    """Whether it names its country whatever else the report says."""
    entry, words = found.entry, found.words
    if entry.kind == "none" or (entry.kind in ("region", "city") and _is_title(words, found.first, found.end)):
        return False
    if found.where == "dateline":
        return len(found.codes) == 1
    if entry.kind == "demonym" and found.first and words.keys[found.first - 1] in known.first_names:
        return False
    match entry.how:
        case "alone":
            return True
        case "open":
            return False
        case "persons":
            return not _is_beside_name(found, known)
        case "given":
            return words.case != "mixed" or not _is_before_name(found, known)
        case "behind":
            return _is_label(found) or (_is_behind_preposition(found, known) and not _is_beside_name(found, known))
        case "words":
            # Of abbreviations `_is_written_so` looked at the words around them.
            return entry.form == "capitals" or _is_label(found) or _is_no_plain_word(found, known)


def _is_label(found: _Found) -> bool:
    """Whether it opens the headline before a colon or a bar, as publishers write the place of a report."""
    sign = found.words.between(found.end)
    if found.first or sign.strip()[:1] not in (":", "|", "："):
        return False
    # "Nice : ..." is the town in French; "Reading: ..." is not.
    return found.entry.how != "words" or found.entry.kind == "name" or sign[0].isspace()


def _is_no_plain_word(found: _Found, known: PlaceWords) -> bool:
    """Whether the capitals of a name that is an ordinary word too can only be a name's."""
    words = found.words
    if words.case != "mixed" or _starts(words, found.first):
        return False
    if found.end - found.first > 1:  # "La Réunion"
        return all(not words.word(each)[0].islower() for each in range(found.first, found.end))
    return _is_behind_preposition(found, known) and not _is_beside_name(found, known)


def _is_behind_preposition(found: _Found, known: PlaceWords) -> bool:
    words, first = found.words, found.first
    if words.keys[first] != found.entry.keys[0]:
        return True  # Arabic writes its prepositions with the word
    # An apostrophe stands behind an elision ("d'Oran"); any other sign begins something else.
    return first > 0 and words.keys[first - 1] in known.at and not words.between(first).strip(" \u00a0'’ʼ`´-\u2011")


def _starts(words: Words, number: int) -> bool:
    return number == 0 or not _STARTS.isdisjoint(words.between(number))


def _is_beside_name(found: _Found, known: PlaceWords) -> bool:
    """Whether the word before or behind is a name, as those of persons are: "Jordan Ayew", "Michael Jordan"."""
    before = found.first - 1
    return _is_before_name(found, known) or (
        before >= 0
        and found.words.case not in ("capitals", "small")
        and not found.words.between(found.first).strip(" -.\u00a0")
        and _is_name(found.words, before, known)
        and not found.words.word(found.first)[0].islower()
    )


def _is_before_name(found: _Found, known: PlaceWords) -> bool:
    words, behind = found.words, found.end
    return (
        behind < len(words.keys)
        and not words.between(behind).strip(" -\u00a0")
        and _is_name(words, behind, known)
        and not words.word(found.first)[0].islower()
    )


def _is_name(words: Words, number: int, known: PlaceWords) -> bool:
    """Whether a word is a name that is no place's, as far as one can see."""
    key, written = words.keys[number], words.word(number)
    if key.isdigit() or key in known.beside or key in known.at:
        return False
    place = known.longest(words.keys, number)
    if place is not None and place[0].kind != "city":  # as many surnames are
        return False
    if words.case == "mixed":
        return written[0].isupper() and not (len(written) > 1 and written.isupper())  # "Israel PM"
    if written[0].islower() and words.case == "every word":
        return False
    # Where every word has a capital most words in -s, -ed and -ing are verbs.
    return not any(key.endswith(end) and len(key) > _LONG + len(end) - 1 for end in ("s", "ed", "ing"))


def _settled(found: list[_Found]) -> list[_Found]:
    """Without the phrases that name nothing, and with the country that stands behind a city's name as its own."""
    settled: list[_Found] = []
    for number, each in enumerate(found):
        if each.entry.kind == "none":
            continue
        if number + 1 < len(found):
            each = _with_place_behind(each, found[number + 1])
        if number:
            each = _with_place_before(found[number - 1], each)
        settled.append(each)
    return [
        replace(each, is_certain=True) if not each.is_certain and _is_in_row(number, settled) else each
        for number, each in enumerate(settled)
    ]


def _is_in_row(number: int, found: list[_Found]) -> bool:
    """Whether it is a country's name beside another's, "Mali, Niger and ...", and so no other word."""
    each = found[number]
    beside = [found[at] for at in (number - 1, number + 1) if 0 <= at < len(found)]
    return each.entry.kind == "name" and len(each.codes) == 1 and any(_are_joined(each, other) for other in beside)


def _are_joined(one: _Found, other: _Found) -> bool:
    first, second = (one, other) if one.first < other.first else (other, one)
    between = first.words.keys[first.end : second.first]
    return (
        other.is_certain
        and other.entry.kind == "name"
        and len(between) <= 1
        and "".join(between) in _ANDS
        and not first.words.between(first.end).strip(" ,-،、/–‑")
    )


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


def _with_place_before(before: _Found, city: _Found) -> _Found:
    """ "Lebanon's Tripoli", "Lebanon: Tripoli ...": likewise."""
    is_beside = city.words.keys[before.end : city.first] in ((), ("s",)) or _is_label(before)
    if city.entry.kind != "city" or before.entry.kind != "name" or not is_beside:
        return city
    return replace(city, codes=before.codes, is_certain=True) if before.codes[0] in city.entry.elsewhere else city


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
