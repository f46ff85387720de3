"""What a store promises to whoever polls: nouns in, nouns out, the same of every store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.desk import rules
from aggregator.model import (
    Article,
    Category,
    Decision,
    DeskDecision,
    Due,
    Habits,
    Hints,
    KeptTariff,
    Known,
    Memory,
    Pause,
    Poll,
    PollRecord,
    Proposal,
    Publisher,
    Redirection,
    RedirectState,
    Removal,
    ReportState,
    RobotsCopy,
    Selection,
    Snapshot,
    Source,
    Tariff,
    Text,
    Validators,
    Wanted,
)
from aggregator.pipeline.recording import wanted
from aggregator.store import Store
from tests.conftest import NOW, STORES, make_articles, make_entry, make_poll, make_publisher, open_store

pytestmark = pytest.mark.stores

HOUR = timedelta(hours=1)
TWO_FEEDS = make_publisher(
    "daily-example",
    sources=(
        Source(publisher="daily-example", key="feed", url="http://daily-example.example/feed"),
        Source(publisher="daily-example", key="sport", url="http://daily-example.example/sport"),
    ),
)
OTHER = make_publisher("other-example")
FEED, SPORT = TWO_FEEDS.sources
DELETED = Removal(act="withdraw", notice="withdrawn", actor="publisher:feed", reason="listed as deleted")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def store(store_kind: str, stack: ExitStack, tmp_path: Path) -> Store:
    return stack.enter_context(open_store(store_kind, tmp_path / "wire", [TWO_FEEDS, OTHER]))


@pytest.fixture
def other_program(store_kind: str, store: Store, stack: ExitStack, tmp_path: Path) -> Store:
    """Another program's handle on the same store."""
    return stack.enter_context(STORES[store_kind](tmp_path / "wire"))


def known(store: Store, articles: Sequence[Article] = (), source: Source = FEED, **of_poll: object) -> Snapshot:
    (snapshot,) = store.known([wanted(make_poll(source, **of_poll), articles, NOW)])
    return snapshot


def new(*articles: Article) -> tuple[Decision, ...]:
    return tuple(Decision(article=article, known=None, change="new") for article in articles)


def stored(store: Store, *articles: Article, source: Source = FEED, **fields: object) -> Poll:
    """A poll that brought these articles, stored as new."""
    poll = make_poll(source, new=len(articles))
    listed = tuple(article.id for article in articles)
    record = PollRecord(known=known(store, articles, source), poll=poll, decisions=new(*articles), last_listed=listed)
    assert store.save([replace(record, **fields)], NOW) == set()
    return poll


def saved(store: Store, record: PollRecord) -> None:
    assert store.save([record], NOW) == set()


def articles_of(publisher: Publisher, *numbers: int) -> tuple[Article, ...]:
    return make_articles(publisher, *map(make_entry, numbers))


def titles(store: Store) -> list[str | None]:
    return [report.title for report in store.latest(Selection())]


def edited(store: Store, number: int = 1, **fields: object) -> tuple[Article, Known, Snapshot]:
    (article,) = make_articles(TWO_FEEDS, make_entry(number, **fields))
    found = known(store, [article])
    return article, found.candidates[found.articles[article.keys[0]]], found


def due(store: Store, source: Source) -> Due:
    return next(one for one in store.due(None) if one.source.name == source.name)


# Loading


def test_of_a_source_that_was_never_polled_nothing_is_remembered(store: Store) -> None:
    assert store.load(FEED) == Memory(digests={}, last_listed=())
    found = known(store)
    assert found.habits == Habits(url=FEED.url)
    assert (found.id_trust, found.id_conflicts, found.has_listed, found.last_listed) == ("id", 0, False, ())


def test_what_a_source_listed_last_is_remembered_by_first_key_in_its_order(store: Store) -> None:
    articles = articles_of(TWO_FEEDS, 1, 2, 3)
    stored(store, *articles)
    memory = store.load(FEED)
    assert memory.digests == {article.keys[0]: article.entry_hash for article in articles}
    assert [entry.name for entry in memory.last_listed] == [article.keys[0] for article in articles]
    assert {(entry.sort_time, entry.is_dated) for entry in memory.last_listed} == {(articles[0].published, True)}
    assert store.load(SPORT) == Memory(digests={}, last_listed=())


# What is known


