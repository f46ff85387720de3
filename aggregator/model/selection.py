"""Which reports somebody wants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which reports of the wire somebody wants; None: any."""

    publisher: str | None = None
    country: str | None = None
    language: str | None = None
    item_class: str | None = None
    since: datetime | None = None
    limit: int = 20
