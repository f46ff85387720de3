"""Who wrote a report, by its byline: persons and organisations. Pure.

A generic byline (`Staff Reporter`, `admin`) and the publisher itself make nobody; the byline stays as it is stated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.model.who import Author, Byline, Role
from aggregator.tags import dates_stated, names
from aggregator.tags.agencies import agency_named
from aggregator.tags.known_places import is_country, key_of, town_named
from aggregator.tags.plain_names import OF_ANY_HOUSE, is_plain_name
from aggregator.tags.word_lists import generic_bylines, listed
from aggregator.text.languages import primary_subtag

_MOST_READ = 1_000  # characters
_MAIL = re.compile(
    r"[(<\[]?\s*(?:mailto:|e-?mail:?\s*)?[^\s<>()@:,;]+@[^\s<>()@:,;]+\.[^\s<>()@:,;]+\s*[)>\]]?", re.IGNORECASE
)
_HANDLE = re.compile(r"[(\[]?\s*(?:(?:follow|twitter|x|instagram)\s*:?\s*)?(?<![\w.])@\w{2,}\s*[)\]]?", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
_TIME = re.compile(
    r",?\s*\b(?:at\s+|à\s+|às\s+|um\s+)?\d{1,2}(?:[:h.]\d\d){1,2}\s*(?:[ap]\.?m\.?)?(?:\s*(?:GMT|UTC"
    r"|EAT|WAT|CAT|SAST|CET|CEST|EST|Uhr|h)(?:[+-]\d+)?)?(?!\w)",
    re.IGNORECASE,
)
_BY = re.compile(
    r"""(?:
    (?:(?:written|reported|story|words|text|report|article|compiled|posted|submitted|published|contributed)\s+)?by
    | (?:(?:écrit|rédigé|publié|article|texte|posté|propos\ recueillis)\s+)?par | texte\s+de | (?:(?:escrito
    |texto|redigido|publicado)\s+)?por | texto\s+de
    | (?:(?:ein\ Bericht|Text)\s+)?von | (?:testo\s+di|scritto\s+da|a\s+cura\s+di)
    | from | imeandikwa\s+na | na\s+mwandishi | daga
    | بقلم | كتبت? | إعداد | تقرير | كتابة | بواسطة | اعداد | حاوره | حوار
    )\s*:?\s+|(?:author|auteur|autor|autora|autore|by|words|text|texte|texto|mwandishi|الكاتب)\s*:\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_BY_IN = {
    "it": re.compile(r"(?:di|da)\s+", re.IGNORECASE),
    "sw": re.compile(r"na\s+", re.IGNORECASE),
    "pt": re.compile(r"de\s+", re.IGNORECASE),
    "es": re.compile(r"de\s+", re.IGNORECASE),
    "ha": re.compile(r"daga\s+", re.IGNORECASE),
}
_AND = {
    None: r"\s+(?:and|AND|And|et|ET|und|UND|with|With|WITH|avec|AVEC|mit|con|com|plus)\s+|\s*&\s*|\s+و\s+",
    "sw": r"\s+(?:na|NA)\s+",
    "ha": r"\s+(?:da|DA)\s+",
}
# What may also be a part of one name (`Costa e Silva`), so that it separates names of as many words alone.
# Arabic names that begin with the letter of `and`: Ould, Walid, Wael, Wahid, Widad, Wissam, Wajdi, Wassim, Wafa, Wahib.
_AND_BETWEEN_NAMES = re.compile(
    r"\s+(?:[eyEY]|ed)\s+|\s+و(?!لد\b|ليد|ائل|حيد|داد|سام|جدي|سيم|فاء|هيب|ديع|جيه|هبة|هبي|رد|لاء|الي\b)(?=\S)"
)
# `Our Energy Correspondent`: whoever says `our` names nobody.
_OURS = re.compile(
    r"(?:our|notre|noss[oa]|nuestr[oa]|unser\w*)\s+\S|(?:مراسل|مراسلة|موفد|موفدة|مندوب|مبعوث)ت?نا(?:\s|$)"
)
_SEPARATOR = re.compile(r"\s*[|•·;\n]\s*|\s+[-–—]+\s+")
# What has `and` within its name.
_INITIALS = re.compile(r"[^\W\d_]\.(?:[ -]?[^\W\d_]\.)*")
_OFFICE = re.compile(
    r"(?:the\s+)?(?:ministry|department|office|bureau|commission|committee|ministère|ministério"
    r"|ministerio)\s+(?:of|for|on|de|du|des|da|do|del)\s",
    re.IGNORECASE,
)
_ROLES: tuple[tuple[Role, str], ...] = (
    (
        "additional_reporting",
        r"(?:additional|further|extra)\s+reporting|reportage\s+additionnel|reportagem\s+adicional"
        r"|(?:reporte|información)\s+adicional",
    ),
    ("reporting", r"reporting|reported|reportage|reportagem|reporte|bericht"),
    ("writing", r"writing|written|rédigé|rédaction|redação|redacción|escrito"),
    ("editing", r"editing|edited|édité|edição|editado|edición|redigiert|bearbeitet|montage|a\s+cura"),
    (
        "translation",
        r"translat(?:ion|ed)|traduit|traduction|tradução|traduzido|traducción|traducido|übersetzt|übersetzung",
    ),
)
_SIGNED = re.compile(
    "|".join(rf"(?P<{role}>{words})" for role, words in _ROLES).join(
        (r"\b(?:", r")\s+(?:by|par|de|do|da|por|von|di)\s+")
    ),
    re.IGNORECASE,
)
_TOLD = re.compile(r"as\s+told\s+to\s+", re.IGNORECASE)
_IN = re.compile(r"(.+?)\s*,?\s+(?:in|à|a|au|aux|en|em|nchini|mjini|في|من|aus|from|de|da|depuis)\s+(\S.*)")
_PLACE_BEHIND = re.compile(r"(.+?)\s+(?:in|a|au|en|em|aus|mjini|nchini|في)\s+\S.*")
_PLACED = re.compile(r"(\S[^:,|]{1,30}?)\s*:\s+(\S.*)")  # `Nairobi: Aminata Example`
_FOR = re.compile(r"(.+?)\s+(?:for|pour|para|für|per)\s+(?:the\s+)?(\S.*)")
_ARTICLE = re.compile(r"^(?:the|le|la|les|o|a|el|il|die|der|das)\s+")
_BEFORE_HOUSE = re.compile(r"^(?:by|par|por|von|special to|the|le|la|les|o|a|el|il|die|der|das)\s+(?:the\s+)?")
_NOBODIES = re.compile(r"\s*(?:,|&|/)\s*|\s+(?:and|et|e|y|und|with|avec|na|و)\s+")
_BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*")
_OF_HOUSE = ("online", "digital", "web", "agencies", "reporters", "with", "and")
_DEGREES = re.compile(r"(?:ph\.?\s?d|md|m\.d|msc|ma|ba|mba|llb|llm|esq|jr|sr|mp|cfa|fca)\.?", re.IGNORECASE)
_AGENCIES = re.compile(
    r"\b(?:agenc(?:y|ies)|agences?|agências?|agencias?|agenturen|agenzie|wires?|wire services"
    r"|mashirika|syndicat\w+)\b|وكالات|الوكالات",
    re.IGNORECASE,
)


