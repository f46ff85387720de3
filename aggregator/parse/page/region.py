"""Where on a page its report stands: the element around its paragraphs, and the boxes that are none of it."""

from __future__ import annotations

import re

from msgspec import Struct

from aggregator.parse.page.tree import FOR_OTHERS, Element, around, named, short_words, words
from aggregator.text.folding import fold

# Boxes beside or within a report, by the words of which their classes and ids are made, between `-`, `_` and blanks.
_BOX = r"""(?x)(?:^|[\s_-])(?:
    related | relatedposts | relatedarticles | related\w* | jp-relatedposts | yarpp\w* | crp | rp4wp\w* | recommend\w*
    | suggest(?:ed|ions) | read-?also | also-?read | read-?more | readmore | read-?next | more-(?:stories|news
    |articles|from|on)
    | you-?may\w* | may-?like | most-?(?:read|popular|viewed|shared) | popular\w* | trending\w* | latest-?(?:news
    |posts|articles)
    | lire-?aussi | a-?lire | leia-?(?:mais|tambem) | saiba-?mais | lees-?ook | ver-?tambien | inline-?related\w*
    | share | shares | sharing | sharethis\w* | share(?:bar|box|daddy|buttons?|icons?) | sharedaddy | socials?
    | social\w*
    | addtoany\w* | addthis\w* | a2a(?:\w*) | sfsi\w* | heateor\w* | essb\w* | ssba\w* | shariff\w* | follow-?(?:us
    |buttons?)
    | author-?(?:box|bio|info|profile|card|desc\w*|area|details|block|page)\w* | about-?(?:the-?)?author\w*
    | authorbox\w*
    | saboxplugin\w* | pp-multiple-authors-\w* | m-a-box\w* | abh\w* | bio | biography
    | newsletter\w* | subscri(?:be|ption)\w* | sign-?up\w* | signup\w* | mailchimp\w* | mc4wp\w* | mailpoet\w*
    | opt-?in | donat\w*
    | ad | ads | advert\w* | adsbygoogle | adslot\w* | ad-?(?:container|unit|wrapper|block|box|slot|banner|label)\w*
    | dfp\w*
    | adv | sponsor\w* | promo\w* | taboola\w* | outbrain\w* | publicidade | publicidad | publicite | werbung | anzeige
    | comments? | commentlist | comment-\w* | respond | disqus\w* | fb-comments
    | breadcrumbs? | pagination | pager | nav | navigation | navbar | menu | prev-?next\w* | next-?prev\w* | nav-links
    | post-?navigation | jnews-?prevnext\w* | ez-?toc\w* | lwptoc\w* | toc | table-?of-?contents
    | tags? | taglist | tag-?(?:links|list|cloud|items?) | tagcloud\w* | tagged | sidebar\w* | widgets? | widget-\w*
    | cookies? | cookie-\w* | consent | gdpr | popup\w* | modal | overlay | screen-reader-\w+ | sr-only
    | visually-?hidden
    | kk-?star\w* | kksr\w* | post-?ratings? | ratings? | post-?views\w* | pvc\w* | toolbar | tools | print-?(?:only
    |link|button)
    | twitter-tweet | instagram-media | tiktok-embed | fb-post | embed-?(?:tweet|card) | wp-embedded-content
    | teaser-?(?:list|box|grid)\w* | infobox\w* | whatsapp\w* | telegram\w* | app-?(?:download|promo)\w*
    | paywall-(?:message|box|overlay|prompt|banner)
    | skip-?link\w* | accessibility\w* | player-?(?:controls|wrapper) | correction-?form\w* | report-?(?:error|typo)\w*
)(?:$|[\s_-])"""
BOX = re.compile(_BOX)
# Such a word in a name that says what the element holds speaks of the report itself: `post-tags-enabled`.
_BOXES = "div section aside ul ol nav footer form p span table blockquote h2 h3 h4 h5 h6 a dl li article"
_BOX_NAMES = frozenset(_BOXES.split())
_GONE = FOR_OTHERS | {"script", "style", "svg", "iframe", "object", "form", "nav", "footer", "aside", "button",
                      "select", "textarea", "input", "dialog", "menu"}  # fmt: skip
