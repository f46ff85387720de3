"""A command at a terminal: it writes to one side of a pseudo-terminal, and the test reads the other."""

from __future__ import annotations

import os
import pty
from collections.abc import Mapping, Sequence

from tests.commands import Popen


def at_terminal(
    command: Sequence[str], environment: Mapping[str, str] | None = None, *, is_typed: bool = False
) -> tuple[int, bytes]:
    """The exit code, and what the terminal was written on both streams. `is_typed`: its input is the terminal too."""
    leader, follower = pty.openpty()
    stdin = follower if is_typed else None
    with Popen(command, stdin=stdin, stdout=follower, stderr=follower, env=environment) as process:
        os.close(follower)
        seen = b""
        while True:
            try:
                read = os.read(leader, 65_536)
            except OSError:  # how Linux says that the other side is closed
                break
            if not read:
                break
            seen += read
    os.close(leader)
    return process.returncode, seen
