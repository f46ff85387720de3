"""Alerts: who is told of what a saved search finds, when, and what becomes of it when something goes wrong."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.alerts.times import GIVE_UP_AFTER, next_of, next_time
from aggregator.desk.terms import sync
from aggregator.model import Faulty, SavedSearch, Selection, Tell, Template, When
from aggregator.model.errors import StoreError
from aggregator.store import Store
from aggregator.text.query import parse
from tests.alerts.mailbox import Mailbox, mailbox
from tests.alerts.wires import DESK, AlertWire, entry, search, wire, wire_config
from tests.conftest import SOAK

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def server() -> Iterator[Mailbox]:
    with mailbox() as opened:
        yield opened


@pytest.fixture
def box(server: Mailbox) -> Mailbox:
    server.fault = server.of = ""
    server.taken.clear()
    server.faults.clear()
    return server


@pytest.fixture
def desk(tmp_path: Path, box: Mailbox) -> Iterator[AlertWire]:
    made = wire(tmp_path, box.port, search())
    with made.store:
        yield made


def subjects(box: Mailbox) -> list[str]:
    return [mail["Subject"] for mail in box.taken]


# What is found


def test_a_hit_is_stored_with_its_report_and_told_once(desk: AlertWire, box: Mailbox) -> None:
    desk.poll(entry(1, "Le pont rouvre"), entry(2, "Le bac ferme"), index=False)
    assert desk.rows("SELECT count(*) FROM match_queue") == [(0,)]  # matched where it was read, before any index
    assert desk.rows("SELECT count(*) FROM hits") == [(1,)]
    desk.alert()
    desk.alert()
    desk.poll(entry(1, "Le pont rouvre lundi"))
    desk.alert()
    assert subjects(box) == ["[Search ponts] Le pont rouvre (Daily Example)"]
    assert desk.rows("SELECT revision FROM told") == [(1,)]
    assert desk.rows("SELECT publisher, channel, reports FROM released_by_day") == [("daily-example", "email", 1)]


def test_what_was_not_matched_where_it_was_read_is_matched_later(desk: AlertWire, box: Mailbox) -> None:
    """Such as a report of the wire's own, or one that a program with other searches polled."""
    desk.reads = False
    desk.poll(entry(1, "Le pont rouvre"), entry(2, "Le bac ferme"))
    assert desk.rows("SELECT count(*) FROM match_queue") == [(2,)]
    desk.alert()
    assert desk.rows("SELECT count(*) FROM match_queue") == [(0,)]
    assert len(box.taken) == 1


def test_a_new_search_finds_what_was_there_and_tells_nothing_of_it(desk: AlertWire, box: Mailbox) -> None:
    desk.poll(entry(1, "Le pont rouvre"), entry(2, "Le bac ferme"), entry(3, "Le bac rouvre"))
    desk.search(search(), search("bacs", "bac"))
    assert desk.rows("SELECT count(*) FROM hits JOIN searches USING (search_id) WHERE name = 'bacs'") == [(2,)]
    desk.alert()
    assert subjects(box) == ["[Search ponts] Le pont rouvre (Daily Example)"]
    desk.poll(entry(4, "Le bac coule"))
    desk.alert()
    assert subjects(box)[1:] == ["[Search bacs] Le bac coule (Daily Example)"]


def test_other_words_are_matched_backwards_and_what_was_owed_by_those_before_is_sent(
    desk: AlertWire, box: Mailbox
) -> None:
    desk.poll(entry(1, "Le pont rouvre"), entry(2, "Le bac ferme"))
    desk.search(search(words="bac"))
    assert [row["hits"] for row in desk.store.searches(desk.now)] == [1]
    desk.poll(entry(3, "Le pont ferme"), entry(4, "Le bac coule"))
    desk.alert()
    assert len(box.taken) == 1
    plain, _ = box.parts()
    assert "Le pont rouvre" in plain
    assert "Le bac coule" in plain
    assert "Le bac ferme" not in plain
    assert "Le pont ferme" not in plain


def test_words_in_the_index_but_not_yet_matched_are_not_missed(desk: AlertWire) -> None:
    """A search is defined while reports wait for the index: what no index has yet is matched by itself."""
    desk.search()
    desk.reads = False
    desk.poll(entry(1, "Le pont rouvre"), index=False)
    desk.search(search())
    desk.poll(entry(2, "Le pont ferme"), index=False)
    desk.alert()
    while desk.store.index():
        pass
    assert desk.rows("SELECT count(*) FROM hits") == [(2,)]


