"""Where the files of a wire lie: its configuration and its database."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path

from aggregator.model.errors import ConfigError, StoreError
from aggregator.text.printable import argument
from aggregator.text.timezones import timezone

CONFIG_VARIABLE = "AGGREGATOR_CONFIG"
DATABASE_VARIABLE = "AGGREGATOR_DB"


def find_config(explicit: Path | None = None) -> Path:
    """The folder to load: the one given, ./config, or that of the checkout this package runs from.

    ConfigError: none was given and neither of the others holds a wire.toml.
    """
    if explicit is not None:
        return explicit
    places = (Path("config").absolute(), Path(__file__).absolute().parents[2] / "config")
    for place in places:
        if (place / "wire.toml").is_file():
            return place
    looked = " nor in ".join(dict.fromkeys(map(str, places)))
    expected = f"expected --config DIR or {CONFIG_VARIABLE}, the folder that holds one; `aggregator init DIR` makes one"
    raise ConfigError([f"--config: found no wire.toml in {looked}, {expected}"])


def is_checkout(config: Path) -> bool:
    """Whether a folder is that of a checkout of the project, which changes it with every version."""
    config = config.absolute()
    return config.name == "config" and (config.parent / "aggregator" / "pipeline" / "paths.py").is_file()


@dataclass(frozen=True, slots=True)
class Paths:
    """What `--config` and `--db`, or the environment, said; None: not given."""

    config: Path | None
    db: Path | None
    config_by_environment: bool = False
    db_by_environment: bool = False

    def config_folder(self) -> Path:
        """Raises ConfigError when there is none in the usual places, or none where the environment says."""
        if self.config is not None and self.config_by_environment and not (self.config / "wire.toml").is_file():
            raise ConfigError(
                [
                    f"{CONFIG_VARIABLE}: found {self.config}, which has no wire.toml, expected the folder of a wire; "
                    f"`aggregator init {argument(str(self.config))}` makes one"
                ]
            )
        return find_config(self.config)

    def database(self) -> Path:
        """The file given; or data/wire.db in the configuration folder, or beside one that is called config. Raises
        ConfigError, as `config_folder`, and StoreError where the environment names a folder.
        """
        if self.db is not None and self.db_by_environment and self.db.is_dir():
            raise StoreError(f"{DATABASE_VARIABLE}: found the folder {self.db}, expected a file, such as wire.db in it")
        return self.db or _usual_database(self.config_folder().absolute())

    def timezone(self) -> tzinfo:
        """The wire's time zone, read from wire.toml alone; UTC where there is none, or where it has a fault, which
        whoever reads the configuration reports.
        """
        try:
            wire = tomllib.loads((self.config_folder() / "wire.toml").read_text(encoding="utf-8"))
            return timezone(wire["timezone"])
        except (ConfigError, OSError, ValueError, KeyError, TypeError):
            return UTC


def _usual_database(config: Path) -> Path:
    """Each wire has its own, also where several have their folders beside each other. Up to version 0.4 every folder
    had its database beside it: one that is there is used.
    """
    within, beside = (folder / "data" / "wire.db" for folder in (config, config.parent))
    return beside if not within.exists() and (config.name == "config" or beside.exists()) else within


def limits_beside(database: Path) -> Path:
    """The file by which the limits of domains hold for all programs of a database."""
    database = database.resolve()  # a link to it may be in another folder
    return database.with_name(f"{database.name}.limits")
