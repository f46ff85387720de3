"""The ledger: whoever follows it is told of everything that takes back what he holds, once, in order, and is told when
the database is no longer the one that he followed.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.cli import aggregator
from aggregator.desk import acts
from aggregator.desk.housekeeping import release_embargoes
from aggregator.desk.merges import split
from aggregator.desk.purging import chosen, purge
from aggregator.desk.terms import sync, with_terms
from aggregator.model import (
    ALL_REPORTS,
    Cause,
    ChangeKind,
    Contact,
    Cursor,
    Entry,
    Publisher,
    Removal,
    Rights,
    Selection,
    Text,
)
from aggregator.model.errors import CursorError, DeskError, StoreError
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store
from aggregator.store.queries import ledger
from tests import ROOT, commands
from tests.conftest import (
    AGREEMENT,
    DEMO,
    NOW,
    QUOTATION,
    WIRE,
    as_option,
    examples,
    file_of,
    make_entry,
    make_poll,
    make_publisher,
    record,
)

pytestmark = pytest.mark.stores("soak")

HOUR = timedelta(hours=1)
FAR = datetime(2999, 1, 1, tzinfo=UTC)
CAUSE = Cause(actor="person:ama", reason="a reader's address stands in it", reference="T-17")
GONE = Removal(act="suspend", notice="gone", actor=CAUSE.actor, reason=CAUSE.reason)
CLOSED = replace(QUOTATION, basis="none", text_scope="none")
PUBLISHERS = (
    make_publisher("daily-example", AGREEMENT, languages=("fr",)),
    make_publisher("habari-leo", QUOTATION, languages=("sw",), country="TZ", place="Dodoma"),
    make_publisher(
        "ministry-of-water", replace(QUOTATION, text_scope="headline_only"), kind="government", country="ML"
    ),
)
OUT_OF_IT = ("withheld", "withdrawn", "deleted")


def query(store: Store, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with file_of(store) as connection:
        return list(connection.execute(sql, values))


def synced(store: Store, *publishers: Publisher, now: datetime = NOW) -> None:
    sync(store, WIRE, publishers, now, now.date())


def under(rights: Rights, publisher: Publisher) -> Publisher:
    return replace(publisher, rights=rights)


def embargoed(number: int, until: str = "2999-06-01T00:00:00Z") -> Entry:
    return make_entry(number, title=Text(f"Under embargo until {until}: le pont {number}", "text/plain"))


def ids(store: Store) -> list[str]:
    """In the order of first sight."""
    return [public_id for (public_id,) in query(store, "SELECT id FROM articles ORDER BY article_id")]


def end_of(store: Store) -> Cursor:
    return cursor_of(store.changes()[-1])


def cursor_of(line: dict[str, Any]) -> Cursor:
    cursor = Cursor.read(line["cursor"])
    assert cursor is not None
    return cursor


def briefly(lines: Sequence[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(line["change_kind"], line["id"]) for line in lines]


@pytest.fixture
def three(store: Store) -> Store:
    """A wire of three publishers with two reports each, the second of the first one in two versions."""
    synced(store, *PUBLISHERS)
    for publisher in PUBLISHERS:
        record(store, publisher, make_entry(1), make_entry(2))
    record(store, PUBLISHERS[0], make_entry(2, title=Text("Okapi sur le pont", "text/plain")), now=NOW + HOUR)
    return store


# No filter hides what takes back


@pytest.mark.parametrize(("act", "kind"), [("withdraw", "withdrawn"), ("withhold", "withheld"), ("purge", "deleted")])
def test_what_takes_back_is_listed_though_rights_keep_all_in_by_then(three: Store, act: str, kind: str) -> None:
    """K1: the rights become none after the report was delivered, and then it is withdrawn."""
    report = ids(three)[0]
    before = end_of(three)
    synced(three, under(CLOSED, PUBLISHERS[0]), *PUBLISHERS[1:], now=NOW + HOUR)
    if act == "purge":
        purge(three, chosen(three, [report]), CAUSE, NOW + 2 * HOUR)
    else:
        getattr(acts, act)(three, report, CAUSE, NOW + 2 * HOUR)
    terms, line = three.changes(before)
    assert briefly([terms, line]) == [("terms_changed", None), (kind, report)]
    assert (terms["publisher"], terms["publisher_name"]) == ("daily-example", "Daily Example")
    assert "text_scope was full_text, is none" in terms["note"]
    assert (terms["title"], terms["url"], terms["revision"]) == (None, None, None)
    assert (line["title"], line["url"], line["note"]) == (None, None, CAUSE.reason)
    words = [(one["title"], one["url"]) for one in three.changes(None, Selection(publishers=("daily-example",)))]
    assert words == [(None, None)] * 5  # the lines stay, without words


def test_no_cursor_steps_over_a_withdrawal_under_embargo(three: Store) -> None:
    """K2: embargo, withdraw, and an act on another report."""
    report, other = ids(three)[:2]
    before = end_of(three)
    acts.embargo(three, report, FAR, CAUSE, NOW + HOUR)
    acts.withdraw(three, report, CAUSE, NOW + 2 * HOUR)
    acts.withhold(three, other, CAUSE, NOW + 3 * HOUR)
    lines = three.changes(before)
    assert briefly(lines) == [("withheld", report), ("withdrawn", report), ("withheld", other)]
    assert [line["seq"] for line in lines] == [before.seq + 1, before.seq + 2, before.seq + 3]
    # The withdrawal has ended the embargo: there is a notice, and nothing more to release.
    assert query(three, "SELECT status, embargoed_until FROM articles WHERE id = ?", report) == [("canceled", None)]
    assert (three.notice(report) or {})["notice"] == "withdrawn"
    assert release_embargoes(three, FAR + HOUR) == 0


def test_a_feed_that_takes_back_a_report_under_embargo_is_listed(three: Store) -> None:
    report = ids(three)[0]
    before = end_of(three)
    acts.embargo(three, report, FAR, CAUSE, NOW + HOUR)
    tombstone = make_poll(PUBLISHERS[0].sources[0], NOW + 2 * HOUR, withdrawn=(str(make_entry(1).id),))
    record_polls(three, [(tombstone, ())], NOW + 2 * HOUR)
    assert briefly(three.changes(before)) == [("withheld", report), ("withdrawn", report)]


@pytest.mark.parametrize("doing", ["edit", "legal", "purge", "suspend"])
def test_whatever_happens_to_a_released_report_under_embargo_is_listed_without_words(three: Store, doing: str) -> None:

    report = ids(three)[0]
    acts.embargo(three, report, FAR, CAUSE, NOW + HOUR)
    before = end_of(three)
    if doing == "edit":
        record(three, PUBLISHERS[0], make_entry(1, title=Text("Le pont ferme", "text/plain")), now=NOW + 2 * HOUR)
    elif doing == "legal":
        acts.withhold(three, report, CAUSE, NOW + 2 * HOUR, legal=True)
    elif doing == "purge":
        purge(three, chosen(three, [report]), CAUSE, NOW + 2 * HOUR)
    else:
        assert acts.obey(three, report, GONE, NOW + 2 * HOUR)
    (line,) = three.changes(before)
    assert (line["change_kind"], line["id"]) == (
        {"edit": "revised", "purge": "deleted"}.get(doing, "withheld"),
        report,
    )
    assert (line["title"], line["url"]) == (None, None)


def test_of_a_report_that_was_never_out_nothing_is_listed_before_its_time(three: Store) -> None:
    """Withdrawn or purged before its embargo was over: neither ledger nor notice say that there was a report."""
    before = end_of(three)
    record(three, PUBLISHERS[1], embargoed(7), embargoed(8), embargoed(9), now=NOW + HOUR)
    withdrawn, purged, released = ids(three)[-3:]
    acts.withdraw(three, withdrawn, CAUSE, NOW + 2 * HOUR)
    purge(three, chosen(three, [purged], None, None), CAUSE, NOW + 2 * HOUR)
    record(three, PUBLISHERS[1], replace(embargoed(9), summary=Text("Daraja")), now=NOW + 2 * HOUR)
    assert three.changes(before) == []
    assert [three.notice(one) for one in (withdrawn, purged, released)] == [None, None, None]
    assert release_embargoes(three, FAR + 365 * 24 * HOUR) == 2
    (line,) = three.changes(before)
    assert (line["change_kind"], line["id"], line["revision"]) == ("restored", released, 2)
    assert line["title"]


def test_an_embargo_that_is_over_is_told_before_the_act_that_follows_it(three: Store) -> None:
    """Commands show the report from its minute on, also where nobody has written down yet that it is released."""
    before = end_of(three)
    record(three, PUBLISHERS[1], embargoed(8), embargoed(9), now=NOW + HOUR)
    eight, nine = ids(three)[-2:]
    later = datetime(2999, 6, 1, 0, 0, 5, tzinfo=UTC)
    record(three, PUBLISHERS[0], now=later)  # a poll: the clock is believed
    acts.withdraw(three, eight, CAUSE, later)
    acts.embargo(three, nine, later + HOUR, CAUSE, later)
    assert briefly(three.changes(before)) == [
        ("restored", eight), ("withdrawn", eight), ("restored", nine), ("withheld", nine)
    ]  # fmt: skip


def test_rights_that_open_bring_new_lines_and_none_behind_a_cursor(three: Store) -> None:
    closed = make_publisher("silent-example", CLOSED, languages=("ar",))
    synced(three, *PUBLISHERS, closed, now=NOW + HOUR)
    record(three, closed, make_entry(1), make_entry(2), embargoed(3), now=NOW + HOUR)
    usable, withheld, held = ids(three)[-3:]
    acts.withhold(three, withheld, CAUSE, NOW + HOUR)
    record(three, PUBLISHERS[0], make_entry(5), now=NOW + 2 * HOUR)
    before = end_of(three)
    all_before = three.changes()
    assert "silent-example" not in {line["publisher"] for line in all_before}
    synced(three, *PUBLISHERS, under(QUOTATION, closed), now=NOW + 3 * HOUR)
    lines = three.changes(before)
    assert briefly(lines) == [("terms_changed", None), ("restored", usable)]
    assert lines[1]["title"] == "Le pont numéro 1 rouvre"
    assert three.changes()[: len(all_before)] == all_before
    acts.restore(three, withheld, CAUSE, NOW + 4 * HOUR)
    assert briefly(three.changes(cursor_of(lines[-1]))) == [("restored", withheld)]
    assert held not in {line["id"] for line in three.changes()}


def test_terms_that_change_are_one_line_a_publisher(three: Store) -> None:
    before = end_of(three)
    synced(three, *PUBLISHERS, now=NOW + 24 * HOUR)  # another day, the same terms
    assert three.changes(before) == []
    licensed = replace(AGREEMENT, licence="CC-BY-4.0", licence_url="https://creativecommons.org/licenses/by/4.0/")
    synced(three, under(licensed, PUBLISHERS[0]), under(CLOSED, PUBLISHERS[1]), PUBLISHERS[2], now=NOW + 25 * HOUR)
    first, second = three.changes(before)
    assert (first["change_kind"], first["publisher"], first["note"]) == (
        "terms_changed", "daily-example", "licence was none, is CC-BY-4.0"
    )  # fmt: skip
    assert (second["change_kind"], second["publisher"]) == ("terms_changed", "habari-leo")
    # Nobody holds anything of a publisher that never had a report: there is nothing to say.
    newcomer = make_publisher("newcomer-example")
    synced(three, *PUBLISHERS, newcomer, now=NOW + 26 * HOUR)
    after = end_of(three)
    synced(three, *PUBLISHERS, under(CLOSED, newcomer), now=NOW + 27 * HOUR)
    assert three.changes(after) == []


def test_an_agreement_that_ends_is_a_line(three: Store) -> None:
    before = end_of(three)
    ending = under(replace(AGREEMENT, expires=(NOW + 24 * HOUR).date()), PUBLISHERS[0])
    for days in (0, 1, 2):
        synced(three, ending, *PUBLISHERS[1:], now=NOW + days * 24 * HOUR)
    assert [(line["change_kind"], line["note"]) for line in three.changes(before)] == [
        ("terms_changed", "expires was none, is 2026-11-23"),
        (
            "terms_changed",
            "text_scope was full_text, is excerpt; "
            "images was scope agreement, hotlink false, is scope none, hotlink false",
        ),
    ]


# What readers and subscribers see of a publisher's terms, each with another value.
SEEN: dict[str, tuple[Publisher, str]] = {
    "scope": (under(replace(AGREEMENT, text_scope="headline_only"), PUBLISHERS[0]), "text_scope was"),
    "credit": (under(replace(AGREEMENT, credit="{publisher} says"), PUBLISHERS[0]), "credit was"),
    "channels": (under(replace(AGREEMENT, redistribute=()), PUBLISHERS[0]), "channels was web feed api email, is none"),
    "ai_use": (under(replace(AGREEMENT, ai_use="prohibited"), PUBLISHERS[0]), "ai_use was unstated, is prohibited"),
    "commercial use": (under(replace(AGREEMENT, commercial_use="no"), PUBLISHERS[0]), "commercial_use was"),
    "the last day": (under(replace(AGREEMENT, expires=date(2027, 1, 31)), PUBLISHERS[0]), "expires was none, is 2027"),
    "words of an excerpt": (under(replace(QUOTATION, excerpt_max_words=9), PUBLISHERS[1]), "excerpt_max_words was"),
    "its name": (replace(PUBLISHERS[0], name="Le Quotidien"), "name was"),
    "a disclaimer": (replace(PUBLISHERS[0], disclaimers={"third_party": "Ask {publisher}."}), "disclaimer changed"),
    "a notice": (replace(PUBLISHERS[0], disclaimers={"withdrawn": "Taken back."}), "the text in the place of a report"),
}


@pytest.mark.parametrize("changed", SEEN)
def test_what_readers_see_of_terms_is_told_once_when_it_changes(three: Store, changed: str) -> None:
    other, note = SEEN[changed]
    before = end_of(three)
    for hours in (1, 2, 30):
        synced(three, *[other if each.key == other.key else each for each in PUBLISHERS], now=NOW + hours * HOUR)
    (line,) = three.changes(before)
    assert (line["change_kind"], line["publisher"], line["id"]) == ("terms_changed", other.key, None)
    assert note in line["note"]
    synced(three, *PUBLISHERS, now=NOW + 31 * HOUR)  # and back
    assert [each["change_kind"] for each in three.changes(cursor_of(line))] == ["terms_changed"]
    assert three.changes(before)[0]["cursor"] == line["cursor"]  # an old cursor stays good


@pytest.mark.parametrize(
    "changed",
    [
        under(replace(AGREEMENT, terms_checked=date(2026, 11, 1)), PUBLISHERS[0]),
        under(replace(AGREEMENT, storage="transient", retention_days=90), PUBLISHERS[0]),
        under(replace(AGREEMENT, excerpt_max_words=9), PUBLISHERS[0]),  # of full texts
        replace(PUBLISHERS[0], contact=Contact(technical="web@daily.example"), languages=("fr", "en")),
        replace(PUBLISHERS[0], sources=()),
    ],
)
def test_what_readers_do_not_see_is_not_told(three: Store, changed: Publisher) -> None:
    before = end_of(three)
    synced(three, changed, *PUBLISHERS[1:], now=NOW + HOUR)
    assert three.changes(before) == []


def test_a_report_split_off_one_under_embargo_is_not_listed_before_its_time(three: Store) -> None:
    record(three, PUBLISHERS[1], embargoed(9), now=NOW + HOUR)
    record(three, PUBLISHERS[1], replace(embargoed(9), id="moved-9"), now=NOW + 2 * HOUR)
    before = end_of(three)
    new = split(three, three.merges()[0]["merge_id"], NOW + 3 * HOUR)
    assert three.changes(before) == []
    release_embargoes(three, FAR + 365 * 24 * HOUR)
    assert [line["change_kind"] for line in three.changes(before)] == ["restored", "restored"]
    assert new in {line["id"] for line in three.changes(before)}


def test_headline_of_a_report_that_is_gone_is_in_the_line_that_takes_it_out_alone(three: Store) -> None:
    """A version that comes later must not look as if the report was in the wire."""

    ((report,),) = query(three, "SELECT id FROM articles ORDER BY article_id LIMIT 1")
    assert acts.obey(three, report, GONE, NOW + 2 * HOUR)
    record(three, PUBLISHERS[0], make_entry(1, title=Text("Le pont ferme", "text/plain")), now=NOW + 3 * HOUR)
    said = [(line["change_kind"], line["title"]) for line in three.changes() if line["id"] == report]
    assert said == [("new", None), ("withheld", "Le pont ferme"), ("revised", None)]


# Selections


@pytest.fixture(params=[ledger.FEW, 0], ids=["looked up by report", "read line by line"])
def _by_both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "FEW", request.param)
    monkeypatch.setattr(ledger, "FEW_LINES", 0)


@pytest.mark.usefixtures("_by_both_ways")
def test_a_report_that_was_in_a_selection_stays_in_it(three: Store) -> None:
    """The publisher moves to another country; the report that was delivered as one of Mali is withdrawn."""
    report = ids(three)[0]
    before = cursor_of(three.changes(None, Selection(countries=("ML",)))[-1])
    moved = replace(PUBLISHERS[0], country="SN")
    synced(three, moved, *PUBLISHERS[1:], now=NOW + HOUR)
    record(three, moved, make_entry(7), now=NOW + HOUR)
    synced(three, under(CLOSED, moved), *PUBLISHERS[1:], now=NOW + 2 * HOUR)
    acts.withdraw(three, report, CAUSE, NOW + 3 * HOUR)
    new = ids(three)[-1]
    assert briefly(three.changes(before, Selection(countries=("ML",)))) == [
        ("terms_changed", None),
        ("withdrawn", report),
    ]
    assert briefly(three.changes(None, Selection(countries=("SN",)))) == [("new", new), ("terms_changed", None)]
    assert briefly(three.changes(before, Selection(countries=("TZ",)))) == []


@pytest.mark.usefixtures("_by_both_ways")
def test_a_report_that_had_a_language_or_a_class_once_stays_in_its_selections(three: Store) -> None:
    """Its publisher states another one with its next version; whoever follows the first hears what becomes of it."""
    publisher = replace(PUBLISHERS[0], languages=("fr", "sw"))
    synced(three, publisher, *PUBLISHERS[1:])
    report = ids(three)[0]
    before = three.last_cursor()
    (old,) = {one.language for one in three.latest(ALL_REPORTS) if one.id == report}
    assert old is not None
    changed = replace(make_entry(1), language="sw", summary=Text("<p>Le pont ferme.</p>"))
    record(three, publisher, changed, now=NOW + HOUR)
    acts.withdraw(three, report, CAUSE, NOW + 2 * HOUR)
    expected = [("revised", report), ("withdrawn", report)]
    for tag in (old, old[:2].upper(), "sw"):
        assert briefly(three.changes(before, Selection(languages=(tag,)))) == expected
        assert briefly(three.changes(before, Selection(languages=(tag,), publishers=(publisher.key,)))) == expected
        assert briefly(three.changes(before, Selection(languages=(tag,), item_classes=("news",)))) == expected
    assert briefly(three.changes(before, Selection(languages=("pt", "am")))) == []
    assert briefly(three.changes(before, Selection(languages=("sw",), item_classes=("opinion",)))) == []


# A selection by what is configured of the first of PUBLISHERS; then its publisher is another one.
RECONFIGURED: dict[str, tuple[Selection, Publisher]] = {
    "kind": (Selection(kinds=("newspaper",)), replace(PUBLISHERS[0], kind="ngo")),
    "group": (Selection(groups=("news_organization",)), replace(PUBLISHERS[0], kind="ngo")),
    "kind and language": (Selection(kinds=("newspaper",), languages=("fr",)), replace(PUBLISHERS[0], kind="blog")),
    "channel": (Selection(channel="email"), under(replace(AGREEMENT, redistribute=("web", "api")), PUBLISHERS[0])),
    "all channels": (Selection(channel="feed"), under(replace(AGREEMENT, redistribute=()), PUBLISHERS[0])),
    "key": (Selection(publishers=("daily-example",)), replace(PUBLISHERS[0], key="le-quotidien")),
    "kind and key": (
        Selection(publishers=("daily-example",), kinds=("newspaper",)),
        replace(PUBLISHERS[0], key="le-quotidien", kind="ngo"),
    ),
}


def configured_anew(store: Store, publisher: Publisher, now: datetime) -> None:
    if publisher.key != PUBLISHERS[0].key:
        store.rename_publishers({PUBLISHERS[0].key: publisher.key}, now)
    moved = tuple(replace(each, publisher=publisher.key) for each in publisher.sources)
    synced(store, replace(publisher, sources=moved), *PUBLISHERS[1:], now=now)


@pytest.mark.usefixtures("_by_both_ways")
@pytest.mark.parametrize("what", sorted(RECONFIGURED))
def test_what_was_in_a_selection_stays_in_it_whatever_is_configured(three: Store, what: str) -> None:
    selection, other = RECONFIGURED[what]
    report = ids(three)[0]
    given = three.changes(None, selection)
    assert report in {line["id"] for line in given}
    before = end_of(three)
    configured_anew(three, other, NOW + HOUR)
    acts.withdraw(three, report, CAUSE, NOW + 2 * HOUR)
    acts.restore(three, report, CAUSE, NOW + 3 * HOUR)
    acts.withhold(three, report, CAUSE, NOW + 4 * HOUR)
    purge(three, chosen(three, [report]), CAUSE, NOW + 5 * HOUR)
    times = 2 if what == "kind and key" else 1
    acted = [(kind, report) for kind in ("withdrawn", "restored", "withheld", "deleted")]
    expected = [*[("terms_changed", None)] * times, *acted]
    assert briefly(three.changes(before, selection)) == expected
    # Whoever begins only now is given the same lines.
    assert briefly(three.changes(None, selection)) == [*briefly(given), *expected]


@pytest.mark.usefixtures("_by_both_ways")
def test_what_came_when_it_was_not_in_a_selection_is_in_it_from_then_on(three: Store) -> None:
    """The publisher is an ngo for a while, and its second report comes then."""
    synced(three, replace(PUBLISHERS[0], kind="ngo"), *PUBLISHERS[1:], now=NOW + HOUR)
    record(three, PUBLISHERS[0], make_entry(8), now=NOW + 2 * HOUR)
    first, *_, new = ids(three)
    synced(three, *PUBLISHERS, now=NOW + 3 * HOUR)
    record(three, PUBLISHERS[0], make_entry(9), now=NOW + 4 * HOUR)
    acts.withdraw(three, first, CAUSE, NOW + 5 * HOUR)
    terms, after = [("terms_changed", None)], [("terms_changed", None), ("withdrawn", first)]
    ngos = Selection(kinds=("ngo",))
    assert briefly(three.changes(None, ngos)) == [*terms, ("new", new), *after]
    assert "publisher_kind was newspaper, is ngo" in three.changes(None, ngos)[0]["note"]
    assert briefly(three.changes(None, replace(ngos, countries=("ML",)))) == [*terms, ("new", new), *after]
    assert three.changes(None, replace(ngos, countries=("TZ",))) == []
    # What came of it as an ngo is in the selection of newspapers as soon as it is one again.
    newspapers = three.changes(None, Selection(kinds=("newspaper",), publishers=("daily-example",)))
    everything = [line for line in three.changes() if line["publisher"] == "daily-example"]
    assert newspapers == [line for line in everything if (line["change_kind"], line["id"]) != ("new", new)]


@pytest.mark.usefixtures("_by_both_ways")
def test_lines_from_before_a_report_was_in_a_selection_do_not_appear_behind_cursors(three: Store) -> None:
    publisher, report = replace(PUBLISHERS[0], languages=("fr", "sw")), ids(three)[0]
    synced(three, publisher, *PUBLISHERS[1:])
    swahili = Selection(languages=("sw",), publishers=(publisher.key,))
    assert three.changes(None, swahili) == []
    for hours, tag in enumerate(("sw", "fr", "sw"), 1):
        changed = replace(make_entry(1), language=tag, summary=Text(f"<p>Le pont, {hours} {tag}.</p>"))
        record(three, publisher, changed, now=NOW + hours * HOUR)
    assert briefly(three.changes(None, swahili)) == [("revised", report)] * 3
    synced(three, replace(publisher, kind="ngo"), *PUBLISHERS[1:], now=NOW + 5 * HOUR)
    record(three, publisher, replace(make_entry(1), language="fr"), now=NOW + 6 * HOUR)
    # It was never of an ngo and in French before its last version came.
    of_ngos = Selection(languages=("fr",), kinds=("ngo",), publishers=(publisher.key,))
    assert briefly(three.changes(None, of_ngos)) == [("terms_changed", None), ("revised", report)]
    assert briefly(three.changes(None, replace(of_ngos, languages=("pt",)))) == []


def test_a_store_that_shows_terms_which_are_not_in_force_hides_no_line(three: Store) -> None:
    """The configuration says `ngo` already, and nobody has written that into the database yet."""
    report = ids(three)[0]
    acts.withdraw(three, report, CAUSE, NOW + HOUR)
    ngo = under(replace(AGREEMENT, redistribute=("web",)), replace(PUBLISHERS[0], kind="ngo"))
    with Store.read(three.place) as reader:
        reader.show_terms([with_terms(each, WIRE, NOW.date()) for each in (ngo, *PUBLISHERS[1:])])
        for selection in (Selection(kinds=("newspaper",)), Selection(channel="email"), Selection(kinds=("ngo",))):
            lines = reader.changes(None, selection)
            assert briefly(lines) == briefly(three.changes(None, selection))
            assert (("withdrawn", report) in briefly(lines)) == (selection.kinds != ("ngo",))


@pytest.mark.usefixtures("_by_both_ways")
def test_selections_choose_by_publisher_and_country(three: Store) -> None:
    everything = three.changes()
    for publisher in PUBLISHERS:
        chosen = [line for line in everything if line["publisher"] == publisher.key]
        assert three.changes(None, Selection(publishers=(publisher.key,))) == chosen
        assert three.changes(None, Selection(publishers=(publisher.key,), countries=("KE",))) == []
    assert {line["publisher"] for line in three.changes(None, Selection(countries=("ML",)))} == {
        "daily-example",
        "ministry-of-water",
    }
    assert len(three.changes(None, Selection(countries=("ML",), limit=2))) == 2
    with pytest.raises(StoreError, match="no time and no report"):
        three.changes(None, Selection(since=NOW))
    with pytest.raises(StoreError, match="no publisher with this key"):
        three.changes(None, Selection(publishers=("daily-exmaple",)))


# Whatever happens: nobody ends up holding what is out, and each line is delivered once


@dataclass
class Subscriber:
    """Follows the ledger as docs/changes.md says, and knows nothing else but the view `wire`."""

    cursor: Cursor | None = None
    held: dict[str, str] = field(default_factory=dict)  # headlines by id: what it takes for usable
    read: list[dict[str, Any]] = field(default_factory=list)

    def follow(self, store: Store, limit: int | None = None) -> list[dict[str, Any]]:
        lines = store.changes(self.cursor, Selection(limit=limit))
        for line in lines:
            self._apply(store, line)
            self.cursor = cursor_of(line)
        self.read += lines
        return lines

    def _apply(self, store: Store, line: dict[str, Any]) -> None:
        if line["change_kind"] == "terms_changed":
            publisher = "SELECT id FROM articles WHERE publisher = ?"
            for (public_id,) in query(store, publisher, line["publisher"]):
                self.held.pop(public_id, None)
            self.held |= dict(query(store, "SELECT id, title FROM wire WHERE publisher = ?", line["publisher"]))
        elif line["change_kind"] in OUT_OF_IT or line["title"] is None:
            self.held.pop(line["id"], None)
        else:
            self.held[line["id"]] = line["title"]


NUMBERS = st.integers(0, 7)
DOINGS = st.one_of(
    st.tuples(st.sampled_from(["publish", "embargoed", "edit", "move"]), NUMBERS),
    st.tuples(st.just("embargoed"), st.integers(4, 7)),
    st.tuples(st.sampled_from(["withhold", "legal", "withdraw", "embargo", "restore", "purge"]), NUMBERS),
    st.tuples(st.sampled_from(["split", "release", "tombstone"]), NUMBERS),
    st.tuples(st.sampled_from(["full_text", "excerpt", "none"]), NUMBERS),
    st.tuples(st.just("read"), NUMBERS),
)


class History:
    """A wire of four publishers to which anything happens; of the fourth nothing may leave at first."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = FAR
        self.publishers = [*PUBLISHERS, make_publisher("silent-example", CLOSED, languages=("ar",))]
        self.documents: list[dict[int, Entry]] = [{} for _ in self.publishers]
        self.known: set[str] = set()  # reports of which a reader could know at some time
        self._sync()
        for number in range(4):
            self.do("publish", number)

    def do(self, doing: str, number: int) -> None:
        self.now += HOUR
        self._remember()  # an embargo may have ended within the hour
        which = number % len(self.publishers)
        document = self.documents[which]
        if doing in ("publish", "embargoed", "edit", "move"):
            self._publish(doing, which, document, number)
        elif doing == "tombstone":
            poll = make_poll(self.publishers[which].sources[0], self.now, withdrawn=(str(make_entry(number).id),))
            record_polls(self.store, [(poll, ())], self.now)
        elif doing == "release":
            self.now += 4 * HOUR
            release_embargoes(self.store, self.now)
        elif doing == "split":
            for merge in [one["merge_id"] for one in self.store.merges() if one["undone_at"] is None][:1]:
                split(self.store, merge, self.now)
        elif doing in ("full_text", "excerpt", "none"):
            rights = {"full_text": AGREEMENT, "excerpt": QUOTATION, "none": CLOSED}[doing]
            self.publishers[which] = under(rights, self.publishers[which])
            self._sync()
        else:
            self._decide(doing, number)
        self._remember()

    def _publish(self, doing: str, which: int, document: dict[int, Entry], number: int) -> None:
        entry = document.get(number, make_entry(number))
        title = "" if entry.title is None else entry.title.value
        if doing == "embargoed" and number not in document:
            title = f"Under embargo until {(self.now + 150 * HOUR / 60).isoformat()}: le pont {number}"
        elif doing == "edit":
            title = f"{title}, {self.now:%H}"
        elif doing == "move":
            entry = replace(entry, id=f"moved-{self.now:%d-%H}-{number}")
        document[number] = replace(entry, title=Text(title, "text/plain"))
        record(self.store, self.publishers[which], *document.values(), now=self.now)

    def _decide(self, doing: str, number: int) -> None:
        articles = ids(self.store)
        report = articles[number % len(articles)]
        with suppress(DeskError):
            if doing == "purge":
                purge(self.store, chosen(self.store, [report], None, None), CAUSE, self.now)
            elif doing == "embargo":
                acts.embargo(self.store, report, self.now + 2.5 * HOUR, CAUSE, self.now)
            elif doing == "legal":
                acts.withhold(self.store, report, CAUSE, self.now, legal=True)
            else:
                getattr(acts, doing)(self.store, report, CAUSE, self.now)

    def _sync(self) -> None:
        sync(self.store, WIRE, self.publishers, self.now, self.now.date())

    def _remember(self) -> None:
        """The views compare embargoes with the clock of the machine; here they are compared with the history's."""
        self.known |= {
            public_id
            for (public_id,) in query(
                self.store,
                """
                SELECT a.id FROM articles AS a
                JOIN terms AS t ON t.publisher = a.publisher AND t.class = a.class AND t.text_scope <> 'none'
                WHERE a.embargoed_until IS NULL OR a.embargoed_until <= ?
                """,
                self.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            )
        }


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(DOINGS, max_size=30))
def test_whoever_follows_the_ledger_holds_what_is_in_the_wire(doings: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "wire.db") as store:
        history, subscriber = History(store), Subscriber()
        for doing, number in doings:
            if doing == "read":
                for line in subscriber.follow(store, number or None):
                    assert line["id"] is None or line["id"] in history.known
            else:
                history.do(doing, number)
        for line in subscriber.follow(store):
            assert line["id"] is None or line["id"] in history.known
        in_the_wire = {public_id for public_id, _ in query(store, "SELECT id, title FROM wire")}
        assert set(subscriber.held) == in_the_wire
        # Each line was delivered once, in the order of the ledger, and whoever comes later is given the same.
        again = store.changes()
        assert [line["cursor"] for line in subscriber.read] == [line["cursor"] for line in again]
        assert [line["seq"] for line in again] == sorted({line["seq"] for line in again})
        for publisher in history.publishers:
            chosen = [line for line in again if line["publisher"] == publisher.key]
            assert store.changes(None, Selection(publishers=(publisher.key,))) == chosen
        assert computed(store) == [hashed for (hashed,) in query(store, "SELECT hash FROM changes ORDER BY seq")]


