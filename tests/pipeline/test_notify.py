"""`[notify] command` runs once for each change of a source's state, and can neither stop a poll nor learn a secret."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.demo import Press
from aggregator.model import NotifySettings
from aggregator.pipeline.notifying import Notifier
from aggregator.store import Store
from aggregator.text.dates import utc_now
from tests import ROOT, commands
from tests.brisk import brisk
from tests.cli.test_cli import Desk
from tests.conftest import NOW
from tests.rows import every_row
from tests.waiting import until

DOC = (ROOT / "docs" / "notify.md").read_text()
# Writes what it was given into the folder in which it runs, one file a call.
TELL = """
import json, os, pathlib, sys
said = {"argv": sys.argv[1:], "event": json.loads(sys.stdin.buffer.read()), "environment": dict(os.environ)}
folder = pathlib.Path("told")
folder.mkdir(exist_ok=True)
(folder / f"{len(list(folder.iterdir())):03}.json").write_text(json.dumps(said))
"""


def documented(heading: str) -> set[str]:
    """The first column of the table with this heading."""
    table = DOC.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return set(re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines()[2:])))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        made = Desk(tmp_path, press)
        script = tmp_path / "tell.py"
        script.write_text(TELL)
        command = json.dumps([sys.executable, str(script), "a b; $(touch bad)", "$HOME"])
        with (made.config / "wire.toml").open("a") as file:
            file.write(f"[notify]\ncommand = {command}\n")
        yield made


def told(desk: Desk) -> list[dict[str, Any]]:
    return [json.loads(each.read_text()) for each in sorted((desk.database.parent / "told").glob("*"))]


def events(desk: Desk) -> list[tuple[str, str]]:
    return [(each["event"]["source_name"], each["event"]["state"]) for each in told(desk)]


def changed(desk: Desk, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(desk.database)) as connection, connection:
        connection.execute(sql, values)


def test_every_change_is_told_once_with_the_keys_that_are_documented(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET_TOKEN", "s3cret")
    desk.press.misbehave("two.example", "/feed", "status", status=404)
    desk("fetch", code=1)
    desk("fetch", "two", code=1)  # still failing
    assert events(desk) == [("two/two-example-feed", "failing")]
    (first,) = told(desk)
    assert first["argv"] == ["a b; $(touch bad)", "$HOME"]  # no shell has seen it
    assert set(first["event"]) == documented("key")
    assert first["event"]["publisher_name"] == "Two"
    assert "404" in first["event"]["problem"]
    assert (first["event"]["states"], first["event"]["before"]) == (["failing"], [])
    allowed = set(re.findall(r"`([A-Z_]+)`", DOC.partition("sees the variables")[2].partition("and no other")[0]))
    assert set(first["environment"]) - {"PWD", "SHLVL", "_", "LC_CTYPE"} <= allowed
    assert "s3cret" not in json.dumps(first)
    desk.press.behave("two.example", "/feed")
    desk("fetch", "two")
    desk("fetch", "--all")
    assert events(desk)[1:] == [("two/two-example-feed", "recovered")]
    assert told(desk)[1]["event"]["before"] == ["failing"]


def test_each_state_is_told_when_it_begins(desk: Desk) -> None:
    desk("fetch")
    assert events(desk) == []
    begins = {
        "silent": "UPDATE sources SET silent_after = '2026-01-01T00:00:00Z' WHERE publisher = 'one'",
        "held": "INSERT INTO redirects (source_id, url, reason, state, at) SELECT source_id, 'http://x.example/',"
        " 'another site', 'pending', '2026-01-01T00:00:00Z' FROM sources WHERE publisher = 'one'",
        "gaps": "UPDATE polls SET gap = 'open' FROM sources AS s"
        " WHERE s.source_id = polls.source_id AND publisher = 'one'",
        "paused": "UPDATE sources SET paused_at = '2026-01-01T00:00:00Z' WHERE publisher = 'one'",
    }
    for state, sql in begins.items():
        changed(desk, sql)
        desk("fetch")
        assert events(desk)[-1] == ("one/one-example-feed", state)
    assert told(desk)[-1]["event"]["states"] == sorted(begins)
    with Store.read(desk.database) as reader:  # what is told is what `health` shows
        (row,) = [row for row in reader.health(utc_now()) if row["source_name"] == "one/one-example-feed"]
    assert row["states"] == ["held", "paused"]  # the others cannot be seen while it is paused
    changed(desk, "UPDATE sources SET paused_at = NULL")
    with Store.read(desk.database) as reader:
        (row,) = [row for row in reader.health(utc_now()) if row["source_name"] == "one/one-example-feed"]
    assert set(row["states"]) == {"held", "silent", "gaps"}
    assert len(told(desk)) == len(begins)
    changed(desk, "DELETE FROM redirects")
    changed(desk, "UPDATE sources SET silent_after = NULL, paused_at = NULL")
    desk("fetch")
    assert events(desk)[-1] == ("one/one-example-feed", "recovered")
    assert told(desk)[-1]["event"]["states"] == ["gaps"]
    changed(desk, "UPDATE polls SET gap = NULL")
    changed(desk, "UPDATE sources SET failures = 1, last_error = 'x' WHERE publisher = 'two'")
    (desk.config / "publishers" / "ml" / "two.toml").unlink()
    desk("fetch")
    assert len(told(desk)) == len(begins) + 1  # no gaps, and two is not polled any more: no news
    assert documented("state") == {*begins, "failing", "recovered"}


def test_the_daemon_tells_too_and_a_restart_tells_nothing_again(desk: Desk, tmp_path: Path) -> None:
    desk.press.misbehave("two.example", "/feed", "status", status=500)
    for _ in range(2):
        log = tmp_path / "log"
        with log.open("w") as errors:
            process = commands.Popen(brisk(desk.command("run")), stderr=errors, cwd=desk.config)
            try:
                until(lambda: "polling 2" in (tmp_path / "log").read_text())
                until(lambda: events(desk))
                process.send_signal(signal.SIGTERM)
                assert process.wait(20) == 0
            finally:
                process.kill()
                process.wait()
    assert events(desk) == [("two/two-example-feed", "failing")]


# What a command may do


class Sent:
    """Events that wait in a database, and what became of them."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __call__(self, *command: str, timeout: float = 20, seconds: float = 20, count: int = 1) -> None:
        with closing(sqlite3.connect(self.store.path)) as connection, connection:
            event = json.dumps({"source_name": "one/feed", "state": "failing", "problem": "x" * 200_000})
            connection.executemany("INSERT INTO notifications (event) VALUES (?)", [(event,)] * count)

        async def send() -> None:
            async def on_store(call: Any) -> Any:
                return call(self.store)

            settings = NotifySettings(command=command, timeout=timedelta(seconds=timeout))
            notifier = Notifier(settings, "Wire", self.store.path.parent, on_store, utc_now)
            await notifier.look()
            await notifier.end(seconds)

        asyncio.run(send())

    def left(self) -> int:
        with closing(sqlite3.connect(self.store.path)) as connection:
            return int(connection.execute("SELECT count(*) FROM notifications").fetchone()[0])


