"""What `latest` and `search` share: which reports are wanted, and how they are printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import click

from aggregator.cli import options
from aggregator.cli.filters import refuse_unknown
from aggregator.cli.printing import say, say_rendered
from aggregator.model import ItemClass, Report, Selection
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
    options.AS_JSON,
)


def selection(paths: Paths, store: Store, chosen: dict[str, Any]) -> Selection:
    """What the options of SELECTING chose; click.BadParameter: nothing can match it."""
    wanted = Selection(**chosen)
    refuse_unknown(paths, store, wanted)
    return wanted


def say_reports(reports: Sequence[Report], as_json: bool, otherwise: str) -> None:
    """`otherwise`: what people are told where there is none."""
    if reports or as_json:
        say_rendered(OUTPUTS["json" if as_json else "text"](reports))
    else:
        say(otherwise, err=True)
