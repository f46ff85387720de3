"""Every version's database opens in this version, answers as it did, and survives a kill amid the upgrade."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from aggregator import __version__
from aggregator.desk.housekeeping import maintain
from aggregator.desk.reading import read_as_of
from aggregator.model import Cursor, Selection
from aggregator.model.errors import StoreError
from aggregator.store import Store
from aggregator.text.dates import utc_now
from aggregator.text.query import parse
from bench.crash import compiled
from tests import databases, killed
from tests.conftest import SOAK
from tests.make_database import DATABASES, answers_of
from tests.rows import every_row
from tests.store.test_migrations import shape

VERSIONS = databases.by_number(path.name.removesuffix(".db.gz") for path in DATABASES.glob("*.db.gz"))
# Of what costs as much for each version `make test` does these: the oldest, the newest, and some between.
SOME = VERSIONS if SOAK else [*VERSIONS[:-1:4], VERSIONS[-1]]
WRITTEN = VERSIONS if SOAK else SOME[1:2]
WITH_VIEWS = VERSIONS if SOAK else ["0.1.3", VERSIONS[-1]]  # before the new names and after them

# What a later version says otherwise on purpose, by command and name. Each has its line in the CHANGELOG.
CHANGED: dict[str, frozenset[str]] = {
    # 0.1.1: a line new, revised, corrected or restored has words only while its report is in the wire.
    "changes": frozenset({"title", "url"}),
    # Counted from the time of the call.
    "health": frozenset({"articles_7_days", "gaps_7_days", "problem", "advice", "counted_at"}),
}

# 0.2.0: names and values that became plainer, by command.
RENAMED: dict[str, dict[str, str]] = {
    "latest": {"listed_at": "sort_time"},
    "search": {"listed_at": "sort_time"},
    "revisions": {"kind": "change_kind", "source": "source_name"},
    "changes": {"kind": "change_kind"},
    "merges": {"id": "merge_id", "article": "id", "key": "article_key"},
    "health": {"source": "source_name", "trouble": "problem", "mend": "advice"},
    "complaints": {"kind": "complaint_kind"},
}
VALUES = {"refile": "resent", "removed_by_wire": "deleted"}

# Old name and new, by table and view.
OLD_NAMES: dict[str, dict[str, str]] = {
    "wire": {"article": "article_id", "listed_at": "sort_time"},
    "wire_at": {"article": "article_id", "listed_at": "sort_time", "dictionary": "dictionary_id"},
    "notices": {"article": "article_id"},
    "health": {"source": "source_name", "trouble": "problem", "mend": "advice"},
    "publishers": {"key": "publisher", "kind": "publisher_kind", "group": "publisher_group"},
    "sources": {
        "id": "source_id", "key": "source_key", "kind": "source_kind", "ladder": "id_trust",
        "ladder_reason": "id_trust_reason", "conditional": "conditional_polls", "validators_lied": "validators_ignored",
        "hints": "poll_hints", "listed": "last_listed", "changing": "unstable", "flooded": "over_limit",
        "flooded_at": "over_limit_at",
    },
    "articles": {"public_id": "id", "source": "source_id", "listed_at": "sort_time", "words_held": "has_text"},
    "revisions": {"id": "revision_id", "article": "article_id", "source": "source_id", "dictionary": "dictionary_id"},
    "polls": {
        "id": "poll_id", "source": "source_id", "status": "http_status", "waiting": "pending", "excess": "over_limit",
    },
    "changes": {"article": "article_id"},
}  # fmt: skip

_OPEN = (
    "import sys; from pathlib import Path; from aggregator.store import Store; Store.open(Path(sys.argv[1])).close()"
)


# Its processes are forks of one that has loaded the store.
_STARTED = multiprocessing.get_context("forkserver")
_STARTED.set_forkserver_preload(["aggregator.store", "aggregator.store.sqlite.schema.migrations", "tests.killed"])


def test_this_version_has_its_database() -> None:
    """A version that is released without one could not be tested by those after it."""
    assert __version__ in VERSIONS


@pytest.fixture(scope="module", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database(version: str, tmp_path: Path) -> Path:
    path = tmp_path / "wire.db"
    path.write_bytes(gzip.decompress((DATABASES / f"{version}.db.gz").read_bytes()))
    return path


@pytest.fixture(scope="module")
def upgraded(version: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in this version, with the configuration in force, as the daemon leaves it."""
    path = tmp_path_factory.mktemp("upgraded") / "wire.db"
    path.write_bytes(databases.upgraded(version))
    with Store.open(path) as store:
        maintain(store, utc_now())  # what an upgrade leaves to housekeeping: the search index, packed words
    return path


