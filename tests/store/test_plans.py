"""How SQLite answers each reading query of the store: by an index, whatever it was told of how many rows there are.

A case calls a method of the store on a filled database; every statement that it really ran is explained
(https://sqlite.org/eqp.html), in several states of `sqlite_stat1`. Tables that grow with the wire are never read from
end to end, nor is what was found in them sorted, but where a case says so, and why it may.
"""

from __future__ import annotations

import gzip
import inspect
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from aggregator.desk.housekeeping import maintain
from aggregator.desk.reading import read_as_of
from aggregator.model import (
    Client,
    Cursor,
    Lookup,
    SavedSearch,
    Selection,
    Sent,
    Source,
    Tag,
    TagEvidence,
    Tags,
    Tell,
    Wanted,
)
from aggregator.model.apps import AppListing, AppReader
from aggregator.model.figures import DayFigures, Delay
from aggregator.store import Store
from aggregator.store.queries import ledger
from aggregator.store.sqlite.connection import SQLiteConnection
from aggregator.store.sqlite.planner import FIGURES
from aggregator.text.matching import matcher
from aggregator.text.query import parse
from tests.conftest import some
from tests.make_database import DATABASES
from tests.rows import every_row

NOW = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)
WEEK = NOW - timedelta(days=7)
VERSION = "0.2.0"  # of the database that is read: 18 publishers, and an act of every kind

# Tables that may be read whole or sorted: they grow with the number of publishers, sources and persons alone, or hold
# what waits and soon is gone. Of merges there is one for some hundred reports, and only a person asks for them.
SMALL = {
    "agreements", "app_feeds", "app_folders", "app_readers", "claims", "closed_channels",
    "complaints", "desk_sessions", "dictionaries", "health_counts", "letters", "merges", "pauses",
    "pending_changes", "pending_revisions", "publisher_history", "publishers", "redirects", "settings", "sources",
    "searches", "tells",
    "subscribers",
    "terms", "tokens",
    "alert_messages", "owed",
}  # fmt: skip

LISTED = Selection(limit=50)

COUNTED = "ends when there are as many as are counted"
COUNTED_ALL = "`health` counts all; a tenth of a second for 100,000"
ONE_ROW = "ends with the first row"
ANSWER = "sorts what it returns"
AUDIT = "a person looks for doubles, now and then: a second at a million"
RETAG = "the next of all reports, in the order of their numbers"
BATCH = "the next thousand of the table, in the order of its key"
FEW = "a batch, or what one document lists"

WAITING = {"SCAN tag_queue": FEW, "SCAN q": FEW, "USE TEMP B-TREE FOR ORDER BY": FEW}


@dataclass(frozen=True)
class World:
    """What stands in the database."""

    publisher: str
    source: Source
    report: str
    keys: tuple[str, ...]
    cursor: Cursor

    @property
    def lookup(self) -> Lookup:
        return Lookup(
            keys=self.keys,
            first_key="another",
            first_key_without_ids="another",
            near_keys=("near",),
            buried_keys=("buried",),
            entry_hash=b"another",
            day="2026-11-28",
        )


@dataclass(frozen=True)
class Case:
    call: Callable[[Store, World], object]
    allowed: Mapping[str, str]  # by what a line of a plan begins with: why it may be there


def case(call: Callable[[Store, World], object], **allowed: str) -> Case:
    return Case(call, {line.replace("_", " "): why for line, why in allowed.items()})


def latest(**fields: Any) -> Case:
    """Of a publisher or a country, or of all."""
    return case(lambda s, w: s.latest(chosen(w, fields)))


def of_few(**fields: Any) -> Case:
    """What may be rare."""
    return Case(
        lambda s, w: s.latest(chosen(w, fields)),
        {"USE TEMP B-TREE FOR ORDER BY": "few groups, or at most `limit` reports", "SCAN l": FEW},
    )


def search(words: str, *, ranked: bool = False, **fields: Any) -> Case:
    return Case(
        lambda s, w: s.search(parse(words, NOW), chosen(w, fields), ranked=ranked),
        {"USE TEMP B-TREE FOR ORDER BY": "at most 2,000 of the newest, or at most `limit` reports"},
    )


def chosen(world: World, fields: Mapping[str, Any]) -> Selection:
    """`publisher`, `before`, `after`: those of the world; a text is the one value of its field."""
    several = {name: (each,) if isinstance(each, str) else each for name, each in fields.items() if name != "publisher"}
    if "channel" in fields:
        several["channel"] = fields["channel"]
    if "before" in several:
        several["before"] = world.report
    if "after" in several:
        several["after"] = world.cursor
    if fields.get("publisher"):
        several["publishers"] = (world.publisher, *several.get("publishers", ()))
    return Selection(**{"limit": 50, **several})


APP = AppReader(token_hash="0" * 64, channel="api")


def _polled(store: Store, _: World, publisher: str | None = None) -> object:
    return store.polled(WEEK, NOW, publisher)


def listed_in_app(store: Store, _: World, **fields: Any) -> object:
    return store.app_entries(APP, AppListing(**{"limit": 20, **fields}))


