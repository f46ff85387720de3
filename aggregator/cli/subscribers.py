"""subscribers: who is sent the wire's changes, how far each has been brought, and what could not be delivered."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import click

from aggregator.cli.faults import say_faults
from aggregator.cli.options import AS_JSON, exclude
from aggregator.cli.printing import say
from aggregator.cli.references import the_report
from aggregator.cli.rows import say_rows
from aggregator.model import Config, Queue
from aggregator.model.errors import DeskError
from aggregator.pipeline.deliveries import Sent, send_test
from aggregator.pipeline.opening import load_config, open_existing, open_wire, read_store
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.pipeline import Pipeline
from aggregator.pipeline.subscribers import MOST_OWED, listed, unacknowledged
from aggregator.store import Store
from aggregator.text.dates import utc_now
from aggregator.text.printable import counted, escaped

_DELIVER_SECONDS = 300.0  # for all subscribers together; what is left is for the next time
_COLUMNS = ("subscriber", "state", "owed", "oldest", "acknowledged_at", "dead_letters", "next_at", "error")
_LETTERS = ("seq", "change_kind", "id", "at", "attempts", "error", "replay_at")
_UNCONFIRMED = ("subscriber", "seq", "change_kind", "at", "due_at", "overdue", "state", "error", "contact")


@click.command()
@click.argument("name", required=False)
@click.option("--unacknowledged", "report", metavar="ID", help="Who has not confirmed that this report left the wire.")
@click.option("--replay", metavar="NAME", help="Send this one again what could not be delivered to it.")
@click.option("--pause", metavar="NAME", help="Send this one nothing for now; what it is owed stays owed.")
@click.option("--resume", metavar="NAME", help="Go on with this one, also where its server said 410.")
@click.option("--test", metavar="NAME", help="Send this one a message without a report, now.")
@click.option("--deliver", is_flag=True, help="Send all of them what they are owed, once; for cron.")
@AS_JSON
@click.pass_obj
def subscribers(paths: Paths, /, name: str | None, as_json: bool, deliver: bool, **named: str | None) -> None:
    """List subscribers, what each is owed, and how each does.

    A subscriber is a file config/subscribers/NAME.toml; it is sent each change as a webhook by the daemon, or at the
    end of `fetch`. With NAME its dead letters are listed: messages that were not acknowledged within three days.

    --unacknowledged prints who has not confirmed the last line by which a report was withheld, withdrawn or deleted,
    15 minutes after it. The exit code is 1 where somebody has not; where a test or a delivery failed; and of the list
    where a subscriber's file has a fault. docs/subscribers.md describes the messages.
    """
    exclude({"NAME": name is not None, "--deliver": deliver} | {f"--{key}": value is not None for key, value in (
        ("unacknowledged", named["report"]), *((key, named[key]) for key in ("replay", "pause", "resume", "test")))
    })  # fmt: skip
    config = load_config(paths)
    if report := named["report"]:
        _print_unacknowledged(paths, config, report, as_json)
    elif test := named["test"]:
        _test(config, test)
    elif deliver:
        _deliver(paths, config)
    elif any(named[key] for key in ("replay", "pause", "resume")):
        _change(paths, **{key: named[key] for key in ("replay", "pause", "resume")})
    elif name:
        with read_store(paths) as store:
            _the_queue(store, name)
            say_rows(store.dead_letters(name), _LETTERS, as_json)
    else:
        _list(paths, config, as_json)


def _the_queue(store: Store, name: str) -> Queue:
    queue = store.queue(name)
    if queue is None:
        raise DeskError(
            f"{name}: nothing was sent to a subscriber of this name yet; `aggregator subscribers` lists all"
        )
    return queue


def _list(paths: Paths, config: Config, as_json: bool) -> None:
    now = utc_now()
    with read_store(paths, now) as store:
        rows = listed(store, config, now)
    if as_json:
        say_rows(rows, _COLUMNS, as_json)
    elif not rows:
        say("there is no subscriber; docs/subscribers.md says how one is added")
    else:
        shown = [{**row, "owed": f"{MOST_OWED:,} or more" if row["owed"] == MOST_OWED else row["owed"]} for row in rows]
        say_rows(shown, _COLUMNS, as_json)
    for each in config.faulty_subscribers:
        for line in each.faults:
            say(escaped(line), err=True)
    if config.faulty_subscribers:
        sys.exit(1)


def _print_unacknowledged(paths: Paths, config: Config, reference: str, as_json: bool) -> None:
    now = utc_now()
    with read_store(paths, now) as store:
        rows = unacknowledged(store, config, the_report(store, reference).id, now)
    if as_json or rows:
        say_rows(rows, _UNCONFIRMED, as_json)
    else:
        say("every subscriber who is owed it has confirmed it")
    if any(row["overdue"] for row in rows):
        sys.exit(1)


def _change(paths: Paths, replay: str | None, pause: str | None, resume: str | None) -> None:
    now = utc_now()
    with open_existing(paths) as store:
        queue = _the_queue(store, str(replay or pause or resume))
        if replay:
            number = store.replay(replay, now)
            letters = counted(number, "message")
            said = "the daemon, or `aggregator subscribers --deliver`, sends them before anything else"
            say(f"{replay}: {letters} to be sent again; {said}" if number else f"{replay} has no dead letters")
        elif pause:
            store.pause_queue(pause, now)
            say(f"{pause} is paused; `aggregator subscribers --resume {pause}` ends that")
        else:
            store.resume_queue(queue.name)
            say(f"{queue.name} is sent what it is owed again, from where it stood")


def _test(config: Config, name: str) -> None:
    subscriber = next((each for each in config.subscribers if each.name == name), None)
    if subscriber is None:
        raise DeskError(f"{name}: found no subscriber of this name without a fault; `aggregator check` names faults")
    error, keys = asyncio.run(send_test(config.wire, subscriber, utc_now()))
    for key in keys:
        say(f"signatures v1a of {name} are verified with {key}")
    if error:
        raise DeskError(f"{name}: the test was not acknowledged: {error}")
    say(f"{name} has acknowledged the test")


def _deliver(paths: Paths, config: Config) -> None:
    with open_wire(paths, config, utc_now()) as store:
        sent = asyncio.run(_sent(config, store))
    has_failed = say_sent(sent)
    if say_faults(config) or has_failed:
        sys.exit(1)


async def _sent(config: Config, store: Store) -> list[Sent]:
    async with Pipeline(config, store, utc_now) as pipeline:
        return await pipeline.delivered(_DELIVER_SECONDS)


def say_sent(sent: Sequence[Sent]) -> bool:
    """What became of each, to standard output, failures to standard error; whether there is one."""
    for each in sent:
        if each.is_elsewhere:
            say(f"{each.name} is being sent to by another program (the daemon), and is left to it", err=True)
        elif each.acknowledged:
            say(f"{each.name} has acknowledged {counted(each.acknowledged, 'message')}")
        if each.error:
            said = "it stays owed; `aggregator subscribers` says when it is sent again"
            say(f"{each.name}: a message was not acknowledged: {each.error}; {said}", err=True)
    return any(each.error for each in sent)
