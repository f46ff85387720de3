"""Makes an Entry of what stands in one entry of a document, as feedparser, `feed` and `verbatim` do together.

The facts are feedparser's (6.0.14: mixin.py, namespaces/_base.py). Whatever feedparser does in a special way that is
not done alike here is refused by a ParseError that says what it was.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from html.entities import entitydefs

from aggregator.model import Entry, Link, Person, Text
from aggregator.model.errors import ParseError

# Key, text, attributes; of an author with parts (name, email, uri), these are its attributes.
Part = tuple[str, str, dict[str, str]]

_LANG = "http://www.w3.org/XML/1998/namespace lang"
_ABOUT = "http://www.w3.org/1999/02/22-rdf-syntax-ns# about"
_TAGS = dict.fromkeys(("category", "media:category", "media:keywords", "itunes:keywords"), "tags")
_ONCE = ("title", "description", "summary", "encoded", "content", "id", "original", "pheedo", "prism")
_TYPES = {
    "text": "text/plain", "plain": "text/plain", "text/plain": "text/plain", "html": "text/html",
    "text/html": "text/html", "xhtml": "application/xhtml+xml", "application/xhtml+xml": "application/xhtml+xml",
}  # fmt: skip
_SCHEMES = {
    "media:category": "http://search.yahoo.com/mrss/category_schema",
    "itunes:keywords": "http://www.itunes.com/",
}

_END_TAG_OR_ENTITY = re.compile(r"</(\w+)>|&#?\w+;")
_TAG = re.compile(r"</?(\w+)")
_ENTITY = re.compile(r"&(\w+);")
# Of feedparser's sanitizer: with an element beyond these, words are no HTML.
_ELEMENTS = (
    "a abbr acronym address area article aside audio b big blockquote br button canvas caption center cite code col "
    "colgroup command datagrid datalist dd del details dfn dialog dir div dl dt em event-source fieldset figcaption "
    "figure font footer form h1 h2 h3 h4 h5 h6 header hr i img input ins kbd keygen label legend li m map menu meter "
    "multicol nav nextid noscript ol optgroup option output p pre progress q s samp section select small sound source "
    "spacer span strike strong sub sup table tbody td textarea tfoot th thead time tr tt u ul var video"
)
ELEMENTS = frozenset(_ELEMENTS.split())
_MAIL = re.compile(r"[^\s<>()@:,;]+@[^\s<>()@:,;]+\.[^\s<>()@:,;.]+")
_LONG = 300  # characters; as in `verbatim`


@dataclass(frozen=True, slots=True)
class Feed:
    """What an entry takes from the document around it."""

    is_atom: bool
    authors: tuple[Person, ...] | None = ()  # None: in a way that we do not read
    rights: str | None = None


_Said = dict[str, list[Part]]
FindLinks = Callable[[str | None], tuple[Link, ...]]


def entry(
    parts: list[Part], attributes: dict[str, str], language: str | None, feed: Feed, find_links: FindLinks
) -> Entry:
    """The entry; `language`: xml:lang in scope, `find_links`: the links of the one with this id. Raises ParseError for
    one that is not plain.
    """
    said: _Said = {}
    for part in parts:
        said.setdefault(_TAGS.get(part[0], part[0]), []).append(part)
    _check(said)
    title, summary, content = _atom_words(said) if feed.is_atom else _rss_words(said)
    published, updated = _dates(said, feed.is_atom)
    entry_id = _token(said, "id") if "id" in said else attributes.get(_ABOUT, "").strip() or None
    return Entry(
        id=entry_id,
        title=title,
        summary=summary,
        content=content,
        links=find_links(entry_id),
        authors=_authors(said, feed),
        categories=_categories(said.get("tags", [])),
        published=published,
        updated=updated,
        rights=_rights(said) or feed.rights,
        language=_language(said, language),
    )


def _check(said: _Said) -> None:
    for key in _ONCE:
        if key in said and len(said[key]) > 1:
            raise ParseError(f"two of {key}")
    for key in ("original", "pheedo", "prism"):
        if key in said and said[key][0][2]:
            raise ParseError(f"{key} has attributes")
    if "subtitle" in said:  # another title: it is nothing if it stands behind the entry's own
        order = list(said)
        is_behind = "title" in said and order.index("title") < order.index("subtitle")
        if not is_behind or not said["title"][0][1].strip() or "source" in said:
            raise ParseError("a title that may take the place of the entry's own")
    if "caption" in said:
        _check_captions(said)


def _check_captions(said: _Said) -> None:
    """A caption is nothing beside a description of another wording."""
    own = [said[key][0] for key in ("title", "description", "encoded") if key in said]
    words = {text.strip() for _, text, _ in own}
    is_alike = any(not text.strip() or text.strip() in words for _, text, _ in said["caption"])
    if is_alike or not said.get("description", [("", "", {})])[0][1].strip():
        raise ParseError("a caption that may take the place of the entry's own words")
    if any(_LANG in attributes for _, _, attributes in own):
        raise ParseError("a caption beside words in several languages")
    if any(_type(attributes, "text") not in ("text/plain", "text/html") for _, _, attributes in said["caption"]):
        raise ParseError("a caption of an odd type")


# Words


def _rss_words(said: _Said) -> tuple[Text | None, Text | None, tuple[Text, ...]]:
    for key in ("title", "description", "encoded"):
        if key in said and not said[key][0][2].keys() <= {_LANG}:
            raise ParseError(f"{key} has attributes")
    title = said["title"][0][1] if "title" in said else ""
    content = _text(said["encoded"][0][1], "text/html") if "encoded" in said else None
    return (
        _text(title, "text/html" if _looks_like_html(title) else "text/plain"),
        _text(said["description"][0][1], "text/html") if "description" in said else None,
        (content,) if content else (),
    )


def _atom_words(said: _Said) -> tuple[Text | None, Text | None, tuple[Text, ...]]:
    if "encoded" in said or "caption" in said:
        raise ParseError("RSS's words in an Atom entry")
    title, summary, content = (_atom_text(said[key][0]) if key in said else None for key in _ATOM_WORDS)
    return title, summary, (content,) if content else ()


_ATOM_WORDS = ("title", "summary", "content")


def _atom_text(part: Part) -> Text | None:
    _, value, attributes = part
    media_type = _type(attributes, "text")
    if "src" in attributes:
        raise ParseError("content elsewhere")
    if media_type == "application/xhtml+xml" and " markup" not in attributes and any(map(value.__contains__, "<>&")):
        raise ParseError("escaped XHTML")
    return _text(value, media_type)


def _type(attributes: dict[str, str], default: str) -> str:
    media_type = _TYPES.get(attributes.get("type", default).lower())
    if media_type is None or attributes.get("mode", "escaped") not in ("escaped", "xml"):
        raise ParseError(f"words of type {attributes.get('type')}, mode {attributes.get('mode')}")
    return media_type


def _text(value: str, media_type: str) -> Text | None:
    return Text(value, media_type) if value and not value.isspace() else None


def _looks_like_html(value: str) -> bool:
    """feedparser's guess at a title of RSS: at least one end tag or entity, and none that HTML does not have."""
    if ("<" not in value and "&" not in value) or not _END_TAG_OR_ENTITY.search(value):
        return False
    return all(tag.lower() in ELEMENTS for tag in _TAG.findall(value)) and all(
        name in entitydefs for name in _ENTITY.findall(value)
    )


