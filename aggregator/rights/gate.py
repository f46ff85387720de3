"""The rights of a publisher as they hold on a day: never wider than configured; pure."""

from __future__ import annotations

from datetime import date
from typing import get_args

from msgspec.structs import replace

from aggregator.model import Images, Rights, TextScope
from aggregator.model.publisher import Use, Uses
from aggregator.rights.rules import wider
from aggregator.rights.signals import configured, in_a_word


def effective(rights: Rights, today: date) -> Rights:
    """`rights` as they hold on `today`; never wider than configured.

    After the last day of an agreement nothing but an excerpt is left, and what it permitted is to be asked for. Where a
    publisher bars taking everything by machine, full text is for reports picked by hand, which nobody does yet, so it
    is an excerpt too. Where only metadata may be stored, words that were stored before do not leave any more.
    """
    expired = rights.expires is not None and today > rights.expires
    scope = rights.text_scope
    if expired or rights.systematic_republication == "no":
        scope = at_most(scope, "excerpt")
    if rights.storage == "metadata_only":
        scope = at_most(scope, "headline_only")
    if expired:
        return replace(
            rights,
            text_scope=scope,
            images=Images(scope="none"),
            edits="none",
            translation="no",
            commercial_use="no" if rights.commercial_use == "no" else "ask",
            ai_use=in_a_word(_not_allowed(configured(rights))),
        )
    return rights if scope == rights.text_scope else replace(rights, text_scope=scope)


def at_most(scope: TextScope, bound: TextScope) -> TextScope:
    return bound if wider(scope, bound) else scope


def _not_allowed(uses: Uses) -> Uses:
    """The same uses, with nothing said where they were allowed."""
    states = {use: getattr(uses, use) for use in get_args(Use)}
    return Uses(**{use: "refused" if state == "refused" else "unstated" for use, state in states.items()})
