"""The gate: what of a report leaves by a channel, what it refuses, and what always stands beside what leaves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.model import Channel, Entry, Images, Origin, Text
from aggregator.model.picture import PictureCopy, PictureSize
from aggregator.model.publisher import AiUse, ImageScope, ItemClass, Storage, TextScope
from aggregator.model.release import Held, Outlet, Refusal, Release, Use
from aggregator.model.who import Author, Dateline, Who
from aggregator.rights import copies_wanted, faults_of_rights, release
from tests.conftest import examples
from tests.releases import EXCERPT, FREE_PICTURE, FULL, HEADLINE, NOW, OPEN, PICTURE, WIRE, held, reports
from tests.rows import every_row

DAY = timedelta(days=1)


def out(report: Held, channel: Any = "web", now: datetime = NOW, **other: Any) -> Release:
    note = other.pop("note", None)
    found = release(report, WIRE, Outlet(channel=channel, now=now, **other), note)
    assert isinstance(found, Release), found
    return found


def refused(report: Held, channel: Any = "web", now: datetime = NOW, **other: Any) -> Refusal:
    note = other.pop("note", None)
    found = release(report, WIRE, Outlet(channel=channel, now=now, **other), note)
    assert isinstance(found, Refusal), found
    return found


@every_row(
    ("report", "reason"),
    [
        (held(status="withheld", notice="withheld", notice_text="We are not showing it."), "withheld"),
        (held(status="withheld", notice="legal", notice_text="A court."), "legal"),
        (held(status="withheld", notice="gone", notice_text="No longer there."), "gone"),
        (held(status="withheld"), "withheld"),
        (held(status="canceled", notice="withdrawn", notice_text="Withdrawn."), "withdrawn"),
        (held(status="canceled", notice="removed", notice_text="Removed."), "removed"),
        (held(embargoed_until="2026-11-29T12:00:01Z"), "embargoed"),
        (held(rights=replace(FULL, text_scope="none")), "no_scope"),
        (held(rights=replace(FULL, redistribute=("api", "email"))), "channel"),
        (held(rights=replace(FULL, redistribute=())), "channel"),
    ],
)
def test_what_may_not_leave_is_refused_with_its_reason(report: Held, reason: str) -> None:
    found = refused(report)
    assert (found.id, found.reason) == (report.id, reason)
    assert found.text == (report.notice_text or found.text)
    for words in (report.title, report.summary, *report.text.splitlines()):
        assert words not in found.text


def test_of_an_embargo_nothing_is_said_and_it_ends_by_the_clock() -> None:
    report = held(embargoed_until="2026-11-29T12:00:01Z")
    assert refused(report).text == ""
    assert refused(report).valid_until == datetime(2026, 11, 29, 12, 0, 1, tzinfo=UTC)
    assert out(report, now=NOW + timedelta(seconds=1)).headline == report.title
    # A clock that is not believed yet ends none.
    assert refused(report, now=NOW + DAY, believed=NOW).reason == "embargoed"


@every_row(
    ("rights", "scope"),
    [
        (FULL, "full_text"),
        (EXCERPT, "excerpt"),
        (HEADLINE, "headline_only"),
        (replace(FULL, expires=date(2026, 11, 28)), "excerpt"),  # since yesterday
        (replace(FULL, expires=date(2026, 11, 29)), "full_text"),  # today is its last day
        (replace(FULL, systematic_republication="no"), "excerpt"),
        (replace(FULL, storage="metadata_only"), "headline_only"),
        (replace(FULL, storage="transient", retention_days=1), "full_text"),
    ],
)
def test_the_scope_is_that_of_the_rights_at_the_time(rights: Any, scope: str) -> None:
    found = out(held(rights=rights))
    assert found.scope == scope
    assert bool(found.html) is (scope == "full_text")
    assert (found.byline is None) is (scope == "headline_only")
    assert bool(found.text) is (scope != "headline_only")
    assert (found.text == held().text) is (scope == "full_text")


def test_words_that_may_be_held_no_longer_do_not_leave() -> None:
    lent = held(rights=replace(FULL, storage="transient", retention_days=1))
    ends = datetime(2026, 11, 30, 8, 10, tzinfo=UTC)
    assert out(lent).valid_until == ends
    assert out(lent, now=ends - timedelta(seconds=1)).scope == "full_text"
    assert out(lent, now=ends).scope == "headline_only"


def test_the_end_of_an_agreement_is_when_a_release_may_change() -> None:
    report = held(rights=replace(FULL, expires=date(2026, 11, 29)))
    found = out(report)
    assert found.valid_until == datetime(2026, 11, 30, tzinfo=UTC)
    assert found.pictures
    after = out(report, now=datetime(2026, 11, 30, tzinfo=UTC))
    assert (after.scope, after.pictures, after.valid_until) == ("excerpt", (), None)
    assert any("Opening lines only" in said for said in after.disclaimers)


def test_an_excerpt_is_cut_anew_to_what_is_allowed_now() -> None:
    said = "One two three. Four five six. Seven eight nine ten eleven."
    report = held(rights=replace(EXCERPT, excerpt_max_words=6), summary=said, text=said)
    assert out(report).text == "One two three. Four five six."


@every_row(
    ("rights", "summary", "leaves"),
    [
        (FULL, "The bridge is open again.", True),
        (EXCERPT, "The bridge is open again.", False),
        (EXCERPT, "BAMAKO (AFP) - The bridge is open again.", True),
        (HEADLINE, "BAMAKO (AFP) - The bridge is open again.", False),
    ],
)
def test_a_dateline_leaves_with_the_words_that_hold_it(rights: Any, summary: str, leaves: bool) -> None:
    dateline = Dateline(literal="BAMAKO (AFP)", places=("Bamako",), agency="AFP")
    text = "BAMAKO (AFP) - The bridge is open again. Lorries wait."
    found = out(held(rights=rights, summary=summary, text=text, who=Who(dateline=dateline)))
    assert (found.dateline, found.located) == (("BAMAKO (AFP)", "Bamako") if leaves else (None, None))


def test_a_dateline_of_words_that_are_not_in_force_any_more_stays() -> None:
    found = out(held(text="The bridge is open.", who=Who(dateline=Dateline(literal="BAMAKO", places=("Bamako",)))))
    assert (found.dateline, found.located) == (None, None)


@every_row(
    ("rights", "summary", "leave"),
    [
        (FULL, "The bridge is open again.", ["Awa Exemple", "Tom Sample"]),
        (EXCERPT, "The bridge is open again.", ["Awa Exemple"]),
        (EXCERPT, "The bridge is open again. Reporting by TOM SAMPLE.", ["Awa Exemple"]),
        (EXCERPT, "The bridge is open again. Reporting by TOM SAMPLE in Accra.", ["Awa Exemple", "Tom Sample"]),
        (HEADLINE, "The bridge is open again. Reporting by TOM SAMPLE in Accra.", []),
    ],
)
def test_authors_leave_with_the_words_that_name_them(rights: Any, summary: str, leave: list[str]) -> None:
    text = "The bridge is open again. Lorries wait.\n(Reporting by Tom Sample in Accra)"
    who = Who(authors=(Author(name="Awa Exemple"), Author(name="Tom Sample", place="Accra", where="text")))
    report = held(rights=rights, byline="Awa Exemple", summary=summary, text=text, who=who)
    assert [each.name for each in out(report).authors] == leave


@every_row(
    ("images", "rights", "shown"),
    [
        (Images(scope="none"), FULL, ()),
        (Images(scope="agreement", hotlink=False), FULL, ()),  # there is no copy that could be shown
        (Images(scope="agreement", hotlink=True), FULL, (PICTURE, FREE_PICTURE)),
        (Images(scope="same_as_text", hotlink=True), FULL, (PICTURE, FREE_PICTURE)),
        (Images(scope="same_as_text", hotlink=True), EXCERPT, ()),
        (Images(scope="per_image_licence", hotlink=True), OPEN, (FREE_PICTURE,)),
        (Images(scope="per_image_licence", hotlink=True), HEADLINE, ()),
    ],
)
def test_text_rights_never_flow_to_pictures(images: Images, rights: Any, shown: Any) -> None:
    found = out(held(rights=replace(rights, images=images)))
    assert [each.url for each in found.pictures] == [each.url for each in shown]
    for each in found.pictures:
        assert each.disclaimer == "Picture: Awa Diarra. Rights in the picture are separate from the text."


COPIES = {
    each.url: PictureCopy(
        digest=letter * 64,
        sizes=tuple(PictureSize(width=width, height=width // 2) for width in (320, 800, 1600)),
    )
    for each, letter in ((PICTURE, "a"), (FREE_PICTURE, "b"))
}


@every_row(
    ("images", "rights", "copied"),
    [
        (Images(scope="none"), FULL, ""),
        (Images(scope="agreement"), FULL, "ab"),
        (Images(scope="same_as_text"), FULL, "ab"),
        (Images(scope="same_as_text"), EXCERPT, ""),
        (Images(scope="per_image_licence"), OPEN, "b"),
        (Images(scope="per_image_licence"), EXCERPT, "b"),
        (Images(scope="per_image_licence"), HEADLINE, ""),
        (Images(scope="agreement"), replace(FULL, redistribute=("feed", "api")), ""),  # a copy is on the web
        (Images(scope="agreement"), replace(FULL, storage="metadata_only"), ""),
        (Images(scope="agreement"), replace(FULL, expires=date(2026, 11, 1)), ""),
        (Images(scope="agreement", hotlink=True), FULL, ""),  # then they are shown from where they are
    ],
)
def test_a_copy_is_wanted_and_shown_where_its_picture_may_be_and_the_original_is_not_linked(
    images: Images, rights: Any, copied: str
) -> None:
    report = held(rights=replace(rights, images=images), copies=COPIES, content=f'<p><img src="{PICTURE.url}">Hi</p>')
    wanted = copies_wanted(report, Outlet(channel="web", now=NOW))
    assert wanted == tuple(url for url, copy in COPIES.items() if copy.digest[0] in copied)
    found = release(report, WIRE, Outlet(channel="feed", now=NOW))
    assert isinstance(found, Release)
    shown = [each for each in found.pictures if each.copy]
    assert "".join(each.copy[0] for each in shown if each.copy) == copied
    for each in shown:
        site = WIRE.url.rstrip("/")
        assert each.url == f"{site}/pictures/{each.copy}.800.jpg"
        assert [size.url for size in each.sizes] == [f"{site}/pictures/{each.copy}.{n}.jpg" for n in (320, 800, 1600)]
        assert each.disclaimer == "Picture: Awa Diarra. Rights in the picture are separate from the text."
    if not images.hotlink:
        assert PICTURE.url not in found.html
        assert all(each.copy for each in found.pictures)


def test_of_a_report_that_is_held_back_for_a_time_it_is_not_decided_which_copies_are_wanted() -> None:
    report = held(rights=replace(FULL, images=Images(scope="agreement")), copies=COPIES)
    by = Outlet(channel="web", now=NOW)
    for other in (
        {"status": "withheld", "notice": "withheld"},
        {"status": "withheld", "notice": "gone"},  # its page is missing, and may come back
        {"embargoed_until": "2026-11-30T00:00:00Z"},
    ):
        assert copies_wanted(replace(report, **other), by) is None
    for other in ({"status": "withheld", "notice": "legal"}, {"status": "canceled", "notice": "withdrawn"}):
        assert copies_wanted(replace(report, **other), by) == ()


def test_no_more_than_twenty_copies_of_a_report_are_wanted() -> None:
    many = tuple(replace(PICTURE, url=f"https://daily.example/{n}.jpg") for n in range(100))
    report = held(rights=replace(FULL, images=Images(scope="agreement")), media=many)
    assert copies_wanted(report, Outlet(channel="web", now=NOW)) == tuple(each.url for each in many[:20])


def test_pictures_within_the_text_follow_the_rights_in_pictures() -> None:
    content = f'<p>Hi <img src="{PICTURE.url}" onerror="x()"> <img src="/other.jpg"></p>'
    assert out(held(content=content)).html == f'<p>Hi <img src="{PICTURE.url}"> </p>'
    assert "<img" not in out(held(content=content, rights=replace(FULL, images=Images(scope="none")))).html


def test_a_pixel_stands_beside_full_text_on_the_web_alone() -> None:
    rights = replace(FULL, tracking_pixel="https://count.daily.example/{id}?u={url}")
    assert faults_of_rights(rights) == ()
    report = held(rights=rights)
    pixel = "https://count.daily.example/aaaaaaaaaaaaaaaa?u=https%3A%2F%2Fdaily.example%2Fbridge"
    assert out(report).pixel == pixel
    assert out(report, "feed").pixel is None
    assert out(replace(report, rights=replace(rights, systematic_republication="no"))).pixel is None


def test_terms_contacts_and_uses_travel_with_the_report() -> None:
    found = out(held(rights=OPEN, licence="CC-BY-4.0"))
    assert found.usage_terms == (
        "Commercial use is allowed. Edits are allowed. Translations must be marked as translations. "
        "Training of models: allowed. Answers by machines: allowed. Search: allowed."
    )
    assert (found.licence, found.licence_url) == ("CC-BY-4.0", OPEN.licence_url)
    assert (found.index, found.canonical) == ("index", "publisher")
    assert found.permissions_contact == "rights@daily.example"
    assert out(held()).index == "noindex"
    assert "Ask The {Daily} before" not in out(held(publisher_name="The {Daily}", rights=EXCERPT)).usage_terms


@every_row(
    ("ai_use", "use", "outcome"),
    [
        ("allowed", "train", "full_text"),
        ("allowed", "input", "full_text"),
        ("search_only", "train", "use"),
        ("search_only", "input", "use"),
        ("search_only", "search", "full_text"),
        ("prohibited", "search", "use"),
        ("unstated", "train", "use"),  # a hub takes silence for a refusal
        ("unstated", "input", "headline_only"),
        ("unstated", "search", "full_text"),
    ],
)
def test_machines_get_what_they_are_allowed(ai_use: AiUse, use: Use, outcome: str) -> None:
    found = release(held(rights=replace(FULL, ai_use=ai_use)), WIRE, Outlet(channel="api", now=NOW, use=use))
    assert (found.scope if isinstance(found, Release) else found.reason) == outcome


def test_what_a_publisher_changed_and_corrected_is_said() -> None:
    revised = held(revision=2, changed_at="2026-11-29T09:00:00Z")
    assert out(revised).disclaimers[-1] == (
        "The Daily changed this report on 2026-11-29 09:00 UTC. You are reading the newest version we received."
    )
    corrected, note = replace(revised, corrected=True), "Lorries wait at the ferry."
    said = "The Daily corrected this report on 2026-11-29 09:00 UTC."
    assert out(corrected, note=note).disclaimers[-1] == f"{said} Its note: {note}"
    assert out(corrected).disclaimers[-1] == said
    # A note is the publisher's words: it leaves where they do.
    assert out(replace(corrected, rights=HEADLINE), note=note).disclaimers[-1] == said
    own = replace(corrected, texts={"corrected": "Corrected at {time}: {publisher_note}"})
    assert out(own, note=note).disclaimers[-1] == f"Corrected at 2026-11-29 09:00 UTC: {note}"


@every_row(
    ("origin", "agency"),
    [
        (Origin(name="Agence Lac"), "Agence Lac"),
        (Origin(source="Agence Lac"), "Agence Lac"),
        (Origin(name="the daily - news"), None),  # itself
        (Origin(name="Roads", feed="https://www.daily.example/roads.xml"), None),
        (Origin(source="https://lac.example/1"), None),
        (None, None),
    ],
)
def test_an_agency_that_is_named_is_credited(origin: Origin | None, agency: str | None) -> None:
    entry = replace(held().entry or Entry(), origin=origin)
    found = out(held(entry=entry))
    assert found.origin == agency
    expected = f"Part of this report comes from {agency}, as The Daily states."
    assert (expected in found.disclaimers) is (agency is not None)


def test_words_that_were_let_go_leave_no_text() -> None:
    found = out(held(entry=None, summary="", text=""))
    assert (found.scope, found.text, found.html, found.guid) == ("headline_only", "", "", None)


def test_plain_text_becomes_paragraphs_in_which_nothing_is_markup() -> None:
    entry = replace(held().entry or Entry(), content=(Text("a <b>\nc & d", "text/plain"),))
    assert out(held(entry=entry)).html == "<p>a &lt;b&gt;</p><p>c &amp; d</p>"


@every_row(
    "report",
    [
        held(),
        held(rights=EXCERPT),
        held(rights=HEADLINE, language="ar"),
        held(rights=replace(FULL, expires=date(2026, 11, 28))),
        held(status="withheld", notice="legal", notice_text="A court."),
        held(embargoed_until="2026-11-29T12:00:01Z"),
    ],
)
def test_without_html_everything_else_of_a_report_is_the_same(report: Held) -> None:
    by = Outlet(channel="web", now=NOW)
    found = release(report, WIRE, by)
    listed = release(report, WIRE, by, with_html=False)
    assert listed == (replace(found, html="") if isinstance(found, Release) else found)


# A property over everything that rights, states and words can be.

texts = st.text(st.characters(codec="utf-8", exclude_characters="{}"), min_size=1, max_size=60)


@st.composite
def anything(draw: st.DrawFn) -> Held:
    report, _ = draw(st.sampled_from(reports()))
    rights = replace(
        draw(st.sampled_from((FULL, OPEN, EXCERPT, HEADLINE))),
        text_scope=draw(st.sampled_from(get_args(TextScope))),
        redistribute=tuple(draw(st.sets(st.sampled_from(get_args(Channel))))),
        images=Images(scope=draw(st.sampled_from(get_args(ImageScope))), hotlink=draw(st.booleans())),
        storage=draw(st.sampled_from(get_args(Storage))),
        retention_days=draw(st.sampled_from((None, 1, 30))),
        ai_use=draw(st.sampled_from(get_args(AiUse))),
        systematic_republication=draw(st.sampled_from(("yes", "no", "unstated"))),
        expires=draw(st.sampled_from((None, date(2026, 11, 28), date(2026, 11, 29)))),
        tracking_pixel=draw(st.sampled_from((None, "https://count.example/{id}"))),
    )
    return replace(
        report,
        rights=rights,
        title=draw(texts),
        text=draw(texts),
        summary=draw(texts),
        byline=draw(st.none() | texts),
        media=draw(st.sampled_from(((), (PICTURE,), (PICTURE, FREE_PICTURE)))),
        item_class=draw(st.sampled_from(get_args(ItemClass))),
        embargoed_until=draw(st.sampled_from((None, "2026-11-29T11:00:00Z", "2026-11-30T00:00:00Z"))),
        status=draw(st.sampled_from(("usable", "withheld", "canceled"))),
    )


@given(anything(), st.sampled_from(get_args(Channel)), st.sampled_from((None, *get_args(Use))))
@settings(max_examples=examples(300), deadline=None)
def test_nothing_leaves_that_its_rights_forbid_and_nothing_without_its_credit(
    report: Held, channel: Any, use: Any
) -> None:
    found, rights = release(report, WIRE, Outlet(channel=channel, now=NOW, use=use)), report.rights
    if isinstance(found, Refusal):
        return
    assert report.status == "usable"
    assert report.embargoed_until != "2026-11-30T00:00:00Z"
    assert channel in rights.redistribute
    assert use is None or (use == "input" and rights.ai_use != "prohibited") or rights.ai_use != "prohibited"
    over = rights.expires == date(2026, 11, 28)
    if rights.text_scope != "full_text" or over or rights.systematic_republication == "no":
        assert found.scope != "full_text"
        assert found.html == ""
        assert len(found.text.split()) <= rights.excerpt_max_words + 1
        assert found.pixel is None
    if rights.text_scope == "headline_only" or rights.storage == "metadata_only":
        assert (found.text, found.summary, found.byline, found.categories) == ("", "", None, ())
    if rights.images.scope == "none" or not rights.images.hotlink or over:
        assert found.pictures == ()
    assert all((found.publisher_name, found.credit, found.general, found.complaints_url, found.disclaimers[0]))
    assert found.corrections_contact
    assert found.usage_terms
    assert found.item_class == report.item_class
    assert found.url == report.url
