"""The way out: gated rows of the view `wire` to text. A format is a file here and a line in OUTPUTS."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from aggregator.output.json import array as json_array
from aggregator.output.json import reports as json_reports
from aggregator.output.text import listing, page, printable
from aggregator.types import Report

__all__ = ["OUTPUTS", "json_array", "page", "printable"]

OUTPUTS: Mapping[str, Callable[[Sequence[Report]], str]] = {"text": listing, "json": json_reports}
