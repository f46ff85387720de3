"""Words find each other with an article or an elision before them and without; other words stay what they are."""

from __future__ import annotations

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.errors import SearchError
from aggregator.store.sqlite.search import expression
from aggregator.text.folding import fold
from aggregator.text.query import parse
from aggregator.text.word_forms import MOST_FORMS, phrase_forms, word_forms
from tests.rows import every_row

INDEX = sqlite3.connect(":memory:", check_same_thread=False)
INDEX.execute(
    'CREATE VIRTUAL TABLE words USING fts5(title, text, tokenize="unicode61 remove_diacritics 2'
    " categories 'L* N* Co Mn Mc'\")"
)


def finds(said: str, text: str) -> bool:
    """Whether a search finds a report, as it is indexed."""
    query = parse(said)
    INDEX.execute("DELETE FROM words")
    INDEX.execute("INSERT INTO words VALUES ('', ?)", (fold(text),))
    sql = "SELECT 1 FROM words WHERE words MATCH ?"
    return INDEX.execute(sql, (expression(query.wanted, query.unwanted),)).fetchone() is not None


# Each finds each of the same row.
ALIKE = [
    ("مدرسة", "المدرسة", "والمدرسة", "بالمدرسة", "للمدرسة", "كالمدرسة", "فالمدرسة", "وبالمدرسة", "وللمدرسة", "ٱلمدرسة",
     "الْمَدْرَسَةُ", "المـدرسة", "«المدرسة»،"),
    ("انتخابات", "الانتخابات", "الإنتخابات", "للانتخابات", "بالانتخابات"),
    ("لجنة", "اللجنة", "للجنة", "واللجنة", "وللجنة"),
    ("ألعاب", "الألعاب", "والألعاب", "للألعاب"),
    ("وزارة التربية", "وزارة تربية"),
    ("eau", "l'eau", "l’eau", "d'eau", "L'EAU", "dell'eau", "(l'eau),"),
    ("élections", "d'élections", "L’ÉLECTION* l'élections", "elections"),
    ("Afrique", "l'Afrique", "d’Afrique", "qu'Afrique"),
    ("hôpital", "l'hôpital", "d’hopital"),
    ("après-midi", "l'après-midi"),
    ("arrive", "s'arrive", "n'arrive", "j'arrive", "m'arrive", "t'arrive", "qu'arrive",
     "lorsqu'arrive", "jusqu'arrive"),
    ("università", "l'università", "all’università", "un'università", "nell'universita"),
    ("UE", "l'UE", "d’UE"),
    ("œuvre", "l'œuvre"),
    ("Côte d'Ivoire", "Côte d’Ivoire", "cote d'ivoire"),
    ("O'Brien", "o’brien"),
]  # fmt: skip

# What is searched for, and what it does not find.
UNLIKE = [
    ("الله", "له"), ("له", "الله"), ("لهم", "اللهم"), ("اللهم", "لهم"), ("ألمانيا", "مانيا"), ("المانيا", "مانيا"),
    ("مانيا", "ألمانيا"), ("والدين", "الدين"), ("دين", "والدين"), ("بالتيمور", "تيمور"), ("الآن", "ان"), ("ان", "الآن"),
    ("التي", "تي"), ("الم", "م"), ("إلى", "ى"), ("مدرسة", "ومدرسه2"), ("مدرسة", "مدرستان"), ("ألعاب", "عاب"),
    ("O'Brien", "Brien"), ("l'x", "x"), ("l'or", "this or that"), ("d'un", "the UN"), ("s'il", "il"),
    ("d'Ivoire", "ivoire"),
    ("aujourd'hui", "hui"), ("N'Djamena", "Djamena"), ("M'Bala", "Bala"), ("N'Golo", "Golo"), ("N'Abdou", "Abdou"),
    ("D'Souza", "Souza"), ("ng'ombe", "ombe"), ("Xi'an", "an"), ("don't", "t"), ("l'eau", "leau"),
    ("rock'n'roll", "roll"),
    ('"à l\'eau"', "a eau"),
]  # fmt: skip


@every_row("words", ALIKE, ids=lambda words: words[0])
def test_words_with_and_without_article_or_elision_find_each_other(words: tuple[str, ...]) -> None:
    for said in words:
        for text in words:
            assert finds(f'"{said}"' if " " in said and "*" not in said else said, f"Un. {text} !"), (said, text)


@every_row(("said", "text"), UNLIKE, ids=[f"{said} {text}" for said, text in UNLIKE])
def test_other_words_are_found_as_they_stand(said: str, text: str) -> None:
    assert finds(said, said)
    assert not finds(said, text)


def test_beginnings_exclusions_and_phrases_have_these_forms_too() -> None:
    assert finds("d'Ivoire", "Côte d’Ivoire")
    assert finds("ivoire", "Côte d'Ivoire")
    assert finds("المدر*", "مدرستان")
    assert finds("مدر*", "بالمدرسة")
    assert not finds("جسر -المدرسة", "جسر مدرسة")
    assert not finds("pont -l'eau", "pont d'eau")
    assert finds('"l\'eau potable"', "De l’eau potable")
    assert finds('"eau potable"', "manque d'eau potable")
    assert finds('"المدرسة الجديدة"', "مدرسة جديدة")
    assert finds('"مدرسة جديدة"', "للمدرسة الجديدة")
    assert not finds('"مدرسة جديدة"', "مدرسة وجديدة")


ASSIGNED = st.characters(max_codepoint=0x6FF, categories=("L", "Nd", "P", "Zs"))


@given(st.text(ASSIGNED, max_size=12) | st.text("لاوفبكمدرسةأإ", max_size=9) | st.text("ldnqu'’éaxhEAI", max_size=8))
def test_a_word_finds_itself(word: str) -> None:
    forms = word_forms(word)
    assert len(forms) <= 30
    try:
        assert finds(word, word)
    except SearchError:
        return


@given(st.lists(st.sampled_from(["المدرسة", "لجنة", "للجنة", "l'eau", "pont", "،"]), max_size=50))
def test_the_forms_of_a_phrase_are_bounded(words: list[str]) -> None:
    assert 1 <= len(phrase_forms(words)) <= MOST_FORMS
