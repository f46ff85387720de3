"""Where the configuration and the database of this call lie; opens them when asked to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # both take a tenth of a second to import, and `--help` needs neither
    from aggregator.config import Config
    from aggregator.store import Store


@dataclass(frozen=True, slots=True)
class Workplace:
    """What `--config` and `--db` said; None: not given."""

    config: Path | None
    db: Path | None

    def config_folder(self) -> Path:
        """Raises ConfigError when there is none in the usual places."""
        from aggregator.config import find_config

        return find_config(self.config)

    def load_config(self) -> Config:
        """Raises ConfigError with the faults of all files."""
        from aggregator.config import load

        return load(self.config_folder())

    def database(self) -> Path:
        """The file given, or data/wire.db beside the configuration folder."""
        return self.db or self.config_folder().absolute().parent / "data" / "wire.db"

    def open_store(self) -> Store:
        """For writing; raises StoreError."""
        from aggregator.store import Store

        return Store.open(self.database())

    def open_existing(self) -> Store:
        """For writing into a database that is there; raises StoreError, also when there is none yet."""
        self.read_store().close()
        return self.open_store()

    def read_store(self) -> Store:
        """For reading only; raises StoreError, also when there is no database yet."""
        from aggregator.store import Store

        return Store.read(self.database())

    def open_synced(self, config: Config, now: datetime) -> Store:
        """For writing, with the tables brought in line with the configuration; raises StoreError."""
        store = self.open_store()
        store.sync(config.wire, config.publishers, now, date(now.year, now.month, now.day))
        return store
