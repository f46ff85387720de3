"""The ledger as subscribers follow it: cursors."""

from __future__ import annotations

import re
from typing import Self

from msgspec import Struct

_SHOWN = 8  # characters of the hash in a cursor: enough to tell two histories apart
_CURSOR = re.compile(rf"([1-9][0-9]{{0,17}})-([0-9a-f]{{{_SHOWN}}})")


class Cursor(Struct, frozen=True):
    """Up to which line a subscriber has read: its number, and the first eight characters of its hash (hexadecimal)."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}-{self.hash}"

    @classmethod
    def of(cls, seq: int, hashed: bytes) -> Self:
        """The cursor of a line with this number and hash."""
        return cls(seq, hashed.hex()[:_SHOWN])

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The cursor that a line of the ledger carries, such as `197-5e6f7a8b`; None: this text is no cursor."""
        match = _CURSOR.fullmatch(text.strip().lower())
        return cls(int(match[1]), match[2]) if match else None
