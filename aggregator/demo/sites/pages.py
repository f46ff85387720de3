"""The pages of a publisher's site as bytes: its home page, each report's page, and the pages of 404 and 410."""

from __future__ import annotations

import json
from html import escape

from aggregator.model import Entry, Link

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


def home_page(title: str, language: str, feeds: tuple[Link, ...], reports: tuple[tuple[str, str], ...]) -> bytes:
    """The newest reports as links. `reports`: pairs of headline and address."""
    items = "".join(f'<li><a href="{escape(href)}">{escape(headline)}</a></li>' for headline, href in reports)
    return _page(title, language, _alternates(feeds), f"<h1>{escape(title)}</h1><ul>{items}</ul>")


def article_page(publisher: str, feeds: tuple[Link, ...], entry: Entry) -> bytes:
    """One report, with its canonical address, its feeds and schema.org's NewsArticle."""
    headline = entry.title.value if entry.title else ""
    byline = entry.authors[0].name if entry.authors else None
    href = entry.links[0].href
    head = (
        f'<link rel="canonical" href="{escape(href)}">{_alternates(feeds)}'
        f'<script type="application/ld+json">{_json_ld(publisher, entry, headline, byline)}</script>'
    )
    by = f'<p class="byline">{escape(byline)}</p>' if byline else ""
    words = "".join(text.value for text in entry.content)
    body = (
        f'<p><a href="/">{escape(publisher)}</a></p><article><h1>{escape(headline)}</h1>{by}'
        f'<time datetime="{entry.published}">{entry.published}</time>{words}</article>'
    )
    return _page(f"{headline} | {publisher}", entry.language or "en", head, body)


def gone_page(publisher: str, language: str) -> bytes:
    """What a withdrawn report's address answers with 410."""
    return _page(publisher, language, "", "<h1>410</h1><p>This report has been withdrawn.</p>")


def missing_page() -> bytes:
    return _page("404", "en", "", "<h1>404</h1><p>No such page.</p>")


def _page(title: str, language: str, head: str, body: str) -> bytes:
    direction = ' dir="rtl"' if language in RIGHT_TO_LEFT else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"{direction}><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title>{head}</head><body>{body}</body></html>\n"
    ).encode()


def _alternates(feeds: tuple[Link, ...]) -> str:
    return "".join(f'<link rel="alternate" type="{link.type}" href="{escape(link.href)}">' for link in feeds)


def _json_ld(publisher: str, entry: Entry, headline: str, byline: str | None) -> str:
    about: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": headline,
        "url": entry.links[0].href,
        "datePublished": entry.published,
        "dateModified": entry.updated or entry.published,
        "inLanguage": entry.language,
        "publisher": {"@type": "Organization", "name": publisher},
    }
    if byline:
        about["author"] = {"@type": "Person", "name": byline}
    return json.dumps(about, ensure_ascii=False).replace("</", "<\\/")  # so that no text can end the script element
