"""changes: the ledger that subscribers follow, a line a change, for people and for machines."""

from __future__ import annotations

import json
import time
from typing import Any

import click

from aggregator.workplace import Workplace

_AT_ONCE = 1_000  # lines asked of the database at a time
_SECONDS = 1.0  # between two looks, with --follow


@click.command()
@click.option("--since", type=click.IntRange(0), default=0, show_default=True, help="Only after this number.")
@click.option("--follow", is_flag=True, help="Wait for more, until interrupted.")
@click.option("--limit", type=click.IntRange(1), help="At most so many lines. [default: all]")
@click.option("--json", "as_json", is_flag=True, help="For machines: JSON Lines, an object a line.")
@click.pass_obj
def changes(here: Workplace, since: int, follow: bool, limit: int | None, as_json: bool) -> None:
    """Stream what became of the reports, oldest first: new, revised, corrected, withheld, withdrawn, restored.

    Every line has a number; --since NUMBER goes on where the last call ended. Numbers rise and are never used again;
    those of reports that may not leave are passed over.
    """
    left = limit
    with here.read_store() as store:
        while left is None or left > 0:
            # Read whole before anything is printed: whoever reads slowly keeps no cursor open.
            lines = store.changes(since, _AT_ONCE if left is None else min(left, _AT_ONCE))
            for line in lines:
                click.echo(json.dumps(line, ensure_ascii=False) if as_json else _line(line))
            if lines:
                since = lines[-1]["seq"]
                left = None if left is None else left - len(lines)
            elif follow:
                time.sleep(_SECONDS)
            else:
                break


def _line(line: dict[str, Any]) -> str:
    from aggregator.output import heading, printable

    said = line["title"] or line["note"] or "(out of the wire, or without a headline)"
    publisher = heading(line["publisher_name"], line["publisher_place"])
    return printable(f"{line['seq']}  {line['at']}  {line['kind']:<15} {line['id']}  {publisher}: {said}")


COMMANDS = (changes,)
