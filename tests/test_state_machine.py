"""A wire that lives: newsrooms publish and move, people decide, processes are killed, and the six promises hold.

Whatever happens, in whatever order, a plain model of it must agree with the database after every step. The promises of
DESIGN.md have their names here: verbatim, credited, complete, polite, one of each, untrusted; and the ledger.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from aggregator.demo import Press, Resource
from aggregator.demo.answers import etag_of
from tests import postgres
from tests.conftest import NOW, PLACES, SOAK
from tests.newsrooms import HOSTILE, NAME, NEWSROOMS, Desk, Listing, Newsroom, Report, Version, Words, name_of
from tests.whole_wire import Killer, Reader, WholeWire

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # a disk would be waited for, at every close of a database
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
COMPLAINTS = "https://wire.example/complain"
USER_AGENT = "TestWire/1.0 (+https://wire.example/bot)"

Source = tuple[str, str]  # keys of the publisher and the source
ROOMS = {room.key: room for room in NEWSROOMS}
SOURCES: Mapping[Source, Newsroom] = {(room.key, source): room for room in NEWSROOMS for source in room.sources}

# What is configured

WIRE = f"""
name = "Test Wire"
url = "https://wire.example/"
publisher = "test-wire"
user_agent = "{USER_AGENT}"
robots_token = "TestWire"
complaints_url = "{COMPLAINTS}"
complaints_email = "desk@wire.example"
[fetch]
per_domain_concurrency = 64
per_domain_seconds = 0
timeout_seconds = 20
allow_addresses = ["127.0.0.0/8"]
"""
RIGHTS = """
[agreement]
relationship = "partner"
basis = "agreement"
text_scope = "full_text"
credit = "{publisher} ({place}), a partner"
copyright_notice = "© {publisher}"
[quotation]
relationship = "none"
basis = "quotation"
text_scope = "excerpt"
credit = "{publisher} ({place})"
[nothing]
relationship = "none"
basis = "none"
text_scope = "none"
credit = "{publisher}"
[open]
relationship = "open_licence"
basis = "open_licence"
text_scope = "full_text"
credit = "{publisher}, {licence}"
licence = "CC-BY-4.0"
licence_url = "https://creativecommons.org/licenses/by/4.0/"
copyright_notice = "© {publisher}"
[own]
relationship = "own"
basis = "own"
text_scope = "full_text"
credit = "{wire}"
copyright_notice = "© {wire}"
"""
OWN = """
name = "Test Wire"
place = "Arusha"
country = "XA"
kind = "own"
languages = ["en"]
homepage = "https://wire.example/"
rights_profile = "own"
"""
PUBLISHER = """
name = "{room.name}"
place = "{room.place}"
country = "{room.country}"
kind = "newspaper"
languages = ["{room.tag}"]
homepage = "http://{room.host}/"
rights_profile = "{profile}"
[rights]
{more}
"""

Scope = Literal["none", "headline_only", "excerpt", "full_text"]
SCOPES: Sequence[Scope] = ("none", "headline_only", "excerpt", "full_text")


@dataclass(frozen=True)
class Rights:
    """What a publisher's file says, and what that means beside its reports."""

    profile: str
    scope: Scope
    credit: str
    more: str = ""  # keys of its own
    words: int = 60  # of an excerpt
    licence: str | None = None
    has_notice: bool = False
    lasts: int | None = None  # days from today on until its last day
    kept: int | None = None  # days for which words may be held; 0: not at all

    def scope_on(self, day: date, last_day: date | None) -> Scope:
        is_over = last_day is not None and day > last_day
        return min(self.scope, "excerpt", key=SCOPES.index) if is_over else self.scope


_PARTNER, _PLAIN = "{name} ({place}), a partner", "{name} ({place})"
ALL_RIGHTS: Mapping[str, Rights] = {
    "full": Rights("agreement", "full_text", _PARTNER, has_notice=True),
    "excerpt": Rights("quotation", "excerpt", _PLAIN),
    "few words": Rights("quotation", "excerpt", _PLAIN, "excerpt_max_words = 6", words=6),
    "headline": Rights("quotation", "headline_only", _PLAIN, 'text_scope = "headline_only"'),
    "nothing": Rights("nothing", "none", "{name}"),
    "licensed": Rights("open", "full_text", "{name}, CC-BY-4.0", licence="CC-BY-4.0", has_notice=True),
    "ends": Rights("agreement", "full_text", _PARTNER, "expires = {last_day}", has_notice=True, lasts=0),
    "not by machine": Rights(
        "agreement", "excerpt", _PARTNER, 'systematic_republication = "no"', has_notice=True
    ),
    "no words": Rights("quotation", "headline_only", _PLAIN, 'storage = "metadata_only"', kept=0),
    "two days": Rights(
        "agreement", "full_text", _PARTNER, 'storage = "transient"\nretention_days = 2', has_notice=True, kept=2
    ),
}  # fmt: skip


# What the model remembers of a report, beside what its newsroom does

