"""Times as people type them and as they are told them: in the wire's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aggregator.text.dates import for_people, read_day, read_moment, read_since, times_for_people, to_iso
from aggregator.text.timezones import timezone
from tests.rows import every_row

NAIROBI = timezone("Africa/Nairobi")
CAIRO = timezone("Africa/Cairo")
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

TYPED = {
    "2026-11-22": "2026-11-21T21:00:00Z",
    "2026-11-22 10:00": "2026-11-22T07:00:00Z",
    "2026-11-22T10:00:30": "2026-11-22T07:00:30Z",
    "22 Nov 2026": "2026-11-21T21:00:00Z",
    "22 novembre 2026": "2026-11-21T21:00:00Z",
    "20261122": "2026-11-21T21:00:00Z",
    # whoever names a zone has it
    "2026-11-22T10:00:00Z": "2026-11-22T10:00:00Z",
    "2026-11-22 10:00 UTC": "2026-11-22T10:00:00Z",
    "2026-11-22T10:00+01:00": "2026-11-22T09:00:00Z",
    "Sun, 22 Nov 2026 10:00:00 GMT": "2026-11-22T10:00:00Z",
    "22 Nov 2026 10:00 EAT": "2026-11-22T07:00:00Z",
    "1795341600": "2026-11-22T10:00:00Z",
}


@every_row(("text", "moment"), TYPED.items())
def test_a_time_without_a_zone_is_of_the_wires(text: str, moment: str) -> None:
    for read in (read_moment(text, NAIROBI), read_since(text, NOW, NAIROBI)):
        assert read is not None
        assert to_iso(read) == moment
    assert read_moment(text, UTC) == read_since(text, NOW)


@every_row("text", ["", "6h", "yesterday", "2026-02-30", "2026-11", "0000-00-00", "9" * 30])
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_moment(text, NAIROBI) is None
    assert read_day(text, NAIROBI) is None


def test_a_day_ends_where_the_next_one_begins() -> None:
    assert read_day("2026-11-22", NAIROBI) == (NOW - timedelta(hours=13), NOW + timedelta(hours=11))
    assert read_day("22 Nov 2026", NAIROBI) == read_day("2026-11-22", NAIROBI)
    begin, end = read_day("2026-04-24", CAIRO) or (NOW, NOW)  # the clock is put on by an hour
    assert end - begin == timedelta(hours=23)
    for text in ("2026-11-22 10:00", "2026-11-22T00:00", "22 Nov 2026 EAT", "2026-11-22T10:00Z", "1795341600"):
        assert read_day(text, NAIROBI) is None


TOLD = {
    "UTC": "2026-11-22 10:00 UTC",
    "Africa/Nairobi": "2026-11-22 13:00 EAT",
    "Africa/Bamako": "2026-11-22 10:00 GMT",
    "America/Sao_Paulo": "2026-11-22 07:00 UTC-3",
    "Asia/Kathmandu": "2026-11-22 15:45 UTC+5:45",
    "Pacific/Marquesas": "2026-11-22 00:30 UTC-9:30",
}


@every_row(("zone", "said"), TOLD.items())
def test_a_time_is_told_with_the_name_of_its_zone(zone: str, said: str) -> None:
    assert for_people(NOW, timezone(zone)) == for_people("2026-11-22T10:00:00Z", timezone(zone)) == said


MESSAGES = {
    "until 2026-11-22T10:00:00Z.": "until 2026-11-22 13:00 EAT.",
    "since 2026-11-22T10:00, longer": "since 2026-11-22 13:00 EAT, longer",
    "since 2026-11-22 10:00 UTC: gone": "since 2026-11-22 13:00 EAT: gone",
    "of 2026-11-22T10:00:00Z: if": "of 2026-11-22 13:00 EAT: if",
    # what has another zone, is no time, is quoted, or is for machines
    "2026-11-22T10:00:00+01:00": "2026-11-22T10:00:00+01:00",
    "2026-11-22 10:00": "2026-11-22 10:00",
    "2026-13-22T10:00:00Z": "2026-13-22T10:00:00Z",
    'found "2026-11-22T10:00:00Z"': 'found "2026-11-22T10:00:00Z"',
    "next=2026-11-22T10:00:00Z": "next=2026-11-22T10:00:00Z",
    "http://x.example/a-2026-11-22T10:00": "http://x.example/a-2026-11-22T10:00",
    "http://x.example/2026-11-22T10:00Z": "http://x.example/2026-11-22T10:00Z",
}


@every_row(("said", "told"), MESSAGES.items())
def test_a_message_tells_its_times_so(said: str, told: str) -> None:
    assert times_for_people(said, NAIROBI) == told
