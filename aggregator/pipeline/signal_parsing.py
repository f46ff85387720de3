"""Reads what a page's head and a document of RSL say to machines. Runs in the parsing processes, as all that reads what
came over the network as HTML or XML.
"""

from __future__ import annotations

from aggregator.model.errors import ParseError
from aggregator.model.signals import RSL_TYPE, Signal
from aggregator.parse import rsl
from aggregator.parse.head import head_of
from aggregator.rights import signal_forms


def of_head(head: bytes, url: str, about: str) -> tuple[tuple[Signal, ...], tuple[str, ...]]:
    """What the head of the page at `url` says of the report `about`, and the documents of RSL that it names."""
    said = head_of(head, url)
    found = signal_forms.of_head(said, about)
    for inline in said.inline:
        try:
            found += signal_forms.of_rsl(rsl.read(inline.encode()), about, about, "meta")
        except ParseError:
            continue
    return found, tuple(href for href, media_type in said.licences if media_type == RSL_TYPE)


def of_rsl(document: bytes, url: str, origin: str) -> tuple[Signal, ...]:
    """What the document of RSL at `url` says for the site `origin`. Raises ParseError."""
    return signal_forms.of_rsl(rsl.read(document), url, origin)
