"""What people and Prometheus are told of workers and their tasks, while they work and when one is lost."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator import __version__
from aggregator.demo import Press
from aggregator.store import Store
from aggregator.text.dates import utc_now
from aggregator.web.metrics import Requests, page
from tests import postgres
from tests.engine.workers import Wire
from tests.hostile import run
from tests.waiting import until


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=utc_now()) as opened:
        yield opened


def test_health_and_metrics_say_what_workers_do_what_waits_and_which_worker_is_lost(
    tmp_path: Path, press: Press
) -> None:
    wire = Wire(tmp_path, press, hosts=4)
    for host in range(4):
        press.misbehave(f"h{host}.example", "*", "slow", seconds=50)
    try:
        assert "worker" not in health(wire)
        worker = wire.start(at_once=3)
        # The domain has two places, so one of three tasks waits for a place; the fourth task is not begun.
        until(lambda: figures(tmp_path)['aggregator_tasks{queue="poll",state="under_way"}'] == 3)
        wire.rows("UPDATE sources SET next_at = '2026-01-01T00:00:00Z' WHERE publisher LIKE 'h%' RETURNING 1")
        found = figures(tmp_path)
        assert found["aggregator_workers"] == 1
        assert found['aggregator_tasks{queue="poll",state="waiting"}'] == 1
        assert found["aggregator_oldest_due_seconds"] > 24 * 3600
        until(lambda: re.search(rf"{who(worker)}, since .*poll 3", health(wire)))
        said = health(wire)
        assert re.search(r"^tasks that wait: .*\bpoll 1\b", said, re.MULTILINE)
        assert re.search(r"^the source that waits longest has been due for \d+ min", said, re.MULTILINE)
        assert "no sign of life" not in said
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        until(lambda: figures(tmp_path)["aggregator_workers"] == 0)
        said = health(wire)
        assert re.search(rf"^{who(worker)}: no sign of life since", said, re.MULTILINE)
        assert "no worker runs; start one by `aggregator worker`" in said
        assert figures(tmp_path)['aggregator_tasks{queue="poll",state="under_way"}'] == 3  # until another one runs
    finally:
        wire.kill()


def who(worker: subprocess.Popen[bytes]) -> str:
    return rf"worker {re.escape(os.uname().nodename)}, process {worker.pid}, version {re.escape(__version__)}"


def health(wire: Wire) -> str:
    """What the command says; its exit code is 1 where the wire as a whole has a problem, too."""
    return run("--config", str(wire.config), "--db", wire.url, "health", folder=wire.config).out


def figures(folder: Path) -> Counter[str]:
    """The lines of /metrics; 0: there is none of that name."""
    with Store.read(postgres.place_of(folder / "wire.db")) as store:
        lines = page(store, Requests(), utc_now()).splitlines()
    parts = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return Counter({name: int(value) for name, _, value in parts})
