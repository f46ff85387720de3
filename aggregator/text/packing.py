"""Packs raw words as the store holds them: zstd with a dictionary (RFC 8878), which ships with the program.

A dictionary learnt from what publishers said would hold passages of it in clear, also of reports that were deleted
since. So `words.txt` is one of our own making: invented reports, phrases of the trade, the mark-up that publishers'
software writes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import zstandard

from aggregator.model import Article

_LEVEL = 3  # 6 takes two and a half times as long for 3 % less


@cache
def shipped() -> bytes:
    """The dictionary that this program packs with: its bytes are the text itself."""
    return Path(__file__).with_name("words.txt").read_bytes()


def packer() -> Callable[[bytes], bytes]:
    """A function that packs with the dictionary that ships; for one thread, and made for many words."""
    return zstandard.ZstdCompressor(level=_LEVEL, dict_data=_to_pack_with()).compress


@cache
def _to_pack_with() -> zstandard.ZstdCompressionDict:
    """Made ready, which takes a millisecond."""
    dictionary = to_unpack_with(shipped())
    dictionary.precompute_compress(level=_LEVEL)
    return dictionary


def raw_of(article: Article) -> bytes:
    """The raw words of an article, of which only the packed form comes from where it was read."""
    return article.raw or zstandard.ZstdDecompressor(dict_data=_to_pack_with()).decompress(article.packed)


def to_unpack_with(content: bytes) -> zstandard.ZstdCompressionDict:
    """One that was trained says so in its first bytes (RFC 8878 section 5); of any other all bytes are content."""
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_AUTO)
