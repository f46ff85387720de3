"""The rules of rights, the texts that stand beside a report, and what holds of them whatever people configure."""

from __future__ import annotations

import re
from datetime import date
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator import model
from aggregator.model import AI_USES, Contact, Images, Publisher, Rights, Source, Terms, Wire
from aggregator.model.publisher import AiUse, Uses
from aggregator.rights import (
    CREDIT_FIELDS,
    DEFAULT_DISCLAIMERS,
    DISCLAIMER_FIELDS,
    effective,
    faults_of_disclaimers,
    faults_of_publisher,
    faults_of_rights,
    terms,
    uses,
)
from aggregator.rights.templates import licence_name
from tests import ROOT
from tests.rows import every_row

WIRE_MD = ROOT.parent / "shared" / "WIRE.md"
TODAY = date(2026, 6, 1)
WIRE = Wire(
    name="Test Wire",
    url="https://wire.test/",
    publisher="desk",
    user_agent="TestWire/1.0",
    robots_token="TestWire",
    complaints_url="https://wire.test/contact",
    complaints_email="desk@wire.test",
)
QUOTATION = Rights(relationship="none", basis="quotation", text_scope="excerpt", credit="{publisher} ({place})")
OPEN = Rights(
    relationship="open_licence",
    basis="open_licence",
    text_scope="full_text",
    credit="{publisher}, {licence} {licence_url}",
    licence="CC-BY-ND-4.0",
    licence_url="https://licence.test/",
    copyright_holder="Daily Trust",
)
AGREEMENT = Rights(
    relationship="partner",
    basis="agreement",
    text_scope="full_text",
    credit="{publisher}",
    copyright_notice="© {holder}, {place}",
    copyright_holder="Daily Ltd",
    images=Images(scope="agreement", hotlink=True),
    edits="licensed",
    expires=TODAY,
)
OWN = Rights(relationship="own", basis="own", text_scope="full_text", credit="{wire}", copyright_notice="© {wire}")
DAILY = Publisher(
    key="daily",
    name="The Daily",
    place="Bamako",
    country="ML",
    kind="newspaper",
    languages=("fr",),
    homepage="https://daily.test/",
    rights=QUOTATION,
)
DESK = replace(DAILY, key="desk", name="Test Wire", kind="own", rights=OWN)

THIRD_PARTY = (
    "This report is the work of The Daily, which answers for its content. Test Wire did not write, check or edit it. "
    "To ask for a correction, write to The Daily at https://daily.test/; to tell us about a problem with how we carry "
    "it, use https://wire.test/contact."
)
EXCERPT = "Opening lines only. The whole report is on The Daily's site: {original_url}."
INSTITUTION = "This text comes from The Daily, which is an institution and not a news organisation."
PRESS_RELEASE = (
    "This is a statement supplied by The Daily to promote its own work or position. No newsroom has reported or "
    "checked it."
)
OPINION = "This is opinion. The views are the author's and need not be those of The Daily or Test Wire."
OPEN_LICENCE = (
    "The Daily lets others republish this report under CC BY-ND 4.0. The licence covers the text; pictures keep their "
    "own terms."
)


def terms_of(publisher: Publisher, item_class: model.ItemClass = "news", today: date = TODAY) -> Terms:
    assert not faults_of_rights(publisher.rights)
    assert not faults_of_publisher(publisher)
    return terms(publisher, item_class, WIRE, today)


# Disclaimers


def test_the_default_texts_are_those_of_wire_practice_letter_for_letter() -> None:
    if not WIRE_MD.exists():
        pytest.skip(f"{WIRE_MD} is not here")
    section = WIRE_MD.read_text().partition("## 5.")[2].partition("## 6.")[0]
    assert dict(re.findall(r'^- `(\w+)`: "(.*)"$', section, re.MULTILINE)) == DEFAULT_DISCLAIMERS


def test_a_third_party_s_news() -> None:
    assert terms_of(DAILY) == Terms(
        credit="The Daily (Bamako)",
        disclaimer=f"{THIRD_PARTY} {EXCERPT}",
        text_scope="excerpt",
        licence=None,
        copyright_notice=None,
        complaints_url="https://wire.test/contact",
        channels=("web", "feed", "api", "email"),
        excerpt_max_words=60,
    )


