"""How subscribers do: how far each has been brought, what it is owed, and who has not confirmed that a report left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model import ALL_REPORTS, Config, Cursor, Queue, Selection, Subscriber
from aggregator.model.errors import DeskError
from aggregator.model.subscriber import CONFIRMED_WITHIN, TAKES_BACK
from aggregator.pipeline.owed import line_at, of_given, selection_of
from aggregator.store import Store
from aggregator.text.dates import from_iso, to_iso

MOST_OWED = 1_000  # lines that are counted
_LATE = timedelta(minutes=15)  # whoever is owed something for so long does not take it
_TROUBLE = ("faulty", "not_sent", "ended", "failing", "late")


def listed(store: Store, config: Config, now: datetime) -> list[dict[str, Any]]:
    """A row a subscriber, by name: those of the files, and those of which only the database knows.

    - `subscriber`, `state`: faulty (its file has a fault), off (enabled = false), no_file, new (nothing was sent yet),
      not_sent (its secrets cannot be used), ended (its server said 410), paused (by a person), failing, late (owed
      something, and without having confirmed anything, for a quarter of an hour, though nothing failed), fine;
    - `url`, `format`, `channel`, `contact` of its file; None: it has none, or it is faulty;
    - `owed`: lines, at most MOST_OWED; `oldest`: when the first of them was written; None: nothing, or not known;
    - `acknowledged_at`, `acknowledged_seq`: the last message that it confirmed, and its number; None: none;
    - `attempts` that failed of the message that is sent now, `next_at`, `failing_since`, `error`;
    - `dead_letters`: how many messages could not be delivered.

    Times are ISO 8601, UTC.
    """
    queues = {queue.name: queue for queue in store.queues()}
    files = {each.name: each for each in config.subscribers}
    faulty = {each.key: each.faults for each in config.faulty_subscribers}
    return [
        _row(store, config, name, _Known(files.get(name), queues.get(name), faulty.get(name, ())), now)
        for name in sorted({*queues, *files, *faulty})
    ]


class _Known(Struct, frozen=True):
    """What is known of one subscriber."""

    file: Subscriber | None  # None: there is none, or it has faults
    queue: Queue | None  # None: nothing was sent to it yet
    faults: Sequence[str]


def _row(store: Store, config: Config, name: str, known: _Known, now: datetime) -> dict[str, Any]:
    of, queue, faults = known.file, known.queue, known.faults
    owed, oldest = _owed(store, config, of, queue)
    until = queue.next_at if queue else None
    return {
        "subscriber": name,
        "state": _state(known, oldest, now),
        "url": of.url.text if of else None,
        "format": of.format if of else None,
        "channel": of.channel if of else None,
        "contact": of.contact if of else None,
        "owed": owed,
        "oldest": oldest,
        "acknowledged_at": _iso(queue.acknowledged_at) if queue else None,
        "acknowledged_seq": queue.acknowledged_seq if queue else None,
        "attempts": queue.attempts if queue else 0,
        "next_at": _iso(until),
        "failing_since": _iso(queue.failing_since) if queue else None,
        "error": faults[0] if faults else queue.error if queue else None,
        "dead_letters": queue.dead_letters if queue else 0,
    }


def _state(known: _Known, oldest: str | None, now: datetime) -> str:
    of, queue = known.file, known.queue
    taken, began = (queue.acknowledged_at, queue.began_at) if queue else (None, now)
    states = (
        ("faulty", bool(known.faults)),
        ("no_file", of is None),
        ("off", of is not None and not of.enabled),
        ("new", queue is None),
        ("ended", queue is not None and queue.ended_at is not None),
        ("paused", queue is not None and queue.paused_at is not None),
        ("failing", queue is not None and queue.failing_since is not None),
        ("not_sent", queue is not None and queue.error is not None),
        ("late", oldest is not None and now - max(from_iso(oldest), taken or began) > _LATE),
    )
    return next((state for state, holds in states if holds), "fine")


def _owed(store: Store, config: Config, of: Subscriber | None, queue: Queue | None) -> tuple[int | None, str | None]:
    """How many lines, and when the first of them was written."""
    selection = selection_of(config, store, of) if of and queue else None
    if queue is None or selection is None:
        return None, None
    lines = store.changes(store.cursor_at(queue.seq), replace(selection, limit=MOST_OWED))
    end = Cursor.read(lines[-1]["cursor"]) if len(lines) == MOST_OWED else store.last_cursor()
    given = of_given(store, queue, queue.seq, end) if end else ()
    owed = {line["seq"]: line["at"] for line in (*lines, *given)}
    return min(len(owed), MOST_OWED), owed[min(owed)] if owed else None


def in_trouble(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those who do not take what they are owed, and those to whom something could not be delivered."""
    return [row for row in rows if row["state"] in _TROUBLE or row["dead_letters"]]


