"""model: the nouns are frozen values under one name each, and what they say of themselves follows from their fields."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from datetime import timedelta
from typing import get_args

import msgspec
import pytest
from msgspec.structs import replace

from aggregator import model
from aggregator.model import (
    CHANGED,
    FIELDS,
    GROUP_OF_KIND,
    ActRecord,
    Article,
    Cause,
    Decision,
    DeskDecision,
    Group,
    Kind,
    Known,
    Match,
    Outcome,
    Poll,
    Report,
    ReportState,
    Source,
)
from tests.conftest import NOW, make_articles, make_entry, make_publisher
from tests.rows import every_row

KEYS = [field.key for field in FIELDS]
MODULES = [importlib.import_module(f"{model.__name__}.{each.name}") for each in pkgutil.iter_modules(model.__path__)]
FOUND = [each for module in MODULES for each in vars(module).values() if inspect.isclass(each)]
CLASSES = [each for each in dict.fromkeys(FOUND) if each.__module__.startswith(model.__name__)]
NOUNS = [each for each in CLASSES if not issubclass(each, Exception)]


@every_row("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_every_noun_is_a_frozen_value(noun: type) -> None:
    assert issubclass(noun, msgspec.Struct)
    assert noun.__struct_config__.frozen


def test_every_noun_has_one_name_and_can_be_had_from_the_room_itself() -> None:
    assert len({noun.__name__ for noun in NOUNS}) == len(NOUNS)
    names = {noun.__name__ for noun in NOUNS} - {"Field"}  # of the table of fields alone
    # An output imports what leaves from its own file, and nothing else of the model; so do a snapshot, what reads
    # what sites say to machines, what apps are answered, what finds out who made a report, what copies pictures,
    # the wire's own figures, what is said of a publisher, what is complained about, what others take, where the
    # database is, and the tasks of workers.
    own = (
        ".release", ".snapshots", ".signals", ".apps", ".who", ".picture", ".figures", ".profile", ".complaints",
        ".taken", ".place", ".tasks",
    )  # fmt: skip
    names -= {noun.__name__ for noun in NOUNS if noun.__module__.endswith(own)}
    assert names <= set(model.__all__)
    assert all(getattr(model, noun.__name__) is noun for noun in NOUNS if noun.__name__ in names)


def test_a_kind_of_publisher_has_a_group() -> None:
    assert set(GROUP_OF_KIND) == set(get_args(Kind))
    assert set(GROUP_OF_KIND.values()) == set(get_args(Group))
    for kind, group in (("agency", "news_organization"), ("government", "institution"), ("blog", "individual")):
        assert make_publisher(kind=kind).group == group


def test_every_field_of_a_report_has_its_names() -> None:
    assert [field.name for field in FIELDS] == list(Report.__struct_fields__)
    labels = [field.label for field in FIELDS if field.label]
    assert len(set(KEYS)) == len(KEYS)
    assert len(set(labels)) == len(labels)
    assert {field.changed for field in FIELDS if field.changed} == set(CHANGED) - {
        "media",
        "page",
    }  # which are no fields


def test_a_source_is_named_after_its_publisher_and_itself() -> None:
    assert Source(publisher="le-jour", key="sport", url="http://le-jour.example/sport").name == "le-jour/sport"


@every_row("outcome", get_args(Outcome))
def test_a_poll_is_an_answer_where_the_source_answered_as_it_should(outcome: Outcome) -> None:
    source = Source(publisher="le-jour", key="main", url="http://le-jour.example/feed")
    poll = Poll(source=source, started=NOW, seconds=0.1, outcome=outcome)
    assert poll.is_answer is (outcome in ("ok", "unchanged", "not_modified"))


@every_row(
    ("fields", "is_in_wire"),
    [
        ({}, True),
        ({"status": "withheld"}, False),
        ({"status": "canceled", "notice": "gone"}, False),
        ({"embargoed_until": NOW + timedelta(hours=1)}, False),
        ({"was_out": True}, True),
    ],
)
def test_a_report_is_in_the_wire_unless_it_is_held_back(fields: dict[str, object], is_in_wire: bool) -> None:
    assert ReportState(id="a", **fields).is_in_wire is is_in_wire  # type: ignore[arg-type]


def test_after_a_decision_of_the_desk_a_report_is_as_its_last_act_leaves_it() -> None:
    before = ReportState(id="a")
    withheld, restored = replace(before, status="withheld"), replace(before, was_out=True)
    acts = [
        ActRecord(act=act, cause=Cause(actor="person:awa", reason="a letter"), change=None, after=after)
        for act, after in (("withhold", withheld), ("restore", restored))
    ]
    assert DeskDecision(before=before, acts=()).after == before
    assert DeskDecision(before=before, acts=(acts[0],)).after == withheld
    assert DeskDecision(before=before, acts=tuple(acts)).after == restored


def article() -> Article:
    (made,) = make_articles(make_publisher(), make_entry())
    return made


KNOWN = Known(article_id=1, revision=1, words_hash=b"w", first_seen=NOW, last_revision=NOW, entry_hash=None)


@pytest.mark.parametrize(
    ("known", "was_listed"), [(None, False), (KNOWN, False), (replace(KNOWN, entry_hash=b"said"), True)]
)
def test_an_entry_was_listed_where_its_source_said_something_before(known: Known | None, was_listed: bool) -> None:
    assert Match(article=article(), known=known).was_listed is was_listed


def test_an_entry_that_another_key_led_to_its_article_is_a_merge_the_first_time() -> None:
    """Its own first key is an id."""
    entry = article()
    assert entry.keys[0].startswith("id:")
    said_it_before = replace(KNOWN, entry_hash=entry.entry_hash)
    for matched_by, known, is_rekeyed, is_merge in (
        (None, None, False, False),
        ("id", KNOWN, False, False),
        ("url", None, True, False),
        ("url", KNOWN, True, True),
        ("title", replace(KNOWN, entry_hash=b"something else"), True, True),
        ("url", said_it_before, True, False),
    ):
        decision = Decision(article=entry, known=known, change=None, matched_by=matched_by)
        assert (decision.is_rekeyed, decision.is_merge) == (is_rekeyed, is_merge), (matched_by, known)
