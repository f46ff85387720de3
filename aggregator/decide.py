"""What a poll means: whether an entry is new, revised, corrected or unchanged, and when to ask its source again.

Pure: everything it needs comes as an argument, the time included.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from aggregator.types import Article, ChangeKind, Decision, Due, Known, NextPoll, PollSettings

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


def decide(articles: Sequence[Article], known: Mapping[str, Known]) -> list[Decision]:
    """One decision an article; `known` is what the store remembers, by the article's first key."""
    return [_decision(article, known.get(article.keys[0])) for article in articles]


def _decision(article: Article, known: Known | None) -> Decision:
    return Decision(article=article, known=known, change=_change(article, known))


def _change(article: Article, known: Known | None) -> ChangeKind | None:
    """An edit is a change in what *one* source says: another source's listing of the same article, with a shorter
    summary perhaps, is not one. Later `updated` with the same words is one too (RFC 4287 section 4.2.15).
    """
    if known is None:
        return "new"
    if known.entry_hash is None or article.entry_hash == known.entry_hash:
        return None
    touched = article.updated is not None and known.updated is not None and article.updated > known.updated
    if article.words_hash == known.words_hash and not touched:
        return None
    return "corrected" if is_correction(article) else "revised"


def is_correction(article: Article) -> bool:
    """Whether the publisher itself says that this version corrects an earlier one."""
    return bool(_CORRECTION.search(f"{article.title}\n{article.summary}\n{article.text}"))


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
