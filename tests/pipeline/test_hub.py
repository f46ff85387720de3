"""The hub of WebSub is told of every feed that changed, once a minute at most, and of all of it when it comes back."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from aggregator.desk import acts
from aggregator.model import Cause, Config, FetchSettings, Selection, ServeSettings, Template, Wire
from aggregator.pipeline.hub import CURSOR, EVERY, Hub
from aggregator.pipeline.opening import load_config, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.text.dates import utc_now
from tests.commands import Popen, run
from tests.databases import upgraded
from tests.make_database import CONFIG
from tests.web.serving import Served, served

BECAUSE = Cause(actor="person:ama", reason="a mistake")


@dataclass
class Told:
    """A hub on this machine, and what it was told."""

    address: str
    requests: Queue[Mapping[str, list[str]]] = field(default_factory=Queue)
    status: int = 204

    def feeds(self) -> list[str]:
        """Of all requests so far."""
        found: list[str] = []
        while not self.requests.empty():
            said = self.requests.get()
            assert said["hub.mode"] == ["publish"]
            found += said["hub.url"]
        assert len(found) == len(set(found))
        return found


@pytest.fixture
def hub() -> Iterator[Told]:
    told = Told("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
            told.requests.put(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.send_response(told.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        told.address = f"http://127.0.0.1:{server.server_address[1]}/hub"
        yield told
        server.shutdown()


def with_hub(config: Config, address: str, allowed: tuple[str, ...] = ("127.0.0.0/8",)) -> Wire:
    return replace(
        config.wire, serve=ServeSettings(hub=Template(address)), fetch=FetchSettings(allow_addresses=allowed)
    )


@dataclass
class Daemon:
    """What tells a hub, over a real database; `now` is its clock."""

    wire: Wire
    store: Store
    now: datetime

    def look(self, times: int = 1, after: timedelta = EVERY) -> None:
        """Looks as often as that, so much later each time, and waits for what it sends."""

        async def on_store(call: Callable[[Store], Any]) -> Any:
            return call(self.store)

        async def looked() -> None:
            hub = Hub(self.wire, on_store, lambda: self.now, lambda host: None)
            for number in range(times):
                self.now += after if number else timedelta(0)
                await hub.look()
                await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
            await hub.end()

        asyncio.run(looked())


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served")) as found:
        yield found


@contextmanager
def daemon(wire: Served, address: str, **other: Any) -> Iterator[Daemon]:
    config = load_config(wire.paths)
    with open_wire(wire.paths, config, wire.now[0]) as store:
        found = Daemon(with_hub(config, address, **other), store, wire.now[0])
        before, end = store.named_cursor(CURSOR), store.last_cursor()
        assert end
        if before is None:
            found.look()  # it begins here
        else:  # what an earlier test left
            store.move_cursor(CURSOR, before, end)
        yield found
        wire.now[0] = found.now + EVERY


def one(store: Store, country: str, skip: int = 0) -> str:
    return store.latest(Selection(countries=(country,), channel="feed", limit=skip + 1))[skip].id


def test_it_is_told_of_the_feeds_that_changed_and_they_are_there(wire: Served, hub: Told) -> None:
    with daemon(wire, hub.address) as told:
        assert hub.feeds() == []
        report = one(told.store, "TN")
        acts.withhold(told.store, report, BECAUSE, told.now)
        told.look()
        feeds = hub.feeds()
        paths = {urlsplit(each).path.rpartition(".")[0] for each in feeds}
        assert paths >= {"/feeds/latest", "/feeds/publisher/nawras", "/feeds/country/tn", "/feeds/kind/agency",
                         "/feeds/group/news-organization", "/feeds/class/news", "/feeds/language/ar"}  # fmt: skip
        assert {each.rpartition(".")[2] for each in feeds} == {"atom", "rss", "json"}
        told.look(2)
        assert hub.feeds() == []  # once
    for each in feeds[:: len(feeds) // 7]:
        answer = wire.get(urlsplit(each).path)
        assert answer.status_code == 200
        if each.endswith("json"):
            assert answer.json()["feed_url"] == each
        else:
            assert f'href="{each}"' in answer.text


def test_a_feed_is_told_of_once_a_minute_at_most(wire: Served, hub: Told) -> None:
    with daemon(wire, hub.address) as told:
        acts.withhold(told.store, one(told.store, "KE"), BECAUSE, told.now)
        told.look(3, timedelta(seconds=1))
        assert len(hub.feeds()) > 10

        async def twice() -> None:
            async def on_store(call: Callable[[Store], Any]) -> Any:
                return call(told.store)

            asked = Hub(told.wire, on_store, lambda: told.now, lambda host: None)
            for number in range(4):  # a change before each look, half a minute apart
                acts.withhold(told.store, one(told.store, "KE"), BECAUSE, told.now)
                await asked.look()
                await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
                assert hub.requests.qsize() == number // 2 + 1
                told.now += EVERY / 2

        asyncio.run(twice())


def test_what_no_feed_may_have_is_not_told(wire: Served, hub: Told) -> None:
    with daemon(wire, hub.address) as told:
        acts.embargo(told.store, one(told.store, "GH"), told.now + timedelta(hours=1), BECAUSE, told.now)
        before = told.store.named_cursor(CURSOR)
        told.look()
        assert hub.feeds() == []
        assert told.store.named_cursor(CURSOR) != before  # it was looked at


@pytest.mark.parametrize("status", [500, 404, 410, 302])
def test_a_hub_that_fails_is_told_later_and_the_log_says_so(
    wire: Served, hub: Told, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    hub.status = status
    with daemon(wire, hub.address) as told:
        acts.withhold(told.store, one(told.store, "GH"), BECAUSE, told.now)
        told.look(5, EVERY)  # at once, and after 2 and 4 minutes
        assert hub.requests.qsize() == 2
        feeds = {each for _ in range(2) for each in hub.requests.get()["hub.url"]}
        assert f"it answered {status}" in caplog.text
        assert "attempt=2" in caplog.text
        hub.status = 202
        told.look()  # of another program: the database knows what the hub does not
        assert set(hub.feeds()) == feeds


def test_a_dead_hub_delays_nothing(wire: Served, caplog: pytest.LogCaptureFixture) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler, bind_and_activate=False) as silent:
        silent.server_bind()
        silent.server_activate()  # connects, and is never answered
        with daemon(wire, f"http://127.0.0.1:{silent.server_address[1]}/") as told:
            acts.withhold(told.store, one(told.store, "GH"), BECAUSE, told.now)

            async def looked() -> None:
                async def on_store(call: Callable[[Store], Any]) -> Any:
                    return call(told.store)

                hub = Hub(told.wire, on_store, lambda: told.now, lambda host: None)
                async with asyncio.timeout(5):
                    await hub.look()
                    await hub.look()
                    await hub.end()

            asyncio.run(looked())


def test_a_private_address_is_reached_only_where_it_is_allowed(
    wire: Served, hub: Told, caplog: pytest.LogCaptureFixture
) -> None:
    with daemon(wire, hub.address, allowed=()) as told:
        acts.withhold(told.store, one(told.store, "GH"), BECAUSE, told.now)
        told.look()
        assert hub.feeds() == []
        assert "allow_addresses" in caplog.text


def test_the_daemon_tells_it(tmp_path: Path, hub: Told) -> None:
    config, own = tmp_path / "config", Path("publishers") / "xa" / "tamarind-wire.toml"
    (config / own).parent.mkdir(parents=True)
    for name in ("wire.toml", "rights.toml", own):
        shutil.copy(CONFIG / name, config / name)
    with (config / "wire.toml").open("a") as file:  # which allows 127.0.0.1
        file.write(f'\n[serve]\nhub = "{hub.address}"\n')
    database = tmp_path / "wire.db"
    database.write_bytes(upgraded("0.9.0"))
    paths = Paths(config, database)
    now = utc_now().astimezone(UTC)
    with open_wire(paths, load_config(paths), now) as store:
        store.move_cursor(CURSOR, None, store.last_cursor())  # type: ignore[arg-type]
        acts.withhold(store, store.latest(Selection(publishers=("tamarind-wire",), limit=1))[0].id, BECAUSE, now)
    words = [sys.executable, "-m", "aggregator", "--config", str(config), "--db", str(database)]
    with Popen([*words, "run"]) as process:
        try:
            told = hub.requests.get(timeout=60)
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert any(each.endswith("/feeds/publisher/tamarind-wire.atom") for each in told["hub.url"])
    refused = run([*words, "changes", "--cursor", CURSOR], capture_output=True, text=True)
    assert refused.returncode == 2  # it is nobody else's