# The hash, and databases that were restored


def computed(store: Store) -> list[bytes]:
    """The chain as docs/changes.md describes it."""
    import hashlib

    previous, chain = "0" * 64, []
    hashed_as = {"resent": "refile", "deleted": "removed_by_wire"}
    for seq, kind, subject, at in query(
        store,
        """
        SELECT c.seq, c.change_kind, coalesce(a.id, c.publisher), c.at
        FROM changes AS c LEFT JOIN articles AS a ON a.article_id = c.article_id ORDER BY c.seq
        """,
    ):
        chain.append(hashlib.sha256(f"{previous} {seq} {hashed_as.get(kind, kind)} {subject} {at}".encode()).digest())
        previous = chain[-1].hex()
    return chain


def everything_that_writes_lines(store: Store) -> None:
    """Polls, acts, purges, splits, releases, terms."""
    reports = ids(store)
    record(store, PUBLISHERS[0], make_entry(1, id="moved-1"), now=NOW + 2 * HOUR)
    split(store, store.merges()[0]["merge_id"], NOW + 3 * HOUR)
    acts.withhold(store, reports[0], CAUSE, NOW + 4 * HOUR)
    acts.embargo(store, reports[1], NOW + 6 * HOUR, CAUSE, NOW + 5 * HOUR)
    release_embargoes(store, NOW + 7 * HOUR)
    purge(store, chosen(store, [reports[2]], None, None), CAUSE, NOW + 8 * HOUR)
    synced(store, under(QUOTATION, PUBLISHERS[0]), *PUBLISHERS[1:], now=NOW + 9 * HOUR)


