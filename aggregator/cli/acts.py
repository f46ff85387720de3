"""What the acts of the desk share: who acts and why, and how it is said what was done."""

from __future__ import annotations

from typing import Any

from aggregator.cli import options
from aggregator.cli.printing import say
from aggregator.cli.times import with_times

# Their values are those of a `Cause`.
CAUSE = options.together(options.REASON, options.REFERENCE, options.ACTOR)


def say_done(report_id: str, done: str, notice: dict[str, Any] | None) -> None:
    """`notice`: what stands in the place of the report from now on; None: nothing."""
    say(f"{report_id}: {done}" + (f". Its notice: {with_times(notice['text'])}" if notice else ""))
