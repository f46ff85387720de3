"""Who reads the API, and who works at the desk."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from aggregator.model.channel import Channel


class Client(Struct, frozen=True, kw_only=True):
    """A program that has a token: what may leave by these channels, so many requests a minute."""

    name: str
    channels: tuple[Channel, ...]
    rate: int


DeskRight = Literal["act", "read"]  # to look and to act; to look alone


class DeskPerson(Struct, frozen=True, kw_only=True):
    """Somebody who works at the desk in a browser."""

    name: str
    right: DeskRight

    @property
    def actor(self) -> str:
        """As the ledger and the acts name who did something."""
        return f"person:{self.name}"


class DeskSession(Struct, frozen=True, kw_only=True):
    """A browser in which a person is signed in."""

    person: DeskPerson
    is_by_proxy: bool  # a proxy said who it is, and says so at every request