# What readers wrote, however much.
_COMMENTS = re.compile(
    r"(?:^|\s)(?:comments?|commentlist|comments?-(?:area|list|section|wrapper)|respond|disqus\w*|comentarios?"
    r"|commentaires?"
    r"|kommentare?|forum-?(?:list|messages)|reacciones)(?:$|\s)"
)
# Elementor calls whatever it lays out a widget.
_BUILDER = re.compile(r"elementor-widget[\w-]*|(?:has|with|no|without)-[\w-]+|[\w-]+-(?:enabled|disabled|active)")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_LOOKED_AT = tuple(sorted(_BOX_NAMES | _GONE))
_PICTURED = frozenset(("figure", "picture"))
_MOST_OF_TEXT = 0.4  # what holds more than this share of a page's paragraphs is no box beside the report
_A_TEXT = 600  # characters of paragraphs; a part for other programs with more of them is taken for the report
_A_LOOSE_ONE = 80  # characters that stand in no paragraph, from which they are one
_IN_PARAGRAPHS = frozenset(("p", "li", "figure", "figcaption", "blockquote", "a", "button", "script", "style"))
_A_PARAGRAPH = 25  # characters, without those in links, from which a paragraph counts
_TEXT_OF = re.compile(
    r"article-?_?body|articlebody|entry-content|post-content|article-?_?content|story-?_?body|article-?_?text"
    r"|news-?_?(?:content|text|body)|td-post-content|content-inner|texte|field-name-body|field--name-body|itemfulltext"
    r"|post-body|single-content|post_content|body-?copy|rich-?text"
)


class Region(Struct, frozen=True):
    """The elements of a page between which its report stands."""

    heading: Element | None  # its `h1`
    body: Element  # directly around most of its paragraphs
    others: tuple[Element, ...]  # that may be its body instead, the likeliest first
    is_named: bool = False  # the body says that it is one, and holds most of the text of the page


def region_of(root: Element, titles: tuple[str, ...]) -> Region:
    """Takes what is no part of a report out of the page, and finds it. `titles`: folded, by which the right one of
    several headings is known.
    """
    lengths = _lengths(root)
    total = lengths.get(root, 0)
    _prune(root, lengths, total)
    bodies = _bodies(root)
    heading = _heading(root, bodies[0], titles)
    says_so = any(_says_text(each) for each in [bodies[0], *bodies[0].iterancestors()][:2])
    is_named = says_so and heading is not None and _text_in(bodies[0]) > _MOST_TEXT_OF_PAGE * _text_in(root)
    return Region(heading, bodies[0], tuple(bodies[1:]), is_named)


_MOST_TEXT_OF_PAGE = 0.7


def _says_text(element: Element) -> bool:
    return _TEXT_OF.search(named(element)) is not None or (element.get("itemprop") or "").lower() == "articlebody"


def whole_of(region: Region, body: Element) -> Element:
    """The element around the heading of a report and its text; around the text where there is no heading."""
    whole = body
    if region.heading is not None:
        holders = set(around(region.heading))
        whole = next((each for each in around(body) if each in holders), body)
    if whole.tag in ("html", "body"):
        whole = next((each for each in around(body) if each.tag in ("article", "main")), whole)
    return whole


def _lengths(root: Element) -> dict[Element, int]:
    """How many characters of paragraphs stand in each element that has any."""
    found: dict[Element, int] = {}
    for each in root.iter("p", "div", "span", "section", "td", "article"):
        own = _own_length(each) if each.tag == "p" else _loose_length(each)
        if own >= _A_PARAGRAPH:
            for outer in around(each):
                found[outer] = found.get(outer, 0) + own
    return found


def _loose_length(element: Element) -> int:
    """The characters that stand directly in an element that is no paragraph, where they are enough for one."""
    own = len((element.text or "").strip())
    for child in element:
        own += len((child.tail or "").strip())
    return (
        own if own >= _A_LOOSE_ONE and not any(outer.tag in _IN_PARAGRAPHS for outer in element.iterancestors()) else 0
    )


def _own_length(paragraph: Element) -> int:
    """The characters of a paragraph that are in no link."""
    linked = sum(len("".join(link.itertext())) for link in paragraph.iter("a"))
    return max(len("".join(paragraph.itertext()).strip()) - linked, 0)


def _prune(root: Element, lengths: dict[Element, int], total: int) -> None:
    most = max(total * _MOST_OF_TEXT, 1)
    headings = {outer for heading in root.iter("h1") for outer in around(heading)}
    names: dict[tuple[str, str], int] = {}
    gone = []
    for each in root.iter(*_LOOKED_AT):
        if each.tag in _GONE:
            is_large = lengths.get(each, 0) >= (max(most, _A_TEXT) if each.tag in FOR_OTHERS else most)
            if not is_large and not (each in headings and each.tag in ("form", "aside")):
                gone.append(each)
            continue
        # The id of a heading or a paragraph is a place that links lead to, and made of its words.
        said = (
            (each.get("class") or "")[:_LONGEST_NAME],
            "" if each.tag in _PLACES else (each.get("id") or "")[:_LONGEST_NAME],
        )
        kind = names.get(said)
        if kind is None:
            kind = names[said] = _kind(" ".join(said).lower())
        is_hidden = each.get("hidden") is not None or _HIDDEN.search(each.get("style") or "") is not None
        is_large = lengths.get(each, 0) >= most and kind != _OF_READERS
        if not (kind or is_hidden) or is_large or each in headings:
            continue
        if not any(outer.tag in _PICTURED for outer in around(each)):
            gone.append(each)
    for each in gone:
        drop(each)


