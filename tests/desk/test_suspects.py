"""What was decided wrongly by earlier rules is listed, each with the command that undoes it; and that command does."""

from __future__ import annotations

from datetime import timedelta

import pytest
import zstandard
from msgspec.structs import replace

from aggregator.desk import acts, suspects
from aggregator.desk.merges import split, split_version
from aggregator.model import Cause, Entry, IdentityRules, Publisher, Selection
from aggregator.model.errors import StoreError
from aggregator.store import Store
from aggregator.text import raw_words
from tests.conftest import NOW, file_of, record
from tests.identity.test_one_of_each import BRIDGE, OTHER, articles, merge, said
from tests.store.test_store import rows

pytestmark = pytest.mark.stores("soak")

HOUR = timedelta(hours=1)

WRONG = [
    ("alt", said("Poet dies", BRIDGE, "/poet", "http://daily.example/poet"),
     said("Comment: the poet", OTHER, "/poet#c", "http://daily.example/poet#c"), "fragment"),
    ("url", said("[Sponsor] Ferry", BRIDGE, "/ferry", "g"), said("Ferry", BRIDGE, "/ferry", "h"), "advertising"),
    ("opening", said("Power cut in Kesh", BRIDGE, "/kesh", "g"), said("Power cut in Senna", BRIDGE, "/senna", "h"),
     "name of a town"),
]  # fmt: skip


@pytest.mark.parametrize(("matched_by", "before", "after", "reason"), WRONG, ids=[case[3] for case in WRONG])
def test_a_wrong_merge_is_listed_with_the_command_that_undoes_it(
    store: Store, publisher: Publisher, matched_by: str, before: Entry, after: Entry, reason: str
) -> None:
    """As it stands in databases of earlier versions: the second report's words are a version of the first one."""
    record(store, publisher, before)
    with file_of(store) as connection:
        merge(connection, matched_by, f"id:{after.id}")
    record(store, trusting(publisher), after, now=NOW + HOUR)
    assert rows(store, "SELECT revision FROM articles") == [(2,)]
    (suspect,) = suspects.listed(store)
    assert reason in suspect.reason
    assert suspect.command == "aggregator split 1"
    assert suspects.listed(store, NOW + 2 * HOUR) == []
    split(store, 1, NOW + 3 * HOUR)
    assert suspects.listed(store) == []


def trusting(publisher: Publisher) -> Publisher:
    """Whose ids are believed whatever comes under them, as more was before."""
    return replace(publisher, identity=IdentityRules(ids="trusted"))


def overwritten(store: Store, publisher: Publisher) -> str:
    """Three bulletins in one article, as rules of earlier versions made it of ids by position; returns its id."""
    for day in (1, 2, 3):
        bulletin = said(
            f"Bulletin {day}", f"{BRIDGE} {day}", f"/river/{day}", "item-0", published=f"2026-11-0{day}T06:00Z"
        )
        record(store, trusting(publisher), bulletin, now=NOW + day * HOUR)
    ((public_id,),) = rows(store, "SELECT id FROM articles")
    return str(public_id)


def test_versions_that_are_other_reports_are_split_off_one_by_one(store: Store, publisher: Publisher) -> None:
    public_id = overwritten(store, publisher)
    found = suspects.listed(store)
    assert [suspect.command for suspect in found] == [f"aggregator split {public_id} {n}" for n in (3, 2)]
    for number in (3, 2):
        split_version(store, public_id, number, NOW + 9 * HOUR)
    assert suspects.listed(store) == []
    held = "SELECT title, url, published FROM articles ORDER BY title"
    assert rows(store, held) == [
        (f"Bulletin {day}", f"http://daily.example/river/{day}", f"2026-11-0{day}T06:00:00Z") for day in (1, 2, 3)
    ]
    while store.index():
        pass
    assert {report.title for report in store.latest(Selection())} == {f"Bulletin {day}" for day in (1, 2, 3)}
    ledger = rows(store, "SELECT seq FROM changes ORDER BY seq")
    assert ledger == [(number,) for number in range(1, len(ledger) + 1)]


