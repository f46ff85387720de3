"""What is known for a poll is old as soon as somebody else has written what it depends on, and not before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.desk import rules
from aggregator.model import (
    Article,
    Decision,
    PollRecord,
    Publisher,
    Removal,
    ReportState,
    Snapshot,
    Source,
    Tag,
    Tags,
)
from aggregator.pipeline.recording import wanted
from aggregator.store import Store
from tests.conftest import NOW, STORES, file_of, make_articles, make_entry, make_poll, make_publisher, open_store

DAILY = make_publisher(
    "daily-example",
    sources=(
        Source(publisher="daily-example", key="feed", url="http://daily-example.example/feed"),
        Source(publisher="daily-example", key="sport", url="http://daily-example.example/sport"),
    ),
)
OTHER = make_publisher("other-example")
FEED, SPORT = DAILY.sources
(OTHERS,) = OTHER.sources
WITHDRAWN = Removal(act="withdraw", notice="withdrawn", actor="publisher:feed", reason="listed as deleted")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def two(kind: str, stack: ExitStack, tmp_path: Path) -> tuple[Store, Store]:
    """Two programs' handles on one store."""
    store = stack.enter_context(open_store(kind, tmp_path / "wire", [DAILY, OTHER]))
    return store, stack.enter_context(STORES[kind](tmp_path / "wire"))


def known(store: Store, source: Source, articles: Sequence[Article] = ()) -> Snapshot:
    (snapshot,) = store.known([wanted(make_poll(source), articles, NOW)])
    return snapshot


def listed(store: Store, source: Source, *articles: Article) -> PollRecord:
    """A poll that is to store these as new, by what is known now."""
    decisions = tuple(Decision(article=article, known=None, change="new") for article in articles)
    return PollRecord(
        known=known(store, source, articles),
        poll=make_poll(source, new=len(articles)),
        decisions=decisions,
        last_listed=tuple(article.id for article in articles) if articles else None,
    )


def article_of(publisher: Publisher, number: int) -> Article:
    return make_articles(publisher, make_entry(number))[0]


@pytest.mark.parametrize("kind", STORES)
def test_of_two_polls_of_one_publisher_that_list_reports_the_second_is_judged_again(
    kind: str, stack: ExitStack, tmp_path: Path
) -> None:
    one, another = two(kind, stack, tmp_path)
    first, second = listed(one, FEED, article_of(DAILY, 1)), listed(another, SPORT, article_of(DAILY, 1))
    assert one.save([first], NOW) == set()
    assert another.save([second], NOW) == {0}
    assert one.save([first], NOW) == {0}  # nor is its own poll stored twice
    with file_of(one) as file:
        assert file.execute("SELECT count(*) FROM articles").fetchone() == (1,)


@pytest.mark.parametrize("kind", STORES)
def test_of_two_polls_of_one_source_that_found_nothing_the_second_is_judged_again(
    kind: str, stack: ExitStack, tmp_path: Path
) -> None:
    one, another = two(kind, stack, tmp_path)
    first, second = listed(one, FEED), listed(another, FEED)
    assert one.save([first], NOW) == set()
    assert another.save([second], NOW) == {0}


def test_in_postgres_polls_of_different_publishers_leave_each_other_alone(stack: ExitStack, tmp_path: Path) -> None:
    one, another = two("postgres", stack, tmp_path)
    first, second = listed(one, FEED, article_of(DAILY, 1)), listed(another, OTHERS, article_of(OTHER, 1))
    assert one.save([first], NOW) == set()
    assert another.save([second], NOW) == set()
    first, second = listed(one, FEED), listed(another, SPORT)  # nothing new in either
    assert one.save([first], NOW) == set()
    assert another.save([second], NOW) == set()


@pytest.mark.parametrize("kind", STORES)
def test_what_a_person_decides_of_a_report_makes_what_is_known_of_its_publisher_old(
    kind: str, stack: ExitStack, tmp_path: Path
) -> None:
    one, another = two(kind, stack, tmp_path)
    article = article_of(DAILY, 1)
    one.save([listed(one, FEED, article)], NOW)
    poll = replace(listed(one, FEED), known=known(one, FEED, [article]))
    state = another.report_state(article.id)
    assert isinstance(state, ReportState)
    assert another.act(rules.obey(state, WITHDRAWN, NOW), NOW)
    assert one.save([poll], NOW) == {0}


def test_in_postgres_tags_of_a_report_do_not_make_what_is_known_old(stack: ExitStack, tmp_path: Path) -> None:
    one, another = two("postgres", stack, tmp_path)
    one.save([listed(one, FEED, article_of(DAILY, 1))], NOW)
    poll = listed(one, SPORT)
    with file_of(one) as file:
        (language,) = file.execute("SELECT language FROM articles").fetchone()
    (waiting,) = another.to_tag(10)
    topics = (Tag(code="04000000", weight=1.0, evidence=()),)
    assert another.save_tags(
        [(waiting, Tags(by="test", language=language, language_from="stated", topics=topics))], NOW
    )
    assert one.save([poll], NOW) == set()


def test_in_postgres_whoever_writes_is_seen_in_the_version_of_the_whole(stack: ExitStack, tmp_path: Path) -> None:
    one, another = two("postgres", stack, tmp_path)
    before = one.version()
    another.save([listed(another, FEED)], NOW)
    assert one.version() != before
