"""Whatever happens to the process, the disk, the database or the clock: nothing is lost, and the next poll goes on."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.cli import daemon
from aggregator.errors import StoreBusy
from aggregator.pipeline import Pipeline
from aggregator.press import Document, Press
from aggregator.press.sites import generate_feed
from aggregator.store import Store
from aggregator.types import Config, Publisher
from bench.crash import kill_many
from bench.measuring import members
from tests.conftest import NOW, WIRE, make_publisher
from tests.test_cli import Desk, until
from tests.test_trip import HOST, Trip, feed

FIXTURES = Path(__file__).parent / "fixtures" / "clock"
HOUR = timedelta(hours=1)
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc, and sets a clock as Linux lets it")


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        yield opened


@pytest.fixture
def trip(press: Press, tmp_path: Path, publisher: Publisher) -> Trip:
    press.set_document(HOST, "/feed", feed(1, 2, 3))
    return Trip(press, tmp_path / "wire.db", [publisher])


@pytest.fixture
def desk(press: Press, tmp_path: Path) -> Desk:
    return Desk(tmp_path, press)


def asked(press: Press, path: str = "/feed") -> int:
    return sum(seen.path == path for seen in press.requests)


# kill -9


@linux
def test_kills_at_random_moments_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """`python -m bench.crash` does the same two hundred times."""
    outcome = kill_many(tmp_path, kills=8, seed=4, hosts=6)
    assert outcome.all_faults() == []
    assert len(outcome.kills) == 8
    assert outcome.articles >= 6 * 20


@linux
def test_a_worker_whose_process_was_killed_ends_though_its_document_hangs(tmp_path: Path) -> None:
    """Nobody is left who would hold it to its deadline, so the system does."""
    script = """
import asyncio
from aggregator.pipeline.workers import Workers
from aggregator.types import FetchResult
from tests.conftest import make_publisher
hostile = b"<rss><channel><item><title>" + b"<a " * 4_000_000 + b"</rss>"
result = FetchResult(url="http://a.example/", status=200, headers={}, body=hostile)
publisher = make_publisher()
asyncio.run(Workers(processes=1, seconds=4).read(result, publisher.sources[0], publisher, {}))
"""
    process = subprocess.Popen([sys.executable, "-c", script], start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        until(lambda: any(_seconds_of(pid) > 1.5 for pid in members(process.pid) if pid != process.pid))
        process.kill()
        process.wait()
        assert members(process.pid) != []
        until(lambda: members(process.pid) == [], seconds=15)
    finally:
        for pid in members(process.pid):
            os.kill(pid, signal.SIGKILL)


def _seconds_of(pid: int) -> float:
    """Of processor time."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_programs_that_make_the_same_database_at_once_all_find_it_made(tmp_path: Path) -> None:
    """They did not: each saw no tables and made them, and the second failed."""
    code = (
        "import sys, pathlib, sqlite_utils; from aggregator.store import Store; Store.open(pathlib.Path(sys.argv[1]))"
    )
    for number in range(4):
        command = [sys.executable, "-c", code, str(tmp_path / f"{number}.db")]
        started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
        assert [process.communicate()[1] for process in started] == [""] * 3


# A bug


def test_a_bug_that_one_document_meets_is_a_failed_poll_and_the_others_are_stored(trip: Trip) -> None:
    """It once took all that were polled with it, and its source was asked again at every tick."""
    other = make_publisher("other-example")
    trip.press.set_document("other-example.example", "/feed", feed(9))
    trip.config = Config(wire=WIRE, publishers=(*trip.config.publishers, other))
    with closing(sqlite3.connect(trip.path)) as connection:
        Store.open(trip.path).close()
        connection.execute(
            "CREATE TRIGGER boom BEFORE INSERT ON articles WHEN new.publisher = 'daily-example'"
            " BEGIN SELECT RAISE(ABORT, 'boom'); END"
        )
        with pytest.raises(sqlite3.IntegrityError, match="boom"):
            trip()
        assert trip.rows(
            "SELECT publisher, outcome, error FROM polls JOIN sources AS s ON s.id = source ORDER BY 1"
        ) == [
            ("daily-example", "failed", "a fault of the program (IntegrityError: boom); the log has it"),
            ("other-example", "ok", None),
        ]
        assert trip(due_only=True) == []
        connection.execute("DROP TRIGGER boom")
    assert {poll.source.publisher: poll.new for poll in trip()} == {"daily-example": 3, "other-example": 0}


