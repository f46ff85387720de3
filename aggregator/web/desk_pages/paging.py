"""Lists of the desk in pages: by the number below which one begins, or by the page's own number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from msgspec import Struct

from aggregator.web.desk_pages.visit import DeskVisit
from aggregator.web.pages.wording import N_
from aggregator.web.problems import Problem

ROWS = 50  # of a page
T = TypeVar("T")
_LARGEST = 2**63 - 1


def below(visit: DeskVisit, name: str = "below") -> int | None:
    """The number below which a page begins; None: it is the first. Raises Problem."""
    said = visit.one(name)
    return None if said is None else number(said, name)


def number(said: str, name: str) -> int:
    """Raises Problem."""
    if said.isascii() and said.isdecimal() and len(said) < 20 and 1 <= int(said) <= _LARGEST:
        return int(said)
    raise Problem(404, N_("there is no such page"), f"{name} is no number")


class Part(Struct, Generic[T], frozen=True):
    """A page of a list that is read whole. `pages`: how many there are; `number`: which of them it is, from 1 on."""

    rows: Sequence[T]
    number: int
    pages: int


def part(visit: DeskVisit, found: Sequence[T], most: int = ROWS) -> Part[T]:
    """The page that the parameter `page` names, of so many rows at most. Raises Problem."""
    page, last = number(visit.one("page") or "1", "page"), max(1, -(-len(found) // most))
    if page > last:
        raise Problem(404, N_("there is no such page"), f"there are {last:,}")
    return Part(found[(page - 1) * most : page * most], page, last)


def cut(rows: Sequence[dict[str, Any]], key: str) -> tuple[Sequence[dict[str, Any]], int | None]:
    """As many rows as a page has, of one more that was read, and the number below which the next page begins; None: it
    is the last.
    """
    shown = rows[:ROWS]
    return shown, shown[-1][key] if len(rows) > ROWS else None


def older(path: str, visit: DeskVisit, below: int | None, *kept: str) -> str | None:
    """The address of the next page, with these parameters as they are."""
    if below is None:
        return None
    those = [(name, value) for name in kept for value in visit.given.get(name, ())]
    return f"{path}?{urlencode([*those, ('below', below)])}"
