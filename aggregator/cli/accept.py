"""accept: a person accepts what is held of a source; and the list of redirects that were in force unasked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

import click

from aggregator.cli.printing import say
from aggregator.model.errors import ConfigError, StoreError
from aggregator.pipeline.opening import Workplace
from aggregator.text.dates import utc_now

if TYPE_CHECKING:
    from aggregator.store import Store

_BUSY_SECONDS = 1.0  # so long `health` waits to note what it listed; where it cannot, it lists that again


@click.command()
@click.argument("source")
@click.pass_obj
def accept(here: Workplace, source: str) -> None:
    """Accept what is held of a SOURCE (publisher/key): a redirect to an address that is not its publisher's.

    The address that is held now is accepted, for this source alone, and the source is due at once. An address of
    another publisher of this wire is never accepted. `aggregator health` lists what is held.
    """
    with here.open_existing() as store:
        now = utc_now()
        accepted = [said for each in _ACCEPTED if (said := each(store, source, now))]
    if not accepted:
        raise click.UsageError(f"nothing is held of {source!r}; `aggregator health` lists what is held, by source")
    for said in accepted:
        say(said)


def _redirect(store: Store, source: str, now: datetime) -> str | None:
    found = store.accept_redirect(source, now)
    if found is None:
        return None
    if found.state == "refused":
        raise click.ClickException(
            f"{source}: its document came from {found.said}, and one publisher's reports are never carried"
            " under another's name; write another url, or enabled = false, into the publisher's file"
        )
    return f"{source}: its documents may come from {found.url}; it is due now"


# What may be held of a source. Each accepts its own, and says for people what it accepted; None: nothing was held.
_ACCEPTED: tuple[Callable[[Store, str, datetime], str | None], ...] = (_redirect,)


def print_redirects_in_force(here: Workplace) -> None:
    """Lists, once, the redirects that are accepted because they were in force before redirects were checked."""
    with here.read_store() as store:
        found = store.redirects_in_force()
    if not found:
        return
    _print_in_force(list(_to_list(here, found)))
    from aggregator.store import Store

    with suppress(StoreError), Store.open(here.database(), busy_seconds=_BUSY_SECONDS) as store:
        store.note_redirects_listed(utc_now())


def _print_in_force(rows: list[tuple[str, str]]) -> None:
    from aggregator.cli.terminal import print_table

    if rows:
        say(
            "Redirects that were in force before redirects were checked, to addresses that are not known to be their"
            " publishers'. They are accepted, and listed this once; where one is wrong, write the right url into the"
            " publisher's file:"
        )
        print_table(("source", "its documents come from"), rows)


def _to_list(here: Workplace, found: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Those that nothing in config/ accepts or refuses. All, where it has a fault."""
    from aggregator.identity.redirects import Origin, Owners, judge

    try:
        publishers = here.load_config().publishers
    except ConfigError:
        publishers = ()
    owners = Owners(publishers)
    origins = {
        source.name: Origin(publisher=publisher, configured=source.url, polled=source.url)
        for publisher in publishers
        for source in publisher.sources
    }
    for name, url in found:
        if name not in origins or judge(url, origins[name], owners).state in ("held", "undecided"):
            yield name, url


COMMANDS = (accept,)