# The daemon's rounds within this process, at a quick tick


class Rounds:
    """The daemon over a store that the test can make unusable."""

    def __init__(self, trip: Trip, caplog: pytest.LogCaptureFixture) -> None:
        self.press = trip.press
        self.path = trip.path
        source = replace(trip.config.publishers[0].sources[0], url=f"{trip.press.url}/{HOST}/feed")
        publisher = replace(trip.config.publishers[0], sources=(source,))
        poll = replace(WIRE.poll, every=timedelta(seconds=0.6), shortest=timedelta(seconds=0.6))
        self.config = Config(wire=replace(WIRE, poll=poll), publishers=(publisher,))
        self._caplog = caplog
        caplog.set_level(logging.INFO, "aggregator")

    def __call__(self, story: Callable[[Store], Coroutine[None, None, None]], patience: float = 30) -> None:
        async def live(store: Store) -> None:
            stop = asyncio.Event()
            running = asyncio.create_task(daemon._round(self.config, store, stop))
            try:
                await asyncio.wait_for(story(store), 30)
            finally:
                stop.set()
                await running

        with Store.open(self.path, busy_seconds=patience) as store:
            store.sync(self.config.wire, self.config.publishers, NOW, NOW.date())
            asyncio.run(live(store))

    def complaints(self) -> list[str]:
        return [record.message for record in self._caplog.records if record.levelno >= logging.WARNING]

    def recoveries(self) -> int:
        return sum("polling goes on" in record.message for record in self._caplog.records)

    async def stored(self, articles: int) -> None:
        await eventually(lambda: self.rows("SELECT count(*) FROM articles") == [(articles,)])

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql).fetchall()


