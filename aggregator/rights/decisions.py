"""What the gate decides about a report by every way out, and which key of its rights decides it; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from types import MappingProxyType
from typing import get_args

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model import Channel, Rights, TextScope
from aggregator.model.release import Held, Outlet, Refusal, RefusalReason, Use
from aggregator.rights.gate import effective
from aggregator.rights.release import is_picture, signals_of, what_may_leave
from aggregator.rights.rules import wider
from aggregator.rights.signals import NAMES, grounds

_OF_REFUSAL: Mapping[RefusalReason, str] = MappingProxyType({"no_scope": "text_scope", "channel": "redistribute"})


class Decision(Struct, frozen=True, kw_only=True):
    """What of one report leaves by a channel. Keys are those of `[rights]`."""

    id: str
    channel: Channel
    use: Use | None  # by machines; None: people read it
    leaves: TextScope  # 'none': nothing
    reason: RefusalReason | None  # why nothing leaves
    # The key that keeps words back, or the form of what the publisher's site says to machines; None: neither does.
    decided_by: str | None
    evidence: str | None  # what its publisher's site says, and where, if that decides; as `decided_by` names its form
    said: str  # for people, why nothing leaves; '': nothing is to be said, or something leaves
    pictures: int  # that leave
    pictures_held: int
    pictures_decided_by: str | None  # the key that keeps pictures back


def decisions(held: Held, outlet: Outlet) -> Iterator[Decision]:
    """By each channel, for people and for each use by machines, at the time of `outlet`."""
    for channel in get_args(Channel):
        for use in (None, *get_args(Use)):
            yield _decision(held, replace(outlet, channel=channel, use=use), channel)


def _decision(held: Held, outlet: Outlet, channel: Channel) -> Decision:
    found = what_may_leave(held, outlet)
    all_pictures = sum(is_picture(media) for media in held.media)
    if isinstance(found, Refusal):
        key = _key_of_use(held, outlet) if found.reason == "use" else _OF_REFUSAL.get(found.reason)
        scope: TextScope = "none"
        reason, said, pictures, pictures_key = found.reason, found.text, 0, key
    else:
        scope, reason, said = found[0], None, ""
        key = None if scope == "full_text" else _key_of_scope(held, outlet, scope)
        pictures, pictures_key = len(found[1]), _key_of_pictures(held, outlet, scope, key)
    return Decision(
        id=held.id,
        channel=channel,
        use=outlet.use,
        leaves=scope,
        reason=reason,
        decided_by=key,
        evidence=_evidence(held, outlet) if key in NAMES else None,
        said=said,
        pictures=pictures,
        pictures_held=all_pictures,
        pictures_decided_by=pictures_key if pictures < all_pictures else None,
    )


def _key_of_scope(held: Held, outlet: Outlet, scope: TextScope) -> str | None:
    """Of the keys that allow no more than this scope the last to narrow. None: there are no words that could leave."""
    today = outlet.now.astimezone(UTC).date()
    rights = held.rights
    now = effective(rights, today)
    if wider(now.text_scope, scope):  # narrowed for this use, or at this time
        if outlet.use == "input" and grounds(rights, signals_of(held))["input"].state != "allowed":
            return _key_of_use(held, outlet)
        return "retention_days" if rights.storage == "transient" else None
    if rights.text_scope == scope:
        return "text_scope"
    if rights.storage == "metadata_only" and scope == "headline_only":
        return "storage"
    return "expires" if _is_over(rights, outlet) else "systematic_republication"


def _key_of_use(held: Held, outlet: Outlet) -> str:
    """`ai_use`, or the form of what its publisher's site says."""
    ground = grounds(held.rights, signals_of(held))[outlet.use or "train"]
    return ground.signal.form if ground.signal is not None else "ai_use"


def _evidence(held: Held, outlet: Outlet) -> str | None:
    signal = grounds(held.rights, signals_of(held))[outlet.use or "train"].signal
    return f"{signal.literal} ({signal.url})" if signal else None


def _is_over(rights: Rights, outlet: Outlet) -> bool:
    return rights.expires is not None and outlet.now.astimezone(UTC).date() > rights.expires


def _key_of_pictures(held: Held, outlet: Outlet, scope: TextScope, of_scope: str | None) -> str | None:
    images = held.rights.images
    if _is_over(held.rights, outlet):
        return "expires"
    if images.scope == "none":
        return "images.scope"
    if not images.hotlink:
        return "images.hotlink"
    if scope == "headline_only" or (scope != "full_text" and images.scope != "per_image_licence"):
        return of_scope
    return "images.scope"
