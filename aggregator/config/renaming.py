"""Gives a publisher's file another name, or takes it away, where the configuration gets no fault by it."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

from aggregator.config.files import text_in
from aggregator.config.keys import KEY, KEY_EXPECTED
from aggregator.config.loading import load
from aggregator.config.saving import remove, save
from aggregator.config.toml import parse_toml
from aggregator.config.writing import with_value
from aggregator.model import Config
from aggregator.model.errors import ConfigError
from aggregator.rights import fault

_WIRE = "wire.toml"


def check_key(key: str) -> None:
    """ConfigError: no publisher can have this key."""
    if not KEY.fullmatch(key):
        raise ConfigError([f"{fault('the new key', key, KEY_EXPECTED)}; nothing was changed"])


def rename_file(folder: Path, name: str, new: str, former: Collection[str]) -> str:
    """Gives the publisher's file `name` the name of the key `new`, in its own folder, with `former` and the old key
    among its `former_keys`; returns its new name. wire.toml follows where it is the wire's own publisher. ConfigError:
    what comes of it has a fault, or cannot be written; then nothing has changed, but that a file may know its own key
    as a former one, which says nothing.
    """
    path = PurePosixPath(name)
    new_name = str(path.with_name(f"{new}{path.suffix}"))
    text = _with_former_keys(folder, name, [*former, path.stem])
    texts = {new_name: text, **_wire_of(folder, path.stem, new)}
    _refuse_faults(load(folder, texts, without=[name]), [new_name])
    if (folder / new_name).exists():
        raise ConfigError([f"{new_name}: found this file already, expected none of this name; nothing was changed"])
    save(folder, name, text)
    os.rename(folder / name, folder / new_name)
    if _WIRE in texts:
        save(folder, _WIRE, texts[_WIRE])
    return new_name


def accept_files(folder: Path, former: Mapping[str, Collection[str]]) -> None:
    """Writes into publishers' files, by their names, the keys that their publishers had before. ConfigError: as
    `rename_file`.
    """
    texts = {name: _with_former_keys(folder, name, keys) for name, keys in former.items()}
    for name, keys in former.items():
        for key in keys:
            texts |= _wire_of(folder, key, PurePosixPath(name).stem)
    _refuse_faults(load(folder, texts), list(former))
    for name, text in texts.items():
        save(folder, name, text)


def remove_file(folder: Path, name: str) -> None:
    """Takes a publisher's file away. ConfigError: it cannot be, or the wire could not be without it."""
    if load(folder).wire.publisher == PurePosixPath(name).stem:
        raise ConfigError([f"{name}: this is the wire's own publisher, which wire.toml names; it was not deleted"])
    remove(folder, name)


def former_keys(folder: Path, name: str) -> tuple[str, ...] | None:
    """What a publisher's file says of the keys that it had; None: nothing. Raises ConfigError."""
    found = parse_toml(name, text_in(folder, name).encode()).get("former_keys")
    return tuple(map(str, found)) if isinstance(found, list) else None


def _with_former_keys(folder: Path, name: str, more: Collection[str]) -> str:
    before = former_keys(folder, name) or ()
    keys = list(dict.fromkeys([*before, *more]))
    return with_value(name, text_in(folder, name), "former_keys", keys)


def _wire_of(folder: Path, old: str, new: str) -> dict[str, str]:
    """wire.toml with the new key of the wire's own publisher; empty where that is another one."""
    text = text_in(folder, _WIRE)
    return {_WIRE: with_value(_WIRE, text, "publisher", new)} if parse_toml(_WIRE, text.encode()).get(
        "publisher"
    ) == old else {}  # fmt: skip


def _refuse_faults(tried: Config, names: Collection[str]) -> None:
    if lines := [line for each in tried.faulty if each.file in names for line in each.faults]:
        raise ConfigError([*lines, f"{', '.join(names)}: nothing was changed, because of this"])
