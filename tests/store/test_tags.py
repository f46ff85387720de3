"""What reports are about, as it is stored: with the report, beside the evidence, until it is found anew or let go."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from msgspec.structs import replace

from aggregator.desk import acts
from aggregator.desk.purging import chosen, purge
from aggregator.desk.terms import sync
from aggregator.model import Article, Cause, Publisher, Selection, Tag, TagEvidence, Tags, Text, Where
from aggregator.model.who import Dateline, Who
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store
from aggregator.store.queries import ledger
from aggregator.text.query import parse
from tests.conftest import (
    NOW,
    QUOTATION,
    WIRE,
    keep_house,
    make_articles,
    make_entry,
    make_poll,
    make_publisher,
    with_tags,
)
from tests.store.test_store import rows

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SPORT, ECONOMY, FOOTBALL = "15000000", "04000000", "20001065"
BECAUSE = Cause(actor="person:ama", reason="a mistake")


def poll(store: Store, publisher: Publisher, *articles: Article, hours: int = 0) -> None:
    now = NOW + hours * HOUR
    record_polls(store, [(make_poll(publisher.sources[0], now), articles)], now)
    while store.index():
        pass


def tagged(publisher: Publisher, number: int, *topics: str, about: tuple[str, ...] = (), **fields: object) -> Article:
    (article,) = make_articles(publisher, make_entry(number))
    return with_tags(article, topics, about, **fields)  # type: ignore[arg-type]


def ids(store: Store, **selection: object) -> list[str]:
    return [report.id for report in store.latest(Selection(**selection))]  # type: ignore[arg-type]


def kinds(store: Store, **selection: object) -> list[str]:
    return [line["change_kind"] for line in store.changes(None, Selection(**selection))]  # type: ignore[arg-type]


def other(by: str = "new tables", language: str = "fr", topics: tuple[str, ...] = (), about: str = "") -> Tags:
    evidence = (TagEvidence("pont", "headline", "name"),)
    return Tags(
        by=by,
        language=language,
        language_from="words",
        topics=tuple(Tag(code, 1.0, evidence) for code in topics),
        countries=tuple(Tag(code, 1.0, evidence) for code in about.split()),
    )


def test_tags_are_stored_with_their_report(store: Store, publisher: Publisher) -> None:
    article = tagged(publisher, 1, FOOTBALL, about=("ML", "NE"), broader=(SPORT,), language="bm")
    poll(store, publisher, replace(article, stated_language="fr-FR"))
    (report,) = store.latest(Selection())
    assert (report.language, report.language_from) == ("bm", "words")
    assert (report.topics, report.about) == ((FOOTBALL,), ("ML", "NE"))
    assert article.tags is not None
    assert store.tags_of(report.id) == replace(article.tags, broader=())
    assert store.to_tag(10) == []
    assert ids(store, topics=(SPORT,)) == ids(store, topics=(FOOTBALL,), about=("NE",)) == [report.id]
    assert ids(store, topics=(ECONOMY,)) == ids(store, about=("SN",)) == []
    rows = list(store.query("SELECT topic, weight, evidence FROM report_topics ORDER BY topic")[1])
    assert [row[:2] for row in rows] == [(SPORT, None), (FOOTBALL, 1.0)]
    assert json.loads(str(rows[1][2])) == [{"words": article.title, "where": "headline", "rule": "name"}]
    _, ((stated,),) = store.query("SELECT stated_language FROM articles")
    assert stated == "fr-FR"


def test_lists_by_topic_are_in_order_and_have_each_report_once(store: Store, publisher: Publisher) -> None:
    made = [tagged(publisher, n, *[(SPORT,), (SPORT, ECONOMY), (ECONOMY,)][n % 3]) for n in range(1, 10)]
    for hour, article in enumerate(made):
        poll(store, publisher, replace(article, published=None), hours=hour)
    everything = ids(store)
    assert ids(store, topics=(SPORT, ECONOMY)) == everything
    assert ids(store, topics=(SPORT, ECONOMY), limit=4) == everything[:4]
    assert ids(store, topics=(ECONOMY, SPORT), before=everything[3]) == everything[4:]
    assert store.count(Selection(topics=(SPORT, ECONOMY))) == 9
    assert store.count(Selection(topics=(SPORT,))) == len(ids(store, topics=(SPORT,))) == 6
    assert store.count(Selection(topics=(SPORT, ECONOMY)), most=5) == 5
    found = store.search(parse("pont"), Selection(topics=(SPORT,)))
    assert [report.id for report in found] == ids(store, topics=(SPORT,))


@pytest.mark.parametrize("few", [ledger.FEW, 0], ids=["looked up by report", "read line by line"])
def test_changes_of_a_subject_are_those_of_reports_that_were_about_it(
    store: Store, publisher: Publisher, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of those that are about another one since, once each."""
    monkeypatch.setattr(ledger, "FEW", few)
    monkeypatch.setattr(ledger, "FEW_LINES", 0)
    poll(store, publisher, *(tagged(publisher, n, SPORT, about=("ML", "NE")) for n in (1, 2)))
    poll(store, publisher, *(tagged(publisher, n, ECONOMY, about=("SN",)) for n in (3, 4)), hours=1)
    first, *_ = store.tagged_by_others({publisher.key: "new tables"}, None, 0, 10)
    assert store.save_tags([(first, other(topics=(ECONOMY,), about="SN"))], NOW + 2 * HOUR) == 1
    assert kinds(store, topics=(SPORT,)) == kinds(store, about=("ML", "NE")) == ["new", "new", "retagged"]
    assert kinds(store, topics=(ECONOMY,)) == kinds(store, about=("SN",)) == ["new", "new", "retagged"]
    assert kinds(store, topics=(SPORT, ECONOMY)) == ["new"] * 4 + ["retagged"]
    assert kinds(store, topics=(SPORT,), about=("SN",)) == kinds(store, topics=("13000000",)) == []


