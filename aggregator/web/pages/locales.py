"""How the languages of the interface write numbers, dates and names: their locales of CLDR."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal

from aggregator.web.pages.reader import Interface

# English with 29 November, not November 29; Portuguese as Africa and Europe write it.
_LOCALES: Mapping[Interface, str] = {"en": "en_001", "pt": "pt_PT"}
_MOST_DAYS = 4_096  # that are written once
# Between a day and the time of the day.
_COMMAS: Mapping[Interface, str] = {"ar": "\u060c "}


@cache
def locale(language: Interface) -> Locale:
    return Locale.parse(_LOCALES.get(language, language))


def number_in(number: float, language: Interface) -> str:
    """`12 345` in French."""
    return str(format_decimal(number, locale=locale(language)))


def list_in(names: Iterable[str], language: Interface, style: Literal["standard", "unit"] = "standard") -> str:
    """`one, two, and three`; as `unit`, which has no `and`, `one, two, three`."""
    return str(format_list(list(names), style, locale=language))


@lru_cache(_MOST_DAYS)
def day_in(day: date, language: Interface) -> str:
    """`29 de novembro de 2026`."""
    return str(format_date(day, "long", locale=locale(language)))


@lru_cache(_MOST_DAYS)
def day_of_year_in(day: date, language: Interface) -> str:
    """The same without the year."""
    return str(format_skeleton("MMMMd", day, locale=locale(language)))


def short_day_in(day: date, language: Interface) -> str:
    """`29 nov.`"""
    return str(format_skeleton("MMMd", day, locale=locale(language)))


@lru_cache(_MOST_DAYS)
def weekday_in(day: date, language: Interface) -> str:
    """`dimanche 29 novembre 2026`."""
    return str(format_date(day, "full", locale=locale(language)))


def with_time(day: str, time: str, language: Interface) -> str:
    """A day and the time of that day."""
    return f"{day}{_COMMAS.get(language, ', ')}{time}"
