"""Reads the posts of WordPress's REST interface (https://developer.wordpress.org/rest-api/reference/posts/) and what
usual plugins add to them: Yoast, All in One SEO, PublishPress Authors, Co-Authors Plus, Polylang. It alone knows their
keys.

Words are as JSON says them; in ids, addresses, names and dates a lone surrogate or NUL becomes U+FFFD. The id is the
post's `guid`, which is also what the site's feed says of it. A date is the one in GMT, or else the site's own, which
names no zone. A value of another type than its key's is as good as absent. A post that a password protects has no words
here, and is an entry all the same. Names of authors and topics stand in a document only where they were asked for
(`_embed`); topics are categories and tags, no other taxonomy: in some of those, logins stand.

Who wrote a post, the first of these that names a person: PublishPress's authors; the embedded user, unless Co-Authors
Plus says that there are others too, or instead; the authors in the schema that Yoast and All in One SEO write, where
they are several even before the user; Yoast's `author`. Where the site's users are closed to the public the embedded
user is an error without a name. A name like `admin` stands only where there is no other.

Of media the featured one is the first: the whole file with caption, alt, credit and title, then its other sizes, which
have none of these; then those in the content. Where the featured one was not embedded, or is closed to the public or
deleted, its address is what Jetpack, Yoast or All in One SEO say it is. What these say of a post that has none may be a
picture of the site, and is not taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import unescape
from typing import Any

from msgspec import Struct

from aggregator.model import Category, Entry, Link, Media, Person, Text
from aggregator.model.errors import ParseError
from aggregator.parse import lenient_json
from aggregator.parse.cap import newest
from aggregator.parse.files import medium_of, once
from aggregator.parse.lenient_json import array, number, token
from aggregator.parse.relative import base_of
from aggregator.text.dates import read_date
from aggregator.text.pictures import pictures, web_address

FORMAT = "wordpress2"
_TOPICS = ("category", "post_tag")
_HEADS = ("yoast_head_json", "aioseo_head_json")  # what stands in the head of the post's page
_NOBODY = re.compile(
    r"(?:wp|site|web)?[-_ ]?(?:admin(?:istrat(?:or|eur|rice)|istradora?)?|master|root)[-_ ]?\d*", re.IGNORECASE
)
_OPEN_GRAPH = (("url", ""), ("type", ":type"), ("width", ":width"), ("height", ":height"))
_SITES = ("WebSite", "Organization", "NewsMediaOrganization")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_MOST_SIZES = 10  # of one picture, beside the whole
_PASSWORD_FORM = "post-password-form"  # the class of what a theme shows instead of the words

_Object = Mapping[str, Any]


class Posts(Struct, frozen=True):
    """What stands in a document."""

    entries: list[Entry | None]  # in order; None: a post that is no object
    over_cap: int  # posts beyond the newest
    not_published: int  # drafts, posts in the bin and the like, which an operator's own `?status=` may list
    cut_off: int  # 1: the document breaks off inside one
    remark: str | None


def read(document: bytes, most: int) -> Posts:
    """The `most` newest posts of a document in UTF-8.

    Raises ParseError if it is no JSON, no listing of posts, or breaks off before its first post is whole.
    """
    said = lenient_json.read(document)
    posts = said.value
    if isinstance(posts, dict) and isinstance(posts.get("code"), str):
        raise ParseError(
            f"WordPress says {posts['code']}: {str(posts.get('message'))[:80]!r}; is its REST interface closed?"
        )
    if not isinstance(posts, list) or (posts and not any(map(_is_post, posts))):
        raise ParseError(
            "it is JSON, but no JSON Feed: no `version` of jsonfeed.org is in it; look for the site's feed, "
            "which has another address than its API; posts of WordPress are an array of objects with `guid` and `link`"
        )
    published = [post for post in posts if not (isinstance(post, dict) and post.get("status", "publish") != "publish")]
    kept = newest([_dates(post) for post in published], most)
    return Posts(
        entries=[_entry(published[index]) for index in kept],
        over_cap=len(published) - len(kept),
        not_published=len(posts) - len(published),
        cut_off=said.cut_off,
        remark=said.remark,
    )


def _dates(post: Any) -> Iterator[str | None]:
    if isinstance(post, dict):
        yield _date(post, "date")


def _is_post(post: Any) -> bool:
    return isinstance(post, dict) and isinstance(post.get("guid"), dict) and "link" in post


def _entry(post: Any) -> Entry | None:
    if not isinstance(post, dict):
        return None
    summary, content, guid = _rendered(post, "excerpt"), _rendered(post, "content"), post.get("guid")
    page = token(post.get("link")) or ""
    within = pictures(content, page) if content else ()
    heads = [head for key in _HEADS if isinstance(head := post.get(key), dict)]
    nodes = [node for head in heads for node in _nodes(head)]
    return Entry(
        id=token(guid.get("rendered")) if isinstance(guid, dict) else None,
        title=_rendered(post, "title"),
        summary=summary,
        content=(content,) if content else (),
        links=tuple(_links(post, heads)),
        authors=tuple(map(Person, dict.fromkeys(_byline(post, heads, nodes)))),
        categories=tuple(map(Category, dict.fromkeys(_names(_terms(post, *_TOPICS, None))))),
        published=_date(post, "date"),
        updated=_date(post, "modified"),
        language=_language(post, heads, nodes),
        media=once((*(_featured(post) or _fallback(post, heads)), *within)),
        base=base_of((content, summary), lambda text: "", page),
    )


def _rendered(post: _Object, key: str) -> Text | None:
    said = post.get(key)
    if not isinstance(said, dict):
        return None
    words = said.get("rendered")
    if not isinstance(words, str) or not words:
        return None
    return None if said.get("protected") is True and _PASSWORD_FORM in words else Text(words)


def _date(post: _Object, key: str) -> str | None:
    """In GMT, where that can be read: drafts that were published have no such date, or one of zeros."""
    said = [date for date in (token(post.get(f"{key}_gmt")), token(post.get(key))) if date]
    return next((date for date in said if read_date(date)), said[0] if said else None)


def _links(post: _Object, heads: Iterable[_Object]) -> Iterator[Link]:
    """The post's own page, and beside it the one that it says is the original (RFC 6596), if that is another.

    That is never where a reader is sent, nor what a report is known by.
    """
    link = token(post.get("link"))
    if link:
        yield Link(link)
    said = (token(head.get(key)) for head in heads for key in ("canonical", "canonical_url"))
    original = next((address for address in said if address and address.startswith(("http://", "https://"))), None)
    if original and original != link:
        yield Link(original, "canonical")


# Authors


def _byline(post: _Object, heads: Sequence[_Object], nodes: Sequence[_Object]) -> list[str]:
    of_site = (*_names(node for node in nodes if _is_site(node)), *_names(heads, "og_site_name"))
    sites = {unescape(name).casefold() for name in of_site}

    def persons(names: Iterable[str]) -> list[str]:
        return [name for name in names if name.casefold() not in sites and not _NOBODY.fullmatch(name)]

    user = list(_names(_embedded(post, "author")))
    # Plugins write some names as markup, with entities.
    in_schema, in_head = persons(map(unescape, _of_schema(nodes))), persons(map(unescape, _of_heads(heads)))
    credited = persons(map(unescape, _names(array(post.get("authors")), "display_name")))
    if not credited and "ppma_author" in post:
        credited = persons(map(unescape, _names(_terms(post, "author"))))
    if len(in_schema) > 1 or _has_coauthors(post):
        return credited or in_schema or in_head or user
    return credited or persons(user) or in_schema or in_head or user


def _has_coauthors(post: _Object) -> bool:
    """Whether Co-Authors Plus names others than the post's user. Its terms' names are logins, and no bylines."""
    if len(array(post.get("coauthors"))) > 1:
        return True
    terms = {token(term.get("slug")) for term in _terms(post, "author")}
    users = {f"cap-{user.get('slug')}" for user in _embedded(post, "author") if token(user.get("slug"))}
    return bool(terms and users) and not terms & users


def _of_schema(nodes: Sequence[_Object]) -> Iterator[str]:
    """The authors of the article in schema.org's words: the first node that has any. They stand there or by `@id`."""
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str)}
    said = next((node["author"] for node in nodes if node.get("author")), None)
    authors = [each for each in (said if isinstance(said, list) else (said,)) if isinstance(each, dict)]
    named = (each if token(each.get("name")) else by_id.get(str(each.get("@id")), each) for each in authors)
    return _names(named)


