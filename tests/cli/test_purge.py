"""`purge` says what it will do and asks; with --vacuum nothing that was deleted is left in the file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import get_args

import pytest

from aggregator.desk.terms import sync
from aggregator.model import ChangeKind, Publisher
from aggregator.store import Store
from tests.conftest import NOW, WIRE, make_entry, make_publisher, record
from tests.desk.test_desk import report
from tests.hostile import run
from tests.store.test_let_go import ANY, command, file_bytes, plant, planted_words

__all__ = ["report"]  # a fixture


def test_purge_asks_before_it_deletes(store: Store, report: str) -> None:
    why = ("--reason", "asked for")
    assert "name the reports by ID, or choose them by --publisher" in command(store, "purge", *why, code=2)
    assert "not both" in command(store, "purge", report, "--publisher", "x", *why, code=2)
    command(store, "purge", report, *why, code=130, typed="n\n")
    assert store.report(report) is not None
    assert "Purged: 1" in command(store, "purge", report, *why, typed="y\n")
    assert "Reason: asked for." in command(store, "show", report)
    assert "purged already" in command(store, "purge", report, "--yes", *why, code=1)


def test_a_publisher_is_purged_with_what_came_today(store: Store, report: str) -> None:
    other = make_publisher("other")
    sync(store, WIRE, [make_publisher(), other], NOW, NOW.date())
    record(store, other, make_entry(7))
    why = ("--reason", "their contract ended")
    refused = command(store, "purge", "--publisher", "daily-example", *why, code=130, typed="n\n")
    assert "interrupted" in refused
    assert len(store.latest(ANY)) == 3
    assert "Missing option '--reason'" in command(store, "purge", "--publisher", "daily-example", code=2)
    first_seen, bound = "2026-11-22T10:00:00Z", "2026-11-22T10:00:01Z"
    for choice, count in (
        (("--publisher", "daily-example", "--until", first_seen), 0),
        (("--publisher", "daily-example", "--since", bound), 0),
        (("--publisher", "daily-example", "--since", first_seen, "--until", bound), 2),
        (("--publisher", "daily-example"), 0),  # they are gone
        (("--since", first_seen), 1),
    ):
        said = command(store, "purge", *choice, "--yes", *why)
        assert said.endswith(f"Purged: {count}\n"), choice
    said = command(store, "purge", "--until", "1h", "--yes", *why, code=1)  # by a clock that nobody believes yet
    assert "--until: the clock says" in said
    lines = [line for line in command(store, "changes").splitlines() if " deleted " in line]
    assert len(lines) == 3
    assert all("their contract ended" in line for line in lines)


def test_help_names_every_kind_of_line() -> None:
    said = run("changes", "--help").out
    for kind in get_args(ChangeKind):
        assert kind in said.replace("\n", " ")


def test_purge_vacuum_says_what_it_takes_and_asks(store: Store, publisher: Publisher) -> None:
    record(store, publisher, plant(1).entry, make_entry(2))
    report = next(report.id for report in store.latest(ANY) if report.url != "http://daily.example/2")
    store.close()
    assert "--older-than DAYS; or --vacuum alone" in command(store, "purge", code=2)
    assert "Missing option '--reason'" in command(store, "purge", report, "--vacuum", code=2)
    refused = command(store, "purge", report, "--vacuum", "--reason", "asked", code=130, typed="n\n")
    assert "interrupted" in refused
    assert planted_words(file_bytes(store))
    said = command(store, "purge", report, "--vacuum", "--reason", "asked", typed="y\n")
    assert re.search(r"holds [\d.]+ MB\. To write it anew takes about \d+ s\.", said)
    assert re.search(r"Free on the disk of .*: [\d,]+ MB; needed: [\d.]+ MB\.", said)
    assert "Delete 1 report for good and write the file anew? [y/N]" in said
    assert "Purged: 1\n" in said
    assert planted_words(file_bytes(store)) == []
    alone = command(store, "purge", "--vacuum", "--yes")
    assert "[y/N]" not in alone
    assert "Purged" not in alone
    assert "nothing deleted is left in the file" in alone
    for path in store.path.parent.glob("wire.db*"):
        path.unlink()
    assert "there is no database yet" in command(store, "purge", "--vacuum", "--yes", code=1)
    assert not list(store.path.parent.glob("wire.db*"))


def test_purge_vacuum_refuses_beside_a_daemon(store: Store, publisher: Publisher) -> None:
    record(store, publisher, plant(1).entry)
    (report,) = store.latest(ANY)
    holding = (
        "import sys, pathlib; from aggregator.store import only_daemon\n"
        "with only_daemon(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(store.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == b"held\n"
        said = command(store, "purge", report.id, "--vacuum", "--reason", "asked", "--yes", code=1)
        assert f"process {daemon.pid}" in said
        assert "stop it" in said
        assert store.report(report.id) is not None
        assert "Purged: 1" in command(store, "purge", report.id, "--reason", "asked", "--yes")  # without it, as ever
        daemon.kill()


@pytest.mark.skipif(not os.access("/proc", os.W_OK | os.X_OK), reason="needs a disk without room: /proc, as root")
def test_without_room_on_the_disk_nothing_is_changed(store: Store, publisher: Publisher) -> None:
    record(store, publisher, plant(1).entry)
    (report,) = store.latest(ANY)
    why = ("--reason", "asked", "--yes")
    said = command(store, "purge", report.id, "--vacuum", *why, code=1, SQLITE_TMPDIR="/proc")
    assert "/proc: 0.0 MB are free" in said
    assert store.report(report.id) is not None
