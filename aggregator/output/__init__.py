"""The way out: gated rows of the view `wire` to text. A format is a file here and a line in OUTPUTS.

What is rendered here is fit to be printed: every value has gone through `printable`, and a publisher's words are
indented, or stand in a place that is theirs, so that no line of them can pass for the name of another publisher.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any

from aggregator.model import Report
from aggregator.output import citation, diff
from aggregator.output.columns import side_by_side
from aggregator.output.held import out_since
from aggregator.output.held import page as desk_page
from aggregator.output.json import COLUMNS, fields
from aggregator.output.json import array as json_array
from aggregator.output.json import reports as json_reports
from aggregator.output.text import NOT_PASSED_ON, heading, listing, page

__all__ = [
    "COLUMNS",
    "NOT_PASSED_ON",
    "OUTPUTS",
    "citation",
    "desk_page",
    "fields",
    "heading",
    "json_array",
    "listing",
    "out_since",
    "page",
    "side_by_side",
    "versions",
    "with_changes",
]

OUTPUTS: Mapping[str, Callable[[Sequence[Report]], str]] = {"text": listing, "json": json_reports}

with_changes = diff.with_changes


def versions(rows: Sequence[Mapping[str, Any]], *, coloured: bool, zone: tzinfo = UTC) -> str:
    """Rows of `Store.revisions` as a person reads them: word by word what each version changed; times in `zone`."""
    return diff.versions(rows, coloured, zone)
