"""A disk without room, or one that is read-only, gets one message, and nothing stored is lost."""

from __future__ import annotations

import errno
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.demo import Press
from aggregator.demo.sites import generate_feed
from tests import commands
from tests.cli.test_cli import Desk
from tests.conftest import NOW, SOAK
from tests.delivery.receiver import SECRET, receiver
from tests.hostile import Ran
from tests.waiting import until


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        yield opened


@pytest.fixture
def desk(press: Press, tmp_path: Path) -> Desk:
    return Desk(tmp_path, press)


def asked(press: Press, path: str = "/feed") -> int:
    return sum(seen.path == path for seen in press.requests)


# A full or read-only disk, real ones: a small file system of our own, where the system lets us make one


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A folder that a command started by `on_disk` finds 12 MB small."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not shutil.which("unshare"):
        pytest.skip("no unshare")
    tried = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", str(folder)], capture_output=True)
    if tried.returncode:
        pytest.skip("this system lets nobody mount a file system")
    return folder


def upon(disk: Path, script: str, *arguments: str, after: str = "true") -> list[str]:
    """The command upon the small disk, that the shell's script may fill first; `after` is what the shell does then."""
    return [*commands.COMMAND[:-1], "tests.small_disk", str(disk), script, after, *arguments]


def on_disk(disk: Path, script: str, desk: Desk, *arguments: str, after: str = "true") -> Ran:
    command = upon(disk, script, "--config", str(desk.config), *arguments, after=after)
    done = commands.run(command, capture_output=True, text=True, timeout=60, cwd=desk.config)
    return Ran(done.returncode, done.stdout, done.stderr)


def filled_with(database: Path, disk: Path) -> str:
    """The script that copies the database there and lets nothing else have room."""
    return f"cp '{database}' '{disk}/wire.db'; dd if=/dev/zero of='{disk}/filler' bs=64k 2>/dev/null"


