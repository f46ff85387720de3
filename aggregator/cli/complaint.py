"""complaint: records what people complain of, does at once what each kind asks for, lists and closes them."""

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


@click.group()
def complaint() -> None:
    """Record, list and resolve complaints about reports.

    What each kind does at once: `aggregator complaint add --help`.
    """


@complaint.command("add")
@click.argument("report", metavar="ID")
@click.option("--kind", type=click.Choice(get_args(ComplaintKind)), required=True, help="What it is about.")
@click.option("--text", required=True, help="What was written. It stays with the desk.")
@click.option(
    "--from", "complainant", callback=options.one_line, metavar="WHO", help="How to answer. [default: anonymous]"
)
@options.REFERENCE
@options.ACTOR
@click.pass_obj
def add(paths: Paths, /, report: str, kind: ComplaintKind, text: str, complainant: str | None, **why: Any) -> None:
    """Record a complaint about a report.

    factual: for the publisher. copyright, licence: withheld, and for the publisher. court_order, statute: withheld, for
    a legal demand. privacy, safety: withheld. publisher_request: withdrawn. own_content: the wire corrects.
    """
    said = Complaint(kind=kind, text=text, complainant=complainant)
    cause = Cause(reason=_REASONS.get(kind, kind), **why)
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


def _advise(report_id: str, kind: str, text: str, number: int, addressee: Addressee, *, is_out: bool) -> None:
    """What is left for a person to do."""
    if kind in ("factual", "own_content") and addressee.is_own:
        lines = [
            "The wire answers for this report. Correct its file, add a paragraph that begins with `Correction:` and",
            "says what was wrong, and run `aggregator publish FILE.md` again. The old version is kept, the new one",
            "is labelled as corrected.",
        ]
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
    closing = f"When it is settled: aggregator complaint resolve {number} --resolution TEXT"
    for line in (*lines, closing):
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
        say(f"{row['number']}. {row['complaint_kind']}, {row['id']}, {row['publisher_name']}", bold=True)
        said = f"   {when(row['received_at'])} from {row['complainant'] or 'anonymous'}: {row['text']}"
        say_lines(said, indent="     ")
        if row["acts"]:
            say(f"   done: {row['acts']}")
        if row["resolved_at"]:
            say(f"   resolved {when(row['resolved_at'])}: {row['resolution']}")
    if not rows:
        say("No complaint is open." if not everything else "There are no complaints.", err=True)


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
