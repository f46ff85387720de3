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
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.demo import Press, Resource
from aggregator.desk.terms import sync
from aggregator.model import Config, Finding
from aggregator.model.errors import StoreError
from aggregator.model.place import Place
from aggregator.pipeline import claims as confirming
from aggregator.pipeline.pipeline import Pipeline
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store
from aggregator.store.queries.claims import GOOD_FOR
from aggregator.text.dates import utc_now
from tests import commands, hostile
from tests.cli.test_cli import Desk
from tests.conftest import NOW, WIRE, examples, file_of, make_poll, make_publisher
from tests.test_trip import HOST, Trip, feed
from tests.waiting import eventually, until

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
        sync(store, WIRE, PUBLISHERS, NOW, NOW.date())
        return store.path


def claimed(store: Store, names: Sequence[str] = NAMES, after: timedelta = timedelta(0)) -> list[str]:
    """Which of these sources the program gets."""
    due = [one for one in store.due(None) if one.source.name in names]
    return sorted(one.source.name for one in store.claim_polls(due, NOW + after))


def claims(store: Store) -> list[tuple[str, str]]:
    with file_of(store) as connection:
        return connection.execute("SELECT claim_kind, subject FROM claims ORDER BY 1, 2").fetchall()


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
    monkeypatch.setattr(confirming, "CONFIRM_SECONDS", 0.05)
    press.misbehave(HOST, "/feed", "slow", seconds=30)
    config, now = Config(wire=WIRE, publishers=(make_publisher(),)), [NOW]

    def at(store: Store) -> list[str]:
        with file_of(store) as connection:
            return [at for (at,) in connection.execute("SELECT at FROM claims")]

    async def story(store: Store, other: Store) -> None:
        async with Pipeline(config, store, lambda: now[0], lambda host: press.address) as pipeline:
            polling = asyncio.create_task(pipeline.run(store.due(None)))
            await eventually(lambda: press.requests and at(other))
            now[0] += timedelta(minutes=5)
            await eventually(lambda: at(other) == ["2026-11-22T10:05:00Z"])
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)
            assert at(other) == []

    with Store.open(tmp_path / "wire.db") as store, Store.open(tmp_path / "wire.db") as other:
        sync(store, WIRE, config.publishers, NOW, NOW.date())
        asyncio.run(asyncio.wait_for(story(store, other), 20))


def test_a_database_is_the_same_by_a_link_to_it_and_a_folder_without_locks_is_named(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.db"
    link.symlink_to(path)
    with Store.open(path) as one, Store.open(link) as other:
        assert claimed(one, NAMES[:2]) == NAMES[:2]
        assert claimed(other) == NAMES[2:]
    path.with_name("wire.db.program-1").unlink()
    path.with_name("wire.db.program-1").mkdir()
    with Store.open(path) as store, pytest.raises(StoreError, match=r"wire\.db\.program-1: cannot lock this file"):
        claimed(store)


# Commands


def asked(press: Press, host: str = "one.example") -> list[float]:
    """When the feed of a host was asked for."""
    return [seen.at for seen in press.requests if (seen.host, seen.path) == (host, "/feed")]


def begun(desk: Desk, *arguments: str) -> subprocess.Popen[str]:
    command = desk.command(*arguments)
    return commands.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=desk.config)


@pytest.mark.long
def test_overlapping_fetches_ask_a_slow_server_once(desk: Desk) -> None:
    """Cron begins the next one whenever a pass lasts longer than its interval."""
    for host in ("one.example", "two.example"):
        desk.press.misbehave(host, "/feed", "slow", seconds=2.5)
    with ExitStack() as stack:
        first = stack.enter_context(begun(desk, "fetch"))
        until(lambda: len(asked(desk.press)) == 1)
        others = [stack.enter_context(begun(desk, "fetch", "--json")) for _ in range(2)]
        said = [process.communicate(timeout=60) for process in others]
        assert [json.loads(out) for out, _ in said] == [[]] * 2
        assert first.communicate(timeout=60) == ("", "")
        assert {process.returncode for process in (first, *others)} == {0}
    assert len(asked(desk.press)) == len(asked(desk.press, "two.example")) == 1
    assert desk.rows("SELECT outcome FROM polls") == [("ok",), ("ok",)]
    assert desk.rows("SELECT * FROM claims") == []


