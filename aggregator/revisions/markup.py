"""Markup read for comparing: words, links and pictures, without what its own markup shows to be volatile.

It alone knows by which names share buttons, counters, advertisements, pixels and rotating lists go. The form it
returns: a line a paragraph; U+E000 address U+E002 words U+E001 for a link; U+E004 at both ends of a time or a counter;
U+E005 before an item of a list or a cell; an address in brackets (U+27E8, U+27E9) for a picture or a player.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from html import unescape

from aggregator.model import Text
from aggregator.text.urls import document_of

_MARKS = re.compile("[\ue000-\ue005\u27e8\u27e9]")
_LINKED = re.compile("\ue000[^\ue000-\ue002]*\ue002([^\ue000-\ue002]*)\ue001")
_ADDRESS = re.compile("\ue000[^\ue000-\ue002]*\ue002|\u27e8[^\u27e9]*\u27e9")

# Possessive and bounded, so that no document makes it slow. What stands in pointed brackets and is no proper tag is
# skipped as a browser would.
_TAG = re.compile(
    r"""(?x) <(/?)([a-zA-Z][\w:-]{0,40})
    ((?:[\s/]+(?:[^\s=<>/"']{1,200}(?:\s*=\s*(?:"[^"]{0,6000}"|'[^']{0,6000}'|[^\s"'<>][^\s<>]{0,2000})?)?)?)*+) >
    | <[/!?][^<>]{0,3000}> | <[a-zA-Z][^<>]{0,3000}>"""
)
_ATTRIBUTE = re.compile(r"""([^\s=<>/"']+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>][^\s<>]*))""")
_UNREAD = tuple(
    (re.compile(begin), re.compile(end))
    for begin, end in (
        ("<!--", "-->"),
        (r"(?i)<script\b", r"(?i)</script\s*>"),
        (r"(?i)<style\b", r"(?i)</style\s*>"),
        (r"(?i)<svg\b", r"(?i)</svg\s*>"),
    )
)
_VOID = re.compile("area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr")
_ITEM = re.compile("li|td|th|dd|dt")
_BLOCK = re.compile(
    "address|article|aside|blockquote|br|dl|div|figcaption|figure|footer|h[1-6]|header|hr|main|nav|ol|p|pre|section|table"
    "|tbody|thead|tr|ul|li|td|th|dd|dt"
)
_SHOWN = re.compile("img|iframe|video|audio|embed|source")
_CONTROL = re.compile("form|button|select|textarea")

# Names of elements (class or id) that stand beside a report: of plug-ins and services, or that say it in words.
_BESIDE = re.compile(
    r"""(?ix)
    feedflare | sharedaddy | sd-(?:sharing|like|social|block|content)[\w-]* | addtoany[\w-]* | a2a_[\w-]*
    | addthis[\w-]* | sharethis[\w-]* | shareaholic[\w-]* | essb_[\w-]* | ssba[\w-]* | heateor[\w-]* | mf-viral
    | fb-(?:like|share)[\w-]* | twitter-share-button | g-plusone | printfriendly
    | (?:social|post|article|entry)?[-_]?shar(?:e|es|ing)
      (?:[-_](?:this|buttons?|links?|bar|tools?|widget|icons?|counts?|box|block|container|list|post))?
    | social[-_](?:buttons?|links?|icons?|media|bar|widget|likes?|counts?) | (?:boutons?-)?partage(?:r|s)?
    | jp-relatedposts | related[-_]?(?:posts?|articles?|links?|stories|news|content|items|reading|box|block|widget)?
    | yarpp[\w-]* | crp_related | rp4wp[\w-]* | wp_rp[\w-]* | outbrain[\w-]* | taboola[\w-]* | zergnet[\w-]*
    | recommended(?:[-_](?:posts?|articles?|stories))? | (?:a-)?lire-aussi | articles?-(?:lies?|similaires)
    | leia-(?:tambem|mais) | veja-tambem | lea-tambien | noticias-relacionadas
    | ads? | advert(?:s|isement|isements|ising)? | adsbygoogle | (?:google|dfp|banner|inline|text)[-_]?ads?(?:[-_]\w+)*
    | ad[-_]?(?:slot|unit|container|wrapper|block|banner|box|space|zone)(?:[-_]\w+)*
    | publicite | publicidade? | more-link | read-?more | moretag
    | (?:post|page|entry|article|view|comment|share|like)s?[-_]?(?:views?|counts?|counters?|hits)
    | comments?-link | (?:kk-star-|post-?)?ratings? | wp-postratings[\w-]*
    """
)
_MOMENT = re.compile(r"(?i)(?:[\w-]*[-_])?(?:time|date|timestamp|time-?ago|ago|posted(?:-on)?|updated|count(?:er)?)")
_BESIDE_WORDS = 25  # more words than these, of which most are no links, are a report and not what stands beside it

# Addresses of pixels, of advertisements and of "share this".
_SERVICE = re.compile(
    r"""(?ix)
    /~(?:a|f|ff|4)/ | //feeds\.wordpress\.com/1\.0/ | (?:^|//|\.)(?:feedads\.g\.)?doubleclick\.net
    | googlesyndication\.com | //(?:da|pi|res|rc|share|adchoice)\.feedsportal\.com | /(?:a2t?\.im|mf\.gif)
    | //(?:pixel|stats)\.wp\.com
    | //stats\.wordpress\.com | quantserve\.com | scorecardresearch\.com | google-analytics\.com | addtoany\.com
    | addthis\.com | sharethis\.com | facebook\.com/(?:sharer|share\.php|plugins/(?:like|share)) | outbrain\.com
    | (?:twitter|x)\.com/(?:intent|share|home\?status) | plus\.google\.com/share | taboola\.com
    | (?:api\.whatsapp\.com|whatsapp:/)/send | //wa\.me/\?text | //t\.me/share | linkedin\.com/share | ^mailto:\?
    | pinterest\.com/pin/create | reddit\.com/submit | /pixel\.(?:gif|png)
    """
)
_ONE_PIXEL = re.compile(r"(?i)(?:^|;)\s*(?:(?:max-)?(?:width|height)\s*:\s*[01](?:px)?|display\s*:\s*none)\s*(?:;|$)")
# Parameters of sessions, caches and signatures; those that are such if their value is as long as a moment or a session;
# and how a picture is wanted.
_PASSING = re.compile(
    r"""(?ix) x-amz-.* | (?:php|asp|j)?sess(?:ion)?_?id | nonce | _wpnonce | token | sig(?:nature)? | hash | expires
    | policy | key-pair-id | _ | cb | cachebust(?:er)? | nocache | rand(?:om)? | rnd | replytocom | share"""
)
_IF_LONG = re.compile(r"(?i)(?:v|ver|version|t|ts|time|timestamp|r|m|mtime|lm)=[\d.]{9,}|s?id=[0-9a-f]{24,}")
_ASKED_OF_A_PICTURE = re.compile(
    r"(?i)w|h|width|height|resize|fit|crop|quality|q|ssl|strip|format|fm|auto|dpr|s|zoom|v|ver|t|ts|r|itok|imwidth"
)
_SESSION = re.compile(r"(?i);jsessionid=[^/;?#]*")
_SIZE = re.compile(r"-\d{2,4}x\d{2,4}(?=\.\w{3,4}$)")


@dataclass(slots=True)
class _Reading:
    said: list[str] = field(default_factory=list)
    # elements that are open: name, where they begin in `said`, and whether link, beside, moment or ""
    open: list[tuple[str, int, str]] = field(default_factory=list)


def marked(text: Text) -> str:
    """The words of a text in the form that this module describes."""
    if text.type == "text/plain":
        return _MARKS.sub("", text.value)
    value = _MARKS.sub("", text.value)
    for begin, end in _UNREAD:
        value = _without(value, begin, end)
    reading, at = _Reading(), 0
    for tag in _TAG.finditer(value):
        reading.said.append(_words(value[at : tag.start()]))
        at = tag.end()
        if tag[2]:
            _read_tag(reading, tag[2].lower(), tag[1] == "/", tag[3])
    reading.said.append(_words(value[at:]))
    _close(reading, 0, ended=False)
    return "".join(reading.said)


def _words(value: str) -> str:
    return _MARKS.sub("", unescape(value)).replace("\n", " ")


def _without(value: str, begin: re.Pattern[str], end: re.Pattern[str]) -> str:
    kept, at = [], 0
    while (first := begin.search(value, at)) and (last := end.search(value, first.end())):
        kept += [value[at : first.start()], " "]
        at = last.end()
    return "".join((*kept, value[at:]))


def _read_tag(reading: _Reading, name: str, ends: bool, attributes: str) -> None:
    if _BLOCK.fullmatch(name):
        reading.said.append("\n")
    if ends:
        _close_element(reading, name)
    else:
        said = _ATTRIBUTE.findall(attributes)
        _open_element(reading, name, {key.lower(): unescape(a or b or c) for key, a, b, c in said})


def _open_element(reading: _Reading, name: str, said: Mapping[str, str]) -> None:
    if _BLOCK.fullmatch(name) and reading.open and (reading.open[-1][0] == "p" or reading.open[-1][0] == name == "li"):
        _close(reading, len(reading.open) - 1)  # HTML ends these by themselves
    if _ITEM.fullmatch(name):
        reading.said.append("\ue005")
    if _SHOWN.fullmatch(name):
        reading.said.append(_shown(said))
    if not _VOID.fullmatch(name):
        what = _what(name, said)
        reading.open.append((name, len(reading.said), what))
        if what == "link":
            reading.said.append(f"\ue000{address(said['href'])}\ue002")
        elif what == "moment":
            reading.said.append("\ue004")


def _what(name: str, said: Mapping[str, str]) -> str:
    if _CONTROL.fullmatch(name) or _is_named(said, _BESIDE) or _SERVICE.search(said.get("href", "")):
        return "beside"
    if name == "a" and "href" in said:
        return "link"
    return "moment" if name == "time" or _is_named(said, _MOMENT) else ""


def _is_named(said: Mapping[str, str], names: re.Pattern[str]) -> bool:
    return any(names.fullmatch(name) for name in f"{said.get('class', '')} {said.get('id', '')}".split())


def _close_element(reading: _Reading, name: str) -> None:
    depth = len(reading.open)
    for place in range(depth - 1, max(depth - 200, 0) - 1, -1):  # bounded: nobody nests deeper and means it
        if reading.open[place][0] == name:
            return _close(reading, place)
    return None


def _close(reading: _Reading, place: int, ended: bool = True) -> None:
    """Ends all elements from that place on. One that never ended is not left out: nobody can say how far it reaches."""
    for _, start, what in reversed(reading.open[place:]):
        if what == "link":
            reading.said.append("\ue001")
        elif what == "moment":
            reading.said.append("\ue004")
        elif what == "beside" and ended and _stands_beside("".join(reading.said[start:])):
            del reading.said[start:]
    del reading.open[place:]


def _stands_beside(said: str) -> bool:
    words = len(_ADDRESS.sub("", said).split())
    return words <= _BESIDE_WORDS or sum(len(linked.split()) for linked in _LINKED.findall(said)) * 2 >= words


def _shown(said: Mapping[str, str]) -> str:
    """A picture or a player: its address and the words that stand for it; nothing for a pixel."""
    named = said.get("data-lazy-src") or said.get("data-src") or said.get("src", "")
    tiny = {said.get("width", "").removesuffix("px"), said.get("height", "").removesuffix("px")} & {"0", "1"}
    if not named or named.startswith("data:") or tiny or _ONE_PIXEL.search(said.get("style", "")):
        return " "
    if _SERVICE.search(named):
        return " "
    return f" \u27e8{address(named, picture=True)}\u27e9 {_words(said.get('alt', ''))} "


def address(url: str, *, picture: bool = False) -> str:
    """An address as `document_of` has it, without sessions and parameters that get around a cache, which vary from one
    reading to the next; of a picture without the host (copies take turns) and its size too. For comparing only.
    """
    url = _SESSION.sub("", _MARKS.sub("", "".join(url.split())))
    document = document_of(url, partial(_passes, picture=picture))
    if picture:
        place, mark, query = document.partition("?")
        document = _SIZE.sub("", re.sub("^//[^/]*", "", place)) + mark + query
    return _MARKS.sub("", "".join(document.split()))


def _passes(name: str, value: str, *, picture: bool) -> bool:
    if _PASSING.fullmatch(name) or (picture and _ASKED_OF_A_PICTURE.fullmatch(name)):
        return True
    return bool(_IF_LONG.fullmatch(f"{name}={value}"))
