"""From the elements of a feed to entries: RSS 0.9x to 2.0, RDF and Atom 0.3 and 1.0, and the modules beside them.

Atom is read by RFC 4287, RSS by https://www.rssboard.org/rss-specification and by what its publishers do:

- An RSS item's `description` is its summary and `content:encoded` its content. `itunes:summary` is one of the two where
  the item has no other. A picture's caption is neither, and its title no headline; those of a video or a sound are,
  where an entry has no words of its own.
- Relative links: against `xml:base`; then, in RSS, the channel's link; then the address that was fetched.
- An Atom entry without authors has those of its `source`, or else of the feed; without `rights`, the feed's (RFC 4287,
  sections 4.2.1 and 4.2.10). An RSS item has only its own.
- `pubDate`, `issued`, `published` and the like are `published`. An RSS item's only other date (`dc:date`) is too.

Words are exactly as they stood. Ids, dates, names and categories are tokens: white space at their edges is layout.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from functools import partial
from html.entities import entitydefs
from itertools import islice

from aggregator.model import Entry, Media, Person, Text
from aggregator.parse import categories, rsl
from aggregator.parse.links import links_of
from aggregator.parse.media import AROUND_MEDIA, around_media, is_recording, line_of, media_of
from aggregator.parse.origin import origin_of
from aggregator.parse.places import places_of
from aggregator.parse.relative import base_of
from aggregator.parse.transcripts import with_texts
from aggregator.parse.xml import ABOUT, Element, Feed
from aggregator.text.dates import read_date
from aggregator.text.persons import persons_of
from aggregator.text.urls import resolved

_WEB = ("http://", "https://")
_MOST_CONTRIBUTORS = 100

# What the elements of an entry are to us. Elements of one kind are read in the order of the document.
_KINDS = {
    "published": ("pubdate", "issued", "published", "dcterms:issued", "atom:published"),
    "created": ("created", "dcterms:created"),
    "prism": ("prism:publicationdate",),
    "updated": ("updated", "modified", "dc:date", "date", "dcterms:modified", "atom:updated"),
    "author": ("author", "dc:creator", "dc:author", "itunes:author", "atom:author", "creator"),
    "contributor": ("contributor", "atom:contributor", "dc:contributor", "dcterms:contributor"),
    "category": categories.NAMES,
    "link": ("link", "atom:link", "enclosure", "creativecommons:license", "license"),
    "rights": ("rights", "copyright", "dc:rights", "atom:rights", "dcterms:rights"),
    "id": ("guid", "id", "atom:id"),
    "language": ("dc:language", "language"),
    "title": ("title",),
    "other title": ("dc:title", "atom:title", "itunes:title"),
    "description": ("description",),
    "summary": ("summary", "atom:summary", "abstract", "dc:description"),
    "content": ("content", "content:encoded", "xhtml:body", "body", "atom:content"),
    "podcast": ("itunes:summary",),
    "subtitle": ("itunes:subtitle",),
}  # fmt: skip
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names}
_PERSON = {
    "name": "name", "email": "email", "uri": "uri", "url": "uri", "homepage": "uri",
    "atom:name": "name", "atom:email": "email", "atom:uri": "uri",
}  # fmt: skip

_TEXT, _HTML, _XHTML = "text/plain", "text/html", "application/xhtml+xml"
_TYPES = {"text": _TEXT, "plain": _TEXT, "html": _HTML, "xhtml": _XHTML}
_END_TAG_OR_ENTITY = re.compile(r"</(\w+)>|&#?\w+;")
_TAG = re.compile(r"</?(\w+)")
_ENTITY = re.compile(r"&(\w+);")
# With an element beyond these, a title is no HTML.
_ELEMENTS = (
    "a abbr acronym address area article aside audio b big blockquote br button canvas caption center cite code col "
    "colgroup command datagrid datalist dd del details dfn dialog dir div dl dt em event-source fieldset figcaption "
    "figure font footer form h1 h2 h3 h4 h5 h6 header hr i img input ins kbd keygen label legend li m map menu meter "
    "multicol nav nextid noscript ol optgroup option output p pre progress q s samp section select small sound source "
    "spacer span strike strong sub sup table tbody td textarea tfoot th thead time tr tt u ul var video"
)
_HTML_ELEMENTS = frozenset(_ELEMENTS.split())


def entries(feed: Feed, url: str) -> list[Entry]:
    """The entries of a feed that was fetched from `url`, in order."""
    channel = channel_of(feed)
    if feed.is_atom:
        authors, rights, base = _persons(channel.all("author")), _last(channel.all(*_KINDS["rights"])), url
    else:
        home = next((link.token for link in channel.all("link") if link.token), "")
        base = resolved(url, home) if home else url
        authors, rights, base = (), None, base if base.startswith(_WEB) else url
    copyrights = [*islice(channel.all("media:copyright"), 10)]
    return [_entry(said, feed, copyrights, authors, rights, base) for said in feed.entries]


def language(feed: Feed) -> str | None:
    """The feed's, as stated (BCP 47)."""
    channel = channel_of(feed)
    around = feed.root.language if feed.root.name != "rdf" else None
    return _last(channel.all(*_KINDS["language"])) or (around or "").replace("_", "-").strip() or None