def _language(said: _Said, around: str | None) -> str | None:
    own = _token(said, "language")
    if own:
        return own
    for key in ("content", "encoded", "summary", "description", "title"):
        if key in said:
            language = (said[key][0][2].get(_LANG, around) or "").replace("_", "-").strip()
            if language:
                return language
    return None


# Tokens


def _token(said: _Said, key: str) -> str | None:
    return said[key][-1][1].strip() or None if key in said else None


def _dates(said: _Said, is_atom: bool) -> tuple[str | None, str | None]:
    published = _token(said, "published") or _token(said, "created") or _token(said, "prism")
    updated = _token(said, "updated")
    return (updated, None) if published is None and not is_atom else (published, updated)


def _rights(said: _Said) -> str | None:
    if any(_type(attributes, "text") == "application/xhtml+xml" for _, _, attributes in said.get("rights", ())):
        raise ParseError("rights in XHTML")
    return _token(said, "rights")


def rights(parts: list[Part]) -> str | None:
    """The rights of a feed."""
    return _rights({"rights": parts}) if parts else None


def _authors(said: _Said, feed: Feed) -> tuple[Person, ...]:
    persons = (Person(**(parts or _person(text.strip()))) for _, text, parts in said.get("author", ()))
    authors = tuple(dict.fromkeys(person for person in persons if person != Person()))
    if not authors and feed.authors is None:
        raise ParseError("authors of the feed in an odd way")
    return authors or feed.authors or ()


def feed_authors(parts: list[Part]) -> tuple[Person, ...] | None:
    """The authors of an Atom feed. None: feedparser reads them in a way of its own."""
    authors = [person for key, _, person in parts if key == "author"]
    if not authors:
        return ()
    said = {key: value.strip() for key, value in authors[0].items() if value.strip()}
    if len(authors) > 1 or not authors[0]:
        return None
    return (Person(**said),) if said else ()


def _person(said: str) -> dict[str, str]:
    """As in `verbatim`: `mail (Name)`, `Name <mail>`, a mail address or a name alone; whatever else is a name."""
    found = _MAIL.search(said) if "@" in said and len(said) < _LONG else None
    if found is None:
        return {"name": said} if said else {}
    name = (said[: found.start()] + said[found.end() :]).removeprefix("mailto:").strip(" ()<>,;:\n\t")
    return {"email": found.group()} | ({"name": name} if name else {})


def _categories(parts: list[Part]) -> tuple[str, ...]:
    tags = _Tags()
    for key, text, attributes in parts:
        scheme = _SCHEMES.get(key)
        if key.endswith("keywords"):
            terms = [] if attributes else [term.strip() for term in text.split(",")]
            for term in filter(None, terms):
                tags.add(term, scheme, None)
            continue
        scheme = attributes.get("scheme", scheme or attributes.get("domain"))
        tags.add(attributes.get("term"), scheme, attributes.get("label"))
        if value := text.strip():
            tags.name(value)
    names = ((term or "").strip() or (label or "").strip() for term, _, label in tags.listed)
    return tuple(dict.fromkeys(name for name in names if name))


class _Tags:
    """Terms with their scheme and label, in order, each once."""

    def __init__(self) -> None:
        self.listed: list[tuple[str | None, str | None, str | None]] = []
        self._times: Counter[tuple[str | None, str | None, str | None]] = Counter()

    def add(self, term: str | None, scheme: str | None, label: str | None) -> None:
        tag = (term, scheme, label)
        if any(tag) and not self._times[tag]:
            self.listed.append(tag)
            self._times[tag] += 1

    def name(self, term: str) -> None:
        """The term of the last one that has none yet; or else a new one."""
        if not self.listed or self.listed[-1][0]:
            return self.add(term, None, None)
        before = self.listed.pop()
        self._times[before] -= 1
        after = (term, *before[1:])
        self.listed.append(after)
        self._times[after] += 1
        return None


def is_xhtml(key: str, attributes: dict[str, str]) -> bool:
    """Whether an element of Atom's words holds markup that is no text."""
    return key in _ATOM_WORDS and _type(attributes, "text") == "application/xhtml+xml"
