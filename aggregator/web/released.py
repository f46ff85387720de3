"""How many reports left by the server: counted in memory, and added to the database once a minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from threading import Lock, Thread

from msgspec import Struct, field

from aggregator.model import Channel
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.releasing import note_released

_EVERY = timedelta(minutes=1)
_MOST = 10_000  # counts that are held while the database cannot be written


class Released(Struct):
    """What left since the database was written last. It may be used by several threads."""

    paths: Paths
    _counts: Counter[tuple[date, str, Channel]] = field(default_factory=Counter)
    _written: datetime | None = None
    _lock: Lock = field(default_factory=Lock)

    def add(self, channel: Channel, reports: Mapping[str, int], now: datetime) -> None:
        """So many reports of each publisher have left; every minute another thread writes it down."""
        with self._lock:
            if len(self._counts) < _MOST:
                self._counts.update({(now.date(), key, channel): number for key, number in reports.items()})
            if self._written is None:
                self._written = now
            if not self._counts or now - self._written < _EVERY:
                return
            self._written = now
        Thread(target=self.write, daemon=True).start()

    def write(self) -> None:
        """Adds all to the database; what cannot be written is tried again later."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        for day in {day for day, _, _ in counts}:
            of_day = {key: number for key, number in counts.items() if key[0] == day}
            if not note_released(self.paths, day, {(of, by): number for (_, of, by), number in of_day.items()}):
                with self._lock:
                    self._counts.update(of_day)
