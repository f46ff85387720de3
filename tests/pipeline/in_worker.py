"""What tests call in a reading process. It imports nothing of the tests, which takes a second."""

from __future__ import annotations

import os
from pathlib import Path


def own_pid() -> int:
    return os.getpid()


def held(begun: str, end: str) -> None:
    """Makes the one file, and lasts until somebody writes into the other, a pipe."""
    Path(begun).touch()
    Path(end).read_bytes()


def noisy() -> str:
    print("a library says something")
    os.write(1, b"\0\0\0\0\0\0\0\1!")
    return "heard"


def dead(sign: int) -> None:
    os.kill(os.getpid(), sign)


def failing(kind: type[Exception]) -> None:
    raise kind("so it is")


def grow(size: int) -> int:
    return len(bytearray(size))
