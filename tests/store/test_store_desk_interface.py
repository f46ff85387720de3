"""What a store promises to the desk and to its readers: nouns in, nouns out, the same of every store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.desk import merges, pending, retention, rules, terms
from aggregator.desk.purging import chosen
from aggregator.model import (
    Cause,
    ClockLooks,
    Complaint,
    DeskDecision,
    Entry,
    Finding,
    Lending,
    Link,
    PendingDecision,
    Publisher,
    Purge,
    ReportState,
    Selection,
    Source,
    Text,
    Validators,
)
from aggregator.model.errors import DeskError
from aggregator.store import Store
from aggregator.text.query import parse
from tests.conftest import (
    AGREEMENT,
    NOW,
    QUOTATION,
    WIRE,
    make_articles,
    make_entry,
    make_publisher,
    open_copy,
    open_store,
    record,
)

pytestmark = pytest.mark.stores

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PERSON = Cause(actor="person:ama", reason="a court order", reference="T-17")
PUBLISHER, OTHER = make_publisher("daily-example"), make_publisher("other-example", languages=("sw",))
LENT = make_publisher("lent", rights=replace(AGREEMENT, storage="transient", retention_days=30))
NEVER = make_publisher("never", rights=replace(AGREEMENT, storage="metadata_only"))
ANY = Selection()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Where the store of a kind is that those of the tests are copies of."""
    folder = tmp_path_factory.mktemp("filled")

    @cache
    def filled_once(kind: str) -> Path:
        with open_store(kind, folder / kind, [PUBLISHER, OTHER, LENT, NEVER]) as opened:
            record(opened, PUBLISHER, make_entry(1), make_entry(2))
            record(opened, OTHER, make_entry(1))
            record(opened, PUBLISHER, edited(1), make_entry(2), now=NOW + HOUR)
        return folder / kind

    return filled_once


@pytest.fixture
def store(store_kind: str, filled: Callable[[str], Path], stack: ExitStack, tmp_path: Path) -> Store:
    """With two reports of one publisher, of which the first has two versions, and one of another."""
    return stack.enter_context(open_copy(store_kind, filled(store_kind), tmp_path / "wire"))


def edited(number: int) -> Entry:
    return make_entry(number, title=Text(f"Le pont numéro {number} ferme", "text/plain"))


def report_of(store: Store, publisher: Publisher = PUBLISHER) -> str:
    """The id of a publisher's first report."""
    return store.latest(Selection(publishers=(publisher.key,)))[0].id


def state_of(store: Store, report: str) -> ReportState:
    state = store.report_state(report)
    assert state is not None
    return state


def done(store: Store, decision: DeskDecision, now: datetime = NOW + DAY) -> None:
    assert store.act(decision, now)


def kinds(store: Store, report: str) -> list[str]:
    return [line["change_kind"] for line in store.changes() if line["id"] == report]


# Acts


def test_nothing_keeps_a_report_in_the_wire_out(store: Store) -> None:
    report = report_of(store)
    assert store.report_state(report) == ReportState(id=report, was_out=True)
    assert store.report_state("nobody") is None


def test_an_act_changes_the_state_and_is_kept_with_its_cause(store: Store) -> None:
    report = report_of(store)
    done(store, rules.withhold(state_of(store, report), PERSON, NOW, legal=True))
    assert state_of(store, report) == ReportState(id=report, status="withheld", notice="legal", was_out=True)
    assert store.acts(report) == [
        {
            "at": "2026-11-23T10:00:00Z",
            "act": "withhold",
            "actor": "person:ama",
            "reason": "a court order",
            "reference": "T-17",
            "complaint_id": None,
            "until": None,
        }
    ]
    assert store.report(report) is None
    assert store.notice(report) is not None
    assert kinds(store, report)[-1] == "withheld"
    done(store, rules.restore(state_of(store, report), PERSON))
    assert state_of(store, report) == ReportState(id=report, was_out=True)
    assert [act["act"] for act in store.acts(report)] == ["withhold", "restore"]
    assert store.report(report) is not None


