"""Datelines, bylines and credits: what they say, what they do not, and that all of it stands in the words."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.model import Media, TagSettings, Text
from aggregator.model.who import Byline, PictureCredit, Who
from aggregator.tags.agencies import agencies, agency_named
from aggregator.tags.bylines import byline_of
from aggregator.tags.credits import credit_of
from aggregator.tags.datelines import dateline_of
from aggregator.tags.known_places import is_country, key_of, town_named
from aggregator.tags.plain_names import is_plain_name
from aggregator.tags.who import maker_words, who_of, with_credits
from aggregator.tags.word_lists import generic_bylines, listed
from tests import ROOT
from tests.conftest import examples
from tests.rows import every_row

FIXTURES = ROOT / "tests" / "fixtures"
HOUSE = ("The Daily Example", "daily-example")
_FLAGS = {"is_file": "file", "is_copyright": "copyright", "is_handout": "handout", "is_stock": "stock",
          "is_generated": "generated"}  # fmt: skip
Case = dict[str, Any]


def read(
    text: str,
    byline: str | None = None,
    media: Sequence[Media] = (),
    house: Sequence[str] = HOUSE,
    settings: TagSettings = TagSettings(),  # noqa: B008  (frozen)
) -> Who:
    return who_of(text, maker_words(text, byline, media, house), "en", settings)


def cases(kind: str) -> list[Case]:
    """Those that were given, and our own: sw, ha and it too, and many that are none."""
    lines = (
        line
        for name in ("cases", "own")
        for line in (FIXTURES / f"extract_{name}.jsonl").read_text("utf-8").splitlines()
    )
    return [case for case in map(json.loads, lines) if case["kind"] == kind]


def name_of(case: Case) -> object:
    return case["id"]


@every_row("case", cases("dateline"), ids=name_of)
def test_a_dateline_says_place_country_day_and_agency(case: Case) -> None:
    found = dateline_of(case["text"], case["lang"])
    wanted = case["expect"]
    if wanted["places"] is None:
        assert found is None
        return
    assert found is not None
    assert list(found.places) == wanted["places"]
    said = {"country": found.country, "date": found.date, "agency": found.agency}
    assert said == {name: wanted.get(name) for name in said}
    assert found.literal in case["text"]
    if wanted.get("item_class") == "press_release":
        named = agency_named(found.agency or "")
        assert named is not None
        assert named.agency.kind == "releases"


@every_row("case", cases("byline"), ids=name_of)
def test_a_byline_makes_persons_and_organisations(case: Case) -> None:
    found = byline_of(case["text"], case["lang"], HOUSE)
    assert found is not None
    assert found.literal == case["text"]
    assert dict(_said(found)) == case["expect"]


def _said(byline: Byline) -> Iterator[tuple[str, Any]]:
    persons = [
        (
            each.role == "as_told_to",
            {
                name: value
                for name, value in (
                    ("name", each.name),
                    ("role", each.title or (None if each.role == "author" else each.role)),
                    ("place", each.place),
                    ("org", each.organisation),
                )
                if value
            },
        )
        for each in byline.authors
    ]
    yield "authors", [said for is_told, said in persons if not is_told]
    if told := [said for is_told, said in persons if is_told]:
        yield "contributors", told
    for name, value in (
        ("org", next(iter(byline.organisations), None)),
        ("generic", byline.is_generic),
        ("third_party", byline.is_third_party),
        ("item_class", byline.item_class),
    ):
        if value:
            yield name, value


@every_row("case", cases("credit"), ids=name_of)
def test_words_beside_a_picture_are_caption_and_credit(case: Case) -> None:
    found = credit_of(case["text"])
    assert dict(_of_picture(found)) == case["expect"]


def _of_picture(credit: PictureCredit) -> Iterator[tuple[str, Any]]:
    for name in PictureCredit.__struct_fields__:
        if name != "literal" and (value := getattr(credit, name)):
            yield _FLAGS.get(name, name), value


# Whatever is found stands in the words

_PIECES = (
    "Bamako", "BAMAKO", "Cape Town", "Nairobi", "N'DJAMENA", "Mali", "Kenya", "Le Caire", "القاهرة", "رويترز", "Lagos",
    "AFP", "Reuters", "(AP)", "/APO Group/", "(dpa)", "Getty Images", "Jane Sample", "JOHN SAMPLE", "Awa Exemple", "J.",
    "By", "Par", "Von", "بقلم", "and", "et", "e", "y", "und", "و", "with", "avec", "in", "à", "Photo:", "Crédit :", "©",
    "Foto:", "تصوير", "via", "Photo by", "1 mars 2026", "March 2", "2 مارس 2026", "02/03/2026", "Monday", "—", "–", "-",
    "--", "_", "|", ":", ".-", ",", "/", "(", ")", "[", "]", ".", "The council met.", "Le marché", "home", "@sample",
    "jane@daily.example", "https://daily.example/", "\u00a0", "\ufeff", "\u0640", "\u200f", "\n", "CC BY 4.0", "DR",
    "File photo", "2026", "08:15", "Staff", "Reporter", "University of Example", "Q:", "•",
)  # fmt: skip
WORDS = st.lists(st.sampled_from(_PIECES) | st.text(max_size=6), max_size=14).map(" ".join)


def _letters(words: str) -> str:
    """Letters and digits alone: names in capitals are written as names, and signs without width are left out."""
    return "".join(each for each in key_of(words) if each.isalnum())


@given(WORDS)
def test_what_is_found_stands_in_the_words(words: str) -> None:
    stands = _letters(words)
    if (dateline := dateline_of(words, "fr")) is not None:
        assert dateline.literal in words
        assert all(_letters(place) in stands for place in (*dateline.places, dateline.country or ""))
    if (byline := byline_of(words, "en", HOUSE)) is not None:
        assert byline.literal in words
        for author in byline.authors:
            for said in (author.name, author.place, author.organisation):
                assert _letters(said or "") in stands
    credit = credit_of(words)
    for said in (credit.caption, credit.literal, credit.photographer, credit.source):
        assert _letters(said or "") in stands


@given(WORDS, WORDS, WORDS)
def test_the_evidence_stands_in_text_byline_or_credit(text: str, byline: str, caption: str) -> None:
    (picture,) = with_credits([Media("http://x.example/1.jpg", "image", caption=Text(caption, "text/plain"))])
    assert picture.caption == Text(caption, "text/plain")
    who = read(text, byline, [picture])
    for each in who.agencies:
        assert agency_named(each.stated) is not None
        assert any(" ".join(each.words.split()) in " ".join(where.split()) for where in (text, byline, caption))


# The tables


def test_every_alias_leads_to_an_agency() -> None:
    assert len(agencies()) >= 50
    assert len({each.name for each in agencies()}) == len(agencies())
    for agency in agencies():
        assert agency.kind in ("news", "pictures", "releases")
        assert any((named := agency_named(alias)) and named.agency is agency for alias in agency.aliases), agency.name


@every_row("words", ["map", "tap", "spa", "Map", "ena", "Petra Sample", "the Reuters", "", "a" * 200])
def test_a_word_is_no_agency(words: str) -> None:
    assert agency_named(words) is None


def test_countries_are_no_towns_but_those_that_are_both() -> None:
    assert is_country("Mali")
    assert is_country("the Gambia")
    assert is_country("DRC")
    assert town_named("Mali") is None
    assert town_named("DJIBOUTI") == "Djibouti"
    assert town_named("DAR ES SALAAM") == "Dar es Salaam"
    assert town_named("الخرطوم") == "الخرطوم"


# Put together

TEXT = """By Jane Sample
BAMAKO, Mali, March 1, 2026 (Reuters) - The council met.
It will meet again.
(Reporting by Tom Sample in Accra; Editing by Jane Proof)"""


@every_row(
    ("words", "language", "house", "persons"),
    [
        ("By Our Energy Correspondent", "en", "The Daily Example", []),
        ("Our Sports Reporter in Kano", "en", "The Daily Example", []),
        ("De notre envoyé spécial à Dakar", "fr", "Le Jour", []),
        ("من مراسلنا في الوسط", "ar", "وكالة المثال للأنباء", []),
        ("موفد المثال", "ar", "صحيفة المثال", []),
        ("المثال", "ar", "وكالة المثال للأنباء", []),
        ("By Ourania Example", "en", "The Daily Example", ["Ourania Example"]),
        ("سيدي محمد ولد المثال الأمين", "ar", "ضفاف", ["سيدي محمد ولد المثال الأمين"]),
        ("محمد وليد المثالي", "ar", "ضفاف", ["محمد وليد المثالي"]),
        ("أحمد علي ومحمد سالم", "ar", "ضفاف", ["أحمد علي", "محمد سالم"]),
    ],
)
def test_a_byline_of_our_own_names_nobody_and_a_name_is_not_cut_at_an_and(
    words: str, language: str, house: str, persons: list[str]
) -> None:
    found = byline_of(words, language, (house,))
    assert found is not None
    assert [each.name for each in found.authors] == persons
    assert found.is_generic is not bool(persons)


def test_bylines_within_a_text_count_beside_the_stated_one() -> None:
    who = read(TEXT)
    assert who.dateline is not None
    assert who.dateline.literal == "BAMAKO, Mali, March 1, 2026 (Reuters)"
    assert [(each.name, each.role, each.place, each.where) for each in who.authors] == [
        ("Jane Sample", "author", None, "text"),
        ("Tom Sample", "reporting", "Accra", "text"),
        ("Jane Proof", "editing", None, "text"),
    ]
    assert [each.name for each in read(TEXT, "Ama Model").authors] == [
        "Ama Model", "Tom Sample", "Jane Proof",
    ]  # fmt: skip


def test_agencies_are_named_once_with_their_evidence_and_never_the_publisher_itself() -> None:
    media = with_credits(
        [
            Media("http://x.example/1.jpg", "image", caption=Text("A man. (AP Photo/Awa Exemple)", "text/plain")),
            Media("http://x.example/2.jpg", "image", caption=Text("© AFP", "text/plain"), credit="Jane Sample/Reuters"),
        ]
    )
    assert [each.credit for each in media] == ["AP Photo/Awa Exemple", "Jane Sample/Reuters"]
    who = read(TEXT, "Ama Model with Reuters", media)
    assert [(each.name, each.stated, each.where, each.words) for each in who.agencies] == [
        ("Reuters", "Reuters", "dateline", "BAMAKO, Mali, March 1, 2026 (Reuters)"),
        ("Associated Press", "AP", "credit", "AP Photo/Awa Exemple"),
    ]
    assert [each.name for each in read(TEXT, None, media, ("Reuters",)).agencies] == ["Associated Press"]


@every_row(
    "text, agency",
    [
        ("(Reuters) - The council met on Friday.", "Reuters"),
        ("/PRNewswire/ -- The company opens a plant.", "PRNewswire"),
        ("AFP - Le conseil s'est réuni vendredi.", "AFP"),
        ("The map - as printed - is wrong.", None),
    ],
)
def test_an_agency_may_stand_where_a_dateline_would(text: str, agency: str | None) -> None:
    who = read(text)
    assert who.dateline is None
    assert [each.stated for each in who.agencies] == ([agency] if agency else [])


def test_what_a_publishers_file_switches_off_is_not_read() -> None:
    media = with_credits([Media("http://x.example/1.jpg", "image", credit="Awa Exemple/AP")])
    whole = read(TEXT, None, media)
    assert whole.dateline is not None
    without = read(TEXT, None, media, settings=TagSettings(datelines=False))
    assert (without.dateline, without.authors) == (None, whole.authors)
    assert [each.stated for each in without.agencies] == ["AP"]
    assert read(TEXT, None, media, settings=TagSettings(bylines=False)).authors == ()
    assert [each.stated for each in read(TEXT, None, media, settings=TagSettings(credits=False)).agencies] == [
        "Reuters"
    ]


_SPECIAL = "By Par Por Von Da De Na In For And Und E Y Et With From Dr Prof Mr Ministry الدكتور بقلم مراسلنا وليد"
_NAMES = "Aminata Keïta Moussa Traoré Ngũgĩ Walid محمد أحمد فاطمة አበበ ከበደ İbrahim Søren Ba Sow"


def test_a_byline_that_is_told_word_by_word_says_what_it_says_when_it_is_read() -> None:
    """Two blanks between its words make it one that is read part by part."""
    lists = ("organisations", "occupations", "nobody", "no_names", "opinion", "analysis", "press_release", "particles")
    special = sorted({word for name in lists for each in listed(name) for word in each.split()})
    special += sorted({word for each in generic_bylines() for word in each.split()})
    special += _SPECIAL.split()
    names = _NAMES.split()
    houses = (("The Daily Example", "daily"), ("Keïta News", "keita"), ("وكالة النورس للأنباء", "n"), ("Le Monde",))
    chance, plain = random.Random(7), 0
    for _ in range(examples(20_000)):
        pool = [names, names, special, [each.capitalize() for each in special]]
        words = [chance.choice(chance.choice(pool)) for _ in range(chance.choice((2, 2, 3, 4)))]
        house, language = chance.choice(houses), chance.choice((None, "en", "fr", "sw", "ha", "pt", "it", "ar"))
        told, read = (byline_of(blank.join(words), language, house) for blank in (" ", "  "))
        assert told is not None
        assert read is not None
        assert replace(told, literal=read.literal) == read, " ".join(words)
        plain += is_plain_name(" ".join(words), house)
    assert plain > 0
