"""Topics: by the publisher's categories, then by words; what is not clear has none. Reports in eight languages."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.tags import TagEvidence
from aggregator.tags import categories, topic_lists, topic_words
from aggregator.tags.mediatopics import topic_code, topic_label
from aggregator.tags.topics import topics_of
from aggregator.tags.vocabulary import FILE, LANGUAGES, first_level, first_levels, topics
from tests import ROOT
from tests.make_topics import GIVEN, table
from tests.rows import every_row

FIXTURES = ROOT / "tests" / "fixtures" / "topics"
FILES = sorted(FIXTURES.glob("*.tsv"))
NEWSROOMS = ("ar", "en", "fr", "ha", "pt", "sw")
_LEAST_PRECISION, _LEAST_ANSWERED = 0.90, 0.5
_NO_OWN: Mapping[str, str | None] = {}


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened, delimiter="\t", quoting=csv.QUOTE_NONE))


def codes(title: str, text: str = "", stated: Sequence[str] = (), language: str | None = "en") -> list[str]:
    return [tag.code for tag in topics_of(title, text, stated, language, _NO_OWN)]


def shares(file: Path, parts: Sequence[str]) -> tuple[float, float]:
    """How many of the topics given are right, and how many reports have one."""
    reports = [row for row in rows(file) if row["part"] in parts]
    found = [codes(row["headline"], row["summary"], language=file.stem) for row in reports]
    given_ = sum(map(len, found))
    right = sum(code in row["topic"].split("/") for row, of in zip(reports, found, strict=True) for code in of)
    return right / given_, sum(map(bool, found)) / len(reports)


def test_languages_have_reports_and_lists() -> None:
    assert {file.stem for file in FILES} == topic_words.languages()


@every_row("file, part", [(file, part) for file in FILES for part in ("open", "kept")])
def test_words_say_topics(file: Path, part: str) -> None:
    precision, answered = shares(file, [part])
    assert precision >= _LEAST_PRECISION
    assert answered >= _LEAST_ANSWERED


@every_row("file", [file for file in FILES if file.stem in NEWSROOMS])
def test_words_say_topics_of_newsrooms_headlines(file: Path) -> None:
    precision, answered = shares(file, ["second", "third"])
    assert precision >= _LEAST_PRECISION
    assert answered >= _LEAST_ANSWERED


@every_row("file", FILES)
def test_evidence_is_the_reports_own_words(file: Path) -> None:
    for row in rows(file):
        said = {"headline": row["headline"], "text": row["summary"]}
        for tag in topics_of(row["headline"], row["summary"], (), file.stem, _NO_OWN):
            assert tag.evidence
            assert 0 < tag.weight <= 1
            assert [each for each in tag.evidence if each.words not in said[each.where]] == []
            assert {each.rule for each in tag.evidence} == {"word list"}


# What is not clear: one word that has another meaning, two topics at once, nothing at all.
UNCLEAR = [
    ("Gang of eight meets again", "They have until Monday.", "en"),
    ("The bitter battle over mortgage rules", "It is not over.", "en"),
    ("France drowning in rules, critics say", "A mayor counts them.", "en"),
    ("Storm of criticism over new uniforms", "Nobody likes the colour.", "en"),
    ("An evening in Bamako", "", "en"),
    ("", "", "en"),
    ("À ce stade, rien n'est décidé", "La réunion reprend lundi.", "fr"),
    ("Climat tendu dans la capitale", "Les habitants restent chez eux.", "fr"),
    ("Vita dhidi ya umaskini", "Kila mtu ana la kusema.", "sw"),
    ("حرب كلامية بين الجارين", "لا جديد.", "ar"),
    ("Striker scores twice", "The team wins the cup final.", None),  # no language, no list
    ("Striker scores twice", "The team wins the cup final.", "xx"),
]


@every_row("title, text, language", UNCLEAR)
def test_what_is_not_clear_has_no_topic(title: str, text: str, language: str | None) -> None:
    assert codes(title, text, language=language) == []


def test_a_likely_word_needs_a_second_one() -> None:
    assert codes("The troops arrive", "They wait.") == []
    assert codes("The troops arrive", "The artillery waits.") == ["16000000"]


# What happened at a school is no report about schools.
@every_row("title, text, code, language", [
    ("Pupils killed in building collapse", "Rescuers pulled learners from the school.", "03000000", "en"),
    ("Wanafunzi wauawa shuleni katika shambulio la kigaidi", "Walimu na wanafunzi walijeruhiwa.", "16000000", "sw"),
    ("Pupils sit national exams", "A boy was robbed on his way to school.", "05000000", "en"),
    ("Des élèves tués dans une bousculade au lycée", "Les secours ont évacué les victimes.", "03000000", "fr"),
])  # fmt: skip
def test_an_event_comes_before_its_setting(title: str, text: str, code: str, language: str) -> None:
    assert codes(title, text, language=language) == [code]


def test_the_headline_counts_three_times() -> None:
    (tag,) = topics_of("Cholera spreads", "The teacher of the village school waits.", (), "en", _NO_OWN)
    assert (tag.code, tag.evidence[0]) == ("07000000", TagEvidence("Cholera", "headline", "word list"))
    assert codes("A village waits", "Cholera spreads.") == []


def test_a_summary_that_repeats_its_headline_says_nothing_more() -> None:
    assert codes("Prayer for rain clouds", "Prayer for rain clouds") == codes("Prayer for rain clouds")


def test_two_topics_stand_side_by_side_only_where_each_is_clear() -> None:
    title = "Doctors and nurses begin strike over unpaid wages at hospitals"
    text = "The trade union wants salaries paid; patients wait in clinics for surgeons and vaccines."
    assert sorted(codes(title, text)) == ["07000000", "09000000"]


def test_words_are_found_in_their_languages_forms() -> None:
    assert codes("بالكوليرا", "", language="ar") == ["07000000"]
    assert codes("والكوليرا تعود", "", language="ar") == ["07000000"]
    assert codes("የኮሌራን ስርጭት", "", language="am") == ["07000000"]
    assert codes("L'épidémie de choléra recule", "", language="fr-CM") == ["07000000"]
    with_hooks, without = "'Yan fashi sun tsere da ƙwayoyi", "'Yan fashi sun tsere da kwayoyi"
    assert codes(with_hooks, "", language="ha") == codes(without, "", language="ha") == ["02000000"]


CATEGORIES = [
    ("Sports", "en", "15000000"), ("SPORT", None, "15000000"), ("Michezo", "sw", "15000000"),
    ("رياضة", "ar", "15000000"), ("الرياضة", None, "15000000"), ("Esporte", "pt", "15000000"),
    ("Ciyaaraha", "so", "15000000"), ("ስፖርት", "am", "15000000"), ("Wasanni", "ha", "15000000"),
    ("Santé", "fr", "07000000"), ("SANTE", "fr", "07000000"), ("Afya", "sw", "07000000"),
    ("Business & Economy", "en", "04000000"), ("Business and economy", "en", "04000000"),
    ("الاقتصاد", "ar", "04000000"), ("Économie & Finances", "fr", "04000000"), ("Society", "en", "14000000"),
    ("Société", "fr", "14000000"), ("Culture", "fr", "01000000"), ("Arts & Entertainment", "en", "01000000"),
    ("ثقافة و فنون", "ar", "01000000"), ("Tech", "en", "13000000"), ("Sci-Tech", "en", "13000000"),
    ("Météo", "fr", "17000000"), ("Politica", "it", "11000000"), ("News > Sport", "en", "15000000"),
    ("Actualités/Politique", "fr", "11000000"), ("#health", "en", "07000000"),
    ("medtop:20001065", None, "20001065"), ("http://cv.iptc.org/newscodes/mediatopic/07000000", None, "07000000"),
    ("Football", "fr", "20001065"), ("Cricket", "en", "20000888"), ("Agriculture", "fr", "20000210"),
    ("Elections", "en", "20000574"), ("كرة القدم", "ar", "20001065"), ("Climate change", "en", "20000418"),
    # none
    ("News", "en", None), ("Home", "en", None), ("Featured", "en", None), ("National", "fr", None),
    ("Actualités", "fr", None), ("À la une", "fr", None), ("Une", "fr", None), ("International", "en", None),
    ("Opinion", "en", None), ("Health & Lifestyle", "en", None), ("Social", "fr", None),
    ("Faits divers", "fr", None), ("أخبار", "ar", None), ("منوعات", "ar", None), ("Habari", "sw", None),
    ("Labarai", "ha", None), ("ዜና", "am", None), ("Culture/Society", "en", None), ("Sportswear", "en", None),
    ("Sports shoes", "en", None), ("", "en", None), ("&", "en", None), ("Mode", "en", None),
    ("E-sports", "en", "20001183"), ("medtop:99999999", None, None), ("15000000", "en", None),
    ("Security", "en", None),
]  # fmt: skip


@every_row("category, language, code", CATEGORIES)
def test_a_category_has_the_topic_that_it_means(category: str, language: str | None, code: str | None) -> None:
    assert categories.topic_of(category, language) == code
    assert (codes("", "", [category], language) or [None])[-1] == code


def test_a_topic_below_the_first_level_brings_that_along() -> None:
    tags = topics_of("Nothing", "", ["Football", "Sport"], "fr", _NO_OWN)
    assert [(tag.code, [each.words for each in tag.evidence]) for tag in tags] == [
        ("15000000", ["Football", "Sport"]),
        ("20001065", ["Football"]),
    ]
    assert {each.where for tag in tags for each in tag.evidence} == {"category"}


def test_words_are_asked_only_where_categories_say_nothing() -> None:
    title, text = "Striker scores twice in the cup final", "The team wins."
    assert codes(title, text, ["News", "Politics"]) == ["11000000"]
    assert codes(title, text, ["News"]) == ["15000000"]


def test_a_publisher_says_otherwise() -> None:
    own = {"metro": "02000000", "SPORTS": None, "Tech & Co": "20000763"}
    stated = ["Metro", "Sports", "tech and co"]
    tags = topics_of("Nothing", "", stated, "en", own)
    assert [tag.code for tag in tags] == ["02000000", "13000000", "20000763"]
    assert {each.rule for tag in tags for each in tag.evidence} == {"own category"}
    assert topics_of("Nothing", "", ["Sports"], "en", own) == ()


def test_the_table_names_topics_and_no_category_twice() -> None:
    meant: dict[tuple[str, str], set[str | None]] = defaultdict(set)
    for topic, label, written in topic_lists.lines(categories.FILE):
        assert topic is None or topic in topics()
        for category in written:
            assert categories.key(category), category
            meant[categories.key(category), label.removeprefix("only ")].add(topic)
    assert {where: of for where, of in meant.items() if len(of) > 1} == {}
    assert len(meant) > 4_000


@every_row("language", sorted(topic_words.languages()))
def test_a_list_is_sound(language: str) -> None:
    """Topics of the first level, and each word under one of them."""
    of: dict[tuple[str, ...], set[str | None]] = defaultdict(set)
    for topic, written, weight in topic_words.entries(language):
        assert topic is None or topic in first_levels()
        assert weight > 0 or topic is None
        for form in topic_lists.forms(written):
            assert topic_lists.words(form), written
            assert not set("[]()|") & set(form), written
            of[topic_lists.words(form)].add(topic)
    assert {words: topics_ for words, topics_ in of.items() if len(topics_) > 1} == {}


def test_topics_are_called_by_names_and_codes() -> None:
    for typed in (
        "health",
        "Health",
        "Santé",
        "sante",
        "07000000",
        "medtop:07000000",
        "Gesundheit",
        "صحة",
        "Afya",
        "saúde",
    ):
        assert topic_code(typed) == "07000000", typed
    assert topic_code("crime, law and justice") == topic_code("Crime, Law & Justice") == "02000000"
    assert topic_code("ballet") == "20000008"
    for typed in ("", "nothing of the kind", "99999999", "News", "medtop:"):
        assert topic_code(typed) is None, typed
    labels = [topic_label("07000000", language) for language in ("fr", "fr-SN", "ar", "sw", None)]
    assert labels == ["Santé", "Santé", "صحة", "health", "health"]
    assert topic_label("99999999", "fr") == "99999999"


def test_the_vocabulary_is_whole() -> None:
    assert (len(topics()), len(first_levels())) == (1_133, 17)
    assert {first_level(code) for code in topics()} == set(first_levels())
    assert all(topic.labels["en"] and set(topic.labels) <= set(LANGUAGES) for topic in topics().values())


@pytest.mark.skipif(not GIVEN.is_file(), reason="../shared/mediatopics.tsv is not here")
def test_the_vocabulary_is_iptcs() -> None:
    assert FILE.read_text(encoding="utf-8") == table(GIVEN)


@given(
    st.text(max_size=60), st.text(max_size=200), st.lists(st.text(max_size=20), max_size=3),
    st.sampled_from([*sorted(topic_words.languages()), None]),
)  # fmt: skip
def test_any_text_is_read(title: str, text: str, stated: list[str], language: str | None) -> None:
    said = f"Cholera كوليرا choléra ´ {title}"
    for tag in topics_of(said, text, stated, language, _NO_OWN):
        where = {"headline": said, "text": text}
        for each in tag.evidence:
            if each.where == "category":
                assert each.words in stated
            else:
                assert " ".join(each.words.split()) in " ".join(where[each.where].split())


def test_what_stands_deep_in_a_text_is_not_looked_at() -> None:
    assert codes("A day in May", "word " * 200 + "cholera malaria hospital vaccine " * 10) == []
    assert codes("Cholera", "x" * 2_000_000) == ["07000000"]