@pytest.fixture
def sent(store: Store, caplog: pytest.LogCaptureFixture) -> Sent:
    caplog.set_level(logging.INFO, "aggregator.notify")
    return Sent(store)


COMMANDS = {
    "fails": (("sh", "-c", "printf 'no \\033[2J mail'; exit 3"), r"code=3 .*no .*u001b\[2J mail"),
    "is not there": (("/nowhere/tell",), "could not be started.*No such file"),
    "is no program": (("/etc/passwd",), "could not be started"),
    "reads nothing": (("true",), "code=0"),
    "prints without end": (("sh", "-c", "cat >/dev/null; yes | head -c 3000000; exit 1"), "code=1"),
    "is killed": (("sh", "-c", "kill -9 $$"), "code=-9"),
    "leaves a child with its output": (("sh", "-c", "cat >/dev/null; sleep 300 & echo $! >child"), "code=0"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_whatever_a_command_does_is_one_line_of_the_log(
    sent: Sent, caplog: pytest.LogCaptureFixture, name: str, store: Store
) -> None:
    command, said = COMMANDS[name]
    sent(*command)
    (record,) = [each for each in caplog.records if each.name == "aggregator.notify"]
    line = record.getMessage()
    assert re.search(said, line)
    assert "\x1b" not in line
    assert len(line) < 600
    assert (record.levelno == logging.INFO) is ("code=0" in line)
    assert sent.left() == 0
    if (child := store.path.parent / "child").exists():
        commands.subprocess.run(["kill", child.read_text().strip()], check=False)


def test_a_command_that_takes_too_long_is_ended_with_its_children(
    sent: Sent, caplog: pytest.LogCaptureFixture, store: Store
) -> None:
    sent("sh", "-c", "sleep 300 & echo $! >child; wait", timeout=0.5)
    assert "took longer than 0.5 s and was ended" in caplog.text
    child = int((store.path.parent / "child").read_text())
    until(lambda: not Path(f"/proc/{child}").exists() or ") Z" in Path(f"/proc/{child}/stat").read_text())


def test_what_is_not_sent_at_the_end_waits(sent: Sent) -> None:
    sent("sleep", "300", seconds=0.3, count=3)
    assert sent.left() == 2
    sent("true", count=0)
    assert sent.left() == 0


def test_without_a_command_nothing_is_run_or_remembered(sent: Sent) -> None:
    sent(count=2)
    assert sent.left() == 2


@every_row(
    ("written", "said"),
    [
        ('command = "tell"', "notify.command: found"),
        ('command = ["tell", ""]', "notify.command[2]: found"),
        ('command = ["tell\\u0000"]', "notify.command[1]: found"),
        ("command = [1]", "notify.command[1]: found 1"),
        ("timeout_seconds = 0", "notify.timeout_seconds: found 0"),
        ("shell = true", "notify.shell"),
    ],
)
def test_a_command_that_is_none_is_a_fault(tmp_path: Path, written: str, said: str) -> None:
    with Press(now=NOW) as press:
        desk = Desk(tmp_path, press)
    with (desk.config / "wire.toml").open("a") as file:
        file.write(f"[notify]\n{written}\n")
    assert said in desk("check", code=1)