async def eventually(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        await asyncio.sleep(0.02)


@pytest.fixture
def rounds(trip: Trip, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Rounds:
    monkeypatch.setattr(daemon, "_TICK", timedelta(seconds=0.1))
    return Rounds(trip, caplog)


@pytest.mark.parametrize(
    ("trouble", "mended", "said"),
    [
        ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", "the disk is full; make room"),
        ("PRAGMA query_only = ON", "PRAGMA query_only = OFF", "can this user write the file and its folder?"),
    ],
    ids=["full", "read-only"],
)
def test_a_daemon_that_cannot_write_says_so_once_asks_nobody_and_goes_on(
    rounds: Rounds, trouble: str, mended: str, said: str
) -> None:
    async def story(store: Store) -> None:
        await rounds.stored(3)
        store._connection.execute(trouble)
        rounds.press.set_document(HOST, "/feed", generate_feed(1, 50, now=NOW))
        await eventually(rounds.complaints)
        before = asked(rounds.press)
        await asyncio.sleep(2)
        assert asked(rounds.press) == before, "a publisher was asked for what could not be stored"
        assert rounds.rows("SELECT count(*) FROM articles") == [(3,)]
        store._connection.execute(mended)
        await rounds.stored(53)
        await eventually(rounds.recoveries)

    rounds(story)
    (complaint,) = rounds.complaints()
    assert complaint.startswith("polling stands still, and goes on by itself")
    assert said in complaint
    assert rounds.recoveries() == 1
    assert rounds.rows("SELECT name FROM settings WHERE name = 'room'") == []


def test_a_disk_with_room_for_a_little_does_not_make_the_daemon_ask_without_end(rounds: Rounds) -> None:
    """What it tries is written, what polls bring is not: every attempt asks publishers, so they become rarer."""

    async def story(store: Store) -> None:
        await rounds.stored(3)
        (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
        store._connection.execute(f"PRAGMA max_page_count = {pages + 270}")
        rounds.press.set_document(HOST, "/feed", generate_feed(1, 1500, now=NOW))
        await eventually(rounds.complaints)
        before = asked(rounds.press)
        await asyncio.sleep(4)
        assert asked(rounds.press) - before <= 6
        store._connection.execute("PRAGMA max_page_count = 1000000")
        await rounds.stored(1503)

    rounds(story)
    assert len(rounds.complaints()) == 1


def test_a_lock_that_is_held_for_long_is_reported_once_and_the_daemon_goes_on(rounds: Rounds) -> None:
    async def story(store: Store) -> None:
        await rounds.stored(3)
        with locked(rounds.path):
            rounds.press.set_document(HOST, "/feed", feed(4, 1, 2, 3))
            await eventually(rounds.complaints)
            await asyncio.sleep(2)
        await rounds.stored(4)

    rounds(story, patience=0.3)
    (complaint,) = rounds.complaints()
    assert "another program has kept the database locked" in complaint
    assert rounds.recoveries() == 1


def test_a_lock_that_is_held_for_less_than_our_patience_is_waited_for(rounds: Rounds) -> None:
    async def story(store: Store) -> None:
        await rounds.stored(3)
        with locked(rounds.path):
            rounds.press.set_document(HOST, "/feed", feed(4, 1, 2, 3))
            await asyncio.sleep(2)
        await rounds.stored(4)

    rounds(story)
    assert rounds.complaints() == []


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process holds the write lock as long as the block lasts."""
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None);"
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield
        process.communicate()


def test_a_fetch_waits_for_a_lock_and_loses_nothing(desk: Desk) -> None:
    desk.press.misbehave("one.example", "/feed", "slow", seconds=2.0)
    with subprocess.Popen(desk.command("fetch"), stderr=subprocess.PIPE, text=True, cwd=desk.config) as process:
        until(lambda: asked(desk.press) == 2)
        with locked(desk.database):
            time.sleep(3)
            assert process.poll() is None
        assert process.communicate(timeout=20)[1] == ""
    assert desk.rows("SELECT count(*) FROM articles") == [(4,)]


def test_a_pass_over_many_ends_with_the_first_lock_that_outlasts_our_patience(trip: Trip) -> None:
    """It once waited anew for every batch of polls that came behind."""
    publishers = [make_publisher(f"paper-{number}") for number in range(30)]
    for publisher in publishers:
        trip.press.set_document(f"{publisher.key}.example", "/feed", generate_feed(1, 20, now=NOW))
    trip.config = Config(wire=WIRE, publishers=tuple(publishers))
    trip()
    for publisher in publishers:
        trip.press.set_document(f"{publisher.key}.example", "/feed", generate_feed(2, 20, now=NOW))
    patience = 6.0
    with Store.open(trip.path, busy_seconds=patience) as store:
        store.sync(WIRE, publishers, NOW, NOW.date())
        with locked(trip.path):
            waited = time.monotonic()
            with pytest.raises(StoreBusy):
                asyncio.run(trip._pass(store, store.due(None)))
            waited = time.monotonic() - waited
    assert waited < 1.7 * patience
    assert sum(poll.new for poll in trip()) == 600


def test_a_long_query_does_not_stop_writing_and_leaves_no_long_log(trip: Trip) -> None:
    trip()
    log = trip.path.with_name("wire.db-wal")
    with Store.open(trip.path) as store, closing(sqlite3.connect(trip.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM polls").fetchone()
        for number in range(30):
            with store.writing() as connection:
                connection.execute("INSERT INTO settings VALUES (?, hex(zeroblob(2000000)))", (f"long-{number}",))
        longest = log.stat().st_size
        assert longest > 100 << 20
        assert reader.execute("SELECT count(*) FROM settings WHERE name LIKE 'long-%'").fetchone() == (0,)
        reader.rollback()
        for number in range(3):
            with store.writing() as connection:
                connection.execute("DELETE FROM settings WHERE name = ?", (f"long-{number}",))
        assert log.stat().st_size <= 64 << 20


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


def on_disk(folder: Path, script: str, *command: str) -> list[str]:
    """The command, upon the small disk that the shell's script may fill first."""
    mount = f"mount -t tmpfs -o size=12m none '{folder}' && {script}"
    return ["unshare", "-rm", "sh", "-c", f'{mount}\nexec "$@"', "sh", *command]


def test_a_fetch_upon_a_full_disk_says_one_thing(desk: Desk, disk: Path) -> None:
    database = disk / "wire.db"
    desk("--db", str(desk.database), "fetch")
    desk.press.set_document("one.example", "/feed", generate_feed(1, 200, now=NOW))
    desk.press.set_document("two.example", "/feed", generate_feed(2, 200, now=NOW))
    script = f"cp '{desk.database}' '{database}'; dd if=/dev/zero of='{disk}/filler' bs=64k 2>/dev/null;"
    command = on_disk(disk, script, *desk.command("--db", str(database), "fetch", "--all"))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=desk.config)
    assert done.returncode == 1
    assert "the disk is full; make room" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_fetch_into_a_read_only_database_says_one_thing_and_asks_nobody(desk: Desk, disk: Path) -> None:
    database = disk / "wire.db"
    desk("fetch")
    desk.press.forget()
    script = f"cp '{desk.database}' '{database}'; mount -o remount,ro '{disk}';"
    for words in (("fetch", "--all"), ("run",)):
        command = on_disk(disk, script, *desk.command("--db", str(database), *words))
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=desk.config)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert str(disk) in done.stderr
    assert desk.press.requests == ()


def test_the_daemon_upon_a_disk_that_fills_stands_still_and_goes_on_when_space_returns(
    desk: Desk, disk: Path, tmp_path: Path
) -> None:
    for key in ("one", "two"):
        desk.add(f"{key}.example", every=0.02)
    log = tmp_path / "log"
    command = on_disk(disk, "true;", *desk.command("--db", str(disk / "wire.db"), "run"))
    with log.open("w") as errors:
        process = subprocess.Popen(command, stderr=errors, cwd=desk.config)
    seen = Path(f"/proc/{process.pid}/root{disk}")  # what is mounted there for the process alone
    try:
        until(lambda: asked(desk.press) >= 4)
        _fill(seen / "filler")
        desk.press.set_document("one.example", "/feed", generate_feed(1, 300, now=NOW))
        until(lambda: "polling stands still" in log.read_text(), seconds=40)
        before = asked(desk.press)
        time.sleep(6)  # more than a tick
        assert asked(desk.press) == before
        (seen / "filler").unlink()
        until(lambda: _articles_of_a_copy(seen / "wire.db", tmp_path / "copy.db") > 4, seconds=40)
        until(lambda: "polling goes on\n" in log.read_text())
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    finally:
        process.kill()
        process.wait()
    said = log.read_text()
    assert len(re.findall("ERROR", said)) == 1, said
    assert said.count("polling goes on\n") == 1
    assert process.returncode == 0


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
    desk.press.set_document("one.example", "/feed", generate_feed(1, 200, now=NOW))
    done = subprocess.run(
        desk.command("fetch", "--all"),
        capture_output=True,
        text=True,
        timeout=60,
        cwd=desk.config,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 17, resource.RLIM_INFINITY)),
    )
    assert done.returncode == 1
    assert "is the disk over its quota" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    desk("fetch", "--all")
    assert desk.rows("SELECT count(*) FROM articles") == [(204,)]