# By method of the store, all that read.
CASES: Mapping[str, tuple[Case, ...]] = {
    # What people read
    "latest": (
        latest(),
        latest(since=WEEK),
        latest(publisher=True),
        latest(publisher=True, since=WEEK),
        latest(countries="GH"),
        latest(publisher=True, countries="GH"),
        latest(publisher=True, item_classes="notice"),
        latest(publisher=True, languages="sw", item_classes="notice", countries="GH", since=WEEK),
        of_few(item_classes="notice"),
        of_few(languages="sw"),
        of_few(item_classes="notice", countries="GH"),
        of_few(languages="sw", countries="GH"),
        of_few(item_classes="notice", languages="sw", countries="GH", since=WEEK),
        latest(until=NOW),
        latest(publisher=True, since=WEEK, until=NOW, before=True),
        latest(before=True, countries="GH"),
        of_few(countries=("GH", "KE")),
        of_few(countries=("GH", "KE"), before=True),
        of_few(publisher=True, publishers=("kumasi-nettle",), languages=("sw", "fr"), until=NOW),
        of_few(kinds="newspaper", before=True),
        of_few(groups=("institution", "individual"), countries="GH", item_classes=("notice", "news")),
        of_few(item_classes=("notice", "news"), languages=("sw", "fr"), countries=("GH", "KE"), before=True),
        of_few(after=True),
        of_few(after=True, kinds="newspaper", languages="sw", before=True),
        of_few(topics="15000000"),
        of_few(about="GH", since=WEEK),
        of_few(topics=("15000000", "04000000"), about=("GH", "KE"), languages="sw", before=True),
        of_few(publisher=True, topics="15000000", about="GH"),
        latest(channel="web"),
        latest(channel="email"),  # which one publisher does not name
        latest(channel="email", countries="GH"),
        of_few(channel="email", topics="15000000"),
        of_few(channel="email", item_classes="notice", languages="sw"),
    ),
    "search": (
        *(
            search("mbalawe", ranked=ranked, **fields)
            for ranked in (False, True)
            for fields in (
                {},
                {"publisher": True},
                {"countries": "GH"},
                {"item_classes": "notice"},
                {"languages": "sw"},
                {"since": WEEK},
                {"publisher": True, "item_classes": "notice", "since": WEEK},
                {"kinds": ("newspaper", "ngo"), "languages": ("sw", "fr"), "until": NOW},
                {"after": True, "before": True},
            )
        ),
        search('"water bills" -boat mb*', publisher=True),
        search("title:flood OR (المدرسة l'eau)", publisher=True),
        search("mbalawe changed:1w", languages="sw"),
        search("mbalawe changed:1w", ranked=True),
        Case(
            lambda s, w: (s.search(parse("changed:1w", NOW), LISTED), s.search(parse("changed:1w -boat", NOW), LISTED)),
            {"USE TEMP B-TREE FOR": "the newer versions since a time"},
        ),
    ),
    "count": tuple(
        Case(
            lambda s, w, fields=fields, words=words: s.count(chosen(w, fields), words and parse(words), most=10),  # type: ignore[misc]
            {"USE TEMP B-TREE FOR ORDER BY": "few groups", "SCAN a": COUNTED},
        )
        for words in (None, "mbalawe")
        for fields in (
            {},
            {"publisher": True},
            {"countries": "GH"},
            {"item_classes": "notice", "languages": "sw"},
            {"kinds": "newspaper", "until": NOW},
            {"countries": ("GH", "KE"), "before": True},
            {"after": True},
        )
    ),
    "reports": (
        case(lambda s, w: list(s.reports(chosen(w, {})))),
        Case(
            lambda s, w: list(s.reports(chosen(w, {}), parse("mbalawe"))),
            {"USE TEMP B-TREE FOR ORDER BY": "a thousand reports at a time"},
        ),
    ),
    "traits": (
        case(lambda s, w: s.traits(chosen(w, {}))),
        Case(
            lambda s, w: s.traits(chosen(w, {}), parse("mbalawe")),
            {"USE TEMP B-TREE FOR ORDER BY": "a thousand reports at a time"},
        ),
    ),
    "report": (case(lambda s, w: s.report(w.report)),),
    "reports_beginning_with": tuple(
        case(lambda s, w, desk=desk: s.reports_beginning_with(w.report[:6], 9, desk=desk))  # type: ignore[misc]
        for desk in (False, True)
    ),
    "reports_under_keys": tuple(
        case(lambda s, w, desk=desk: s.reports_under_keys(w.keys, desk=desk), SCAN_o=FEW)  # type: ignore[misc]
        for desk in (False, True)
    ),
    "held_report": (case(lambda s, w: s.held_report(w.report), SCAN_c=FEW),),
    "versions": (case(lambda s, w: s.versions(w.report)),),
    "joins": (Case(lambda s, w: s.joins(), {"SCAN m USING INDEX merges_of_joined": "those of persons"}),),
    "joinable": (Case(lambda s, w: s.joinable(w.report, w.report), {"USE TEMP B-TREE FOR ORDER BY": "two rows"}),),
    "has_pending": (case(lambda s, w: s.has_pending(w.report)),),
    "notice": (case(lambda s, w: s.notice(w.report)),),
    "next_moment": (case(lambda s, w: s.next_moment(NOW)),),
    "to_release": (case(lambda s, w: s.to_release([w.report, w.report])),),
    "gone": tuple(case(lambda s, w, key=key: s.gone(WEEK, w.publisher if key else None, "feed", 50)) for key in (0, 1)),
    "channels": (case(lambda s, w: s.channels(w.report)),),
    "raw": (case(lambda s, w: s.raw(w.report)),),
    "revisions": (case(lambda s, w: s.revisions(w.report)),),
    "changes": tuple(
        Case(
            lambda s, w, after=after, fields=fields: s.changes(s.cursor_at(after), chosen(w, fields)),  # type: ignore[misc]
            {
                "SCAN c USING INDEX changes_of_publisher": "few lines are about publishers",
                "USE TEMP B-TREE FOR ORDER BY": "the lines of at most 5,000 reports",
                "SCAN f": "former readings, for a subject of few reports",
            },
        )
        for after in (0, 20)
        for fields in (
            {},
            {"publisher": True},
            {"countries": "GH"},
            {"publisher": True, "publishers": ("kumasi-nettle",), "countries": ("GH", "KE")},
            {"kinds": "newspaper", "languages": ("sw", "fr"), "item_classes": "news"},
            {"groups": "institution", "channel": "feed", "countries": "GH"},
            {"topics": ("15000000", "04000000")},
            {"about": "GH", "languages": "sw"},
        )
    ),
    "last_cursor": (case(lambda s, w: s.last_cursor()),),
    "has_search": (case(lambda s, w: s.has_search("bridges")),),
    "looked_for_found": (Case(lambda s, w: s.looked_for_found(), {"SCAN searches": FEW}),),
    "cursor_at": (case(lambda s, w: s.cursor_at(20)),),
    "searched_up_to": (Case(lambda s, w: s.searched_up_to(w.cursor), {"SCAN search_queue": ONE_ROW}),),
    "named_cursor": (case(lambda s, w: s.named_cursor("alerts")),),
    "cursor_before": (case(lambda s, w: s.cursor_before(WEEK)),),
    "merges": (Case(lambda s, w: (s.merges(), s.merges(WEEK)), {"USE TEMP B-TREE FOR ORDER BY": ANSWER}),),
    "ended_agreements": (case(lambda s, w: s.ended_agreements()),),
    "ending_agreements": (case(lambda s, w: s.ending_agreements(date(2027, 1, 1))),),
    "stored_publishers": (case(lambda s, w: s.stored_publishers()),),
    "is_current": (case(lambda s, w: s.is_current()),),
    "is_as_stored": (case(lambda s, w: s.is_as_stored()),),
    "is_unfinished": (case(lambda s, w: s.is_unfinished()),),
    "to_index": (Case(lambda s, w: s.to_index(), {"SCAN search_queue": "what a copy has still to index"}),),
    "some_titles": (case(lambda s, w: s.some_titles(100)),),
    "text_scope": (case(lambda s, w: s.text_scope("p1")),),
    "known_publishers": (case(lambda s, w: s.known_publishers()),),
    "searches_are_followed": (case(lambda s, w: s.searches_are_followed([], [])),),
    "to_match": (
        Case(
            lambda s, w: s.to_match(200), {"SCAN match_queue": FEW, "SCAN q": FEW, "USE TEMP B-TREE FOR ORDER BY": FEW}
        ),
    ),
    "to_tag": (Case(lambda s, w: s.to_tag(200), WAITING),),
    "tagged_by_others": (
        Case(lambda s, w: s.tagged_by_others({w.publisher: "1"}, None, 0, 200), {"SCAN a": RETAG}),
        Case(lambda s, w: s.tagged_by_others({w.publisher: "1"}, w.publisher, 0, 200), {}),
    ),
    "count_tagged_by_others": (Case(lambda s, w: s.count_tagged_by_others({w.publisher: "1"}), {"SCAN a": RETAG}),),
    "count_other_tags": (
        Case(lambda s, w: s.count_other_tags([(each, Tags(by="1")) for each in s.to_tag(20)]), WAITING),
    ),
    "tags_of": (case(lambda s, w: s.tags_of(w.report)),),
    "tell_states": (Case(lambda s, w: s.tell_states(), {"USE TEMP B-TREE FOR GROUP BY": "what is owed now"}),),
    "alert_messages": (case(lambda s, w: s.alert_messages()),),
    "searches": (case(lambda s, w: s.searches(NOW)),),
    "source_events": (Case(lambda s, w: s.source_events(50), {"SCAN source_events": FEW}),),
    "tokens": (case(lambda s, w: s.tokens()),),
    "ledger_page": (
        case(lambda s, w: s.ledger_page(None, 50)),
        case(lambda s, w: s.ledger_page(90, 50, kinds=("withheld",), actor="person:desk")),
        Case(lambda s, w: s.ledger_page(None, 50, report=w.report), {"USE TEMP B-TREE FOR ORDER BY": "of one report"}),
    ),
    "out_of_wire": (case(lambda s, w: s.out_of_wire("withheld", None, 50)),),
    "under_embargo": (case(lambda s, w: s.under_embargo(None, 50)),),
    "complaints_page": (case(lambda s, w: (s.complaints_page(w.report, None, 50), s.complaints_page(None, 9, 50))),),
    "count_held_back": (case(lambda s, w: s.count_held_back()),),
    "count_pending": (case(lambda s, w: s.count_pending()),),
    "pending_of_kind": (
        Case(
            lambda s, w: s.pending_of_kind(w.source.name, "moved", 50),
            {"USE TEMP B-TREE FOR ORDER BY": "what waits for a person"},
        ),
    ),
    "merges_page": (
        Case(
            lambda s, w: (s.merges_page(None, 50), s.merges_page(5, 50, undone_too=True)),
            {"USE TEMP B-TREE FOR ORDER BY": ANSWER},
        ),
    ),
    "desk_people": (case(lambda s, w: s.desk_people()),),
    "desk_session": (case(lambda s, w: s.desk_session("0" * 64, NOW)),),
    "tokens_in_force": (case(lambda s, w: s.tokens_in_force()),),
    # Apps for reading feeds
    "app_feeds": (Case(lambda s, w: s.app_feeds(APP), {"USE TEMP B-TREE FOR ORDER BY": "publishers"}),),
    "app_entries": tuple(
        Case(partial(listed_in_app, **fields), {"USE TEMP B-TREE FOR ORDER BY": "publishers", "SCAN p": "publishers"})
        for fields in (
            {},
            {"newest_first": False, "above": 20},
            {"publishers": ("kumasi-nettle", "dega-zena"), "below": 60},
            {"order": "published", "skip": 10, "is_counted": True},
            {"order": "published", "is_read": True, "published_until": NOW, "newest_first": False},
            {"is_read": False},
            {"is_starred": True},
            {"search": "floods"},
            {"topic": "04000000"},
            {"is_starred": False, "published_since": WEEK},
            {"changed_since": WEEK},
            {"changed_since": WEEK, "is_read": False, "seen_until": NOW},
        )
    ),
    "app_topics": (case(lambda s, w: s.app_topics(["04000000", "16000000"])),),
    "app_searches": (Case(lambda s, w: s.app_searches(), {"USE TEMP B-TREE FOR ORDER BY": "saved searches"}),),
    "app_entries_of": (
        Case(lambda s, w: s.app_entries_of(APP, [3, 4, 5]), {"USE TEMP B-TREE FOR ORDER BY": "publishers"}),
    ),
    "app_unread": (Case(lambda s, w: s.app_unread(APP), {"USE TEMP B-TREE FOR": "the newest 20,000, and exceptions"}),),
    "app_first_since": (case(lambda s, w: s.app_first_since(WEEK)),),
    "app_last": (case(lambda s, w: s.app_last()),),
    "queues": (case(lambda s, w: s.queues(), SCAN_s="a few subscribers"),),
    "queue": (case(lambda s, w: s.queue("partner")),),
    "dead_letters": (case(lambda s, w: s.dead_letters("partner")),),
    "former_selections": (case(lambda s, w: s.former_selections("partner")),),
    "was_sent": (case(lambda s, w: s.was_sent("partner", w.report, 7)),),
    "next_replay": (case(lambda s, w: s.next_replay("partner")),),
    "taken_back_by": (case(lambda s, w: s.taken_back_by(w.report)),),
    "time_of": (case(lambda s, w: s.time_of(s.last_cursor())),),
    "publishers_with_reports": (case(lambda s, w: s.publishers_with_reports()),),
    "publishers": (Case(lambda s, w: s.publishers(), {"USE TEMP B-TREE FOR ORDER BY": "publishers"}),),
    "health": (
        Case(lambda s, w: s.health(), {"USE TEMP B-TREE FOR": "sources, and what waits of them"}),
        Case(lambda s, w: s.health(NOW), {"USE TEMP B-TREE FOR": "sources, and what waits of them"}),
    ),
    "polled": tuple(
        Case(partial(_polled, **only), {"USE TEMP B-TREE FOR": "polls of that time"})
        for only in ({}, {"publisher": "kumasi-nettle"})
    ),
    "open_gaps": tuple(
        Case(
            lambda s, w, fields=fields: s.open_gaps(chosen(w, fields), WEEK, 50),  # type: ignore[misc]
            {"USE TEMP B-TREE FOR": "publishers, and their gaps of a week"},
        )
        for fields in ({}, {"publisher": True, "countries": "GH"}, {"kinds": "newspaper", "channel": "api"})
    ),
    "last_well": (case(lambda s, w: s.last_well(w.source.name, WEEK, NOW)),),
    "sources": (case(lambda s, w: s.sources()),),
    "source": (Case(lambda s, w: s.source(w.source.name, 20), {"USE TEMP B-TREE FOR": "what stands in 20 polls"}),),
    "received_by_day": (
        Case(
            lambda s, w: s.received_by_day([w.source.name], WEEK.date()), {"USE TEMP B-TREE FOR": "polls of some days"}
        ),
    ),
    "proposed_feeds": (case(lambda s, w: s.proposed_feeds()),),
    "paused": (case(lambda s, w: s.paused()),),
    "last_new": (case(lambda s, w: s.last_new()),),
    "redirects_in_force": (case(lambda s, w: s.redirects_in_force()),),
    # What the desk reads
    "report_state": (case(lambda s, w: s.report_state(w.report)),),
    "reports_under_embargo": (case(lambda s, w: s.reports_under_embargo(NOW)),),
    "acts": (Case(lambda s, w: s.acts(w.report), {"USE TEMP B-TREE FOR ORDER BY": ANSWER}),),
    "addressee": (case(lambda s, w: s.addressee(w.report)),),
    "complaints": (
        Case(
            lambda s, w: (
                s.complaints(),
                s.complaints(resolved_too=True),
                s.complaints(resolved_too=True, number=1),
                s.complaints(resolved_too=True, report=w.report),
            ),
            {"USE TEMP B-TREE FOR ORDER BY": ANSWER},
        ),
    ),
    "filing_counts": (case(lambda s, w: (s.filing_counts(w.report, None, NOW), s.filing_counts(None, "a@b.c", NOW))),),
    "matters": (
        Case(
            lambda s, w: s.matters(),
            {
                "CO-ROUTINE of_kind": ANSWER,
                "SCAN of_kind": ANSWER,
                "USE TEMP B-TREE FOR ORDER BY": ANSWER,
                "USE TEMP B-TREE FOR GROUP BY": ANSWER,
            },
        ),
    ),
    "followed_complaint": (case(lambda s, w: s.followed_complaint("0" * 64)),),
    "letters_are_due": (case(lambda s, w: s.letters_are_due()),),
    "untold_complaints": (Case(lambda s, w: s.untold_complaints(w.report), {"USE TEMP B-TREE FOR ORDER BY": ANSWER}),),
    "complaints_to_tell": (case(lambda s, w: s.complaints_to_tell()),),
    "letters_to_desk": (case(lambda s, w: s.letters_to_desk(NOW)),),
    "letters": (case(lambda s, w: s.letters()),),
    "merge": (Case(lambda s, w: s.merge(1), {"USE TEMP B-TREE FOR ORDER BY": "the acts upon one report"}),),
    "version_taken": (
        Case(lambda s, w: s.version_taken(w.report, 2), {"USE TEMP B-TREE FOR ORDER BY": "the acts upon one report"}),
    ),
    "report_version": (case(lambda s, w: s.report_version(w.report, 1)),),
    "version_split_off": (case(lambda s, w: s.version_split_off(w.report, 2)),),
    "articles_under": (case(lambda s, w: s.articles_under(w.publisher, w.keys)),),
    "named": (case(lambda s, w: s.named([w.report])),),
    "merged_words": (Case(lambda s, w: s.merged_words(WEEK), {"USE TEMP B-TREE FOR ORDER BY": ANSWER}),),
    "overwritten_words": (
        Case(lambda s, w: s.overwritten_words(WEEK), {"SCAN a": AUDIT, "USE TEMP B-TREE FOR ORDER BY": ANSWER}),
    ),
    "at_one_address": (
        Case(lambda s, w: s.at_one_address(WEEK), {"SCAN articles": AUDIT, "USE TEMP B-TREE FOR GROUP BY": AUDIT}),
    ),
    "pending": (Case(lambda s, w: s.pending(), {"USE TEMP B-TREE FOR ORDER BY": "what waits for a person"}),),
    "sources_with_pending": (case(lambda s, w: s.sources_with_pending(w.publisher, ["withdrawn"])),),
    "pending_of": (
        Case(
            lambda s, w: s.pending_of(w.source.name, ["withdrawn"], 10),
            {"USE TEMP B-TREE FOR ORDER BY": "what waits for a person"},
        ),
    ),
    "first_seen": (
        Case(lambda s, w: s.first_seen(w.publisher, None, NOW), {"USE TEMP B-TREE FOR ORDER BY": ANSWER}),
        Case(
            lambda s, w: s.first_seen(None, None, NOW),
            {"SCAN articles": "lists the most of what it reads", "USE TEMP B-TREE FOR ORDER BY": ANSWER},
        ),
    ),
    "purgeable": (case(lambda s, w: s.purgeable([w.report])),),
    # What the pipeline reads
    "config_digest": (case(lambda s, w: s.config_digest()),),
    "config_in_force": (case(lambda s, w: s.config_in_force()),),
    "kept_config": (case(lambda s, w: s.kept_config("digest")),),
    "terms_are_out_of_date": (case(lambda s, w: s.terms_are_out_of_date(NOW)),),
    "due": (case(lambda s, w: (s.due(NOW), s.due(None), s.due(None, also_paused=True))),),
    "due_of": (case(lambda s, w: s.due_of([w.source.name], NOW)),),
    "oldest_due": (case(lambda s, w: s.oldest_due(NOW)),),
    "polled_elsewhere": (case(lambda s, w: s.polled_elsewhere(proposals=True)),),
    "clock_looks": (case(lambda s, w: s.clock_looks()),),
    "load": (
        Case(lambda s, w: s.load(w.source), {"SCAN s": "200 of one source", "USE TEMP B-TREE FOR ORDER BY": FEW}),
    ),
    "known": (
        Case(lambda s, w: s.known([Wanted(source=w.source)]), {"SCAN tombstones": ONE_ROW}),
        Case(
            lambda s, w: s.known([Wanted(source=w.source, entries=(w.lookup,), deleted=w.keys)]),
            {
                "SCAN tombstones": ONE_ROW,
                "USE TEMP B-TREE FOR ORDER BY": FEW,
                "USE TEMP B-TREE FOR GROUP BY": "those under embargo",
            },
        ),
    ),
    "recall_robots": (case(lambda s, w: s.recall_robots("http://daily.example")),),
    "signals": (
        Case(lambda s, w: (s.signals([w.publisher]), s.signals()), {"SCAN rights_signals": "what sites say now"}),
    ),
    "signals_of_pages": (Case(lambda s, w: s.signals_of_pages(), {"SCAN rights_signals": COUNTED}),),
    "signals_of_report": (case(lambda s, w: s.signals_of_report(w.report)),),
    "signal_files_asked_since": (case(lambda s, w: s.signal_files_asked_since(["http://daily.example/x"], NOW)),),
    "rhythms": (case(lambda s, w: s.rhythms()),),
    "kept_tariff": (case(lambda s, w: s.kept_tariff()),),
    "reports_with_other_pictures": (
        Case(lambda s, w: s.reports_with_other_pictures(), {"USE TEMP B-TREE FOR": "the reports of 500 lines"}),
    ),
    "article_ids": (case(lambda s, w: s.article_ids([w.report])),),
    "due_pictures": (
        Case(
            lambda s, w: s.due_pictures(NOW, 20, 5, {"daily-example"}),
            {"USE TEMP B-TREE FOR": FEW, "SCAN pictures": FEW},
        ),
    ),
    "reports_with_picture": (
        Case(lambda s, w: s.reports_with_picture("0" * 64, 200), {"USE TEMP B-TREE FOR": "those of one picture"}),
    ),
    "picture_was_removed": (case(lambda s, w: s.picture_was_removed("0" * 64)),),
    "picture_counts": (Case(lambda s, w: s.picture_counts(), {"SCAN pictures": COUNTED_ALL}),),
    "picture_failures": (
        Case(lambda s, w: s.picture_failures(10), {"SCAN pictures": COUNTED_ALL, "USE TEMP B-TREE FOR": ANSWER}),
    ),
    "new_pages": (case(lambda s, w: s.new_pages(WEEK)),),
    "waiting_visits": (
        Case(lambda s, w: s.waiting_visits(NOW, [w.publisher]), {"USE TEMP B-TREE FOR DISTINCT": "publishers"}),
    ),
    "pages_visited": (case(lambda s, w: s.pages_visited(w.publisher, WEEK, 20, [1])),),
    "page_state": (case(lambda s, w: s.page_state(1)),),
    "page_reading": (case(lambda s, w: s.page_reading(w.report)),),
    "pages_tried": (Case(lambda s, w: s.pages_tried(WEEK, NOW), {"USE TEMP B-TREE FOR": "publishers and reasons"}),),
    "released_since": (case(lambda s, w: s.released_since(NOW.date())),),
    "figures": (case(lambda s, w: s.figures(date(2026, 11, 1))),),
    "last_figures": (case(lambda s, w: s.last_figures()),),
    "first_poll": (case(lambda s, w: s.first_poll()),),
    "day_facts": (
        Case(
            lambda s, w: [s.day_facts(date(2026, 11, day)) for day in (21, 22, 23)],
            {"USE TEMP B-TREE FOR ORDER BY": "lines of a day", "SCAN n": "numbers of these"},
        ),
    ),
    "current_selection": (case(lambda s, w: s.current_selection("partner")),),
    "publisher_profiles": (case(lambda s, w: s.publisher_profiles()),),
    "publisher_profile": (case(lambda s, w: s.publisher_profile(w.publisher)),),
    "class_terms": (case(lambda s, w: s.class_terms(w.publisher)),),
    "reports_per_day": (case(lambda s, w: s.reports_per_day(w.publisher, date(2026, 11, 1))),),
    "reports_since": (Case(lambda s, w: s.reports_since(date(2026, 11, 1)), {"SCAN p": "publishers"}),),
    "taken": (
        case(lambda s, w: s.taken(w.publisher, WEEK)),
        case(lambda s, w: s.taken(None, WEEK)),
    ),
    "taken_of": (Case(lambda s, w: s.taken_of(w.report), {"USE TEMP B-TREE FOR": "those who took one report"}),),
    "taken_by_key": (case(lambda s, w: s.taken_by_key(w.report, "0" * 20)),),
    "next_taken_letter": (
        Case(lambda s, w: s.next_taken_letter([w.publisher], NOW), {"USE TEMP B-TREE FOR": "publishers, a few"}),
    ),
    "former_publishers": (Case(lambda s, w: s.former_publishers(), {"SCAN p": FEW}),),
    "lending": (case(lambda s, w: s.lending()),),
    "rewriting": (
        Case(lambda s, w: s.rewriting(), {"SCAN reports_per_day": "before hours of work: a row a publisher and day"}),
    ),
}

