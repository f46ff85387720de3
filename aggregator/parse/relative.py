"""What relative addresses in the words of an entry are relative to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit, urlunsplit

from aggregator.model import Text
from aggregator.parse.xml import LONGEST_BASE
from aggregator.text.urls import resolved, without_user

_WEB = ("http://", "https://")
# An attribute `src` or `href` whose address has no scheme, and is more than a mark on the page itself.
_RELATIVE = re.compile(
    r"""=(?:(?<=[\s"'][sS][rR][cC]=)|(?<=[\s"'][hH][rR][eE][fF]=))["']?+\s*+(?![\#&"'>\s]|[A-Za-z][A-Za-z0-9+.-]*+:|\Z)"""
)


def base_of(words: Iterable[Text | None], in_scope: Callable[[Text], str], otherwise: str) -> str | None:
    """`words`: the texts of an entry; `in_scope`: the xml:base of one of them, "" for none; `otherwise`: what the
    entry's own links are relative to. None where no address in the words is relative.

    It has no user name and no query: resolving needs neither, and in the address that was fetched they may be a secret.
    """
    text = next((text for text in words if text and is_relative(text)), None)
    if text is None:
        return None
    stated = in_scope(text)
    for base in (resolved(otherwise, stated) if stated else "", otherwise):
        if base.startswith(_WEB) and len(base) <= LONGEST_BASE:
            try:
                parts = urlsplit(without_user(base))
            except ValueError:  # e.g. a bracket in the host's place
                continue
            return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    return None


def is_relative(text: Text) -> bool:
    """Whether it has a relative address in it."""
    return text.type != "text/plain" and _RELATIVE.search(text.value) is not None