Notice = Literal["withheld", "legal", "withdrawn", "removed"]
STRENGTH: Mapping[Notice | None, int] = {None: 0, "withheld": 2, "legal": 3, "withdrawn": 4, "removed": 5}


@dataclass
class Held:
    """A report as the wire should hold it."""

    newsroom: Newsroom
    id: str | None = None  # of its article; None: it has not been looked up yet
    words: Words = ("", "", None, "")  # in force
    correction: str = ""
    is_marked: bool = False
    said: dict[str, Words] = field(default_factory=dict)  # what each source said last
    guids: set[str] = field(default_factory=set)  # that it was known by
    links: set[str] = field(default_factory=set)
    notice: Notice | None = None
    embargo: datetime | None = None  # as it is stored; it may be over and not yet ended
    was_out: bool = False  # whether readers could see it once
    is_deleted: bool = False  # a feed has said that it is deleted, which is obeyed once
    last_change: str | None = None  # the kind of line that the last change of words must have; None: that is not said

    def withdraw(self) -> None:
        """Of a report that was out its readers are told, though it be under embargo now."""
        if STRENGTH[self.notice] < STRENGTH["withdrawn"]:
            self.notice, self.embargo = "withdrawn", None if self.was_out else self.embargo

    def is_out(self, believed: datetime) -> bool:
        """Whether something keeps it out of the wire, its publisher's rights aside."""
        return self.notice is not None or (self.embargo is not None and self.embargo > believed)


@dataclass
class Asked:
    """A source as a polite client knows it."""

    path: str
    etag: str | None = None
    last_modified: str | None = None
    conditional: int = 0  # polls in a row that sent validators
    failures: int = 0  # in a row
    body: bytes | None = None  # of the document that was read last

    @property
    def validators(self) -> tuple[str | None, str | None]:
        """What to send: every twentieth poll, and after two failures, the whole document is asked for."""
        if self.conditional + 1 >= 20 or self.failures >= 2:
            return None, None
        return self.etag, self.last_modified


@dataclass
class Subscriber:
    """Follows the ledger as docs/changes.md says, and knows nothing else but the view `wire`."""

    cursor: str | None = None
    held: dict[str, str] = field(default_factory=dict)  # headlines by id
    publishers: dict[str, str] = field(default_factory=dict)  # by id

    def follow(self, wire: WholeWire, limit: int | None = None) -> int:
        """How many lines there were."""
        lines = wire.changes(self.cursor, limit)
        with wire.reader(None) as reader:
            for line in lines:
                self._apply(reader, line)
                self.cursor = line["cursor"]
        return len(lines)

    def _apply(self, reader: Reader, line: Mapping[str, Any]) -> None:
        if line["change_kind"] == "terms_changed":
            for report, publisher in self.publishers.items():
                if publisher == line["publisher"]:
                    self.held.pop(report, None)
            for row in reader.rows(f"SELECT id, title FROM wire WHERE publisher = '{line['publisher']}'"):  # noqa: S608
                self.held[row["id"]] = row["title"]
                self.publishers[row["id"]] = line["publisher"]
            return
        self.publishers[line["id"]] = line["publisher"]
        if line["title"] is None or line["change_kind"] in ("withheld", "withdrawn", "deleted"):
            self.held.pop(line["id"], None)
        else:
            self.held[line["id"]] = line["title"]


CHANGES = ["corrected", "touched", "as it was first", "listed everywhere", "off its main feed", "off another"]
PICKS = st.lists(st.integers(0, 30), min_size=1, max_size=4)  # of reports


