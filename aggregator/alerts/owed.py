"""Makes messages of what is owed: at once of reports that were sent before, of others when their time has come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from aggregator.alerts.times import is_due
from aggregator.store import Store

MOST = 50  # reports of one message; what is left has the next one


def make_messages(store: Store, token: Callable[[], str], now: datetime) -> int:
    """Returns how many. `token`: a new one, for the Message-ID of an e-mail. Raises StoreError."""
    made = 0
    for state in store.tell_states():
        found_too = is_due(state, now)
        if not state.has_message and (found_too or state.about_told):
            store.make_message(state.tell_id, token(), MOST, now, found_too=found_too)
            made += 1
    return made
