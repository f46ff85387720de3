"""How often a form may be sent from one address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import Request

from aggregator.web.guards import CLIENT
from aggregator.web.limits import Limits
from aggregator.web.problems import Problem

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def of(address: str) -> Request:
    return Request({"type": "http", "headers": [], CLIENT: address})


def is_let(limits: Limits, address: str, at: datetime = NOW) -> bool:
    try:
        limits.count(of(address), at)
    except Problem:
        return False
    return True


def test_so_many_at_once_and_they_come_back_evenly() -> None:
    limits = Limits(most=3, within=timedelta(minutes=30))
    assert [is_let(limits, "9.9.9.9") for _ in range(4)] == [True, True, True, False]
    assert is_let(limits, "9.9.9.8")
    with pytest.raises(Problem) as refused:
        limits.count(of("9.9.9.9"), NOW)
    assert refused.value.status == 429
    assert "9.9.9.9" not in refused.value.detail
    later = NOW + timedelta(seconds=int(refused.value.headers["Retry-After"]))
    assert [is_let(limits, "9.9.9.9", later - timedelta(seconds=1)), is_let(limits, "9.9.9.9", later)] == [False, True]
    assert [is_let(limits, "9.9.9.9", NOW + timedelta(hours=2)) for _ in range(4)] == [True, True, True, False]
    assert not is_let(limits, "9.9.9.9", NOW)  # a clock that was set back gives nothing away


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),  # one customer has all of a network
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:9.9.9.9", "9.9.9.9", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "9.9.9.9", False),
        ("no address", "no address", True),
    ],
)
def test_who_is_one(one: str, other: str, is_same: bool) -> None:
    limits = Limits(most=1, within=timedelta(minutes=30))
    assert is_let(limits, one)
    assert is_let(limits, other) is not is_same


def test_no_more_addresses_are_held_than_there_is_room_for() -> None:
    limits = Limits(most=1, within=timedelta(minutes=30))
    for number in range(10_050):
        assert is_let(limits, f"10.0.{number // 256}.{number % 256}")
    assert not is_let(limits, f"10.0.{10_049 // 256}.{10_049 % 256}")
    assert is_let(limits, "10.0.0.0")  # the one that asked first was forgotten first