def test_a_decision_for_a_state_that_is_no_more_changes_nothing(store: Store) -> None:
    report = report_of(store)
    early = state_of(store, report)
    done(store, rules.withdraw(early, PERSON, NOW))
    lines = store.changes()
    assert not store.act(rules.withhold(early, PERSON, NOW), NOW + DAY)
    assert not store.act(rules.withhold(ReportState(id="nobody"), PERSON, NOW), NOW + DAY)
    assert state_of(store, report).notice == "withdrawn"
    assert [act["act"] for act in store.acts(report)] == ["withdraw"]
    assert store.changes() == lines


def test_several_acts_of_one_decision_are_kept_in_their_order(store: Store) -> None:
    report = report_of(store)
    done(store, rules.embargo(state_of(store, report), NOW + 2 * DAY, PERSON, NOW, NOW))
    assert [state.id for state in store.reports_under_embargo(NOW + 2 * DAY)] == [report]
    assert store.reports_under_embargo(NOW + 2 * DAY - HOUR) == []
    assert store.reports_beginning_with(report[:6], 9, desk=False) == []
    assert [one.id for one in store.reports_beginning_with(report[:6], 9, desk=True)] == [report]
    held = store.held_report(report)
    assert held is not None
    assert (held["status"], held["embargo_is_over"], held["title"]) == ("usable", False, "Le pont numéro 1 ferme")
    done(store, rules.withhold(state_of(store, report), PERSON, NOW + 3 * DAY), NOW + 3 * DAY)
    assert [(act["act"], act["until"]) for act in store.acts(report)] == [
        ("embargo", "2026-11-24T10:00:00Z"),
        ("release", None),
        ("withhold", None),
    ]
    assert kinds(store, report)[-3:] == ["withheld", "restored", "withheld"]
    assert store.reports_under_embargo(NOW + 9 * DAY) == []


# Complaints


def test_a_complaint_is_kept_with_what_came_of_it(store: Store) -> None:
    report = report_of(store)
    said = Complaint(kind="privacy", text="my address", complainant="a@b.example")
    number = store.complaint(said, rules.complain(state_of(store, report), "privacy", PERSON, NOW), NOW + DAY)
    assert number == 1
    (act,) = store.acts(report)
    assert (act["act"], act["complaint_id"]) == ("withhold", 1)
    (row,) = store.complaints()
    assert (row["number"], row["id"], row["complaint_kind"], row["text"], row["acts"]) == (
        1, report, "privacy", "my address", "withhold",
    )  # fmt: skip
    assert store.resolve_complaint(1, "it was nobody's", NOW + 2 * DAY)
    assert not store.resolve_complaint(1, "again", NOW + 3 * DAY)
    assert not store.resolve_complaint(2, "there is none", NOW + 3 * DAY)
    assert store.complaints() == []
    (row,) = store.complaints(resolved_too=True)
    assert (row["resolved_at"], row["resolution"]) == ("2026-11-24T10:00:00Z", "it was nobody's")
    assert store.report(report) is None  # resolving restores nothing


def test_a_complaint_about_a_state_that_is_no_more_is_not_kept(store: Store) -> None:
    report = report_of(store)
    early = rules.complain(state_of(store, report), "privacy", PERSON, NOW)
    done(store, rules.withdraw(state_of(store, report), PERSON, NOW))
    assert store.complaint(Complaint(kind="privacy", text="x"), early, NOW + DAY) is None
    assert store.complaints(resolved_too=True) == []


def test_whoever_answers_for_a_report_is_named(store: Store) -> None:
    addressee = store.addressee(report_of(store, OTHER))
    assert (addressee.publisher_name, addressee.homepage) == ("Other Example", "http://other-example.example/")
    assert (addressee.is_own, addressee.corrections) == (False, None)
    with pytest.raises(DeskError, match="no report with this id"):
        store.addressee("nobody")


# Terms


def synced(store: Store, *publishers: Publisher, now: datetime = NOW) -> bool:
    return terms.sync(store, WIRE, publishers, now, now.date())


def test_the_same_configuration_is_written_once(store: Store) -> None:
    digest = store.config_digest()
    assert digest is not None
    assert not synced(store, PUBLISHER, OTHER, LENT, NEVER)
    assert synced(store, PUBLISHER)
    assert store.config_digest() not in (None, digest)
    assert store.known_publishers().keys() == {"daily-example", "other-example", "lent", "never"}
    assert store.known_publishers()["other-example"].languages == ("sw",)
    assert [due.source.name for due in store.due(None)] == ["daily-example/feed"]


