"""What the page of one report says, and by which rule each part of it was found."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from aggregator.model.document import Category, Media, Person, Text


class PageEvidence(Struct, frozen=True):
    """Where on a page a field of `Page` was found."""

    field: str  # its name in `Page`; of a medium also its part, such as `media.credit`
    rule: str  # such as `json-ld`, `opengraph`, `h1`, `figcaption`, `trafilatura`


class Page(Struct, frozen=True, kw_only=True):
    """A report as its own page has it: its publisher's words in plain text, each field empty where it is not said.

    Addresses are resolved and stand as `text.urls.literal` leaves them; none has been asked, and none is known to be
    of the publisher's site.
    """

    url: str  # the address that answered
    canonical: str | None = None  # where the page says that it stands
    site: str | None = None  # the name that the site gives itself
    title: str | None = None  # the headline, without the site's name
    language: str | None = None  # BCP 47, as the page states it
    types: tuple[str, ...] = ()  # of schema.org, by which the page says what it is: NewsArticle
    byline: str | None = None  # as it stands on the page, such as `By Awa Diop and Staff Reporter`
    authors: tuple[Person, ...] = ()  # as the page states them, the site itself left out
    published: datetime | None = None  # aware UTC, whole seconds
    published_stated: str | None = None  # the literal of that
    updated: datetime | None = None
    updated_stated: str | None = None
    categories: tuple[Category, ...] = ()  # sections (scheme `section`), then keywords; each once
    summary: str | None = None  # the page's own description of itself
    paragraphs: tuple[str, ...] = ()  # the text; () also where it was not asked for
    html: Text | None = None  # the same text with the elements that `text.html` allows; None: not made
    media: tuple[Media, ...] = ()  # the lead picture first; each address once
    is_free: bool | None = None  # False: the page says that one must pay or sign in to read on; None: not said
    is_cut: bool = False  # what can be read of the text is its beginning only
    licences: tuple[str, ...] = ()  # addresses or names of the licences that the page says it is under
    rights: str | None = None  # its notice of copyright
    correction: str | None = None  # the publisher's own note
    embargoed_until: datetime | None = None
    expires: datetime | None = None
    evidence: tuple[PageEvidence, ...] = ()  # one for each field that was found

    def rule(self, field: str) -> str | None:
        """By which rule a field was found; None: it was not."""
        return next((each.rule for each in self.evidence if each.field == field), None)
