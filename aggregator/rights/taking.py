"""How much of a report others may take from its page to publish it elsewhere; pure."""

from __future__ import annotations

from aggregator.model import Rights, TextScope
from aggregator.model.publisher import Basis

# On what the wire carries whole texts that others may publish, too. An agreement is between its publisher and the wire,
# and covers nobody else; what a law permits one to quote, it permits another to quote.
_FOR_ALL: frozenset[Basis] = frozenset(("own", "open_licence", "public_domain", "statutory", "press_release"))


def most_to_take(rights: Rights) -> TextScope:
    """At most so much of the text of a report under these rights. What the wire may not keep, nobody takes whole."""
    return "full_text" if rights.basis in _FOR_ALL and rights.storage == "keep" else "excerpt"


def pictures_may_be_taken(rights: Rights) -> bool:
    """Whether its pictures may be taken too, each under its own notice; not where an agreement with the wire alone lets
    them be shown.
    """
    return rights.images.scope == "per_image_licence" or (
        rights.images.scope == "same_as_text" and rights.basis in _FOR_ALL
    )
