"""Which files of a config folder are publishers', subscribers' and of saved searches."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from aggregator.model.errors import ConfigError


def publisher_files(folder: Path) -> list[str]:
    """The publishers' files under `folder`, relative to it, sorted: publishers/KEY.toml, publishers/COUNTRY/KEY.toml,
    and those that are `too_deep`.

    ConfigError: there is no such folder, or one of its folders cannot be read, or no file is in it.
    """
    publishers = folder / "publishers"
    if not publishers.is_dir():
        raise ConfigError([f"publishers: found no such folder in {folder}, expected publishers/COUNTRY/KEY.toml files"])
    try:
        names = sorted(_toml_names(folder, "publishers"))
    except OSError as error:
        raise ConfigError([f"publishers: found a folder that cannot be read ({error.strerror})"]) from None
    if not names:
        raise ConfigError(["publishers: found no .toml file, expected one a publisher, the wire's own among them"])
    return names


def subscriber_files(folder: Path) -> list[str]:
    """The subscribers' files under `folder`, relative to it, sorted: subscribers/NAME.toml, and those that are in a
    folder below. None where there is no such folder. ConfigError: it cannot be read.
    """
    try:
        return sorted(_toml_names(folder, "subscribers")) if (folder / "subscribers").is_dir() else []
    except OSError as error:
        raise ConfigError([f"subscribers: found a folder that cannot be read ({error.strerror})"]) from None


def search_files(folder: Path) -> list[str]:
    """As `subscriber_files`, of saved searches: searches/NAME.toml."""
    try:
        return sorted(_toml_names(folder, "searches")) if (folder / "searches").is_dir() else []
    except OSError as error:
        raise ConfigError([f"searches: found a folder that cannot be read ({error.strerror})"]) from None


def search_file(name: str) -> str:
    """The file of a saved search, relative to the configuration folder."""
    return f"searches/{name}.toml"


def subscriber_file(name: str) -> str:
    """The file of a subscriber, relative to the configuration folder."""
    return f"subscribers/{name}.toml"


def too_deep(names: Iterable[str]) -> Iterator[str]:
    """A fault for each publisher's file that stands in a folder below its country's."""
    expected = "expected it in publishers/COUNTRY/KEY.toml or publishers/KEY.toml"
    yield from (f"{name}: found a publisher's file too deep, {expected}" for name in names if name.count("/") > 2)


def _toml_names(folder: Path, name: str) -> Iterator[str]:
    """Those below `folder/name`. Raises OSError for a folder that cannot be read: its publishers are not to be taken
    for removed ones.
    """
    for entry in sorted(os.listdir(folder / name)):
        path = f"{name}/{entry}"
        if entry.startswith("."):  # what editors and file systems leave behind
            continue
        if (folder / path).is_dir():
            if "/" not in name or not (folder / path).is_symlink():  # which may lead back to where it came from
                yield from _toml_names(folder, path)
        elif entry.lower().endswith(".toml"):
            yield path


def text_in(folder: Path, name: str) -> str:
    """What a file of the configuration says. Raises ConfigError where it cannot be read."""
    try:
        return (folder / name).read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{name}: found a file that cannot be read ({error}), expected one in UTF-8"]) from None
