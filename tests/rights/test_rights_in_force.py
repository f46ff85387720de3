"""Rights hold for everything stored: channels, changed rights, agreements that end, and keys that do nothing yet."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any, get_args

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import fields, replace
from sqlite_utils import Database

from aggregator.cli import aggregator
from aggregator.config.advice import warnings
from aggregator.config.shapes.publisher import ContactTable
from aggregator.demo import Press
from aggregator.desk import acts
from aggregator.desk.housekeeping import maintain
from aggregator.desk.outgoing import outlet, releases
from aggregator.desk.purging import chosen, purge
from aggregator.desk.reading import read_as_of
from aggregator.desk.terms import sync
from aggregator.desk.terms import update as update_terms
from aggregator.model import (
    Cause,
    Channel,
    Config,
    Contact,
    Corrections,
    Images,
    ItemClass,
    PageVisit,
    Publisher,
    Recheck,
    Report,
    Rights,
    Selection,
    Source,
    Text,
)
from aggregator.model.errors import Challenge
from aggregator.model.plain import as_dict
from aggregator.model.release import Use
from aggregator.pipeline.pipeline import Pipeline
from aggregator.pipeline.poll import said_of
from aggregator.pipeline.taken_letters import told_at
from aggregator.rights import TAKES_EFFECT, agreement_warnings, ends_at, faults_of_rights
from aggregator.scheduling.rechecks import judge
from aggregator.store import Store
from aggregator.store.sqlite.schema.migrations import migrations
from aggregator.text.query import parse
from tests import ROOT
from tests.cli.test_cli import Desk
from tests.conftest import (
    AGREEMENT,
    NOW,
    QUOTATION,
    WIRE,
    examples,
    file_of,
    keep_house,
    make_entry,
    make_publisher,
    record,
)
from tests.releases import PICTURE
from tests.rows import every_row

PAGE = (ROOT / "docs" / "rights.md").read_text()
ANY = Selection(limit=1_000)
TODAY = NOW.date()
LAST_DAY, END = date(2026, 11, 30), datetime(2026, 12, 1, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
CAUSE = Cause(actor="person:ama", reason="a complaint is being looked into")
WORDS = ("camions", "attendent", "lundi", "mardi")  # of summary and text of every entry, and of no headline
MARK = "not for redistribution"


def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(store.path)
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


def synced(store: Store, *publishers: Publisher, today: date = TODAY) -> None:
    sync(store, WIRE, publishers, NOW, today)


def read_at(store: Store, now: datetime) -> dict[str, Report]:
    """The newest report of each publisher, as a command reads it at a time of a database that nobody writes into."""
    with read_as_of(store.path, now) as reader:
        return {report.publisher: report for report in reversed(reader.latest(ANY))}


Run = Callable[..., str]


@pytest.fixture
def run(store: Store, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on the database, and returns what it prints."""

    def call(*arguments: str) -> str:
        aggregator(["--db", str(store.path), *arguments], standalone_mode=False)
        return capsys.readouterr().out

    return call


# Every key does something, or is named


def test_the_table_of_effects_has_every_key_of_the_schema() -> None:
    inner = {"images": Images, "corrections": Corrections}
    keys = {field.name for field in fields(Rights)} - set(inner)
    keys |= {f"{name}.{field.name}" for name, noun in inner.items() for field in fields(noun)}
    keys |= {f"contact.{field.name}" for field in fields(Contact)}
    assert set(TAKES_EFFECT) == keys
    assert {field.name for field in fields(Contact)} == set(ContactTable.model_fields)


