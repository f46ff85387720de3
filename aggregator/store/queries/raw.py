"""The raw words of revisions, packed (`text.packing`): each database keeps the dictionary that its words are packed
with; `repack` brings it up to the one that ships with this program.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import zstandard

from aggregator.model import Article, Entry
from aggregator.store.connection import Connection
from aggregator.store.queries import settings
from aggregator.text import packing
from aggregator.text.raw_words import as_text, decode, encode
from aggregator.text.raw_words import without_words as without

Pack = Callable[[bytes], tuple[bytes, int | None]]
PackArticle = Callable[[Article], tuple[bytes, int | None]]
Unpack = Callable[[bytes, int | None], bytes | None]

log = logging.getLogger("aggregator.store")

BATCH = 1_000
_REPACKED = "repacked"  # setting: the dictionary, and up to which revision all are packed with it
# A revision's words are bounded by the cap of the document that brought them; this guards against a damaged frame.
_MOST_BYTES = 256 * 1024 * 1024
_MADE_AT = "2026-11-28T00:00:00Z"  # when words.txt was written


def packer(connection: Connection) -> Pack:
    """A function from words to the packed words and the id of their dictionary, which the database is given if it has
    it not yet. Within a transaction.
    """
    number, pack = _number_of(connection, packing.shipped()), packing.packer()
    return lambda words: (pack(words), number)


def article_packer(connection: Connection) -> PackArticle:
    """`packer` for the raw words of articles, most of which come packed."""
    number, pack = _number_of(connection, packing.shipped()), packing.packer()
    return lambda article: (article.packed or pack(article.raw), number)


def _number_of(connection: Connection, content: bytes) -> int:
    row = connection.execute("SELECT dictionary_id FROM dictionaries WHERE content = ?", (content,)).fetchone()
    if row is None:
        row = connection.execute(
            "INSERT INTO dictionaries (content, trained_at) VALUES (?, ?) RETURNING dictionary_id", (content, _MADE_AT)
        ).fetchone()
    return int(row[0])


def unpacker(connection: Connection) -> Unpack:
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


def _unpacker(connection: Connection) -> Callable[[bytes, int | None], bytes]:
    """As `unpacker`, but raises ZstdError."""
    decompressors: dict[int | None, zstandard.ZstdDecompressor] = {}

    def unpack(packed: bytes, dictionary: int | None) -> bytes:
        if dictionary is not None and dictionary < 0:  # `with_headline_only`
            return without_words(unpack(packed, -1 - dictionary or None))
        if dictionary not in decompressors:
            decompressors[dictionary] = _decompressor(connection, dictionary)
        return decompressors[dictionary].decompress(packed, max_output_size=_MOST_BYTES)

    return unpack


def reader(connection: Connection) -> Callable[[bytes | None, int | None], str | None]:
    """What SQL has as `raw_words(raw, dictionary)`: the JSON text of what the entry said; None for None."""
    unpack = _unpacker(connection)

    def raw_words(raw: bytes | None, dictionary: int | None) -> str | None:
        return None if raw is None else as_text(unpack(raw, dictionary))

    return raw_words


def unpack(connection: Connection, packed: bytes, dictionary: int | None) -> bytes:
    """The words as `packer` was given them, byte for byte."""
    return _unpacker(connection)(packed, dictionary)


def with_headline_only(dictionary: str) -> str:
    """SQL for a number that stands for that of a dictionary: what is unpacked by it is `without_words`. `dictionary`:
    SQL for the number of the dictionary.
    """
    return f"-1 - coalesce({dictionary}, 0)"


def without_words(words: bytes | None) -> bytes:
    """What stays of everything that an entry said when its words are let go; of damaged ones (None), nothing."""
    try:
        entry = decode(words) if words is not None else Entry()
    except ValueError:
        entry = Entry()
    return encode(without(entry))


def _decompressor(connection: Connection, dictionary: int | None) -> zstandard.ZstdDecompressor:
    if dictionary is None:
        return zstandard.ZstdDecompressor()
    (content,) = connection.execute(
        "SELECT content FROM dictionaries WHERE dictionary_id = ?", (dictionary,)
    ).fetchone()
    return zstandard.ZstdDecompressor(dict_data=packing.to_unpack_with(content))


def repack(connection: Connection) -> int:
    """Packs the next 1,000 revisions with this program's dictionary, where they are packed with another or none, and
    returns how many it looked at. 0: all are packed so, and other dictionaries are deleted. Within a transaction.

    The words stay what they are: this is no update of a revision.
    """
    number = _number_of(connection, packing.shipped())
    noted = settings.read(connection, _REPACKED)
    known, last, done = json.loads(noted) if noted else (number, 0, False)
    if known != number:
        last, done = 0, False
    if done:
        return 0
    rows = connection.execute(
        "SELECT revision_id, CASE WHEN dictionary_id IS DISTINCT FROM ?1 THEN raw END, dictionary_id FROM revisions"
        " WHERE revision_id > ?2 ORDER BY revision_id LIMIT ?3",
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