def test_selections_and_changes_are_looked_at_in_the_store(tmp_path: Path, box: Mailbox) -> None:
    swahili = search("swahili", "pont", selection=Selection(languages=("sw",)))
    changed = search("changed", "pont changed:2d")
    mauritania = search("mauritania", "pont OR جسر", selection=Selection(countries=("MR",)))
    made = wire(tmp_path, box.port, swahili, changed, mauritania)
    with made.store:
        made.poll(entry(1, "Le pont rouvre"))
        made.poll(entry(1, "Pont ya Dodoma"), of="habari")
        made.poll(entry(1, "الجسر مغلق"), of="sahifa")
        made.alert()
        assert sorted(subjects(box)) == [
            "[Search mauritania] الجسر مغلق (Sahifa)",
            "[Search swahili] Pont ya Dodoma (Habari)",
        ]
        made.now += HOUR
        made.poll(entry(1, "Le pont rouvre mardi", "Les camions passent."))
        made.alert()
        assert subjects(box)[2:] == ["[Search changed] Le pont rouvre mardi (Daily Example)"]


def test_a_search_that_names_a_publisher_by_its_former_key_finds_what_it_says_now(tmp_path: Path, box: Mailbox) -> None:
    of_habari = Selection(publishers=("habari",))
    made = wire(tmp_path, box.port, search("habari", "pont OR daraja", selection=of_habari))
    with made.store:
        made.poll(entry(1, "Pont ya Dodoma"), of="habari")
        made.store.rename_publishers({"habari": "habari-leo"}, made.now)
        sources = (replace(made.publisher("habari").sources[0], publisher="habari-leo"),)
        renamed = replace(made.publisher("habari"), key="habari-leo", sources=sources, former_keys=("habari",))
        others = tuple(each for each in made.config.publishers if each.key != "habari")
        made.config = replace(made.config, publishers=(*others, renamed))
        sync(made.store, made.config.wire, made.config.publishers, made.now, made.now.date())
        made.poll(entry(2, "Daraja la Dodoma"), of="habari-leo")
        made.alert()
        assert subjects(box) == ["[Search habari] 2 reports"]
        assert {each.title for each in made.store.reports(of_habari)} == {"Daraja la Dodoma", "Pont ya Dodoma"}


def test_a_search_whose_file_is_faulty_for_a_while_misses_nothing(desk: AlertWire, box: Mailbox) -> None:
    faulty = replace(
        desk.config,
        searches=(),
        faulty_searches=(Faulty(key="ponts", file="searches/ponts.toml", faults=("words: ?",)),),
    )
    desk.follow(faulty)
    desk.reads = False
    desk.poll(entry(1, "Le pont rouvre"))
    desk.alert()
    assert box.taken == []
    desk.search(search())
    desk.alert()
    assert subjects(box) == ["[Search ponts] Le pont rouvre (Daily Example)"]


def test_what_came_while_an_older_version_held_a_faulty_search_is_found(desk: AlertWire, box: Mailbox) -> None:
    """Up to 0.7.0 nothing was matched by it, and from where on is written down."""
    desk.poll(entry(1, "Le bac ferme"))
    desk.alert()
    desk.reads = False
    desk.config = replace(desk.config, searches=())
    with closing(sqlite3.connect(desk.store.path)) as connection, connection:
        connection.execute("UPDATE searches SET state = 'faulty', left_at = (SELECT max(revision_id) FROM revisions)")
        connection.execute("DELETE FROM settings WHERE name = 'searches'")
    desk.poll(entry(2, "Le pont rouvre"))
    with closing(sqlite3.connect(desk.store.path)) as connection, connection:
        connection.execute("DELETE FROM match_queue")
    desk.search(search())
    desk.alert()
    assert subjects(box) == ["[Search ponts] Le pont rouvre (Daily Example)"]


