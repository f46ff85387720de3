"""A pass over slow hosts with dead ones among them: `python -m bench.slow`.

It must end within the deadline of one request plus five seconds; exit code 1 when it does not. The passes are a first
one, in which nobody knows who is dead, and a second, in which the store does.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.contenders import aggregator
from bench.measuring import Cost, measured, table
from bench.serving import free_port
from bench.slow_hosts import address
from bench.world import make_config

_HERE = Path(__file__).parents[1]
_DEADLINE = 30.0  # seconds: timeout_seconds by default
_GRACE = 5.0


@contextmanager
def hosts(port: int, count: int, dead: Sequence[int]) -> Iterator[None]:
    """The hosts, until the block ends."""
    command = [sys.executable, "-m", "bench.slow_hosts", str(port), str(count), ",".join(map(str, dead))]
    process = subprocess.Popen(command, cwd=_HERE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        if process.stdout.readline() != b"ready\n":
            raise SystemExit("the hosts did not start")
        yield
    finally:
        process.terminate()
        process.wait()


def passes(count: int, dead: Sequence[int], fetch: str, folder: Path) -> Iterator[tuple[str, Cost, int, int]]:
    """Of each pass its name, cost, and how many polls went well and failed."""
    port, database = free_port(), folder / "wire.db"
    urls = [(f"host-{number:04}", f"http://{address(number)}:{port}/feed.xml") for number in range(count)]
    config = make_config(folder / "config", urls, fetch)
    command = [*aggregator(), "--config", str(config), "--db", str(database), "fetch", "--all"]
    polled = 0
    with hosts(port, count, dead):
        for name in ("first", "second"):
            cost = measured(command, folder=_HERE, log=folder / "log", codes=(0, 1))
            with sqlite3.connect(database) as connection:
                sql = "SELECT outcome <> 'failed' FROM polls ORDER BY poll_id LIMIT -1 OFFSET ?"
                outcomes = [well for (well,) in connection.execute(sql, (polled,))]
            polled += len(outcomes)
            yield name, cost, sum(outcomes), len(outcomes) - sum(outcomes)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=600)
    parser.add_argument("--dead", type=int, default=7)
    parser.add_argument("--concurrency", type=int, help="[fetch] concurrency [default: the project's own]")
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    count = chosen.hosts + chosen.dead
    dead = sorted(random.Random(7).sample(range(count), chosen.dead))
    fetch = f"concurrency = {chosen.concurrency}" if chosen.concurrency else ""
    with tempfile.TemporaryDirectory(prefix="bench-slow-") as folder:
        taken = list(passes(count, dead, fetch, Path(folder)))
    rows = [
        (name, cost.wall, cost.wall - _DEADLINE, cost.cpu, well, failed, "yes" if _in_time(cost) else "NO")
        for name, cost, well, failed in taken
    ]
    head = ("pass", "wall s", "over the deadline, s", "CPU s", "answered", "failed", f"within {_DEADLINE + _GRACE:g} s")
    print(f"{chosen.hosts} slow hosts (0.2 to 3 s), {chosen.dead} dead ones\n\n{table(head, rows)}")
    if chosen.json:
        chosen.json.write_text(json.dumps([dict(zip(head, row, strict=True)) for row in rows], indent=1))
    whole = all((well, failed) == (chosen.hosts, chosen.dead) for _, _, well, failed in taken)
    return 0 if whole and all(_in_time(cost) for _, cost, _, _ in taken) else 1


def _in_time(cost: Cost) -> bool:
    return cost.wall <= _DEADLINE + _GRACE


if __name__ == "__main__":
    sys.exit(main())
