"""What people write to the desk is for the desk alone, and for as long as it needs it."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from aggregator.config.loading import load as load_config
from aggregator.desk.acts import restore
from aggregator.desk.complaints import carry_out, complain, erase, file, listed, matters, proposal, resolve
from aggregator.desk.housekeeping import housekeeping, maintain
from aggregator.model import Cause, Complaint, ComplaintKind, Publisher, Selection, Text
from aggregator.model.complaints import Filing
from aggregator.model.errors import ConfigError, DeskError
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from aggregator.text import reference
from tests import ROOT
from tests.cli.test_cli import make_config
from tests.conftest import NOW, file_of, make_entry, record, tables_of
from tests.desk.test_desk import command
from tests.rows import every_row

pytestmark = pytest.mark.stores("soak")

DAY = timedelta(days=1)
KEEP = timedelta(days=365)
CAUSE = Cause(actor="person:ama", reason="a court order", reference="Case 7/26")
WRITTEN = (
    "Njia ya Mkuyuni 4",
    "rue de la Paix, Bamako",
    "شارع السلام",
    "Asha Mushi",
    "asha@m.example",
    "alipigiwa simu",
)
PRIVATE = Complaint(
    kind="court_order", text=f"{WRITTEN[0]}\n{WRITTEN[1]} {WRITTEN[2]}", complainant=f"{WRITTEN[3]} {WRITTEN[4]}"
)
OF_WIRE = Complaint(kind="about_the_wire", text=WRITTEN[0], complainant=WRITTEN[3])
RESOLUTION = WRITTEN[5]


@pytest.fixture
def report(store: Store, publisher: Publisher) -> str:
    record(store, publisher, make_entry(1), make_entry(2))
    record(store, publisher, make_entry(1, title=Text("Okapi on the bridge", "text/plain")), make_entry(2))
    return next(one.id for one in store.latest(Selection()) if one.title == "Okapi on the bridge")


@pytest.fixture
def resolved(store: Store, report: str) -> str:
    """A report out of the wire for complaint 1, which is resolved a day later; 2 is about the wire, and open."""
    assert complain(store, report, PRIVATE, CAUSE, NOW)[0] == 1
    assert store.complaint_about_wire(OF_WIRE, NOW) == 2
    resolve(store, 1, RESOLUTION, NOW + DAY)
    return report


def keep_house(store: Store, now: datetime) -> None:
    """Twice: a clock that is far ahead of the last poll is believed at the second look."""
    maintain(store, now - timedelta(minutes=10), None, KEEP)
    maintain(store, now, None, KEEP)


def held(store: Store) -> set[str]:
    """Which of the written words stand in a table."""
    with file_of(store) as connection:
        dumped = str([connection.execute(f'SELECT * FROM "{each}"').fetchall() for each in tables_of(store)])  # noqa: S608
    return {words for words in WRITTEN if words in dumped}


# Who sees it


@pytest.mark.stores("sqlite")
def test_no_view_has_a_word_of_it(store: Store, resolved: str) -> None:
    """Every column of every view; and in docs/datasette.yaml nothing else is shown than views."""
    assert held(store) == set(WRITTEN)
    with file_of(store) as connection:
        views = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'view'").fetchall())
        assert views.keys() >= {"wire", "wire_at", "notices", "health"}
        found = 0
        for name, sql in views.items():
            assert not re.search(r"\b(complaints|complainant|resolution|complaint_id)\b", sql), name
            rows = connection.execute(f'SELECT * FROM "{name}"').fetchall()  # noqa: S608
            found += len(rows)
            assert not [words for words in WRITTEN if words in str(rows)], name
        assert found > 3
        text = (ROOT / "docs" / "datasette.yaml").read_text()
        tables = text.partition("    tables:\n")[2].partition("    queries:\n")[0]
        shown = {
            name for name, rest in re.findall(r"^      (\w+):(.*)", tables, re.MULTILINE) if "allow: false" not in rest
        }
        assert shown <= views.keys()
        assert not re.search(r"\b(FROM|JOIN) (complaints|acts)\b", text)


def test_readers_see_the_public_reason_alone(store: Store, resolved: str) -> None:
    for words in (
        ("show", resolved), ("latest", "--json"), ("changes", "--json"), ("search", "okapi"),
        ("show", resolved, "--json"), ("health", "--all"), ("merges", "--all"), ("query", "SELECT * FROM notices"),
    ):  # fmt: skip
        said = command(store, *words)
        assert not [each for each in WRITTEN if each in said or json.dumps(each)[1:-1] in said], words
    assert "Case 7/26" in command(store, "show", resolved)
    desk = command(store, "show", resolved, "--desk")
    assert all(each in desk for each in WRITTEN)


# For how long


def test_words_go_a_year_after_the_resolution_and_the_act_stays(store: Store, resolved: str) -> None:
    page, acts = command(store, "show", resolved), store.acts(resolved)
    keep_house(store, NOW + DAY + KEEP - timedelta(hours=1))
    assert held(store) == set(WRITTEN)
    keep_house(store, NOW + DAY + KEEP + timedelta(minutes=5))
    assert held(store) == {WRITTEN[0], WRITTEN[3]}  # of the complaint that is open
    gone, still_open = store.complaints(resolved_too=True)
    assert [gone[name] for name in ("text", "complainant", "resolution")] == [None] * 3
    assert (gone["number"], gone["id"], gone["complaint_kind"], gone["acts"]) == (
        1,
        resolved,
        "court_order",
        "withhold",
    )
    assert gone["resolved_at"]
    assert gone["erased_at"]
    assert (still_open["text"], still_open["erased_at"]) == (OF_WIRE.text, None)
    assert store.acts(resolved) == acts
    assert command(store, "show", resolved) == page
    listed = command(store, "complaint", "list", "--all")
    assert re.search(r"what was written was erased 20\d\d-\d\d-\d\d \d\d:\d\d UTC", listed)
    assert "None" not in listed
    assert "erased 20" in command(store, "show", resolved, "--desk")
    before = store.complaints(resolved_too=True)
    keep_house(store, NOW + 3 * KEEP)
    assert store.complaints(resolved_too=True)[0] == before[0]  # once


@pytest.mark.stores("sqlite")
def test_the_file_holds_none_of_it_afterwards(store: Store, resolved: str) -> None:
    store.empty_log()
    assert all(words.encode() in store.path.read_bytes() for words in WRITTEN)
    keep_house(store, NOW + DAY + KEEP + DAY)
    erase(store, 2, NOW + 2 * DAY)
    for path in store.path.parent.glob(f"{store.path.name}*"):
        content = path.read_bytes()
        assert not [words for words in WRITTEN if words.encode() in content], path


def test_nothing_goes_where_no_configuration_says_for_how_long(store: Store, resolved: str) -> None:
    maintain(store, NOW + 10 * KEEP)
    for _ in housekeeping(store, NOW + 10 * KEEP, KEEP):
        pass
    assert held(store) == set(WRITTEN)


@pytest.mark.parametrize(("said", "days"), [("", 365), ("\n[complaints]\nkeep_days = 30\n", 30)])
def test_wire_toml_says_for_how_long(store: Store, resolved: str, tmp_path: Path, said: str, days: int) -> None:
    folder = make_config(tmp_path / "config")
    wire = folder / "wire.toml"
    wire.write_text(wire.read_text() + said)

    async def maintained(now: datetime) -> None:
        async with Pipeline(load_config(folder), store, lambda: now) as pipeline:
            await pipeline.maintain()

    for later, expected in ((days, set(WRITTEN)), (days + 2, {WRITTEN[0], WRITTEN[3]})):
        for minutes in (0, 10):  # a clock that is far ahead of the last poll is believed at the second look
            asyncio.run(maintained(NOW + later * DAY + timedelta(minutes=minutes)))
        assert held(store) == expected


@every_row("days", ["0", "-1", "'a year'", "99999999"])
def test_a_wrong_number_of_days_is_a_fault(tmp_path: Path, days: str) -> None:
    folder = make_config(tmp_path / "config")
    wire = folder / "wire.toml"
    wire.write_text(wire.read_text() + f"\n[complaints]\nkeep_days = {days}\n")
    with pytest.raises(ConfigError, match=r"complaints\.keep_days"):
        load_config(folder)


# Erasing one


def test_a_complaint_is_erased_at_once_after_a_question(store: Store, resolved: str) -> None:
    page = command(store, "show", resolved)
    command(store, "complaint", "erase", "1", code=130, typed="n\n")
    assert held(store) == set(WRITTEN)
    said = command(store, "complaint", "erase", "1", typed="y\n")
    assert "Complaint 1: its words are erased; backups that were made before still hold them" in said
    assert held(store) == {WRITTEN[0], WRITTEN[3]}
    said = command(store, "complaint", "erase", "2", "--yes")
    assert "complaint resolve 2" in said  # it is open still
    assert held(store) == set()
    assert "2. about_the_wire, the wire" in command(store, "complaint", "list")
    command(store, "complaint", "resolve", "2", "--resolution", "answered")
    assert command(store, "show", resolved) == page
    assert "none with this number" in command(store, "complaint", "erase", "3", "--yes", code=1)
    with pytest.raises(DeskError, match="none with this number"):
        erase(store, 3, NOW)


# About the wire, and comments


@pytest.mark.parametrize("kind", ["about_the_wire", "comment"])
def test_a_complaint_may_be_about_the_wire_as_a_whole(store: Store, report: str, kind: str) -> None:
    said = command(store, "complaint", "add", "--kind", kind, "--text", "Trop de bruit", "--from", "a@b.example")
    assert said.splitlines() == [
        f"Complaint 1, {kind}, about the wire",
        "When it is settled: aggregator complaint resolve 1 --resolution TEXT",
    ]
    (row,) = json.loads(command(store, "complaint", "list", "--json"))
    assert (row["id"], row["publisher_name"], row["complaint_kind"], row["acts"]) == (None, None, kind, None)
    assert f"1. {kind}, the wire\n" in command(store, "complaint", "list")
    command(store, "complaint", "resolve", "1", "--resolution", "answered")
    assert command(store, "complaint", "list") == ""


def test_a_comment_does_nothing_to_its_report(store: Store, report: str) -> None:
    page, lines = command(store, "show", report), store.changes()
    said = command(store, "complaint", "add", report, "--kind", "comment", "--text", "Bien dit")
    assert "To pass it on, write to Daily Example, which answers for it:" in said
    assert (command(store, "show", report), store.changes(), store.acts(report)) == (page, lines, [])
    assert "Bien dit" in command(store, "show", report, "--desk")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--kind", "privacy"), "--kind privacy needs the ID of a report"),
        (("--kind", "factual"), "--kind factual needs the ID of a report"),
        (("REPORT", "--kind", "about_the_wire"), "--kind about_the_wire takes no ID"),
        (("--kind", "noise"), "'about_the_wire'"),
    ],
)
def test_a_kind_says_whether_it_is_of_a_report(store: Store, report: str, words: tuple[str, ...], said: str) -> None:
    given = [report if each == "REPORT" else each for each in words]
    assert said in command(store, "complaint", "add", *given, "--text", "x", code=2)
    assert store.complaints(resolved_too=True) == []


# By the form


def filed(store: Store, number: int, report: str | None, kind: ComplaintKind, text: str = "x" * 10) -> int:
    code = reference.written(number.to_bytes(reference.BYTES, "big"))
    filing = Filing(complaint=Complaint(kind=kind, text=text), report=report, reference_hash=reference.digest(code))
    return file(store, filing, NOW)


def test_what_comes_by_the_form_waits_for_a_person_who_carries_it_out(store: Store, report: str) -> None:
    page, lines = command(store, "show", report), store.changes()
    number = filed(store, 1, report, "court_order", "Kesi 7/26\n\x1b[31mImefungwa")
    assert (command(store, "show", report), store.changes(), store.acts(report)) == (page, lines, [])
    assert f"asks to withhold: aggregator complaint carry-out {number}" in command(store, "complaint", "list")
    said = command(store, "complaint", "carry-out", str(number), "--ref", "Case 7/26", "--actor", "ama")
    assert said.startswith(f"{report}: withheld. Its notice:")
    assert "Kesi" not in said
    (act,) = store.acts(report)
    assert (act["act"], act["actor"], act["reason"], act["reference"], act["complaint_id"]) == (
        "withhold", "person:ama", "a court order", "Case 7/26", number,
    )  # fmt: skip
    (row,) = listed(store)
    assert (row["acts"], row["proposed"], row["resolved_at"]) == ("withhold", None, None)
    assert "nothing was changed" in command(store, "complaint", "carry-out", str(number), code=1)
    command(store, "complaint", "resolve", str(number), "--resolution", "internal", "--answer", "Imefichwa.")
    followed = store.followed_complaint(reference.digest(reference.written(number.to_bytes(reference.BYTES, "big"))))
    assert followed is not None
    assert followed.answer == "Imefichwa."
    assert "it was resolved on" in command(store, "complaint", "carry-out", str(number), code=1)


@every_row(
    ("kind", "act", "notice"),
    [
        ("factual", None, None), ("own_content", None, None), ("comment", None, None),
        ("copyright", "withhold", "withheld"), ("licence", "withhold", "withheld"),
        ("court_order", "withhold", "legal"), ("statute", "withhold", "legal"),
        ("privacy", "withhold", "withheld"), ("safety", "withhold", "withheld"),
        ("publisher_request", "withdraw", "withdrawn"),
    ],
)  # fmt: skip
def test_what_a_kind_asks_for_is_done_when_it_is_carried_out(
    kind: ComplaintKind, act: str | None, notice: str | None, store: Store, report: str
) -> None:
    """As the command does it at once (WIRE.md, section 3)."""
    number = filed(store, 1 + list(get_args(ComplaintKind)).index(kind), report, kind)
    state = store.report_state(report)
    assert state is not None
    asked = proposal(kind, state)
    assert (asked and asked.act, asked and asked.notice) == (act, notice)
    if act is None:
        with pytest.raises(DeskError, match="does nothing to a report"):
            carry_out(store, number, CAUSE, NOW)
    else:
        assert carry_out(store, number, CAUSE, NOW) == act
        after = store.report_state(report)
        assert after is not None
        assert after.notice == notice
        restore(store, report, CAUSE, NOW)


def test_many_complaints_about_one_report_are_one_matter(store: Store, report: str) -> None:
    other = next(one.id for one in store.latest(Selection()) if one.id != report)
    for number in range(1, 8):
        filed(store, number, report, "safety" if number < 3 else "privacy")
    filed(store, 8, other, "factual")
    filed(store, 9, None, "about_the_wire")
    complain(store, report, PRIVATE, CAUSE, NOW + DAY)  # and one that the desk recorded
    found = matters(store)
    assert [(each.report, each.count, dict(each.kinds), each.first, each.untold) for each in found] == [
        (report, 8, {"privacy": 5, "safety": 2, "court_order": 1}, 1, 7),
        (None, 1, {"about_the_wire": 1}, 9, 1),
        (other, 1, {"factual": 1}, 8, 1),
    ]
    assert (found[0].oldest, found[0].newest) == (NOW, NOW + DAY)
    said = command(store, "complaint", "matters")
    assert "8 complaints: privacy 5, safety 2, court_order 1; the first is 1" in said
    assert json.loads(command(store, "complaint", "matters", "--json"))[0]["complaints"] == 8
    for row in store.complaints():
        resolve(store, row["number"], "settled", NOW + DAY)
    assert matters(store) == []


def test_one_reference_is_one_complaint(store: Store, report: str) -> None:
    assert [filed(store, 5, report, "factual"), filed(store, 5, report, "factual")] == [1, 1]
    with pytest.raises(DeskError, match="no report with this id"):
        filed(store, 6, "nothing", "factual")


def test_what_a_kind_does_at_once_is_the_operators_choice(store: Store, report: str, tmp_path: Path) -> None:
    other = next(one.id for one in store.latest(Selection()) if one.id != report)
    for number, (about, kind) in enumerate(((report, "safety"), (other, "privacy"), (report, "safety"))):
        code = reference.written(number.to_bytes(reference.BYTES, "big"))
        said: ComplaintKind = "safety" if kind == "safety" else "privacy"
        filing = Filing(complaint=Complaint(kind=said, text="hatari kubwa"), report=about,
                        reference_hash=reference.digest(code))  # fmt: skip
        file(store, filing, NOW, ("safety",))
    assert [row["acts"] for row in store.complaints()] == ["withhold", None, None]
    assert [each["actor"] for each in store.acts(report)] == ["wire"]
    folder = make_config(tmp_path / "config")
    wire = folder / "wire.toml"
    before = wire.read_text()
    wire.write_text(before + '\n[complaints]\nwithhold_at_once = ["safety", "privacy"]\n')
    assert load_config(folder).wire.complaints.withhold_at_once == ("safety", "privacy")
    for kind in ("copyright", "court_order", "publisher_request", "factual"):
        wire.write_text(before + f'\n[complaints]\nwithhold_at_once = ["{kind}"]\n')
        with pytest.raises(ConfigError, match="withhold_at_once"):
            load_config(folder)


def test_a_reference_is_of_80_bits_and_read_however_it_is_written() -> None:
    assert reference.written(bytes(10)) == "0000-0000-0000-0000"
    assert reference.written(b"\xff" * 10) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
    every = {reference.written((1 << bit).to_bytes(10, "big")) for bit in range(80)}
    assert len(every) == len({reference.digest(each) for each in every}) == 80
    assert not {"I", "L", "O", "U"} & set("".join(every))
    same = {
        reference.digest(each)
        for each in ("10AB-CDEF-GHJK-MNPQ", "10abcdefghjkmnpq", " lOAB CDEF\u2013GHJK_MNPQ\n",
                     "\u0661\u0660AB-CDEF-GHJK-MNPQ", "iOABCDEFGHJKMNPQ")
    }  # fmt: skip
    assert len(same) == 1
