"""`show`: every state that a report can be in, with every form that it can be asked for in; versions and citations."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

from aggregator.desk import acts
from aggregator.desk.complaints import complain, file, resolve
from aggregator.desk.housekeeping import maintain
from aggregator.desk.purging import purge
from aggregator.desk.terms import sync
from aggregator.model import Cause, Complaint, Entry, Link, Notice, Publisher, Removal, Status, Text
from aggregator.model.complaints import Filing, NewLetter
from aggregator.model.release import RefusalReason
from aggregator.output.held import HELD
from aggregator.store import Store
from tests.cli.test_cli import make_config
from tests.conftest import AGREEMENT, NOW, QUOTATION, SOAK, WIRE, file_of, make_entry, make_publisher, record
from tests.hostile import Ran, run
from tests.rows import every_row

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = NOW + 2 * HOUR
FAR = datetime(2099, 1, 1, 6, tzinfo=UTC)  # past the clock of any machine that runs this
UNTIL = "Under embargo until 2099-01-01 06:00 UTC"
CAUSE = Cause(actor="person:ama", reason="an address stands in it", reference="T-17")
FULL = make_publisher("sahel", AGREEMENT, name="Le Sahel")
FEW = make_publisher("mwanza", replace(QUOTATION, excerpt_max_words=4), name="Mwanza Leo", languages=("sw",))
NOTHING = make_publisher("mute", replace(QUOTATION, text_scope="none"), name="Muet")
LENT = make_publisher("lent", replace(AGREEMENT, storage="transient", retention_days=3), name="Prêté")
PUBLISHERS = (FULL, FEW, NOTHING, LENT)

Act = Callable[[Store, str], object]


@dataclass(frozen=True)
class State:
    """How a report gets into it, and what is to be said of it."""

    act: Act | None
    desk: str  # what --desk says
    notice: bool = True  # whether readers are told that it was there
    publisher: Publisher = FULL
    entry: Mapping[str, object] | None = None  # fields of its entry
    is_purged: bool = False
    words_stay: bool = True


def removal(notice: Notice) -> Act:
    act: dict[Notice, str] = {"gone": "suspend", "withdrawn": "withdraw", "withheld": "withhold"}
    return lambda store, report: acts.obey(
        store,
        report,
        Removal(act=act[notice], notice=notice, actor="publisher:page", reason="the page answers 404"),  # type: ignore[arg-type]
        LATER,
    )


def under_embargo(store: Store, report: str) -> None:
    acts.embargo(store, report, FAR, CAUSE, LATER)


def both(first: Act, second: Act) -> Act:
    return lambda store, report: (first(store, report), second(store, report))


def withhold(store: Store, report: str) -> None:
    acts.withhold(store, report, CAUSE, LATER)


EMBARGOED = {"title": Text("Embargo: 2099-01-01T06:00:00Z Okapi on the bridge", "text/plain")}
STATES: Mapping[str, State] = {
    "usable": State(None, "In the wire", notice=False),
    "excerpt": State(None, "In the wire", notice=False, publisher=FEW),
    "rights let nothing out": State(None, "rights let nothing of it out", notice=False, publisher=NOTHING),
    "withheld, rights let nothing out": State(withhold, "rights let nothing of it out", False, NOTHING),
    "withheld": State(withhold, "Withheld since 2026-11-22 12:00 UTC by ama: an address stands in it"),
    "legal": State(
        lambda store, report: acts.withhold(store, report, CAUSE, LATER, legal=True),
        "Withheld in answer to a legal demand since 2026-11-22 12:00 UTC by ama",
    ),
    "gone": State(removal("gone"), "since 2026-11-22 12:00 UTC by its publisher's page: the page answers 404"),
    "withdrawn": State(
        lambda store, report: acts.withdraw(store, report, CAUSE, LATER), "Withdrawn since 2026-11-22 12:00 UTC by ama"
    ),
    "withdrawn by its page": State(removal("withdrawn"), "Withdrawn since 2026-11-22 12:00 UTC by its publisher's"),
    "removed": State(
        lambda store, report: purge(store, [report], CAUSE, LATER),
        "Deleted for good since 2026-11-22 12:00 UTC by ama",
        is_purged=True,
        words_stay=False,
    ),
    "embargo": State(under_embargo, UNTIL, notice=False),
    "embargo of one that was never out": State(None, UNTIL, notice=False, entry=EMBARGOED),
    "embargo and withheld": State(both(under_embargo, withhold), UNTIL, notice=False),
    "withdrawn before it was out": State(removal("withdrawn"), UNTIL, notice=False, entry=EMBARGOED),
    "removed before it was out": State(
        lambda store, report: purge(store, [report], CAUSE, LATER),
        "Deleted for good",
        notice=False,
        entry=EMBARGOED,
        is_purged=True,
        words_stay=False,
    ),
    "let go": State(None, "(its words are no longer stored)", notice=False, publisher=LENT, words_stay=False),
}
FORMS: Mapping[str, tuple[str, ...]] = {
    "": (),
    "json": ("--json",),
    "revisions": ("--revisions",),
    "raw": ("--raw",),
    "cite": ("--cite",),
    "version": (),
    "revisions json": ("--revisions", "--json"),
    "cite json": ("--cite", "--json"),
}


def entry_of(number: int, state: State) -> Entry:
    return make_entry(
        number,
        **{
            "title": Text(f"Okapi {number} on the bridge", "text/plain"),
            "summary": Text(f"<p>Okapi {number} was seen. It was a surprise to all.</p>"),
            "content": (Text(f"<p>Okapi {number} was seen by the ferry.</p><p>It was a surprise to all.</p>"),),
            "links": (Link(f"http://{state.publisher.key}.example/okapi-{number}"),),
            **(state.entry or {}),
        },
    )


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A database with a report of two versions in every state, and their ids."""
    path = tmp_path_factory.mktemp("show") / "wire.db"
    make_config(path.with_name("config"))
    ids = {}
    with Store.open(path) as store:
        sync(store, WIRE, PUBLISHERS, NOW, NOW.date())
        for number, (name, state) in enumerate(STATES.items()):
            entry = entry_of(number, state)
            known = {report for (report,) in store.query("SELECT id FROM articles")[1]}
            record(store, state.publisher, entry)
            edited = replace(entry, content=(Text(f"<p>Okapi {number} was seen again by the ferry.</p>"),))
            record(store, state.publisher, edited, now=NOW + HOUR)
            (ids[name],) = {report for (report,) in store.query("SELECT id FROM articles")[1]} - known
            if state.act:
                state.act(store, ids[name])
        for now in (NOW + 4 * DAY, NOW + 4 * DAY + HOUR):
            maintain(store, now)
    return path, ids


