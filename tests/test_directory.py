"""The shipped directory of publishers: it is sound, honest about rights, and what is said of it in pages is true."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from aggregator.config import load
from aggregator.rights import effective
from aggregator.types import Config

ROOT = Path(__file__).parents[1]
AFRICA = (
    "DZ AO BJ BW BF BI CV CM CF TD KM CG CD CI DJ EG GQ ER SZ ET GA GM GH GN GW KE LS LR LY MG MW ML MR MU MA MZ NA NE NG "
    "RW ST SN SC SL SO ZA SS SD TZ TG TN UG ZM ZW"
)


@pytest.fixture(scope="module")
def shipped() -> Config:
    return load(ROOT / "config")


def test_every_country_of_africa_is_there(shipped: Config) -> None:
    assert len(AFRICA.split()) == 54
    assert not set(AFRICA.split()) - {publisher.country for publisher in shipped.publishers}


def test_every_publisher_is_one_or_another(shipped: Config) -> None:
    groups = Counter(publisher.group for publisher in shipped.publishers)
    assert groups == {"news_organization": 900, "institution": 1208, "individual": 51, "own": 1}
    assert all(publisher.sources for publisher in shipped.publishers if publisher.group != "own")


def test_nothing_leaves_whole_without_a_licence(shipped: Config) -> None:
    for publisher in shipped.publishers:
        rights = effective(publisher.rights, date(2026, 11, 22))
        assert rights.images.scope == "none" or publisher.kind == "own"
        if rights.text_scope == "full_text" and publisher.kind != "own":
            assert (publisher.profile, rights.basis) == ("open-licence", "open_licence"), publisher.key
            assert rights.licence is not None
        if publisher.kind in ("government", "intergovernmental"):
            assert (publisher.profile, rights.text_scope) == ("public-body", "excerpt"), publisher.key


def test_who_bars_taking_everything_is_quoted_only(shipped: Config) -> None:
    [conversation] = [publisher for publisher in shipped.publishers if publisher.key == "the-conversation-africa"]
    assert conversation.rights.systematic_republication == "no"
    assert effective(conversation.rights, date(2026, 11, 22)).text_scope == "excerpt"


def test_the_shipped_directory_warns_of_terms_that_nobody_read_and_of_nothing_else(shipped: Config) -> None:
    relied_on = [publisher for publisher in shipped.publishers if publisher.profile in ("open-licence", "public-body")]
    assert len(shipped.warnings) == len(relied_on)
    assert all("rights.terms_checked: found nothing" in line for line in shipped.warnings)
