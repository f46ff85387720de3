"""What a document carries, in the words in which `probe` and `check --live` print it."""

from __future__ import annotations

from typing import Any

from aggregator.pipeline.discovery import Measure
from aggregator.text.dates import to_iso

_FIELDS = ("format", "entries", "dated", "summaries", "full_text")


def carried(carries: Measure | None) -> dict[str, Any]:
    """Shares from 0.0 to 1.0; each None where there was no document that can be read."""
    newest = carries.newest if carries else None
    return {name: getattr(carries, name, None) for name in _FIELDS} | {"newest": to_iso(newest) if newest else None}
