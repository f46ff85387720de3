"""Reads the fields of an HTTP answer that say when to come back (RFC 9110, RFC 9111)."""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.dates import read_date


def retry_after(value: str | None) -> timedelta | datetime | None:
    """Retry-After, in seconds or as an HTTP-date (RFC 9110 section 10.2.3); None when absent or unreadable."""
    value = (value or "").strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:12]), 10**9))
    return read_date(value) if value else None