def test_a_signal_to_read_the_configuration_while_the_database_cannot_be_used_does_not_end_the_daemon(
    desk: Desk,
) -> None:
    process = subprocess.Popen(desk.command("run"), stderr=subprocess.PIPE, text=True, cwd=desk.config)
    assert process.stderr is not None
    try:
        until(lambda: _polls(desk.database) == 2)
        aside = desk.database.with_name("aside")
        shutil.move(desk.database, aside)
        desk.database.mkdir()
        process.send_signal(signal.SIGHUP)
        while "polling stands still" not in (line := process.stderr.readline()):
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


# The clock


def test_a_clock_that_jumps_forward_makes_every_source_due_once(trip: Trip) -> None:
    trip()
    trip.now += HOUR
    assert len(trip(due_only=True)) == 1
    assert trip(due_only=True) == []
    assert asked(trip.press) == 2
    assert asked(trip.press, "/robots.txt") == 1


HALF_HOUR, LATE = timedelta(minutes=30), timedelta(minutes=3)  # by which chance may delay a poll


def half_hourly(publisher: Publisher) -> Publisher:
    return replace(publisher, sources=tuple(replace(source, every=HALF_HOUR) for source in publisher.sources))


def test_a_clock_that_jumps_back_makes_no_source_wait_longer_than_its_interval(trip: Trip) -> None:
    trip.config = Config(wire=WIRE, publishers=tuple(map(half_hourly, trip.config.publishers)))
    trip.now += HOUR
    trip()
    trip.now -= HOUR
    assert trip(due_only=True) == []
    assert trip.rows("SELECT last_poll, last_success FROM sources") == [
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z")
    ]
    trip.now += HALF_HOUR + LATE
    (poll,) = trip(due_only=True)
    assert poll.outcome == "not_modified"
    assert trip(due_only=True) == []
    assert asked(trip.press, "/robots.txt") <= 2


