"""`python -m aggregator`, and the command `aggregator`."""

from __future__ import annotations


def main() -> None:
    """Worker processes import this module anew, so the command line is imported only when it is called."""
    import gc

    # A call makes many small values that live to its end, and hardly a cycle; looking for cycles at every seven hundred
    # of them takes a tenth of the time (mypy does the same).
    gc.set_threshold(50_000)
    from aggregator.cli import main as run

    run()


if __name__ == "__main__":
    main()
