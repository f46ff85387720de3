"""The dateline of a report: the place, day and agency with which its first paragraph begins. Pure.

A dateline stands at the start, and a sign closes it within 80 characters. Without an agency, a day or a known place it
is none; the names of towns are those of `known_places`. What is found are words of the text, which stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model.who import Dateline
from aggregator.tags import dates_stated
from aggregator.tags.agencies import agency_named
from aggregator.tags.known_places import is_country, key_of, town_named
from aggregator.tags.word_lists import listed
from aggregator.text.date_names import MONTHS, WEEKDAYS, word_key
from aggregator.text.date_names import fold as fold_date

_MOST_READ = 240  # characters of the paragraph
_MOST = 80  # characters before the sign that closes it
# Signs that show nothing, and the tatweel that only stretches a word.
_NO_WIDTH = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad]|(?<=[\u0621-\u064a])\u0640+(?=[\u0621-\u064a])"
)
_SPACES = re.compile(r"[^\S ]")
_CLOSER = re.compile(
    r"""
    \s*\.\s?[-–—―]+\s* | \s*--+\s* | \s*[—―]+\s* | \s*–+\s* | \s+_+\s+ | \s+ـ+\s+ | \s*\|\s* | \s*:(?!\d)\s*
    | \s+-\s* | (?<=[)\]/])-\s* | (?<=\w)-\s+ | (?<=[)\]])_\s*
    """,
    re.VERBOSE,
)
_MAY_CLOSE = re.compile(r"[(\[–—―_ـ|:)\]]|-[-\s]|[\s.)\]/]-|-$")  # without one of these nothing closes a head
_DASH = re.compile(r"[-–—|]\s")
_AFTER_BRACKET = re.compile(r"(?<=[)\]])\.?\s+(?=\S)")
_IN_BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]{2,80})[)\]]\s*")
_ENDS_IN_BRACKETS = re.compile(r"(.*?)[\s,]*[(\[]\s*([^()\[\]]{1,60}?)\s*[)\]]")
_ENDS_IN_SLASHES = re.compile(r"(.*?)[\s,]*/\s*([^/]{2,40}?)\s*/?")
_BEGINS_WITH = re.compile(r"[(\[]?\s*([^()\[\]/,:]{2,40}?)\s*[)\]]?\s*[/, ]\s*(.+)")
_BEFORE_DAY = re.compile(r"\s+(?:في|on|le|em|el|am)$")
_JOINED = re.compile(r"\s*/\s*|\s+(?:and|et|e|y|und|na|و|da)\s+|\s*&\s*")
_PLACE = re.compile(
    r"[^\W\d_](?:[^\W\d_]|['’ʼ`.-](?=[^\W\d_ ])|\.(?=\s|$))*(?: [^\W\d_](?:[^\W\d_]|['’ʼ`.-](?=[^\W\d_ ])|\.)*){0,4}"
)
_ARABIC = re.compile("[\u0600-\u06ff]")
_ETHIOPIC = re.compile("[\u1200-\u137f]")
_ENDS = re.compile(r"[.!?…؟።»”\"]\s*$|[.!?؟።]\s")


class _Head(Struct, frozen=True):
    """What stands before the sign that closes it."""

    places: tuple[str, ...] = ()
    country: str | None = None
    day: str | None = None  # as stated
    agency: str | None = None  # as it is named
    is_in_table: bool = False  # the agency


class _Line(Struct, frozen=True):
    """The beginning of a paragraph without signs that have no width, and where each of its characters stands."""

    said: str
    original: str
    at: Sequence[int]

    def literal(self, start: int, end: int) -> str:
        return self.original[self.at[start] : self.at[end - 1] + 1]


def dateline_of(text: str, language: str | None = None) -> Dateline | None:
    """The dateline of a report's plain text, a paragraph a line. `language`: BCP 47; it says which number of a day in
    numbers is the month. None: the first paragraph begins with none.
    """
    line = _first_line(text)
    if line is None:
        return None
    for head, start, end, rest in _heads(line.said):
        parsed, end, rest = _with_what_follows(head, line.said, end, rest)
        if _is_dateline(parsed, rest):
            return Dateline(
                literal=line.literal(start, end),
                places=tuple(_as_named(each) for each in parsed.places),
                country=parsed.country and _as_country(parsed.country),
                date=parsed.day and dates_stated.stated(parsed.day, language),
                agency=parsed.agency,
            )
    return None


def agency_at_start(text: str) -> str | None:
    """How an agency is named that stands where a dateline would, alone: `(Reuters) - `, `/PRNewswire/ -- `."""
    line = _first_line(text)
    found = (
        re.match(r"\s*(?:\(([^()]{2,40})\)|/([^/]{2,40})/|([^\W\d_][\w .-]{1,39}?))(?=\s*(?:--?|[–—|])\s)", line.said)
        if line and _DASH.search(line.said)
        else None
    )
    words = next(filter(None, found.groups()), "") if found else ""
    return words if agency_named(words) else None


def _first_words(text: str) -> str:
    for most in (_MOST_READ + 1, 4_000):
        for line in text[:most].splitlines():
            if line.strip("\ufeff\u200e\u200f \t\u00a0"):
                return line[:_MOST_READ]
            if most < 4_000:
                break
    return ""


@lru_cache(2)  # of one report, asked twice
def _first_line(text: str) -> _Line | None:
    original = _first_words(text)
    if original.isprintable() and "\u0640" not in original:  # as most: nothing in it is unseen, or a space of its own
        return _Line(original.replace("،", ","), original, range(len(original))) if original.strip() else None
    shown_not = {place for found in _NO_WIDTH.finditer(original) for place in range(*found.span())}
    at = tuple(place for place in range(len(original)) if place not in shown_not)
    said = _SPACES.sub(" ", "".join(original[place] for place in at)).replace("،", ",")
    return _Line(said, original, at) if said.strip() else None


def _heads(said: str) -> Iterator[tuple[_Head, int, int, str]]:
    """What may be a dateline: each head, where it begins and ends, and what follows the sign that closes it."""
    if not _MAY_CLOSE.search(said, 0, _MOST + 8):
        return
    start = len(said) - len(said.lstrip())
    if bracket := _IN_BRACKETS.match(said):
        head = _parsed(bracket[1].strip())
        rest, end = said[bracket.end() :], len(said[: bracket.end()].rstrip())
        closer = _CLOSER.match(rest)
        if head and (closer or (said[start] == "[" or head.day or head.agency)):
            yield head, start, end, rest[closer.end() :] if closer else rest
    for closers in (_CLOSER, _AFTER_BRACKET):
        for closer in closers.finditer(said, start, _MOST + 8):
            if start < closer.start() <= start + _MOST and (head := _parsed(said[start : closer.start()])):
                if closers is _AFTER_BRACKET and not (head.is_in_table and _begins_sentence(said[closer.end() :])):
                    continue
                yield head, start, closer.start(), said[closer.end() :]


def _parsed(words: str) -> _Head | None:
    """What a head says; None: something in it is none of place, country, day, agency."""
    before, agency, is_in_table, country = _without_agency(words.strip(" ,"))
    if before is None:
        return None
    words, day = dates_stated.split_day_off(before)
    words = _BEFORE_DAY.sub("", words) if day else words
    if agency and not is_in_table and dates_stated.is_day(agency):
        day, agency = agency, None
    if not agency:
        words, agency = _without_bare_agency(words)
        is_in_table = agency is not None
        if is_in_table and not day:
            words, day = dates_stated.split_day_off(words)
    segments = [each.strip() for each in words.split(",")]
    if not 1 <= len(segments) <= 3 or not all(segments):
        return None
    places = _places(segments[0])
    if places is None:
        return None
    if len(segments) == 1 and country is None and len(places) == 1:
        places, country = _country_behind(places[0])
    for segment in segments[1:]:
        segment_is = _PLACE.fullmatch(segment)
        if not segment_is or not _has_capitals(segment) or _is_label(segment):
            return None
        if is_country(segment):
            country = segment
        elif len(segments) == 2 and town_named(segment) and town_named(places[0]):
            places = (*places, segment)
    return _Head(places, country, day, agency, is_in_table)


def _without_agency(words: str) -> tuple[str | None, str | None, bool, str | None]:
    """The words without the agency or the country behind them in brackets or slashes; the agency or another name, and
    whether the table has it; the country.
    """
    for pattern in (_ENDS_IN_BRACKETS, _ENDS_IN_SLASHES):
        found = pattern.fullmatch(words)
        if not found:
            continue
        before, said = found[1].strip(" ,-"), found[2]
        if named := _agency_in(said):
            return before, named, True, None
        if pattern is _ENDS_IN_BRACKETS:
            if is_country(said):
                return before, None, False, said
            if dates_stated.is_day(said):
                return before, said, False, None
            if _is_name_of_house(said) and before:
                return before, said, False, None
            return None, None, False, None
    return words, None, False, None


def _agency_in(said: str) -> str | None:
    """The agency of `AFP`, `AFP/Reuters`, `NAN, March 2`, as the table writes it."""
    if named := agency_named(said):
        return named.words
    first = re.split(r"\s*[/,;]\s*|\s+-\s+|\s+(?:and|et|e|y|und|via)\s+", said)[0]
    named = agency_named(first) if first != said else None
    return named.words if named else None


def _without_bare_agency(words: str) -> tuple[str, str | None]:
    """`Nairobi, AFP`, `Bamako AFP`; `Reuters, Nairobi`, `AFP/Bamako`, `(AFP) Bamako`."""
    for separator in (",", " "):
        before, _, last = words.rpartition(separator)
        named = agency_named(last) if before else None
        if named and (separator == "," or town_named(before.strip(" ,"))):
            return before.rstrip(" ,"), named.words
    if (found := _BEGINS_WITH.fullmatch(words)) and (named := agency_named(found[1])):
        return found[2], named.words
    return words, None


def _places(words: str) -> tuple[str, ...] | None:
    places = _JOINED.split(words) if town_named(words) is None else [words]
    for each in places:
        if not _PLACE.fullmatch(each) or not _has_capitals(each) or _is_label(each):
            return None
    return tuple(places)


def _country_behind(place: str) -> tuple[tuple[str, ...], str | None]:
    """`Mogadishu Somalia`: the town, and the country that follows it without a comma."""
    words = place.split(" ")
    if town_named(place) is None:
        for cut in range(1, len(words)):
            town, rest = " ".join(words[:cut]), " ".join(words[cut:])
            if town_named(town) and is_country(rest):
                return (town,), rest
    return (place,), None


def _has_capitals(words: str) -> bool:
    """Whether each word begins with a capital, but for small ones; scripts without case are always so."""
    if _ARABIC.search(words) or _ETHIOPIC.search(words):
        return len(words.split()) <= 4
    parts = re.split(r"[ -]", words)
    return (
        bool(parts[0])
        and parts[0][0].isupper()
        and all(
            each[:1].isupper() or each in listed("small") or re.match(r"[a-z]{1,2}['’][A-Z]", each)
            for each in parts
            if each
        )
    )


def _is_label(words: str) -> bool:
    parts = [key_of(each).strip(".'") for each in re.split(r"[ ]", words)]
    if town_named(words) or is_country(words):
        return False
    dated = [word_key(fold_date(each)).strip(".") for each in words.split()]
    return any(each in listed("labels") for each in parts) or any(each in WEEKDAYS or each in MONTHS for each in dated)


def _is_name_of_house(said: str) -> bool:
    return 2 <= len(said) <= 40 and _PLACE.fullmatch(said) is not None and _has_capitals(said) and not _is_label(said)


def _with_what_follows(head: _Head, said: str, end: int, rest: str) -> tuple[_Head, int, str]:
    """The head with the agency or the day that stands between the sign that closes it and another such sign."""
    for _ in range(2):
        closer = _CLOSER.search(rest, 0, 60)
        if not closer or closer.start() == 0:
            break
        between = rest[: closer.start()].strip()
        inner = between.strip("/ ")
        inner = inner[1:-1].strip() if inner[:1] in "([" and inner[-1:] in ")]" else inner
        is_piped = said[end : end + 3].strip() == "|" and closer[0].strip() == "|"
        if not head.agency and (named := agency_named(inner)):
            head = replace(head, agency=named.words, is_in_table=True)
        elif not head.agency and is_piped and _is_name_of_house(inner) and not is_country(inner):
            head = replace(head, agency=inner)
        elif not head.day and dates_stated.is_day(inner):
            head = replace(head, day=inner)
        else:
            break
        end, rest = len(said) - len(rest) + closer.start(), rest[closer.end() :]
    return head, end, rest


# Whether it is one


def _is_dateline(head: _Head, rest: str) -> bool:
    place = head.places[0]
    is_known = town_named(place) is not None
    is_in_capitals = place.isupper() and len(place) > 2
    if not rest.strip() or (agency_named(place) and not is_known):
        return False
    if head.is_in_table:
        return is_known or is_in_capitals or " " not in place or bool(head.country or head.day)
    if head.day:
        return is_known or is_in_capitals or head.country is not None
    return is_known and _opens_report(head, rest)


def _opens_report(head: _Head, rest: str) -> bool:
    """Whether what follows a known town begins a report, and is no aside, heading, list, score or timetable."""
    words = rest.split()
    if not _begins_sentence(rest) or len(words) < 4 or (len(words) < 8 and not _ENDS.search(rest)):
        return False
    if re.search(r"(?<!\d)\d{1,2}\s?[-–:]\s?\d{1,2}(?![\d%])", " ".join(words[:5])):
        return False
    if head.country is None and any(
        town_named(" ".join(words[:count]).strip(",.:;")) and not is_country(" ".join(words[:count]).strip(",.:;"))
        for count in ((2,) if key_of(words[0]).split("'")[0] in listed("determiners") else (1, 2))
    ):
        return False  # `Lagos - Ibadan expressway`, `Barcelona - Real Madrid`
    return not _is_aside(rest)


def _begins_sentence(rest: str) -> bool:
    first = rest.lstrip("\"'“”‘’«»„‚( \u00a0¿¡-")[:1]
    if first.isdigit():
        return re.match(r"[^\w]*\d[\d.,]*\s+[^\W\d_]{2,}", rest) is not None
    return bool(first) and not first.islower() and first.isalpha()


def _is_aside(rest: str) -> bool:
    """`Nairobi — Kenya's capital — woke up`: a second dash soon, and the sentence goes on."""
    found = re.match(r"(.{3,50}?)\s(?:--|[-–—])\s*([^\W\d_])", rest)
    if not found or not found[2].islower():
        return False
    words = found[1].split()
    first = key_of(words[0])
    return first.endswith("'s") or (len(words) <= 3 and first.split("'")[0] not in listed("determiners"))


# As names are written


def _as_named(place: str) -> str:
    """In capitals: as the town's name is written, or each word with one capital."""
    if not place.isupper() or len(place) < 3:
        return place
    usual = town_named(place)
    if usual and len(usual) == len(place):
        return "".join(sign if other.isupper() else sign.lower() for sign, other in zip(place, usual, strict=True))
    parts = re.split(r"([ -])", place)
    return "".join(
        each.lower() if place_of and each.lower() in listed("small") else _capital(each)
        for place_of, each in enumerate(parts)
    )


def _capital(word: str) -> str:
    before, mark, after = word.partition("'") if "'" in word else word.partition("’")
    if mark and len(before) == 1:
        return f"{before}{mark}{_capital(after)}"
    return word if "." in word else word[:1] + word[1:].lower()


def _as_country(name: str) -> str:
    return _as_named(name) if len(name) > 4 else name
