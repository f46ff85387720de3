"""Waiting for what another process or thread does: for a condition, in one place, and never for a time that is hoped to
be enough. What happens within the test's own event loop is waited for by an `asyncio.Event`, a task or a future.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

# Seconds between two looks, at first and after some seconds: a look into a database takes the time of a processor from
# what is waited for.
_BETWEEN, _LONGEST = 0.02, 0.1


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Returns when the condition holds; fails where it has not come after so many seconds."""
    begun = time.monotonic()
    while not condition():
        time.sleep(_until_the_next(begun, seconds))


async def eventually(condition: Callable[[], object], seconds: float = 20) -> None:
    """`until`, where the event loop of the test is to go on meanwhile."""
    begun = time.monotonic()
    while not condition():
        await asyncio.sleep(_until_the_next(begun, seconds))


def _until_the_next(begun: float, seconds: float) -> float:
    waited = time.monotonic() - begun
    assert waited < seconds, "it never came"
    return min(max(_BETWEEN, waited / 20), _LONGEST)


def seconds_of(pid: int) -> float:
    """Of processor time, that a process has taken (proc(5)); 0 where there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
