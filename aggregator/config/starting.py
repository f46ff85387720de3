"""The files of a new wire: those that this version comes with, under a name of its own; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import tomlkit
from msgspec import Struct

from aggregator.config import catalogue
from aggregator.config.new_publishers import slug_of
from aggregator.config.placeholders import is_shipped
from aggregator.config.shapes.checking import check_part
from aggregator.config.shapes.wire import WIRE
from aggregator.fetch.iri import to_uri

_COMMENTS_AT = 45  # the column, in wire.toml


class Beginning(Struct, frozen=True, kw_only=True):
    """What a new wire is told of itself."""

    name: str
    site: str
    email: str
    timezone: str = "UTC"
    country: str = "XW"  # of the wire's own publisher
    language: str = "en"  # likewise

    @property
    def key(self) -> str:
        """Of the wire's own publisher."""
        return self._slug or "own"

    @property
    def robots_token(self) -> str:
        """By which publishers name the wire in robots.txt: letters alone (RFC 9309 section 2.2.1)."""
        return "".join(word.capitalize() for word in re.findall("[a-z]+", self._slug)) or "NewsWire"

    @property
    def _slug(self) -> str:
        """Of the name, or where that has no Latin letters, of the site."""
        return slug_of(self.name) or slug_of(urlsplit(self.site).hostname or "")


_KEYS: Mapping[str, str] = {"name": "name", "site": "url", "email": "complaints_email", "timezone": "timezone"}


def address_of(site: str) -> str:
    """The address of a site, of which people leave out the beginning, and the end."""
    address = site.strip() if "://" in site else f"https://{site.strip()}"
    return f"{address}/" if address.count("/") == 2 else address


def unfit(answer: str, value: str) -> str | None:
    """What is wrong with a value of name, site, email or timezone, as `found ..., expected ...`; None: nothing."""
    if any("\ud800" <= character <= "\udfff" for character in value):
        return "found bytes that are not UTF-8, expected text"
    key = _KEYS[answer]
    if lines := check_part(WIRE, {key: value}):
        return lines[0].removeprefix(f"{key}: ")
    return f"found that of the example, {value}, expected your own" if is_shipped(value) else None


def wire_text(beginning: Beginning) -> str:
    """wire.toml."""
    token = beginning.robots_token
    said = {
        "name": beginning.name,
        "url": beginning.site,
        "publisher": beginning.key,
        "user_agent": f"{token}/1.0 (+{to_uri(beginning.site)})",
        "robots_token": token,
        "complaints_url": beginning.site,
        "complaints_email": beginning.email,
        "timezone": beginning.timezone,
    }
    document: Any = tomlkit.parse(catalogue.texts()["wire.toml"])
    for key, value in said.items():
        document[key] = value
        item = document.item(key)
        if item.trivia.comment:
            item.trivia.comment_ws = " " * max(1, _COMMENTS_AT - len(f"{key} = {item.as_string()}"))
    return tomlkit.dumps(document)


def rights_text() -> str:
    """rights.toml."""
    return catalogue.texts()["rights.toml"]


def own_text(beginning: Beginning) -> str:
    """The file of the wire's own publisher."""
    document: Any = tomlkit.parse(catalogue.texts()[catalogue.own_publisher()])
    del document["place"]
    document["name"], document["homepage"] = beginning.name, beginning.site
    document["country"], document["languages"] = beginning.country, [beginning.language]
    document["contact"]["corrections"] = beginning.email
    return tomlkit.dumps(document)