def unacknowledged(store: Store, config: Config, report: str, now: datetime) -> list[dict[str, Any]]:
    """Who has not confirmed the last line by which a report left the wire. DeskError: there is no such line. A row a
    subscriber:

    - `subscriber`, `seq`, `change_kind`, `at`: the line;
    - `due_at`: by when it was to be confirmed; `overdue`: whether that is over;
    - `state`, `error`, `contact` as `listed` has them; of `no_file` nobody knows whether it was given the report.
    """
    lines = store.taken_back_by(report)
    if not lines:
        raise DeskError(f"{report}: it was never withheld, withdrawn or deleted, so there is nothing to confirm")
    rows = {row["subscriber"]: row for row in listed(store, config, now)}
    files = {each.name: each for each in config.subscribers}
    found = []
    for queue in store.queues():
        line = _line_of(store, config, files.get(queue.name), queue, lines[-1])
        if line is None:
            continue
        due = from_iso(line["at"]) + CONFIRMED_WITHIN
        said = {"subscriber": queue.name, **{name: line[name] for name in ("seq", "change_kind", "at")}}
        row = rows[queue.name]
        about = {name: row[name] for name in ("state", "error", "contact")}
        found.append({**said, "due_at": to_iso(due), "overdue": now >= due, **about})
    return found


def overdue(store: Store, queue: Queue, selection: Selection, now: datetime) -> tuple[int, list[dict[str, Any]]]:
    """The lines by which reports left the wire, since the subscriber began and since a person was told last, that it
    has not confirmed in time; and up to which line of the ledger that is known, some more at each call.
    """
    begin = max(queue.seq, queue.told_seq)
    due, known = store.cursor_before(now - CONFIRMED_WITHIN), store.last_cursor(selection.search)
    end = min((each.seq for each in (due, known) if each), default=0) if due and known else 0
    if end <= begin:
        return begin, []
    up_to = store.cursor_at(end)
    lines = store.changes(store.cursor_at(begin), replace(selection, up_to=up_to, limit=MOST_OWED))
    found = [line for line in lines if line["change_kind"] in TAKES_BACK and from_iso(line["at"]) >= queue.began_at]
    return lines[-1]["seq"] if len(lines) == MOST_OWED else end, found


def _line_of(store: Store, config: Config, of: Subscriber | None, queue: Queue, seq: int) -> dict[str, Any] | None:
    """The line of this number, where a subscriber is owed it and has not confirmed it."""
    is_done = queue.seq >= seq and not any(letter["seq"] == seq for letter in store.dead_letters(queue.name))
    if is_done or queue.began_seq >= seq:
        return None
    selection = selection_of(config, store, of) if of else None
    if of is not None and selection is None:
        return None
    line, end = line_at(store, seq, selection or ALL_REPORTS), store.cursor_at(seq)
    if line is None and end is not None:
        line = next(of_given(store, queue, seq - 1, end), None)
    return dict(line) if line else None


def _iso(moment: datetime | None) -> str | None:
    return to_iso(moment) if moment else None
