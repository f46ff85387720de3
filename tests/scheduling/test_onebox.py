"""The benchmark of one box: a few sources for some hours, and whether it would notice what is lost."""

from __future__ import annotations

import json
import sqlite3
from array import array
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.demo.server import Request
from aggregator.desk.terms import sync
from aggregator.model import FetchResult
from aggregator.normalise import normalise
from aggregator.parse import parse
from aggregator.pipeline.recording import record
from aggregator.store import Store
from bench.onebox.account import account, at_fixed_interval
from bench.onebox.press import CLOCK, Press
from bench.onebox.sizes import Sizes
from bench.onebox.wire import publisher
from bench.onebox.world import World, host_of, time_of
from bench.sample import WIRE
from tests import ROOT, commands
from tests.conftest import make_poll, only_soak

WORLD = World(sources=3, items=300, days=1, seed=4)
HOURS = (0.0, 3.0, 23.9)  # at which the press is asked here: too seldom for the busiest source
BUSIEST = 2


def answer(press: Press, host: str, target: str, **headers: str) -> tuple[int, bytes]:
    steps, _ = press.handle(Request("GET", host, target, headers, 0.0))
    head, _, body = b"".join(step for step in steps if isinstance(step, bytes)).partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def poll(press: Press, store: Store, number: int, hours: float) -> None:
    """One poll of a source, as the press has it at that time."""
    answer(press, CLOCK, f"/{hours}")
    _, body = answer(press, host_of(number), "/feed")
    of, now = publisher(number), time_of(hours)
    source = of.sources[0]
    document = parse(FetchResult(url=source.url, http_status=200, headers={}, body=body), source)
    record(store, [(make_poll(source, now), normalise(document, source, of).articles)], now)


@pytest.fixture
def polled(tmp_path: Path) -> tuple[Press, Path]:
    """The press, and a database in which each source was polled at all of HOURS."""
    press, database = Press(WORLD), tmp_path / "wire.db"
    of = [publisher(number) for number in range(WORLD.sources)]
    with Store.open(database) as store:
        sync(store, WIRE, of, time_of(0), time_of(0).date())
        for number in range(WORLD.sources):
            for hours in HOURS:
                poll(press, store, number, hours)
    return press, database


def test_every_item_is_accounted_for(polled: tuple[Press, Path]) -> None:
    press, database = polled
    seen = json.loads(answer(press, CLOCK, "/account")[1])["seen"]
    with closing(sqlite3.connect(database)) as connection:
        found = account(WORLD, connection, seen)
        assert found.lost == 0
        assert found.missed > 0
        assert found.waiting == sum(at > HOURS[-1] for n in range(3) for at in WORLD.course(n).published)
        assert found.published == found.stored + found.waiting + found.missed
        assert 0 < found.mean < found.p95 < 24
        connection.execute("DELETE FROM articles WHERE article_id = (SELECT max(article_id) FROM articles)")
        assert account(WORLD, connection, seen).lost == 1


def test_the_press_answers_304_until_something_is_new() -> None:
    press = Press(WORLD)
    number = next(number for number in range(3) if WORLD.course(number).has_validators)
    answer(press, CLOCK, "/1.0")
    until = sum(at <= 1.0 for at in WORLD.course(number).published)
    assert answer(press, host_of(number), "/feed")[0] == 200
    assert answer(press, host_of(number), "/feed", **{"if-none-match": f'"{until}"'}) == (304, b"")
    answer(press, CLOCK, "/24.0")
    assert answer(press, host_of(number), "/feed", **{"if-none-match": f'"{until}"'})[0] == 200


@pytest.mark.parametrize(("hours", "loses"), [(1 / 60, False), (23.0, True)])
def test_a_fixed_interval_loses_what_falls_off_between_two_polls(hours: float, loses: bool) -> None:
    found = at_fixed_interval(WORLD, hours)
    assert (found.missed > 0) is loses
    assert found.published == found.stored + found.waiting + found.missed
    assert max(found.delays) <= hours
    assert found.mean == pytest.approx(hours / 2, rel=0.1) or loses


def test_the_rates_come_to_the_items_a_day() -> None:
    world = World(sources=1_000, items=10_000, days=1, seed=1)
    rates = world.rates
    assert sum(rates) == pytest.approx(10_000, rel=0.001)
    assert rates == array("d", sorted(rates))
    assert rates[500] < 1 < 100 < rates[-1]


def test_how_polls_grow_beside_articles() -> None:
    sizes = Sizes(article=1_000, quiet_poll=100, lasting_poll=200, day=10, quiet_polls=20, lasting_polls=1)
    assert sizes.polls_after(30, sources=2) == 2 * (30 * 200 + 30 * 20 * 100)
    assert sizes.polls_after(40, sources=2) == 2 * (40 * 200 + 30 * 20 * 100 + 10 * 10)
    assert sizes.articles_after(40, items=2) == 80_000
    share, _, last = sizes.largest_share(sources=2, items=2)
    assert (share, last) == (pytest.approx(2.2), 75)
    assert replace(sizes, quiet_poll=10).largest_share(sources=2, items=2)[2] == 0


@only_soak
@pytest.mark.soak
@pytest.mark.long
def test_some_hours_of_a_few_sources(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [*commands.COMMAND[:-1], "bench.onebox", "--sources", "2", "--items", "80", "--days", "0.1"]
    done = commands.run([*command, "--json", str(figures)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(figures.read_text())
    assert found["ours"]["published"] == found["fixed"]["published"] > 0
    assert found["ours"]["lost"] == found["ours"]["missed"] == 0
    assert found["ours"]["stored"] + found["ours"]["waiting"] == found["ours"]["published"]
    assert found["cost"]["peak"] > 20_000_000
    assert "2 sources, 80 items a day, 0.1 days" in done.stdout
