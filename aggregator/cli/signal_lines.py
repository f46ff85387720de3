"""The lines of `rights --signals`: of the publishers polled, how many say what to machines, and what each says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from aggregator.cli.printing import say, say_csv, say_json, say_table
from aggregator.desk.signals import Counted
from aggregator.model import Publisher
from aggregator.model.publisher import Use
from aggregator.model.signals import StoredSignal
from aggregator.rights import SIGNAL_NAMES, configured
from aggregator.text.dates import to_iso

COLUMNS = ("publisher", "name", "country", "train", "input", "search", "ai_use_train", "ai_use_input", "ai_use_search",
           "signals")  # fmt: skip
_MARKS: Mapping[str, str] = {"allowed": "yes", "refused": "no", "unstated": "?"}


def rows_of(publishers: Sequence[Publisher], stored: Sequence[StoredSignal]) -> list[dict[str, Any]]:
    """A row for each publisher: what its site says of each use, what the configuration says, and each signal."""
    rows = []
    for each in publishers:
        own = [one for one in stored if one.publisher == each.key]
        states = {use: _strictest(use, own) for use in get_args(Use)}
        said = configured(each.rights)
        rows.append(
            {
                "publisher": each.key,
                "name": each.name,
                "country": each.country,
                **states,
                **{f"ai_use_{use}": getattr(said, use) for use in get_args(Use)},
                "signals": [_said(one) for one in own],
            }
        )
    return rows


def _strictest(use: Use, own: Sequence[StoredSignal]) -> str:
    states = {getattr(one.signal.uses, use) for one in own}
    return next((state for state in ("refused", "allowed") if state in states), "unstated")


def _said(one: StoredSignal) -> dict[str, Any]:
    signal = one.signal
    return {
        "form": signal.form,
        "place": signal.place,
        "origin": signal.origin,
        "url": signal.url,
        "literal": signal.literal,
        "path_pattern": signal.pattern,
        "train": signal.uses.train,
        "input": signal.uses.input,
        "search": signal.uses.search,
        "policy": signal.policy,
        "first_seen": to_iso(one.first_seen),
        "last_seen": to_iso(one.last_seen),
    }


def print_json(rows: Sequence[Mapping[str, Any]], counts: Sequence[Counted]) -> None:
    say_json(
        {
            "publishers_polled": len(rows),
            "publishers_with_signals": sum(bool(row["signals"]) for row in rows),
            "signals": [
                {
                    "form": each.form,
                    "place": each.place,
                    "publishers": each.publishers,
                    **{f"{use}_{state}": number for use, of in each.states.items() for state, number in of.items()},
                }
                for each in counts
            ],
            "publishers": list(rows),
        },
        indent=1,
    )


def print_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    say_csv(
        COLUMNS,
        ([_in_words(row["signals"]) if name == "signals" else row[name] for name in COLUMNS] for row in rows),
        verbatim=False,
    )


def print_table(rows: Sequence[Mapping[str, Any]], counts: Sequence[Counted]) -> None:
    saying = sum(bool(row["signals"]) for row in rows)
    say(f"Of {len(rows):,} publishers polled, {saying:,} say something to machines.")
    if counts:
        say()
        uses_of = [f"{use} {mark}" for use in get_args(Use) for mark in ("no", "yes")]
        say_table(
            ("signal", "in", "publishers", *uses_of),
            (
                (SIGNAL_NAMES[each.form], each.place, each.publishers,
                 *(of[state] for of in each.states.values() for state in ("refused", "allowed")))
                for each in counts
            ),
        )  # fmt: skip
    if rows:
        say()
        say_table(
            ("publisher", "in", "train", "input", "search", "signals"),
            (
                (row["name"], row["country"], *(_MARKS[row[use]] for use in get_args(Use)), _in_words(row["signals"]))
                for row in rows
            ),
        )
    say()
    say("no: refused; yes: allowed, which does not widen `ai_use`; ?: not stated. `rights` says what comes of both.")


def _in_words(signals: Sequence[Mapping[str, Any]]) -> str:
    """`Content-Signal (robots, by its CDN), TDMRep (file)`."""
    said = (
        f"{SIGNAL_NAMES[each['form']]} ({each['place']}{', by its CDN' if each['origin'] == 'cdn' else ''})"
        for each in signals
    )
    return ", ".join(dict.fromkeys(said))
