"""What may leave, and what must stand beside it; this room alone knows the rules of rights and the disclaimers."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from types import MappingProxyType
from typing import get_args

from aggregator.model import DEFAULT_DISCLAIMERS, Channel, ItemClass, Publisher, Rights, Terms, TextScope, Wire
from aggregator.rights.agreements import NOTICE_DAYS, agreement_warnings, end_in_words, ends_at, what_leaves
from aggregator.rights.decisions import Decision, decisions
from aggregator.rights.effects import TAKES_EFFECT
from aggregator.rights.gate import effective
from aggregator.rights.release import copies_wanted, release, signals_of, usage_terms, widest
from aggregator.rights.rules import MOST_EXCERPT_WORDS, NOT_IN_ADDRESS, broken, is_address
from aggregator.rights.sheet import Sheet, sheet
from aggregator.rights.signals import NAMES as SIGNAL_NAMES
from aggregator.rights.signals import Ground, binding, configured, grounds, in_a_word, uses
from aggregator.rights.taking import most_to_take, pictures_may_be_taken
from aggregator.rights.templates import fields_of, fill, licence_name

__all__ = [
    "CREDIT_FIELDS",
    "DEFAULT_DISCLAIMERS",
    "DISCLAIMER_FIELDS",
    "MOST_EXCERPT_WORDS",
    "NOTICE_DAYS",
    "NOT_IN_ADDRESS",
    "SIGNAL_NAMES",
    "TAKES_EFFECT",
    "Decision",
    "Ground",
    "Sheet",
    "agreement_warnings",
    "binding",
    "configured",
    "copies_wanted",
    "decisions",
    "did_you_mean",
    "effective",
    "end_in_words",
    "ends_at",
    "fault",
    "faults_of_disclaimers",
    "faults_of_publisher",
    "faults_of_rights",
    "fill",
    "grounds",
    "in_a_word",
    "is_address",
    "licence_name",
    "most_to_take",
    "notices",
    "pictures_may_be_taken",
    "release",
    "sheet",
    "signals_of",
    "terms",
    "usage_terms",
    "uses",
    "what_leaves",
    "widest",
]

CREDIT_FIELDS = frozenset({"publisher", "place", "wire", "licence", "licence_url", "holder", "homepage"})
DISCLAIMER_FIELDS = frozenset(
    {"wire", "publisher", "corrections_contact", "complaints_url", "licence_name", "original_url"}
)

# The texts that stand in the place of a report, or beside it for a reason of its own, and what of them is filled in for
# each report.
_OF_A_REPORT = ("withheld", "withdrawn", "legal", "gone", "general", "wire_inside", "image", "updated", "corrected")
_FILLED_LATER: Mapping[str, str] = MappingProxyType(
    {
        name: f"{{{name}}}"
        for name in ("time", "reason", "demand_detail", "original_url", "agency", "credit", "publisher_note")
    }
)

_KEY_OF_FIELD: Mapping[str, str] = MappingProxyType(
    {  # where the words of a field stand in a publisher's file
        "publisher": "name",
        "place": "place",
        "homepage": "homepage",
        "licence": "rights.licence",
        "licence_name": "rights.licence",
        "licence_url": "rights.licence_url",
        "holder": "rights.copyright_holder",
        "corrections_contact": "contact.corrections",
    }
)
_FROM_ELSEWHERE = frozenset({"wire", "complaints_url", "original_url"})  # wire.toml, and the report itself


def fault(key: str, found: object, expected: str) -> str:
    """One fault as every ConfigError words it: the dotted key, what was found (None: nothing), what was expected."""
    shown = "nothing" if found is None else json.dumps(found, ensure_ascii=False, default=str)
    return f"{key}: found {shown if len(shown) <= 80 else shown[:77] + '...'}, expected {expected}"


def did_you_mean(word: str, known: Collection[str]) -> str:
    """`; did you mean "x"?` when a known word is close, else the empty string."""
    close = get_close_matches(word, known, n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


def faults_of_rights(rights: Rights) -> tuple[str, ...]:
    """All broken rules between the keys of `rights` (WIRE.md section 2), each a line as `fault` words it."""
    return tuple(fault(*rule) for rule in broken(rights))


def terms(publisher: Publisher, item_class: ItemClass, wire: Wire, today: date) -> Terms:
    """What stands beside every report of `item_class` by a publisher that `faults_of_publisher` found sound.

    `{original_url}` stays in the disclaimer, literally, for the view of the database to fill in per report; no other
    brace is left in any text.
    """
    rights = effective(publisher.rights, today)
    values = {**_values(publisher), "wire": wire.name, "complaints_url": wire.complaints_url}
    values["original_url"] = "{original_url}"
    texts = {**DEFAULT_DISCLAIMERS, **publisher.disclaimers}
    notice = _notice(rights)
    return Terms(
        credit=fill(_placed(rights.credit, values), values),
        disclaimer=" ".join(fill(texts[name], values) for name in _names(publisher, item_class, rights.text_scope)),
        text_scope=rights.text_scope,
        licence=rights.licence,
        copyright_notice=None if notice is None else fill(_placed(notice, values), values),
        complaints_url=wire.complaints_url,
        channels=tuple(channel for channel in get_args(Channel) if channel in rights.redistribute),
        excerpt_max_words=rights.excerpt_max_words,
    )


def notices(publisher: Publisher, wire: Wire) -> dict[str, str]:
    """The publisher's own texts that are filled in for each report, by name; where it has none, the default stands.

    The fields of a report, such as `{time}` and `{original_url}`, stay, literally, for the view `notices` and the gate
    to fill in; no other brace is left.
    """
    values = {**_values(publisher), "wire": wire.name, "complaints_url": wire.complaints_url, **_FILLED_LATER}
    return {name: fill(text, values) for name, text in publisher.disclaimers.items() if name in _OF_A_REPORT}


def faults_of_publisher(publisher: Publisher) -> tuple[str, ...]:
    """Why credit, notice or disclaimer of `publisher` could not be resolved, on any day and for any class of report.

    Each a line as `fault` words it. The rules within its rights are those of `faults_of_rights`.
    """
    values = _values(publisher)
    texts = {**DEFAULT_DISCLAIMERS, **publisher.disclaimers}
    in_use = {name for item_class in get_args(ItemClass) for name in _names(publisher, item_class, "excerpt")}
    lines = [*_own_faults(publisher), *_value_faults(values), *faults_of_disclaimers(publisher.disclaimers)]
    lines += _template_faults("rights.credit", publisher.rights.credit, CREDIT_FIELDS, values)
    notice = _notice(publisher.rights)
    if notice is not None:
        lines += _template_faults("rights.copyright_notice", notice, CREDIT_FIELDS, values)
    for name in sorted(in_use):
        if not _unknown_fields(texts[name], DISCLAIMER_FIELDS):
            lines += _unset_faults(f"disclaimers.{name}", texts[name], values)
    for name, text in publisher.disclaimers.items():
        if name in _OF_A_REPORT and not _unknown_fields(
            text, DISCLAIMER_FIELDS | set(fields_of(DEFAULT_DISCLAIMERS[name]))
        ):
            lines += _unset_faults(f"disclaimers.{name}", text, {**values, **_FILLED_LATER})
    return tuple(lines)


def faults_of_disclaimers(overrides: Mapping[str, str]) -> tuple[str, ...]:
    """What is wrong with a `[disclaimers]` table by itself: unknown names, empty texts, fields that nobody fills in."""
    lines: list[str] = []
    for name, text in overrides.items():
        key = f"disclaimers.{name}"
        if name in DEFAULT_DISCLAIMERS:
            lines += _text_faults(key, text, DISCLAIMER_FIELDS | set(fields_of(DEFAULT_DISCLAIMERS[name])))
        else:
            known = f"one of {', '.join(sorted(DEFAULT_DISCLAIMERS))}{did_you_mean(name, DEFAULT_DISCLAIMERS)}"
            lines.append(f"{key}: found an unknown name, expected {known}")
    return tuple(lines)


def _names(publisher: Publisher, item_class: ItemClass, scope: TextScope) -> Iterator[str]:
    """The texts that make up the disclaimer, in the order in which they are read."""
    rights = publisher.rights
    yield "own" if publisher.kind == "own" or rights.relationship == "own" else "third_party"
    if publisher.group == "institution":
        yield "institution"
    if item_class == "press_release" or rights.relationship == "press_release":
        yield "press_release"
    if item_class == "opinion":
        yield "opinion"
    if rights.basis == "open_licence":
        yield "open_licence"
    if scope == "excerpt":
        yield "excerpt"


def _notice(rights: Rights) -> str | None:
    if rights.copyright_notice is not None:
        return rights.copyright_notice
    return None if rights.copyright_holder is None else "© {holder}"


def _placed(template: str, values: Mapping[str, str]) -> str:
    """`template` without its `({place})` where no place is known, so that the name stands alone."""
    return template if "place" in values else re.sub(r"\s*\(\{place\}\)", "", template)


def _values(publisher: Publisher) -> dict[str, str]:
    """What the fields of a template stand for, as far as the publisher decides it; what is unset is not among them."""
    rights = publisher.rights
    values = {
        "publisher": publisher.name,
        "place": publisher.place,
        "homepage": publisher.homepage,
        "licence": rights.licence,
        "licence_name": None if rights.licence is None else licence_name(rights.licence),
        "licence_url": rights.licence_url,
        "holder": rights.copyright_holder,
        "corrections_contact": publisher.contact.corrections or publisher.homepage,
    }
    return {name: value for name, value in values.items() if value and value.strip()}


def _own_faults(publisher: Publisher) -> Iterator[str]:
    """Only the wire's own work may say that the wire answers for it."""
    own = publisher.kind == "own"
    if own != (publisher.rights.relationship == "own"):
        expected = f'{"" if own else "another than "}"own", because kind is "{publisher.kind}"'
        yield fault("rights.relationship", publisher.rights.relationship, expected)
    for number, source in enumerate(publisher.sources, start=1):
        if source.item_class == "own_report" and not own:
            expected = f'another class, because kind is "{publisher.kind}"'
            yield fault(f"source[{number}].class", source.item_class, expected)


