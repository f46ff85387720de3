"""One hop of a request: whom it asks and on what conditions, where a redirect leads, and what went wrong."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

import aiohttp

from aggregator.errors import AddressRefused, FetchError, RedirectRefused
from aggregator.links import literal
from aggregator.types import Validators

ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
PAGE = {"Accept": "text/html, application/xhtml+xml, */*;q=0.8"}
ROBOTS = {"Accept": "text/plain, */*;q=0.8"}
MOST_REDIRECTS = 5
REDIRECTS = frozenset((301, 302, 303, 307, 308))
PERMANENT = frozenset((301, 308))  # RFC 9110 sections 15.4.2 and 15.4.9


@dataclass(frozen=True, slots=True)
class Redirect:
    """An answer that points elsewhere."""

    status: int
    location: str


@dataclass(frozen=True, slots=True)
class Way:
    """Where a request has come to: the address asked first, the one asked now, and how far permanent redirects led."""

    asked: str
    at: str
    moved_to: str | None = None
    permanent: bool = True  # every hop so far was
    passed: tuple[str, ...] = ()  # the addresses between the first and this one

    def on(self, redirect: Redirect) -> Way:
        """One hop further; raises RedirectRefused for one from https down to http."""
        target = redirected(self.at, redirect.location)
        permanent = self.permanent and redirect.status in PERMANENT
        moved_to = target if permanent else self.moved_to
        passed = (*self.passed, self.at) if self.is_redirected else self.passed
        return replace(self, at=target, permanent=permanent, moved_to=moved_to, passed=passed)

    @property
    def is_redirected(self) -> bool:
        return self.at != self.asked


def conditions(validators: Validators) -> dict[str, str]:
    """The validators, byte for byte, as RFC 9110 section 13.1 wants them sent."""
    fields = {}
    if validators.etag is not None:
        fields["If-None-Match"] = validators.etag
    if validators.last_modified is not None:
        fields["If-Modified-Since"] = validators.last_modified
    return fields


def validators_of(headers: dict[str, str], otherwise: Validators) -> Validators:
    """The validators of an answer, whose field names are in lower case."""
    return Validators(
        etag=headers.get("etag", otherwise.etag), last_modified=headers.get("last-modified", otherwise.last_modified)
    )


@lru_cache(10_000)
def host_of(url: str) -> str:
    """The host of an http or https address; raises FetchError for anything else."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise FetchError(f"{url!r} is not an address: {error}") from error
    if parts.scheme not in ("http", "https") or not host:
        raise RedirectRefused(f"{url!r} is no http or https address")
    return host


def origin_of(url: str) -> str:
    """Scheme, host and port of an address: what one robots.txt speaks for (RFC 9309 section 2.3); raises FetchError for
    what is no address.
    """
    host_of(url)
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"


def authority_of(url: str) -> str:
    """The host and port that we mean, for the field Host."""
    return urlsplit(url).netloc.rpartition("@")[2]


def redirected(url: str, location: str) -> str:
    """The address that a redirect leads to, literal and without fragment; raises RedirectRefused for one from https
    down to http, and FetchError for what is no address.
    """
    location = literal(location)
    try:
        target = literal(urlsplit(urljoin(url, location))._replace(fragment="").geturl())
        is_lowered = urlsplit(url).scheme == "https" and urlsplit(target).scheme == "http"
    except ValueError as error:
        raise FetchError(f"redirected to {location!r}, which is not an address: {error}") from error
    if is_lowered:
        raise RedirectRefused(f"redirected from https down to {target}")
    return target


def too_many(url: str) -> RedirectRefused:
    return RedirectRefused(f"more than {MOST_REDIRECTS} redirects, the last to {url}")


def explained(error: Exception) -> FetchError:
    """The error in the words of its cause: httpx and aiohttp wrap what the system said."""
    chain: list[BaseException] = [error]
    while chain[-1].__cause__ is not None and not isinstance(chain[-1], PermissionError):
        chain.append(chain[-1].__cause__)
    cause = chain[-1]
    if isinstance(cause, PermissionError):
        return AddressRefused(cause.strerror or str(cause))
    # Names that are not found and ports that refuse; a certificate that is no good came from somebody.
    unheard = any(isinstance(one, aiohttp.ClientConnectorError) for one in chain) and not isinstance(
        cause, ssl.SSLError
    )
    said = " ".join((str(error) or str(cause)).split())
    return FetchError(f"{type(cause).__name__}: {said}" if said else type(cause).__name__, answered=not unheard)
