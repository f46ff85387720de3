"""Entries as versions up to 0.10.0 read them: without words in elements that those passed over (`Text.element`).

What is compared with what such a version stored is compared in that reading: to read more of an entry is no change of
its publisher's. Its words come with the next version of the report, when the publisher changes anything in it.
"""

from __future__ import annotations

from msgspec.structs import replace

from aggregator.model import Entry, Text


def as_read_before(entry: Entry) -> Entry:
    """Itself, where nothing of it was passed over."""
    media = entry.media
    if any(_is_passed_over(each.caption) for each in media):
        media = tuple(replace(each, caption=None) if _is_passed_over(each.caption) else each for each in media)
    elif not any(map(_is_passed_over, entry.content)):
        return entry
    return replace(entry, content=tuple(text for text in entry.content if not _is_passed_over(text)), media=media)


def _is_passed_over(text: Text | None) -> bool:
    return text is not None and text.element is not None
