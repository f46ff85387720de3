"""The options by which every command that chooses reports lets them be chosen, and the selection that they mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, get_args

import click

from aggregator.cli import options
from aggregator.cli.filters import country_code, language_tag, one_of, publisher_key
from aggregator.cli.printing import flush, say
from aggregator.cli.times import when, zone
from aggregator.config.codes import country_name
from aggregator.model import Cursor, Group, ItemClass, Kind, KnownPublisher, Selection
from aggregator.model.errors import CursorError
from aggregator.pipeline.opening import open_existing
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.text.dates import AHEAD, read_day, read_since, utc_now

BEGINNING = "0"  # as a cursor
_NAME_LENGTH = 64
_CONFIRMED_EVERY = timedelta(minutes=1)  # a claim is good for fifteen


def _until(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    """A time; a day without one is meant whole."""
    if value is None:
        return None
    if day := read_day(value, zone()):
        return day[1]
    if moment := read_since(value, utc_now(), zone()):
        return moment
    raise click.BadParameter(f"{value!r} is neither a time ago such as 90m, 6h, 2d nor a date such as 2026-11-22")


def _on(_: click.Context, __: click.Parameter, value: str | None) -> tuple[datetime, datetime] | None:
    if value is None:
        return None
    if day := read_day(value, zone()):
        return day
    raise click.BadParameter(f"{value!r} is no day such as 2026-11-22")


def _after(_: click.Context, __: click.Parameter, value: str | None) -> Cursor | str | None:
    """BEGINNING: from the first line on."""
    if value is None or value.strip() == BEGINNING:
        return value and BEGINNING
    if cursor := Cursor.read(value):
        return cursor
    raise click.BadParameter(
        f"{value!r} is no cursor: expected one as `aggregator changes` shows it, such as 197-5e6f7a8b, or 0 for the"
        " beginning"
    )


def _name(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is None or (0 < len(value) <= _NAME_LENGTH and value.isprintable() and value.strip() == value):
        return value
    raise click.BadParameter(f"{value!r} is no name for a cursor: expected 1 to {_NAME_LENGTH} characters in one line")


def _several(*names: str, words: Collection[str] | None = None, **how: Any) -> options.Option:
    return click.option(*names, multiple=True, callback=one_of(tuple(words)) if words else None, **how)


def selecting(what: str, time: str, *, since: Callable[..., Any] = options.read_time) -> options.Option:
    """The options, for a command that lists `what` by its `time`; `since` reads that option."""
    return options.together(
        _several("--publisher", "publishers", metavar="KEY", help="Only of this publisher, by key or name."),
        _several("--country", "countries", metavar="COUNTRY", help="Only of publishers of it: ML, Mali."),
        _several("--kind", "kinds", words=get_args(Kind), metavar="KIND", help="Only of publishers of it: ngo."),
        _several(
            "--group", "groups", words=get_args(Group), metavar="GROUP", help="Only of publishers of it: institution."
        ),
        _several("--language", "languages", metavar="LANGUAGE", help="Only in this language: sw, Swahili."),
        _several("--class", "item_classes", words=get_args(ItemClass), metavar="CLASS", help="Only of it: opinion."),
        click.option("--since", callback=since, metavar="TIME", help=f"Only {time} since: 6h, 2d, a date."),
        click.option("--until", callback=_until, metavar="TIME", help=f"Only {time} before; a day is meant whole."),
        click.option("--on", callback=_on, metavar="DAY", help=f"Only {time} on this day: 2026-11-22."),
        click.option("--after", callback=_after, metavar="CURSOR", help=f"Only {what} that came after it; 0: all."),
        click.option(
            "--cursor", "cursor_name", callback=_name, metavar="NAME", help="Go on where NAME ended; see docs."
        ),
    )


def read_selection(paths: Paths, store: Store, now: datetime, chosen: Mapping[str, Any]) -> Selection:
    """What the values of these options choose; `after` is left to the caller. click.UsageError: nothing can match."""
    since, until = chosen["since"], chosen["until"]
    if chosen["on"]:
        if since or until:
            raise click.UsageError("give --on, or --since and --until")
        since, until = chosen["on"]
    if since and since > now + AHEAD:
        raise click.UsageError(f"nothing can be of that time yet: it begins at {when(since)}, and it is {when(now)}")
    if since and until and since >= until:
        raise click.UsageError(f"nothing can match: {when(since)} is not before {when(until)}")
    known = store.known_publishers() if any(chosen[name] for name in _OF_PUBLISHERS) else {}
    countries, languages = {each.country for each in known.values()}, _languages(known)
    selection = Selection(
        publishers=tuple(publisher_key(paths, store, said) for said in chosen["publishers"]),
        countries=tuple(country_code(said, countries) for said in chosen["countries"]),
        languages=tuple(language_tag(said, languages) for said in chosen["languages"]),
        kinds=chosen["kinds"],
        groups=chosen["groups"],
        item_classes=chosen["item_classes"],
        since=since,
        until=until,
    )
    _refuse_what_excludes(store, known, selection)
    return selection


_OF_PUBLISHERS = ("publishers", "countries", "kinds", "groups", "languages")


def _languages(known: Mapping[str, KnownPublisher]) -> set[str]:
    return {tag for each in known.values() for tag in each.languages}


def _refuse_what_excludes(store: Store, known: Mapping[str, KnownPublisher], selection: Selection) -> None:
    """What is known and has nothing yet is said, and is no fault: a publisher may be added tomorrow. That several
    choices exclude each other is one.
    """
    choices = {
        "--publisher": (selection.publishers, {key: key for key in known}),
        "--country": (selection.countries, {key: each.country for key, each in known.items()}),
        "--kind": (selection.kinds, {key: each.kind for key, each in known.items()}),
        "--group": (selection.groups, {key: each.group for key, each in known.items()}),
    }
    choices = {option: choice for option, choice in choices.items() if choice[0]}
    fit = {option: {key for key, value in of.items() if value in values} for option, (values, of) in choices.items()}
    if not choices or set.intersection(*fit.values()):
        return
    of_publishers = Selection(
        publishers=selection.publishers, countries=selection.countries, kinds=selection.kinds, groups=selection.groups
    )
    if store.count(of_publishers, most=1):  # of a publisher that has moved to another country since
        return
    said = " and ".join(f"{option} {' or '.join(values)}" for option, (values, _) in choices.items())
    if all(fit.values()):
        raise click.UsageError(f"nothing can match: no publisher is of {said}")
    for option, keys in fit.items():
        if not keys and option != "--publisher":  # a publisher that has never been polled is one of the configuration
            values = ", ".join(country_name(each) if option == "--country" else each for each in choices[option][0])
            say(f"no publisher here is of {option} {values}; `aggregator publishers` lists what there is", err=True)


# Cursors that the database keeps


@dataclass(slots=True)
class Position:
    """How far a named cursor has read the ledger."""

    store: Store
    name: str
    at: Cursor | None  # None: nothing yet
    confirmed: datetime  # when it was last said that this command still reads by it

    def confirm(self, now: datetime) -> None:
        """Keeps others from it, of a command that goes on."""
        if now - self.confirmed >= _CONFIRMED_EVERY:
            self.store.confirm("cursor", [self.name], now)
            self.confirmed = now

    def move(self, to: Cursor | None) -> None:
        """Notes that all up to there is printed, once it is: what cannot be written comes again the next time."""
        flush()
        if to is None or (self.at and to.seq <= self.at.seq):
            return
        if not self.store.move_cursor(self.name, self.at, to):
            raise CursorError(
                f"--cursor {self.name}: another command has moved it meanwhile, so it stays where that put it; what was"
                " printed here may come twice"
            )
        self.at = to


@contextmanager
def position(paths: Paths, name: str | None, now: datetime) -> Iterator[Position | None]:
    """The named cursor, for this command alone; None: there is no name. CursorError: another command reads by it."""
    if name is None:
        yield None
        return
    with open_existing(paths) as store:
        if not store.claim_cursor(name, now):
            raise CursorError(
                f"--cursor {name}: another command reads by it just now; nothing was printed. Give each job a name of"
                " its own, or run this again when the other has ended"
            )
        try:
            yield Position(store, name, store.named_cursor(name), now)
        finally:
            store.give_cursor_back(name)
