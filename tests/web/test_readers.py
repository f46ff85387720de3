"""Programs that people read feeds with: what they see of the feeds that are served, and that nothing is sent twice."""

from __future__ import annotations

import html
import logging
import os
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import reader

from aggregator.desk.outgoing import outlet, releases
from aggregator.model import Selection
from aggregator.model.release import Release
from aggregator.output import beside
from aggregator.pipeline.opening import load_config, read_store
from aggregator.web.feeds import PAGE
from tests.web.serving import Served, served

NEWSBOAT = shutil.which("newsboat")


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served")) as found:
        yield found


def listed(wire: Served) -> list[Release]:
    """The newest page of what may be read in feeds."""
    with read_store(wire.paths, wire.now[0]) as store:
        ids = [report.id for report in store.reports(Selection(limit=PAGE))]
        by = outlet(store, "feed", wire.now[0])
        out = list(releases(store, load_config(wire.paths).wire, ids, by))
    return [each for each in out if isinstance(each, Release)]


def statuses(log: pytest.LogCaptureFixture) -> Counter[str]:
    """What the server says that it answered, of each feed."""
    said = [record.getMessage() for record in log.records if record.name == "aggregator.web"]
    pairs = [dict(pair.split("=", 1) for pair in line.split() if "=" in pair) for line in said]
    return Counter(f"{each['path']} {each['status']}" for each in pairs if "path" in each)


def check(wire: Served, seen: list[tuple[str, str]]) -> None:
    """Whether titles with texts are those of the reports, each text with its credit."""
    out = listed(wire)
    assert len(seen) == len(out) > 20
    assert sorted(title for title, _ in seen) == sorted(beside.headline(each) for each in out)
    texts = Counter(seen)
    for each in out:
        title = beside.headline(each)
        assert any(each.credit in html.unescape(text) for known, text in texts if known == title), title


@pytest.mark.parametrize("suffix", ["atom", "rss", "json"])
def test_reader_sees_every_report_once_with_its_credit(
    wire: Served, suffix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "aggregator.web")
    path = f"/feeds/latest.{suffix}"
    with closing(reader.make_reader(str(tmp_path / "reader.db"))) as program:
        program.add_feed(wire.address + path)
        for expected in ({f"{path} 200": 1}, {f"{path} 200": 1, f"{path} 304": 1}):
            program.update_feed(wire.address + path)
            (feed,) = program.get_feeds()
            assert feed.last_exception is None
            assert feed.title
            check(wire, [(each.title or "", each.get_content().value) for each in program.get_entries()])  # type: ignore[union-attr]
            assert statuses(caplog) == expected


@pytest.mark.skipif(NEWSBOAT is None, reason="newsboat is not installed: apt-get install newsboat")
@pytest.mark.parametrize("suffix", ["atom", "rss"])
def test_newsboat_sees_every_report_once_with_its_credit(
    wire: Served, suffix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "aggregator.web")
    path = f"/feeds/latest.{suffix}"
    (tmp_path / "urls").write_text(f"{wire.address}{path}\n")
    (tmp_path / "config").write_text("")
    files = ("--url-file", "urls", "--cache-file", "cache.db", "--config-file", "config")
    environment = {**os.environ, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    # Of a feed that is new to it, it forgets the ETag of the first answer, and sends that of the second.
    for expected in ({f"{path} 200": 1}, {f"{path} 200": 2}, {f"{path} 200": 2, f"{path} 304": 1}):
        command = [str(NEWSBOAT), *files, "-x", "reload"]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=60)
        with closing(sqlite3.connect(tmp_path / "cache.db")) as connection:
            seen = connection.execute("SELECT title, content FROM rss_item").fetchall()
        check(wire, seen)
        assert statuses(caplog) == expected
