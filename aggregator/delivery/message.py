"""What is sent to a subscriber. Whoever makes it need not load what sends it."""

from __future__ import annotations

from msgspec import Struct


class Message(Struct, frozen=True):
    """Its id stays the same however often it is sent."""

    id: str
    body: bytes  # JSON