def test_the_wire_s_own_report() -> None:
    desk = replace(DESK, contact=Contact(corrections="corrections@wire.test"))
    own = "Reported or commissioned by Test Wire. We are responsible for it. Corrections: corrections@wire.test."
    assert terms_of(desk, "own_report").disclaimer == own
    assert terms_of(desk).credit == "Test Wire"
    assert terms_of(desk).copyright_notice == "© Test Wire"


@every_row(
    ("kind", "rights", "item_class", "texts"),
    [
        ("newspaper", QUOTATION, "opinion", [THIRD_PARTY, OPINION, EXCERPT]),
        ("newspaper", QUOTATION, "press_release", [THIRD_PARTY, PRESS_RELEASE, EXCERPT]),
        ("newspaper", replace(QUOTATION, text_scope="headline_only"), "news", [THIRD_PARTY]),
        ("newspaper", AGREEMENT, "news", [THIRD_PARTY]),
        ("newspaper", OPEN, "analysis", [THIRD_PARTY, OPEN_LICENCE]),
        ("blog", QUOTATION, "interview", [THIRD_PARTY, EXCERPT]),
        ("government", QUOTATION, "document", [THIRD_PARTY, INSTITUTION, EXCERPT]),
        ("ngo", replace(QUOTATION, relationship="press_release"), "news",
         [THIRD_PARTY, INSTITUTION, PRESS_RELEASE, EXCERPT]),
        ("ngo", replace(OPEN, systematic_republication="no"), "opinion",
         [THIRD_PARTY, INSTITUTION, OPINION, OPEN_LICENCE, EXCERPT]),
        ("ngo", replace(OPEN, relationship="press_release"), "press_release",
         [THIRD_PARTY, INSTITUTION, PRESS_RELEASE, OPEN_LICENCE]),
    ],
)  # fmt: skip
def test_the_disclaimer_is_composed_in_order(
    kind: model.Kind, rights: Rights, item_class: model.ItemClass, texts: list[str]
) -> None:
    assert terms_of(replace(DAILY, kind=kind, rights=rights), item_class).disclaimer == " ".join(texts)


def test_a_publisher_s_own_wording() -> None:
    daily = replace(DAILY, disclaimers={"third_party": "By {publisher}.", "excerpt": "More: {original_url}"})
    assert terms_of(daily).disclaimer == "By The Daily. More: {original_url}"


def test_corrections_go_to_the_contact_and_else_to_the_homepage() -> None:
    assert "at https://daily.test/;" in terms_of(DAILY).disclaimer
    with_contact = replace(DAILY, contact=Contact(corrections="desk@daily.test"))
    assert "at desk@daily.test;" in terms_of(with_contact).disclaimer


def test_the_notice_is_the_template_or_the_holder() -> None:
    assert terms_of(replace(DAILY, rights=AGREEMENT)).copyright_notice == "© Daily Ltd, Bamako"
    assert terms_of(replace(DAILY, rights=OPEN)).copyright_notice == "© Daily Trust"


def test_the_credit_fills_in_all_its_fields() -> None:
    credit = "{publisher}|{place}|{wire}|{licence}|{licence_url}|{holder}|{homepage}"
    filled = terms_of(replace(DAILY, rights=replace(OPEN, credit=credit))).credit
    assert set(re.findall(r"\w+", credit)) == CREDIT_FIELDS
    assert filled == ("The Daily|Bamako|Test Wire|CC-BY-ND-4.0|https://licence.test/|Daily Trust|https://daily.test/")


@every_row(
    ("licence", "name"),
    [
        ("CC-BY-4.0", "CC BY 4.0"),
        ("CC-BY-NC-ND-3.0-US", "CC BY-NC-ND 3.0-US"),
        ("CC0-1.0", "CC0 1.0"),
        ("CC-PDDC", "CC PDDC"),
        ("OGL-UK-3.0", "OGL-UK-3.0"),
        ("LicenseRef-Partner", "Partner"),
    ],
)
def test_a_licence_as_readers_call_it(licence: str, name: str) -> None:
    assert licence_name(licence) == name


# Rights on a day


def test_an_agreement_holds_to_the_end_of_its_last_day() -> None:
    assert effective(AGREEMENT, TODAY) == AGREEMENT


def test_an_expired_agreement_falls_to_an_excerpt() -> None:
    fallen = effective(AGREEMENT, date(2026, 6, 2))
    assert (fallen.text_scope, fallen.images, fallen.edits, fallen.translation) == (
        "excerpt", Images(scope="none"), "none", "no"
    )  # fmt: skip
    assert terms_of(replace(DAILY, rights=AGREEMENT), today=date(2026, 6, 2)).disclaimer == f"{THIRD_PARTY} {EXCERPT}"