class _Reading(Struct):
    language: str
    house: tuple[str, ...]
    authors: list[Author] = field(default_factory=list)
    organisations: list[str] = field(default_factory=list)
    is_generic: bool = False
    is_third_party: bool = False
    item_class: str | None = None


@lru_cache(2_000)  # a source's bylines come again and again
def byline_of(text: str, language: str | None = None, house: Sequence[str] = ()) -> Byline | None:
    """What a byline says, in plain words. `house`: names of its publisher. None: there are no words."""
    literal = text.strip()
    if not literal:
        return None
    if is_plain_name(literal, house):
        return Byline(literal=literal, authors=(Author(name=literal),))
    reading = _Reading(primary_subtag(language or ""), tuple(key_of(each) for each in house if each))
    said = _cleaned(literal[:_MOST_READ])
    if _SIGNED.search(said):
        _read_signed(reading, said)
    elif told := _TOLD.search(said):
        _read(reading, said[: told.start()].strip(" ,;("), "author")
        _read(reading, said[told.end() :], "as_told_to")
    else:
        _read(reading, said, "author")
    named = bool(reading.authors or reading.organisations)
    return Byline(
        literal=literal,
        authors=tuple(dict.fromkeys(reading.authors)),
        organisations=tuple(dict.fromkeys(reading.organisations)),
        is_generic=not named and (reading.is_generic or not said),
        is_third_party=reading.is_third_party,
        item_class=reading.item_class,
    )


