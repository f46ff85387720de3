"""One request on the way to a document: whom it asks, on what conditions, where a redirect leads, what went wrong."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from msgspec import Struct
from msgspec.structs import replace

from aggregator.fetch import iri
from aggregator.fetch.metering import TooMuch
from aggregator.model import Validators
from aggregator.model.errors import AddressRefused, AnswerTooCostly, CookiePage, FetchError, RedirectRefused
from aggregator.text.urls import literal

ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
PAGE = {"Accept": "text/html, application/xhtml+xml, */*;q=0.8"}
ROBOTS = {"Accept": "text/plain, */*;q=0.8"}
AFRESH = {"Cache-Control": "no-cache"}  # past every cache on the way (RFC 9111 section 5.2.1.4)
MOST_REDIRECTS = 5
REDIRECTS = frozenset((301, 302, 303, 307, 308))
PERMANENT = frozenset((301, 308))  # RFC 9110 sections 15.4.2 and 15.4.9
# A validator that can be sent back byte for byte (RFC 9110 section 8.8.3): aiohttp writes fields in UTF-8, so a byte
# that is none, for which a lone surrogate stands, cannot; and nobody needs more than a kilobyte.
_SENDABLE = re.compile("[^\x00-\x1f\x7f\ud800-\udfff]{1,1024}")
_STRAY = re.compile("[\ud800-\udfff]")
_ONCE = frozenset(("content-length", "content-type", "etag", "last-modified", "location", "retry-after"))
NO_COOKIES = "this wire keeps no cookies"


class Redirect(Struct, frozen=True):
    """An answer that points elsewhere."""

    status: int
    location: str  # as `iri.text_of` has it
    sets_cookie: bool = False
    retry_after: timedelta | datetime | None = None


class Way(Struct, frozen=True):
    """Where a request has come to: the address asked first, the one asked now, and how far permanent redirects led."""

    asked: str
    at: str
    moved_to: str | None = None
    permanent: bool = True  # every redirect so far was
    passed: tuple[str, ...] = ()  # the addresses between the first and this one
    redirects: tuple[tuple[str, str], ...] = ()  # from, to
    sets_cookie: bool = False  # an answer on the way did
    retry_after: timedelta | datetime | None = None  # what the last answer asked for

    def on(self, redirect: Redirect) -> Way:
        """One redirect further; raises RedirectRefused for one from https down to http."""
        target = redirected(self.at, redirect.location)
        permanent = self.permanent and redirect.status in PERMANENT
        passed = (*self.passed, self.at) if self.is_redirected else self.passed
        return replace(
            self,
            at=target,
            passed=passed,
            permanent=permanent,
            moved_to=target if permanent else self.moved_to,
            redirects=(*self.redirects, (self.at, target)),
            sets_cookie=self.sets_cookie or redirect.sets_cookie,
            retry_after=redirect.retry_after or self.retry_after,
        )

    def refuse_circles(self) -> None:
        """Raises RedirectRefused where an address redirects to itself, or the same redirect came twice. A way back to
        an address that was asked before is followed once: some servers answer otherwise the second time.
        """
        self.refuse_cookies()
        if self.redirects and (self.redirects[-1] in self.redirects[:-1] or self.redirects[-1][0] == self.at):
            raise RedirectRefused(f"redirects that lead in a circle, back to {self.at}")

    def refuse_cookies(self) -> None:
        """Raises CookiePage where a server sets a cookie and then asks to be asked again at an address that it was
        asked at before: without the cookie its answer would be the same.
        """
        if self.sets_cookie and any(self.at == start for start, _ in self.redirects):
            raise CookiePage(f"the site sets a cookie and redirects back to {self.at} until it is sent; {NO_COOKIES}")

    @property
    def is_redirected(self) -> bool:
        return self.at != self.asked


def conditions(validators: Validators) -> dict[str, str]:
    """The validators, byte for byte, as RFC 9110 section 13.1 wants them sent; without those that cannot be sent, which
    an older version of this program may have stored.
    """
    known = sendable(validators)
    fields = {}
    if known.etag is not None:
        fields["If-None-Match"] = known.etag
    if known.last_modified is not None:
        fields["If-Modified-Since"] = known.last_modified
    return fields


def sendable(validators: Validators) -> Validators:
    """Those of the validators that can be sent back byte for byte."""
    etag, last_modified = (
        value if value is not None and _SENDABLE.fullmatch(value) else None
        for value in (validators.etag, validators.last_modified)
    )
    return Validators(etag, last_modified)


def validators_of(headers: Mapping[str, str], otherwise: Validators) -> Validators:
    """The validators of an answer, whose field names are in lower case. One that cannot be sent back is none: the
    source is asked without it, as that of a server which gives none.
    """
    return sendable(
        Validators(headers.get("etag", otherwise.etag), headers.get("last-modified", otherwise.last_modified))
    )


def fields_of(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The fields of an answer by their names in lower case. Values are UTF-8; a byte that is none is a lone surrogate.
    Of a field that stands twice the values are joined (RFC 9110 section 5.2), but of one that may not, the first
    counts.
    """
    fields: dict[str, str] = {}
    for name_, value in raw:
        name, text = name_.decode("latin-1").lower(), iri.text_of(value)
        if name not in fields:
            fields[name] = text
        elif name not in _ONCE:
            fields[name] += f", {text}"
    return fields


