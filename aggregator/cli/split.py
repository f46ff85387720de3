"""split: a person undoes a merge, or makes a version of a report a report of its own."""

from __future__ import annotations

import click

from aggregator.cli.options import GREATEST
from aggregator.cli.printing import say
from aggregator.cli.references import to_be_changed
from aggregator.desk import merges
from aggregator.desk.references import without_version
from aggregator.pipeline.opening import open_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now


@click.command()
@click.argument("merge", metavar="NUMBER|ID")
@click.argument("version", type=click.IntRange(2, GREATEST), required=False)
@click.pass_obj
def split(paths: Paths, merge: str, version: int | None) -> None:
    """Undo a merge: make two reports again.

    The entry of the merge of this NUMBER becomes a report of its own, and stays one.

    With a report's ID for the number, and a VERSION of it (or ID@VERSION): that one and those after it become an
    article.
    """
    reference, named = without_version(merge)
    if version and named:
        raise click.UsageError(f"the version is named twice: {merge} and {version}")
    version = version or named
    is_number = merge.isascii() and merge.isdecimal() and 1 <= int(merge) <= GREATEST
    if version is None and not is_number:
        raise click.BadParameter(f"{merge!r} is no number of `aggregator merges`; of a report say the version too")
    with open_store(paths) as store:
        now = utc_now()
        public_id = (
            merges.split(store, int(merge), now)
            if version is None
            else merges.split_version(store, to_be_changed(store, reference).id, version, now)
        )
    say(f"{public_id} is a report of its own now; the other has the words it had before")