def of_some(version: str, some: Sequence[str] = SOME) -> None:
    if version not in some:
        pytest.skip("`make soak` has every version")


@pytest.fixture
def answers(version: str) -> dict[str, Any]:
    """What the commands of that version printed, in the words of this one."""
    said = json.loads(gzip.decompress((DATABASES / f"{version}.json.gz").read_bytes()))
    if tuple(map(int, version.split("."))) >= (0, 2, 0):
        return dict(said)
    return {command: in_plain_words(answer, RENAMED[command]) for command, answer in said.items()}


def in_plain_words(answer: Any, names: dict[str, str]) -> Any:
    if isinstance(answer, dict):
        return {  # the publisher's own words are as they were
            names.get(name, name): value if name == "words" else in_plain_words(value, names)
            for name, value in answer.items()
        }
    if isinstance(answer, list):
        return [in_plain_words(each, names) for each in answer]
    return VALUES.get(answer, answer) if isinstance(answer, str) else answer


@pytest.mark.soak
def test_a_database_of_every_version_answers_as_it_did(
    upgraded: Path, answers: dict[str, Any], version: str, tmp_path: Path
) -> None:
    of_some(version)
    assert integrity(upgraded) == "ok"
    now = answers_of(upgraded, databases.of_the_demo(version, tmp_path))
    for ledger in (answers["changes"], now["changes"]):  # a later version lists more lines, never fewer
        ledger[:] = [{str(line["seq"]): line for line in ledger}]
    for found in (answers["search"], now["search"]):  # a later version lists by listing time, no more by revision
        found |= {word: {report["id"]: report for report in reports} for word, reports in found.items()}
    for of_version in (answers, now):  # of equal times a later version lists a document's first entry first
        of_version["latest"] = {report["id"]: report for report in of_version["latest"]}
        of_version["health"] = {row["source_name"]: row for row in of_version["health"]}  # worst first, as time goes by
    listed = [(answers["latest"], now["latest"])]
    listed += [(reports, now["search"][word]) for word, reports in answers["search"].items()]
    for before, after in listed:
        allow_what_stands_beside(before, after)
    both = answers["revisions"].keys() & now["revisions"].keys()  # of the first that `latest` lists
    assert len(both) > 20
    answers["revisions"] = {public_id: answers["revisions"][public_id] for public_id in both}
    for command, said in answers.items():
        assert differences(said, now[command], CHANGED.get(command, frozenset())) == []


def allow_what_stands_beside(before: dict[str, Any], after: dict[str, Any]) -> None:
    """0.6.0: behind the disclaimer stand the others that apply; what a report does not have is null."""
    for report in before.keys() & after.keys():
        assert after[report]["disclaimer"].startswith(before[report]["disclaimer"])
        after[report]["disclaimer"] = before[report]["disclaimer"]
        if before[report]["summary"] == "":
            before[report]["summary"] = None


def test_a_cursor_of_every_version_still_holds(upgraded: Path, answers: dict[str, Any]) -> None:
    """Also behind a line whose kind has another name now."""
    cursors = [line["cursor"] for line in answers["changes"] if "cursor" in line]
    with Store.open(upgraded) as store:
        lines = [(line["seq"], line["cursor"]) for line in store.changes()]
        for said in cursors:
            cursor = Cursor.read(said)
            assert cursor is not None
            assert [(line["seq"], line["cursor"]) for line in store.changes(cursor)] == [
                line for line in lines if line[0] > cursor.seq
            ]
        kinds = {line["change_kind"] for line in store.changes()}
    assert "deleted" in kinds
    assert not kinds & VALUES.keys()


def test_a_database_of_every_version_has_the_tables_of_a_new_one(upgraded: Path, tmp_path: Path) -> None:
    Store.open(tmp_path / "new.db").close()
    assert integrity(upgraded) == "ok"
    assert shape(upgraded) == shape(tmp_path / "new.db")


