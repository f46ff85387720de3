"""Several workers share one wire: each report is stored once, no site is asked more than one program would ask it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.demo import Press
from aggregator.text.dates import utc_now
from tests.engine.workers import Wire
from tests.waiting import until


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=utc_now()) as opened:
        yield opened


@pytest.mark.long
def test_two_workers_poll_each_source_once_as_gently_as_one_and_one_that_is_killed_leaves_nothing_undone(
    tmp_path: Path, press: Press
) -> None:
    wire = Wire(tmp_path, press, hosts=4, feeds=2)
    try:
        first, second = wire.start(), wire.start()
        wire.stored(4)
        os.killpg(first.pid, signal.SIGKILL)  # its process, and those that read documents
        first.wait()
        wire.stored(len(wire.articles))
        # Its place, and its tasks, are given back as soon as it is lost.
        until(lambda: wire.count("engine.procrastinate_jobs WHERE task_name = 'poll'") == 0)
        assert second.poll() is None
        second.send_signal(signal.SIGTERM)
        assert second.wait(20) == 0, wire.said()
        assert wire.faults() == []
        assert all(count <= 2 for count in wire.polls_of_source().values())  # what was under way is asked again
        assert wire.count("engine.places") == 0
        assert "Traceback" not in wire.said()
    finally:
        wire.kill()


def test_a_worker_refuses_a_file_of_sqlite(tmp_path: Path, press: Press) -> None:
    wire = Wire(tmp_path, press, hosts=1)
    command = [
        sys.executable,
        "-m",
        "aggregator",
        "--config",
        str(wire.config),
        "--db",
        str(tmp_path / "wire.db"),
        "worker",
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") <= 3
    assert "workers share a database of PostgreSQL, and this is a file of SQLite" in " ".join(ended.stderr.split())
    assert not (tmp_path / "wire.db").exists()
