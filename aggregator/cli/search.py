"""search: reports that have all the words given."""

from __future__ import annotations

from typing import Any

import click

from aggregator.cli.options import exclude
from aggregator.cli.printing import say
from aggregator.cli.reports import SELECTING, how_many, say_count, say_reports, selection
from aggregator.pipeline.opening import read_store
from aggregator.pipeline.paths import Paths
from aggregator.text import query
from aggregator.text.dates import utc_now


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--ranked", is_flag=True, help="Best match first, among the newest 2,000; otherwise newest first.")
@SELECTING
@click.pass_obj
def search(paths: Paths, /, words: tuple[str, ...], ranked: bool, is_count: bool, as_json: bool, **chosen: Any) -> None:
    """Find reports with all these WORDS, in any script, accents or not.

    "Exact phrase" in quotes, -word for without, begin* for words that begin so. After -- a word may start with a dash.
    """
    exclude({"--ranked": ranked, "--count": is_count})
    typed = query.typed(words)
    typed.encode()  # words that came in another encoding than UTF-8 are in no report
    words_wanted = query.parse(typed)
    with read_store(paths, utc_now()) as store:
        wanted = selection(paths, store, chosen)
        if is_count:
            say_count(store, wanted, words_wanted, as_json)
            return
        reports = store.search(words_wanted, wanted, ranked=ranked)
        more = None if ranked else how_many(store, wanted, words_wanted, len(reports), as_json)
    say_reports(reports, as_json, f"Nothing found for {typed!r}.")
    if more:
        say(more, err=True)
