"""Programs beside each other: a source is polled by one at a time, and the limits of a domain hold for all together."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.pipeline import Pipeline
from aggregator.pipeline import claims as confirming
from aggregator.press import Document, Press
from aggregator.recording import record as record_polls
from aggregator.store import Store
from aggregator.store.claims import GOOD_FOR
from aggregator.types import Config, Due, Finding
from tests import hostile
from tests.conftest import NOW, WIRE, examples, make_poll, make_publisher
from tests.test_cli import Desk, until
from tests.test_trip import HOST, Trip, feed

PUBLISHERS = tuple(make_publisher(f"paper-{number}") for number in range(5))
NAMES = [publisher.sources[0].name for publisher in PUBLISHERS]
YEAR = timedelta(days=365)


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        opened.set_document(HOST, "/feed", feed(1, 2, 3))
        yield opened


@pytest.fixture
def desk(press: Press, tmp_path: Path) -> Desk:
    return Desk(tmp_path, press)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_database(tmp_path)


def make_database(folder: Path) -> Path:
    with Store.open(folder / "wire.db") as store:
        store.sync(WIRE, PUBLISHERS, NOW, NOW.date())
        return store.path


def claimed(store: Store, names: Sequence[str] = NAMES, after: timedelta = timedelta(0)) -> list[str]:
    """Which of these sources the program gets."""
    due = [one for one in store.due(None) if one.source.name in names]
    return sorted(one.source.name for one in store.claim_polls(due, NOW + after))


def claims(store: Store) -> list[tuple[str, str]]:
    with store.reading() as connection:
        return connection.execute("SELECT kind, subject FROM claims ORDER BY 1, 2").fetchall()


# A claim


PROGRAMS = 3
_some = st.sets(st.sampled_from(NAMES), min_size=1)
_steps = st.lists(
    st.tuples(st.integers(0, PROGRAMS - 1), st.sampled_from(["claim", "record", "give back", "end"]), _some),
    min_size=1,
    max_size=20,
)


@settings(max_examples=examples(60), deadline=None)
@given(_steps)
def test_no_two_programs_have_a_source_at_once_and_all_claims_end(steps: list[tuple[int, str, set[str]]]) -> None:
    """Three programs claim, poll, give back and end in any order, each without a word to the others."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        path = make_database(Path(folder))
        stores = [stack.enter_context(Store.open(path)) for _ in range(PROGRAMS)]
        has: list[set[str]] = [set() for _ in stores]
        for who, what, names in steps:
            others = set().union(*(has[other] for other in range(PROGRAMS) if other != who))
            if what == "claim":
                assert claimed(stores[who], sorted(names)) == sorted(names - others)
                has[who] |= names - others
            elif what == "record":
                ended = [one.sources[0] for one in PUBLISHERS if one.sources[0].name in names & has[who]]
                record_polls(stores[who], [(make_poll(source), ()) for source in ended], NOW)
                has[who] -= names
            elif what == "give back":
                stores[who].give_back("poll", sorted(names))
                has[who] -= names
            else:
                stores[who].close()
                stores[who], has[who] = stack.enter_context(Store.open(path)), set()
        for store in stores:
            store.close()
        with Store.open(path) as last:
            assert claimed(last) == sorted(NAMES)


def test_a_source_that_was_polled_since_it_was_read_is_not_polled_again(path: Path) -> None:
    """Whoever read it before would send validators that are out of date, and ask a moment after the other."""
    with Store.open(path) as one, Store.open(path) as other:
        due = one.due(None)
        assert claimed(other, NAMES[:1]) == NAMES[:1]
        record_polls(other, [(make_poll(PUBLISHERS[0].sources[0]), ())], NOW)
        assert claims(one) == []
        assert [each.source.name for each in one.claim_polls(due, NOW)] == NAMES[1:]


@pytest.mark.parametrize("step", [GOOD_FOR, -GOOD_FOR, YEAR, -YEAR])
def test_a_program_that_stands_still_or_a_clock_that_is_set_keeps_no_source(path: Path, step: timedelta) -> None:
    with Store.open(path) as stopped, Store.open(path) as other:
        claimed(stopped)
        assert claimed(other) == []
        assert claimed(other, after=step) == NAMES
        stopped.confirm("poll", NAMES, NOW + step)  # it goes on: what was taken from it does not come back
        assert claimed(stopped, after=step) == []


def test_a_claim_that_is_confirmed_lasts(path: Path) -> None:
    with Store.open(path) as one, Store.open(path) as other:
        claimed(one)
        for minute in range(0, 60, 10):
            one.confirm("poll", NAMES, NOW + timedelta(minutes=minute))
            assert claimed(other, after=timedelta(minutes=minute + 9)) == []


def test_a_program_that_was_killed_keeps_no_source(path: Path) -> None:
    code = (
        "import pathlib, sys; from aggregator.store import Store; from tests.conftest import NOW;"
        "s = Store.open(pathlib.Path(sys.argv[1])); s.claim_polls(s.due(None), NOW); print('claimed', flush=True);"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "claimed\n"
        with Store.open(path) as store:
            assert claimed(store) == []
            process.kill()
            process.wait()
            assert claimed(store) == NAMES


def test_the_number_of_a_program_that_was_killed_comes_without_its_claims(path: Path) -> None:
    with closing(Store.open(path)) as killed:
        claimed(killed, NAMES[:2])
        number = killed.as_program().number
    with Store.open(path) as store:
        assert claims(store) == [("poll", name) for name in NAMES[:2]]
        assert store.as_program().number == number
        assert claims(store) == []


def test_a_poll_that_lasts_confirms_its_claim_and_one_that_is_cut_off_gives_it_back(
    press: Press, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirming, "_CONFIRM_SECONDS", 0.05)
    press.misbehave(HOST, "/feed", "slow", seconds=30)
    config, now = Config(wire=WIRE, publishers=(make_publisher(),)), [NOW]

    def at(store: Store) -> list[str]:
        with store.reading() as connection:
            return [at for (at,) in connection.execute("SELECT at FROM claims")]

    async def story(store: Store, other: Store) -> None:
        async with Pipeline(config, store, lambda: now[0], lambda host: press.address) as pipeline:
            polling = asyncio.create_task(pipeline.run(store.due(None)))
            while not press.requests or not at(other):
                await asyncio.sleep(0.01)
            now[0] += timedelta(minutes=5)
            while at(other) != ["2026-11-22T10:05:00Z"]:
                await asyncio.sleep(0.01)
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)
            assert at(other) == []

    with Store.open(tmp_path / "wire.db") as store, Store.open(tmp_path / "wire.db") as other:
        store.sync(WIRE, config.publishers, NOW, NOW.date())
        asyncio.run(asyncio.wait_for(story(store, other), 20))


# Commands


def asked(press: Press, host: str = "one.example") -> list[float]:
    """When the feed of a host was asked for."""
    return [seen.at for seen in press.requests if (seen.host, seen.path) == (host, "/feed")]


def begun(desk: Desk, *arguments: str) -> subprocess.Popen[str]:
    command = desk.command(*arguments)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=desk.config)
