"""What speaks against stored decisions: entries that were taken for one report, or for two, by rules that were mended.

For a person who decides; each function returns a reason in one sentence, or None. Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.identity.advertising import is_advertising
from aggregator.identity.evidence import is_spelled_alike
from aggregator.identity.keys import link_of, place_of
from aggregator.model import Entry
from aggregator.text import html as text
from aggregator.text.folding import fold, opening
from aggregator.text.urls import is_front_page, without_fragment

_SAME_DATE = timedelta(hours=12)


def why_two(before: Entry, after: Entry) -> str | None:
    """Why two entries that were taken for one report by a weaker key may be two."""
    if is_advertising(_headline(before)) != is_advertising(_headline(after)):
        return "one of them is labelled as advertising"
    here, there = _place(before), _place(after)
    if not (here and there) or here == there or not (before.id and after.id):
        return None
    if without_fragment(here) == without_fragment(there):
        return "their addresses differ by the fragment, as a report's and that of a comment on it"
    if without_fragment(before.id) == without_fragment(after.id) or _opening(before) != _opening(after):
        return None
    if is_spelled_alike(_headline(before), _headline(after)):
        return None
    return "their guids and addresses differ, and so does a word of the headline, such as the name of a town"


def why_another(before: Entry, after: Entry, dates: tuple[datetime | None, datetime | None]) -> str | None:
    """Why two versions of one report may be two reports. `dates`: when they were published, as they state it."""
    here, there = _place(before), _place(after)
    if (
        not (here and there)
        or without_fragment(here) == without_fragment(there)
        or not before.id
        or before.id != after.id
    ):
        return None
    if None in dates or abs(dates[0] - dates[1]) <= _SAME_DATE:  # type: ignore[operator]
        return None
    if _headline(before) == _headline(after) and _opening(before) == _opening(after):
        return None
    return "one guid came with another address, date and words"


def why_one(one: Entry, other: Entry) -> str | None:
    """Why two reports may be one that is held twice."""
    here, there = _place(one), _place(other)
    if not here or here != there or is_front_page(here):
        return None
    if one.id and one.id == other.id:
        return "one guid and one address"
    if one.id or other.id:
        return None
    return "one address, and no guids"


def _place(entry: Entry) -> str | None:
    link = link_of(entry)
    return place_of(link) if link else None


def _headline(entry: Entry) -> str:
    return fold(text.one_line(entry.title))


def _opening(entry: Entry) -> str:
    return opening(text.plain(entry.content[0] if entry.content else entry.summary))
