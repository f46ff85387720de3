"""The versions of a report side by side: which words came and which went. It alone compares word by word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal

from aggregator.printable import address, line, lines
from aggregator.text import byline, one_line, plain
from aggregator.types import Text

Piece = tuple[Literal["same", "gone", "come"], str]
Row = Mapping[str, Any]

_GONE, _COME, _BOLD, _PLAIN = "\x1b[31;9m", "\x1b[32m", "\x1b[1m", "\x1b[0m"
_WORD = re.compile(r"\S+\s*")
_AROUND = 8  # words shown on either side of what changed
# Beyond, the words that are everywhere are no longer used as anchors: two long texts would take seconds.
_LONG = 4_000_000


def word_diff(before: str, after: str) -> list[Piece]:
    """What of `before` is in `after`, what went and what came, in reading order. The pieces that stayed and came are
    `after`, those that stayed and went are the words of `before`; blanks make no difference.
    """
    old, new = _WORD.findall(before.strip()), _WORD.findall(after.strip())
    old_words, new_words = [word.rstrip() for word in old], [word.rstrip() for word in new]
    matcher = SequenceMatcher(None, old_words, new_words, autojunk=len(old) * len(new) > _LONG)
    pieces: list[Piece] = []
    for kind, old_first, old_last, first, last in matcher.get_opcodes():
        if kind == "equal":
            pieces.append(("same", "".join(new[first:last])))
            continue
        if old_first < old_last:
            pieces.append(("gone", "".join(old[old_first:old_last])))
        if first < last:
            pieces.append(("come", "".join(new[first:last])))
    return pieces


def with_changes(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows of `Store.revisions`, oldest first, each with `changed`: a list of what differs from the version before,
    empty for the first. A version stored without it is compared in its plain reading.
    """
    before = [None, *rows[:-1]]
    return [{**row, "changed": _changed(old, row)} for old, row in zip(before, rows, strict=True)]


def _changed(before: Row | None, row: Row) -> list[str]:
    if before is None:
        return []
    if stored := row.get("changed"):
        return list(json.loads(stored) if isinstance(stored, str) else stored)
    old, new = _fields(before["words"]), _fields(row["words"])
    return [name for name in new if old[name].split() != new[name].split()]


def _fields(words: Row) -> dict[str, str]:
    """The plain reading of everything that an entry said which a version can change, by field."""
    links = (address(link["href"]) for link in words.get("links", ()) if link.get("rel", "alternate") == "alternate")
    return {
        "title": one_line(_text(words.get("title"))),
        "summary": plain(_text(words.get("summary"))),
        "body": "\n".join(filter(None, (plain(_text(text)) for text in words.get("content", ())))),
        "byline": byline(person["name"] for person in words.get("authors", ()) if person.get("name")),
        "url": next(filter(None, links), ""),
        "dates": " ".join(filter(None, (words.get("published"), words.get("updated")))),
    }


def _text(said: Mapping[str, str] | None) -> Text | None:
    return Text(**said) if said else None


def versions(rows: Sequence[Row], coloured: bool) -> str:
    """Every version of a report, oldest first: the first in full, of the others what changed.

    What came is green and what went red and struck through; where there are no colours {+what came+} and [-what went-].
    """
    rows = with_changes(rows)
    texts = [{name: lines(text) for name, text in _fields(row["words"]).items()} for row in rows]
    blocks = []
    for number, row in enumerate(rows):
        head = f"{row['number']}. {row['kind']}, {str(row['seen_at']).replace('T', ' ').rstrip('Z')} UTC"
        named = f"; changed: {', '.join(row['changed'])}" if row["changed"] else ""
        before = texts[number - 1] if number else None
        below = _first(texts[0]) if before is None else _later(before, texts[number], row["changed"], coloured)
        head = line(f"{head}, from {row['source']}{named}")
        blocks.append("\n".join((f"{_BOLD}{head}{_PLAIN}" if coloured else head, *below)) + "\n")
    return "\n".join(blocks)


def _first(texts: Mapping[str, str]) -> Iterator[str]:
    for name in ("title", "summary", "body"):
        if texts[name]:
            yield _indented(texts[name])


def _later(before: Row, after: Row, changed: Sequence[str], coloured: bool) -> Iterator[str]:
    for name in changed:
        pieces = word_diff(before.get(name, ""), after.get(name, ""))
        if any(kind != "same" for kind, _ in pieces):
            yield _indented(f"{name}: {_rendered(pieces, coloured)}")
        else:
            yield _indented(f"{name}: not in its words (a link, a picture, or words that are not kept)")


def _rendered(pieces: Sequence[Piece], coloured: bool) -> str:
    marks = (
        {"gone": (_GONE, _PLAIN), "come": (_COME, _PLAIN)} if coloured else {"gone": ("[-", "-]"), "come": ("{+", "+}")}
    )
    said = []
    for place, (kind, text) in enumerate(pieces):
        if kind == "same":
            said.append(_shortened(text, place == 0, place == len(pieces) - 1))
        else:
            begin, end = marks[kind]
            words = text.rstrip()
            # A word that went is followed by the one that came in its place; brackets hold them apart.
            replaced = kind == "gone" and place + 1 < len(pieces) and pieces[place + 1][0] == "come"
            said.append(begin + words + end + ("" if replaced and not coloured else text[len(words) :] or " "))
    return "".join(said).rstrip()


def _shortened(text: str, first: bool, last: bool) -> str:
    """A run of unchanged words, of which only those beside a change are shown."""
    words = _WORD.findall(text)
    head, tail = (0 if first else _AROUND), (0 if last else _AROUND)
    if len(words) <= head + tail + 4:
        return text
    return "".join(words[:head]) + "… " + "".join(words[len(words) - tail :])


def _indented(text: str) -> str:
    return "   " + text.replace("\n", "\n   ")
