"""Whom a report names as its makers, beside its words: where it was written, by whom, by which agency; and a picture's
credit. What is found are words of the report; none of it changes them.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

# What an author did. as_told_to: wrote down what another person says.
Role = Literal["author", "reporting", "additional_reporting", "writing", "editing", "translation", "as_told_to"]
AgencyKind = Literal["news", "pictures", "releases"]  # what it sends; releases: statements of others
FoundIn = Literal["dateline", "byline", "credit", "text"]  # text: a byline above or below it


class Dateline(Struct, frozen=True, kw_only=True):
    """Where and when a report says that it was written, as its first paragraph begins."""

    literal: str  # word for word, without the sign that closes it
    places: tuple[str, ...]  # one at least; words in capitals as names are written
    country: str | None = None  # as stated
    date: str | None = None  # ISO 8601 where day, month and year are stated, else as stated
    agency: str | None = None  # as it is written there: an agency, or the publisher itself


class Author(Struct, frozen=True, kw_only=True):
    """A person whom a byline names."""

    name: str  # as stated, without titles and addresses
    role: Role = "author"
    title: str | None = None  # what the person is: `Lecturer in Soil Science`, `Dr`
    place: str | None = None
    organisation: str | None = None
    where: FoundIn = "byline"


class Byline(Struct, frozen=True, kw_only=True):
    """What a byline says."""

    literal: str
    authors: tuple[Author, ...] = ()
    organisations: tuple[str, ...] = ()  # that wrote it, other than its publisher
    is_generic: bool = False  # it names nobody: `Staff Reporter`, `admin`
    is_third_party: bool = False  # it says that the report is not its publisher's own
    item_class: str | None = None  # what it calls the report: `opinion`, `analysis`


class PictureCredit(Struct, frozen=True, kw_only=True):
    """What the words beside a picture say: of what it shows, and whose it is."""

    caption: str | None = None
    literal: str | None = None  # the credit, word for word; None: no credit was found
    photographer: str | None = None
    agency: str | None = None
    source: str | None = None  # whose it is, or where it was found, other than an agency
    distributor: str | None = None  # of what an agency took
    handle: str | None = None  # of an account: `@name`
    licence: str | None = None  # an SPDX id
    is_file: bool = False  # it is of an archive
    is_copyright: bool = False  # it has a copyright sign
    is_handout: bool = False
    is_stock: bool = False
    is_generated: bool = False  # by a machine
    rights_unknown: bool = False


class FoundAgency(Struct, frozen=True, kw_only=True):
    """An agency that a report names as a source, and the evidence for it."""

    name: str  # in full, as in `tags/agencies.txt`
    kind: AgencyKind
    stated: str  # how it is named there: `AFP`
    where: FoundIn
    words: str  # the evidence: dateline, byline or credit as they stand in the report


class Who(Struct, frozen=True, kw_only=True):
    """All that is found of a report's makers."""

    dateline: Dateline | None = None
    authors: tuple[Author, ...] = ()
    organisations: tuple[str, ...] = ()
    agencies: tuple[FoundAgency, ...] = ()  # each once, those of the text before those of pictures
