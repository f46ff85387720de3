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


def attributes(said: str) -> dict[str, str]:
    """What `TAG` found behind a name: values by names in small letters, references resolved."""
    return {key.lower(): unescape(a or b or c) for key, a, b, c in _ATTRIBUTE.findall(said)}


def without_unread(value: str) -> str:
    """Markup with a blank for each part that no reader sees; one that never ends is kept."""
    for begin, end in UNREAD:
        kept, at = [], 0
        while (first := begin.search(value, at)) and (last := end.search(value, first.end())):
            kept += [value[at : first.start()], " "]
            at = last.end()
        value = "".join((*kept, value[at:])) if kept else value
    return value
