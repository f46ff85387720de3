"""What is asked of a store that is measured, as functions without arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aggregator.model import Query, Selection
from aggregator.store import Store

Question = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Questions:
    """`fields`: of the selection."""

    store: Store

    def latest(self, **fields: Any) -> Question:
        return lambda: self.store.latest(Selection(limit=50, **fields))

    def search(self, query: Query, *, ranked: bool = False, **fields: Any) -> Question:
        return lambda: self.store.search(query, Selection(limit=50, **fields), ranked=ranked)

    def changes(self, after: int, **fields: Any) -> Question:
        """`after`: the number of a line of the ledger."""
        return lambda: self.store.changes(self.store.cursor_at(after), Selection(limit=100, **fields))
