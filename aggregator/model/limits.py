"""What the programs of a database know together of a registrable domain, so that its servers are not asked too much."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class SharedLimits(Protocol):
    """How many requests are under way there, when the next may start, and until when it wants to be left alone: in a
    file of one machine (`fetch.shared`), or in the database, for programs of several machines. Each may raise
    StoreError.
    """

    def place(self, domain: str, /) -> AbstractAsyncContextManager[None]:
        """Waits for one of the domain's places and holds it."""

    async def start(self, domain: str, apart: float, /) -> float:
        """Seconds to wait until the domain may be asked; 0.0: now, and the next start is `apart` seconds later."""

    async def back_off(self, domain: str, seconds: float, /) -> None:
        """Notes that the domain wants to be left alone for so long."""

    async def is_backing_off(self, domain: str, /) -> bool:
        """Whether the domain has asked for that since this program began."""

    async def close(self) -> None:
        """Gives back all places."""