@pytest.mark.parametrize(
    ("ai_use", "after"),
    [("allowed", Uses()), ("search_only", Uses(train="refused", input="refused")), ("unstated", Uses()),
     ("prohibited", AI_USES["prohibited"]), (Uses(train="refused", input="allowed"), Uses(train="refused"))],
)  # fmt: skip
def test_what_an_agreement_permitted_is_to_be_asked_for_when_it_is_over(ai_use: AiUse | Uses, after: Uses) -> None:
    for said, now in (("yes", "ask"), ("not_sold_separately", "ask"), ("ask", "ask"), ("no", "no")):
        rights = replace(AGREEMENT, ai_use=ai_use, commercial_use=said)
        assert effective(rights, TODAY) == rights
        fallen = effective(rights, date(2026, 6, 2))
        assert (fallen.commercial_use, uses(fallen)) == (now, after)


def test_no_taking_everything_by_machine_however_open_the_licence() -> None:
    barred = replace(OPEN, systematic_republication="no")
    assert not faults_of_rights(barred)
    assert effective(barred, TODAY).text_scope == "excerpt"


@pytest.mark.parametrize("scope", ["none", "headline_only"])
def test_falling_to_an_excerpt_never_widens(scope: model.TextScope) -> None:
    for rights in (AGREEMENT, replace(OPEN, systematic_republication="no")):
        assert effective(replace(rights, text_scope=scope), date(2027, 1, 1)).text_scope == scope


# Faults: the wording of each stands in fixtures/config/faulty


@every_row("rights", [QUOTATION, OPEN, AGREEMENT, OWN])
def test_sound_rights_have_no_fault(rights: Rights) -> None:
    assert faults_of_rights(rights) == ()


def test_all_faults_come_at_once() -> None:
    rights = replace(OPEN, licence_url=None, edits="licensed", storage="transient", excerpt_max_words=0)
    keys = [line.partition(":")[0] for line in faults_of_rights(rights)]
    assert keys == ["rights.licence_url", "rights.edits", "rights.retention_days", "rights.excerpt_max_words"]


def test_only_the_wire_s_own_publisher_may_say_that_the_wire_answers() -> None:
    assert faults_of_publisher(replace(DAILY, rights=OWN))
    assert faults_of_publisher(replace(DESK, rights=QUOTATION))
    report = Source(publisher="daily", key="feed", url="https://daily.test/feed", item_class="own_report")
    assert faults_of_publisher(replace(DAILY, sources=(report,)))
    assert not faults_of_publisher(replace(DESK, sources=(report,)))


@every_row("name", sorted(DEFAULT_DISCLAIMERS))
def test_each_text_may_be_replaced_by_itself(name: str) -> None:
    assert faults_of_disclaimers({name: DEFAULT_DISCLAIMERS[name]}) == ()


# Whatever people configure

ODD_TEXTS = st.one_of(
    st.text(max_size=8), st.sampled_from(["Daily Ltd", "{publisher}", "© {holder}", "{wire", "{original_url}"])
)
FIELDS = sorted(CREDIT_FIELDS | DISCLAIMER_FIELDS | {"time", "x", "", "0", "wire.name", "wire!r", "wire:>9", "{wire}"})
TEMPLATES = st.lists(
    st.one_of(st.sampled_from(FIELDS).map(lambda name: f"{{{name}}}"), st.sampled_from(["By ", "{", "}", "a"])),
    max_size=4,
).map("".join)


