"""What may leave: reports of the store, as the gate lets them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from aggregator.desk import clock
from aggregator.model import DEFAULT_DISCLAIMERS, Channel, Wire
from aggregator.model.release import Feed, Heading, Held, Outlet, Refusal, Release, Use
from aggregator.revisions.corrections import is_correction
from aggregator.rights import fill, release
from aggregator.store import Store
from aggregator.text.dates import to_iso

_READ = 200  # reports that are held in memory at once
_TAKEN_BACK = timedelta(days=30)  # for so long a feed says that a report has left
_MOST_TAKEN_BACK = 200
_LOOKED_AT = 40  # lines at either end of a text, in which desks put their notes


def outlet(store: Store, channel: Channel, now: datetime, use: Use | None = None) -> Outlet:
    """By a channel, now. Raises StoreError."""
    return Outlet(channel=channel, now=now, believed=clock.believed(store, now), use=use)


def releases(store: Store, wire: Wire, reports: Sequence[str], by: Outlet) -> Iterator[Release | Refusal]:
    """Of each of these reports what may leave, or why nothing may; in their order, a part at a time. One that is not
    here is left out. Raises StoreError.
    """
    for first in range(0, len(reports), _READ):
        for held in store.to_release(reports[first : first + _READ]):
            yield release(held, wire, by, _note(held))


def _note(held: Held) -> str | None:
    """The line by which its publisher says what it corrected."""
    if not held.corrected:
        return None
    lines = held.text.splitlines() or held.summary.splitlines()
    looked_at = lines if len(lines) <= 2 * _LOOKED_AT else [*lines[:_LOOKED_AT], *lines[-_LOOKED_AT:]]
    return next((line for line in (*looked_at, held.title) if is_correction(line)), None)


def feed(store: Store, wire: Wire, reports: Sequence[str], by: Outlet, heading: Heading) -> Feed:
    """What may leave of these reports, as a feed, with those that left the wire of late. Raises StoreError."""
    out = tuple(each for each in releases(store, wire, reports, by) if isinstance(each, Release))
    gone = tuple(store.gone(by.now - _TAKEN_BACK, heading.publisher, by.channel, _MOST_TAKEN_BACK))
    changed = [each.changed_at or each.first_seen for each in out] + [each.at for each in gone]
    return Feed(
        title=heading.title,
        wire=wire.name,
        site=wire.url,
        address=heading.address,
        updated=max(changed, default=to_iso(by.now)),
        general=fill(DEFAULT_DISCLAIMERS["general"], {"wire": wire.name}),
        complaints_url=wire.complaints_url,
        complaints_email=wire.complaints_email,
        releases=out,
        gone=gone,
    )