def test_every_way_of_writing_a_line_goes_on_with_the_hash(three: Store) -> None:
    everything_that_writes_lines(three)
    kinds = {kind for (kind,) in query(three, "SELECT change_kind FROM changes")}
    assert kinds == {"new", "revised", "withheld", "restored", "deleted", "terms_changed"}
    assert computed(three) == [hashed for (hashed,) in query(three, "SELECT hash FROM changes ORDER BY seq")]
    assert {line["cursor"] for line in three.changes()} == {
        f"{seq}-{hashed.hex()[:8]}" for seq, hashed in query(three, "SELECT seq, hash FROM changes")
    }


def test_a_purge_of_words_leaves_the_hash_as_it_is(three: Store) -> None:
    before = three.changes()
    purge(three, chosen(three, ids(three), None, None), CAUSE, NOW + 2 * HOUR)
    after = three.changes()
    assert [line["cursor"] for line in after[: len(before)]] == [line["cursor"] for line in before]
    assert three.changes(cursor_of(before[-1])) == after[len(before) :]


def test_the_ledger_is_written_in_one_place() -> None:
    writing = re.compile(r"(INSERT( OR \w+)? INTO|UPDATE|DELETE FROM|REPLACE INTO)\s+changes\b", re.IGNORECASE)
    found = {
        str(path.relative_to(ROOT)) for path in (ROOT / "aggregator").rglob("*.py") if writing.search(path.read_text())
    }
    assert found == {
        f"aggregator/store/{name}.py" for name in ("queries/ledger", "sqlite/schema/m0007", "sqlite/schema/m0016")
    }