class Wire(RuleBasedStateMachine):
    """The wire, its newsrooms, and the model of both."""

    def __init__(self, killer: Killer, kind: str) -> None:
        super().__init__()
        self.killer = killer
        self.kind = kind  # of store
        self.now = NOW
        self.folder = Path(tempfile.mkdtemp(prefix="machine-", dir=MEMORY))
        self.press = Press(now=NOW, gzip=False)
        self.press.__enter__()
        self.desk = Desk()
        self.held: dict[int, Held] = {}
        self.asked = {source: Asked(path=f"/{source[1]}") for source in SOURCES}
        self.shown: dict[Source, tuple[Listing, Resource, str]] = {}  # with its entity tag
        self.broken: set[Source] = set()
        self.odd_tags: set[Source] = {("sahel-matin", "monde")}
        self.rights = {room.key: ("full", NOW.date()) for room in NEWSROOMS}  # and the day on which they were written
        self.lent: set[str] = set()  # publishers whose words may have been let go
        self.served: dict[str, set[tuple[object, ...]]] = defaultdict(set)  # by publisher
        self.revisions: dict[int, dict[str, Any]] = {}  # as they were when they were first seen
        self.of_joins: set[int] = set()  # revisions by which one report said what another one had said
        self.ledger: list[dict[str, Any]] = []
        self.last_poll = 0
        self.passes, self.killed = 0, set[int]()
        self.looks: list[datetime] = []  # of housekeeping at the clock
        self.doubted_since: datetime | None = None
        self.is_fresh = False  # whether housekeeping has just been done
        self.prompt, self.slow = Subscriber(), Subscriber()
        config = self.folder / "config"
        for country in ("xa", *(room.country.lower() for room in NEWSROOMS)):
            (config / "publishers" / country).mkdir(parents=True)
        (config / "wire.toml").write_text(WIRE)
        (config / "rights.toml").write_text(RIGHTS)
        (config / "publishers" / "xa" / "test-wire.toml").write_text(OWN)
        for room in NEWSROOMS:
            self._write(room)
            self._show(room)
        place = PLACES[self.kind](self.folder / "wire.db")
        self.wire = WholeWire(self.folder, self.press.address, place).__enter__()
        self.wire.configure(self.now)

    def teardown(self) -> None:
        try:
            self.prompt.follow(self.wire)
            while self.slow.follow(self.wire):
                pass
            assert self.slow.held == self.prompt.held
        finally:
            self.wire.__exit__(None, None, None)
            self.press.__exit__(None, None, None)
            shutil.rmtree(self.folder)
            postgres.drop(self.folder)

    # What newsrooms do

    @initialize()
    def begin(self) -> None:
        """Every newsroom has two reports, the first of which all of its sources list, and one poll has been made."""
        for room in NEWSROOMS:
            for sources in (room.sources, room.sources[:1]):
                self.desk.publish(room, sources, self.now, None)
            self._show(room)
        self.poll()

    @rule(
        room=st.sampled_from(sorted(ROOMS)),
        where=st.sampled_from(["main", "main", "all", "sister"]),
        hours=st.sampled_from([None, None, 3, 40]),
        is_marked=st.sampled_from([False, False, False, True]),
    )
    def publish(self, room: str, where: str, hours: int | None, is_marked: bool) -> None:
        newsroom = ROOMS[room]
        names = newsroom.sources
        sources = {"main": names[:1], "all": names, "sister": names[-1:]}[where]
        until = self.now + hours * HOUR if hours else None
        report = self.desk.publish(newsroom, sources, self.now, until)
        report.is_marked = is_marked and until is None
        self._show(newsroom)

    @rule(picks=PICKS, headline=st.booleans(), text=st.booleans(), hostile=st.sampled_from(HOSTILE))
    def edit(self, picks: Sequence[int], headline: bool, text: bool, hostile: str) -> None:
        for report in self._picked(picks):
            self.desk.edit(report, self.now, headline=headline, text=text or not headline, hostile=hostile)

    @rule(picks=PICKS, how=st.sampled_from(CHANGES))
    def change(self, picks: Sequence[int], how: str) -> None:
        """What becomes of reports beside edits; old ones leave their feeds."""
        for report in self._picked(picks):
            if how == "corrected":
                self.desk.correct(report, self.now)
            elif how == "touched":  # the same words under a later date
                report.updated = self.now
            elif how == "as it was first":
                report.headline = report.edited = report.correction = ""
            elif how == "listed everywhere":
                report.listed = set(report.newsroom.sources)
            else:
                report.listed.discard(report.newsroom.sources[0 if how == "off its main feed" else -1])

    @rule(picks=PICKS, rather=st.booleans())
    def move(self, picks: Sequence[int], rather: bool) -> None:
        """An id or an address changes, and one of them stays that the report is known by."""
        for report in self._picked(picks):
            room, held = report.newsroom, self.held.get(report.number)
            if held is None or held.notice == "removed" or report.is_deleted:
                continue
            drift = room.drifts[rather % len(room.drifts)]
            if drift == "id" and report.version(room.sources[0]).link in held.links and report.guid.count(":") == 2:
                report.guid += ":new"  # once: a source whose ids change again and again is not trusted with them
            elif drift == "link" and report.guid in held.guids:
                report.slug = report.slug[:-1] + chr(ord(report.slug[-1]) + 1)
            elif drift == "host":
                report.host = f"new.{room.host}" if report.host == room.host else room.host

    @rule(picks=PICKS, rather=st.booleans())
    def take_back(self, picks: Sequence[int], rather: bool) -> None:
        """In the way of its format: by its headline, by a tombstone, by an item that is canceled."""
        for report in self._picked(picks[:1]):
            held, main = self.held.get(report.number), report.newsroom.sources[0]
            if report.newsroom.format == "rss" or rather:
                report.is_marked = True
            elif held and report.version(main).guid in held.guids and main in report.listed:
                report.is_deleted = True

    def _picked(self, picks: Sequence[int]) -> Iterator[Report]:
        """The reports; what became of them is shown."""
        yield from {
            pick % len(self.desk.reports): self.desk.reports[pick % len(self.desk.reports)] for pick in picks
        }.values()
        for room in NEWSROOMS:
            self._show(room)

    @rule(
        source=st.sampled_from(sorted(SOURCES)),
        what=st.sampled_from(["fails", "works", "clutter", "tags", "path"]),
        clutter=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    )
    def disturb(self, source: Source, what: str, clutter: tuple[int, int]) -> None:
        """What happens to a source: its server fails, or works again; it lists something twice, or nothing at all; its
        entity tags are odd; it moves to another address, which the operator writes into its file.
        """
        room, asked = SOURCES[source], self.asked[source]
        if what == "fails":
            self.broken.add(source)
            self.press.misbehave(room.host, asked.path, "status", status=500 + 3 * (clutter[0] % 2))
        elif what == "works":
            self.broken.discard(source)
            self.press.behave(room.host, asked.path)
        elif what == "clutter":
            self.desk.clutter[source] = clutter
            self._show(room)
        elif what == "tags":
            self.odd_tags ^= {source}
            self._show(room)
        else:
            self.press.behave(room.host, asked.path)
            self.broken.discard(source)
            self.asked[source] = Asked(path=asked.path + "2" if len(asked.path) < 12 else f"/{source[1]}")
            del self.shown[source]
            self._show(room)
            self._write(room)
            self.wire.configure(self.now)

    # What people do

    @rule(
        picks=PICKS,
        act=st.sampled_from(["withhold", "legal", "withdraw", "restore", "restore", "embargo", "purge"]),
        hours=st.sampled_from([1, 5, 30]),
    )
    def decide(self, picks: Sequence[int], act: str, hours: int) -> None:
        for number in {pick % len(self.desk.reports) for pick in picks}:
            held = self.held.get(number)
            if held is not None and held.id is not None:
                self._act(held, held.id, act, self.now + hours * HOUR)
        self.is_fresh = False

    def _act(self, held: Held, report: str, act: str, until: datetime) -> None:
        """An act that would loosen what is stronger is refused, and changes nothing."""
        strength, stored = STRENGTH[held.notice], held.embargo
        if stored is not None and stored <= self.wire.believed(self.now):
            held.embargo = None
        if act == "restore":
            is_done = self.wire.restore(report, self.now)
            if held.embargo == stored:  # else nobody has ended it yet, and either answer is right
                assert is_done == (strength < 5 and (held.notice is not None or held.embargo is not None))
            if is_done:
                held.notice = held.embargo = None
        elif act == "embargo":
            expected = strength <= 2 and (held.notice is not None or held.embargo != until)
            assert self.wire.embargo(report, until, self.now) == expected
            if expected:
                held.notice, held.embargo = None, until
        elif act == "purge":
            assert self.wire.purge(report, self.now) == (strength < 5)
            held.notice, held.embargo = "removed", None
        elif act == "withdraw":
            assert self.wire.withdraw(report, self.now) == (strength < STRENGTH["withdrawn"])
            held.withdraw()
        else:
            notice: Notice = "legal" if act == "legal" else "withheld"
            assert self.wire.withhold(report, self.now, legal=act == "legal") == (strength < STRENGTH[notice])
            held.notice = max(held.notice, notice, key=lambda each: STRENGTH[each])

    @rule(picks=PICKS)
    def join(self, picks: Sequence[int]) -> None:
        """Two reports of one newsroom become one, and two again before anything else happens. What keeps one of them
        out of the wire keeps out what they become; and what keeps that out, both, until a person looks.
        """
        held = [one for one in map(self.held.get, sorted({pick % len(self.desk.reports) for pick in picks})) if one]
        pairs = [(one, two) for one in held for two in held if one is not two and one.newsroom is two.newsroom]
        for kept, other in pairs[:1]:
            assert kept.id is not None
            assert other.id is not None
            refused = any(each.notice == "removed" or each.embargo is not None for each in (kept, other))
            refused = refused or any(self.wire.has_pending(str(each.id)) for each in (kept, other))
            number = self.wire.join(kept.id, other.id, self.now)
            assert (number is None) == refused
            if number is None:
                continue
            self._make_one_and_two(kept, other, number)

    def _make_one_and_two(self, kept: Held, other: Held, number: int) -> None:
        was_in = other.notice is None
        kept.notice = max(kept.notice, other.notice, key=lambda each: STRENGTH[each])
        with self.wire.reader(None) as reader:
            there = {row["id"] for row in reader.rows("SELECT id FROM wire")}
            assert other.id not in there
            assert kept.notice is None or kept.id not in there
            before = {*self.revisions, *self.of_joins}
            self.of_joins |= {row["revision"] for row in reader.rows(_REVISIONS)} - before
        assert self.wire.split(number, self.now) == other.id
        if was_in and kept.notice is not None:
            other.notice = "withheld"
        if self.of_joins - before:
            kept.last_change = "revised"
        self.is_fresh = False

    @rule(room=st.sampled_from(sorted(ROOMS)), rights=st.sampled_from([*ALL_RIGHTS, "ends", "ends"]))
    def change_rights(self, room: str, rights: str) -> None:
        self.rights[room] = (rights, self.now.date())
        self._write(ROOMS[room])
        self.wire.configure(self.now)
        if ALL_RIGHTS[rights].kept is not None:
            self.lent.add(room)
        self.is_fresh = False

    # What programs do

    @rule()
    def poll(self) -> None:
        self.wire.poll(self.now, self._user_agent())
        self._observe(is_whole=True)

    @rule(minutes=st.sampled_from([10, 45, 600]))
    def poll_later(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        self.poll()

    @rule(write=st.integers(1, 120), minutes=st.sampled_from([0, 15]))
    def kill(self, write: int, minutes: int) -> None:
        """A poll is killed midway. What it has recorded is there with all that belongs to it, and nothing else."""
        self.now += minutes * MINUTE
        number = self.passes + 1
        is_killed = self.wire.killed_poll(self.killer, self.now, self._user_agent(), write)
        self._observe(is_whole=not is_killed)
        if is_killed:
            self.killed.add(number)

    @rule(limit=st.integers(1, 9))
    def follow(self, limit: int) -> None:
        self.slow.follow(self.wire, limit)

    @rule(minutes=st.sampled_from([1, 9, 60, 11 * 60, 23 * 60, 26 * 60, 3 * 24 * 60]))
    def advance(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        self.is_fresh = False

    # How they are served

    def _write(self, room: Newsroom) -> None:
        name, since = self.rights[room.key]
        rights = ALL_RIGHTS[name]
        more = rights.more.format(last_day=since + (rights.lasts or 0) * DAY)
        text = PUBLISHER.format(room=room, profile=rights.profile, more=more)
        for source in room.sources:
            text += f'[[source]]\nkey = "{source}"\nurl = "http://{room.host}{self.asked[room.key, source].path}"\n'
        (self.folder / "config" / "publishers" / room.country.lower() / f"{room.key}.toml").write_text(text)

    def _show(self, room: Newsroom) -> None:
        for source in ((room.key, name) for name in room.sources):
            listing = self.desk.listing(room, source[1])
            body, before = listing.write(room), self.shown.get(source)
            modified = self.now
            if before is not None and before[1].last_modified is not None:
                later = before[1].last_modified + timedelta(seconds=1)
                modified = before[1].last_modified if before[1].body == body else max(modified, later)
            kind = "application/feed+json" if room.format == "json" else "application/xml"
            document = Resource(body, kind, last_modified=modified)
            tag = etag_of(document)
            if source in self.odd_tags:
                tag = f'W/"{tag[1:9]},;\\%{{}}"'
                document = Resource(body, kind, last_modified=modified, headers=(("ETag", tag),))
            if before is None or (before[1].body, before[2]) != (body, tag):
                self.shown[source] = (listing, document, tag)
                self.press.set_document(room.host, self.asked[source].path, document)
                self.served[room.key] |= {_spoken(each) for each in listing.entries}

    def _user_agent(self) -> str:
        """Of the next pass. The press may hear of a request only after the process that made it was killed."""
        self.press.forget()
        self.passes += 1
        return f"{USER_AGENT} pass/{self.passes}"

    # What a poll should have done

    def _observe(self, *, is_whole: bool) -> None:
        believed = self.wire.believed(self.now)
        self._check_doubt(believed, is_whole)
        sent = self._check_requests()
        with self.wire.reader(None) as reader:
            polls = reader.rows(_POLLS.format(self.last_poll))
        if is_whole:
            assert {(row["publisher"], row["source_key"]) for row in polls} == set(SOURCES)
        assert len({(row["publisher"], row["source_key"]) for row in polls}) == len(polls)
        for row in polls:
            self.last_poll = row["poll_id"]
            self._take_in(row, (row["publisher"], row["source_key"]), sent, believed)
        if is_whole:
            for held in self.held.values():
                if held.embargo is not None and held.embargo <= believed:
                    held.embargo = None
        self.is_fresh = is_whole

    def _check_doubt(self, believed: datetime, is_whole: bool) -> None:
        """A clock that jumps by more than a day is believed at the second look, ten minutes later. A poll that was
        killed may not have remembered its look.
        """
        if believed == self.now:
            self.doubted_since = None
        else:
            assert not self.looks or self.now - self.looks[-1] > DAY or self.doubted_since is not None
            if is_whole:
                self.doubted_since = self.doubted_since or self.now
            assert self.doubted_since is None or self.now - self.doubted_since < 10 * MINUTE
        if is_whole:
            self.looks.append(self.now)

    def _check_requests(self) -> dict[Source, bool]:
        """Polite: each source is asked once, by our name, with the validators that came, byte for byte. Returns the
        sources that were asked, and whether with validators.
        """
        places = {(SOURCES[source].host, asked.path): source for source, asked in self.asked.items()}
        sent: dict[Source, bool] = {}
        for seen in self.press.requests:
            own, _, number = seen.headers["user-agent"].partition(" pass/")
            assert own == USER_AGENT
            if seen.path == "/robots.txt" or int(number) in self.killed:
                continue
            source = places[seen.host, seen.path]
            assert source not in sent, "it was asked twice in one pass"
            validators = seen.headers.get("if-none-match"), seen.headers.get("if-modified-since")
            assert validators == self.asked[source].validators, source
            sent[source] = validators != (None, None)
        return sent

    def _take_in(self, row: Mapping[str, Any], source: Source, sent: Mapping[Source, bool], believed: datetime) -> None:
        asked, (listing, document, tag) = self.asked[source], self.shown[source]
        assert (row["outcome"] == "failed") == (source in self.broken), row
        if row["outcome"] == "failed":
            asked.failures += 1
            return
        asked.failures, asked.conditional = 0, asked.conditional + 1 if sent[source] else 0
        assert document.last_modified is not None
        asked.etag = etag_of(document) if row["outcome"] == "not_modified" else tag
        asked.last_modified = format_datetime(document.last_modified, usegmt=True)
        if row["outcome"] in ("not_modified", "unchanged"):
            assert asked.body == document.body, "a document that had changed was passed over"
            return
        assert row["outcome"] == "ok"
        asked.body = document.body
        self._check_counts(row, listing, SOURCES[source])
        for version in listing.entries:
            self._hear(version, source, believed)
        for guid in listing.deleted:
            self._bury(guid, SOURCES[source])

    def _check_counts(self, row: Mapping[str, Any], listing: Listing, room: Newsroom) -> None:
        """Complete: what stood in the document is new, revised, unchanged, or left out for a reason that is counted."""
        drops = Counter(json.loads(row["drops"] or "{}"))
        held = [self.held.get(version.report) for version in listing.entries]
        purged = sum(each is not None and each.notice == "removed" for each in held)
        canceled = len(listing.deleted) if room.format == "json" else 0
        expected = Counter(duplicate_in_document=listing.twice, empty=listing.empty, purged=purged, withdrawn=canceled)
        assert row["entries"] == len(listing.entries) + listing.twice + listing.empty + canceled
        assert row["new"] + row["revised"] + row["unchanged"] + drops.total() == row["entries"]
        drops.pop("unstable_source", None)  # what moves to and fro is held back for a day
        assert +drops == +expected
        assert row["new"] == sum(each is None for each in held), "one report, one article"

    def _hear(self, version: Version, source: Source, believed: datetime) -> None:
        """What a source says of a report: an edit is a change in what one source says, against what is in force."""
        held = self.held.get(version.report)
        if held is not None and held.notice == "removed":
            return
        if held is None:
            held = self.held[version.report] = Held(SOURCES[source], last_change="new")
            if version.is_marked:
                held.withdraw()
            embargo = re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", version.title)
            if embargo and (until := datetime.fromisoformat(embargo[0])) > believed:
                held.embargo = until
            is_new_title, is_changed = True, True
        else:
            said = held.said.get(source[1])
            is_changed = said is not None and version.words not in (said, held.words)
            is_new_title = version.title != held.words[0]
            if is_changed:
                # A note that stood there is the same one, though its words are edited.
                held.last_change = "corrected" if version.correction and not held.correction else "revised"
                if version.is_marked and is_new_title:
                    held.last_change = None
                    held.withdraw()
        if is_changed:
            held.words, held.correction, held.is_marked = version.words, version.correction, version.is_marked
        held.said[source[1]] = version.words
        held.guids.add(version.guid)
        held.links.add(version.link)

    def _bury(self, guid: str, room: Newsroom) -> None:
        """What a feed lists as deleted is withdrawn, once: what a person restored stays restored."""
        for held in self.held.values():
            is_obeyed = held.is_deleted or held.notice in ("withdrawn", "removed")
            if held.newsroom is room and guid in held.guids and not is_obeyed:
                held.withdraw()
                held.is_deleted = True

    # What must hold after every step

    @invariant()
    def promises_hold(self) -> None:
        if not self.held:
            return
        with self.wire.reader(None) as reader:
            self._check_revisions(reader)
            self._check_ledger(reader)
            out = {row["id"]: row["title"] for row in reader.rows("SELECT id, title FROM wire")}
            self._check_lines(out)
            if self.is_fresh:
                self._check_way_out(reader, self.now, self.wire.believed(self.now))
        with self.wire.reader(self.now) as reader:
            self._check_way_out(reader, self.now, self.now)
            self._check_untrusted(reader)

    def _check_revisions(self, reader: Reader) -> None:
        """Verbatim: what is stored was served, word for word, and stays as it was stored. One of each: a report is one
        article, and an article one report.
        """
        newest: dict[str, dict[str, Any]] = {}
        articles: dict[int, set[str]] = defaultdict(set)
        found = {row["revision"]: row for row in reader.rows(_REVISIONS)}
        purged = {held.id for held in self.held.values() if held.notice == "removed"}
        for number, before in self.revisions.items():
            assert number in found or before["id"] in purged, "a revision was deleted"
        for number, row in found.items():
            if row["id"] in purged:
                assert (row["raw"], row["title"]) == ("{}", "")
                continue
            raw = json.loads(row["raw"])
            before = self.revisions.setdefault(number, row)
            is_stripped = not {"summary", "content"} & raw.keys()
            if is_stripped:
                assert row["publisher"] in self.lent, "words were let go that might be held"
            else:
                assert hashlib.sha256(row["raw"].encode()).digest() == row["raw_hash"]
            assert {**row, "raw": ""} == {**before, "raw": ""}, "a revision was updated"
            assert row["raw"] == before["raw"] or is_stripped, "the words of a revision were updated"
            assert any(_is_of(raw, said) for said in self.served[row["publisher"]]), "nobody has served these words"
            newest[row["id"]] = {**row, **raw, "is_stripped": is_stripped}
            report = _number_of(raw["title"]["value"])
            assert NEWSROOMS.index(self.desk.reports[report].newsroom) == [r.key for r in NEWSROOMS].index(
                row["publisher"]
            )
            if number not in self.of_joins:
                articles[report].add(row["id"])
        assert len(set().union(*articles.values())) == sum(map(len, articles.values())), "an article is two reports"
        for report, ids in articles.items():
            assert len(ids) == 1, f"report {report} is {len(ids)} articles"
            held = self.held[report]
            (article,) = ids
            assert held.id in (None, article)
            held.id = article
        self.newest = newest
        for report, held in self.held.items():
            if held.notice == "removed":
                continue
            assert report in articles, "a report that was listed is not held"
            row = newest[str(held.id)]
            title, summary, content, _ = held.words
            assert row["title"]["value"] == title
            if not row["is_stripped"]:
                texts = row["summary"]["value"], "".join(text["value"] for text in row.get("content", ())) or None
                assert texts == (summary, content), f"report {report}"
        (counted,) = reader.rows("SELECT (SELECT count(*) FROM articles) AS a, (SELECT sum(new) FROM polls) AS n")
        assert counted["a"] == counted["n"] == len(self.held), "polls count other articles than there are"

    def _check_ledger(self, reader: Reader) -> None:
        """No gap, no line that changes, a hash over all of it, and a line for every revision."""
        lines = reader.rows(_LEDGER)
        assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
        assert lines[: len(self.ledger)] == self.ledger, "a line was changed"
        self.ledger = lines
        previous = "0" * 64
        kinds: dict[tuple[str, int], list[str]] = defaultdict(list)
        for line in lines:
            kind = {"resent": "refile", "deleted": "removed_by_wire"}.get(line["change_kind"], line["change_kind"])
            said = f"{previous} {line['seq']} {kind} {line['subject']} {line['at']}"
            previous = hashlib.sha256(said.encode()).hexdigest()
            assert previous == line["hash"], "the chain is broken"
            kinds[line["subject"], line["revision"]].append(line["change_kind"])
        for row in reader.rows(_REVISIONS):
            assert kinds[row["id"], row["number"]], "a revision has no line"
        for held in self.held.values():
            if held.notice != "removed" and held.last_change and held.newsroom.key not in self.lent:
                told = kinds[str(held.id), self.newest[str(held.id)]["number"]]
                # The same words under another date or address are a version too, after that of the last change.
                assert held.last_change in told or (held.last_change != "corrected" and {"resent", "revised"} & {*told})

    def _check_lines(self, out: Mapping[str, str]) -> None:
        """Whoever follows the ledger holds what is in the wire; a line has a headline where its report is there."""
        self.prompt.follow(self.wire)
        assert self.prompt.held == out
        for held in self.held.values():
            held.was_out |= held.id in out
        for line in self.wire.changes(None):
            if line["id"] and line["change_kind"] not in ("withheld", "withdrawn", "deleted"):
                assert line["title"] == out.get(line["id"])
            else:
                assert line["title"] is None

    def _check_way_out(self, reader: Reader, now: datetime, lent_by: datetime) -> None:
        """Credited: what leaves is what may, under the rights in force, with all that must stand beside it. `lent_by`:
        the time by which words that may be held for some days are gone; nobody deletes them by a clock that is not
        believed yet.
        """
        believed = self.wire.believed(now)
        rows = {row["id"]: row for row in reader.rows("SELECT * FROM wire")}
        scopes = {room.key: self._scope(room, now) for room in NEWSROOMS}
        expected = {
            held.id for held in self.held.values() if not held.is_out(believed) and scopes[held.newsroom.key] != "none"
        }
        assert set(rows) == expected
        for report, held in self.held.items():
            if held.id in rows:
                self._check_row(rows[held.id], self.desk.reports[report], held, scopes[held.newsroom.key], lent_by)
        shown = reader.rows("SELECT id, title FROM wire_at WHERE title IS NOT NULL")
        assert {row["id"] for row in shown} <= expected
        for row in reader.rows("SELECT * FROM notices"):
            assert row["id"] not in rows
            assert NAME.search(json.dumps([row["title"], row["text"]])) is None
        under = {held.id for held in self.held.values() if held.embargo and held.embargo > believed}
        assert not under & {row["id"] for row in reader.rows("SELECT id FROM notices")}
        report = sorted(self.held)[len(self.ledger) % len(self.held)]
        assert {each.id for each in reader.search(name_of(report))} <= expected & {self.held[report].id}

    def _scope(self, room: Newsroom, now: datetime) -> Scope:
        name, since = self.rights[room.key]
        rights = ALL_RIGHTS[name]
        return rights.scope_on(now.date(), since + rights.lasts * DAY if rights.lasts is not None else None)

    def _check_row(self, row: Mapping[str, Any], report: Report, held: Held, scope: Scope, lent_by: datetime) -> None:
        room, rights = held.newsroom, ALL_RIGHTS[self.rights[held.newsroom.key][0]]
        raw = self.newest[str(held.id)]
        assert (row["publisher_name"], row["publisher_place"]) == (room.name, room.place)
        assert row["credit"] == rights.credit.format(name=room.name, place=room.place)
        assert (row["text_scope"], row["licence"], row["complaints_url"]) == (scope, rights.licence, COMPLAINTS)
        assert row["copyright_notice"] == (f"© {room.name}" if rights.has_notice else None)
        for must in (room.name, COMPLAINTS, "Test Wire", *([row["url"]] if scope == "excerpt" else [])):
            assert must in row["disclaimer"]
        assert not re.search("[{}]", row["disclaimer"])
        assert row["title"] == " ".join(held.words[0].split())
        assert row["url"] == next(link["href"] for link in raw["links"])
        text, summary = row["text"] or "", row["summary"] or ""
        if scope == "headline_only":
            assert (row["text"], row["summary"], row["byline"]) == (None, None, None)
        elif scope == "excerpt":
            limit = rights.words if rights.scope == "excerpt" else 60
            assert len(text.removesuffix(" …").split()) <= limit
            assert text == summary
        elif raw["is_stripped"]:
            assert (text, summary) == ("", "")
        elif rights.kept is None:
            assert summary == held.words[1]
            assert room.language.lead.format(name=report.name) in text
            if held.words[2]:
                for paragraph in re.findall("<p>(.*?)</p>", held.words[2]):
                    assert paragraph in text
        if rights.kept is not None and datetime.fromisoformat(row["first_seen"]) + rights.kept * DAY <= lent_by:
            assert (text, summary) == ("", "")

    def _check_untrusted(self, reader: Reader) -> None:
        """No mark-up and nothing that drives a terminal leaves, whatever was served."""
        for row in reader.rows("SELECT title, summary, text, url, byline, credit, disclaimer FROM wire"):
            said = "\n".join(str(value) for value in row.values() if value)
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]|<script|<img|<p>", said)
        for printed in reader.printed(self.now):
            shown = re.sub(r"\x1b\[[012]m", "", printed)
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)


