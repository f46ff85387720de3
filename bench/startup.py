"""How long `aggregator --help` takes beside an empty Python: `python -m bench.startup`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from functools import partial
from pathlib import Path

from bench.contenders import aggregator
from bench.measuring import median_time, table

_LIMIT = 0.2  # seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "aggregator --help": [*aggregator(), "--help"],
    }
    seconds = {name: median_time(partial(_run, command), runs) for name, command in commands.items()}
    bare = seconds["python -c pass"]
    rows = [(name, taken * 1000, taken / bare) for name, taken in seconds.items()]
    print(table(("command", f"median of {runs}, ms", "times an empty Python"), rows))
    return 0 if seconds["aggregator --help"] <= _LIMIT else 1


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[1])


if __name__ == "__main__":
    sys.exit(main())
