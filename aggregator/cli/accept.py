"""accept: a person accepts the redirect that is held of a source."""

from __future__ import annotations

import click

from aggregator.cli.keys import known_sources
from aggregator.cli.printing import say
from aggregator.pipeline.opening import config_or_none, open_existing
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.text.dates import utc_now


@click.command()
@click.argument("key", metavar="SOURCE")
@click.pass_obj
def accept(paths: Paths, key: str) -> None:
    """Accept a redirect of a SOURCE to another address.

    SOURCE is publisher/source, or a publisher's key where only one of its sources waits. The address that waits now is
    accepted, for this source alone, and the source is due at once. An address of another publisher of this wire is
    never accepted. `aggregator health` lists what waits.
    """
    with open_existing(paths) as store:
        source = _held(paths, store, key)
        found = store.accept_redirect(source, utc_now())
    if found is None:
        raise click.UsageError(f"nothing is held of {source!r}; `aggregator health` lists what is held, by source")
    if found.state == "refused":
        raise click.ClickException(
            f"{source}: its document came from {found.reason}, and one publisher's reports are never carried"
            " under another's name; write another url, or enabled = false, into the publisher's file"
        )
    say(f"{source}: its documents may come from {found.url}; it is due now")


def _held(paths: Paths, store: Store, key: str) -> str:
    """The name of the source that is meant. Each address is accepted by itself, because a person has looked at it."""
    names = known_sources(paths, config_or_none(paths), store.sources(), (key,))
    if key in names:
        return key
    held = [str(row["source_name"]) for row in store.health() if row["redirect"] in ("pending", "refused")]
    those = [name for name in names if name in held]
    if len(those) > 1:
        raise click.UsageError(f"something is held of {', '.join(those)}; accept one at a time")
    return those[0] if those else key
