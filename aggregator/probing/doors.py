"""Where a site's doors may be: from a page, a robots.txt and an address to the addresses to try. Pure; it alone knows
the ways in which sites name their feeds, and where software puts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from aggregator.types import Link

# The same type is named by what serves it as JSON Feed 1.0 did: https://www.jsonfeed.org/version/1.1/#discovery
_FEED_TYPES = frozenset(
    ("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "application/json")
)
_WORDPRESS_API = "https://api.w.org/"  # https://developer.wordpress.org/rest-api/using-the-rest-api/discovery/
# Where software puts feeds: WordPress and Ghost; then by custom, Hugo, Jekyll, Blogger, Drupal, Joomla.
_COMMON = (
    "/feed/",
    "/rss",
    "/rss.xml",
    "/feed.xml",
    "/index.xml",
    "/atom.xml",
    "/feeds/posts/default",
    "/?format=feed&type=rss",
)
_POSTS = "per_page=20&_embed=author,wp:term"
_COMMENTS = re.compile(r"/comments?/(feed|default)\b|/feeds/(\d+/)?comments/|[?&]feed=comments", re.IGNORECASE)
# Within the text of a robots.txt (https://www.sitemaps.org/protocol.html#submit_robots).
_SITEMAP = re.compile(r"(?im)^[ \t]*sitemap[ \t]*:[ \t]*(\S+)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address that may be a door, and who says so."""

    url: str
    named_by: str  # given, its site, custom; its page, its home page, WordPress


OWN = frozenset(("given", "its site", "custom"))  # named by nobody, and of the site itself


@dataclass(frozen=True, slots=True)
class Other:
    """A door that this wire cannot read."""

    url: str
    what: str


def named_by_page(links: Iterable[Link], named_by: str = "its page") -> Iterator[Candidate]:
    """The feeds that a page names, without those of comments, each address once."""
    urls = (
        link.href
        for link in links
        if link.rel.lower() == "alternate"
        and link.type in _FEED_TYPES
        and link.href.lower().startswith(("http://", "https://"))
        and "/wp-json/" not in link.href
        and not link.href.partition("?")[2].startswith("rest_route=")
        and "oembed" not in link.href
        and not _COMMENTS.search(link.href)
    )
    yield from (Candidate(url, named_by) for url in dict.fromkeys(urls))


def by_custom(url: str) -> Iterator[Candidate]:
    """Where the software of the site at `url` may have put a feed: first below a section's own address."""
    parts = urlsplit(url)
    if parts.path.strip("/") and not re.search(r"\.\w{1,5}$", parts.path):
        yield Candidate(
            parts._replace(path=f"{parts.path.rstrip('/')}/feed/", query="", fragment="").geturl(), "custom"
        )
    yield from (Candidate(urljoin(url, path), "custom") for path in _COMMON)


def home_of(url: str) -> str:
    """The front page of the site."""
    return urljoin(url, "/")


def of_wordpress(links: Iterable[Link]) -> Iterator[Candidate]:
    """The listing of posts in WordPress's REST interface, which carries whole texts where feeds carry summaries."""
    roots = dict.fromkeys(link.href for link in links if link.rel.lower() == _WORDPRESS_API)
    for root in roots:
        if root.lower().startswith(("http://", "https://")):
            mark = "&" if "?" in root else "?"  # without pretty addresses the root is `/?rest_route=/`
            yield Candidate(f"{root.rstrip('/')}/wp/v2/posts{mark}{_POSTS}", "WordPress")


def sitemaps(robots: str) -> Iterator[Other]:
    """The sitemaps that a robots.txt names; by their names, because they are not asked for, those of news."""
    for url in dict.fromkeys(_SITEMAP.findall(robots)):
        yield Other(url, "news sitemap" if "news" in url.lower() else "sitemap")
