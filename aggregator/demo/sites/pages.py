"""The pages of a publisher's site as bytes: its home page, each report's page, and the pages of 404 and 410.

A report's page is written in one of three ways: `news`, as newsrooms' own programs write it, with schema.org's
NewsArticle; `wordpress`, as WordPress does with a popular theme and a program for search engines; `old`, which says
nothing to machines but OpenGraph.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape

from msgspec import Struct

from aggregator.model import Entry, Link, Media

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
OPEN_PARAGRAPHS = 1  # of a report that must be paid for
Said = dict[str, object]


class Around(Struct, frozen=True, kw_only=True):
    """What stands on a site's page around its report."""

    publisher: str
    description: str
    style: str
    feeds: tuple[Link, ...]
    newest: tuple[tuple[str, str], ...]  # headline and address of its newest reports
    correction: str | None  # of the report, in a place of its own
    paid: bool  # the report must be paid for


def home_page(title: str, language: str, feeds: tuple[Link, ...], reports: tuple[tuple[str, str], ...]) -> bytes:
    """The newest reports as links. `reports`: pairs of headline and address."""
    return _page(title, language, _alternates(feeds), f"<h1>{escape(title)}</h1>{_links(reports)}")


def article_page(around: Around, entry: Entry) -> bytes:
    """One report, with its canonical address and its site's feeds."""
    return _STYLES[around.style](around, entry)


def gone_page(publisher: str, language: str) -> bytes:
    """What a withdrawn report's address answers with 410."""
    return _page(publisher, language, "", "<h1>410</h1><p>This report has been withdrawn.</p>")


def missing_page() -> bytes:
    return _page("404", "en", "", "<h1>404</h1><p>No such page.</p>")


# The three ways of writing a report's page


def _news(around: Around, entry: Entry) -> bytes:
    figures = "".join(
        f"<figure>{_image(each)}<figcaption>{escape(_caption(each))} "
        f'<span class="credit">{escape(each.credit or "")}</span></figcaption></figure>'
        for each in entry.media
    )
    said = _news_article(around, entry) | {"@context": "https://schema.org"}
    note = f'<p class="correction">{escape(around.correction)}</p>' if around.correction else ""
    body = (
        f'<p><a href="/">{escape(around.publisher)}</a></p><article><h1>{escape(_headline(entry))}</h1>{_by(entry)}'
        f'<time datetime="{entry.published}">{entry.published}</time>{figures}{_words(around, entry)}{note}</article>'
    )
    return _of_report(around, entry, _script(said), body)


def _wordpress(around: Around, entry: Entry) -> bytes:
    """The graph of schema.org names its parts by their ids; beside the text stand a box of others and a form."""
    href, home = entry.links[0].href, _home(entry)
    article = _news_article(around, entry) | {"@id": f"{href}#article", "isPartOf": {"@id": href}}
    article["author"] = {"@id": f"{home}#/schema/person/1"}
    graph: list[Said] = [
        article,
        {"@type": "WebPage", "@id": href, "url": href, "name": f"{_headline(entry)} - {around.publisher}"},
        {"@type": "WebSite", "@id": f"{home}#website", "url": home, "name": around.publisher},
    ]
    if entry.authors:
        graph.append({"@type": "Person", "@id": f"{home}#/schema/person/1", "name": entry.authors[0].name})
    terms = "".join(f'<a rel="category tag" href="/category/{number}">{escape(str(each))}</a> '
                    for number, each in enumerate(entry.categories))  # fmt: skip
    figures = "".join(
        f'<figure class="wp-caption aligncenter">{_image(each)}<figcaption class="wp-caption-text">'
        f"{escape(_caption(each))} <span class='media-credit'>{escape(each.credit or '')}</span></figcaption></figure>"
        for each in entry.media
    )
    body = (
        f'<header class="site-header"><a href="/">{escape(around.publisher)}</a><p>{escape(around.description)}</p>'
        f'</header><main><article class="post type-post"><header class="entry-header"><span class="cat-links">{terms}'
        f'</span><h1 class="entry-title">{escape(_headline(entry))}</h1><div class="entry-meta">{_by(entry)}'
        f'<time class="entry-date published" datetime="{entry.published}">{entry.published}</time></div></header>'
        f'<div class="entry-content">{figures}{_words(around, entry)}</div></article>'
        f'<section id="comments"><form action="/wp-comments-post.php"><textarea name="comment"></textarea></form>'
        f'</section></main><aside class="widget-area"><h2>{escape(around.publisher)}</h2>'
        f"{_links(around.newest)}</aside>"
    )
    head = '<meta name="generator" content="WordPress 6.4">' + _script(
        {"@context": "https://schema.org", "@graph": graph}
    )
    return _of_report(around, entry, head, body)


