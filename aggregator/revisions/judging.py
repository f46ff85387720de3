"""What a document changes in the reports that are held, and what of that waits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.model import Decision, MassKind, Match, Snapshot
from aggregator.revisions.changes import decide
from aggregator.revisions.mass import hold_excess
from aggregator.text.order import order_of


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision for each entry that is no duplicate: first those on new articles, in the order of their numbers."""

    decisions: tuple[Decision, ...]
    changing: tuple[datetime, ...]  # when the last polls in a row changed most of what they listed
    done: Mapping[MassKind, int]  # how many known reports are changed at once, by kind


def judge(matches: Iterable[Match], unchanged: int, known: Snapshot, now: datetime) -> Judgement:
    """`unchanged`: how many entries of the document say just what they said before."""
    own = [match for match in matches if not match.duplicate]
    judged = decide(own, known.words, now, held=known.held_words, changing=known.changing, settled=unchanged)
    if not any(decision.known and decision.change for decision in judged.decisions):
        return Judgement(newest_first(judged.decisions), judged.changing, {})
    waiting = {article: kind for article, (_, kind) in known.waiting.items()}
    held = hold_excess(judged.decisions, known.words, waiting, known.most_changed)
    return Judgement(newest_first(held.decisions), judged.changing, held.done)


def newest_first(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """The decisions on new articles, the newest first, and then all others in their order.

    Numbers rise with the time of first sight. Of reports first seen in one document the newest gets the least, which
    lists go by where times are equal, or there are none (`reading.NEWEST_FIRST`): that is the first, unless the
    document's dates show that it is the last.
    """
    new = [decision for decision in decisions if decision.known is None]
    if order_of(each.article.published or each.article.updated for each in decisions) == "oldest_first":
        new.reverse()
    return (*new, *(decision for decision in decisions if decision.known is not None))
