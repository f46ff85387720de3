"""The options by which every command that chooses reports lets them be chosen, and the selection that they mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, get_args

import click
from msgspec import Struct

from aggregator.cli import options
from aggregator.cli.filters import as_usage, one_of, read_by
from aggregator.cli.printing import flush, say
from aggregator.cli.times import zone
from aggregator.model import Cursor, Group, ItemClass, Kind, Selection
from aggregator.model.errors import CursorError
from aggregator.pipeline.choosing import Wanted, choose, day_of, until_of
from aggregator.pipeline.opening import open_existing
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.text.dates import utc_now

BEGINNING = "0"  # as a cursor
_NAME_LENGTH = 64
_CONFIRMED_EVERY = timedelta(minutes=1)  # a claim is good for fifteen


_UNTIL = read_by(lambda said: until_of(said, utc_now(), zone()))
_ON = read_by(lambda said: day_of(said, zone()))


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
        _several("--topic", "topics", metavar="TOPIC", help="Only about it: a code or a name, sport."),
        _several("--about", "about", metavar="COUNTRY", help="Only about this country: ML, Mali."),
        click.option("--since", callback=since, metavar="TIME", help=f"Only {time} since: 6h, 2d, a date."),
        click.option("--until", callback=_UNTIL, metavar="TIME", help=f"Only {time} before; a day is meant whole."),
        click.option("--on", callback=_ON, metavar="DAY", help=f"Only {time} on this day: 2026-11-22."),
        click.option("--after", callback=_after, metavar="CURSOR", help=f"Only {what} that came after it; 0: all."),
        click.option(
            "--cursor", "cursor_name", callback=_name, metavar="NAME", help="Go on where NAME ended; see docs."
        ),
    )


def read_selection(paths: Paths, store: Store, now: datetime, given: Mapping[str, Any]) -> Selection:
    """What the values of these options choose; `after` is left to the caller. click.UsageError: nothing can match."""
    wanted = Wanted(**{name: given[name] for name in Wanted.__struct_fields__})
    with as_usage():
        chosen = choose(paths, store, now, wanted, lambda name: f"--{name}")
    for name, values in chosen.unknown.items():
        said = f"no publisher here is of --{name} {', '.join(values)}; `aggregator publishers` lists what there is"
        say(said, err=True)
    for old, new in chosen.renamed.items():
        say(f"{old} was renamed to {new}; its reports are under that key", err=True)
    return chosen.selection


# Cursors that the database keeps


class Position(Struct):
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