def channel_of(feed: Feed) -> Element:
    """The element that says what the feed says of itself."""
    return next(feed.root.all("channel"), feed.root)


def _entry(
    said: Element, feed: Feed, copyrights: list[Element], authors: tuple[Person, ...], rights: str | None, base: str
) -> Entry:
    parts: _Parts = {}
    for child in said.children:
        parts.setdefault(_KIND_OF.get(child.name, child.name), []).append(child)
    if around := around_media(parts):
        parts[AROUND_MEDIA] = around
    title, summary, content = _words(parts, feed.is_atom)
    with_bases = [each for kind in _OF_WORDS for each in parts.get(kind, ()) if each.base]
    in_scope = partial(_base_in, with_bases, base)
    published, updated = _dates(parts, feed.is_atom)
    entry_id = _last(parts.get("id", ())) or said.attributes.get(ABOUT, "").strip() or None
    media = media_of(parts, filter(None, (*content, summary)), in_scope, base, copyrights)
    if "media:text" in parts:
        content, media = with_texts(parts["media:text"], summary, content, media)
    return Entry(
        id=entry_id,
        title=title,
        summary=summary,
        content=content,
        links=links_of(parts, entry_id, feed, base),
        authors=_persons(parts.get("author", ())) or _of_source(parts) or authors,
        categories=categories.categories_of(parts.get("category", ()), parts),
        published=published,
        updated=updated,
        rights=_last(parts.get("rights", ())) or rights,
        language=_language(parts),
        contributors=_contributors(parts, media),
        media=media,
        origin=origin_of(parts, base),
        places=places_of(parts),
        base=base_of((*content, summary), in_scope, base),
        rsl=rsl.of_entry(parts.get("rsl:content", ())) if "rsl:content" in parts else (),
    )


_Parts = dict[str, list[Element]]  # the elements of an entry by kind, each kind in the order of the document


def _of_source(parts: _Parts) -> tuple[Person, ...]:
    return _persons(parts["source"][0].all("author")) if "source" in parts else ()


def _last(said: Iterable[Element]) -> str | None:
    """The token of the last of these that says anything."""
    found = None
    for each in said:
        found = each.token or found
    return found


# Words


def _words(parts: _Parts, is_atom: bool) -> tuple[Text | None, Text | None, tuple[Text, ...]]:
    """Title, summary and content."""
    title = _first(parts, "title", _TEXT if is_atom else None) or _first(parts, "other title")
    summary = _first(parts, "description") or _first(parts, "summary")
    content = tuple([text for each in parts.get("content", ()) if (text := _text(each))])
    of_podcast = _first(parts, "podcast") or _first(parts, "subtitle")
    if not summary:
        summary = of_podcast or (None if content else _of_recording(parts, "media:description"))
    elif of_podcast and not content and of_podcast.value.strip() != summary.value.strip():
        content = (of_podcast,)
    return title or _of_recording(parts, "media:title"), summary, content


_OF_WORDS = ("content", "description", "summary", "podcast", "subtitle", "media:text")


def _base_in(with_bases: Iterable[Element], base: str, words: Text) -> str:
    """What addresses in a text are relative to: the xml:base in scope, or `base`."""
    stated = next((each.base for each in with_bases if words.value in (each.markup, each.text)), None)
    return resolved(base, stated) if stated else base


