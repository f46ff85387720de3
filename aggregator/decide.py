"""What a poll means: whether an entry is new, revised, corrected or unchanged, and when to ask its source again.

Pure: everything it needs comes as an argument, the time included.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator import signals, versions
from aggregator.types import Article, ChangeKind, Decision, Due, Match, NextPoll, PollSettings, Words

# The publisher's own words for a correction, at the head of a headline or of a paragraph: en, fr, pt, es, ar, sw.
# A bare noun counts only as a label, before a colon or the like: "Correction of prices" is no correction.
_CORRECTION = re.compile(
    r"""(?imx) ^\W* (?:
      (?: corrections? | clarification | rectificatif | erratum | errata | fe\ de\ erratas
        | correção | retificação | corrección | rectificación
        | تصحيح | تصويب | استدراك | masahihisho | sahihisho | marekebisho ) \s* (?: [:.\])|–—-] | $ )
      | (?: corrected | corrigé | corrigid[oa] | corregid[oa] | imesahihishwa ) \b
      | an\ earlier\ version\ of\ th(?:is|e)\b | une\ version\ antérieure\b | uma\ versão\ anterior\b
      | una\ versión\ anterior\b
    )"""
)
_NEVER_SHORTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a document means: a decision a match, and how many polls in a row its source has been restless."""

    decisions: tuple[Decision, ...]
    restless: int


def decide(matches: Sequence[Match], before: Mapping[int, Words], restless: int, settled: int, now: datetime) -> Judged:
    """`before`: the newest words of the articles that are known, `restless`: what the last poll's answer was,
    `settled`: how many entries of the document say just what they said before.
    """
    decisions = [_decision(match, before) for match in matches]
    versions_of_known = [d.changed for d in decisions if d.known and d.change]
    listed = settled + sum(match.known is not None for match in matches)
    polls, habit = versions.restless(restless, listed, versions_of_known)
    return Judged(tuple(_held_back(decision, habit, now) for decision in decisions), polls)


def _decision(match: Match, before: Mapping[int, Words]) -> Decision:
    article, known = match.article, match.known
    changed = _changed(match, before)
    change: ChangeKind | None = None if known else "new"
    if known and changed:
        change = _kind(article, before[known.article], changed)
    return Decision(
        article=article,
        known=known,
        change=change,
        matched_by=match.matched_by,
        evidence=match.evidence,
        changed=changed,
    )


def _changed(match: Match, before: Mapping[int, Words]) -> tuple[str, ...]:
    """What differs from the version before. An edit is a change in what *one* source says: another source's listing
    of the same article, with a shorter summary perhaps, is not one.
    """
    article, known = match.article, match.known
    if known is None or known.entry_hash is None or known.article not in before:
        return ()
    old, new = before[known.article], versions.words_of(article)
    if known.said_words == article.words_hash:  # the words are what this source said before; its dates perhaps not
        return ("dates",) if (old.published, old.updated) != (new.published, new.updated) else ()
    return versions.what_changed(old, new)


def _kind(article: Article, old: Words, changed: tuple[str, ...]) -> ChangeKind | None:
    if changed == ("dates",):  # later `updated` over the same words is a version too (RFC 4287 section 4.2.15)
        touched = article.updated is not None and old.updated is not None and article.updated > old.updated
        return "refile" if touched else None
    if "title" in changed and signals.is_withdrawal(article):
        return "withdrawn"
    return versions.kind_of_change(old, versions.words_of(article), is_correction)


def _held_back(decision: Decision, habit: frozenset[str], now: datetime) -> Decision:
    """A change that waits because its source changes something at every poll."""
    known = decision.known
    if known is None or decision.change in (None, "withdrawn"):
        return decision
    if not versions.held_back(decision.changed, habit, known.last_revision, now):
        return decision
    return replace(decision, change=None, held_back=True)


def is_correction(words: str) -> bool:
    """Whether the publisher itself says, in a headline or paragraph, that this version corrects an earlier one."""
    return bool(_CORRECTION.search(words))


def next_after_success(now: datetime, every: timedelta | None, settings: PollSettings) -> NextPoll:
    """The source's own interval, or the wire's; the wire's bounds hold for both."""
    interval = min(max(every or settings.every, settings.shortest), settings.longest)
    return NextPoll(at=now + interval, reason="interval")


def next_after_failure(
    now: datetime, due: Due, settings: PollSettings, retry_after: timedelta | datetime | None
) -> NextPoll:
    """Twice as long with every failure in a row, up to the wire's longest; never sooner than the server asks.

    A publisher is never given up: feeds die for weeks and come back.
    """
    interval = due.source.every or settings.every
    doubled = interval * 2 ** min(due.failures, 16)
    backoff = now + min(max(doubled, settings.shortest), settings.longest)
    if retry_after is None:
        return NextPoll(at=backoff, reason="backoff")
    asked = retry_after if isinstance(retry_after, datetime) else now + retry_after
    # A server may ask for a year, or for the past; neither is taken at its word.
    asked = min(max(asked, now + _NEVER_SHORTER), now + max(settings.longest, timedelta(days=7)))
    return NextPoll(at=asked, reason="retry_after")
