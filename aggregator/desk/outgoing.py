"""What may leave: reports of the store, as the gate lets them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, get_args

from msgspec.structs import replace

from aggregator.desk import clock
from aggregator.desk.versions import said_by
from aggregator.model import DEFAULT_DISCLAIMERS, Channel, Wire
from aggregator.model.release import Feed, Heading, Held, Outlet, Refusal, RefusalReason, Release, Use
from aggregator.model.who import Who
from aggregator.output.diff import with_changes
from aggregator.revisions.corrections import is_correction
from aggregator.rights import Decision, decisions, fill, release
from aggregator.store import Store
from aggregator.text.dates import to_iso
from aggregator.text.page_words import as_shown
from aggregator.text.raw_words import entry_of

_READ = 200  # reports that are held in memory at once
_TAKEN_BACK = timedelta(days=30)  # for so long a feed says that a report has left
_MOST_TAKEN_BACK = 200
_LOOKED_AT = 40  # lines at either end of a text, in which desks put their notes


def outlet(
    store: Store, channel: Channel | None, now: datetime, use: Use | None = None, also: tuple[Channel, ...] = ()
) -> Outlet:
    """By a channel, and what others permit `also`, now; None: for whoever runs the wire. Raises StoreError."""
    return Outlet(channel=channel, now=now, believed=clock.believed(store, now), use=use, also=also)


def releases(
    store: Store, wire: Wire, reports: Iterable[str], by: Outlet, *, with_html: bool = True
) -> Iterator[Release | Refusal]:
    """Of each of these reports what may leave, or why nothing may; in their order, a part at a time. One that is not
    here is left out. `with_html`: as `rights.release` has it. Raises StoreError.
    """
    rest = iter(reports)
    while part := list(islice(rest, _READ)):
        for held in store.to_release(part):
            yield release(held, wire, by, _note(held), with_html=with_html)


def what_leaves(store: Store, report: str, now: datetime) -> list[Decision]:
    """Of a report by each channel and for each use; nothing where it has no terms. Raises StoreError."""
    by = outlet(store, get_args(Channel)[0], now)
    return [each for held in store.to_release([report]) for each in decisions(held, by)]


def versions(
    store: Store, wire: Wire, report: str, by: Outlet, most: int
) -> list[tuple[Mapping[str, Any], Release]] | Refusal | None:
    """The newest versions of a report, oldest first: a row of `Store.revisions` with `changed`, and what of its words
    may leave under the rights that are in force today; of a report that may not leave, why; None: it is not here.
    Pictures are those of the newest alone. Raises StoreError.
    """
    held = next(iter(store.to_release([report])), None)
    if held is None:
        return None
    found: list[tuple[Mapping[str, Any], Release]] = []
    for row in with_changes(store.revisions(report))[-most:]:
        out = release(_as_said_in(held, row), wire, by)
        if isinstance(out, Refusal):  # by what is the same for all versions
            return out
        found.append((row, out))
    return found


def version(store: Store, wire: Wire, report: str, number: int, by: Outlet) -> Release | Refusal | None:
    """The same of one version; None: it is not here. Raises StoreError."""
    held = next(iter(store.to_release([report])), None)
    row = next((row for row in store.revisions(report) if row["number"] == number), None)
    if held is None or row is None:
        return None
    corrected = number > 1 and row["change_kind"] == "corrected"
    said = replace(_as_said_in(held, row), corrected=corrected, changed_at=row["seen_at"] if corrected else None)
    return release(said, wire, by, _note(said))


def _as_said_in(held: Held, row: Mapping[str, Any]) -> Held:
    """A report as one of its versions said it, whose makers are not read: what is switched off is not known here."""
    said = said_by(row["words"], row["title"])
    words = {name: said[name] for name in ("summary", "text", "url", "byline", "published", "updated")}
    return replace(
        held,
        **words,
        title=said["title"] or "",
        revision=row["number"],
        entry=as_shown(entry_of(row["words"])),
        media=(),
        who=Who(),
    )


def _note(held: Held) -> str | None:
    """The line by which its publisher says what it corrected."""
    if not held.corrected:
        return None
    page = held.entry.page if held.entry else None
    lines = held.text.splitlines() or held.summary.splitlines()
    looked_at = lines if len(lines) <= 2 * _LOOKED_AT else [*lines[:_LOOKED_AT], *lines[-_LOOKED_AT:]]
    own = next((line for line in (*looked_at, held.title) if is_correction(line)), None)
    return own or (page.correction if page else None)


def feed(
    store: Store,
    wire: Wire,
    reports: Iterable[str],
    by: Outlet,
    heading: Heading,
    kept_back: Counter[RefusalReason] | None = None,
) -> Feed:
    """What may leave of these reports, as a feed, with those that left the wire of late. Its releases are read from the
    store as they are asked for, once, and what is kept back is counted then. Raises StoreError.
    """
    since = by.now - _TAKEN_BACK
    gone = tuple(store.gone(since, heading.publisher, by.channel, _MOST_TAKEN_BACK)) if by.channel else ()
    return Feed(
        title=heading.title,
        wire=wire.name,
        site=wire.url,
        address=heading.address,
        updated=to_iso(by.now),
        general=fill(DEFAULT_DISCLAIMERS["general"], {"wire": wire.name}),
        complaints_url=wire.complaints_url,
        complaints_email=wire.complaints_email,
        releases=_released(releases(store, wire, reports, by), kept_back),
        gone=gone,
    )


def _released(found: Iterable[Release | Refusal], kept_back: Counter[RefusalReason] | None) -> Iterator[Release]:
    for each in found:
        if isinstance(each, Release):
            yield each
        elif kept_back is not None:
            kept_back[each.reason] += 1


def whole(found: Feed) -> Feed:
    """The feed with its releases at hand, and the time at which anything in it changed last."""
    out = tuple(found.releases)
    changed = [each.changed_at or each.first_seen for each in out] + [each.at for each in found.gone]
    return replace(found, releases=out, updated=max(changed, default=found.updated))