_PLACES = frozenset(("p", "h2", "h3", "h4", "h5", "h6", "span", "a", "li"))
_BOX_BESIDE, _OF_READERS = 1, 2
_LONGEST_NAME = 500  # characters


def _kind(name: str) -> int:
    """What the classes and the id of an element say that it is; 0: a part of the report."""
    if not name.strip():
        return 0
    if _COMMENTS.search(name):
        return _OF_READERS
    return _BOX_BESIDE if BOX.search(_BUILDER.sub(" ", name)) and not _TEXT_OF.search(name) else 0


def drop(element: Element) -> None:
    """Takes an element out of the page; the words behind it stay."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + " " + element.tail
        else:
            parent.text = (parent.text or "") + " " + element.tail
    element.tail = None
    parent.remove(element)


def _bodies(root: Element) -> list[Element]:
    """The elements directly around most of the text, the likeliest first."""
    scores: dict[Element, float] = {}
    for each in root.iter("p", "h2", "h3", "li", "blockquote"):
        own = _own_length(each)
        if own < _A_PARAGRAPH or (each.tag == "li" and own < 2 * _A_PARAGRAPH):
            continue
        outer, share = each.getparent(), 1.0
        for _ in range(4):
            if outer is None or outer.tag == "html":
                break
            scores[outer] = scores.get(outer, 0.0) + own * share
            outer, share = outer.getparent(), share * 0.6
    for each in root.iter("div", "section", "td", "span", "article"):  # words that stand in no paragraph
        own = _loose_length(each)
        breaks = sum(1 for child in each if child.tag == "br") if own else 0
        if breaks >= 2:  # several paragraphs
            scores[each] = scores.get(each, 0.0) + own
        elif own:
            outer, share = each.getparent(), 1.0
            for _ in range(3):
                if outer is None or outer.tag == "html":
                    break
                scores[outer] = scores.get(outer, 0.0) + own * share
                outer, share = outer.getparent(), share * 0.6
    for each in scores:
        if _says_text(each):
            scores[each] *= 1.5
    if not scores:
        article = next(root.iter("article", "main", "body"), None)
        return [root if article is None else article]
    likely = sorted(scores, key=lambda each: -scores[each])[:_MOST_BODIES]
    first = _with_its_like(likely[0])
    outer = [each for each in around(first) if each.tag != "html"][1:_MOST_BODIES]
    return list(dict.fromkeys((first, *likely, *outer)))


def _with_its_like(body: Element) -> Element:
    """The element around a text that a page cuts into several of one kind, such as between advertisements."""
    outer, own = body, _text_in(body)
    for each in list(around(body))[1:_CLIMBED]:
        if each.tag in ("html", "body"):
            break
        if any(_is_alike(part, whole) for part, whole in _siblings(outer, each)):
            now = _text_in(each)
            if now > _CUT_INTO * own:
                return _with_its_like(each)
        outer = each
    return body


_CLIMBED, _CUT_INTO, _MOST_BODIES = 4, 1.15, 6


def _siblings(one: Element, outer: Element) -> list[tuple[Element, Element]]:
    return [(each, one) for each in outer if each is not one and isinstance(each.tag, str)]


def _is_alike(one: Element, other: Element) -> bool:
    """Whether both are of one kind, and the one holds text too."""
    if one.tag != other.tag or (one.get("class") or "").split()[:1] != (other.get("class") or "").split()[:1]:
        return False
    return _text_in(one) > 4 * _A_PARAGRAPH


def _text_in(element: Element) -> int:
    return sum(own for each in element.iter("p") if (own := _own_length(each)) >= _A_PARAGRAPH)


def _heading(root: Element, body: Element, titles: tuple[str, ...]) -> Element | None:
    found = [each for each in root.iter("h1") if words(each)]
    if not found:
        found = [each for each in root.iter("h2", "h3") if titles and fold(short_words(each, 300)) in titles]
    for each in found:
        said = fold(words(each))
        if any(
            said == title or (len(said) > 15 and (title.startswith(said) or said.startswith(title))) for title in titles
        ):
            return each
    holders = set(around(body))
    return next(
        (
            each
            for each in found
            if any(outer in holders and outer.tag not in ("html", "body") for outer in around(each))
        ),
        found[0] if len(found) == 1 else None,
    )