def _cleaned(literal: str) -> str:
    """Without addresses, days and times, and signs that have no width."""
    said = re.sub("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad\u0640]", "", literal)
    said = re.sub(r"[^\S\n]+", " ", said)
    for pattern in (_ADDRESS, _MAIL, _HANDLE):
        said = pattern.sub(" ; ", said)  # what stood around it is not one name
    said = _without_days(said)
    said = re.sub(r"\s*[\[(]\s*[\])]\s*", " ", said)
    return re.sub(r" +", " ", said).strip(" ,;|•·-–—/\n")


def _without_days(said: str) -> str:
    if not re.search(r"\d", said):
        return said
    said = dates_stated.without_days(said)
    said = _TIME.sub(" ; ", said)
    return re.sub(
        r"\b(?:last\s+)?(?:updated|published|posted|modified|publié|mis à jour|publicado|atualizado"
        r"|aktualisiert)\b\s*(?:on|at|le|em|el|am)?\s*:?\s*(?=$|[|•·,;-])",
        "",
        said,
        flags=re.IGNORECASE,
    )


def _read_signed(reading: _Reading, said: str) -> None:
    """`(Reporting by A in Nairobi; Editing by B)`."""
    said = said[1:-1] if said.startswith("(") and said.endswith(")") else said
    found = list(_SIGNED.finditer(said))
    _read(reading, said[: found[0].start()].strip(" (;,."), "author")
    for one, following in zip(found, [*found[1:], None], strict=True):
        end = following.start() if following else len(said)
        role = next(role for role, _ in _ROLES if one.group(role))
        role = "author" if role == "writing" and len(found) == 1 else role
        _read(reading, said[one.end() : end].strip(" ;,.()"), role)


def _read(reading: _Reading, said: str, role: Role) -> None:
    said = said.strip()
    if (found := _class_by().match(said)) is not None:
        reading.item_class, said = _classes()[key_of(found[1])], said[found.end() :]
    if said.startswith("(") and said.endswith(")") and "(" not in said[1:]:
        said = said[1:-1].strip()
    if (found := _PLACED.fullmatch(said)) and town_named(found[1]):
        said = found[2]
    segments = [each.strip() for each in _SEPARATOR.split(said) if each.strip()]
    for segment in segments:
        segment = segment.strip(" ,.:") if not re.search(r"\b[A-Z]\.$", segment) else segment.strip(" ,:")
        if item_class := _classes().get(key_of(segment)):
            reading.item_class = reading.item_class or item_class
            continue
        if len(segments) > 1 and (town_named(segment) or is_country(segment)):
            _describes(reading, segment)
            continue
        _read_segment(reading, segment, role)


@cache
def _classes() -> Mapping[str, str]:
    """What a byline may call its report, by the words for it."""
    names = ("opinion", "analysis", "interview", "press_release")
    return MappingProxyType({word: name for name in names for word in listed(name)})