def test_new_words_without_tags_keep_those_of_before_until_they_get_theirs(store: Store, publisher: Publisher) -> None:
    poll(store, publisher, tagged(publisher, 1, SPORT, about=("ML",), language="bm"))
    (revised,) = make_articles(publisher, replace(make_entry(1), title=Text("Le pont ferme", "text/plain")))
    poll(store, publisher, revised, hours=1)
    (report,) = store.latest(Selection())
    assert (report.title, report.language, report.topics) == ("Le pont ferme", "bm", (SPORT,))
    (waiting,) = store.to_tag(10)
    assert (waiting.words.title, waiting.revision, waiting.publisher) == ("Le pont ferme", 2, publisher.key)
    assert store.save_tags([(waiting, other(topics=(ECONOMY,)))], NOW + 2 * HOUR) == 1
    assert store.to_tag(10) == []
    (report,) = store.latest(Selection())
    assert (report.language, report.topics, report.about) == ("fr", (ECONOMY,), ())
    assert kinds(store) == ["new", "revised", "retagged"]
    assert kinds(store, topics=(SPORT,)) == kinds(store, languages=("bm",)) == ["new", "revised", "retagged"]
    assert kinds(store, topics=(ECONOMY,)) == kinds(store, topics=(ECONOMY,), languages=("fr",)) == ["retagged"]
    assert kinds(store, topics=(ECONOMY,), languages=("bm",)) == []  # it was never both at once


def test_tags_of_words_that_are_no_longer_the_newest_are_not_written(store: Store, publisher: Publisher) -> None:
    (first,) = make_articles(publisher, make_entry(1))
    poll(store, publisher, first)
    waiting = store.to_tag(10)
    poll(store, publisher, replace(first, title="Le pont ferme", words_hash=b"2" * 32, entry_hash=b"2" * 32), hours=1)
    assert store.save_tags([(each, other(topics=(SPORT,))) for each in waiting], NOW) == 0
    assert ids(store, topics=(SPORT,)) == []
    assert [each.revision for each in store.to_tag(10)] == [2]


def test_a_line_says_what_changed_of_a_report_that_readers_have(store: Store, publisher: Publisher) -> None:
    poll(store, publisher, *(tagged(publisher, n, SPORT) for n in (1, 2, 3)))
    withdrawn, _, retagged = (each.id for each in store.latest(Selection()))
    acts.withdraw(store, withdrawn, BECAUSE, NOW)
    before = store.last_cursor()
    lists = ids(store)
    those = store.tagged_by_others({publisher.key: "new tables"}, None, 0, 10)
    assert len(those) == store.count_tagged_by_others({publisher.key: "new tables"}) == 3
    # Of one document the newest has the least number, so lists and these are in one order.
    found = [(each, other(topics=(SPORT,) if at == 1 else (ECONOMY,))) for at, each in enumerate(those)]
    assert store.count_other_tags(found) == 2
    assert store.save_tags(found, NOW + HOUR) == 2
    lines = [(line["change_kind"], line["id"]) for line in store.changes(before)]
    assert lines == [("retagged", retagged)]
    assert ids(store) == lists
    assert store.tagged_by_others({publisher.key: "new tables"}, None, 0, 10) == []


