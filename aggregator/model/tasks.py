"""What the tasks of a wire are that several workers share: how many wait, and who does them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct


class TaskQueue(Struct, frozen=True, kw_only=True):
    """One queue of tasks."""

    name: str
    waiting: int
    under_way: int


class WorkerState(Struct, frozen=True, kw_only=True):
    """A program that polls, by its last sign of life."""

    host: str
    pid: int
    version: str
    since: datetime
    seen: datetime
    doing: Mapping[str, int]  # how many tasks of each kind
    is_lost: bool  # it has given no sign of life for too long


class TaskState(Struct, frozen=True, kw_only=True):
    """All of it, at one moment."""

    queues: tuple[TaskQueue, ...]
    workers: tuple[WorkerState, ...]


class DueSource(Struct, frozen=True, kw_only=True):
    """A source that is due and that no task is for."""

    publisher: str
    key: str
    url: str
    kind: str

    @property
    def name(self) -> str:
        """As `Source.name`."""
        return f"{self.publisher}/{self.key}"
