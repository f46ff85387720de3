"""How late reports are found, and how many requests find nothing, by rules of when to ask a source again.

    python -m bench.polling [--quick] [--seeds N ...] [--json FILE]

Every rule polls the same simulated wires with the same number of requests: 24 a source and day, met within 1 %. Medians
over the seeds. Exit code 1: ours is later than is expected of it, or loses more than the fixed interval.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.measuring import say, table
from bench.polling.race import Told, race
from bench.polling.rules import Ours, Rule, commafeed, fixed, media_cloud, miniflux, square_root
from bench.polling.world import DAYS, SOURCES, Site, make_world

REQUESTS = 24.0  # a source and day
SEEDS = (1, 2, 3)  # constants were chosen on seeds 100, 101 and 102
EXPECTED_MEAN, EXPECTED_NINTH = 0.45, 0.60  # of the fixed interval's
_CLOSE = 0.01
_TRIES = 12
# A rule, the scale with which it is tried first, and whether a larger scale means more requests.
_PEERS: dict[str, tuple[Callable[[float], Rule], float, int]] = {
    "Miniflux, entry_frequency": (miniflux, 15.0, 1),
    "CommaFeed, mean gap": (commafeed, 1.15, -1),
    "Media Cloud, share of duplicates": (media_cloud, 0.0445, -1),
    "square root of the rate": (square_root, 0.132, -1),
}
FIXED, OURS = "fixed interval", "ours: rate and hours"


@dataclass(frozen=True, slots=True)
class Row:
    """One rule on one wire."""

    bursts: bool
    seed: int
    rule: str
    scale: float
    requests: float  # a source and day
    mean: float  # minutes from publication to detection
    ninth: float  # the 90th percentile
    wasted: float  # share of the requests
    lost: int
    mean_ratio: float  # of the fixed interval's
    ninth_ratio: float


def compare(seed: int, bursts: bool, sources: int, days: int, scales: dict[str, float]) -> list[Row]:
    """All rules on one wire. `scales`: with which each rule is tried first; changed to those that were found."""
    sites = make_world(seed, bursts, sources, days)
    usual = race(sites, fixed(24 / REQUESTS), days)
    told = {FIXED: (24 / REQUESTS, usual)}
    for name, (make, first, direction) in _PEERS.items():
        scales[name], result = _spending(sites, make, scales.get(name, first), direction, days)
        told[name] = scales[name], result
        say(f"seed {seed}, {'bursts' if bursts else 'no bursts'}: {name}")
    told[OURS] = 1.0, race(sites, Ours(REQUESTS * sources / 24), days)
    say(f"seed {seed}, {'bursts' if bursts else 'no bursts'}: {OURS}")
    return [
        Row(
            bursts,
            seed,
            name,
            scale,
            one.requests / sources / days,
            one.mean * 60,
            one.ninth * 60,
            one.wasted / one.requests,
            one.lost,
            one.mean / usual.mean,
            one.ninth / usual.ninth,
        )
        for name, (scale, one) in told.items()
    ]


def _spending(
    sites: Sequence[Site], make: Callable[[float], Rule], scale: float, direction: int, days: int
) -> tuple[float, Told]:
    """The scale at which a rule spends the budget, and what comes of it: steps on the logarithms, then halving."""
    low, high = 0.0, float("inf")
    for _ in range(_TRIES):
        told = race(sites, make(scale), days)
        spent = told.requests / len(sites) / days / REQUESTS
        if abs(spent - 1) <= _CLOSE:
            break
        low, high = (scale, high) if (spent < 1) == (direction > 0) else (low, scale)
        scale *= spent**-direction
        if not low < scale < high:
            scale = (low * high) ** 0.5 if 0 < low < high < float("inf") else low * 2 or high / 2
    return scale, told


def medians(rows: Sequence[Row]) -> list[list[object]]:
    """A line of the table for each rule, of rows that differ in the seed only."""
    lines: list[list[object]] = []
    for name in dict.fromkeys(row.rule for row in rows):
        own = [row for row in rows if row.rule == name]

        def median(of: Callable[[Row], float], own: Sequence[Row] = own) -> float:
            return statistics.median(map(of, own))

        lines.append(
            [
                name,
                f"{median(lambda row: row.mean):.1f}",
                f"{median(lambda row: row.ninth):.1f}",
                f"{median(lambda row: row.mean_ratio):.2f}",
                f"{median(lambda row: row.ninth_ratio):.2f}",
                f"{median(lambda row: row.wasted):.1%}",
                round(median(lambda row: row.lost)),
                f"{median(lambda row: row.requests):.2f}",
            ]
        )
    return lines


_HEAD = (
    "rule",
    "mean delay, minutes",
    "90th percentile",
    "mean / fixed",
    "90th / fixed",
    "wasted",
    "lost",
    "requests a source and day",
)


def falls_short(rows: Sequence[Row]) -> list[str]:
    """What is expected of ours, in the median of the seeds, and did not come."""
    short = []
    for bursts in (False, True):
        ours = [row for row in rows if row.rule == OURS and row.bursts == bursts]
        mean, ninth = (statistics.median(r.mean_ratio for r in ours), statistics.median(r.ninth_ratio for r in ours))
        lost = sum(row.lost for row in ours) - sum(r.lost for r in rows if r.rule == FIXED and r.bursts == bursts)
        if mean > EXPECTED_MEAN or ninth > EXPECTED_NINTH or lost > 0:
            kind = "bursts" if bursts else "no bursts"
            short.append(f"{kind}: mean {mean:.2f}, 90th percentile {ninth:.2f}, lost {lost:+}")
    return short


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.polling", description="Compares rules of when to poll next.")
    parser.add_argument("--quick", action="store_true", help="one small wire: whether it runs, not how good it is")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(arguments)
    sources, days, seeds = (60, 7, given.seeds[:1]) if given.quick else (SOURCES, DAYS, given.seeds)
    rows: list[Row] = []
    for bursts in (False, True):
        scales: dict[str, float] = {}
        rows += [row for seed in seeds for row in compare(seed, bursts, sources, days, scales)]
        print(f"\n{'With bursts' if bursts else 'Without bursts'}:\n")
        print(table(_HEAD, medians([row for row in rows if row.bursts == bursts])), flush=True)
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    short = [] if given.quick else falls_short(rows)
    for line in short:
        say(f"expected of ours: mean {EXPECTED_MEAN}, 90th percentile {EXPECTED_NINTH}, none lost more; {line}")
    return bool(short)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
