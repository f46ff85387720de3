"""The configuration by which a long-running program works: notices that another one is to be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from aggregator.model import Config, StoredConfig
from aggregator.pipeline.cached import digest, is_settled, program, signature
from aggregator.pipeline.paths import Paths


@dataclass
class Following:
    """The files of a configuration, as they were at the last look, and the configuration that was made of them."""

    paths: Paths
    config: Config
    since: datetime  # when `config` was read
    _digest: str | None = field(init=False)  # None: not known
    _signature: str = field(init=False, default="")  # '': they may have changed without a trace

    def __post_init__(self) -> None:
        self._digest = self.config.digest

    def take(self, config: Config, now: datetime) -> None:
        """Goes on with this configuration."""
        if config != self.config:
            self.config, self.since = config, now

    def files_have_changed(self, now: datetime) -> bool:
        """Whether they are not what they were at the last look. Reads them only where their sizes or times are others,
        or where they changed a moment ago. A file that is being replaced or may not be read is for the next look.
        """
        try:
            folder = self.paths.config_folder()
            signed = signature(folder)
            if signed == self._signature:
                return False
            found = digest(folder)
        except OSError:
            return False
        before, self._digest = self._digest, found
        self._signature = signed if is_settled(signed, now) else ""
        return found != before

    def differs_by(self, stored: StoredConfig) -> str:
        """What makes the stored configuration another one than an older or newer state of these very files; '':
        nothing.
        """
        if stored.folder != str(folder_of(self.paths)):
            return f"of another folder, {stored.folder}; give both programs the same --config"
        if stored.program != program():
            return "by another version of the program; start this one again"
        return ""


def folder_of(paths: Paths) -> Path:
    """The configuration's folder by the name under which it is stored. Raises ConfigError."""
    return paths.config_folder().resolve()
