"""Which message a subscriber is owed next, as it may leave at this moment: reads and decides, sends nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from aggregator.delivery.message import Message
from aggregator.desk.outgoing import feed, outlet, releases
from aggregator.model import ALL_REPORTS, Channel, Config, Cursor, Queue, Selection, Subscriber, Wire
from aggregator.model.release import Gone, Heading, Release
from aggregator.model.subscriber import TAKES_BACK
from aggregator.output import ninjs
from aggregator.output.record import pictures, record
from aggregator.store import Store
from aggregator.text.dates import from_iso
from aggregator.text.printable import as_json

# Kinds of lines about a report that whoever was sent it is sent for ever, whatever its file chooses now.
_OF_GIVEN = (*TAKES_BACK, "corrected", "restored", "terms_changed")
_PAGE = 1_000  # lines of the ledger that are read at once


class Owed(Struct, frozen=True, kw_only=True):
    """A message that is to be sent now, and what it is about."""

    message: Message
    cursor: Cursor
    kind: str  # of the line
    id: str | None  # of the report; None: the line is about a publisher
    at: datetime  # of the line
    attempts: int  # that failed so far
    failing_since: datetime | None
    is_replay: bool
    released: tuple[str, Channel] | None  # whose words the message holds, and by which channel; None: nobody's


class Waiting(Struct, frozen=True):
    """Nothing is to be sent now."""

    until: datetime | None = None  # None: until somebody writes to the database


def selection_of(config: Config, store: Store, subscriber: Subscriber) -> Selection | None:
    """A subscriber's selection in the keys that publishers have now; None: those whom it names, or its search, are not
    here yet.
    """
    named, search = subscriber.selection.publishers, subscriber.selection.search
    if search is not None and not store.has_search(search):
        return None
    if not named:
        return subscriber.selection
    keys = {former: each.key for each in config.publishers for former in each.former_keys or ()}
    known = store.known_publishers()
    current = tuple(dict.fromkeys(key for each in named if (key := keys.get(each, each)) in known))
    return replace(subscriber.selection, publishers=current) if current else None


def next_owed(store: Store, wire: Wire, subscriber: Subscriber, selection: Selection, now: datetime) -> Owed | Waiting:
    """Of a subscriber that this program has claimed. Raises StoreError. Writes where it begins, and where the rest of
    the ledger is not of its selection.
    """
    queue = store.queue(subscriber.name)
    if queue is None:
        store.begin_queue(subscriber.name, now, from_beginning=subscriber.from_beginning)
        queue = store.queue(subscriber.name)
        assert queue is not None
    if queue.paused_at or queue.ended_at:
        return Waiting()
    if until := queue.waits_until(now):
        return Waiting(until)
    line = _replayed(store, queue) if queue.replays else _following(store, queue, selection)
    return _owed(store, wire, subscriber, queue, line, now) if line else Waiting()


def _following(store: Store, queue: Queue, selection: Selection) -> Mapping[str, Any] | None:
    end = store.last_cursor(selection.search)  # before the lines: what comes meanwhile is read the next time
    if end is None or end.seq <= queue.seq:
        return None
    lines = store.changes(store.cursor_at(queue.seq), replace(selection, up_to=end, limit=1))
    last = Cursor.read(lines[0]["cursor"]) if lines else None
    line = next(of_given(store, queue, queue.seq, last or end), lines[0] if lines else None)
    if line is None:
        store.skip_to(queue.name, end.seq)
    return line


def of_given(store: Store, queue: Queue, after: int, up_to: Cursor) -> Iterator[Mapping[str, Any]]:
    """Lines by which what a subscriber was sent is taken back or corrected, though its file had another selection then:
    those behind one line of the ledger and up to another, in their order.
    """
    found: dict[int, Mapping[str, Any]] = {}
    for former, until in store.former_selections(queue.name):
        if former.search is not None and not store.has_search(former.search):
            continue  # nothing was ever sent by a search that was not read into the database
        seq = after
        while lines := store.changes(store.cursor_at(seq), replace(former, up_to=up_to, limit=_PAGE)):
            seq = lines[-1]["seq"]
            found |= {
                line["seq"]: line
                for line in lines
                if line["change_kind"] in _OF_GIVEN
                and (line["id"] is None or store.was_sent(queue.name, line["id"], until))
            }
            if len(lines) < _PAGE:
                break
    return iter([found[seq] for seq in sorted(found)])


def _replayed(store: Store, queue: Queue) -> Mapping[str, Any] | None:
    seq = store.next_replay(queue.name)
    return None if seq is None else line_at(store, seq, ALL_REPORTS)


def line_at(store: Store, seq: int, selection: Selection) -> Mapping[str, Any] | None:
    """A line of the ledger, as it is listed; None: it is not of the selection."""
    up_to = store.cursor_at(seq)
    return next(iter(store.changes(store.cursor_at(seq - 1), replace(selection, up_to=up_to, limit=1))), None)


def _owed(
    store: Store, wire: Wire, subscriber: Subscriber, queue: Queue, line: Mapping[str, Any], now: datetime
) -> Owed:
    cursor = Cursor.read(line["cursor"])
    assert cursor is not None
    out = None
    if subscriber.format != "thin" and line["id"]:
        found = next(releases(store, wire, [line["id"]], outlet(store, subscriber.channel, now)), None)
        out = found if isinstance(found, Release) else None
    body: dict[str, Any] = {
        "type": f"{'report' if line['id'] else 'publisher'}.{line['change_kind']}",
        "timestamp": line["at"],
        "cursor": line["cursor"],
        "previous": queue.last_seq,
        "data": {**_thin(line), **_words(store, wire, subscriber, line, out, now)},
    }
    return Owed(
        message=Message(f"{subscriber.name}_{cursor}", as_json(body).encode()),
        cursor=cursor,
        kind=line["change_kind"],
        id=line["id"],
        at=from_iso(line["at"]),
        attempts=queue.attempts,
        failing_since=queue.failing_since,
        is_replay=queue.replays > 0,
        released=(out.publisher, subscriber.channel) if out else None,
    )


def _thin(line: Mapping[str, Any]) -> dict[str, Any]:
    said = {"number": line["seq"], "kind": line["change_kind"], "id": line["id"]}
    return said if line["id"] else {**said, "publisher": line["publisher"]}


def _words(
    store: Store, wire: Wire, subscriber: Subscriber, line: Mapping[str, Any], out: Release | None, now: datetime
) -> dict[str, Any]:
    """What a format has beside number, kind and id; of a report that may not leave now, no word."""
    if subscriber.format == "thin":
        return {}
    about = {name: line[name] for name in ("publisher", "publisher_name", "revision", "note")}
    if subscriber.format == "report":
        said = {**record(out), "pictures": pictures(out), "html": out.html or None} if out else None
        return {**about, "report": said}
    heading = Heading(title=wire.name, address=wire.url)
    whose = feed(store, wire, (), outlet(store, subscriber.channel, now), heading)
    gone = None if out or not line["id"] else _gone(store, line["id"], subscriber.channel)
    return {**about, "ninjs": ninjs.item(whose, out) if out else ninjs.gone(whose, gone) if gone else None}


def _gone(store: Store, report: str, channel: Channel) -> Gone | None:
    """What stands in the place of a report that left; None: nothing that may leave by this channel."""
    notice = store.notice(report)
    if notice is None or channel not in notice["channels"]:
        return None
    return Gone(**{name: notice[name] for name in Gone.__struct_fields__})
