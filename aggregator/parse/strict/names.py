"""What each element of a feed is to the strict reader; it alone knows namespaces.

Facts are feedparser's (6.0.14: mixin.py, `namespaces` and `unknown_starttag`; namespaces/*.py) and verbatim's: which
elements change an entry, under which key, and which change nothing. What is in neither list is refused.
"""

from __future__ import annotations

from types import MappingProxyType

from aggregator.model.errors import ParseError

XML = "http://www.w3.org/XML/1998/namespace"
LANG, BASE = f"{XML} lang", f"{XML} base"
XHTML = "http://www.w3.org/1999/xhtml"
# Kinds of elements. SKIP changes nothing; LEAF and WORDS are text, AUTHOR text or parts, PART a part of an author, all
# children of the entry or the channel; CAPTION is text and MEDIA attributes, at any depth; REFUSED is too much for us.
SKIP, LEAF, WORDS, AUTHOR, PART, CAPTION, MEDIA, ENTRY, CHANNEL, REFUSED = range(10)
Key = tuple[int, str]

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
ATOM = "http://www.w3.org/2005/Atom"
ATOM03 = "http://purl.org/atom/ns#"
RSS10 = "http://purl.org/rss/1.0/"
RSS090 = "http://my.netscape.com/rdf/simple/0.9/"
ABOUT = f"{RDF} about"
USUAL_ATTRIBUTES = frozenset((LANG, BASE, f"{XML} space", ABOUT, f"{RDF} resource", f"{RDF} parseType"))
_READ_ATTRIBUTES = frozenset(
    (
        "base", "lang", "url", "uri", "href", "rel", "type", "mode", "src", "term", "scheme", "domain", "label",
        "version", "text", "lastmod",
    )
)  # fmt: skip
# feedparser's prefix of each namespace that it knows. An address that differs from one of these in case only is
# refused, and so is one of the cores that stand here for that.
STANDARD = MappingProxyType(
    {
        ATOM: "", ATOM03: "", RSS10: "", RSS090: "",
        "http://blogs.law.harvard.edu/tech/rss": "", "http://example.com/newformat#": "",
        "http://example.com/necho": "", "http://purl.org/echo/": "", "uri/of/echo/namespace#": "",
        "http://purl.org/pie/": "", "http://purl.org/rss/1.0/modules/rss091#": "",
        "http://webns.net/mvcb/": "admin", "http://purl.org/rss/1.0/modules/aggregation/": "ag",
        "http://purl.org/rss/1.0/modules/annotate/": "annotate", "http://media.tangent.org/rss/1.0/": "audio",
        "http://backend.userland.com/blogChannelModule": "blogChannel",
        "http://creativecommons.org/ns#license": "cc", "http://web.resource.org/cc/": "cc",
        "http://cyber.law.harvard.edu/rss/creativeCommonsRssModule.html": "creativeCommons",
        "http://backend.userland.com/creativeCommonsRssModule": "creativeCommons",
        "http://purl.org/rss/1.0/modules/company": "co", "http://purl.org/rss/1.0/modules/content/": "content",
        "http://my.theinfo.org/changed/1.0/rss/": "cp", "http://purl.org/dc/elements/1.1/": "dc",
        "http://purl.org/dc/terms/": "dcterms", "http://purl.org/rss/1.0/modules/email/": "email",
        "http://purl.org/rss/1.0/modules/event/": "ev", "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
        "http://freshmeat.net/rss/fm/": "fm", "http://xmlns.com/foaf/0.1/": "foaf",
        "http://www.w3.org/2003/01/geo/wgs84_pos#": "geo", "http://www.georss.org/georss": "georss",
        "http://www.opengis.net/gml": "gml", "http://postneo.com/icbm/": "icbm",
        "http://purl.org/rss/1.0/modules/image/": "image", "http://www.itunes.com/DTDs/PodCast-1.0.dtd": "itunes",
        "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes", "http://example.com/DTDs/PodCast-1.0.dtd": "itunes",
        "http://purl.org/rss/1.0/modules/link/": "l", "http://search.yahoo.com/mrss": "media",
        "http://search.yahoo.com/mrss/": "media", "http://madskills.com/public/xml/rss/module/pingback/": "pingback",
        "http://prismstandard.org/namespaces/1.2/basic/": "prism", RDF: "rdf",
        "http://www.w3.org/2000/01/rdf-schema#": "rdfs", "http://purl.org/rss/1.0/modules/reference/": "ref",
        "http://purl.org/rss/1.0/modules/richequiv/": "reqv", "http://purl.org/rss/1.0/modules/search/": "search",
        "http://purl.org/rss/1.0/modules/slash/": "slash", "http://schemas.xmlsoap.org/soap/envelope/": "soap",
        "http://purl.org/rss/1.0/modules/servicestatus/": "ss", "http://hacks.benhammersley.com/rss/streaming/": "str",
        "http://purl.org/rss/1.0/modules/subscription/": "sub", "http://purl.org/rss/1.0/modules/syndication/": "sy",
        "http://schemas.pocketsoap.com/rss/myDescModule/": "szf", "http://purl.org/rss/1.0/modules/taxonomy/": "taxo",
        "http://purl.org/rss/1.0/modules/threading/": "thr", "http://purl.org/rss/1.0/modules/textinput/": "ti",
        "http://madskills.com/public/xml/rss/module/trackback/": "trackback",
        "http://wellformedweb.org/CommentAPI/": "wfw", "http://wellformedweb.org/commentAPI/": "wfw",
        "http://purl.org/rss/1.0/modules/wiki/": "wiki", XHTML: "xhtml",
        "http://www.w3.org/1999/xlink": "xlink", "http://www.w3.org/XML/1998/namespace": "xml",
        "http://podlove.org/simple-chapters": "psc",
    }
)  # fmt: skip
_STANDARD_IN_LOWER_CASE = frozenset(uri.lower() for uri in STANDARD)
# Namespaces that feedparser does not know, and knows an element of by the prefix alone.
_BY_PREFIX = MappingProxyType(
    {"http://purl.org/rss/1.0/modules/prism/": "prism", "http://www.pheedo.com/namespace/pheedo": "pheedo"}
)
# Prefixes that would make an element of some other namespace one that is read, or one of its keys.
_TAKEN = frozenset(
    (
        "dc", "dcterms", "cc", "creativecommons", "georss", "gml", "itunes", "media", "psc", "content", "feedburner",
        "xhtml", "admin", "prism", "pheedo", "title", "summary", "rdf", "xml",
    )
)  # fmt: skip
_VERSIONS = MappingProxyType({RSS10: "rss10", ATOM.lower(): "atom10"})
# Root element, namespace of the elements, version.
ROOTS = frozenset(
    (
        *(("rss", "", version) for version in ("rss20", "rss091u", "rss092", "rss093", "rss094")),
        ("RDF", RSS10, "rss10"), ("RDF", RSS090, "rss090"), ("feed", ATOM, "atom10"), ("feed", ATOM03, "atom03"),
    )
)  # fmt: skip
BARE = ("post-id", "site", "draft")  # known of those in a default namespace that feedparser does not know

