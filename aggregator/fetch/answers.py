"""Reads the fields of an HTTP answer that say when to come back (RFC 9110, RFC 9111)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from aggregator.dates import read_date

_DIRECTIVE = re.compile(r'([!#$%&\'*+.^_`|~\w-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,]*))?')
_EXPIRED = timedelta(0)


def retry_after(value: str | None) -> timedelta | datetime | None:
    """Retry-After, in seconds or as an HTTP-date (RFC 9110 section 10.2.3); None when absent or unreadable."""
    value = (value or "").strip()
    seconds = _seconds(value)
    return seconds if seconds is not None else read_date(value)


def fresh_for(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """How long an answer stays fresh, never below zero (RFC 9111 section 4.2.1); None: it does not say.

    `headers` have names in lower case. `now` is when the answer came, for an Expires without a Date; without either
    Expires says nothing. s-maxage is for shared caches, and we are a private one. no-cache and no-store ask that
    nothing be kept, which is no word on when to come back: None. What is said and cannot be read (`Expires: 0`) has
    expired (section 5.3): zero. Age, the time the answer spent in caches on the way, is taken off.
    """
    said = _cache_control(headers.get("cache-control", ""))
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


def _cache_control(value: str) -> dict[str, str]:
    """Directives by name in lower case, arguments without their quotes (RFC 9111 section 5.2); the first one counts."""
    said: dict[str, str] = {}
    for name, argument in _DIRECTIVE.findall(value):
        said.setdefault(name.lower(), argument.strip('"'))
    return said


def _seconds(value: str) -> timedelta | None:
    """delta-seconds (RFC 9111 section 1.2.2), at most some 30 years; None for anything else."""
    value = value.strip()
    if not (value.isascii() and value.isdigit()):
        return None
    return timedelta(seconds=min(int(value[:12]), 10**9))
