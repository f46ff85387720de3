"""What one poll may change or add at once, so that a broken or a hijacked site harms little. Pure.

Known reports: what a poll changes beyond a bound waits for a person. New reports never wait; what a poll adds beyond
a bound is stored as backfill, out of `latest`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.model import Decision, MassKind, PollSettings, Words
from aggregator.text.dates import to_iso

# How many known reports one poll may change, by kind, where nobody accepted more of its source. Newsrooms withdraw a
# report or two; a move to other addresses changes every link of a document, which has 10 to 50 as a rule, and new
# software every text. More than five reports that differed and now say one and the same thing are no edit at all.
AT_ONCE: Mapping[MassKind, int] = {"withdrawn": 20, "moved": 50, "same_words": 5, "revised": 100}

_FAR_BACK = timedelta(days=60)

Most = Mapping[MassKind, int]  # the most that one poll of a source changed, with what a person accepted, by kind


@dataclass(frozen=True, slots=True)
class Held:
    """The decisions on a document's entries, those that have to wait marked so, and what is done at once, by kind."""

    decisions: tuple[Decision, ...]
    done: Mapping[MassKind, int]


def at_once(kind: MassKind, most: Most) -> int:
    """How many known reports one poll may change in this way."""
    return max(AT_ONCE[kind], most.get(kind, 0))


def hold_excess(
    decisions: Sequence[Decision], before: Mapping[int, Words], waiting: Mapping[int, MassKind], most: Most
) -> Held:
    """The decisions in their order; what exceeds the bounds waits. `before`: the newest words of the known articles;
    `waiting`: articles of which a change waits already, and its kind.

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
            waited_as = waiting.get(decision.known.article)
            is_late = waited_as is not None and (kind != "withdrawn" or waited_as == kind)
            if is_late or kind == "same_words" or done[kind] >= at_once(kind, most):
                decision = replace(decision, waits=kind, held_back=False)
            else:
                done[kind] += 1
        held.append(decision)
    return Held(tuple(held), done)


def _kind(decision: Decision, is_alike: bool) -> MassKind | None:
    """None: it changes no known report, or nothing but a date."""
    if decision.known is None or decision.change in (None, "refile"):
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
        if decision.known is None or decision.change in (None, "refile", "withdrawn"):
            continue
        for new, old in _replaced(decision, before[decision.known.article]):
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


@dataclass(frozen=True, slots=True)
class Front:
    """New reports of one poll, by their places among those that were given."""

    excess: frozenset[int]  # beyond a bound: kept out of `latest`
    lesson: frozenset[int]  # within the bound of one poll: they teach how much the source publishes


def at_the_front(listed_at: Sequence[str], days: Mapping[str, int], settings: PollSettings, now: datetime) -> Front:
    """Which of a poll's new reports may stand in `latest`: the newest, and of those as many as each day has room for.
    One that is listed more than 60 days back stands where nobody looks for news, so it counts for nothing here.

    `listed_at`: when each is listed (ISO 8601, UTC), the newest first where times are equal. `days`: how many reports
    of the publisher stand in `latest` already, by day.
    """
    far_back = to_iso(now - _FAR_BACK)
    newest = sorted(range(len(listed_at)), key=lambda place: listed_at[place], reverse=True)
    near = [place for place in newest if listed_at[place] >= far_back]
    excess = set(near[settings.most_new_per_poll :])
    lesson = frozenset(newest) - excess
    taken = Counter(days)
    for place in near[: settings.most_new_per_poll]:
        day = listed_at[place][:10]
        taken[day] += 1
        if taken[day] > settings.most_new_per_day:
            excess.add(place)
    return Front(frozenset(excess), lesson)