def test_articles_are_found_by_their_keys_with_what_their_source_said(store: Store) -> None:
    articles = articles_of(TWO_FEEDS, 1, 2)
    stored(store, *articles)
    _, before, found = edited(store, title=Text("Le pont numéro 1 ferme", "text/plain"))
    assert (before.revision, before.entry_hash, before.url) == (1, articles[0].entry_hash, articles[0].url)
    assert found.digests[before.article_id] == articles[0].entry_hash
    assert found.words[before.article_id].title == articles[0].title
    assert found.words[before.article_id].words_hash == articles[0].words_hash
    assert found.last_listed[0].name == before.article_id
    assert found.in_latest == {"2026-11-21": 2}


def test_what_says_what_it_said_before_costs_no_look_at_its_article(store: Store) -> None:
    articles = articles_of(TWO_FEEDS, 1, 2)
    stored(store, *articles)
    found = known(store, articles)
    assert set(found.digests.values()) == {article.entry_hash for article in articles}
    assert (found.candidates, found.words, found.in_latest) == ({}, {}, {})


def test_another_source_of_the_publisher_finds_the_article_and_another_publisher_does_not(store: Store) -> None:
    (article,) = articles_of(TWO_FEEDS, 1)
    stored(store, article)
    beside = known(store, [article], SPORT)
    (number,) = beside.candidates
    assert (beside.candidates[number].entry_hash, beside.digests, beside.words) == (None, {}, {})
    theirs = make_articles(OTHER, make_entry(1))
    assert known(store, theirs, OTHER.sources[0]).candidates == {}


def test_a_twin_is_found_by_its_words(store: Store) -> None:
    (article,) = articles_of(TWO_FEEDS, 1)
    stored(store, article)
    (twin,) = make_articles(TWO_FEEDS, make_entry(1, id="another", links=()))
    found = known(store, [twin])
    assert set(found.near.values()) == set(found.candidates)
    assert twin.keys[0] not in found.articles


def test_a_poll_without_entries_asks_for_its_source_alone(store: Store) -> None:
    stored(store, *articles_of(TWO_FEEDS, 1))
    found = known(store)
    assert (found.has_listed, found.articles, found.last_listed) == (True, {}, ())


# Saving


def test_a_poll_is_stored_with_all_that_it_brought(store: Store) -> None:
    articles = articles_of(TWO_FEEDS, 1, 2)
    validators = Validators('"a"', "Sat, 21 Nov 2026 08:00:00 GMT")
    poll = make_poll(FEED, new=2, validators=validators, body_hash=b"x" * 32)
    saved(store, PollRecord(known=known(store, articles), poll=poll, decisions=new(*articles)))
    assert sorted(titles(store), key=str) == [article.title for article in articles]
    remembered = due(store, FEED)
    assert (remembered.validators, remembered.body_hash, remembered.failures) == (validators, b"x" * 32, 0)
    assert poll.next is not None
    assert store.due(poll.next.at - timedelta(seconds=1)) == [due(store, SPORT), due(store, OTHER.sources[0])]
    assert due(store, FEED) in store.due(poll.next.at)


@pytest.mark.parametrize("is_newest_last", [False, True])
def test_of_one_time_the_newest_comes_first_and_the_ledger_has_the_document_order(
    store: Store, is_newest_last: bool
) -> None:
    undated = make_articles(TWO_FEEDS, *(make_entry(number, published=None) for number in (1, 2, 3)))
    stored(store, *undated, is_newest_last=is_newest_last)
    said = [article.title for article in undated]
    assert titles(store) == (said[::-1] if is_newest_last else said)
    assert [line["title"] for line in store.changes()] == said


def test_a_new_version_is_a_revision_and_what_differs_in_a_date_alone_is_none(store: Store) -> None:
    stored(store, *articles_of(TWO_FEEDS, 1))
    article, before, found = edited(store, title=Text("Le pont numéro 1 ferme", "text/plain"))
    changed = Decision(article=article, known=before, change="revised", changed=("title",), matched_by="id")
    saved(store, PollRecord(known=found, poll=make_poll(FEED, revised=1), decisions=(changed,)))
    assert titles(store) == ["Le pont numéro 1 ferme"]
    article, before, found = edited(
        store, title=Text("Le pont numéro 1 ferme", "text/plain"), categories=(Category("roads"),)
    )
    assert before.revision == 2
    relisted = Decision(article=article, known=before, change=None, matched_by="id")
    saved(store, PollRecord(known=found, poll=make_poll(FEED), decisions=(relisted,)))
    assert len(store.revisions(article.id)) == 2
    assert store.load(FEED).digests == {article.keys[0]: article.entry_hash}


