"""accept: a person accepts the redirect that is held of a source."""

from __future__ import annotations

import click

from aggregator.cli.printing import say
from aggregator.pipeline.opening import open_existing
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now


@click.command()
@click.argument("source")
@click.pass_obj
def accept(paths: Paths, source: str) -> None:
    """Accept what is held of a SOURCE (publisher/key): a redirect to an address that is not its publisher's.

    The address that is held now is accepted, for this source alone, and the source is due at once. An address of
    another publisher of this wire is never accepted. `aggregator health` lists what is held.
    """
    with open_existing(paths) as store:
        found = store.accept_redirect(source, utc_now())
    if found is None:
        raise click.UsageError(f"nothing is held of {source!r}; `aggregator health` lists what is held, by source")
    if found.state == "refused":
        raise click.ClickException(
            f"{source}: its document came from {found.reason}, and one publisher's reports are never carried"
            " under another's name; write another url, or enabled = false, into the publisher's file"
        )
    say(f"{source}: its documents may come from {found.url}; it is due now")