def test_the_end_of_an_agreement_is_a_stored_state_and_comes_back_with_the_clock(store: Store) -> None:
    ending = replace(PUBLISHER, rights=replace(AGREEMENT, expires=NOW.date()))
    synced(store, ending, OTHER)
    end = NOW.replace(hour=0) + DAY
    assert store.ending_agreements(NOW.date())[0]["publisher"] == "daily-example"
    assert not store.terms_are_out_of_date(end - HOUR)
    assert store.terms_are_out_of_date(end)
    assert store.switch_terms(end, end, end) == ["daily-example"]
    assert not store.terms_are_out_of_date(end)
    (ended,) = store.ended_agreements()
    assert (ended["publisher"], ended["during"], ended["after"]) == ("daily-example", "full_text", "excerpt")
    assert {report.text_scope for report in store.latest(Selection(publishers=("daily-example",)))} == {"excerpt"}
    assert store.changes()[-1]["change_kind"] == "terms_changed"
    assert store.switch_terms(end - HOUR, end, end) == ["daily-example"]  # the clock was ahead
    assert store.ended_agreements() == []


# What rights and persons let go


def test_words_are_let_go_by_publisher_and_first_sight(store: Store) -> None:
    assert store.lending() == {
        "lent": Lending(storage="transient", days=30), "never": Lending(storage="metadata_only", days=None)
    }  # fmt: skip
    for number, publisher in enumerate((LENT, LENT)):
        record(store, publisher, make_entry(number), now=NOW + number * DAY)
    older, newer = (report.id for report in reversed(store.latest(Selection(publishers=("lent",)))))
    over = retention.over(store.lending(), NOW + 30 * DAY + HOUR)
    assert store.let_go(over) == 1
    assert store.let_go(over) == 0
    store.let_go_pending(over)
    assert (store.raw(older) or {}).keys() == {"id", "title", "links", "authors", "published"}
    assert "content" in (store.raw(newer) or {})
    assert [report.id for report in store.search(parse("camions"), Selection(publishers=("lent",)))] == [newer]
    assert store.let_go({}) == 0


def test_what_has_ended_has_ended_for_whoever_reads(store: Store, stack: ExitStack) -> None:
    record(store, LENT, make_entry(1))
    report = report_of(store)
    lent = report_of(store, LENT)
    done(store, rules.embargo(state_of(store, report), NOW + 2 * DAY, PERSON, NOW, NOW))
    reader = stack.enter_context(Store.read(store.place))
    assert reader.report(report) is None
    later = NOW + 40 * DAY
    reader.show_as_of(later, NOW, retention.over(reader.lending(), later))
    assert reader.report(report) is None  # the clock is not believed, so no embargo ends
    shown = reader.report(lent)
    assert shown is not None
    assert not shown.text
    other = stack.enter_context(Store.read(store.place))
    other.show_as_of(later, later, {})
    assert other.report(report) is not None
    assert [one.id for one in other.reports_beginning_with(report, 1, desk=False)] == [report]
    assert (other.held_report(report) or {})["embargo_is_over"]
    kept = other.report(lent)
    assert kept is not None
    assert kept.text
    assert store.report(report) is None  # the others see what is stored


def test_a_purge_leaves_an_empty_record(store: Store) -> None:
    report, lines = report_of(store), len(store.changes())
    (found,) = store.purgeable([report, "nobody"])
    assert (found.id, found.revision) == (report, 2)
    assert found.folded_title == "le pont numero 1 ferme"
    assert store.purge([Purge(id=report, revision=2)], PERSON, NOW + DAY) == []
    assert store.report_state(report) == ReportState(id=report, status="canceled", notice="removed", was_out=True)
    assert store.purgeable([report]) == []
    assert store.raw(report) == {}
    assert [act["act"] for act in store.acts(report)] == ["purge"]
    assert len(store.changes()) == lines + 1
    assert report not in store.first_seen(None, None, NOW + DAY)