def test_a_fetch_says_what_it_leaves_to_another_program(desk: Desk) -> None:
    hostile.run("--config", str(desk.config), "fetch", "one")
    with Store.open(desk.database) as other:
        due = [one for one in other.due(None) if one.source.publisher in ("one", "two")]
        assert len(other.claim_polls(due, utc_now())) == 2
        who = "being polled by another program (the daemon, or another `fetch`)"
        one, both = f"1 source is {who} or has just been, and is", f"2 sources are {who} or have just been, and are"
        for keys, said in ((("one",), one), ((), one), (("one", "two"), both)):
            ran = hostile.run("--config", str(desk.config), "fetch", *keys)
            assert ran == hostile.Ran(0, "", f"{said} left to it\n")
    assert len(asked(desk.press)) == 1
    assert hostile.run("--config", str(desk.config), "fetch", "one", "two") == hostile.Ran(0, "", "")


def test_a_fetch_after_one_that_was_killed_polls_at_once(desk: Desk) -> None:
    desk.press.misbehave("one.example", "/feed", "slow", times=1, seconds=30.0)
    with begun(desk, "fetch", "one") as process:
        until(lambda: asked(desk.press))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert desk.rows("SELECT claim_kind, subject FROM claims") == [("poll", "one/one-example-feed")]
    assert hostile.run("--config", str(desk.config), "fetch", "one") == hostile.Ran(0, "", "")
    assert desk.rows("SELECT outcome FROM polls") == [("ok",)]
    assert desk.rows("SELECT * FROM claims") == []


@pytest.mark.long
def test_a_fetch_leaves_to_the_daemon_what_it_polls_and_a_poll_that_is_cut_off_is_due_again(desk: Desk) -> None:
    wire = desk.config / "wire.toml"
    wire.write_text(wire.read_text().replace("timeout_seconds = 5", "timeout_seconds = 60"))
    desk.press.misbehave("one.example", "/feed", "slow", times=1, seconds=50.0)
    with begun(desk, "run") as daemon:
        until(lambda: asked(desk.press))
        ran = hostile.run("--config", str(desk.config), "fetch", "one")
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=30)
    assert (ran.code, ran.out) == (0, "")
    assert "being polled by another program" in ran.err
    assert len(asked(desk.press)) == 1
    assert desk.rows("SELECT * FROM claims") == []
    assert hostile.run("--config", str(desk.config), "fetch") == hostile.Ran(0, "", "")
    assert len(asked(desk.press)) == 2


def test_pages_that_another_program_is_visiting_are_left_to_it(press: Press, place: Place) -> None:
    trip = Trip(press, place, [make_publisher()])
    for number in range(1, 4):
        press.set_document(HOST, f"/{number}", Resource(b"<html>Words</html>", "text/html"))
    trip()
    trip.now += timedelta(hours=2)

    def visits() -> tuple[list[Finding], list[int]]:
        elsewhere: list[int] = []

        async def run(store: Store) -> list[Finding]:
            async with Pipeline(trip.config, store, lambda: trip.now, trip.connect_to) as pipeline:
                return await pipeline.recheck(20, 20, elsewhere.append)

        with Store.open(trip.place) as store:
            return asyncio.run(run(store)), elsewhere

    with Store.open(trip.place) as other:
        assert other.claim("visit", ["daily-example"], trip.now) == {"daily-example"}
        assert visits() == ([], [1])
    findings, elsewhere = visits()
    assert (len(findings), elsewhere) == (3, [])
    assert trip.rows("SELECT * FROM claims") == []


