"""Whatever happens to a press, its wire and its subscribers: each of these ends with what the rights let it hold.

A seed that fails is printed, and is its own reproduction: `SEED=17 pytest tests/test_subscribers.py`.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, get_args

import httpx
import pytest
from msgspec.structs import replace

from aggregator.model import ChangeKind, Config, SavedSearch, Selection
from aggregator.pipeline import matching
from aggregator.pipeline.match_waiting import match_waiting
from aggregator.store import Store
from tests.conftest import SOAK, WIRE, scaled
from tests.subscribers import (
    DOINGS,
    Listed,
    Subscriber,
    World,
    differences,
    differences_of_feed,
    subscribers,
)
from tests.waiting import until
from tests.ways_out import Mail, servers, ways_out
from tests.web.listening import listening
from tests.web.serving import served

T = TypeVar("T")
pytestmark = [pytest.mark.soak, pytest.mark.long]
STEPS = 200 if SOAK else 16  # the costs of `make test` are those of the store, which is the real one
FILTERS = 100 if SOAK else 10  # of each history: of a thousand, 100,000


def seeds(full: int, few: tuple[int, ...] = ()) -> list[int]:
    """`few`: those of `make test`, in whose histories everything happens that the test asks for."""
    if "SEED" in os.environ:
        return [int(os.environ["SEED"])]
    return list(few) if few and not SOAK else list(range(scaled(full)))


@contextmanager
def new_world(seed: int) -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "wire.db") as store:
        yield World(store, seed)


def test_every_subscriber_holds_what_it_must() -> None:
    """By pages, a few lines at a time; now and then one crashes and goes on from where it had noted to be."""
    doubles, happened, kinds = 0, Counter[str](), Counter[str]()
    for seed in seeds(1_000 if SOAK else 320):
        with new_world(seed) as world:
            everybody, given, chance = subscribers(), list[Listed](), random.Random(seed)
            for step in range(STEPS):
                world.step()
                reader = chance.choice(everybody)
                if chance.random() < 0.3:
                    kinds.update(line["change_kind"] for line in reader.read_pages(world, chance.randint(1, 9)))
                    assert differences(world, reader) == [], (seed, step, world.happened[-9:])
                if chance.random() < 0.1:
                    reader.crash(chance.randint(1, 5))
                if len(given) < FILTERS * (step + 1) / STEPS:
                    given.append(Listed.now(world, chance))
            for reader in everybody:
                kinds.update(line["change_kind"] for line in reader.read_pages(world, 50))
                assert differences(world, reader) == [], (seed, world.happened[-9:])
                # Every line once, after doubles are left out, and the same lines as whoever begins only now.
                again = [line["seq"] for line in world.store.changes(None, reader.selection)]
                assert reader.seen == again, (seed, reader.name)
                doubles += reader.doubles
            assert differences_of_feed(world) == [], (seed, world.happened[-9:])
            assert [said for each in given for said in each.kept_from(world)] == [], (seed, world.happened)
            happened.update(world.happened)
    if "SEED" not in os.environ:  # every fault has happened
        assert happened.keys() == {*DOINGS}
        assert kinds.keys() >= {*get_args(ChangeKind)} - {"resent", "corrected"}
        assert doubles > 0


def test_every_way_out_of_one_history_ends_with_what_may_be_held() -> None:
    """Pages and stream over HTTP, feed, webhook and e-mail, each visited at its own moments, some through a fault."""
    faults, taken_back = Counter[str](), 0
    with servers() as others:
        for seed in seeds(1_000, few=(3, 4, 9)):
            with new_world(seed) as world, ways_out(world, others) as ways:
                chance = random.Random(seed)
                for step in range(200 if SOAK else 60):
                    world.step()
                    for way in ways:
                        way.watch(world)
                        if chance.random() < way.often:
                            way.visit(world, fault=chance.random() < 0.3)
                            assert (found := way.differences(world)) == [], (seed, step, found, world.happened[-9:])
                world.rest(timedelta(days=1))  # every other attempt is due
                for way in ways:
                    way.watch(world)
                    while way.visit(world, fault=False):
                        pass
                    assert (found := way.differences(world)) == [], (seed, found, world.happened[-9:])
                    faults[way.name.partition(":")[0]] += way.faults
                    taken_back += way.taken_back if isinstance(way, Mail) else 0
    if "SEED" not in os.environ:
        assert {name for name, count in faults.items() if count} == {"API", "SSE", "webhook", "e-mail"}
        assert taken_back > 0


def test_who_follows_a_saved_search_holds_what_it_must() -> None:
    """What it finds now; what it found before, it is told of further on. Now and then the search's file is away."""
    words = "v2x"  # the second versions of reports
    config = Config(wire=WIRE, publishers=(), searches=(SavedSearch(name="some", words=words, title="Some"),))
    held, lost = 0, 0
    for seed in seeds(100, few=(3, 6)):
        with new_world(seed) as world:
            chance = random.Random(seed)
            reader = Subscriber("finder", Selection(search="some"), "api", words=words)
            reader.finds = lambda each: each.version == 2
            for step in range(2 * STEPS):
                matching.follow(
                    world.store, replace(config, searches=()) if chance.random() < 0.1 else config, world.now
                )
                world.step()
                if chance.random() < 0.3 or step == 2 * STEPS - 1:
                    matching.follow(world.store, config, world.now)
                    asyncio.run(match(world.store))
                    had = {*reader.held}
                    [*reader.read_pages(world, chance.randint(1, 9))]
                    assert differences(world, reader) == [], (seed, step, world.happened[-9:])
                    never = {world.ids[each.number] for each in world.told if each.version == 1} & {*reader.held}
                    assert not never, (seed, step)
                    lost += len(had - reader.held.keys())
            held += len(reader.held)
            assert reader.seen == sorted({*reader.seen})
    assert held > 0
    assert lost > 0


