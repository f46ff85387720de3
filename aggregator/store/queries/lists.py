"""Lists as they are stored within a column: JSON, as Python's `json` writes it without escapes."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import json

_encode = json.Encoder().encode


def as_list(those: Sequence[object]) -> str:
    """To the character what `json.dumps(those, ensure_ascii=False)` returns, in a quarter of the time; nouns are
    objects.
    """
    return json.format(_encode(those), indent=0).decode()
