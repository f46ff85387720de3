"""A daemon notices by itself that its configuration has changed, and asks no source that it does not know."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.demo import Press
from aggregator.pipeline.cached import digest, is_settled, program, signature
from aggregator.pipeline.following import Following
from aggregator.pipeline.opening import load_config, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now
from tests import commands
from tests.brisk import brisk
from tests.cli.test_cli import Desk, feed
from tests.conftest import NOW
from tests.waiting import until

LATER = timedelta(minutes=1)


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        yield opened


@pytest.fixture
def desk(press: Press, tmp_path: Path) -> Desk:
    return Desk(tmp_path, press)


class Daemon:
    """A daemon whose log is a file, so that it can be looked at while the daemon runs."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk = desk
        self._log = folder / "daemon.log"
        self._file = self._log.open("w")
        self.process = commands.Popen(brisk(desk.command("run")), stderr=self._file, cwd=desk.config)

    def said(self) -> str:
        return self._log.read_text()

    def count(self, sql: str) -> int:
        try:
            return int(str(self.desk.rows(sql)[0][0]))
        except sqlite3.OperationalError:  # it has not made its tables yet
            return 0

    def polls(self, publisher: str = "") -> int:
        wanted = f"publisher = '{publisher}'" if publisher else "TRUE"
        sql = "SELECT count(*) FROM polls JOIN sources USING (source_id) WHERE"
        return self.count(f"{sql} {wanted}")

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0, self.said()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._file.close()


@pytest.fixture
def daemon(desk: Desk, tmp_path: Path) -> Iterator[Callable[[], Daemon]]:
    """Starts a daemon that has polled both publishers."""
    started: list[Daemon] = []

    def start() -> Daemon:
        started.append(Daemon(desk, tmp_path))
        until(lambda: started[-1].polls() >= 2)
        return started[-1]

    yield start
    for each in started:
        each.close()


def publisher_file(desk: Desk, key: str) -> Path:
    return desk.config / "publishers" / "ml" / f"{key}.toml"


def test_what_a_fetch_or_a_person_brings_in_is_polled_with_no_signal_and_breaks_nothing(
    desk: Desk, daemon: Callable[[], Daemon]
) -> None:
    running = daemon()
    desk.add("three.example")
    desk("fetch", "one")
    until(lambda: running.polls("three") == 1)
    publisher_file(desk, "one").unlink()
    until(lambda: running.count("SELECT configured = 0 FROM publishers WHERE publisher = 'one'"))
    running.end()
    assert "the files of the configuration have changed" in running.said()
    assert "Traceback" not in running.said()
    assert running.count("SELECT count(*) FROM sources WHERE failures > 0") == 0


def test_a_configuration_of_another_folder_is_left_to_its_own_program(
    desk: Desk, daemon: Callable[[], Daemon], tmp_path: Path
) -> None:
    """Sources that the daemon does not know are not polled by it, and it does not undo what the other one stored."""
    running = daemon()
    other = tmp_path / "other"
    shutil.copytree(desk.config, other)
    two = other / "publishers" / "ml" / "two.toml"
    (other / "publishers" / "ml" / "foreign.toml").write_text(two.read_text().replace("two.example", "foreign.example"))
    two.unlink()
    file = other / "publishers" / "ml" / "one.toml"
    file.write_text(f'{file.read_text()}[[source]]\nkey = "second"\nurl = "{desk.press.url}/one.example/second"\n')
    desk.press.set_document("one.example", "/second", feed("a", "b"))
    open_wire(Paths(other, desk.database), load_config(Paths(other, desk.database)), utc_now()).close()
    until(lambda: "the terms of another configuration, of another folder" in running.said())
    running.end()
    assert running.polls("foreign") == 0
    assert running.count("SELECT count(*) FROM sources WHERE enabled") == 3  # of the other folder
    assert not [seen for seen in desk.press.requests if seen.path == "/second"]
    assert running.said().count("of another folder") == 1
    assert "Traceback" not in running.said()


def test_an_older_state_of_the_files_that_a_slow_program_stores_is_put_right(
    desk: Desk, daemon: Callable[[], Daemon]
) -> None:
    paths = Paths(desk.config, desk.database)
    older = load_config(paths)
    running = daemon()
    file = publisher_file(desk, "one")
    file.write_text(file.read_text().replace("Bamako", "Ségou"))
    place = "SELECT place = 'Ségou' FROM publishers WHERE publisher = 'one'"
    until(lambda: running.count(place))
    open_wire(paths, older, utc_now()).close()
    until(lambda: running.count(place))
    until(lambda: "an older state of the configuration's files" in running.said())
    running.end()


