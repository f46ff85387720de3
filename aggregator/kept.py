"""The checked configuration in a form that is read back at once, and the digest that says whether it still holds.

Reading and checking a thousand TOML files takes a quarter of a second, comparing their digest and reading this form a
tenth of that (bench/README.md). It alone knows msgspec, which makes nothing but what the types say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from aggregator.types import Config

_CHECKED_BY = (
    "config",
    "rights",
    "types",
    "links.py",
    "vocabulary.py",
    "kept.py",
)  # the rooms whose code decides what comes out


def digest(folder: Path) -> str:
    """SHA-256 over the TOML files in a configuration folder and the program that checks them. Raises OSError."""
    told = hashlib.sha256()
    for path in (*_program(), *sorted(folder.rglob("*.[tT][oO][mM][lL]"))):
        content = path.read_bytes()
        told.update(f"{path}\n{len(content)}\n".encode("utf-8", "surrogateescape"))
        told.update(content)
    return told.hexdigest()


def _program() -> Iterator[Path]:
    here = Path(__file__).parent
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
