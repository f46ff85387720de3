"""A command from the starter is what one started by the system is: that is what lets the other tests use it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aggregator.demo import Press
from aggregator.store import Store
from tests import commands, databases
from tests.cli.test_cli import Desk
from tests.conftest import NOW
from tests.rows import every_row
from tests.waiting import until


def both(*arguments: str, **given: Any) -> list[tuple[int, str, str]]:
    """What the starter's command comes to, and the system's."""
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "timeout": 60} | given
    done = [call([*commands.COMMAND, *arguments], **given) for call in (commands.run, subprocess.run)]
    return [(each.returncode, each.stdout, each.stderr) for each in done]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        yield Desk(tmp_path, press)


def test_it_prints_and_ends_as_the_systems_does(desk: Desk, tmp_path: Path) -> None:
    config = ["--config", str(desk.config)]
    for arguments in ([], ["no-such-command"], [*config, "latest"], [*config, "publishers", "\udcff"]):
        ours, theirs = both(*arguments)
        assert ours == theirs
    with Path("/dev/full").open("w") as full:
        ours, theirs = both("--version", stdout=full)
        assert ours == theirs
        assert ours[0] == 1


def test_it_stands_in_the_folder_and_has_the_environment_that_are_named(tmp_path: Path) -> None:
    Store.open(tmp_path / "wire.db").close()
    asked = {"cwd": tmp_path, "env": {**os.environ, "COLUMNS": "40"}}
    ours, theirs = both("--db", "wire.db", "query", "SELECT 1 AS " + "x" * 70, **asked)
    assert ours == theirs
    assert ours[0] == 0


@pytest.mark.parametrize(("encoding", "asked"), [("latin-1", "SELECT 'é' AS x"), ("ascii:replace", "é")])
def test_it_writes_the_encoding_that_is_asked_for(tmp_path: Path, encoding: str, asked: str) -> None:
    Store.open(tmp_path / "wire.db").close()
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    ours, theirs = both("--db", "wire.db", "query", asked, cwd=tmp_path, env=environment, text=False)
    assert ours == theirs


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_signal_reaches_it_and_is_told_of(desk: Desk, sign: signal.Signals, code: int) -> None:
    with commands.Popen(desk.command("run"), stderr=subprocess.PIPE, start_new_session=True) as process:
        assert process.poll() is None
        until(lambda: len(desk.press.requests) >= 2)
        assert os.getpgid(process.pid) == process.pid
        os.killpg(process.pid, sign)
        process.communicate(timeout=30)
    assert process.returncode == process.poll() == process.wait() == code


def test_what_it_is_given_to_read_ends_where_ours_does(desk: Desk) -> None:
    file = desk.config / "list.opml"
    file.write_text("<opml version='2.0'><body/></opml>")
    command = [*desk.command("import", "--country", "ML", "--language", "fr"), str(file)]
    done = [call(command, input="n\n", capture_output=True, text=True) for call in (commands.run, subprocess.run)]
    assert (done[0].returncode, done[0].stdout, done[0].stderr) == (done[1].returncode, done[1].stdout, done[1].stderr)


@every_row(
    "given",
    [
        {"env": {**os.environ, "LC_ALL": "POSIX"}},
        {"env": {**os.environ, "LD_PRELOAD": ""}},
        {"preexec_fn": os.getpid},
        {"args": [sys.executable, "-m", "aggregator", "--version"]},
        {"args": [sys.executable, "-c", "pass"]},
    ],
)
def test_what_a_fork_cannot_give_is_started_by_the_system(given: dict[str, Any]) -> None:
    with commands.Popen(**{"args": [*commands.COMMAND, "--version"], "stdout": subprocess.DEVNULL} | given) as process:
        assert not process.is_forked
    assert process.returncode == 0


def test_a_command_that_does_not_end_is_given_up_in_time(desk: Desk) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        commands.run(desk.command("run"), capture_output=True, timeout=0.5)


def test_a_copied_database_is_one_that_the_migrations_make(tmp_path: Path) -> None:
    copied, made = tmp_path / "copied.db", tmp_path / "made.db"
    Store.open(copied).close()
    databases.make_anew(made)

    def held(path: Path) -> str:
        sql = ["SELECT type, name, sql FROM sqlite_schema", "SELECT migration_set, name FROM _sqlite_migrations"]
        with Store.read(path) as store:
            return json.dumps([list(store.query(each)[1]) for each in sql])

    assert held(copied) == held(made)
    assert copied.stat().st_mode == made.stat().st_mode
