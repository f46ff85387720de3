"""What a publisher's headline or list of deleted entries asks of us: obeyed once, within bounds, and by nobody else."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from aggregator.model import Decision, Deleted, Habits, Known, ReportState, Snapshot, Text
from aggregator.revisions.mass import AT_ONCE
from aggregator.revisions.withdrawals import DELETED, UNREADABLE, Deletions, deletions, embargoes, once, removals
from tests.conftest import NOW, make_articles, make_entry, make_publisher
from tests.rows import every_row

PUBLISHER = make_publisher()
(ARTICLE,) = make_articles(PUBLISHER, make_entry())
(MARKED,) = make_articles(PUBLISHER, make_entry(title=Text("WITHDRAWN: Le pont rouvre", "text/plain")))


def known(article_id: int) -> Known:
    words = ARTICLE.words_hash
    return Known(article_id=article_id, revision=1, words_hash=words, first_seen=NOW, last_revision=NOW, entry_hash=b"")


NEW = Decision(article=ARTICLE, known=None, change="new")
WITHDRAWN = Decision(article=MARKED, known=known(7), change="withdrawn")
WAITING = replace(WITHDRAWN, pending_change="withdrawn")

# Headlines


def test_a_report_leaves_the_wire_when_its_headline_says_so_new_or_known() -> None:
    new = replace(NEW, article=MARKED)
    assert removals([NEW, new, WITHDRAWN, WAITING]) == [MARKED.id, 7]


@every_row(
    ("decision", "taken_out", "kinds"),
    [
        (WITHDRAWN, {7}, "withdrawn"),  # the act writes the line
        (WITHDRAWN, set(), "revised"),  # it had left before
        (WITHDRAWN, {8}, "revised"),
        (WAITING, set(), "withdrawn"),  # a person decides
        (NEW, set(), "new"),
    ],
)
def test_a_withdrawal_is_told_once(decision: Decision, taken_out: set[int | str], kinds: str) -> None:
    (told,) = once([decision], taken_out)
    assert told == replace(decision, change=kinds)


def test_a_report_is_held_for_as_long_as_its_publisher_asks_and_where_that_is_unreadable_for_a_person() -> None:
    titles = (
        "Le pont rouvre",
        "EMBARGOED until 2026-11-25T06:00:00Z: Le pont rouvre",
        "EMBARGOED until 2026-11-20T06:00:00Z: Le pont rouvre",  # over
        "EMBARGOED until the minister has spoken: Le pont rouvre",
    )
    new = [make_articles(PUBLISHER, make_entry(n, title=Text(said, "text/plain")))[0] for n, said in enumerate(titles)]
    asked = embargoes(new, NOW)
    assert asked == {new[1].id: NOW.replace(day=25, hour=6), new[3].id: UNREADABLE}
    assert embargoes(new, NOW - timedelta(days=3))[new[2].id] == NOW.replace(day=20, hour=6)  # by what is sure


# Entries that are listed as deleted


def snapshot(articles: dict[str, int], **fields: object) -> Snapshot:
    values: dict[str, object] = {
        "states": {number: ReportState(id=str(number), was_out=True) for number in articles.values()},
        "deleted": {number: Deleted(acts=frozenset(), has_tombstone=False) for number in articles.values()},
        "tombstones": {},
        "most_changed": {},
    }
    return Snapshot(
        source=PUBLISHER.sources[0],
        source_id=1,
        version=(1, 1),
        habits=Habits(url=PUBLISHER.sources[0].url),
        id_trust="id",
        id_conflicts=0,
        unstable_polls=(),
        has_listed=True,
        pending_revision_keys={},
        articles=articles,
        **(values | fields),  # type: ignore[arg-type]
    )


def asked(held: Snapshot, *keys: str, listed: set[str] | None = None, done: int = 0) -> Deletions:
    return deletions(held, keys, [], listed or set(), done)


ONE = {"id:1": 1}


def test_a_known_report_that_is_listed_as_deleted_is_taken_out_and_an_unknown_key_is_passed_over() -> None:
    assert asked(snapshot(ONE), "id:1", "id:2") == Deletions(obeyed=(1,))
    assert asked(snapshot(ONE)) == Deletions()


@every_row(
    "fields",
    [
        {"states": {1: ReportState(id="1", status="canceled", notice="withdrawn")}},
        {"states": {1: ReportState(id="1", status="canceled", notice="removed")}},
        # A person restored it, and its feed lists it as deleted still.
        {"deleted": {1: Deleted(acts=frozenset({(DELETED.actor, DELETED.reason)}), has_tombstone=False)}},
        {"deleted": {1: Deleted(acts=frozenset(), has_tombstone=True)}},  # it waits, or was refused
    ],
    ids=["withdrawn", "purged", "restored", "waits"],
)
def test_a_deletion_is_obeyed_once(fields: dict[str, object]) -> None:
    assert asked(snapshot(ONE, **fields), "id:1") == Deletions()


def test_a_report_that_is_withheld_is_withdrawn_all_the_same() -> None:
    state = ReportState(id="1", status="withheld", notice="withheld")
    assert asked(snapshot(ONE, states={1: state}), "id:1").obeyed == (1,)


def test_a_tombstone_ends_when_its_entry_is_listed_again_and_may_then_come_again() -> None:
    held = snapshot(ONE, deleted={1: Deleted(acts=frozenset(), has_tombstone=True)}, tombstones={1: "id:1"})
    assert asked(held, listed={"id:1"}) == Deletions(ended=(1,))
    assert asked(held, "id:1", listed={"id:1"}) == Deletions()  # listed and deleted in one document: nothing is new
    by_another_key = replace(held, articles={"id:1": 1, "url:1": 1})
    assert asked(by_another_key, "url:1", listed={"id:1"}) == Deletions(obeyed=(1,), ended=(1,))


def test_what_the_headline_withdraws_already_is_not_withdrawn_twice() -> None:
    held = snapshot({"id:1": 7})
    assert deletions(held, ["id:1"], [WITHDRAWN], set(), 0) == Deletions()


def test_an_entry_that_its_own_document_lists_as_deleted_does_not_come_in() -> None:
    key = ARTICLE.keys[0]
    assert deletions(snapshot({}), [key], [NEW], {key}, 0) == Deletions(obeyed=(ARTICLE.id,))


def test_deletions_and_withdrawals_of_one_poll_have_one_bound_and_the_rest_waits() -> None:
    most = AT_ONCE["withdrawn"]
    many = {f"id:{number}": number for number in range(most + 3)}
    found = asked(snapshot(many), *many, done=5)
    assert found.obeyed == tuple(range(most - 5))
    assert found.pending == {number: f"id:{number}" for number in range(most - 5, most + 3)}
    accepted = asked(snapshot(many, most_changed={"withdrawn": most + 3}), *many)
    assert (len(accepted.obeyed), accepted.pending) == (most + 3, {})
