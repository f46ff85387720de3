"""The wire's own words beside a report, and how the fields of any template are found and filled in; pure text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from types import MappingProxyType

DEFAULT_DISCLAIMERS: Mapping[str, str] = MappingProxyType(
    {
        "general": (
            "{wire} carries reports from many publishers. The name above a report tells you who wrote and "
            "stands behind it. We pass reports on as we receive them and have no right to change what they say. "
            "Only items published under the name {wire} are ours."
        ),
        "third_party": (
            "This report is the work of {publisher}, which answers for its content. {wire} did not write, check or "
            "edit it. To ask for a correction, write to {publisher} at {corrections_contact}; to tell us about "
            "a problem with how we carry it, use {complaints_url}."
        ),
        "excerpt": "Opening lines only. The whole report is on {publisher}'s site: {original_url}.",
        "open_licence": (
            "{publisher} lets others republish this report under {licence_name}. The licence covers the text; pictures "
            "keep their own terms."
        ),
        "opinion": "This is opinion. The views are the author's and need not be those of {publisher} or {wire}.",
        "press_release": (
            "This is a statement supplied by {publisher} to promote its own work or position. No newsroom has reported "
            "or checked it."
        ),
        "institution": "This text comes from {publisher}, which is an institution and not a news organisation.",
        "own": "Reported or commissioned by {wire}. We are responsible for it. Corrections: {corrections_contact}.",
        "wire_inside": "Part of this report comes from {agency}, as {publisher} states.",
        "image": "Picture: {credit}. Rights in the picture are separate from the text.",
        "updated": ("{publisher} changed this report on {time}. You are reading the newest version we received."),
        "corrected": "{publisher} corrected this report on {time}. Its note: {publisher_note}",
        "withheld": (
            "We are not showing this report for now. Reason: {reason}. The original may be at {original_url}."
        ),
        "withdrawn": ("{publisher} has withdrawn this report. We removed it on {time} and keep only this record."),
        "legal": ("We cannot show this report in answer to a legal demand{demand_detail}. Removed on {time}."),
        "gone": ("This report is no longer at its publisher's address. We keep the headline and the link as a record."),
    }
)


def fields_of(template: str) -> tuple[str, ...]:
    """The names in braces, in order. ValueError: braces that do not pair, doubled braces, `!r` or `:x`."""
    names = []
    for literal, name, spec, conversion in Formatter().parse(template):
        if "{" in literal or "}" in literal or spec or conversion:
            raise ValueError("only plain {name} fields may stand in braces")
        if name is not None:
            names.append(name)
    return tuple(names)


def fill(template: str, values: Mapping[str, str]) -> str:
    """`template` with each {name} replaced by `values[name]`; KeyError when one is missing.

    Not str.format: that follows `{x.__class__}` into the object, and a template is text from a file.
    """
    parts = Formatter().parse(template)
    return "".join(literal + ("" if name is None else values[name]) for literal, name, _, _ in parts)


def licence_name(licence: str) -> str:
    """How a reader calls a licence: `CC BY-ND 4.0` for the SPDX id CC-BY-ND-4.0; other ids as they are."""
    versioned = re.sub(r"^(CC0|CC-BY[A-Z-]*)-(\d\.\d)", r"\1 \2", licence).removeprefix("LicenseRef-")
    return re.sub(r"^CC-", "CC ", versioned)
