"""The shape of a publisher's file."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, TypeAdapter

from aggregator.config.shapes.checking import Shape, Table
from aggregator.config.shapes.values import (
    Address,
    Country,
    Host,
    Key,
    Language,
    Line,
    Mark,
    Minutes,
    Parameter,
    Pattern,
    Prefix,
    Reachable,
    Secret,
    SecureAddress,
    SourceAddress,
    Stance,
    Words,
)
from aggregator.model import (
    IdentityRules,
    IdTrust,
    ItemClass,
    Kind,
    PagesMode,
)

# The rows of parse.PARSERS, and what has yet to be found.
SourceKind = Literal["feed", "jsonfeed", "wordpress", "sitemap", "discover"]


class ContactTable(Table):
    corrections: Reachable | None = None
    permissions: Reachable | None = None
    technical: Reachable | None = None
    tell_taken: bool = False


class IdentityTable(Table):
    ids: IdTrust = "learned"
    ignore_parameters: tuple[Pattern, ...] = ()
    keep_parameters: tuple[Parameter, ...] | None = None
    strip_path_prefixes: tuple[Prefix, ...] = ()
    same_hosts: tuple[Host, ...] = ()

    def rules(self, homepage: str) -> IdentityRules:
        """The homepage's host is the one that `same_hosts` are the same as."""
        hosts = (urlsplit(homepage).hostname or "", *self.same_hosts) if self.same_hosts else ()
        return IdentityRules(**self.model_dump() | {"same_hosts": hosts})


class TagsTable(Table):
    language: bool = True
    countries: bool = True
    topics: bool = True
    datelines: bool = True
    bylines: bool = True
    credits: bool = True
    categories: dict[str, Any] = Field(default={})  # a topic or false each; checked by `config.tagging`


class SourceTable(Table):
    url: SourceAddress
    kind: SourceKind = "feed"
    item_class: ItemClass = Field(default="news", alias="class")
    every_minutes: Minutes | None = None
    key: Key | None = None
    enabled: bool = True
    reason: Line | None = None
    include_words: Words | None = None
    exclude_words: Words | None = None
    include_categories: Words | None = None
    exclude_categories: Words | None = None
    pages: PagesMode = "none"
    username: Secret | None = None
    password: Secret | None = None
    bearer: Secret | None = None


class PublisherFile(Table):
    name: Line
    place: Line | None = None
    country: Country
    kind: Kind
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    homepage: Address
    rights_profile: str
    catalogue: Mark | None = None
    contact: ContactTable = ContactTable()
    stance: Stance | None = None
    stance_source: SecureAddress | None = None
    rights: dict[str, Any] = Field(default={})  # checked as RIGHTS, merged with the profile
    disclaimers: dict[str, str] = Field(default={})
    former_keys: tuple[Key, ...] | None = None
    enabled: bool = True
    reason: Line | None = None
    identity: IdentityTable = IdentityTable()
    tags: TagsTable = TagsTable()
    source: tuple[SourceTable, ...] = ()


PUBLISHER = Shape(
    TypeAdapter(PublisherFile),
    PublisherFile,
    {"contact": ContactTable, "identity": IdentityTable, "source": SourceTable, "tags": TagsTable},
)
