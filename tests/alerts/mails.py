"""Alerts of each kind, and the mails that they make."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from aggregator.model import Alert, AlertEntry, OwedKind
from aggregator.model.release import Outlet, Release
from aggregator.output import alert_mail
from aggregator.rights import release
from tests import ROOT
from tests.releases import EXCERPT, FULL, HEADLINE, NOW, OPEN, WIRE, held

FOLDER = ROOT / "tests" / "fixtures" / "alerts"
GENERAL = "Baobab Wire carries reports from many publishers."
EMAIL = ("web", "feed", "api", "email")


def released(**other: object) -> Release:
    made = release(held(**other), WIRE, Outlet(channel="email", now=NOW))
    assert isinstance(made, Release), made
    return made


def of(kind: OwedKind, found: Release) -> AlertEntry:
    return AlertEntry(
        id=found.id,
        kind=kind,
        publisher=found.publisher,
        publisher_name=found.publisher_name,
        publisher_place=found.publisher_place,
        release=found,
        notice="",
        headline=found.headline,
    )


def alert(*entries: AlertEntry) -> Alert:
    return Alert(
        search="floods",
        title="Floods & bridges",
        words="pont OR <bridge>",
        wire=WIRE.name,
        site=WIRE.url,
        general=GENERAL,
        complaints_url=WIRE.complaints_url,
        complaints_email=WIRE.complaints_email,
        entries=entries,
    )


def kinds() -> Mapping[str, Alert]:
    """One of each kind, of several publishers, languages and rights."""
    full = released(rights=replace(FULL, redistribute=EMAIL))
    excerpt = released(
        rights=replace(EXCERPT, redistribute=EMAIL),
        id="bbbbbbbbbbbbbbbb",
        publisher="sahifa",
        publisher_name="الصحيفة",
        publisher_place="نواكشوط",
        language="ar",
        title="الجسر مغلق <b>حتى</b> الجمعة",
        summary="الجسر مغلق حتى الجمعة.",
        text="الجسر مغلق حتى الجمعة. تنتظر الشاحنات عند العبارة.",
        byline=None,
        country="MR",
        content="<p>الجسر مغلق.</p>",
    )
    headline = released(
        rights=replace(HEADLINE, redistribute=EMAIL),
        id="cccccccccccccccc",
        publisher="habari",
        publisher_place="Dodoma",
        publisher_name="Habari",
        language="sw",
        title="Daraja limefungwa",
        url=None,
        country="TZ",
    )
    opened = released(
        rights=replace(OPEN, redistribute=EMAIL), licence="CC-BY-4.0", item_class="opinion", id="dddddddddddddddd"
    )
    corrected = released(
        rights=replace(FULL, redistribute=EMAIL),
        revision=2,
        corrected=True,
        changed_at="2026-11-29T10:00:00Z",
        title="Correction: bridge closed until Saturday",
    )
    taken_back = AlertEntry(
        id="aaaaaaaaaaaaaaaa",
        kind="taken_back",
        publisher="daily",
        publisher_name="The Daily",
        publisher_place="Accra",
        release=None,
        notice="The Daily withdrew this report on 2026-11-29 11:00 UTC.",
        headline=None,
    )
    return {
        "new": alert(of("new", full)),
        "digest": alert(of("new", full), of("new", excerpt), of("new", headline), of("new", opened)),
        "corrected": alert(of("corrected", corrected)),
        "taken_back": alert(taken_back),
        "restored": alert(of("restored", full)),
        "mixed": alert(taken_back, of("corrected", corrected), of("new", headline)),
    }


def expected() -> Mapping[str, str]:
    """The text of each file, by its name."""
    made: dict[str, str] = {}
    for name, each in kinds().items():
        made[f"{name}.txt"] = f"Subject: {alert_mail.subject(each)}\n\n{alert_mail.text(each)}"
        made[f"{name}.html"] = alert_mail.html(each)
    return made
