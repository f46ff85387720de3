"""Reads the page of one report. Runs in the parsing processes, as all that reads what came over the network as HTML."""

from __future__ import annotations

from aggregator.model import FetchResult, Page
from aggregator.parse.page import page_of


def read(result: FetchResult, with_text: bool) -> Page:
    """What the page in an answer says; raises ParseError."""
    return page_of(result, with_text=with_text)
