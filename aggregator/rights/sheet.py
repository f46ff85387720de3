"""What may leave of a publisher's reports, where, and on what basis: the row of a sheet for a lawyer; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import get_args

from msgspec import Struct

from aggregator.model import Channel, Rights, TextScope
from aggregator.model.publisher import Basis, CommercialUse, Edits, ImageScope, Relationship, Translation, UseState
from aggregator.model.signals import Signal
from aggregator.rights.gate import effective
from aggregator.rights.release import may_copy
from aggregator.rights.signals import uses


class Sheet(Struct, frozen=True, kw_only=True):
    """The rights of a publisher as they hold on a day. Scopes are of a report whose words are held."""

    relationship: Relationship
    basis: Basis
    licence: str | None
    licence_url: str | None
    copyright_holder: str | None
    web: TextScope
    feed: TextScope
    api: TextScope
    email: TextScope
    pictures: ImageScope  # 'none' also where neither their publisher's address nor a copy may be shown
    commercial_use: CommercialUse
    edits: Edits
    translation: Translation
    train: UseState
    input: UseState
    search: UseState
    terms_checked: date | None  # None: nobody has said that they were read
    agreement_ends: date | None  # its last day; None: it has none
    agreement_has_ended: bool


def sheet(rights: Rights, today: date, signals: Iterable[Signal] = ()) -> Sheet:
    """Of these rights as they hold on a day. `signals`: what the publisher's site says to machines of all of it."""
    now, by_machines = effective(rights, today), uses(rights, signals)
    scopes: dict[Channel, TextScope] = {
        channel: now.text_scope if channel in now.redistribute else "none" for channel in get_args(Channel)
    }
    has_full_text = "full_text" in scopes.values()
    has_words = has_full_text or "excerpt" in scopes.values()
    shown = has_words if now.images.scope == "per_image_licence" else has_full_text
    return Sheet(
        relationship=now.relationship,
        basis=now.basis,
        licence=now.licence,
        licence_url=now.licence_url,
        copyright_holder=now.copyright_holder,
        **scopes,
        pictures=now.images.scope if (now.images.hotlink or may_copy(now)) and shown else "none",
        commercial_use=now.commercial_use,
        edits=now.edits,
        translation=now.translation,
        train=by_machines.train,
        input=by_machines.input,
        search=by_machines.search,
        terms_checked=now.terms_checked,
        agreement_ends=now.expires,
        agreement_has_ended=now.expires is not None and today > now.expires,
    )
