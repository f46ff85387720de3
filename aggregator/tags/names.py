"""Whether words are the name of a person, of an organisation, or of nobody: by their form and by word lists."""

from __future__ import annotations

import re
from functools import lru_cache

from aggregator.tags.agencies import agency_named
from aggregator.tags.known_places import key_of
from aggregator.tags.word_lists import listed

_MOST_WORDS = 6
_LETTER = "(?:[^\\W\\d_][\u0300-\u036f\u064b-\u0652]*)"
_WORD = re.compile(rf"{_LETTER}+(?:['’ʼ‘`.-]{{1,2}}{_LETTER}+)*\.?['’]?")
_CASELESS = re.compile("[\u0590-\u08ff\u0900-\u0dff\u1200-\u137f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_TITLE = re.compile(
    r"""(?:
    (?:Assoc(?:iate|\.)?\s+)?Prof(?:essor|esseur|esor|essora|essora|\.)?(?:\s*\.?\s*Dr\.?)? | Drs?
    | Dr\.?\s?med | Dra | Mr | Mrs | Ms | Miss | Mme | Mlle | MM? | Pr | Me | Hon(?:orable)?
    | Rev(?:erend)? | Fr | Sr | Sra | Srta | Herr | Frau | Eng | Ing | Arch | Barr(?:ister)? | Adv(?:ocate)?
    | Amb(?:assador)? | Sen(?:ator)?
    | Gen | Col | Capt | Maj | Lt | Sheikh | Cheikh | Alhaji | Alhaja | Hajiya | Malam | Mallam | Chief
    | Pastor | Mwl | Mhe | Ndugu | Dott | Dott\.ssa | Sig | Doutor | Doutora | Docteur | Doctor
    )(?:\.|(?=\s))\s*(?=\S)""",
    re.VERBOSE | re.IGNORECASE,
)
_ARABIC_TITLE = re.compile(r"(?:أ\.?\s?د\.?|د\.|د|الدكتورة?|دكتورة?|البروفيسور|الأستاذة?|أ\.|م\.|المهندس)\s+(?=\S{2})")
_SHORT_TITLES = ("Dr", "Mr", "Ms", "Pr", "Me", "Sr", "M.", "د", "د.", "م.", "أ.")


def without_title(name: str) -> tuple[str, str | None]:
    """The name without the title before it, and that title; a title alone is a name."""
    title = _ARABIC_TITLE.match(name) or _TITLE.match(name)
    stated = title[0].strip() if title else ""
    if title is None or (len(stated) <= 2 and stated not in _SHORT_TITLES):
        return name, None
    rest, further = without_title(name[title.end() :])
    return rest, " ".join(filter(None, (stated, further)))


@lru_cache(4_000)
def is_organisation(name: str) -> bool:
    """Whether a name is that of an organisation, by a word of it; agencies are."""
    if agency_named(name):
        return True
    return any(
        key_of(each).strip(".'’s") in listed("organisations") or key_of(each).strip(".") in listed("organisations")
        for each in re.split(r"[\s-]+", name)
    ) or _is_acronym(name)


def _is_acronym(name: str) -> bool:
    return (
        re.fullmatch(
            r"[A-Z]{2,6}|[A-Z]+[a-z]?[A-Z]+(?:\.[a-z]{2,3})?|[A-Za-z]+\.(?:com|org|net|africa|info|news|co\.[a-z]{2})",
            name,
        )
        is not None
    )


@lru_cache(4_000)
def is_name(words: str) -> bool:
    """Whether words have the form of a name, of whomever: capitals, no digits, few words."""
    parts = words.split()
    if not 1 <= len(parts) <= _MOST_WORDS or len(words) > 80:
        return False
    if any(not _WORD.fullmatch(each) for each in parts):
        return False
    if _CASELESS.search(words):
        return len(words) > 1
    if key_of(parts[0]) in listed("no_names") or key_of(parts[-1]) in listed("no_names"):
        return False
    if not any(_is_capital(each) and re.search(r"[^\W\d_]{2}", each) for each in parts):
        return False
    return all(_is_capital(each) or each.lower() in listed("particles") for each in parts)


def is_organisation_name(words: str) -> bool:
    """Whether words have the form of an organisation's name, with small words between capitals, and a word of one."""
    kept = " ".join(each for each in words.split() if each.lower() not in listed("joins"))
    return is_organisation(words) and (is_name(words) or (not words[:1].islower() and is_name(kept)))


def is_person(words: str) -> bool:
    """Whether words may be the name of a person: the form of a name, and no word of an organisation."""
    first, _, rest = words.partition(" ")
    if key_of(first) in ("the", "le", "la", "les") and " " not in rest:
        return False  # `Le Monde`
    return is_name(words) and not is_organisation(words)


def _is_capital(word: str) -> bool:
    """`Sample`, and `d'Example`, `al-Example`."""
    return word[0].isupper() or (word.lower() != word and re.match(r"[a-z]{1,3}['’ʼ‘`-]+\w", word) is not None)
