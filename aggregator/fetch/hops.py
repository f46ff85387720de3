"""One hop of a request: whom it asks and on what conditions, where a redirect leads, and what went wrong."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from aggregator.errors import AddressRefused, FetchError, RedirectRefused
from aggregator.types import Validators

MOST_REDIRECTS = 5
REDIRECTS = frozenset((301, 302, 303, 307, 308))


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


def authority_of(url: str) -> str:
    """The host and port that we mean, for the field Host."""
    return urlsplit(url).netloc.rpartition("@")[2]


def redirected(url: str, location: str) -> str:
    """The address that a redirect leads to; raises RedirectRefused for one from https down to http."""
    target = urljoin(url, location)
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme == "http":
        raise RedirectRefused(f"redirected from https down to {target}")
    return target


def too_many(url: str) -> RedirectRefused:
    return RedirectRefused(f"more than {MOST_REDIRECTS} redirects, the last to {url}")


def explained(error: Exception) -> FetchError:
    """The error in the words of its cause: httpx and aiohttp wrap what the system said."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        if isinstance(cause, PermissionError):
            break
        cause = cause.__cause__
    if isinstance(cause, PermissionError):
        return AddressRefused(cause.strerror or str(cause))
    said = " ".join((str(error) or str(cause)).split())
    return FetchError(f"{type(cause).__name__}: {said}" if said else type(cause).__name__)
