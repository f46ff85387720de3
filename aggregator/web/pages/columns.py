"""Reports side by side: who said what on which day, in columns by group and kind of publisher. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from itertools import groupby
from typing import Literal, get_args

from msgspec import Struct

from aggregator.model import GROUP_OF_KIND, Kind
from aggregator.model.release import Release
from aggregator.web.pages.wording import N_

ColumnName = Literal["governments", "institutions", "news", "individuals", "own"]
COLUMN_NAMES: tuple[ColumnName, ...] = get_args(ColumnName)
# What is said of a column. It says what its publishers are, and never what they are for or against.
COLUMNS: Mapping[ColumnName, str] = {
    "governments": N_("Governments and intergovernmental bodies"),
    "institutions": N_("Other institutions"),
    "news": N_("News organisations"),
    "individuals": N_("Individuals and parties"),
    "own": N_("This wire"),
}


class Day(Struct, frozen=True):
    """A row: the reports of one day, in each column those of its publishers, in the order of lists."""

    day: date
    cells: Mapping[ColumnName, tuple[Release, ...]]
    moment: str  # of its first report


def column_of(kind: Kind) -> ColumnName:
    if kind in ("government", "intergovernmental"):
        return "governments"
    of_group: Mapping[str, ColumnName] = {
        "institution": "institutions", "news_organization": "news", "individual": "individuals", "own": "own",
    }  # fmt: skip
    return of_group[GROUP_OF_KIND[kind]]


def day_of(sort_time: str, zone: tzinfo) -> date:
    return datetime.fromisoformat(sort_time).astimezone(zone).date()


def arranged(reports: Sequence[Release], zone: tzinfo) -> tuple[Day, ...]:
    """The days on which there is a report, in the order of the reports, which are in the order of lists."""
    by_day = [(day, list(those)) for day, those in groupby(reports, lambda each: day_of(each.sort_time, zone))]
    return tuple(Day(day, _cells(those), those[0].sort_time) for day, those in by_day)


def _cells(reports: Iterable[Release]) -> Mapping[ColumnName, tuple[Release, ...]]:
    found: dict[ColumnName, tuple[Release, ...]] = dict.fromkeys(COLUMN_NAMES, ())
    for each in reports:
        found[column_of(each.publisher_kind)] += (each,)
    return found


def whole_days(times: Sequence[str], most: int, zone: tzinfo) -> int:
    """How many of these are shown, of times in the order of lists, of which there may be more than `most`: whole days
    alone, unless the first one has more than `most`.
    """
    if len(times) <= most:
        return len(times)
    last = day_of(times[most], zone)
    shown = sum(day_of(each, zone) > last for each in times[:most])
    return shown or most