def test_a_report_with_newer_words_than_were_chosen_is_not_purged(store: Store) -> None:
    report = report_of(store)
    assert store.purge([Purge(id=report, revision=1)], PERSON, NOW + DAY) == [report]
    assert state_of(store, report).notice is None
    assert "content" in (store.raw(report) or {})


def test_reports_are_chosen_by_first_sight_and_publisher(store: Store) -> None:
    assert len(store.first_seen(None, None, NOW + HOUR)) == 3
    assert len(store.first_seen(None, NOW, None)) == 3
    assert store.first_seen(None, NOW + HOUR, None) == []
    assert len(store.first_seen(PUBLISHER.key, None, None)) == 2
    assert store.first_seen("other-example", None, NOW + HOUR) == [report_of(store, OTHER)]
    assert store.first_seen(None, None, NOW) == []
    with pytest.raises(DeskError, match="no report with this id"):
        chosen(store, ["nobody"])


# Merges


@pytest.fixture
def merged(store: Store) -> Store:
    """Another entry at the address of the second report was taken for it."""
    twin = make_entry(
        id="other", links=(Link("http://daily.example/2"),), title=Text("Le pont numéro 2 rouvre enfin", "text/plain")
    )
    record(store, PUBLISHER, edited(1), twin, now=NOW + 2 * HOUR)
    return store


def test_a_merge_is_known_with_what_undoing_it_takes(merged: Store) -> None:
    (row,) = merged.merges()
    merge = merged.merge(row["merge_id"])
    assert merge is not None
    assert (merge.id, merge.article_key, merge.is_undone) == (row["id"], row["article_key"], False)
    assert (merge.revision, merge.newest, merge.source_name) == (1, 2, "daily-example/feed")
    assert b"rouvre enfin" in merge.taken.raw
    assert b"rouvre enfin" not in merge.own.raw
    assert merge.state == ReportState(id=merge.id, was_out=True)
    assert merged.merge(99) is None
    (compared,) = merged.merged_words(None)
    assert (compared.id, compared.number, compared.after) == (merge.id, row["merge_id"], merge.taken.raw)
    assert merged.merged_words(NOW + DAY) == []


def test_a_merge_is_undone_only_as_long_as_its_report_is_what_it_was(merged: Store) -> None:
    (row,) = merged.merges()
    merge = merged.merge(row["merge_id"])
    assert merge is not None
    done(merged, rules.withhold(merge.state, PERSON, NOW))
    before = merged.changes()
    said = merges.undone(
        merge, *make_articles(PUBLISHER, make_entry(7), make_entry(8)), [merge.article_key], NOW + DAY, NOW + DAY
    )
    assert not merged.split(said, NOW + DAY)
    assert merged.changes() == before
    assert merged.report_state(said.new.article.id) is None
    new = merges.split(merged, row["merge_id"], NOW + DAY)
    assert state_of(merged, new).notice == "withheld"  # as the other one is
    again = merged.merge(row["merge_id"])
    assert again is not None
    assert again.is_undone
    assert not merged.split(said, NOW + DAY)


# Changes that wait


@pytest.fixture
def waiting(store: Store) -> Store:
    """Of six reports that come to say one and the same thing none is believed."""
    six = [make_entry(number, title=Text(f"Okapi {number} on the bridge", "text/plain")) for number in range(10, 16)]
    record(store, OTHER, *six, now=NOW + HOUR)
    record(store, OTHER, *(replace(one, title=Text("Casino", "text/plain")) for one in six), now=NOW + 2 * HOUR)
    return store


def test_changes_that_wait_are_known_by_source_and_kind(waiting: Store) -> None:
    assert waiting.sources_with_pending("other-example", pending.KINDS) == ["other-example/feed"]
    assert waiting.sources_with_pending("other-example/feed", ["same_words"]) == ["other-example/feed"]
    assert waiting.sources_with_pending("other-example", ["moved"]) == []
    found = waiting.pending_of("other-example/feed", pending.KINDS, 4)
    assert [change.mass_kind for change in found.changes] == ["same_words"] * 4
    first = found.changes[0]
    assert (first.signal, first.received) == ("entry", NOW + 2 * HOUR)
    assert first.words is not None
    assert first.words.title.startswith("Okapi")
    assert b"Casino" in first.raw
    assert [row["new_title"] for row in waiting.pending()] == ["Casino"] * 6


