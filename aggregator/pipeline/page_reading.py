"""What the page of a report adds to it: a version of its own, by the way of every version, or nothing. Pure. Runs in
the parsing processes.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from aggregator.identity import address_of
from aggregator.identity.redirects import is_on_site
from aggregator.model import (
    CHANGED,
    Article,
    Changed,
    ChangeKind,
    Decision,
    Entry,
    Known,
    Page,
    PageReading,
    PageState,
    PageWords,
    Publisher,
    Text,
    Words,
)
from aggregator.normalise import article_of
from aggregator.pipeline.reading import Asked
from aggregator.revisions.compare import kind_of_change, what_changed, words_of
from aggregator.revisions.corrections import is_correction
from aggregator.rights.pages import OTHER_PAGE, may_be_taken, taken
from aggregator.text.folding import fold
from aggregator.text.html import clean_line
from aggregator.text.languages import a_tag, is_same_language
from aggregator.text.likeness import likeness
from aggregator.text.page_words import joined
from aggregator.text.pictures import digest
from aggregator.text.raw_words import decode, encode
from aggregator.text.urls import is_front_page, page_of

_NOTHING = PageWords()
_ALIKE = 0.25  # the headlines of one report, in its feed and on its page
# The field of `Page` whose evidence says where a field of `PageWords` came from, where it has another name.
_FOUND_AS = {"content": "paragraphs"}


def reading_of(state: PageState, page: Page, asked: Asked, now: datetime) -> PageReading:
    """What the page of a report means for it."""
    entry, rights = decode(state.raw), asked.publisher.rights
    if _is_another(page, entry):
        return PageReading(article_id=state.article_id, mode=asked.mode, outcome="withheld", reason=OTHER_PAGE)
    is_own = page.canonical is None or is_on_site(page.canonical, asked.sites)
    words, why = taken(page, entry, may_be_taken(asked.mode, rights, now), rights, is_own=is_own)
    all_words = joined(entry.page, replace(words, language=_language(page, state, asked.publisher)))
    if all_words.language is not None and _is_as_found(all_words, entry.page or _NOTHING, state):
        all_words = entry.page or _NOTHING
    done = PageReading(
        article_id=state.article_id,
        mode=asked.mode,
        outcome="read" if why is None else "withheld",
        reason=why,
        revision=state.revision,
        fields=tuple(name for name in PageWords.__struct_fields__ if getattr(all_words, name)),
        evidence=_evidence(page, replace(words, language=all_words.language)),
    )
    if all_words == (entry.page or _NOTHING):
        return done
    before = _article(state, state.raw, asked)
    after = _article(state, encode(replace(entry, page=all_words)), asked)
    change, changed = _change(before, after, entry.page, all_words)
    if change is None:
        return done
    known = Known(
        article_id=state.article_id,
        revision=state.revision,
        words_hash=before.words_hash,
        first_seen=now,
        last_revision=now,
        entry_hash=before.entry_hash,
    )
    return replace(done, decision=Decision(article=after, known=known, change=change, changed=changed))


def _is_another(page: Page, entry: Entry) -> bool:
    """Whether the report's address leads to a page that is not its own: by a redirect, or one that says that it is the
    home page, under a headline that shares few words with the report's.
    """
    asked = address_of(entry)
    if asked is None or page.title is None or entry.title is None:
        return False
    at = {page_of(page.url), page_of(page.canonical or page.url)}
    if page_of(page.url) == page_of(asked) and not any(map(is_front_page, at)):
        return False
    return likeness(fold(clean_line(entry.title)), fold(page.title)) < _ALIKE


def _language(page: Page, state: PageState, publisher: Publisher) -> str | None:
    """The language that the page states where it is one of its publisher's, and the feed states another or none. Many a
    page says `en-US` because its software did.
    """
    said = a_tag(page.language)
    if said is None or (state.stated_language and is_same_language(said, state.stated_language)):
        return None
    is_of_publisher = any(is_same_language(said, each) for each in publisher.languages)
    return said if is_of_publisher or not publisher.languages else None


def _is_as_found(words: PageWords, before: PageWords, state: PageState) -> bool:
    """Whether all that is new is a language that the report has already: no version is worth that."""
    is_found = state.language is not None and is_same_language(words.language or "", state.language)
    return is_found and replace(words, language=before.language) == before


def _article(state: PageState, raw: bytes, asked: Asked) -> Article:
    of = replace(asked.source, item_class=state.item_class)
    return replace(article_of(raw, state.key, state.stated_language, of, asked.publisher), language=state.language)


def _change(
    before: Article, after: Article, read: PageWords | None, now: PageWords
) -> tuple[ChangeKind | None, tuple[Changed, ...]]:
    """The kind of change and the fields that differ; None: nothing that makes a version. The first reading of a page is
    no change by its publisher, unless it says itself that the report was corrected.
    """
    old, new = _words_of(before), _words_of(after)
    changed = _named(what_changed(old, new), before, after)
    has_note = now.correction is not None and now.correction != (read.correction if read else None)
    if has_note or kind_of_change(old, new, changed, is_correction) == "corrected":
        return "corrected", changed or ("body",)
    if read is None:
        return "revised", (*changed, "page")
    return ("revised", changed) if set(changed) - {"dates"} else (None, ())


def _named(changed: tuple[Changed, ...], before: Article, after: Article) -> tuple[Changed, ...]:
    """With the words that are the report's first ones, of which a comparison cannot say where they stood before."""
    if before.text or not after.text or {"summary", "body"} & set(changed):
        return changed
    first: Changed = "summary" if after.text == after.summary else "body"
    return tuple(each for each in CHANGED if each == first or each in changed)


def _words_of(article: Article) -> Words:
    """As they are shown, with the page's."""
    return replace(
        words_of(article),
        raw_summary=Text(article.summary, "text/plain") if article.summary else None,
        raw_content=(Text(article.text, "text/plain"),) if article.text != article.summary else (),
        words_hash=b"",  # that of the feed's
        media_hash=digest(article.media),
    )


def _evidence(page: Page, words: PageWords) -> dict[str, str]:
    """By field, the rule by which it was found; of media also that of each part."""
    names = {_FOUND_AS.get(name, name): name for name in PageWords.__struct_fields__ if getattr(words, name)}
    found: dict[str, str] = {}
    for each in page.evidence:
        name, _, part = each.field.partition(".")
        if name in names:
            found.setdefault(".".join(filter(None, (names[name], part))), each.rule)
    return found