@pytest.mark.parametrize("waits", [False, True])
def test_a_faulty_file_keeps_no_withdrawal_from_those_who_got_the_report(
    waits: bool, desk: AlertWire, box: Mailbox
) -> None:
    """Also where a message with other reports waits since before the fault."""
    sound, own = desk.config, search()
    desk.poll(entry(1, "Le pont rouvre"), entry(2, "Un pont flottant"))
    desk.alert()
    if waits:
        box.fault = "greylist"
        desk.poll(entry(3, "Le pont fleuri"))
        desk.alert()
        box.fault = ""
    fault = Faulty(key="ponts", file="searches/ponts.toml", faults=("words: found nothing",))
    desk.follow(replace(sound, searches=(), faulty_searches=(fault,)))
    desk.poll(entry(4, "Le pont neuf"))
    desk.act("withdraw", "Le pont rouvre")
    desk.poll(entry(2, "Correction: un pont", "Correction: un pont, et non deux."))
    desk.alert(HOUR)
    desk.alert(HOUR)
    heard = box.taken[1:]
    assert ("fleuri" in subjects(box)[1]) == waits
    plain = heard[-1].get_body(("plain",))
    assert plain is not None
    said = plain.get_content()
    assert "*** Withdrawn or held back" in said
    assert "Correction: un pont" in said
    assert not any("Le pont neuf" in str(mail) for mail in heard)
    desk.search(own)
    desk.alert(HOUR)
    assert subjects(box)[1 + len(heard) :] == ["[Search ponts] Le pont neuf (Daily Example)"]


def test_what_the_rights_keep_from_email_is_not_sent(desk: AlertWire, box: Mailbox) -> None:
    desk.poll(entry(1, "Le pont rouvre"), of="closed")
    desk.alert()
    assert box.taken == []
    assert desk.rows("SELECT count(*) FROM told") == [(0,)]


def test_the_hits_of_a_search_are_what_search_finds(desk: AlertWire) -> None:
    """After revisions, withdrawals and words that were let go."""
    desk.poll(entry(1, "Le pont rouvre"), entry(2, "Le bac ferme"), entry(3, "Un pont flottant"))
    desk.poll(entry(1, "Le bac rouvre"), entry(2, "Le pont ferme"))
    desk.alert()
    desk.rows("SELECT 1")
    found = desk.rows(
        "SELECT a.title FROM hits JOIN revisions AS r USING (revision_id) JOIN articles AS a"
        " ON a.article_id = r.article_id AND a.revision = r.number ORDER BY 1"
    )
    listed = sorted((each.title or "",) for each in desk.store.reports(Selection(), parse("pont")))
    assert found == listed == [("Le pont ferme",), ("Un pont flottant",)]


# What becomes of what was sent


def test_corrections_and_withdrawals_reach_those_who_got_the_report(desk: AlertWire, box: Mailbox) -> None:
    weekly = Tell(email="weekly@example.org", when="weekly")
    desk.search(search("ponts", "pont", DESK, weekly))
    desk.poll(entry(1, "Le pont rouvre"), entry(2, "Un pont flottant"))
    desk.alert()
    assert len(box.taken) == 1
    desk.now += HOUR
    desk.poll(entry(1, "Correction: le pont rouvre mardi", "Correction: mardi, et non lundi."))
    desk.act("withdraw", "Un pont flottant")
    desk.alert()
    assert len(box.taken) == 2  # the weekly one got neither report, and hears of neither
    plain, html = box.parts()
    for said in (
        "*** Corrected ***",
        "Correction: le pont rouvre mardi",
        "*** Withdrawn or held back",
        "Daily Example",
    ):
        assert said in plain
    assert "Un pont flottant" not in plain + html  # its words do not leave any more
    desk.act("restore", "Un pont flottant")
    desk.alert()
    assert subjects(box)[2:] == ["[Search ponts] Restored: Un pont flottant (Daily Example)"]


OTHER = Tell(email="other@example.org")


@pytest.mark.parametrize("left", [(), (search("bacs", "bac"),), (search("ponts", "pont", OTHER),)])
@pytest.mark.parametrize("act", ["withdraw", "withhold"])
def test_who_left_hears_of_nothing_but_that_a_report_was_taken_back(
    act: str, left: tuple[SavedSearch, ...], desk: AlertWire, box: Mailbox
) -> None:
    """The file is removed, has another name, or names somebody else."""
    desk.poll(entry(1, "Le pont rouvre"), entry(2, "Un pont flottant"))
    desk.alert()
    desk.poll(entry(3, "Le pont fleuri"))  # found, and not told yet
    desk.search(*left)
    desk.poll(entry(4, "Le pont neuf"), entry(2, "Correction: un pont", "Correction: un pont."))
    desk.alert(HOUR)
    assert [mail["Subject"] for mail in box.taken[1:] if mail["To"] == DESK.email] == []
    desk.act(act, "Le pont rouvre")
    box.fault = "greylist"
    desk.alert(HOUR)
    box.fault = ""
    desk.search(*left)  # a program begins anew while the message waits
    desk.alert(HOUR)
    desk.alert(HOUR)
    told = [mail for mail in box.taken[1:] if mail["To"] == DESK.email]
    assert [("Withdrawn: " in mail["Subject"], "Le pont" in str(mail)) for mail in told] == [(True, False)]
    desk.act("restore", "Le pont rouvre")
    desk.alert(HOUR)
    assert [mail for mail in box.taken[1:] if mail["To"] == DESK.email] == told


