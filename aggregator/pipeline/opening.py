"""Opens a wire: its configuration, fresh from the files or as the database keeps it, and its database."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from aggregator.config import files
from aggregator.config.known_publishers import unknown_publishers, unknown_publishers_of_search
from aggregator.config.placeholders import is_real
from aggregator.desk import clock, terms
from aggregator.desk.reading import read_as_of, show_as_of
from aggregator.identity.publishers import undecided
from aggregator.model import Config, Faulty, PublisherTerms, StoredConfig, Wire
from aggregator.model.errors import ConfigError, StoreError
from aggregator.pipeline import matching
from aggregator.pipeline.cached import digest, is_settled, pack, pack_wire, program, signature, unpack, unpack_wire
from aggregator.pipeline.following import folder_of
from aggregator.pipeline.paths import Paths
from aggregator.store import Store, exists
from aggregator.text.printable import escaped

log = logging.getLogger("aggregator.config")

_NAMELESS = Wire(
    name="This wire", url="", publisher="", user_agent="", robots_token="", complaints_url="", complaints_email=""
)


def refuse_placeholders(config: Config, *urls: str) -> None:
    """ConfigError: the sources, or these addresses, are real sites, and the wire has no name of its own yet."""
    if config.placeholders and (any(map(is_real, urls)) if urls else config.placeholders_forbid_polling):
        said = "nothing was fetched: these are the example's; write your own there, or `aggregator init DIR`"
        raise ConfigError([*config.placeholders, said])


def read_config(paths: Paths) -> Config:
    """The configuration, read from its files, but for publishers of whom a person has to say whether they are others of
    the database under a new key: these are faulty. Raises ConfigError where a fault touches everybody.
    """
    from aggregator.config.loading import load  # pydantic takes a fifth of a second, and mostly no file has changed

    config = load(paths.config_folder())
    try:
        with read_store(paths) as store:
            stored = store.stored_publishers()
            known = store.known_publishers().keys() if config.subscribers or config.searches else ()
    except StoreError:  # there is none yet; or else whoever opens it to write says what is wrong
        return _without_unknown(config, ())
    config = _without_unknown(config, known)
    found = dict(undecided(config.publishers, {each.key for each in config.faulty}, stored))
    if not found:
        return config
    files = publisher_files(paths)
    faulty = [
        Faulty(key=key, file=files[key], faults=(f"{files[key]}: {what}",), is_undecided=True)
        for key, what in found.items()
    ]
    return replace(
        config,
        publishers=tuple(publisher for publisher in config.publishers if publisher.key not in found),
        faulty=(*config.faulty, *faulty),
        faults=(*config.faults, *(line for each in faulty for line in each.faults)),
    )


def _without_unknown(config: Config, stored: Iterable[str]) -> Config:
    """The configuration, in which subscribers and searches that name publishers of nobody are faulty. Who is only in
    the database is somebody: subscribers may hold reports of a publisher that has left.
    """
    if not (config.subscribers or config.searches):
        return config
    known = {*stored, *(each.key for each in config.faulty)}
    for publisher in config.publishers:
        known |= {publisher.key, *(publisher.former_keys or ())}
    found = {each.name: lines for each in config.subscribers if (lines := unknown_publishers(each, known))}
    faulty = [Faulty(key=name, file=files.subscriber_file(name), faults=lines) for name, lines in found.items()]
    of_searches = {each.name: lines for each in config.searches if (lines := unknown_publishers_of_search(each, known))}
    faulty_searches = [Faulty(key=n, file=files.search_file(n), faults=lines) for n, lines in of_searches.items()]
    return replace(
        config,
        subscribers=tuple(each for each in config.subscribers if each.name not in found),
        faulty_subscribers=(*config.faulty_subscribers, *faulty),
        searches=tuple(each for each in config.searches if each.name not in of_searches),
        faulty_searches=(*config.faulty_searches, *faulty_searches),
        faults=(*config.faults, *(line for lines in (*found.values(), *of_searches.values()) for line in lines)),
    )


def load_config(paths: Paths) -> Config:
    """The configuration as the database keeps it, where no file has changed since; else as `read_config`."""
    try:
        signed = signature(paths.config_folder())  # before the files are read
        found = digest(paths.config_folder())
    except OSError:  # a file that cannot be read, which `read_config` reports
        return read_config(paths)
    return replace(_kept_config(paths, found) or read_config(paths), digest=found, signature=signed)


def config_for_polling(paths: Paths, *urls: str) -> Config:
    """As `load_config`, for a program that will ask the sources; with `urls`, these addresses alone. Raises ConfigError
    where that are real sites and the wire has not been given a name of its own.
    """
    if not urls:
        with suppress(StoreError):  # whoever opens it to write says what is wrong
            update_tables(paths)
    config = load_config(paths)
    refuse_placeholders(config, *urls)
    return config


def config_or_none(paths: Paths) -> Config | None:
    """As `load_config`; None where a fault touches everybody, which `check` reports."""
    try:
        return load_config(paths)
    except ConfigError:
        return None


def _kept_config(paths: Paths, digest: str) -> Config | None:
    try:
        with read_store(paths) as store:
            kept = store.kept_config(digest)
    except StoreError:  # there is none yet; or else whoever opens it to write says what is wrong
        return None
    config = unpack(kept) if kept else None
    # What a person has to decide depends on the database, which may have changed.
    return None if config is None or any(each.is_undecided for each in config.faulty) else config


def update_tables(paths: Paths) -> None:
    """Brings the tables of a database up to date that an older version made, which does not know of former keys. Raises
    StoreError.
    """
    if exists(paths.database()):
        with read_store(paths) as store:
            is_current = store.is_current()
        if not is_current:
            open_store(paths).close()


def is_in_force(paths: Paths) -> bool | None:
    """Whether the database has the configuration of the files; None: there is no database, or it cannot be read. Raises
    OSError where a file cannot be read.
    """
    found = digest(paths.config_folder())
    try:
        with read_store(paths) as store:
            return store.kept_config(found) is not None
    except StoreError:
        return None


def publisher_files(paths: Paths) -> dict[str, str]:
    """The publishers' files by key, relative to the configuration folder; raises ConfigError."""
    return {PurePosixPath(name).stem: name for name in files.publisher_files(paths.config_folder())}


