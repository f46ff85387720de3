"""A wire with a publisher of every profile of config/rights.toml, and reports of every sort, for expected files.

Corrections, changed words, what was taken back and why, pictures, several authors, agencies, Arabic and Amharic, a
report without a headline and one that is a headline alone; read, stored and let out as the product does it.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.config.loading import load
from aggregator.desk import acts
from aggregator.desk.outgoing import feed, outlet, whole
from aggregator.desk.terms import sync
from aggregator.model import (
    Category,
    Cause,
    Channel,
    Config,
    Entry,
    Link,
    Media,
    Origin,
    Person,
    Publisher,
    Removal,
    Selection,
    Text,
)
from aggregator.model.release import Feed, Heading
from aggregator.store import Store
from tests import ROOT
from tests.conftest import record

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
PROFILES = tuple(tomllib.loads((ROOT / "config" / "rights.toml").read_text()))
_WIRE = """\
name = "Baobab Wire"
url = "https://baobab.example/"
publisher = "own"
user_agent = "Baobab/1.0 (+https://baobab.example/)"
robots_token = "Baobab"
complaints_url = "https://baobab.example/complaints"
complaints_email = "desk@baobab.example"
"""
_PICTURES = "images = { scope = %s, hotlink = true }\n"
_LICENCE = 'licence = "CC-BY-4.0"\nlicence_url = "https://creativecommons.org/licenses/by/4.0/"\n'
# Of each profile a publisher: name, place, country, kind, language, class of its reports, keys of [rights].
_PUBLISHERS: Mapping[str, tuple[str, str, str, str, str, str, str]] = {
    "quotation": ("አዲስ ዜና", "", "ET", "newspaper", "am", "news", ""),
    "headline": ("Le Fleuve", "Bamako", "ML", "news_site", "fr", "opinion", ""),
    "open-licence": ("النورس", "Tunis", "TN", "news_site", "ar", "news", _LICENCE + _PICTURES % '"per_image_licence"'),
    "public-body": ("Ministério dos Transportes", "Maputo", "MZ", "government", "pt", "document", ""),
    "press-release": ("Pump Network", "Lilongwe", "MW", "ngo", "en", "press_release", ""),
    "agreement": ("The Daily", "Accra", "GH", "newspaper", "en", "news", _PICTURES % '"agreement"'),
    "own": ("Baobab Wire", "Nairobi", "KE", "own", "sw", "own_report", ""),
}
_PICTURE = Media(
    "https://agreement.example/bridge.jpg", "image", "image/jpeg", 640, 360,
    caption=Text("The bridge <on> Monday.", "text/plain"), credit="Awa Diarra", alt="A bridge & a river", language="en",
)  # fmt: skip
_FREE = Media("https://open-licence.example/1.jpg", "image", "image/jpeg", credit="سلمى", copyright="سلمى, CC BY 4.0")
_NOTE = "تصحيح: ورد في نسخة سابقة أن الجسر أغلق الأحد."
_AMHARIC = "ድልድዩ እስከ ዓርብ ተዘግቷል። ጭነት መኪናዎች ይጠብቃሉ።"


def _entry(publisher: str, number: int, title: str | None, *paragraphs: str, **other: object) -> Entry:
    said: dict[str, object] = {
        "id": f"{publisher}-{number}",
        "title": Text(title, "text/plain") if title else None,
        "content": (Text("".join(f"<p>{each}</p>" for each in paragraphs)),) if paragraphs else (),
        "links": (Link(f"https://{publisher}.example/{number}"),),
        "published": f"2026-11-29T08:{number:02}:00Z",
    }
    return Entry(**{**said, **other})  # type: ignore[arg-type]


def _polls() -> Iterator[tuple[str, tuple[Entry, ...]]]:
    """What each publisher lists, one poll after the other."""
    yield "quotation", (_entry("quotation", 1, "ድልድዩ ተዘጋ", "ድልድዩ ተዘግቷል።"),)
    yield "quotation", (_entry("quotation", 1, "ድልድዩ ተዘጋ", _AMHARIC, categories=(Category("መንገድ"),)),)
    yield "headline", (_entry("headline", 1, "Le pont <fermé> & la suite", "Que l'on ne lira pas ici."),)
    old = _entry("open-licence", 1, "إغلاق الجسر", "أغلق الجسر الأحد.", media=(_FREE,))
    new = _entry("open-licence", 1, "إغلاق الجسر", _NOTE, "أغلق الجسر الاثنين.", media=(_FREE,))
    yield "open-licence", (old,)
    yield "open-licence", (new,)
    yield (
        "public-body",
        tuple(_entry("public-body", number, f"Aviso n.º {number}", "A ponte está fechada.") for number in range(1, 6)),
    )
    yield "press-release", (_entry("press-release", 1, "Nineteen pumps cleaned", "Chlorine arrived on Monday."),)
    yield (
        "agreement",
        (
            _entry(
                "agreement", 1, "Bridge closed", "The bridge is closed until Friday.", "Lorries wait at the ferry.",
                authors=(Person("Ama Boateng"), Person("Kofi Mensah")), media=(_PICTURE,),
                origin=Origin(name="Agence Lac"), categories=(Category("Transport"), Category("roads", label="Roads")),
            ),
            _entry("agreement", 2, None, "=1+1 opens a report that has no headline."),
            _entry("agreement", 3, "A headline alone"),
        ),
    )  # fmt: skip
    yield "own", (_entry("own", 1, "Daraja limefungwa", "Daraja limefungwa hadi Ijumaa.", authors=(Person("Neema"),)),)


def configured(folder: Path) -> Config:
    """A configuration with a publisher of every profile that is shipped."""
    shutil.copy(ROOT / "config" / "rights.toml", folder)
    (folder / "wire.toml").write_text(_WIRE)
    for profile in PROFILES:
        name, place, country, kind, language, item_class, rights = _PUBLISHERS[profile]
        placed = f'place = "{place}"\n' if place else ""
        file = folder / "publishers" / country.lower() / f"{profile}.toml"
        file.parent.mkdir(parents=True)
        file.write_text(
            f'name = "{name}"\n{placed}country = "{country}"\nkind = "{kind}"\nlanguages = ["{language}"]\n'
            f'homepage = "https://{profile}.example/"\nrights_profile = "{profile}"\n'
            f'[contact]\ncorrections = "desk@{profile}.example"\n[rights]\n{rights}'
            f'[[source]]\nurl = "https://{profile}.example/feed"\nclass = "{item_class}"\n'
        )
    return load(folder)


@contextmanager
def stored(folder: Path) -> Iterator[tuple[Store, Config]]:
    """The wire, with all its reports."""
    config = configured(folder)
    by_key: Mapping[str, Publisher] = {each.key: each for each in config.publishers}
    with Store.open(folder / "wire.db") as store:
        at = NOW - timedelta(hours=3)
        sync(store, config.wire, config.publishers, at, at.date())
        for number, (key, entries) in enumerate(_polls()):
            record(store, by_key[key], *entries, now=at + timedelta(minutes=10 * number))
        _take_back(store)
        yield store, config


def _take_back(store: Store) -> None:
    """Four of five reports of one publisher, each for another reason."""
    _, *out = sorted(store.latest(Selection(publishers=("public-body",))), key=lambda report: report.title or "")
    at = NOW - timedelta(minutes=30)
    because = Cause(actor="person:ama", reason="a name is checked", reference="HC/2026/17")
    acts.withhold(store, out[0].id, because, at)
    acts.withhold(store, out[1].id, because, at, legal=True)
    acts.withdraw(store, out[2].id, because, at)
    missing = Removal(act="suspend", notice="gone", actor="publisher:page", reason="its page is missing (404)")
    acts.obey(store, out[3].id, missing, at)


def let_out(store: Store, config: Config, channel: Channel) -> Feed:
    """All that may leave by a channel."""
    heading = Heading(title="Baobab Wire: reports", address="https://baobab.example/feeds/latest.atom")
    ids = [report.id for report in store.latest(Selection())]
    return whole(feed(store, config.wire, ids, outlet(store, channel, NOW), heading))