@cache
def _class_by() -> re.Pattern[str]:
    """`Opinion: By Aminata Example`."""
    words = "|".join(map(re.escape, _classes()))
    return re.compile(rf"(?:(?:an?|une?|uma?|eine?)\s+)?({words})\s*[:,]?\s+(?=(?:by|par|por|von)\s)", re.IGNORECASE)


def _read_segment(reading: _Reading, segment: str, role: Role) -> None:
    if _is_nobody(reading, segment):
        return
    said = _without_by(segment, reading.language)
    if said != segment and _is_nobody(reading, said):
        return
    parts = [each.strip() for each in said.split(",")]
    for place, part in enumerate(filter(None, parts)):
        part = re.sub(r"^(?:and|et|und|e|y|&|with|avec|mit)\s+", "", part, flags=re.IGNORECASE)
        part = re.sub(r"^(?:com|con)\s+(?=\S+$)", "", part, flags=re.IGNORECASE)
        if place and _describes(reading, part):
            continue
        for name in _apart(part, reading.language):
            _read_name(reading, _without_by(name, reading.language), role)


def _is_nobody(reading: _Reading, said: str) -> bool:
    """Whether the words are a generic byline or the publisher's name; notes which."""
    key = _generic_key(said)
    behind = _PLACE_BEHIND.fullmatch(key)
    key = behind[1] if behind and _is_generic(behind[1]) else key
    pieces = [each for each in _NOBODIES.split(key) if each]
    is_nobody = bool(pieces) and all(_is_generic(each) or _is_house(reading, each) for each in pieces)
    if not is_nobody and not _is_generic(key) and not _is_house(reading, key):
        return False
    reading.is_generic = True
    reading.is_third_party |= _AGENCIES.search(said) is not None
    return True


@lru_cache(4_000)
def _generic_key(said: str) -> str:
    return re.sub(r"\s+", " ", key_of(said)).strip(" .,:;()[]*-")


@lru_cache(4_000)
def _is_generic(key: str) -> bool:
    bare = re.sub(
        r"^(?:by|par|por|von|from|na|da|di|de|daga|بقلم|كتب|the|a|an|la|le|our|notre|unser\w*|noss[oa]|nuestr[oa])\s+",
        "",
        key,
    )
    if 2 <= len(bare.split()) <= 3 and bare.split()[-1] in listed("nobody"):
        return True
    ours = re.sub(r"^(?:by|par|por|von|من|بقلم)\s+", "", key)
    if _OURS.match(ours) and any(word in listed("occupations") or word.endswith("نا") for word in ours.split()[:4]):
        return True
    return (
        key in generic_bylines()
        or bare in generic_bylines()
        or bool(bare.split() and all(word in listed("occupations") for word in re.split(r"[\s-]+", bare)))
    )


def _is_house(reading: _Reading, key: str) -> bool:
    """The publisher's name, alone or with what its people are: `Daily Example Reporter`."""
    for each in _names_of(reading.house):
        bare = _BEFORE_HOUSE.sub("", key) if each in key else ""
        rest = bare.replace(each, " ", 1).split() if each in bare else None
        if rest is not None and all(word in listed("occupations") or word in _OF_HOUSE for word in rest):
            return True
    return False


@lru_cache(1_000)
def _names_of(house: tuple[str, ...]) -> Sequence[str]:
    """A house's names, and each without what others are called too: `النورس` of `وكالة النورس للأنباء`."""
    names = [_ARTICLE.sub("", each) for each in house]
    short = [" ".join(word for word in name.split() if word not in OF_ANY_HOUSE) for name in names]
    return tuple(filter(None, (each for both in zip(names, short, strict=True) for each in both)))


def _without_by(said: str, language: str) -> str:
    found = _BY.match(said)
    if not found and language in _BY_IN:
        found = _BY_IN[language].match(said)
        if (
            found
            and not names.is_name(said[found.end() :].split(",")[0])
            and not _is_generic(_generic_key(said[found.end() :]))
        ):
            found = None
    return said[found.end() :].strip() if found else said


