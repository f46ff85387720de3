"""One box for many sources, days of them in minutes: `python -m bench.onebox [--sources N] [--items N] [--days N]`.

A press in a process of its own publishes ITEMS a day at SOURCES that differ in their rates as real ones do
(`bench.onebox.world`). The wire polls them as the command `run` does, with its own settings, scheduling, parsers and
store, over HTTP on loopback, each source on a host of its own; only its clock jumps from one due time to the next, and
the spacing of requests to one host is lifted, because that is real time. Then every item is accounted for: stored when,
or why not. The fixed interval beside it is computed: the same times of publication and as many requests.

Exit code 1 when an item is not stored that stood in a document that was fetched. Left out: errors of servers, edits,
sources that share a host, reading the configuration's files (the wire is given its publishers).
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path

from aggregator.store import Store
from bench.measuring import Cost, cpu_of, machine, measured, megabytes, say, size_of, table
from bench.onebox.account import Account, account, at_fixed_interval
from bench.onebox.press import CLOCK
from bench.onebox.sizes import KEPT_DAYS, Sizes, Weights, measure_sizes, weights
from bench.onebox.world import World, time_of

_ROOT = Path(__file__).parents[2]
_SOURCES, _ITEMS, _DAYS, _SEED = 1_000, 10_000, 1.0, 1
_LONGEST = 24 * 3600  # seconds that a run may take
_AFTER = (7, 30, 90, 365)  # days


@dataclass(frozen=True, slots=True)
class Told:
    """What the press has to say."""

    counted: dict[str, int]
    seen: dict[str, tuple[int | None, list[tuple[int, int]]]]
    cpu: float  # seconds

    @property
    def polls(self) -> int:
        return self.counted.get("200", 0) + self.counted.get("304", 0)


@dataclass(frozen=True, slots=True)
class Result:
    world: World
    cost: Cost  # of the wire alone
    told: Told
    ours: Account
    fixed: Account
    interval: float  # hours, of the fixed one
    articles: int  # in the database, with those of before the beginning
    database: int  # bytes
    weights: Weights
    sizes: Sizes


def run(world: World, folder: Path) -> Result:
    database = folder / "wire.db"
    say(f"the wire lives {world.days:g} days; that takes a while")
    with _press(world) as (press, port):
        command = [sys.executable, "-m", "bench.onebox.wire", database, port, world.sources, world.days]
        cost = measured(list(map(str, command)), folder=_ROOT, log=folder / "wire.log", seconds=_LONGEST)
        told = _told(port, cpu_of(press))
    say(f"the wire took {cost.wall:.0f} s, {cost.cpu:.0f} s of processor time")
    with closing(sqlite3.connect(database)) as connection:
        ours = account(world, connection, told.seen)
        (articles,) = connection.execute("SELECT count(*) FROM articles").fetchone()
        weighed = weights(connection)
    size = size_of(database)
    interval = world.sources * world.days * 24 / told.polls
    with Store.open(database) as store:
        sizes = measure_sizes(store, world.sources, world.days, time_of(world.days * 24))
    fixed = at_fixed_interval(world, interval)
    return Result(world, cost, told, ours, fixed, interval, articles, size, weighed, sizes)


@contextmanager
def _press(world: World) -> Iterator[tuple[int, int]]:
    """The process's id and its port."""
    numbers = map(str, (world.sources, world.items, world.days, world.seed))
    command = [sys.executable, "-m", "bench.onebox.press", *numbers]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.pid, int(process.stdout.readline())
        finally:
            process.stdin.close()


def _told(port: int, cpu: float) -> Told:
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", "/account", headers={"Host": CLOCK})
        answer = json.loads(connection.getresponse().read())
    return Told(answer["counted"], answer["seen"], cpu)


