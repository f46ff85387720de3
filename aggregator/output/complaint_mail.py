"""Letters about complaints, as plain text: subjects of our own words alone, and what somebody wrote as a quotation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from aggregator.model import Act, Addressee, Wire
from aggregator.model.complaints import Matter
from aggregator.text.dates import for_people
from aggregator.text.html import shortened
from aggregator.text.printable import address, counted, line, lines

_MOST_SUBJECT = 150  # characters


def matter(
    wire: Wire, matter: Matter, row: Mapping[str, Any], addressee: Addressee | None, proposed: Act | None
) -> tuple[str, str]:
    """Subject and text for the desk, of a new matter. `row`: its first complaint; `proposed`: what its kind asks for,
    None: nothing is done to the report.
    """
    about = f"a report of {addressee.publisher_name}" if addressee else "the wire"
    return _subject(wire, f"Complaint {row['number']}: {row['complaint_kind']}, about {about}"), _joined(
        _matter(wire, matter, row, addressee, proposed)
    )


def _matter(
    wire: Wire, matter: Matter, row: Mapping[str, Any], addressee: Addressee | None, proposed: Act | None
) -> Iterator[str]:
    number = row["number"]
    yield line(f"Somebody filed a complaint by the form of {wire.name}.")
    yield ""
    yield f"Complaint: {number}, {row['complaint_kind']}"
    yield from _about(wire, matter, addressee)
    yield f"Received: {for_people(row['received_at'], UTC)}"
    for label, given in (("Name", row["complainant"]), ("E-mail", row["email"])):
        yield f"{label}: {line(given)} (not checked)" if given else f"{label}: not given"
    yield ""
    yield "What the complainant wrote:"
    yield f"> {lines(row['text'] or '(erased)', indent='> ')}"
    yield ""
    if row["acts"]:
        yield f"Done at once, because of [complaints] withhold_at_once in wire.toml: {line(row['acts'])}."
    elif proposed:
        yield f"What this kind asks for: {proposed}. Nothing was done to the report. To do it:"
        yield f"    aggregator complaint carry-out {number}"
    else:
        yield "This kind of complaint asks for nothing that is done to the report."
    yield "To close it, with words for whoever complained:"
    yield f"    aggregator complaint resolve {number} --resolution TEXT --answer TEXT"
    yield from _closing(wire, matter)


def more(wire: Wire, matter: Matter, addressee: Addressee | None) -> tuple[str, str]:
    """Subject and text for the desk, of complaints that came to a matter of which it was told."""
    about = f"a report of {addressee.publisher_name}" if addressee else "the wire"
    new = counted(matter.untold, "new complaint")
    return _subject(wire, f"{new} about {about}, {matter.count:,} open"), _joined(_more(wire, matter, addressee))


def _more(wire: Wire, matter: Matter, addressee: Addressee | None) -> Iterator[str]:
    yield "More complaints came about a matter of which you were told before."
    yield ""
    yield from _about(wire, matter, addressee)
    yield f"New: {matter.untold:,}"
    yield f"The newest: {for_people(matter.newest, UTC)}"
    yield from _closing(wire, matter)


def _about(wire: Wire, matter: Matter, addressee: Addressee | None) -> Iterator[str]:
    if addressee is None:
        yield "About: the wire as a whole"
        return
    yield line(f"Report: {wire.url.rstrip('/')}/report/{matter.report}")
    yield line(f"Headline: {addressee.title}")
    yield line(f"Publisher: {addressee.publisher_name}, {addressee.corrections or addressee.homepage}")
    if link := address(addressee.url):
        yield f"Original: {link}"


def _closing(wire: Wire, matter: Matter) -> Iterator[str]:
    kinds = ", ".join(f"{kind} {number:,}" for kind, number in matter.kinds.items())
    yield ""
    yield f"Open in this matter: {matter.count:,} ({kinds})"
    about = f"complaints/{matter.report or 'wire'}"
    yield line(f"The desk: {wire.url.rstrip('/')}/desk/{about}")
    yield "You get one letter for each matter, and at most one an hour when more complaints come to it."


def outcome(wire: Wire, answer: str | None) -> tuple[str, str]:
    """Subject and text for whoever complained. Nothing in it is of their words: nobody knows whose address it is."""
    subject = _subject(wire, "Your complaint was closed")
    return subject, _joined(_outcome(wire, answer))


def _outcome(wire: Wire, answer: str | None) -> Iterator[str]:
    yield line(f"{wire.name} has closed a complaint or comment that was filed with this e-mail address.")
    yield ""
    if answer:
        yield "The answer of the desk:"
        yield ""
        yield lines(answer)
    else:
        yield "The desk wrote no answer."
    yield ""
    yield line(f"With your reference you see it here: {wire.url.rstrip('/')}/complaint")
    yield line(f"If you did not file it, somebody else gave your address. You can tell us: {wire.complaints_email}")


def _subject(wire: Wire, said: str) -> str:
    return shortened(line(f"[{wire.name}] {said}"), _MOST_SUBJECT)


def _joined(those: Iterator[str]) -> str:
    return "\n".join(those) + "\n"
