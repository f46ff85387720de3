"""A publisher's markup as it stands on a page of ours, and in which direction a sentence goes."""

from __future__ import annotations

from aggregator.text.direction import direction_of_words
from aggregator.text.markup import below, safe
from tests.rows import every_row


@every_row(
    ("markup", "expected"),
    [
        ("<h1>A</h1><p>b</p>", "<h2>A</h2><p>b</p>"),
        ("<h4>A</h4><h6>B</h6><h4>C</h4>", "<h2>A</h2><h3>B</h3><h2>C</h2>"),
        ("<h3>A</h3><h1>B</h1><h2>C</h2>", "<h2>A</h2><h2>B</h2><h3>C</h3>"),
        ('<h2 dir="rtl" lang="ar">أ</h2>', '<h2 dir="rtl" lang="ar">أ</h2>'),
        ("".join(f"<h{level}>{level}</h{level}>" for level in range(1, 7)),
         "".join(f"<h{min(level + 1, 6)}>{level}</h{min(level + 1, 6)}>" for level in range(1, 7))),
        ("<p>&lt;h1&gt; is a tag</p>", "<p>&lt;h1&gt; is a tag</p>"),
        ("<p>none</p>", "<p>none</p>"),
    ],
)  # fmt: skip
def test_headings_begin_at_a_level_and_leave_none_out(markup: str, expected: str) -> None:
    assert below(safe(markup, None), 2) == expected


def test_a_picture_that_nobody_described_says_so() -> None:
    one, other = "http://a.example/1.jpg", "http://a.example/2.jpg"
    made = below(safe(f'<img src="{one}"><img src="{other}" alt="A bridge">', None, {one, other}), 2)
    assert made == f'<img alt="" src="{one}"><img src="{other}" alt="A bridge">'


@every_row(
    ("words", "expected"),
    [
        ("The bridge", "ltr"),
        ("", "ltr"),
        ("12:30", "ltr"),
        ("وكالة النورس للأنباء", "rtl"),
        ("ߖߊ߬ߡߊ߬ߣߊ", "rtl"),
        ("وكالة corrected this report on 2026-11-29", "ltr"),
        ("صححت Nawras هذا الخبر أمس", "rtl"),
    ],
)
def test_a_sentence_goes_as_most_of_its_letters(words: str, expected: str) -> None:
    assert direction_of_words(words) == expected