_POLLS = """
    SELECT p.poll_id, s.publisher, s.source_key, p.outcome, p.entries, p.new, p.revised, p.unchanged, p.drops, p.error
    FROM polls AS p JOIN sources AS s ON s.source_id = p.source_id WHERE p.poll_id > {} ORDER BY p.poll_id
"""
_REVISIONS = """
    SELECT r.revision_id AS revision, a.id AS id, a.publisher, r.number, s.source_key AS source, r.seen_at, r.title,
      r.words_hash, r.raw_hash, raw_words(r.raw, r.dictionary_id) AS raw
    FROM revisions AS r JOIN articles AS a ON a.article_id = r.article_id
      JOIN sources AS s ON s.source_id = r.source_id ORDER BY r.revision_id
"""
_LEDGER = """
    SELECT c.seq, c.change_kind, coalesce(a.id, c.publisher) AS subject, c.revision, coalesce(c.hashed_at, c.at) AS at,
      lower(hex(c.hash)) AS hash
    FROM changes AS c LEFT JOIN articles AS a ON a.article_id = c.article_id ORDER BY c.seq
"""


def _spoken(version: Version) -> tuple[object, ...]:
    return version.title, version.summary, version.content, version.guid, version.link


def _is_of(raw: Mapping[str, Any], said: tuple[object, ...]) -> bool:
    """Whether these are the raw words of what was served, or what is kept of them."""
    title, summary, content, guid, link = said
    if (raw["title"]["value"], raw["id"], raw["links"][0]["href"]) != (title, guid, link):
        return False
    if "summary" not in raw and "content" not in raw:
        return True
    return raw["summary"]["value"] == summary and [text["value"] for text in raw.get("content", ())] == (
        [content] if content else []
    )


def _number_of(title: str) -> int:
    found = NAME.search(title)
    assert found, title
    return _NUMBERS[found[0]]


_NUMBERS = {name_of(number): number for number in range(1000)}


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    with Killer() as opened:
        yield opened


@pytest.mark.long
@pytest.mark.soak
@pytest.mark.stores
@pytest.mark.parametrize("part", range(8 if SOAK else 1))  # so that processes share them
def test_the_promises_hold_whatever_happens(killer: Killer, part: int, store_kind: str) -> None:
    """100 steps in `make test`, 20,000 in `make soak`; over PostgreSQL 12 in `make test`."""

    def machine() -> Wire:
        return Wire(killer, store_kind)

    machine.__name__ = f"machine_{part}"  # where examples are not drawn by chance, each part has its own
    few, steps = (4, 25) if store_kind == "sqlite" else (1, 12)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=50 if SOAK else few,
            stateful_step_count=50 if SOAK else steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[phase for phase in Phase if phase != Phase.explain],
        ),
    )
