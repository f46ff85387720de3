"""Where the files of a wire lie: its configuration and its database."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path

from aggregator.model.errors import ConfigError
from aggregator.text.timezones import timezone


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


@dataclass(frozen=True, slots=True)
class Paths:
    """What `--config` and `--db` said; None: not given."""

    config: Path | None
    db: Path | None

    def config_folder(self) -> Path:
        """Raises ConfigError when there is none in the usual places."""
        return find_config(self.config)

    def database(self) -> Path:
        """The file given, or data/wire.db beside the configuration folder. Raises ConfigError, as `config_folder`."""
        return self.db or self.config_folder().absolute().parent / "data" / "wire.db"

    def timezone(self) -> tzinfo:
        """The wire's time zone, read from wire.toml alone; UTC where there is none, or where it has a fault, which
        whoever reads the configuration reports.
        """
        try:
            wire = tomllib.loads((self.config_folder() / "wire.toml").read_text(encoding="utf-8"))
            return timezone(wire["timezone"])
        except (ConfigError, OSError, ValueError, KeyError, TypeError):
            return UTC


def limits_beside(database: Path) -> Path:
    """The file by which the limits of domains hold for all programs of a database."""
    database = database.resolve()  # a link to it may be in another folder
    return database.with_name(f"{database.name}.limits")