# What writes; of what these read before, some cases all the same: the steps between polls.
_FIGURES = DayFigures(
    day=date(2026, 11, 22), counted_at=NOW, polls=1, polls_failed=0, entries=0, new=0, revised=0, unchanged=0, gaps=0,
    gaps_closed=0, joins=0, joins_undone=0, to_wire=Delay(count=0), to_subscriber=None, in_all=None, taken_back=0,
    messages=None,
)  # fmt: skip
STEPS: Mapping[str, tuple[Case, ...]] = {
    "save_tags": (Case(lambda s, w: s.save_tags([(each, _TAGS) for each in s.to_tag(20)], NOW), WAITING),),
    "remove_picture_files": (Case(lambda s, w: s.remove_picture_files(NOW), {"SCAN picture_removals": FEW}),),
    "next_reports_with_copies": (
        Case(lambda s, w: s.next_reports_with_copies(), {"SCAN p": FEW, "USE TEMP B-TREE FOR": BATCH}),
    ),
    "follow_searches": (
        Case(
            lambda s, w: _alerts(s),
            {
                "SCAN hit": FEW,
                "SCAN search_queue": FEW,
                "SCAN q": FEW,
                "SCAN match_queue": FEW,
                "SCAN i": FEW,
                "SCAN m": FEW,
                "SCAN o": FEW,
                "USE TEMP B-TREE FOR": FEW,
            },
        ),
    ),
    "claimed_by_others": (case(lambda s, w: s.claimed_by_others("poll", NOW)),),
    "bring_times_back": (case(lambda s, w: s.bring_times_back(NOW)),),
    "due_visits": (
        Case(lambda s, w: s.due_visits(NOW, 10, 2, [w.publisher]), {"USE TEMP B-TREE FOR": "what is due of visits"}),
    ),
    "let_go": (case(lambda s, w: s.let_go({w.publisher: WEEK})),),
    "let_go_pending": (case(lambda s, w: s.let_go_pending({w.publisher: WEEK})),),
    "store_pending_revisions": (
        Case(lambda s, w: s.store_pending_revisions(NOW), {"USE TEMP B-TREE FOR ORDER BY": "words that wait a day"}),
    ),
    "cut_excerpts": (Case(lambda s, w: s.cut_excerpts(), {"SCAN q": FEW, "SCAN excerpt_queue": FEW}),),
    "app_mark": (case(lambda s, w: s.app_mark(APP.token_hash, [3, 4, 5], is_read=True, is_starred=None)),),
    "app_toggle_star": (case(lambda s, w: s.app_toggle_star(APP.token_hash, 3)),),
    "app_mark_all": (case(lambda s, w: s.app_mark_all(APP.token_hash, [w.publisher], 50)),),
    "index": (Case(lambda s, w: s.index(), {"SCAN search_queue": FEW, "SCAN g": FEW}),),
    "repack": (case(lambda s, w: s.repack()),),
    "merge_index": (case(lambda s, w: s.merge_index(NOW)),),
    "end_pauses": (case(lambda s, w: s.end_pauses(NOW)),),
    "count_health": (case(lambda s, w: s.count_health(NOW)),),
    "save_figures": (case(lambda s, w: s.save_figures(_FIGURES)),),
    "count_polls_by_day": (case(lambda s, w: s.count_polls_by_day(NOW, NOW + timedelta(days=1))),),
    "count_released": (case(lambda s, w: s.count_released(NOW.date(), {(w.publisher, "feed"): 2})),),
    "forget_released": (case(lambda s, w: s.forget_released(NOW.date())),),
    "forget_listings": (
        Case(lambda s, w: s.forget_listings(NOW, 10), {"SCAN k USING PRIMARY KEY": BATCH, "SCAN k": BATCH}),
    ),
}


