"""What a publisher's own words ask of us: to take a report out of the wire, or to hold it for a while. Pure.

It takes one back by a headline that says so, or by listing it as deleted. Only a person restores it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence, Set
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.model import Article, Cause, Decision, Removal, Snapshot
from aggregator.revisions.mass import at_once
from aggregator.revisions.signals import embargo_of, is_withdrawal

DELETED = Removal(
    act="withdraw", notice="withdrawn", actor="publisher:feed", reason="the publisher's feed lists it as deleted"
)
MARKED = Removal(
    act="withdraw", notice="withdrawn", actor="publisher:feed", reason="the publisher's headline says it is withdrawn"
)
UNREADABLE = Removal(
    act="withhold",
    notice="withheld",
    actor="publisher:feed",
    reason="its publisher asks to hold it until a time that cannot be read; a person must look",
)
HELD = Cause(actor="publisher:feed", reason="the publisher asks to hold it")

Report = int | str  # the number of an article, or the public id of one that is new


class Deletions(Struct, frozen=True):
    """What becomes of the reports that a document lists as deleted, and of those whose deletion waited."""

    obeyed: tuple[Report, ...] = ()
    pending: Mapping[Report, str] = field(default_factory=dict)  # for a person; the keys under which they are listed
    ended: tuple[int, ...] = ()  # their entries are listed again


def removals(decisions: Iterable[Decision]) -> list[Report]:
    """The reports whose headline says that their publisher has withdrawn them."""
    found: list[Report] = []
    for decision in decisions:
        if decision.known is None and is_withdrawal(decision.article):
            found.append(decision.article.id)
        elif decision.known and decision.change == "withdrawn" and not decision.pending_change:
            found.append(decision.known.article_id)
    return found


def once(decisions: Iterable[Decision], taken_out: Container[Report]) -> tuple[Decision, ...]:
    """The decisions as they stand in the ledger. The act by which a report leaves the wire writes the line of the
    version that says so. `taken_out`: those that leave it now; of one that had left before the version is a change like
    any other.
    """
    return tuple(
        replace(each, change="revised")
        if each.change == "withdrawn"
        and each.known
        and not each.pending_change
        and each.known.article_id not in taken_out
        else each
        for each in decisions
    )


def embargoes(new: Iterable[Article], believed: datetime) -> dict[str, Removal | datetime]:
    """The new reports that their publisher asks to hold, and until when, or UNREADABLE. `believed`: the time that is
    sure to be over, for a wrong clock must not end an embargo before it begins.
    """
    asked = {article.id: embargo_of(article, believed) for article in new}
    return {report: UNREADABLE if until == "unreadable" else until for report, until in asked.items() if until}


def deletions(
    known: Snapshot, keys: Sequence[str], decisions: Sequence[Decision], listed: Set[str], done: int
) -> Deletions:
    """What a document that lists these keys as deleted asks of us, up to the bound for one poll; the rest waits for a
    person, until its entry is listed again. `listed`: the keys of the entries that it lists; `done`: how many known
    reports the poll has withdrawn already.

    A deletion is obeyed once: it stands in a feed for weeks, and what a person restored meanwhile stays restored. One
    that waits for a person, or was refused, is not asked for again. Keys that nobody here knows are passed over.
    """
    here = listed - set(keys)
    ended = tuple(article_id for article_id, key in known.tombstones.items() if key in here)
    if not keys:
        return Deletions(ended=ended)
    owners: dict[str, Report] = {key: known.articles[key] for key in keys if key in known.articles}
    for decision in decisions:  # a key that this very document brings
        report = decision.known.article_id if decision.known else decision.article.id
        owners = {key: report for key in decision.article.keys if key in keys} | owners
    out = set(removals(decisions))
    listed_as: dict[Report, str] = {}
    for key in keys:
        if key in owners and owners[key] not in out and _may_be_deleted(owners[key], known, ended):
            listed_as.setdefault(owners[key], key)
    room = at_once("withdrawn", known.most_changed) - done
    todo = list(listed_as.items())
    return Deletions(tuple(report for report, _ in todo[:room]), dict(todo[room:]), ended)


def _may_be_deleted(report: Report, known: Snapshot, ended: Container[int]) -> bool:
    if isinstance(report, str):  # it is new
        return True
    if known.states[report].notice in ("withdrawn", "removed"):
        return False
    before = known.deleted[report]
    is_obeyed = (DELETED.actor, DELETED.reason) in before.acts
    return not is_obeyed and (not before.has_tombstone or report in ended)
