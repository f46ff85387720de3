"""withhold, restore, withdraw, embargo, purge, complaint: what people decide about a report, and who says so."""

from __future__ import annotations

import getpass
import os
import textwrap
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any, get_args

import click

from aggregator.cli import filters
from aggregator.cli.printing import say, say_lines, say_rendered
from aggregator.model import ComplaintKind, Selection
from aggregator.model.errors import DeskError
from aggregator.pipeline.opening import Workplace
from aggregator.text.dates import read_date, to_iso, utc_now
from aggregator.text.printable import address, as_json

if TYPE_CHECKING:
    from aggregator.store import Store
    from aggregator.store.sqlite.desk import Cause
    from aggregator.store.sqlite.doubt import Doubt

Command = Callable[..., Any]

_MOST_DAYS = 100_000

# Why a report is withheld at once, as far as the public is told: never what the complainant wrote.
_REASONS = {
    "copyright": "a complaint about copyright is being looked into",
    "licence": "a complaint about the licence is being looked into",
    "court_order": "a court order",
    "statute": "a statutory demand",
    "privacy": "a complaint about privacy is being looked into",
    "safety": "a complaint about somebody's safety is being looked into",
    "publisher_request": "its publisher asked for it",
}


def _actor(_: click.Context, __: click.Parameter, value: str | None) -> str:
    """`person:NAME`: the one named, or the operating system's user."""
    if value is not None and not value.strip():
        raise click.BadParameter("the name of the person who acts is empty")
    try:
        return f"person:{(value or getpass.getuser()).strip()}"
    except (KeyError, OSError):  # a user without a name
        return f"person:{os.getuid()}"


