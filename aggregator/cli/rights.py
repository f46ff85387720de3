"""rights: by publisher what may leave where, on what basis, and what left: the sheet for a lawyer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, get_args

import click

from aggregator.cli import signal_lines, taken_lines
from aggregator.cli.filters import as_usage, one_of
from aggregator.cli.options import AS_JSON, exclude
from aggregator.cli.printing import say, say_csv
from aggregator.cli.rows import say_json_rows
from aggregator.desk.signals import ByPublisher, by_publisher, counted, of_publisher
from aggregator.model import Channel, Group, Kind, Publisher
from aggregator.model.plain import as_dict
from aggregator.model.publisher import ImageScope, UseState
from aggregator.model.release import FormerPublisher
from aggregator.model.signals import StoredSignal
from aggregator.output.columns import fitted
from aggregator.pipeline.choosing import country_code
from aggregator.pipeline.opening import load_config, read_store
from aggregator.pipeline.paths import Paths
from aggregator.rights import did_you_mean, sheet
from aggregator.store import exists
from aggregator.text.dates import utc_now
from aggregator.text.printable import line

DAYS = 30  # for which it is counted what left
_SCOPES = MappingProxyType({"none": "nothing", "headline_only": "headline", "excerpt": "excerpt", "full_text": "full"})
_PICTURES: Mapping[ImageScope, str] = MappingProxyType(
    {"none": "none", "per_image_licence": "licensed", "same_as_text": "as text", "agreement": "agreed"}
)
_USES: Mapping[UseState, str] = MappingProxyType({"allowed": "yes", "refused": "no", "unstated": "?"})
_FIRST = (25, 2, 13, 15, 10, 10)  # columns of a terminal
_SECOND = (13, 13, 13, 13, 8, 11)


@click.command()
@click.option("--publisher", "publishers", multiple=True, metavar="KEY", help="Only this publisher, by key or name.")
@click.option("--country", "countries", multiple=True, metavar="COUNTRY", help="Only publishers of it: ML, Mali.")
@click.option("--kind", "kinds", multiple=True, callback=one_of(get_args(Kind)), metavar="KIND", help="Such as ngo.")
@click.option(
    "--group", "groups", multiple=True, callback=one_of(get_args(Group)), metavar="GROUP", help="Such as institution."
)
@click.option("--signals", "is_of_signals", is_flag=True, help="What their sites say to machines, counted and each.")
@click.option("--taken", "is_of_taken", is_flag=True, help="Who took which report to publish it elsewhere.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated, with a header.")
@AS_JSON
@click.pass_obj
def rights(
    paths: Paths, /, is_of_signals: bool, is_of_taken: bool, as_csv: bool, as_json: bool, **chosen: Sequence[str]
) -> None:
    """List by publisher what may leave where, and what left.

    Of each: the basis, the licence, when somebody last read its terms, the last day of its agreement; then what leaves
    by each channel with the number of reports that left by it in the last 30 days, pictures, and whether machines may
    train on it, answer by it and list it. A publisher whose file is gone is listed while its reports are held.

    --signals says of the publishers that are polled what their sites say to machines, in robots.txt, headers, TDMRep,
    RSL and pages: how many say what, and a line for each.

    --taken says who took which report from its page, with an address to reach them: docs/web.md.

    --csv and --json have all: docs/rights.md. `show ID --rights` says it of one report.
    """
    exclude({"--csv": as_csv, "--json": as_json})
    exclude({"--signals": is_of_signals, "--taken": is_of_taken})
    today = utc_now().date()
    if is_of_signals:
        _print_signals(paths, chosen, as_csv, as_json)
        return
    rows = _taken(paths, chosen) if is_of_taken else [*_rows(paths, chosen, today)]
    if as_json:
        say_json_rows(rows)
    elif as_csv:
        say_csv(
            tuple(rows[0]) if rows else (), ([_cell(each) for each in row.values()] for row in rows), verbatim=False
        )
    elif is_of_taken:
        taken_lines.print_table(rows)
    else:
        _print(rows)


def _taken(paths: Paths, chosen: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Who took what of the publishers that fit."""
    if not exists(paths.database()):
        return []
    with read_store(paths) as store:
        taken = store.taken(None, datetime.min.replace(tzinfo=UTC))
        known = [*map(_configured, load_config(paths).publishers)]
        keys = {said["publisher"] for said, _ in known}
        known += [_former(each) for each in store.former_publishers() if each.publisher not in keys]
    those = {said["publisher"] for said, _ in _chosen(known, chosen)}
    return taken_lines.rows_of(each for each in taken if each.publisher in those)


