"""Renames and removes a publisher: its file, and then the database."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from aggregator.config import renaming
from aggregator.config.loading import load
from aggregator.identity.publishers import undecided
from aggregator.model import Selection, StoredPublisher
from aggregator.model.errors import ConfigError
from aggregator.pipeline.opening import load_config, open_wire, publisher_files, read_store, update_tables
from aggregator.pipeline.paths import Paths
from aggregator.rights import did_you_mean
from aggregator.store import exists


class Renamed(Struct, frozen=True, kw_only=True):
    """What became of a publisher."""

    file: str  # its file now, relative to the configuration folder
    also: str | None = None  # the file of the publisher that it changed names with
    was_done: bool = False  # it had this key already
    reports: int | None = None  # that it has in `latest`; None: there is no database


def rename(paths: Paths, old: str, new: str, now: datetime) -> Renamed:
    """Gives a publisher another key, in its file and in the database. Where its file has the new name already, or two
    files have changed names, it is written down that this was meant. Raises ConfigError and StoreError; what the
    database says is brought in line by whatever opens it next, should this end in the middle.
    """
    renaming.check_key(new)
    folder, files, stored = paths.config_folder(), publisher_files(paths), _stored(paths)
    former = [stored[old].first_key, old] if old in stored else [old]
    if old not in files and new in files and old not in stored:
        if old not in (renaming.former_keys(folder, files[new]) or ()):
            raise ConfigError([_unknown(old, {*files, *stored})])
        renaming.accept_files(folder, {files[new]: former})
        return Renamed(file=files[new], was_done=True, reports=_in_line(paths, new, now))
    if old not in files and (new not in files or old not in stored):
        raise ConfigError([_unknown(old, {*files, *stored})])
    if old in files and new in files:
        return _accept_change_of_names(paths, (old, new), files, stored, now)
    if new in stored and stored[new].first_key != stored.get(old, stored[new]).first_key:
        raise ConfigError([_taken(new)])
    if old in files:
        file = renaming.rename_file(folder, files[old], new, former)
    else:
        file = files[new]
        renaming.accept_files(folder, {file: former})
    return Renamed(file=file, reports=_in_line(paths, new, now))


def _accept_change_of_names(
    paths: Paths, keys: tuple[str, str], files: dict[str, str], stored: dict[str, StoredPublisher], now: datetime
) -> Renamed:
    """Two files of which each has the addresses of the other's publisher: somebody gave each the other's name."""
    old, new = keys
    config = load(paths.config_folder())
    open_questions = dict(undecided(config.publishers, {each.key for each in config.faulty}, list(stored.values())))
    if old == new or not open_questions.keys() >= {old, new}:
        said = "expected a key that no publisher has; nothing was changed"
        raise ConfigError([f'{files[new]}: found a publisher of the key "{new}", {said}'])
    former = {files[old]: [stored[new].first_key, new], files[new]: [stored[old].first_key, old]}
    renaming.accept_files(paths.config_folder(), former)
    return Renamed(file=files[new], also=files[old], reports=_in_line(paths, new, now))


def remove(paths: Paths, key: str, now: datetime) -> None:
    """Takes a publisher's file away, and stops polling its sources. What is stored of it stays. Raises ConfigError."""
    renaming.remove_file(paths.config_folder(), publisher_files(paths)[key])
    _in_line(paths, key, now)


def _in_line(paths: Paths, key: str, now: datetime) -> int | None:
    """Brings the database in line with the files; how many reports the publisher has there."""
    if not exists(paths.database()):
        return None
    config = load_config(paths)
    with open_wire(paths, config, now) as store:
        if lines := [line for each in config.faulty if each.key == key for line in each.faults]:
            raise ConfigError(lines)
        return store.count(Selection(publishers=(key,)))


def _stored(paths: Paths) -> dict[str, StoredPublisher]:
    if not exists(paths.database()):
        return {}
    update_tables(paths)
    with read_store(paths) as store:
        return {each.key: each for each in store.stored_publishers()}


def _unknown(key: str, known: set[str]) -> str:
    close = did_you_mean(key, known) or "; `aggregator publishers` lists them"
    return f'publishers: found no publisher of the key "{key}"{close}; nothing was changed'


def _taken(key: str) -> str:
    return (
        f'publishers: found a publisher "{key}" in the database that has no file any more, expected a key that none'
        " has: the reports of two publishers cannot be joined; nothing was changed"
    )
