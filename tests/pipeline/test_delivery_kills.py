"""A kill of the daemon, of the subscriber's server, or of both at any moment loses no change and disorders none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.delivery_webhooks import kill_many, opened
from tests import commands
from tests.conftest import scaled


@pytest.mark.long
@pytest.mark.soak
def test_kills_at_random_moments_lose_no_change_and_send_all_in_order(tmp_path: Path) -> None:
    with opened(tmp_path, "thin", start=commands.Popen) as wire:
        assert kill_many(wire, kills=scaled(200), changes=scaled(10_000), seed=20) == []
        numbers = [number for number, _ in wire.received()]
    assert len(set(numbers)) == scaled(10_000)
    assert "internal error" not in (tmp_path / "daemon.log").read_text()