def test_backfill_is_held_and_not_listed(store: Store) -> None:
    articles = articles_of(TWO_FEEDS, 1, 2)
    stored(store, *articles, backfill=frozenset([articles[0].id]))
    assert titles(store) == [articles[1].title]
    assert store.report(articles[0].id)


def test_what_is_remembered_of_a_source_is_read_as_it_was_written(store: Store) -> None:
    poll = make_poll(FEED, outcome="not_modified")
    ways = Habits(
        url="https://daily-example.example/moved",
        last_success=poll.started,
        poll_hints=Hints(every=2 * HOUR, skip_hours=(1, 2), skip_days=(6,)),
        conditional_polls=3,
        unmodified_since=NOW - HOUR,
        validators_ignored="it said 304",
        moved_to="https://elsewhere.example/",
        moved_since=NOW - HOUR,
        silent_after=NOW + 30 * HOUR,
    )
    record = PollRecord(known=known(store), poll=poll, habits=ways, unstable_polls=(NOW - HOUR, NOW), id_conflicts=2)
    saved(store, replace(record, id_trust=("url", "ids are used again")))
    found = known(store)
    assert found.habits == ways
    assert (found.unstable_polls, found.id_conflicts, found.id_trust) == ((NOW - HOUR, NOW), 2, "url")
    assert due(store, FEED).source.url == ways.url
    saved(store, PollRecord(known=found, poll=make_poll(FEED), unstable_polls=()))
    assert known(store).unstable_polls == ()


def test_an_error_is_remembered_until_an_answer_ends_it_but_where_nobody_answered(store: Store) -> None:
    for outcome, error in [("failed", "no answer"), ("offline", "no answer"), ("pending", "elsewhere"), ("ok", None)]:
        poll = make_poll(FEED, outcome=outcome, error="elsewhere" if outcome == "pending" else "no answer")
        failures = 3 if error else 0
        saved(store, PollRecord(known=known(store), poll=poll, habits=Habits(url=FEED.url, failures=failures)))
        assert due(store, FEED).failures == failures
        (of_feed,) = (each for each in store.health(NOW) if each["source_name"] == FEED.name)
        assert (error or "") in (of_feed["problem"] or "")
        assert bool(of_feed["problem"]) is bool(error)


def test_validators_that_may_be_at_fault_are_forgotten_and_no_others(store: Store) -> None:
    saved(store, PollRecord(known=known(store), poll=make_poll(FEED, validators=Validators('"a"'))))
    saved(store, PollRecord(known=known(store), poll=make_poll(FEED, outcome="failed")))
    assert due(store, FEED).validators == Validators('"a"')
    saved(store, PollRecord(known=known(store), poll=make_poll(FEED, outcome="failed", validators=Validators())))
    assert due(store, FEED).validators == Validators()


def test_a_feed_that_was_found_is_proposed(store_kind: str, stack: ExitStack, tmp_path: Path) -> None:
    site = Source(publisher="daily-example", key="site", url="http://daily-example.example/", kind="discover")
    store = stack.enter_context(open_store(store_kind, tmp_path / "wire", [make_publisher(sources=(site,))]))
    proposal = Proposal("http://daily-example.example/rss", "rss20, 3 entries")
    saved(store, PollRecord(known=known(store, source=site), poll=make_poll(site, proposal=proposal)))
    assert due(store, site).proposed == proposal.url
    saved(store, PollRecord(known=known(store, source=site), poll=make_poll(site, outcome="failed")))
    assert due(store, site).proposed == proposal.url


def test_a_host_that_asks_to_be_left_alone_postpones_its_other_sources(store: Store) -> None:
    pause = Pause(url=FEED.url, lasts=5 * HOUR)
    saved(store, PollRecord(known=known(store), poll=make_poll(FEED, outcome="failed"), pauses=(pause,)))
    soon = {one.source.name for one in store.due(NOW + 4 * HOUR)}
    assert SPORT.name not in soon
    assert {FEED.name, OTHER.sources[0].name} <= soon
    assert SPORT.name in {one.source.name for one in store.due(NOW + 6 * HOUR)}


def test_a_redirect_that_is_held_is_remembered_until_an_answer_ends_it(store: Store) -> None:
    held = Redirection(
        url="http://elsewhere.example/", state="pending", rule="unknown", reason="http://elsewhere.example/"
    )
    saved(store, PollRecord(known=known(store), poll=make_poll(FEED, outcome="pending", redirection=held)))
    assert known(store).has_pending_redirect
    saved(store, PollRecord(known=known(store), poll=make_poll(FEED)))
    assert not known(store).has_pending_redirect