_TAGS = Tags(
    by="1",
    topics=(Tag("15000000", 1.0, (TagEvidence("Sport", "category", "category"),)),),
    countries=(Tag("GH", 1.0, (TagEvidence("Accra", "headline", "city"),)),),
)


def _alerts(store: Store) -> None:
    """A search that is new, is changed, finds, tells, and is there no more."""
    for words in ("mbalawe", "bridge", "changed:2d -bridge"):
        search = SavedSearch(name="bridges", words=words, title="Bridges", tells=(Tell(email="desk@wire.example"),))
        store.follow_searches([search], [], NOW)
        searches, versions = store.to_match(200)
        store.save_matches(matcher(searches).digest, {number: ["bridges"] for number, *_ in versions})
        store.match_backwards()
        while store.collect_found():
            pass
        store.changes(store.cursor_at(20), Selection(search="bridges"))
        store.last_cursor("bridges")
        store.collect_owed(NOW)
        store.searches(NOW)
        for state in store.tell_states():
            store.make_message(state.tell_id, "token", 10, NOW, found_too=True)
    for message in store.alert_messages():
        store.note_attempt(message.message_id, NOW)
        store.note_failure(message.message_id, "no", NOW, give_up=False)
        store.note_sent(message, [Sent(id=each.id, kind=each.kind, revision=1) for each in message.items], 0, NOW, {})
    store.pause_search("bridges", NOW)
    store.resume_search("bridges", NOW)
    store.follow_searches([], [], NOW)


