"""Who wrote a report, from a byline in which publishers write names and mail addresses in many ways. Pure."""

from __future__ import annotations

import re

from aggregator.model import Person

_MAIL = re.compile(r"[^\s<>()@:,;]+@[^\s<>()@:,;]+\.[^\s<>()@:,;.]+")
_WITH_BRACKETS = re.compile(rf"(?P<open>[(<\[]?)\s*(?:mailto:)?(?P<mail>{_MAIL.pattern})\s*(?P<close>[)>\]]?)")
_LONG = 300  # characters; the search for a mail address costs the square of them
_BRACKETS = {"(": ")", "<": ">", "[": "]"}
_MARK = re.compile(r"[(<\[]|[)>\]]|[,;/&]|\s(?:and|et|und|y|e)\s", re.IGNORECASE)
_LEFT_OVER = re.compile(r"mailto:|<\s*>|\(\s*\)")
_EDGES = " ,;:\n\t"


def persons_of(said: str) -> tuple[Person, ...]:
    """`mail (Name)`, `Name <mail>`, a mail address or a name alone, and several of those with a mail address each;
    whatever else it may be is a name.
    """
    found = _MAIL.search(said) if "@" in said and len(said) < _LONG else None
    if found is None:
        return (Person(name=said),) if said else ()
    name = (said[: found.start()] + said[found.end() :]).removeprefix("mailto:").strip(" ()<>,;:\n\t")
    if _is_whole(name):
        return (Person(name=name or None, email=found.group()),)
    pieces = _apart(said)
    if all(map(_MAIL.search, pieces)):
        return tuple(map(_one, pieces))
    return (_one(said),)


def _is_whole(name: str) -> bool:
    """Whether a name is none that lost a bracket of its own, or still has a mail address in it."""
    depth = 0
    for sign in name:
        depth += (sign in _BRACKETS) - (sign in _BRACKETS.values())
        if depth < 0:
            return False
    return depth == 0 and not _MAIL.search(name) and not _LEFT_OVER.search(name)


def _apart(said: str) -> list[str]:
    """The pieces between the commas and the like that stand in no brackets."""
    pieces, start, depth = [], 0, 0
    for mark in _MARK.finditer(said):
        if mark[0] in _BRACKETS:
            depth += 1
        elif mark[0] in _BRACKETS.values():
            depth -= 1
        elif depth == 0:
            pieces.append(said[start : mark.start()])
            start = mark.end()
    return [piece for each in (*pieces, said[start:]) if (piece := each.strip(_EDGES))]


def _one(said: str) -> Person:
    """One person: what stands around the mail address and its brackets is the name."""
    found = _WITH_BRACKETS.search(said)
    if found is None:
        return Person(name=said)
    start, end = found.span()
    if _BRACKETS.get(found["open"]) != found["close"]:  # brackets of the name
        start, end = found.start() + len(found["open"]), found.end() - len(found["close"])
    name = " ".join(f"{said[:start]} {said[end:]}".split()).strip(_EDGES)
    if name.startswith("(") and _is_around(name):
        name = name[1:-1].strip()
    return Person(name=name or None, email=found["mail"])


def _is_around(name: str) -> bool:
    """Whether the bracket with which a name begins ends at its end."""
    depth = 0
    for place, sign in enumerate(name):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return place == len(name) - 1
    return False