def _of_heads(heads: Iterable[_Object]) -> Iterator[str]:
    """Yoast's author; its cards for Twitter say the same first, under a translated key, and then how long it reads."""
    for head in heads:
        cards = head.get("twitter_misc")
        values = list(cards.values()) if isinstance(cards, dict) else []
        said = token(head.get("author")) or (token(values[0]) if len(values) > 1 else None)
        if said:
            yield said
            return


def _nodes(head: _Object) -> Iterator[_Object]:
    schema = head.get("schema")
    graph = schema.get("@graph") if isinstance(schema, dict) else None
    return (node for node in array(graph) if isinstance(node, dict))


def _is_site(node: _Object) -> bool:
    """Whether it is the site or who runs it; a site that is one person's is of the types of both."""
    said = node.get("@type")
    kinds = said if isinstance(said, list) else [said]
    return bool(kinds) and all(kind in _SITES for kind in kinds)


def _language(post: _Object, heads: Sequence[_Object], nodes: Sequence[_Object]) -> str | None:
    """Polylang's, the schema's, Open Graph's: that one knows `fr_FR` and the like, and says `en_US` of what it does not
    know.
    """
    said = [post.get("lang"), *(node.get("inLanguage") for node in nodes)]
    said += [head.get(key) for head in heads for key in ("og_locale", "og:locale")]
    tags = ((token(each) or "").replace("_", "-") for each in said)
    return next((tag for tag in tags if _LANGUAGE.fullmatch(tag)), None)


