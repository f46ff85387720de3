"""Reads the status and the fields of an HTTP answer: whether it brings a document, and when to come back (RFC 9110,
9111).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from aggregator.text.dates import read_date

_DIRECTIVE = re.compile(r'([!#$%&\'*+.^_`|~\w-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,]*))?')
_EXPIRED = timedelta(0)
_RANGE = re.compile(r"bytes\s+0-(\d{1,18})/(\d{1,18}|\*)")  # from the first byte on (RFC 9110 section 14.4)

# What people must know of an answer that brings no document, beside its status.
MEANINGS = MappingProxyType(
    {
        202: "it has taken note of the request, and has no document yet",
        204: "it has no document here",
        205: "it has no document here",
        206: "it sent a part of the document, though all of it was asked for",
        304: "not modified, to a request that had no conditions; a cache on the way may be at fault, so the next poll "
        "passes caches by",
        401: "it wants a user name and password, or a token",
        412: "it refuses what a condition asks for; after two failures the polls send none",
        **dict.fromkeys((301, 302, 303, 307, 308), "it redirects, and does not say where"),
    }
)


def has_document(status: int, headers: Mapping[str, str]) -> bool:
    """Whether an answer brings a document: a success does, also one that nobody here knows (RFC 9110 section 15), but
    for those that have none. A part of a document counts only if it is its beginning.
    """
    if status == 206:
        return _RANGE.match(headers.get("content-range", "").strip().lower()) is not None
    return 200 <= status < 300 and status not in (202, 204, 205)


def is_part(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the document goes on behind what was sent of it."""
    found = _RANGE.match(headers.get("content-range", "").strip().lower()) if status == 206 else None
    return found is not None and (found[2] == "*" or int(found[1]) + 1 < int(found[2]))


def retry_after(value: str | None) -> timedelta | datetime | None:
    """Retry-After, in seconds or as an HTTP-date (RFC 9110 section 10.2.3); None when absent or unreadable. A fraction
    of a second, which some servers write, counts as a whole one.
    """
    value = (value or "").strip()
    whole, _, fraction = value.partition(".")
    seconds = _seconds(whole) if not fraction or fraction.isdigit() else None
    if seconds is not None:
        return seconds + timedelta(seconds=bool(fraction.strip("0")))
    return read_date(value)


def fresh_for(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """How long an answer stays fresh, never below zero (RFC 9111 section 4.2.1); None: it does not say.

    `headers` have names in lower case. `now` is when the answer came, for an Expires without a Date; without either
    Expires says nothing. s-maxage is for shared caches, and we are a private one. no-cache and no-store ask that
    nothing be kept, which is no word on when to come back: None. What is said and cannot be read (`Expires: 0`) has
    expired (section 5.3): zero. Age, the time the answer spent in caches on the way, is taken off.
    """
    # Directives by name in lower case, arguments without their quotes (RFC 9111 section 5.2); the first one counts.
    said: dict[str, str] = {}
    for name, argument in _DIRECTIVE.findall(headers.get("cache-control", "")):
        said.setdefault(name.lower(), argument.strip('"'))
    if said.get("no-store") == "" or said.get("no-cache") == "":  # no-cache="Set-Cookie" is about that field alone
        return None
    if "max-age" in said:
        lifetime = _seconds(said["max-age"]) or _EXPIRED
    elif "expires" in headers:
        expires, sent = read_date(headers["expires"]), read_date(headers.get("date")) or now
        if expires is not None and sent is None:
            return None
        lifetime = expires - sent if expires and sent else _EXPIRED
    else:
        return None
    age = _seconds(headers.get("age", "").partition(",")[0]) or timedelta(0)
    return max(lifetime - age, _EXPIRED)


def _seconds(value: str) -> timedelta | None:
    """delta-seconds (RFC 9111 section 1.2.2), at most some 30 years; None for anything else."""
    value = value.strip()
    if not (value.isascii() and value.isdigit()):
        return None
    return timedelta(seconds=min(int(value[:12]), 10**9))