def test_the_names_of_before_0_2_0_are_gone(upgraded: Path) -> None:
    with closing(sqlite3.connect(upgraded)) as connection:
        for table, names in OLD_NAMES.items():
            columns = {name for (name,) in connection.execute("SELECT name FROM pragma_table_xinfo(?)", (table,))}
            assert columns >= set(names.values())
            assert not columns & (names.keys() - names.values()), table
        assert not connection.execute("PRAGMA foreign_key_check").fetchall()


@every_row(
    "theirs",
    [
        "CREATE INDEX theirs ON articles (listed_at)",
        "CREATE VIEW theirs AS SELECT listed_at FROM articles",
        "CREATE VIEW theirs AS SELECT listed_at FROM wire",
        "CREATE TRIGGER theirs AFTER UPDATE ON articles BEGIN DELETE FROM robots WHERE new.listed_at = ''; END",
    ],
)
def test_an_old_name_that_somebody_uses_stays(theirs: str, tmp_path: Path) -> None:
    """What stood beside the new names in version 0.2.0."""
    database = tmp_path / "wire.db"
    database.write_bytes(gzip.decompress((DATABASES / "0.2.0.db.gz").read_bytes()))
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(theirs)
    with Store.open(database) as store:
        assert store.latest(Selection())
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT max(listed_at) = max(sort_time) FROM articles").fetchone() == (1,)
        assert connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'theirs'").fetchone()
    assert integrity(database) == "ok"


@pytest.mark.soak
def test_a_view_that_somebody_made_follows(database: Path, version: str) -> None:
    """Of tables, of our views, and one that could not be read before."""
    of_some(version, WITH_VIEWS)
    with closing(sqlite3.connect(database)) as connection, connection:
        columns = "a.public_id, a.id AS n, s.key FROM articles AS a JOIN sources AS s ON s.id = a.source"
        if version not in ("0.1.0", "0.1.1", "0.1.2", "0.1.3", "0.2.0"):
            columns = "a.id, a.article_id AS n, s.source_key FROM articles AS a JOIN sources AS s USING (source_id)"
        connection.execute(f"CREATE VIEW mine AS SELECT {columns}")
        connection.execute("CREATE VIEW theirs AS SELECT id, title FROM wire")
        if version == "0.1.3":  # between older ones and this, columns are dropped, for which SQLite reads all views
            connection.execute("CREATE VIEW broken AS SELECT x FROM nowhere")
        before = (
            connection.execute("SELECT * FROM mine").fetchall(),
            connection.execute("SELECT * FROM theirs").fetchall(),
        )
    Store.open(database).close()
    with closing(sqlite3.connect(database)) as connection:
        after = (
            connection.execute("SELECT * FROM mine").fetchall(),
            connection.execute("SELECT * FROM theirs").fetchall(),
        )
    assert sorted(before[0]) == sorted(after[0])
    assert sorted(before[1]) == sorted(after[1])


def opened_to_read(path: Path, now: datetime | None) -> Store:
    return read_as_of(path, now) if now else Store.read(path)


@pytest.mark.soak
def test_a_file_that_nobody_may_write_is_read_by_its_new_names(database: Path, version: str) -> None:
    """As it is, without an upgrade; 0.1.0 had too few columns for most."""
    of_some(version)
    upgraded = database.with_name("upgraded.db")
    shutil.copy(database, upgraded)
    Store.open(upgraded).close()
    now = utc_now()
    database.chmod(0o444)
    for at in (None, now):
        with opened_to_read(database, at) as old, opened_to_read(upgraded, at) as new:
            assert (
                [row["publisher"] for row in old.publishers()] == [row["publisher"] for row in new.publishers()] != []
            )
            assert {row["source_name"] for row in old.health(at)} == {row["source_name"] for row in new.health(at)}
            if version == "0.1.0":
                continue
            reports = old.latest(Selection(limit=200))
            assert reports == new.latest(Selection(limit=200)) != []
            assert old.revisions(reports[0].id) == new.revisions(reports[0].id)
            assert old.search(parse("mbalawe"), Selection()) != []
            assert old.merges() == new.merges()
            assert old.pending() == new.pending()
            if version != "0.1.1":
                assert old.changes() == new.changes()


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """The library that kills its process before one of its writes."""
    return compiled(tmp_path_factory.mktemp("mortal"))