def test_a_fetch_upon_a_full_disk_says_one_thing(desk: Desk, disk: Path) -> None:
    desk("--db", str(desk.database), "fetch")
    for number, host in enumerate(("one.example", "two.example")):
        desk.press.set_document(host, "/feed", generate_feed(number, 40, now=NOW))
    script = filled_with(desk.database, disk)
    ran = on_disk(disk, script, desk, "--db", str(disk / "wire.db"), "fetch", "--all")
    assert ran.code == 1
    assert "the disk is full; make room" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_delivery_upon_a_full_disk_is_sent_again_and_not_lost(
    desk: Desk, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTNER_SECRET", SECRET)
    with receiver() as partner:
        (desk.config / "subscribers").mkdir()
        said = f'url = "{partner.url}"\nsecret = "${{PARTNER_SECRET}}"\n'
        (desk.config / "subscribers" / "partner.toml").write_text(said)
        desk("--db", str(desk.database), "fetch")
        partner.received.clear()
        ((report,),) = desk.rows("SELECT id FROM articles WHERE article_id = 1")
        desk("withhold", str(report), "--reason", "as asked")
        script = filled_with(desk.database, disk)
        ran = on_disk(disk, script, desk, "--db", str(disk / "wire.db"), "subscribers", "--deliver")
        assert ran.code == 1
        assert "the disk is full; make room" in ran.err
        desk("--db", str(desk.database), "subscribers", "--deliver")
        assert len(partner.received) >= 1
        assert {each.said["data"]["kind"] for each in partner.received} == {"withheld"}
        assert len({each.id for each in partner.received}) == 1


def test_a_backup_upon_a_full_disk_says_one_thing_and_leaves_nothing(desk: Desk, disk: Path) -> None:
    desk("--db", str(desk.database), "fetch")
    script = f"dd if=/dev/zero of='{disk}/filler' bs=64k 2>/dev/null"
    tried = ("--db", str(desk.database), "backup", "create", str(disk / "backup.db"))
    ran = on_disk(disk, script, desk, *tried, after=f"ls -A '{disk}'")
    assert (ran.code, ran.out.split()) == (1, ["filler"])
    assert re.fullmatch(r"aggregator: \S+/backup\.db: the disk is full; make room; nothing was changed\n", ran.err)


def test_a_daemon_upon_a_full_disk_says_one_thing(desk: Desk, disk: Path) -> None:
    """A service manager starts it again and again; its log has one line for each start."""
    script = f": >'{disk}/wire.db.lock'; dd if=/dev/zero of='{disk}/filler' bs=4k 2>/dev/null"
    ran = on_disk(disk, script, desk, "--db", str(disk / "wire.db"), "run")
    assert ran.code == 1
    assert "wire.db.lock: the disk is full; make room" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_fetch_into_a_read_only_database_says_one_thing_and_asks_nobody(desk: Desk, disk: Path) -> None:
    database = disk / "wire.db"
    desk("fetch")
    desk.press.forget()
    script = f"cp '{desk.database}' '{database}'; mount -o remount,ro '{disk}'"
    for words in (("fetch", "--all"), ("run",)):
        ran = on_disk(disk, script, desk, "--db", str(database), *words)
        assert ran.code == 1
        assert len(ran.err.splitlines()) == 1, ran.err
        assert str(disk) in ran.err
    assert desk.press.requests == ()


@pytest.mark.long
def test_the_daemon_upon_a_disk_that_fills_stands_still_and_goes_on_when_space_returns(
    desk: Desk, disk: Path, tmp_path: Path
) -> None:
    for key in ("one", "two"):
        desk.add(f"{key}.example", every=0.02)
    log = tmp_path / "log"
    command = upon(disk, "true", "--config", str(desk.config), "--db", str(disk / "wire.db"), "run")
    with log.open("w") as errors:
        process = commands.Popen(command, stderr=errors, cwd=desk.config)
    seen = Path(f"/proc/{process.pid}/root{disk}")  # what is mounted there for the process alone
    try:
        until(lambda: asked(desk.press) >= 4)
        _fill(seen / "filler")
        desk.press.set_document("one.example", "/feed", generate_feed(1, 300, now=NOW))
        until(lambda: "polling is paused" in log.read_text(), seconds=40)
        _tried_to_write(seen / "wire.db-wal")  # a poll that was under way when another job complained has ended
        before = asked(desk.press)
        _tried_to_write(seen / "wire.db-wal")
        assert asked(desk.press) == before
        (seen / "filler").unlink()
        until(lambda: _articles_of_a_copy(seen / "wire.db", tmp_path / "copy.db") > 4, seconds=40)
        until(lambda: "polling is resumed\n" in log.read_text())
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    finally:
        process.kill()
        process.wait()
    said = log.read_text()
    assert len(re.findall("ERROR", said)) == 1, said
    assert said.count("polling is resumed\n") == 1
    assert process.returncode == 0


def _tried_to_write(log_file: Path) -> None:
    """Waits until the daemon has tried it twice more."""
    for _ in range(2):
        tried = log_file.stat().st_mtime_ns
        until(lambda tried=tried: log_file.stat().st_mtime_ns > tried)


def _fill(file: Path) -> None:
    try:
        with file.open("wb", buffering=0) as filler:
            while filler.write(bytes(1 << 14)):
                pass
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def _polls(database: Path) -> int:
    return _count(database, "SELECT count(*) FROM polls")


def _articles_of_a_copy(database: Path, copy: Path) -> int:
    """SQLite itself would look for the file where we are, and not where the daemon is."""
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{database}{suffix}", f"{copy}{suffix}")
    return _count(copy, "SELECT count(*) FROM articles")


def _count(database: Path, sql: str) -> int:
    try:
        with closing(sqlite3.connect(database)) as connection:
            return int(connection.execute(sql).fetchone()[0])
    except sqlite3.DatabaseError:  # not made yet, or copied while it was written
        return 0


def test_a_file_that_must_not_grow_is_told_from_a_program_error(desk: Desk) -> None:
    """A quota answers otherwise than a full disk."""
    desk("fetch")
    desk.press.set_document("one.example", "/feed", generate_feed(1, 60, now=NOW))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    try:
        said = desk("fetch", "--all", code=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "is the disk over its quota" in said
    assert len(said.splitlines()) == 1
    desk("fetch", "--all")
    assert desk.rows("SELECT count(*) FROM articles") == [(64,)]


def test_a_signal_to_read_the_configuration_while_the_database_cannot_be_used_does_not_end_the_daemon(
    desk: Desk,
) -> None:
    process = commands.Popen(desk.command("run"), stderr=subprocess.PIPE, text=True, cwd=desk.config)
    assert process.stderr is not None
    try:
        until(lambda: _polls(desk.database) == 2)
        aside = desk.database.with_name("aside")
        shutil.move(desk.database, aside)
        desk.database.mkdir()
        process.send_signal(signal.SIGHUP)
        while "polling is paused" not in (line := process.stderr.readline()):
            assert line, "the daemon ended"
        desk.database.rmdir()
        shutil.move(aside, desk.database)
        desk.add("three.example")
        process.send_signal(signal.SIGHUP)
        until(lambda: _polls(desk.database) == 3)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0


# What the operating system refuses outside the store


REFUSED = {
    "a file in the place of a folder": ("true", ("--db", "file/wire.db"), "file"),
    "a folder that nobody can make": ("true", ("--db", "/proc/nowhere/wire.db"), "/proc/nowhere"),
    "a folder that is gone": ("mkdir gone; cd gone; rmdir ../gone", ("--db", "wire.db"), ""),
    "a lock that is a folder": ("mkdir w.db.lock", ("--db", "w.db"), "w.db.lock"),
}


# `run` takes the lock; all else both meet in the same place, and `make test` tries it with one of them.
TRIED = [(name, words) for name in REFUSED for words in ("run", "fetch") if ("lock" in name, words) != (True, "fetch")]


@pytest.mark.soak
@pytest.mark.parametrize(("name", "words"), TRIED if SOAK else TRIED[1::2] + TRIED[-1:])
def test_what_the_system_refuses_is_one_line(desk: Desk, tmp_path: Path, name: str, words: str) -> None:
    before, options, said = REFUSED[name]
    (tmp_path / "file").write_text("")
    command = desk.command(*options, words)
    if "gone" in name:  # whose configuration is looked for in the folder, too
        command = ["sh", "-c", f'{before}; exec "$@"', "sh", *commands.COMMAND, *options, words]
    else:
        subprocess.run(["sh", "-c", before], check=True, cwd=tmp_path)
    done = commands.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_list_upon_a_full_disk_says_one_thing(desk: Desk, disk: Path) -> None:
    """The file is written when it is closed, and that error names no file."""
    desk("fetch")
    script = f"dd if=/dev/zero of='{disk}/filler' bs=4k 2>/dev/null"
    ran = on_disk(disk, script, desk, "publishers", "--opml", str(disk / "list.opml"))
    assert (ran.code, ran.err) == (1, "aggregator: the disk is full; make room, then run this again\n")


@pytest.mark.parametrize(
    "arguments",
    [("publishers", "--opml"), ("publishers", "--markdown"), ("export", "csv", "--out"), ("export", "atom", "--out")],
)
def test_a_pipe_is_written_into_and_stays_a_pipe(desk: Desk, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """So does a device: a file in the place of /dev/null stops half the programs of a machine."""
    desk("fetch")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        desk(*arguments, str(pipe))
        assert os.read(reader, 65_536)
    finally:
        os.close(reader)
    assert pipe.is_fifo()
