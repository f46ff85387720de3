"""demo: the whole trip against the local press, and what a wire looks like after it. Needs no network."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from aggregator.cli.demo_served import show_served
from aggregator.cli.demo_subscriber import subscribed
from aggregator.cli.export import export
from aggregator.cli.printing import say, say_page
from aggregator.config.codes import country_name
from aggregator.demo import Press, read_sites
from aggregator.desk.outgoing import outlet, releases
from aggregator.model import Config, Cursor, Poll, Selection, Wire
from aggregator.model.errors import StoreError
from aggregator.model.release import Release
from aggregator.output import listing, page
from aggregator.output.country_prefix import country_prefix
from aggregator.output.formats import FORMATS
from aggregator.pipeline.opening import load_config, open_wire, read_store
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from aggregator.store.picture_files import folder_of
from aggregator.tags.mediatopics import topic_label
from aggregator.text import query
from aggregator.text.dates import utc_now
from aggregator.text.printable import counted

# Words that stand in the demo's reports: a river's name, French without its accents, Swahili, Arabic, Amharic.
_SEARCHES = ("mbalawe", "penurie", "uchaguzi", "فيضان", "ክትባት")
_PAGES, _PAGES_SECONDS = 100, 20.0  # of reports' own pages that are read in a round, and for how long at most
_TAG_SECONDS = 20.0  # for reports that have words of their pages now


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the press. [default: any free one]")
@click.option("--into", type=click.Path(path_type=Path), help="Database file. [default: data/demo.db]")
def demo(port: int, into: Path | None) -> None:
    """Run a wire of invented publishers on this machine.

    The publishers' sites are on this machine; HTTP, parsing and storing are real. The database is made anew, and kept
    for you to query.
    """
    home = _home()
    database = into or home.parent / "demo.db"
    paths = Paths(home / "config", database)
    _make_room(database, ours=into is None)
    config = load_config(paths)
    with Press(read_sites(home / "press"), now=utc_now(), port=port) as press:
        _title(f"{config.wire.name}: {len(config.publishers)} invented publishers, served on {press.url}")
        with open_wire(paths, config, utc_now()) as store, subscribed(paths) as subscriber:
            asyncio.run(_rounds(config, store, press))
            _title("What a subscriber received over HTTP while that happened")
            last = store.last_cursor()
            subscriber.show(last.seq if last else 0)
    with read_store(paths) as store:
        _show_list(store, config.wire)
        shown = _show_report(store, config.wire)
        _show_rest(store, config.wire, home)
    _export(paths, database, shown)
    shown = _shortest(database)
    say(f"Your turn:  aggregator --config {_shortest(home / 'config')} --db {shown} latest --country KE")
    say(f'            aggregator --db {shown} query "SELECT publisher_name, title FROM wire LIMIT 5"')  # noqa: S608
    _title("The same over HTTP, as `aggregator serve` publishes it")
    show_served(paths)


def _home() -> Path:
    home = Path(__file__).parents[2] / "data" / "demo"
    if not home.is_dir():
        raise StoreError(f"{home}: the sample wire is not there; run the demo from a checkout of the project")
    return home


def _make_room(database: Path, ours: bool) -> None:
    """A database that a demo left behind is replaced; a file that somebody named is not."""
    if database.exists() and not ours:
        raise StoreError(f"{database}: this file is there already; name another with --into, or remove it")
    for name in (database.name, f"{database.name}-wal", f"{database.name}-shm"):
        database.with_name(name).unlink(missing_ok=True)
    shutil.rmtree(folder_of(database), ignore_errors=True)


async def _rounds(config: Config, store: Store, press: Press) -> None:
    """Polls everything, lets the press move on, and polls again, until nothing more happens there."""

    def connect_to(host: str) -> tuple[str, int] | None:
        return press.address if host.endswith(".example") else None

    last = None
    async with Pipeline(config, store, utc_now, connect_to) as pipeline:
        for number in range(press.last_round + 1):
            if number:
                press.advance()
            polls = await pipeline.run(store.due(None))
            await pipeline.read_pages(_PAGES, _PAGES, _PAGES_SECONDS, {poll.source.publisher for poll in polls})
            await pipeline.copy_pictures(_PAGES, _PAGES)
            await pipeline.maintain()
            await pipeline.tag(_TAG_SECONDS)
            _title(f"Round {number + 1}: {_summary(polls)}")
            changes = store.changes(last)
            _print_changes([change for change in changes if change["change_kind"] != "new"] if number else [])
            last = Cursor.read(changes[-1]["cursor"]) if changes else last


def _summary(polls: Sequence[Poll]) -> str:
    outcomes = Counter(poll.outcome.replace("_", " ") for poll in polls)
    formats = sorted({poll.format for poll in polls if poll.format})
    said = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    counts = f"{sum(poll.new for poll in polls)} new, {sum(poll.revised for poll in polls)} changed"
    return f"{counted(len(polls), 'source')} fetched: {counts} ({said})" + (
        f"; read {' '.join(formats)}" if formats else ""
    )


def _print_changes(changes: Sequence[dict[str, str]]) -> None:
    for change in changes:
        said = change["title"] or "(a notice is shown instead)"
        say(f"  {change['change_kind']:<10} {change['publisher_name']}: {said}")


def _released(store: Store, wire: Wire, reports: Iterable[str]) -> Iterator[Release]:
    found = releases(store, wire, reports, outlet(store, "web", utc_now()))
    return (each for each in found if isinstance(each, Release))


def _show_list(store: Store, wire: Wire) -> None:
    _title("The wire now: the publisher's name is above every report")
    say_page(listing(list(_released(store, wire, (each.id for each in store.latest(Selection(limit=8)))))), "  ")


def _show_report(store: Store, wire: Wire) -> str | None:
    """The newest report of which the wire found out most, whole, as the command `show` has it; returns its id."""
    found = _released(store, wire, (each.id for each in store.latest(Selection(languages=("en",), limit=100))))
    best = next((each for each in found if each.pictures and each.dateline and each.topics and each.about), None)
    if best is None:
        return None
    _title("One report: country, publisher, dateline, picture with credit and caption, and what it is about")
    country = country_prefix(best, country_name)
    say_page(page(best, tags=store.tags_of(best.id), named=country_name, country=country))
    country, topic = best.about[0], best.topics[-1]
    in_all = len(store.latest(Selection(about=(country,), limit=1000)))
    say(f"{counted(in_all, 'report')} about {country_name(country)}: `latest --about {country}`")
    in_all = len(store.latest(Selection(topics=(topic,), limit=1000)))
    say(f"{counted(in_all, 'report')} about {topic_label(topic)}: `latest --topic {topic}`")
    return best.id


def _show_rest(store: Store, wire: Wire, home: Path) -> None:
    corrected = [change["id"] for change in store.changes() if change["change_kind"] == "corrected"]
    for report in (report for report in _released(store, wire, corrected) if report.scope == "full_text"):
        _title("A correction that arrived, as its publisher words it, with credit, disclaimer and link")
        say_page(page(report))
        say(f"{counted(len(store.revisions(report.id)), 'version')} stored; `show {report.id} --revisions` prints them")
        break
    _title("Search, in any script and without accents")
    for words in _SEARCHES:
        found = store.search(query.parse(words), Selection(limit=100))
        best = f"{found[0].publisher_name}: {found[0].title}" if found else "nothing"
        say(f"  {words:<12} {counted(len(found), 'report')}, the newest by {best}")
    _title("SQL: reports of a publisher (data/demo/reports.sql)")
    names, rows = store.query((home / "reports.sql").read_text())
    for publisher, country, reports, text in (tuple(names), *rows):
        say(f"  {publisher:<28} {country:<8} {reports:>7}  {text}")
    say()


def _export(paths: Paths, database: Path, shown: str | None) -> None:
    """The wire in every format, in a folder beside the database. `shown`: a report whose page is named."""
    folder = database.with_name(f"{database.stem}-export")
    _title(f"The wire in every format, as its publishers' rights allow: {_shortest(folder)}")
    folder.mkdir(exist_ok=True)
    context = click.Context(export, obj=paths)
    for name, suffix in (*((name, form.suffix) for name, form in FORMATS.items()), ("static", None)):
        context.invoke(export, name=name, out=_shortest(folder / (f"reports.{suffix}" if suffix else "site")))
    if shown:
        say(f"The report above as a page, for a browser: {_shortest(folder / 'site' / 'report' / f'{shown}.html')}")


def _title(words: str) -> None:
    say()
    say(words, bold=True, fg="green")


def _shortest(path: Path) -> str:
    """As a person in this folder would type it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
