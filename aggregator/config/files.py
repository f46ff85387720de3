"""The files of a config folder as plain tables; this file alone opens them and reads TOML."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from aggregator.model.errors import ConfigError

TomlTable = dict[str, Any]


def read_toml(folder: Path, name: str) -> TomlTable:
    """The table in `folder/name`. ConfigError: it cannot be read, is not UTF-8, is not TOML, or says nothing."""
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        raise ConfigError([f"{name}: found no such file in {folder}, expected one as the README shows it"]) from None
    except OSError as error:
        raise ConfigError([f"{name}: found a file that cannot be read ({error.strerror}), expected TOML"]) from None
    return parse_toml(name, content)


def parse_toml(name: str, content: bytes) -> TomlTable:
    """The table that a file of this name and content holds. ConfigError: it is not UTF-8, is not TOML, says nothing."""
    try:
        # Editors on Windows begin a file with a byte order mark, which TOML does not know.
        table = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{name}: line {line}: found bytes that are not UTF-8, expected text in UTF-8"]) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError([_syntax_fault(name, content, str(error))]) from None
    if not table:
        raise ConfigError([f"{name}: found no key at all, expected a file as the README shows it"])
    return table


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


def _syntax_fault(name: str, content: bytes, reason: str) -> str:
    """tomllib says the place inside its message, or that the document ended."""
    place = re.fullmatch(r"(.*) \(at (line \d+, column \d+)\)", reason, re.DOTALL)
    if place:
        return f"{name}: {place[2]}: found text that is not TOML ({place[1]}), expected `key = value` or `[table]`"
    last = len(content.splitlines())
    return f"{name}: line {last}: found text that is not TOML ({reason}), expected `key = value` or `[table]`"
