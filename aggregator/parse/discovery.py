"""Feed discovery: the feeds that a page of HTML names, in all the ways in which sites do that.

RSS autodiscovery (https://www.rssboard.org/rss-autodiscovery) is `<link rel="alternate" type=... href=...>`. Sites also
write `rel="feed"`, leave the type out or give another one, send the link in a field of HTTP, or link to a feed in the
text of the page only. Addresses are resolved as the HTML standard says, by the page's `<base>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from aggregator.model import Link, Text
from aggregator.text.folding import fold
from aggregator.text.html import one_line, with_elements
from aggregator.text.link_field import address_in
from aggregator.text.urls import document_of, domain_of_url

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

ANCHOR = "a"  # the `rel` of a link in the text of a page

# The last is what JSON Feed 1.0 was served as: https://www.jsonfeed.org/version/1.1/#discovery
_FEED_TYPES = frozenset(
    ("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "application/json")
)
_XML_TYPES = frozenset(
    ("text/xml", "application/xml", "text/rss+xml", "text/rss", "application/rss", "application/x-rss")
)
_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_HEAD = 262_144  # bytes of a page in which we look
_MOST_ANCHORS = 4
_NAMING = {"href", "rel", "type", "title", "aria-label"}
_ATTRIBUTES: dict[str, set[str]] = {"base": {"href"}, "link": _NAMING, "a": _NAMING, "area": _NAMING}
_SHOWN = 200  # characters of a link's text in which we look
_NAMES: dict[str, set[str]] = {"meta": {"property", "name", "content"}, "title": set()}
_SAYS_NAME = ("og:site_name", "application-name", "twitter:site_name")
_LONGEST_NAME = 80  # characters; what is longer is a sentence
_BETWEEN = re.compile(r"\s+[-–—|·•:»/]+\s+|\s*[|»]\s*|:\s+")  # between a site's name and the rest of a title
# How the address of a feed looks. SPIP, which much of the francophone press uses, says `page=backend`.
_FEED_ADDRESS = re.compile(
    r"(?:^|[/._=?&-])(?:rss|atom|feeds?|rdf|backend|fil)(?:[-_]?\d{1,2})?(?:\.(?:xml|php|json|rdf|aspx?))?(?:[/?#&]|$)"
    r"|\.(?:rss|rdf|atom)(?:[?#]|$)|[/=](?:rss|atom|feed|fil)[\w-]*\.xml(?:[?#]|$)",
    re.IGNORECASE,
)
_FEED_WORDS = re.compile(r"\b(?:rss|atom|feeds?|fil d['’]info|flux)\b", re.IGNORECASE)
_COMMENTS = re.compile(r"/comments?/(feed|default)\b|/feeds/(\d+/)?comments/|[?&]feed=comments", re.IGNORECASE)


def is_page(document: bytes) -> bool:
    """Whether a document, in any encoding that keeps ASCII, is a page of HTML."""
    return _HTML.search(document[:4096]) is not None


def feeds_among(links: Iterable[Link]) -> list[str]:
    """The addresses among the links of a page that are feeds, or may be: those that the page names as feeds first,
    those that only look like one last, each once, without feeds of comments.
    """
    ranked = ((rank, link.href) for link in links if (rank := _rank(link)) is not None)
    likely = list(dict.fromkeys(sorted(ranked, key=lambda pair: pair[0])))
    anchors = [href for rank, href in likely if rank == _LAST][:_MOST_ANCHORS]
    return list(dict.fromkeys([*(href for rank, href in likely if rank != _LAST), *anchors]))


_LAST = 3


def _rank(link: Link) -> int | None:
    """How surely a link is one to a feed, 0 for certain; None: it is none."""
    if not link.href.lower().startswith(("http://", "https://")) or _is_other(link.href):
        return None
    rel, media_type = link.rel.lower(), (link.type or "").partition(";")[0].strip().lower()
    if rel in ("alternate", "feed") and media_type in _FEED_TYPES:
        return 0
    if rel == "feed" and media_type != "text/html":
        return 1
    if rel == "alternate" and (media_type in _XML_TYPES or (not media_type and _looks_like_feed(link.href))):
        return 2
    return _LAST if rel == ANCHOR else None


def _looks_like_feed(href: str) -> bool:
    path = href.partition("#")[0].partition("://")[2].partition("/")[2]
    return _FEED_ADDRESS.search(f"/{path}") is not None


def _is_other(href: str) -> bool:
    """Whether an address is known to be that of something else: comments, WordPress's REST interface, oEmbed."""
    query = href.partition("?")[2]
    return (
        "/wp-json/" in href or query.startswith("rest_route=") or "oembed" in href or _COMMENTS.search(href) is not None
    )


def links_of(page: bytes, url: str) -> list[Link]:
    """The `<link>` elements of a page at `url`, in its order, once for each `rel` that they have; then the links in its
    text that may lead to a feed, with the `rel` ANCHOR.
    """
    soup = _soup(page, _ATTRIBUTES, {"http", "https", "feed"})
    base = next((address_in(url, str(found["href"])) for found in soup.find_all("base", href=True)), url)
    links = []
    for link in soup.find_all("link", href=True):
        href, media_type = address_in(base, str(link["href"])), str(link.get("type") or "").strip().lower()
        links += [
            Link(href, rel, media_type or None) for rel in link.get_attribute_list("rel") or [""] if rel is not None
        ]
    for anchor in soup.find_all(["a", "area"], href=True):
        href, media_type = address_in(base, str(anchor["href"])), str(anchor.get("type") or "").strip().lower()
        names = (str(anchor.get(name) or "") for name in ("title", "aria-label"))
        shown = " ".join((anchor.get_text(" "), *names))[:_SHOWN]
        is_here = document_of(href) == document_of(url)
        if media_type in _FEED_TYPES or _looks_like_feed(href) or (_FEED_WORDS.search(shown) and not is_here):
            links.append(Link(href, ANCHOR, media_type or None))
    return links


def site_name(page: bytes, url: str) -> str | None:
    """The name that the site of a page at `url` gives itself: what it says to programs (https://ogp.me/#optional), else
    that part of the page's title which is the site's address in words. None: neither is there.
    """
    soup = _soup(page, _NAMES, set())
    said = {str(meta.get("property") or meta.get("name")).lower(): meta for meta in soup.find_all("meta", content=True)}
    names = [one_line(Text(str(said[key]["content"]), "text/plain")) for key in _SAYS_NAME if key in said]
    title = one_line(Text(soup.title.get_text() if soup.title else "", "text/plain"))
    letters = _letters(domain_of_url(url).partition(".")[0])
    parts = (part for part in (*_BETWEEN.split(title), title) if letters and _letters(part) == letters)
    return next(filter(_is_name, (*names, *parts)), None)


def _is_name(said: str) -> bool:
    """Not where the page's encoding is unknown to us (U+FFFD), nor where it would be filled in as a secret's name."""
    return 0 < len(said) <= _LONGEST_NAME and said.isprintable() and "\ufffd" not in said and "${" not in said


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", fold(name))


def _soup(page: bytes, attributes: dict[str, set[str]], schemes: set[str]) -> BeautifulSoup:
    """The beginning of a page with these elements alone."""
    from bs4 import BeautifulSoup  # costs 100 ms, and only a failing source needs it

    # A tag that does not end would take html.parser as long as all that follows.
    text = page[:_HEAD].decode("utf-8", "replace")
    return BeautifulSoup(with_elements(text, attributes, schemes), "html.parser")
