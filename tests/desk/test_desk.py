"""The desk: what people decide about a report, what then leaves and what does not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.desk import acts
from aggregator.desk.complaints import complain, resolve
from aggregator.desk.housekeeping import maintain, release_embargoes
from aggregator.desk.purging import chosen, purge
from aggregator.desk.terms import sync
from aggregator.model import Cause, Complaint, Contact, Cursor, Publisher, Removal, Selection, Text
from aggregator.model.errors import DeskError
from aggregator.rights import faults_of_publisher
from aggregator.store import Store
from aggregator.text.query import parse
from tests import commands
from tests.conftest import (
    DEMO,
    NOW,
    QUOTATION,
    STORES,
    WIRE,
    as_option,
    examples,
    file_of,
    in_index,
    keep_house,
    make_entry,
    make_publisher,
    record,
)
from tests.hostile import Ran, run

pytestmark = pytest.mark.stores("soak")

ANY = Selection()
LATER, MUCH_LATER = NOW + timedelta(hours=1), datetime(2100, 1, 1, tzinfo=UTC)
FAR = datetime(2099, 1, 1, 6, tzinfo=UTC)  # past the clock of any machine that runs this
CAUSE = Cause(actor="person:ama", reason="a reader's address stands in it", reference="T-17")

ACTS: dict[str, Callable[[Store, str], None]] = {
    "withhold": lambda store, report: acts.withhold(store, report, CAUSE, LATER),
    "legal": lambda store, report: acts.withhold(store, report, CAUSE, LATER, legal=True),
    "withdraw": lambda store, report: acts.withdraw(store, report, CAUSE, LATER),
    "embargo": lambda store, report: acts.embargo(store, report, FAR, CAUSE, LATER),
    "purge": lambda store, report: purge(store, chosen(store, [report], None, None), CAUSE, LATER),
}
KINDS = {"withdraw": "withdrawn", "purge": "deleted"}


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    with file_of(store) as connection:
        return list(connection.execute(sql).fetchall())


@pytest.fixture
def report(store: Store, publisher: Publisher) -> str:
    """The id of a report of two versions, beside another one."""
    record(store, publisher, make_entry(1), make_entry(2))
    record(store, publisher, make_entry(1, title=Text("Okapi on the bridge", "text/plain")), make_entry(2))
    return next(one.id for one in store.latest(ANY) if one.title == "Okapi on the bridge")


def command(store: Store, *arguments: str, code: int = 0, typed: str = "") -> str:
    """Runs a command to its end, in a process of its own where something is typed; its standard output, or with another
    code its standard error.
    """
    called = ["--config", str(DEMO / "config"), "--db", as_option(store.place), *arguments]  # config/ has 2,000 files
    if not typed:
        ran = run(*called)
    else:
        done = commands.run([*commands.COMMAND, *called], capture_output=True, text=True, timeout=60, input=typed)
        ran = Ran(done.returncode, done.stdout, done.stderr)
    assert ran.code == code, ran.err + ran.out
    return ran.err if code else ran.out


# Acts


@pytest.mark.stores
@pytest.mark.parametrize("act", ACTS)
def test_an_act_takes_the_words_out_of_every_output_at_once(store: Store, report: str, act: str) -> None:
    ACTS[act](store, report)
    assert report not in [one.id for one in store.latest(ANY)]
    assert store.search(parse("okapi"), ANY) == []
    assert store.report(report) is None
    lines = [line for line in store.changes() if line["id"] == report]
    assert [line["title"] for line in lines] == [None] * len(lines)
    assert lines[-1]["change_kind"] == KINDS.get(act, "withheld")
    assert lines[-1]["note"] == CAUSE.reason
    told = json.dumps([store.notice(report), lines], ensure_ascii=False)
    for word in ("Okapi", "pont", "camions", "Awa"):
        assert word not in told


@pytest.mark.parametrize("act", ACTS)
def test_the_commands_refuse_what_is_out_of_the_wire(store: Store, report: str, act: str) -> None:
    ACTS[act](store, report)
    for option in ("--raw", "--revisions"):
        said = command(store, "show", report, option, code=1)
        assert "Okapi" not in said
        assert ("there is no report with this id" if act == "embargo" else "--desk") in said
        assert ("Okapi" in command(store, "show", report, option, "--desk")) is (act != "purge")
    if act == "embargo":
        assert command(store, "show", report, code=1) == command(store, "show", "x", code=1).replace("x:", f"{report}:")
    else:
        shown = command(store, "show", report)
        assert shown.startswith("Daily Example (Bamako)\n")
        assert str((store.notice(report) or {})["text"]) in shown
    assert f"{CAUSE.actor}: {CAUSE.reason}" in command(store, "show", report, "--desk")


@pytest.mark.parametrize(
    ("act", "text", "url"),
    [
        ("withhold", "We are not showing this report for now. Reason: a reader's address stands in it. The original may"
         " be at http://daily.example/1.", "http://daily.example/1"),
        ("legal", "We cannot show this report in answer to a legal demand (T-17). Removed on 2026-11-22 11:00 UTC.",
         None),
        ("withdraw", "Daily Example has withdrawn this report. We removed it on 2026-11-22 11:00 UTC and keep only this"
         " record.", None),
        ("purge", "We removed this report from the wire on 2026-11-22 11:00 UTC and keep only this record. Reason: a"
         " reader's address stands in it.", None),
    ],
)  # fmt: skip
def test_a_notice_stays(store: Store, report: str, act: str, text: str, url: str | None) -> None:
    ACTS[act](store, report)
    notice = store.notice(report)
    assert notice is not None
    assert (notice["text"], notice["url"], notice["title"]) == (text, url, None)
    assert notice["publisher_name"] == "Daily Example"
    assert rows(store, "SELECT id, at FROM notices") == [(report, "2026-11-22T11:00:00Z")]


def test_a_suspended_report_keeps_headline_and_link(store: Store, report: str) -> None:
    page = Removal(act="suspend", notice="gone", actor="publisher:page", reason="the page answers 404")
    assert acts.obey(store, report, page, NOW + timedelta(hours=1))
    notice = store.notice(report)
    assert notice is not None
    assert (notice["title"], notice["url"]) == ("Okapi on the bridge", "http://daily.example/1")
    assert "no longer at its publisher's address" in notice["text"]
    assert store.changes()[-1]["title"] == "Okapi on the bridge"
    assert store.report(report) is None


def test_a_publishers_own_text_stands_in_its_notice(store: Store, publisher: Publisher) -> None:
    own = {"withheld": "{publisher} via {wire}: write to {corrections_contact} ({reason}), {original_url}"}
    other = replace(publisher, disclaimers=own, contact=Contact(corrections="desk@daily.example"))
    assert faults_of_publisher(other) == ()
    sync(store, WIRE, [other], NOW, NOW.date())
    record(store, other, make_entry())
    (one,) = store.latest(ANY)
    acts.withhold(store, one.id, replace(CAUSE, reason="we {time} look"), LATER)
    assert (store.notice(one.id) or {})["text"] == (
        "Daily Example via Test Wire: write to desk@daily.example (we {time} look), http://daily.example/1"
    )
    broken = replace(publisher, disclaimers={"legal": "under {licence_name}"})
    assert "rights.licence" in faults_of_publisher(broken)[0]


def test_acts_are_recorded_and_never_changed(store: Store, report: str) -> None:
    ACTS["withhold"](store, report)
    before = rows(store, "SELECT * FROM acts")
    ACTS["withdraw"](store, report)
    acts.restore(store, report, replace(CAUSE, reference=None), LATER)
    assert rows(store, "SELECT * FROM acts")[:1] == before
    assert rows(store, "SELECT act, actor, reason, reference, at FROM acts") == [
        ("withhold", "person:ama", CAUSE.reason, "T-17", "2026-11-22T11:00:00Z"),
        ("withdraw", "person:ama", CAUSE.reason, "T-17", "2026-11-22T11:00:00Z"),
        ("restore", "person:ama", CAUSE.reason, None, "2026-11-22T11:00:00Z"),
    ]
    assert rows(store, "SELECT change_kind, note FROM changes WHERE seq > 3") == [
        ("withheld", CAUSE.reason),
        ("withdrawn", CAUSE.reason),
        ("restored", CAUSE.reason),
    ]
    assert [one.id for one in store.search(parse("okapi"), ANY)] == [report]
    assert store.notice(report) is None
    assert [one["change_kind"] for one in store.revisions(report)] == ["new", "revised"]  # an act is no version


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("withhold", "withhold", "already withheld since 2026-11-22 11:00 UTC by ama: a reader's address"),
        ("withdraw", "withhold", "already withdrawn since 2026-11-22 11:00 UTC by ama: .* Nothing was changed"),
        ("withdraw", "withdraw", "already withdrawn since"),
        ("legal", "withhold", "already withheld in answer to a legal demand since 2026-11-22 11:00 UTC by ama"),
        ("withdraw", "legal", "already withdrawn since"),
        ("legal", "embargo", "not waiting for a time"),
        ("withdraw", "embargo", "not waiting for a time"),
        ("embargo", "embargo", "under embargo until 2099-01-01T06:00:00Z already"),
        ("purge", "withhold", "was purged"),
        ("purge", "embargo", "was purged"),
        ("purge", "purge", "purged already"),
    ],
)
def test_an_act_that_changes_nothing_or_loosens_a_hold_is_refused(
    store: Store, report: str, first: str, second: str, said: str
) -> None:
    ACTS[first](store, report)
    before = rows(store, "SELECT (SELECT count(*) FROM acts), (SELECT count(*) FROM changes)")
    with pytest.raises(DeskError, match=said):
        ACTS[second](store, report)
    assert rows(store, "SELECT (SELECT count(*) FROM acts), (SELECT count(*) FROM changes)") == before


def test_only_a_person_restores_and_only_what_is_out(store: Store, report: str) -> None:
    with pytest.raises(DeskError, match="nothing to restore"):
        acts.restore(store, report, CAUSE, LATER)
    ACTS["withhold"](store, report)
    with pytest.raises(DeskError, match="only a person"):
        acts.restore(store, report, replace(CAUSE, actor="publisher:feed"), LATER)
    with pytest.raises(DeskError, match="no report with this id"):
        acts.restore(store, "nosuchid", CAUSE, LATER)
    ACTS["purge"](store, report)
    with pytest.raises(DeskError, match="was purged"):
        acts.restore(store, report, CAUSE, LATER)


# Embargoes


def test_an_embargo_is_released_once_and_subscribers_are_told(store: Store, report: str) -> None:
    last = Cursor.read(store.changes()[-1]["cursor"])
    acts.embargo(store, report, FAR, CAUSE, LATER)
    (line,) = store.changes(last)
    assert (line["change_kind"], line["title"], line["url"]) == ("withheld", None, None)
    listed = [(one["change_kind"], one["title"], one["url"]) for one in store.changes() if one["id"] == report]
    assert listed == [("new", None, None), ("revised", None, None), ("withheld", None, None)]  # and no words of it
    assert store.reports_beginning_with(report, 1, desk=False) == []
    assert release_embargoes(store, FAR - timedelta(seconds=1)) == 0
    keep_house(store, MUCH_LATER)
    keep_house(store, MUCH_LATER)
    told = [(one["change_kind"], one["title"]) for one in store.changes(Cursor.read(line["cursor"]))]
    assert told == [("restored", "Okapi on the bridge")]
    assert rows(store, "SELECT act, actor, until FROM acts") == [
        ("embargo", "person:ama", "2099-01-01T06:00:00Z"),
        ("release", "wire", None),
    ]
    assert store.report(report) is not None


def test_of_a_report_that_came_under_embargo_nothing_is_told(store: Store, publisher: Publisher) -> None:
    """Its publisher asked for it with the first version, so that nobody knew of the report before."""
    asked = "Under embargo until 2098-01-01T00:00:00Z: okapi on the bridge"
    record(store, publisher, make_entry(1, title=Text(asked, "text/plain")))
    record(store, publisher, make_entry(1, title=Text(f"{asked} of Kapiriloma", "text/plain")), now=LATER)
    ((report,),) = rows(store, "SELECT id FROM articles")
    acts.embargo(store, str(report), FAR, CAUSE, LATER)
    assert store.changes() == []
    assert store.notice(str(report)) is None
    assert release_embargoes(store, MUCH_LATER) == 1
    assert [(one["change_kind"], one["id"], one["title"]) for one in store.changes()] == [
        ("restored", report, f"{asked} of Kapiriloma")
    ]
    assert rows(store, "SELECT change_kind FROM changes ORDER BY seq") == [("new",), ("revised",), ("restored",)]


def test_an_embargo_takes_the_place_of_a_withholding_without_a_gap(store: Store, report: str) -> None:
    ACTS["withhold"](store, report)
    ACTS["embargo"](store, report)
    assert store.report(report) is None
    assert store.notice(report) is None
    release_embargoes(store, MUCH_LATER)
    assert store.report(report) is not None


def test_what_else_holds_a_report_back_outlives_its_embargo(store: Store, report: str) -> None:
    ACTS["embargo"](store, report)
    ACTS["legal"](store, report)
    assert store.notice(report) is None  # under embargo nobody is to know that there is a report
    last = rows(store, "SELECT max(seq) FROM changes")
    assert release_embargoes(store, MUCH_LATER) == 1
    assert rows(store, "SELECT max(seq) FROM changes") == last
    assert store.report(report) is None
    assert store.notice(report) is not None


def test_an_embargo_must_be_readable_and_to_come(store: Store, report: str) -> None:
    with pytest.raises(DeskError, match="over already"):
        acts.embargo(store, report, NOW, CAUSE, NOW)
    assert 'UNTIL: found "lundi prochain", expected' in command(store, "embargo", report, "lundi prochain", code=1)
    assert "over already" in command(store, "embargo", report, "2020-01-01", code=1)
    assert "until 2099-01-01 03:00 UTC" in command(store, "embargo", report, "2099-01-01T06:00+03:00", "--actor", "ama")
    assert rows(store, "SELECT act, actor FROM acts") == [("embargo", "person:ama")]


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([*ACTS, "restore", "release", "edit"]), max_size=8))
def test_whatever_the_desk_does_the_ledger_has_no_gap_and_nothing_held_leaves(
    store_kind: str, tmp_path_factory: pytest.TempPathFactory, doings: list[str]
) -> None:
    publisher = make_publisher()
    with STORES[store_kind](tmp_path_factory.mktemp("desk") / "wire.db") as store:
        sync(store, WIRE, [publisher], NOW, NOW.date())
        record(store, publisher, make_entry(0))
        (one,) = store.latest(ANY)
        kept: list[tuple[object, ...]] = []
        for number, doing in enumerate(doings):
            try:
                if doing == "restore":
                    acts.restore(store, one.id, CAUSE, LATER)
                elif doing == "release":
                    release_embargoes(store, MUCH_LATER)
                elif doing == "edit":
                    record(store, publisher, make_entry(0, title=Text(f"Le pont {number} change", "text/plain")))
                else:
                    ACTS[doing](store, one.id)
            except DeskError:
                pass
            now = rows(store, "SELECT * FROM acts ORDER BY act_id")
            assert now[: len(kept)] == kept
            kept = now
            ((status, notice, embargo),) = rows(store, "SELECT status, notice, embargoed_until FROM articles")
            out = status != "usable" or embargo is not None
            assert (store.report(one.id) is None) is out
            assert (notice is None) is (status == "usable")
            assert (store.notice(one.id) is None) is (notice is None or embargo is not None)
            assert all(line["title"] is None for line in store.changes()) is out
        sequence = [seq for (seq,) in rows(store, "SELECT seq FROM changes ORDER BY seq")]
        assert sequence == list(range(1, len(sequence) + 1))


# The ledger


def test_changes_are_streamed_from_where_the_last_call_ended(store: Store, report: str) -> None:
    lines = [json.loads(line) for line in command(store, "changes", "--json").splitlines()]
    assert [(line["seq"], line["change_kind"], line["revision"]) for line in lines] == [
        (1, "new", 1), (2, "new", 1), (3, "revised", 2)
    ]  # fmt: skip
    expected = "seq cursor change_kind at id publisher publisher_name publisher_place title url revision note channels"
    assert list(lines[0]) == expected.split()
    assert len(command(store, "changes", "--limit", "2").splitlines()) == 2
    ACTS["withdraw"](store, report)
    (line,) = command(store, "changes", "--after", lines[-1]["cursor"], "--json").splitlines()
    cursor = json.loads(line)["cursor"]
    assert json.loads(line) == {
        "seq": 4, "cursor": cursor, "change_kind": "withdrawn", "at": "2026-11-22T11:00:00Z", "id": report,
        "publisher": "daily-example", "publisher_name": "Daily Example", "publisher_place": "Bamako", "title": None,
        "url": None, "revision": 2, "note": CAUSE.reason,
        "channels": ["web", "feed", "api", "email"],
    }  # fmt: skip
    assert "Okapi" not in command(store, "changes")
    assert command(store, "changes", "--after", cursor) == ""


def test_follow_waits_for_more_and_keeps_no_cursor_open(store: Store, report: str) -> None:
    called = [
        sys.executable,
        "-m",
        "aggregator",
        "--db",
        as_option(store.place),
        "changes",
        "--follow",
        "--json",
        "--after",
        store.changes()[1]["cursor"],
    ]
    with commands.Popen(called, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
        try:
            assert following.stdout is not None
            assert json.loads(following.stdout.readline())["seq"] == 3
            ACTS["withhold"](store, report)
            assert json.loads(following.stdout.readline())["change_kind"] == "withheld"
            # A reader in the middle of a transaction would hold the log of a file: (busy, ...) would be 1.
            is_held = "PRAGMA wal_checkpoint(TRUNCATE)"
            if not isinstance(store.place, Path):
                is_held = """SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND state = 'idle in transaction'"""
            assert rows(store, is_held)[0][0] == 0
            following.send_signal(signal.SIGINT)
            assert following.wait(timeout=20) == 130
        finally:
            following.kill()


def test_a_publisher_that_never_let_anything_out_is_not_in_the_ledger_either(store: Store) -> None:
    closed = make_publisher("closed-example", replace(QUOTATION, text_scope="none", basis="none"))
    sync(store, WIRE, [closed], NOW, NOW.date())
    record(store, closed, make_entry(1))
    ((report,),) = rows(store, "SELECT id FROM articles")
    assert store.changes() == []
    ACTS["withdraw"](store, str(report))
    assert store.changes() == []
    assert store.notice(str(report)) is None


# Complaints


@pytest.mark.parametrize(
    ("kind", "act", "notice", "advice"),
    [
        ("factual", None, None, "Write to Daily Example"),
        ("copyright", "withhold", "withheld", "Write to Daily Example"),
        ("licence", "withhold", "withheld", "Write to Daily Example"),
        ("court_order", "withhold", "legal", "aggregator restore"),
        ("statute", "withhold", "legal", "aggregator restore"),
        ("privacy", "withhold", "withheld", "aggregator restore"),
        ("safety", "withhold", "withheld", "aggregator restore"),
        ("publisher_request", "withdraw", "withdrawn", "aggregator restore"),
    ],
)
def test_a_complaint_does_at_once_what_its_kind_asks_for(
    store: Store, report: str, kind: str, act: str | None, notice: str | None, advice: str
) -> None:
    said = command(store, "complaint", "add", report, "--kind", kind, "--text", "Secret: Ali lives in it")
    assert advice in said
    assert "complaint resolve 1 --resolution" in said
    assert rows(store, "SELECT notice FROM articles WHERE article_id = 1") == [(notice,)]
    assert rows(store, "SELECT act, complaint_id FROM acts") == ([(act, 1)] if act else [])
    assert rows(store, "SELECT count(*) FROM changes WHERE seq > 3") == [(1 if act else 0,)]
    told = json.dumps([store.notice(report), store.changes()])
    assert "Ali" not in told  # what was written stays with the desk


def test_a_complaint_is_resolved_once_and_restores_nothing(store: Store, report: str) -> None:
    privacy = Complaint(kind="privacy", text="my address", complainant="a@b.example")
    assert complain(store, report, privacy, CAUSE, LATER)[:2] == (1, "withhold")
    again = complain(store, report, replace(privacy, kind="copyright"), CAUSE, LATER)
    assert again[:2] == (2, None)  # it is out already
    third = complain(store, report, replace(privacy, kind="court_order"), CAUSE, LATER)
    assert third[:2] == (3, "withhold")  # a legal demand is more
    resolve(store, 1, "settled", LATER)
    with pytest.raises(DeskError, match="was resolved on"):
        resolve(store, 1, "again", LATER)
    with pytest.raises(DeskError, match="none with this number"):
        resolve(store, 9, "again", LATER)
    assert [one["number"] for one in store.complaints()] == [2, 3]
    first = store.complaints(resolved_too=True)[0]
    assert (first["resolution"], first["acts"], first["complainant"]) == ("settled", "withhold", "a@b.example")
    assert store.report(report) is None
    listed = command(store, "complaint", "list", "--all")
    assert "1. privacy" in listed
    assert "resolved 2026-11-22 11:00 UTC: settled" in listed


def test_the_wire_answers_only_for_its_own(store: Store, report: str) -> None:
    with pytest.raises(DeskError, match="Daily Example answers for this report"):
        complain(store, report, Complaint(kind="own_content", text="wrong"), CAUSE, LATER)
    assert rows(store, "SELECT count(*) FROM complaints") == [(0,)]


# Purging


def test_purged_words_are_nowhere_and_do_not_come_back(store: Store, publisher: Publisher, report: str) -> None:
    ACTS["purge"](store, report)
    dumped = "\n".join(str(row) for table in ("articles", "bodies", "revisions", "article_keys", "near_keys", "merges")
                       for row in rows(store, f"SELECT * FROM {table}"))  # noqa: S608  # fmt: skip
    assert "Okapi" not in dumped
    assert "numéro 1" not in dumped
    assert rows(store, "SELECT title, status, notice, id FROM articles WHERE article_id = 1") == [
        ("", "canceled", "removed", report)
    ]
    for word in ("okapi", "1", "rouvre"):  # of the newest version, of the one before
        assert in_index(store, word) == ({2} if word == "rouvre" else set()), word
    poll = record(store, publisher, make_entry(1), make_entry(2), make_entry(3), now=NOW + timedelta(hours=2))
    assert (poll.new, poll.revised, dict(poll.drops)) == (1, 0, {"purged": 1})
    assert [one.title for one in store.search(parse("pont"), ANY)] == [
        "Le pont numéro 3 rouvre",
        "Le pont numéro 2 rouvre",
    ]


@pytest.mark.stores("sqlite")
def test_a_purge_leaves_the_file_whole(store: Store, report: str) -> None:
    ACTS["purge"](store, report)
    assert rows(store, "PRAGMA integrity_check") == [("ok",)]
    assert rows(store, "PRAGMA foreign_key_check") == []


def test_numbers_of_purged_articles_and_revisions_are_not_used_again(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1))
    (one,) = store.latest(ANY)
    ACTS["purge"](store, one.id)
    record(store, publisher, make_entry(2))
    assert rows(store, "SELECT article_id FROM articles") == [(1,), (2,)]
    assert rows(store, "SELECT revision_id FROM revisions") == [(1,), (2,)]
    assert [other.title for other in store.search(parse("numero"), ANY)] == ["Le pont numéro 2 rouvre"]
    assert rows(store, "SELECT sum(articles) FROM daily") == [(1,)]


def test_what_waits_for_the_index_can_be_purged(store: Store, publisher: Publisher) -> None:
    from aggregator.pipeline.recording import record as record_polls
    from tests.conftest import make_articles, make_poll

    record_polls(store, [(make_poll(publisher.sources[0]), make_articles(publisher, make_entry(1)))], NOW)
    (one,) = store.latest(ANY)
    ACTS["purge"](store, one.id)
    maintain(store, LATER)
    assert rows(store, "SELECT count(*) FROM search_queue") == [(0,)]
    assert in_index(store, "pont") == set()


def test_purging_by_age_and_publisher(store: Store, publisher: Publisher) -> None:
    other = make_publisher("other")
    sync(store, WIRE, [publisher, other], NOW, NOW.date())
    record(store, publisher, *(make_entry(number) for number in range(150)))
    record(store, other, make_entry(1), now=NOW + timedelta(days=3))
    record(store, publisher, make_entry(200), now=NOW + timedelta(days=3))
    assert chosen(store, [], NOW, None) == []
    old = chosen(store, [], NOW + timedelta(days=1), "daily-example")
    assert len(old) == 150
    purge(store, old, CAUSE, NOW + timedelta(days=4))
    assert chosen(store, [], NOW + timedelta(days=1), None) == []
    assert len(store.latest(ANY)) == 2
    assert rows(store, "SELECT count(*) FROM changes WHERE change_kind = 'deleted'") == [(150,)]


def test_an_act_needs_a_reason_and_a_database(store: Store, report: str, tmp_path: Path) -> None:
    assert "Missing option '--reason'" in command(store, "withhold", report, code=2)
    assert "--reason is empty" in command(store, "withhold", report, "--reason", " ", code=2)
    command(store, "withhold", report, "--reason", "checking\nit")
    ((actor, reason),) = rows(store, "SELECT actor, reason FROM acts")
    assert str(actor).startswith("person:")
    assert len(str(actor)) > len("person:")
    assert reason == "checking it"
    nowhere = str(tmp_path / "none.db")
    assert "there is no database yet" in command(store, "--db", nowhere, "withhold", report, "--reason", "x", code=1)
    assert not Path(nowhere).exists()