def held(store: Store, url: str, state: RedirectState = "pending") -> Redirection:
    found = Redirection(url=url, state=state, rule="unknown", reason=f"{url}, which nobody knows")
    saved(store, PollRecord(known=known(store), poll=make_poll(FEED, outcome="pending", redirection=found)))
    return found


def test_a_person_accepts_the_redirect_that_is_held_now_and_for_one_source_alone(store: Store) -> None:
    assert store.accept_redirect(FEED.name, NOW) is None
    held(store, "http://first.example/feed")
    held(store, "http://second.example/feed")
    saved(store, PollRecord(known=known(store), poll=make_poll(FEED, validators=Validators(etag='"1"'))))
    assert store.accept_redirect(FEED.name, NOW) is None  # an answer from where it should come from has ended it
    held(store, "http://first.example/feed")
    held(store, "http://second.example/feed")
    accepted = store.accept_redirect(FEED.name, NOW)
    assert accepted == Redirection(url="http://second.example/feed", state="accepted", rule="person")
    assert due(store, FEED).accepted == ("http://second.example/feed",)
    assert due(store, SPORT).accepted == ()
    assert due(store, FEED).validators == Validators()  # it is read whole
    assert FEED.name in {one.source.name for one in store.due(NOW)}
    assert store.accept_redirect(SPORT.name, NOW) is None


def test_what_was_accepted_stays_so_unless_the_address_is_another_publishers(store: Store) -> None:
    url = "http://elsewhere.example/feed"
    held(store, url)
    store.accept_redirect(FEED.name, NOW)
    held(store, url)  # by a poll that was under way
    assert due(store, FEED).accepted == (url,)
    refused = held(store, url, "refused")
    assert due(store, FEED).accepted == ()
    assert store.accept_redirect(FEED.name, NOW) == Redirection(
        url=url, state="refused", rule="another_publisher", reason=refused.reason
    )
    assert due(store, FEED).accepted == ()


def test_no_redirect_of_a_new_store_was_in_force_before_redirects_were_checked(store: Store) -> None:
    held(store, "http://elsewhere.example/feed")
    store.accept_redirect(FEED.name, NOW)
    assert store.redirects_in_force() == []
    store.note_redirects_listed(NOW)
    assert due(store, FEED).accepted == ("http://elsewhere.example/feed",)


def test_a_source_that_is_paused_is_due_again_once_a_person_resumes_it(store: Store) -> None:
    assert not store.resume([FEED.name], NOW, "person:amina")
    gone = Habits(url=FEED.url, failures=3, paused_at=NOW)
    saved(store, PollRecord(known=known(store), poll=make_poll(FEED, outcome="failed"), habits=gone))
    assert FEED.name not in {one.source.name for one in store.due(None)}
    assert store.resume([FEED.name], NOW + HOUR, "person:amina")
    assert FEED.name in {one.source.name for one in store.due(NOW + HOUR)}
    assert (known(store).habits.failures, known(store).habits.paused_at) == (0, None)
    assert not store.resume([FEED.name], NOW + HOUR, "person:amina")


# What waits, and what is held back


def test_a_change_that_waits_is_kept_as_it_came_and_ends(store: Store) -> None:
    stored(store, *articles_of(TWO_FEEDS, 1))
    article, before, found = edited(store, title=Text("Spam", "text/plain"))
    waits = Decision(article=article, known=before, change="revised", changed=("title",), pending_change="revised")
    saved(store, PollRecord(known=found, poll=make_poll(FEED), decisions=(waits,)))
    assert titles(store) == ["Le pont numéro 1 rouvre"]
    article, before, found = edited(store)
    assert found.pending_changes == {before.article_id: (True, "revised")}
    assert known(store, [article], SPORT).pending_changes == {before.article_id: (False, "revised")}
    back = Decision(article=article, known=before, change=None, matched_by="id")
    ended = PollRecord(known=found, poll=make_poll(FEED), decisions=(back,), ended_pending_changes=(before.article_id,))
    saved(store, ended)
    assert edited(store, title=Text("Other", "text/plain"))[2].pending_changes == {}


