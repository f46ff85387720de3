"""Readings of a publisher's words: plain text, an excerpt, and the folded form that search compares.

Nothing here changes what is stored of the publisher; these are our readings beside it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from html.entities import html5

import nh3

from aggregator.model import Entry, Text
from aggregator.text.persons import persons_of
from aggregator.text.tags import TAG, is_tangled

_BLOCK_END = re.compile(r"(?i)</(?:p|div|li|h[1-6]|blockquote|tr|dd|dt|figcaption|pre|section|article)\s*>|<br\s*/?>")
# Tags that hide, move or read no text (HTML, "in body" insertion mode), with attributes as they should be written. What
# nh3 leaves of a text that has no other "<" is the text without them; it takes seven times as long.
_SIMPLE = (
    "a abbr b big blockquote br center cite code del div em figcaption figure font h1 h2 h3 h4 h5 h6 hr i img ins li "
    "mark ol p q s small span strong sub sup time tt u ul"
)
_SIMPLE_TAG = re.compile(
    rf"</?(?:{'|'.join(_SIMPLE.split())})"
    r"(?:\s++[A-Za-z][-A-Za-z0-9_:]*+(?:=(?:\"[^\"<>]*+\"|'[^'<>]*+'))?+)*+\s*+/?>",
    re.ASCII,
)
# A reference to what is no usual sign: those who read HTML differ in what that is.
_ODD_REFERENCE = re.compile(r"&#(?!(?:3[2-9]|[4-9][0-9]|1[0-2][0-6]|1[6-9][0-9]|2[0-9]{2}|8[0-9]{3});)")
# Controls but tab and newlines, and lone surrogates: no text, and SQLite cannot hold the latter.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# Publishers that label windows-1252 as Latin-1 send quotes and dashes as C1 controls; browsers show what was meant
# (WHATWG HTML, "numeric character reference end state").
_WINDOWS_1252 = {code: said for code in range(0x80, 0xA0) if (said := bytes([code]).decode("cp1252", "ignore"))}
_SENTENCE_END = re.compile(r"(?<=[.!?…።؟۔])[\"'”’)\]]*(?:\s?»)?\s+|\n+")

# Publishers put whole reports into a headline, and what has no blanks is one word, however long. The longest headlines
# of newsrooms have about 200 characters, and the words of languages with long ones (Zulu, Finnish) ten and a blank.
MOST_HEADLINE, MOST_HEADLINE_WORDS = 300, 60  # characters, words
MOST_BYLINE = 300  # characters
# Elements that shape words; any other may be what a headline is about (<video>).
_BREAK = "blockquote br center div h1 h2 h3 h4 h5 h6 hr li ol p ul"
_SHAPE = (
    "a abbr acronym b big cite code del em embed font i iframe img ins mark nobr s script small span strike strong "
    "style sub sup tt u wbr"
)
_BREAKING, _SHAPING = frozenset(_BREAK.split()), frozenset(f"{_BREAK} {_SHAPE}".split())
# None of these looks beyond the next "<", so that their time grows with the length of what they read.
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)(?:[\s/][^<>]*)?>")
_HIDDEN = re.compile(r"<!--[^<]*?-->|<(script|style|iframe)(?:\s[^<>]*)?>[^<]*</\1\s*>", re.IGNORECASE)
_CDATA = re.compile(r"<!\[CDATA\[([^<]*?)\]\]>")
_REFERENCE = re.compile(r"&(?:#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6})(?:;|(?![0-9A-Za-z]))|([A-Za-z][A-Za-z0-9]*;))")
MOST_OF_DATE = 200  # characters of a literal, as in `dates`
_OF_A_WORD, _LONGEST_WORD = 12, 100  # characters of an excerpt: for each of its words on average, and of one
_LOOKED_AT = 10  # times as many characters of a text are looked at for one
_CUT = "…"


def plain(text: Text | None) -> str:
    """The words without markup: one line a paragraph, single spaces, character references resolved."""
    if text is None:
        return ""
    value = text.value
    if text.type != "text/plain" and ("<" in value or "&" in value):
        # Without tags, what they held apart is joined, so the ends of blocks become newlines first.
        value = html.unescape(_without_tags(_BLOCK_END.sub("\n", value.replace("\n", " "))))
    return "\n".join(filter(None, map(_line, value.split("\n"))))


def _line(said: str) -> str:
    """What is text of it, with single blanks."""
    if not said.isprintable():
        if _NOT_TEXT.search(said):
            said = _NOT_TEXT.sub("", said.translate(_WINDOWS_1252))
        return " ".join(said.split())
    return " ".join(said.split()) if "  " in said else said.strip()  # no other blank can be printed


def _without_tags(markup: str) -> str:
    """Of HTML what `html.unescape` makes plain."""
    words = _SIMPLE_TAG.sub("", markup)
    if not ("<" in words or "\r" in words or "\0" in words or ("&#" in words and _ODD_REFERENCE.search(words))):
        return words
    if is_tangled(markup):
        return TAG.sub("", markup)
    try:
        return nh3.clean(markup, tags=set())
    except UnicodeEncodeError:  # a lone surrogate, which JSON can say and UTF-8 cannot
        return nh3.clean(markup.encode("utf-8", "ignore").decode(), tags=set())


def with_elements(page: str, attributes: Mapping[str, set[str]], schemes: set[str]) -> str:
    """A page of HTML with these elements and attributes alone, well-formed, and with addresses of these schemes, or of
    none. It is read as browsers do, in time that grows with its length.
    """
    return nh3.clean(page, tags=set(attributes), attributes=dict(attributes), url_schemes=schemes, link_rel=None)


def one_line(text: Text | None) -> str:
    """`plain`, for a headline or a byline: without line breaks."""
    return " ".join(plain(text).split())


def clean_line(text: Text | None) -> str:
    """A headline or a name as its publisher means it, of any length. Tags, comments and references of HTML are read in
    every format: many write them where plain words belong, or escape them twice. What is no tag (`I <3 radio`) stays.
    """
    said = one_line(text)
    if text is None or ("<" not in said and "&" not in said):
        return said
    if text.type == "text/plain":
        said = _CDATA.sub(r"\1", _HIDDEN.sub("", _without_marks(_HIDDEN.sub("", said), is_plain=True)))
    said = _without_marks(_REFERENCE.sub(_resolved, said), is_plain=False)
    return one_line(Text(said, "text/plain"))


def _without_marks(said: str, is_plain: bool) -> str:
    """Without the tags of elements that shape words. Where it is not plain, tags that are left were escaped: only those
    that both begin and end there were so by mistake.
    """
    tags = {(is_end, name.lower()) for is_end, name in _TAG.findall(said)}

    def words(tag: re.Match[str]) -> str:
        name = tag[2].lower()
        is_mark = name in _SHAPING and (is_plain or {("", name), ("/", name)} <= tags)
        return (" " if name in _BREAKING else "") if is_mark else tag[0]

    return _TAG.sub(words, said)


def _resolved(reference: re.Match[str]) -> str:
    """A reference as the sign that it stands for; what only looks like one (`AT&T;`) as it is."""
    return html.unescape(reference[0]) if reference[1] is None or reference[1] in html5 else reference[0]


def headline(text: Text | None) -> str:
    """`clean_line`, at most MOST_HEADLINE long: what is longer is no headline, and ends in …"""
    return shortened(clean_line(text), MOST_HEADLINE, MOST_HEADLINE_WORDS)


def byline(names: Iterable[str]) -> str:
    """The names of a report's authors, as stated but for mail addresses, each once; '' for none."""
    said = (clean_line(Text(name, "text/plain")) for name in names)
    return ", ".join(dict.fromkeys(person.name for each in said for person in persons_of(each) if person.name))


