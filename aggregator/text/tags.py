"""Tags of HTML in a publisher's words: where they stand and what their attributes say, in time that grows with the
length of the words alone.
"""

from __future__ import annotations

import re
from html import unescape

# Possessive and bounded, so that no document makes it slow. What stands in pointed brackets and is no proper tag is
# skipped as a browser would. Groups: "/" of an end tag, name, attributes.
TAG = re.compile(
    r"""(?x) <(/?)([a-zA-Z][\w:-]{0,40})
    ((?:[\s/]+(?:[^\s=<>/"']{1,200}(?:\s*=\s*(?:"[^"]{0,6000}"|'[^']{0,6000}'|[^\s"'<>][^\s<>]{0,2000})?)?)?)*+) >
    | <[/!?][^<>]{0,3000}> | <[a-zA-Z][^<>]{0,3000}>"""
)
_ATTRIBUTE = re.compile(r"""([^\s=<>/"']+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>][^\s<>]*))""")
# What no reader sees: where it begins, and where it ends.
UNREAD = tuple(
    (re.compile(begin), re.compile(end))
    for begin, end in (
        ("<!--", "-->"),
        (r"(?i)<script\b", r"(?i)</script\s*>"),
        (r"(?i)<style\b", r"(?i)</style\s*>"),
        (r"(?i)<svg\b", r"(?i)</svg\s*>"),
    )
)


def attributes(said: str, names: frozenset[str] | None = None) -> dict[str, str]:
    """What `TAG` found behind a name: values by names in small letters, references resolved. `names`: those wanted."""
    found = {key.lower(): a or b or c for key, a, b, c in _ATTRIBUTE.findall(said)}
    if names is not None:
        found = {key: found[key] for key in names & found.keys()}
    return {key: unescape(value) for key, value in found.items()} if "&" in said else found


def without_unread(value: str) -> str:
    """Markup with a blank for each part that no reader sees; one that never ends is kept."""
    for begin, end in UNREAD:
        kept, at = [], 0
        while (first := begin.search(value, at)) and (last := end.search(value, first.end())):
            kept += [value[at : first.start()], " "]
            at = last.end()
        value = "".join((*kept, value[at:])) if kept else value
    return value


# As HTML 13.2.5 reads it, to the letter: what is counted must be what a parser opens. Groups: a tag that never ends,
# CDATA, "/" of an end tag, its name.
_TOKEN = re.compile(
    r"""(?xs) <!--(?:-?>|.*?(?:--!?>|\Z)) | (?P<cdata><!\[CDATA\[)
    | <(?P<end>/?)(?P<name>[A-Za-z][^\t\n\f\r />]*+)
    (?:[\t\n\f\r /]*+[^\t\n\f\r />][^\t\n\f\r />=]*+
    (?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:"[^"]*+"|'[^']*+'|(?!["'])[^\t\n\f\r >]*+))?+)*+[\t\n\f\r /]*+>
    | (?P<endless></?[A-Za-z]) | <[!?/][^>]*+>?"""
)
# Elements that have no end, or that end before the next of their kind and stand within others that are counted.
_SHALLOW = "area base br col embed hr img input link meta param source track wbr p li dd dt tr td th thead tbody tfoot"
_NEVER_DEEP = frozenset(_SHALLOW.split())
_FEW_TAGS, _FEW_REFERENCES = 1_000, 50_000
_MOST_WORK = 2_000_000  # elements that are open, counted at each tag
_MOST_PAIRS = 20_000_000_000  # of references between two tags


def is_tangled(markup: str) -> bool:
    """Whether it has so many elements that are open at once, or so many references in one piece, that to read it as
    browsers do takes time out of all proportion: parsers look at all open elements at each tag. No report is so. The
    answer takes time that grows with the length alone.
    """
    if markup.count("&") > _FEW_REFERENCES:
        pairs = sum(piece.count("&") ** 2 for piece in markup.split("<"))
        if pairs > _MOST_PAIRS:
            return True
    if markup.count("<") <= _FEW_TAGS:
        return False
    opened: list[str] = []
    work = hidden = 0
    for token in _TOKEN.finditer(markup):
        if token["endless"]:  # a parser drops the rest
            break
        hidden += token["cdata"] is not None  # in which some parsers read no end tag
        name = (token["name"] or "").lower()
        if token["end"]:
            if opened and opened[-1] == name:  # of others it is not certain that they close anything
                opened.pop()
        elif name and name not in _NEVER_DEEP:
            opened.append(name)
        work += len(opened) + hidden
        if work > _MOST_WORK:
            return True
    return False