def test_words_that_are_pending_are_compared_with_and_end(store: Store) -> None:
    stored(store, *articles_of(TWO_FEEDS, 1))
    article, before, found = edited(store, authors=())
    held = Decision(article=article, known=before, change="revised", changed=("byline",), pending_revision=True)
    saved(store, PollRecord(known=found, poll=make_poll(FEED), decisions=(held,)))
    article, before, found = edited(store, authors=(), categories=(Category("roads"),))
    assert found.pending_revision_keys == {before.article_id: article.keys[0]}
    assert found.pending_words[before.article_id].byline is None
    assert found.words[before.article_id].byline == "Awa Keïta"
    assert known(store, [article], SPORT).pending_words == {}
    saved(store, PollRecord(known=found, poll=make_poll(FEED), gone_pending_revisions=(before.article_id,)))
    assert store.store_pending_revisions(NOW + 25 * HOUR) == 1
    assert [each["change_kind"] for each in store.revisions(article.id)] == ["new", "revised"]
    assert known(store).pending_revision_keys == {}


def test_a_deletion_that_waits_is_remembered_until_its_entry_is_listed_again(store: Store) -> None:
    (article,) = articles_of(TWO_FEEDS, 1)
    stored(store, article, new_tombstones={article.id: article.keys[0]})
    (number,) = known(store).tombstones
    saved(store, PollRecord(known=known(store), poll=make_poll(FEED), ended_tombstones=(number,)))
    assert known(store).tombstones == {}


def test_what_a_publisher_asks_of_a_new_report_is_done_with_it(store: Store) -> None:
    article, other = articles_of(TWO_FEEDS, 1, 2)
    asked = rules.obey(ReportState(id=article.id, is_new=True), DELETED, NOW)
    assert asked is not None
    stored(store, article, other, acts=(asked,))
    assert titles(store) == [other.title]
    found = known(store, withdrawn=("tag:daily.example,2026:1", "tag:daily.example,2026:2", "nobody's"))
    numbers = {report.id: number for number, report in found.states.items()}
    assert found.states[numbers[article.id]].notice == "withdrawn"
    assert found.deleted[numbers[article.id]].acts == {(DELETED.actor, DELETED.reason)}
    assert found.deleted[numbers[other.id]].acts == frozenset()


# Everything or nothing, and by what is true


def test_where_one_poll_cannot_be_stored_none_of_the_call_is(store: Store) -> None:
    articles = articles_of(TWO_FEEDS, 1)
    act = DeskDecision(before=ReportState(id="nobody", status="withheld"), acts=())
    record = PollRecord(known=known(store, articles), poll=make_poll(FEED), decisions=new(*articles), acts=(act,))
    before = due(store, FEED)
    beside = PollRecord(known=record.known, poll=make_poll(OTHER.sources[0]))
    with pytest.raises(ValueError, match="another state"):
        store.save([replace(beside, known=known(store, source=OTHER.sources[0])), record], NOW)
    assert titles(store) == []
    assert due(store, FEED) == before
    assert due(store, OTHER.sources[0]).last_poll is None
    stored(store, *articles)


def test_what_another_program_wrote_makes_what_was_known_old(store: Store, other_program: Store) -> None:
    articles = articles_of(TWO_FEEDS, 1)
    stored(store, *articles)
    article, before, found = edited(store, title=Text("New", "text/plain"))
    changed = Decision(article=article, known=before, change="revised", changed=("title",))
    record = PollRecord(known=found, poll=make_poll(FEED), decisions=(changed,))
    stored(other_program, *articles_of(TWO_FEEDS, 7), source=SPORT)
    assert store.save([record], NOW) == {0}
    assert len(store.revisions(article.id)) == 1
    again = edited(store, title=Text("New", "text/plain"))[2]
    assert store.save([replace(record, known=again)], NOW) == set()
    assert len(store.revisions(article.id)) == 2


def test_what_this_program_wrote_makes_what_was_known_old(store: Store) -> None:
    found = known(store)
    stored(store, *articles_of(TWO_FEEDS, 1))
    assert store.save([PollRecord(known=found, poll=make_poll(FEED))], NOW) == {0}


def test_a_sister_source_in_the_same_call_is_told_to_judge_again(store: Store) -> None:
    articles, theirs = articles_of(TWO_FEEDS, 1), make_articles(OTHER, make_entry(1))
    sources = ((FEED, articles), (SPORT, articles), (OTHER.sources[0], theirs))
    snapshots = store.known([wanted(make_poll(source), listed, NOW) for source, listed in sources])
    records = [
        PollRecord(known=snapshot, poll=make_poll(source), decisions=new(*listed))
        for snapshot, (source, listed) in zip(snapshots, sources, strict=True)
    ]
    assert store.save(records, NOW) == {1}
    assert len(titles(store)) == 2
    assert known(store, articles, SPORT).candidates != {}