@cache
def _ands(language: str) -> re.Pattern[str]:
    return re.compile("|".join(filter(None, (_AND[None], _AND.get(language)))))


def _apart(part: str, language: str) -> Iterator[str]:
    """The names of a part without commas."""
    if _OFFICE.match(part):
        yield part
        return
    if " " not in part and "&" not in part and "/" not in part and "\n" not in part:
        yield part
        return
    for each in _ands(language).split(part):
        if agency_named(each.strip()):
            yield each.strip()
            continue
        for piece in re.split(r"\s*/\s*", each):
            two = _AND_BETWEEN_NAMES.split(piece)
            are_alike = len({len(one.split()) > 1 for one in two}) == 1
            if len(two) > 1 and are_alike and all(names.is_name(one) for one in two):
                yield from (one.strip() for one in two)
            elif piece.strip():
                yield piece.strip()


def _describes(reading: _Reading, part: str) -> bool:
    """Whether a part behind a comma says what the person before it is, or where; notes it."""
    if _DEGREES.fullmatch(part):
        return True
    if named := agency_named(part):
        _note_agency(reading, named.words)
        return True
    last = reading.authors[-1] if reading.authors else None
    if last and " " not in last.name and _INITIALS.fullmatch(part):
        reading.authors[-1] = replace(last, name=f"{last.name}, {part}")  # `Sample, J.`
        return True
    part = re.sub(r"^(?:in|à|au|em|en|a|aus|nchini|mjini|في)\s+(?=[^\Wa-z])", "", part)
    if town_named(part) or is_country(part):
        if last and last.place is None:
            reading.authors[-1] = replace(last, place=part)
        return True
    if last is None:
        return False
    has_occupation = any(key_of(word).strip(".") in listed("occupations") for word in re.split(r"[\s-]+", part))
    if has_occupation and not (names.is_organisation(part) and not _begins_with_occupation(part)):
        reading.authors[-1] = replace(last, title=", ".join(filter(None, (last.title, part))))
        return True
    if names.is_organisation(part):
        organisation, another = _organisation_and_name(part)
        organisation = ", ".join(filter(None, (last.organisation, organisation)))
        reading.authors[-1] = replace(last, organisation=organisation)
        if another:
            reading.authors.append(Author(name=another, role=last.role))
        return True
    return False


def _begins_with_occupation(part: str) -> bool:
    return any(key_of(word).strip(".") in listed("occupations") for word in part.split()[:2])


def _organisation_and_name(part: str) -> tuple[str, str | None]:
    """`University of X and Jane Doe`."""
    before, _, after = part.rpartition(" and ")
    if before and len(after.split()) >= 2 and names.is_person(after) and names.is_organisation(before):
        return before, after
    return part, None


def _read_name(reading: _Reading, said: str, role: Role) -> None:
    """One name with what stands beside it in brackets or behind `in` and `for`."""
    said, in_brackets = _without_brackets(said)
    said = said.strip(" ,;:*\"'“”«»-–—")
    if not said or _is_nobody(reading, said):
        _read_brackets(reading, in_brackets)
        return
    if named := agency_named(said) or _agency_of_staff(said):
        _note_agency(reading, named if isinstance(named, str) else named.words)
        return
    name, place, organisation = said, None, None
    if (found := _FOR.fullmatch(name)) and names.is_name(found[1]):
        name, organisation = found[1], found[2]
    if (found := _IN.fullmatch(name)) and names.is_name(found[1]) and _is_place_behind(found[1], found[2], name):
        name, place = found[1].strip(" ,"), found[2]
    if place and _is_nobody(reading, name):
        return
    name, title = names.without_title(name)
    name, occupation = _without_occupation(name)
    if organisation and (agency := agency_named(organisation)):
        _note_agency(reading, agency.words)
        organisation = None
    if names.is_organisation_name(name):
        if not _is_house(reading, key_of(name)):
            reading.organisations.append(name)
    elif names.is_person(name):
        title = ", ".join(filter(None, (title, occupation))) or None
        reading.authors.append(Author(name=name, role=role, title=title, place=place, organisation=organisation))
    _read_brackets(reading, in_brackets)


