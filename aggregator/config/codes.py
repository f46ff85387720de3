"""Whether a country or a language is one: ISO 3166-1, ISO 639 and ISO 15924; this file alone knows pycountry."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any

from aggregator.rights import fault
from aggregator.text.folding import fold
from aggregator.text.languages import primary_subtag

# Of the codes that ISO 3166-1 leaves to its users: ours for all of Africa and the world, everybody's for Kosovo.
_USER_ASSIGNED = frozenset({"XA", "XK", "XW"})
REGIONS = frozenset({"XA", "XW"})  # of these, those that are no country
COUNTRY_EXPECTED = 'a country of ISO 3166-1, such as "ML", or "XA" (Africa) or "XW" (the world)'
LANGUAGE_EXPECTED = 'a language of ISO 639, such as "fr", with script and country where they matter, such as "pt-MZ"'


@cache
def _registers() -> ModuleType:
    import pycountry  # a twentieth of a second, and most commands ask for no code

    return pycountry


def unknown_codes(tables: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """A fault for each country and language, in publishers' bare tables by file name, that has the form of one only."""
    for name, table in tables.items():
        country, languages = table.get("country"), table.get("languages")
        if isinstance(country, str) and COUNTRY_FORM.fullmatch(country) and not is_country(country):
            yield f"{name}: {fault('country', country, COUNTRY_EXPECTED)}"
        for number, language in enumerate(languages if isinstance(languages, list) else (), start=1):
            if isinstance(language, str) and LANGUAGE_FORM.fullmatch(language) and not is_language(language):
                yield f"{name}: {fault(f'languages[{number}]', language, LANGUAGE_EXPECTED)}"


# The shapes of the files complain about any other.
COUNTRY_FORM = re.compile("[A-Z]{2}")
LANGUAGE_FORM = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


@cache
def is_country(code: str) -> bool:
    """Whether two capital letters are a country of ISO 3166-1, or one of the few codes beside it that we use."""
    return code in _USER_ASSIGNED or _registers().countries.get(alpha_2=code) is not None


@cache
def is_language(tag: str) -> bool:
    """Whether the language of a BCP 47 tag is known, and the script and the country where it names them."""
    primary, *rest = tag.split("-")
    script = rest.pop(0) if rest and re.fullmatch("[A-Za-z]{4}", rest[0]) else None
    region = rest.pop(0) if rest and re.fullmatch("[A-Za-z]{2}", rest[0]) else None
    return _is_primary(primary.lower()) and _is_script(script) and (region is None or is_country(region.upper()))


def _is_primary(code: str) -> bool:
    if len(code) == 2:
        return _registers().languages.get(alpha_2=code) is not None
    return (
        _registers().languages.get(alpha_3=code) is not None
        or _registers().language_families.get(alpha_3=code) is not None
    )


def _is_script(code: str | None) -> bool:
    return code is None or _registers().scripts.get(alpha_4=code.capitalize()) is not None


def country_called(text: str) -> str | None:
    """The code of a country by its code or its name, as `countries_named`; None: none has it, or several."""
    if is_country(text.upper()):
        return text.upper()
    found = countries_named(text)
    return found[0] if len(found) == 1 else None


def language_called(text: str) -> str | None:
    """A language's tag by its tag or its name, as `languages_named`; None: there is none, or several."""
    if LANGUAGE_FORM.fullmatch(text) and is_language(text):
        return text
    found = languages_named(text)
    return found[0] if len(found) == 1 else None


def country_name(code: str) -> str:
    """A country as people call it in English; the code itself where it has no name."""
    if code in _NAMES:
        return _NAMES[code]
    country = _registers().countries.get(alpha_2=code)
    return code if country is None else getattr(country, "common_name", country.name)


def language_name(tag: str) -> str:
    """The language of a BCP 47 tag in English; the tag itself where it has no name."""
    code = primary_subtag(tag)
    language = _registers().languages.get(**{"alpha_2" if len(code) == 2 else "alpha_3": code})
    return tag if language is None else language.name.partition(" (")[0]


# Where ISO's own name is a formula or stands in the order of a register.
_NAMES: Mapping[str, str] = {
    "CD": "Congo (Kinshasa)",
    "CG": "Congo (Brazzaville)",
    "VA": "Vatican",
    "XA": "All of Africa",
    "XK": "Kosovo",
    "XW": "The world",
}