def test_what_a_person_decides_about_changes_holds_for_those_alone(waiting: Store) -> None:
    found = waiting.pending_of("other-example/feed", pending.KINDS, 2)
    refused = PendingDecision(pending=found, act="refuse", actor="person:ama")
    accepted = pending.accepted(found, OTHER.sources[0], OTHER, "person:ama", NOW + DAY, NOW + DAY)
    assert waiting.decide_pending(accepted, NOW + DAY)
    assert not waiting.decide_pending(refused, NOW + DAY)  # they wait no longer
    titles = [report.title for report in waiting.latest(Selection(publishers=("other-example",)))]
    assert titles.count("Casino") == 2
    rest = waiting.pending_of("other-example/feed", pending.KINDS, 9)
    assert len(rest.changes) == 4
    assert rest.most["same_words"] == 7
    assert waiting.decide_pending(PendingDecision(pending=rest, act="refuse", actor="person:ama"), NOW + DAY)
    assert waiting.pending_of("other-example/feed", pending.KINDS, 9).changes == ()


def test_changes_of_a_report_that_was_withheld_meanwhile_are_decided_anew(waiting: Store) -> None:
    found = waiting.pending_of("other-example/feed", pending.KINDS, 9)
    done(waiting, rules.withhold(found.changes[0].state, PERSON, NOW))
    decision = pending.accepted(found, OTHER.sources[0], OTHER, "person:ama", NOW + DAY, NOW + DAY)
    before = waiting.changes()
    assert not waiting.decide_pending(decision, NOW + DAY)
    assert waiting.changes() == before
    assert pending.accept(waiting, [OTHER], "other-example", pending.KINDS, "person:ama", NOW + DAY).total() == 6


# Visits to pages


def test_pages_are_queued_visited_and_left_in_peace(store: Store) -> None:
    new = store.new_pages(NOW - DAY)
    assert new is not None
    assert {page.publisher for page in new.pages} == {"daily-example", "other-example"}
    assert {page.first_seen for page in new.pages} == {NOW}
    store.queue_visits(new.up_to, {page.article_id: NOW + HOUR for page in new.pages})
    assert store.new_pages(NOW - DAY) is None
    keys = ("daily-example", "other-example")
    assert store.due_visits(NOW, 9, 9, keys) == []
    assert len(store.due_visits(NOW + HOUR, 9, 1, keys)) == 2
    assert len(store.due_visits(NOW + HOUR, 9, 9, ["daily-example"])) == 2
    assert store.waiting_visits(NOW + HOUR, keys) == set(keys)
    first, second = store.due_visits(NOW + HOUR, 9, 9, ["daily-example"])
    assert (first.visits, first.validators, first.missing_since) == (0, Validators(), None)
    gone = Finding(
        recheck=replace(first, visits=1),
        result="404",
        next_at=NOW + 2 * HOUR,
        validators=Validators('"a"'),
        missing_since=NOW + HOUR,
    )
    store.record_visits("daily-example", [gone], None)
    assert store.due_visits(NOW + HOUR, 9, 9, ["daily-example"]) == [second]
    (again,) = [one for one in store.due_visits(NOW + 2 * HOUR, 9, 9, ["daily-example"]) if one.visits]
    assert (again.validators, again.missing_since) == (Validators('"a"'), NOW + HOUR)
    assert store.pages_visited("daily-example", NOW - 30 * DAY, 20, []) == (1, 1)
    assert store.pages_visited("daily-example", NOW - 30 * DAY, 20, [first.article_id]) == (0, 0)
    store.record_visits("daily-example", [], NOW + DAY)
    assert store.due_visits(NOW + DAY - HOUR, 9, 9, ["daily-example"]) == []
    store.drop_visits([first.article_id, second.article_id])
    assert store.due_visits(NOW + 2 * DAY, 9, 9, ["daily-example"]) == []


