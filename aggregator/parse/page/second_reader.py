"""What trafilatura and htmldate read of a page that does not say itself where its text stands, or of which day it is.

They take 180 ms and 20 MB to load, and many pages need neither: this file is loaded when it is called.
"""

from __future__ import annotations

import logging

from htmldate import find_date
from lxml import etree
from trafilatura import bare_extraction
from trafilatura.settings import Document

from aggregator.parse.page.body import cleaned
from aggregator.parse.page.times import Stated
from aggregator.parse.page.tree import FOR_OTHERS, Element, for_others, spaced
from aggregator.text.dates import read_date

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # a page without a text is no fault of the wire


def paragraphs_of(root: Element) -> list[str]:
    """By trafilatura."""
    page = for_others(root)
    etree.strip_elements(page, *FOR_OTHERS, with_tail=False)
    found = bare_extraction(page, include_comments=False, with_metadata=False, fast=True)
    text = found.text if isinstance(found, Document) else None
    return cleaned(spaced(each.removeprefix("- ")) for each in (text or "").split("\n"))


def day_of(root: Element, url: str) -> Stated | None:
    """By htmldate."""
    try:
        found = find_date(
            for_others(root), url=url, original_date=True, extensive_search=False, deferred_url_extractor=True
        )
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):  # of what it reads
        return None
    moment = read_date(found)
    return Stated(found, moment, "htmldate") if found and moment else None
