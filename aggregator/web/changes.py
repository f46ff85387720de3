"""A page of the ledger for one asker: its lines, each with its report as it may leave now, and what may be missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from aggregator.desk.outgoing import releases
from aggregator.model import Selection, Wire
from aggregator.model.release import Outlet, Refusal, Release
from aggregator.output.record import pictures, record
from aggregator.store import Store
from aggregator.text.printable import as_json

_OUT = frozenset({"withheld", "withdrawn", "deleted"})
_TAKES_BACK = frozenset({*_OUT, "retagged", "terms_changed"})
_LOOKED_BACK = timedelta(days=7)  # for gaps, as `health` and `coverage` do
_MOST_GAPS = 50  # publishers that are named
_LINE = ("seq", "cursor", "change_kind", "at", "id", "publisher", "publisher_name", "publisher_place")


class Page(Struct, frozen=True):
    """Lines of the ledger, oldest first, each as JSON of one line of text."""

    lines: tuple[tuple[str, str, str], ...]  # cursor, kind, JSON
    reports: Mapping[str, int]  # how many reports leave with it, by publisher
    cursor: str | None  # up to where the ledger was read; None: it has no line yet
    is_more: bool  # there are lines behind it already
    newest: int  # number of the last line of the ledger, in the selection or not; 0: there is none
    gaps: tuple[Mapping[str, Any], ...]
    until: datetime | None  # when the clock alone changes what leaves of a report of it; None: never

    def heartbeat(self) -> str:
        """How far it has come, as JSON of one line."""
        return as_json({"cursor": self.cursor, "newest": self.newest, "gaps": self.gaps})

    def body(self, following: str | None) -> bytes:
        """As the API answers it."""
        about = as_json({"next": following, "cursor": self.cursor, "newest": self.newest, "gaps": self.gaps})
        return f'{{"changes": [{", ".join(said for *_, said in self.lines)}], {about[1:]}\n'.encode()


def read(store: Store, wire: Wire, by: Outlet, selection: Selection, most_bytes: int) -> Page:
    """The lines behind `selection.after`, `selection.limit` at most, and no more than have room in `most_bytes`, or the
    first. Raises CursorError where the ledger does not hold the line of the cursor, and StoreError.
    """
    after = selection.after
    newest = store.last_cursor()
    end = newest if selection.search is None else store.last_cursor(selection.search)
    # Both before the lines: what comes meanwhile is read the next time.
    if end is None or (after and after.seq > end.seq):  # it is not known yet what a search has found by those between
        end = after
    found = store.changes(after, replace(selection, up_to=end)) if end else []  # of an empty ledger a cursor too
    ids = dict.fromkeys(line["id"] for line in found if line["id"] and line["change_kind"] not in _OUT)
    let_out = {each.id: each for each in releases(store, wire, ids, by, with_html=False)}
    lines: list[tuple[str, str, str]] = []
    counts: Counter[str] = Counter()
    room = most_bytes
    passed = None  # up to here all has been looked at
    for line in found:
        if by.use is not None and not _is_told(line, let_out):
            passed = line["cursor"]
            continue
        out = let_out.get(line["id"]) if line["change_kind"] not in _OUT else None
        release = out if isinstance(out, Release) else None
        said = as_json(_line(line, release))
        room -= len(said.encode())
        if room < 0 and lines:
            break
        passed = line["cursor"]
        lines.append((line["cursor"], line["change_kind"], said))
        if release:
            counts[release.publisher] += 1
    is_more = bool(found) and (passed != found[-1]["cursor"] or len(found) == selection.limit)
    cursor = passed if is_more else str(end or "") or None
    return Page(
        lines=tuple(lines),
        reports=counts,
        cursor=cursor,
        is_more=is_more,
        newest=newest.seq if newest else 0,
        gaps=tuple(
            store.open_gaps(replace(selection, search=None, channel=by.channel), by.now - _LOOKED_BACK, _MOST_GAPS)
        ),
        until=min((each.valid_until for each in let_out.values() if each.valid_until), default=None),
    )


def _is_told(line: Mapping[str, Any], let_out: Mapping[str, Release | Refusal]) -> bool:
    """Whether a machine gets a line: of what it may not have, that alone which takes something back."""
    is_out = line["id"] is None or isinstance(let_out.get(line["id"]), Release)
    return is_out or line["change_kind"] in _TAKES_BACK


def _line(line: Mapping[str, Any], out: Release | None) -> dict[str, Any]:
    words = {"title": out.headline if out else None, "url": out.url if out else None}
    report = {**record(out), "pictures": pictures(out)} if out else None
    about = {"revision": line["revision"], "note": line["note"]}
    return {**{name: line[name] for name in _LINE}, **words, **about, "report": report}
