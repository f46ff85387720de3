"""Says which rules of a robots.txt an address matches (RFC 9309 sections 2.2.2 and 2.2.3), at a cost that is bounded.

The rules and the address are both the publisher's: a file of 500 kB has 50,000 rules, and each may have to be looked
for anywhere in an address of four kilobytes. Rules without `*` are found by their beginnings. Of the others only those
are compared that have two characters in a row which the address has, too; and the work is reckoned before it is done.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import quote, urlsplit

# Characters of the rules with `*` that are compared, times those of the address: some milliseconds.
_MOST_WORK = 20_000_000
_OVERHEAD = 64  # characters, which it costs about as much to look through as to begin

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_KEPT = b"/%"  # what stays escaped where it is: the separator of paths, and what begins an escape
_STARS = re.compile(r"\*+")


class _Weight(NamedTuple):
    """The most specific rule counts, the longest; of two that are equal the one that allows."""

    length: int
    is_allowed: bool


class _Pattern(NamedTuple):
    """A rule with `*`, as the texts between them."""

    weight: _Weight
    parts: tuple[str, ...]
    is_anchored: bool  # the last of them ends the address

    def matches(self, path: str) -> bool:
        """Each text is looked for behind the one before; that the first place is enough makes it linear."""
        first, *others = self.parts
        if not path.startswith(first):
            return False
        at, end = len(first), len(path)
        if self.is_anchored:
            last = others.pop()
            end -= len(last)
            if not path.endswith(last):
                return False
        for part in others:
            found = path.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return at <= end


class PathRules:
    """The rules of one group."""

    def __init__(self) -> None:
        self._beginnings: dict[str, _Weight] = {}
        self._whole: dict[str, _Weight] = {}
        self._lengths: set[int] = set()  # of the beginnings
        # Of each rule with `*` the two characters that the fewest rules had before it; '' where it has no two in a row.
        self._patterns: dict[str, list[_Pattern]] = {}

    def add(self, value: str, *, is_allowed: bool) -> None:
        """A rule as it is written. An empty one says nothing."""
        if not value:
            return
        is_anchored = value.endswith("$")
        if is_anchored:  # a path may end with this very character, too
            self._add(_spelled(value, "*"), is_allowed, is_anchored=False)
        pattern = _spelled(value[:-1] if is_anchored else value, "*")
        self._add(pattern, is_allowed, is_anchored)
        if is_allowed and not is_anchored and pattern.endswith("/index.html"):
            self._add(pattern.removesuffix("index.html"), is_allowed, is_anchored=True)

    def _add(self, pattern: str, is_allowed: bool, is_anchored: bool) -> None:
        weight = _Weight(len(pattern) + is_anchored, is_allowed)
        known = self._whole if is_anchored else self._beginnings
        if not is_anchored:
            pattern = pattern.rstrip("*")
        if "*" in pattern:
            pattern = _STARS.sub("*", pattern)
            parts = tuple(pattern.split("*"))
            pairs = {pair for part in parts for pair in _pairs(part)} or {""}
            rarest = min(pairs, key=lambda pair: len(self._patterns.get(pair, ())))
            self._patterns.setdefault(rarest, []).append(_Pattern(weight, parts, is_anchored))
            return
        if not is_anchored:
            self._lengths.add(len(pattern))
        known[pattern] = max(weight, known.get(pattern, weight))

    def is_too_much(self, path: str) -> bool:
        """Whether it would take too long to say if the path may be visited."""
        return _work(self._compared(path), path) > _MOST_WORK

    def _compared(self, path: str) -> list[_Pattern]:
        """The rules with `*` that the path may match."""
        known = self._patterns
        return [pattern for pair in ("", *(known.keys() & _pairs(path))) for pattern in known.get(pair, ())]

    def allow(self, path: str) -> bool:
        """Whether the path, as `path_of` has it, may be visited; False also where that is too much work."""
        patterns = self._compared(path)
        if _work(patterns, path) > _MOST_WORK:
            return False
        found = [self._whole.get(path), *(self._beginnings.get(path[:length]) for length in self._lengths)]
        best = max((weight for weight in found if weight), default=_Weight(0, True))
        for pattern in patterns:
            if pattern.weight > best and pattern.matches(path):
                best = pattern.weight
        return best.is_allowed


def _pairs(text: str) -> set[str]:
    """All that stands two in a row."""
    return set(map("".join, pairwise(text)))


def _work(patterns: list[_Pattern], path: str) -> int:
    return sum(pattern.weight.length for pattern in patterns) * (len(path) + _OVERHEAD)


def path_of(url: str) -> str:
    """Path and query of an address, spelled as the rules are."""
    url = url.partition("#")[0]
    parts = urlsplit(url)
    path = _spelled(f"{parts.path}?{parts.query}" if "?" in url else parts.path)
    return path if path.startswith("/") else f"/{path}"


def _spelled(text: str, kept: str = "") -> str:
    """With each character escaped that needs it, and no other, so that two spellings of an address are one."""
    keep = _KEPT + kept.encode()

    def plain(found: re.Match[bytes]) -> bytes:
        byte = bytes.fromhex(found[1].decode())
        return found[0].upper() if byte in keep else byte

    return quote(_ESCAPE.sub(plain, text.encode("utf-8", "surrogateescape")), safe="/%=" + kept)
