"""output: reports for people and for machines; no line of a publisher's words can pass for one of ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.config.codes import country_name
from aggregator.model import Tag, TagEvidence, Tags
from aggregator.model.release import Picture, Release
from aggregator.output import NOT_PASSED_ON, beside, fields, heading, json_array, listing, page
from aggregator.output.country_prefix import country_prefix
from aggregator.text.printable import address
from tests.hostile import UNFIT, URI, hostile
from tests.hostile import addresses as hostile_addresses
from tests.releases import BARE_RELEASE as BARE
from tests.releases import FULL_RELEASE as REPORT
from tests.rows import every_row


def unstyled(text: str) -> str:
    """Without the colours and the weight of a terminal, which stand at places of ours only."""
    return text.replace("\x1b[0m", "").replace("\x1b[1m", "").replace("\x1b[2m", "")


def as_json(releases: Sequence[Release]) -> str:
    return json_array(map(fields, releases))


def test_a_list_has_the_publisher_above_each_headline() -> None:
    assert unstyled(listing([REPORT, BARE])) == (
        "Le Jour (Ségou)  2026-11-21 08:00 UTC · ML · fr\n"
        "  Le pont rouvre\n"
        "  aaaaaaaaaaaaaaaa  http://le-jour.example/1\n"
        "\n"
        "Le Jour  2026-11-21 08:00 UTC · ML · [press release]\n"
        "  (no headline)\n"
        "  aaaaaaaaaaaaaaaa  no address\n"
        f"  {NOT_PASSED_ON}\n"
    )
    assert listing([]) == ""


def test_a_page_has_all_that_must_stand_beside_a_report() -> None:
    assert unstyled(page(REPORT)) == (
        "Le Jour (Ségou)\n"
        "Le pont rouvre\n"
        "  2026-11-21 08:00 UTC · Par Awa Keïta · fr\n"
        "\n"
        "  Picture: Awa Keïta.\n"
        "\n"
        "  SÉGOU — Le pont rouvre lundi.\n"
        "\n"
        "  Les camions attendent.\n"
        "\n"
        "Credit: Le Jour (Ségou)\n"
        "Disclaimer: Le Jour answers for this report. Le Jour corrected it. Of the wire.\n"
        "Picture: http://le-jour.example/pont.jpg\n"
        "Original: http://le-jour.example/1\n"
        "Licence: CC-BY-4.0\n"
        "Copyright: © Le Jour\n"
        "Terms: No edits.\n"
        "Complaints: https://wire.example/complain\n"
        "Text: full text\n"
        "Channels: web feed\n"
        "Updated: 2026-11-21 09:30 UTC\n"
        "Id: aaaaaaaaaaaaaaaa\n"
        "Topic: science and technology (13000000)\n"
        "Topic: information technology and computer science (20000763)\n"
        "About: ML\n"
    )


def test_a_picture_has_its_credit_line_and_then_its_caption_above_the_words() -> None:
    lead = Picture(url="http://le-jour.example/pont.jpg", disclaimer="Picture: Awa Keïta.", caption="Le pont,\nlundi.")
    shown = unstyled(page(replace(REPORT, pictures=(lead,))))
    assert "\n\n  Picture: Awa Keïta.\n  Le pont, lundi.\n\n  SÉGOU" in shown


@every_row(
    ("headline", "language", "about", "before"),
    [
        ("Le pont rouvre", "fr", ("ML",), "Mali: "),
        ("Bridge to open", "en", ("CI",), "Côte d'Ivoire: "),
        ("Mali : le pont rouvre", "fr", ("ML",), ""),
        ("Malian traders march", "en", ("ML",), "Mali: "),
        ("Côte d’Ivoire : le pont rouvre", "fr", ("CI",), ""),
        ("Sénégal – le pont rouvre", "fr", ("SN",), ""),
        ("مالي: إعادة فتح الجسر", "ar", ("ML",), ""),
        ("إعادة فتح الجسر", "ar", ("ML",), "Mali: "),
        ("Msumbiji yafungua daraja", "sw", ("MZ",), ""),
        ("Malian bridge", "en", ("MW", "MZ"), "Malawi, Mozambique: "),
        ("Mozambique opens the bridge", "en", ("MW", "MZ"), ""),
        ("Bridge to open", "en", (), ""),
        ("Bridge to open", "en", ("MW", "MZ", "ZM"), ""),
        ("", "en", ("MW",), ""),
    ],
)
def test_the_country_stands_before_a_headline_that_does_not_begin_with_it(
    headline: str, language: str, about: tuple[str, ...], before: str
) -> None:
    release = replace(REPORT, headline=headline, language=language, about=about)
    shown = unstyled(page(release, country=country_prefix(release, country_name))).splitlines()
    assert shown[1] == f"{before}{beside.headline(release)}"
    assert unstyled(page(release)).splitlines()[1] == beside.headline(release), "where nobody names countries"
    assert fields(release)["title"] == headline, "the publisher's own is as it was"


def test_evidence_stands_beside_what_it_is_for_as_far_as_it_may_leave() -> None:
    evidence = (
        TagEvidence("Ségou", "headline", "city"),
        TagEvidence("Transport", "category", "category"),
        TagEvidence("camions", "text", "word list"),
    )
    tags = Tags(by="1", topics=(Tag("13000000", 0.5, evidence),), countries=(Tag("ML", 1.0, evidence[:1]),))
    words = ("“Ségou” (headline, city)", "“Transport” (category)", "“camions” (text, word list)")
    for scope, some in (("full_text", words), ("excerpt", words[:2]), ("headline_only", words[:1])):
        shown = unstyled(page(replace(REPORT, scope=scope), tags=tags))
        assert f"Topic: science and technology (13000000): {'; '.join(some)}\n" in shown
        assert f"About: ML: {words[0]}\n" in shown
        assert all((each in shown) is (each in some) for each in words)


def test_a_page_says_what_is_missing() -> None:
    assert unstyled(page(BARE)) == (
        "Le Jour\n"
        "(no headline)\n"
        "  received 2026-11-21 08:05 UTC · [press release]\n"
        f"  {NOT_PASSED_ON}\n"
        "\n"
        "  (the headline is all we may carry)\n"
        "\n"
        "Credit: Le Jour (Ségou)\n"
        "Disclaimer: Le Jour answers for this report. Of the wire.\n"
        "Terms: No edits.\n"
        "Complaints: https://wire.example/complain\n"
        "Text: headline only\n"
        "Channels: none\n"
        "Id: aaaaaaaaaaaaaaaa\n"
    )
    assert "\n  Le pont rouvre lundi.\n" in unstyled(page(replace(REPORT, text="")))


@pytest.mark.parametrize(("place", "expected"), [("Ségou", "Le Jour (Ségou)"), ("", "Le Jour")])
def test_a_publisher_is_named_with_its_place_where_that_is_known(place: str, expected: str) -> None:
    assert heading("Le Jour", place) == expected


def test_json_is_an_array_with_a_report_a_line() -> None:
    written = as_json([REPORT, BARE])
    first, last = written.splitlines()[1:-1]
    assert json.loads(written) == [json.loads(first.rstrip(",")), json.loads(last)]
    assert json.loads(last)["text"] is None
    assert json.loads(first.rstrip(","))["channels"] == ["web", "feed"]
    assert json.loads(as_json([])) == []


def test_json_of_any_rows_has_a_blob_as_hexadecimal() -> None:
    rows = [{"number": 1, "raw": b"\x00\xff", "text": "é\x9b"}, {"number": None, "raw": None, "text": ""}]
    assert json_array(rows).splitlines()[1:-1] == [
        r'{"number": 1, "raw": "00ff", "text": "é\u009b"},',
        '{"number": null, "raw": null, "text": ""}',
    ]


said = st.builds(
    replace,
    st.sampled_from([REPORT, BARE]),
    headline=hostile,
    text=hostile,
    summary=hostile,
    byline=st.none() | hostile,
    language=st.none() | hostile,
    url=st.none() | hostile_addresses.map(address),  # as the gate does
)


@given(said)
def test_whatever_a_publisher_says_only_its_headline_stands_at_the_margin(report: Release) -> None:
    listed = unstyled(listing([report, REPORT])).split("\n")
    assert [line.partition("  ")[0] for line in listed if not line.startswith("  ")] == [
        heading(report.publisher_name, report.publisher_place),
        "",
        "Le Jour (Ségou)",
        "",
    ]
    shown = unstyled(page(report)).split("\n")
    assert shown[0] == heading(report.publisher_name, report.publisher_place)
    ours = ("Credit:", "Disclaimer:", "Picture:", "Original:", "Licence:", "Copyright:", "Terms:", "Complaints:")
    more = ("Text:", "Channels:", "Updated:", "Id:", "Topic:", "About:")
    assert all(line.startswith(("  ", *ours, *more)) or not line for line in shown[2:])


@pytest.mark.parametrize("render", [listing, as_json, lambda reports: page(reports[0])], ids=["list", "json", "page"])
@given(report=said)
def test_no_output_holds_anything_unfit_or_a_false_address(
    render: Callable[[list[Release]], str], report: Release
) -> None:
    written = render([report])
    assert not UNFIT.search(unstyled(written))
    if written.startswith("["):
        (found,) = json.loads(written)
        assert found["url"] is None or URI.fullmatch(found["url"])
        assert (found["title"], found["text"]) == (report.headline, report.text or None), "and nothing is lost"


@every_row(
    ("summary", "text", "shown"),
    [
        ("Le pont rouvre lundi.", "SÉGOU — Le pont rouvre.", "(no headline) Le pont rouvre lundi."),
        ("", "SÉGOU —\nLe pont rouvre.", "(no headline) SÉGOU — Le pont rouvre."),
        ("mot " * 13, "", "(no headline) " + " ".join(["mot"] * 12) + "…"),
        ("", "", "(no headline)"),
    ],
)
def test_a_report_without_a_headline_shows_its_first_words_and_that_it_has_none(
    summary: str, text: str, shown: str
) -> None:
    untitled = replace(REPORT, headline="", summary=summary, text=text)
    assert unstyled(listing([untitled])).splitlines()[1] == f"  {shown}"
    assert unstyled(page(untitled)).splitlines()[1] == shown
    assert json.loads(as_json([untitled]))[0]["title"] == "", "for machines it has none"


def test_a_page_says_whence_a_report_is() -> None:
    shown = unstyled(page(replace(REPORT, dateline="SÉGOU (AFP)", agencies=("AFP", "Reuters"))))
    assert "\nDateline: SÉGOU (AFP)\nAgency: AFP, Reuters\n" in shown