def _print_signals(paths: Paths, chosen: Mapping[str, Sequence[str]], as_csv: bool, as_json: bool) -> None:
    polled = [each for each in load_config(paths).publishers if each.enabled and any(s.enabled for s in each.sources)]
    by_key = {each.key: each for each in polled}
    those = [by_key[said["publisher"]] for said, _ in _chosen([*map(_configured, polled)], chosen)]
    stored: list[StoredSignal] = []
    if exists(paths.database()):
        with read_store(paths) as store:
            keys = {each.key for each in those}
            stored = [each for each in (*store.signals(), *store.signals_of_pages()) if each.publisher in keys]
    rows, counts = signal_lines.rows_of(those, stored), counted(stored)
    if as_json:
        signal_lines.print_json(rows, counts)
    elif as_csv:
        signal_lines.print_csv(rows)
    else:
        signal_lines.print_table(rows, counts)


def _rows(paths: Paths, chosen: Mapping[str, Sequence[str]], today: date) -> Iterator[dict[str, Any]]:
    """Sorted by country and name."""
    configured = load_config(paths).publishers
    former: list[FormerPublisher] = []
    left: Counter[tuple[str, Channel]] = Counter()
    signals: ByPublisher = {}
    taken: Counter[str] = Counter()
    first = today - timedelta(days=DAYS - 1)
    if exists(paths.database()):
        with read_store(paths) as store:
            signals = by_publisher(store)
            left = store.released_since(first)
            taken.update(each.publisher for each in store.taken(None, datetime.combine(first, time(), UTC)))
            keys = {publisher.key for publisher in configured}
            former = [each for each in store.former_publishers() if each.publisher not in keys]
    known = [*map(_configured, configured), *map(_former, former)]
    for said, of in _chosen(known, chosen):
        said.pop("rights", None)
        counts = {f"left_{channel}": left[said["publisher"], channel] for channel in get_args(Channel)}
        own = of_publisher(signals, said["publisher"], said.pop("homepage"))
        days = {name: _day(value) for name, value in as_dict(sheet(of, today, own)).items()}
        yield {**said, **days, **counts, "taken": taken[said["publisher"]]}


def _former(publisher: FormerPublisher) -> tuple[dict[str, Any], Any]:
    return {**as_dict(publisher), "has_file": False}, publisher.rights


def _configured(publisher: Publisher) -> tuple[dict[str, Any], Any]:
    said = {"publisher": publisher.key, "name": publisher.name, "place": publisher.place or ""}
    said |= {"country": publisher.country, "kind": publisher.kind, "group": publisher.group}
    return {**said, "has_file": True, "homepage": publisher.homepage}, publisher.rights


def _chosen(known: Sequence[tuple[dict[str, Any], Any]], chosen: Mapping[str, Sequence[str]]) -> list[Any]:
    """Those that fit one value of every option that is given. click.UsageError: none can be meant."""
    names = {said["name"].casefold(): said["publisher"] for said, _ in known}
    keys = {said["publisher"] for said, _ in known}
    with as_usage():
        countries = [country_code(each, {said["country"] for said, _ in known}) for each in chosen["countries"]]
    wanted = {
        "publisher": [key if key in keys else names.get(key.casefold(), key) for key in chosen["publishers"]],
        "country": countries,
        "kind": chosen["kinds"],
        "group": chosen["groups"],
    }
    for key in wanted["publisher"]:
        if key not in keys:
            raise click.BadParameter(f"no publisher {key!r}{did_you_mean(key, keys)}", param_hint="--publisher")
    fit = [each for each in known if all(not of or each[0][name] in of for name, of in wanted.items())]
    return sorted(fit, key=lambda each: (each[0]["country"], each[0]["name"].casefold()))


def _day(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _cell(value: Any) -> Any:
    return "yes" if value is True else "no" if value is False else value


def _print(rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        say("No publisher fits.")
        return
    channels = get_args(Channel)
    say(_line(("publisher", "in", "basis", "licence", "checked", "ends"), _FIRST))
    say("  " + _line((*channels, "pictures", "machines"), _SECOND))
    for row in rows:
        name = row["name"] if row["has_file"] else f"{row['name']} (no file)"
        say()
        first = (name, row["country"], row["basis"], row["licence"], row["terms_checked"], row["agreement_ends"])
        say(_line(first, _FIRST), bold=True)
        leaves = (f"{_SCOPES[row[each]]} {_short(row[f'left_{each}'])}" for each in channels)
        machines = "/".join(_USES[row[use]] for use in ("train", "input", "search"))
        say("  " + _line((*leaves, _PICTURES[row["pictures"]], machines), _SECOND))
        if row["taken"]:
            say(f"  taken to be published elsewhere: {row['taken']} (see --taken)")
    say()
    say(f"The numbers are of reports that left in the last {DAYS} days.")
    say("machines: training, answers, search; ?: not stated")
    say("checked: when its terms were last read; ends: the last day of its agreement")


def _line(cells: Sequence[Any], widths: Sequence[int]) -> str:
    return " ".join(fitted(line(str(cell or "-")), width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _short(number: int) -> str:
    """In four characters."""
    if number < 10_000:
        return str(number)
    return f"{number // 1_000}k" if number < 1_000_000 else f"{number // 1_000_000}M"
