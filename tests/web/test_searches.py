"""Saved searches and the wire's health as they are served: feeds, the API, and who may read what."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import feedparser
import httpx
import pytest

from aggregator.model import Client, Selection
from aggregator.pipeline.opening import load_config, open_wire, read_store
from aggregator.text.dates import utc_now
from aggregator.text.query import parse
from tests.make_database import CONFIG
from tests.web.serving import Served, served

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
