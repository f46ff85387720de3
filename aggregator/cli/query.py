"""query: SQL of a person's own on the database, which is opened for reading only."""

from __future__ import annotations

import click

from aggregator.cli.printing import say_csv, say_table
from aggregator.cli.rows import say_json_rows
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now


@click.command()
@click.argument("sql")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated, with a header.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array, one object a line.")
@click.option("--verbatim", is_flag=True, help="With --csv: no apostrophe before what may be taken for a formula.")
@click.pass_obj
def query(paths: Paths, sql: str, as_csv: bool, as_json: bool, verbatim: bool) -> None:
    """Run SQL on the database, which is opened read-only. `wire` and `health` are the views to begin with.

    Beside SQLite's functions there are fold(text), the form that the search index holds, and
    raw_words(raw, dictionary), a revision's words as they came, as JSON.

    In CSV a text that begins with = + - @, a tab or a carriage return has an apostrophe before it, because spreadsheets
    run it as a formula; a number has none.
    """
    if as_csv and as_json:
        raise click.UsageError("give --csv or --json, not both")
    if verbatim and not as_csv:
        raise click.UsageError("--verbatim belongs to --csv: no other form has apostrophes added")
    with read_store(paths, utc_now()) as store:
        names, rows = store.query(sql)
        if as_csv:
            say_csv(names, rows, verbatim=verbatim)
        elif as_json:
            say_json_rows(dict(zip(names, row, strict=True)) for row in rows)
        else:
            say_table(names, rows)
