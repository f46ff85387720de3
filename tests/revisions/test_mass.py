"""What one poll may change or add at once; the rest waits for a person, or is kept out of the newest. No store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from aggregator.model import ChangeKind, Decision, Known, Link, MassKind, PollSettings, Text, Words
from aggregator.revisions.compare import words_of
from aggregator.revisions.mass import AT_ONCE, at_once, at_the_front, keep_out, limit_changes
from aggregator.text.dates import to_iso
from tests.conftest import NOW, make_articles, make_entry, make_publisher

DAY = timedelta(days=1)
PUBLISHER = make_publisher()


def changed(number: int, change: ChangeKind | None, *fields: str, **said: object) -> Decision:
    (article,) = make_articles(PUBLISHER, make_entry(number, **said))
    words = article.words_hash
    known = Known(article_id=number, revision=1, words_hash=words, first_seen=NOW, last_revision=NOW, entry_hash=b"")
    return Decision(article=article, known=known, change=change, changed=fields)


def before(decisions: Sequence[Decision]) -> dict[int, Words]:
    held = (words_of(make_articles(PUBLISHER, make_entry(n))[0]) for n in range(len(decisions)))
    return {d.known.article_id: words for d, words in zip(decisions, held, strict=True) if d.known}


def limited(
    decisions: Sequence[Decision],
    waiting: Mapping[int, MassKind] | None = None,
    most: Mapping[MassKind, int] | None = None,
) -> tuple[Counter[MassKind | None], Mapping[MassKind, int]]:
    """How many of the decisions wait, by kind (None: they do not); and how many are done."""
    held, done = limit_changes(decisions, before(decisions), waiting or {}, most or {})
    assert [each.article for each in held] == [each.article for each in decisions]
    return Counter(each.pending_change for each in held), done


def many(kind: MassKind, count: int) -> list[Decision]:
    if kind == "withdrawn":
        return [changed(n, "withdrawn", "title", title=Text(f"WITHDRAWN {n}", "text/plain")) for n in range(count)]
    if kind == "moved":
        return [changed(n, "revised", "url", links=(Link(f"http://new.example/{n}"),)) for n in range(count)]
    if kind == "same_words":
        return [changed(n, "revised", "title", title=Text("Down for repair", "text/plain")) for n in range(count)]
    return [changed(n, "corrected", "body", content=(Text(f"<p>Other words {n}.</p>"),)) for n in range(count)]


@pytest.mark.parametrize("kind", [kind for kind in AT_ONCE if kind != "same_words"])
def test_the_first_of_a_document_are_done_up_to_the_bound_and_the_rest_waits(kind: MassKind) -> None:
    most = AT_ONCE[kind]
    assert limited(many(kind, most)) == (Counter({None: most}), {kind: most})
    assert limited(many(kind, most + 2)) == (Counter({None: most, kind: 2}), {kind: most})
    held, _ = limit_changes(decisions := many(kind, most + 2), before(decisions), {}, {})
    assert [each.pending_change for each in held[-3:]] == [None, kind, kind]


def test_of_reports_that_come_to_say_one_thing_none_is_believed() -> None:
    most = AT_ONCE["same_words"]
    assert limited(many("same_words", most)) == (Counter({None: most}), {"revised": most})
    assert limited(many("same_words", most + 1)) == (Counter({"same_words": most + 1}), {})


def test_what_a_person_accepted_may_come_in_one_poll() -> None:
    kind: MassKind = "moved"
    assert at_once(kind, {kind: 3}) == AT_ONCE[kind]
    most = AT_ONCE[kind] + 10
    assert limited(many(kind, most), most={kind: most})[0] == Counter({None: most})


def test_new_reports_later_dates_and_what_is_unchanged_never_wait() -> None:
    decisions = [changed(n, None) for n in range(200)]
    decisions += [changed(n, "resent", "dates") for n in range(200)]
    decisions += [replace(changed(n, "new"), known=None) for n in range(200)]
    held = {n: words_of(decisions[0].article) for n in range(200)}
    assert limit_changes(decisions, held, {}, {}) == (tuple(decisions), {})


def test_while_a_change_waits_the_next_one_waits_in_its_place_but_a_withdrawal_does_not() -> None:
    revised, withdrawn = many("revised", 1), many("withdrawn", 1)
    assert limited(revised, {0: "moved"})[0] == Counter({"revised": 1})
    assert limited(revised, {9: "moved"})[0] == Counter({None: 1})
    assert limited(withdrawn, {0: "moved"})[0] == Counter({None: 1})
    assert limited(withdrawn, {0: "withdrawn"})[0] == Counter({"withdrawn": 1})


def test_a_change_waits_for_a_person_or_for_a_day_and_not_for_both() -> None:
    decisions = [replace(each, pending_revision=True) for each in many("moved", AT_ONCE["moved"] + 1)]
    held, _ = limit_changes(decisions, before(decisions), {}, {})
    assert {(each.pending_change, each.pending_revision) for each in held} == {(None, True), ("moved", False)}


# New reports

SETTINGS = PollSettings(most_new_per_poll=5, most_new_per_day=3)


def test_the_newest_stand_in_front_as_many_as_a_day_has_room_for() -> None:
    times = [to_iso(NOW - hours * timedelta(hours=12)) for hours in (3, 0, 1, 2, 5, 4, 6)]
    front = at_the_front(times, {to_iso(NOW)[:10]: 2}, SETTINGS, NOW)
    # Two are beyond the five newest; the day of the newest has room for one more, the days before for all.
    assert front.lesson == {0, 1, 2, 3, 5}
    assert front.over_limit == {4, 6}
    full = at_the_front(times, {to_iso(NOW)[:10]: 3}, SETTINGS, NOW)
    assert full.over_limit == {1, 4, 6}
    assert full.lesson == front.lesson  # what a day has no room for still teaches how much comes


def test_what_stands_two_months_back_takes_no_room() -> None:
    old, new = to_iso(NOW - 61 * DAY), to_iso(NOW)
    assert at_the_front([old] * 9 + [new], {}, SETTINGS, NOW).over_limit == frozenset()


def test_an_archive_that_is_saved_anew_is_kept_out_and_not_at_the_first_poll() -> None:
    dates = {1: NOW, 2: NOW - DAY, 3: NOW - 30 * DAY}
    new = [make_articles(PUBLISHER, make_entry(n, published=to_iso(at)))[0] for n, at in dates.items()]
    first = keep_out(new, {}, None, NOW, SETTINGS)
    assert (first.ids, first.over_limit, len(first.arrivals)) == (frozenset(), 0, 3)
    later = keep_out(new, {}, NOW, NOW, SETTINGS)
    assert (later.ids, later.over_limit) == ({new[2].id}, 0)
    assert later.arrivals == (NOW, NOW - DAY)
