"""A publisher's HTML as it may be shown on a page or in a feed of ours: no word of it changed, nothing of it active."""

from __future__ import annotations

import re
from collections.abc import Collection

import nh3

from aggregator.text.printable import address, lines
from aggregator.text.tags import is_tangled
from aggregator.text.urls import resolved

# Elements that shape words, and attributes that say something of them: no style, class, id, name, event or form.
_ELEMENTS = (
    "a abbr address aside b bdi bdo blockquote br caption cite code col colgroup dd del dfn div dl dt em figcaption "
    "figure h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q rp rt ruby s samp small span strong sub sup table tbody "
    "td tfoot th thead time tr u ul var wbr"
)
_UNSEEN = (
    "applet audio button canvas embed form frame frameset head iframe input math noembed noframes noscript object "
    "option script select style svg template textarea title video xmp"
)
_ATTRIBUTES = {
    "*": {"dir", "lang"},
    "a": {"href", "hreflang", "title"},
    "abbr": {"title"},
    "bdo": {"dir"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"cite", "datetime"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"reversed", "start", "type"},
    "q": {"cite"},
    "td": {"colspan", "headers", "rowspan"},
    "th": {"colspan", "headers", "rowspan", "scope"},
    "time": {"datetime"},
}
_OF_PICTURE = {"src", "alt", "height", "width", "title"}
_ADDRESSES = frozenset(("href", "src", "cite"))
_MAIL = re.compile(r"mailto:[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+", re.ASCII)
_PICTURE = re.compile(r'<img((?:\s+[a-z]+="[^"]*")*)\s*>')
_HAS_SOURCE = re.compile(r'(?:\s+(?!src=)[a-z]+="[^"]*")*\s+src="')
_HEADING = re.compile(r'<(/?)h([1-6])((?:\s+[a-z]+="[^"]*")*)\s*>')
MOST_MARKUP = 2_000_000  # characters; of more nothing is shown as HTML


def safe(markup: str, base: str | None, pictures: Collection[str] = ()) -> str:
    """The markup without anything that acts, hides, loads or leads elsewhere than it says. Addresses are in full, by
    `base` where they are relative; links have `rel="nofollow noopener"`. Of pictures those alone stay whose addresses
    in full are among `pictures`. '' for what is too long, or too tangled, to be read.
    """
    if len(markup) > MOST_MARKUP or is_tangled(markup):
        return ""
    attributes = {name: set(those) for name, those in _ATTRIBUTES.items()}
    elements = set(_ELEMENTS.split())
    if pictures:
        elements.add("img")
        attributes["img"] = set(_OF_PICTURE)

    def kept(element: str, attribute: str, value: str) -> str | None:
        if attribute not in _ADDRESSES:
            return value
        full = _address(value, base)
        return full if element != "img" or full in pictures else None

    cleaned = nh3.clean(
        lines(markup.encode("utf-8", "ignore").decode()),
        tags=elements,
        clean_content_tags=set(_UNSEEN.split()),
        attributes=attributes,
        attribute_filter=kept,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener",
        strip_comments=True,
    )
    return _PICTURE.sub(lambda tag: tag[0] if _HAS_SOURCE.match(tag[1]) else "", cleaned).strip()


def _address(value: str, base: str | None) -> str | None:
    """The address in full; None: it is no address of the web or of mail."""
    value = value.strip()
    if _MAIL.fullmatch(value):
        return value
    return address(resolved(base, value) if base else value)


def below(html: str, level: int) -> str:
    """What `safe` returned, as it stands on a page of ours: its headings begin at a level and leave none out, and a
    picture that is not described says that it is not.
    """
    open_levels: list[int] = []  # as the markup has them, of the heading read last and of those above it
    names: list[str] = []  # of headings that are not closed yet, as they are written now

    def renamed(tag: re.Match[str]) -> str:
        if tag[1]:
            return f"</{names.pop() if names else 'p'}>"
        stated = int(tag[2])
        while open_levels and open_levels[-1] >= stated:
            open_levels.pop()
        open_levels.append(stated)
        names.append(f"h{min(6, level + len(open_levels) - 1)}")
        return f"<{names[-1]}{tag[3]}>"

    html = _HEADING.sub(renamed, html)
    return _PICTURE.sub(lambda tag: tag[0] if " alt=" in tag[1] else f'<img alt=""{tag[1]}>', html)