# What others than this program ask of the views: one report, or the newest.
OF_VIEWS = {
    "SELECT * FROM wire WHERE id = ?": (),
    "SELECT * FROM notices WHERE id = ?": (),
    "SELECT * FROM wire_at WHERE id = ? ORDER BY seq": ("USE TEMP B-TREE FOR ORDER BY",),
    "SELECT * FROM wire WHERE publisher = ? ORDER BY sort_time DESC LIMIT 20": (),
    "SELECT * FROM wire WHERE country = ? ORDER BY sort_time DESC LIMIT 20": (),
    "SELECT * FROM wire WHERE sort_time >= ? ORDER BY sort_time DESC LIMIT 20": (),
    "SELECT * FROM notices WHERE ? <> ''": ("SCAN a USING INDEX articles_with_notice",),
    "SELECT publisher, day, usable FROM reports_per_day WHERE publisher = ?": (),
    # As docs/database.md searches, and Datasette.
    "SELECT w.title FROM article_search AS s JOIN wire AS w ON w.newest_revision = s.rowid WHERE article_search MATCH ?"
    " ORDER BY w.published LIMIT 10": ("USE TEMP B-TREE FOR ORDER BY",),
    "SELECT title FROM wire WHERE newest_revision IN (SELECT rowid FROM article_search WHERE article_search MATCH ?)"
    " ORDER BY sort_time DESC LIMIT 101": ("USE TEMP B-TREE FOR ORDER BY",),
}


