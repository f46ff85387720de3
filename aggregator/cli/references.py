"""The argument that names a report, the same for every command: an id, the beginning of one, or its link."""

from __future__ import annotations

import click

from aggregator.cli.printing import say
from aggregator.desk import references
from aggregator.model import NamedReport
from aggregator.model.errors import DeskError
from aggregator.store import Store


def the_report(store: Store, reference: str, *, desk: bool = True) -> NamedReport:
    """The one report that is meant. Raises DeskError where there is none, and click.BadParameter, with the reports that
    may be meant, where there are several. `desk`: the caller may know of reports that are held back, too.
    """
    reference.encode()  # of what is not UTF-8 the command says so
    those = references.found(store, reference, desk=desk)
    if len(those) == 1:
        return those[0]
    if not those:
        raise DeskError(
            f"{reference}: there is no report with this id; `aggregator latest` prints ids. The first"
            f" {references.FEWEST} characters of an id are enough, or the report's link"
            f"{'' if desk else '. --desk finds what is held back, too'}"
        )
    lines = [f"{reference}: several reports may be meant; say which by more of its id:"]
    lines += [f"  {named(each)}" for each in those[: references.MOST - 1]]
    lines += ["  and more"] * (len(those) >= references.MOST)
    raise click.BadParameter("\n".join(lines), param_hint="ID")


def the_version(store: Store, reference: str, *, desk: bool) -> tuple[NamedReport, int | None]:
    """The same of `ID@2`, with the number of the version; None: none is named. Raises DeskError where the report has no
    such version.
    """
    reference, number = references.without_version(reference)
    report = the_report(store, reference, desk=desk)
    if number is not None and number > report.versions:
        raise DeskError(f"{report.id}: there is no version {number}; it has {report.versions}, see --revisions")
    return report, number


def named(report: NamedReport) -> str:
    """As it is listed where several may be meant, and before something is done to it. One line."""
    title = " ".join((report.title or "(no headline to show)").split())
    return f"{report.id}  {report.publisher_name}: {title}"


def to_be_changed(store: Store, reference: str) -> NamedReport:
    """The one report that is meant by a command that changes something; says first which one that is."""
    report = the_report(store, reference)
    say(named(report))
    return report
