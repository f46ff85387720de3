"""query: SQL of a person's own on the database, which is opened for reading only."""

from __future__ import annotations

import re
import sys

import click

from aggregator.cli.printing import say_csv, say_json, say_result
from aggregator.cli.rows import say_json_rows
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now

_LONGEST = 1_000_000  # bytes, as SQLite has it (https://sqlite.org/limits.html)


@click.command()
@click.argument("sql", required=False)
@click.option("-p", "--param", "parameters", type=(str, str), multiple=True, metavar="NAME VALUE",
              help="The value of :NAME in the SQL; may be repeated.")  # fmt: skip
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated, with a header.")
@click.option("--tsv", "as_tsv", is_flag=True, help="Tab-separated, with a header.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array, one object a line.")
@click.option("--jsonl", "--nl", "as_lines", is_flag=True, help="JSON Lines: one object a line.")
@click.option("--verbatim", is_flag=True, help="With --csv, --tsv: no apostrophe before what looks like a formula.")
@click.pass_obj
def query(
    paths: Paths, /, sql: str | None, parameters: tuple[tuple[str, str], ...], verbatim: bool, **forms: bool
) -> None:
    """Run SQL on the database (read-only).

    `wire` and `health` are the views to begin with. Without SQL, or with -, it is read from standard input: query <
    file.sql. A value for :word comes with -p word VALUE, so that it needs no quotes of SQL.

    In addition to SQLite's functions there are fold(text), the form that the search index has, and raw_words(raw,
    dictionary), a revision's words as they came, as JSON.

    At a terminal, rows that are wider than it are printed one line a column; in a pipe, columns are separated by tabs.

    In CSV and TSV a text that begins with = + - @, a tab or a carriage return has an apostrophe before it, because
    spreadsheets run it as a formula; a number has none.
    """
    if sum(forms.values()) > 1:
        raise click.UsageError("give one of --csv, --tsv, --json and --jsonl")
    if verbatim and not (forms["as_csv"] or forms["as_tsv"]):
        raise click.UsageError("--verbatim belongs to --csv and --tsv: no other form has apostrophes added")
    sql = _from_standard_input() if sql in (None, "-") else sql
    values = _values(sql, parameters)
    with read_store(paths, utc_now()) as store:
        names, rows = store.query(sql, values)
        if forms["as_csv"] or forms["as_tsv"]:
            say_csv(names, rows, verbatim=verbatim, delimiter="\t" if forms["as_tsv"] else ",")
        elif forms["as_json"]:
            say_json_rows(dict(zip(names, row, strict=True)) for row in rows)
        elif forms["as_lines"]:
            for row in rows:
                say_json(dict(zip(names, row, strict=True)))
        else:
            say_result(names, rows)


def _from_standard_input() -> str:
    """Raises click.UsageError."""
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("there is no SQL; write it in quotes, or `query < FILE`")
    given = sys.stdin.buffer.read(_LONGEST + 1)
    if len(given) > _LONGEST:
        raise click.UsageError(f"standard input has more than {_LONGEST:,} bytes; SQL is shorter")
    try:
        sql = given.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"standard input is not UTF-8 (byte {error.start + 1:,})") from error
    if not sql.strip():
        raise click.UsageError("there is no SQL on standard input; write it in quotes, or `query < FILE`")
    return sql


def _values(sql: str, parameters: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Raises click.BadParameter."""
    values: dict[str, str] = {}
    for name, value in parameters:
        name = name.lstrip(":@$")
        if name in values:
            raise click.BadParameter(f"{name!r} has two values; give one", param_hint="-p")
        if not re.search(rf"[:@$]{re.escape(name)}\b", sql) or not name:
            raise click.BadParameter(f"the SQL has no :{name}; its values are written as :NAME", param_hint="-p")
        values[name] = value
    return values
