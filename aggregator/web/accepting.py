"""What a client accepts, and how much it likes each (RFC 9110 section 12.4.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WEIGHT = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def weights(fields: Iterable[str]) -> dict[str, float]:
    """Of the fields of one name: names in small letters, in their order, with weights from 0 (refused) to 1. A weight
    that cannot be read is 1.
    """
    found: dict[str, float] = {}
    for each in ",".join(fields).split(","):
        name, *more = (part.strip().lower() for part in each.split(";"))
        said = next((part[2:] for part in more if part.startswith("q=")), "1")
        found.setdefault(name, float(said) if _WEIGHT.fullmatch(said) else 1.0)
    return found
