"""What one poll may change or add at once, so that a broken or a hijacked site harms little. Pure.

Known reports: what a poll changes beyond a bound waits for a person. New reports never wait; what a poll adds beyond
a bound is stored as backfill, out of `latest`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Hashable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model import Article, Decision, MassKind, PollSettings, Words
from aggregator.text.dates import sort_time, to_iso

# How many known reports one poll may change, by kind, where nobody accepted more of its source. Newsrooms withdraw a
# report or two; a move to other addresses changes every link of a document, which has 10 to 50 as a rule, and new
# software every text. More than five reports that differed and now say one and the same thing are no edit at all.
AT_ONCE: Mapping[MassKind, int] = {"withdrawn": 20, "moved": 50, "same_words": 5, "revised": 100}

_FAR_BACK = timedelta(days=60)
_LATE = timedelta(days=2)  # by which a publisher may list a report after dating it

Most = Mapping[MassKind, int]  # the most that one poll of a source changed, with what a person accepted, by kind


def at_once(kind: MassKind, most: Most) -> int:
    """How many known reports one poll may change in this way."""
    return max(AT_ONCE[kind], most.get(kind, 0))


def limit_changes(
    decisions: Sequence[Decision], before: Mapping[int, Words], waiting: Mapping[int, MassKind], most: Most
) -> tuple[tuple[Decision, ...], Mapping[MassKind, int]]:
    """The decisions in their order, what exceeds the bounds marked as waiting; and how many reports the others change.
    `before`: the newest words of the known articles; `waiting`: articles of which a change waits already, and its kind.

    Of withdrawals, other links and other words the first of the document are done, up to the bound, and the rest waits.
    Where more reports than the bound come to say one and the same thing, none of them is believed. While a change of a
    report waits, the next change of it waits in its place, but a withdrawal, which has a bound of its own.
    """
    alike = _saying_the_same(decisions, before, at_once("same_words", most))
    done: Counter[MassKind] = Counter()
    held = []
    for number, decision in enumerate(decisions):
        kind = _kind(decision, number in alike)
        if kind is not None and decision.known is not None:
            waited_as = waiting.get(decision.known.article_id)
            is_late = waited_as is not None and (kind != "withdrawn" or waited_as == kind)
            if is_late or kind == "same_words" or done[kind] >= at_once(kind, most):
                decision = replace(decision, pending_change=kind, pending_revision=False)
            else:
                done[kind] += 1
        held.append(decision)
    return tuple(held), done


def _kind(decision: Decision, is_alike: bool) -> MassKind | None:
    """None: it changes no known report, or nothing but media and dates. Those never wait: no word that is in force
    changes, and whoever serves pictures from another place at once changes all of them.
    """
    if decision.known is None or decision.change in (None, "resent") or set(decision.changed) <= {"media", "dates"}:
        return None
    if decision.change == "withdrawn":
        return "withdrawn"
    if is_alike:
        return "same_words"
    return "moved" if "url" in decision.changed else "revised"


def _saying_the_same(decisions: Sequence[Decision], before: Mapping[int, Words], most: int) -> frozenset[int]:
    """The places of the decisions by which more than `most` reports that differed in headline, link or text come to
    have the same one, or none.
    """
    members: dict[Hashable, list[int]] = defaultdict(list)
    differed: dict[Hashable, set[str]] = defaultdict(set)
    for number, decision in enumerate(decisions):
        if decision.known is None or decision.change in (None, "resent", "withdrawn"):
            continue
        for new, old in _replaced(decision, before[decision.known.article_id]):
            members[new].append(number)
            differed[new].add(old)
    return frozenset(number for new, numbers in members.items() if len(differed[new]) > most for number in numbers)


def _replaced(decision: Decision, before: Words) -> Iterator[tuple[Hashable, str]]:
    """What a decision changes in headline, link and text: each as it is now, with its name, and as it was."""
    article, changed = decision.article, decision.changed
    if "title" in changed:
        yield ("title", article.title), before.title
    if "url" in changed:
        yield ("url", article.url), before.url or ""
    if "body" in changed or "summary" in changed:
        yield ("text", article.text), before.text


class Front(Struct, frozen=True):
    """New reports of one poll, by their places among those that were given."""

    over_limit: frozenset[int]  # beyond a bound: kept out of `latest`
    lesson: frozenset[int]  # within the bound of one poll: they teach how much the source publishes


class KeptOut(Struct, frozen=True):
    """Of the new reports of a poll, which are kept out of `latest`, and held like all others."""

    ids: frozenset[str]
    arrivals: tuple[datetime | None, ...]  # when those were published that teach how much the source publishes
    over_limit: int  # how many are beyond a bound


def keep_out(
    new: Sequence[Article],
    days: Mapping[str, int],
    last: datetime | None,
    now: datetime,
    settings: PollSettings,
    left_out: Container[str] = (),
) -> KeptOut:
    """Those that are older than the source's document before, which was read at `last` (its publisher saved an archive
    anew), and those beyond what one poll, or one day of a publisher, may add. `new`: the newest first; `days`: as for
    `at_the_front`. `left_out`: first keys of entries that a rule of the source left out before, and which are new only
    because a person changed it: they are no archive, and teach nothing.
    """

    def is_old(article: Article) -> bool:
        late = last and article.published and article.published < last - _LATE
        return bool(late) and article.keys[0] not in left_out

    # Everything is old to the first poll: an archive stands where its dates are.
    old = [article for article in new if is_old(article)]
    others = [article for article in new if not is_old(article)]
    listed = [to_iso(sort_time(article.published, article.updated, now)) for article in others]
    front = at_the_front(listed, days, settings, now)
    return KeptOut(
        ids=frozenset(article.id for article in (*old, *(others[place] for place in front.over_limit))),
        arrivals=tuple(
            others[place].published for place in sorted(front.lesson) if others[place].keys[0] not in left_out
        ),
        over_limit=len(front.over_limit),
    )


def at_the_front(sort_time: Sequence[str], days: Mapping[str, int], settings: PollSettings, now: datetime) -> Front:
    """Which of a poll's new reports may stand in `latest`: the newest, and of those as many as each day has room for.
    One that is listed more than 60 days back stands where nobody looks for news, so it counts for nothing here.

    `sort_time`: when each is listed (ISO 8601, UTC), the newest first where times are equal. `days`: how many reports
    of the publisher stand in `latest` already, by day.
    """
    far_back = to_iso(now - _FAR_BACK)
    newest = sorted(range(len(sort_time)), key=lambda place: sort_time[place], reverse=True)
    near = [place for place in newest if sort_time[place] >= far_back]
    over_limit = set(near[settings.most_new_per_poll :])
    lesson = frozenset(newest) - over_limit
    taken = Counter(days)
    for place in near[: settings.most_new_per_poll]:
        day = sort_time[place][:10]
        taken[day] += 1
        if taken[day] > settings.most_new_per_day:
            over_limit.add(place)
    return Front(frozenset(over_limit), lesson)
