"""complaint: records what people complain of, lists it, does what each kind asks for, closes and erases complaints."""

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
from aggregator.text.dates import to_iso, utc_now
from aggregator.text.printable import address, counted


@click.group()
def complaint() -> None:
    """Record, list, resolve and erase complaints.

    What each kind asks for: `aggregator complaint add --help`. Complaints that readers file by the form (`serve`,
    /complain) do nothing until `complaint carry-out`.
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
        rows, waiting = (
            complaints.listed(store, resolved_too=everything),
            len(store.letters()) if store.is_current() else 0,
        )
    if as_json:
        say_json_rows(rows)
        return
    for row in rows:
        about = f"{row['id']}, {row['publisher_name']}" if row["id"] else "the wire"
        say(f"{row['number']}. {row['complaint_kind']}, {about}", bold=True)
        received = when(row["received_at"]) + (" by the form" if row["came_by"] == "form" else "")
        if row["text"] is None:
            say(f"   {received}: what was written was erased {when(row['erased_at'])}")
        else:
            say_lines(f"   {received} from {row['complainant'] or 'anonymous'}: {row['text']}", indent="     ")
        if row["email"]:
            say(f"   e-mail, not checked: {row['email']}")
        if row["acts"]:
            say(f"   done: {row['acts']}")
        if row["proposed"]:
            say(f"   asks to {row['proposed']}: aggregator complaint carry-out {row['number']}")
        if row["resolved_at"]:
            say(f"   resolved {when(row['resolved_at'])}{_colon(row['resolution'])}")
        if row["answer"]:
            say_lines(f"   answer: {row['answer']}", indent="     ")
    if not rows:
        say("No complaint is open." if not everything else "There are no complaints.", err=True)
    if waiting:
        letters = "1 letter waits" if waiting == 1 else f"{waiting:,} letters wait"
        say(f"{letters} to be sent by [mail] of wire.toml: the daemon does it, or `aggregator fetch`", err=True)


def _colon(said: str | None) -> str:
    return f": {said}" if said else ""


@complaint.command("matters")
@options.AS_JSON
@click.pass_obj
def list_matters(paths: Paths, as_json: bool) -> None:
    """List what open complaints are about.

    Many complaints about one report are one matter, and so are those about the wire.
    """
    with read_store(paths) as store:
        found = complaints.matters(store)
    if as_json:
        say_json_rows(
            {
                "id": each.report,
                "publisher_name": each.publisher_name,
                "complaints": each.count,
                "kinds": dict(each.kinds),
                "first": each.first,
                "oldest": to_iso(each.oldest),
                "newest": to_iso(each.newest),
                "told_at": to_iso(each.told_at) if each.told_at else None,
            }
            for each in found
        )
        return
    for each in found:
        say(f"{each.report}, {each.publisher_name}" if each.report else "the wire", bold=True)
        kinds = ", ".join(f"{kind} {number:,}" for kind, number in each.kinds.items())
        say(f"   {counted(each.count, 'complaint')}: {kinds}; the first is {each.first}")
        say(f"   from {when(to_iso(each.oldest))} to {when(to_iso(each.newest))}")
    if not found:
        say("No complaint is open.", err=True)


@complaint.command("carry-out")
@click.argument("number", type=click.IntRange(1, options.GREATEST))
@click.option("--reason", callback=options.one_line, help="For the public. [default: by the kind of complaint]")
@options.REFERENCE
@options.ACTOR
@click.pass_obj
def carry_out(paths: Paths, /, number: int, reason: str | None, **why: Any) -> None:
    """Do what a complaint asks for.

    Its report is withheld or withdrawn, as `aggregator complaint add --help` says of each kind. The complaint stays
    open: `aggregator complaint resolve` closes it. The reason stands in the notice; put nothing of the complaint in it.
    """
    with open_existing(paths) as store:
        row = complaints.found_complaint(store, number)
        kind: ComplaintKind = row["complaint_kind"]
        cause = Cause(reason=reason or complaints.PUBLIC_REASONS.get(kind, kind), **why)
        done = complaints.carry_out(store, number, cause, utc_now())
        notice = store.notice(row["id"])
    say_done(row["id"], "withdrawn" if done == "withdraw" else "withheld", notice)
    say(_CLOSING.format(number=number))


@complaint.command()
@click.argument("number", type=click.IntRange(1, options.GREATEST))
@click.option("--resolution", required=True, callback=options.one_line, help="How it was settled: for the desk alone.")
@click.option("--answer", help="What whoever complained by the form reads: with the reference, and by e-mail.")
@click.pass_obj
def resolve(paths: Paths, number: int, resolution: str, answer: str | None) -> None:
    """Close a complaint, once.

    The report stays as it is: `aggregator restore` puts it back.
    """
    with open_existing(paths) as store:
        complaints.resolve(store, number, resolution, utc_now(), answer)
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