def test_pages_of_a_publisher_that_another_program_brought_in_are_left_alone(press: Press, place: Place) -> None:
    """The visits of a daemon broke on it with a KeyError, all of them, every minute."""
    other = make_publisher("other-example")
    press.set_document("other-example.example", "/feed", feed(9))
    trip = Trip(press, place, [make_publisher(), other])
    trip()
    trip.now += timedelta(hours=2)
    config = Config(wire=WIRE, publishers=trip.config.publishers[:1])

    async def run(store: Store) -> list[Finding]:
        async with Pipeline(config, store, lambda: trip.now, trip.connect_to) as pipeline:
            return await pipeline.recheck(20, 20)

    with Store.open(trip.place) as store:
        assert {finding.recheck.publisher for finding in asyncio.run(run(store))} == {"daily-example"}


# The limits of a domain. All publishers here are at one: 127.0.0.1


def limit(desk: Desk, concurrency: int, seconds: float) -> None:
    wire = desk.config / "wire.toml"
    text = wire.read_text().replace("per_domain_concurrency = 8", f"per_domain_concurrency = {concurrency}")
    wire.write_text(text.replace("per_domain_seconds = 0", f"per_domain_seconds = {seconds}"))


def both(desk: Desk, *commands: Sequence[str]) -> list[float]:
    """Runs the commands beside each other; the seconds between one request and the next, of all."""
    with ExitStack() as stack:
        processes = [stack.enter_context(begun(desk, *command)) for command in commands]
        said = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(commands), said
    at = [seen.at for seen in desk.press.requests]
    return [after - before for before, after in pairwise(at)]


@pytest.mark.long
def test_two_programs_together_hold_as_many_requests_at_a_domain_as_one_may(desk: Desk) -> None:
    limit(desk, 1, 0)
    for host in ("one.example", "two.example"):
        desk.press.misbehave(host, "/feed", "slow", seconds=1.2)
    both(desk, ("fetch", "one"), ("fetch", "two"))
    (first,), (second,) = asked(desk.press), asked(desk.press, "two.example")
    assert abs(first - second) >= 1.1


@pytest.mark.long
def test_two_programs_together_start_as_seldom_at_a_domain_as_one_may(desk: Desk) -> None:
    """The second has no database, and stands where the first one's is."""
    limit(desk, 8, 1.0)
    desk.database.parent.mkdir()
    gaps = both(desk, ("fetch", "one"), ("check", "--live", "two"))
    assert len(gaps) >= 3
    assert min(gaps) >= 0.7  # the two alone, each a second apart, would be half a second from each other at most


def test_what_a_host_asks_one_program_for_the_others_do_too(press: Press, tmp_path: Path) -> None:
    """A source was in the queue of one program when another was told that its host has too much to do."""
    press.set_document(HOST, "/slow", feed(4))
    press.misbehave(HOST, "/slow", "slow", seconds=1.0)
    press.misbehave(HOST, "/busy", "busy", retry_after=3600)
    paths = ("slow", "feed", "busy")
    publisher = make_publisher()
    sources = tuple(replace(publisher.sources[0], key=path, url=f"http://{HOST}/{path}") for path in paths)
    wire = replace(WIRE, fetch=replace(WIRE.fetch, per_domain_concurrency=1))
    config = Config(wire=wire, publishers=(replace(publisher, sources=sources),))

    async def story(store: Store, other: Store) -> list[str]:
        due = {one.source.key: one for one in store.due(None)}
        one = Pipeline(config, store, lambda: NOW, lambda host: press.address)
        two = Pipeline(config, other, lambda: NOW, lambda host: press.address)
        async with one, two:
            running = asyncio.create_task(one.run([due["slow"], due["feed"]]))
            await eventually(lambda: any(seen.path == "/slow" for seen in press.requests))
            (busy,) = await two.run([due["busy"]])
            assert busy.http_status == 429
            return [poll.source.key for poll in await running]

    with Store.open(tmp_path / "wire.db") as store, Store.open(tmp_path / "wire.db") as other:
        sync(store, wire, config.publishers, NOW, NOW.date())
        assert asyncio.run(asyncio.wait_for(story(store, other), 20)) == ["slow"]
    assert not any(seen.path == "/feed" for seen in press.requests)
