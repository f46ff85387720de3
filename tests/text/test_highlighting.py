"""What a search has found is shown where it stands, in every script, and nothing else is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model.errors import SearchError
from aggregator.text.highlighting import Piece, marked, snippet, wanted
from aggregator.text.query import parse
from tests.conftest import examples
from tests.text.test_word_forms import finds


def shown(pieces: tuple[Piece, ...]) -> str:
    """With brackets around what was found."""
    return "".join(f"[{text}]" if is_found else text for text, is_found in pieces)


CASES = [
    # Latin with accents, case and elisions
    ("elections", "ELECTIONS: what the Elections Act says", "[ELECTIONS]: what the [Elections] Act says"),
    ("ecole", "L’École de Ségou, une école", "L’[École] de Ségou, une [école]"),
    ("école", "l'e\u0301cole", "l'[e\u0301cole]"),
    ("l'école", "L'École et l’ecole", "L'[École] et l’[ecole]"),
    ("strasse", "Die Straße", "Die [Straße]"),
    ("istanbul", "İstanbul", "[İstanbul]"),
    ("eleicoes", "As eleições de 2026", "As [eleições] de 2026"),
    ("ọmọ", "Awọn ọmọ ile", "Awọn [ọmọ] ile"),
    ("fi", "a ﬁ b", "a [ﬁ] b"),
    ("2", "½ and 2", "[½] and [2]"),
    # phrases, beginnings, exclusions, the headline alone
    ('"flood bridge"', "A flood. Bridge lost; bridge, flood", "A [flood]. [Bridge] lost; bridge, flood"),
    ("elect*", "Elect, elected, re-election, selection", "[Elect], [elected], re-[election], selection"),
    ('"the riv*', "the riv* the river, the road", "[the] [riv]* [the] [river], the road"),
    ("flood -bridge", "flood and bridge", "[flood] and bridge"),
    ("flood NOT (bridge OR dam)", "flood, bridge, dam", "[flood], bridge, dam"),
    ("flood OR drought", "drought after flood", "[drought] after [flood]"),
    ("title:flood bridge", "flood and bridge", "flood and [bridge]"),
    ("covid-19", "COVID-19 and 19", "[COVID]-[19] and 19"),
    ("a & b", "<b>a</b> & b", "<[b]>[a]</[b]> & [b]"),
    # Arabic: articles, particles, vowel signs, forms of letters, digits
    ("مدرسة", "في المدرسة وبالمدرسة ومَدْرَسَة", "في [المدرسة] [وبالمدرسة] ومَدْرَسَة"),
    ("مدرسة", "«الْمَدْرَسَةُ»، المـدرسة", "«[الْمَدْرَسَةُ]»، [المـدرسة]"),
    ("الانتخابات", "إنتخابات للانتخابات", "[إنتخابات] [للانتخابات]"),
    ("2026", "عام ٢٠٢٦", "عام [٢٠٢٦]"),
    ("می", "می\u200cخواهم", "[می\u200c]خواهم"),
    ("12", "\u060012", "[\u060012]"),  # the Arabic number sign and its number are one character
    # Ethiopic: homophones, and its own comma
    ("ሀገር", "ኀገር፣ ሃገር ሐገር", "[ኀገር]፣ [ሃገር] [ሐገር]"),
    ("ፀሐይ", "ጸሀይ።", "[ጸሀይ]።"),
    # N'Ko with its tone marks; Devanagari with vowel signs and a joiner; Thai and Han are not divided
    ("ߒߞߏ", "ߒߞߏ ߞߊ߲", "[ߒߞߏ] ߞߊ߲"),
    ("हिन्दी", "यह हिन्दी है", "यह [हिन्दी] है"),
    ("क्", "क्\u200dष", "[क्\u200dष]"),
    ("北京*", "北京市的选举", "[北京市的选举]"),
    # signs around a word that belong to it
    ("a", "a\u20dd b", "[a\u20dd] b"),
    ("x", "👩\u200d🌾 x 🇲🇱", "👩\u200d🌾 [x] 🇲🇱"),
]


@pytest.mark.parametrize(("typed", "text", "expected"), CASES)
def test_what_was_found_is_shown_where_it_stands(typed: str, text: str, expected: str) -> None:
    assert shown(marked(text, wanted(parse(typed)))) == expected


def test_words_for_the_headline_alone_are_shown_there() -> None:
    query = parse("title:flood bridge")
    assert shown(marked("Flood at a bridge", wanted(query, in_title=True))) == "[Flood] at a [bridge]"


TEXT = st.text(
    st.sampled_from("ab e\u0301é-.'’\n اللمدرسةَُـ\u0600\u200c\u200d ሀኀ፣ ߞߏ߫ हिक् 👩🌾🇲🇱½ﬁß\u20dd北"), max_size=40
)


def _is_within(text: str, at: int) -> bool:
    """Whether a place is within one character, by its marks and joiners."""
    before, sign = text[at - 1 : at], text[at : at + 1]
    is_joined = before == "\u200d" and not sign.isspace()
    return 0 < at < len(text) and (unicodedata.category(sign)[0] == "M" or sign == "\u200d" or is_joined)


@settings(max_examples=examples(1_000))
@given(TEXT, TEXT)
def test_the_pieces_are_the_text_and_divide_no_character(typed: str, text: str) -> None:
    try:
        words = wanted(parse(typed))
    except SearchError:
        return
    pieces = marked(text, words)
    assert "".join(piece for piece, _ in pieces) == text
    assert all(piece for piece, _ in pieces)
    places = [len("".join(piece for piece, _ in pieces[:number])) for number in range(len(pieces))]
    assert not [at for at in places if _is_within(text, at)]
    cut = "".join(piece for piece, _ in snippet(text, words, 10))
    assert cut.removeprefix("…").removesuffix("…") in text


@settings(max_examples=examples(1_000))
@given(TEXT.filter(lambda said: "-" not in said and "'" not in said), TEXT)
def test_something_is_shown_where_the_index_finds_a_word(typed: str, text: str) -> None:
    try:
        words = wanted(parse(typed))
    except SearchError:
        return
    assert finds(typed, text) <= any(is_found for _, is_found in marked(text, words))


LONG = "The council met. " * 40 + "Then the flood took the bridge. " + "The mayor spoke. " * 40


def test_a_snippet_is_the_part_in_which_the_words_are() -> None:
    words = wanted(parse("flood bridge"))
    assert snippet("Nothing of it.\nNor here.", words, 100) == ()
    found = shown(snippet(LONG, words, 120))
    assert "the [flood] took the [bridge]" in found
    assert (found[0], found[-1]) == ("…", "…")
    assert len(found) <= 120 + len("[][]") + 2
    # The paragraph with more of the words, not the first with one.
    text = "A flood, says the governor.\nAnother day.\nThe flood took a bridge."
    assert shown(snippet(text, words, 100)) == "The [flood] took a [bridge]."
    assert shown(snippet("x" * 1_500 + " flood", words, 50)).endswith("[flood]")
    han = "选" * 700
    assert snippet(han, wanted(parse("选选*")), 50) == ((han, True),)
