"""What `latest` and `search` share: which reports are wanted, and how they are printed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, get_args

import click

from aggregator.cli import options
from aggregator.cli.filters import refuse_unknown
from aggregator.cli.printing import say, say_json, say_rendered
from aggregator.model import ItemClass, Query, Report, Selection
from aggregator.output import OUTPUTS
from aggregator.pipeline.paths import Paths
from aggregator.store import Store

SELECTING = options.together(
    click.option("--publisher", metavar="KEY", help="Only this publisher's."),
    options.COUNTRY,
    click.option("--language", metavar="TAG", help="Only in this language, e.g. sw."),
    click.option(
        "--class",
        "item_class",
        type=click.Choice(get_args(ItemClass)),
        metavar="CLASS",
        help="Only of this class, e.g. opinion, press_release.",
    ),
    click.option("--since", callback=options.read_time, help="Only listed since: 6h, 2d, or a date."),
    click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many."),
    click.option(
        "--count", "is_count", is_flag=True, help="Only say how many there are: all of them, which may take seconds."
    ),
    options.AS_JSON,
)
_COUNTED = 10_000  # reports; whether there are more is said, and not how many


def selection(paths: Paths, store: Store, chosen: dict[str, Any]) -> Selection:
    """What the options of SELECTING chose; click.BadParameter: nothing can match it."""
    wanted = Selection(**chosen)
    refuse_unknown(paths, store, wanted)
    return wanted


def say_count(store: Store, wanted: Selection, query: Query | None, as_json: bool) -> None:
    """How many reports fit, whatever the limit is."""
    count = store.count(wanted, query)
    if as_json:
        say_json({"count": count})
    else:
        say(str(count))


def say_reports(reports: Sequence[Report], as_json: bool, otherwise: str) -> None:
    """`otherwise`: what people are told where there is none."""
    if reports or as_json:
        say_rendered(OUTPUTS["json" if as_json else "text"](reports))
    else:
        say(otherwise, err=True)


def how_many(store: Store, wanted: Selection, query: Query | None, listed: int, as_json: bool) -> str | None:
    """Of a list that ends at its limit, for people at a terminal: how many reports there are. Exact to 10,000. None:
    there is nothing to say.
    """
    if as_json or listed != wanted.limit or not sys.stderr.isatty():
        return None
    count = store.count(wanted, query, most=_COUNTED + 1)
    if count <= listed:
        return None
    said = f"{count:,}" if count <= _COUNTED else f"more than {_COUNTED:,}"
    return f"{listed:,} of {said} reports; --limit lists more, --count counts them all"