class Recording(SQLiteConnection):
    """Remembers the statements that it is given, with their values; one of many rows with those of the first."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.ran: list[tuple[str, Any]] = []

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        self.ran.append((sql, parameters))
        return super().execute(sql, parameters)

    def executemany(self, sql: str, rows: Iterable[Any], /) -> sqlite3.Cursor:
        rows = list(rows)
        self.ran += [(sql, row) for row in rows[:1]]
        return super().executemany(sql, rows)


@pytest.fixture(scope="module")
def opened() -> Iterator[list[Recording]]:
    """The connections that the store opens, in their order."""
    connections: list[Recording] = []
    connect = sqlite3.connect

    def recorded(*arguments: Any, **options: Any) -> Recording:
        connections.append(connect(*arguments, **{**options, "factory": Recording}))
        return connections[-1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sqlite3, "connect", recorded)
        yield connections


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plans") / "wire.db"
    path.write_bytes(gzip.decompress((DATABASES / f"{VERSION}.db.gz").read_bytes()))
    with Store.open(path) as store:
        maintain(store, NOW)
        store.add_token(APP.token_hash, Client(name="app", channels=("api",), rate=60), NOW)
        store.app_mark(APP.token_hash, [1, 2], is_read=True, is_starred=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            """
            INSERT INTO merges (article_id, publisher, source_id, article_key, matched_by, evidence, revision, at)
            SELECT article_id, publisher, source_id, 'key', 'url', 'one address', 1, '2026-11-28T00:00:00Z'
            FROM articles WHERE revision > 1 AND status = 'usable' LIMIT 1
            """
        )
        connection.execute(
            """
            INSERT INTO pending_changes (article_id, signal, source_id, mass_kind, reason, article_key, since,
              received_at)
            SELECT article_id, 'tombstone', source_id, 'withdrawn', 'mass', 'key', at, at FROM merges
            """
        )
        connection.execute("UPDATE terms SET channels = 'web feed api' WHERE publisher = 'nawras'")
    return path


@pytest.fixture(scope="module")
def world(database: Path) -> World:
    with Store.open(database) as store, closing(sqlite3.connect(database)) as connection:
        article, publisher, report, key = connection.execute(
            "SELECT a.article_id, a.publisher, a.id, s.source_key FROM merges AS m JOIN articles AS a USING"
            " (article_id) JOIN sources AS s ON s.source_id = m.source_id"
        ).fetchone()
        keys = connection.execute("SELECT article_key FROM article_keys WHERE article_id = ?", (article,)).fetchall()
        sources = {one.source.name: one.source for one in store.due(None)}
        cursor = store.cursor_at(20)
    assert cursor is not None
    return World(publisher, sources[f"{publisher}/{key}"], report, tuple(key for (key,) in keys), cursor)


def none(connection: sqlite3.Connection) -> None:
    """What a file has that was never analysed."""
    connection.execute("DELETE FROM sqlite_stat1")


def fresh(connection: sqlite3.Connection) -> None:
    """Somebody's ANALYZE."""
    connection.execute("ANALYZE")


