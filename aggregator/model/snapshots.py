"""Snapshots: copies of a part of the wire for research, of one moment; and what each column of their tables means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from msgspec import Struct

from aggregator.model.article import Status
from aggregator.model.change import ChangeKind
from aggregator.model.channel import Channel
from aggregator.model.fields import CHANGED
from aggregator.model.ledger import Cursor
from aggregator.model.publisher import Group, ItemClass, Kind, TextScope
from aggregator.model.selection import Selection

FieldType = Literal["string", "integer", "number", "datetime", "date", "object"]  # as Table Schema names them
SnapshotForm = Literal["csv", "jsonl", "sqlite"]
Value: TypeAlias = str | int | float | None


class Extent(Struct, frozen=True, kw_only=True):
    """Which part of the wire a snapshot has."""

    selection: Selection  # of its reports; of changes `after` says from which line on
    is_public: bool  # only what the wire shows to readers of the web
    up_to: Cursor  # the last line of the ledger that it has
    time: datetime  # when that line was written, or `at`
    at: datetime | None = None  # what was in the wire then; None: all that is held


class Column(Struct, frozen=True, kw_only=True):
    """One column of a table of a snapshot."""

    name: str
    type: FieldType
    description: str  # says what an empty value means, where it may be empty
    unit: str | None = None
    is_public: bool = True  # False: a public snapshot has not got it


class Table(Struct, frozen=True, kw_only=True):
    """One table of a snapshot; `key`: the columns by which a row is known."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def names(self, *, is_public: bool) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns_of(is_public=is_public))

    def columns_of(self, *, is_public: bool) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.is_public or not is_public)


def _text(name: str, description: str, **more: object) -> Column:
    return Column(name=name, type="string", description=description, **more)  # type: ignore[arg-type]


def _number(name: str, description: str, unit: str | None = None) -> Column:
    return Column(name=name, type="integer", description=description, unit=unit)


def _time(name: str, description: str, **more: object) -> Column:
    return Column(name=name, type="datetime", description=description, unit="UTC", **more)  # type: ignore[arg-type]


def _one_of(literal: object) -> str:
    return f"one of {', '.join(get_args(literal))}"