_DATES: dict[str, Key] = dict.fromkeys(("pubdate", "issued", "published"), (LEAF, "published"))
_DATES |= {"updated": (LEAF, "updated"), "modified": (LEAF, "updated"), "created": (LEAF, "created")}
_PARTS: dict[str, Key] = {name: (PART, name) for name in ("name", "email", "uri")}
_PARTS |= {"url": (PART, "uri"), "homepage": (PART, "uri")}
_CORE: dict[str, Key] = {
    **_DATES,
    "title": (WORDS, "title"), "link": (LEAF, "link"), "category": (LEAF, "category"), "author": (AUTHOR, "author"),
    "rights": (LEAF, "rights"), "copyright": (LEAF, "rights"), "enclosure": (LEAF, "enclosure"),
    **_PARTS,
    **dict.fromkeys(("comments", "categories", "post-id", "site", "draft"), (SKIP, "")),
}  # fmt: skip
_RSS: dict[str, Key] = {
    "description": (WORDS, "description"), "guid": (LEAF, "id"), "source": (LEAF, "source"),
    "image": (LEAF, "source"),
}  # fmt: skip
_ATOM: dict[str, Key] = {
    "summary": (WORDS, "summary"), "content": (WORDS, "content"), "id": (LEAF, "id"),
    "contributor": (AUTHOR, "contributor"), "source": (REFUSED, "source"),
}  # fmt: skip
_ELSEWHERE: dict[str, dict[str, Key]] = {
    "dc": {
        "creator": (AUTHOR, "author"), "author": (AUTHOR, "author"), "date": (LEAF, "updated"),
        "subject": (LEAF, "category"), "rights": (LEAF, "rights"), "language": (LEAF, "language"),
    },
    "dcterms": {
        "issued": (LEAF, "published"), "modified": (LEAF, "updated"), "created": (LEAF, "created"),
        "valid": (REFUSED, "dcterms:valid"),
    },
    "content": {"encoded": (WORDS, "encoded")},
    "media": {
        "content": (MEDIA, "media"), "description": (CAPTION, "caption"), "keywords": (LEAF, "media:keywords"),
        "category": (LEAF, "media:category"),
    },
    "itunes": {
        "author": (AUTHOR, "author"), "keywords": (LEAF, "itunes:keywords"),
        **{name: (REFUSED, f"itunes:{name}") for name in ("category", "owner", "name", "email", "link")},
    },
    "feedburner": {"origlink": (LEAF, "original"), "browserfriendly": (REFUSED, "feedburner:browserfriendly")},
    "pheedo": {"origlink": (LEAF, "pheedo")},
    "prism": {"publicationdate": (LEAF, "prism")},
    "creativeCommons": {"license": (LEAF, "licence")},
    "cc": {"license": (REFUSED, "cc:license")},
    "georss": dict.fromkeys(("point", "line", "polygon", "box", "elev", "featurename"), (SKIP, "")),
}  # fmt: skip
_ATOM_ELSEWHERE = ("link", "updated", "published", "author", "name", "email", "uri")
# Names that `verbatim` looks for in every namespace.
_ANYWHERE: dict[str, Key] = {"title": (CAPTION, "subtitle")} | {
    name: (REFUSED, name)
    for name in (
        "item", "entry", "description", "summary", "content", "encoded", "body", "abstract", "fullitem", "author",
        "creator",
    )
}  # fmt: skip
_ONLY_KNOWN = frozenset(("georss", "gml", "psc", "xhtml", "content", "xml"))

