"""From a folder of TOML files to the Wire and its Publishers, and to all faults of all files at once.

A fault in a publisher's file, or in a profile of rights.toml, is a fault of the publishers concerned, and one in a
subscriber's file is that subscriber's; one in wire.toml is everybody's. What stands in each file is for `wire`,
`profiles`, `publisher`, `searches` and `subscribers`. `faults` is everywhere the list that each step adds its own to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from aggregator.config.advice import pace_warnings, warnings
from aggregator.config.bare import completed
from aggregator.config.between import own_publisher_faults, repeated_addresses, repeated_first_keys, repeated_keys
from aggregator.config.codes import unknown_codes
from aggregator.config.files import publisher_files, too_deep
from aggregator.config.lines import located
from aggregator.config.placeholders import forbid_polling, placeholders
from aggregator.config.profiles import Profiles, profiles_of
from aggregator.config.publisher import publisher_of
from aggregator.config.searches import load_searches
from aggregator.config.subscribers import load_subscribers
from aggregator.config.toml import TomlTable, parse_toml, read_toml
from aggregator.config.wire import wire_of
from aggregator.model import Config, Faulty, Publisher, Wire
from aggregator.model.errors import ConfigError
from aggregator.rights import fault

_WIRE, _RIGHTS = "wire.toml", "rights.toml"


def load(folder: Path, texts_of: Mapping[str, str] = MappingProxyType({}), without: Collection[str] = ()) -> Config:
    """The wire and its publishers. A publisher whose file has a fault stands in `faulty`; where two files claim one key
    or one address, nobody knows whose it is, and both do. ConfigError: a fault that touches everybody, in wire.toml, of
    the whole of rights.toml, or of the folder; it names the faults of all files, each a line.

    `texts_of` are publishers' files, and wire.toml, as they would be, by their names: new ones, and others in place of
    those there. `without` are names of publishers' files that would be gone.
    """
    if not folder.is_dir():
        expected = "expected a folder with wire.toml, rights.toml and publishers/; give it with --config DIR"
        raise ConfigError([f"{folder}: found {'a file' if folder.exists() else 'no such folder'}, {expected}"])
    faults: list[str] = []
    wire = _wire(folder, faults, texts_of.get(_WIRE))
    profiles = _profiles(folder, faults)
    here = dict.fromkeys([*_publisher_names(folder, faults), *texts_of])
    names = [name for name in here if name not in (_WIRE, *without)]
    faults += too_deep(names)
    tables = _publisher_tables(folder, names, texts_of, faults)
    made = _publishers(tables, profiles, wire, faults)
    faults += [*unknown_codes(tables), *repeated_keys(names), *repeated_first_keys(tables), *repeated_addresses(tables)]
    if wire is not None and names:
        faults += own_publisher_faults(wire.publisher, tables, names)
    of_files = {name: [line for line in faults if line.startswith(f"{name}: ")] for name in names}
    with_line = partial(_with_line, folder, names, texts_of)
    searches = load_searches(folder, wire)
    named = [*(each.name for each in searches.sound), *(each.key for each in searches.faulty)]
    subscribers = load_subscribers(folder, named)
    of_all = [*map(with_line, faults), *_faults_of(subscribers.faulty), *_faults_of(searches.faulty)]
    if wire is None or profiles is None or not names or any(line.startswith(f"{_WIRE}: ") for line in faults):
        raise ConfigError(of_all)
    lines = {name: [*of_files[name], *_of_profile(tables.get(name, {}), profiles)] for name in names}
    sound = {name: publisher for name, publisher in made.items() if publisher is not None and not lines[name]}
    assert all(lines[name] for name in names if name not in sound)
    publishers = tuple(sorted(sound.values(), key=lambda publisher: publisher.key))
    own_publisher = {name: each for name, each in sound.items() if each.key == wire.publisher}
    return Config(
        wire=wire,
        publishers=publishers,
        faulty=tuple(
            Faulty(key=PurePosixPath(name).stem, file=name, faults=tuple(map(with_line, lines[name])))
            for name in names
            if name not in sound
        ),
        faults=tuple(of_all),
        placeholders=tuple(map(with_line, placeholders(wire, own_publisher))),
        placeholders_forbid_polling=forbid_polling(wire, publishers),
        warnings=(
            *_statement_warnings(folder, wire),
            *warnings(sound),
            *pace_warnings(wire, publishers),
            *subscribers.warnings,
        ),
        subscribers=subscribers.sound,
        faulty_subscribers=subscribers.faulty,
        searches=searches.sound,
        faulty_searches=searches.faulty,
    )


def _statement_warnings(folder: Path, wire: Wire) -> Iterator[str]:
    """Where the file that `statement` names is not there: the wire works without it."""
    if wire.statement is not None and not (folder / wire.statement).is_file():
        expected = "a file of this name beside wire.toml; the page /about lacks it"
        yield f"{_WIRE}: {fault('statement', wire.statement, expected)}"


def _with_line(folder: Path, names: Iterable[str], texts_of: Mapping[str, str], fault_line: str) -> str:
    """A fault with the line of its file, unless that is a file that does not stand there yet."""
    of = next((name for name in (*names, _WIRE, _RIGHTS) if fault_line.startswith(f"{name}: ")), None)
    if of is None or of in texts_of:
        return fault_line
    with suppress(OSError, UnicodeDecodeError):  # which is its fault, then
        text = (folder / of).read_text(encoding="utf-8-sig")
        return f"{of}: {located(fault_line.removeprefix(f'{of}: '), text)}"
    return fault_line


def _table(folder: Path, name: str, faults: list[str], text: str | None = None) -> TomlTable | None:
    try:
        return read_toml(folder, name) if text is None else parse_toml(name, text.encode())
    except ConfigError as error:
        faults.extend(error.faults)
        return None


def _wire(folder: Path, faults: list[str], text: str | None) -> Wire | None:
    table = _table(folder, _WIRE, faults, text)
    if table is None:
        return None
    wire, lines = wire_of(table)
    faults += _in_file(_WIRE, lines)
    return wire


def _profiles(folder: Path, faults: list[str]) -> Profiles | None:
    """None: the file cannot be read."""
    table = _table(folder, _RIGHTS, faults)
    if table is None:
        return None
    profiles = profiles_of(table)
    faults += [line for of_profile in profiles.faulty.values() for line in _in_file(_RIGHTS, of_profile)]
    return profiles


def _of_profile(publisher: TomlTable, profiles: Profiles) -> list[str]:
    """What is wrong with the profile that a publisher's file names."""
    return _in_file(_RIGHTS, profiles.faulty.get(str(publisher.get("rights_profile")), ()))


def _publisher_tables(
    folder: Path, names: Iterable[str], texts_of: Mapping[str, str], faults: list[str]
) -> dict[str, TomlTable]:
    """What stands in the files of these names that can be read."""
    found = {name: _table(folder, name, faults, texts_of.get(name)) for name in names}
    return {name: completed(table) for name, table in found.items() if table is not None}


def _publishers(
    tables: Mapping[str, TomlTable], profiles: Profiles | None, wire: Wire | None, faults: list[str]
) -> dict[str, Publisher | None]:
    """What each file makes, as far as it makes a publisher."""
    made: dict[str, Publisher | None] = {}
    for name, table in tables.items():
        made[name], lines = publisher_of(PurePosixPath(name), table, profiles, wire)
        faults += _in_file(name, lines)
    return made


def _publisher_names(folder: Path, faults: list[str]) -> Sequence[str]:
    try:
        return publisher_files(folder)
    except ConfigError as error:
        faults.extend(error.faults)
        return ()


def _in_file(name: str, lines: Sequence[str]) -> list[str]:
    return [f"{name}: {line}" for line in lines]


def _faults_of(faulty: Iterable[Faulty]) -> list[str]:
    return [line for each in faulty for line in each.faults]