def test_a_language_that_is_found_anew_is_that_of_the_search_index_too(store: Store, publisher: Publisher) -> None:
    poll(store, publisher, tagged(publisher, 1, language="bm"))
    (waiting,) = store.tagged_by_others({publisher.key: "new tables"}, publisher.key, 0, 10)
    store.save_tags([(waiting, other(language="sw"))], NOW)
    while store.index():
        pass
    for language, count in (("sw", 1), ("bm", 0)):
        assert len(store.search(parse("pont"), Selection(languages=(language,)))) == count


def test_evidence_goes_with_the_words_that_it_is_of(store: Store) -> None:
    lent = make_publisher("lent")
    sync(store, WIRE, [lent], NOW, NOW.date())
    places: tuple[Where, ...] = ("headline", "text", "dateline", "category")
    evidence = tuple(TagEvidence(f"word in {where}", where, "name") for where in places)
    tags = Tags(by="1", topics=(Tag(SPORT, 1.0, evidence),), countries=(Tag("ML", 1.0, evidence[1:2]),))
    article = tagged(lent, 1)
    poll(store, lent, replace(article, tags=tags))
    ((public_id),) = ids(store)
    assert store.let_go({lent.key: NOW + HOUR}) == 1
    left = store.tags_of(public_id)
    assert left is not None
    assert [each.where for each in left.topics[0].evidence] == ["headline", "category"]
    assert left.countries[0].evidence == ()
    assert ids(store, topics=(SPORT,), about=("ML",)) == [public_id]
    # It would get fewer tags from what is left of its words, so it keeps these.
    assert store.tagged_by_others({lent.key: "new tables"}, None, 0, 10) == []
    purge(store, chosen(store, [public_id]), BECAUSE, NOW)
    assert store.tags_of(public_id) is None
    assert kinds(store, topics=(SPORT,)) == ["new", "deleted"]


def test_words_that_are_let_go_of_meanwhile_do_not_come_back_with_tags(store: Store) -> None:
    """`retag` reads reports, and housekeeping of the daemon lets go of their words before it writes."""
    lends = replace(QUOTATION, storage="transient", retention_days=30)
    daily, others = make_publisher(rights=lends), make_publisher("other-daily")
    sync(store, WIRE, [daily, others], NOW, NOW.date())
    for publisher in (daily, others):
        poll(store, publisher, *make_articles(publisher, make_entry(1), make_entry(2)))
    waiting = store.to_tag(10)
    assert len(waiting) == 4
    keep_house(store, NOW + 30 * DAY)
    said = (TagEvidence(waiting[0].words.text[:9], "text", "name"),)
    tags = replace(
        other(),
        countries=(Tag("ML", 1.0, said),),
        who=Who(dateline=Dateline(literal=waiting[0].words.text[:9], places=("Bamako",))),
    )
    assert store.save_tags([(each, tags) for each in waiting], NOW + 30 * DAY) == 2
    assert rows(store, "SELECT DISTINCT publisher FROM tags JOIN articles USING (article_id)") == [("other-daily",)]
    assert rows(store, "SELECT DISTINCT publisher FROM datelines JOIN articles USING (article_id)") == [
        ("other-daily",)
    ]
    assert {each.words.text for each in store.to_tag(10)} == {""}


def test_new_words_that_wait_for_tags_take_the_old_evidence_away(store: Store, publisher: Publisher) -> None:
    """What its publisher has corrected is shown no more, and the report is chosen as before until it has its tags."""
    article = tagged(publisher, 1, SPORT, about=("ML",))
    poll(store, publisher, article)
    found = store.tags_of(article.id)
    assert found is not None
    assert found.countries[0].evidence
    corrected = replace(make_entry(1), title=Text("Correction: another headline", "text/plain"))
    poll(store, publisher, *make_articles(publisher, corrected), hours=1)
    assert store.tags_of(article.id) is None
    assert rows(store, "SELECT evidence FROM report_countries") == [("[]",)]
    assert ids(store, about=("ML",)) == ids(store, topics=(SPORT,)) == [article.id]
    store.save_tags([(each, other(about="NE")) for each in store.to_tag(10)], NOW + 2 * HOUR)
    assert (ids(store, about=("ML",)), ids(store, about=("NE",))) == ([], [article.id])