def _old(around: Around, entry: Entry) -> bytes:
    """A table of two columns, the picture in the text, and caption and credit in one paragraph below it."""
    figures = "".join(
        f'<div class="photo">{_image(each)}<p class="caption">{escape(_caption(each))} '
        f"({escape(each.credit or '')})</p></div>"
        for each in entry.media
    )
    meta = f'<meta property="article:published_time" content="{entry.published}">'
    body = (
        f'<table><tr><td class="menu">{_links(around.newest)}</td><td class="story"><h1>{escape(_headline(entry))}</h1>'
        f"{_by(entry)}{figures}{_words(around, entry)}</td></tr></table>"
    )
    return _of_report(around, entry, meta, body)


_STYLES: Mapping[str, Callable[[Around, Entry], bytes]] = {"news": _news, "wordpress": _wordpress, "old": _old}


# Parts of a report's page


def _of_report(around: Around, entry: Entry, more: str, body: str) -> bytes:
    said = {
        "og:type": "article",
        "og:title": _headline(entry),
        "og:description": entry.summary.value if entry.summary else None,
        "og:url": entry.links[0].href,
        "og:site_name": around.publisher,
        "og:image": entry.media[0].url if entry.media else None,
    }
    metas = "".join(f'<meta property="{name}" content="{escape(value)}">' for name, value in said.items() if value)
    canonical = f'<link rel="canonical" href="{escape(entry.links[0].href)}">'
    head = f"{canonical}{_alternates(around.feeds)}{metas}{more}"
    return _page(f"{_headline(entry)} | {around.publisher}", entry.language or "en", head, body)


def _words(around: Around, entry: Entry) -> str:
    """The text; of a report that must be paid for its beginning, and where to pay."""
    words = "".join(text.value for text in entry.content)
    if not around.paid:
        return words
    opening = "</p>".join(words.split("</p>")[:OPEN_PARAGRAPHS]) + "</p>"
    return f'{opening}<div class="paywall"><a href="/subscribe">{escape(_home(entry))}subscribe</a></div>'


def _by(entry: Entry) -> str:
    byline = entry.authors[0].name if entry.authors else None
    return f'<p class="byline">{escape(byline)}</p>' if byline else ""


def _image(media: Media) -> str:
    return (
        f'<img src="{escape(media.url)}" alt="{escape(media.alt or "")}" width="{media.width}" height="{media.height}">'
    )


def _caption(media: Media) -> str:
    return media.caption.value if media.caption else ""


def _headline(entry: Entry) -> str:
    return entry.title.value if entry.title else ""


def _home(entry: Entry) -> str:
    return "/".join(entry.links[0].href.split("/")[:3]) + "/"


def _links(reports: tuple[tuple[str, str], ...]) -> str:
    items = "".join(f'<li><a href="{escape(href)}">{escape(headline)}</a></li>' for headline, href in reports)
    return f"<ul>{items}</ul>"


def _page(title: str, language: str, head: str, body: str) -> bytes:
    direction = ' dir="rtl"' if language in RIGHT_TO_LEFT else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"{direction}><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title>{head}</head><body>{body}</body></html>\n"
    ).encode()


def _alternates(feeds: tuple[Link, ...]) -> str:
    return "".join(f'<link rel="alternate" type="{link.type}" href="{escape(link.href)}">' for link in feeds)


def _news_article(around: Around, entry: Entry) -> Said:
    """The report in the words of schema.org (https://schema.org/NewsArticle)."""
    said: Said = {
        "@type": "NewsArticle",
        "headline": _headline(entry),
        "url": entry.links[0].href,
        "datePublished": entry.published,
        "dateModified": entry.updated or entry.published,
        "inLanguage": entry.language,
        "publisher": {"@type": "Organization", "name": around.publisher},
    }
    if entry.authors:
        said["author"] = {"@type": "Person", "name": entry.authors[0].name}
    if entry.categories:
        said["keywords"] = [str(each) for each in entry.categories]
    if entry.media:
        said["image"] = [
            {"@type": "ImageObject", "url": each.url, "caption": _caption(each), "creditText": each.credit}
            for each in entry.media
        ]
    if around.correction:
        said["correction"] = around.correction
    if around.paid:
        said["isAccessibleForFree"] = False
    return said


def _script(said: Said) -> str:
    written = json.dumps(said, ensure_ascii=False).replace("</", "<\\/")  # so that no text can end the script element
    return f'<script type="application/ld+json">{written}</script>'
