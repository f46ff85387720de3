"""query, publishers, health, coverage, resume: tables for people, JSON and CSV for machines."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import IO, TYPE_CHECKING, Any, get_args

import click

from aggregator.cli import filters
from aggregator.cli.accept import print_redirects_in_force
from aggregator.cli.faults import say_faults, say_faults_of_files
from aggregator.cli.printing import say, say_csv, say_rendered
from aggregator.cli.terminal import print_table
from aggregator.model import Group, Kind
from aggregator.model.errors import ConfigError
from aggregator.pipeline.opening import Workplace
from aggregator.text.dates import to_iso, utc_now

if TYPE_CHECKING:
    from aggregator.model import Publisher

_OF_A_PUBLISHER = ("key", "name", "place", "country", "kind", "languages", "profile")
_OF_A_SOURCE = ("key", "url", "kind", "enabled", "reason")
_WRITTEN = click.File("w", encoding="utf-8", atomic=True)  # whole, or as it was


@click.command()
@click.argument("sql")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated, with a header.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array, one object a line.")
@click.option("--verbatim", is_flag=True, help="With --csv: no apostrophe before what may be taken for a formula.")
@click.pass_obj
def query(here: Workplace, sql: str, as_csv: bool, as_json: bool, verbatim: bool) -> None:
    """Run SQL on the database, which is opened read-only. `wire` and `health` are the views to begin with.

    Beside SQLite's functions there are fold(text), the form that the search index holds, and
    raw_words(raw, dictionary), a revision's words as they came, as JSON.

    In CSV a text that begins with = + - @, a tab or a carriage return has an apostrophe before it, because spreadsheets
    run it as a formula; a number has none.
    """
    from aggregator.output import json_array

    if as_csv and as_json:
        raise click.UsageError("give --csv or --json, not both")
    if verbatim and not as_csv:
        raise click.UsageError("--verbatim belongs to --csv: no other form has apostrophes added")
    with here.read_store(utc_now()) as store:
        names, rows = store.query(sql)
        if as_csv:
            say_csv(names, rows, verbatim=verbatim)
        elif as_json:
            say_rendered(json_array(dict(zip(names, row, strict=True)) for row in rows))
        else:
            print_table(names, rows)


@click.command()
@click.option(
    "--country", callback=filters.country, metavar="CODE", help="Those of a country: two letters, such as ML."
)
@click.option("--group", type=click.Choice(get_args(Group)), help="Newsrooms, institutions or individuals.")
@click.option("--kind", type=click.Choice(get_args(Kind)), metavar="KIND", help="Such as newspaper or government.")
@click.option("--language", metavar="CODE", help="Those that publish in it: such as fr.")
@click.option("--rights", metavar="PROFILE", help="Those of a profile of rights.toml.")
@click.option("--off", is_flag=True, help="Those with a source that is switched off, and for what reason.")
@click.option("--opml", type=_WRITTEN, metavar="FILE", help="Write the sources of these as OPML 2.0; - prints it.")
@click.option("--markdown", type=_WRITTEN, metavar="FILE", help="Write a page of counts of these; - prints it.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def publishers(
    here: Workplace, /, off: bool, as_json: bool, opml: IO[str] | None, markdown: IO[str] | None, **of: str | None
) -> None:
    """List the publishers, what may be carried of each, and how much is held."""
    from aggregator.config import directory

    if as_json and (opml or markdown):
        raise click.UsageError("--json belongs to the list: --opml and --markdown have forms of their own")
    if opml and markdown and getattr(opml, "name", "-") == getattr(markdown, "name", "-"):
        raise click.UsageError("give --opml and --markdown different files")
    config = here.load_config()
    say_faults(config)
    _refuse_unknown(config.publishers, of)
    choice = directory.Choice(**of)
    profiles = sorted({publisher.profile for publisher in config.publishers if publisher.profile})
    if choice.rights is not None and choice.rights not in profiles:
        raise click.BadParameter(
            f"no publisher here has it; those in use: {', '.join(profiles)}", param_hint="--rights"
        )
    chosen = [publisher for publisher in config.publishers if choice.takes(publisher)]
    if off:
        chosen = [publisher for publisher in chosen if directory.switched_off(publisher)]
    if opml is not None:
        from aggregator.config.opml import write

        opml.write(write(config.wire.name, directory.outlines(chosen), utc_now()))
    if markdown is not None:
        markdown.write(directory.page(chosen))
    if off and not (opml or markdown or as_json):
        _print_switched_off(chosen)
    elif opml is None and markdown is None:
        columns = (*_OF_A_PUBLISHER, "text_scope", "licence", "polled", "articles", "newest")
        _print_rows(_publisher_rows(here, chosen), columns, as_json)


def _refuse_unknown(publishers: Sequence[Publisher], of: Mapping[str, str | None]) -> None:
    if (country := of["country"]) is not None:
        filters.refuse_unknown_country(country, {each.country for each in publishers})
    if (language := of["language"]) is not None:
        filters.refuse_unknown_language(language, {tag for each in publishers for tag in each.languages})


def _publisher_rows(here: Workplace, chosen: Iterable[Publisher]) -> list[dict[str, Any]]:
    """What config/ says of each, and what the database holds of it, where there is one yet."""
    from aggregator.config.directory import polled
    from aggregator.rights import effective

    held: dict[str, dict[str, Any]] = {}
    if here.database().exists():
        with here.read_store() as store:
            held = {row["key"]: row for row in store.publishers()}
    rows, today = [], utc_now().date()
    for publisher in _in_order(chosen):
        rights, of_it = effective(publisher.rights, today), held.get(publisher.key, {})
        said = {name: getattr(publisher, name) for name in ("key", "name", "place", "country", "kind", "group")}
        said |= {"languages": publisher.languages, "homepage": publisher.homepage, "profile": publisher.profile}
        said |= {"text_scope": rights.text_scope, "licence": rights.licence, "polled": len(polled(publisher))}
        said |= {"sources": [{name: getattr(source, name) for name in _OF_A_SOURCE} for source in publisher.sources]}
        rows.append({**said, "articles": of_it.get("articles", 0), "newest": of_it.get("newest")})
    return rows


def _in_order(publishers: Iterable[Publisher]) -> list[Publisher]:
    return sorted(publishers, key=lambda publisher: (publisher.country, publisher.name.casefold()))


def _print_switched_off(publishers: Iterable[Publisher]) -> None:
    from aggregator.config.directory import switched_off

    rows = [(source.name, source.url, source.reason) for p in _in_order(publishers) for source in switched_off(p)]
    print_table(("source", "url", "reason"), rows)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def health(here: Workplace, as_json: bool) -> None:
    """Say of every source how its last poll went, what troubles it, and when and why the next one comes.

    The worst stand first; the agreements that have ended, or end within 30 days, are named below. What is counted of
    the last seven days is counted now. The exit code is 1 when the wire as a whole has stored nothing new for longer
    than its rhythm allows, and when a file of the configuration has a fault: for cron and for monitors.
    """
    from aggregator.rights import NOTICE_DAYS

    now = utc_now()
    with here.read_store(now) as store:
        rows, silence, doubt = store.health(now), store.silence(now), store.doubt(now)
        ended, ending = store.ended_agreements(), store.ending_agreements(now.date() + timedelta(days=NOTICE_DAYS))
    if as_json:
        _print_rows(rows, (), as_json)
    else:
        _print_health(rows)
        say(f"counted at {to_iso(now)}; articles_7_days are of the seven days before that")
        if doubt is not None:
            say(str(doubt))
        print_redirects_in_force(here)
        _print_agreements(ended, ending)
        _tell_of_switched_off(here)
    has_faults = say_faults_of_files(here)
    if silence is not None:
        said = f"nothing new since {to_iso(silence.since)}, where {silence.expected:.0f} reports were to be expected"
        say(f"the wire is silent: {said}; is the daemon running, and the network up?", err=True)
    if has_faults or silence is not None:
        sys.exit(1)


def _print_health(rows: Sequence[dict[str, Any]]) -> None:
    """The sites whose feed is sought are told together, but for those of which one was found: that wants a person."""
    states = Counter(row.get("search") for row in rows)  # a database that an older version wrote has no such column
    columns = ("source", "last_success", "articles_7_days", "next_at", "next_reason", "trouble", "mend")
    _print_rows([row for row in rows if row.get("search") is None], columns, as_json=False)
    if states["found"]:
        _print_rows([row for row in rows if row.get("search") == "found"], ("source", "trouble", "mend"), as_json=False)
    if sought := len(rows) - states[None]:
        parts = f"{states['waiting']:,} not searched yet, {states['nothing']:,} found nothing"
        say(f"{sought:,} sites are searched for a feed once a week: {parts}, {states['found']:,} have a proposal")


def _print_agreements(ended: Sequence[dict[str, Any]], ending: Sequence[dict[str, Any]]) -> None:
    from aggregator.rights import what_leaves

    for agreements, verb, then in ((ended, "ended", ""), (ending, "ends", "after that day ")):
        for of in agreements:
            left = what_leaves(of["during"], of["after"])
            said = f"the agreement with {of['name']} ({of['key']}) {verb} on {of['last_day']}: {then}{left}"
            say(f"{said}; `aggregator check` names the file")


def _tell_of_switched_off(here: Workplace) -> None:
    """Only the configuration knows them. Where it has a fault, `check` says so, and health is told all the same."""
    try:
        config = here.load_config()
    except ConfigError:
        return
    if off := sum(not source.enabled for publisher in config.publishers for source in publisher.sources):
        say(f"{off:,} sources are switched off; `aggregator publishers --off` lists them with the reasons")


@click.command()
@click.option(
    "--since",
    "begin",
    default="7d",
    callback=filters.since,
    show_default=True,
    help="The time to look at: 6h, 2d, or a date.",
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def coverage(here: Workplace, begin: datetime, as_json: bool) -> None:
    """Say of every publisher what its polls brought, lost and left out, and what was to be expected of it.

    A gap: a document that did not reach back to the one before, so that reports may be lost; it is closed when the
    source's older pages did.
    """
    with here.read_store() as store:
        rows = store.coverage(begin, utc_now())
    if not as_json:
        rows = [{**row, "left_out": ", ".join(f"{n} {why}" for why, n in row["left_out"].items())} for row in rows]
    columns = ("publisher", "polls", "failed", "gaps", "gaps_closed", "received", "expected", "left_out")
    _print_rows(rows, columns, as_json)


@click.command()
@click.argument("source")
@click.pass_obj
def resume(here: Workplace, source: str) -> None:
    """Poll again a SOURCE (publisher/key) that is paused, because its server said 410, gone for good."""
    with here.open_existing() as store:
        if not store.resume(source, utc_now()):
            raise click.UsageError(f"no source {source!r} is paused; `aggregator health` lists those that are")
    say(f"{source} is due now")


def _print_rows(rows: Sequence[dict[str, Any]], columns: Sequence[str], as_json: bool) -> None:
    from aggregator.output import json_array

    if as_json:
        say_rendered(json_array(rows))
    else:
        print_table(columns, ([row[name] for name in columns] for row in rows))


COMMANDS = (query, publishers, health, coverage, resume)
