"""search: reports that have all the words given."""

from __future__ import annotations

from typing import Any

import click

from aggregator.cli.reports import LISTING, list_reports
from aggregator.pipeline.paths import Paths
from aggregator.text import query


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--ranked", is_flag=True, help="Best match first, among the newest 2,000; otherwise newest first.")
@LISTING
@click.pass_obj
def search(paths: Paths, /, words: tuple[str, ...], ranked: bool, **given: Any) -> None:
    """Find reports with all these WORDS, in any script, accents or not.

    "Exact phrase" in quotes, -word for without, begin* for words that begin so. After -- a word may start with a dash.

    The options choose reports as those of `latest` do; docs/selecting.md says more.
    """
    typed = query.typed(words)
    typed.encode()  # words that came in another encoding than UTF-8 are in no report
    list_reports(paths, given, query.parse(typed), ranked, f"Nothing found for {typed!r}.")