def report(result: Result) -> str:
    world, ours, fixed, told, cost = result.world, result.ours, result.fixed, result.told, result.cost
    rates = world.rates
    sizes, polls = result.sizes, f"{megabytes(result.weights.polls):.1f}"
    asked = told.polls + told.counted.get("pages", 0) + told.counted.get("robots.txt", 0)
    lines = [
        f"{world.sources:,} sources, {world.items:,} items a day, {world.days:g} days, seed {world.seed}: the busiest"
        f" source {rates[-1]:.0f} items a day, the median one {rates[len(rates) // 2] * 7:.1f} a week.",
        table(
            ("", "ours", f"fixed, every {result.interval * 60:.1f} min"),
            [
                ("items published", ours.published, fixed.published),
                ("... stored", ours.stored, fixed.stored),
                ("... waiting for the next poll at the end", ours.waiting, fixed.waiting),
                ("... that stood in a document between two polls only", ours.missed, fixed.missed),
                ("... that stood in a fetched document and are not stored", ours.lost, "-"),
                ("mean delay, minutes", ours.mean * 60, fixed.mean * 60),
                ("95th percentile", ours.p95 * 60, fixed.p95 * 60),
            ],
        ),
        table(
            ("what it took", ""),
            [
                ("requests for documents (304 / 200)", f"{told.counted.get('304', 0):,} / {told.counted['200']:,}"),
                ("... a source and day", told.polls / world.sources / world.days),
                ("requests for pages / robots.txt", f"{told.counted['pages']:,} / {told.counted['robots.txt']:,}"),
                ("seconds of processor time (the press: beside it)", f"{cost.cpu:.0f} ({told.cpu:.0f})"),
                ("... milliseconds a request of any kind", cost.cpu / asked * 1000),
                ("seconds in all", cost.wall),
                ("peak memory of all processes, MB", megabytes(cost.peak)),
                ("articles in the database, those of before the beginning included", result.articles),
                ("the database, MB", megabytes(result.database)),
                ("... `polls` / the rest, MB", f"{polls} / {megabytes(result.weights.rest):.1f}"),
            ],
        ),
        table(
            ("bytes, with all indexes", ""),
            [
                ("an article, with all that belongs to it", sizes.article),
                (f"a poll that brought nothing ({sizes.quiet_polls:.1f} a source and day)", sizes.quiet_poll),
                (f"a poll that stays ({sizes.lasting_polls:.1f} a source and day)", sizes.lasting_poll),
                ("a source and day in `poll_days`", sizes.day),
            ],
        ),
        growth(sizes, world),
    ]  # fmt: skip
    return "\n\n".join(lines)


def growth(sizes: Sizes, world: World) -> str:
    """Computed, from what was measured of a row: as many items a source as in this world."""
    rows = []
    for sources in (1_000, 20_000):
        items = world.items / world.sources * sources
        most, day, last = sizes.largest_share(sources, items)
        cells = (
            f"{megabytes(sizes.polls_after(d, sources)):,.0f} / {megabytes(sizes.articles_after(d, items)):,.0f}"
            for d in _AFTER
        )
        is_larger = f"until day {last}" if last else "never"
        rows.append((sources, f"{items:,.0f}", *cells, f"{most:.0%} (day {day})", is_larger))
    head = (
        "sources", "items a day", *(f"MB after {d} days" for d in _AFTER), "at most", "polls are larger",
    )  # fmt: skip
    said = f"`polls` and `poll_days` / all else, computed; polls that brought nothing stay {KEPT_DAYS} days:"
    return f"{said}\n\n{table(head, rows)}"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.onebox", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sources", type=int, default=_SOURCES)
    parser.add_argument("--items", type=int, default=_ITEMS, help="a day, of all sources together")
    parser.add_argument("--days", type=float, default=_DAYS)
    parser.add_argument("--seed", type=int, default=_SEED)
    parser.add_argument("--json", type=Path, help="write the figures here")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-onebox-") as folder:
        result = run(World(given.sources, given.items, given.days, given.seed), Path(folder))
    print(report(result))
    if given.json:
        given.json.write_text(json.dumps(figures(result), indent=1) + "\n")
    return 1 if result.ours.lost else 0


def figures(result: Result) -> dict[str, object]:
    accounts = {
        name: {key: value for key, value in asdict(one).items() if key != "delays"} | {"mean": one.mean, "p95": one.p95}
        for name, one in (("ours", result.ours), ("fixed", result.fixed))
    }
    return {
        "machine": machine(), "world": asdict(result.world), "cost": asdict(result.cost),
        "counted": result.told.counted, "press_cpu": result.told.cpu, "interval": result.interval,
        "articles": result.articles, "database": result.database, "weights": asdict(result.weights),
        "sizes": asdict(result.sizes), **accounts,
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
