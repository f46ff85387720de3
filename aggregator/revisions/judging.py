"""What a document changes in the reports that are held, and what of that waits. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from aggregator.model import Decision, Match, Snapshot
from aggregator.revisions.changes import Judged, decide
from aggregator.revisions.mass import limit_changes
from aggregator.text.order import order_of


def judge(matches: Iterable[Match], unchanged: int, known: Snapshot, now: datetime) -> Judged:
    """A decision for each entry that is no duplicate, in their order. `unchanged`: how many entries of the document say
    just what they said before.
    """
    own = [match for match in matches if not match.duplicate]
    judged = decide(
        own, known.words, now, held=known.pending_words, unstable_polls=known.unstable_polls, unchanged=unchanged
    )
    if any(decision.known and decision.change for decision in judged.decisions):
        pending = {article_id: kind for article_id, (_, kind) in known.pending_changes.items()}
        decisions, done = limit_changes(judged.decisions, known.words, pending, known.most_changed)
        judged = replace(judged, decisions=decisions, done=done)
    return judged


def is_newest_last(decisions: Iterable[Decision]) -> bool:
    """Whether a document lists its newest report last; if its dates do not show that, its first is the newest.

    Of reports first seen in one document the newest gets the least number, which lists go by where times are equal, or
    there are none.
    """
    return order_of(each.article.published or each.article.updated for each in decisions) == "oldest_first"
