"""What a later version of a report changes, and what kind of change that is. Pure; it alone knows what is no change.

Words are compared in a reading that leaves out what is volatile. The words that are stored stay as they came.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Literal

from aggregator.likeness import likeness
from aggregator.types import Article, Text, Words

__all__ = [
    "HELD_BACK",
    "MOST_READ",
    "RESTLESS_POLLS",
    "held_back",
    "kind_of_change",
    "restless",
    "same_report",
    "settled",
    "size",
    "what_changed",
    "words_of",
]

HELD_BACK = "restless_source"
RESTLESS_POLLS = 3  # in a row, before a source is taken for restless
_FEWEST = 3  # known entries in a document that says something about its source
_ONE_A_DAY = timedelta(days=1)
_MOST_NOTES = 20  # corrections that a report has already
_LONGEST = 100_000  # characters of a text that is read for what is volatile; a longer one is compared as it is
MOST_READ = 500_000  # characters of one document's changed words, before and after, that are read so
_STANDING = 0.6  # how alike two correction notes are that are one note, edited

# Blanks of every width, and characters without any: zero-width spaces, soft hyphens, byte order marks.
_BLANK = re.compile("[\\s\u00a0\u00ad\u180e\u200b\u2060\ufeff]+")
_INVISIBLE = re.compile("[\u00ad\u180e\u200b\u2060\ufeff]")


def words_of(article: Article) -> Words:
    """The words of an article as they stand in a document, for comparing them with those that are held."""
    said = json.loads(article.raw.decode("utf-8", "replace"))
    return Words(
        title=article.title,
        summary=article.summary,
        text=article.text,
        byline=article.byline,
        url=article.url,
        published=article.published,
        updated=article.updated,
        said_summary=_text(said.get("summary")),
        said_content=tuple(Text(**text) for text in said.get("content", ())),
        words_hash=article.words_hash,
    )


def _text(said: Mapping[str, Any] | None) -> Text | None:
    return Text(**said) if said else None


def what_changed(before: Words, after: Words) -> tuple[str, ...]:
    """Which of title, summary, body, byline, url and dates differ, in that order; () for the same report.

    Blanks and volatile matter (`volatile`) make no difference; a letter or a digit of a sentence always does.
    Words that were not kept, or were let go, are compared by their hash: where it differs and nothing that is kept
    does, the change is in the body.
    """
    dates = ("dates",) if (before.published, before.updated) != (after.published, after.updated) else ()
    if before.words_hash and before.words_hash == after.words_hash:
        return dates
    same = _word_for_word(before, after)
    closely = before.closely and after.closely
    old, new = _reading(before, but=same, closely=closely), _reading(after, but=same, closely=closely)
    names = tuple(name for name in new if old[name] != new[name])
    if not _has_words(before) or not _has_words(after):
        names = tuple(name for name in names if name not in ("summary", "body"))
        if not names and before.words_hash != after.words_hash:
            names = ("body",)
    return (*names, *dates)


def same_report(before: Words, after: Words) -> bool:
    """Whether a reader would find the same words in both; dates may differ."""
    return not set(what_changed(before, after)) - {"dates"}


def settled(words: Words) -> str:
    """The words as they are compared: a line each for title, summary, body, byline and address, without what is
    volatile. For comparing only.
    """
    return "\n".join(_reading(words).values())


def _word_for_word(before: Words, after: Words) -> tuple[str, ...]:
    """The long fields that are the same as received, so that nothing need be read. A title is read along with them."""
    if before.title != after.title:
        return ()
    old, new = _texts(before), _texts(after)
    return tuple(name for name in old if old[name] == new[name])


def size(words: Words) -> int:
    """How many characters have to be read of it."""
    return len(words.title) + sum(len(text.value) for texts in _texts(words).values() for text in texts)


def _reading(words: Words, but: Container[str] = (), closely: bool = True) -> dict[str, str]:
    from aggregator.versions.markup import address

    texts = {name: texts for name, texts in _texts(words).items() if name not in but}
    return {
        "title": _single_spaced(words.title),
        **{name: " ".join(_settled_text(text, words.title, closely) for text in said) for name, said in texts.items()},
        "byline": _single_spaced(words.byline or ""),
        "url": address(words.url or ""),
    }


def _texts(words: Words) -> dict[str, Sequence[Text]]:
    body: Sequence[Text] = words.said_content
    if not body and words.text != words.summary and words.said_summary is None:
        body = (Text(words.text, "text/plain"),)
    return {"summary": (words.said_summary or Text(words.summary, "text/plain"),), "body": body}


def _settled_text(text: Text, title: str, closely: bool) -> str:
    # Imported here: their patterns take a while to compile, and most passes meet no edit.
    from aggregator.versions.markup import marked
    from aggregator.versions.volatile import without_volatile

    if not closely:
        return text.value
    if len(text.value) > _LONGEST:
        return _single_spaced(text.value)
    return _single_spaced(without_volatile(_INVISIBLE.sub("", marked(text)), title))


def _single_spaced(words: str) -> str:
    return _BLANK.sub(" ", _INVISIBLE.sub("", words)).strip()


def _has_words(words: Words) -> bool:
    return bool(words.said_summary or words.said_content or words.summary or words.text)


def kind_of_change(
    before: Words, after: Words, changed: Iterable[str], is_correction: Callable[[str], bool]
) -> Literal["revised", "corrected", "refile"] | None:
    """Corrected when the publisher's own words say so, in a headline or paragraph that is new in this version: a note
    that stands does not make every later edit a correction. Refile: the same words under a later `updated` (RFC 4287
    section 4.2.15). None: nothing that makes a revision. `changed`: their `what_changed`; `is_correction` says it of
    one line of plain words.
    """
    if not set(changed) - {"dates"}:
        touched = before.updated is not None and after.updated is not None and after.updated > before.updated
        return "refile" if touched else None
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


def restless(polls: int, listed: int, changed: Sequence[Sequence[str]]) -> tuple[int, frozenset[str]]:
    """How many polls in a row the source has changed most of what it lists, after this one, and the fields it is
    restless in (none before the third poll in a row).

    `polls` counts those before, `listed` the entries of this document whose articles are known from it, `changed`
    holds the `what_changed` of each of them that has changed. A document with fewer than three says nothing.
    """
    if listed < _FEWEST:
        return polls, frozenset()
    if len(changed) * 2 <= listed:
        return 0, frozenset()
    often = Counter(field for fields in changed for field in set(fields))
    habit = frozenset(field for field, times in often.items() if times * 2 > listed)
    return polls + 1, habit if polls + 1 >= RESTLESS_POLLS else frozenset()


def held_back(changed: Iterable[str], habit: frozenset[str], last: datetime, now: datetime) -> bool:
    """Whether a change is to wait, counted as HELD_BACK: it touches nothing but what its source is restless in, and
    the article's newest revision (`last`) is less than a day old.
    """
    fields = set(changed) - {"dates"}
    return bool(habit) and fields <= habit and now - last < _ONE_A_DAY
