"""What a later version of a report changes, and what kind of change that is. Pure; it alone knows what is no change.

Words are compared in a reading that leaves out what is volatile. The words that are stored stay as they came.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Literal

from aggregator.model import Article, Changed, Text, Words
from aggregator.text.likeness import likeness
from aggregator.text.packing import raw_of
from aggregator.text.raw_words import as_text, decode
from aggregator.text.urls import steady_of

__all__ = [
    "MOST_READ",
    "UNSTABLE_SOURCE",
    "comparable",
    "kind_of_change",
    "may_be_pending",
    "same_dates",
    "same_report",
    "same_sentences",
    "size",
    "unstable",
    "what_changed",
    "words_of",
]

UNSTABLE_SOURCE = "unstable_source"
_UNSTABLE_POLLS = 3  # in a row, before a source is taken for unstable
_UNSTABLE_FOR = timedelta(days=2)  # within which they were
_FEWEST = 5  # known entries in a document that says something of its source; newsrooms edit two stories of three
_FEWEST_DATES = 3  # where dates alone change, which nobody does by hand
_ONE_A_DAY = timedelta(days=1)
_MOST_NOTES = 20  # corrections that a report has already
_LONGEST = 100_000  # characters of a text that is read for what is volatile; a longer one is compared as it is
MOST_READ = 500_000  # characters of one document's changed words, before and after, that are read so
_STANDING = 0.6  # how alike two correction notes are that are one note, edited

# Blanks of every width, and characters without any: zero-width spaces, soft hyphens, byte order marks.
_BLANK = re.compile("[\\s\u00a0\u00ad\u180e\u200b\u2060\ufeff]+")
_INVISIBLE = re.compile("[\u00ad\u180e\u200b\u2060\ufeff]")
_ADDRESS = re.compile("\u27e8[^\u27e9]*\u27e9")  # of a link or a picture, as `volatile` returns it


def words_of(article: Article) -> Words:
    """The words of an article as they stand in a document, for comparing them with those that are held."""
    entry = decode(as_text(raw_of(article)))  # as the store reads the words that are held
    return Words(
        title=article.title,
        summary=article.summary,
        text=article.text,
        byline=article.byline,
        url=article.url,
        published=article.published,
        updated=article.updated,
        raw_summary=entry.summary,
        raw_content=entry.content,
        words_hash=article.words_hash,
        media_hash=article.media_hash,
    )


def what_changed(before: Words, after: Words) -> tuple[Changed, ...]:
    """Which fields differ, in the order of `model.CHANGED`; () for the same report.

    Blanks and volatile matter (`volatile`) make no difference; a letter or a digit of a sentence always does.
    Words that were not kept, or were let go, are compared by their hash: where it differs and nothing that is kept
    does, the change is in the body. Media are compared by their hashes, where both are known.
    """
    beside: tuple[Changed, ...] = (*_changed_media(before, after), *_changed_dates(before, after))
    if before.words_hash and before.words_hash == after.words_hash:
        return beside
    same = _word_for_word(before, after)
    closely = before.closely and after.closely
    old, new = _reading(before, but=same, closely=closely), _reading(after, but=same, closely=closely)
    names = tuple(name for name in new if old[name] != new[name])
    if not _has_words(before) or not _has_words(after):
        names = tuple(name for name in names if name not in ("summary", "body"))
        if not names and before.words_hash != after.words_hash:
            names = ("body",)
    return (*names, *beside)


def _changed_media(before: Words, after: Words) -> tuple[Changed, ...]:
    are_known = before.media_hash is not None and after.media_hash is not None
    return ("media",) if are_known and before.media_hash != after.media_hash else ()


def _changed_dates(before: Words, after: Words) -> tuple[Changed, ...]:
    return () if same_dates(before, after) else ("dates",)


def same_dates(before: Words, after: Words) -> bool:
    return (before.published, before.updated) == (after.published, after.updated)


def same_report(before: Words, after: Words) -> bool:
    """Whether a reader would find the same words in both; media and dates may differ."""
    return not set(what_changed(before, after)) - {"media", "dates"}


def same_sentences(before: Words, after: Words) -> bool:
    """Whether headline, summary and body say the same, mark for mark, but for what is volatile. Where links lead, and
    which pictures are shown, makes no difference; what stands for a picture does. Of two versions whose words are not
    kept only the headlines can be compared.
    """
    if _single_spaced(before.title) != _single_spaced(after.title):
        return False
    if not _has_words(before) and not _has_words(after):
        return True
    same = _word_for_word(before, after)
    closely = before.closely and after.closely
    old, new = (_reading(words, but=same, closely=closely, with_addresses=False) for words in (before, after))
    return all(old[name] == new[name] for name in ("summary", "body") if name not in same)


def comparable(words: Words) -> str:
    """The words as they are compared: a line each for title, summary, body, byline and address, without what is
    volatile. For comparing only.
    """
    return "\n".join(_reading(words).values())


def _word_for_word(before: Words, after: Words) -> tuple[Changed, ...]:
    """The long fields that are the same as received, so that nothing need be read. A title is read along with them."""
    if before.title != after.title:
        return ()
    old, new = _texts(before), _texts(after)
    return tuple(name for name in old if old[name] == new[name])


def size(words: Words) -> int:
    """How many characters have to be read of it."""
    return len(words.title) + sum(len(text.value) for texts in _texts(words).values() for text in texts)


def _reading(
    words: Words, but: Container[str] = (), *, closely: bool = True, with_addresses: bool = True
) -> dict[Changed, str]:
    from aggregator.revisions import markup, volatile  # patterns are slow to compile; most passes meet no edit

    def stable(text: Text) -> str:
        return volatile.without_volatile(_INVISIBLE.sub("", markup.marked(text)), words.title)

    texts = {name: texts for name, texts in _texts(words).items() if name not in but}
    read = partial(_comparable_text, stable=stable, closely=closely, with_addresses=with_addresses)
    return {
        "title": _single_spaced(words.title),
        **{name: " ".join(map(read, said)) for name, said in texts.items()},
        "byline": _single_spaced(words.byline or ""),
        "url": steady_of(words.url or ""),
    }


def _texts(words: Words) -> dict[Changed, Sequence[Text]]:
    body: Sequence[Text] = words.raw_content
    if not body and words.text != words.summary and words.raw_summary is None:
        body = (Text(words.text, "text/plain"),)
    return {"summary": (words.raw_summary or Text(words.summary, "text/plain"),), "body": body}


def _comparable_text(text: Text, stable: Callable[[Text], str], closely: bool, with_addresses: bool) -> str:
    if not closely:
        return text.value
    if len(text.value) > _LONGEST:
        return _single_spaced(text.value)
    said = stable(text)
    return _single_spaced(said if with_addresses else _ADDRESS.sub(" ", said))


def _single_spaced(words: str) -> str:
    return _BLANK.sub(" ", _INVISIBLE.sub("", words)).strip()


def _has_words(words: Words) -> bool:
    return bool(words.raw_summary or words.raw_content or words.summary or words.text)


def kind_of_change(
    before: Words, after: Words, changed: Iterable[str], is_correction: Callable[[str], bool]
) -> Literal["revised", "corrected", "resent"] | None:
    """Corrected when the publisher's own words say so, in a headline or paragraph that is new in this version: a note
    that stands does not make every later edit a correction. Resent: the same words under a later `updated` (RFC 4287
    section 4.2.15). None: nothing that makes a revision. `changed`: their `what_changed`; `is_correction` says it of
    one line of plain words.
    """
    if not set(changed) - {"dates"}:
        touched = before.updated is not None and after.updated is not None and after.updated > before.updated
        return "resent" if touched else None
    if set(changed) <= {"media", "dates"}:
        return "revised"
    return "corrected" if _new_note(_lines(before), _lines(after), is_correction) else "revised"


def _lines(words: Words) -> list[str]:
    """Where a correction is looked for. Of words that are not read closely: the headline, and the first and the last
    line of the text.
    """
    texts = [text.split("\n") for text in (words.title, words.summary, words.text)]
    if not words.closely:
        texts = [texts[0], texts[2][:1], texts[2][1:][-1:]]
    return [_single_spaced(line) for lines in texts for line in lines]


def _new_note(before: Sequence[str], after: Sequence[str], is_correction: Callable[[str], bool]) -> bool:
    # No report has more notes: those behind them are compared with none.
    stood = list(islice((line for line in before if is_correction(line)), _MOST_NOTES))
    fresh = set(after).difference(before)
    return any(is_correction(line) and not any(_is_one_note(line, note) for note in stood) for line in fresh)


def _is_one_note(line: str, note: str) -> bool:
    return likeness(note, line) >= _STANDING


def unstable(
    before: Sequence[datetime], listed: int, changed: Sequence[Sequence[str]], now: datetime
) -> tuple[tuple[datetime, ...], frozenset[str]]:
    """When the last polls in a row changed most of what they listed, this one included, newest last; and the fields in
    which the source is unstable: those that most of its entries change in, at the third such poll within two days.

    `before`: what this returned for the poll before. `listed`: the entries of this document whose articles are known
    from the source; `changed`: the `what_changed` of each of them that says anything new. A poll that changes no more
    than half of them begins the count anew, and so does a document of fewer than five (three, where dates alone
    change), which says nothing. The same poll recorded again, at the very moment of the one before, leaves the count
    as it is.
    """
    recent = tuple(at for at in before if timedelta(0) <= now - at < _UNSTABLE_FOR)
    fewest = _FEWEST if any(set(fields) - {"dates"} for fields in changed) else _FEWEST_DATES
    if listed < fewest or len(changed) * 2 <= listed:
        return (recent if recent and recent[-1] == now and not changed else ()), frozenset()
    polls = (*recent, now)[-_UNSTABLE_POLLS:]
    often = Counter(field for fields in changed for field in set(fields))
    habit = frozenset(field for field, times in often.items() if times * 2 > listed)
    return polls, habit if len(polls) == _UNSTABLE_POLLS else frozenset()


def may_be_pending(changed: Iterable[str], habit: frozenset[str], last: datetime, now: datetime) -> bool:
    """Whether a change may wait, counted as HELD_BACK: it touches nothing but what its source is unstable in, and the
    article's newest revision was stored (`last`) within the day before. One that seems to be stored later than now, by
    a clock that was set back since, lets nothing wait.
    """
    fields = set(changed) - {"dates"}
    return bool(habit) and fields <= habit and timedelta(0) <= now - last < _ONE_A_DAY