def test_a_clock_that_was_years_ahead_stops_no_source(trip: Trip, publisher: Publisher) -> None:
    """A machine that starts before it has asked a time server may believe anything."""
    publisher, new = half_hourly(publisher), half_hourly(make_publisher("other-example"))
    trip.press.set_document("other-example.example", "/feed", feed(9))
    trip.now = datetime(2031, 1, 1, tzinfo=UTC)
    trip.press.misbehave(HOST, "/feed", "status", status=500)
    trip()
    with Store.open(trip.path) as store:
        store.sync(WIRE, [publisher, new], trip.now, trip.now.date())
    trip.config = Config(wire=WIRE, publishers=(publisher, new))
    trip.now = NOW
    assert [poll.source.publisher for poll in trip(due_only=True)] == ["other-example"]
    trip.press.behave(HOST, "/feed")
    trip.now += HALF_HOUR + LATE
    assert {poll.source.publisher: poll.outcome for poll in trip(due_only=True)} == {
        "daily-example": "ok",
        "other-example": "not_modified",
    }


@pytest.mark.parametrize("asks", [7200, "Sun, 22 Nov 2026 12:00:00 GMT"])
def test_what_a_server_asked_for_outlives_a_clock_that_jumps(trip: Trip, asks: object) -> None:
    trip.press.misbehave(HOST, "/feed", "busy", retry_after=asks)
    trip.now += HOUR
    trip()
    trip.now -= HOUR
    trip(due_only=True)
    trip.now = datetime(2026, 11, 22, 11, 59, tzinfo=UTC)
    assert trip(due_only=True) == []
    trip.now += timedelta(hours=25)
    assert len(trip(due_only=True)) == 1


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_pages_are_visited_no_oftener_for_a_clock_that_jumps(trip: Trip, jump: timedelta) -> None:
    now = NOW

    async def story(store: Store) -> list[int]:
        nonlocal now
        visits = []
        async with Pipeline(trip.config, store, lambda: now, lambda host: trip.press.address) as pipeline:
            await pipeline.run(store.due(None))
            for passing in (timedelta(minutes=30), jump, timedelta(minutes=30), HOUR, timedelta(hours=7)):
                now += passing
                visits.append(len(await pipeline.recheck(20, 20)))
                assert await pipeline.recheck(20, 20) == []
        return visits

    for number in (1, 2, 3):
        trip.press.set_document(HOST, f"/{number}", Document(b"<p>It stands there.</p>", "text/html"))
    with Store.open(trip.path) as store:
        store.sync(WIRE, trip.config.publishers, NOW, NOW.date())
        visits = asyncio.run(story(store))
    # three pages: the visit an hour after first sight, and the one after six
    assert visits == ([0, 3, 0, 0, 3] if jump > timedelta(0) else [0, 0, 0, 3, 3])


@linux
def test_a_daemon_whose_clock_is_set_polls_on_and_does_not_storm(desk: Desk, tmp_path: Path) -> None:
    """APScheduler waited until the clock had caught up: for an hour."""
    library, shift = tmp_path / "shifted.so", tmp_path / "shift"
    try:
        command = ["cc", "-shared", "-fPIC", "-o", str(library), str(FIXTURES / "shifted.c")]
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no compiler that makes a clock which can be set")
    shift.write_text("0")
    environment = {**os.environ, "LD_PRELOAD": str(library), "SHIFTED_BY": str(shift)}
    for key in ("one", "two"):
        desk.add(f"{key}.example", every=0.02)
    log = tmp_path / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(desk.command("run"), stderr=errors, cwd=desk.config, env=environment)
    try:
        until(lambda: _polls(desk.database) >= 2)
        for seconds in (-3600, 3600):
            before = _polls(desk.database)
            shift.write_text(str(seconds))
            began = time.monotonic()
            until(lambda before=before: _polls(desk.database) >= before + 4, seconds=60)
            # two sources, a tick every five seconds, and one more poll of each for the jump
            assert _polls(desk.database) - before <= 2 * (1 + (time.monotonic() - began) / 5) + 2
    finally:
        process.terminate()
        process.wait(20)
    assert process.returncode == 0
    assert "ERROR" not in log.read_text()
    assert all(at > "2026" for (at,) in desk.rows("SELECT next_at FROM sources"))