def test_a_second_poll_of_a_source_in_the_same_call_is_told_to_judge_again(store: Store) -> None:
    record = PollRecord(
        known=known(store), poll=make_poll(FEED, outcome="failed"), habits=Habits(url=FEED.url, failures=1)
    )
    sister = PollRecord(known=known(store, source=SPORT), poll=make_poll(SPORT, outcome="failed"))
    assert store.save([record, record, sister], NOW) == {1}


def test_while_it_is_alone_nothing_is_out_of_date(store: Store, other_program: Store) -> None:
    with store.alone():
        for number, source in enumerate((FEED, SPORT)):
            stored(store, *articles_of(TWO_FEEDS, number), source=source)
    assert len(titles(other_program)) == 2


def test_what_fails_while_it_is_alone_leaves_nothing(store: Store) -> None:
    stored(store, *articles_of(TWO_FEEDS, 2), source=SPORT)
    before = titles(store)
    with pytest.raises(AssertionError, match="old"), store.alone():
        _stored_twice(store)
    assert titles(store) == before
    stored(store, *articles_of(TWO_FEEDS, 1))


def _stored_twice(store: Store) -> None:
    """The second time by what was known before the first."""
    articles = articles_of(TWO_FEEDS, 1)
    record = PollRecord(known=known(store, articles), poll=make_poll(FEED), decisions=new(*articles))
    saved(store, record)
    assert store.save([record], NOW) == set(), "old"


# Claims


def test_a_source_is_polled_by_one_at_a_time(store: Store, other_program: Store) -> None:
    mine = [due(store, FEED)]
    assert store.claim_polls(mine, NOW) == mine
    theirs = other_program.claim_polls(other_program.due(None), NOW)
    assert {one.source.name for one in theirs} == {SPORT.name, OTHER.sources[0].name}
    store.give_back("poll", [FEED.name])
    assert other_program.claim_polls(mine, NOW) == mine


def test_a_poll_that_is_stored_gives_its_claim_back_and_a_stale_one_keeps_it(
    store: Store, other_program: Store
) -> None:
    mine = [due(store, FEED), due(store, SPORT)]
    store.claim_polls(mine, NOW)
    fresh, old = known(store), replace(known(store, source=SPORT), version=(-1, -1))
    records = [PollRecord(known=fresh, poll=make_poll(FEED)), PollRecord(known=old, poll=make_poll(SPORT))]
    assert store.save(records, NOW) == {1}
    assert other_program.claim_polls([due(store, FEED), due(store, SPORT)], NOW) == [due(store, FEED)]


def test_what_somebody_polled_meanwhile_is_not_claimed(store: Store, other_program: Store) -> None:
    read_before = [due(store, FEED)]
    stored(other_program, *articles_of(TWO_FEEDS, 1))
    assert store.claim_polls(read_before, NOW) == []


def test_a_claim_that_nobody_confirms_ends(store: Store, other_program: Store) -> None:
    mine = [due(store, FEED)]
    store.claim_polls(mine, NOW)
    store.confirm("poll", [FEED.name], NOW + HOUR)
    assert other_program.claim_polls(mine, NOW + HOUR + timedelta(minutes=14)) == []
    assert other_program.claim_polls(mine, NOW + HOUR + timedelta(minutes=16)) == mine


# Beside


def test_what_robots_txt_said_is_there_for_every_program(store: Store, other_program: Store) -> None:
    copy = RobotsCopy(origin="https://daily.example", fetched_at=NOW, http_status=None, body=b"User-agent: *\n\xff")
    assert store.recall_robots(copy.origin) is None
    store.remember_robots(copy)
    assert other_program.recall_robots(copy.origin) == copy
    later = replace(copy, fetched_at=NOW + HOUR, http_status=404, body=b"")
    other_program.remember_robots(later)
    assert store.recall_robots(copy.origin) == later


def test_what_a_request_costs_is_kept(store: Store) -> None:
    assert store.kept_tariff() is None
    kept = KeptTariff(tariff=Tariff(price=0.25, hours=(2.0,) * 24), at=NOW, settings="those of today")
    store.keep_tariff(kept)
    assert store.kept_tariff() == kept
    assert len(store.rhythms()) == 3


def test_nothing_is_known_of_nobody(store: Store) -> None:
    assert store.known([]) == []
    assert store.save([], NOW) == set()
    lone = Wanted(source=FEED, seen=("id:nobody's",), deleted=("id:nobody's",))
    assert store.known([lone])[0].articles == {}