def test_a_faulty_configuration_leaves_the_old_one_in_force_and_says_since_when(
    desk: Desk, daemon: Callable[[], Daemon]
) -> None:
    name, old, new, said = "wire.toml", 'name = "Test Wire"', "name = 3", "name: found 3"
    running = daemon()
    file = desk.config / name
    good = file.read_text()
    assert old in good
    file.write_text(good.replace(old, new, 1))
    until(lambda: said in running.said())
    (since,) = set(re.findall(r"by the configuration read at (\S+ \S+ UTC)", running.said()))
    assert f"so the one before stays in force, that of {since}, until these are corrected" in running.said()
    checked = desk("check", code=1)
    assert f"the daemon, process {running.process.pid}, works by the configuration that it read at {since}" in checked
    assert "until the faults are corrected" in checked
    desk.press.set_document("one.example", "/feed", feed("one.example-1", "x", "y"))
    with sqlite3.connect(desk.database) as connection:
        connection.execute("UPDATE sources SET next_at = '2020-01-01T00:00:00Z' WHERE publisher = 'one'")
    until(lambda: running.polls("one") >= 2)  # polling has gone on
    desk.add("three.example")
    file.write_text(good)
    until(lambda: running.polls("three") == 1)  # and the corrected one is taken by itself
    running.end()
    assert running.said().count("has faults, so the one before stays") == 1


def test_check_says_that_a_daemon_has_an_older_configuration(desk: Desk, daemon: Callable[[], Daemon]) -> None:
    assert json.loads(desk("check", "--json"))["daemon"] is None
    running = daemon()
    found = json.loads(desk("check", "--json"))["daemon"]
    assert (found["pid"], found["is_current"]) == (str(running.process.pid), True)
    assert "process" not in desk("check")
    running.process.send_signal(signal.SIGSTOP)  # it would take the files over before anybody has looked
    desk.add("three.example")
    said = desk("check")
    running.process.send_signal(signal.SIGCONT)
    assert f"note: the daemon, process {running.process.pid}, works by the configuration that it read at " in said
    until(lambda: running.polls("three") == 1)
    assert json.loads(desk("check", "--json"))["daemon"]["is_current"] is True
    running.end()
    assert json.loads(desk("check", "--json"))["daemon"] is None


# What is looked at


@pytest.fixture
def following(desk: Desk) -> Following:
    paths = Paths(desk.config, desk.database)
    return Following(paths, load_config(paths), NOW)


def nothing(desk: Desk) -> None:
    """A later look: none of these files changed just now."""


def touched(desk: Desk) -> None:
    os.utime(publisher_file(desk, "one"))


def swapped(desk: Desk) -> None:
    """The same size, and the times that the file had."""
    file = publisher_file(desk, "one")
    status = file.stat()
    file.write_text(file.read_text().replace("Bamako", "Gaoooo"))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def linked(desk: Desk) -> None:
    """A folder of a country that is a link to another place."""
    folder = desk.config / "publishers" / "ml"
    folder.rename(desk.config.parent / "elsewhere")
    folder.symlink_to(desk.config.parent / "elsewhere")
    publisher_file(desk, "one").rename(publisher_file(desk, "first"))


@pytest.mark.parametrize(
    ("change", "is_noticed"),
    [
        (nothing, False),
        (touched, False),
        (swapped, True),
        (linked, True),
        (lambda desk: desk.add("three.example"), True),
        (lambda desk: publisher_file(desk, "one").unlink(), True),
        (lambda desk: publisher_file(desk, "one").rename(publisher_file(desk, "other")), True),
        (lambda desk: (desk.config / "rights.toml").write_text(""), True),
        (lambda desk: (desk.config / "publishers" / "notes.txt").write_text("x"), False),
    ],
)
@pytest.mark.parametrize("looked", [0, 1, 2])
def test_a_look_notices_what_changes_a_configuration(
    desk: Desk, following: Following, change: Callable[[Desk], object], is_noticed: bool, looked: int
) -> None:
    now = utc_now() + LATER
    for _ in range(looked):
        assert not following.files_have_changed(now)
    change(desk)
    assert following.files_have_changed(now) is is_noticed
    assert not following.files_have_changed(now)


def test_a_change_in_the_moment_of_a_look_is_noticed_at_the_next(desk: Desk, following: Following) -> None:
    """The times of a file say nothing of a second change in the same moment."""
    assert not following.files_have_changed(utc_now())
    assert not is_settled(signature(desk.config), utc_now())
    assert is_settled(signature(desk.config), utc_now() + LATER)


def test_files_that_cannot_be_read_are_for_the_next_look(desk: Desk, following: Following) -> None:
    wire = desk.config / "wire.toml"
    wire.rename(desk.config / "aside")
    assert not following.files_have_changed(utc_now())
    (desk.config / "aside").rename(wire)
    assert not following.files_have_changed(utc_now())


def test_a_folder_is_the_same_by_each_of_its_names(
    desk: Desk, following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.config.parent)
    relative = Path("config")
    assert digest(relative) == digest(desk.config)
    assert signature(relative) == signature(desk.config)
    with open_wire(Paths(relative, desk.database), following.config, utc_now()) as store:
        stored = store.config_in_force()
    assert stored is not None
    assert following.differs_by(stored) == ""
    assert "another folder" in following.differs_by(replace(stored, folder="/srv/other"))
    assert "another version" in following.differs_by(replace(stored, program=f"{program()}x"))
