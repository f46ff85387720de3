"""The e-mail that tells a publisher who took its reports from the wire: its subject and its plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from types import MappingProxyType

from aggregator.model import Wire
from aggregator.model.taken import TakeFormat, TakenLetter, TakenRow
from aggregator.text.dates import for_people
from aggregator.text.html import shortened
from aggregator.text.printable import address, line

_MOST_SUBJECT = 150  # characters
_FORMS: Mapping[TakeFormat, str] = MappingProxyType({"html": "HTML", "text": "plain text", "ninjs": "ninjs"})


def subject(letter: TakenLetter, wire: Wire) -> str:
    number = len(letter.rows)
    what = "one of your reports was taken" if number == 1 else f"{number} of your reports were taken"
    return shortened(line(f"[{wire.name}] {what} to be published elsewhere"), _MOST_SUBJECT)


def text(letter: TakenLetter, wire: Wire) -> str:
    """What was taken, the first first. What people wrote about themselves stands behind labels, a line each."""
    return "".join(f"{each}\n" for each in _text(letter, wire))


def _text(letter: TakenLetter, wire: Wire) -> Iterator[str]:
    yield line(f"These reports of {letter.publisher_name} were taken from {wire.name} by people who say that they will")
    yield "publish them elsewhere, as your rights let them. What they wrote about themselves was not checked."
    for each in letter.rows:
        yield ""
        yield from _row(each, wire)
    yield ""
    yield f"You get this because your file at {line(wire.name)} asks for it (contact.tell_taken). To end it, write to"
    yield line(f"{wire.complaints_email}.")


def _row(row: TakenRow, wire: Wire) -> Iterator[str]:
    yield line(row.title) or f"report {row.report}"
    said = (
        ("Taken", f"{for_people(row.at, UTC)}, version {row.revision}, as {_FORMS[row.format]}"),
        ("By", row.medium),
        ("Reached at", row.contact),
        ("To be published in", row.published_in),
        ("Report", f"{wire.url.rstrip('/')}/report/{row.report}"),
        ("Original", address(row.url)),
    )
    yield from (f"  {label}: {line(value)}" for label, value in said if value)
