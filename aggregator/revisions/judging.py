"""What a document changes in the reports that are held, and what of that waits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from aggregator.model import Decision, Match, Snapshot
from aggregator.revisions.changes import Judged, decide
from aggregator.revisions.mass import hold_excess
from aggregator.text.order import order_of


def judge(matches: Iterable[Match], unchanged: int, known: Snapshot, now: datetime) -> Judged:
    """A decision for each entry that is no duplicate: first those on new articles, in the order of their numbers.
    `unchanged`: how many entries of the document say just what they said before.
    """
    own = [match for match in matches if not match.duplicate]
    judged = decide(own, known.words, now, held=known.held_words, changing=known.changing, settled=unchanged)
    if any(decision.known and decision.change for decision in judged.decisions):
        waiting = {article: kind for article, (_, kind) in known.waiting.items()}
        decisions, done = hold_excess(judged.decisions, known.words, waiting, known.most_changed)
        judged = replace(judged, decisions=decisions, done=done)
    return replace(judged, decisions=newest_first(judged.decisions))


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
