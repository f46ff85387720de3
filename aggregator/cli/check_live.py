"""check --live: asks every source once, and says what its document carries; stores nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from aggregator.cli.carries import carried
from aggregator.cli.printing import progress, say, say_table
from aggregator.cli.rows import say_json_rows
from aggregator.cli.times import when
from aggregator.model import Config, Source
from aggregator.model.place import Place
from aggregator.pipeline.discovery.prober import Look
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.probing import open_prober
from aggregator.text.dates import from_iso, utc_now
from aggregator.text.printable import counted

_HOUR = timedelta(hours=1)
_COLUMNS = (
    "source_name", "state", "http_status", "format", "entries", "dated", "summaries", "full_text", "newest",
    "validators", "redirected_to", "error",
)  # fmt: skip


def say_how_they_do(paths: Paths, config: Config, sources: Sequence[Source], as_json: bool) -> bool:
    """Asks each source once, and prints what came. Whether one of them is dead."""
    with progress("Asking", len(sources), visible=not as_json) as done:
        looks = asyncio.run(_look(config, paths.database(), sources, done))
    now = utc_now()
    rows = [_row(look) for look in looks]
    if as_json:
        say_json_rows(rows)
    else:
        say_table(_COLUMNS, [[_shown(name, row[name], now) for name in _COLUMNS] for row in rows])
        states = [row["state"] for row in rows]
        by_state = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states)) or "none"
        say(f"{counted(len(rows), 'source')}: {by_state}")
    return any(row["state"] == "dead" for row in rows)


async def _look(config: Config, database: Place, sources: Sequence[Source], done: Callable[[str], None]) -> list[Look]:

    async with open_prober(config.wire, utc_now, publishers=config.publishers, database=database) as prober:

        async def look(source: Source) -> Look:
            seen = await prober.look(source)
            done(source.name)
            return seen

        return await asyncio.gather(*(look(source) for source in sources))


def _row(look: Look) -> dict[str, Any]:
    return {
        "source_name": look.source.name,
        "url": look.source.url,
        "state": look.state,
        "http_status": look.status,
        **carried(look.carries),
        "validators": look.validators,
        "redirected_to": look.redirected_to,
        "error": look.error,
    }


def _shown(name: str, value: Any, now: datetime) -> Any:
    if isinstance(value, float):
        return f"{value:.0%}"
    if name == "newest" and value is not None:
        hours = (now - from_iso(value)) / _HOUR
        return when(value) if hours < 0 else f"{hours:.0f} h ago" if hours < 72 else f"{hours / 24:.0f} d ago"
    return value