def test_a_withdrawal_while_the_message_is_under_way_is_told_too(desk: AlertWire, box: Mailbox) -> None:
    """The server hangs with the mail in its hands; the desk withdraws; the retry has no word of it."""
    desk.poll(entry(1, "Le pont rouvre"))
    desk.alerter.config = desk.config
    box.fault = "refuse"
    desk.alert()
    desk.act("withdraw", "Le pont rouvre")
    box.fault = ""
    desk.alert(HOUR)
    assert box.taken == []  # nobody got it, so nobody is told that it was withdrawn
    assert desk.rows("SELECT count(*) FROM alert_messages") == [(0,)]


def test_a_withdrawal_between_reading_and_record_is_owed(desk: AlertWire, box: Mailbox) -> None:
    desk.poll(entry(1, "Le pont rouvre"))
    taken = desk.alerter.on_store

    async def withdrawing(call):  # type: ignore[no-untyped-def]
        if box.taken and not desk.rows("SELECT 1 FROM acts"):
            desk.act("withdraw", "Le pont rouvre")
            desk.store.collect_owed(desk.now)
        return await taken(call)

    desk.alerter.on_store = desk.alerter.sending.on_store = withdrawing  # the desk acts while the mail is on its way
    desk.alert()
    desk.alert()
    assert [subject.partition(":")[0] for subject in subjects(box)] == [
        "[Search ponts] Le pont rouvre (Daily Example)",
        "[Search ponts] Withdrawn",
    ]


# When


BAMAKO, PARIS = "Africa/Bamako", "Europe/Paris"
TIMES = [
    ("hourly", {}, "2026-11-22T10:20", "2026-11-22T11:00"),
    ("hourly", {}, "2026-11-22T10:00", "2026-11-22T11:00"),
    ("daily", {"at": "07:00", "zone": BAMAKO}, "2026-11-22T06:59", "2026-11-22T07:00"),
    ("daily", {"at": "07:00", "zone": BAMAKO}, "2026-11-22T07:00", "2026-11-23T07:00"),
    ("daily", {"at": "07:00", "zone": "Asia/Tokyo"}, "2026-11-22T21:00", "2026-11-22T22:00"),
    ("weekly", {"at": "07:00", "on": "monday", "zone": PARIS}, "2026-11-22T10:00", "2026-11-23T06:00"),
    ("weekly", {"at": "07:00", "on": "sunday", "zone": PARIS}, "2026-11-22T06:00", "2026-11-29T06:00"),
    # Summer time begins on 29 March at 01:00 UTC: 02:30 is not there, and is taken for 03:30.
    ("daily", {"at": "07:00", "zone": PARIS}, "2026-03-28T07:00", "2026-03-29T05:00"),
    ("daily", {"at": "02:30", "zone": PARIS}, "2026-03-28T02:00", "2026-03-29T01:30"),
    ("daily", {"at": "02:30", "zone": PARIS}, "2026-03-29T01:30", "2026-03-30T00:30"),
    # It ends on 25 October at 01:00 UTC: 02:30 is there twice, and counts once.
    ("daily", {"at": "02:30", "zone": PARIS}, "2026-10-24T12:00", "2026-10-25T00:30"),
    ("daily", {"at": "02:30", "zone": PARIS}, "2026-10-25T00:30", "2026-10-26T01:30"),
]


@pytest.mark.parametrize(("when", "how", "after", "due"), TIMES)
def test_the_next_time(when: When, how: dict[str, str], after: str, due: str) -> None:
    tell = Tell(email="desk@example.org", when=when, **how)  # type: ignore[arg-type]
    moments = [datetime.fromisoformat(f"{each}:00+00:00") for each in (after, due)]
    assert next_time(tell, moments[0]) == moments[1]
    assert next_of(tell, moments[0] + 400 * DAY, moments[0]) == moments[1]  # the clock was put back


