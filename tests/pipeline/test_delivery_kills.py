"""A kill of the daemon, of the subscriber's server, or of both at any moment loses no change and disorders none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.delivery_webhooks import kill_many, opened
from tests import commands
from tests.conftest import SOAK


@pytest.mark.long
@pytest.mark.soak
def test_kills_at_random_moments_lose_no_change_and_send_all_in_order(tmp_path: Path) -> None:
    kills, changes = (200, 10_000) if SOAK else (6, 300)
    with opened(tmp_path, "thin", start=commands.Popen) as wire:
        outcome = kill_many(wire, kills=kills, changes=changes, seed=20)
        numbers = [number for number, _ in wire.received()]
    assert outcome.faults == []
    assert len(set(numbers)) == changes
    assert outcome.daemons > 0  # while it sent
    assert outcome.servers > 0
    assert outcome.doubles > 0 or not SOAK  # of so many, some come between a message and its acknowledgement
    assert "internal error" not in (tmp_path / "daemon.log").read_text()
