"""What readers are told of a publisher: who it is, and under which terms its reports leave."""

from __future__ import annotations

from msgspec import Struct

from aggregator.model.publisher import Group, ItemClass, Kind, Rights


class PublisherProfile(Struct, frozen=True, kw_only=True):
    """A publisher as the database knows it, whether a file configures it or did so once."""

    publisher: str  # its key
    name: str
    place: str  # '': not known
    country: str
    kind: Kind
    group: Group
    languages: tuple[str, ...]
    homepage: str
    corrections: str | None  # an e-mail address or a page; None: only the homepage is known
    permissions: str | None
    rights: Rights  # those in force
    is_configured: bool


class ClassTerms(Struct, frozen=True, kw_only=True):
    """What stands beside a publisher's reports of one class; `{original_url}` is that of each report."""

    item_class: ItemClass
    credit: str
    disclaimer: str
    copyright_notice: str | None
