"""The word lists by which bylines, datelines and credits are read, out of the files that people can read."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from aggregator.tags.known_places import key_of


@cache
def listed(name: str) -> frozenset[str]:
    """The words of one list of `words_of_names.txt`, as `key_of` makes them."""
    _, _, rest = _lines("words_of_names.txt").partition(f"[{name}]\n")
    return frozenset(key_of(word.replace("_", " ")) for word in rest.partition("\n[")[0].split())


@cache
def generic_bylines() -> frozenset[str]:
    """Bylines that name nobody."""
    return frozenset(map(key_of, _lines("generic_bylines.txt").splitlines()))


def _lines(file: str) -> str:
    """What is no comment."""
    lines = Path(__file__).with_name(file).read_text("utf-8").splitlines()
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("#"))
