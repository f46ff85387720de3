"""pending: the changes of known reports that wait for a person, because one poll changed too many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, get_args

import click

from aggregator.cli.options import ACTOR
from aggregator.cli.printing import say
from aggregator.cli.rows import say_json_rows
from aggregator.cli.times import when
from aggregator.desk import pending as waiting
from aggregator.model import MassKind
from aggregator.pipeline.opening import load_config, open_existing, open_wire, read_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now
from aggregator.text.printable import counted

_SHOWN = 5  # reports of one source and kind
_KIND = click.option(
    "--kind", type=click.Choice(get_args(MassKind)), help="Only changes of this kind. [default: all that wait]"
)


@click.group(invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help=f"Every report, not only the first {_SHOWN} of each kind.")
@click.option("--json", "as_json", is_flag=True, help="For machines: every report.")
@click.pass_context
def pending(context: click.Context, everything: bool, as_json: bool) -> None:
    """List changes that wait for a person; accept or refuse them.

    They wait because one fetch changed too many reports. The kinds: withdrawn (its publisher takes the report back),
    moved (another link), same_words (as many other reports say now), revised (other words). Until a person decides, the
    reports stay as they are.
    """
    if context.invoked_subcommand is not None:
        if everything or as_json:
            raise click.UsageError("--all and --json belong to `aggregator pending` alone")
        return

    paths: Paths = context.obj
    with read_store(paths, utc_now()) as store:
        rows = store.pending()
    if as_json:
        say_json_rows(rows)
        return
    for (source, kind), those in groupby(rows, key=lambda row: (row["source_name"], row["mass_kind"])):
        _print(source, kind, list(those), everything)
    if not rows:
        say("nothing waits for a person")


def _print(source: str, kind: str, rows: list[dict[str, Any]], everything: bool) -> None:
    name, since = _line(rows[0]["publisher_name"]), min(row["since"] for row in rows)
    say(f"{name}: {len(rows):,} {kind} ({source}), waiting since {when(since)}", bold=True)
    shown = rows if everything else rows[:_SHOWN]
    for row in shown:
        _print_report(row)
    if len(rows) > len(shown):
        say(f"  and {len(rows) - len(shown):,} more; --all shows them")
    say(f"  aggregator pending accept {source} --kind {kind}")
    say(f"  aggregator pending refuse {source} --kind {kind}")


def _print_report(row: Mapping[str, Any]) -> None:
    if row["title"] is None:
        say(f"  {row['id']}  (out of the wire)")
        return
    say(f"  {row['id']}  {_line(row['title']) or '(no headline)'}")
    if row["signal"] == "tombstone":
        say("    its feed lists it as deleted")
        return
    if row["new_title"] != row["title"]:
        say(f"    headline: {_line(row['new_title']) or '(none)'}")
    if row["new_url"] != row["url"]:
        say(f"    link: {_line(row['url'] or '(none)')} -> {_line(row['new_url'] or '(none)')}")
    if row["mass_kind"] in ("same_words", "revised"):
        say(f"    text: {_line(row['new_text'] or '') or '(none)'}")


def _line(text: str) -> str:
    return " ".join(text.split())


@pending.command()
@click.argument("key")
@_KIND
@ACTOR
@click.pass_obj
def accept(paths: Paths, key: str, kind: MassKind | None, actor: str) -> None:
    """Put in force what waits of KEY.

    KEY is a publisher or a source. What the publisher said is stored, and reports that it withdrew leave the wire. From
    now on, so many changes may come in one fetch of the source.
    """
    config = load_config(paths)
    with open_wire(paths, config, utc_now()) as store:
        kinds = (kind,) if kind else waiting.KINDS
        done = waiting.accept(store, config.publishers, key, kinds, actor, utc_now())
        while store.index():
            pass
    _say(key, "accepted", done)


@pending.command()
@click.argument("key")
@_KIND
@ACTOR
@click.pass_obj
def refuse(paths: Paths, key: str, kind: MassKind | None, actor: str) -> None:
    """Drop what waits of KEY.

    KEY is a publisher or a source. The same changes do not wait again; later ones do.
    """
    with open_existing(paths) as store:
        done = waiting.refuse(store, key, (kind,) if kind else waiting.KINDS, actor, utc_now())
    _say(key, "refused", done)


def _say(key: str, what: str, done: Counter[MassKind]) -> None:
    if not done:
        raise click.UsageError(f"no such change of {key!r} waits; `aggregator pending` lists those that do")
    say(f"{key}: {counted(done.total(), 'change')} {what}: {_counts(done.items())}")


def _counts(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in counts)
