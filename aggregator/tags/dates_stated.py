"""Days as they are stated in datelines and beside bylines, in the languages whose months `text.date_names` knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from types import MappingProxyType

from aggregator.text.date_names import MONTHS, MONTHS_BY_LANGUAGE, WEEKDAYS_BY_LANGUAGE, word_key
from aggregator.text.date_names import fold as fold_date
from aggregator.text.languages import primary_subtag

# Hausa's months (CLDR, `ha`), which publishers' feeds do not use in their dates.
_HAUSA = "Janairu Fabrairu Maris Afirilu Mayu Yuni Yuli Agusta Satumba Oktoba Nuwamba Disamba"
_DIGIT = re.compile(r"\d")  # one stands in every day, in whatever script
_DAY_FIRST = frozenset(("fr", "pt", "es", "de", "it", "ar", "sw", "ha", "af"))


def day_pattern() -> str:
    """A pattern, for re.IGNORECASE and without groups, of a day with or without its year."""
    month = f"(?:{_alternatives(MONTHS_BY_LANGUAGE, _HAUSA)})\\.?"
    weekday = f"(?:(?:{_alternatives(WEEKDAYS_BY_LANGUAGE)})(?:-feira)?\\.?,?\\s+)?"
    day = r"(?:0?[1-9]|[12]\d|3[01])"
    year = r"(?:19|20)\d\d|[٠-٩]{4}"
    day_first = (
        rf"{weekday}(?:le\s+|the\s+)?(?:{day}|[٠-٩]{{1,2}})(?:er|st|nd|rd|th|\.|º|°|ª)?(?:\s+(?:de|of|ga))?\s+{month}"
    )
    month_first = rf"{weekday}{month}\s+{day}(?:st|nd|rd|th)?"
    with_year = rf"(?:(?:\s*[,/]\s*|\s+(?:de\s+|del\s+)?)(?:{year})(?!\d))?"
    numbers = r"\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d(?!\d)|(?:19|20)\d\d-\d\d-\d\d(?!\d)"
    return rf"(?<!\w)(?:(?:{day_first}|{month_first})(?!\w){with_year}|{numbers})"


def _alternatives(by_language: Mapping[str, str], *more: str) -> str:
    names = {
        name.replace("_", " ") for said in (*by_language.values(), *more) for name in said.replace("|", " ").split()
    }
    return "|".join(re.escape(each) for each in sorted(names, key=len, reverse=True))


@cache
def _day() -> re.Pattern[str]:
    return re.compile(day_pattern(), re.IGNORECASE)


def is_day(words: str) -> bool:
    return _DIGIT.search(words) is not None and _day().fullmatch(words.strip(" ,.")) is not None


def split_day_off(words: str) -> tuple[str, str | None]:
    """The words without the day with which they end or begin, and that day as stated; None: they have none there."""
    if not _DIGIT.search(words):
        return words, None
    for found in _day().finditer(words):
        before, after = words[: found.start()], words[found.end() :]
        if not after.strip(" ,;.|"):
            return before.rstrip(" ,;|"), found[0]
        if not before.strip(" ,;.|"):
            return after.lstrip(" ,;|"), found[0]
    return words, None


def stated(day: str, language: str | None) -> str:
    """A day that `split_day_off` found: ISO 8601 where its year is stated too and it can be read in one way, else as it
    is stated, without weekday and article.
    """
    said = day.strip()
    if numbers := re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", said):
        one, two, year = map(int, numbers.groups())
        is_day_first = one > 12 or "." in said or primary_subtag(language or "") in _DAY_FIRST
        if not is_day_first and two <= 12 and one != two:
            return said
        return _iso(year, two, one) if is_day_first else _iso(year, one, two)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", said):
        return said
    numbers_in_it = [int(each) for each in re.findall(r"\d+", said)]
    month = _month_in(said)
    if len(numbers_in_it) == 2 and month:
        day_of_month, year = sorted(numbers_in_it)
        return _iso(year, month, day_of_month)
    return _without_weekday(said)


def _iso(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return f"{year}-{month}-{day}"


@cache
def _months() -> Mapping[str, int]:
    """Longer names first, so that no name is found within another."""
    known = {**MONTHS, **{name.casefold(): number for number, name in enumerate(_HAUSA.split(), 1)}}
    return MappingProxyType({name: known[name] for name in sorted(known, key=len, reverse=True)})


def _month_in(said: str) -> int | None:
    words = " ".join(re.split(r"[^\w]+", word_key(fold_date(said))))
    return next((number for name, number in _months().items() if f" {name} " in f" {words} "), None)


def _without_weekday(said: str) -> str:
    weekday = rf"^(?:(?:{_alternatives(WEEKDAYS_BY_LANGUAGE)})(?:-feira)?\.?,?\s+)?(?:le\s+|the\s+)?"
    shorter = re.sub(weekday, "", said, count=1, flags=re.IGNORECASE)
    return shorter if is_day(shorter) else said  # `Mar. 2`: the month, and no mardi


def without_days(words: str) -> str:
    """The words with a semicolon in the place of any day that is stated in them."""
    return _day().sub(" ; ", words)
