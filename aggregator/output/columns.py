"""Two texts side by side, in columns of a terminal; below each other where there is no room."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from aggregator.text.printable import line

_BETWEEN = " | "
_NARROWEST = 24  # columns of one side
_MOST_LINES = 6  # of one paragraph


def side_by_side(left: Sequence[str], right: Sequence[str], width: int, indent: str) -> str:
    """Paragraph beside paragraph, each on lines of its own; `width` is that of the terminal, with the indent."""
    side = (width - len(indent) - len(_BETWEEN)) // 2
    if side < _NARROWEST:
        rest = max(width - len(indent) - 2, _NARROWEST)
        said = [("< ", each) for each in left] + [("> ", each) for each in right]
        return "".join(f"{indent}{mark}{one}\n" for mark, each in said for one in _wrapped(each, rest))
    return "".join(f"{indent}{row}\n" for row in _rows(left, right, side))


def fitted(text: str, width: int) -> str:
    """One line of exactly so many columns; what is longer ends in "…"."""
    while _columns(text) > width:
        text = text.removesuffix("…")[:-1].rstrip() + "…"
    return text + " " * (width - _columns(text))


def _rows(left: Sequence[str], right: Sequence[str], side: int) -> Iterator[str]:
    for one, other in zip_longest(left, right, fillvalue=""):
        for here, there in zip_longest(_wrapped(one, side), _wrapped(other, side), fillvalue=""):
            yield f"{here}{' ' * max(0, side - _columns(here))}{_BETWEEN}{there}".rstrip()


def _wrapped(text: str, side: int) -> list[str]:
    """Characters that are two columns wide are counted as two."""
    said = line(" ".join(text.split()))
    room = side if _columns(said) <= len(said) else side // 2
    lines = textwrap.wrap(said, room)
    return lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], f"{lines[_MOST_LINES - 1][: room - 1]}…"]


def _columns(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide - sum(bool(unicodedata.combining(each)) for each in text)