PARTNER = replace(AGREEMENT, copyright_holder="Daily Ltd")
LENT = replace(QUOTATION, storage="transient", retention_days=3)
OPEN = Rights(
    relationship="open_licence",
    basis="open_licence",
    text_scope="full_text",
    credit="{publisher}, {licence} {licence_url}",
    licence="CC-BY-ND-4.0",
    licence_url="https://licence.example/",
    copyright_holder="Daily Trust",
)
# For each key of the rights a publisher's rights, and the same with another value of that key.
VARIED: Mapping[str, tuple[Rights, Rights]] = {
    "relationship": (PARTNER, replace(PARTNER, relationship="press_release")),
    "basis": (PARTNER, replace(PARTNER, basis="quotation")),
    "text_scope": (PARTNER, replace(PARTNER, text_scope="headline_only")),
    "credit": (PARTNER, replace(PARTNER, credit="{publisher}, with thanks")),
    "excerpt_max_words": (QUOTATION, replace(QUOTATION, excerpt_max_words=3)),
    "licence": (OPEN, replace(OPEN, licence="CC-BY-4.0")),
    "licence_url": (OPEN, replace(OPEN, licence_url="https://other.example/")),
    "copyright_holder": (OPEN, replace(OPEN, copyright_holder="Daily Sons")),
    "copyright_notice": (PARTNER, replace(PARTNER, copyright_notice="© all of us")),
    "edits": (OPEN, replace(OPEN, edits="licensed")),
    "translation": (OPEN, replace(OPEN, translation="licensed")),
    "commercial_use": (PARTNER, replace(PARTNER, commercial_use="not_sold_separately")),
    "systematic_republication": (OPEN, replace(OPEN, systematic_republication="no")),
    "images.scope": (OPEN, replace(OPEN, images=Images(scope="same_as_text"))),
    "images.hotlink": (PARTNER, replace(PARTNER, images=Images(scope="agreement", hotlink=True))),
    "storage": (QUOTATION, replace(QUOTATION, storage="metadata_only")),
    "retention_days": (LENT, replace(LENT, retention_days=30)),
    "redistribute": (PARTNER, replace(PARTNER, redistribute=("web",))),
    "ai_use": (PARTNER, replace(PARTNER, ai_use="prohibited")),
    "index": (PARTNER, replace(PARTNER, index="index")),
    "canonical": (PARTNER, replace(PARTNER, canonical="self")),
    "corrections.on_missing": (
        PARTNER,
        replace(PARTNER, corrections=replace(PARTNER.corrections, on_missing="keep")),
    ),
    "corrections.on_gone": (PARTNER, replace(PARTNER, corrections=replace(PARTNER.corrections, on_gone="suspend"))),
    "expires": (PARTNER, replace(PARTNER, expires=LAST_DAY)),
    "terms_checked": (OPEN, replace(OPEN, terms_checked=LAST_DAY)),
    "tracking_pixel": (PARTNER, replace(PARTNER, tracking_pixel="https://daily.example/{id}")),
}
CONTACTS = {f"contact.{field.name}": Contact(**{field.name: "mail@daily.example"}) for field in fields(Contact)}
CONTACTS["contact.tell_taken"] = Contact(tell_taken=True, corrections="mail@daily.example")


def pair(key: str) -> tuple[Publisher, Publisher]:
    if key in CONTACTS:
        return make_publisher(), make_publisher(contact=CONTACTS[key])
    one, other = VARIED[key]
    return make_publisher(rights=one), make_publisher(rights=other)


def what_comes_of(publisher: Publisher, folder: Path) -> Iterator[object]:
    """What a person can see of a publisher's rights: faults and warnings; where it is told what was taken; whom to
    ask when its site refuses us; a report now and ten days later, what is stored of it, and what of it leaves by
    every channel, for people and for each use by machines; its notice; and what becomes of it when its page is
    missing or gone.
    """
    folder.mkdir()
    yield faults_of_rights(publisher.rights), list(warnings({"daily.toml": publisher}))
    yield told_at(publisher)
    yield said_of(Challenge("a page that asks for a browser"), publisher)
    page = Recheck(
        article_id=1, id="x", publisher="daily-example", url="http://daily.example/1", first_seen=NOW, missing_since=NOW
    )
    for status in (404, 410):
        yield judge(page, publisher, PageVisit(http_status=status, url=page.url), NOW + 2 * DAY)
    with Store.open(folder / "wire.db") as store:
        synced(store, publisher)
        record(store, publisher, make_entry(media=(PICTURE,)))
        for now in (NOW, NOW + 10 * DAY):
            keep_house(store, now)
            ids = [report.id for report in store.latest(ANY)]
            for channel in get_args(Channel):
                for use in (None, *get_args(Use)):
                    yield list(releases(store, WIRE, ids, outlet(store, channel, now, use)))
            with read_as_of(store.path, now) as reader:
                yield [as_dict(report) for report in reader.latest(ANY)], reader.changes(), reader.health()
            yield rows(store, "SELECT * FROM bodies")
        (report,) = store.latest(ANY)
        acts.withhold(store, report.id, CAUSE, NOW)
        yield store.notice(report.id)


@every_row("key", TAKES_EFFECT)
def test_every_key_takes_effect(key: str, tmp_path: Path) -> None:
    one, other = pair(key)
    assert one != other
    expected = known(one, tmp_path / "one")
    with closing(what_comes_of(other, tmp_path / "other")) as found:  # up to the first that differs
        assert any(each != what for each, what in zip_longest(found, expected))


_KNOWN: dict[str, list[object]] = {}  # of a few publishers, from which each of the others differs by one key


