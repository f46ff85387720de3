"""recheck: visits once the pages of reports that are due for it, for those who have no daemon."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import click

from aggregator.cli.faults import say_faults
from aggregator.cli.options import AS_JSON
from aggregator.cli.printing import say, say_json
from aggregator.model import Config, Finding
from aggregator.pipeline.opening import config_for_polling, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from aggregator.text.dates import to_iso, utc_now
from aggregator.text.printable import counted


@click.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many visits.")
@AS_JSON
@click.pass_obj
def recheck(paths: Paths, limit: int, as_json: bool) -> None:
    """Check reports on their sites; withdraw what was removed.

    A page is visited 1 hour, 6 hours, 1 day, 3 days and 7 days after its report was first seen, where robots.txt allows
    it; where its source has `pages`, at once too, and it is read. The daemon does this by itself; `fetch` reads new
    pages only. Without a terminal it prints only what left the wire, and
    publishers of which most pages are missing: these are not believed. A publisher whose pages another program is
    visiting now, such as the daemon, is left to it.
    """
    config = config_for_polling(paths)
    say_faults(config)
    with open_wire(paths, config, utc_now()) as store:
        findings, elsewhere = asyncio.run(_run(config, store, limit))
    if elsewhere:
        whose = "1 publisher are" if elsewhere == 1 else f"{elsewhere:,} publishers are"
        say(f"the pages of {whose} being visited by another program, and were left to it", err=True)
    if as_json:
        say_json([_object(finding) for finding in findings], indent=1)
        return
    removed = [finding for finding in findings if finding.removal]
    for finding in removed:
        say(f"{finding.recheck.id}: {finding.result} ({finding.recheck.url})")
    doubted = {finding.recheck.publisher: finding for finding in findings if finding.doubted}
    for publisher, finding in doubted.items():
        say(f"{publisher}: its pages are not believed: {finding.result}")
    if sys.stdout.isatty():
        say(f"{counted(len(findings), 'page')} visited, {counted(len(removed), 'report')} taken out of the wire")


async def _run(config: Config, store: Store, limit: int) -> tuple[Sequence[Finding], int]:
    """What was found, and how many publishers were left to another program."""
    elsewhere: list[int] = []
    async with Pipeline(config, store, utc_now) as pipeline:
        findings = await pipeline.recheck(limit, limit, elsewhere.append)
        answered = [(each.recheck.publisher, each.recheck.url) for each in findings if each.there]
        await pipeline.read_signals(limit, answered)
        return findings, sum(elsewhere)


def _object(finding: Finding) -> dict[str, object]:
    return {
        "id": finding.recheck.id,
        "publisher": finding.recheck.publisher,
        "url": finding.recheck.url,
        "result": finding.result,
        "act": finding.removal.act if finding.removal else None,
        "notice": finding.removal.notice if finding.removal else None,
        "doubted": finding.doubted,
        "next_at": to_iso(finding.next_at) if finding.next_at else None,
    }
