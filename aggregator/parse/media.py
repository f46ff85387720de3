"""The pictures, sounds, videos and files of an entry in XML, each once.

In this order: `media:content` (https://www.rssboard.org/media-rss), enclosures of RSS and Atom, content that stands
elsewhere, the picture of the item (`itunes:image`, `image`), thumbnails, and what is within the words.

What is said within a `media:content` wins over what its group says, that over the item, and that over the channel. Of
an item with several, caption, credit and title belong to the first that has none of its own, and a second caption to
the second: publishers mean the one that they show above their report. A copyright is that of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from msgspec.structs import replace

from aggregator.model import Media, Text
from aggregator.parse.files import LONGEST_LANGUAGE, length_of, medium_of, once, relation
from aggregator.parse.xml import RESOURCE, Element
from aggregator.text.html import one_line
from aggregator.text.pictures import MOST_MEDIA, pictures, pixels, web_address
from aggregator.text.urls import resolved

_MEDIUMS = frozenset(("image", "audio", "video", "document", "executable"))
_LONGEST_LINE = 1_000  # characters of a credit, a copyright, a title
_MOST_WITHIN = 10 * MOST_MEDIA  # within words, some of them twice
_MOST_SAID = 20  # credits, captions ... of one
AROUND_MEDIA = "around media"  # the kind of what `around_media` finds
_AROUND = ("media:content", "media:group")
_ADDRESSES = ("url", "href", "uri", "src", RESOURCE)
_PASSED_OVER = ("media:text",)  # by versions up to 0.10.0, where there is markup in it that is not escaped
_HTML, _PLAIN = ("html", "text/html", "xhtml"), ("plain", "text", "text/plain")

Parts = Mapping[str, Sequence[Element]]  # the elements of an entry by kind


def media_of(
    parts: Parts, words: Iterable[Text], in_scope: Callable[[Text], str], base: str, over_all: Sequence[Element]
) -> tuple[Media, ...]:
    """`words`: the texts of the entry; `in_scope`: what addresses in one of them are relative to. `base`: what those of
    its elements are relative to, where no xml:base says it. `over_all`: the channel's `media:copyright`.
    """
    objects, others = _objects(parts, base), _others(parts, base)
    credits, rights = parts.get("media:credit", ()), parts.get("media:copyright", ()) or (over_all if objects else ())
    if not (objects or others):  # then who is its author wrote the report, and took no picture
        credits = [each for each in credits if each.attributes.get("role", "").strip().lower() != "author"]
    texts = chain(words, (text for each in parts.get("media:text", ()) if (text := text_of(each))))
    others += islice((picture for text in texts for picture in pictures(text, in_scope(text))), _MOST_WITHIN)
    if not objects:
        if not others:
            return ()
        objects, others = [others[:1]], others[1:]
    captions = parts.get("media:description", ())[:MOST_MEDIA]
    _spread(objects, "title", _lines(parts.get("media:title", ())))
    _spread(objects, "caption", [text for each in captions if (text := text_of(each))])
    _spread(objects, "credit", _lines(credits), is_joined=True)
    for about in objects if rights else ():
        _spread([about], "copyright", _lines(rights), is_joined=True)
    return once([*chain.from_iterable(objects), *others])


def _spread(objects: list[list[Media]], name: str, said: Sequence[Any], is_joined: bool = False) -> None:
    """Gives what is said over an item to those of its objects that say nothing of the kind: one after the other, or
    all to the first where there are not as many. An object is one thing in one or several files.
    """
    if not said:
        return
    lacking = [each for each in objects if all(getattr(media, name) is None for media in each)]
    if is_joined and len(said) != len(lacking):
        said = [_joined(said)]
    for each, value in zip(lacking, said, strict=False):
        each[:] = [replace(media, **{name: value}) for media in each]


# Elements


def around_media(parts: Parts) -> list[Element]:
    """The `media:content` and `media:group` of an entry, also those in another: the outer first."""
    found = [each for name in _AROUND if name in parts for each in parts[name]]
    for each in found:  # which grows while it is walked
        found += each.all(*_AROUND)
    return found


def _objects(parts: Parts, base: str) -> list[list[Media]]:
    """What Media RSS says, an object a list: the files of a group are one."""
    if AROUND_MEDIA not in parts:
        return []
    objects = (_files(each, base) for name in _AROUND for each in parts.get(name, ()))
    return [*islice(filter(None, objects), MOST_MEDIA)]


def _files(said: Element, base: str) -> list[Media]:
    """Of a content, or of a group and those in it."""
    found: list[Media] = []
    waiting: list[tuple[Element, Parts]] = [(said, {})]
    for each, outer in waiting:  # which grows too
        own = each.by_name()
        inner = [*each.all(*_AROUND)][:MOST_MEDIA]
        if each.name == "media:content" or not inner:
            found.append(_content(each, own, outer, base))
        if inner:
            about = {**outer, **own}
            waiting += [(one, about) for one in inner]
    return [media for media in found if media.url][:MOST_MEDIA]


def _content(said: Element, own: Parts, outer: Parts, base: str) -> Media:
    """A file, or where it has no address a page that plays it, or a picture of it."""
    media = _file(said, base)
    if not media.url and (players := own.get("media:player")):
        media = replace(media, url=_address(players[0], base))
    if not media.url and (thumbnails := own.get("media:thumbnail")):
        media = replace(media, url=_address(thumbnails[0], base), medium="image")
    if not (own or outer):
        return media

    def nearest(name: str) -> Sequence[Element]:
        return (own.get(name) or outer.get(name, ()))[:_MOST_SAID]

    captions = map(text_of, (*nearest("media:description"), *nearest("media:text")))
    return replace(
        media,
        title=_joined(_lines(nearest("media:title"))) or media.title,
        caption=next(filter(None, captions), None),
        credit=_joined(_lines(nearest("media:credit"))),
        copyright=_joined(_lines(nearest("media:copyright"))),
    )


def _others(parts: Parts, base: str) -> list[Media]:
    found = [_file(each, base) for each in islice(filter(_is_enclosure, parts.get("link", ())), MOST_MEDIA)]
    found += [_file(each, base) for each in parts.get("content", ())[:MOST_MEDIA] if "src" in each.attributes]
    found += [_picture(each, base) for name in ("itunes:image", "image") for each in parts.get(name, ())[:MOST_MEDIA]]
    if "media:thumbnail" in parts or AROUND_MEDIA in parts:
        within = (each for around in parts.get(AROUND_MEDIA, ()) for each in around.all("media:thumbnail"))
        thumbnails = islice(chain(parts.get("media:thumbnail", ()), within), MOST_MEDIA)
        found += [replace(_file(each, base), medium="image") for each in thumbnails]
    return [each for each in found if each.url]


def _is_enclosure(said: Element) -> bool:
    is_link = said.name in ("link", "atom:link")
    return said.name == "enclosure" or (is_link and relation(said.attributes.get("rel", "")) == "enclosure")


def _file(said: Element, base: str) -> Media:
    return _described(said.attributes, _address(said, base))


def _picture(said: Element, base: str) -> Media:
    """RSS's `image` says in elements what others say in attributes."""
    inner = {each.name: each.token for each in said.children}
    address = inner.get("url") or inner.get("href") or inner.get("src")
    media = _described({**said.attributes, **inner}, _address(said, base, address))
    return replace(media, medium="image", alt=media.title, title=None)


