"""Where the configuration and the database of this call lie; opens them when asked to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.errors import ConfigError, StoreError

if TYPE_CHECKING:  # takes a twentieth of a second to import, and `--help` does not need it
    from aggregator.store import Store
    from aggregator.types import Config


def find_config(explicit: Path | None = None) -> Path:
    """The folder to load: the one given with --config, ./config, or that of the checkout this package runs from.

    ConfigError: none was given and neither of the others holds a wire.toml.
    """
    if explicit is not None:
        return explicit
    places = (Path("config").absolute(), Path(__file__).absolute().parents[1] / "config")
    for place in places:
        if (place / "wire.toml").is_file():
            return place
    looked = " nor in ".join(dict.fromkeys(map(str, places)))
    raise ConfigError([f"--config: found no wire.toml in {looked}, expected --config DIR, the folder that holds one"])


@dataclass(frozen=True, slots=True)
class Workplace:
    """What `--config` and `--db` said; None: not given."""

    config: Path | None
    db: Path | None

    def config_folder(self) -> Path:
        """Raises ConfigError when there is none in the usual places."""
        return find_config(self.config)

    def check_config(self) -> Config:
        """The configuration, read from its files; raises ConfigError with the faults of all of them."""
        from aggregator.config import load

        return load(self.config_folder())

    def load_config(self) -> Config:
        """The configuration as the database keeps it, where no file has changed since; else as `check_config`."""
        from aggregator.kept import digest

        try:
            told = digest(self.config_folder())
        except OSError:  # a file that cannot be read, which `check_config` reports
            return self.check_config()
        return self._kept_config(told) or replace(self.check_config(), digest=told)

    def _kept_config(self, digest: str) -> Config | None:
        from aggregator.kept import unpack

        try:
            with self.read_store() as store:
                kept = store.kept_config(digest)
        except StoreError:  # there is none yet; or else whoever opens it to write says what is wrong
            return None
        return unpack(kept) if kept else None

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
        from aggregator.kept import pack

        store = self.open_store()
        try:
            store.sync(config.wire, config.publishers, now, date(now.year, now.month, now.day))
            if config.digest and not store.kept_config(config.digest):
                store.keep_config(config.digest, pack(config))
        except BaseException:
            store.close()
            raise
        return store
