"""What of a report others may take from its page to publish it elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from aggregator.desk.outgoing import outlet, releases
from aggregator.model import Rights, Wire
from aggregator.model.release import Refusal, Release
from aggregator.rights import effective, most_to_take, pictures_may_be_taken
from aggregator.store import Store
from aggregator.text.markup import safe


class Offer(Struct, frozen=True):
    """`release`: what may be taken, pictures apart from the words. `rights`: in force now."""

    release: Release
    rights: Rights


def offer(store: Store, wire: Wire, report: str, now: datetime) -> Offer | Refusal | None:
    """What may be taken of a report, or why nothing may; None: it is not here. Raises StoreError.

    The gate decides as for the channel `web`. The channel `api` must permit it too: it is the one by which others get
    reports to publish them.
    """
    held = next(iter(store.to_release([report])), None)
    if held is None:
        return None
    rights = effective(held.rights, now.astimezone(UTC).date())
    by = replace(outlet(store, "web", now), also=("api",), most=most_to_take(rights))
    found = next(releases(store, wire, [report], by), None)
    if not isinstance(found, Release):
        return found
    pictures = found.pictures if pictures_may_be_taken(rights) else ()
    return Offer(replace(found, pictures=pictures, html=safe(found.html, None)), rights)
