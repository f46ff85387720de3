"""The wire's own words beside a report, and in the place of one that is out of the wire; config/ may have others."""

from __future__ import annotations

from collections.abc import Mapping
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
