"""Plain text, excerpts and folding: readings beside the publisher's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Text
from aggregator.text.folding import fold
from aggregator.text.html import excerpt, one_line, plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<p>One.</p><p>Two.</p>", "One.\nTwo."),
        ("One<br>two<br/>three", "One\ntwo\nthree"),
        ("a <b>bold</b>  word\n\tand more", "a bold word and more"),
        ("Caf&eacute; &amp; th&#233; &lt;3", "Café & thé <3"),
        ("<script>alert(1)</script>seen<style>p{}</style>", "seen"),
        ("<ul><li>un</li><li>deux</li></ul>", "un\ndeux"),
        ("&amp;lt;b&amp;gt; stays a reference", "&lt;b&gt; stays a reference"),
        ("<p>unclosed <b>tags", "unclosed tags"),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("\x1b[31mred\x00", "[31mred"),
        ("\x93quoted\x94 it\x92s \x81", "“quoted” it’s"),
        ("<p>half of \ud83d a pair &amp; more</p>", "half of a pair & more"),
        ("", ""),
    ],
)
def test_plain_text_of_html(value: str, expected: str) -> None:
    assert plain(Text(value)) == expected


def test_plain_text_is_left_alone() -> None:
    assert plain(Text("5 < 6 &amp; 7", "text/plain")) == "5 < 6 &amp; 7"
    assert plain(None) == ""
    assert one_line(Text("two\nlines", "text/plain")) == "two lines"


@pytest.mark.parametrize(
    ("summary", "text", "words", "expected"),
    [
        ("One two. Three four five. Six.", "", 5, "One two. Three four five."),
        ("One two. Three four five. Six.", "", 4, "One two."),
        ("", "First paragraph here.\nSecond paragraph.", 4, "First paragraph here."),
        ("One two three four five six", "", 3, "One two three …"),
        ("هذه جملة؟ وهذه أخرى.", "", 2, "هذه جملة؟"),
        ("አንድ ነገር። ሌላ ነገር አለ።", "", 3, "አንድ ነገር።"),
        ("Il a dit « oui. » Puis rien.", "", 6, "Il a dit « oui. »"),
        ("", "", 5, ""),
    ],
)
def test_an_excerpt_is_whole_sentences(summary: str, text: str, words: int, expected: str) -> None:
    assert excerpt(summary, text, words) == expected


@given(st.text(), st.text(), st.integers(1, 50))
def test_an_excerpt_is_never_longer_than_allowed_and_invents_no_word(summary: str, text: str, words: int) -> None:
    taken = excerpt(summary, text, words).removesuffix(" …").split()
    assert len(taken) <= words
    assert taken == (summary or text).split()[: len(taken)]


@pytest.mark.parametrize(
    ("one", "other"),
    [("ÉLÈVE", "eleve"), ("São Tomé", "sao tome"), ("أحمد", "احمد"), ("مُحَمَّد", "محمد"), ("على", "علي"), ("ሠላም", "ሰላም"),
     ("ዓለም", "አለም"), ("Straße", "strasse"), ("٢٠٢٦", "2026")],
)  # fmt: skip
def test_spellings_that_a_searcher_does_not_tell_apart_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