def changed(sound: st.SearchStrategy[object], **values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """A sound noun with up to four of its keys changed: near enough to soundness that many of them are."""
    change = st.one_of([st.tuples(st.just(key), of_key) for key, of_key in values.items()])
    return st.builds(lambda noun, changes: replace(noun, **dict(changes)), sound, st.lists(change, max_size=4))


RIGHTS = changed(
    st.sampled_from([QUOTATION, OPEN, AGREEMENT, OWN]),
    relationship=st.sampled_from(get_args(model.Relationship)),
    basis=st.sampled_from(get_args(model.Basis)),
    text_scope=st.sampled_from(get_args(model.TextScope)),
    credit=TEMPLATES,
    excerpt_max_words=st.integers(-1, 600),
    licence=st.sampled_from([None, "CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "LicenseRef-X", "x y"]),
    licence_url=st.sampled_from([None, "https://licence.test/", "licence"]),
    copyright_holder=st.one_of(st.none(), ODD_TEXTS),
    copyright_notice=st.one_of(st.none(), TEMPLATES),
    edits=st.sampled_from(get_args(model.Edits)),
    translation=st.sampled_from(get_args(model.Translation)),
    commercial_use=st.sampled_from(get_args(model.CommercialUse)),
    systematic_republication=st.sampled_from(get_args(model.SystematicRepublication)),
    images=st.builds(Images, scope=st.sampled_from(get_args(model.ImageScope)), hotlink=st.booleans()),
    storage=st.sampled_from(get_args(model.Storage)),
    retention_days=st.sampled_from([None, 0, 30]),
    expires=st.sampled_from([None, TODAY, date(2025, 1, 1)]),
)
PUBLISHERS = changed(
    st.sampled_from([DAILY, DESK, *(replace(DAILY, kind="ngo", rights=rights) for rights in (OPEN, AGREEMENT))]),
    name=ODD_TEXTS,
    place=ODD_TEXTS,
    kind=st.sampled_from(get_args(model.Kind)),
    homepage=st.sampled_from(["https://daily.test/", "https://daily.test/{x}", ""]),
    rights=RIGHTS,
    contact=st.builds(Contact, corrections=ODD_TEXTS),
    disclaimers=st.dictionaries(st.sampled_from([*DEFAULT_DISCLAIMERS, "other"]), TEMPLATES, max_size=3),
)


@given(RIGHTS)
def test_sound_rights_keep_every_rule(rights: Rights) -> None:
    assume(not faults_of_rights(rights))
    if rights.basis in ("none", "quotation"):
        assert rights.text_scope != "full_text"
        assert rights.images.scope == "none"
    if rights.basis == "open_licence":
        assert rights.licence
        assert rights.licence_url
        assert rights.images.scope != "same_as_text"
    if "ND" in (rights.licence or ""):
        assert (rights.edits, rights.translation) == ("none", "no")
    if "NC" in (rights.licence or ""):
        assert rights.commercial_use != "yes"
    if rights.text_scope == "full_text":
        assert rights.copyright_holder or rights.copyright_notice
    assert (rights.storage == "transient") == (rights.retention_days is not None)


@given(RIGHTS, st.dates(date(2024, 1, 1), date(2028, 1, 1)))
def test_rights_on_a_day_are_never_wider(rights: Rights, today: date) -> None:
    order = get_args(model.TextScope)
    held = effective(rights, today)
    assert order.index(held.text_scope) <= order.index(rights.text_scope)
    assert held.images in (rights.images, Images(scope="none"))
    assert effective(held, today) == held
    if rights.systematic_republication == "no" or (rights.expires and today > rights.expires):
        assert held.text_scope != "full_text"


@given(RIGHTS, st.dates(date(2024, 1, 1), date(2028, 1, 1)))
def test_sound_rights_stay_sound(rights: Rights, today: date) -> None:
    assume(not faults_of_rights(rights))
    assert not faults_of_rights(effective(rights, today))


@given(PUBLISHERS, st.sampled_from(get_args(model.ItemClass)), st.sampled_from([TODAY, date(2027, 1, 1)]))
def test_no_brace_is_left_but_the_original_url(publisher: Publisher, item_class: model.ItemClass, today: date) -> None:
    if faults_of_publisher(publisher):
        return
    found = terms(publisher, item_class, WIRE, today)
    assert found.credit.strip()
    assert found.disclaimer.strip()
    for text in (found.credit, found.copyright_notice or "", found.disclaimer.replace("{original_url}", "")):
        assert "{" not in text
        assert "}" not in text


@given(st.one_of(TEMPLATES, st.text()))
def test_any_template_is_refused_or_filled(template: str) -> None:
    for publisher in (
        replace(DAILY, rights=replace(OPEN, credit=template)),
        replace(DAILY, disclaimers={"third_party": template}),
    ):
        if not faults_of_publisher(publisher):
            found = terms(publisher, "news", WIRE, TODAY)
            assert "object at" not in found.credit + found.disclaimer
            assert "{" not in found.credit


def test_where_no_place_is_known_the_name_stands_alone() -> None:
    nowhere = replace(DAILY, place=None)
    assert terms_of(nowhere).credit == "The Daily"
    notice = replace(QUOTATION, copyright_notice="© {publisher} ({place}), all of it")
    assert terms_of(replace(nowhere, rights=notice)).copyright_notice == "© The Daily, all of it"
    assert faults_of_publisher(nowhere) == ()
