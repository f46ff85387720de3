"""The wire's own figures: what it saw, stored and left out, how long reports were on their way, day by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta

from babel.numbers import format_percent
from babel.units import format_unit
from msgspec import Struct

from aggregator.model.figures import DayFigures, Delay
from aggregator.output import csv
from aggregator.text.dates import to_iso
from aggregator.web.pages import locales
from aggregator.web.pages.chart import Chart, chart, days_until
from aggregator.web.pages.locales import day_in, short_day_in
from aggregator.web.pages.page import Download, Page, PageRoute, Visit
from aggregator.web.pages.reader import Interface
from aggregator.web.pages.wording import N_

_DAYS = 30
_COUNTS_SHOWN = (
    "entries", "new", "revised", "unchanged", "gaps", "gaps_closed", "joins", "joins_undone", "taken_back",
)  # fmt: skip
# Why an entry did not become a report, by how `polls.drops` calls it. What a rule of the operator's left out is one
# reason: its words are the operator's own.
REASONS: Mapping[str, str] = {
    "duplicate_in_document": N_("Listed twice in one document"),
    "purged": N_("Deleted here for good before"),
    "pending": N_("A change that waits for a person"),
    "unstable_source": N_("A change that came at every poll; it is stored once a day"),
    "unreadable_entry": N_("Not readable"),
    "cut_off": N_("Cut off by the server"),
    "over_cap": N_("Beyond the number that is read of one document"),
    "empty": N_("Empty"),
    "withdrawn": N_("Withdrawn by the publisher"),
    "not_published": N_("Not published yet"),
    "not_news": N_("No report, by its own word"),
    "rule": N_("Not wanted by a rule of this wire"),
    "other": N_("Another reason"),
}
_RULES = ("include_words", "exclude_words", "include_categories", "exclude_categories")


class Cells(Struct, frozen=True):
    """A day in the table. All in words; '': not recorded."""

    day: date
    written: str
    entries: str
    new: str
    revised: str
    unchanged: str
    left_out: str
    joins: str
    joins_undone: str
    gaps: str
    gaps_closed: str
    to_wire: str
    to_subscriber: str
    in_all: str
    taken_back: str
    messages: str
    in_two_seconds: str
    unconfirmed: str

    @property
    def numbers(self) -> tuple[str, ...]:
        """In the order of the columns."""
        return tuple(getattr(self, name) for name in self.__struct_fields__ if name not in ("day", "written"))


class Summary(Struct, frozen=True):
    """All days together, in words. A delay is of the last day that has one: those of several days cannot be added."""

    entries: str
    new: str
    revised: str
    unchanged: str
    left_out: str
    joins: str
    joins_undone: str
    gaps: str
    gaps_closed: str
    taken_back: str
    messages: str | None  # None: not recorded on any of these days
    in_two_seconds: str
    share_in_two_seconds: str  # '': there was no message
    unconfirmed: str


def figures(visit: Visit) -> Page:
    found = _found(visit)
    said = _Words(visit.reader.language)
    reasons: Counter[str] = Counter()
    for day in found:
        reasons.update(by_reason(day.left_out))
    return Page(
        template="figures.html",
        title=visit.gettext("Our own figures"),
        description=visit.gettext("What this wire received, stored and left out, and how fast, day by day."),
        values={
            "days": [_cells(day, said) for day in found],
            "last_cells": _cells(found[0], said) if found else None,
            "summary": _summary(found, said),
            "reasons": [(visit.gettext(REASONS[name]), said.number(count)) for name, count in reasons.most_common()],
            "charts_of_days": list(_charts(found, visit, said)),
        },
        canonical=visit.address("/figures"),
    )


def _found(visit: Visit) -> list[DayFigures]:
    """Those of the last days, the newest first."""
    return visit.store.figures(visit.now.date() - timedelta(days=_DAYS))


def by_reason(left_out: Mapping[str, int]) -> Counter[str]:
    """How many entries were left out, by the names in REASONS."""
    found: Counter[str] = Counter()
    for name, count in left_out.items():
        is_rule = name.partition(":")[0] in _RULES
        found["rule" if is_rule else name if name in REASONS else "other"] += count
    return found


class _Words:
    """Writes numbers and times in a language."""

    def __init__(self, language: Interface) -> None:
        self.language = language

    def number(self, number: int | None) -> str:
        return "" if number is None else locales.number_in(number, self.language)

    def seconds(self, seconds: float | None) -> str:
        """In the unit that leaves a number that can be read: `1.4 s`, `12 min`, `3.5 h`."""
        if seconds is None:
            return ""
        unit, size = next(
            each for each in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)) if seconds >= 2 * each[1]
        ) if seconds >= 2 else ("second", 1)  # fmt: skip
        value = round(seconds / size, 1 if seconds < 10 * size else None)
        return str(format_unit(value, unit, "short", locale=self.language))

    def share(self, part: int, whole: int) -> str:
        """Rounded down, so that 100 % are all."""
        if not whole:
            return ""
        shown = int(1_000 * part / whole) / 1_000
        return str(format_percent(shown, "#,##0.#%", locale=locales.locale(self.language)))


def _delay(delay: Delay | None, said: _Words) -> str:
    if delay is None or delay.median is None:
        return ""
    return f"{said.seconds(delay.median)} / {said.seconds(delay.most)}"


def _cells(day: DayFigures, said: _Words) -> Cells:
    messages = day.messages
    return Cells(
        day=day.day,
        written=short_day_in(day.day, said.language),
        left_out=said.number(sum(day.left_out.values())),
        **{name: said.number(getattr(day, name)) for name in _COUNTS_SHOWN},
        to_wire=_delay(day.to_wire, said),
        to_subscriber=_delay(day.to_subscriber, said),
        in_all=_delay(day.in_all, said),
        messages=said.number(messages.owed if messages else None),
        in_two_seconds=said.number(messages.in_two_seconds if messages else None),
        unconfirmed=said.number(messages.unconfirmed if messages else None),
    )


def _summary(found: Sequence[DayFigures], said: _Words) -> Summary:
    told = [day.messages for day in found if day.messages]
    owed, fast = sum(each.owed for each in told), sum(each.in_two_seconds for each in told)
    return Summary(
        **{name: said.number(sum(getattr(day, name) for day in found)) for name in _COUNTS_SHOWN},
        left_out=said.number(sum(sum(day.left_out.values()) for day in found)),
        messages=said.number(owed) if told else None,
        in_two_seconds=said.number(fast),
        share_in_two_seconds=said.share(fast, owed),
        unconfirmed=said.number(sum(each.unconfirmed for each in told)),
    )


def _charts(found: Sequence[DayFigures], visit: Visit, said: _Words) -> Iterable[Chart]:
    """Of the days between the first and the last that were counted; a day that was not has no bar."""
    if not found:
        return
    by_day = {day.day: day for day in found}
    days = days_until(found[0].day, (found[0].day - found[-1].day).days + 1)
    span = {"first": day_in(days[0], said.language), "last": day_in(days[-1], said.language)}
    shown: tuple[tuple[str, str, Callable[[DayFigures], float | None], Callable[[float], str]], ...] = (
        ("new", visit.gettext("New reports a day, from %(first)s to %(last)s"),
         lambda day: day.new, lambda number: said.number(int(number))),
        ("to-wire", visit.gettext("From publication to first sight, the median, from %(first)s to %(last)s"),
         lambda day: day.to_wire.median, said.seconds),
        ("to-subscriber", visit.gettext("From first sight to the subscriber, the median, from %(first)s to %(last)s"),
         lambda day: day.to_subscriber.median if day.to_subscriber else None, said.seconds),
    )  # fmt: skip
    for name, title, value, written in shown:
        numbers = [value(by_day[day]) if day in by_day else None for day in days]
        known = [number for number in numbers if number is not None]
        if known:
            words = ["–" if number is None else written(number) for number in numbers]
            pairs = list(zip(days, numbers, strict=True))
            yield chart(name, title % span, pairs, words, written(max(known)), visit.reader)


def as_csv(visit: Visit) -> Download:
    """The same days, the oldest first, with the names of the table `figures`; seconds with a point, and nothing where
    it was not recorded. What was left out has a column a reason.
    """
    names = (*_NAMES, *(f"left_out_{name}" for name in REASONS))
    body = csv.whole(names, map(_values, reversed(_found(visit))))
    return Download(name="figures.csv", body=body, media_type=csv.MEDIA_TYPE)


_COUNTS = ("polls", "polls_failed", *_COUNTS_SHOWN)
_NAMES = (
    "day", "counted_at", *_COUNTS, "to_wire_reports", "to_wire_median", "to_wire_99", "to_subscriber_messages",
    "to_subscriber_median", "to_subscriber_99", "in_all_messages", "in_all_median", "in_all_99", "taken_back_messages",
    "taken_back_in_2_seconds", "taken_back_unconfirmed",
)  # fmt: skip


def _values(day: DayFigures) -> list[object]:
    delays: list[object] = []
    for each in (day.to_wire, day.to_subscriber, day.in_all):
        delays += [each.count, each.median, each.most] if each else [None, None, None]
    told = day.messages
    messages = [told.owed, told.in_two_seconds, told.unconfirmed] if told else [None, None, None]
    counts = [getattr(day, name) for name in _COUNTS]
    reasons = by_reason(day.left_out)
    left_out = [reasons[name] for name in REASONS]
    return [day.day.isoformat(), to_iso(day.counted_at), *counts, *delays, *messages, *left_out]


ROUTES = (PageRoute("/figures", figures), PageRoute("/figures.csv", as_csv))
