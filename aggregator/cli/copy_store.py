"""copy-store: moves a wire from SQLite to PostgreSQL or back, and looks whether both are the same then."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import click

from aggregator.cli.database_option import Database
from aggregator.cli.printing import progress, say, say_lines
from aggregator.model import Template
from aggregator.pipeline.copying import copied
from aggregator.pipeline.paths import Paths
from aggregator.store import COPY_STEP


@click.command()
@click.argument("source", type=Database(), metavar="FROM")
@click.argument("target", type=Database(), metavar="TO")
@click.pass_obj
def copy_store(paths: Paths, source: Path | Template, target: Path | Template) -> None:
    """Move a wire from SQLite to PostgreSQL, or back.

    FROM and TO are a file and an address, postgresql://USER@HOST/DATABASE; write a password as '${NAME}', a variable of
    the environment. The database of TO must be there and empty; a file is made. Stop the daemon first; until the end
    nobody can write into FROM, which is brought up to date first and stays as it is otherwise.

    All rows are copied, the words are indexed anew, and then both are compared: each row, the words of each version
    unpacked, the ledger, and what a hundred words find. What differs is named, and the exit code is 1. Where the
    command is ended, the same command goes on with it; until the end no other program opens TO. Copies of pictures are
    files, and stay where they are (docs/postgres.md).
    """
    places = [Paths(paths.config, each).database() for each in (source, target)]

    def shown(doing: str, steps: int) -> AbstractContextManager[Callable[[str], None]]:
        return progress(doing, steps, True)

    rows, found = copied(places[0], places[1], shown, COPY_STEP)
    if found:
        say(f"{places[1]} is not the same as {places[0]}, and no program opens it:", err=True)
        say_lines("\n".join(found), err=True)
        say("Delete it, and copy into a new one; what differs should never be: please report it", err=True)
        sys.exit(1)
    say(f"Copied {places[0]} to {places[1]}: {rows:,} rows, all of them the same")
    say("From now on, name the new one: [store] url in wire.toml, AGGREGATOR_DB or --db")
