"""What tests call in a reading process. It imports nothing of the tests, which takes a second."""

from __future__ import annotations

import os


def own_pid() -> int:
    return os.getpid()


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
