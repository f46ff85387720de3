"""The way out: what the gate lets out, to bytes and text. A format is a file here and a line in `formats.FORMATS`.

What is rendered here is fit to be printed: every value has gone through `printable`, and a publisher's words are
indented, or stand in a place that is theirs, so that no line of them can pass for the name of another publisher.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any

from aggregator.output import citation, diff
from aggregator.output.columns import side_by_side
from aggregator.output.held import of_page, out_since
from aggregator.output.held import page as desk_page
from aggregator.output.json import COLUMNS, fields
from aggregator.output.json import array as json_array
from aggregator.output.text import NOT_PASSED_ON, heading, listing, page

__all__ = [
    "COLUMNS",
    "NOT_PASSED_ON",
    "citation",
    "desk_page",
    "fields",
    "heading",
    "json_array",
    "listing",
    "of_page",
    "out_since",
    "page",
    "side_by_side",
    "versions",
    "with_changes",
]

with_changes = diff.with_changes


def versions(rows: Sequence[Mapping[str, Any]], *, coloured: bool, zone: tzinfo = UTC) -> str:
    """Rows of `Store.revisions` as a person reads them: word by word what each version changed; times in `zone`."""
    return diff.versions(rows, coloured, zone)
