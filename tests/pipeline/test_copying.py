"""copy-store: a wire that is moved to PostgreSQL and back is the same wire, also where the copy was killed midway."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pytest

from aggregator.model import Text
from aggregator.model.errors import DaemonRunning, StoreError
from aggregator.model.place import Place, PostgresPlace
from aggregator.pipeline.copying import copied
from aggregator.store import COPY_STEP, Store, only_daemon
from tests import ROOT, postgres
from tests.commands import COMMAND, Popen, run
from tests.conftest import SOAK, make_entry, make_publisher, open_store, record, scaled, some
from tests.databases import upgraded
from tests.waiting import until

# 0.9.0 is copied by the test of kills too.
VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.5.0", "0.7.0", "0.9.0"] if SOAK else ["0.2.0"]
NOT_COPIED = ("sqlite_", "_sqlite_", "article_search", "search_", "claims")
KILLS = scaled(40)
PUBLISHERS = [make_publisher("daily-example"), make_publisher("le-quotidien", country="ML"), make_publisher("gazeti")]


def copy(source: Place, target: Place) -> tuple[int, list[str]]:
    return copied(source, target, lambda *_: nullcontext(lambda name: None), COPY_STEP)


def rows(path: Path) -> dict[str, list[str]]:
    """All that a copy has to have, by table."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if not name.startswith(NOT_COPIED)
        ]
        found = {
            table: sorted(map(repr, connection.execute(f'SELECT * FROM "{table}"')))  # noqa: S608
            for table in tables
        }
    found["settings"] = [row for row in found["settings"] if not row.startswith("('search_")]
    return found


