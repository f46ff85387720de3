"""The text of a report as plain paragraphs: its own words, without what a page puts between and around them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aggregator.parse.page.headline import letters
from aggregator.parse.page.tree import SILENT, Element, is_longer, named, spaced, words

_HEADINGS = frozenset(("h2", "h3", "h4", "h5", "h6"))
_LEAVES = frozenset(("p", "li", "blockquote", "pre", "dd", "dt", *_HEADINGS))
_HOLDING = (
    "div section article main header ul ol dl td tr tbody table center span font blockquote li figure details strong b "
    "em i body"
)
_FLOW = frozenset(_HOLDING.split())
_NO_WORDS = SILENT | frozenset(("figure", "figcaption", "picture", "video", "audio", "table", "form", "nav", "aside",
                                "footer"))  # fmt: skip
_CAPTION = re.compile(
    r"(?:^|[\s_-])(?:wp-caption\w*|wp-caption-\w+|captions?|caption-\w+|\w+-caption|tr-caption\w*|credits?"
    r"|copyright|legende?|"
    r"photo-?(?:credit|caption)|image-?(?:credit|caption|meta)|gallery\w*|spip_doc_\w+|spip_documents)(?:$|[\s_-])"
)
# The line of author, date and place above a text, where its class says so.
_META = re.compile(
    r"(?:^|[\s_-])(?:meta|metadata|byline|by-line|author|authors|dateline|date|time|timestamp|post-?meta|entry-?meta|"
    r"article-?meta|published|posted-?on|updated|info-?publication|reading-?time|kicker|category|categories"
    r"|cat-links|rubrique)"
    r"(?:$|[\s_-])"
)
_LONGEST_META, _BEFORE_HEADLINE = 160, 400  # characters
# What pages put between paragraphs. At the beginning of a short one, in the languages of the publishers that we know.
_BETWEEN = re.compile(
    r"""(?xi) ^\W*(?:
    (?:also\s+read|read\s+also|read\s+more|read\s+next|read\s+full|see\s+also|related(?:\s+(?:stories|articles|news
    |posts|content))?
    | more\s+on\s+this | you\s+may\s+also\s+like | recommended(?:\s+for\s+you)? | must\s+read | watch\s+also
    | also\s+watch
    | don['’]?t\s+miss | editor['’]?s\s+(?:picks?|choice) | trending | in\s+other\s+news
    | lire\s+aussi | [àa]\s+lire(?:\s+(?:aussi|également|sur|[ée]galement))? | lire\s+[ée]galement
    | lire\s+la\s+suite | voir\s+aussi
    | [àa]\s+voir\s+(?:aussi|[ée]galement) | sur\s+le\s+m[êe]me\s+sujet | retrouvez\s+aussi
    | leia\s+(?:tamb[ée]m|mais|ainda) | veja\s+(?:tamb[ée]m|mais) | saiba\s+mais | lea\s+tambi[ée]n | lee\s+tambi[ée]n
    | te\s+puede\s+interesar | ver\s+tambi[ée]n | lees\s+ook | lesen\s+sie\s+auch | mehr\s+zum\s+thema
    | auch\s+interessant
    | baca\s+juga | soma\s+(?:pia|zaidi|na) | soma(?=\s*:) | karanta(?:\s+wannan)?(?=\s*:) | lees\s+meer
    | اقرأ\s+(?:أيضا|أيضًا|المزيد) | إقرأ\s+(?:أيضا|أيضًا|المزيد) | اقرا\s+ايضا | شاهد\s+أيض
    | читайте\s+также)\b\s*[:：>»|\-–—]*
    )"""
)
_LONGEST_BETWEEN = 220  # characters
# A whole short paragraph that asks the reader for something, or says who owns the page.
_ASIDE = re.compile(
    r"""(?xi) ^\W*(?:
    advertisements?\b | publicit[ée]\W*$ | publicidade?\W*$ | anzeige\W*$ | sponsored\b.{0,40}$ | (?:story
    |article)\s+continues\s+below.*
    | share\s+(?:this|on|via)\b.* | partager?\s+(?:sur|cet|l).* | share\W*$ | partager\W*$ | compartilh\w+\W*$
    | tweet\W*$ | print\W*$ | imprimer\W*$
    | (?:like\s+and\s+)?follow\s+(?:us|@|our)\b.* | suivez[\s-]nous.* | siga[\s-]nos.* | join\s+(?:us|our
    |the)\b.*(?:whatsapp|telegram|channel|group).*
    | subscribe\s+(?:to|now|for|here)\b.* | sign\s+up\s+(?:to|for|here|now)\b.* | abonnez[\s-]vous.*
    | inscrivez[\s-]vous.*
    | click\s+here\b.* | cliquez\s+ici\b.* | download\s+(?:the|our)\b.*\bapp\b.* | support\s+(?:our|independent)\b.*
    | donate\b.*
    | (?:©|\(c\)|copyright\b).{0,120}$ | .{0,60}all\s+rights\s+reserved\W*$ | tous\s+droits\s+r[ée]serv[ée]s.*
    | (?:photo|image|picture|photos|cr[ée]dit(?:\s+photo)?|photo\s+credits?|image\s+credits?)\s*[:©/|].{0,120}$
    | loading\W*$ | leave\s+a\s+(?:comment|reply).* | comments?\W*$ | tags?\s*:.* | filed\s+under\b.*
    | mots[\s-]cl[ée]s\s*:.*
    | (?:send\s+us|contact\s+us|whatsapp\s+us)\b.{0,100}@.* | your\s+browser\s+does\s+not\s+support.*
    | this\s+(?:site|website)\s+uses\s+cookies.* | please\s+enable\s+javascript.*
    )"""
)
_LONGEST_ASIDE = 200
_SENTENCE = re.compile(r"[.!?…。।؟።:;\"”»)]\W*$")


def paragraphs_in(body: Element) -> list[str]:
    """The paragraphs of a report that stand in an element."""
    found: list[str] = []
    _walk(body, found)
    return cleaned(found)


def _walk(element: Element, found: list[str]) -> None:
    """Elements that hold blocks are gone through; words directly within them, between `br`, are paragraphs too."""
    loose: list[str] = [element.text or ""]

    def end() -> None:
        for piece in "".join(loose).split("\n\n"):
            if said := spaced(piece):
                found.append(said)
        loose.clear()

    previous = ""
    for child in element:
        name = child.tag
        if name == "h1":  # the headline; what a page puts before it is no text
            end()
            if sum(map(len, found)) < _BEFORE_HEADLINE:
                found.clear()
        elif not isinstance(name, str) or name in _NO_WORDS or _is_beside(child) or _is_apart(child):
            if name == "table" and not _is_beside(child):
                end()
                _walk_table(child, found)
        elif name in _LEAVES and not _holds_blocks(child):
            end()
            found.extend(_of_leaf(child))
        elif name == "br":
            loose.append("\n\n" if previous == "br" or element.tag in ("div", "section", "td", "article") else " ")
        elif name in _FLOW and _holds_blocks(child):
            end()
            _walk(child, found)
        elif name in ("div", "section", "article", "header", "td", "center"):
            end()
            found.extend(_of_leaf(child))
        else:
            loose.append(words(child, _NO_WORDS))
        loose.append(child.tail or "")
        previous = name if not (child.tail or "").strip() else ""
    end()


def _is_apart(element: Element) -> bool:
    """Whether it is a time that stands alone, not one within a sentence."""
    return element.tag == "time" and not (element.tail or "").strip()


def _walk_table(table: Element, found: list[str]) -> None:
    """A table that lays out words is gone through; one of figures is left out of the text."""
    if any(len(words(each, _NO_WORDS)) > 200 for each in table.iter("td")):
        for cell in table.iter("td"):
            if not any(True for _ in cell.iter("table")):
                _walk(cell, found)


def _holds_blocks(element: Element) -> bool:
    return any(
        each.tag in _LEAVES or each.tag in ("div", "section", "table", "ul", "ol") for each in element.iterdescendants()
    )


def _is_beside(element: Element) -> bool:
    name = named(element)
    if not name.strip():
        return False
    if _CAPTION.search(name) and element.tag != "body":
        return True
    return _META.search(name) is not None and element.tag != "li" and not is_longer(element, _LONGEST_META)


def _of_leaf(element: Element) -> list[str]:
    """A paragraph, or several that stand in one with two `br` between them; none where all of it is a link."""
    said = words(element, _NO_WORDS)
    if not said or _is_date(element, said):
        return []
    linked = sum(len(words(each, _NO_WORDS)) for each in element.iter("a"))
    if linked >= 0.9 * len(said) and element.tag not in _HEADINGS and not _SENTENCE.search(said[:-1] + said[-1:]):
        return []
    if linked >= 0.95 * len(said) and len(said) > 20:
        return []
    if sum(1 for each in element.iter("br")) < 2:
        return [said]
    copy: list[str] = []
    _with_breaks(element, copy)
    pieces = re.split(r"\n\s*\n", "".join(copy))
    return [line for each in pieces if (line := spaced(each))]


def _is_date(element: Element, said: str) -> bool:
    """Whether a line is a date and little more."""
    dated = sum(len(words(each)) for each in element.iter("time"))
    return dated > 0 and dated >= _MOSTLY * len(said)


_MOSTLY = 0.5


def _with_breaks(element: Element, copy: list[str]) -> None:
    copy.append(spaced_inside(element.text))
    for child in element:
        if child.tag == "br":
            copy.append("\n")
        elif isinstance(child.tag, str) and child.tag not in _NO_WORDS:
            _with_breaks(child, copy)
        copy.append(spaced_inside(child.tail))


def spaced_inside(said: str | None) -> str:
    return re.sub(r"\s+", " ", said) if said else ""


def cleaned(paragraphs: Iterable[str]) -> list[str]:
    """Without what pages put between paragraphs, without headings that nothing follows, each paragraph once."""
    kept: list[str] = []
    seen: set[str] = set()
    for each in paragraphs:
        if not any(map(str.isalnum, each)):
            continue
        if len(each) <= _LONGEST_BETWEEN and _BETWEEN.match(each):
            continue
        if len(each) <= _LONGEST_ASIDE and _ASIDE.match(each):
            continue
        if len(each) > 60 and each in seen:
            continue
        seen.add(each)
        kept.append(each)
    return kept


# What a page calls the sentences between headline and text.
_STANDFIRST = re.compile(
    r"standfirst|excerpt|sub-?_?(?:title|head|heading|headline)|(?:^|[\s_-])(?:deck|dek|lead|lede|intro\w*|chapo"
    r"|chapeau|"
    r"summary|description|entradilla|bajada|abstract|preface|einleitung|vorspann|teaser|accroche|sapo|preamble|ingress|"
    r"introtext|spip_chapo|crayon-article-chapo)(?:$|[\s_\d-])"
)
_SHORTEST_STANDFIRST, _LONGEST_STANDFIRST = 30, 900  # characters


def standfirst(heading: Element | None, whole: Element, body: Element, said: frozenset[str]) -> list[str]:
    """The sentences that stand between a headline and the text below it. `said`: what is known to be so, such as the
    page's description of itself.
    """
    found: list[str] = []
    behind, done, looked_at = heading is None, None, 0
    for each in whole.iter():
        if each is body:
            break
        if each is heading:
            behind = True
        if (
            not behind
            or not isinstance(each.tag, str)
            or each.tag not in ("p", "h2", "h3", "div", "span", "strong", "section")
        ):
            continue
        if done is not None and any(outer is done for outer in each.iterancestors()):
            continue
        looked_at += 1
        if looked_at > _MOST_LOOKED_AT:
            break
        if is_longer(each, _LONGEST_STANDFIRST):
            continue
        text = words(each, _NO_WORDS)
        if not _SHORTEST_STANDFIRST <= len(text) <= _LONGEST_STANDFIRST or len(found) == _MOST_STANDFIRSTS:
            continue
        is_said = any(letters(text)[:_OPENING] == letters(other)[:_OPENING] for other in said)
        if is_said or (heading is not None and _is_standfirst(each, text)):
            found.append(text)
            done = each
    return cleaned(found)


_MOST_STANDFIRSTS, _MOST_LOOKED_AT = 3, 500
_OPENING = 60  # letters by which two sentences are known as one, of which the other is cut


def _is_standfirst(element: Element, text: str) -> bool:
    if _holds_blocks(element) and element.tag != "section":
        return False
    name = named(element) + " " + named(element.getparent())
    if _META.search(name) or _CAPTION.search(name):
        return False
    linked = sum(len(words(each)) for each in element.iter("a"))
    if linked > 0.5 * len(text):
        return False
    return _STANDFIRST.search(name) is not None or (element.tag == "p" and len(text) > 80)
