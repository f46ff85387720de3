"""The shape of the file of a saved search."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from aggregator.config.shapes.checking import Shape, Table
from aggregator.config.shapes.values import (
    SEVERAL,
    Argument,
    Clock,
    Country,
    Email,
    Found,
    Key,
    Language,
    Line,
    TimeZone,
)
from aggregator.model import (
    Group,
    ItemClass,
    Kind,
    Weekday,
    When,
)

_MOST_TOLD = 100  # recipients of one search


class TellTable(Table):
    email: Email | None = None
    command: Annotated[tuple[Argument, ...], Field(min_length=1)] | None = None
    when: When = "at_once"
    at: Clock | None = None
    on: Weekday | None = None
    zone: TimeZone | None = None


class SearchFile(Table):
    words: Found
    title: Line | None = None
    publishers: Annotated[tuple[Key, ...], SEVERAL] | None = None
    countries: Annotated[tuple[Country, ...], SEVERAL] | None = None
    kinds: Annotated[tuple[Kind, ...], SEVERAL] | None = None
    groups: Annotated[tuple[Group, ...], SEVERAL] | None = None
    languages: Annotated[tuple[Language, ...], SEVERAL] | None = None
    classes: Annotated[tuple[ItemClass, ...], SEVERAL] | None = None
    topics: Annotated[tuple[Line, ...], SEVERAL] | None = None
    about: Annotated[tuple[Country, ...], SEVERAL] | None = None
    tell: Annotated[tuple[TellTable, ...], Field(max_length=_MOST_TOLD)] = ()


SEARCH = Shape(TypeAdapter(SearchFile), SearchFile, {"tell": TellTable})
