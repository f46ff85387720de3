"""What ends by itself: agreements, embargoes, the time for which words may be held; and what a reader sees of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.desk import acts, clock, housekeeping
from aggregator.desk.purging import purge
from aggregator.desk.reading import read_as_of
from aggregator.desk.terms import sync, update
from aggregator.model import Cause, Publisher, Rights, Selection
from aggregator.model.errors import StoreError
from aggregator.store import Store
from tests.conftest import AGREEMENT, NOW, QUOTATION, WIRE, make_entry, make_publisher, record

pytestmark = pytest.mark.stores("soak")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LAST_DAY = date(2026, 11, 25)
ENDED = datetime(2026, 11, 26, tzinfo=NOW.tzinfo)
ENDING = replace(AGREEMENT, expires=LAST_DAY)
LENT = replace(QUOTATION, storage="transient", retention_days=2)
CAUSE = Cause(actor="person:ama", reason="until the vote is over")


def of(rights: Rights) -> Publisher:
    return make_publisher(rights=rights)


def configured(store: Store, rights: Rights, now: datetime = NOW) -> bool:
    return sync(store, WIRE, [of(rights)], now, now.date())


def scopes(reader: Store) -> list[str]:
    return [report.text_scope for report in reader.latest(Selection())]


def ledger(store: Store) -> Iterable[str]:
    return [line["change_kind"] for line in store.changes()]


# Agreements


def test_an_agreement_holds_through_its_last_day_and_its_end_is_put_in_force_once(store: Store) -> None:
    configured(store, ENDING)
    record(store, of(ENDING), make_entry())
    assert scopes(store) == ["full_text"]
    assert update(store, ENDED - HOUR) == []
    assert update(store, ENDED) == ["daily-example"]
    assert scopes(store) == ["excerpt"]
    assert update(store, ENDED + HOUR) == []
    assert list(ledger(store)).count("terms_changed") == 1


def test_an_agreement_that_had_ended_when_it_was_read_never_holds(store: Store) -> None:
    configured(store, ENDING, ENDED + DAY)
    record(store, of(ENDING), make_entry(), now=ENDED + DAY)
    assert scopes(store) == ["excerpt"]
    assert update(store, ENDED + DAY) == []


def test_what_is_configured_is_written_once_and_again_only_on_another_day_or_by_another_file(store: Store) -> None:
    assert configured(store, ENDING)
    assert not configured(store, ENDING, NOW + HOUR)
    assert configured(store, ENDING, NOW + DAY)
    assert configured(store, AGREEMENT, NOW + DAY)


# Whoever only reads


def test_a_reader_sees_an_agreement_and_an_embargo_end_though_nobody_has_written_since(store: Store) -> None:
    configured(store, ENDING)
    record(store, of(ENDING), make_entry(1), make_entry(2))
    held = store.latest(Selection())[0].id
    acts.embargo(store, held, NOW + 3 * HOUR, CAUSE, NOW + HOUR)
    record(store, of(ENDING), make_entry(1), make_entry(2), now=NOW + 2 * HOUR)
    seen = {}
    for now in (NOW + 2 * HOUR, NOW + 4 * HOUR, ENDED):
        with read_as_of(store.place, now) as reader:
            seen[now] = scopes(reader)
    assert seen[NOW + 2 * HOUR] == ["full_text"]
    assert seen[NOW + 4 * HOUR] == ["full_text", "full_text"]
    assert set(seen[ENDED]) == {"excerpt"}
    assert scopes(store) == ["full_text"]  # what is stored is as it was


def test_a_reader_is_given_no_words_that_may_be_held_no_longer(store: Store) -> None:
    configured(store, LENT)
    record(store, of(LENT), make_entry())
    record(store, of(LENT), make_entry(), now=NOW + DAY)  # the clock goes on by itself
    for days, summaries in ((1, 1), (3, 0)):
        record(store, of(LENT), now=NOW + days * DAY)
        with read_as_of(store.place, NOW + days * DAY) as reader:
            assert sum(bool(report.summary) for report in reader.latest(Selection())) == summaries


def test_there_is_nothing_to_read_where_there_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        read_as_of(tmp_path / "wire.db", NOW)
    (tmp_path / "other.db").write_bytes(b"a letter to the editor, and no database" * 100)
    with pytest.raises(StoreError):
        read_as_of(tmp_path / "other.db", NOW)


# A clock that is far ahead


def test_a_clock_that_is_far_ahead_ends_no_embargo_until_it_has_gone_on(
    store: Store, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    record(store, publisher, make_entry())
    ((report),) = store.latest(Selection())
    acts.embargo(store, report.id, NOW + 9 * DAY, CAUSE, NOW)
    wrong = NOW + 365 * DAY
    housekeeping.tick(store, wrong)
    assert "the clock says 2027-11-22T10:00:00Z, and the newest poll is of 2026-11-22T10:00:00Z" in caplog.text
    found = clock.doubt(store, wrong)
    assert found is not None
    assert (found.embargoes, found.newest) == (1, NOW)
    assert "no embargo ends (1 by this clock)" in str(found)
    housekeeping.maintain(store, wrong)
    assert store.latest(Selection()) == []
    housekeeping.maintain(store, wrong + timedelta(minutes=10))
    assert clock.doubt(store, wrong + timedelta(minutes=10)) is None
    assert [one.id for one in store.latest(Selection())] == [report.id]


# Words that are let go leave the file


@pytest.mark.stores("sqlite")
def test_after_a_purge_the_file_is_written_anew_without_its_words(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1), make_entry(2))
    gone = next(report for report in store.latest(Selection()) if "1" in str(report.title))
    purge(store, [gone.id], CAUSE, NOW)
    assert list(housekeeping.rewrite(store, NOW)) == ["making the search index anew", "writing the file anew"]
    assert [report.title for report in store.latest(Selection())] == ["Le pont numéro 2 rouvre"]
    for file in store.path.parent.iterdir():
        assert "numéro 1 rouvre".encode() not in file.read_bytes()
    assert "numéro 2 rouvre".encode() in store.path.read_bytes()