def storable(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields for whoever stores them or passes them on: a value with a byte that is no UTF-8 is Latin-1, as fields
    once were.
    """
    return {name: iri.bytes_of(value).decode("latin-1") if _STRAY.search(value) else value
            for name, value in fields.items()}  # fmt: skip


@lru_cache(10_000)
def host_of(url: str) -> str:
    """The host of an http or https address; raises FetchError for anything else."""
    host = iri.host(url)
    if iri.split(url).scheme not in ("http", "https") or not host:
        raise RedirectRefused(f"{iri.shown(url)} is no http or https address")
    return host


def origin_of(url: str) -> str:
    """Scheme, host and port of an address: what one robots.txt speaks for (RFC 9309 section 2.3); raises FetchError for
    what is no address.
    """
    host_of(url)
    return f"{urlsplit(url).scheme}://{iri.authority(url)}"


def redirected(url: str, location: str) -> str:
    """The address that a redirect leads to, literal, without user name and fragment, in ASCII and quoted as RFC 3986
    has it; raises RedirectRefused for one from https down to http, and FetchError for what is no address.
    """
    try:
        target = literal(iri.to_uri(urlsplit(urljoin(url, location.strip()))._replace(fragment="").geturl()))
        is_lowered = urlsplit(url).scheme == "https" and urlsplit(target).scheme == "http"
    except ValueError as error:
        raise FetchError(f"redirected to {iri.shown(literal(location))}, which is not an address: {error}") from error
    if is_lowered:
        raise RedirectRefused(f"redirected from https down to {target}")
    return target


def too_many(way: Way) -> RedirectRefused | CookiePage:
    """The error for a way without end; where cookies were set on it, that is most likely why."""
    said = f"more than {MOST_REDIRECTS} redirects, the last to {way.at}"
    return (
        CookiePage(f"{said}, while the site sets cookies; {NO_COOKIES}") if way.sets_cookie else RedirectRefused(said)
    )


def explained(error: Exception) -> FetchError:
    """The error in the words of its cause: httpx and aiohttp wrap what the system said."""
    chain: list[BaseException] = [error]
    while chain[-1].__cause__ is not None and not isinstance(chain[-1], PermissionError):
        chain.append(chain[-1].__cause__)
    cause = chain[-1]
    if isinstance(cause, PermissionError):
        return AddressRefused(cause.strerror or str(cause))
    if isinstance(cause, TooMuch):
        return AnswerTooCostly(str(cause))
    if isinstance(cause, HttpProcessingError):
        return FetchError(f"the answer is no HTTP that can be read: {' '.join(cause.message.split())[:200]}")
    # Names that are not found and ports that refuse; a certificate that is no good came from somebody.
    unheard = any(isinstance(one, aiohttp.ClientConnectorError) for one in chain) and not isinstance(
        cause, ssl.SSLError
    )
    said = " ".join((str(error) or str(cause)).split())
    return FetchError(f"{type(cause).__name__}: {said}" if said else type(cause).__name__, answered=not unheard)
