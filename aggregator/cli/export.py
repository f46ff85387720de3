"""export: reports as files for others, each as its publisher's rights let it out."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

import click
from msgspec.structs import replace

from aggregator.cli.options import GREATEST, written_whole
from aggregator.cli.printing import say
from aggregator.cli.selecting import read_selection, selecting
from aggregator.config.codes import country_name, language_name
from aggregator.desk.outgoing import feed, outlet, whole
from aggregator.model import Channel
from aggregator.model.release import Feed, Heading, RefusalReason, Release, Use
from aggregator.output import copies, static
from aggregator.output.formats import FORMATS, Format
from aggregator.pipeline.opening import load_config, read_store
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.releasing import note_released
from aggregator.store import Store
from aggregator.text import query
from aggregator.text.dates import utc_now

_NEWEST = 100  # reports of a feed, unless --limit says otherwise
_OF_A_SITE = 1_000
_STATIC = "static"
_WHY: Mapping[RefusalReason, str] = MappingProxyType(
    {
        "withheld": "withheld",
        "withdrawn": "withdrawn by their publishers",
        "legal": "held back by a legal demand",
        "gone": "no longer on their publishers' sites",
        "removed": "deleted",
        "embargoed": "under embargo",
        "no_scope": "their rights let nothing out",
        "channel": "their rights do not name this channel (rights.redistribute)",
        "use": "their publishers do not allow this use (rights.ai_use)",
    }
)


@click.command()
@click.argument("name", metavar="FORMAT", type=click.Choice((*FORMATS, _STATIC)))
@selecting("reports", "published")
@click.option("--search", "words", metavar="WORDS", help="Only reports with these words.")
@click.option("--limit", type=click.IntRange(0, GREATEST), help="At most so many; 0: all. [default: see below]")
@click.option(
    "--channel", type=click.Choice(get_args(Channel)), help="[default: feed for feeds, web for static, else api]"
)
@click.option("--for", "use", type=click.Choice(get_args(Use)), help="Only what machines may use so.")
@click.option("--address", metavar="URL", help="Where it will be published, for its own links.")
@click.option("--out", default="-", metavar="PATH", help="A file; of static a folder. [default: print it]")
@click.pass_obj
def export(paths: Paths, /, name: str, words: str | None, limit: int | None, out: str, **given: Any) -> None:
    """Write reports as a feed or a file, as their rights allow.

    FORMAT is atom, rss, jsonfeed, ninjs, newsml, jsonl, csv or static: a folder of pages for a host that serves files
    alone. Feeds have the newest 100 reports, static has 1,000 and the others all, unless --limit says otherwise. Each
    report has its publisher, credit, terms, disclaimers and original link. What its publisher's rights keep back is
    left out and counted; `show ID --rights` says why.
    """
    is_site = name == _STATIC
    form = FORMATS["atom" if is_site else name]
    channel: Channel = given.pop("channel") or ("web" if is_site else "feed" if form.is_feed else "api")
    if is_site and (channel != "web" or out == "-"):
        raise click.UsageError("static is a folder of pages, of channel web: name it with --out, and no other channel")
    use, address = given.pop("use"), given.pop("address")
    most = limit if limit is not None else _OF_A_SITE if is_site else _NEWEST if form.is_feed else 0
    wanted_words = query.parse(words) if words is not None else None
    wire, now = load_config(paths).wire, utc_now()
    with read_store(paths, now) as store:
        selection = replace(read_selection(paths, store, now, given), limit=most or None)
        heading = Heading(
            title=f"{wire.name}: reports",
            address=address or (wire.url if is_site else f"{wire.url.rstrip('/')}/feeds/latest.{form.suffix}"),
            publisher=selection.publishers[0] if len(selection.publishers) == 1 else None,
        )
        ids = (report.id for report in store.reports(selection, wanted_words))
        kept_back: Counter[RefusalReason] = Counter()
        found = feed(store, wire, ids, outlet(store, channel, now, use), heading, kept_back)
        written: Counter[tuple[str, Channel]] = Counter()  # by publisher
        beside: Counter[tuple[str, Channel]] = Counter()  # in the feed of a site
        found = replace(found, releases=_counted(found.releases, written, channel))
        if is_site:
            newest = replace(selection, limit=min(most or _NEWEST, _NEWEST))
            of_newest = (report.id for report in store.reports(newest, wanted_words))
            at = replace(heading, address=f"{heading.address.rstrip('/')}/latest.atom")
            atom = feed(store, wire, of_newest, outlet(store, "feed", now, use), at)
            here = heading.address.rstrip("/")
            there = (copies.moved(each, here) for each in _counted(atom.releases, beside, "feed"))
            _write_site(found, form, whole(replace(atom, releases=there)), out, store)
        else:
            with written_whole(out) as file:
                for part in form.render(whole(found) if form.is_feed else found):
                    file.write(part)
    note_released(paths, now.date(), written + beside)
    _say_what_came_of_it(written.total(), kept_back, out)


def _write_site(found: Feed, form: Format, atom: Feed, out: str, store: Store) -> None:
    def copy_picture(name: str, to: Path) -> bool:
        digest, width, _ = name.split(".")
        try:
            shutil.copyfile(store.picture_file(digest, int(width)), to)
        except FileNotFoundError:
            return False
        return True

    also = [name for each in atom.releases for name in copies.names(each)]
    names = static.Names(country_name, language_name)
    try:
        static.write(found, b"".join(form.render(atom)), Path(out), names, copy_picture, also)
    except static.FolderInUse as error:
        raise click.BadParameter(str(error), param_hint="--out") from error


def _counted(releases: Iterable[Release], written: Counter[tuple[str, Channel]], channel: Channel) -> Iterator[Release]:
    """The same releases, counted by publisher as they pass."""
    for release in releases:
        written[release.publisher, channel] += 1
        yield release


def _say_what_came_of_it(written: int, kept_back: Mapping[RefusalReason, int], name: str) -> None:
    where = "" if name == "-" else f" to {name}"
    say(f"{written:,} {'report' if written == 1 else 'reports'} written{where}", err=True)
    for reason, count in sorted(kept_back.items()):
        say(f"{count:,} left out: {_WHY[reason]}", err=True)