def known(publisher: Publisher, folder: Path) -> list[object]:
    """`what_comes_of`, once of each publisher."""
    if repr(publisher) not in _KNOWN:
        _KNOWN[repr(publisher)] = list(what_comes_of(publisher, folder))
    return _KNOWN[repr(publisher)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        yield Desk(tmp_path, press)


@pytest.fixture
def at_the_desk(desk: Desk, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command with the configuration of `desk`, and returns what it prints."""

    def call(*arguments: str) -> str:
        aggregator(["--config", str(desk.config), *arguments], standalone_mode=False)
        return capsys.readouterr().out

    return call


# Channels


@pytest.mark.parametrize(
    ("redistribute", "channels"),
    [
        (get_args(Channel), "web feed api email"),
        (("email", "web", "web"), "web email"),
        (("api",), "api"),
        ((), ""),
    ],
)
def test_the_views_have_the_channels(store: Store, redistribute: tuple[Channel, ...], channels: str) -> None:
    publisher, other = make_publisher(rights=replace(AGREEMENT, redistribute=redistribute)), make_publisher("other")
    synced(store, publisher, other)
    record(store, publisher, make_entry(1), make_entry(2))
    record(store, other, make_entry(3))
    first = min(report.id for report in store.latest(Selection(publishers=("daily-example",))))
    acts.withhold(store, first, CAUSE, NOW)
    for view in ("wire", "wire_at", "notices"):
        found = rows(store, f"SELECT DISTINCT channels FROM {view} WHERE publisher = 'daily-example'")  # noqa: S608
        assert found == [(channels,)], view
    assert rows(store, "SELECT channels FROM wire WHERE publisher = 'other'") == [("web feed api email",)]
    assert {report.channels for report in store.latest(Selection(publishers=("daily-example",)))} == {
        tuple(channels.split())
    }


@pytest.fixture
def kept(store: Store, publisher: Publisher) -> str:
    """The id of a report of two versions that nobody may pass on, beside one that everybody may."""
    private = make_publisher("private", replace(AGREEMENT, redistribute=()), name="Lettre Privée", languages=("fr",))
    synced(store, publisher, private)
    record(store, publisher, make_entry(1))
    record(store, private, make_entry(2))
    record(store, private, make_entry(2, title=Text("Okapi sur le pont", "text/plain")), now=NOW + HOUR)
    return next(report.id for report in store.latest(ANY) if report.publisher == "private")


def test_a_report_that_nobody_may_pass_on_is_marked_wherever_it_is_shown(store: Store, kept: str, run: Run) -> None:
    for arguments in (("latest",), ("search", "okapi"), ("show", kept), ("changes",)):
        marked = [block for block in run(*arguments).split("\n\n") if MARK in block]
        assert len(marked) == 1, arguments
        assert "Lettre Privée" in marked[0]
    said = run("latest")
    assert said.count(MARK) == 1
    assert f"  {MARK}\n" in said
    assert run("changes").count(MARK) == 2  # two versions
    assert MARK not in run("latest", "--publisher", "daily-example")


def test_for_machines_the_channels_are_a_list(store: Store, kept: str, run: Run) -> None:
    every = ["web", "feed", "api", "email"]
    for arguments in (("latest", "--json"), ("search", "pont", "--json")):
        listed = {row["publisher"]: row["channels"] for row in json.loads(run(*arguments))}
        assert listed == {"private": [], "daily-example": every}
    assert json.loads(run("show", kept, "--json"))[0]["channels"] == []
    lines = [json.loads(line) for line in run("changes", "--json").splitlines()]
    assert [(line["publisher"], line["channels"]) for line in lines] == [
        ("daily-example", every), ("private", []), ("private", [])
    ]  # fmt: skip
    queried = json.loads(run("query", "--json", "SELECT publisher, channels FROM wire ORDER BY 1"))
    assert [row["channels"] for row in queried] == ["web feed api email", ""]


@pytest.mark.parametrize("option", ["--raw", "--revisions"])
def test_what_came_is_printed_as_it_came_and_the_mark_beside_it(
    store: Store, kept: str, option: str, capfd: pytest.CaptureFixture[str]
) -> None:
    aggregator(["--db", str(store.path), "show", kept, option], standalone_mode=False)
    printed = capfd.readouterr()
    assert f"{kept}: {MARK}" in printed.err
    assert MARK not in printed.out
    open_to_all = next(report.id for report in store.latest(ANY) if report.channels)
    aggregator(["--db", str(store.path), "show", open_to_all, option], standalone_mode=False)
    assert capfd.readouterr().err == ""


def test_a_notice_and_a_merge_are_marked_too(store: Store, kept: str, run: Run) -> None:
    private = make_publisher("private", replace(AGREEMENT, redistribute=()), name="Lettre Privée")
    drifted = make_entry(2, id="a-new-guid", title=Text("Okapi sur le pont", "text/plain"))
    record(store, private, drifted, now=NOW + 2 * HOUR)
    assert run("merges").count(MARK) == 1
    assert json.loads(run("merges", "--json"))[0]["channels"] == []
    acts.withhold(store, kept, CAUSE, NOW + 3 * HOUR)
    assert MARK in run("show", kept)
    assert json.loads(run("merges", "--json"))[0]["channels"] is None


# Changed rights hold at once for everything stored


def test_changed_rights_hold_at_once_for_everything_stored(store: Store) -> None:
    changing, other = make_publisher("changing", kind="ngo"), make_publisher("other", QUOTATION, languages=("sw",))
    sources = tuple(
        Source(publisher="changing", key=of, url=f"http://changing.example/{of}", item_class=of)
        for of in get_args(ItemClass)
        if of != "own_report"
    )
    changing = replace(changing, sources=sources)
    synced(store, changing, other)
    for number, source in enumerate(sources):
        record(store, replace(changing, sources=(source,)), make_entry(number))
    record(store, other, make_entry(50))
    before = read_at(store, NOW)["other"]
    narrowed = replace(
        changing,
        name="The Changed",
        kind="newspaper",
        rights=replace(
            changing.rights,
            text_scope="headline_only",
            credit="{publisher} says",
            copyright_notice=None,
            redistribute=("web",),
        ),
        disclaimers={"third_party": "Ask {publisher}."},
    )
    synced(store, narrowed, other)
    reports = store.latest(Selection(publishers=("changing",)))
    assert len(reports) == len(sources)
    for report in reports:
        assert (report.text, report.summary, report.byline) == (None, None, None)
        assert (report.publisher_name, report.credit, report.channels) == ("The Changed", "The Changed says", ("web",))
        assert report.disclaimer.startswith("Ask The Changed.")
        assert report.copyright_notice is None
        assert "institution" not in report.disclaimer
        assert ("This is opinion" in report.disclaimer) == (report.item_class == "opinion")
    assert rows(store, "SELECT DISTINCT raw FROM wire_at WHERE publisher = 'changing'") == [(None,)]
    assert read_at(store, NOW)["other"] == before
    synced(store, replace(narrowed, rights=replace(narrowed.rights, text_scope="none")), other)
    assert [report.publisher for report in store.latest(ANY)] == ["other"]


def let_out(store: Store) -> str:
    with read_as_of(store.path, NOW) as reader:
        reports = [as_dict(report) for report in reader.latest(ANY)]
        _, at = reader.query("SELECT raw_words(raw, dictionary_id) FROM wire_at")
        return json.dumps([reports, list(at)], ensure_ascii=False)


def held(store: Store) -> str:
    """What is stored of words: of the newest versions in plain text, of all as they came."""
    with file_of(store) as connection:
        bodies = connection.execute("SELECT summary, text, excerpt FROM bodies").fetchall()
        said = connection.execute("SELECT raw_words(raw, dictionary_id) FROM revisions").fetchall()
    return json.dumps([bodies, said], ensure_ascii=False).lower()


def test_words_that_may_not_be_stored_any_more_do_not_leave_and_are_let_go_of_every_version(store: Store) -> None:
    before, other = make_publisher("strict"), make_publisher("other", QUOTATION)
    synced(store, before, other)
    record(store, before, make_entry(0), make_entry(1))
    newer = make_entry(0, content=(Text("<p>BAMAKO — Un okapi traverse la ville.</p>"),))
    record(store, before, newer, make_entry(1), now=NOW + HOUR)
    record(store, other, make_entry(9, summary=Text("Ailleurs."), content=(), title=Text("Ailleurs")))
    elsewhere = read_at(store, NOW)["other"]
    strict = replace(before, rights=replace(before.rights, storage="metadata_only"))
    synced(store, strict, other)
    words = (*WORDS, "okapi", "traverse")
    assert not [word for word in words if word in let_out(store)]
    for report in store.latest(Selection(publishers=("strict",))):
        assert (report.text_scope, report.byline) == ("headline_only", None)
        assert "Opening lines only." not in report.disclaimer
    maintain(store, NOW + HOUR)
    assert not [word for word in words if word in held(store)]
    assert not store.search(parse("camions"), ANY)
    assert not store.search(parse("okapi"), ANY)
    assert len(store.search(parse("pont"), ANY)) == 2
    (report,) = (report for report in store.latest(ANY) if report.title == "Le pont numéro 0 rouvre")
    revisions = store.revisions(report.id)
    assert [row["number"] for row in revisions] == [1, 2]
    assert all("Awa Keïta" in json.dumps(row["words"], ensure_ascii=False) for row in revisions)
    # What its feed says once more is no new version, and brings nothing back.
    again = record(store, strict, newer, make_entry(1), now=NOW + 3 * HOUR)
    assert (again.new, again.revised) == (0, 0)
    assert not [word for word in words if word in held(store)]
    assert read_at(store, NOW)["other"] == elsewhere


def test_words_that_a_program_with_the_old_rights_stores_are_let_go_too(store: Store) -> None:
    before = make_publisher("strict")
    synced(store, replace(before, rights=replace(before.rights, storage="metadata_only")))
    record(store, before, make_entry())  # a daemon that has not read the changed file yet
    assert not [word for word in WORDS if word in let_out(store)]
    maintain(store, NOW)
    assert not [word for word in WORDS if word in held(store)]


def test_letting_go_goes_through_all_of_a_publisher_and_leaves_others_alone(store: Store, publisher: Publisher) -> None:
    many = make_publisher("many")
    synced(store, publisher, many)
    record(store, many, *(make_entry(number) for number in range(250)))  # two batches, and a part of one
    record(store, publisher, make_entry(5_000))
    synced(store, publisher, replace(many, rights=replace(many.rights, storage="metadata_only")))
    maintain(store, NOW)
    with_words = (
        "SELECT a.publisher, count(*) FROM bodies AS b JOIN articles AS a ON a.article_id = b.article_id"
        " WHERE b.text <> ''"
    )
    assert rows(store, with_words) == [("daily-example", 1)]
    assert len(store.search(parse("camions"), ANY)) == 1


def test_a_smaller_bound_holds_at_once_and_excerpts_are_cut_anew(store: Store) -> None:
    wide, other = make_publisher("wide", replace(QUOTATION, excerpt_max_words=12)), make_publisher("other", QUOTATION)
    synced(store, wide, other)
    long = Text("Un pont rouvre. Deux ponts ferment lundi soir. Trois camions attendent encore, dit la mairie du port.")
    run_on = Text("un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze")
    short = Text("Un pont.")
    said = [make_entry(n, summary=text, content=()) for n, text in enumerate((long, run_on, short))]
    record(store, wide, *said)
    record(store, other, make_entry(9, summary=long))
    untouched = read_at(store, NOW)["other"]

    def excerpts() -> list[str | None]:
        found = {report.title: report.text for report in store.latest(Selection(publishers=("wide",)))}
        return [text for _, text in sorted(found.items(), key=lambda item: str(item[0]))]

    first = [
        "Un pont rouvre. Deux ponts ferment lundi soir.",
        "un deux trois quatre cinq six sept huit neuf dix onze douze …",
        "Un pont.",
    ]
    assert excerpts() == first
    synced(store, replace(wide, rights=replace(QUOTATION, excerpt_max_words=4)), other)
    assert excerpts() == [None, None, "Un pont."]  # nothing leaves that is too long
    assert all(report.summary == report.text for report in store.latest(ANY))
    maintain(store, NOW)
    assert excerpts() == ["Un pont rouvre.", "un deux trois quatre …", "Un pont."]
    synced(store, wide, other)
    assert excerpts() == ["Un pont rouvre.", "un deux trois quatre …", "Un pont."]
    maintain(store, NOW)
    assert excerpts() == first
    assert read_at(store, NOW)["other"] == untouched


def test_excerpts_are_cut_in_batches_which_a_crash_does_not_lose(store: Store) -> None:
    many = make_publisher("many", QUOTATION)
    synced(store, many)
    record(store, many, *(make_entry(number) for number in range(700)))
    synced(store, replace(many, rights=replace(QUOTATION, excerpt_max_words=3)))
    assert store.cut_excerpts() == 500
    with Store.open(store.path) as after_a_crash:
        purged = chosen(after_a_crash, [], NOW + DAY)[-1:]
        purge(after_a_crash, purged, CAUSE, NOW + DAY)
        assert [after_a_crash.cut_excerpts() for _ in range(2)] == [199, 0]  # what was purged waits no more
    assert {report.text for report in store.latest(Selection(limit=2_000))} == {"Le pont n° …"}


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.sampled_from("ab .!…»\n\t\u00a0۔é"), max_size=80),
    before=st.integers(1, 12),
    after=st.integers(1, 12),
)
def test_whatever_a_publisher_wrote_no_more_words_leave_than_its_rights_allow(
    tmp_path_factory: pytest.TempPathFactory, text: str, before: int, after: int
) -> None:
    with Store.open(tmp_path_factory.mktemp("bound") / "wire.db") as store:
        publisher = make_publisher(rights=replace(QUOTATION, excerpt_max_words=before))
        synced(store, publisher)
        record(store, publisher, make_entry(summary=Text(text, "text/plain"), content=()))
        (cut,) = store.latest(ANY)
        assert cut.text is not None  # what was cut to the bound in force leaves
        synced(store, replace(publisher, rights=replace(QUOTATION, excerpt_max_words=after)))
        for _ in ("at once", "after housekeeping"):
            (report,) = store.latest(ANY)
            words = (report.text or "").removesuffix(" …").split()
            assert len(words) <= after
            maintain(store, NOW)
        assert report.text is not None


def test_words_that_are_lent_from_now_on_are_let_go_when_their_time_is_over(store: Store) -> None:
    kept = make_publisher("lent")
    synced(store, kept)
    record(store, kept, make_entry())
    synced(store, replace(kept, rights=replace(kept.rights, storage="transient", retention_days=2)))
    maintain(store, NOW + DAY)
    assert store.latest(ANY)[0].text
    maintain(store, NOW + 2 * DAY)
    assert not store.latest(ANY)[0].text


def test_check_says_when_the_database_has_other_files_in_force(desk: Desk, at_the_desk: Run) -> None:
    assert json.loads(at_the_desk("check", "--json"))["in_force"] is None
    at_the_desk("fetch")
    assert json.loads(at_the_desk("check", "--json"))["in_force"] is True
    one = desk.config / "publishers" / "ml" / "one.toml"
    one.write_text(one.read_text().replace("[[source]]", "[rights]\nredistribute = []\n[[source]]"))
    assert "aggregator fetch" in next(line for line in at_the_desk("check").splitlines() if "other files" in line)
    assert at_the_desk("latest").count(MARK) == 2  # which nobody need have stored
    at_the_desk("fetch")
    assert at_the_desk("latest").count(MARK) == 2
    assert "other files" not in at_the_desk("check")


# Agreements end at their moment


ENDING = replace(AGREEMENT, expires=LAST_DAY)


@pytest.fixture
def ending(store: Store) -> Publisher:
    """A publisher whose agreement ends, with a report, beside one without an end and one that ends later."""
    ending = make_publisher("ending", ENDING, languages=("pt",))
    others = (make_publisher("endless"), make_publisher("later", replace(AGREEMENT, expires=LAST_DAY + DAY)))
    synced(store, ending, *others)
    for number, publisher in enumerate((ending, *others)):
        record(store, publisher, make_entry(number))
    return ending


SCOPES = {"ending": "full_text", "endless": "full_text", "later": "full_text"}
OVER = SCOPES | {"ending": "excerpt"}


def scopes(reports: Mapping[str, Report]) -> dict[str, str]:
    return {publisher: report.text_scope for publisher, report in reports.items()}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (NOW, SCOPES),
        (END - SECOND, SCOPES),
        (END, OVER),
        (END + DAY - SECOND, OVER),
        (END + DAY, OVER | {"later": "excerpt"}),
        (END + 400 * DAY, OVER | {"later": "excerpt"}),
    ],
)
def test_whoever_reads_by_a_clock_reads_what_holds_at_that_moment(
    store: Store, ending: Publisher, now: datetime, expected: dict[str, str]
) -> None:
    assert scopes(read_at(store, now)) == expected
    assert scopes(read_at(store, NOW)) == SCOPES  # nothing was written


def test_an_agreement_that_is_over_is_over_for_every_way_of_reading(store: Store, ending: Publisher) -> None:
    with read_as_of(store.path, END) as reader:
        (report,) = reader.latest(Selection(publishers=("ending",)))
        assert "Opening lines only." in report.disclaimer
        assert report.text == "Le pont n° 0 rouvre lundi. Les camions attendent."
        assert "depuis mardi" not in json.dumps([as_dict(report), reader.changes(), reader.health()])
        assert reader.report(report.id) == report
        assert report in reader.search(parse("pont"), ANY)
        for sql in ("SELECT text_scope FROM wire", "SELECT text_scope FROM wire_at", "SELECT text_scope FROM terms"):
            _, found = reader.query(f"{sql} WHERE publisher = 'ending' AND text_scope <> 'excerpt'")
            assert list(found) == []
        _, found = reader.query(
            "SELECT json_extract(rights, '$.text_scope') FROM publishers WHERE publisher = 'ending'"
        )
        assert list(found) == [("excerpt",)]
        _, found = reader.query("SELECT count(raw), count(*) FROM wire_at WHERE publisher = 'ending'")
        assert list(found) == [(0, 1)]
        assert reader.ended_agreements() == [
            {
                "publisher": "ending",
                "name": "Ending",
                "last_day": "2026-11-30",
                "during": "full_text",
                "after": "excerpt",
            }
        ]
        assert {row["agreement_ended"] for row in reader.health() if row["source_name"] == "ending/feed"} == {
            "2026-11-30"
        }


def test_a_daemon_s_tick_sets_the_end_before_the_moment_and_not_long_before(store: Store, ending: Publisher) -> None:
    config = Config(wire=WIRE, publishers=(ending,))

    async def tick(now: datetime) -> None:
        async with Pipeline(config, store, lambda: now) as pipeline:
            await pipeline.due(now)

    asyncio.run(tick(END - timedelta(minutes=1)))
    assert scopes(read_at(store, NOW)) == SCOPES
    asyncio.run(tick(END - timedelta(seconds=5)))
    assert scopes({report.publisher: report for report in store.latest(ANY)}) == OVER
    assert rows(store, "SELECT publisher, ended FROM agreements ORDER BY 1") == [("ending", 1), ("later", 0)]


def test_without_a_daemon_housekeeping_sets_the_end(store: Store, ending: Publisher) -> None:
    maintain(store, END + 3 * HOUR)
    assert dict(rows(store, "SELECT publisher, text_scope FROM wire")) == OVER
    assert rows(store, "SELECT agreement_ended FROM health WHERE source_name = 'ending/feed'") == [("2026-11-30",)]


@pytest.mark.parametrize("today", [LAST_DAY, LAST_DAY + DAY])
def test_what_the_end_makes_is_what_the_configuration_says_of_that_day(
    store: Store, tmp_path: Path, ending: Publisher, today: date
) -> None:
    update_terms(store, datetime(today.year, today.month, today.day, 12, tzinfo=UTC))
    with Store.open(tmp_path / "anew.db") as anew:
        synced(anew, ending, today=today)
        for sql in ("SELECT * FROM terms WHERE publisher = 'ending' ORDER BY class",
                    "SELECT rights FROM publishers WHERE publisher = 'ending'"):  # fmt: skip
            assert rows(store, sql) == rows(anew, sql)


def test_a_clock_that_ran_ahead_ends_nothing_for_good(store: Store, ending: Publisher) -> None:
    assert update_terms(store, END + 365 * DAY) == ["ending", "later"]
    assert update_terms(store, NOW) == ["ending", "later"]
    assert scopes(read_at(store, NOW)) == SCOPES
    assert update_terms(store, NOW) == []


def test_an_agreement_ends_though_its_publisher_is_configured_no_more(store: Store, ending: Publisher) -> None:
    synced(store)
    maintain(store, END)
    assert dict(rows(store, "SELECT publisher, text_scope FROM wire"))["ending"] == "excerpt"
    assert store.ended_agreements() == []  # nobody can renew what is configured no more


@pytest.mark.parametrize("expires", [None, date(2027, 6, 30), date.max])
def test_an_agreement_that_is_renewed_is_in_force_again(store: Store, ending: Publisher, expires: date | None) -> None:
    maintain(store, END)
    synced(store, replace(ending, rights=replace(ENDING, expires=expires)), today=END.date())
    assert read_at(store, END)["ending"].text_scope == "full_text"
    assert store.ended_agreements() == []


def test_a_last_day_that_no_day_follows_never_comes() -> None:
    assert ends_at(replace(AGREEMENT, expires=date.max)) is None
    assert ends_at(replace(AGREEMENT, expires=LAST_DAY)) == END
    assert (
        list(agreement_warnings({"x.toml": make_publisher(rights=replace(AGREEMENT, expires=date.max))}, date.max))
        == []
    )


SCOPE_OF_DAY = st.sampled_from(["none", "headline_only", "excerpt", "full_text"])


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_at_any_moment_no_more_leaves_than_the_rights_of_that_day_allow_and_always_with_its_credit(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Credited: whatever the rights and the order of syncs, ticks and readings."""
    keys = ("one", "two")
    moments = st.integers(0, 12 * 86_400).map(lambda seconds: NOW + timedelta(seconds=seconds))
    expiries = st.none() | st.dates(date(2026, 11, 26), date(2026, 12, 3))
    chosen = {
        key: make_publisher(
            key,
            replace(
                AGREEMENT,
                text_scope=data.draw(SCOPE_OF_DAY),
                expires=data.draw(expiries),
                storage=data.draw(st.sampled_from(["keep", "metadata_only"])),
                redistribute=data.draw(st.lists(st.sampled_from(get_args(Channel)), max_size=2).map(tuple)),
            ),
        )
        for key in keys
    }
    with Store.open(tmp_path_factory.mktemp("credited") / "wire.db") as store:
        synced(store, *(make_publisher(key) for key in keys))
        for number, key in enumerate(keys):
            record(store, make_publisher(key), make_entry(number))
        synced(store, *chosen.values(), today=date(2026, 11, 22))
        for now in sorted(data.draw(st.lists(moments, min_size=1, max_size=4))):
            if data.draw(st.booleans()):
                maintain(store, now)
            reports = read_at(store, now)
            for key, publisher in chosen.items():
                rights = publisher.rights
                over = rights.expires is not None and now.date() > rights.expires
                if rights.text_scope == "none":
                    assert key not in reports
                    continue
                report = reports[key]
                wide = rights.text_scope == "full_text" and not over and rights.storage == "keep"
                assert ("depuis mardi" in (report.text or "")) <= wide
                if rights.text_scope == "headline_only" or rights.storage == "metadata_only":
                    assert not report.text
                    assert not report.summary
                assert report.credit == f"{publisher.name} (Bamako)"
                assert report.publisher_name == publisher.name
                assert report.disclaimer.startswith("This report is the work of")
                assert set(report.channels) == set(rights.redistribute)


# `check` and `health` name them


@every_row(
    ("expires", "said"),
    [
        (
            date(2026, 10, 26),
            "ended on 2026-10-26, 27 days ago; since then an excerpt is published instead of the full text",
        ),
        (
            date(2026, 11, 21),
            "ended on 2026-11-21, 1 day ago; since then an excerpt is published instead of the full text",
        ),
        (
            date(2026, 11, 22),
            "ends on 2026-11-22, today; after that day an excerpt is published instead of the full text",
        ),
        (
            date(2026, 12, 22),
            "ends on 2026-12-22, in 30 days; after that day an excerpt is published instead of the full text",
        ),
        (date(2026, 12, 23), None),
        (None, None),
    ],
)
def test_a_warning_of_an_agreement(expires: date | None, said: str | None) -> None:
    publisher = make_publisher(rights=replace(AGREEMENT, expires=expires))
    lines = list(agreement_warnings({"publishers/ml/daily.toml": publisher}, NOW.date()))
    assert [line.partition("; renew it")[0] for line in lines] == (
        [f"publishers/ml/daily.toml: rights.expires: the agreement {said}"] if said else []
    )


def test_the_ended_ones_are_named_first_and_what_they_leave_is_said() -> None:
    soon = make_publisher("soon", replace(AGREEMENT, expires=date(2026, 11, 25)))
    past = make_publisher("past", replace(AGREEMENT, expires=date(2026, 11, 1), text_scope="headline_only"))
    first, second = agreement_warnings({"a.toml": soon, "b.toml": past}, NOW.date())
    assert "since then headline and link is published, as before" in first
    assert second.startswith("a.toml: ")


def test_check_and_health_name_agreements(desk: Desk, at_the_desk: Run) -> None:
    today = datetime.now(UTC).date()  # the command reads the clock
    for key, days in (("one", -27), ("two", 30)):
        file = desk.config / "publishers" / "ml" / f"{key}.toml"
        text = file.read_text().replace('"quotation"', '"agreement"')
        last = f"[rights]\nexpires = {today + timedelta(days=days)}\n[[source]]"
        file.write_text(text.replace("[[source]]", last))
    said = at_the_desk("check")
    assert re.search(
        r"warning: publishers/ml/one.toml: rights.expires: the agreement ended on .*, 2[78] days ago", said
    )
    assert re.search(
        r"warning: publishers/ml/two.toml: rights.expires: the agreement ends on .*, in (30|29) days", said
    )
    assert len(json.loads(at_the_desk("check", "--json"))["warnings"]) == 2
    at_the_desk("fetch")
    ended_line, ending_line = [line for line in at_the_desk("health").splitlines() if "agreement" in line]
    assert f"One (one) ended on {today - 27 * DAY}: an excerpt is published instead of the full text" in ended_line
    assert f"Two (two) ends on {today + 30 * DAY}: after that day an excerpt is published" in ending_line
    sources = json.loads(at_the_desk("health", "--json"))
    ended = {row["source_name"].partition("/")[0]: row["agreement_ended"] for row in sources}
    assert ended == {"one": f"{today - 27 * DAY}", "two": None}
    listed = {row["publisher"]: row["text_scope"] for row in json.loads(at_the_desk("publishers", "--json"))}
    assert (listed["one"], listed["two"]) == ("excerpt", "full_text")


# A database that an older version made


def test_a_database_of_an_older_version_gets_channels_and_loses_what_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "wire.db"
    connection = sqlite3.connect(path, isolation_level=None)
    migrations.apply(Database(connection, execute_plugins=False), stop_before="0010_rights_in_force")
    before = {
        "quoted": replace(QUOTATION, excerpt_max_words=3, redistribute=("web", "api")),
        "private": replace(AGREEMENT, redistribute=()),
        "strict": replace(QUOTATION, storage="metadata_only"),
    }
    for number, (key, rights) in enumerate(before.items(), start=1):
        written = json.dumps(as_dict(rights))
        connection.execute(
            """
            INSERT INTO publishers (key, name, place, country, kind, "group", languages, homepage, rights, configured)
            VALUES (?1, ?1, '', 'ML', 'newspaper', 'news_organization', '[]', 'http://x.example/', ?2, 1)
            """,
            (key, written),
        )
        connection.execute(
            "INSERT INTO terms (publisher, class, credit, disclaimer, text_scope, complaints_url)"
            " VALUES (?, 'news', 'c', 'd', ?, 'u')",
            (key, rights.text_scope),
        )
        connection.execute(
            "INSERT INTO sources (publisher, key, url, kind, class, enabled, next_at, next_reason)"
            " VALUES (?, 'feed', 'u', 'feed', 'news', 1, '2026-11-22T10:00:00Z', 'first')",
            (key,),
        )
        connection.execute(
            """
            INSERT INTO articles (id, public_id, publisher, source, country, class, title, listed_at, first_seen,
              revision, status)
            VALUES (?1, ?2, ?2, ?1, 'ML', 'news', 'T', '2026-11-22T10:00:00Z', '2026-11-22T10:00:00Z', 1, 'usable')
            """,
            (number, key),
        )
        connection.execute(
            "INSERT INTO bodies (article, summary, text, excerpt) VALUES (?1, ?2, ?2, ?2)",
            (number, "un deux trois quatre cinq"),
        )
        connection.execute(
            "INSERT INTO revisions (article, number, source, seen_at, title, words_hash, raw_hash, raw)"
            " VALUES (?1, 1, ?1, '2026-11-22T10:00:00Z', 'T', x'', x'', ?2)",
            (number, zstandard.compress(b'{"title":{"value":"T"}}')),
        )
    connection.close()
    with Store.open(path) as store:
        found = {report.id: (report.channels, report.text) for report in store.latest(ANY)}
        assert found == {
            "quoted": (("web", "api"), None),
            "private": ((), "un deux trois quatre cinq"),
            "strict": (get_args(Channel), "un deux trois quatre cinq"),  # until the configuration is read
        }
        maintain(store, NOW)
        assert {report.id: report.text for report in store.latest(ANY)} == {
            "quoted": "un deux trois …",
            "private": "un deux trois quatre cinq",
            "strict": "",
        }