def _of_recording(parts: _Parts, name: str) -> Text | None:
    """What is said of a video or a sound, where that is the entry. What is said of a picture is said of it alone."""
    around = parts.get(AROUND_MEDIA, ())
    recordings = [each for each in around if each.name == "media:content" and is_recording(each.attributes)]
    if not recordings:
        return None
    groups = [each for each in around if each.name == "media:group"]
    said = [*parts.get(name, ()), *(each for outer in (*groups, *recordings) for each in outer.all(name))]
    return next((text for each in said if (text := _text(each))), None)


def _first(parts: _Parts, kind: str, usual_type: str | None = None) -> Text | None:
    return next((text for each in parts.get(kind, ()) if (text := _text(each, usual_type))), None)


def _text(said: Element, usual_type: str | None = None) -> Text | None:
    """Words with their media type, `usual_type` where they state none; a type that is neither text nor markup holds no
    words.
    """
    stated = said.attributes.get("type", "").split(";")[0].strip().lower()
    if said.markup is not None and said.markup.strip():  # a picture alone is no text, and says something
        return Text(said.markup, _HTML if stated.endswith("html") and stated != "xhtml" else _XHTML)
    media_type = _TYPES.get(stated, stated) or usual_type or _usual_type(said)
    value = "" if said.text.isspace() else said.text
    if said.attributes.get("mode", "").strip().lower() == "base64" or not _is_text(media_type):
        value = _decoded(value) if media_type.startswith("text/") or media_type in (_HTML, _XHTML) else ""
    if not value:
        return None
    if media_type in (_HTML, _XHTML):
        return Text(value, media_type)
    return Text(value, _XHTML if media_type.endswith(("+xml", "/xml")) else _TEXT)


def _usual_type(said: Element) -> str:
    """Of words that state none: HTML in RSS, but of a title only where it looks like it; text in Atom."""
    if said.name.endswith("title"):
        return _HTML if _looks_like_html(said.text) else _TEXT
    is_plain = said.name in ("summary", "content", "atom:summary", "atom:content") or said.name.startswith("itunes:")
    return _TEXT if is_plain else _HTML


def _looks_like_html(value: str) -> bool:
    """A guess at a title of RSS: at least one end tag or entity, and none that HTML does not have."""
    if ("<" not in value and "&" not in value) or not _END_TAG_OR_ENTITY.search(value):
        return False
    return all(tag.lower() in _HTML_ELEMENTS for tag in _TAG.findall(value)) and all(
        name in entitydefs for name in _ENTITY.findall(value)
    )


def _language(parts: _Parts) -> str | None:
    """`dc:language`, or the `xml:lang` in scope of the words."""
    own = _last(parts.get("language", ()))
    if own:
        return own
    for kind in ("content", "summary", "description", "title"):
        for each in parts.get(kind, ()):
            if each.language and (found := each.language.replace("_", "-").strip()):
                return found
    return None


# Tokens


def _dates(parts: _Parts, is_atom: bool) -> tuple[str | None, str | None]:
    published = next(filter(None, (_date(parts.get(kind, ())) for kind in ("published", "created", "prism"))), None)
    updated = _date(parts.get("updated", ()))
    return (updated, None) if published is None and not is_atom else (published, updated)


def _date(said: Iterable[Element]) -> str | None:
    """The last of these dates; of several, the last that can be read."""
    found = [token for each in said if (token := each.token)]
    if len(found) > 1:
        return next((date for date in reversed(found) if read_date(date)), found[-1])
    return found[0] if found else None


def _contributors(parts: _Parts, media: Sequence[Media]) -> tuple[Person, ...]:
    """Those that the entry names; and whoever is credited by `media:credit`, where no medium has that credit."""
    credited = " ".join(each.credit for each in media if each.credit)
    others = (each for each in parts.get("media:credit", ()) if (line_of(each) or "") not in credited)
    return _persons((*parts.get("contributor", ()), *others))[:_MOST_CONTRIBUTORS]


def _persons(said: Iterable[Element]) -> tuple[Person, ...]:
    """Each once."""
    persons = [person for each in said for person in _persons_in(each)]
    return tuple(dict.fromkeys(person for person in persons if person != Person()))


def _persons_in(said: Element) -> tuple[Person, ...]:
    if said.children:
        parts = {_PERSON[part.name]: part.token for part in said.children if part.name in _PERSON and part.token}
        return (Person(**parts),)
    return persons_of(said.token)


def _is_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type.endswith(("+xml", "/xml"))


def _decoded(value: str) -> str:
    """Words in base64 (Atom 0.3), decoded; unchanged where they are not base64."""
    try:
        return base64.b64decode(value, validate=False).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return value
