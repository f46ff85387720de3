"""What the tables hold of a publisher's terms: those in force, and those on both sides of the end of an agreement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct

from aggregator.model.publisher import ItemClass, Publisher, Rights, Storage, Terms


class InForce(Struct, frozen=True, kw_only=True):
    """The terms of a publisher at one time."""

    rights: Rights
    terms: Mapping[ItemClass, Terms]


class Agreement(Struct, frozen=True, kw_only=True):
    """An agreement that ends: the terms until then, and those after it."""

    last_day: date
    ends_at: datetime  # the first moment after that day
    ended: bool
    during: InForce
    after: InForce


class PublisherTerms(Struct, frozen=True, kw_only=True):
    """A publisher as it is brought into the tables."""

    publisher: Publisher
    notices: Mapping[str, str]  # its own texts in the place of a report, by name
    in_force: InForce
    agreement: Agreement | None = None  # None: its rights have no end


class Lending(Struct, frozen=True, kw_only=True):
    """For how long a publisher lets us hold words."""

    storage: Storage
    days: int | None  # with `transient`


class StoredConfig(Struct, frozen=True, kw_only=True):
    """Which configuration the tables are in line with, so that programs can tell it from what the files say now."""

    folder: str  # absolute
    digest: str  # of its files and of the code that checked them
    program: str  # digest of that code alone
    signature: str  # of the files' sizes and times; '': a file had changed a moment before, so it says nothing
    at: datetime  # since when it is stored
    pid: int  # of the program that stored it
    wire: str = ""  # the wire's own settings, packed; '': an older version stored it


class KnownPublisher(Struct, frozen=True):
    """By what a publisher of the database may be chosen."""

    name: str
    country: str
    kind: str
    group: str
    languages: tuple[str, ...]
    former: tuple[FormerChoice, ...] = ()  # the first one first


class FormerChoice(Struct, frozen=True):
    """By what a publisher could be chosen before."""

    key: str
    name: str
    country: str
    kind: str
    group: str


class StoredPublisher(Struct, frozen=True, kw_only=True):
    """What the database knows of a publisher: enough to see that it has another key in the configuration."""

    key: str
    first_key: str  # the first that it had, of which ids are made
    name: str
    addresses: frozenset[str]  # of its sources, now and before they moved
    brought_reports: frozenset[str]  # those of the addresses that have brought a report
