"""Where a site's feeds may be: from a page, a robots.txt, an index of sitemaps and an address to the addresses to try.
Pure; it alone knows the ways in which sites name their feeds, and where software puts them. What a site names is an
address only where `text.printable.address` makes it one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from aggregator.model import Link
from aggregator.model.errors import ParseError
from aggregator.parse.discovery import feeds_among
from aggregator.parse.gzipped import unpacked
from aggregator.parse.sitemap import is_of_news, named_in
from aggregator.text.printable import address
from aggregator.text.urls import literal

ROBOTS = "robots.txt"
_WORDPRESS_API = "https://api.w.org/"  # https://developer.wordpress.org/rest-api/using-the-rest-api/discovery/
# Where software puts feeds: WordPress and Ghost; then by custom, SPIP, Hugo, Jekyll, Blogger, Drupal, Joomla.
_COMMON = (
    "/feed/",
    "/rss",
    "/rss.xml",
    "/feed.xml",
    "/spip.php?page=backend",
    "/index.xml",
    "/atom.xml",
    "/feeds/posts/default",
    "/?format=feed&type=rss",
)
_INDEX = 1024 * 1024  # bytes of an index in which we look; ten thousand sitemaps
_POSTS = "per_page=20&_embed=author,wp:featuredmedia,wp:term"
# Within the text of a robots.txt (https://www.sitemaps.org/protocol.html#submit_robots).
_SITEMAP = re.compile(r"(?im)^[ \t]*sitemap[ \t]*:[ \t]*(\S+)")


class Candidate(Struct, frozen=True):
    """An address that may be a feed, and who says so."""

    url: str
    named_by: str  # given, its site, custom; its page, its home page, WordPress, robots.txt, an index of sitemaps


OWN = frozenset(("given", "its site", "custom"))  # named by nobody, and of the site itself


class Other(Struct, frozen=True):
    """A feed that was seen and not asked for."""

    url: str
    what: str


def named_by_page(links: Iterable[Link], named_by: str = "its page") -> Iterator[Candidate]:
    """The feeds that a page names, without those of comments, each address once."""
    yield from (Candidate(url, named_by) for url in dict.fromkeys(filter(None, map(address, feeds_among(links)))))


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
    roots = dict.fromkeys(address(link.href) for link in links if link.rel.lower() == _WORDPRESS_API)
    for root in filter(None, roots):
        mark = "&" if "?" in root else "?"  # without pretty addresses the root is `/?rest_route=/`
        yield Candidate(f"{root.rstrip('/')}/wp/v2/posts{mark}{_POSTS}", "WordPress")


def sitemaps(robots: str) -> tuple[list[Candidate], list[Other]]:
    """The sitemaps that a robots.txt names: by their names, those of news, which may be feeds, and those of pages."""
    urls = dict.fromkeys(filter(None, map(address, map(literal, _SITEMAP.findall(robots)))))
    news = [Candidate(url, ROBOTS) for url in urls if is_of_news(url)]
    return news, [Other(url, "sitemap of pages") for url in urls if not is_of_news(url)]


def of_index(index: bytes) -> list[Candidate]:
    """The sitemaps of news that an index of them lists, the last changed first; none for a document that is none."""
    try:
        listed = named_in(unpacked(index)[:_INDEX])
    except ParseError:
        return []
    urls = dict.fromkeys(filter(None, map(address, listed)))
    return [Candidate(url, "an index of sitemaps") for url in urls if is_of_news(url)]
