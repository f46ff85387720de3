"""Saved searches as an operator meets them: commands, the daemon, mails over a real server."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.demo import Press
from tests import commands
from tests.alerts.mailbox import Mailbox, mailbox
from tests.brisk import brisk
from tests.cli.test_cli import Desk
from tests.conftest import NOW
from tests.test_trip import feed
from tests.waiting import until

MAIL = """[mail]
host = "127.0.0.1"
port = {port}
security = "none"
from = "wire@wire.example"
"""
SEARCH = """words = "number"
[[tell]]
email = "desk@wire.example"
"""


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as opened:
        yield opened


@pytest.fixture
def desk(tmp_path: Path, box: Mailbox) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        made = Desk(tmp_path, press)
        with (made.config / "wire.toml").open("a") as file:
            file.write(
                f'[mail]\nhost = "127.0.0.1"\nport = {box.port}\nsecurity = "none"\nfrom = "wire@wire.example"\n'
            )
        yield made


def test_a_search_is_saved_listed_tested_paused_and_resumed(desk: Desk) -> None:
    desk("fetch")
    assert "there is no saved search" in desk("alerts")
    title = desk.rows("SELECT title FROM articles LIMIT 1")[0][0]
    word = str(title).split()[0]
    assert desk("search", word, "-zzz", "--country", "ML", "--save", "first") == ""
    assert (desk.config / "searches" / "first.toml").exists()
    assert "the daemon has not read its file yet" in desk("alerts")
    assert "there already" in desk("search", word, "--save", "first", code=1)
    assert "--limit is no part of a saved search" in desk("search", word, "--limit", "3", "--save", "x", code=2)
    assert "leaves out what it looks for" in desk("search", word, f"-{word}", "--save", "never", code=2)
    assert not (desk.config / "searches" / "never.toml").exists()
    tested = json.loads(desk("alerts", "test", "first", "--json"))
    assert (tested["found"], tested["by_email"]) == (4, 4)
    desk("fetch")
    (row,) = json.loads(desk("alerts", "--json"))
    assert (row["state"], row["hits_24_hours"], row["countries"]) == ("in_force", 4, ["ML"])
    assert "first is paused" in desk("alerts", "pause", "first")
    assert "paused since" in desk("alerts")
    assert "first is resumed" in desk("alerts", "resume", "first")
    assert "there is no search of this name" in desk("alerts", "pause", "second", code=1)
    assert "--json belongs to" in desk("alerts", "--json", "pause", "first", code=2)
    (desk.config / "searches" / "broken.toml").write_text("words = '('")
    assert "broken: (cannot be read); 0 reports in 24 hours; its file has faults; until" in desk("alerts")
    assert "no alerts until these faults are corrected, of what these searches find: broken" in desk("health", code=1)


def test_the_daemon_follows_a_file_and_sends_a_mail_within_seconds(desk: Desk, box: Mailbox, tmp_path: Path) -> None:
    desk("fetch")
    log = tmp_path / "log"
    with log.open("w") as errors:
        process = commands.Popen(brisk(desk.command("run")), stderr=errors, cwd=desk.config)
        try:
            until(lambda: "polling 2" in log.read_text())
            (desk.config / "searches").mkdir()
            (desk.config / "searches" / "reports.toml").write_text(SEARCH.replace("number", "one-example OR one"))
            until(lambda: log.read_text().count("polling 2") == 2)
            with closing(sqlite3.connect(desk.database, timeout=20)) as connection, connection:
                connection.execute("UPDATE sources SET next_at = '2020-01-01T00:00:00Z'")
            desk.press.set_document("one.example", "/feed", feed("one.example-1", "one.example-2", "one-example-3 one"))
            until(lambda: box.taken, 30)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
    assert len(box.taken) == 1, log.read_text()
    assert "one-example-3" in str(box.parts()[0])
    (row,) = json.loads(desk("alerts", "--json"))
    assert [tell["waiting"] for tell in row["tells"]] == [0]
