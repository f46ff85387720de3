"""What the tables hold of a publisher's terms: those in force, and those on both sides of the end of an agreement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from aggregator.model.publisher import ItemClass, Publisher, Rights, Storage, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The terms of a publisher at one time."""

    rights: Rights
    terms: Mapping[ItemClass, Terms]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """An agreement that ends: the terms until then, and those after it."""

    last_day: date
    ends_at: datetime  # the first moment after that day
    ended: bool
    during: InForce
    after: InForce


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherTerms:
    """A publisher as it is brought into the tables."""

    publisher: Publisher
    notices: Mapping[str, str]  # its own texts in the place of a report, by name
    in_force: InForce
    agreement: Agreement | None = None  # None: its rights have no end


@dataclass(frozen=True, slots=True, kw_only=True)
class Lending:
    """For how long a publisher lets us hold words."""

    storage: Storage
    days: int | None  # with `transient`


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConfig:
    """Which configuration the tables are in line with, so that programs can tell it from what the files say now."""

    folder: str  # absolute
    digest: str  # of its files and of the code that checked them
    program: str  # digest of that code alone
    signature: str  # of the files' sizes and times; '': a file had changed a moment before, so it says nothing
    at: datetime  # since when it is stored
    pid: int  # of the program that stored it
    wire: str = ""  # the wire's own settings, packed; '': an older version stored it


@dataclass(frozen=True, slots=True)
class KnownPublisher:
    """By what a publisher of the database may be chosen."""

    name: str
    country: str
    kind: str
    group: str
    languages: tuple[str, ...]
    former: tuple[FormerChoice, ...] = ()  # the first one first


@dataclass(frozen=True, slots=True)
class FormerChoice:
    """By what a publisher could be chosen before."""

    key: str
    name: str
    country: str
    kind: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPublisher:
    """What the database knows of a publisher: enough to see that it has another key in the configuration."""

    key: str
    first_key: str  # the first that it had, of which ids are made
    name: str
    addresses: frozenset[str]  # of its sources, now and before they moved
    brought_reports: frozenset[str]  # those of the addresses that have brought a report
