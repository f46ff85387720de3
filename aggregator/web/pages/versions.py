"""/report/{id}/versions: every version of a report, and what each changed, or any two of them, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from aggregator.desk.outgoing import releases, versions
from aggregator.model.release import Refusal, Release
from aggregator.output import beside
from aggregator.output.diff import Effort, Piece, word_diff
from aggregator.web.pages import absent, wording
from aggregator.web.pages.page import Page, PageRoute, Visit
from aggregator.web.pages.report import canonical, directed, of_page
from aggregator.web.problems import Problem

MOST = 50
_MOST_SHOWN = 500_000  # characters of differences on a page, beside those of one version
_AROUND = 30  # words shown on either side of what changed
_WORD = re.compile(r"\S+\s*")

Said = tuple[Mapping[str, Any], Release]  # a version, as `desk.outgoing.versions` gives it
Kind = Literal["same", "gone", "come", "left_out"]


class Difference(Struct, frozen=True):
    """What one version of a field says otherwise than another."""

    field: str  # a key of wording.COMPARED
    pieces: tuple[tuple[Kind, str], ...]  # left_out: unchanged words, folded away


class Version(Struct, frozen=True):
    number: int
    change: str  # a key of wording.CHANGE_KINDS
    at: str
    release: Release
    differences: tuple[Difference, ...]  # from the one before
    is_unseen: bool  # what changed is not in its words: a picture, or a date
    apart_from: int | None  # of the version before, where the page has no room for what changed since


def versions_page(visit: Visit) -> Page:
    """Raises Problem."""
    id_ = visit.named["id"]
    found = versions(visit.store, visit.wire, id_, visit.by, MOST)
    if not found or isinstance(found, Refusal):
        return absent.page(visit, id_, found if isinstance(found, Refusal) else None, "/versions")
    if any(each.scope != "full_text" for _, each in found):
        raise Problem(
            403, "The older versions of this report cannot be shown",
            "The rights of its publisher let this wire show its newest version alone.",
        )  # fmt: skip
    newest = next(releases(visit.store, visit.wire, [id_], visit.by))
    if isinstance(newest, Refusal):
        return absent.page(visit, id_, newest, "/versions")
    is_whole, effort = visit.one("whole") is not None, Effort()
    chosen = _chosen(visit, found)
    compared = _differences(chosen[0].release, chosen[1].release, is_whole, effort) if chosen else ()
    listed = list(_versions(found, is_whole, effort, 0 if chosen else _MOST_SHOWN))
    title = visit.gettext("Versions: %(headline)s") % {"headline": beside.headline(newest)}
    return Page(
        template="versions.html",
        title=title,
        description=of_page(title, newest),
        values={
            "report": newest,
            "versions": listed,
            "is_cut": newest.revision > len(listed),
            "chosen": chosen,
            "compared": compared,
            "is_whole": is_whole,
            "whole_address": _address(id_, chosen),
            "fields": wording.COMPARED,
            "changes": wording.CHANGE_KINDS,
            "notices_language": visit.notices_language(newest.publisher),
            "disclaimers": directed(newest, newest.disclaimers),
        },
        canonical=canonical(visit, newest),
        is_indexed=False,
        until=newest.valid_until,
        headers=tuple(beside.reservation(newest).items()),
        reports={newest.publisher: 1},
    )


def _versions(found: Sequence[Said], is_whole: bool, effort: Effort, room: int) -> Iterator[Version]:
    """The newest first, and what they changed. `room`: the characters of differences that there is room for."""
    for place, (row, each) in reversed([*enumerate(found)]):
        before, differences = found[place - 1] if place else None, tuple[Difference, ...]()
        is_apart = before is not None and room <= 0
        if before is not None and not is_apart:
            differences = _differences(before[1], each, is_whole, effort)
            room -= sum(len(words) for difference in differences for _, words in difference.pieces)
        yield replace(
            _version((row, each)),
            differences=differences,
            is_unseen=before is not None and not is_apart and not differences,
            apart_from=before[0]["number"] if before is not None and is_apart else None,
        )


def _version(said: Said) -> Version:
    row, release = said
    return Version(row["number"], row["change_kind"], row["seen_at"], release, (), is_unseen=False, apart_from=None)


def _chosen(visit: Visit, found: Sequence[Said]) -> tuple[Version, Version] | None:
    """The two that are to be compared, the older one first; None: none are named. Raises Problem."""
    said = visit.one("from"), visit.one("to")
    if said == (None, None):
        return None
    by_number = {str(row["number"]): _version((row, each)) for row, each in found}
    if said[0] not in by_number or said[1] not in by_number:
        raise Problem(404, "There is no such version", "Choose two of the versions that are listed.")
    one, other = by_number[said[0] or ""], by_number[said[1] or ""]
    return (one, other) if one.number <= other.number else (other, one)


def _address(report: str, chosen: tuple[Version, Version] | None) -> str:
    named = f"from={chosen[0].number}&to={chosen[1].number}&" if chosen else ""
    return f"/report/{report}/versions?{named}whole=yes"


def _differences(before: Release, after: Release, is_whole: bool, effort: Effort) -> tuple[Difference, ...]:
    """By field, of those that differ in their words."""
    found = []
    for name in wording.COMPARED:
        old, new = _words(before, name), _words(after, name)
        if old.split() != new.split():
            pieces = word_diff(old, new, effort)
            found.append(Difference(name, tuple(pieces if is_whole else _shortened(pieces))))
    return tuple(found)


def _words(release: Release, name: str) -> str:
    """Of a summary nothing where it is how the text begins, as it is of most."""
    said = str(getattr(release, name) or "")
    return "" if name == "summary" and said in release.text else said


def _shortened(pieces: Sequence[Piece]) -> Iterator[tuple[Kind, str]]:
    """The pieces, in which of long runs of unchanged words only those are left that stand beside a change."""
    for place, (kind, text) in enumerate(pieces):
        words = _WORD.findall(text)
        head = 0 if place == 0 else _AROUND
        tail = 0 if place == len(pieces) - 1 else _AROUND
        if kind != "same" or len(words) <= head + tail + _AROUND:
            yield kind, text
            continue
        parts: tuple[tuple[Kind, list[str]], ...] = (
            ("same", words[:head]),
            ("left_out", words[head : len(words) - tail]),
            ("same", words[len(words) - tail :]),
        )
        yield from ((each, "".join(those)) for each, those in parts if those)


ROUTES = (PageRoute("/report/{id}/versions", versions_page, ("from", "to", "whole")),)
