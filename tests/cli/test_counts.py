"""How many reports fit: all of them with --count, and up to 10,000 below a list that ends at its limit."""

from __future__ import annotations

import gzip
import json
import os
import pty
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import click
import pytest

from aggregator.model import Query, Selection
from aggregator.store import Store
from aggregator.text.query import parse
from tests.conftest import DEMO, file_of
from tests.make_database import DATABASES

SELECTIONS = (
    Selection(),
    Selection(publishers=("kumasi-nettle",)),
    Selection(countries=("GH",)),
    Selection(item_classes=("press_release",)),
    Selection(languages=("pt",), item_classes=("news",)),
    Selection(languages=("am",), item_classes=("press_release",)),
)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "wire.db"
    path.write_bytes(gzip.decompress((DATABASES / "0.2.0.db.gz").read_bytes()))
    Store.open(path).close()
    return path


@pytest.mark.parametrize("query", [None, parse("mbalawe"), parse("mbalawe OR flood -bridge"), Query()])
@pytest.mark.parametrize("selection", SELECTIONS)
def test_as_many_are_counted_as_are_listed(database: Path, selection: Selection, query: Query | None) -> None:
    with Store.open(database) as store:
        listed = len(store.latest(selection) if query is None else store.search(query, selection))
        assert store.count(selection, query) == listed
        for most in (1, 3, 1_000):
            assert store.count(selection, query, most=most) == min(listed, most)


def printed(database: Path, *arguments: str) -> tuple[str, str]:
    """What a command prints, with a terminal as its standard error; both without line ends at their ends."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "aggregator", "--config", str(DEMO / "config"), "--db", str(database), *arguments]
    with closing(os.fdopen(ours, "rb", buffering=0)) as terminal:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=True, timeout=60)
        os.close(theirs)
        try:
            said = terminal.read(10_000)
        except OSError:  # nothing was written (Linux: EIO)
            said = b""
    return done.stdout.decode().strip(), click.unstyle(said.decode()).strip()


def test_a_list_that_ends_at_its_limit_says_of_how_many(database: Path) -> None:
    with Store.open(database) as store:
        count = store.count(Selection())
        found = store.count(Selection(), parse("mbalawe"))
    for words, number in (("latest",), count), (("search", "mbalawe"), found):
        last = json.loads(printed(database, *words, "--limit", "2", "--json")[0])[-1]["id"]
        ends = f"--before {last} lists the next, --limit 0 lists all"
        assert printed(database, *words, "--limit", "2")[1] == f"2 of {number} reports; {ends}"
        below = printed(database, *words, "--limit", "2", "--before", last)[1]
        assert below.startswith(f"2 of {number - 2} reports below {last}; --before ")
    assert printed(database, "latest", "--limit", "500")[1] == ""
    assert printed(database, "latest", "--limit", "0")[1] == ""
    assert printed(database, "latest", "--count") == (str(count), "")
    assert json.loads(printed(database, "search", "mbalawe", "--count", "--json")[0]) == {"count": found}


def test_beyond_10_000_only_count_says_how_many(database: Path) -> None:
    with Store.open(database) as store, file_of(store) as connection:
        connection.execute(
            """
            WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT 10001)
            INSERT INTO articles (article_id, id, publisher, source_id, country, language, class, title, sort_time,
              first_seen, revision, status)
            SELECT 1000000 + value, 'copy-' || value, publisher, source_id, country, language, class, title, sort_time,
              first_seen, 1, status
            FROM n JOIN articles WHERE article_id = (SELECT article_id FROM wire WHERE publisher = 'nawras' LIMIT 1)
            """
        )
        connection.execute(
            "INSERT INTO bodies (article_id, summary, text, excerpt)"
            " SELECT article_id, '', '', '' FROM articles WHERE id GLOB 'copy-*'"
        )
        connection.execute(
            "INSERT INTO revisions (article_id, number, source_id, seen_at, title, words_hash, raw_hash, raw)"
            " SELECT article_id, 1, source_id, first_seen, title, x'', x'', x'' FROM articles WHERE id GLOB 'copy-*'"
        )
    said = printed(database, "latest", "--publisher", "nawras", "--limit", "1")[1]
    assert said.startswith("1 of more than 10,000 reports; --before ")
    assert int(printed(database, "latest", "--publisher", "nawras", "--count")[0]) > 10_001
