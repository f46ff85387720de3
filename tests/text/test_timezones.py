"""Names of time zones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.text.timezones import is_known, names, timezone
from tests.rows import every_row

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@every_row(
    ("name", "hour"),
    [
        ("UTC", 12),
        ("Africa/Bamako", 12),
        ("Africa/Nairobi", 15),
        ("America/Argentina/Buenos_Aires", 9),
        ("Etc/GMT-1", 13),
    ],
)
def test_a_name_is_a_zone(name: str, hour: int) -> None:
    assert is_known(name)
    assert NOON.astimezone(timezone(name)).hour == hour
    assert name in names()


@every_row(
    "name",
    ["", " ", "Bamako", "Africa", "Africa/", "Africa/Nowhere", "/etc/passwd", "../zoneinfo/UTC", "Africa/../UTC",
     "zone.tab", "UTC\n", "\x00", "Africa/Bamakó", "+03:00", "A" * 5000],
)  # fmt: skip
def test_anything_else_is_none(name: str) -> None:
    assert not is_known(name)
    with pytest.raises(ValueError, match="no time zone"):
        timezone(name)