@pytest.mark.stores("sqlite")
def test_the_program_of_the_documentation_checks_the_ledger(three: Store, tmp_path: Path) -> None:
    everything_that_writes_lines(three)
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "changes.md").read_text(), re.DOTALL)
    (tmp_path / "check.py").write_text(program)
    called = [sys.executable, str(tmp_path / "check.py"), str(three.path)]
    done = subprocess.run(called, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == f"The ledger is whole; its last hash is {computed(three)[-1].hex()}\n"
    with closing(sqlite3.connect(three.path)) as connection, connection:
        connection.execute("UPDATE changes SET at = '2026-11-22T10:00:01Z' WHERE seq = 4")
    done = subprocess.run(called, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "line 4 does not fit to those before it\n")


def test_the_documentation_names_all_keys_and_kinds(three: Store) -> None:
    text = (ROOT / "docs" / "changes.md").read_text()
    tables = [
        re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for table in re.split(r"^\| --- ", text, flags=re.MULTILINE)
    ]
    _, keys, kinds, *_ = ([name for row in table for name in re.findall("`(.*?)`", row)] for table in tables)
    assert keys == list(three.changes()[0])
    assert set(kinds) == set(get_args(ChangeKind))


def backup(store: Store, to: Path) -> Path:
    with closing(sqlite3.connect(store.path)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)
    return to


@pytest.mark.stores("sqlite")
def test_a_copy_in_which_nothing_else_happened_knows_all_cursors(three: Store, tmp_path: Path) -> None:
    everything_that_writes_lines(three)
    lines = three.changes()
    with Store.open(backup(three, tmp_path / "copy.db")) as copy:
        for number, line in enumerate(lines, 1):
            assert copy.changes(cursor_of(line)) == lines[number:]
        acts.restore(copy, ids(copy)[0], CAUSE, NOW + 10 * HOUR)
        assert [line["change_kind"] for line in copy.changes(cursor_of(lines[-1]))] == ["restored"]


@pytest.mark.stores("sqlite")
def test_a_copy_that_went_on_differently_knows_the_cursors_before_the_backup_alone(
    three: Store, tmp_path: Path
) -> None:
    """G4: the same numbers come again, for other things."""
    saved = backup(three, tmp_path / "backup.db")
    reports, before = ids(three), end_of(three)
    acts.withhold(three, reports[0], CAUSE, NOW + 2 * HOUR)
    acts.withdraw(three, reports[2], CAUSE, NOW + 2 * HOUR)
    lost, last = three.changes(before)
    with Store.open(saved) as restored:
        with pytest.raises(CursorError, match=rf"cursor {lost['cursor']}: this ledger ends with line {before.seq}\."):
            restored.changes(cursor_of(lost))
        acts.withhold(restored, reports[4], CAUSE, NOW + 2 * HOUR)
        acts.withdraw(restored, reports[2], CAUSE, NOW + 2 * HOUR)  # the same line as before, after another one
        assert [line["seq"] for line in restored.changes(before)] == [lost["seq"], last["seq"]]
        for line in (lost, last):
            with pytest.raises(CursorError, match="has another hash") as caught:
                restored.changes(cursor_of(line))
            assert "start again with `aggregator changes --after 0`" in str(caught.value)
        for line in three.changes()[: before.seq]:
            assert restored.changes(cursor_of(line))


def test_an_empty_ledger_knows_the_beginning_alone(store: Store) -> None:
    assert store.changes() == []
    assert (store.last_cursor(), store.cursor_at(0), store.cursor_before(NOW)) == (None, None, None)
    with pytest.raises(CursorError, match="ends with line 0"):
        store.changes(Cursor(1, "00000000"))


# The command

# A word that may be a publisher's is looked up in the files too, and this project's own example has 2,159 of them.
OF_THE_DEMO = ("--config", str(DEMO / "config"))


def changes(store: Store, *arguments: str) -> tuple[str, str]:
    """What the command prints to its standard output and error, run in this process, where it is quick."""
    done = CliRunner().invoke(
        aggregator, [*OF_THE_DEMO, "--db", as_option(store.place), "changes", *arguments], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return done.stdout, done.stderr


def failing(store: Store, *arguments: str) -> tuple[int, str]:
    """Exit code and standard error of the program, which prints nothing else."""
    called = [sys.executable, "-W", "error", "-m", "aggregator", "--db", as_option(store.place), "changes", *arguments]
    done = commands.run(called, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == ""
    return done.returncode, done.stderr


def listed(store: Store, *arguments: str) -> list[dict[str, Any]]:
    output, errors = changes(store, "--json", *arguments)
    assert errors == ""
    return [json.loads(line) for line in output.splitlines()]


def test_the_command_goes_on_after_a_cursor_of_its_output(three: Store) -> None:
    lines = listed(three)
    assert lines == three.changes() == listed(three, "--after", "0")
    printed = changes(three)[0].splitlines()
    assert [line.split()[0] for line in printed] == [line["cursor"] for line in lines]
    assert listed(three, "--after", printed[2].split()[0]) == lines[3:]
    assert changes(three, "--after", lines[-1]["cursor"]) == ("", "")
    assert listed(three, "--publisher", "habari-leo", "--country", "tz", "--limit", "1") == [lines[2]]


def test_a_publisher_is_found_by_what_it_was(three: Store) -> None:
    """Whoever goes on with the options of before gets what he got, and no message that nothing can match."""
    report, before = ids(three)[0], end_of(three)
    configured_anew(three, replace(PUBLISHERS[0], key="le-quotidien", name="Le Quotidien", kind="ngo"), NOW + HOUR)
    acts.withdraw(three, report, CAUSE, NOW + 2 * HOUR)
    expected = three.changes(before, Selection(publishers=("le-quotidien",)))
    assert expected[-1]["change_kind"] == "withdrawn"
    names = ("daily-example", "Daily Example", "le-quotidien", "Le Quotidien")
    options = ((), ("--kind", "newspaper"), ("--country", "ML"), ("--group", "news_organization"))
    for name, also in zip(names, options, strict=True):
        assert listed(three, "--after", str(before), "--publisher", name, *also) == expected
    code, errors = failing(three, "--publisher", "daily-exmaple")
    assert (code, "there is no publisher" in errors) == (2, True)


def test_the_command_prints_lines_about_publishers(three: Store) -> None:
    synced(three, under(CLOSED, PUBLISHERS[1]), PUBLISHERS[0], PUBLISHERS[2], now=NOW + 2 * HOUR)
    words = changes(three)[0].splitlines()[-1].split()
    assert words[0] == three.changes()[-1]["cursor"]
    assert words[1:9] == ["2026-11-22", "12:00", "UTC", "terms_changed", "-", "Habari", "Leo", "(Dodoma):"]
    assert words[9:] == ["text_scope", "was", "excerpt,", "is", "none"]


def test_a_cursor_of_another_ledger_is_an_error_that_says_how_to_start_again(three: Store) -> None:
    good = three.changes()[2]["cursor"]
    bad = f"3-{'0' * 8 if good != '3-00000000' else '1' * 8}"
    for cursor, said in ((bad, "line 3 of this ledger has another hash"), ("99999-00000000", "ends with line 7")):
        code, errors = failing(three, "--after", cursor)
        assert code == 1
        assert errors.startswith(f"aggregator: cursor {cursor}: ")
        assert said in errors
        assert "start again with `aggregator changes --after 0`" in errors


@pytest.mark.parametrize(
    "arguments",
    [
        ("--after", "3"),
        ("--after", "yesterday"),
        ("--after", "9" * 30 + "-00000000"),
        ("--after", "\udcff"),
        ("--since", "9" * 19),
        ("--since", "9" * 5_000),
        ("--since", "999999w"),
        ("--since", "0000-00-00"),
        ("--since", ""),
        ("--since", "-1"),
        ("--since", "\udcff"),
        ("--publisher", "\udcff"),
        ("--country", "Mlai"),
        ("--country", "\udcff\udcff"),
        ("--limit", "0"),
    ],
)
def test_what_cannot_be_meant_is_a_fault_of_the_call(three: Store, arguments: tuple[str, str]) -> None:
    code, errors = failing(three, *arguments)
    assert code == 2
    assert "Error: Invalid value" in errors or "is not UTF-8" in errors


def test_after_and_since_are_not_given_together(three: Store) -> None:
    code, errors = failing(three, "--after", three.changes()[0]["cursor"], "--since", "6h")
    assert code == 2
    assert "give --after or --since" in errors


def test_since_is_a_time(three: Store) -> None:
    lines = listed(three)
    assert [line["at"] for line in lines] == ["2026-11-22T10:00:00Z"] * 6 + ["2026-11-22T11:00:00Z"]
    for since, expected in (
        ("2026-11-22T10:00:00Z", lines),
        ("2026-11-22T10:30:00Z", lines[6:]),
        ("2026-11-22", lines),
        ("2026-11-22T11:00:01Z", []),
        ("900000h", lines),
    ):
        assert listed(three, "--since", since) == expected


def test_since_a_time_lists_what_a_clock_set_back_wrote_later(three: Store) -> None:
    """A time is where the list begins; it hides nothing behind that."""
    report = ids(three)[0]
    acts.withdraw(three, report, CAUSE, NOW - 24 * HOUR)
    assert [line["change_kind"] for line in listed(three, "--since", "2026-11-22T10:30:00Z")] == [
        "revised",
        "withdrawn",
    ]


def test_the_number_of_a_line_is_understood_with_a_warning(three: Store) -> None:
    lines = three.changes()
    output, errors = changes(three, "--since", "3", "--json")
    assert [json.loads(line) for line in output.splitlines()] == lines[3:]
    assert f"Use --after {lines[2]['cursor']}\n" in errors
    output, errors = changes(three, "--since", "0", "--json")
    assert len(output.splitlines()) == len(lines)
    assert errors.endswith("Use --after 0\n")
    code, errors = failing(three, "--since", "99999")
    assert code == 1
    assert "this ledger ends with line 7" in errors


@pytest.fixture
def following(three: Store) -> Iterator[subprocess.Popen[str]]:
    """`changes --follow` of one publisher that has read all there is, at the first of its lines."""
    called = [*commands.COMMAND, "--db", as_option(three.place), "changes", "--follow", "--json"]
    called += ["--publisher", "ministry-of-water", "--after", three.changes()[4]["cursor"]]
    with commands.Popen(called, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["seq"] == 6
            yield process
        finally:
            process.kill()


@pytest.mark.stores("sqlite")
def test_whoever_follows_notices_a_database_put_in_the_place_of_his(
    three: Store, tmp_path: Path, following: subprocess.Popen[str]
) -> None:
    saved = backup(three, tmp_path / "backup.db")
    report, other = ids(three)[4:]
    acts.withhold(three, report, CAUSE, NOW + 2 * HOUR)
    assert following.stdout is not None
    assert json.loads(following.stdout.readline())["change_kind"] == "withheld"
    assert query(three, "PRAGMA wal_checkpoint(TRUNCATE)")[0][0] == 0  # all is in the file itself
    three.close()
    with Store.open(saved) as restored:
        acts.withhold(restored, other, CAUSE, NOW + 2 * HOUR)
    for log in ("-wal", "-shm"):  # whoever followed may have had the database open when it was closed
        three.path.with_name(three.path.name + log).unlink(missing_ok=True)
    os.replace(saved, three.path)
    output, errors = following.communicate(timeout=60)
    assert (following.returncode, output) == (1, "")
    assert "line 8 of this ledger has another hash" in errors
    assert "start again" in errors


def test_whoever_follows_a_selection_goes_on_behind_what_is_not_in_it(
    three: Store, following: subprocess.Popen[str]
) -> None:
    reports = ids(three)
    acts.withhold(three, reports[0], CAUSE, NOW + 2 * HOUR)
    acts.withhold(three, reports[4], CAUSE, NOW + 3 * HOUR)
    assert following.stdout is not None
    line = json.loads(following.stdout.readline())
    assert (line["change_kind"], line["id"], line["seq"]) == ("withheld", reports[4], 9)
    following.send_signal(signal.SIGINT)
    assert following.wait(timeout=60) == 130


# Databases of before


def old_database(path: Path, lines: Sequence[tuple[int, str]], embargoes: dict[int, str | None]) -> None:
    """As the version before made it: `lines` are (article, kind), an hour apart; `embargoes`: who asked, by article."""
    from sqlite_utils import Database

    from aggregator.store.sqlite.schema.migrations import migrations

    with closing(sqlite3.connect(path)) as connection:
        migrations.apply(Database(connection, execute_plugins=False), stop_before="0007_the_ledger")
        connection.execute(
            "INSERT INTO publishers VALUES ('one','One','','ML','ngo','institution','[]','',NULL,'{}',1)"
        )
        connection.execute(
            "INSERT INTO sources (id, publisher, key, url, kind, class, enabled, next_at, next_reason)"
            " VALUES (1, 'one', 'feed', 'http://one.example/', 'feed', 'news', 1, '2026', 'first')"
        )
        for article_id in sorted({article_id for article_id, _ in lines}):
            connection.execute(
                "INSERT INTO articles (id, public_id, publisher, source, country, class, title, listed_at, first_seen,"
                " revision, status, embargoed_until) VALUES (?, ?, 'one', 1, 'ML', 'news', 'A', ?, ?, 1, 'usable', ?)",
                (
                    article_id,
                    f"id-{article_id}",
                    "2026",
                    f"at-{article_id}",
                    "2999-01-01T00:00:00Z" if article_id in embargoes else None,
                ),
            )
        connection.executemany(
            "INSERT INTO changes (article, revision, kind, at, note) VALUES (?, 1, ?, ?, 'why')",
            [(article_id, kind, f"2026-01-01T{number:02}:00:00Z") for number, (article_id, kind) in enumerate(lines)],
        )
        connection.executemany(
            "INSERT INTO acts (article, act, actor, reason, at) VALUES (?, 'embargo', ?, '', ?)",
            [(article_id, actor, f"at-{article_id}") for article_id, actor in embargoes.items() if actor],
        )
        connection.commit()


def test_the_ledger_of_an_older_database_gets_its_hash_and_loses_nothing(tmp_path: Path) -> None:
    lines = [(1, "new"), (2, "new"), (1, "withheld"), (3, "new"), (4, "new"), (2, "revised"), (1, "restored")]
    path = tmp_path / "wire.db"
    old_database(path, lines, {2: "person:ama", 3: "publisher:feed", 4: None})
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE VIEW mine AS SELECT count(*) AS lines FROM changes")
        before = connection.execute("SELECT seq, article, revision, kind, at, note FROM changes").fetchall()
    with Store.open(path) as store:
        assert (
            query(store, "SELECT seq, article_id, revision, change_kind, at, note FROM changes ORDER BY seq") == before
        )
        assert query(store, "SELECT hash FROM changes ORDER BY seq") == [(hashed,) for hashed in computed(store)]
        # Only of those that came under an embargo nobody knew. Which terms were in force is not known: in doubt, open.
        assert query(store, "SELECT article_id, released_seq FROM articles") == [(1, 1), (2, 2), (3, None), (4, None)]
        assert [line["seq"] for line in store.changes()] == [1, 2, 3, 6, 7]
        assert [line["title"] for line in store.changes()] == [None] * 5
        assert query(store, "SELECT lines FROM mine") == [(7,)]
        assert query(store, "PRAGMA foreign_key_check") == []
        release_embargoes(store, datetime(2999, 1, 2, tzinfo=UTC))
        assert computed(store)[-1] == query(store, "SELECT hash FROM changes ORDER BY seq DESC LIMIT 1")[0][0]
    with Store.open(path) as store:
        assert [line["id"] for line in store.changes()][5:] == ["id-2"]  # its rights let nothing of the others out


def test_an_upgrade_that_is_killed_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    """While it is written, by the signal of a process that writes a file longer than it may; and then opened again."""
    path = tmp_path / "wire.db"
    old_database(path, [(number, "new") for number in range(1, 24)], {})
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 24 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
            " INSERT INTO changes (article, revision, kind, at)"
            " SELECT i % 23 + 1, 1, 'revised', '2026-01-02T00:00:00Z' FROM n"
        )
    opening = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from aggregator.store import Store\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, 1 << 18))\n"
        "Store.open(Path(sys.argv[1])).close()\n"
    )
    called = [sys.executable, "-c", opening, str(path)]
    done = subprocess.run(called, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGXFSZ, done.stderr
    with closing(sqlite3.connect(path)) as connection:
        assert "hash" not in [row[1] for row in connection.execute("PRAGMA table_info(changes)")]
    with Store.open(path) as store:
        assert query(store, "SELECT count(*), max(seq) FROM changes") == [(10_000, 10_000)]
        assert query(store, "SELECT hash FROM changes ORDER BY seq") == [(hashed,) for hashed in computed(store)]
