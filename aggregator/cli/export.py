"""export: reports as files for others, each as its publisher's rights let it out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import IO, Any, get_args

import click

from aggregator.cli.printing import say, say_part
from aggregator.cli.reports import CHOOSING, selection
from aggregator.desk.outgoing import feed, outlet, releases
from aggregator.model import Channel, Wire
from aggregator.model.release import Heading, Outlet, Release, Use
from aggregator.output.formats import FORMATS, Format
from aggregator.pipeline.opening import load_config, read_store
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.text import query
from aggregator.text.dates import utc_now

_NEWEST = 100  # reports of a feed, unless --limit says otherwise


@click.command()
@click.argument("name", metavar="FORMAT", type=click.Choice(tuple(FORMATS)))
@CHOOSING
@click.option("--search", "words", metavar="WORDS", help="Only reports with these words.")
@click.option(
    "--limit", type=click.IntRange(0), help="How many, newest first; 0: all. [default: 100 for feeds, else all]"
)
@click.option(
    "--channel", type=click.Choice(get_args(Channel)), help="By whose rights. [default: feed for feeds, else api]"
)
@click.option("--for", "use", type=click.Choice(get_args(Use)), help="Only what may be used so by machines.")
@click.option("--address", metavar="URL", help="Where the file will be published.")
@click.option("--out", type=click.File("wb", atomic=True), default="-", metavar="PATH", help="[default: print it]")
@click.pass_obj
def export(paths: Paths, /, name: str, words: str | None, limit: int | None, out: IO[bytes], **chosen: Any) -> None:
    """Write reports as a feed or a file, as their rights allow.

    Formats: atom, rss, jsonfeed, ninjs, newsml, jsonl, csv. What its publisher's rights keep back is left out and
    counted. Each report has its publisher, credit, terms, disclaimers and original link.
    """
    form = FORMATS[name]
    channel: Channel = chosen.pop("channel") or ("feed" if form.is_feed else "api")
    use, address = chosen.pop("use"), chosen.pop("address")
    most = limit if limit is not None else _NEWEST if form.is_feed else 0
    wire = load_config(paths).wire
    now = utc_now()
    with read_store(paths, now) as store:
        wanted = selection(paths, store, {**chosen, "limit": most or None})
        found = store.search(query.parse(words), wanted) if words else store.latest(wanted)
        by = outlet(store, channel, now, use)
        address = address or f"{wire.url.rstrip('/')}/feeds/latest.{form.suffix}"
        heading = Heading(title=f"{wire.name}: latest reports", address=address, publisher=wanted.publisher)
        kept_back: Counter[str] = Counter()
        written = _write(store, wire, [each.id for each in found], by, heading, form, out, kept_back)
    where = "" if getattr(out, "name", "-") in ("-", "<stdout>") else f" to {out.name}"
    say(f"{written:,} reports written{where}", err=True)
    for reason, count in sorted(kept_back.items()):
        say(f"{count:,} left out: {_REASONS[reason]}", err=True)
