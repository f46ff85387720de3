"""`aggregator` upon a small disk of its own: `python -m tests.small_disk FOLDER BEFORE AFTER COMMAND...` mounts 12 MB
at the folder, which no other process sees, runs a script of the shell before and after the command, and ends as it
does. A daemon looks ten times as often as usual whether there is room again.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from aggregator.__main__ import main
from aggregator.cli import run

# unshare(2), linux/sched.h
_CLONE_NEWNS, _CLONE_NEWUSER = 0x0002_0000, 0x1000_0000


def with_disk(folder: str, before: str, after: str, arguments: Sequence[str]) -> None:
    """Raises OSError where the system lets nobody have mounts of his own, CalledProcessError where it lets nobody mount
    a file system.
    """
    _have_own_mounts()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "none", folder], check=True)
    subprocess.run(["sh", "-c", before])  # what fills a disk fails at last
    run.TICK /= 10
    sys.argv[1:] = arguments
    try:
        main()
    finally:
        subprocess.run(["sh", "-c", after], check=True)


def _have_own_mounts() -> None:
    """As `unshare --mount --map-root-user` does."""
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS | _CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")


if __name__ == "__main__":
    _, on, first, last, *command = sys.argv
    with_disk(on, first, last, command)
