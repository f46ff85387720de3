"""check: whether the configuration is sound; and, with --live, how its sources do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aggregator.cli.faults import names_of, say_faults
from aggregator.cli.keys import why_not_polled
from aggregator.cli.printing import say, say_json, say_lines, say_rendered
from aggregator.model import Config, Source
from aggregator.pipeline.opening import Workplace, refuse_placeholders
from aggregator.text.dates import from_iso, to_iso, utc_now
from aggregator.text.printable import escaped

if TYPE_CHECKING:
    from aggregator.pipeline.discovery import Look

_HOUR = timedelta(hours=1)
_TOLD_ONE_BY_ONE = 5  # files with the same warning
_COLUMNS = (
    "source", "state", "status", "format", "entries", "dated", "summaries", "full_text", "newest", "validators",
    "redirected_to", "error",
)  # fmt: skip


@click.command()
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--live", is_flag=True, help="Poll every source once, or those of KEY, and store nothing.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def check(here: Workplace, keys: tuple[str, ...], live: bool, as_json: bool) -> None:
    """Check the configuration: every fault of every file, and what to look at. With --live, ask its sources too.

    It warns of agreements that have ended or end within 30 days, names the keys that nothing acts on yet, and says when
    the database was written with other files than these.

    --live needs no database. It says of each source what its document carries, whether its validators are honoured,
    and where it redirects to; the exit code is 1 when one is dead: it gave no answer, or no document that can be read.
    A publisher whose file has a fault is not asked.
    A KEY is a publisher's key or publisher/source.
    """
    if keys and not live:
        raise click.UsageError("a KEY belongs to --live: the files are always checked together")
    config = _checked(here, as_json)
    if live:
        refuse_placeholders(config)
        enabled = [source for publisher in config.publishers for source in publisher.sources if source.enabled]
        has_faults = say_faults(config)
        is_dead = _live(here, config, _named(here, config, enabled, keys) if keys else enabled, as_json)
        if has_faults or is_dead:
            sys.exit(1)
        return
    faults = [*config.faults, *(config.placeholders if config.asks_real_sites else ())]
    _print_all(here, config, faults, as_json)
    if faults:
        sys.exit(1)


def _print_all(here: Workplace, config: Config, faults: Sequence[str], as_json: bool) -> None:
    """The faults of publishers, all warnings and notes, and how many are fine."""
    folder, warnings = here.config_folder(), [*_agreements(here, config), *config.warnings]
    sources = sum(len(publisher.sources) for publisher in config.publishers)
    counts = {"publishers": len(config.publishers), "sources": sources}
    if as_json:
        beside = {"warnings": warnings, "without_effect": config.without_effect, "in_force": here.is_in_force()}
        stopped = [each.key for each in config.faulty]
        _print_checked(folder, {"faults": faults, "not_polled": stopped, **beside, **counts})
        return
    for line in _gathered(warnings):
        say(f"warning: {escaped(line)}")
    _print_notes(config.without_effect, here.is_in_force())
    fine = f"{counts['publishers']} publishers, {counts['sources']} sources"
    if not faults:
        say(f"{folder}: fine; {fine}")
        return
    for line in faults:
        say(escaped(line), err=True)
    said = [f"{len(faults)} faults"]
    if config.faulty:
        said.append(f"not polled until they are corrected: {names_of(config.faulty)}")
    if config.asks_real_sites and config.placeholders:
        said.append("no site is asked until wire.toml has a name of your own")
    say(f"{folder}: {'; '.join(said)}; without a fault: {fine}", err=True)


def _agreements(here: Workplace, config: Config) -> list[str]:
    """The agreements that have ended or end soon, as warnings."""
    from aggregator.rights import agreement_warnings

    files = here.files_of_publishers()
    return list(agreement_warnings({files[one.key]: one for one in config.publishers}, utc_now().date()))


def _print_notes(without_effect: Sequence[str], is_in_force: bool | None) -> None:
    """What is neither a fault nor a warning, and yet may not be as the operator thinks."""
    from aggregator.rights import WITHOUT_EFFECT

    if without_effect:
        keys, here = ", ".join(WITHOUT_EFFECT), ", ".join(without_effect)
        say(f"note: nothing acts on these keys of the rights and contacts yet: {keys}; set here: {here}")
    if is_in_force is False:
        say(
            "note: the database was written with other files than these, or by another version; `aggregator fetch` puts"
            " these in force, and so does SIGHUP to a running daemon"
        )


def _checked(here: Workplace, as_json: bool) -> Config:
    from aggregator.model.errors import ConfigError

    folder = here.config_folder()
    try:
        return here.check_config()
    except ConfigError as error:
        if as_json:
            _print_checked(folder, {"faults": error.faults, "warnings": []})
        else:
            say_lines(str(error), err=True)
            say(f"{folder}: {len(error.faults)} faults; nothing is loaded until they are corrected", err=True)
        sys.exit(1)


def _print_checked(folder: Path, said: Mapping[str, Any]) -> None:
    say_json({"config": str(folder), **said})


def _gathered(warnings: Sequence[str]) -> Iterator[str]:
    """The warnings, those that many files share told once: five hundred lines are read by nobody."""
    files: dict[str, list[str]] = {}
    for line in warnings:
        name, _, what = line.partition(": ")
        files.setdefault(what, []).append(name)
    for what, names in files.items():
        if len(names) <= _TOLD_ONE_BY_ONE:
            yield from (f"{name}: {what}" for name in names)
        else:
            yield f"{len(names)} files: {what}; such as {', '.join(names[:2])} (--json names all)"


def _named(here: Workplace, config: Config, sources: Sequence[Source], keys: Sequence[str]) -> list[Source]:
    known = {name for source in sources for name in (source.publisher, source.name)}
    for key in keys:
        if key not in known:
            raise click.UsageError(why_not_polled(here, config, key))
    return [source for source in sources if {source.publisher, source.name} & set(keys)]


def _live(here: Workplace, config: Config, sources: Sequence[Source], as_json: bool) -> bool:
    """Whether one of them is dead."""
    from aggregator.cli.terminal import print_table, progress
    from aggregator.output import json_array

    with progress("Asking", len(sources), visible=not as_json) as done:
        looks = asyncio.run(_look(config, here.database(), sources, done))
    now = utc_now()
    rows = [_row(look) for look in looks]
    if as_json:
        say_rendered(json_array(rows))
    else:
        print_table(_COLUMNS, [[_shown(name, row[name], now) for name in _COLUMNS] for row in rows])
        states = [row["state"] for row in rows]
        counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states)) or "none"
        say(f"{len(rows)} sources: {counted}")
    return any(row["state"] == "dead" for row in rows)


async def _look(config: Config, database: Path, sources: Sequence[Source], done: Callable[[str], None]) -> list[Look]:
    from aggregator.pipeline.pipeline import open_prober

    async with open_prober(config.wire, utc_now, publishers=config.publishers, database=database) as prober:

        async def look(source: Source) -> Look:
            seen = await prober.look(source)
            done(source.name)
            return seen

        return await asyncio.gather(*(look(source) for source in sources))


def _row(look: Look) -> dict[str, Any]:
    carries = look.carries
    return {
        "source": look.source.name,
        "url": look.source.url,
        "state": look.state,
        "status": look.status,
        "format": carries.format if carries else None,
        "entries": carries.entries if carries else None,
        "dated": carries.dated if carries else None,
        "summaries": carries.summaries if carries else None,
        "full_text": carries.full_text if carries else None,
        "newest": to_iso(carries.newest) if carries and carries.newest else None,
        "validators": look.validators,
        "redirected_to": look.redirected_to,
        "error": look.error,
    }


def _shown(name: str, value: Any, now: datetime) -> Any:
    if isinstance(value, float):
        return f"{value:.0%}"
    if name == "newest" and value is not None:
        hours = (now - from_iso(value)) / _HOUR
        return value if hours < 0 else f"{hours:.0f} h ago" if hours < 72 else f"{hours / 24:.0f} d ago"
    return value


COMMANDS = (check,)
