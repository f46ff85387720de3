"""The locks by which programs of a database know of each other, as both databases have them."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct


class RunningDaemon(Struct, frozen=True):
    """A process that holds the lock of the daemon."""

    pid: str  # of one on another machine: PID on HOST
    digest: str | None  # of the configuration by which it works; None: it has not said so
    since: str | None  # when it read that


class DaemonLock(Protocol):
    """The lock of the daemon, held: that of the one program that may poll all day, or change what no poll may meet."""

    def note(self, digest: str, since: str) -> None:
        """Says by which configuration the daemon works, and when it read it. Raises StoreError."""


class Program(Protocol):
    """One of the programs that poll into a database: `number` is its own as long as it runs."""

    @property
    def number(self) -> int: ...

    def is_running(self, number: int) -> bool:
        """Whether the program with this number runs. Raises StoreError."""

    def holds(self) -> bool:
        """Whether the number is still its own; False: its lock was lost, and it begins anew. Raises StoreError."""

    def end(self) -> None:
        """Gives the number back."""
