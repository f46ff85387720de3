"""Backups: whole while others write, for their owner alone, checked before they take the place of a database; and what
subscribers are told afterwards.
"""

from __future__ import annotations

import gzip
import os
import pty
import re
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from aggregator.demo import Press
from aggregator.model import ALL_REPORTS, Complaint, Cursor
from aggregator.model.errors import StoreError
from aggregator.store import Store, load_backup, without_daemon
from aggregator.store.sqlite import opening
from tests import commands
from tests.cli.test_cli import Desk, feed
from tests.conftest import NOW, some
from tests.make_database import DATABASES
from tests.waiting import until

LETTER = Complaint(kind="about_the_wire", text="Sauti kubwa mno", complainant="Asha")


@pytest.fixture(scope="module")
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        yield opened


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The one that those of the tests are copies of."""
    with Press(now=NOW) as opened:
        made = Desk(tmp_path_factory.mktemp("fetched"), opened)
        made("fetch", "--all")
        yield made


@pytest.fixture
def desk(fetched: Desk, tmp_path: Path) -> Desk:
    """Of a press that serves what was fetched."""
    made = Desk(tmp_path, fetched.press)
    shutil.copytree(fetched.database.parent, made.database.parent)
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def beside(database: Path) -> set[str]:
    return {path.name for path in database.parent.iterdir()}


def report_ids(database: Path) -> set[str]:
    with Store.read(database) as store:
        return {report.id for report in store.latest(ALL_REPORTS)}


@contextmanager
def daemon(desk: Desk) -> Iterator[subprocess.Popen[str]]:
    """One that has begun to poll into the database."""
    with Store.read(desk.database) as store:
        held = store.last_cursor()
    desk.press.set_document("one.example", "/feed", feed("one.example-1", "one.example-9"))
    with sqlite3.connect(desk.database) as connection:
        connection.execute("UPDATE sources SET next_at = '2026-01-01T00:00:00Z'")
    connection.close()
    process = commands.Popen(desk.command("run"), stderr=subprocess.DEVNULL, text=True, cwd=desk.config)
    try:
        until(lambda: _last(desk.database) != held)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _last(database: Path) -> Cursor | None:
    with Store.read(database) as store:
        return store.last_cursor()


# Making one


def test_a_backup_beside_a_daemon_is_whole_and_its_owner_s(press: Press, tmp_path: Path) -> None:
    backup, before = tmp_path / "backup.db", os.umask(0o022)
    try:
        desk = Desk(tmp_path, press)
        subprocess.run(desk.command("fetch", "--all"), check=True, cwd=desk.config)  # which makes the database itself
        with daemon(desk) as process:
            said = desk("backup", "create", str(backup))
            wide = {path.name: oct(mode(path)) for path in desk.database.parent.iterdir() if mode(path) & 0o077}
            refused = desk("backup", "load", str(backup), code=1)
            assert report_ids(backup) == report_ids(desk.database)
            held = beside(desk.database)
    finally:
        os.umask(before)
    assert wide == {}
    assert held >= {"wire.db", "wire.db-wal", "wire.db-shm", "wire.db.lock", "wire.db.limits"}
    assert any(name.startswith("wire.db.program-") for name in held)
    assert f"a daemon, process {process.pid}," in refused
    assert refused.count("\n") == 1
    assert not any("replaced" in name for name in held)
    assert (mode(backup), beside(backup)) == (0o600, {"backup.db", "config", "data"})
    last = _last(backup)
    assert re.fullmatch(rf"Backup {re.escape(str(backup))}: [0-9.]+ MB, 5 reports, the ledger up to {last}\n", said)
    with closing(sqlite3.connect(f"file:{backup}?mode=ro&immutable=1", uri=True)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)  # one file is all of it
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_it_is_of_one_moment_though_others_write_meanwhile(desk: Desk, tmp_path: Path) -> None:
    with Store.open(desk.database) as writer, Store.read(desk.database) as reader:
        for _ in range(3):  # several parts
            writer.complaint_about_wire(Complaint(kind="comment", text="x" * (1 << 20)), NOW)
        parts, calls = reader.parts(), []

        def moved() -> None:
            calls.append(writer.complaint_about_wire(LETTER, NOW))

        reader.back_up(tmp_path / "backup.db", replace=False, moved=moved)
    assert 3 <= len(calls) <= parts + 1  # nothing began anew
    with Store.read(tmp_path / "backup.db") as store:
        assert [row["number"] for row in store.complaints()] == [1, 2, 3]


def test_a_terminal_shows_how_far_it_is(desk: Desk, tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    words = desk.command("backup", "create", str(tmp_path / "backup.db"))
    with commands.Popen(words, stdout=subprocess.DEVNULL, stderr=follower) as process:
        os.close(follower)
        seen = b""
        with suppress(OSError):  # how Linux says that the other side is closed
            while read := os.read(leader, 65536):
                seen += read
    os.close(leader)
    assert process.returncode == 0
    assert re.search(rb"copied and checked \(MB\).*m(\d+)/\1", seen, re.DOTALL)


def test_a_file_that_is_there_is_replaced_only_where_that_is_asked_for(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "backup.db").write_text("a letter")
    said = desk("backup", "create", str(tmp_path / "backup.db"), code=1)
    assert said == f"aggregator: {tmp_path}/backup.db: this file is there already; --force replaces it\n"
    assert (tmp_path / "backup.db").read_text() == "a letter"
    desk("backup", "create", "--force", str(tmp_path / "backup.db"))
    assert report_ids(tmp_path / "backup.db") == report_ids(desk.database)
    assert mode(tmp_path / "backup.db") == 0o600


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("data/wire.db", "this is the database itself, or a part of it"),
        ("data/../data/wire.db-wal", "this is the database itself, or a part of it"),
        ("data/wire.db.lock", "this is the database itself, or a part of it"),
        ("data", "this is a folder; name a file in it, such as"),
        ("pipe", "this is a pipe, a device or a socket"),
        ("none/backup.db", "there is no folder"),
        ("n" * 300, "File name too long"),
    ],
)
def test_where_no_backup_can_be_is_said_in_one_sentence(desk: Desk, tmp_path: Path, name: str, said: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    before = desk.database.read_bytes()
    refused = desk("backup", "create", "--force", str(tmp_path / name), code=1)
    assert said in refused
    assert refused.count("\n") == 1
    assert desk.database.read_bytes() == before
    assert not list(tmp_path.glob("**/*.part"))


def test_a_damaged_database_replaces_no_backup(desk: Desk, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    desk("backup", "create", str(backup))
    good = backup.read_bytes()
    damage(desk.database)
    assert "--force" not in desk("backup", "create", "--force", str(backup), code=1)
    assert backup.read_bytes() == good
    assert beside(backup) == {"backup.db", "config", "data"}


def damage(database: Path) -> None:
    """Overwrites its pages from the third on, which no header says."""
    with closing(sqlite3.connect(database)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(database.read_bytes())
    content[2 * size : -size] = b"\xff" * (len(content) - 3 * size)
    database.write_bytes(content)


# Loading one, and the cursors of before


def test_whoever_read_what_the_backup_has_not_is_told_to_start_again(desk: Desk, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    desk("backup", "create", str(backup))
    kept, held = _last(desk.database), report_ids(desk.database)
    desk.press.set_document("one.example", "/feed", feed("one.example-1", "one.example-live"))
    desk("fetch", "--all")
    lost = _last(desk.database)
    assert kept
    assert lost
    assert kept.seq < lost.seq
    said = desk("backup", "load", str(backup))
    assert report_ids(desk.database) == held
    assert f"Its ledger ended with {lost}, and this one ends with {kept}" in said
    named = re.search(r"kept as (\S+);", said)
    assert named
    replaced = Path(named[1])
    assert (_last(replaced), mode(replaced), mode(desk.database)) == (lost, 0o600, 0o600)
    assert beside(desk.database) & {"wire.db-wal", "wire.db-shm", "wire.db-journal"} == set()
    desk("changes", "--after", str(kept))  # a cursor of before goes on
    for cursor in (str(lost), "99999-5e6f7a8b"):
        for words in (("changes",), ("changes", "--follow"), ("latest",), ("latest", "--count"), ("search", "report")):
            refused = desk(*words, "--after", cursor, code=1)
            assert f"cursor {cursor}: this ledger ends with line {kept.seq}." in refused
            assert "start again with `aggregator changes --after 0`" in refused
    # The numbers are used again, for other reports: the cursor is of another history.
    desk.press.set_document("one.example", "/feed", feed("one.example-1"))
    desk.press.set_document("two.example", "/feed", feed("two.example-1", *(f"two.example-{i}" for i in "xyz")))
    desk("fetch", "--all")
    again = _last(desk.database)
    assert again
    assert again.seq >= lost.seq
    for command in (("changes",), ("latest",), ("search", "report")):
        refused = desk(*command, "--after", str(lost), code=1)
        assert f"cursor {lost}: line {lost.seq} of this ledger has another hash." in refused
    assert f"{kept}" in desk("changes", "--after", "0")


def test_a_backup_that_has_all_lines_loses_nobody_s_place(desk: Desk, tmp_path: Path) -> None:
    desk("backup", "create", str(tmp_path / "backup.db"))
    said = desk("backup", "load", str(tmp_path / "backup.db"))
    assert "Its ledger ended" not in said
    desk("changes", "--after", str(_last(desk.database)))
    desk("backup", "load", str(tmp_path / "backup.db"))  # within the same second, perhaps
    assert len([name for name in beside(desk.database) if "replaced" in name]) == 2


def test_nothing_is_replaced_that_another_program_has_open(desk: Desk, tmp_path: Path) -> None:
    desk("backup", "create", str(tmp_path / "backup.db"))
    before = desk.database.read_bytes(), desk.database.stat().st_ino
    with Store.read(desk.database) as reader:
        reader.latest(ALL_REPORTS)
        refused = desk("backup", "load", str(tmp_path / "backup.db"), code=1)
    assert "another program has the database open" in refused
    assert (desk.database.read_bytes(), desk.database.stat().st_ino) == before
    assert not [name for name in beside(desk.database) if "replaced" in name or "part" in name]


def test_a_program_that_opened_the_file_before_brings_no_log_beside_the_new_one(desk: Desk, tmp_path: Path) -> None:
    desk("backup", "create", str(tmp_path / "backup.db"))
    desk("backup", "load", str(tmp_path / "backup.db"))  # so that the file has no log
    with closing(sqlite3.connect(desk.database, isolation_level=None)) as late:
        late.execute("SELECT count(*) FROM articles").fetchone()
        desk("backup", "load", str(tmp_path / "backup.db"))
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            late.execute("PRAGMA journal_mode = WAL")
    assert "wire.db-wal" not in beside(desk.database)


def test_what_is_in_the_log_alone_is_kept_too(desk: Desk, tmp_path: Path) -> None:
    """A machine that lost its power leaves a log, and a file of shared memory that belongs to it."""
    backup = tmp_path / "backup.db"
    desk("backup", "create", str(backup))
    with Store.open(desk.database) as store:
        store.complaint_about_wire(LETTER, NOW)
        parts = {part: desk.database.with_name(f"wire.db{part}").read_bytes() for part in ("", "-wal", "-shm")}
    for part, content in parts.items():
        desk.database.with_name(f"wire.db{part}").write_bytes(content)
    assert parts["-wal"]
    desk("backup", "load", str(backup))
    (replaced,) = desk.database.parent.glob("*.replaced-*")
    with Store.read(replaced) as store:
        assert [row["text"] for row in store.complaints()] == [LETTER.text]
    with Store.read(desk.database) as store:
        assert store.complaints() == []


@pytest.mark.parametrize("how", ["no file", "empty", "pages", "beginning", "a log alone"])
def test_a_database_that_is_damaged_or_gone_is_replaced_and_kept(desk: Desk, tmp_path: Path, how: str) -> None:
    desk("backup", "create", str(tmp_path / "backup.db"))
    held, database = report_ids(desk.database), desk.database
    log = database.with_name("wire.db-wal")
    if how in ("no file", "a log alone"):
        database.unlink()
    elif how == "pages":
        damage(database)
    else:
        database.write_bytes(b"" if how == "empty" else b"\0" * 100_000)
    if how == "a log alone":
        log.write_bytes(b"what is left")
    before = database.read_bytes() if database.exists() else None
    said = desk("backup", "load", str(tmp_path / "backup.db"))
    assert report_ids(database) == held
    kept = [path for path in database.parent.glob("*.replaced-*") if not path.name.endswith("-wal")]
    assert [path.read_bytes() for path in kept] == ([] if before is None else [before])
    assert ("is kept as" in said) == (before is not None)
    logs = [path.read_bytes() for path in database.parent.glob("*.replaced-*-wal")]
    assert logs == ([b"what is left"] if how == "a log alone" else [])


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '9999_later')")


def _foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE accounts (x)")


def _marked(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 7")


def _made_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


UNFIT: dict[str, tuple[Callable[[Path], object], str]] = {
    "of a newer version": (_newer, "a newer version of aggregator made this database (it has 9999_later"),
    "of another program": (_foreign, "this is the database of another program"),
    "with the mark of another program": (_marked, "this is the database of another program"),
    "damaged": (damage, "name another file; nothing was changed"),
    "cut off": (lambda path: os.truncate(path, path.stat().st_size // 2), "name another"),
    "empty": (lambda path: path.write_bytes(b""), "this database is empty"),
    "a text": (lambda path: path.write_text("a letter"), "this is no SQLite database"),
    "gone": (Path.unlink, "there is no such file"),
    "a pipe": (_made_a_pipe, "this is a pipe, a device or a socket"),
    "a folder": (_made_a_folder, "this is a folder"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database and a backup of it."""
    folder = tmp_path_factory.mktemp("made")
    with Store.open(folder / "wire.db") as store:
        store.complaint_about_wire(Complaint(kind="comment", text="x" * 300_000), NOW)
        store.back_up(folder / "good.db", replace=False, moved=lambda: None)
    return folder


