"""What machines may do with a report, by its publisher's terms and by what the publisher says to machines; pure.

Refused by any is refused; else what the configuration allows, or the open licence that it names, is allowed; else it is
unstated. So what a site says narrows the configuration and never widens it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import get_args
from urllib.parse import urlsplit

from msgspec import Struct

from aggregator.model import AI_USES, AiUse, Rights
from aggregator.model.publisher import Use, Uses, UseState
from aggregator.model.signals import Signal, SignalForm, SignalPlace
from aggregator.text.paths import PathRules, path_of

_USES: tuple[Use, ...] = get_args(Use)
# Licences that let everybody copy and change for whatever purpose: https://creativecommons.org/licenses/
_OPEN = ("CC0-", "CC-BY-SA-", "CC-PDDC")
_OPEN_BY = "CC-BY-"
_TDMREP_BY_PLACE: Mapping[SignalPlace, int] = MappingProxyType({"file": 0, "header": 1, "meta": 2})
NAMES: Mapping[SignalForm, str] = MappingProxyType(
    {
        "content-usage": "Content-Usage",
        "content-signal": "Content-Signal",
        "tdmrep": "TDMRep",
        "rsl": "RSL",
        "licence": "licence",
        "noai": "noai",
        "ai-tokens": "AI tokens in robots.txt",
    }
)


class Ground(Struct, frozen=True):
    """What decides one use."""

    state: UseState
    by: str  # configuration, licence, signal or nothing
    signal: Signal | None = None


def configured(rights: Rights) -> Uses:
    """What `ai_use` says: a word is short for three uses."""
    return rights.ai_use if isinstance(rights.ai_use, Uses) else AI_USES[rights.ai_use]


def in_a_word(uses: Uses) -> AiUse | Uses:
    """The word that is short for these uses, so that one thing has one form; themselves where there is none."""
    return next((word for word, of in AI_USES.items() if of == uses), uses)


def grounds(rights: Rights, signals: Iterable[Signal] = ()) -> dict[Use, Ground]:
    """What each use is, and what decides it. `signals`: those that are about the report, see `binding`."""
    said, those = configured(rights), tuple(signals)
    found: dict[Use, Ground] = {}
    for use in _USES:
        refusing = next((each for each in those if getattr(each.uses, use) == "refused"), None)
        state: UseState = getattr(said, use)
        if state == "refused":
            found[use] = Ground("refused", "configuration")
        elif refusing is not None:
            found[use] = Ground("refused", "signal", refusing)
        elif state == "allowed":
            found[use] = Ground("allowed", "configuration")
        else:
            found[use] = Ground("allowed", "licence") if is_open(rights.licence) else Ground("unstated", "nothing")
    return found


def uses(rights: Rights, signals: Iterable[Signal] = ()) -> Uses:
    """The three uses, by `grounds`."""
    return Uses(**{use: ground.state for use, ground in grounds(rights, signals).items()})


def basis(found: Mapping[Use, Ground]) -> str:
    """What decides each use, in words of one line: `train refused by Content-Signal (robots); input unstated; ...`."""
    return "; ".join(f"{use} {ground.state}{_by(ground)}" for use, ground in found.items())


def _by(ground: Ground) -> str:
    if ground.signal is not None:
        return f" by {NAMES[ground.signal.form]} ({ground.signal.place})"
    return "" if ground.by == "nothing" else f" by {ground.by}"


def is_open(licence: str | None) -> bool:
    """Whether an SPDX id is that of a licence under which everything may be done with a text."""
    said = (licence or "").upper()
    return said.startswith(_OPEN) or (said.startswith(_OPEN_BY) and said[len(_OPEN_BY) :][:1].isdigit())


def policy(signals: Iterable[Signal]) -> str | None:
    """The address of the publisher's own terms for machines, where it names them."""
    return next((each.policy for each in signals if each.policy and each.form in ("rsl", "tdmrep")), None)


def binding(
    signals: Sequence[Signal], addresses: Iterable[str | None], homepage: str | None = None
) -> tuple[Signal, ...]:
    """Those of a publisher's signals that are about a report: what is said of its own address and of the feed's that
    brought it (`addresses`), and of the home page's site. What a site says of its paths is asked once for each site, by
    the first of these addresses that stands on it. Of the rows of one document those count that its form says: of
    Content-Usage the longest path, the strictest where two are as long; of TDMRep the first row, its file less than a
    field, and a field less than the page. Of the others, all that fit.
    """
    found: dict[Signal, None] = {}
    sites: set[str] = set()
    elsewhere = [each for each in signals if each.place not in ("robots", "file")]
    for url in (*addresses, homepage):
        if url is None:
            continue
        is_first = (site := _parts(url)[0]) not in sites
        sites.add(site)
        found |= dict.fromkeys(_about(signals if is_first else elsewhere, url))
    return tuple(found)


def _about(signals: Sequence[Signal], url: str) -> list[Signal]:
    fit = [each for each in signals if is_about(each, url)]
    found = [each for each in fit if each.form not in ("content-usage", "tdmrep")]
    in_robots: dict[str, list[Signal]] = {}
    for each in fit:
        if each.form == "content-usage":
            if each.place == "robots":
                in_robots.setdefault(each.url, []).append(each)
            else:
                found.append(each)
    for rows in in_robots.values():
        longest = max(len(each.pattern.rstrip("*")) for each in rows)
        found += [each for each in rows if len(each.pattern.rstrip("*")) == longest]
    reservations = [each for each in fit if each.form == "tdmrep"]
    if reservations:
        place = max((each.place for each in reservations), key=lambda place: _TDMREP_BY_PLACE.get(place, 0))
        those = [each for each in reservations if each.place == place]
        found += [min(those, key=lambda each: each.rank)] if place == "file" else those
    return found


def is_about(signal: Signal, url: str) -> bool:
    """Whether a signal speaks of an address. A site is the same with `www.` before its name, and by http and https."""
    site, path = _parts(signal.about)
    if path not in ("", "/") or (signal.place not in ("robots", "file") and not signal.pattern):
        return signal.about == url
    if site != _parts(url)[0]:
        return False
    return not signal.pattern or _fits(signal.pattern, path_of(url))


@lru_cache(4_096)
def _parts(url: str) -> tuple[str, str]:
    """Host with its port, without `www.`; and path with query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, ""
    host = parts.netloc.lower().removeprefix("www.")
    return host, parts.path + (f"?{parts.query}" if parts.query else "")


@lru_cache(4_096)
def _rules(pattern: str) -> PathRules:
    rules = PathRules()
    rules.add(pattern, is_allowed=False)
    return rules


@lru_cache(16_384)
def _fits(pattern: str, path: str) -> bool:
    """By the rules of robots.txt (RFC 9309 section 2.2.2)."""
    return not _rules(pattern).allow(path)