def test_one_program_visits_a_publisher(store: Store, stack: ExitStack) -> None:
    other = stack.enter_context(Store.open(store.place))
    assert store.claim("visit", ["daily-example"], NOW) == {"daily-example"}
    assert other.claim("visit", ["daily-example", "other-example"], NOW) == {"other-example"}
    assert other.claimed_by_others("visit", NOW) == {"daily-example"}
    assert store.claimed_by_others("visit", NOW) == {"other-example"}
    assert store.claimed_by_others("poll", NOW) == set()


# The clock


def test_looks_at_the_clock_are_remembered_beside_the_newest_poll(store: Store) -> None:
    assert store.clock_looks().newest == NOW + HOUR
    looks = ClockLooks(last=NOW + 2 * HOUR, apart=HOUR, first=NOW + 9 * DAY, before=NOW + HOUR)
    store.remember_looks(looks)
    assert store.clock_looks() == replace(looks, newest=NOW + 2 * HOUR)


def test_times_that_a_clock_left_which_ran_ahead_are_brought_back(store: Store) -> None:
    record(store, OTHER, make_entry(7, published=None), now=NOW + 400 * DAY)
    store.bring_times_back(NOW + 2 * HOUR)
    assert store.latest(Selection(publishers=("other-example",)))[0].first_seen == "2026-11-22T12:00:00Z"
    assert max(line["at"] for line in store.changes()) == "2026-11-22T12:00:00Z"
    assert store.clock_looks().newest == NOW + 2 * HOUR
    lines = store.changes()
    store.bring_times_back(NOW + 2 * HOUR)
    assert store.changes() == lines


# What looks wrong, and what is to be expected


def test_reports_at_one_address_are_told_together(store: Store) -> None:
    record(store, OTHER, *(make_entry(n, links=(Link("http://x.example/a"),)) for n in (20, 21)), now=NOW + HOUR)
    (group,) = store.at_one_address(None)
    assert {each.publisher for each in group} == {"other-example"}
    assert [each.first_seen for each in group] == [NOW + HOUR] * 2
    assert store.at_one_address(NOW + DAY) == []
    assert store.named([group[0].id])[group[0].id][0] == "Other Example"
    done(store, rules.withdraw(state_of(store, group[0].id), PERSON, NOW))
    assert store.named([group[0].id]) == {group[0].id: ("Other Example", None)}
    assert store.at_one_address(None) == []


def test_what_polls_brought_is_counted_by_source_and_day(store: Store) -> None:
    found = {source.publisher: source for source in store.polled(NOW - DAY, NOW + DAY) if source.days}
    assert {key: [(day.polls, day.received, day.failed) for day in source.days] for key, source in found.items()} == {
        "daily-example": [(2, 2, 0)], "other-example": [(1, 1, 0)]
    }  # fmt: skip
    assert [(source.publisher, source.first_poll) for source in found.values()] == [
        ("daily-example", NOW), ("other-example", NOW)
    ]  # fmt: skip
    later = store.polled(NOW + DAY, NOW + 2 * DAY)
    assert {source.publisher for source in later} > {*found}  # those that are switched on, and were not polled
    assert all(source.days == () for source in later)
    assert store.last_well("other-example/feed", NOW - DAY, NOW + DAY) == found["other-example"].last_well
    assert store.last_well("other-example/feed", NOW - 2 * DAY, NOW - DAY) is None
    assert store.last_new() == NOW


def test_the_wire_s_own_source_is_made_once_and_never_polled(store: Store) -> None:
    own = Source(publisher="daily-example", key="own", url="http://daily.example/", kind="manuscript", enabled=False)
    store.add_own_source(own, NOW)
    store.add_own_source(own, NOW)
    assert [due.source.key for due in store.due(None) if due.source.publisher == "daily-example"] == ["feed"]
    with pytest.raises(DeskError, match="this key belongs to a feed that is polled"):
        store.add_own_source(replace(own, key="feed"), NOW)


def test_excerpts_follow_the_rights_of_today(store: Store) -> None:
    synced(store, replace(PUBLISHER, rights=replace(QUOTATION, excerpt_max_words=3)), OTHER)
    assert all(report.text is None for report in store.latest(Selection(publishers=("daily-example",))))
    assert store.cut_excerpts() == 2
    assert store.cut_excerpts() == 0
    assert all(report.text for report in store.latest(Selection(publishers=("daily-example",))))