def large(connection: sqlite3.Connection) -> None:
    """Somebody's ANALYZE, of a wire 20,000 times as large."""
    connection.execute("ANALYZE")
    multiply(connection, 20_000)


def multiply(connection: sqlite3.Connection, times: int) -> None:
    for row, stat in connection.execute("SELECT rowid, stat FROM sqlite_stat1").fetchall():
        rows, *each = map(int, stat.split())
        grown = [rows * times, *(one if one == 1 else one * times for one in each)]
        connection.execute("UPDATE sqlite_stat1 SET stat = ? WHERE rowid = ?", (" ".join(map(str, grown)), row))


def of_articles(connection: sqlite3.Connection) -> None:
    """What version 0.2.0 counted: articles alone, 30,000 of them, so that the other tables look large beside them."""
    connection.execute("DELETE FROM sqlite_stat1")
    connection.execute("ANALYZE articles")
    connection.execute("ANALYZE reports_per_day")
    multiply(connection, 400)


def young(connection: sqlite3.Connection) -> None:
    """An ANALYZE when the wire had one report and one of all else, long ago."""
    connection.execute("ANALYZE")
    for row, stat in connection.execute("SELECT rowid, stat FROM sqlite_stat1").fetchall():
        ones = " ".join("1" for _ in stat.split())
        connection.execute("UPDATE sqlite_stat1 SET stat = ? WHERE rowid = ?", (ones, row))


STATES = (none, fresh, large, of_articles, young)


@pytest.fixture(scope="module", params=some(STATES, 3), ids=lambda state: str(state.__name__))
def reader(
    request: pytest.FixtureRequest, database: Path, opened: list[Recording], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Store, Recording]]:
    """A store that is read, as commands read it."""
    path = tmp_path_factory.mktemp("state") / "wire.db"
    shutil.copy(database, path)
    with closing(sqlite3.connect(path)) as connection, connection:
        request.param(connection)
    if request.param is young:  # the next program that writes puts our figures in their place
        Store.open(path).close()
    with read_as_of(path, NOW) as store:
        yield store, opened[-1]


