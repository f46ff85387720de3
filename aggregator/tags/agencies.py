"""Agencies by the words with which publishers name them; the table itself is `agencies.txt`, for people to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import cast

from msgspec import Struct

from aggregator.model.who import AgencyKind
from aggregator.text.folding import fold

_WORDS = re.compile(r"[^\W\d_]+")
_LONGEST_EXACT = 4  # characters; so short a name is a word too when it is written otherwise: map, tap, spa


class Agency(Struct, frozen=True):
    name: str  # in full
    kind: AgencyKind
    country: str  # ISO 3166-1; XW: of many
    aliases: tuple[str, ...]  # the usual one first


class Named(Struct, frozen=True):
    """An agency, and how it is named."""

    agency: Agency
    words: str  # the alias, in the form that the table gives first


@lru_cache(4_000)
def agency_named(words: str) -> Named | None:
    """The agency that these words are a name of, and nothing else; None: they are none."""
    said = " ".join(words.split())
    if not said or len(said) > 60:
        return None
    exact, loose = _tables()
    return exact.get(said) or loose.get(fold(said))


@cache
def agencies() -> tuple[Agency, ...]:
    """All of the table, in its order."""
    lines = Path(__file__).with_name("agencies.txt").read_text("utf-8").splitlines()
    return tuple(_agency(line) for line in lines if line and not line.startswith("#"))


def is_of_agency(word: str) -> bool:
    """Whether a folded word tells an agency's name: the longest of its words, so that "the" and "new" do not."""
    return word in _by_telling_word()


def may_be_named(telling: Iterable[str], words: AbstractSet[str]) -> bool:
    """Whether all words of an agency's name that one of these tells stand among these folded words."""
    return any(of_name <= words for each in telling for of_name in _by_telling_word()[each])


@cache
def _by_telling_word() -> Mapping[str, Sequence[frozenset[str]]]:
    """The words of each name, by the one that tells it."""
    found: dict[str, list[frozenset[str]]] = {}
    for words in (_WORDS.findall(fold(alias)) for each in agencies() for alias in each.aliases):
        found.setdefault(max(words, key=len), []).append(frozenset(words))
    return MappingProxyType(found)


def _agency(line: str) -> Agency:
    name, kind, country, aliases = (part.strip() for part in line.split("|"))
    names = tuple(each.strip() for each in aliases.split(";"))
    return Agency(name, cast(AgencyKind, kind), country, names)


@cache
def _tables() -> tuple[Mapping[str, Named], Mapping[str, Named]]:
    """Short aliases by how they are written, longer ones in any form. The first agency that has an alias keeps it."""
    exact: dict[str, Named] = {}
    loose: dict[str, Named] = {}
    for agency in agencies():
        usual: dict[str, Named] = {}
        for alias in agency.aliases:
            named = usual.setdefault(fold(alias), Named(agency, alias))
            if len(alias) > _LONGEST_EXACT:
                loose.setdefault(fold(alias), named)
            else:
                exact.setdefault(alias, named if alias.isupper() else Named(agency, alias))
    return MappingProxyType(exact), MappingProxyType(loose)
