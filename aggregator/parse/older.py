"""Finds the address of what a publisher listed before a document; it alone knows how archives are linked and numbered.

- `prev-archive` (RFC 5005 section 4) wins over `next` (section 3: in a paged feed, `next` leads to what is older). JSON
  Feed's `next_url` is a `next`. In RSS the same links stand as `atom:link`.
- WordPress links nothing, but answers its feeds' addresses with `paged=2` and so on, and 404 behind the last page.

A link is followed by a program that acts for the wire, so it leads nowhere but to the host that the document came from
(`www.` aside) and to a port that it was fetched from or that is the scheme's own. Where the document came by https, so
does its archive: many sites behind a proxy write http in their own links.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from types import MappingProxyType
from urllib.parse import SplitResult, urljoin, urlsplit

from aggregator.parse.files import relation
from aggregator.text.urls import host_of

LONGEST = 2_000  # characters of an address and of what it is relative to

_RELATIONS = ("prev-archive", "next")  # the best first
_PORTS = MappingProxyType({"http": 80, "https": 443})
# https://developer.wordpress.org/advanced-administration/wordpress/feeds/; feeds of comments have no pages.
_FEED_PATH = re.compile(r"(?!.*/comments/feed\b).*/(?:feed|rss2?|rdf|atom)(?:/(?:feed|rss2?|rdf|atom))?/?")
_FEED_QUERY = re.compile(r"feed=(?:feed|rss2?|rdf|atom)")
_PAGED = re.compile(r"paged=([0-9]{0,9})[^&]*", re.ASCII)
_UNUSABLE = re.compile(r"[\s\\<>\"]")


def older(links: Iterable[tuple[str, str, str, str]], url: str) -> str | None:
    """The address of the page before a document that was fetched from `url`, or None. Never raises.

    `links`: rel, type, address, and what that is relative to, of each link of the document itself, in its order.
    """
    said = [(relation(link[0]), *link[1:]) for link in links]
    for wanted in _RELATIONS:
        for rel, kind, address, base in said:
            # A page for people is no page of the feed.
            if rel == wanted and "html" not in kind.lower() and (usable := _usable(address, base, url)):
                return usable
    return None


def of_wordpress(generators: Iterable[str], url: str) -> str | None:
    """The same for a document that WordPress wrote, if `url` is an address of its feeds. Never raises.

    `generators`: what the document calls the program that wrote it.
    """
    if not any("wordpress.org" in generator.lower() for generator in generators):
        return None
    parts = _split(url)
    if parts is None or parts.scheme not in _PORTS:
        return None
    said = [each for each in parts.query.split("&") if each]
    if not _FEED_PATH.fullmatch(parts.path) and not any(map(_FEED_QUERY.fullmatch, said)):
        return None
    numbers = [int(found.group(1) or 0) for each in said if (found := _PAGED.fullmatch(each))]
    others = [each for each in said if not _PAGED.fullmatch(each)]
    return parts._replace(query="&".join([*others, f"paged={max([1, *numbers]) + 1}"])).geturl()


def _usable(href: str, base: str, url: str) -> str | None:
    """The address in full, if the wire may follow it from `url`, and it is another one."""
    said = base + href.strip()
    if len(said) > LONGEST or not said.isprintable() or _UNUSABLE.search(said):
        return None
    there, here = _split(href.strip(), base), _split(url)
    if not there or not here:
        return None
    if here.scheme == "https" and there.scheme == "http" and there.port is None:
        there = there._replace(scheme="https")
    is_as_safe = there.scheme in ("https", here.scheme) and here.scheme in _PORTS
    if not is_as_safe or "@" in there.netloc or not _host(there) or _host(there) != _host(here):
        return None
    if there.port not in (None, here.port, _PORTS[there.scheme]) or there == here:
        return None
    return there.geturl()


def _host(parts: SplitResult) -> str:
    return host_of(parts.geturl())


def _split(address: str, base: str = "") -> SplitResult | None:
    """Without a fragment; None for what is no address, such as one with a bracket in the host's place."""
    with suppress(ValueError):
        parts = urlsplit(urljoin(base, address))
        return parts._replace(fragment="") if parts.port != 0 else None
    return None
