"""On which line of a publisher's file something stands, for messages that send a person there."""

from __future__ import annotations

import re

_TABLE = re.compile(r"\s*\[")
_SOURCE = re.compile(r"\s*\[\[\s*source\s*\]\]")
_OFF = re.compile(r"\s*enabled\s*=\s*false\b")


def switched_off_at(text: str, number: int) -> int | None:
    """The line, from 1, on which the source of this number, from 1, says `enabled = false`; None: on none that is found
    by looking, as in `source = [{...}]`.
    """
    seen, is_inside = 0, False
    for line_number, line in enumerate(text.split("\n"), start=1):
        if _TABLE.match(line):
            is_inside = _SOURCE.match(line) is not None
            seen += is_inside
        elif is_inside and seen == number and _OFF.match(line):
            return line_number
    return None