def publisher_file(paths: Paths, key: str) -> str:
    """The file of a publisher, relative to the configuration folder; raises ConfigError when there is none."""
    found = publisher_files(paths).get(key)
    if found is None:
        raise ConfigError([f'publishers: found no file of "{key}", expected publishers/COUNTRY/{key}.toml'])
    return found


def wire_of(paths: Paths, store: Store) -> Wire:
    """Whose database this is: as it was configured when the tables were brought in line with the files, which takes no
    reading of these; else as the files say; else a wire without a name.
    """
    stored = store.config_in_force()
    if stored and (kept := unpack_wire(stored.wire)):
        return kept
    # With a database alone, the folder that is found may be another wire's.
    config = config_or_none(paths) if paths.config is not None or paths.db is None else None
    return config.wire if config else _NAMELESS


def open_store(paths: Paths) -> Store:
    """For writing; raises StoreError."""
    return Store.open(paths.database())


def open_existing(paths: Paths) -> Store:
    """For writing into a database that is there; raises StoreError, also when there is none yet."""
    read_store(paths).close()
    return open_store(paths)


def read_store(paths: Paths, now: datetime | None = None, signed: Callable[[Path], str] = signature) -> Store:
    """For reading only, with the terms that hold at `now` (None: those that the database has in force); raises
    StoreError, also when there is no database yet. Terms hold as soon as they stand in the files, also where no program
    has stored them yet. `signed`: what looks at the files.
    """
    if now is None:
        return Store.read(paths.database())
    return read_as_of(paths.database(), now, lambda stored: _not_stored(paths, stored, now.date(), signed))


def read_on(paths: Paths, store: Store, now: datetime, signed: Callable[[Path], str] = signature) -> None:
    """Makes a store that `read_store` opened, and that shows what is stored, one for `now`. Raises StoreError."""
    show_as_of(store, now, lambda stored: _not_stored(paths, stored, now.date(), signed))


def _not_stored(
    paths: Paths, stored: StoredConfig | None, day: date, signed: Callable[[Path], str]
) -> Sequence[PublisherTerms]:
    """The terms of the files, where these are not those of which the database has the terms."""
    folder = _folder_of_terms(paths, stored)
    if folder is None:
        return ()
    try:
        if stored and stored.signature and stored.signature == signed(folder):
            return ()
        if stored and stored.digest == digest(folder):
            return ()
        config = read_config(Paths(folder, paths.db))
    except (OSError, ConfigError) as error:
        said = "%s has faults, so the terms that the database has stay in force; `aggregator check` names them: %s"
        log.warning(said, folder, str(error).splitlines()[0])
        return ()
    return [terms.with_terms(publisher, config.wire, day) for publisher in config.publishers]


def _folder_of_terms(paths: Paths, stored: StoredConfig | None) -> Path | None:
    """The folder whose terms the database has; None: it is not known, or is not here."""
    if stored and os.path.isfile(os.path.join(stored.folder, "wire.toml")):
        return Path(stored.folder)
    if paths.config is None and paths.db is not None:  # then the one that is found may be any wire's
        return None
    folder = paths.config_folder()
    return folder if (folder / "wire.toml").is_file() else None


def open_wire(paths: Paths, config: Config, now: datetime) -> Store:
    """For writing, with the tables brought in line with the configuration; raises StoreError."""
    store = open_store(paths)
    try:
        _make_folder(store.path.absolute().parent)
        faulty = {escaped(each.key): escaped(each.faults[0]) for each in reversed(config.faulty)}
        clock.look(store, now)
        terms.sync(store, config.wire, config.publishers, now, date(now.year, now.month, now.day), faulty)
        terms.update(store, now)
        store.end_pauses(clock.believed(store, now))
        matching.follow(store, config, now)
        is_text = not any("\ud800" <= each <= "\udfff" for line in config.faults for each in line)
        if config.digest and is_text and not store.kept_config(config.digest):  # a file's name may be none
            store.keep_config(config.digest, pack(config))
        if config.digest:
            _note_in_force(store, paths, config, now)
    except BaseException:
        store.close()
        raise
    return store


def _make_folder(folder: Path) -> None:
    """Where this machine keeps its files, and commands of `wire.toml` run: a database on a server brings none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        said = f"cannot make this folder ({error.strerror}); name another: folder in [store] of wire.toml"
        raise StoreError(f"{folder}: {said}") from error


def _note_in_force(store: Store, paths: Paths, config: Config, now: datetime) -> None:
    """Writes only where there is something to write."""
    assert config.digest is not None  # the caller looked
    noted = StoredConfig(
        folder=str(folder_of(paths)),
        digest=config.digest,
        program=program(),
        signature=config.signature if is_settled(config.signature, now) else "",
        at=now,
        pid=os.getpid(),
        wire=pack_wire(config.wire),
    )
    before = store.config_in_force()
    if before and (before.folder, before.digest, before.wire) == (noted.folder, noted.digest, noted.wire):
        if noted.signature in ("", before.signature):
            return
        noted = replace(noted, at=before.at, pid=before.pid)
    store.note_in_force(noted)
