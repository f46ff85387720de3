"""The form for complaints: its fields, what each kind means in plain words, and what is wrong with what was typed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from aggregator.model import ComplaintKind
from aggregator.model.escaping import UNFIT
from aggregator.text.emails import is_email
from aggregator.text.printable import line, lines
from aggregator.web.pages.page import Gettext
from aggregator.web.pages.wording import N_

SHORTEST, LONGEST = 10, 5_000  # characters of what is wrong
LONGEST_NAME, LONGEST_EMAIL = 100, 254  # RFC 5321 section 4.5.3.1.3
# `website` is for programs that fill in everything; people do not see it.
FIELDS = ("kind", "text", "name", "email", "website", "form")
_FORM = re.compile(r"[A-Za-z0-9_-]{22,64}")
# Of an address that is to stand in a field of an e-mail alone (RFC 5322 section 3.2.3).
_NOT_PLAIN = re.compile(r"""[,;:\\()\[\]'`|!]""")


class KindShown(Struct, frozen=True):
    """A kind of complaint as people choose it."""

    kind: ComplaintKind
    label: str
    hint: str


_OF_REPORT = (
    KindShown("factual", N_("Something in it is wrong"),
              N_("A fact, a name, a figure or a quotation. Only the publisher can correct it: we refer you to it.")),
    KindShown("privacy", N_("It shows something private"),
              N_("About you or another person, and it should not be public. We can withhold the report.")),
    KindShown("safety", N_("It puts somebody in danger"),
              N_("The desk looks at this first. We can withhold the report.")),
    KindShown("copyright", N_("It uses a work without permission"),
              N_("A text or picture of yours, or of somebody for whom you speak. We can withhold the report, and ask"
                 " the publisher.")),
    KindShown("licence", N_("Its licence or its credit is not respected"),
              N_("We show it in a way that its licence does not allow, or without the name that must stand there.")),
    KindShown("court_order", N_("A court forbids it"),
              N_("Name the court, the date and the number of the case.")),
    KindShown("statute", N_("A law or an authority forbids it"),
              N_("Name the law or the authority, and the reference of its demand.")),
    KindShown("publisher_request", N_("I write for its publisher"),
              N_("You want it taken out of this wire. We ask at the address that we have of the publisher first.")),
    KindShown("comment", N_("A comment"), N_("Something that you want to say, and that asks us to do nothing.")),
)  # fmt: skip
_OWN = KindShown(
    "own_content", N_("Something in it is wrong"),
    N_("This report is our own. If it is wrong, we correct it, and we say so beside it."),
)  # fmt: skip
_OF_WIRE = (
    KindShown("about_the_wire", N_("Something is wrong with this wire"),
              N_("How it works, what it carries or leaves out, how it treats you.")),
    KindShown("comment", N_("A comment"), N_("Something that you want to say, and that asks us to do nothing.")),
)  # fmt: skip
_LABELS: Mapping[str, str] = {each.kind: each.label for each in (*_OF_REPORT, _OWN, *_OF_WIRE)}


def kinds(*, of_report: bool, is_own: bool) -> tuple[KindShown, ...]:
    """Those that one may choose."""
    if not of_report:
        return _OF_WIRE
    others = tuple(each for each in _OF_REPORT if each.kind not in ("factual", "publisher_request"))
    return (_OWN, *others) if is_own else _OF_REPORT


def label_of(kind: str) -> str:
    """What a kind is called in the form, in English."""
    return _LABELS.get(kind, kind)


class Typed(Struct, frozen=True):
    """What somebody has typed, as it is shown again: without characters that turn the direction of what follows."""

    kind: str = ""
    text: str = ""
    name: str = ""
    email: str = ""
    website: str = ""
    form: str = ""  # of this form alone, so that a click too many files nothing twice


def typed(form: Mapping[str, str]) -> Typed:
    said = {name: form.get(name, "") for name in FIELDS}
    return Typed(
        kind=said["kind"],
        text=lines(said["text"]).strip(),
        name=line(said["name"]).strip(),
        email=said["email"],
        website=said["website"],
        form=said["form"] if _FORM.fullmatch(said["form"]) else "",
    )


def faults(typed: Typed, offered: tuple[KindShown, ...], gettext: Gettext) -> Mapping[str, str]:
    """By field what is wrong with it, in the order of the fields, in the language of `gettext`."""
    found: dict[str, str] = {}
    if typed.kind not in {each.kind for each in offered}:
        found["kind"] = gettext("Choose what it is about.")
    if not typed.text:
        found["text"] = gettext("Write what you want to say.")
    elif len(typed.text) < SHORTEST:
        found["text"] = gettext("Write a little more: at least %(least)d characters.") % {"least": SHORTEST}
    elif len(typed.text) > LONGEST:
        many = {"most": LONGEST, "number": len(typed.text)}
        found["text"] = gettext("Write less: at most %(most)d characters. You have %(number)d.") % many
    if len(typed.name) > LONGEST_NAME:
        found["name"] = gettext("Write a shorter name: at most %(most)d characters.") % {"most": LONGEST_NAME}
    if typed.email and not _is_plain(typed.email):
        found["email"] = gettext("This is no e-mail address. Correct it, or leave the field empty.")
    if typed.website:
        found["website"] = gettext("Leave this field empty. Programs fill it in, and people do not.")
    return found


def _is_plain(email: str) -> bool:
    is_one = len(email) <= LONGEST_EMAIL and not UNFIT.search(email) and "\n" not in email
    return is_one and not _NOT_PLAIN.search(email) and is_email(email)
