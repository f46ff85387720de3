"""What of a report's own page may be taken, by its publisher's rights and by what the page says itself; pure.

A page narrows what its publisher's file allows and never widens it: of a page that wants payment, and of one that says
that another site's page is the report's, no text is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from aggregator.model import Entry, Page, PagesMode, PageWords, Rights, Text
from aggregator.rights import signal_forms
from aggregator.rights.gate import effective
from aggregator.text.dates import to_iso
from aggregator.text.html import plain

Taken = Literal["nothing", "metadata", "excerpt", "text"]

PAYWALL = "the page asks readers to pay or to sign in"
OTHER_SITE = "the page says that it is a copy of a page of another site"
CUT = "the page has the beginning of the text only"
OTHER_PAGE = "the address leads to a page with another headline"
EMPTY = "no text was found on the page"
_MOST_CATEGORIES = 100
_MOST_NOTE = 1_000  # characters of a correction note


def may_be_taken(mode: PagesMode, rights: Rights, now: datetime) -> Taken:
    """What a source's `pages` comes to under the rights of its publisher at this time."""
    scope = effective(rights, now.date()).text_scope
    if mode == "none" or rights.text_scope == "none":
        return "nothing"
    if mode == "metadata" or scope not in ("full_text", "excerpt"):
        return "metadata"
    return "text" if scope == "full_text" else "excerpt"


def why_useless(mode: PagesMode, rights: Rights) -> str | None:
    """Why a source's `pages` comes to less than it says, as what `check` expects; None: it does not."""
    if mode == "none":
        return None
    if rights.text_scope == "none":
        return '"none", because rights.text_scope lets nothing of its reports out'
    if mode == "text" and rights.storage == "metadata_only":
        return '"metadata" or "none", because rights.storage = "metadata_only" keeps no text'
    if mode == "text" and rights.text_scope == "headline_only":
        return '"metadata" or "none", because rights.text_scope lets no text out'
    return None


def taken(page: Page, entry: Entry, allowed: Taken, rights: Rights, *, is_own: bool) -> tuple[PageWords, str | None]:
    """What is taken of a page beside what the entry of its report said, and why its text is not, where it is asked for.
    `is_own`: the page does not say that it is a copy of another site's.
    """
    keeps_words = rights.storage != "metadata_only"
    feeds = "\n".join(filter(None, map(plain, entry.content))) or plain(entry.summary)
    content, why = _content(page, allowed, len(feeds), rights.excerpt_max_words, is_own=is_own)
    if allowed == "excerpt" and (feeds or page.summary):
        content, why = None, None  # there are words for an excerpt
    has_words = keeps_words and is_own and rights.text_scope in ("full_text", "excerpt")
    return (
        PageWords(
            title=page.title if entry.title is None or not entry.title.value.strip() else None,
            summary=page.summary if has_words and not feeds else None,
            content=content if keeps_words else None,
            byline=None if entry.authors else page.byline,
            authors=() if entry.authors else page.authors,
            published=to_iso(page.published) if page.published and not entry.published else None,
            published_stated=page.published_stated if page.published and not entry.published else None,
            categories=() if entry.categories else page.categories[:_MOST_CATEGORIES],
            media=() if entry.media or not keeps_words else page.media,
            correction=page.correction[:_MOST_NOTE] if has_words and page.correction else None,
            licences=tuple(_refusing(page)),
        ),
        why,
    )


def _refusing(page: Page) -> Iterator[str]:
    """The licences that it is under which refuse machines a use; what others allow widens nothing."""
    for signal in signal_forms.of_entry(page.rights, page.licences, (), page.url):
        if "refused" in (signal.uses.train, signal.uses.input, signal.uses.search):
            yield signal.literal


def _content(
    page: Page, allowed: Taken, of_feed: int, excerpt_words: int, *, is_own: bool
) -> tuple[Text | None, str | None]:
    """The text that is taken, or why none is; neither: none is asked for, or the feed has more. `of_feed`: the
    characters of the feed's text.
    """
    if allowed not in ("text", "excerpt"):
        return None, None
    if page.is_free is False:
        return None, PAYWALL
    if not is_own:
        return None, OTHER_SITE
    text = "\n".join(page.paragraphs)
    if not text.strip():
        return None, EMPTY
    if page.is_cut:
        return None, CUT
    if len(text) <= of_feed:
        return None, None
    if allowed == "text":
        return page.html or Text(text, "text/plain"), None
    begun: list[str] = []
    for paragraph in page.paragraphs:  # as many as an excerpt is cut of
        begun.append(paragraph)
        if sum(len(each.split()) for each in begun) >= excerpt_words:
            break
    return Text("\n".join(begun), "text/plain"), None