_CHANNEL_CORE: dict[str, Key] = {
    "channel": (CHANNEL, ""), "language": (LEAF, "language"), "rights": (LEAF, "rights"), "copyright": (LEAF, "rights"),
    "author": (AUTHOR, "author"), "contributor": (AUTHOR, "contributor"), **_PARTS,
    **dict.fromkeys(
        (
            "title", "description", "subtitle", "tagline", "link", "webmaster", "pubdate", "published",
            "lastbuilddate", "updated", "modified", "category", "generator", "docs", "cloud", "ttl", "rating",
            "skiphours", "hour", "skipdays", "day", "image", "textinput", "width", "height", "logo", "icon", "id",
            "items", "info", "issued", "created",
        ),
        (SKIP, ""),
    ),
}  # fmt: skip
_CHANNEL_ELSEWHERE: dict[str, dict[str, Key]] = {
    "dc": {
        "language": (LEAF, "language"), "rights": (LEAF, "rights"), "creator": (AUTHOR, "author"),
        "author": (AUTHOR, "author"),
    },
    "itunes": {"author": (AUTHOR, "author")},
    "creativeCommons": {"license": (LEAF, "licence")},
    "georss": {"point": (SKIP, "")},
    "dcterms": {"valid": (REFUSED, "dcterms:valid")},
}  # fmt: skip


