"""The versions of a report side by side: which words came and which went. It alone compares word by word."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from difflib import SequenceMatcher
from typing import Any, Literal

from msgspec import Struct

from aggregator.identity import address_of
from aggregator.model import Changed, Entry, Media
from aggregator.text.dates import for_people
from aggregator.text.html import byline, clean_line, one_line, plain
from aggregator.text.page_words import as_shown
from aggregator.text.printable import line, lines
from aggregator.text.raw_words import entry_of

Piece = tuple[Literal["same", "gone", "come"], str]
Row = Mapping[str, Any]

_GONE, _COME, _BOLD, _PLAIN = "\x1b[31;9m", "\x1b[32m", "\x1b[1m", "\x1b[0m"
_WORD = re.compile(r"\S+\s*")
_LINE = re.compile(r"\S[^\n]*(?:\n\s*|$)")  # with the blanks that follow it
_AROUND = 8  # words shown on either side of what changed
# What comparing two lists costs at most is about the number of pairs of equal words, times the length of the shorter
# list. So many pairs times words are compared, in about a second; of more, the most frequent words are no anchors.
_MOST_WORK = 5_000_000


class Effort(Struct):
    """How much may still be compared for one page or answer, however many texts it compares: pairs times words."""

    left: int = _MOST_WORK


def word_diff(before: str, after: str, effort: Effort | None = None) -> list[Piece]:
    """What of `before` is in `after`, what went and what came, in reading order. The pieces that stayed and came are
    `after`, those that stayed and went are the words of `before`; blanks make no difference.

    Paragraphs are compared first, then the words of those that differ, so that a long text takes no longer than two
    short ones. What is too much even so is one piece that went and one that came. `effort`: what is left of it; None:
    as much as there is for one comparison.
    """
    effort, pieces = effort or Effort(), list[Piece]()
    old, new = _LINE.findall(before.strip()), _LINE.findall(after.strip())
    for kind, gone, come in _compared(old, new, effort):
        if kind == "equal":
            pieces.append(("same", "".join(come)))
            continue
        old_words, new_words = _WORD.findall("".join(gone)), _WORD.findall("".join(come))
        for inner, went, came in _compared(old_words, new_words, effort):
            if inner == "equal":
                pieces.append(("same", "".join(came)))
                continue
            if went:
                pieces.append(("gone", "".join(went)))
            if came:
                pieces.append(("come", "".join(came)))
    return _joined(pieces)


def _compared(
    before: Sequence[str], after: Sequence[str], effort: Effort
) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    """The runs that are equal and those that are not, in order: which, what of `before`, what of `after`."""
    old, new = [" ".join(each.split()) for each in before], [" ".join(each.split()) for each in after]
    most = min(len(old), len(new))
    first = next((place for place in range(most) if old[place] != new[place]), most)
    most -= first
    last = next((place for place in range(most) if old[-1 - place] != new[-1 - place]), most)
    if first:
        yield "equal", before[:first], after[:first]
    old_end, new_end = len(old) - last, len(new) - last
    anchors = _anchors(old[first:old_end], new[first:new_end], effort)
    matcher = SequenceMatcher(lambda word: word not in anchors, old[first:old_end], new[first:new_end], autojunk=False)
    for kind, old_first, old_last, new_first, new_last in matcher.get_opcodes():
        yield (kind, before[first + old_first : first + old_last], after[first + new_first : first + new_last])
    if last:
        yield "equal", before[old_end:], after[new_end:]


def _anchors(old: Sequence[str], new: Sequence[str], effort: Effort) -> set[str]:
    """The words of both that they are compared by: the rarest, as many as there is time for."""
    here, there = Counter(old), Counter(new)
    shorter = min(len(old), len(new)) or 1
    anchors = set()
    for pairs, word in sorted((here[word] * there[word], word) for word in here.keys() & there.keys()):
        if pairs * shorter > effort.left:
            break
        effort.left -= pairs * shorter
        anchors.add(word)
    return anchors


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """With neighbours of one kind as one piece."""
    joined: list[Piece] = []
    for kind, text in pieces:
        if joined and joined[-1][0] == kind:
            joined[-1] = (kind, joined[-1][1] + text)
        else:
            joined.append((kind, text))
    return joined


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
    old, new = _fields(entry_of(before["words"])), _fields(entry_of(row["words"]))
    return [name for name in new if old[name].split() != new[name].split()]


def _fields(entry: Entry) -> dict[Changed, str]:
    """The plain reading of everything that an entry said which a version can change, by field."""
    entry = as_shown(entry)
    return {
        "title": clean_line(entry.title),
        "summary": plain(entry.summary),
        "body": "\n".join(filter(None, map(plain, entry.content))),
        "byline": byline(person.name for person in entry.authors if person.name),
        "url": address_of(entry) or "",
        "media": "\n".join(map(_media, entry.media)),
        "dates": " ".join(filter(None, (entry.published, entry.updated))),
    }


def _media(said: Media) -> str:
    return " ".join(filter(None, (said.url, one_line(said.caption), said.credit, said.copyright)))


def versions(rows: Sequence[Row], coloured: bool, zone: tzinfo) -> str:
    """Every version of a report, oldest first: the first in full, of the others what changed; times in `zone`.

    What came is green and what went red and struck through; where there are no colours {+what came+} and [-what went-].
    """
    rows = with_changes(rows)
    texts = [{name: lines(text) for name, text in _fields(entry_of(row["words"])).items()} for row in rows]
    blocks = []
    for number, row in enumerate(rows):
        head = f"{row['number']}. {row['change_kind']}, {for_people(str(row['seen_at']), zone)}"
        named = f"; changed: {', '.join(row['changed'])}" if row["changed"] else ""
        before = texts[number - 1] if number else None
        below = _first(texts[0]) if before is None else _later(before, texts[number], row["changed"], coloured)
        head = line(f"{head}, from {row['source_name']}{named}")
        blocks.append("\n".join((f"{_BOLD}{head}{_PLAIN}" if coloured else head, *below)) + "\n")
    return "\n".join(blocks)


def _first(texts: Mapping[Changed, str]) -> Iterator[str]:
    words: tuple[Changed, ...] = ("title", "summary", "body")
    for name in words:
        if texts[name]:
            yield _indented(texts[name])


def _later(
    before: Mapping[Changed, str], after: Mapping[Changed, str], changed: Sequence[Changed], coloured: bool
) -> Iterator[str]:
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
            last = place == len(pieces) - 1
            shown = _shortened(text, place == 0, last)
            # The last words of the new text end in no blank, and what went behind them is no part of them.
            said.append(shown if last or shown[-1].isspace() else shown + " ")
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
