"""The wire that is served: its configuration and its database, as they are now."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock, local

from aggregator.model import Config
from aggregator.model.errors import ConfigError, StoreError
from aggregator.pipeline.cached import is_settled
from aggregator.pipeline.opening import load_config, read_on, read_store
from aggregator.pipeline.paths import Paths
from aggregator.store import Store, identity
from aggregator.web.looking import Look
from aggregator.web.released import Released

log = logging.getLogger("aggregator.web")


@dataclass(slots=True)
class Site:
    """What answers are made of. It may be used by several threads."""

    paths: Paths
    clock: Callable[[], datetime]
    _config: Config | None = None
    _failed: str | None = None  # the signature of files that have faults, while the configuration before is in force
    _lock: Lock = field(default_factory=Lock)
    _held: local = field(default_factory=local)  # of each thread, the file that it has open
    released: Released = field(init=False)
    _look: Look = field(init=False)

    def __post_init__(self) -> None:
        self._look = Look(self.clock)
        self.released = Released(self.paths)

    def config(self) -> Config:
        """The configuration, read anew where its files have changed, a second later at most. While a fault touches
        everybody, the one before stays in force, as in the daemon; ConfigError: there is none before.
        """
        with self._lock:
            if self._config is None:
                self._config = load_config(self.paths)
            elif not self._is_good(self._config):
                self._config = self._read_anew(self._config)
            return self._config

    def _read_anew(self, before: Config) -> Config:
        found = self._signature()
        if found == self._failed and found and is_settled(found, self.clock()):
            return before  # these files were read, and have faults
        try:
            config = load_config(self.paths)
        except ConfigError as error:
            if found != self._failed:
                log.error("the configuration has faults, so the one before stays in force here: %s", error)
            self._failed = found or ""
            return before
        self._failed = None
        return config

    def _is_good(self, config: Config) -> bool:
        """Whether no file has changed since; what a person has to decide depends on the database too."""
        if any(each.is_undecided for each in config.faulty) or not is_settled(config.signature, self.clock()):
            return False
        return config.signature == self._signature()

    def _signature(self) -> str:
        """Of the files as they are; empty: there is no wire.toml, or no folder."""
        try:
            return self._look.signature(self.paths.config_folder())
        except (OSError, ConfigError):
            return ""

    @contextmanager
    def opened(self) -> Iterator[tuple[Store, datetime]]:
        """The database as it is to be read now, and that time. It takes milliseconds. Raises StoreError."""
        now = self.clock()
        with read_store(self.paths, now, self._look.signature) as store:
            yield store, now

    @contextmanager
    def kept_open(self) -> Iterator[tuple[Store, datetime]]:
        """As `opened`, for whoever has read all when it ends. Each thread keeps one open for the next request, for as
        long as it is the same file and shows what is stored: to open one anew takes longer than most of what is asked
        of it. Raises StoreError.
        """
        now, file = self.clock(), self._file()
        held: tuple[tuple[int, int] | None, Store] | None = getattr(self._held, "kept_open", None)
        self._held.kept_open = None  # whoever asks within this one gets another
        if held and file and held[0] == file:
            store = held[1]
        else:
            if held:
                held[1].close()
            store = read_store(self.paths)
        try:
            read_on(self.paths, store, now, self._look.signature)
            yield store, now
            is_kept = file is not None and store.is_as_stored()
        except BaseException:  # what it has begun to read may not be at its end
            store.close()
            raise
        if is_kept:
            self._held.kept_open = (file, store)
        else:
            store.close()

    @contextmanager
    def stored(self) -> Iterator[Store]:
        """The database as it is stored, whatever a clock has ended since: for what no clock ends. Each thread keeps
        one open, for as long as it is the same file. Raises StoreError.
        """
        file = self._file()
        held: tuple[tuple[int, int] | None, Store] | None = getattr(self._held, "stored", None)
        if held and file and held[0] == file:
            try:
                yield held[1]
            except StoreError:  # its connection may be lost, which the next one is not
                self._held.stored = None
                held[1].close()
                raise
            return
        self._held.stored = None
        if held:
            held[1].close()
        store = read_store(self.paths)
        if store.is_current():
            self._held.stored = (file, store)
            yield store
        else:  # its first writer gives its tables other names
            with store:
                yield store

    def _file(self) -> tuple[int, int] | None:
        """Which file it is; None: there is none."""
        try:
            return identity(self.paths.database())
        except StoreError:  # whoever opens it says why
            return None


def digest(*parts: object) -> str:
    """A short name of everything that an answer is made of, for an ETag."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]