# Names that people use and that the registers do not have, folded as `_folded` does.
_COUNTRIES_TOO: Mapping[str, str] = {
    "africa": "XA", "afrique": "XA", "all africa": "XA", "all of africa": "XA",
    "the world": "XW", "burma": "MM", "cape verde": "CV", "centrafrique": "CF",
    "congo brazzaville": "CG",
    "congo kinshasa": "CD", "drc": "CD", "england": "GB", "great britain": "GB", "ivory coast": "CI", "kosovo": "XK",
    "monde": "XW", "rdc": "CD", "swaziland": "SZ", "uk": "GB", "usa": "US", "vatican": "VA", "world": "XW",
}  # fmt: skip
_LANGUAGES_TOO: Mapping[str, str] = {
    "chichewa": "ny", "farsi": "fa", "isixhosa": "xh", "isizulu": "zu", "kinyarwanda": "rw", "kirundi": "rn",
    "kiswahili": "sw", "luganda": "lg", "malinke": "mnk", "moore": "mos", "peul": "ff", "setswana": "tn",
}  # fmt: skip
_IN_NAMES = frozenset(" '’.,-()")
_IN = ("fr", "pt", "es", "ar", "sw", "am", "de")  # languages, beside English, in which names are understood


def countries_named(name: str) -> list[str]:
    """The codes of the countries that have this name in English, French or another language of `_IN`, or this code of
    three letters; [] where none has, several where the name is not clear.
    """
    wanted = _folded(name)
    if not wanted:
        return []
    if wanted in _COUNTRIES_TOO:
        return [_COUNTRIES_TOO[wanted]]
    found = set()
    for country in _registers().countries:
        names = [getattr(country, kind, None) for kind in ("name", "common_name", "official_name")]
        said = [country.alpha_3, *filter(None, names)]
        if wanted in map(_folded, [*said, *_translated("iso3166-1", said)]):
            found.add(country.alpha_2)
    # Of "Congo" the register has one country of exactly this name, and people mean two.
    return sorted(found | ({"CD", "CG"} if wanted == "congo" else set()))


def country_names() -> dict[str, str]:
    """The codes of all countries by their names in English."""
    codes = [*_USER_ASSIGNED, *(country.alpha_2 for country in _registers().countries)]
    return {country_name(code): code for code in codes}


def language_names() -> dict[str, str]:
    """The codes of the languages that have two letters, by their names in English and French."""
    languages = [each for each in _registers().languages if hasattr(each, "alpha_2")]
    french = _catalogues("iso639-3")[0]
    names = [(said, each.alpha_2) for each in languages for said in (each.name, french.gettext(each.name))]
    return {name.partition(" (")[0]: code for name, code in names}


def languages_named(name: str) -> list[str]:
    """The codes of the languages that have this name, as `countries_named`: of two letters where there are such."""
    wanted = _folded(name)
    if not wanted:
        return []
    if wanted in _LANGUAGES_TOO:
        return [_LANGUAGES_TOO[wanted]]
    languages = list(_registers().languages)  # 7,900; only some 180 have two letters
    short = [each for each in languages if hasattr(each, "alpha_2")]
    if found := {each.alpha_2 for each in short if wanted in _names_of(each, translated=True)}:
        return sorted(found)
    return sorted(each.alpha_3 for each in languages if wanted in _names_of(each, translated=False))


def _names_of(language: Any, *, translated: bool) -> set[str]:
    said = [language.name, language.alpha_3]
    names = [*said, *_translated("iso639-3", said[:1])] if translated else said
    return {_folded(each.partition(" (")[0]) for each in names}


def _translated(domain: str, names: list[str]) -> Iterator[str]:
    for catalogue in _catalogues(domain):
        yield from (said for name in names if (said := catalogue.gettext(name)) != name)


@cache
def _catalogues(domain: str) -> list[gettext.NullTranslations]:
    """Of the languages of `_IN` that the register is translated into."""
    folder = _registers().LOCALES_DIR
    return [gettext.translation(domain, folder, [each], fallback=True) for each in _IN]


def _folded(name: str) -> str:
    """Without case, accents and punctuation; '' for what is no name of anything."""
    if not all(each.isalpha() or each in _IN_NAMES for each in name):
        return ""
    return " ".join("".join(each if each.isalnum() else " " for each in fold(name)).split())