@pytest.mark.soak
def test_an_upgrade_that_is_killed_is_made_again(
    database: Path, version: str, mortal: Path | None, tmp_path: Path
) -> None:
    """Before each of a spread of its writes to the disk; the file that is left opens, and has lost nothing. In
    `make test` one version is killed once.
    """
    of_some(version, WRITTEN)
    if mortal is None or sys.platform != "linux":
        pytest.skip("kills are timed by a preloaded library, which takes Linux and a C compiler")
    whole = tmp_path / "whole.db"
    shutil.copy(database, whole)
    told = tmp_path / "writes"
    opened(whole, LD_PRELOAD=str(mortal), WRITES_TO=str(told))
    writes = int(told.read_text()) if told.exists() else 0
    places = [round((number + 0.5) * writes / 40) or 1 for number in range(40) if writes]
    if not SOAK:
        places = places[SOME.index(version) * 40 // len(SOME) + 4 :][:1]
    for dies_at in sorted(set(places)):
        left = tmp_path / f"left-{dies_at}.db"
        shutil.copy(database, left)
        # SIGUSR1 comes first, for whoever wants to say where it was; nobody does here.
        assert opened(left, LD_PRELOAD=str(mortal), DIES_AT=str(dies_at)) in (-signal.SIGUSR1, -signal.SIGKILL)
        Store.open(left).close()
        assert integrity(left) == "ok"
        assert rows_of(left) == rows_of(whole)


@pytest.mark.soak
def test_an_upgrade_that_is_killed_amid_a_migration_is_made_again(database: Path, version: str, tmp_path: Path) -> None:
    """Midway between the first and the last statement of every migration that the file lacks. `make test`
    kills one file in the newest of many, when all others have ended.
    """
    of_some(version, WRITTEN)
    whole = tmp_path / "whole.db"
    shutil.copy(database, whole)
    receiver, sender = _STARTED.Pipe(duplex=False)
    assert run(whole, 0, sender) == 0
    ends = [0, *receiver.recv()]
    assert len(ends) - 1 == len(migrations_of(whole)) - len(migrations_of(database))
    amid = list(pairwise(ends))
    for begin, end in amid if SOAK else amid[-1:]:
        left = tmp_path / f"left-{end}.db"
        shutil.copy(database, left)
        assert run(left, (begin + end + 1) // 2) == -signal.SIGKILL
        assert migrations_of(left) == migrations_of(database)
        Store.open(left).close()
        assert integrity(left) == "ok"
        assert rows_of(left) == rows_of(whole)


@pytest.mark.parametrize("opens", [Store.open, Store.read])
def test_a_file_of_a_newer_version_is_refused_in_one_sentence(tmp_path: Path, opens: Callable[[Path], Store]) -> None:
    path = tmp_path / "wire.db"
    Store.open(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('aggregator', '9999_later', '')"
        )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.read_bytes()
    with pytest.raises(StoreError) as refused:
        opens(path)
    assert str(refused.value) == (
        f"{path}: a newer version of aggregator made this database (it has 9999_later, which this version does not"
        " know); it was not changed; install that version, or name another with --db"
    )
    assert path.read_bytes() == before


def run(database: Path, dies_at: int, ends: Connection | None = None) -> int | None:
    """Opens the file in a process of its own, which dies at that statement; returns its exit code."""
    process = _STARTED.Process(target=killed.open_store, args=(database, dies_at, ends))
    process.start()
    process.join(120)
    return process.exitcode


def migrations_of(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'aggregator' ORDER BY id")
        return [name for (name,) in rows]


def opened(database: Path, **environment: str) -> int:
    """Opens the file for writing, in a process of its own; returns its exit code."""
    return subprocess.run(
        [sys.executable, "-c", _OPEN, str(database)], env=os.environ | environment, check=False, timeout=120
    ).returncode


def integrity(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def rows_of(database: Path) -> dict[str, int]:
    """How many rows each table has."""
    with closing(sqlite3.connect(database)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in sorted(tables)}  # noqa: S608


def differences(before: Any, after: Any, changed: frozenset[str], place: str = "") -> list[str]:
    """Where `after` does not say what `before` said. It may say more: other keys beside those of before."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            found
            for name, value in before.items()
            if name not in changed
            for found in differences(value, after.get(name, "missing"), changed, f"{place}/{name}")
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [f for number, (one, other) in pairs for f in differences(one, other, changed, f"{place}/{number}")]
    return [] if before == after else [f"{place}: {before!r} became {after!r}"]
