"""The pictures of a report, the lead picture first, with what the page says below, beside and about each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.model import Media, Text
from aggregator.parse.page.headline import Metas, letters
from aggregator.parse.page.linked import Object, each_of, text_of, types_of
from aggregator.parse.page.tree import Element, around, is_longer, line, named, words
from aggregator.text.pictures import MOST_MEDIA, address_of, compared, pixels, web_address

_CREDIT = re.compile(
    r"credit|copyright|(?:^|[\s_-])(?:source|photographer|firma|rights|distributor|attribution|copy|fotograf|agency)(?:$|[\s_-])"
)
_CAPTION = re.compile(r"caption|legend|(?:^|[\s_-])(?:description|descriptif|titre|texte)(?:$|[\s_-])")
_CAPTIONED = re.compile(
    r"wp-caption|tr-caption|spip_documents|spip_document_|image-?(?:wrapper|container|block|box)|photo|media|picture|figure|featured|thumbnail"
)
_FEATURED = re.compile(
    r"featured|post-?thumb|wp-post-image|entry-?thumb|main-?(?:image|photo)|lead-?(?:image|photo)|hero|article-?(?:image|photo|img)|spip_logo|itemimage|thumbnail|single-?(?:image|thumb)"
)
_NO_PICTURE = re.compile(
    r"avatar|gravatar|(?:^|[\s_/.-])(?:logos?|icons?|emoji|smiley|badge|sprite|spacer|blank|preload\w*|pixel|1px|qr-?code|transparent|webad|banner|advert\w*|placeholder|loader|flags?|spinner|arrow|button)(?:$|[\s_/.-])|author|profile|wp-smiley"
)
_MOST_PICTURES, _MOST_PARTS = 300, 500  # of a page that are looked at; elements of a figure
_SMALLEST = 100  # pixels, of what is stated
# What names whose picture it is: at the end of a caption, or all of a part of one.
_SAID = re.compile(
    r"""(?xi) (?:^|[\s.(\[|/–—-]) [(\[|–—/-]*\s*
    (?:(?:photo(?:graph)?s?|image|images|picture|pictures|pic|foto|fotos|fotografia|cr[ée]dits?(?:\s+(?:photo|image)s?)?|cr[ée]dito|credits?|photo\s+credits?|image\s+credits?|bild|bildquelle|quelle
      |isithombe|picha|source|visuel|illustration|صورة|تصوير|المصدر|фото|copyright|courtesy)\s*(?:by|of|:|/|©|-|–|par)+(?:\s*©)?\s*
      |(?:photo|image|picture|photograph|photographed)\s+(?:by|courtesy\s+of|par|de)\s+|courtesy\s+of\s+|©\s*|\(c\)\s*)
    (?P<credit>[^\s].{1,110}?) \s*[)\]|.]*\s*$"""
)
_BRACKETS = re.compile(r"[(\[]\s*(?P<credit>[^()\[\]]{2,80})\s*[)\]]\s*\.?\s*$")
_AGENCIES = re.compile(
    r"\b(?:AFP|Reuters|AP|EPA|EFE|ANSA|DPA|Getty|iStock|Shutterstock|Unsplash|Pexels|Pixabay|Xinhua|AA|Anadolu|Lusa|PANA|APO|MAP|APS|TASS|AAP|PA|SIPA|NurPhoto|Flickr|Wikimedia|"
    r"Facebook|Twitter|Instagram|Alamy|Bloomberg|Handout|File|DR|Courtesy|Supplied|Gallo|Capture|Photography|Photos?)\b"
)
_SLASHED = re.compile(r"(?:^|[.…!?]\s+|\s[|–—]\s)(?P<credit>(?:©\s*)?[^.|…!?]{2,60}(?:/|\s[|–—]\s)[^.|…!?]{2,50})\.?$")
# `... in Dakar. / Awa Diop`, as the press of French and Spanish has it.
_BEHIND = re.compile(r"[.…!?»\"”]\s*/\s*(?P<credit>[^/.]{3,60})\.?$")
_MARKS = re.compile(
    r"(?i)^\W*(?:(?:photo(?:graph)?s?|images?|pictures?|pic|fotos?|fotografia|cr[ée]dits?(?:\s+(?:photo|image)s?)?|cr[ée]dito|copyright|bild|bildquelle|quelle|source|picha|صورة|تصوير|المصدر|фото|courtesy)"
    r"\b\s*(?:(?:by|of|par|de)\b|[:©/–-])*\s*)+"
)
_LONGEST_CREDIT, _LONGEST_CAPTION = 150, 2_000  # characters


class _Gallery(Struct):
    base: str
    found: dict[str, Media] = field(default_factory=dict)  # by address as compared

    def add(self, media: Media) -> None:
        """A picture, or what more is said of one that is there already."""
        key = compared(media.url)
        held = self.found.get(key)
        if held is None and len(self.found) < MOST_MEDIA:
            self.found[key] = media
        elif held is not None:
            self.found[key] = replace(
                held,
                caption=held.caption or media.caption,
                credit=held.credit or media.credit,
                copyright=held.copyright or media.copyright,
                alt=held.alt or media.alt,
                width=held.width or media.width,
                height=held.height or media.height,
            )


class Said(Struct, frozen=True):
    """What a page says to programs of its pictures."""

    report: Object
    objects: list[Object]
    metas: Metas
    base: str  # what relative addresses are relative to
    names: frozenset[str]  # of the site, as `headline.letters` has them


def media_of(whole: Element, body: Element, said: Said) -> tuple[tuple[Media, ...], str]:
    """All pictures, and the rule by which the first was found. A figure of the report goes before `og:image`."""
    shown = list(_shown(whole, body, said.base))
    stated = list(_of_metas(said.metas, said.base))
    values = [
        each for key in ("image", "thumbnailUrl", "video") for each in each_of(said.report.get(key), said.objects)
    ]
    linked = [media for each in values if (media := _of_json(each, said.base, said.names))]
    named_so = {compared(each.url) for each in (*stated, *linked)}
    others = [media for rank, media in shown if rank > 0]
    candidates = (
        ("figure", [media for rank, media in shown if rank == 0]),
        ("image", [media for media in others if compared(media.url) in named_so]),
        ("opengraph", stated),
        ("json-ld", linked),
        ("image", others),
    )
    rule, first = next(((rule, found[0]) for rule, found in candidates if found), ("", None))
    if first is None:
        return (), ""
    gallery = _Gallery(said.base)
    for media in (first, *(media for _, media in shown), *stated[:1], *linked):
        gallery.add(media)
    found = list(gallery.found.values())
    described = [each for each in linked if each.caption or each.credit]
    if described and len(linked) == 1 and not found[0].credit:  # the report's one picture in another size
        caption = found[0].caption or described[0].caption
        found[0] = replace(found[0], credit=described[0].credit, caption=caption)
    return tuple(found), rule


def _of_metas(metas: Metas, base: str) -> Iterator[Media]:
    """What is shown where the page is shared (https://ogp.me/#structured)."""
    width, height = (pixels(_nth(metas, f"og:image:{name}", 0)) for name in ("width", "height"))
    alt = line(_nth(metas, "og:image:alt", 0)) or None
    for name in ("og:image", "og:image:url", "twitter:image", "twitter:image:src"):
        for said in metas.get(name, ())[:3]:
            address = web_address(base, said)
            if address and not _NO_PICTURE.search(address.lower().rpartition("/")[2]):
                yield Media(address, "image", width=width, height=height, alt=alt)


def _nth(metas: Metas, name: str, place: int) -> str | None:
    said = metas.get(name, ())
    return said[place] if len(said) > place else None


def _of_json(value: object, base: str, names: frozenset[str]) -> Media | None:
    """An ImageObject or a VideoObject (https://schema.org/ImageObject), or the address of one."""
    if isinstance(value, str):
        address = web_address(base, value)
        return Media(address, "image") if address else None
    if not isinstance(value, dict):
        return None
    is_video = "VideoObject" in types_of(value)
    keys = ("contentUrl", "url") if is_video else ("url", "contentUrl", "@id", "thumbnailUrl")
    address = next(
        (found for key in keys if (found := web_address(base, text_of(value.get(key), 4_000))) and "#" not in found), ""
    )
    if not address:
        return None
    caption = text_of(value.get("caption"), _LONGEST_CAPTION)
    credit = text_of(value.get("creditText"))
    holders = (text_of(value.get(key)) for key in ("creator", "author", "copyrightHolder"))
    credit = credit or next((each for each in holders if each and letters(each) not in names), "")
    return Media(
        address,
        "video" if is_video else "image",
        width=_number(value.get("width")),
        height=_number(value.get("height")),
        caption=Text(caption, "text/plain") if caption else None,
        credit=_MARKS.sub("", credit)[:_LONGEST_CREDIT] or None,
        copyright=text_of(value.get("copyrightNotice")) or None,
    )


def _number(value: object) -> int | None:
    if isinstance(value, dict):
        value = value.get("value")
    return (
        value
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 100_000
        else pixels(value if isinstance(value, str) else None)
    )


def _shown(whole: Element, body: Element, base: str) -> Iterator[tuple[int, Media]]:
    """The pictures between headline and the end of the text. 0: it is a figure, or said to be the lead picture."""
    inside = False
    held: dict[Element, tuple[str, str]] = {}  # what is said in each figure
    for each in islice(whole.iter("img", "amp-img", "video", "audio"), _MOST_PICTURES):
        inside = inside or any(outer is body for outer in each.iterancestors())
        if inside and not any(outer is body for outer in each.iterancestors()):
            break  # below the text
        said = {key.lower(): value for key, value in each.attrib.items()}
        if each.tag in ("video", "audio"):
            source = said.get("src") or next(
                (inner.get("src") for inner in each.iter("source") if inner.get("src")), ""
            )
            if address := web_address(base, source or ""):
                yield 1, Media(address, each.tag)
            continue
        address = web_address(base, address_of(said) or _lazy(each, said))
        if not address or _is_small(each, said, address):
            continue
        figure = _figure_of(each, whole)
        if figure is not None and figure not in held:
            held[figure] = _described(figure)
        caption, credit = held[figure] if figure is not None else ("", "")
        if not credit and caption:
            caption, credit = parted(caption)
        alt = line(said.get("alt")) or None
        is_lead = (figure is not None and figure.tag == "figure") or _FEATURED.search(named(each)) is not None
        is_lead = is_lead or bool(caption) or (figure is not None and _FEATURED.search(named(figure)) is not None)
        yield (0 if is_lead else 1), Media(
            address, "image", width=pixels(said.get("width")), height=pixels(said.get("height")),
            caption=Text(caption, "text/plain") if caption else None, credit=credit or None, alt=alt,
        )  # fmt: skip


def _lazy(image: Element, said: dict[str, str]) -> str:
    """The address of a picture that is loaded late, by other attributes or by the `source` beside it."""
    for key in (
        "data-original",
        "data-lazy",
        "data-img-url",
        "data-image",
        "data-large-file",
        "data-orig-file",
        "data-echo",
    ):
        if said.get(key, "").strip():
            return said[key]
    parent = image.getparent()
    if parent is not None and parent.tag == "picture":
        for source in parent.iter("source"):
            if found := address_of({key: value for key, value in source.attrib.items() if key != "width"}):
                return found
    return ""


def _is_small(image: Element, said: dict[str, str], address: str) -> bool:
    width, height = pixels(said.get("width")), pixels(said.get("height"))
    if (width or _SMALLEST) < _SMALLEST or (height or _SMALLEST) < _SMALLEST // 2:
        return True
    if _NO_PICTURE.search(f"{named(image)} {address.lower().rpartition('/')[2]}"):
        return True
    return any(_NO_PICTURE.search(named(outer)) for outer in list(around(image))[1:3])


def _figure_of(image: Element, whole: Element) -> Element | None:
    """The element that holds a picture and what is said of it."""
    for depth, outer in enumerate(image.iterancestors()):
        if outer is whole or depth > 8:
            return None
        if outer.tag == "figure":
            return outer
        if depth < 5 and _CAPTIONED.search(named(outer)):
            inner = next((each for each in outer.iterancestors("figure")), None)
            if inner is not None and any(each is whole for each in inner.iterancestors()):
                return inner
            if not is_longer(outer, _LONGEST_CAPTION) and sum(1 for _ in islice(outer.iter("img"), 4)) <= 3:
                return outer
    return None


def _described(figure: Element) -> tuple[str, str]:
    """The caption of a figure without its credit, and the credit, where an element or a word says which is which."""
    below = next(figure.iter("figcaption"), None)
    captions = (
        [below]
        if below is not None
        else _outermost(
            [
                each
                for each in islice(figure.iter(), _MOST_PARTS)
                if isinstance(each.tag, str) and _CAPTION.search(named(each)) and each is not figure
            ]
        )
    )
    credits = _outermost(
        [
            each
            for each in islice(figure.iter(), _MOST_PARTS)
            if isinstance(each.tag, str)
            and each is not below
            and _CREDIT.search(_of_credit(each))
            and each.tag not in ("img", "figure")
        ]
    )
    credits = [
        each
        for each in credits
        if not is_longer(each, _LONGEST_CREDIT)
        and 0 < len(words(each)) <= _LONGEST_CREDIT
        and each is not figure
        and not any(inner is below for inner in each.iter())
    ]
    if not captions and not credits and figure.tag == "figure":
        return "", ""
    credit = ", ".join(dict.fromkeys(filter(None, (_MARKS.sub("", words(each)).strip(" ()[].|©") for each in credits))))
    caption = " ".join(filter(None, (_words_without(each, set(credits)) for each in captions if each not in credits)))
    return caption[:_LONGEST_CAPTION].strip(" |–—"), credit[:_LONGEST_CREDIT]


def _of_credit(element: Element) -> str:
    """The names by which an element may say that it holds a credit."""
    prop = (element.get("itemprop") or "").lower()
    says_so = element.tag == "cite" or prop in ("copyrightholder", "credittext", "author", "creator")
    return f"{named(element)} credit" if says_so else named(element)


def _outermost(elements: list[Element]) -> list[Element]:
    held = set(elements)
    return [each for each in elements if not any(outer in held for outer in each.iterancestors())]


def _words_without(element: Element, left_out: set[Element]) -> str:
    if not left_out:
        return words(element)
    pieces = [element.text or ""]
    for each in element:
        if isinstance(each.tag, str) and each not in left_out:
            pieces.append(_words_without(each, left_out))
        pieces.append(each.tail or "")
    return " ".join(" ".join(pieces).split())


def parted(caption: str) -> tuple[str, str]:
    """A caption without the credit in it, and the credit; '' where no word says whose picture it is."""
    said = caption[-400:]
    for pattern in (_SAID, _BEHIND, _BRACKETS, _SLASHED):
        found = pattern.search(said)
        if found is None or (pattern in (_BRACKETS, _SLASHED) and not _AGENCIES.search(found["credit"])):
            continue
        credit = _MARKS.sub("", found["credit"]).strip(" ()[].|–—©")
        if not credit or len(credit) > _LONGEST_CREDIT or credit.count(" ") > 12:
            continue
        before = caption[: len(caption) - len(said) + found.start()] + (found[0][0] if found[0][:1] in ".!?…" else "")
        return before.strip(" |–—-(["), credit
    return caption, ""
