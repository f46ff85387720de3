"""Plain text, excerpts and folding: readings beside the publisher's words."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.model import Entry, Person, Text
from aggregator.text.folding import fold
from aggregator.text.html import (
    MOST_BYLINE,
    MOST_HEADLINE,
    MOST_HEADLINE_WORDS,
    byline,
    clean_line,
    excerpt,
    headline,
    in_full,
    one_line,
    plain,
    shortened,
    unquoted,
    with_elements,
)
from aggregator.text.markup import safe
from aggregator.text.tags import is_tangled
from tests.conftest import SOAK
from tests.hostile import hostile
from tests.rows import every_row


@every_row(
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


_PIECES = (
    "un mot", " ", "\n", "<p>", "</p>", '<p class="a">', "<a href='x' title=\"1 > 2\">", "</a>", "<br/>", "<b",
    "<B>", "<b a=b>", '<i "=" c>', "<li>", "</li >", ">", "<", "</", "&amp;", "&amp;lt;", "&eacute;", "&nbsp",
    "&#233;", "&#x3c;", "&#128;", "&#7;", "&#0;", "&", ";", "<script>", "</script>", "<style>", "<!--", "-->",
    "<table>", "<tr>", "<td>", "<title>", "</title>", "<![CDATA[", "]]>", "<pre>", "\r", "\0", "\u00a0",
    "\u0093", "\ud800", "እ", "é",
)  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
@example("<p>a<script>b</script>")
@example("<table>a<tr><td>b</table>")
def test_simple_markup_is_read_as_any_other(markup: str) -> None:
    """An element that is not simple has the whole text read as browsers do."""
    assert plain(Text(markup)) == plain(Text("<svg></svg>" + markup))


def test_plain_text_is_left_alone() -> None:
    assert plain(Text("5 < 6 &amp; 7", "text/plain")) == "5 < 6 &amp; 7"
    assert plain(None) == ""
    assert one_line(Text("two\nlines", "text/plain")) == "two lines"


@every_row(
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


def test_an_excerpt_of_an_endless_sentence_is_that_of_its_beginning() -> None:
    """Of a text of a million characters no more than its beginning is looked at; a word is never cut."""
    begun = " ".join(f"mot{number}" for number in range(2_000))
    assert excerpt("", begun, 30) == excerpt("", f"{begun} " + "suite " * 200_000, 30)
    for blanks in range(1, 12_000, 997):
        text = "Un. Deux." + " " * blanks + "troisième quatrième cinquième. " * 100
        assert excerpt("", text, 5).removesuffix(" …").split() == text.split()[: len(excerpt("", text, 5).split())]


@given(st.text(), st.text(), st.integers(1, 50))
def test_an_excerpt_is_never_longer_than_allowed_and_invents_no_word(summary: str, text: str, words: int) -> None:
    taken = excerpt(summary, text, words).removesuffix(" …").split()
    assert len(taken) <= words
    assert taken == (summary or text).split()[: len(taken)]


@every_row(
    ("one", "other"),
    [("ÉLÈVE", "eleve"), ("São Tomé", "sao tome"), ("أحمد", "احمد"), ("مُحَمَّد", "محمد"), ("على", "علي"), ("ሠላም", "ሰላም"),
     ("ዓለም", "አለም"), ("Straße", "strasse"), ("٢٠٢٦", "2026")],
)  # fmt: skip
def test_spellings_that_a_searcher_does_not_tell_apart_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_a_headline_within_the_bounds_is_left_as_it_is() -> None:
    for words in ("mot " * (MOST_HEADLINE_WORDS - 1) + "mot", "x" * MOST_HEADLINE, "Le pont rouvre…", ""):
        assert headline(Text(words, "text/plain")) == words


@every_row(
    ("said", "shown"),
    [
        ("Radio shown<br> Atlantic crossed", "Radio shown Atlantic crossed"),
        ("Un<br/>deux", "Un deux"),
        ('<img src="x.gif" alt="> a"> Radio', 'a"> Radio'),  # as far as anybody can tell where it ends
        ("<b>Radio", "Radio"),
        ("Radio</B >", "Radio"),
        ("I <3 radio < TV", "I <3 radio < TV"),
        ("The <video> element", "The <video> element"),
        ("<unknown>A</unknown>", "<unknown>A</unknown>"),
        ("Le pont<!-- more --> rouvre", "Le pont rouvre"),
        ("Le pont<!-- <b>more</b> --> rouvre", "Le pont rouvre"),
        ("Le <script>alert(1)</script>pont", "Le pont"),
        ("<![CDATA[Le pont]]>", "Le pont"),
        ("L&rsquo;eau &amp; l&#039;été &#8211 ici", "L’eau & l'été – ici"),
        ("&lt;i&gt;Titanic&lt;/i&gt; revient", "Titanic revient"),
        ("AT&T; Q&A, R&copyright", "AT&T; Q&A, R&copyright"),
        ("5 &lt; 6", "5 < 6"),
    ],
)
def test_a_headline_in_plain_words_has_no_markup_left(said: str, shown: str) -> None:
    assert headline(Text(said, "text/plain")) == shown


@every_row(
    ("said", "shown"),
    [
        ("L&amp;rsquo;eau", "L’eau"),
        ("&lt;i&gt;Titanic&lt;/i&gt; revient", "Titanic revient"),
        ("The &lt;b&gt; element", "The <b> element"),
        ("I &lt;3 radio", "I <3 radio"),
        ("Le pont<!-- more --> <b>rouvre</b>", "Le pont rouvre"),
    ],
)
def test_a_headline_in_html_that_was_escaped_twice_is_read_once_more(said: str, shown: str) -> None:
    assert headline(Text(said, "text/html")) == shown


@every_row("piece", ["<", "<b ", "<!--", "<script>", "<![CDATA[", "&", "&#", "<b>", "</b>"])
def test_a_headline_without_end_is_read_in_time_that_grows_with_its_length(piece: str) -> None:
    long = piece * (200_000 if SOAK else 50_000)
    assert len(headline(Text(long, "text/plain"))) <= MOST_HEADLINE
    assert clean_line(Text("a" + long, "text/plain"))[:1] == "a"


@given(st.text() | hostile, st.integers(1, 50), st.integers(1, 20))
def test_what_is_shortened_is_its_own_beginning(words: str, most: int, most_words: int) -> None:
    words = " ".join(words.split())
    made = shortened(words, most, most_words)
    assert len(made) <= max(most, 1)
    assert len(made.split()) <= most_words
    assert made == words or (made.endswith("…") and words.startswith(made[:-1]))
    assert shortened(made, most, most_words) == made


@every_row("said", ["Le pont rouvre lundi.", 'It\'s "open"', "l'eau, l'air\n", "two\nlines"])
def test_an_error_quotes_nobody(said: str) -> None:
    for quoted in (f"'{said}'", f'"{said}\n{said}"', f"'{said}' and '{said}'"):
        assert unquoted(f"invalid literal: {quoted},\n line 3") == "invalid literal: ..., line 3"
    assert unquoted("UNIQUE constraint failed: articles.public_id") == "UNIQUE constraint failed: articles.public_id"


@every_row(
    ("words", "most", "most_words", "expected"),
    [
        ("Le pont rouvre", 14, None, "Le pont rouvre"),
        ("Le pont rouvre lundi", 12, None, "Le pont…"),
        ("Le pont rouvre lundi", 99, 3, "Le pont rouvre…"),
        ("Donaudampfschifffahrt", 6, None, "Donau…"),
        ("ab" + "e\u0301" * 6, 6, None, "abe\u0301…"),  # not between a letter and its accent
        ("क्षेत्रीय", 5, None, "क्षे…"),
    ],
)
def test_what_is_too_long_is_cut_between_words_or_else_before_a_letter(
    words: str, most: int, most_words: int | None, expected: str
) -> None:
    assert shortened(words, most, most_words) == expected


def test_a_byline_names_each_author_once_and_as_stated() -> None:
    assert byline(["By  Awa\nKeïta", "", "<Jo> & Co", "By Awa Keïta"]) == "By Awa Keïta, <Jo> & Co"
    assert byline([]) == ""


def test_readings_that_were_cut_are_given_in_full() -> None:
    long = "Le pont de Ségou rouvre " * 40
    names = tuple(Person(f"Reporter number {number}") for number in range(40))
    entry = Entry(title=Text(f"<b>{long}</b>"), authors=names)
    said = byline(person.name or "" for person in names)
    cut_byline = shortened(said, MOST_BYLINE)
    assert in_full(headline(entry.title), cut_byline, entry) == (long.strip(), said)
    assert in_full("Le pont rouvre", None, entry) == ("Le pont rouvre", None), "what was not cut is left as it is"
    assert in_full("And so it goes on…", "Awa…", Entry()) == ("And so it goes on…", "")


def test_of_a_page_only_what_was_wanted_is_left() -> None:
    page = (
        '<base href="http://a.example/"><script>alert(1)</script><p onclick="x()">Some <b>words</b>'
        '<a href="/feed" rel="alternate" style="x">a</a><a href="javascript:x()">b</a><A HREF=feed:a.example>c'
    )
    made = with_elements(page, {"a": {"href", "rel"}, "base": {"href"}}, {"http", "feed"})
    assert made == (
        '<base href="http://a.example/">Some words<a href="/feed" rel="alternate">a</a><a>b</a>'
        '<a href="feed:a.example">c</a>'
    )


@pytest.mark.parametrize(
    "piece",
    [
        "<div>", "<section>word", "<ul><li>", "<b title={}>", '<div title="</div>">', '<p a=="><div>">',
        "<div><!--</div>-->", "<div><!x </div>", "<div><style></div></style>", "<div><table></div></table>",
        "<svg><![CDATA[></svg>]]>", "<div></section>", "<DIV\n/>", "&" * 10,
    ],
)  # fmt: skip
def test_what_would_take_a_parser_hours_is_not_given_to_it(piece: str) -> None:
    """Its time grows with the square of what is open at once: 500,000 characters of it took three minutes."""
    markup = "".join(piece.replace("{}", str(number)) for number in range(30_000))
    began = time.process_time()
    shown, words = safe(markup, None), plain(Text(f"first {markup} last"))
    assert time.process_time() - began < 20
    assert words.startswith("first")
    assert shown == ""


@pytest.mark.parametrize(
    "piece",
    [
        "<p>A sentence &amp; <b>another</b><br><img src='x'/>", "<li>one<li>two", "<tr><td>1</td><td>2",
        "<div><div><p><span>deep</span></p></div></div>", "&#4608;&#4609;<br>",
        "<a href='x' title=\">\">link</a>", "<!-- <div> --><p>x", "<H2>title</h2 >",
    ],
)  # fmt: skip
def test_a_long_report_of_any_shape_is_read(piece: str) -> None:
    assert not is_tangled(f"<div><table>{piece * 30_000}</table></div>")
