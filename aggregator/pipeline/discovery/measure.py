"""How much a document carries: entries, dates, summaries, whole texts, its newest entry. Pure but for the reading of
the document itself; runs in worker processes. It alone knows what a whole text is, and which feed is the better.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from aggregator.model import Entry, FetchResult, Source
from aggregator.parse import parse
from aggregator.text.dates import read_date
from aggregator.text.html import plain, shortened

_A_REPORT = 150  # words: no summary is so long
_A_BRIEF = 40  # words: what is longer than its own summary, and as long as this, is the report
_LONGER = 1.5
_CUT_OFF = ("…", "...", "[…]", "[...]", "…]", "...]")
_SAMPLES, _SAMPLE = 4, 240  # entries that are shown, and characters of each text of them
_ALIVE = timedelta(days=90)


class Sample(Struct, frozen=True, kw_only=True):
    """An entry as a person looks at it who has to choose a feed: words without markup, cut."""

    title: str
    words: str
    published: datetime | None = None  # None: not stated, or not to be read


class Measure(Struct, frozen=True, kw_only=True):
    """What a document carries; shares from 0.0 to 1.0 of its entries."""

    format: str
    entries: int
    dated: float = 0.0
    summaries: float = 0.0  # words of any kind beside the headline
    full_text: float = 0.0
    newest: datetime | None = None  # None: no entry has a date that can be read
    warning: str | None = None
    samples: tuple[Sample, ...] = ()  # its first entries


def measure(result: FetchResult, source: Source) -> Measure:
    """Reads the document as a poll would. Raises ParseError."""
    parsed = parse(result, source)
    entries = parsed.entries
    dates = [_date(entry) for entry in entries]
    words = [_words(entry) for entry in entries]
    return Measure(
        format=parsed.format,
        entries=len(entries),
        dated=_share(date is not None for date in dates),
        summaries=_share(bool(summary or text) for summary, text in words),
        full_text=_share(_is_whole(summary, text) for summary, text in words),
        newest=max(filter(None, dates), default=None),
        warning=parsed.warning,
        samples=tuple(map(_sample, entries[:_SAMPLES], dates, words)),
    )


def completeness(carries: Measure, now: datetime) -> tuple[float, ...]:
    """The greater, the better the feed: has it entries, of late, whole, dated, with words; how many; how fresh. Among
    equals a feed is better than WordPress's REST interface, which has no validators and sends everything every time.
    A news sitemap stands behind all that is alive: it has headlines alone, and those of two days.
    """
    alive = carries.newest is None or now - carries.newest <= _ALIVE
    shares = (round(share, 1) for share in (carries.full_text, carries.dated, carries.summaries))
    newest = carries.newest.timestamp() if carries.newest else 0.0
    is_feed = not carries.format.startswith("wordpress")
    has_words = not carries.format.startswith("sitemap")
    said = (float(carries.entries > 0), float(alive), float(has_words))
    return (*said, *shares, float(is_feed), float(carries.entries), newest)


def _sample(entry: Entry, date: datetime | None, words: tuple[str, str]) -> Sample:
    title, said = (shortened(" ".join(each.split()), _SAMPLE) for each in (plain(entry.title), words[0] or words[1]))
    return Sample(title=title, words=said, published=date)


def _date(entry: Entry) -> datetime | None:
    return read_date(entry.published) or read_date(entry.updated)


def _words(entry: Entry) -> tuple[str, str]:
    contents = [plain(content) for content in entry.content]
    return plain(entry.summary), max(contents, key=len, default="")


def _is_whole(summary: str, text: str) -> bool:
    """Many feeds put whole reports where a summary belongs, and many a summary again where the text does."""
    longest = max(text, summary, key=len)
    if longest.endswith(_CUT_OFF):
        return False
    words = len(longest.split())
    return words >= _A_REPORT or (words >= _A_BRIEF and len(text) > _LONGER * len(summary))


def _share(those: Iterable[bool]) -> float:
    listed = list(those)
    return sum(listed) / len(listed) if listed else 0.0