@pytest.fixture(scope="module")
def writer(database: Path, opened: list[Recording], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    path = tmp_path_factory.mktemp("writer") / "wire.db"
    shutil.copy(database, path)
    with Store.open(path) as store:
        yield store, opened[-1]


def run(connection: Recording, call: Callable[[], object]) -> list[tuple[str, Any]]:
    """The statements that a call really ran: none went by another way than `execute`."""
    traced: list[str] = []
    connection.ran.clear()
    connection.set_trace_callback(traced.append)
    try:
        call()
    finally:
        connection.set_trace_callback(None)
    ran = [each for each in connection.ran if re.match(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b", each[0])]
    assert ran
    # "--" is written before what a function of ours asked meanwhile; FTS5 reads its tables by statements of its own.
    read = [sql for sql in traced if re.match(r"(-- )?\s*(SELECT|WITH)\b", sql) and "'main'." not in sql]
    assert len(read) == sum(bool(re.match(r"\s*(SELECT|WITH)\b", sql)) for sql, _ in ran)
    return ran


def names(connection: sqlite3.Connection, sql: str) -> dict[str, set[str]]:
    """The tables that a statement calls by each name, those of its views among them."""
    views = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'view'").fetchall())
    text = "\n".join([sql, *(body for name, body in views.items() if re.search(rf"\b(FROM|JOIN)\s+{name}\b", sql))])
    found: dict[str, set[str]] = {}
    for table, alias in re.findall(
        r"(?:\b(?:FROM|JOIN|UPDATE|INTO)|, (?=json_each))\s*(\w+)(?:\([^()]*\))?(?:\s+AS\s+(\w+))?", text
    ):
        found.setdefault(alias or table, set()).add(table)
    return found


def plan(connection: sqlite3.Connection, sql: str, values: Any) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()]


def faults(connection: sqlite3.Connection, sql: str, values: Any) -> list[str]:
    """The lines of its plan that read a table that grows from end to end, or sort what was found in one."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()}
    growing, called = tables - SMALL, names(connection, sql)
    sorts = any(table in growing or table in ("wire", "notices") for each in called.values() for table in each)
    wrong = []
    for line in plan(connection, sql, values):
        if scanned := re.match(r"SCAN (\w+)", line):
            if " VIRTUAL TABLE " in line:
                is_wrong = "json_each" not in called.get(scanned[1], ()) and not re.search(r"INDEX \d+:\w*M", line)
            else:
                is_wrong = bool(called.get(scanned[1], set()) & growing)
        else:
            is_wrong = "USE TEMP B-TREE" in line and "RIGHT PART" not in line and sorts
        if is_wrong:
            wrong.append(line)
    return wrong


def check(connection: Recording, case: Case, store: Store, world: World) -> None:
    for sql, values in run(connection, lambda: case.call(store, world)):
        wrong = [line for line in faults(connection, sql, values) if not line.startswith(tuple(case.allowed))]
        assert wrong == [], sql


@pytest.fixture(autouse=True)
def _many_lines_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a large wire, where the reports of a publisher are looked up."""
    monkeypatch.setattr(ledger, "FEW_LINES", 0)


@pytest.mark.soak
@every_row("method", CASES)
def test_no_reading_query_walks_through_a_table_that_grows(
    method: str, reader: tuple[Store, Recording], world: World
) -> None:
    store, connection = reader
    for each in CASES[method]:
        check(connection, each, store, world)


@every_row("method", [*CASES, *STEPS])
def test_nor_does_a_program_that_writes(method: str, writer: tuple[Store, Recording], world: World) -> None:
    store, connection = writer
    for each in {**CASES, **STEPS}[method]:
        check(connection, each, store, world)


@pytest.mark.soak
@every_row("sql", OF_VIEWS)
def test_nor_does_what_is_asked_of_the_views(sql: str, reader: tuple[Store, Recording], world: World) -> None:
    _, connection = reader
    wrong = [line for line in faults(connection, sql, (world.report,)) if not line.startswith(OF_VIEWS[sql])]
    assert [line for line in wrong if line != "SCAN a USING INDEX articles_listed"] == []


def test_every_index_answers_something(writer: tuple[Store, Recording], world: World) -> None:
    store, connection = writer
    statements: list[tuple[str, Any]] = [(sql, (world.report,)) for sql in OF_VIEWS]
    for each in chain.from_iterable({**CASES, **STEPS}.values()):
        statements += run(connection, partial(each.call, store, world))
    lines = "\n".join(line for statement in statements for line in plan(connection, *statement))
    names = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name <> '_sqlite_migrations'"
    )
    assert [name for (name,) in names.fetchall() if not re.search(rf"INDEX {name}\b", lines)] == []


def test_every_reading_method_has_a_case() -> None:
    methods = inspect.getmembers(Store, inspect.isfunction)
    writes = re.compile(r"self\.(_write|_transaction|_unless_changed|as_program)\b")
    reading = {
        name
        for name, method in methods
        if not name.startswith("_")
        and re.search(
            r"self\.(_read|_read_as_one|_snapshot|_connection|_engine|reports)\b", source := inspect.getsource(method)
        )
        and not writes.search(source)
    }
    others = {"close", "show_as_of", "show_terms", "query", "rewrite", "empty_log", "try_writing", "back_up", "parts"}
    others |= {"version", "wait_for_news"}
    others |= {"task_connection", "task_state", "sources_to_poll", "polls_waiting"}  # of workers, who share no file
    others |= {"one_state", "count_of_snapshot", "rows_of_snapshot"}  # a snapshot is of everything
    assert reading - others == set(CASES)


def test_figures_are_there_for_every_table_and_index(database: Path) -> None:
    """A table without a figure keeps what somebody's ANALYZE counted long ago."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("ANALYZE")
        rows = connection.execute(
            "SELECT m.name FROM sqlite_schema AS m WHERE m.type = 'table' AND m.name NOT GLOB 'sqlite_*'"
            " AND m.name NOT GLOB 'article_search*' AND m.name <> '_sqlite_migrations'"
        )
        assert {name for (name,) in rows} == set(FIGURES)
        indexes = connection.execute(
            "SELECT tbl_name, name FROM sqlite_schema WHERE type = 'index' AND tbl_name IN (SELECT value FROM"
            " json_each(?))",
            ('["' + '","'.join(FIGURES) + '"]',),
        )
        for table, index in indexes.fetchall():
            assert index in FIGURES[table], table
            columns = connection.execute("SELECT count(*) FROM pragma_index_info(?)", (index,)).fetchone()[0]
            assert len(FIGURES[table][index].split()) == columns + 1, index


def test_what_somebody_counted_gives_way_to_our_figures(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "wire.db"
    shutil.copy(database, path)
    with Store.open(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        ours = sorted(other.execute("SELECT * FROM sqlite_stat1").fetchall(), key=str)
        other.execute("CREATE TABLE mine (word TEXT)")
        other.execute("INSERT INTO mine VALUES ('a word')")
        other.execute("ANALYZE")
        assert sorted(other.execute("SELECT * FROM sqlite_stat1").fetchall(), key=str) != ours
        maintain(store, NOW)
        after = other.execute("SELECT * FROM sqlite_stat1").fetchall()
        assert [row for row in after if row[0] == "mine"] == [("mine", None, "1")]
        tables = tuple(FIGURES)
        assert sorted((row for row in after if row[0] in tables), key=str) == [r for r in ours if r[0] in tables]
