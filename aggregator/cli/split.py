"""split: a person undoes a merge, or makes a version of a report a report of its own."""

from __future__ import annotations

import click

from aggregator.cli.options import GREATEST
from aggregator.cli.printing import say
from aggregator.pipeline.opening import open_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now


@click.command()
@click.argument("merge")
@click.argument("version", type=click.IntRange(2, GREATEST), required=False)
@click.pass_obj
def split(paths: Paths, merge: str, version: int | None) -> None:
    """Undo the merge of this number: its entry becomes an article of its own, and stays one.

    With a report's ID for the number, and a VERSION of it: that one and those after it become an article.
    """
    if version is None and not (merge.isascii() and merge.isdecimal() and 1 <= int(merge) <= GREATEST):
        raise click.BadParameter(f"{merge!r} is no number of `aggregator merges`; of a report say the version too")
    with open_store(paths) as store:
        now = utc_now()
        public_id = store.split(int(merge), now) if version is None else store.split_version(merge, version, now)
    say(f"{public_id} is an article of its own now; the other has the words it had before")