def test_digests_come_at_their_hour_once_and_never_empty(tmp_path: Path, box: Mailbox) -> None:
    daily = Tell(email="daily@example.org", when="daily", at="07:00", zone=BAMAKO)
    made = wire(tmp_path, box.port, search("ponts", "pont", daily))
    with made.store:
        made.alert(DAY)
        assert box.taken == []  # nothing was found
        made.poll(entry(1, "Le pont rouvre"))
        made.alert()  # 10:00: the time of this day has passed, with nothing to send
        made.alert(timedelta(hours=20))
        assert box.taken == []
        made.poll(entry(2, "Un pont flottant"))
        made.alert(HOUR)
        assert subjects(box) == ["[Search ponts] 2 reports"]
        made.poll(entry(3, "Le pont ferme"))
        made.alert(3 * DAY)  # the machine was off for three days, or its clock is wrong: nobody can tell yet
        assert len(box.taken) == 1
        made.alert(timedelta(minutes=11))
        made.alert(timedelta(minutes=1))
        assert len(box.taken) == 2  # one digest, not three
        made.poll(entry(4, "Le pont tombe"))
        made.now -= 2 * DAY  # the clock is put right
        made.alert()
        made.alert(DAY)
        assert len(box.taken) == 3


# Faults


@pytest.mark.parametrize(("fault", "said"), [("refuse", "550 no such mailbox"), ("greylist", "450 try again later"),
                                              ("close", "closed"), ("hang", "took longer than 1 s")])  # fmt: skip
def test_a_fault_of_the_server_is_a_queued_retry(fault: str, said: str, tmp_path: Path, box: Mailbox) -> None:
    made = wire(tmp_path, box.port, search(), timeout=timedelta(seconds=1))
    with made.store:
        made.poll(entry(1, "Le pont rouvre"))
        box.fault = fault
        made.alert()
        assert box.faults == [fault]  # it happened
        ((waiting, failures, error),) = [
            (tell["waiting"], tell["failures"], tell["error"])
            for row in made.store.searches(made.now) for tell in row["tells"]
        ]  # fmt: skip
        assert (waiting, failures) == (1, 1)
        assert said in error
        assert "\x1b" not in error
        token = made.rows("SELECT token FROM alert_messages")
        made.alert(timedelta(seconds=10))
        assert box.faults == [fault]  # it is not asked again at once
        box.fault = ""
        made.alert(timedelta(minutes=2))
        assert len(box.taken) == 1
        assert box.taken[0]["Message-ID"] == f"<{token[0][0]}.ponts@wire.example>"
        assert made.rows("SELECT count(*) FROM alert_messages") == [(0,)]


@pytest.mark.parametrize("fault", ["refuse", "greylist"])
def test_a_recipient_who_is_refused_holds_up_no_other(fault: str, desk: AlertWire, box: Mailbox) -> None:
    """Each gets an e-mail of his own: what the server says of one is nothing to the others."""
    desk.search(search("ponts", "pont", DESK, OTHER))
    box.fault, box.of = fault, str(OTHER.email)
    desk.poll(entry(1, "Le pont rouvre"))
    desk.alert()
    assert [mail["To"] for mail in box.taken] == [DESK.email]
    assert box.faults == [fault]
    desk.act("withdraw", "Le pont rouvre")
    desk.alert(HOUR)
    box.fault = ""
    desk.alert(2 * HOUR)
    # Who got it hears that it was withdrawn; who did not is sent nothing any more.
    assert [(mail["To"], "Withdrawn" in mail["Subject"]) for mail in box.taken] == [
        (DESK.email, False),
        (DESK.email, True),
    ]
    assert desk.rows("SELECT count(*) FROM alert_messages") == [(0,)]


def test_two_programs_at_once_send_each_message_once(desk: AlertWire, box: Mailbox, tmp_path: Path) -> None:
    """Such as a daemon, and a `fetch` from cron beside it."""
    desk.poll(*(entry(number, f"Le pont numéro {number}") for number in range(3)))
    with Store.open(tmp_path / "wire.db") as store:
        other = AlertWire(store, desk.config, desk.now)

        async def both() -> None:
            await asyncio.gather(desk.alerter.look(), other.alerter.look())
            await asyncio.gather(desk.alerter.sending.done(), other.alerter.sending.done())

        asyncio.run(both())
        assert subjects(box) == ["[Search ponts] 3 reports"]
        desk.act("withdraw", "Le pont numéro 1")
        asyncio.run(both())
        assert len(box.taken) == 2
        assert desk.rows("SELECT count(*) FROM alert_messages") == [(0,)]


