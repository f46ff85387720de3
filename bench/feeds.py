"""Feeds a second, processor time, memory and disk of whole passes, beside two peers: `python -m bench.feeds`.

A round is one pass of every contender in each scenario, every pass a fresh process on the same feeds; rounds repeat,
and medians are reported. A contender that stored fewer articles than there were ends the benchmark.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.contenders import CONTENDERS, Setting, stored
from bench.measuring import Cost, machine, measured, megabytes, say, size_of, table
from bench.serving import Server, free_port, serve, server_name
from bench.world import Feeds, make_feeds

SCENARIOS = {
    "cold": "an empty database; everything is new",
    "304": "nothing has changed; the server says 304",
    "new": "one feed of twenty has two new items; the others say 304",
    "200": "nothing has changed; the server sends every body again, without validators",
}


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of one contender."""

    run: int
    scenario: str
    contender: str
    cost: Cost
    stored: int
    database: int  # bytes
    server_cpu: float  # seconds


def one_round(run: int, names: Sequence[str], wanted: Sequence[str], feeds: Feeds, place: Place) -> Iterator[Pass]:
    """Every contender in each scenario up to the last one wanted, since each starts from what the one before left."""
    order = [*names[run % len(names) :], *names[: run % len(names)]]
    settings = {name: _setting(name, run, feeds, place) for name in order}
    last = max(list(SCENARIOS).index(scenario) for scenario in wanted)
    for scenario in list(SCENARIOS)[: last + 1]:
        if scenario == "cold":
            feeds.show_first()
        if scenario == "new":
            feeds.show_later()
        truth = feeds.entries if scenario in ("cold", "304") else feeds.entries_later
        with serve(feeds.served, place.folder / "server", place.port, validators=scenario != "200") as server:
            for name in order:
                taken = _one_pass(run, scenario, name, settings[name], server)
                if taken.stored < truth:
                    raise SystemExit(f"{name} stored {taken.stored} of {truth} articles in {scenario!r}")
                yield taken


@dataclass(frozen=True, slots=True)
class Place:
    folder: Path
    port: int
    python: str  # of the environment that holds reader


def _setting(name: str, run: int, feeds: Feeds, place: Place) -> Setting:
    folder = place.folder / f"{name}-{run}"
    folder.mkdir()
    urls = [f"http://127.0.0.1:{place.port}/{feed}" for feed in feeds.names]
    setting = Setting(folder, urls, place.python)
    CONTENDERS[name].prepare(setting)
    return setting


def _one_pass(run: int, scenario: str, name: str, setting: Setting, server: Server) -> Pass:
    contender = CONTENDERS[name]
    before = server.cpu()
    cost = measured(contender.command(setting), folder=Path(__file__).parents[1], log=setting.folder / "log")
    count = stored(contender, setting.folder)
    say(f"  {scenario:5} {name:11} {cost.wall:7.2f} s wall {cost.cpu:7.2f} s cpu, {count} stored")
    size = size_of(setting.folder / contender.database)
    return Pass(run, scenario, name, cost, count, size, server.cpu() - before)


# The report


def rows(passes: Sequence[Pass], feeds: Feeds) -> Iterator[tuple[object, ...]]:
    """A row for each scenario and contender, medians, with ratios to the first contender."""
    names = list(dict.fromkeys(each.contender for each in passes))
    for scenario in dict.fromkeys(each.scenario for each in passes):
        ours: Mapping[str, float] | None = None
        for name in names:
            taken = [each for each in passes if (each.scenario, each.contender) == (scenario, name)]
            median = _medians(taken)
            ours = ours or median
            yield (
                scenario,
                name,
                len(feeds.names) / median["wall"],
                feeds.entries / median["wall"],
                median["wall"],
                median["cpu"],
                megabytes(median["peak"]),
                megabytes(median["database"]),
                int(min(each.stored for each in taken)),
                f"{median['wall'] / ours['wall']:.2f} / {median['cpu'] / ours['cpu']:.2f}",
                f"{max(each.server_cpu / each.cost.wall for each in taken):.0%}",
            )


def _medians(taken: Sequence[Pass]) -> dict[str, float]:
    return {
        "wall": statistics.median(each.cost.wall for each in taken),
        "cpu": statistics.median(each.cost.cpu for each in taken),
        "peak": statistics.median(each.cost.peak for each in taken),
        "database": statistics.median(each.database for each in taken),
    }


_HEAD = (
    "scenario", "contender", "feeds/s", "entries/s", "wall s", "CPU s", "peak MB", "database MB", "stored",
    "times our wall / CPU", "server's share of a core, at most",
)  # fmt: skip


def report(passes: Sequence[Pass], feeds: Feeds, about: Mapping[str, str]) -> str:
    said = (
        f"{len(feeds.names)} feeds, one a publisher, {feeds.entries} entries, {megabytes(feeds.bytes):.0f} MB; "
        + "; ".join(f"{name} {value}" for name, value in about.items())
    )
    return f"{said}\n\n{table(_HEAD, rows(passes, feeds))}"


def _available(asked: Sequence[str], python: str) -> dict[str, str]:
    """The contenders that are installed, with their versions; those that are not are reported as skipped."""
    versions = {name: CONTENDERS[name].version(python) for name in asked}
    for name, version in versions.items():
        if version is None:
            say(f"SKIPPED: {name} is not installed (bench/README.md says how)")
    return {name: version or f"{name} SKIPPED: not installed" for name, version in versions.items()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--reader-python", default=sys.executable, help="Python of the environment that holds reader")
    parser.add_argument("--json", type=Path, help="write every pass here")
    return parser.parse_args()


def main() -> None:
    chosen = _arguments()
    versions = _available(chosen.contenders, chosen.reader_python)
    names = [name for name, version in versions.items() if "SKIPPED" not in version]
    passes: list[Pass] = []
    with tempfile.TemporaryDirectory(prefix="bench-feeds-") as work:
        place = Place(Path(work), free_port(), chosen.reader_python)
        feeds = make_feeds(place.folder / "feeds", chosen.feeds)
        for run in range(chosen.runs):
            say(f"round {run + 1} of {chosen.runs}")
            for taken in one_round(run, names, chosen.scenarios, feeds, place):
                if taken.scenario in chosen.scenarios:
                    passes.append(taken)
    passes.sort(key=lambda each: names.index(each.contender))
    about = {"runs": str(chosen.runs), "server": server_name(), **machine(), "versions": ", ".join(versions.values())}
    print(report(passes, feeds, about))
    if chosen.json:
        chosen.json.write_text(json.dumps({"about": about, "passes": [asdict(each) for each in passes]}, indent=1))


if __name__ == "__main__":
    main()
