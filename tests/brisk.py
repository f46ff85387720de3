"""The command with a daemon that looks for what is to be done ten times as often, for tests that wait for what it does:
what it does is the same, and a test of it waits for half a second in place of five.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.__main__ import main
from aggregator.cli import run


def brisk(command: Sequence[str]) -> list[str]:
    """The command that does the same, so."""
    before, after = command[: command.index("-m") + 1], command[command.index("-m") + 2 :]
    return [*before, "tests.brisk", *after]


if __name__ == "__main__":
    run.TICK /= 10
    main()