def test_a_backup_that_is_put_back_takes_back_what_it_knows_to_have_sent(desk: AlertWire, box: Mailbox) -> None:
    """What was sent after the backup was made, nobody knows any more: it is sent again."""
    desk.poll(entry(1, "Le pont rouvre"))
    desk.alert()
    database, backup = desk.store.path, desk.store.path.with_name("backup.db")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(backup)) as copy:
        source.backup(copy)
    desk.poll(entry(2, "Un pont flottant"))
    desk.alert()
    desk.store.close()
    for name in ("-wal", "-shm"):
        database.with_name(database.name + name).unlink(missing_ok=True)
    backup.replace(database)
    with Store.open(database) as store:
        again = AlertWire(store, desk.config, desk.now)
        again.poll(entry(2, "Un pont flottant"))
        again.act("withdraw", "Le pont rouvre")
        again.alert()
        again.alert()
    said = [subject.partition("] ")[2] for subject in subjects(box)]
    assert said[:2] == ["Le pont rouvre (Daily Example)", "Un pont flottant (Daily Example)"]
    assert said[2:] == ["2 reports"]
    assert "*** Withdrawn or held back" in box.parts()[0]


def test_after_three_days_it_is_given_up_said_and_can_be_tried_again(desk: AlertWire, box: Mailbox) -> None:
    desk.poll(entry(1, "Le pont rouvre"))
    box.fault = "greylist"
    ends = desk.now + GIVE_UP_AFTER + HOUR
    while desk.now < ends:
        desk.alert(timedelta(hours=4))
    (tell,) = [tell for row in desk.store.searches(desk.now) for tell in row["tells"]]
    assert (tell["waiting"], tell["given_up"]) == (0, 1)
    assert 15 < len(box.faults) < 25
    desk.poll(entry(2, "Un pont flottant"))
    box.fault = ""
    desk.alert(HOUR)
    assert subjects(box) == ["[Search ponts] Un pont flottant (Daily Example)"]
    assert desk.store.resume_search("ponts", desk.now)
    desk.alert()
    assert subjects(box)[1:] == ["[Search ponts] Le pont rouvre (Daily Example)"]


def test_days_without_a_program_are_no_attempts(desk: AlertWire, box: Mailbox) -> None:
    """Nor are those that a clock leaps over."""
    desk.poll(entry(1, "Le pont rouvre"))
    box.fault = "greylist"
    desk.alert()
    desk.alert(10 * DAY)
    assert box.faults == ["greylist"] * 2
    box.fault = ""
    desk.alert(HOUR)
    assert subjects(box) == ["[Search ponts] Le pont rouvre (Daily Example)"]


def test_a_server_that_is_down_gets_one_message_with_all_when_it_is_up(desk: AlertWire, box: Mailbox) -> None:
    assert desk.config.wire.mail is not None
    down = replace(desk.config, wire=replace(desk.config.wire, mail=replace(desk.config.wire.mail, port=1)))
    up = desk.config
    desk.follow(down)
    for number in range(4):
        desk.poll(entry(number, f"Le pont numéro {number}"))
        desk.alert(HOUR)
    desk.follow(up)
    desk.alert(HOUR)
    desk.alert()
    assert subjects(box) == ["[Search ponts] Le pont numéro 0 (Daily Example)", "[Search ponts] 3 reports"]


def test_a_paused_search_tells_of_nothing_new_and_of_corrections_still(desk: AlertWire, box: Mailbox) -> None:
    desk.poll(entry(1, "Le pont rouvre"))
    desk.alert()
    assert desk.store.pause_search("ponts", desk.now)
    desk.poll(entry(2, "Un pont flottant"))
    desk.act("withhold", "Le pont rouvre")
    desk.alert()
    assert len(box.taken) == 2
    assert subjects(box)[1].startswith("[Search ponts] Withdrawn")
    assert desk.store.resume_search("ponts", desk.now)
    desk.alert()
    desk.poll(entry(3, "Le pont ferme"))
    desk.alert()
    assert subjects(box)[2:] == ["[Search ponts] Le pont ferme (Daily Example)"]
    assert not desk.store.pause_search("nobody", desk.now)


