"""One pass over a feed in XML: its elements as a tree, under one name each, whatever prefix the publisher chose.

expat reads it and nothing else: it gives the byte where each tag begins, so that markup which stands unescaped in words
(Atom's XHTML) is kept as the publisher wrote it, and it holds no more of a document than what is kept here. Elements of
a module that nobody here knows are left out, with all that is in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType
from urllib.parse import urljoin
from xml.parsers import expat

from msgspec import Struct, field

from aggregator.model.errors import ParseError

MAX_DEPTH = 1_000  # elements within elements; Word's HTML reaches about 60
MOST_ELEMENTS = 200_000  # that are kept of a document; 2,000 entries of 30 are 60,000
LONGEST_BASE = 2_000  # characters of an address that others are resolved against

# Between a namespace and a local name. expat refuses a namespace that has it, and some begin with a blank by mistake.
SEPARATOR = "\n"
LANG = f"http://www.w3.org/XML/1998/namespace{SEPARATOR}lang"
BASE = f"http://www.w3.org/XML/1998/namespace{SEPARATOR}base"
ABOUT, RESOURCE = "rdf:about", "rdf:resource"

ATOM = "atom"
_RSS10 = "purl.org/rss/1.0"
_RSS090 = ("my.netscape.com/rdf/simple/0.9", "channel.netscape.com/rdf/simple/0.9")
# The namespaces of the formats and of the modules that publishers use, without scheme, `www.`, and what follows the
# last letter: some write a slash more or less, or https. Beside each the prefix that its elements have here; "": RSS.
_PREFIXES = MappingProxyType(
    {
        "w3.org/2005/atom": ATOM, "purl.org/atom/ns": ATOM,
        _RSS10: "", **dict.fromkeys(_RSS090, ""),
        "backend.userland.com/rss": "", "backend.userland.com/rss2": "", "blogs.law.harvard.edu/tech/rss": "",
        "cyber.law.harvard.edu/rss/rss.html": "",
        "purl.org/dc/elements/1.1": "dc", "purl.org/dc/elements/1.0": "dc", "purl.org/dc/terms": "dcterms",
        "purl.org/rss/1.0/modules/content": "content", "purl.org/rss/1.0/modules/syndication": "sy",
        "purl.org/atompub/tombstones/1.0": "at",
        "search.yahoo.com/mrss": "media", "itunes.com/dtds/podcast-1.0.dtd": "itunes",
        "rssnamespace.org/feedburner/ext/1.0": "feedburner", "pheedo.com/namespace/pheedo": "pheedo",
        "prismstandard.org/namespaces/1.2/basic": "prism", "prismstandard.org/namespaces/basic/2.0": "prism",
        "purl.org/rss/1.0/modules/prism": "prism", "webns.net/mvcb": "admin",
        "backend.userland.com/creativecommonsrssmodule": "creativecommons",
        "cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativecommons",
        "web.resource.org/cc": "cc", "creativecommons.org/ns": "cc",
        "georss.org/georss": "georss", "georss.org/georss/10": "georss", "w3.org/2003/01/geo/wgs84_pos": "geo",
        "opengis.net/gml": "gml", "opengis.net/gml/3.2": "gml", "purl.org/rss/1.0/modules/slash": "slash",
        "w3.org/1999/xhtml": "xhtml", "w3.org/1999/02/22-rdf-syntax-ns": "rdf",
        "rslstandard.org/rsl": "rsl",
    }
)  # fmt: skip
_KNOWN_PREFIXES = frozenset(_PREFIXES.values()) - {""}
# Elements whose child elements are markup, not elements of the feed.
_WORDS = frozenset(("title", "description", "subtitle", "summary", "content", "encoded", "body", "abstract", "text"))
_NO_WORDS = frozenset(("media:content", "rsl:content"))
_ENTRIES = frozenset(("item", "entry"))

_ADDRESS = re.compile(r"\s*(?:https?://)?(?:www\.)?(.*?)[^A-Za-z0-9]*", re.IGNORECASE | re.DOTALL)
_START_TAG = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
_PREFIXED_TAG = re.compile(r"(</?)[A-Za-z_][\w.-]*:(?=[A-Za-z_])")
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_VERSIONS = MappingProxyType({"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"})


class Element(Struct, eq=False):
    """An element of a feed, or of an entry. `name`: in lower case, `prefix:local` by `_PREFIXES`, and `local` alone in
    the format's own namespace. Attributes: `local`, `rdf:local`, or else `namespace SEPARATOR local`.
    """

    name: str
    attributes: dict[str, str]
    language: str | None  # xml:lang in scope, as stated
    base: str | None  # xml:base in scope, resolved; "": there is none; None: one that cannot be used
    text: str = ""  # all character data in it, exactly; "" where it has elements of the feed
    markup: str | None = None  # what stands between its tags, where that is markup
    children: list[Element] = field(default_factory=list)

    @property
    def token(self) -> str:
        return self.text.strip()

    def all(self, *names: str) -> Iterator[Element]:
        """Its children of these names, in order."""
        return (child for child in self.children if child.name in names)

    def by_name(self) -> dict[str, list[Element]]:
        """Its children, each name in order."""
        found: dict[str, list[Element]] = {}
        for child in self.children:
            found.setdefault(child.name, []).append(child)
        return found


class Feed(Struct, frozen=True):
    """A document as elements."""

    version: str  # rss20, rss10, atom10 ...; "": an unknown one
    root: Element  # what stands outside the entries, the channel's elements among its own
    entries: list[Element]  # that are whole, in the order of their beginning
    fault: str | None  # why it is not well-formed; then this is what stands before that

    @property
    def is_atom(self) -> bool:
        return self.version.startswith(ATOM)


def read(document: bytes, most: int = MOST_ELEMENTS) -> Feed | None:
    """The elements of a feed in UTF-8 whose DTD is known to be harmless; None for what is no feed, and for one of more
    than `most` entries.

    Raises ParseError for one that is nested without end.
    """
    scan = _Scan(document, most)
    fault = None
    try:
        scan.parser.Parse(document, True)
    except expat.ExpatError as error:
        fault = str(error)
    except _NotRead:
        return None
    finally:
        del scan.parser  # which holds the scan: without it nothing waits for a look for cycles
    if scan.root is None:
        return None
    return Feed(scan.version, scan.root, scan.entries, fault)


class _Scan:
    """Holds an expat parser over one document, and what it has read so far."""

    def __init__(self, document: bytes, most: int) -> None:
        self.document = document
        self.most = most
        self.version = ""
        self.core = ""  # the prefix of the format's own elements
        self.root: Element | None = None
        self.entries: list[Element] = []
        self.names: dict[str, str | None] = {}  # expat's name -> ours; None: left out
        self.of_words: set[str | None] = set()  # of these names, those of elements of words
        self.prefixes: dict[str, str] = {}  # namespace -> prefix here
        self.open: list[Element] = []
        self.depth = self.skipped = self.entry_depth = 0  # skipped: depth of the element that is left out; 0: none
        self.kept = 0  # elements
        self.is_netscape = False  # RSS 0.91 by its first DTD
        self.is_rdf = False  # RDF's namespace is declared
        self.texts: list[str] = []
        self.words_depth = 0  # of the element of words that we are in; 0: none
        self.start = 0  # of that element, in bytes
        self.inner: list[tuple[str, int, int]] = []  # its child elements: local name, start, end
        self.parser = parser = expat.ParserCreate(namespace_separator=SEPARATOR)
        parser.buffer_text = True
        parser.buffer_size = 65_536
        parser.StartElementHandler, parser.EndElementHandler = self._opened, self._closed
        parser.StartNamespaceDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = self._doctype
        parser.CharacterDataHandler = self.texts.append

    def _doctype(self, name: str, system_id: str | None, public_id: str | None, has_subset: bool) -> None:
        self.is_netscape = "netscape" in (public_id or "").lower()

    # Names

    def _declared(self, prefix: str | None, uri: str | None) -> None:
        if uri and uri not in self.prefixes:
            self.prefixes[uri] = prefix_of(uri, (prefix or "").lower())
            self.is_rdf |= self.prefixes[uri] == "rdf"
        if uri and not prefix and self.root is None and self.prefixes[uri] == "?":
            self.prefixes[uri] = self.core  # the elements of the format itself, in a namespace that nobody knows

    def _name(self, name: str) -> str | None:
        namespace, _, local = name.rpartition(SEPARATOR)
        prefix = self.prefixes.get(namespace, "?") if namespace else self.core
        if prefix == self.core:
            return local.lower()
        return f"{prefix}:{local.lower()}" if prefix != "?" else None

    def _attribute(self, name: str) -> str:
        namespace, _, local = name.rpartition(SEPARATOR)
        return f"rdf:{local.lower()}" if self.prefixes.get(namespace) == "rdf" else name

    # Elements

    def _opened(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        check_depth(self.depth)
        if self.words_depth:
            if self.depth == self.words_depth + 1:
                local = name.rpartition(SEPARATOR)[2].lower()
                self.inner.append((local, self.parser.CurrentByteIndex, 0))
            return
        if self.skipped:
            return
        if self.root is None:
            self._opened_root(name, attributes)
            if self.open[0].name not in _ENTRIES:
                return
        if name not in self.names:
            self.names[name] = said = self._name(name)
            if said and said.rpartition(":")[2] in _WORDS and said not in _NO_WORDS:
                self.of_words.add(said)
        known = self.names[name]
        is_entry = known in _ENTRIES and not self.entry_depth
        if known is None or (self.kept >= MOST_ELEMENTS and not is_entry):
            self.skipped = self.depth
            return
        self.kept += 1
        around = self.open[-1]
        language, base = around.language, around.base
        if attributes:
            if self.is_rdf:
                attributes = {self._attribute(name): said for name, said in attributes.items()}
            language = attributes.get(LANG, attributes.get("lang", language))
            if BASE in attributes:
                base = joined(base, attributes[BASE])
        element = Element(known, attributes, language, base)
        if is_entry:
            if len(self.entries) == self.most:
                raise _NotRead
            self.entry_depth = self.depth
        else:
            around.children.append(element)
        self.open.append(element)
        self.texts.clear()
        if known in self.of_words:
            self.words_depth, self.start = self.depth, self.parser.CurrentByteIndex

    def _opened_root(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(SEPARATOR)
        local = local.lower()
        version = attributes.get("version", "").strip()
        if local == "rss":
            self.version = "rss20" if version.startswith("2") else _VERSIONS.get(version, "rss")
            if self.version == "rss091u" and self.is_netscape:
                self.version = "rss091n"
        elif local == "rdf":
            addresses = set(map(address_of, self.prefixes))
            is_first = _RSS10 not in addresses and not addresses.isdisjoint(_RSS090)
            self.version = "rss090" if is_first else "rss10"
        elif local in ("feed", "entry"):  # a document may be one entry (RFC 4287, section 2)
            is_first = local == "feed" and not address_of(namespace).endswith("2005/atom")
            self.version = "atom03" if is_first else "atom10"
            self.core = ATOM
            self.prefixes[namespace] = ATOM  # also where it is misspelt
        elif local in ("channel", "item"):
            self.version = "rss"
        else:
            raise _NotRead
        if local != "rdf" and namespace and self.core != ATOM:
            self.prefixes[namespace] = ""
        base = joined("", attributes.get(BASE, ""))
        self.root = Element(local, attributes, attributes.get(LANG, attributes.get("lang")), base)
        self.open.append(self.root)

    def _closed(self, name: str) -> None:
        if self.words_depth:
            self._closed_in_words()
        elif self.skipped:
            if self.depth == self.skipped:
                self.skipped = 0
        else:
            element = self.open.pop()
            if not element.children:
                element.text = "".join(self.texts)
            self.texts.clear()
            if self.depth == self.entry_depth:
                self.entry_depth = 0
                self.entries.append(element)
        self.depth -= 1

    # Words

    def _closed_in_words(self) -> None:
        if self.depth > self.words_depth + 1:
            return
        if self.depth == self.words_depth + 1:
            local, start, _ = self.inner[-1]
            self.inner[-1] = local, start, self.parser.CurrentByteIndex
            return
        element = self.open.pop()
        element.text = "".join(self.texts)
        if self.inner:
            element.markup = self._markup()
            self.inner.clear()
        self.texts.clear()
        self.words_depth = 0

    def _markup(self) -> str:
        """What stands between the element's tags; of Atom's XHTML without the one `div` around it (RFC 4287, section
        3.1.1.3). Prefixes and CDATA, which could not be read without the document around them, are taken away.
        """
        markup = self._inside(self.start, self.parser.CurrentByteIndex)
        only, start, end = self.inner[0] if len(self.inner) == 1 else ("", 0, 0)
        bare = markup.strip()
        if self.core == ATOM and only == "div" and bare.startswith("<") and bare.endswith(("div>", "DIV>")):
            markup = self._inside(start, end)
        markup = _CDATA.sub(lambda found: _escaped(found[1]), markup)
        return _PREFIXED_TAG.sub(r"\1", markup)

    def _inside(self, start: int, end: int) -> str:
        tag = _START_TAG.match(self.document, start, end)
        return self.document[tag.end() : end].decode("utf-8", "replace") if tag else ""


class _NotRead(Exception):
    """The root element is not that of a feed, or it has too many entries."""


def check_depth(depth: int) -> None:
    """Raises ParseError for elements that are nested without end."""
    if depth > MAX_DEPTH:
        raise ParseError(f"elements are nested more than {MAX_DEPTH} deep: no feed needs that, so it was not read")


def prefix_of(uri: str, prefix: str) -> str:
    """Ours for a namespace; `prefix`: the publisher's, which says what is meant where the address is none we know."""
    address = address_of(uri)
    if address in _PREFIXES:
        return _PREFIXES[address]
    if "search.yahoo.com/mrss" in address:
        return "media"
    return prefix if prefix in _KNOWN_PREFIXES else "?"


def address_of(namespace: str) -> str:
    """As it stands in `_PREFIXES`; "" for none."""
    found = _ADDRESS.fullmatch(namespace)
    return found[1].lower() if found else ""


def joined(base: str | None, address: str | None) -> str | None:
    """An xml:base made absolute; None for one that cannot be used: no address, or a very long one."""
    if base is None or address is None:
        return None
    try:
        found = urljoin(base, address.strip())
    except ValueError:  # e.g. a bracket in the host's place
        return None
    return found if len(found) <= LONGEST_BASE else None


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
