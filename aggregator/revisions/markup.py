"""Markup read for comparing: words, links and pictures, without what its own markup shows to be volatile.

It alone knows by which names share buttons, counters, advertisements, pixels and rotating lists go. The form it
returns: a line a paragraph; U+E000 address U+E002 words U+E001 for a link; U+E004 at both ends of a time or a counter;
U+E005 before an item of a list or a cell; an address in brackets (U+27E8, U+27E9) for a picture or a player.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

from msgspec import Struct, field

from aggregator.model import Text
from aggregator.text.pictures import address_of, is_service
from aggregator.text.tags import TAG, attributes, without_unread
from aggregator.text.urls import steady_of

_MARKS = re.compile("[\ue000-\ue005\u27e8\u27e9]")
_LINKED = re.compile("\ue000[^\ue000-\ue002]*\ue002([^\ue000-\ue002]*)\ue001")
_ADDRESS = re.compile("\ue000[^\ue000-\ue002]*\ue002|\u27e8[^\u27e9]*\u27e9")

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


class _Reading(Struct):
    said: list[str] = field(default_factory=list)
    # elements that are open: name, where they begin in `said`, and whether link, beside, moment or ""
    open: list[tuple[str, int, str]] = field(default_factory=list)


def marked(text: Text) -> str:
    """The words of a text in the form that this module describes."""
    if text.type == "text/plain":
        return _MARKS.sub("", text.value)
    value = without_unread(_MARKS.sub("", text.value))
    reading, at = _Reading(), 0
    for tag in TAG.finditer(value):
        reading.said.append(_words(value[at : tag.start()]))
        at = tag.end()
        if tag[2]:
            _read_tag(reading, tag[2].lower(), tag[1] == "/", tag[3])
    reading.said.append(_words(value[at:]))
    _close(reading, 0, ended=False)
    return "".join(reading.said)


def _words(value: str) -> str:
    return _MARKS.sub("", unescape(value)).replace("\n", " ")


def _read_tag(reading: _Reading, name: str, ends: bool, said: str) -> None:
    if _BLOCK.fullmatch(name):
        reading.said.append("\n")
    if ends:
        _close_element(reading, name)
    else:
        _open_element(reading, name, attributes(said))


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
            reading.said.append(f"\ue000{_compared(said['href'])}\ue002")
        elif what == "moment":
            reading.said.append("\ue004")


def _what(name: str, said: Mapping[str, str]) -> str:
    if _CONTROL.fullmatch(name) or _is_named(said, _BESIDE) or is_service(said.get("href", "")):
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
    named = address_of(said)
    return f" \u27e8{_compared(named, picture=True)}\u27e9 {_words(said.get('alt', ''))} " if named else " "


def _compared(url: str, *, picture: bool = False) -> str:
    return _MARKS.sub("", steady_of(url, picture=picture))
