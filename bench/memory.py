"""Whether memory stays flat as the number of feeds grows: `python -m bench.memory`. Cold passes, all processes."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from bench.contenders import CONTENDERS
from bench.feeds import Place, one_round
from bench.measuring import megabytes, say, table
from bench.serving import free_port
from bench.world import make_feeds


def peaks(contender: str, count: int, runs: int, python: str) -> list[int]:
    """The peak of each cold pass over `count` feeds, in bytes."""
    with tempfile.TemporaryDirectory(prefix="bench-memory-") as work:
        place = Place(Path(work), free_port(), python)
        feeds = make_feeds(place.folder / "feeds", count)
        say(f"{contender}, {count} feeds")
        return [each.cost.peak for run in range(runs) for each in one_round(run, [contender], ["cold"], feeds, place)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=["aggregator"])
    parser.add_argument("--reader-python", default=sys.executable, help="Python of the environment that holds reader")
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    figures = {
        name: {count: peaks(name, count, chosen.runs, chosen.reader_python) for count in chosen.feeds}
        for name in chosen.contenders
    }
    rows = []
    for name, taken in figures.items():
        medians = [statistics.median(taken[count]) for count in chosen.feeds]
        for count, median in zip(chosen.feeds, medians, strict=True):
            rows.append((name, count, megabytes(median), median / medians[0]))
    print(table(("contender", "feeds", "peak MB", f"times that of {chosen.feeds[0]}"), rows))
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
