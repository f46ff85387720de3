"""A source in the words of `health`: two lines where something is wrong with it, else one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from aggregator.cli.times import when
from aggregator.pipeline.source_words import Files, advice, next_fetch, what

_MOST_SHOWN = 300  # characters of what is wrong; --json has all


def problem_lines(row: Mapping[str, Any], files: Files, now: datetime) -> Iterator[str]:
    """What is wrong and since when; what to do, and when it is fetched next. `row`: of the view `health`."""
    said = str(row["problem"])
    if len(said) > _MOST_SHOWN:
        said = f"{said[:_MOST_SHOWN].rstrip()}… (--json has all of it)"
    yield f"{row['source_name']}: {what({**row, 'problem': said}, when)}"
    yield "  " + "; ".join(filter(None, (advice(row, files), next_fetch(row, now, when))))


def healthy_line(row: Mapping[str, Any], now: datetime) -> str:
    noted = f"; {row['problem']}" if row["problem"] else ""  # what needs nobody
    return f"{row['source_name']}: {row['articles_7_days']:,} in 7 days, {next_fetch(row, now, when)}{noted}"
