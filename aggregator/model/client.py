"""Who reads the API."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model.channel import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A program that has a token: what may leave by these channels, so many requests a minute."""

    name: str
    channels: tuple[Channel, ...]
    rate: int