def test_a_password_that_is_not_set_or_is_refused_is_said_without_it(
    tmp_path: Path, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = wire(tmp_path, box.port, search(), user="wire", password=Template("${WIRE_MAIL}"))
    with made.store:
        made.poll(entry(1, "Le pont rouvre"))
        made.alert()
        assert "no variable WIRE_MAIL" in made.rows("SELECT error FROM alert_messages")[0][0]
        monkeypatch.setenv("WIRE_MAIL", "s3cret-of-the-wire")
        made.alert(HOUR)
        error = made.rows("SELECT error FROM alert_messages")[0][0]
        assert "127.0.0.1" in error
        assert "s3cret" not in error
        assert box.taken == []


HEADLINES = [
    "Le pont\r\nBcc: all@example.org",
    "Le pont \u2028 X",
    "Pont \x1b[31m rouge",
    "=?utf-8?q?pont?= pont",
    "pont " * 400,
]


@pytest.mark.parametrize("headline", HEADLINES, ids=range(len(HEADLINES)))
def test_no_headline_becomes_a_header(headline: str, desk: AlertWire, box: Mailbox) -> None:
    desk.poll(entry(1, headline))
    desk.alert()
    (mail,) = box.taken
    assert set(mail.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "List-Id", "List-Unsubscribe", "MIME-Version",
        "Content-Type", "X-Peer", "X-MailFrom", "X-RcptTo",
    } - {"X-Peer", "X-MailFrom", "X-RcptTo"}  # fmt: skip
    plain, html = box.parts()
    assert "\x1b" not in mail["Subject"] + plain + html
    assert len(mail["Subject"]) < 200
    assert mail["Date"].startswith("Sun, 22 Nov 2026 10:00:00")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] == "<mailto:desk@wire.example?subject=unsubscribe%20ponts>"
    assert mail["List-Unsubscribe-Post"] is None  # nothing of ours would take such a request


@pytest.mark.parametrize(
    ("written", "email"),
    [
        ("desk@bücher.example", "desk@xn--bcher-kva.example"),
        ("büro@example.org", "büro@example.org"),
        ("desk@الصحيفة.example", "desk@xn--mgbel5a2dp8b.example"),
    ],
)
def test_an_address_outside_ascii_gets_its_mail(written: str, email: str, tmp_path: Path, box: Mailbox) -> None:
    made = wire(
        tmp_path, box.port, search("ponts", "pont", Tell(email=written)), sender=f"wire@{written.split('@')[1]}"
    )
    with made.store:
        made.poll(entry(1, "Le pont rouvre"))
        made.alert()
    assert [(mail["To"], mail["From"].split("@")[1]) for mail in box.taken] == [(email, email.split("@")[1])]


def test_reports_that_are_too_long_for_an_email_are_named_in_it(desk: AlertWire, box: Mailbox) -> None:
    """Servers take no e-mail of any length: such a one would be refused again and again, with all that is in it."""
    long = "<é'&>" * 70_000
    desk.poll(
        entry(1, "Le pont long", long), entry(2, "Un pont court", "Il est court."), entry(3, "Un autre pont", long)
    )
    desk.alert()
    plain, html = box.parts()
    for said in (plain, html):
        assert said.count("This report is too long for an e-mail.") == 2
        assert "Il est court." in said
        assert said.count("http://daily.example/") >= 3
    assert desk.rows("SELECT count(*) FROM alert_messages") == [(0,)]


# Commands


TELL = (
    "import pathlib, sys; pathlib.Path('told.json').write_bytes(sys.stdin.buffer.read()); print('x' * 9999);"
    " sys.exit({})"
)


def test_a_command_gets_the_alert_as_json(tmp_path: Path, box: Mailbox) -> None:
    made = wire(tmp_path, box.port, search("ponts", "pont", Tell(command=(sys.executable, "-c", TELL.format(0)))))
    with made.store:
        made.poll(entry(1, "Le pont rouvre"))
        made.alert()
        said = json.loads((tmp_path / "told.json").read_text())
        assert (said["search"], said["words"], said["wire"]) == ("ponts", "pont", "Test Wire")
        (report,) = said["reports"]
        assert report["kind"] == "new"
        assert report["report"]["title"] == "Le pont rouvre"
        assert report["report"]["credit"] == "Daily Example (Bamako)"
        assert made.rows("SELECT channel FROM released_by_day") == [("api",)]


@pytest.mark.parametrize(("command", "said"), [((sys.executable, "-c", TELL.format(3)), "command failed: xxx"),
                                                (("/bin/sh", "-c", "exit 7"), "exit code is 7, and it printed nothing"),
                                                (("/bin/sh", "-c", "kill -9 $$"), "ended by signal 9"),
                                                (("/nowhere/at/all",), "could not be started")])  # fmt: skip