def test_versions_after_the_one_that_is_split_off_go_with_it(store: Store, publisher: Publisher) -> None:
    public_id = overwritten(store, publisher)
    new = split_version(store, public_id, 2, NOW + 9 * HOUR)
    held = dict(rows(store, "SELECT id, title FROM articles"))
    assert held == {public_id: "Bulletin 1", new: "Bulletin 3"}
    assert suspects.listed(store) == []
    with pytest.raises(StoreError, match=f"is an article already: {new}"):
        split_version(store, public_id, 3, NOW + 10 * HOUR)


def test_a_report_that_is_held_twice_is_listed_until_one_is_out_of_the_wire(store: Store, publisher: Publisher) -> None:
    one, box = said("Ferry", BRIDGE, "/a", "g"), said("No way across", OTHER, "/a", "g")
    record(store, publisher, replace(one, id="elsewhere"), said("Cocoa", OTHER, "/b", "h"))
    record(store, publisher, box, now=NOW + HOUR)
    assert articles(store) == 3
    with file_of(store) as connection:  # as two boxes made it: both have the guid
        connection.execute(
            "UPDATE revisions SET raw = ?, dictionary_id = NULL WHERE article_id = 1", (packed(raw_words.encode(one)),)
        )
        connection.commit()
    ferry, box_id = (own for (own,) in rows(store, "SELECT id FROM articles WHERE article_id <> 2 ORDER BY article_id"))
    (suspect,) = suspects.listed(store)
    assert suspect.command == f"aggregator join {box_id} {ferry} --reason 'one report, held twice'"
    assert suspect.reason == f"held twice, also as {box_id}: one guid and one address"
    assert suspect.title == "Ferry"
    acts.confirm(store, str(box_id), Cause(actor="person:desk", reason="the other one"), NOW + 2 * HOUR)
    assert suspects.listed(store) == [suspect]
    acts.withhold(store, str(ferry), Cause(actor="person:desk", reason="the same report"), NOW + 2 * HOUR)
    assert suspects.listed(store) == []


def test_what_a_person_confirms_is_listed_no_more_until_something_else_is_taken_for_it(
    store: Store, publisher: Publisher
) -> None:
    public_id = overwritten(store, publisher)
    before = rows(store, "SELECT count(*) FROM changes"), store.report_state(public_id)
    why = Cause(actor="person:Asha", reason="a bulletin that is written anew each day", reference="call of 3 November")
    acts.confirm(store, public_id, why, NOW + 2 * HOUR)
    assert [suspect.command for suspect in suspects.listed(store)] == [f"aggregator split {public_id} 3"]
    acts.confirm(store, public_id, why, NOW + 3 * HOUR)
    assert suspects.listed(store) == []
    assert before == (rows(store, "SELECT count(*) FROM changes"), store.report_state(public_id))
    act = store.acts(public_id)[-1]
    assert (act["act"], act["actor"], act["reason"], act["reference"]) == (
        "confirm", "person:Asha", "a bulletin that is written anew each day", "call of 3 November",
    )  # fmt: skip


@pytest.mark.parametrize(("matched_by", "before", "after", "reason"), WRONG[:1])
def test_a_merge_that_a_person_confirms_is_listed_no_more(
    store: Store, publisher: Publisher, matched_by: str, before: Entry, after: Entry, reason: str
) -> None:
    record(store, publisher, before)
    with file_of(store) as connection:
        merge(connection, matched_by, f"id:{after.id}")
    record(store, trusting(publisher), after, now=NOW + HOUR)
    (suspect,) = suspects.listed(store)
    assert (suspect.merge, suspects.count_merged(store, NOW - HOUR)) == (1, 1)
    acts.confirm(store, suspect.article, Cause(actor="person:Asha", reason="it is one"), NOW + 2 * HOUR)
    assert suspects.listed(store) == []
    assert suspects.count_merged(store, NOW - HOUR) == 0
    assert reason in suspect.reason


def packed(words: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(words)


def test_reports_without_guids_that_came_at_once_are_not_held_twice(store: Store, publisher: Publisher) -> None:
    record(store, publisher, said("In brief", BRIDGE, "/notices"), said("In brief", OTHER, "/notices"))
    assert articles(store) == 2
    assert suspects.listed(store) == []