def shown(wire: tuple[Path, dict[str, str]], report: str, *options: str) -> Ran:
    return run("--db", wire[0], "show", report, *options, folder=wire[0].parent)


def test_every_state_is_in_the_table(wire: tuple[Path, dict[str, str]]) -> None:
    with Store.open(wire[0]) as store:
        _, rows = store.query("SELECT status, notice, embargoed_until IS NOT NULL FROM articles")
        found = list(rows)
    assert {status for status, _, _ in found} == set(get_args(Status))
    assert {notice for _, notice, _ in found} - {None} == set(get_args(Notice)) == set(HELD)
    assert {is_embargo for _, _, is_embargo in found} == {0, 1}


# In `make test` every state as a page, and in a third of the other forms.
ASKED = [(name, form) for name in STATES for form in FORMS]
TRIED = [each for number, each in enumerate(ASKED) if SOAK or not each[1] or number % 3 == 0]


@pytest.mark.soak
@every_row(("name", "form"), TRIED)
def test_what_is_held_is_for_the_desk_alone(wire: tuple[Path, dict[str, str]], name: str, form: str) -> None:
    state, report = STATES[name], wire[1][name]
    asked = f"{report}@1" if form == "version" else report
    plain = shown(wire, asked, *FORMS[form])
    if state.act is None and state.publisher in (FULL, FEW, LENT) and not state.entry:
        assert plain.code == 0
        assert "Okapi" in plain.out
        return
    said = plain.out + plain.err
    for word in ("Okapi", "ferry", "surprise", "2099"):
        assert word not in said.replace(state.publisher.name, "") or (name == "gone" and word == "Okapi")
    if not state.notice:
        unknown = shown(wire, "zzzzzzzzzzzzzzzz" + "@1" * (form == "version"), *FORMS[form])
        assert (plain.code, plain.out) == (1, "")
        assert plain.err == unknown.err.replace("zzzzzzzzzzzzzzzz", report)
    elif form in ("", "json", "version"):
        assert plain.code == 0
        assert state.publisher.name in plain.out
    else:
        assert (plain.code, plain.out) == (1, "")
        assert "--desk" in plain.err


