"""The checked configuration in a form that is read back at once, and the digest that says whether it still holds.

Reading and checking a thousand TOML files takes a quarter of a second, comparing their digest and reading this form a
tenth of that (bench/README.md). msgspec makes nothing but what the types say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from aggregator.model import Config

# The rooms and files whose code decides what comes out.
_CHECKED_BY = ("config", "rights", "model", "text/urls.py", "pipeline/cached.py")


# Beside wire.toml: what `config` reads, also through a country's folder that is a link, and what it finds too deep.
_FILES = ("rights.toml", *(f"publishers/{depth}*.[tT][oO][mM][lL]" for depth in ("", "*/", "*/*/**/")))


def digest(folder: Path) -> str:
    """SHA-256 over the files of a configuration folder and the program that checks them. Raises OSError, also where the
    folder is none of a configuration.
    """
    hashed = hashlib.sha256()
    files = (path for pattern in _FILES for path in folder.glob(pattern))
    for path in (*_program(), folder / "wire.toml", *sorted(path for path in files if not path.is_dir())):
        try:
            content = path.read_bytes()
        except OSError as error:
            if path.parent == folder:
                raise
            content = f"unreadable: {error.errno}".encode()  # which is a fault of one publisher
        hashed.update(f"{path}\n{len(content)}\n".encode("utf-8", "surrogateescape"))
        hashed.update(content)
    return hashed.hexdigest()


def _program() -> Iterator[Path]:
    here = Path(__file__).parents[1]
    for name in _CHECKED_BY:
        yield from sorted((here / name).glob("*.py")) if "." not in name else [here / name]


def pack(config: Config) -> str:
    """The configuration as JSON."""
    return msgspec.json.encode(config).decode()


def unpack(kept: str) -> Config | None:
    """What `pack` was given; None for anything else."""
    try:
        return msgspec.json.decode(kept, type=Config)
    except msgspec.MsgspecError:
        return None
