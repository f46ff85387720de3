"""Where a wire's configuration and its database are."""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from msgspec import Struct

from aggregator.model import Template
from aggregator.model.errors import ConfigError, StoreError
from aggregator.model.place import Place, PostgresPlace
from aggregator.text import database_urls
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


class Paths(Struct, frozen=True):
    """What `--config` and `--db`, or the environment, said; None: not given."""

    config: Path | None
    db: Place | Template | None  # a Template: the address of a database of PostgreSQL
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

    def database(self) -> Place:
        """The one given; or that of `[store] url` in wire.toml; or data/wire.db in the configuration folder, or beside
        one that is called config. Raises ConfigError, as `config_folder`, and StoreError where the environment names a
        folder, or an address is none or lacks a variable.
        """
        if isinstance(self.db, Template):
            return self._postgres(self.db, DATABASE_VARIABLE if self.db_by_environment else "--db")
        if isinstance(self.db, Path) and self.db_by_environment and self.db.is_dir():
            raise StoreError(f"{DATABASE_VARIABLE}: found the folder {self.db}, expected a file, such as wire.db in it")
        if self.db is not None:
            return self.db
        folder = self.config_folder().absolute()
        url = _store_table(folder).get("url")
        if isinstance(url, str) and database_urls.is_database_url(url):
            return self._postgres(Template(url), f"{folder / 'wire.toml'}: store.url")
        return _usual_database(folder)

    def resolved(self) -> Paths:
        """For a program that runs for long: whatever becomes of its files, it is the same wire and the same database.
        Raises as `database`.
        """
        place = self.database()
        return Paths(self.config_folder().absolute(), place.absolute() if isinstance(place, Path) else place)

    def held(self) -> Paths:
        """For a server: the same database as long as it runs, also while the file that may name it has an error. Raises
        as `database`.
        """
        return self if isinstance(self.database(), Path) else self.resolved()

    def _postgres(self, url: Template, where: str) -> PostgresPlace:
        address = database_urls.read(url, os.environ, where)
        return PostgresPlace(address.name, address.url, self._files() / _file_name(address.database))

    def _files(self) -> Path:
        """The folder for what a machine keeps of a wire whose database is elsewhere."""
        try:
            config = self.config_folder().absolute()
            said = _store_table(config).get("folder")
        except ConfigError:  # a database alone was given, and the folder of no wire is here
            return Path("data").absolute()
        return config / said if isinstance(said, str) else _usual_database(config).parent

    def timezone(self) -> tzinfo:
        """The wire's time zone, read from wire.toml alone; UTC where there is none, or where it has a fault, which
        whoever reads the configuration reports.
        """
        try:
            wire = tomllib.loads((self.config_folder() / "wire.toml").read_text(encoding="utf-8"))
            return timezone(wire["timezone"])
        except (ConfigError, OSError, ValueError, KeyError, TypeError):
            return UTC


def _store_table(config: Path) -> dict[str, Any]:
    """[store] of wire.toml, as far as it can be read: whoever reads the configuration reports its faults. ConfigError:
    the file names a database and cannot be read, so that it is not known which one.
    """
    file = config / "wire.toml"
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    if "postgres" not in text and "folder" not in text:
        return {}
    try:
        table = tomllib.loads(text).get("store")
    except tomllib.TOMLDecodeError as error:
        if _NAMES_DATABASE.search(text) is None:
            return {}
        said = f"found a fault ({error}), expected TOML: it names the database; or name that with --db"
        raise ConfigError([f"{file}: {said}"]) from None
    return table if isinstance(table, dict) else {}


_NAMES_DATABASE = re.compile(r"""^\s*(?:store\.)?url\s*=\s*["']+postgres""", re.MULTILINE)


def _file_name(database: str) -> str:
    """Of files beside each other that are of different databases."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", database)[:50] or "wire"
    mark = "" if name == database else f"-{hashlib.sha256(database.encode()).hexdigest()[:8]}"
    return f"{name}{mark}.postgresql"


def _usual_database(config: Path) -> Path:
    """Each wire has its own, also where several have their folders beside each other. Up to version 0.4 every folder
    had its database beside it: one that is there is used.
    """
    within, beside = (folder / "data" / "wire.db" for folder in (config, config.parent))
    return beside if not within.exists() and (config.name == "config" or beside.exists()) else within


def limits_beside(place: Place) -> Path:
    """The file by which the limits of domains hold for all programs of a database on this machine."""
    file = place if isinstance(place, Path) else place.beside
    file = file.resolve()  # a link to it may be in another folder
    return file.with_name(f"{file.name}.limits")
