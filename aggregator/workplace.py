"""Where the configuration and the database of this call lie; opens them when asked to."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path, PurePosixPath
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


def _replace(name: str, path: Path, content: bytes) -> None:
    """At once or not at all. The loader overlooks a name that begins with a dot."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.write_bytes(content)
        shutil.copymode(path, new)
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise ConfigError([f"{name}: found a file that cannot be written ({error.strerror})"]) from None


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

    def file_of(self, publisher: str) -> str:
        """The file of a publisher, relative to the configuration folder; raises ConfigError when there is none."""
        found = self.files_of_publishers().get(publisher)
        if found is None:
            raise ConfigError(
                [f'publishers: found no file of "{publisher}", expected publishers/COUNTRY/{publisher}.toml']
            )
        return found

    def files_of_publishers(self) -> dict[str, str]:
        """The publishers' files by key, relative to the configuration folder; raises ConfigError."""
        from aggregator.config.files import publisher_files

        return {PurePosixPath(name).stem: name for name in publisher_files(self.config_folder())}

    def write_source(self, name: str, url: str, kind: str) -> None:
        """Puts a source into a publisher's file, which keeps its comments. ConfigError: the configuration does not load
        with it, or the file cannot be written; then the file is as it was.
        """
        from aggregator.config.writing import with_source

        path = self.config_folder() / name
        before = path.read_bytes()
        after = with_source(name, before.decode("utf-8-sig"), url, kind)
        _replace(name, path, after.encode())
        try:
            self.check_config()
        except ConfigError:
            _replace(name, path, before)
            raise

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

    def is_in_force(self) -> bool | None:
        """Whether the database has the configuration that stands in the files; None: there is no database, or it cannot
        be read. Raises OSError where a file cannot be read.
        """
        from aggregator.kept import digest

        told = digest(self.config_folder())
        try:
            with self.read_store() as store:
                return store.kept_config(told) is not None
        except StoreError:
            return None

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

    def read_store(self, now: datetime | None = None) -> Store:
        """For reading only, with the terms that hold at `now` (None: those that the database has in force); raises
        StoreError, also when there is no database yet.
        """
        from aggregator.store import Store

        return Store.read(self.database(), now=now)

    def open_synced(self, config: Config, now: datetime) -> Store:
        """For writing, with the tables brought in line with the configuration; raises StoreError."""
        from aggregator.kept import pack

        store = self.open_store()
        try:
            store.look_at_clock(now)
            store.sync(config.wire, config.publishers, now, date(now.year, now.month, now.day))
            store.update_terms(now)
            if config.digest and not store.kept_config(config.digest):
                store.keep_config(config.digest, pack(config))
        except BaseException:
            store.close()
            raise
        return store