@every_row("name", STATES)
def test_what_may_leave_and_of_a_held_report_for_the_desk_alone(wire: tuple[Path, dict[str, str]], name: str) -> None:
    state, report = STATES[name], wire[1][name]
    plain, raw = shown(wire, report, "--rights"), shown(wire, report, "--raw")
    assert (plain.code, plain.err) == (raw.code, raw.err)  # it refuses as the other forms do
    ran = shown(wire, report, "--rights", "--desk")
    said = json.loads(shown(wire, report, "--rights", "--desk", "--json").out)
    assert (ran.code, len(said)) == (0, 0 if state.is_purged else 4 * 4)
    if state.is_purged:
        assert "it was deleted" in ran.out
    elif state.act is None:
        scope = {"sahel": "full_text", "mwanza": "excerpt", "mute": "none", "lent": "headline_only"}
        assert state.entry or said[0]["leaves"] == scope[state.publisher.key]
        assert not plain.out or plain.out == ran.out
    else:
        assert {each["leaves"] for each in said} == {"none"}
        assert {each["reason"] for each in said} <= {*get_args(RefusalReason)}
        assert said[0]["reason"] in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines()[:20])  # the table
    again = shown(wire, f"{report}@1", "--rights", "--desk")
    assert again.code == 2


@pytest.mark.soak
@every_row(("name", "form"), TRIED)
def test_the_desk_sees_what_it_decides_on(wire: tuple[Path, dict[str, str]], name: str, form: str) -> None:
    state, report = STATES[name], wire[1][name]
    asked = f"{report}@1" if form == "version" and not state.is_purged else report
    ran = shown(wire, asked, *FORMS[form], "--desk")
    assert ran.code == 0, ran.err
    if not state.is_purged:
        assert "Okapi" in ran.out
    if form == "":
        assert ran.out.startswith(f"{state.publisher.name} (Bamako)\n")
        assert state.desk in ran.out
        assert ("was seen again by the ferry" in ran.out) is state.words_stay
        if not state.is_purged:
            assert "Version 1: 2026-11-22 10:00 UTC new" in ran.out
            assert "Version 2: 2026-11-22 11:00 UTC revised" in ran.out
    elif form == "json":
        (said,) = json.loads(ran.out)
        assert said["id"] == report
        assert len(said["versions"]) == (1 if state.is_purged else 2)
        assert {"acts", "complaints", "pending", "status", "notice", "embargoed_until"} <= said.keys()
    elif form == "version" and state.words_stay:
        assert "was seen again" not in ran.out
        assert "ferry" in ran.out


def test_acts_complaints_and_what_waits_stand_on_the_page(tmp_path: Path) -> None:
    path = tmp_path / "wire.db"
    with Store.open(path) as store:
        sync(store, WIRE, PUBLISHERS, NOW, NOW.date())
        many = [make_entry(number) for number in range(1, 41)]
        record(store, FULL, *many)
        later = [replace(entry, title=Text("Buy our pills", "text/plain")) for entry in many]
        record(store, FULL, *later, now=NOW + HOUR)
        (report,) = {row["id"] for row in store.pending()[:1]}
        letter = Complaint(kind="privacy", text="My name\nDesk: forged", complainant="Awa <a@example.org>")
        number, _, _ = complain(store, report, letter, CAUSE, LATER)
        acts.restore(store, report, Cause(actor="person:ben", reason="it is public"), LATER + HOUR)
        resolve(store, number, "she agreed", LATER + HOUR)
        complain(store, report, Complaint(kind="factual", text="Not so."), CAUSE, LATER + 2 * HOUR)
    said = run("--db", path, "show", report, "--desk").out
    for line in (
        "In the wire",
        "Desk: 2026-11-22 12:00 UTC withhold, complaint 1, reference T-17, by person:ama: an address stands in it",
        "Desk: 2026-11-22 13:00 UTC restore, by person:ben: it is public",
        "Waiting: same words, from sahel/feed since 2026-11-22 11:00 UTC; `aggregator pending`",
        "  title: Buy our pills",
        "Complaint 1 (privacy, resolved 2026-11-22 13:00 UTC): 2026-11-22 12:00 UTC, Awa <a@example.org>",
        "  My name",
        "  Desk: forged",
        "  Resolution: she agreed",
        "Complaint 2 (factual, open): 2026-11-22 14:00 UTC, anonymous",
        "  Not so.",
    ):
        assert f"\n{line}\n" in said, line
    plain = run("--db", path, "show", report).out
    assert "pills" not in plain
    assert "My name" not in plain
    listed = run("--db", path, "complaint", "list").out
    assert "2026-11-22 14:00 UTC from anonymous: Not so." in listed


