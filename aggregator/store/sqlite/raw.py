"""The raw words of revisions, packed: zstd with a dictionary (RFC 8878), which ships with the program.

A dictionary learnt from what publishers said would hold passages of it in clear, also of reports that were deleted
since. So `words.txt` is one of our own making: invented reports, phrases of the trade, the mark-up that publishers'
software writes. Each database keeps the one that its words are packed with; `repack` brings it up to this program's.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable
from functools import cache
from importlib.resources import files

import zstandard

from aggregator.store.sqlite import settings
from aggregator.text.raw_words import as_text

Pack = Callable[[bytes], tuple[bytes, int | None]]
Unpack = Callable[[bytes, int | None], bytes | None]

log = logging.getLogger("aggregator.store")

_LEVEL = 3  # 6 takes two and a half times as long for 3 % less
BATCH = 1_000
_REPACKED = "repacked"  # setting: the dictionary, and up to which revision all are packed with it
# A revision's words are bounded by the cap of the document that brought them; this guards against a damaged frame.
_MOST_BYTES = 256 * 1024 * 1024
_MADE_AT = "2026-11-28T00:00:00Z"  # when words.txt was written


@cache
def shipped() -> bytes:
    """The dictionary that this program packs with: its bytes are the text itself."""
    return files(__package__).joinpath("words.txt").read_bytes()


def packer(connection: sqlite3.Connection) -> Pack:
    """A function from words to the packed words and the id of their dictionary, which the database is given if it has
    it not yet. Within a transaction.
    """
    content = shipped()
    number = _number_of(connection, content)
    compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=_to_pack_with(content))
    return lambda words: (compressor.compress(words), number)


def packed_alone(words: bytes) -> bytes:
    """Packed without a dictionary."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(words)


def _number_of(connection: sqlite3.Connection, content: bytes) -> int:
    row = connection.execute("SELECT dictionary_id FROM dictionaries WHERE content = ?", (content,)).fetchone()
    if row is None:
        row = connection.execute(
            "INSERT INTO dictionaries (content, trained_at) VALUES (?, ?) RETURNING dictionary_id", (content, _MADE_AT)
        ).fetchone()
    return int(row[0])


@cache
def _to_pack_with(content: bytes) -> zstandard.ZstdCompressionDict:
    """Made ready, which takes a millisecond: each transaction asks for it."""
    dictionary = _dictionary(content)
    dictionary.precompute_compress(level=_LEVEL)
    return dictionary


def _dictionary(content: bytes) -> zstandard.ZstdCompressionDict:
    """One that was trained says so in its first bytes (RFC 8878 section 5); of any other all bytes are content."""
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_AUTO)


def unpacker(connection: sqlite3.Connection) -> Unpack:
    """A function from packed words and the id of their dictionary (None: packed without one) to the words, or to None
    where they are damaged.
    """
    decompress = _unpacker(connection)

    def unpack(packed: bytes, dictionary: int | None) -> bytes | None:
        try:
            return decompress(packed, dictionary)
        except zstandard.ZstdError:
            return None

    return unpack


def _unpacker(connection: sqlite3.Connection) -> Callable[[bytes, int | None], bytes]:
    """As `unpacker`, but raises ZstdError."""
    decompressors: dict[int | None, zstandard.ZstdDecompressor] = {}

    def unpack(packed: bytes, dictionary: int | None) -> bytes:
        if dictionary not in decompressors:
            decompressors[dictionary] = _decompressor(connection, dictionary)
        return decompressors[dictionary].decompress(packed, max_output_size=_MOST_BYTES)

    return unpack


def register(connection: sqlite3.Connection) -> None:
    """Registers the SQL function `raw_words(raw, dictionary)`: the JSON text of what the entry said; NULL for NULL."""
    unpack = _unpacker(connection)

    def raw_words(raw: bytes | None, dictionary: int | None) -> str | None:
        return None if raw is None else as_text(unpack(raw, dictionary))

    connection.create_function("raw_words", 2, raw_words)


def unpack(connection: sqlite3.Connection, packed: bytes, dictionary: int | None) -> bytes:
    """The words as `packer` was given them, byte for byte."""
    return _decompressor(connection, dictionary).decompress(packed, max_output_size=_MOST_BYTES)


def _decompressor(connection: sqlite3.Connection, dictionary: int | None) -> zstandard.ZstdDecompressor:
    if dictionary is None:
        return zstandard.ZstdDecompressor()
    (content,) = connection.execute("SELECT content FROM dictionaries WHERE rowid = ?", (dictionary,)).fetchone()
    return zstandard.ZstdDecompressor(dict_data=_dictionary(content))


def repack(connection: sqlite3.Connection) -> int:
    """Packs the next 1,000 revisions with this program's dictionary, where they are packed with another or none, and
    returns how many it looked at. 0: all are packed so, and other dictionaries are deleted. Within a transaction.

    The words stay what they are: this is no update of a revision.
    """
    number = _number_of(connection, shipped())
    noted = settings.read(connection, _REPACKED)
    known, last, done = json.loads(noted) if noted else (number, 0, False)
    if known != number:
        last, done = 0, False
    if done:
        return 0
    rows = connection.execute(
        "SELECT revision_id, iif(dictionary_id IS ?1, NULL, raw), dictionary_id FROM revisions WHERE revision_id >"
        " ?2 ORDER BY revision_id LIMIT ?3",
        (number, last, BATCH),
    ).fetchall()
    pack, unpack = packer(connection), unpacker(connection)
    for revision, raw, other in rows:
        if raw is None:
            continue
        words = unpack(raw, other)
        if words is None:  # it stays as it is, but the dictionary, which did not help, need not stay for it
            log.error("revision %d: its raw words are damaged and cannot be read; is the disk failing?", revision)
        packed = (raw, None) if words is None else pack(words)
        connection.execute("UPDATE revisions SET raw = ?, dictionary_id = ? WHERE revision_id = ?", (*packed, revision))
    if not rows:
        # A change that waits keeps the dictionary that it was packed with until it is stored or refused.
        connection.execute(
            "DELETE FROM dictionaries WHERE dictionary_id <> ?"
            " AND dictionary_id NOT IN (SELECT dictionary_id FROM pending_changes WHERE dictionary_id IS NOT NULL)"
            " AND dictionary_id NOT IN (SELECT dictionary_id FROM pending_revisions WHERE dictionary_id IS NOT NULL)",
            (number,),
        )
    state = json.dumps((number, rows[-1][0] if rows else last, not rows))
    settings.write(connection, _REPACKED, state)
    return len(rows)
