"""What the tasks of a wire are that several workers share: how many wait, and who does them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQueue:
    """One queue of tasks."""

    name: str
    waiting: int
    under_way: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerState:
    """A program that polls, by its last sign of life."""

    host: str
    pid: int
    version: str
    since: datetime
    seen: datetime
    doing: Mapping[str, int]  # how many tasks of each kind
    is_lost: bool  # it has given no sign of life for too long


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """All of it, at one moment."""

    queues: tuple[TaskQueue, ...]
    workers: tuple[WorkerState, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSource:
    """A source that is due and that no task is for."""

    publisher: str
    key: str
    url: str
    kind: str

    @property
    def name(self) -> str:
        """As `Source.name`."""
        return f"{self.publisher}/{self.key}"
