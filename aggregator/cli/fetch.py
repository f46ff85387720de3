"""fetch: polls once what is due, or what is named, and says what failed."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import click

from aggregator.cli.faults import say_faults
from aggregator.cli.keys import sources_named
from aggregator.cli.printing import progress, say, say_json
from aggregator.model import DISCOVER, Config, Due, Poll
from aggregator.pipeline.opening import config_for_polling, open_wire
from aggregator.pipeline.paths import Paths, is_checkout
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from aggregator.text.dates import to_iso, utc_now
from aggregator.text.printable import argument, counted

NO_ANSWER = ("failed", "offline", "challenge", "consent", "cookie", "payment_required", "pending")
_IN_A_CHECKOUT = (
    "note: this wire is configured in a checkout of the program, where an update may change its files; "
    "`aggregator init DIR --from-checkout` copies what is yours into a folder of its own"
)
_PAGES, _PAGES_OF_A_PUBLISHER = 200, 20  # that are read at the end; what is left is for the next `fetch`
_PAGES_SECONDS = 60.0  # after which no other one is begun
_DELIVER_SECONDS = 60.0  # for all subscribers together; what is left stays owed
_TAG_SECONDS = 60.0  # for reports that wait for tags, such as those of an older version; the next call goes on
_PICTURES_SECONDS = 120.0  # for the copies of pictures that are due
_PICTURES_A_TIME = 40
_NOTIFY_SECONDS = 60.0  # for all commands of `[notify]` together; what is left is for the next program
_LISTED_ONE_BY_ONE = 5  # searches in vain that nobody named; cron mails what is printed


@click.command()
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--all", "everything", is_flag=True, help="Poll every source, due or not.")
@click.option("--force", is_flag=True, help="Poll what KEY names also where it is paused.")
@click.option("--json", "as_json", is_flag=True, help="Print the polls as JSON.")
@click.pass_obj
def fetch(paths: Paths, keys: tuple[str, ...], everything: bool, force: bool, as_json: bool) -> None:
    """Fetch all sources that are due now, or only KEY.

    A KEY is a publisher's key or publisher/source; it is fetched now, due or not. Without a terminal only failures are
    printed. The exit code is 1 when a fetch failed, or waits for a person because its document came from an address
    that is not its publisher's, and when a publisher's file has an error: that publisher is not fetched, and the others
    are. A paused source is fetched with --force only, and stays paused. What another program is fetching now, the
    daemon or another fetch, is left to it: that is printed, and no failure. Where a source has `pages`, the pages of
    its new reports are read then, 20 of a publisher and for a minute at most; the next fetch goes on. At the end
    subscribers are sent what they are owed, for a minute at most; `aggregator subscribers` says how they do.
    """
    if keys and everything:
        raise click.UsageError("give KEY or --all, not both")
    if force and not keys:
        raise click.UsageError("--force is for the sources that KEY names; give one")
    config = config_for_polling(paths)
    if is_checkout(paths.config_folder()):
        say(_IN_A_CHECKOUT, err=True)
    with open_wire(paths, config, utc_now()) as store:
        sources = store.due(None, also_paused=force)
        due = _named(paths, config, sources, keys) if keys else _asked_for(store, config, everything)
        if keys and not force:
            _print_paused([name for name in store.paused() if {name, name.partition("/")[0]} & set(keys)])
        with progress("Polling", len(due), visible=not as_json) as done:
            polls, elsewhere = asyncio.run(_run(config, store, due, done))
    _print_elsewhere(len(elsewhere))
    if as_json:
        say_json([_object(poll) for poll in polls], indent=1)
    else:
        _print(polls, is_named=bool(keys))
        _print_postponed(len(due) - len(polls) - len(elsewhere))
    if say_faults(config) or any(poll.outcome in NO_ANSWER for poll in polls):
        sys.exit(1)


def _asked_for(store: Store, config: Config, everything: bool) -> list[Due]:
    """A site is searched for a feed when it is due or named, and not by --all, which may run every minute."""
    now = store.due(utc_now())
    if not everything:
        return now
    names, accepts = {due.source.name for due in now}, config.wire.poll.accept_discovered

    def may_be(due: Due) -> bool:
        return due.source.kind != DISCOVER or due.source.name in names or (accepts and due.proposed is not None)

    return [due for due in store.due(None) if may_be(due)]


def _named(paths: Paths, config: Config, sources: Sequence[Due], keys: Sequence[str]) -> list[Due]:
    names = sources_named(paths, config, (due.source for due in sources), keys)
    return [due for due in sources if due.source.name in names]


async def _run(
    config: Config, store: Store, due: Sequence[Due], done: Callable[[str], None]
) -> tuple[list[Poll], list[Due]]:
    """The polls, and what was left to another program."""
    elsewhere: list[Due] = []

    def leave(those: Sequence[Due]) -> None:
        elsewhere.extend(those)
        for one in those:
            done(one.source.name)

    async with Pipeline(config, store, utc_now) as pipeline:
        polls = await pipeline.run(due, lambda poll: done(poll.source.name), leave)
        answered = [(poll.source.publisher, poll.source.url) for poll in polls if poll.is_answer]
        await pipeline.read_signals(len(due), answered)
        await pipeline.read_pages(
            _PAGES, _PAGES_OF_A_PUBLISHER, _PAGES_SECONDS, {publisher for publisher, _ in answered}
        )
        await pipeline.tag(_TAG_SECONDS)
        await pipeline.maintain()
        await _copied(pipeline)
        await pipeline.delivered(_DELIVER_SECONDS)
        await pipeline.notify()
        await pipeline.notified(_NOTIFY_SECONDS)
        await pipeline.alert()
        await pipeline.alerted()
    return polls, elsewhere


async def _copied(pipeline: Pipeline) -> None:
    """Fetches pictures for a while; what is left is for the next program."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_PICTURES_SECONDS):
            while await pipeline.copy_pictures(_PICTURES_A_TIME, _PICTURES_A_TIME):
                pass


