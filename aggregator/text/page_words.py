"""What a report's own page says, beside what its feed said: where the two are put together, and kept apart. Pure.

The feed's own words come first. A page fills what the feed leaves empty, and its text counts where it is longer.
"""

from __future__ import annotations

import hashlib

from msgspec.structs import replace

from aggregator.model import Article, Entry, PageWords, Person, Text
from aggregator.text import folding, html, raw_words
from aggregator.text.dates import from_iso, read_date
from aggregator.text.media import readings
from aggregator.text.packing import raw_of


def with_page(article: Article, page: PageWords, excerpt_words: int) -> Article:
    """The article with what its page says beside. Its hashes stay those of what the feed said, so that a feed which
    says the same again changes nothing. Tags of what the feed said are none of what both say. `excerpt_words`: how many
    its publisher's rights allow.
    """
    summary = article.summary or plain_line(page.summary)
    text = text_of(page)
    if len(text) <= len(article.text):
        text = article.text or summary
    title = article.title or html.shortened(plain_line(page.title), html.MOST_HEADLINE, html.MOST_HEADLINE_WORDS)
    media = article.media or readings(page.media)[0]
    dated = article.published is None and page.published is not None
    folded = folding.fold(summary)
    return replace(
        article,
        title=title,
        summary=summary,
        text=text,
        excerpt=html.excerpt(summary, text, excerpt_words),
        byline=article.byline or byline_of(page),
        stated_language=page.language or article.stated_language,
        published=from_iso(page.published) if dated and page.published else article.published,
        published_stated=page.published_stated if dated else article.published_stated,
        categories=article.categories or tuple(dict.fromkeys(map(str, page.categories))),
        media=media,
        raw=raw_words.encode(replace(raw_words.decode(raw_of(article)), page=page)),
        packed=b"",
        tags=None,
        folded=(folded, folded if text == summary else folding.fold(text)),
        matched=None,
        page=page,
    )


def text_of(page: PageWords | None) -> str:
    """The page's text in plain words; '' where none was taken."""
    return html.plain(page.content) if page and page.content else ""


def byline_of(page: PageWords) -> str | None:
    """Who wrote it, by the page, as an article has it."""
    names = html.byline(person.name for person in page.authors if person.name) or plain_line(page.byline)
    return html.shortened(names, html.MOST_BYLINE) or None


def plain_line(words: str | None) -> str:
    return html.clean_line(Text(words, "text/plain")) if words else ""


def is_dated_by_page(entry: Entry, published: str | None) -> bool:
    """Whether a report's date is its page's, because its feed says none that can be read."""
    if entry.page is None or published is None or published != entry.page.published:
        return False
    return read_date(entry.published) is None


def hashes(article: Article) -> tuple[bytes, bytes]:
    """Of a version that is stored: the SHA-256 of what a reader would call the report, and of everything that was said;
    both with the words of the page.
    """
    if article.page is None:
        return article.words_hash, article.entry_hash
    said = raw_words.encode(Entry(page=article.page))
    return hashlib.sha256(article.words_hash + said).digest(), hashlib.sha256(raw_of(article)).digest()


def joined(before: PageWords | None, now: PageWords) -> PageWords:
    """What was read before and what was read now; what the page no longer says stays."""
    if before is None:
        return now
    return replace(before, **{name: value for name in now.__struct_fields__ if (value := getattr(now, name))})


def as_shown(entry: Entry) -> Entry:
    """The entry as its report is shown: with what only its page says in the place of what is empty."""
    page = entry.page
    if page is None:
        return entry
    said = "\n".join(filter(None, map(html.plain, entry.content)))
    authors = page.authors or ((Person(page.byline),) if page.byline else ())
    is_longer = page.content is not None and len(text_of(page)) > len(said or html.plain(entry.summary))
    return replace(
        entry,
        title=entry.title or (Text(page.title, "text/plain") if page.title else None),
        summary=entry.summary or (Text(page.summary, "text/plain") if page.summary else None),
        content=(page.content,) if is_longer and page.content else entry.content,
        authors=entry.authors or authors,
        categories=entry.categories or page.categories,
        published=entry.published or page.published,
        media=entry.media or page.media,
    )
