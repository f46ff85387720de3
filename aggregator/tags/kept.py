"""Tables in the form in which they are looked up, kept beside Python's compiled files: a process that is started need
not make them of the files that people read.

As with those, what is kept goes by the time and the size of the files that it was made of, and nothing is kept where
Python keeps nothing, or where the folder cannot be written.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from aggregator.text import folding, separators, word_forms

T = TypeVar("T")

_HERE = Path(__file__).parent
_FOLDER = _HERE / "__pycache__"


def kept(name: str, make: Callable[[], T]) -> T:
    """What `make` makes, or what it made in an earlier process: of dicts, tuples, lists, sets, strings and numbers."""
    if sys.dont_write_bytecode or sys.pycache_prefix is not None:
        return make()
    return kept_in(_FOLDER, name, _made_of(), make)


def kept_in(folder: Path, name: str, made_of: str, make: Callable[[], T]) -> T:
    """As `kept`, in a folder; `made_of` is another where what it is made of is."""
    beginning = f"{name}.{sys.implementation.cache_tag}."
    file = folder / f"{beginning}{made_of}.pyc"
    with suppress(OSError, EOFError, ValueError, TypeError):
        found: T = marshal.loads(file.read_bytes())  # of our own making, as compiled code is
        return found
    made = make()
    with suppress(OSError):
        content: Any = made  # whose type marshal names in a way of its own
        _write(file, marshal.dumps(content))
        for older in folder.glob(f"{beginning}*.pyc"):
            if older != file:
                older.unlink(missing_ok=True)
    return made


def _write(file: Path, content: bytes) -> None:
    """Whole, or not at all: others may read it at any moment."""
    part = file.with_suffix(f".{os.getpid()}")
    part.write_bytes(content)
    part.replace(file)


@cache
def _made_of() -> str:
    """Of which files: those of this folder, and what they are read with."""
    those = [each for each in sorted(_HERE.rglob("*")) if each.is_file() and _FOLDER not in each.parents]
    those += [Path(module.__file__) for module in (folding, separators, word_forms) if module.__file__]
    states = [(each.name, each.stat()) for each in those]
    said = " ".join(f"{name} {state.st_mtime_ns} {state.st_size}" for name, state in states)
    return hashlib.sha256(said.encode()).hexdigest()[:16]