async def match(store: Store) -> None:
    """As the daemon does, and brings the index of words up to date."""

    async def on_store(call: Callable[[Store], T]) -> T:
        return call(store)

    while store.index():
        pass
    await match_waiting(on_store)


@pytest.mark.parametrize(
    "kind", ["new", "revised", "restored", "withheld", "withdrawn", "deleted", "retagged", "terms_changed"]
)
def test_the_model_misses_every_kind_of_line(kind: str) -> None:
    """A subscriber that does not hear of it ends with something else than it must hold."""
    for seed in (6, *range(20)):  # in the first of these histories every kind comes early
        with new_world(seed) as world:
            reader = Subscriber("deaf", subscribers()[0].selection, "api", ignored=kind)
            for _ in range(40):
                world.step()
                list(reader.read_pages(world, 50))
                if differences(world, reader):
                    return
    raise AssertionError(f"nobody misses {kind}")


def test_every_subscriber_over_http_holds_what_it_must(tmp_path: Path) -> None:
    """Streams and long polls at once, each of a selection; streams are cut, and go on by the last id."""
    cuts = 0
    for seed in seeds(20):
        folder = tmp_path / str(seed)
        folder.mkdir()
        Store.open(folder / "wire.db").close()
        with ExitStack() as stack:
            wire = stack.enter_context(served(folder))
            store = stack.enter_context(Store.open(folder / "wire.db"))
            world, chance = World(store, seed), random.Random(seed)
            readers = [Reader(wire.address, each) for each in on_the_web(world)]
            for step in range(STEPS):
                wire.now[0] = world.now
                world.step()
                wire.now[0] = world.now
                if step % 10 == 5:
                    chance.choice(readers).cut.set()
            for reader in readers:
                reader.hear_all_of(world)
            for reader in readers:
                reader.ends.set()
            for reader in readers:
                reader.end(world)
                cuts += reader.cuts
                again = [line["seq"] for line in store.changes(None, reader.subscriber.selection)]
                assert reader.subscriber.seen == again, (seed, reader.subscriber.name)
                assert differences(world, reader.subscriber) == [], (seed, reader.subscriber.name, world.happened)
    assert cuts > 0 or "SEED" in os.environ


def on_the_web(world: World) -> list[Subscriber]:
    return [Subscriber(each.name, each.selection, "web") for each in subscribers()[:4]]


class Reader:
    """A client in a thread of its own: the even ones listen to a stream, the odd ones poll. What it hears is taken by
    the thread of the test, which has the store.
    """

    def __init__(self, address: str, subscriber: Subscriber) -> None:
        self.address, self.subscriber = address, subscriber
        self.lines: list[dict[str, Any]] = []
        self.cut, self.ends, self.cuts, self.last = threading.Event(), threading.Event(), 0, "0"
        chosen = subscriber.selection
        named = {"country": chosen.countries, "kind": chosen.kinds, "language": chosen.languages}
        named |= {"topic": chosen.topics, "about": chosen.about}
        self.query = "".join(f"&{name}={value}" for name, values in named.items() for value in values)
        self.thread = threading.Thread(target=self._poll if chosen.countries else self._listen)
        self.thread.start()

    def _poll(self) -> None:
        while not self.ends.is_set():
            page = httpx.get(
                f"{self.address}/api/changes?wait=1&limit=9&after={self.last}{self.query}", timeout=30
            ).json()
            self.lines += page["changes"]
            if self.cut.is_set():  # it does not come to note how far it is
                self.cut.clear()
                self.cuts += 1
            elif page["cursor"]:
                self.last = page["cursor"]

    def _listen(self) -> None:
        while not self.ends.is_set():
            path = f"{self.address}/api/changes/stream?after=0{self.query}"
            with listening(path, **({"Last_Event_ID": self.last} if self.last != "0" else {})) as stream:
                for event in stream.events():
                    if event.kind != "heartbeat":
                        self.lines.append(event.data)
                    if self.ends.is_set() or self.cut.is_set():
                        break
                    self.last = event.id
            self.cuts += self.cut.is_set()
            self.cut.clear()

    def hear_all_of(self, world: World) -> None:
        last = world.store.last_cursor()
        until(lambda: self.last == str(last))

    def end(self, world: World) -> None:
        self.thread.join(30)
        for line in self.lines:
            self.subscriber.take(line, world)
