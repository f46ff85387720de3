"""When a digest is due, in any zone and on any day: at its local hour, where clocks change too, and once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.alerts.times import next_time
from aggregator.config.searches import load_searches
from aggregator.model import Tell, Weekday
from tests.conftest import WIRE, examples
from tests.rows import every_row

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Summer time in the north and in the south, of half an hour, at midnight; none; a day that was left out (Apia, 2011);
# offsets of quarters of an hour; clocks that are put back for a month (Casablanca).
ZONES = (
    "Europe/Paris", "America/Santiago", "Australia/Lord_Howe", "Africa/Cairo", "Africa/Casablanca", "Asia/Kathmandu",
    "Pacific/Apia", "Africa/Bamako", "America/St_Johns", "UTC",
)  # fmt: skip
MOMENTS = st.integers(1_293_840_000, 1_924_992_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
CLOCKS = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.integers(0, 59))


@settings(max_examples=examples(1_000))
@given(zone=st.sampled_from(ZONES), at=CLOCKS, on=st.sampled_from(get_args(Weekday)), after=MOMENTS, data=st.data())
def test_a_digest_is_due_at_its_local_time(
    zone: str, at: str, on: Weekday, after: datetime, data: st.DataObject
) -> None:
    when = data.draw(st.sampled_from(("daily", "weekly")))
    tell = Tell(email="desk@example.org", when=when, at=at, on=on, zone=zone)
    due = next_time(tell, after)
    local = due.astimezone(ZoneInfo(zone))
    assert after < due
    put_forward = timedelta(minutes=local.hour * 60 + local.minute) - _clock(at)
    if put_forward:  # there is no such time on that day: it is so much later as clocks are put forward
        assert put_forward % DAY <= HOUR or zone == "Pacific/Apia"
    assert due - after <= (1 if when == "daily" else 7) * DAY + 25 * HOUR
    assert when == "daily" or local.weekday() == get_args(Weekday).index(on) or put_forward
    # Whoever looks at any moment before sees the same, and the next one is a day or a week later.
    between = after + data.draw(st.floats(0, 0.999)) * (due - after)
    assert next_time(tell, between) == due
    pause = next_time(tell, due) - due
    if zone != "Pacific/Apia":
        usual = DAY if when == "daily" else 7 * DAY
        assert abs(pause - usual) <= HOUR


def _clock(at: str) -> timedelta:
    hours, _, minutes = at.partition(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


SANTIAGO, HOWE = "America/Santiago", "Australia/Lord_Howe"
CHANGES = [  # zone, time, before it, all that is due in the three days behind
    # Midnight itself is left out on 6 September 2026, and is there twice on 4 and 5 April.
    (SANTIAGO, "00:00", "2026-09-05T12:00", ("2026-09-06T04:00", "2026-09-07T03:00", "2026-09-08T03:00")),
    (SANTIAGO, "23:30", "2026-04-03T12:00", ("2026-04-04T02:30", "2026-04-05T02:30", "2026-04-06T03:30")),
    # Half an hour: 02:00 is 02:30 on 4 October 2026.
    (HOWE, "02:15", "2026-10-02T20:00", ("2026-10-03T15:45", "2026-10-04T15:15", "2026-10-05T15:15")),
    ("Africa/Bamako", "23:59", "2026-03-28T12:00", ("2026-03-28T23:59", "2026-03-29T23:59", "2026-03-30T23:59")),
    # 30 December 2011 was left out: one digest, not two.
    ("Pacific/Apia", "07:00", "2011-12-29T00:00", ("2011-12-29T17:00", "2011-12-30T17:00", "2011-12-31T17:00")),
]  # fmt: skip


@every_row("zone, at, after, due", CHANGES)
def test_days_on_which_clocks_change(zone: str, at: str, after: str, due: tuple[str, ...]) -> None:
    tell, moment = Tell(email="desk@example.org", when="daily", at=at, zone=zone), _utc(after)
    found = [moment := next_time(tell, moment) for _ in due]
    assert found == [_utc(each) for each in due]


def _utc(said: str) -> datetime:
    return datetime.fromisoformat(f"{said}:00+00:00")


@every_row("line", ['at = "24:00"', 'at = "7:00"', 'at = "07:60"', 'zone = "Africa/Timbuktoo"', 'zone = "+01:00"'])
def test_what_is_no_time_of_a_day_is_a_fault(line: str, tmp_path: Path) -> None:
    folder = tmp_path / "searches"
    folder.mkdir()
    tell = f'[[tell]]\ncommand = ["/bin/true"]\nwhen = "daily"\n{line}\n'
    (folder / "some.toml").write_text(f'words = "pont"\n{tell}')
    found = load_searches(folder.parent, WIRE)
    ((fault,),) = (each.faults for each in found.faulty)
    assert fault.startswith("searches/some.toml: line 5: tell[1].")
