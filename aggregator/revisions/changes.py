"""What an entry of a poll means: new, revised, corrected, withdrawn, or nothing that was not said before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.model import Article, ChangeKind, Decision, Known, MassKind, Match, Words
from aggregator.revisions import compare as versions
from aggregator.revisions import signals
from aggregator.revisions.corrections import is_correction
from aggregator.text import html as text
from aggregator.text.packing import raw_of
from aggregator.text.raw_words import as_text, decode
from aggregator.text.urls import by_rules


class Judged(Struct, frozen=True):
    """What a document means: a decision for each of its entries."""

    decisions: tuple[Decision, ...]
    unstable_polls: tuple[datetime, ...] = ()  # when the last polls in a row changed most of what they listed
    done: Mapping[MassKind, int] = field(default_factory=dict)  # how many known reports it changes at once, by kind


def decide(
    matches: Sequence[Match],
    before: Mapping[int, Words],
    now: datetime,
    *,
    held: Mapping[int, Words] = MappingProxyType({}),
    unstable_polls: Sequence[datetime] = (),
    unchanged: int = 0,
) -> Judged:
    """`before`: the newest words in force of the articles that are known; `held`: of some what this source said last
    and what is pending; `unstable_polls`: what the answer for the poll before was; `unchanged`: how many entries of the
    document say just what they said before.
    """
    before, held = _bounded(matches, before, held)
    decisions = [_decision(match, before) for match in matches]
    fresh = [said for d in decisions if d.known and (said := _fresh(d, held.get(d.known.article_id)))]
    listed = unchanged + sum(match.known is not None for match in matches)
    polls, habit = versions.unstable(unstable_polls, listed, fresh, now)
    return Judged(tuple(_pending_if_minor(decision, before, habit, now) for decision in decisions), polls)


def _fresh(decision: Decision, held: Words | None) -> tuple[str, ...]:
    """What this source changes in what it said at the poll before, be that in force or held back."""
    if held is None:
        return decision.changed if decision.change else ()
    article = decision.article
    return versions.what_changed(_by_rules(held, article), _by_rules(_words_of(article), article))


def _bounded(
    matches: Sequence[Match], before: Mapping[int, Words], held: Mapping[int, Words]
) -> tuple[Mapping[int, Words], Mapping[int, Words]]:
    """Both, with those marked that are not to be read closely, because those of the matches before them are as many as
    may be read so for one document: to read a character takes about a microsecond.
    """
    all_words, all_held = dict(before), dict(held)
    room = versions.MOST_READ
    for match in matches:
        for known in (all_words, all_held):
            words = known.get(match.known.article_id) if match.known else None
            if match.known is None or words is None or words.words_hash == match.article.words_hash:
                continue
            room -= versions.size(words) + len(raw_of(match.article))
            if room < 0:
                known[match.known.article_id] = replace(words, closely=False)
    return all_words, all_held


def _decision(match: Match, before: Mapping[int, Words]) -> Decision:
    article, known = match.article, match.known
    changed = _changed(match, before)
    change: ChangeKind | None = None if known else "new"
    if known and changed:
        change = _kind(article, before[known.article_id], changed)
    is_first_reading = change is None and _is_of_older_version(known) and bool(article.media)
    return Decision(
        article=article,
        known=known,
        change=change,
        matched_by=match.matched_by,
        evidence=match.evidence,
        changed=changed,
        brings_media=is_first_reading and _says_the_same(match, before),
    )


def _is_of_older_version(known: Known | None) -> bool:
    """Whether this source listed the article before media were read."""
    return known is not None and known.entry_hash is not None and known.listed_media_hash is None


def _says_the_same(match: Match, before: Mapping[int, Words]) -> bool:
    """Whether the words are those in force; the byline aside, of which an older version may have read less."""
    article, known = match.article, match.known
    if known is None or known.article_id not in before:
        return False
    old, new = (_by_rules(words, article) for words in (before[known.article_id], _words_of(article)))
    return not set(versions.what_changed(old, new)) - {"byline", "media", "dates"}


def _changed(match: Match, before: Mapping[int, Words]) -> tuple[str, ...]:
    """What differs from the version before. An edit is a change in what *one* source says: another source's listing
    of the same article, with a shorter summary perhaps, is not one; nor are a later date and other media
    under words that are not those in force, because another source brought newer ones, or a person refused them.
    """
    article, known = match.article, match.known
    if known is None or known.entry_hash is None or known.article_id not in before:
        return ()
    old, new = (_by_rules(words, article) for words in (before[known.article_id], _words_of(article)))
    old = replace(old, media_hash=known.listed_media_hash)
    if _is_only_read_further(article, known) and versions.same_dates(old, new):
        return ()
    if known.listed_words_hash == article.words_hash:  # the same words as this source listed before
        return _beside_words(old, new)
    changed = versions.what_changed(old, new)
    # Of what an older version listed, more authors may be read now. A first listing in which nothing but the byline
    # differs is where comparing begins. What it costs: a byline that the publisher itself changed between the last
    # listing that the older version read and the first that this one reads is put in force with the next revision only.
    if known.listed_media_hash is None and not set(changed) - {"byline", "dates"}:
        return tuple(name for name in changed if name != "byline")
    return changed


def _is_only_read_further(article: Article, known: Known) -> bool:
    """Whether an older version read of it just what this source listed before."""
    if article.hashes_before is None or article.hashes_before[0] != known.listed_words_hash:
        return False
    return known.listed_media_hash in (None, article.hashes_before[1])


def _beside_words(old: Words, new: Words) -> tuple[str, ...]:
    """Other media, other dates."""
    if (old.media_hash, old.published, old.updated) == (new.media_hash, new.published, new.updated):
        return ()
    return versions.what_changed(old, new) if versions.same_report(old, new) else ()


def _words_of(article: Article) -> Words:
    """With the whole headline and byline, of which an article holds the beginning: a change behind it is a change."""
    words = versions.words_of(article)
    if not article.adjusted:
        return words
    title, byline = text.in_full(words.title, words.byline, decode(as_text(raw_of(article))))
    return replace(words, title=title, byline=byline)


def _by_rules(words: Words, article: Article) -> Words:
    """With an address that compares as the publisher's file says: a new session is no change."""
    return replace(words, url=by_rules(words.url, article.rules)) if words.url else words


def _kind(article: Article, old: Words, changed: tuple[str, ...]) -> ChangeKind | None:
    if "title" in changed and signals.is_withdrawal(article):
        return "withdrawn"
    new = replace(_words_of(article), closely=old.closely)
    return versions.kind_of_change(old, new, changed, is_correction)


def _pending_if_minor(
    decision: Decision, before: Mapping[int, Words], habit: frozenset[str], now: datetime
) -> Decision:
    """Marks a change that waits for a day because its source changes something at every poll.

    That is a change that leaves the headline and every word, number and mark of the sentences as they were: of where
    links lead, of the media, the byline, the report's own address, or a later `updated` alone. Of a publisher that lets
    us keep no words it is any change below the headline, because nobody can say what it changes. A correction, a
    withdrawal, another headline, another sentence never waits. Categories and mark-up make no revision at all.
    """
    known = decision.known
    if known is None or decision.change not in ("revised", "resent"):
        return decision
    if not versions.may_be_pending(decision.changed, habit, known.last_revision, now):
        return decision
    if not versions.same_sentences(before[known.article_id], _words_of(decision.article)):
        return decision
    return replace(decision, pending_revision=True)
