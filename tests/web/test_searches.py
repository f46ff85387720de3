"""Saved searches and the wire's health as they are served: feeds, the API, and who may read what."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import feedparser
import httpx
import pytest

from aggregator.desk import acts
from aggregator.model import Cause, Client, Selection
from aggregator.pipeline.opening import load_config, open_wire, read_store
from aggregator.text.dates import utc_now
from aggregator.text.query import parse
from tests.make_database import CONFIG
from tests.web.listening import listening
from tests.web.serving import Served, served

CAUSE = Cause(actor="person:ama", reason="a mistake")
TOKENS = {"desk": ("api",), "pages": ("web",)}
SEARCH = 'words = "mbalawe OR pont"\ntitle = "Bridges"\nlanguages = ["en", "fr"]\n'
EVENTS = "UPDATE sources SET failures = 3, last_error = 'HTTP 503 \x1b[31m <b>' WHERE source_id = 1"


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("searches")
    config = Path(shutil.copytree(CONFIG, folder / "config"))
    (config / "searches").mkdir()
    (config / "searches" / "bridges.toml").write_text(SEARCH)
    (config / "searches" / "broken.toml").write_text("words = '('")
    with served(folder, config) as found:
        with open_wire(found.paths, load_config(found.paths), found.now[0]) as store:
            while store.index():
                pass
            for name, channels in TOKENS.items():
                client = Client(name=name, channels=channels, rate=10_000)  # type: ignore[arg-type]
                assert store.add_token(hashlib.sha256(name.encode()).hexdigest(), client, utc_now())
            store.note_states(found.now[0], queue=False)
        with closing(sqlite3.connect(found.paths.database())) as connection, connection:
            connection.execute(EVENTS)
        with open_wire(found.paths, load_config(found.paths), found.now[0]) as store:
            store.note_states(found.now[0], queue=False)
            assert store.take_notification() is None  # no command is configured, so nothing waits for one
        with closing(sqlite3.connect(found.paths.database())) as connection, connection:
            connection.execute("UPDATE sources SET failures = 0, last_error = NULL WHERE source_id = 1")
        with open_wire(found.paths, load_config(found.paths), found.now[0]) as store:
            store.note_states(found.now[0], queue=False)
        yield found


def get(wire: Served, path: str, token: str | None = None) -> httpx.Response:
    return wire.get(path, **({"Authorization": f"Bearer {token}"} if token else {}))


def found(wire: Served) -> list[str]:
    with read_store(wire.paths, wire.now[0]) as store:
        selection = Selection(languages=("en", "fr"))
        return [each.id for each in store.reports(selection, parse("mbalawe OR pont"))]


@pytest.mark.parametrize("suffix", ["atom", "rss", "json"])
def test_a_search_has_a_feed_of_what_it_finds(wire: Served, suffix: str) -> None:
    answer = get(wire, f"/feeds/searches/bridges.{suffix}")
    assert answer.status_code == 200, answer.text
    if suffix == "json":
        ids = [item["id"].rpartition(":")[2] for item in answer.json()["items"]]
        assert answer.json()["title"].endswith(": Bridges")
    else:
        parsed = feedparser.parse(answer.content)
        assert not parsed.bozo
        assert parsed.feed.title.endswith(": Bridges")
        ids = [each.id.rpartition(":")[2] for each in parsed.entries]
    assert ids
    assert set(ids) <= set(found(wire)[:50])
    assert answer.headers["etag"]


def test_a_search_is_in_the_api(wire: Served) -> None:
    (search,) = get(wire, "/api/searches").json()["searches"]
    assert (search["name"], search["words"], search["languages"]) == ("bridges", "mbalawe OR pont", ["en", "fr"])
    assert search["feed"].endswith("/feeds/searches/bridges.atom")
    listed = get(wire, "/api/searches/bridges/reports?limit=200&channel=api", "desk").json()["reports"]
    assert [each["id"] for each in listed] == [each for each in found(wire) if each in {one["id"] for one in listed}]
    assert listed
    page = get(wire, "/api/searches/bridges/reports?limit=1", "desk").json()
    assert page["next"].partition("?")[0].endswith("/api/searches/bridges/reports")
    cursor = page["cursor"]
    assert get(wire, f"/api/searches/bridges/reports?after={cursor}", "desk").json()["reports"] == []


@pytest.mark.parametrize("path", ["/feeds/searches/nobody.atom", "/feeds/searches/broken.atom",
                                  "/api/searches/nobody/reports", "/feeds/searches/bridges.exe"])  # fmt: skip
def test_a_search_that_is_not_there_is_not_found(wire: Served, path: str) -> None:
    assert get(wire, path).status_code == 404


def test_the_wires_health_is_a_feed_for_the_operator(wire: Served) -> None:
    assert get(wire, "/feeds/health.atom").status_code == 401
    assert get(wire, "/feeds/health.atom", "pages").status_code == 403
    assert get(wire, "/feeds/health.rss", "desk").status_code == 404
    answer = get(wire, "/feeds/health.atom", "desk")
    assert answer.headers["cache-control"] == "no-store"
    parsed = feedparser.parse(answer.content)
    assert not parsed.bozo
    states = [each.tags[0].term for each in parsed.entries]
    assert states[:2] == ["recovered", "failing"]
    assert len({each.id for each in parsed.entries}) == len(parsed.entries)
    assert "\x1b" not in answer.text
    listed = get(wire, "/feeds/health.json", "desk").json()["items"]
    assert [each["tags"][0] for each in listed] == states
    assert "HTTP 503" in listed[1]["content_text"]


def test_the_ledger_of_a_search_takes_back_what_it_found(wire: Served) -> None:
    """By pages, by long poll, and as a stream; what was found is known after another program has looked."""
    first = get(wire, "/api/changes?saved=bridges&limit=200", "desk").json()
    ids = {line["id"] for line in first["changes"]}
    assert ids >= {*found(wire)}
    everything = get(wire, "/api/changes?limit=200", "desk").json()
    assert len(everything["changes"]) > len(first["changes"])
    mine, other = found(wire)[0], next(line["id"] for line in everything["changes"] if line["id"] not in ids)
    after = first["cursor"]
    with (
        listening(f"{wire.address}/api/changes/stream?saved=bridges&after={after}") as stream,
        ThreadPoolExecutor(1) as thread,
    ):
        stream.until_live()
        waiting = thread.submit(get, wire, f"/api/changes?saved=bridges&after={after}&wait=30", "desk")
        with open_wire(wire.paths, load_config(wire.paths), wire.now[0]) as store:
            for each in (other, mine):
                acts.withhold(store, each, CAUSE, wire.now[0])
            early = get(wire, f"/api/changes?saved=bridges&after={after}", "desk").json()
            assert (early["changes"], early["cursor"]) == ([], after)
            assert early["newest"] > int(after.partition("-")[0])
            while store.collect_found():
                pass
        (line,) = waiting.result(30).json()["changes"]
        assert (line["change_kind"], line["id"], line["report"]) == ("withheld", mine, None)
        (event,) = stream.next()
        assert event.data["id"] == mine
    (again,) = get(wire, f"/api/changes?saved=bridges&after={after}", "desk").json()["changes"]
    assert again["seq"] == line["seq"]  # the early answer was not kept
    key = next(line["publisher"] for line in everything["changes"] if line["publisher"] != again["publisher"])
    narrowed = get(wire, f"/api/changes?saved=bridges&after={after}&publisher={key}", "desk").json()
    assert narrowed["changes"] == []
    with open_wire(wire.paths, load_config(wire.paths), wire.now[0]) as store:
        for each in (other, mine):
            acts.restore(store, each, CAUSE, wire.now[0])
        while store.collect_found():
            pass


@pytest.mark.parametrize("name", ["broken", "none", "../x"])
@pytest.mark.parametrize("path", ["/api/changes", "/api/changes/stream"])
def test_a_search_that_is_not_here_is_refused(wire: Served, path: str, name: str) -> None:
    answer = wire.get(f"{path}?saved={quote(name)}")
    assert (answer.status_code, "/api/searches lists them" in answer.text) == (400, True)
