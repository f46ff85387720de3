"""The files of a config folder as plain tables; this file alone opens them and reads TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aggregator.errors import ConfigError

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
    """The publishers' files under `folder`, relative to it, sorted: publishers/KEY.toml, publishers/COUNTRY/KEY.toml.

    ConfigError: there is no such folder, or no file in it, or a file so deep that it would be overlooked.
    """
    publishers = folder / "publishers"
    if not publishers.is_dir():
        raise ConfigError([f"publishers: found no such folder in {folder}, expected publishers/COUNTRY/KEY.toml files"])
    try:
        names = sorted(_toml_names(folder, publishers))
    except OSError as error:
        raise ConfigError([f"publishers: found a folder that cannot be read ({error.strerror})"]) from None
    deep = [name for name in names if name.count("/") > 2]
    if deep:
        expected = "expected it in publishers/COUNTRY/KEY.toml or publishers/KEY.toml"
        raise ConfigError([f"{name}: found a publisher's file too deep, {expected}" for name in deep])
    if not names:
        raise ConfigError(["publishers: found no .toml file, expected one a publisher, the wire's own among them"])
    return names


def _toml_names(folder: Path, publishers: Path) -> Iterator[str]:
    for depth in ("", "*/", "*/*/**/"):
        for path in publishers.glob(f"{depth}*.[tT][oO][mM][lL]"):
            name = path.relative_to(folder).as_posix()
            # What editors and file systems leave behind begins with a dot; a folder's name may end in .toml too.
            if "/." not in name and not path.is_dir():
                yield name


def _syntax_fault(name: str, content: bytes, reason: str) -> str:
    """tomllib says the place inside its message, or that the document ended."""
    place = re.fullmatch(r"(.*) \(at (line \d+, column \d+)\)", reason, re.DOTALL)
    if place:
        return f"{name}: {place[2]}: found text that is not TOML ({place[1]}), expected `key = value` or `[table]`"
    last = len(content.splitlines())
    return f"{name}: line {last}: found text that is not TOML ({reason}), expected `key = value` or `[table]`"
