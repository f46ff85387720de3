"""docs/datasette.yaml, in a real Datasette over a database of the demo: what it shows, and what it does not."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from aggregator.model import Selection
from aggregator.store import Store
from aggregator.text.query import parse
from tests import ROOT
from tests.databases import upgraded

SETTINGS = ROOT / "docs" / "datasette.yaml"
SHOWN = {"wire", "wire_at", "notices", "daily", "report_topics", "report_countries"}
_BESIDE_PYTHON = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
DATASETTE = shutil.which("datasette", path=_BESIDE_PYTHON)

pytestmark = pytest.mark.skipif(DATASETTE is None, reason="there is no Datasette; `make test` installs it")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("datasette") / "wire.db"
    path.write_bytes(upgraded("0.7.0"))
    with Store.open(path) as store:
        while store.index():
            pass
    shutil.copy(path, path.with_name("other.db"))
    return path


@pytest.fixture(scope="module")
def browser(database: Path) -> Iterator[httpx.Client]:
    """Of a server of the database, and of a copy with another name."""
    assert DATASETTE is not None
    files = [str(database), str(database.with_name("other.db"))]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with subprocess.Popen(
        [DATASETTE, "serve", *files, "--metadata", str(SETTINGS), "--port", "0"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment,
    ) as server:  # fmt: skip
        try:
            assert server.stderr is not None
            said = ""
            while not (found := re.search(r"running on (http://[\d.]+:\d+)", said)):
                line = server.stderr.readline()
                assert line, said
                said += line
            with httpx.Client(base_url=found[1], trust_env=False, timeout=30) as client:
                yield client
        finally:
            server.terminate()


def rows(browser: httpx.Client, address: str, **parameters: str) -> list[dict[str, Any]]:
    answer = browser.get(address, params={"_shape": "array", **parameters})
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def tables(database: Path) -> dict[str, list[str]]:
    """The columns of every table and view of the file."""
    with closing(sqlite3.connect(database)) as connection:
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')").fetchall()
        return {
            name: [row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (name,))]
            for (name,) in names
        }


@pytest.mark.parametrize("word", ["pénurie", "PENURIE", "Étoile", "water bills", "ክትባት", "covid-19", 'a"b'])
def test_the_search_box_finds_what_the_program_finds(browser: httpx.Client, database: Path, word: str) -> None:
    found = rows(browser, "/wire/wire.json", _search=word, _size="max")
    with Store.read(database) as store:
        ours = store.search(parse(word), Selection())
    assert {row["id"] for row in found} == {report.id for report in ours}
    assert all(row["title"] for row in found)


def test_reports_have_a_search_box_facets_and_descriptions(browser: httpx.Client) -> None:
    page = browser.get("/wire/wire").text
    assert 'name="_search"' in page
    assert "Public id of the report" in page
    for facet in ("publisher_name", "country", "language", "class"):
        assert f'data-column="{facet}"' in page
    listed = rows(browser, "/wire/wire.json")
    assert [row["sort_time"] for row in listed] == sorted((row["sort_time"] for row in listed), reverse=True)


def test_every_table_is_shown_or_denied(browser: httpx.Client, database: Path) -> None:
    columns = tables(database)
    assert columns.keys() > SHOWN
    for name in columns:
        status = browser.get(f"/wire/{name}.json").status_code
        assert status == (200 if name in SHOWN else 403), f"{name}: say in docs/datasette.yaml whether it is shown"
    page = browser.get("/wire").text
    assert {name for name in columns if f'href="/wire/{name}"' in page} == SHOWN


def test_what_is_described_is_in_the_database(browser: httpx.Client, database: Path) -> None:
    columns = tables(database)
    described = browser.get("/-/metadata.json")
    assert described.status_code == 403  # it is for nobody; the file is read here
    text = SETTINGS.read_text()
    listed = text.partition("    tables:\n")[2].partition("    queries:\n")[0]
    parts = re.split(r"^      (\w+):", listed, flags=re.MULTILINE)
    for name, part in zip(parts[1::2], parts[2::2], strict=True):
        assert name in columns, f"{name}: there is no such table"
        names = re.findall(r"^          (\w+): ", part.partition("        columns:\n")[2], re.MULTILINE)
        assert set(names) <= set(columns[name]), name
        assert bool(names) is (name in SHOWN)
        if name == "wire":
            assert names == columns[name]
        for of_list in re.findall(r"(?:facets|sortable_columns): \[(.*)\]", part):
            assert set(of_list.split(", ")) <= set(columns[name])


@pytest.mark.parametrize(
    "address",
    [
        "/wire.json?sql=SELECT+*+FROM+complaints",
        "/wire?sql=SELECT+1",
        "/wire/complaints/1",
        "/wire/acts",
        "/wire/article_search?_search=pont",
        "/wire/wire.json?_where=1",
        "/wire.db",
        "/other",
        "/other/wire.json",
        "/other/complaints",
        "/other?sql=SELECT+1",
        "/other/first_on_a_subject",
        "/",
    ],
)
def test_nothing_else_can_be_read(browser: httpx.Client, address: str) -> None:
    assert browser.get(address).status_code in (403, 404)


QUERIES = {
    "first_on_a_subject": {"words": "PÉNURIE"},
    "per_publisher_and_day": {},
    "changed_by_their_publishers": {},
    "headlines_before_and_after": {},
    "languages": {},
    "delay_in_minutes": {},
    "wire_at_a_moment": {"moment": "2030-01-01T00:00:00Z"},
}


def test_every_query_returns_rows(browser: httpx.Client) -> None:
    named = re.findall(
        r"^      (\w+):\n        title", SETTINGS.read_text().partition("    queries:\n")[2], re.MULTILINE
    )
    assert named == list(QUERIES)
    for name, values in QUERIES.items():
        assert rows(browser, f"/wire/{name}.json", **values), name
    assert rows(browser, "/wire/first_on_a_subject.json", words='covid-19 OR "') == []


def test_words_that_are_out_of_the_wire_are_not_found(browser: httpx.Client, database: Path) -> None:
    before = rows(browser, "/wire/wire.json", _search="vaccine")
    assert before
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE articles SET status = 'withheld' WHERE id = ?", (before[0]["id"],))
    try:
        assert len(rows(browser, "/wire/wire.json", _search="vaccine")) == len(before) - 1
        assert before[0]["id"] not in browser.get("/wire/wire.json?_size=max").text
    finally:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("UPDATE articles SET status = 'usable' WHERE id = ?", (before[0]["id"],))
