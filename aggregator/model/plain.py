"""A noun as plain values, for JSON."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct, to_builtins


def as_dict(noun: Struct) -> dict[str, Any]:
    """Its fields by name, in order, as are those of the nouns in it. Times, days and bytes stay what they are."""
    plain: dict[str, Any] = to_builtins(noun, builtin_types=(bytes, date, datetime, timedelta))
    return plain