def declared(prefixes: dict[str, str], prefix: str | None, uri: str) -> None:
    """Notes in `prefixes` what a prefix stands for, or None for a prefix of nobody's choice.

    Raises ParseError for a namespace that would be taken for another one.
    """
    standard, lower = STANDARD.get(uri, _BY_PREFIX.get(uri)), uri.lower()
    is_taken = standard is None and (lower in _STANDARD_IN_LOWER_CASE or (prefix or "").lower() in _TAKEN)
    is_other = uri in _BY_PREFIX and prefix != standard
    if is_taken or is_other or "backend.userland.com/rss" in lower or any(map(str.isspace, uri)):
        raise ParseError(f"the namespace {uri} under the prefix {prefix}")
    for name in (prefix, standard):
        if name and prefixes.setdefault(name.lower(), standard or lower) != (standard or lower):
            raise ParseError(f"the prefix {name} stands for two namespaces")


def version_of(uri: str, prefix: str | None) -> str:
    """The format that a namespace makes of a document that has none yet (feedparser's `track_namespace`)."""
    if uri == RSS090:
        return "rss090" if prefix is None else ""
    return _VERSIONS.get(uri.lower(), "")


def check_attribute(name: str) -> None:
    """Raises ParseError if feedparser would read an attribute where we do not, because of its prefix or its case."""
    namespace, _, local = name.rpartition(" ")
    lower = local.lower()
    is_read = lower in _READ_ATTRIBUTES or lower == "ispermalink"
    is_odd = lower == "base" or (is_read and (namespace or (lower != local and lower != "ispermalink")))
    if name not in USUAL_ATTRIBUTES and (is_odd or namespace in (XML, RDF)):
        raise ParseError(f"the attribute {name}")


def in_entry(namespace: str, local: str, core: str) -> Key:
    """What an element of an entry is; `local` in lower case, `core`: the namespace of the entry."""
    standard = STANDARD.get(namespace) or _BY_PREFIX.get(namespace)
    if namespace == core:
        more = _ATOM if core in (ATOM, ATOM03) else _RSS
        return more.get(local) or _CORE.get(local) or (REFUSED, f"<{local}>")
    if namespace == ATOM:
        return _CORE[local] if local in _ATOM_ELSEWHERE else (REFUSED, f"atom:{local}")
    if not standard:
        is_plain = bool(namespace) and namespace not in STANDARD
        return _ANYWHERE.get(local, (SKIP, "")) if is_plain else (REFUSED, f"<{local}> of no namespace")
    known = _ELSEWHERE.get(standard, {}).get(local)
    return known or _ANYWHERE.get(local) or ((REFUSED if standard in _ONLY_KNOWN else SKIP), f"{standard}:{local}")


def in_channel(namespace: str, local: str, core: str) -> Key:
    """What an element of the feed outside its entries is."""
    if local in ("item", "entry"):
        return (ENTRY, "") if namespace == core else (REFUSED, f"{namespace} {local}")
    standard = STANDARD.get(namespace) or _BY_PREFIX.get(namespace)
    if namespace == core:
        is_editor = local == "managingeditor" and core not in (ATOM, ATOM03)
        return _CHANNEL_CORE.get(local, (SKIP if is_editor else REFUSED, f"<{local}> in the channel"))
    if namespace == ATOM:
        return (SKIP if local == "link" else REFUSED), f"atom:{local} in the channel"
    if standard == "itunes" and local in ("owner", "name", "email") and core in (ATOM, ATOM03):
        return REFUSED, f"itunes:{local} in the feed"
    if not standard:
        is_plain = bool(namespace) and namespace not in STANDARD
        return (SKIP, "") if is_plain else (REFUSED, f"<{local}> of no namespace in the channel")
    known = _CHANNEL_ELSEWHERE.get(standard, {}).get(local)
    return known or ((REFUSED if standard in _ONLY_KNOWN else SKIP), f"{standard}:{local} in the channel")
