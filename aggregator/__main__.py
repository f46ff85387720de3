"""`python -m aggregator`, and the command `aggregator`."""

from __future__ import annotations

import atexit
import gc
import sys

from aggregator.cli import main as run


def main() -> None:
    """What is said here of memory and of httpx has to be said before the module of a command is imported."""
    # A call makes many small values that live to its end, and hardly a cycle; looking for cycles at every seven hundred
    # of them takes a tenth of the time (mypy does the same).
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)  # nor is what is left at the end worth looking through: the system takes it all
    # httpx loads its own command line with itself, and that loads rich and pygments: a tenth of a start. It does
    # without where it cannot be imported, which is what None says.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    run()


if __name__ == "__main__":
    main()