# Versions and citations


def test_a_version_is_shown_within_the_rights_of_today(wire: tuple[Path, dict[str, str]]) -> None:
    full, few = wire[1]["usable"], wire[1]["excerpt"]
    assert "seen by the ferry.\n\n  It was a surprise" in shown(wire, f"{full}@1").out
    assert "seen again" in shown(wire, f"{full}@2").out
    assert shown(wire, f"{full}@2").out == shown(wire, full).out
    assert "ferry" not in shown(wire, f"{few}@1").out
    assert json.loads(shown(wire, f"{full}@1", "--raw").out)["content"][0]["value"].startswith("<p>Okapi 0 was seen by")
    beyond = shown(wire, f"{full}@3")
    assert (beyond.code, "there is no version 3; it has 2" in beyond.err) == (1, True)
    assert shown(wire, f"{full}@1", "--revisions").code == 2


@pytest.mark.parametrize("number", [1, 2])
def test_a_citation_names_a_version_that_can_be_found_again(wire: tuple[Path, dict[str, str]], number: int) -> None:
    report = wire[1]["usable"]
    said = shown(wire, f"{report}@{number}", "--cite").out
    found = re.fullmatch(
        r'Le Sahel \(Bamako\), "Okapi 0 on the bridge", 2026-11-21, version (\d) of 2, wire id (\S+), '
        r"http://sahel\.example/okapi-0, SHA-256 ([0-9a-f]{64})\n",
        said,
    )
    assert found
    assert (found[1], found[2]) == (str(number), f"{report}@{number}")
    with Store.open(wire[0]) as store, closing(store), file_of(store) as connection:
        (words,) = connection.execute(
            "SELECT raw_words(raw, dictionary_id) FROM revisions JOIN articles USING (article_id)"
            " WHERE id = ? AND number = ?",
            (report, number),
        ).fetchone()
    assert hashlib.sha256(words.encode()).hexdigest() == found[3]
    assert shown(wire, found[2], "--cite").out == said
    (parts,) = json.loads(shown(wire, f"{report}@{number}", "--cite", "--json").out)
    assert parts["citation"] + "\n" == said
    assert (parts["sha256"], parts["version"], parts["versions"]) == (found[3], number, 2)
    if number == 2:
        assert shown(wire, report, "--cite").out == said


def test_a_report_without_a_date_is_cited_as_received(tmp_path: Path) -> None:
    path = tmp_path / "wire.db"
    with Store.open(path) as store:
        sync(store, WIRE, PUBLISHERS, NOW, NOW.date())
        record(store, FULL, make_entry(1, published=None, title=None, links=()))
        (report,) = [one for (one,) in store.query("SELECT id FROM articles")[1]]
    said = run("--db", path, "show", report, "--cite").out
    assert ", (no headline), received 2026-11-22, version 1 of 1, " in said
    assert ", no address, SHA-256 " in said


def test_complaints_are_listed_with_the_letters_that_wait_for_the_daemon(tmp_path: Path) -> None:
    path = tmp_path / "wire.db"
    with Store.open(path) as store:
        for number in range(2):
            letter = NewLetter(kind="receipt", recipient="a@b.example", subject="S", text="T", token=f"t{number}")
            filing = Filing(
                complaint=Complaint(kind="comment", text="Sawa sawa kabisa"), report=None,
                reference_hash=f"{number:064}", email="a@b.example", receipt=letter,
            )  # fmt: skip
            assert file(store, filing, NOW) == number + 1
            said = ("1 letter waits", "2 letters wait")[number]
            assert f"{said} to be sent by [mail] of wire.toml" in run("--db", str(path), "complaint", "list").err
        for each in store.letters():
            store.note_letter_sent(each.letter_id, NOW)
    assert "letter" not in run("--db", str(path), "complaint", "list").err
