"""Reports as a person reads them on a terminal: the publisher above, what it answers for below, the rights beside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo

from aggregator.model import FIELDS, Report
from aggregator.text.dates import for_people
from aggregator.text.html import shortened
from aggregator.text.printable import address, line, lines

# Whoever prints to something that is no terminal strips these; click.echo does.
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_LABELS = {field.name: field.label for field in FIELDS if field.label}
_MOST_SHOWN, _MOST_WORDS = 100, 12  # characters, words, of a report without a headline
NOT_PASSED_ON = "not for redistribution"  # what stands beside a report that may leave by no channel


def listing(reports: Sequence[Report], zone: tzinfo = UTC) -> str:
    """A block a report, newest as given, the publisher's name and place above the headline; times in `zone`."""
    return "\n".join(_entry(report, zone) for report in reports)


def _entry(report: Report, zone: tzinfo) -> str:
    said = [for_people(report.sort_time, zone), report.country, report.language, _class(report)]
    block = [
        f"{_BOLD}{_publisher(report)}{_PLAIN}  {_DIM}{line(' · '.join(filter(None, said)))}{_PLAIN}",
        f"  {_headline(report)}",
        f"  {_DIM}{report.id}  {address(report.url) or 'no address'}{_PLAIN}",
    ]
    if not report.channels:
        block.append(f"  {NOT_PASSED_ON}")
    return "\n".join(block) + "\n"


def page(report: Report, zone: tzinfo = UTC) -> str:
    """One report with all that must stand beside it, times in `zone`. Its first line is the publisher, its second the
    headline; whatever else is the publisher's is indented.
    """
    received = f"received {for_people(report.first_seen, zone)}"
    above = [for_people(report.published, zone) if report.published else received, _class(report), report.language]
    if report.byline:
        above.insert(0, report.byline)  # as stated; most begin with "By" already
    text = lines(report.text or report.summary or "(the headline is all we may carry)", indent="\n  ")
    parts = [
        f"{_BOLD}{_publisher(report)}{_PLAIN}",
        f"{_BOLD}{_headline(report)}{_PLAIN}",
        f"  {line(' · '.join(filter(None, above)))}",
        *(() if report.channels else (f"  {NOT_PASSED_ON}",)),
        "",
        f"  {text}",
        "",
        *(f"{_DIM}{_LABELS[name]}:{_PLAIN} {line(value)}" for name, value in _beside(report, zone).items() if value),
    ]
    return "\n".join(parts) + "\n"


def _headline(report: Report) -> str:
    """Its headline; of a report without one that it has none, and the first words that may be shown."""
    if report.title:
        return line(report.title)
    words = " ".join((report.summary or report.text or "").split())
    return line(" ".join(filter(None, ("(no headline)", shortened(words, _MOST_SHOWN, _MOST_WORDS)))))


def _beside(report: Report, zone: tzinfo) -> dict[str, str | None]:
    """What stands below a report, by the name of the field, in this order."""
    return {
        "credit": report.credit,
        "disclaimer": report.disclaimer,
        "url": address(report.url),
        "licence": report.licence,
        "copyright_notice": report.copyright_notice,
        "complaints_url": report.complaints_url,
        "text_scope": report.text_scope.replace("_", " "),
        "channels": " ".join(report.channels) or "none",
        "updated": for_people(report.updated, zone) if report.updated else None,
        "id": report.id,
    }


def _publisher(report: Report) -> str:
    return heading(report.publisher_name, report.publisher_place)


def heading(name: str, place: str) -> str:
    """The publisher as it stands above a report: with its place, where that is known."""
    return line(f"{name} ({place})" if place else name)


def _class(report: Report) -> str | None:
    return None if report.item_class == "news" else f"[{report.item_class.replace('_', ' ')}]"
