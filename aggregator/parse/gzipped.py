"""Unpacks a document that is a file of gzip itself (RFC 1952), as sitemaps named `.xml.gz` are; it alone knows how.

It has nothing to do with Content-Encoding, which is undone where the document is fetched.
"""

from __future__ import annotations

import zlib

from aggregator.model.errors import ParseError

MAX_BYTES = 50 * 1024 * 1024  # unpacked: as large as a sitemap may be (https://www.sitemaps.org/protocol.html#index)
MAX_MEMBERS = 16  # each costs a copy of all behind it
_MAGIC = b"\x1f\x8b\x08"
_GZIP = 16 + zlib.MAX_WBITS


def unpacked(body: bytes) -> bytes:
    """The body, or what it unpacks to; of a file that breaks off, what stands before that. Raises ParseError for one
    that is damaged, and for more than MAX_BYTES or MAX_MEMBERS.
    """
    document, rest = bytearray(), body
    for _ in range(MAX_MEMBERS):
        if not rest.startswith(_MAGIC):  # none, or the padding behind the last
            return bytes(document) if rest is not body else body
        member = zlib.decompressobj(_GZIP)
        try:
            document += member.decompress(rest, MAX_BYTES + 1 - len(document))
        except zlib.error as error:
            raise ParseError(f"it is a damaged gzip file ({error})") from error
        if len(document) > MAX_BYTES:
            raise ParseError(f"it is a gzip file that unpacks to more than {MAX_BYTES} bytes; it was not read")
        rest = member.unused_data
    raise ParseError(f"it is a gzip file of more than {MAX_MEMBERS} members; it was not read")
