"""The files of a config folder as plain tables; this file alone opens them and reads TOML."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from aggregator.model.errors import ConfigError

TomlTable = dict[str, Any]


def read_toml(folder: Path, name: str) -> TomlTable:
    """The table in `folder/name`. ConfigError: it cannot be read, is not UTF-8, is not TOML, or says nothing."""
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        expected = "one as docs/configuration.md shows it"
        raise ConfigError([f"{name}: found no such file in {folder}, expected {expected}"]) from None
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
        raise ConfigError([f"{name}: found no key at all, expected a file as docs/configuration.md shows it"])
    return table


def _syntax_fault(name: str, content: bytes, reason: str) -> str:
    """tomllib says the place inside its message, or that the document ended."""
    place = re.fullmatch(r"(.*) \(at (line \d+, column \d+)\)", reason, re.DOTALL)
    if place:
        return f"{name}: {place[2]}: found text that is not TOML ({place[1]}), expected `key = value` or `[table]`"
    last = len(content.splitlines())
    return f"{name}: line {last}: found text that is not TOML ({reason}), expected `key = value` or `[table]`"


def plain(number: float) -> float:
    """A number as it stood in its file: `30` has become 30.0 on its way to a fault."""
    return int(number) if number.is_integer() else number