def _print(polls: Sequence[Poll], is_named: bool) -> None:
    in_vain = sum(poll.source.kind == DISCOVER and poll.outcome in NO_ANSWER for poll in polls)
    is_listed = is_named or in_vain <= _LISTED_ONE_BY_ONE
    for poll in polls:
        if poll.outcome in NO_ANSWER and (is_listed or poll.source.kind != DISCOVER):
            say(f"{poll.source.name}: {poll.error or ''} ({poll.source.url})", err=True)
        if is_named and poll.source.kind == DISCOVER:
            _print_search(poll)
        if poll.pending:
            _print_pending(poll)
        if poll.over_limit:
            _print_over_limit(poll)
    if not is_listed:
        say(f"no feed found on {in_vain:,} sites; `aggregator health --json` says why", err=True)
    if sys.stdout.isatty():
        _summarise(polls)


def _print_pending(poll: Poll) -> None:
    name = poll.source.name
    say(
        f"{name}: {counted(poll.pending, 'change')} of reports wait for a person, because one poll changed too many; "
        f"`aggregator pending` shows them; `aggregator pending accept {name}` or `aggregator pending refuse {name}`",
        err=True,
    )


def _print_over_limit(poll: Poll) -> None:
    say(
        f"{poll.source.name}: {poll.over_limit:,} of {poll.new:,} new reports are kept out of `latest`, as one poll or "
        "day may not add so many ([poll] in wire.toml); they are stored, and searched like all others",
        err=True,
    )


def _print_paused(names: Sequence[str]) -> None:
    for name in names:
        say(f"{name} is paused and was not fetched; `aggregator fetch --force {name}` fetches it once", err=True)


def _print_elsewhere(count: int) -> None:
    """How many sources another program was polling when their turn came, or had polled since they were read."""
    who = "being polled by another program (the daemon, or another `fetch`)"
    if count == 1:
        say(f"1 source is {who} or has just been, and is left to it", err=True)
    elif count:
        say(f"{count:,} sources are {who} or have just been, and are left to it", err=True)


def _print_postponed(postponed: int) -> None:
    """How many were due and not asked, because another source of their host was told to come back later."""
    if postponed:
        one = "1 source was" if postponed == 1 else f"{postponed:,} sources were"
        say(
            f"{one} not fetched, because the host wants to be left alone for a while (429, or 503 with Retry-After); "
            "`aggregator health` says until when",
            err=True,
        )


def _print_search(poll: Poll) -> None:
    """What to do next, of a site that a person asked to have searched."""
    if poll.proposal is None:
        say(f"  `aggregator probe {argument(poll.source.url)}` says what was tried", err=True)
        return
    url = poll.proposal.url
    accept = f"`aggregator probe --write {poll.source.publisher} {argument(url)}`"
    said = f"found {url} ({poll.proposal.carries}); {accept} writes it into the file, and then it is fetched"
    say(f"{poll.source.name}: {said}")


def _summarise(polls: Sequence[Poll]) -> None:
    outcomes = Counter(poll.outcome.replace("_", " ") for poll in polls)
    said = ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.most_common()) or "nothing is due"
    drops: Counter[str] = sum((Counter(poll.drops) for poll in polls), Counter())
    left_out = "".join(f"; {count} left out: {reason}" for reason, count in drops.items())
    new, revised = sum(poll.new for poll in polls), sum(poll.revised for poll in polls)
    found = sum(poll.proposal is not None for poll in polls)
    proposed = f"; {counted(found, 'feed')} found, which `aggregator health` lists" if found else ""
    say(f"{counted(len(polls), 'source')} fetched: {new:,} new, {revised:,} changed ({said}){left_out}{proposed}")


def _object(poll: Poll) -> dict[str, object]:
    return {
        "source_name": poll.source.name,
        "url": poll.source.url,
        "outcome": poll.outcome,
        "http_status": poll.http_status,
        "error": poll.error,
        "format": poll.format,
        "entries": poll.entries,
        "new": poll.new,
        "revised": poll.revised,
        "unchanged": poll.unchanged,
        "drops": dict(poll.drops),
        "adjusted": dict(poll.adjusted),
        "seconds": round(poll.seconds, 3),
        "overlap": poll.overlap,
        "gap": poll.gap,
        "pages": poll.pages,
        "pending": poll.pending,
        "over_limit": poll.over_limit,
        "proposed": poll.proposal.url if poll.proposal else None,
        "redirected_to": poll.redirection.url if poll.redirection else None,
        "next_at": to_iso(poll.next.at) if poll.next else None,
        "next_reason": poll.next.reason if poll.next else None,
    }
