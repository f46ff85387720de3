"""The tests of a room are a package of its name; those of several rooms stand beside them."""

import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).absolute().parents[1]

for name in ("AGGREGATOR_CONFIG", "AGGREGATOR_DB"):  # the wire of whoever runs the tests
    os.environ.pop(name, None)

_MEMORY = Path("/dev/shm")
_ENOUGH = 4 << 30  # bytes; what `make test` holds at a time is a tenth of it


def _has_room(folder: Path) -> bool:
    """Whether so much can be written there, and programs may be run from it."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    is_open = os.access(folder, os.W_OK) and not found.f_flag & os.ST_NOEXEC
    return is_open and found.f_bavail * found.f_frsize >= _ENOUGH


# Most tests write a database, and would wait for a disk longer than they compute.
if "TMPDIR" not in os.environ and _has_room(_MEMORY):
    os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)
