"""`python -m aggregator`, and the command `aggregator`."""

from __future__ import annotations


def main() -> None:
    """Worker processes import this module anew, so the command line is imported only when it is called."""
    from aggregator.cli import main as run

    run()


if __name__ == "__main__":
    main()