def _is_place_behind(name: str, place: str, whole: str) -> bool:
    """`in Bamako` surely; `de Bamako` only where that is a town and what stands before is a full name."""
    word = whole[len(name) :].strip(" ,").split(" ")[0]
    if town_named(place) or is_country(place):
        return word not in ("de", "da", "a") or len(name.split()) >= 2
    return word in ("in", "à", "em", "nchini", "mjini") and names.is_name(place)


def _without_brackets(said: str) -> tuple[str, list[str]]:
    """What stands before the first brackets, and what is in them; what follows them is of no name."""
    found = list(_BRACKETS.finditer(said))
    before = said[: found[0].start()] if found and found[0].start() else _BRACKETS.sub(" ", said, count=1)
    return before.strip(), [each[1].strip() for each in found]


def _read_brackets(reading: _Reading, said: Sequence[str]) -> None:
    for each in said:
        if named := _agency_in(each):
            _note_agency(reading, named)
        elif _AGENCIES.search(each):
            reading.is_third_party = True
        elif reading.authors:
            _describes(reading, each)


def _agency_in(said: str) -> str | None:
    named = agency_named(said) or agency_named(re.split(r"\s*[/,]\s*", said)[0])
    return named.words if named else None


def _agency_of_staff(said: str) -> str | None:
    """`Reuters Staff`, `AFP correspondent`."""
    words = said.split()
    for cut in range(1, len(words)):
        named = agency_named(" ".join(words[:cut]))
        if named and all(key_of(each) in listed("occupations") for each in words[cut:]):
            return named.words
    return None


def _without_occupation(name: str) -> tuple[str, str | None]:
    """`Jane Doe Staff Writer`, `Political Editor Jane Doe`: the name, and what the person is."""
    words = name.split()
    if names.is_organisation_name(name):
        return name, None
    is_occupation = [key_of(each).strip(".") in listed("occupations") for each in words]
    for cut in range(2, len(words)):
        if not any(is_occupation[:cut]) and all(is_occupation[cut:]):
            return " ".join(words[:cut]), " ".join(words[cut:])
        if all(is_occupation[:cut]) and not any(is_occupation[cut:]) and len(words) - cut >= 2:
            return " ".join(words[cut:]), " ".join(words[:cut])
    return name, None


def _note_agency(reading: _Reading, words: str) -> None:
    reading.is_third_party = True
    reading.organisations.append(words)


# Bylines within a text


_ABOVE = re.compile(r"(?:by|par|por|von|بقلم|كتب|di|na)\s*:?\s+", re.IGNORECASE)


def is_byline(line: str) -> bool:
    """Whether a line above a text is a byline and nothing else: `By Aminata Example`."""
    found = _ABOVE.match(line.strip())
    if not found or line.rstrip()[-1:] in ".!?:;":
        return False
    parts = re.split(r"\s*,\s*|\s+(?:and|et|und|y|e|AND|ET)\s+|\s*[|&]\s*", _cleaned(line.strip()[found.end() :]))
    full = names.is_person(parts[0]) and 2 <= len(parts[0].split()) <= 4
    return full and len(parts) <= 4 and all(names.is_name(each) for each in parts if each)


def is_sign_off(line: str) -> bool:
    """Whether the last line of a text says who worked on it: `(Reporting by A; Editing by B)`."""
    said = line.strip()
    return said[:1] in "([" and said[-1:] in ")]" and len(said) < 500 and _SIGNED.match(said, 1) is not None
