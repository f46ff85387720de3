"""probe: finds the best feed of a site, and writes it into a publisher's file."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import click

from aggregator.cli.carries import carried
from aggregator.cli.options import AS_JSON
from aggregator.cli.printing import say, say_json, say_rendered, say_table
from aggregator.cli.times import when
from aggregator.config.adding import add_source
from aggregator.config.writing import source_table
from aggregator.model import Wire
from aggregator.model.errors import FetchError
from aggregator.model.place import Place
from aggregator.pipeline import probing
from aggregator.pipeline.discovery.prober import FoundFeed, Survey
from aggregator.pipeline.opening import config_for_polling, publisher_file
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now
from aggregator.text.printable import counted, lines
from aggregator.text.urls import without_user


@click.command()
@click.argument("url")
@click.option("--write", "key", metavar="KEY", help="Write the best feed into the file of the publisher KEY.")
@AS_JSON
@click.pass_obj
def probe(paths: Paths, url: str, key: str | None, as_json: bool) -> None:
    """Find the feeds of a site, the best first.

    It tries the URL and the feeds that its page names; where it names none, those of its home page and the usual
    places; and the news sitemaps that robots.txt names: 14 addresses at most, none that robots.txt forbids to
    everybody. It prints the [[source]] table of the best. The exit code is 1 when no feed was found. --write puts the
    best in the place of a `kind = "discover"` source, or after the others; comments stay.
    """
    refuse_secrets(url)
    config = config_for_polling(paths, url)
    name = publisher_file(paths, key) if key else None  # a wrong key is reported before any request
    survey = surveyed(config.wire, paths.database(), url)
    best = survey.feeds[0] if survey.feeds else None
    table = source_table(best.url, best.kind) if best else None
    if as_json:
        say_json(_object(survey, table), indent=1)
    else:
        _print(survey, table)
    if best is None:
        where = "`tried`" if as_json else "above"
        tried = counted(len(survey.tried), "address", "addresses")
        say(f"No feed found on this site. Tried {tried} ({where}).", err=True)
        sys.exit(1)
    if name:
        add_source(paths.config_folder(), name, best.url, best.kind)
        say(f"{name}: now has {best.url}", err=as_json)


def refuse_secrets(url: str) -> None:
    """click.UsageError: an address that opens with a secret alone."""
    if "${" in url or without_user(url) != url:
        raise click.UsageError(
            "URL: found ${NAME} or a user name, expected an address that opens without: a search sends no secrets. "
            "Write a private address into the publisher's file, and try it with `aggregator check --live KEY`"
        )


def surveyed(wire: Wire, database: Place, url: str) -> Survey:
    """What the site offers. click.UsageError: it is no address."""
    try:
        return asyncio.run(probing.surveyed(wire, url, utc_now, database))
    except FetchError as error:
        raise click.UsageError(f"URL: {error}") from error


def _print(survey: Survey, table: str | None) -> None:

    say_table(("tried", "found by", "result"), [(each.url, each.named_by, each.said) for each in survey.tried])
    if survey.others:
        said = [(other.url, other.what) for other in survey.others]
        say_table(("seen, not fetched", ""), said)
    if survey.feeds:
        columns = ("feed (best first)", "format", "entries", "dated", "summaries", "full text", "newest")
        say_table(columns, [_row(feed) for feed in survey.feeds])
    if table:
        say_rendered(f"{lines(table.rstrip())}\n")  # no line of it is broken: it is to be copied


def _row(feed: FoundFeed) -> tuple[Any, ...]:
    carries = feed.carries
    shares = (f"{share:.0%}" for share in (carries.dated, carries.summaries, carries.full_text))
    newest = when(carries.newest) if carries.newest else None
    return (feed.url, carries.format, carries.entries, *shares, newest)


def _object(survey: Survey, table: str | None) -> dict[str, Any]:
    return {
        "url": survey.url,
        "tried": [{"url": each.url, "named_by": each.named_by, "said": each.said} for each in survey.tried],
        "seen": [{"url": other.url, "what": other.what} for other in survey.others],
        "feeds": [{"url": feed.url, "kind": feed.kind, **carried(feed.carries)} for feed in survey.feeds],
        "source": table,
    }
