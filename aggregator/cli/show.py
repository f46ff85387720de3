"""show: one report with all that must stand beside it, or its versions, or its publisher's words as they came."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import click

from aggregator.cli.options import AS_JSON, exclude
from aggregator.cli.printing import is_plain, say, say_json, say_page, say_table
from aggregator.cli.references import the_version
from aggregator.cli.rows import say_json_rows
from aggregator.cli.times import when, with_times, zone
from aggregator.config.codes import country_name
from aggregator.desk import versions as older
from aggregator.desk.outgoing import outlet, releases, version, what_leaves
from aggregator.desk.signals import Evidence, evidence
from aggregator.model import NamedReport, TextScope
from aggregator.model.errors import DeskError
from aggregator.model.plain import as_dict
from aggregator.model.release import Release
from aggregator.output import (
    NOT_PASSED_ON,
    citation,
    desk_page,
    fields,
    heading,
    of_page,
    page,
    versions,
    with_changes,
)
from aggregator.output.country_prefix import country_prefix
from aggregator.pipeline.opening import read_store, wire_of
from aggregator.pipeline.paths import Paths
from aggregator.rights import Decision
from aggregator.store import Store
from aggregator.text.dates import utc_now
from aggregator.text.printable import address, line

_LEAVES: Mapping[TextScope, str] = MappingProxyType(
    {"none": "nothing", "headline_only": "headline", "excerpt": "excerpt", "full_text": "full text"}
)
# Forms that are of a report as a whole, and not of one of its versions.
_OF_ALL: Mapping[str, str] = MappingProxyType(
    {"revisions": "prints all versions", "rights": "says what leaves of the newest version"}
)


@click.command()
@click.argument("report", metavar="ID[@VERSION]")
@click.option("--revisions", is_flag=True, help="Every version we received, oldest first.")
@click.option("--raw", is_flag=True, help="The publisher's words, exactly as they came, as JSON.")
@click.option("--cite", is_flag=True, help="One line to cite it by: publisher, title, date, version, id, SHA-256.")
@click.option("--rights", is_flag=True, help="What of it may leave by which channel, and which key decides it.")
@click.option("--desk", is_flag=True, help="For the operator: what is held back too, and what was decided about it.")
@AS_JSON
@click.pass_obj
def show(paths: Paths, /, report: str, desk: bool, as_json: bool, **forms: bool) -> None:
    """Print one report with its credit, disclaimer and link.

    ID is a report's id, the first 6 characters of it or more, or its link at its publisher's. ID@2 is its second
    version. Of a report that is out of the wire, the notice is shown; with --desk there is the whole report,
    with what keeps it out, its versions, what was decided and why, changes that wait and complaints.

    --rights says for people and for each use by machines what leaves by each channel: text, pictures, or nothing and
    why. The keys that it names are those of [rights].

    --cite says: publisher, "title", date, version 2 of 2, wire id, original link, SHA-256. The digest is of the words
    of that version as they came, which the SQL function raw_words gives.
    """
    exclude({f"--{name}": is_given for name, is_given in forms.items()})
    form = next((name for name, is_given in forms.items() if is_given), None)
    now = utc_now()
    with read_store(paths, now) as store:
        meant, number = the_version(store, report, desk=desk)
        if form is not None and form in _OF_ALL and number is not None:
            raise click.UsageError(f"--{form} {_OF_ALL[form]}: give {meant.id} without @{number}")
        notice = store.notice(meant.id)
        if form and notice and not desk:
            raise DeskError(f"{meant.id}: {with_times(notice['text'])} (--desk shows the operator what is held)")
        if form and form != "rights" and not store.channels(meant.id):
            say(f"{meant.id}: {NOT_PASSED_ON}", err=True)
        if form == "raw":
            say_json(store.raw(meant.id, number), indent=2)
        elif form == "revisions":
            _print_revisions(store.revisions(meant.id), as_json)
        elif form == "rights":
            _print_rights(what_leaves(store, meant.id, now), evidence(store, meant.id), as_json)
            if not as_json and (read := store.page_reading(meant.id)):
                say()
                say_page("\n".join(of_page(read, zone())) + "\n")
        elif form == "cite":
            _print_citation(store, meant, number, as_json)
        elif desk:
            _print_for_desk(store, meant, number, as_json)
        elif notice:
            _print_notice(notice, as_json)
        else:
            shown = _as_it_may_leave(paths, store, meant, number, now)
            if as_json:
                say_json_rows([fields(shown)])
            else:
                is_newest = number in (None, meant.versions) and store.is_current()
                tags, country = store.tags_of(meant.id) if is_newest else None, country_prefix(shown, country_name)
                say_page(page(shown, zone(), tags, country_name, country))


def _as_it_may_leave(paths: Paths, store: Store, report: NamedReport, number: int | None, now: datetime) -> Release:
    wire, by = wire_of(paths, store), outlet(store, None, now)
    if number in (None, report.versions):
        found = next(releases(store, wire, [report.id], by), None)
    else:
        found = version(store, wire, report.id, number, by)
    if not isinstance(found, Release):
        raise DeskError(f"{report.id}: this report has left the wire just now; try again")
    return found


def _print_for_desk(store: Store, report: NamedReport, number: int | None, as_json: bool) -> None:
    held = store.held_report(report.id)
    assert held is not None
    if number not in (None, report.versions):
        held = older.of_held(store, held, number)
    held |= {"url": address(held["url"]), "page": store.page_reading(report.id)}
    if as_json:
        say_json_rows([held])
    else:
        say_page(desk_page(held, zone()))


def _print_citation(store: Store, report: NamedReport, number: int | None, as_json: bool) -> None:
    """Of what its page says, or for the desk of what is held."""
    rows = store.versions(report.id)
    row = rows[-1] if number is None else next(each for each in rows if each["number"] == number)
    said = store.held_report(report.id)
    assert said is not None
    if number not in (None, report.versions):
        said = older.of_held(store, said, number)
    one = citation.citation(said, row, report.versions)
    if as_json:
        say_json_rows([citation.as_object(one)])
    else:
        say(citation.as_text(one))


def _print_notice(notice: dict[str, Any], as_json: bool) -> None:
    """What stays of a report: whose it was, and why it is not here."""
    notice = {**notice, "url": address(notice["url"])}
    if as_json:
        say_json_rows([notice])
        return
    say(heading(notice["publisher_name"], notice["publisher_place"]), bold=True)
    for words in (notice["title"], with_times(notice["text"])):
        if words:
            say(words)
    if not notice["channels"]:
        say(NOT_PASSED_ON)
    for name, value in (("Original", notice["url"]), ("Since", when(notice["at"])), ("Id", notice["id"])):
        if value:
            say(f"{name}: {value}")


def _print_rights(found: Sequence[Decision], said_to_machines: Sequence[Evidence], as_json: bool) -> None:
    if as_json:
        say_json_rows([as_dict(each) for each in found])
        return
    if not found:
        say("Nothing leaves: it was deleted, and nothing of it is held.")
        return
    rows = (
        (
            each.channel,
            each.use or "people",
            _LEAVES[each.leaves],
            each.decided_by or each.reason,
            f"{each.pictures} of {each.pictures_held}" if each.pictures_held else None,
            each.pictures_decided_by,
        )
        for each in found
    )
    say_table(("channel", "for", "leaves", "because of", "pictures", "because of"), rows)
    for said in dict.fromkeys(each.said for each in found if each.said):
        say(with_times(said))
    if said_to_machines:
        say()
        say("What its publisher says to machines:")
    for each in said_to_machines:
        signal = each.signal
        since = (
            f", seen {when(each.first_seen)} to {when(each.last_seen)}" if each.first_seen and each.last_seen else ""
        )
        by = ", written by its CDN" if signal.origin == "cdn" else ""
        states = ", ".join(f"{use} {state}" for use, state in as_dict(signal.uses).items() if state != "unstated")
        say(f"{line(signal.literal)} ({signal.url}{by}{since}): {states or 'says nothing of the three uses'}")


def _print_revisions(revisions: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        say_json_rows(with_changes(revisions))
    else:
        say_page(versions(revisions, coloured=sys.stdout.isatty() and not is_plain(), zone=zone()))