@pytest.mark.parametrize("case", UNFIT)
def test_a_file_that_is_no_good_backup_changes_nothing(made: Path, case: str) -> None:
    database, file = made / "wire.db", made / f"{case}.db"
    file.write_bytes((made / "good.db").read_bytes())
    spoil, said = UNFIT[case]
    spoil(file)
    before, names = database.read_bytes(), beside(database)
    with pytest.raises(StoreError, match=re.escape(said)) as refused:
        load_backup(file, database, NOW, lambda: None)
    assert "\n" not in str(refused.value)
    assert database.read_bytes() == before
    assert beside(database) == names


def test_the_database_of_another_program_is_not_replaced(made: Path, tmp_path: Path) -> None:
    _foreign_database = tmp_path / "other.db"
    _foreign_database.write_bytes(b"")
    _foreign(_foreign_database)
    before = _foreign_database.read_bytes()
    with pytest.raises(StoreError, match="this is the database of another program; name another with --db"):
        load_backup(made / "good.db", _foreign_database, NOW, lambda: None)
    assert _foreign_database.read_bytes() == before


@pytest.mark.soak
@pytest.mark.parametrize("version", some(["0.4.0", "0.1.0"], 1))
def test_a_backup_of_an_older_version_is_named_and_brought_up_to_date_later(tmp_path: Path, version: str) -> None:
    file, database = tmp_path / "old.db", tmp_path / "data" / "wire.db"
    file.write_bytes(gzip.decompress((DATABASES / f"{version}.db.gz").read_bytes()))
    with without_daemon(database):
        loaded = load_backup(file, database, NOW, lambda: None)
    assert (loaded.facts.is_current, loaded.kept, loaded.lost) == (False, None, None)
    with Store.open(database) as store:
        assert store.is_current()
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (opening.APPLICATION_ID,)
        assert loaded.facts.reports in (None, connection.execute(
            "SELECT count(*) FROM articles WHERE coalesce(notice, '') <> 'removed'").fetchone()[0])  # fmt: skip
    assert mode(database) == 0o600


def test_a_link_to_the_database_stays_one(made: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "wire.db"
    link.symlink_to(tmp_path / "disk" / "real.db")
    Store.open(link).close()
    loaded = load_backup(made / "good.db", link, NOW, lambda: None)
    assert link.is_symlink()
    assert loaded.kept is not None
    assert loaded.kept.parent == tmp_path / "disk"
    with Store.read(link) as store:
        assert len(store.complaints()) == 1
