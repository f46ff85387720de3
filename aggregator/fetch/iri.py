"""Writes addresses for the network: other scripts than ASCII become what RFC 3986 knows (RFC 3987 section 3.1)."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, quote, urlsplit

from aggregator.model.errors import FetchError, RedirectRefused
from aggregator.text.urls import ascii_host

_MOST_SHOWN = 200  # characters
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
# A host in which a byte stands that is no UTF-8, as `text_of` leaves it.
_STRAY = re.compile("[\udc80-\udcff]")


@lru_cache(10_000)
def to_uri(address: str) -> str:
    """The address in ASCII: the host by IDNA, other characters as their bytes of UTF-8, percent-encoded. What is in
    ASCII already, `${NAME}` too, stays as it is. Raises FetchError where there is no such address, or no such host.
    """
    if address.isascii() and "%" not in re.split("[/?#]", address.partition("//")[2], maxsplit=1)[0]:
        return address
    parts = split(address)
    user, at, _ = parts.netloc.rpartition("@")
    rest = (_FOREIGN.sub(_quoted, part) for part in (parts.path, parts.query, parts.fragment))
    path, query, fragment = rest
    netloc = _FOREIGN.sub(_quoted, user) + at + authority(address)
    return parts._replace(netloc=netloc, path=path, query=query, fragment=fragment).geturl()


def host(address: str) -> str:
    """The host of an address in ASCII, '' where it has none; raises FetchError. IPv6 is without its brackets."""
    try:
        said = split(address).hostname or ""
        if _STRAY.search(said):  # of a server that writes Latin-1, as HTTP once was
            said = bytes_of(said).decode("latin-1")
        return ascii_host(said) if said else ""
    except ValueError as error:
        raise RedirectRefused(f"{shown(address)} has a host that cannot be looked up: {str(error)[:200]}") from error


def authority(address: str) -> str:
    """Host and port, without a user name, in ASCII; raises FetchError."""
    known = host(address)
    bare = split(address).netloc.rpartition("@")[2]
    port = bare.rpartition("]")[2].rpartition(":")
    return (f"[{known}]" if ":" in known else known) + (f":{port[2]}" if port[1] else "")


def shown(address: str) -> str:
    """An address for a message, as far as anybody reads it."""
    return repr(address if len(address) <= _MOST_SHOWN else f"{address[:_MOST_SHOWN]}...")


def text_of(value: bytes) -> str:
    """The value of a field that holds an address: UTF-8, as browsers read it. A byte that is none, of Latin-1 say, is
    kept as a lone surrogate, from which `to_uri` makes that very byte again.
    """
    return value.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """The reverse of `text_of`."""
    return text.encode("utf-8", "surrogateescape")


def split(address: str) -> SplitResult:
    """Raises FetchError for what is no address."""
    try:
        return urlsplit(address)
    except ValueError as error:
        raise FetchError(f"{shown(address)} is not an address: {error}") from error


def _quoted(found: re.Match[str]) -> str:
    return quote(found[0], errors="surrogateescape")
