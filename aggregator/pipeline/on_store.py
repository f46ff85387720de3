"""How what runs beside the polls reaches the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from aggregator.store import Store

T = TypeVar("T")


class OnStore(Protocol):
    """Makes a call on the store, in the thread that writes, between those that store polls; raises StoreError."""

    def __call__(self, call: Callable[[Store], T], /) -> Awaitable[T]: ...
