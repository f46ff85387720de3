"""A document as an honest HTTP answer: validators, conditional requests (RFC 9110 section 13) and gzip."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from msgspec import Struct

Headers = tuple[tuple[str, str], ...]
Answer = tuple[int, Headers, bytes]  # status, headers, body

WORTH_PACKING = 1024  # bytes; gzip makes smaller bodies hardly smaller


class Resource(Struct, frozen=True):
    """What stands at one address, its bytes untouched. `headers` are sent beside our own, and in their place."""

    body: bytes
    content_type: str = "application/octet-stream"
    status: int = 200
    headers: Headers = ()
    validators: bool = True  # whether ETag and Last-Modified are sent
    last_modified: datetime | None = None  # None: when it was set


def etag_of(document: Resource) -> str:
    """A strong entity tag: a digest of the bytes."""
    return f'"{hashlib.sha256(document.body).hexdigest()[:32]}"'


def honest(document: Resource, etag: str, method: str, asked: Mapping[str, str], pack: bool) -> Answer:
    """The answer to a request with the headers `asked` (names in lower case). `pack`: whether gzip may be used.

    If-None-Match wins over If-Modified-Since. HEAD gets GET's headers without the body.
    """
    body, tag, extra = _packed(document, etag) if pack and _takes_gzip(document, asked) else (document.body, etag, ())
    headers = extra + _validators(document, tag)
    if document.status == 200 and document.validators and _unchanged(document, etag, asked):
        told = tuple(pair for pair in document.headers if pair[0].lower() in _WITH_304)
        return 304, (*headers, *told), b""
    ours = (("Content-Type", document.content_type), ("Content-Length", str(len(body))), *headers)
    replaced = {name.lower() for name, _ in document.headers}
    kept = tuple(pair for pair in ours if pair[0].lower() not in replaced)
    return document.status, kept + document.headers, b"" if method == "HEAD" else body


# RFC 9110 section 15.4.5: what a 304 says as a 200 would have.
_WITH_304 = ("age", "cache-control", "content-location", "date", "expires", "vary")


def http_date(moment: datetime) -> str:
    """RFC 9110 section 5.6.7, IMF-fixdate."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _validators(document: Resource, etag: str) -> Headers:
    if not document.validators or document.status != 200:
        return ()
    modified = (("Last-Modified", http_date(document.last_modified)),) if document.last_modified else ()
    return (("ETag", etag), *modified)


def _unchanged(document: Resource, etag: str, asked: Mapping[str, str]) -> bool:
    if "if-none-match" in asked:
        tags = {each.strip().removeprefix("W/") for each in asked["if-none-match"].split(",")}
        return bool(tags & {"*", etag, _packed_tag(etag)})
    if "if-modified-since" not in asked or document.last_modified is None:
        return False
    try:
        since = parsedate_to_datetime(asked["if-modified-since"])
    except ValueError:  # RFC 9110 13.1.3: a date that cannot be read is as no condition
        return False
    if since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    return document.last_modified.replace(microsecond=0) <= since


def _takes_gzip(document: Resource, asked: Mapping[str, str]) -> bool:
    offers = [each.strip().lower().replace(" ", "") for each in asked.get("accept-encoding", "").split(",")]
    taken = any(each in ("gzip", "*") or (each.startswith("gzip;q=") and each != "gzip;q=0") for each in offers)
    return taken and len(document.body) >= WORTH_PACKING


def _packed(document: Resource, etag: str) -> tuple[bytes, str, Headers]:
    packed = gzip.compress(document.body, compresslevel=1, mtime=0)
    return packed, _packed_tag(etag), (("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))


def _packed_tag(etag: str) -> str:
    """Two encodings of one document are two representations: a strong tag must tell them apart."""
    return f'{etag[:-1]}-gzip"'