def _line(_: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise click.BadParameter(f"{parameter.opts[0]} is empty; say it in a sentence")
    return value and " ".join(value.split())


_REASON = click.option("--reason", required=True, callback=_line, help="Why. Readers see it in the notice.")
_REFERENCE = click.option("--ref", "reference", callback=_line, help="A ticket, a letter, a court's file.")
ACTOR = click.option("--actor", metavar="NAME", callback=_actor, help="Who acts. [default: you]")


def _with(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    return lambda command: reduce(lambda decorated, option: option(decorated), reversed(options), command)


def _cause(actor: str, reason: str, reference: str | None) -> Cause:
    from aggregator.store.sqlite.desk import Cause

    return Cause(actor=actor, reason=reason, reference=reference)


@click.command()
@click.argument("report_id", metavar="ID")
@click.option("--legal", is_flag=True, help="In answer to a court order or a statute; the notice says so.")
@_with(_REASON, _REFERENCE, ACTOR)
@click.pass_obj
def withhold(here: Workplace, report_id: str, legal: bool, reason: str, reference: str | None, actor: str) -> None:
    """Take a report out of the wire until a person restores it; a notice stays in its place."""
    with here.open_existing() as store:
        store.desk.withhold(report_id, _cause(actor, reason, reference), utc_now(), legal=legal)
        _print_done(report_id, "withheld", store.notice(report_id))


@click.command()
@click.argument("report_id", metavar="ID")
@_with(_REASON, _REFERENCE, ACTOR)
@click.pass_obj
def withdraw(here: Workplace, report_id: str, reason: str, reference: str | None, actor: str) -> None:
    """Take a report out of the wire because its publisher withdrew it; a notice stays in its place."""
    with here.open_existing() as store:
        store.desk.withdraw(report_id, _cause(actor, reason, reference), utc_now())
        _print_done(report_id, "withdrawn", store.notice(report_id))


@click.command()
@click.argument("report_id", metavar="ID")
@_with(_REASON, _REFERENCE, ACTOR)
@click.pass_obj
def restore(here: Workplace, report_id: str, reason: str, reference: str | None, actor: str) -> None:
    """Put a report back into the wire that was withheld, withdrawn or under embargo."""
    with here.open_existing() as store:
        store.desk.restore(report_id, _cause(actor, reason, reference), utc_now())
        _print_done(report_id, "restored", None)


@click.command()
@click.argument("report_id", metavar="ID")
@click.argument("until")
@_with(click.option("--reason", default="embargo", callback=_line, help="Why. [default: embargo]"), _REFERENCE, ACTOR)
@click.pass_obj
def embargo(here: Workplace, report_id: str, until: str, reason: str, reference: str | None, actor: str) -> None:
    """Hold a report out of the wire UNTIL a time, such as 2026-12-01T06:00Z; then it is released by itself.

    A time without a zone is UTC, a day without a time begins at midnight.
    """
    end = read_date(until)
    if end is None:
        raise DeskError(f"UNTIL: found {as_json(until)}, expected a time to come, such as 2026-12-01T06:00Z")
    with here.open_existing() as store:
        store.desk.embargo(report_id, end, _cause(actor, reason, reference), utc_now())
    say(f"{report_id}: under embargo until {to_iso(end)}")


def _print_done(report_id: str, done: str, notice: dict[str, Any] | None) -> None:
    say(f"{report_id}: {done}" + (f". Its notice: {notice['text']}" if notice else ""))


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option(
    "--older-than", type=click.IntRange(1, _MOST_DAYS), metavar="DAYS", help="All that were first seen before."
)
@click.option("--publisher", metavar="KEY", help="With --older-than: only this publisher's.")
@click.option("--vacuum", is_flag=True, help="Write the whole file anew, so that nothing deleted is left in it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_with(click.option("--reason", callback=_line, help="Why. Readers see it in the notice."), _REFERENCE, ACTOR)
@click.pass_obj
def purge(
    here: Workplace,
    /,
    ids: tuple[str, ...],
    older_than: int | None,
    publisher: str | None,
    vacuum: bool,
    yes: bool,
    **why: Any,
) -> None:
    """Delete reports for good: words, versions and keys. They do not come back as new.

    Their ids and their lines in the ledger stay. What backups and subscribers hold is theirs. What was deleted is
    overwritten; its letters stay in the search index until the daemon or `fetch` has tidied it, within a day or two.
    --vacuum, with reports or alone, leaves nothing at all: it says what it needs of time and disk, and asks. The daemon
    must be stopped for it.
    """
    if bool(ids) + bool(older_than) != 1 and not (vacuum and not ids):
        raise click.UsageError("name the reports by ID, or give --older-than DAYS; or --vacuum alone")
    if publisher and not older_than:
        raise click.UsageError("--publisher belongs to --older-than")
    if (ids or older_than) and not why["reason"]:
        raise click.UsageError("Missing option '--reason'.")
    now = utc_now()
    before = now - timedelta(days=older_than) if older_than else None
    with _alone(here) if vacuum else nullcontext(), here.open_existing() as store:
        filters.refuse_unknown(here, store, Selection(publisher=publisher))
        if before and (doubt := _looked_at_clock(store, now)):
            raise DeskError(f"--older-than: {doubt}. Nothing was deleted; try again then")
        articles = store.purgeable(ids, before, publisher)
        asked = [f"Delete {len(articles)} reports for good"] if articles else []
        if vacuum:
            _say_what_it_takes(store)
            asked.append("write the file anew" if asked else "Write the file anew")
        if asked and not yes:
            click.confirm(" and ".join(asked) + "?", abort=True)
        if articles:
            store.purge(articles, _cause(**why), now)
        if ids or before:
            say(f"Purged: {len(articles)}")
        if vacuum:
            for step in store.rewrite(now):
                say(f"{step} ...", err=True)
            say(f"Written anew: {_megabytes(store.rewriting().file_bytes)}; nothing deleted is left in the file")


def _looked_at_clock(store: Store, now: datetime) -> Doubt | None:
    store.look_at_clock(now)
    return store.doubt(now)


def _alone(here: Workplace) -> AbstractContextManager[None]:
    from aggregator.store.sqlite.lock import without_daemon

    here.read_store().close()  # where there is no database, there is nothing to lock
    return without_daemon(here.database())


def _say_what_it_takes(store: Store) -> None:
    """Raises DeskError where there is not enough room on a disk."""
    from aggregator.store.sqlite.vacuum import in_words

    plan = store.rewriting()
    say(f"{store.path} holds {_megabytes(plan.file_bytes)}. To write it anew takes about {in_words(plan.seconds)}.")
    say("That is an estimate. Meanwhile nobody else can write, and a search finds part of the reports.")
    for room in plan.rooms:
        say(f"Free on the disk of {room.folder}: {_megabytes(room.free)}; needed: {_megabytes(room.needed)}.")
    lacking = plan.lacking
    if lacking:
        raise DeskError(
            f"{lacking.folder}: {_megabytes(lacking.free)} are free, {_megabytes(lacking.needed)} needed; make room,"
            " or name a folder on another disk for temporary files in SQLITE_TMPDIR; nothing was changed"
        )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 10e6 else f"{size / 1e6:.1f} MB"


@click.group()
def complaint() -> None:
    """Record, list and resolve complaints about reports; each kind does at once what it asks for."""


@complaint.command("add")
@click.argument("report_id", metavar="ID")
@click.option("--kind", type=click.Choice(get_args(ComplaintKind)), required=True, help="What it is about.")
@click.option("--text", required=True, help="What was written. It stays with the desk.")
@click.option("--from", "complainant", callback=_line, metavar="WHO", help="How to answer. [default: anonymous]")
@_with(_REFERENCE, ACTOR)
@click.pass_obj
def add(
    here: Workplace, /, report_id: str, kind: ComplaintKind, text: str, complainant: str | None, **why: Any
) -> None:
    """Record a complaint about a report.

    factual: for the publisher. copyright, licence: withheld, and for the publisher. court_order, statute: withheld, for
    a legal demand. privacy, safety: withheld. publisher_request: withdrawn. own_content: the wire corrects.
    """
    from aggregator.store.sqlite.desk import Complaint

    said = Complaint(kind=kind, text=text, complainant=complainant)
    cause = _cause(reason=_REASONS.get(kind, kind), **why)
    with here.open_existing() as store:
        done = store.desk.complain(report_id, said, cause, utc_now())
        notice = store.notice(report_id)
    say(f"Complaint {done['number']}, {kind}, about {report_id}")
    if done["act"]:
        _print_done(report_id, "withdrawn" if done["act"] == "withdraw" else "withheld", notice)
    elif notice:
        _print_done(report_id, "was out of the wire already", notice)
    _advise(report_id, kind, text, done)


def _advise(report_id: str, kind: str, text: str, done: dict[str, Any]) -> None:
    """What is left for a person to do."""
    number = done["number"]
    if kind in ("factual", "own_content") and done["own"]:
        lines = [
            "The wire answers for this report. Mend its file, add a paragraph that begins with `Correction:` and",
            "says what was wrong, and run `aggregator publish FILE.md` again. The old version is kept, the new one",
            "is labelled as corrected.",
        ]
    elif kind in ("factual", "copyright", "licence"):
        lines = [
            f"The wire has no right to change this report. Write to {done['publisher_name']},",
            f"{done['corrections'] or done['homepage']}, for example:",
            "",
            f'    We carry your report "{done["title"]}" ({address(done["url"]) or report_id})',
            f"    and received this complaint ({kind}, our number {number}):",
            *textwrap.wrap(text, 100, initial_indent="    > ", subsequent_indent="    > "),
            "    Please tell us whether you will correct or withdraw it. We pass on your next version as it comes.",
        ]
    else:
        lines = ["`aggregator restore` puts the report back, should that be the outcome."] if done["act"] else []
    closing = f"When it is settled: aggregator complaint resolve {number} --resolution TEXT"
    for line in (*lines, closing):
        say(line)


@complaint.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that are resolved, too.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def list_complaints(here: Workplace, everything: bool, as_json: bool) -> None:
    """List the complaints that are open."""
    from aggregator.output import json_array

    with here.read_store() as store:
        rows = store.desk.complaints(resolved_too=everything)
    if as_json:
        say_rendered(json_array(rows))
        return
    for row in rows:
        say(f"{row['number']}. {row['kind']}, {row['id']}, {row['publisher_name']}", bold=True)
        said = f"   {row['received_at']} from {row['complainant'] or 'somebody'}: {row['text']}"
        say_lines(said, indent="     ")
        if row["acts"]:
            say(f"   done: {row['acts']}")
        if row["resolved_at"]:
            say(f"   resolved {row['resolved_at']}: {row['resolution']}")
    if not rows:
        say("No complaint is open." if not everything else "There are no complaints.", err=True)


@complaint.command()
@click.argument("number", type=click.IntRange(1, filters.MOST))
@click.option("--resolution", required=True, callback=_line, help="How it was settled.")
@click.pass_obj
def resolve(here: Workplace, number: int, resolution: str) -> None:
    """Close a complaint, once. The report stays as it is: `aggregator restore` is an act of its own."""
    with here.open_existing() as store:
        store.desk.resolve(number, resolution, utc_now())
    say(f"Complaint {number}: resolved")


COMMANDS = (withhold, restore, withdraw, embargo, purge, complaint)