def rules(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [sql for (sql,) in connection.execute("SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY 1")]


@pytest.fixture
def wire(tmp_path: Path) -> Path:
    """Of several publishers, in several languages, with versions and words that no ASCII has."""
    path = tmp_path / "a.db"
    with open_store("sqlite", path, PUBLISHERS) as store:
        for number, (publisher, title) in enumerate(
            (publisher, title)
            for publisher in PUBLISHERS
            for title in ("Le pont rouvre à Ségou", "Daraja lafunguliwa Mwanza", "فتح الجسر في باماكو")
        ):
            record(store, publisher, make_entry(number, title=Text(title, "text/plain")))
        record(store, PUBLISHERS[0], make_entry(0, published=None))
    return path


@pytest.fixture
def place(tmp_path: Path) -> PostgresPlace:
    return postgres.place_of(tmp_path / "copy")


@pytest.mark.soak
@pytest.mark.parametrize("version", VERSIONS)
def test_a_wire_of_each_version_comes_back_as_it_went(version: str, tmp_path: Path, place: PostgresPlace) -> None:
    first, second = tmp_path / "a.db", tmp_path / "b.db"
    first.write_bytes(upgraded(version))
    count, differences = copy(first, place)
    assert differences == []
    assert count > 1_000
    assert copy(place, second) == (count, [])
    assert rows(second) == rows(first)
    assert rules(second) == rules(first)


def test_a_file_that_an_older_version_wrote_is_brought_up_to_date_first(tmp_path: Path, place: PostgresPlace) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(upgraded("0.9.0"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = '0047_figures'")
        connection.execute("DROP TABLE confirmations")
        connection.execute("DROP TABLE figures")
    assert copy(path, place)[1] == []


def test_a_letter_that_postgresql_has_not_is_replaced(wire: Path, place: PostgresPlace) -> None:
    with closing(sqlite3.connect(wire)) as connection, connection:
        connection.execute("UPDATE articles SET byline = 'A' || char(0) || 'B' WHERE article_id = 1")
        connection.execute("UPDATE revisions SET title = 'A' || char(0) || 'B' WHERE article_id = 1")
    assert copy(wire, place)[1] == []
    with psycopg.connect(place.url) as reader:
        assert reader.execute("SELECT byline FROM articles WHERE article_id = 1").fetchone() == ("A\ufffdB",)


def test_a_ledger_whose_hashes_do_not_fit_is_named(wire: Path, place: PostgresPlace) -> None:
    with closing(sqlite3.connect(wire)) as connection, connection:
        connection.execute("UPDATE changes SET hash = (SELECT hash FROM changes WHERE seq = 1) WHERE seq = 4")
    (said,) = copy(wire, place)[1]
    assert said == f"changes: the hash of line 4 in {place} is not that of the lines up to it, and so it is in {wire}"
    with pytest.raises(StoreError, match="has not ended"):
        Store.read(place)


def test_new_reports_get_numbers_behind_those_that_were_copied(wire: Path, place: PostgresPlace) -> None:
    assert copy(wire, place)[1] == []
    with Store.open(place) as store:
        before = store.last_cursor()
        record(store, PUBLISHERS[0], make_entry(99))
        after = store.last_cursor()
    assert before
    assert after
    assert after.seq == before.seq + 1


@pytest.mark.soak
def test_a_copy_that_is_killed_goes_on_and_is_the_same(tmp_path: Path, place: PostgresPlace) -> None:
    first, second = tmp_path / "a.db", tmp_path / "b.db"
    first.write_bytes(upgraded("0.9.0"))
    for source, target in ((first, place), (place, second)):
        for kill in range(1, 1 + KILLS):
            done = _done(target)
            with _copying(source, target) as process:
                until(lambda: process.poll() is not None or _done(target) >= done + kill)  # noqa: B023
                process.send_signal(signal.SIGKILL)
            if _done(target) == _ALL:
                break
            with pytest.raises(StoreError, match="has not ended"):
                Store.read(target)
        assert _done(target) in (_ALL, *range(1_000))
        if _done(target) != _ALL:
            assert copy(source, target)[1] == []
    assert rows(second) == rows(first)


_ALL = 1_000


def _done(target: Place) -> int:
    """How many tables are copied; _ALL: the copy has ended; 0: it has not begun."""
    sql = "SELECT value FROM settings WHERE name = 'copy_store'"
    count = "SELECT count(*) FROM articles"
    try:
        if isinstance(target, Path):
            if not target.exists():
                return 0
            with closing(sqlite3.connect(f"{target.as_uri()}?mode=ro", uri=True)) as connection:
                found, (articles,) = connection.execute(sql).fetchone(), connection.execute(count).fetchone()
        else:
            with psycopg.connect(target.url) as opened:
                found, (articles,) = opened.execute(sql).fetchone(), opened.execute(count).fetchone()
    except (sqlite3.OperationalError, psycopg.errors.UndefinedTable):
        return 0
    if found is None:
        return _ALL if articles else 0
    return len(json.loads(found[0])["done"])


@contextmanager
def _copying(source: Place, target: Place) -> Iterator[subprocess.Popen[Any]]:
    names = [str(place) if isinstance(place, Path) else place.url for place in (source, target)]
    urls = [
        _as_url(place) if isinstance(place, PostgresPlace) else name
        for place, name in zip((source, target), names, strict=True)
    ]
    with Popen([*COMMAND, "copy-store", *urls], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def _as_url(place: PostgresPlace) -> str:
    said = psycopg.conninfo.conninfo_to_dict(place.url)
    database = said.pop("dbname")
    return f"postgresql:///{database}?" + "&".join(f"{name}={value}" for name, value in said.items())


def tampering(stage: str, place: PostgresPlace, statement: str) -> Callable[..., Any]:
    """A progress that changes the copy as a stage begins."""

    def progress(doing: str, steps: int) -> Any:
        if doing.startswith(stage):
            with psycopg.connect(place.url, autocommit=True) as other:
                other.execute(statement.encode())
        return nullcontext(lambda name: None)

    return progress


@pytest.mark.soak
@pytest.mark.parametrize(
    ("stage", "statement", "said"),
    some(
        [
            ("Indexing", "UPDATE articles SET byline = 'Nobody' WHERE article_id = 2", r"articles: 9 rows .* 9 .*: 2"),
            ("Indexing", "DELETE FROM polls WHERE poll_id = 3", r"polls: 10 rows .* 9 in"),
            ("Indexing", "UPDATE changes SET hash = '\\x00' WHERE seq = 4", r"changes: .*seq.*: 4"),
            ("Indexing", "UPDATE revisions SET raw = '\\x00' WHERE revision_id = 5", r"revisions: .*revision_id.*: 5"),
            ("Indexing", "DELETE FROM sources", r"sources: 3 rows"),
            ("Comparing", "DELETE FROM article_search", r"a search for \w+: [1-9]"),
        ],
        4,
    ),
)
def test_what_differs_is_named_and_the_copy_stays_closed(
    stage: str, statement: str, said: str, wire: Path, place: PostgresPlace
) -> None:
    _, differences = copied(wire, place, tampering(stage, place, statement), COPY_STEP)
    assert any(re.search(said, line) for line in differences), differences
    for opened in (Store.open, Store.read):
        with pytest.raises(StoreError, match="has not ended"):
            opened(place)


def test_a_row_that_refers_to_none_is_named(wire: Path, place: PostgresPlace, tmp_path: Path) -> None:
    with closing(sqlite3.connect(wire)) as connection, connection:
        connection.execute("INSERT INTO tag_queue (article_id) VALUES (999)")
    _, differences = copy(wire, place)
    assert any("tag_queue" in line for line in differences), differences


def test_a_target_that_holds_a_wire_is_left_as_it_is(wire: Path, place: PostgresPlace, tmp_path: Path) -> None:
    assert copy(wire, place)[1] == []
    with pytest.raises(StoreError, match="holds a wire already"):
        copy(wire, place)
    other = tmp_path / "other.db"
    with open_store("sqlite", other, PUBLISHERS[:1]):
        pass
    before = rows(other)
    with pytest.raises(StoreError, match="holds a wire already"):
        copy(place, other)
    assert rows(other) == before


def test_a_source_that_was_written_since_is_not_mixed_in(wire: Path, place: PostgresPlace) -> None:
    copied(wire, place, tampering("Indexing", place, "DELETE FROM polls WHERE poll_id = 3"), COPY_STEP)
    with Store.open(wire) as store:
        record(store, PUBLISHERS[0], make_entry(77))
    with pytest.raises(StoreError, match="was written since that began"):
        copy(wire, place)


def test_nobody_polls_meanwhile(wire: Path, place: PostgresPlace) -> None:
    for held in (wire, place):
        with only_daemon(held), pytest.raises(DaemonRunning, match="stop it"):
            copy(wire, place)
    refused = []

    def progress(doing: str, steps: int) -> Any:
        for held in (wire, place):
            with pytest.raises(DaemonRunning) as caught, only_daemon(held):
                raise AssertionError("a daemon began")
            refused.append(caught.value)
        return nullcontext(lambda name: None)

    assert copied(wire, place, progress, COPY_STEP)[1] == []
    assert len(refused) == 6


def test_databases_of_one_kind_and_sources_that_are_not_there_are_refused(
    wire: Path, place: PostgresPlace, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match="backup create"):
        copy(wire, tmp_path / "b.db")
    with pytest.raises(StoreError, match="pg_dump"):
        copy(place, place)
    with pytest.raises(StoreError, match="there is no database"):
        copy(tmp_path / "none.db", place)


def test_the_command_says_what_it_did(wire: Path, place: PostgresPlace) -> None:
    ended = run([*COMMAND, "copy-store", str(wire), _as_url(place)], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "rows, all of them the same" in ended.stdout
    again = run([*COMMAND, "copy-store", str(wire), _as_url(place)], capture_output=True, text=True)
    assert (again.returncode, again.stdout) == (1, "")
    assert "holds a wire already" in again.stderr


def test_the_examples_of_the_page_run(tmp_path: Path, place: PostgresPlace) -> None:
    wire = tmp_path / "a.db"
    wire.write_bytes(upgraded("0.9.0"))
    assert copy(wire, place)[1] == []
    page = (ROOT / "docs" / "postgres.md").read_text()
    queries = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    assert queries
    (granted,) = re.findall(r"'(GRANT SELECT ON .*) TO researcher'", page)
    with psycopg.connect(place.url) as reader:
        for sql in queries:
            reader.execute(sql.encode()).fetchall()
        reader.execute(f"{granted} TO pg_monitor".encode())  # a role that every server has; it is not committed
        reader.execute("SET LOCAL ROLE pg_monitor")
        for name in granted.removeprefix("GRANT SELECT ON ").split(", "):
            assert reader.execute(f"SELECT * FROM {name}".encode()).fetchall() or name == "notices"  # noqa: S608
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("SELECT * FROM complaints")
        reader.rollback()
