"""Which report is meant: by its id, by the beginning of its id, or by its link at its publisher's."""

from __future__ import annotations

import re

from aggregator.identity import keys_of_link
from aggregator.model import NamedReport
from aggregator.store import Store
from aggregator.text.urls import as_http, document_of, without_fragment

FEWEST = 6  # characters of an id that may stand for it: among a million reports about one in a thousand has a double
MOST = 9  # reports that are returned where several may be meant
_LENGTH = 16
_ID = re.compile(rf"[a-z2-7]{{{FEWEST},{_LENGTH}}}")
_VERSION = re.compile(r"(.+)@([1-9][0-9]{0,8})")


def without_version(reference: str) -> tuple[str, int | None]:
    """A reference as `ID@2`, as ID and the number of the version; None: it names no version. A link never does."""
    found = _VERSION.fullmatch(reference)
    return (found[1], int(found[2])) if found and _ID.fullmatch(found[1]) else (reference, None)


def found(store: Store, reference: str, *, desk: bool) -> list[NamedReport]:
    """The reports that may be meant, at most MOST; one for an id in full. Of links that are near enough to the one
    asked for the nearest count: the very same address, then the same document, then the same page. `desk`: whoever asks
    may know of every report; else only of those that readers may know of.
    """
    if _ID.fullmatch(reference):
        return store.reports_beginning_with(reference, MOST, desk=desk)
    link = as_http(reference)
    if not link[:8].lower().startswith(("http://", "https://")):
        return []
    # A fragment that a reader's browser added is no part of what the publisher gave.
    for asked in dict.fromkeys((link, without_fragment(link))):
        if there := store.reports_under_keys(keys_of_link(asked), desk=desk):
            return _nearest(there, asked)[:MOST]
    return []


def _nearest(there: list[NamedReport], link: str) -> list[NamedReport]:
    same = [each for each in there if each.url == link]
    document = document_of(link)
    return same or [each for each in there if each.url and document_of(each.url) == document] or there
