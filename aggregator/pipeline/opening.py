"""Where the configuration and the database of this call lie; opens them when asked to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from aggregator.model.errors import ConfigError, StoreError
from aggregator.text.printable import escaped

if TYPE_CHECKING:  # takes a twentieth of a second to import, and `--help` does not need it
    from aggregator.model import Config
    from aggregator.store import Store


def find_config(explicit: Path | None = None) -> Path:
    """The folder to load: the one given with --config, ./config, or that of the checkout this package runs from.

    ConfigError: none was given and neither of the others holds a wire.toml.
    """
    if explicit is not None:
        return explicit
    places = (Path("config").absolute(), Path(__file__).absolute().parents[2] / "config")
    for place in places:
        if (place / "wire.toml").is_file():
            return place
    looked = " nor in ".join(dict.fromkeys(map(str, places)))
    raise ConfigError([f"--config: found no wire.toml in {looked}, expected --config DIR, the folder that holds one"])


def refuse_placeholders(config: Config, *urls: str) -> None:
    """ConfigError: the sources, or these addresses, are real sites, and the wire has no name of its own yet."""
    if config.placeholders and (_are_real(urls) if urls else config.asks_real_sites):
        said = "wire.toml: found keys of an example, expected your own before a real site is asked; nobody was asked"
        raise ConfigError([*config.placeholders, said])


def _are_real(urls: Sequence[str]) -> bool:
    from aggregator.config import is_real

    return any(map(is_real, urls))


@dataclass(frozen=True, slots=True)
class Workplace:
    """What `--config` and `--db` said; None: not given."""

    config: Path | None
    db: Path | None

    def config_folder(self) -> Path:
        """Raises ConfigError when there is none in the usual places."""
        return find_config(self.config)

    def check_config(self) -> Config:
        """The configuration, read from its files; raises ConfigError where a fault touches everybody."""
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
        """Puts a source into a publisher's file, which keeps its comments. ConfigError: with it, the configuration
        would have another fault than it has, or the file cannot be written; then nothing has changed.
        """
        from aggregator.config import load
        from aggregator.config.lines import without_line
        from aggregator.config.saving import save
        from aggregator.config.writing import with_source

        folder = self.config_folder()
        try:
            before = (folder / name).read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError([f"{name}: found a file that cannot be read ({error}), expected one in UTF-8"]) from None
        after = with_source(name, before, url, kind)
        there = {(each.file, without_line(line)) for each in load(folder).faulty for line in each.faults}
        tried = load(folder, {name: after})
        new = [
            line
            for each in tried.faulty
            for line in each.faults
            if each.file == name or (each.file, without_line(line)) not in there
        ]
        if new:
            raise ConfigError([*new, f"{name}: it was not changed, because with {url} it would have these faults"])
        save(folder, name, after)

    def load_config(self) -> Config:
        """The configuration as the database keeps it, where no file has changed since; else as `check_config`."""
        from aggregator.pipeline.cached import digest

        try:
            told = digest(self.config_folder())
        except OSError:  # a file that cannot be read, which `check_config` reports
            return self.check_config()
        return self._kept_config(told) or replace(self.check_config(), digest=told)

    def load_to_ask(self, *urls: str) -> Config:
        """As `load_config`, for a program that will ask the sources; with `urls`, these addresses alone. Raises
        ConfigError where that are real sites and the wire has not been given a name of its own.
        """
        config = self.load_config()
        refuse_placeholders(config, *urls)
        return config

    def _kept_config(self, digest: str) -> Config | None:
        from aggregator.pipeline.cached import unpack

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
        from aggregator.pipeline.cached import digest

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
        from aggregator.pipeline.cached import pack

        store = self.open_store()
        try:
            faulty = {escaped(each.key): escaped(each.faults[0]) for each in reversed(config.faulty)}
            store.look_at_clock(now)
            store.sync(config.wire, config.publishers, now, date(now.year, now.month, now.day), faulty)
            store.update_terms(now)
            is_text = not any("\ud800" <= each <= "\udfff" for line in config.faults for each in line)
            if config.digest and is_text and not store.kept_config(config.digest):  # a file's name may be none
                store.keep_config(config.digest, pack(config))
        except BaseException:
            store.close()
            raise
        return store
