"""A command at a terminal: it writes to one side of a pseudo-terminal, and the test reads the other."""

from __future__ import annotations

import contextlib
import os
import pty
import threading
from collections.abc import Mapping, Sequence

import pytest

from aggregator.cli import main
from tests.commands import Popen


def at_terminal(
    command: Sequence[str], environment: Mapping[str, str] | None = None, *, is_typed: bool = False
) -> tuple[int, bytes]:
    """The exit code, and what the terminal was written on both streams. `is_typed`: its input is the terminal too."""
    leader, follower = pty.openpty()
    stdin = follower if is_typed else None
    with Popen(command, stdin=stdin, stdout=follower, stderr=follower, env=environment) as process:
        os.close(follower)
        seen = _all_of(leader)
    os.close(leader)
    return process.returncode, seen


def here_at_terminal(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes]:
    """As `at_terminal` of `aggregator` with these arguments, in this process, with a terminal as its input too."""
    leader, follower = pty.openpty()
    seen: list[bytes] = []
    reading = threading.Thread(target=lambda: seen.append(_all_of(leader)))
    reading.start()
    code = 0
    with (
        pytest.MonkeyPatch.context() as patch,
        open(follower, encoding="utf-8") as typed,
        open(follower, "w", encoding="utf-8", buffering=1, closefd=False) as terminal,
        contextlib.redirect_stdout(terminal),
        contextlib.redirect_stderr(terminal),
    ):
        patch.setattr("sys.stdin", typed)
        for name in os.environ.keys() - environment.keys():
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
    reading.join()
    os.close(leader)
    return code, seen[0]


def _all_of(leader: int) -> bytes:
    """What the terminal is written, until the other side is closed."""
    seen = b""
    while True:
        try:
            read = os.read(leader, 65_536)
        except OSError:  # how Linux says that it is
            return seen
        if not read:
            return seen
        seen += read