def _value_faults(values: Mapping[str, str]) -> Iterator[str]:
    # A brace in a name would look like a field that was never filled in, and might become one.
    for name, value in values.items():
        if name != "licence_name" and re.search(r"[{}\x00-\x1f\x7f]", value):
            yield fault(_KEY_OF_FIELD[name], value, "one line of text without braces")


def _template_faults(key: str, template: str, allowed: Collection[str], values: Mapping[str, str]) -> list[str]:
    return [*_text_faults(key, template, allowed)] or [*_unset_faults(key, _placed(template, values), values)]


def _text_faults(key: str, template: str, allowed: Collection[str]) -> Iterator[str]:
    if not template.strip() or re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", template):
        yield fault(key, template, "a text that is not empty and has no control characters")
    elif unknown := _unknown_fields(template, allowed):
        expected = "only the fields " + ", ".join(f"{{{name}}}" for name in sorted(allowed))
        yield fault(key, unknown, expected + did_you_mean(unknown.strip("{}"), allowed))


def _unknown_fields(template: str, allowed: Collection[str]) -> str:
    """The fields of `template` that are not `allowed`, in braces; the whole template if its braces make no sense."""
    try:
        return " ".join(f"{{{name}}}" for name in fields_of(template) if name not in allowed)
    except ValueError:
        return template


def _unset_faults(key: str, template: str, values: Mapping[str, str]) -> Iterator[str]:
    for name in dict.fromkeys(fields_of(template)):
        if name not in values and name not in _FROM_ELSEWHERE:
            yield fault(key, f"{{{name}}}", f"{_KEY_OF_FIELD[name]} to be set, or a text without {{{name}}}")