# Media


def _featured(post: _Object) -> tuple[Media, ...]:
    """The featured picture, or sound or video, in all its sizes; of one that is deleted or closed to the public there
    is an error in its place. `better_featured_image` is that of a plugin, with a caption in plain words.
    """
    said = [*_embedded(post, "wp:featuredmedia"), post.get("better_featured_image")]
    found = (_medium(medium) for medium in said if isinstance(medium, dict) and not medium.get("code"))
    return next(filter(None, found), ())


def _medium(medium: _Object) -> tuple[Media, ...]:
    details, sizes = _object(medium, "media_details"), _object(_object(medium, "media_details"), "sizes")
    whole = _object(sizes, "full")
    address = web_address("", token(medium.get("source_url")) or token(whole.get("source_url")) or "")
    if not address:
        return ()
    kind = token(medium.get("mime_type")) or token(whole.get("mime_type"))
    of_file, plain_caption = _object(details, "image_meta"), token(medium.get("caption"))
    caption = Text(plain_caption) if plain_caption else _rendered(medium, "caption")
    first = Media(
        address,
        medium_of(kind) or ("image" if medium.get("media_type") == "image" else None),
        kind,
        number(details.get("width")) or number(whole.get("width")),
        number(details.get("height")) or number(whole.get("height")),
        number(details.get("filesize")) or number(whole.get("filesize")),
        title=_words(_rendered(medium, "title")),
        caption=caption if _words(caption) else None,
        credit=_of_file(of_file, "credit"),
        copyright=_of_file(of_file, "copyright"),
        alt=token(medium.get("alt_text")),
    )
    others = (_size(size, first) for size in sizes.values() if isinstance(size, dict))
    return first, *[size for size in others if size.url not in ("", address)][:_MOST_SIZES]


def _words(text: Text | None) -> str | None:
    """The words of a title, or of a caption that may be an empty paragraph."""
    return token(" ".join(unescape(_TAG.sub("", text.value)).split())) if text else None


def _size(size: _Object, whole: Media) -> Media:
    kind = token(size.get("mime_type"))
    return Media(
        web_address("", token(size.get("source_url")) or ""),
        medium_of(kind) or whole.medium,
        kind,
        number(size.get("width")),
        number(size.get("height")),
        number(size.get("filesize")),
    )


def _of_file(said: _Object, key: str) -> str | None:
    """What the file itself says (IPTC, EXIF); WordPress writes "0" too for what it does not."""
    value = token(said.get(key))
    return None if value == "0" else value


def _fallback(post: _Object, heads: Iterable[_Object]) -> Iterator[Media]:
    if str(post.get("featured_media", 1)) == "0":
        return
    said: list[_Object] = [{"url": post.get("jetpack_featured_media_url")}]
    for head in heads:
        said += [image for image in array(head.get("og_image")) if isinstance(image, dict)]
        said += [{key: head.get(f"og:image{end}") for key, end in _OPEN_GRAPH}]
    for each in said:
        address = web_address("", token(each.get("url")) or "")
        if address:
            kind, width, height = token(each.get("type")), number(each.get("width")), number(each.get("height"))
            yield Media(address, "image", kind, width, height)
            return


def _object(owner: _Object, key: str) -> _Object:
    value = owner.get(key)
    return value if isinstance(value, dict) else {}


# What was embedded


def _embedded(post: _Object, key: str) -> Iterator[_Object]:
    """Terms stand in one array for each taxonomy."""
    embedded = post.get("_embedded")
    for each in array(embedded.get(key)) if isinstance(embedded, dict) else ():
        yield from (one for one in (each if isinstance(each, list) else (each,)) if isinstance(one, dict))


def _terms(post: _Object, *taxonomies: str | None) -> Iterator[_Object]:
    """None: those that do not say of which taxonomy they are."""
    return (term for term in _embedded(post, "wp:term") if term.get("taxonomy") in taxonomies)


def _names(said: Iterable[Any], key: str = "name") -> Iterator[str]:
    return (name for each in said if isinstance(each, dict) and (name := token(each.get(key))))