def _address(said: Element, base: str, address: str | None = None) -> str:
    stated = said.attributes
    address = address or next((stated[name] for name in _ADDRESSES if stated.get(name, "").strip()), said.text)
    return web_address(resolved(base, said.base) if said.base else base, address) if address else ""


# What is said of one


def is_recording(said: Mapping[str, str]) -> bool:
    """Whether the attributes of a `media:content` are those of a video or a sound."""
    stated = said.get("medium", "").strip() or said.get("type", "").strip().partition("/")[0]
    return stated.lower() in ("video", "audio", "application")


def _described(said: Mapping[str, str], address: str) -> Media:
    """A file by the attributes of the element that names it; what they cannot mean is not said."""
    stated = {name.lower(): value.strip() for name, value in said.items()}
    media_type = stated.get("type", "").partition(";")[0].strip().lower()
    medium = stated.get("medium", "").lower()
    language = (stated.get("lang") or stated.get("hreflang") or "").replace("_", "-")
    return Media(
        address,
        medium if medium in _MEDIUMS else medium_of(media_type),
        media_type if "/" in media_type else None,
        pixels(stated.get("width")),
        pixels(stated.get("height")),
        length_of(stated.get("filesize") or stated.get("length")),
        title=stated.get("title", "")[:_LONGEST_LINE] or None,
        language=language if 0 < len(language) <= LONGEST_LANGUAGE else None,
    )


def text_of(said: Element) -> Text | None:
    """A caption, with its media type: as stated, or HTML where it may be."""
    if said.markup is not None:
        return Text(said.markup, "application/xhtml+xml", said.name if said.name in _PASSED_OVER else None)
    stated, value = said.attributes.get("type", "").strip().lower(), said.text
    if not value.strip():
        return None
    is_html = stated in _HTML or (stated not in _PLAIN and ("<" in value or "&" in value))
    return Text(value, "text/html" if is_html else "text/plain")


def line_of(said: Element) -> str | None:
    return one_line(text_of(said))[:_LONGEST_LINE] or None


def _lines(said: Iterable[Element]) -> list[str]:
    return [line for each in islice(said, MOST_MEDIA) if (line := line_of(each))]


def _joined(lines: Iterable[str]) -> str | None:
    return ", ".join(dict.fromkeys(lines))[:_LONGEST_LINE] or None
