"""Which names are known as those of towns and countries: all that a dateline without agency and date stands on.

Countries are those of `place_words`; `towns.txt` has towns, of GeoNames.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType

from aggregator.tags.place_words import country_names
from aggregator.text.folding import fold

# Countries, and other names, that are those of a town too. Any other name of both is read as the country's.
_BOTH = """
    djibouti singapore singapour singapura singapur luxembourg luxemburgo luxemburg monaco guatemala panama kuwait
    gibraltar san_marino hong_kong sao_tome جيبوتي سنغافوره تونس الجزاير الكويت لوكسمبورغ موناكو بنما
    """
_TOWNS_TOO = frozenset(name.replace("_", " ") for name in _BOTH.split())
# What stands in datelines and is no town, or a small one that much is decided in, in the languages of reports.
_SEATS = """
    United Nations|Nations unies|Nações Unidas|Naciones Unidas|Vereinte Nationen|Nazioni Unite|الأمم المتحدة
    Geneva|Genève|Genf|Ginebra|Genebra|Ginevra|جنيف|The Hague|La Haye|Den Haag|Haag|Haia|La Haya|L'Aia|لاهاي
    Brussels|Bruxelles|Brüssel|Bruselas|Bruxelas|بروكسل|Strasbourg|Straßburg|Estrasburgo|Lausanne|Davos|Vatican City
    Gaza|Gaza City|غزة|Ramallah|رام الله|Jerusalem|Jérusalem|Jerusalén|Jerusalém|القدس|Capitol Hill|Washington
    Washington DC|Washington D.C.|New Delhi|Mecca|Arusha|Entebbe|Aso Rock|Sharm el-Sheikh|Le Bourget|Zanzibar
    """


@lru_cache(20_000)  # the words of bylines and captions, most of them met again and again
def key_of(name: str) -> str:
    """As names are compared: no case, no accents, one apostrophe."""
    return " ".join(fold(name).replace("’", "'").replace("‘", "'").replace("`", "'").split())


@lru_cache(4_000)
def town_named(name: str) -> str | None:
    """How a town of this name is usually written; None: none is known by it."""
    key = key_of(name)
    return None if key in _countries() and key not in _TOWNS_TOO else _towns().get(key)


@lru_cache(4_000)
def is_country(name: str) -> bool:
    key = key_of(name)
    return key in _countries() or key.removeprefix("the ") in _countries()


@cache
def _towns() -> Mapping[str, str]:
    lines = Path(__file__).with_name("towns.txt").read_text("utf-8").splitlines()
    seats = [name for line in _SEATS.splitlines() for name in line.strip().split("|") if name]
    names = (*lines, *seats)
    return MappingProxyType(dict(zip(_keys(names), names, strict=True)))


@cache
def _countries() -> frozenset[str]:
    return frozenset(_keys(country_names())) - {"gaza"}


def _keys(names: Iterable[str]) -> list[str]:
    """As `key_of` makes them, in a quarter of the time."""
    folded = fold("\n".join(names)).replace("’", "'").replace("‘", "'").replace("`", "'")
    return [each if each.isalnum() else " ".join(each.split()) for each in folded.split("\n")]