_ID = _text("id", "Public id of the report; the same on every machine, and in every snapshot.")
_PUBLISHER = (
    _text("publisher", "Key of the publisher."),
    _text("publisher_name", "Name of the publisher, who answers for the words; it belongs above them."),
)
_RIGHTS = (
    _text("credit", "Must stand beside the words."),
    _text("disclaimer", "Must stand beside the words."),
    _text("text_scope", f"How much of the report the wire may show: {_one_of(TextScope)}."),
    _text("licence", "SPDX identifier of the licence of this row's words. Empty: under none; all rights reserved."),
    _text("copyright_notice", "As the publisher states it. Empty: none is stated."),
)
_SAID = (
    _text("title", "Headline, plain text. Empty: there is none, or it may not be shown."),
    _text("summary", "Plain text. Empty: there is none, it may not be shown, or the words are no longer held."),
    _text("text", "Plain text, a line a paragraph; the summary where there is no more. Empty: as `summary`."),
    _text("byline", "Author, as the publisher names them. Empty: none is named, or it may not be shown."),
    _text("url", "Address of the original. Empty: the publisher gave none, or it is no web address."),
    _time("published", "When it was published, as the publisher states it. Empty: not stated, or not readable."),
    _time("updated", "When it was changed last, as the publisher states it. Empty: not stated, or not readable."),
)

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            name="reports",
            description="The reports that were chosen, each with its words in force and what must stand beside them.",
            key=("id",),
            columns=(
                _ID,
                *_PUBLISHER,
                _text("publisher_place", "Town of the publisher. Empty: its file names none."),
                _text("country", "Of the publisher: ISO 3166-1 alpha-2; XA is all of Africa, XW the world."),
                _text("class", f"What kind of report it is: {_one_of(ItemClass)}."),
                _text("language", "BCP 47 tag, such as fr or pt-MZ. Empty: not known."),
                *_SAID,
                _time("first_seen", "When the wire first saw it."),
                _time("sort_time", "Its place in lists: `published`, or `first_seen` if that is empty or was ahead."),
                _number("backfill", "1: it was old already when its source was polled first. 0: it was not."),
                _number("number", "Number of the version whose words these are: 1, 2, 3 ..."),
                _text("status", f"Now, by IPTC pubStatus: {_one_of(Status)}."),
                _time("embargoed_until", "End of its embargo. Empty: it is under none.", is_public=False),
                *_RIGHTS,
                _text("complaints_url", "Where complaints about the report go."),
                _text("channels", f"By which it may be passed on: of {', '.join(get_args(Channel))}. Empty: by none."),
            ),
        ),
        Table(
            name="versions",
            description="Every version of these reports, with its words. Rights are those of today.",
            key=("id", "number"),
            columns=(
                _ID,
                _number("number", "1, 2, 3 ... of the report."),
                _text("change_kind", "As in `changes`, of the line that this version came with. Empty: not known."),
                _time("seen_at", "When the wire first saw these words."),
                _text("source_name", "Source that they came from: PUBLISHER/SOURCE, as in `sources`."),
                *_PUBLISHER,
                *_SAID,
                _text(
                    "changed",
                    f"What differs from the version before: a JSON array of {', '.join(CHANGED)}. Empty: not known, or"
                    " the first version.",
                ),
                _text(
                    "sha256", "SHA-256 of the words as they came, in hexadecimal digits; `show --cite` says the same."
                ),
                *_RIGHTS,
            ),
        ),
        Table(
            name="changes",
            description="The ledger of these reports, and of their publishers' terms: a line a change.",
            key=("seq",),
            columns=(
                _number("seq", "Number of the line; it rises."),
                _text("cursor", "The line as `--after` takes it: its number, and 8 digits of its hash."),
                _text("change_kind", f"What happened: {_one_of(ChangeKind)}."),
                _time("at", "When the line was written."),
                _text("id", "Public id of the report. Empty: the line is about a publisher."),
                _text("publisher", "Key of the publisher."),
                _number("number", "The report's newest version then. Empty: the line is about a publisher."),
                _text(
                    "note",
                    "Of a publisher's line, what changed in its terms; of a report's, the reason of whoever decided,"
                    " which no public snapshot has. Empty: none.",
                ),
            ),
        ),
        Table(
            name="publishers",
            description="The publishers that were chosen, as they are configured now.",
            key=("publisher",),
            columns=(
                _PUBLISHER[0],
                _text("name", "As it stands above every report."),
                _text("place", "Town. Empty: its file names none."),
                _text("country", "ISO 3166-1 alpha-2; XA is all of Africa, XW the world."),
                _text("publisher_kind", f"What it is: {_one_of(Kind)}."),
                _text("publisher_group", f"What that belongs to: {_one_of(Group)}."),
                _text("languages", "JSON array of BCP 47 tags."),
                _text("homepage", "Its address."),
            ),
        ),
        Table(
            name="sources",
            description="What is polled of these publishers.",
            key=("source_name",),
            columns=(
                _text("source_name", "PUBLISHER/SOURCE."),
                _PUBLISHER[0],
                _text("source_kind", "Format that is asked for, such as feed, wordpress, sitemap."),
                _text("class", f"Of the reports that it brings: {_one_of(ItemClass)}."),
                _text("url", "Address as the configuration has it.", is_public=False),
                _number("enabled", "1: it is polled. 0: it is switched off, or no longer configured."),
            ),
        ),
        Table(
            name="polls_by_day",
            description="What the polls of these sources did, a row a source and day. A day without polls has none.",
            key=("source_name", "day"),
            columns=(
                _text("source_name", "PUBLISHER/SOURCE."),
                Column(name="day", type="date", description="On which the polls began.", unit="UTC"),
                _number("polls", "All of them.", "polls"),
                _number("well", "That were answered well.", "polls"),
                _number("failed", "That failed on the site's side.", "polls"),
                _number("offline", "That failed because this wire was offline.", "polls"),
                _number("held", "Of whose document nothing was stored until a person has looked.", "polls"),
                _number(
                    "gaps", "Whose document did not reach back to the one before: reports may be missing.", "polls"
                ),
                _number("gaps_closed", "Of these, closed by reading older pages.", "polls"),
                _number("new", "Reports that came.", "reports"),
                _number("revised", "New versions of reports that were known.", "versions"),
                Column(
                    name="left_out",
                    type="object",
                    description="JSON object: entries that were left out, by reason. Empty: none.",
                    unit="entries",
                ),
                _number("bytes", "Of their documents, decompressed.", "bytes"),
            ),
        ),
    )
}
