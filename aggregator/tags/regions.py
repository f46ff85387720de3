"""Regions of the world and their countries: UN M49, as Unicode CLDR 49 contains one in another. Pure.

The table beside this file is made by `python -m tests.make_regions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("regions.tsv")
WORLD, AFRICA = "001", "002"
# What the configuration has for publishers of no single country.
OF_PUBLISHERS: Mapping[str, str] = {"XA": AFRICA, "XW": WORLD}


@cache
def regions() -> Mapping[str, tuple[str, ...]]:
    """What each region contains: regions, by three digits, or countries, by two letters."""
    _, *lines = FILE.read_text(encoding="utf-8").splitlines()
    return {code: tuple(parts.split()) for code, parts in (line.split("\t") for line in lines)}


@cache
def countries_of(region: str) -> frozenset[str]:
    """All countries of a region and of those in it. Raises KeyError for a code that is none."""
    found: set[str] = set()
    for part in regions()[region]:
        found |= countries_of(part) if part in regions() else {part}
    return frozenset(found)


@cache
def region_of(country: str) -> str | None:
    """The smallest region that a country is in; of XA and XW the whole; None: it is in none."""
    if country in OF_PUBLISHERS:
        return OF_PUBLISHERS[country]
    return next((code for code, parts in regions().items() if country in parts), None)


def with_wider(region: str) -> tuple[str, ...]:
    """A region and those that it is in, the widest last."""
    above = next((code for code, parts in regions().items() if region in parts), None)
    return (region, *(with_wider(above) if above else ()))


def around(countries: Iterable[str]) -> tuple[str, ...]:
    """All regions that any of these countries is in, each once."""
    found = [each for country in countries if (region := region_of(country)) for each in with_wider(region)]
    return tuple(dict.fromkeys(found))


def publishers_in(region: str) -> tuple[str, ...]:
    """The countries, as the configuration has them, of publishers that are in a region."""
    whole = [code for code, of in OF_PUBLISHERS.items() if of == region or of in regions()[region]]
    return (*sorted(countries_of(region)), *whole)
