"""complaint: records what people complain of, does at once what each kind asks for, lists, closes and erases them."""

from __future__ import annotations

import textwrap
from typing import Any, get_args

import click

from aggregator.cli import options
from aggregator.cli.acts import say_done
from aggregator.cli.printing import say, say_lines
from aggregator.cli.references import to_be_changed
from aggregator.cli.rows import say_json_rows
from aggregator.cli.times import when
from aggregator.desk import complaints
from aggregator.model import Addressee, Cause, Complaint, ComplaintKind
from aggregator.pipeline.opening import open_existing, read_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now
from aggregator.text.printable import address


@click.group()
def complaint() -> None:
    """Record, list, resolve and erase complaints.

    What each kind does at once: `aggregator complaint add --help`.
    """


@complaint.command("add")
@click.argument("report", metavar="[ID]", required=False)
@click.option("--kind", type=click.Choice(get_args(ComplaintKind)), required=True, help="What it is about.")
@click.option("--text", required=True, help="What was written. It stays with the desk.")
@click.option(
    "--from", "complainant", callback=options.one_line, metavar="WHO", help="How to answer. [default: anonymous]"
)
@options.REFERENCE
@options.ACTOR
@click.pass_obj
def add(
    paths: Paths, /, report: str | None, kind: ComplaintKind, text: str, complainant: str | None, **why: Any
) -> None:
    """Record a complaint about the report ID, or about the wire as a whole.

    factual: for the publisher. copyright, licence: withheld, and for the publisher. court_order, statute: withheld, for
    a legal demand. privacy, safety: withheld. publisher_request: withdrawn. own_content: the wire corrects.
    comment: nothing; without ID it is about the wire. about_the_wire: nothing; it has no ID.

    What was written, and by whom, is for the desk alone. It is erased a year after the complaint was resolved:
    [complaints] keep_days in wire.toml.
    """
    said = Complaint(kind=kind, text=text, complainant=complainant)
    if report is None or kind == "about_the_wire":
        _about_wire(paths, report, said)
        return
    cause = Cause(reason=complaints.PUBLIC_REASONS.get(kind, kind), **why)
    with open_existing(paths) as store:
        report_id = to_be_changed(store, report).id
        number, done, addressee = complaints.complain(store, report_id, said, cause, utc_now())
        notice = store.notice(report_id)
    say(f"Complaint {number}, {kind}, about {report_id}")
    if done:
        say_done(report_id, "withdrawn" if done == "withdraw" else "withheld", notice)
    elif notice:
        say_done(report_id, "was out of the wire already", notice)
    _advise(report_id, kind, text, number, addressee, is_out=done is not None)


def _about_wire(paths: Paths, report: str | None, said: Complaint) -> None:
    if said.kind not in ("comment", "about_the_wire"):
        raise click.UsageError(f"--kind {said.kind} needs the ID of a report; `aggregator latest` prints ids")
    if report is not None:
        raise click.UsageError("--kind about_the_wire takes no ID: of a report, choose the kind that fits, or comment")
    with open_existing(paths) as store:
        number = store.complaint_about_wire(said, utc_now())
    say(f"Complaint {number}, {said.kind}, about the wire")
    say(_CLOSING.format(number=number))


_CLOSING = "When it is settled: aggregator complaint resolve {number} --resolution TEXT"


def _advise(report_id: str, kind: str, text: str, number: int, addressee: Addressee, *, is_out: bool) -> None:
    """What is left for a person to do."""
    if kind in ("factual", "own_content") and addressee.is_own:
        lines = [
            "The wire answers for this report. Correct its file, add a paragraph that begins with `Correction:` and",
            "says what was wrong, and run `aggregator publish FILE.md` again. The old version is kept, the new one",
            "is labelled as corrected.",
        ]
    elif kind == "comment":
        to = f"{addressee.publisher_name}, which answers for it: {addressee.corrections or addressee.homepage}"
        lines = ["Nothing is done to the report." if addressee.is_own else f"To pass it on, write to {to}"]
    elif kind in ("factual", "copyright", "licence"):
        lines = [
            f"The wire has no right to change this report. Write to {addressee.publisher_name},",
            f"{addressee.corrections or addressee.homepage}, for example:",
            "",
            f'    We carry your report "{addressee.title}" ({address(addressee.url) or report_id})',
            f"    and received this complaint ({kind}, our number {number}):",
            *textwrap.wrap(text, 100, initial_indent="    > ", subsequent_indent="    > "),
            "    Please tell us whether you will correct or withdraw it. We pass on your next version as it comes.",
        ]
    else:
        lines = ["`aggregator restore` puts the report back, should that be the outcome."] if is_out else []
    for line in (*lines, _CLOSING.format(number=number)):
        say(line)


@complaint.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that are resolved, too.")
@options.AS_JSON
@click.pass_obj
def list_complaints(paths: Paths, everything: bool, as_json: bool) -> None:
    """List the complaints that are open."""
    with read_store(paths) as store:
        rows = store.complaints(resolved_too=everything)
    if as_json:
        say_json_rows(rows)
        return
    for row in rows:
        about = f"{row['id']}, {row['publisher_name']}" if row["id"] else "the wire"
        say(f"{row['number']}. {row['complaint_kind']}, {about}", bold=True)
        received = when(row["received_at"])
        if row["text"] is None:
            say(f"   {received}: what was written was erased {when(row['erased_at'])}")
        else:
            say_lines(f"   {received} from {row['complainant'] or 'anonymous'}: {row['text']}", indent="     ")
        if row["acts"]:
            say(f"   done: {row['acts']}")
        if row["resolved_at"]:
            say(f"   resolved {when(row['resolved_at'])}{_colon(row['resolution'])}")
    if not rows:
        say("No complaint is open." if not everything else "There are no complaints.", err=True)


def _colon(said: str | None) -> str:
    return f": {said}" if said else ""


@complaint.command()
@click.argument("number", type=click.IntRange(1, options.GREATEST))
@click.option("--resolution", required=True, callback=options.one_line, help="How it was settled.")
@click.pass_obj
def resolve(paths: Paths, number: int, resolution: str) -> None:
    """Close a complaint, once.

    The report stays as it is: `aggregator restore` puts it back.
    """
    with open_existing(paths) as store:
        complaints.resolve(store, number, resolution, utc_now())
    say(f"Complaint {number}: resolved")


@complaint.command()
@click.argument("number", type=click.IntRange(1, options.GREATEST))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def erase(paths: Paths, number: int, yes: bool) -> None:
    """Erase who wrote a complaint, what was written and how it was resolved, at once and for good.

    The number, kind, times and report stay, and what was decided because of it with its public reason. Backups that
    were made before still hold the words. An open complaint stays open.
    """
    with open_existing(paths) as store:
        row = complaints.found_complaint(store, number)
        about = row["id"] or "the wire"
        if not yes:
            click.confirm(
                f"Erase the words of complaint {number} ({row['complaint_kind']}, {about}) for good?", abort=True
            )
        complaints.erase(store, number, utc_now())
    say(f"Complaint {number}: its words are erased; backups that were made before still hold them")
    if row["resolved_at"] is None:
        say(_CLOSING.format(number=number))