def in_full(title: str, shown_byline: str | None, entry: Entry) -> tuple[str, str | None]:
    """A headline and a byline as they were said, where the readings that are held were cut; `entry`: all it said."""
    if title.endswith(_CUT) and entry.title:
        title = clean_line(entry.title)
    if shown_byline and shown_byline.endswith(_CUT):
        shown_byline = byline(person.name for person in entry.authors if person.name)
    return title, shown_byline


def shortened(words: str, most: int, most_words: int | None = None) -> str:
    """At most so many characters, and words with single blanks between them; what is longer is cut, between words where
    there are any, and ends in …
    """
    if len(words) > most:
        words = _begun(words, most - 1) + _CUT
    if most_words is not None and words.count(" ") >= most_words:
        words = " ".join(words.split(" ")[:most_words]) + _CUT
    return words


def _begun(words: str, most: int) -> str:
    """The first words, at most so many characters; where there is no blank, cut before a letter and not before a mark
    that belongs to one.
    """
    end = words.rfind(" ", 0, most + 1)
    if end < most // 2:
        end = most
        while end > 1 and unicodedata.category(words[end]) in ("Mn", "Mc", "Me", "Cf"):
            end -= 1
    return words[:end].rstrip()


_QUOTED = re.compile(r"(['\"]).*\1", re.DOTALL)


def unquoted(message: str) -> str:
    """An error's message on one line, without what it quotes: that may be a publisher's words, and records of polls
    outlast reports that are deleted.
    """
    return " ".join(_QUOTED.sub("...", message).split())


def excerpt(summary: str, text: str, max_words: int) -> str:
    """Whole sentences from the publisher's own summary, or else from the start of its text.

    At most `max_words` words, of a length that words have; a first sentence longer than that is cut between words and
    ends in " …".
    """
    most = _LONGEST_WORD + max_words * _OF_A_WORD
    return shortened(_excerpt(_beginning((summary or text).lstrip(), most * _LOOKED_AT), max_words), most)


def _beginning(text: str, most: int) -> str:
    """The first words, some `most` characters, so that a long text without the end of a sentence takes no longer."""
    begun = text[:most]
    return text if begun == text or not begun else begun.rsplit(None, 1)[0]


def _excerpt(rest: str, max_words: int) -> str:
    taken: list[str] = []
    room = max_words
    for sentence in _sentences(rest):
        words = len(sentence.split())
        if words > room:
            break
        taken.append(sentence)
        room -= words
    if taken or not rest:
        return " ".join(taken)
    return " ".join(rest.split()[:max_words]) + " …"


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if piece := text[start : end.end()].strip():
            yield piece
        start = end.end()
    if piece := text[start:].strip():
        yield piece
