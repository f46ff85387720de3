"""Looks at the files of a configuration for all requests, once a second: there may be thousands, and requests too."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from msgspec import Struct, field

from aggregator.pipeline.cached import is_settled, signature

_SECONDS = 1.0  # so long after the last look a change of a file may go unseen


class Look(Struct):
    """May be used by several threads."""

    clock: Callable[[], datetime]
    steady: Callable[[], float] = time.monotonic
    _last: dict[Path, tuple[float, str]] = field(default_factory=dict)  # of a folder: when, by a steady clock, and what

    def signature(self, folder: Path) -> str:
        """As `cached.signature`, of less than a second ago. Where files changed a moment before, they are looked at
        each time: whoever is at work on them sees at once what comes of it. Raises OSError.
        """
        began, now, last = self.steady(), self.clock(), self._last.get(folder)
        if last and began - last[0] < _SECONDS:
            return last[1]
        found = signature(folder)
        if is_settled(found, now):
            self._last[folder] = (began, found)
        else:
            self._last.pop(folder, None)
        return found