def test_a_command_that_fails_is_run_again(command: tuple[str, ...], said: str, tmp_path: Path) -> None:
    made = wire(tmp_path, 0, search("ponts", "pont", Tell(command=command)))
    with made.store:
        made.poll(entry(1, "Le pont rouvre"))
        made.alert()
        assert said in made.rows("SELECT error FROM alert_messages")[0][0]
        made.alert(timedelta(minutes=2))
        assert made.rows("SELECT attempts FROM alert_messages") == [(2,)]


# Crashes


def _killed_at(number: int, folder: Path, port: int) -> None:
    """A program that looks after alerts, and is killed (SIGKILL) as it begins its call of this number on the store."""
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) in (0, signal.SIGKILL)
        return
    try:
        made, calls = wire(folder, port, search()), [0]
        on_store = made.alerter.on_store

        async def ending(call):  # type: ignore[no-untyped-def]
            calls[0] += 1
            if calls[0] == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return await on_store(call)

        made.alerter.on_store = made.alerter.sending.on_store = ending
        made.alert()
    finally:
        os._exit(0)


@pytest.mark.soak
def test_nothing_owed_is_lost_wherever_the_program_is_killed(tmp_path: Path, box: Mailbox) -> None:
    """At each call on the store in turn. A mail that was taken and not recorded is the only one that comes twice, and
    its Message-ID says so.
    """
    doubles = []
    for number in range(1, 12) if SOAK else (1, 4, 7, 9, 10, 11):
        folder = tmp_path / str(number)
        folder.mkdir()
        box.taken.clear()
        with wire(folder, box.port, search()).store as store:
            made = AlertWire(store, wire_config(box.port, search()))
            made.poll(entry(1, "Le pont rouvre"))
        _killed_at(number, folder, box.port)
        again = wire(folder, box.port, search())
        with again.store:
            again.alert(timedelta(minutes=2))
            again.alert(timedelta(minutes=2))
            assert again.rows("SELECT count(*) FROM told") == [(1,)], number
            assert again.rows("SELECT count(*) FROM alert_messages") == [(0,)]
        assert 1 <= len(box.taken) <= 2, number
        if len(box.taken) == 2:
            doubles.append(number)
            assert box.taken[0]["Message-ID"] == box.taken[1]["Message-ID"]
    assert len(doubles) == 1  # measured: between the server's answer and the record of it


# A database that cannot be written


def test_a_locked_database_sends_nothing_twice_and_loses_nothing(tmp_path: Path, box: Mailbox) -> None:
    """It is locked before anything is sent, and then in the moment in which a mail was taken."""
    made = wire(tmp_path, box.port, search())
    made.store.close()
    with Store.open(tmp_path / "wire.db", busy_seconds=0.05) as store:
        made = AlertWire(store, made.config, made.now)
        made.poll(entry(1, "Le pont rouvre"))
        other = sqlite3.connect(tmp_path / "wire.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError):
            made.alert()
        assert box.taken == []
        other.execute("ROLLBACK")
        on_store, locked = made.alerter.on_store, []

        async def locking(call):  # type: ignore[no-untyped-def]
            if box.taken and not locked:
                locked.append(other.execute("BEGIN IMMEDIATE"))
            return await on_store(call)

        made.alerter.on_store = made.alerter.sending.on_store = locking
        made.alert()
        assert len(box.taken) == 1
        assert locked
        other.execute("ROLLBACK")
        assert made.rows("SELECT count(*) FROM told") == [(0,)]
        made.alert(timedelta(hours=5))  # the same program: it knows that the mail was taken
        assert len(box.taken) == 1
        assert made.rows("SELECT count(*) FROM told") == [(1,)]
        assert made.rows("SELECT count(*) FROM alert_messages") == [(0,)]
        other.close()


def test_a_full_disk_sends_nothing_until_there_is_room(tmp_path: Path, box: Mailbox) -> None:
    """In a program of its own, which may write no file any further."""
    with wire(tmp_path, box.port, search()).store as store:
        AlertWire(store, wire_config(box.port, search())).poll(entry(1, "Le pont rouvre"))
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 7  # the fault happened
    else:
        code = 1
        try:
            made = wire(tmp_path, box.port, search())
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
            made.alert()
            code = 3
        except StoreError:
            code = 7
        finally:
            os._exit(code)
    assert box.taken == []
    again = wire(tmp_path, box.port, search())
    with again.store:
        again.alert()
        assert len(box.taken) == 1
