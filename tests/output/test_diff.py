"""diff: the versions of a report side by side, word by word."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from aggregator.output import versions, with_changes
from aggregator.output.diff import Effort, word_diff


@given(st.text(st.sampled_from("ab c\n"), max_size=40), st.text(st.sampled_from("ab c\n"), max_size=40))
def test_a_diff_says_both_texts(before: str, after: str) -> None:
    pieces = word_diff(before, after)
    assert "".join(text for kind, text in pieces if kind != "gone") == after.strip()
    assert [w for kind, text in pieces if kind != "come" for w in text.split()] == before.split()
    assert (before.split() == after.split()) is all(kind == "same" for kind, _ in pieces)


def test_a_diff_of_long_texts_shows_the_words_that_changed() -> None:
    """Paragraphs first: two edits far from each other do not make one of all that stands between them."""
    paragraphs = [f"Paragraph {number} says that the bridge opens on day {number}." for number in range(3_000)]
    edited = [*paragraphs]
    edited[10], edited[2_900] = edited[10].replace("opens", "closes"), edited[2_900] + " Again."
    pieces = word_diff("\n".join(paragraphs), "\n".join(edited))
    assert [(kind, text.strip()) for kind, text in pieces if kind != "same"] == [
        ("gone", "opens"), ("come", "closes"), ("come", "Again."),
    ]  # fmt: skip


def make_row(number: int, title: str, body: str, **fields: object) -> dict[str, object]:
    words = {"title": {"value": title, "type": "text/plain"}, "content": [{"value": body, "type": "text/html"}]}
    row = {
        "number": number,
        "change_kind": "revised",
        "seen_at": "2026-11-22T10:00:00Z",
        "source_name": "a/feed",
        "words": words,
    }
    return row | fields


ROWS = [
    make_row(1, "The price", "<p>Bread rises by 38 per cent.</p><p>So they say.</p>", change_kind="new"),
    make_row(2, "The price", "<p>Bread rises by 28 per cent.</p><p>So they say.</p>", change_kind="corrected"),
    make_row(3, "The new price\x1b[2J", "<p>Bread rises by 28 per cent.</p><p>So they say.</p>", changed='["title"]'),
    make_row(4, "The new price\x1b[2J", "<p>Bread rises by 28 per cent.</p><p>So they say.</p>", changed='["body"]'),
]


def test_versions_are_told_word_by_word() -> None:
    assert versions(ROWS, coloured=False).split("\n\n") == [
        "1. new, 2026-11-22 10:00 UTC, from a/feed\n   The price\n   Bread rises by 38 per cent.\n   So they say.",
        "2. corrected, 2026-11-22 10:00 UTC, from a/feed; changed: body\n"
        "   body: Bread rises by [-38-]{+28+} per cent.\n   So they say.",
        "3. revised, 2026-11-22 10:00 UTC, from a/feed; changed: title\n   title: The [-price-]{+new price[2J+}",
        "4. revised, 2026-11-22 10:00 UTC, from a/feed; changed: body\n"
        "   body: not in its words (a link, a picture, or words that are not kept)\n",
    ]
    assert "by \x1b[31;9m38\x1b[0m \x1b[32m28\x1b[0m per" in versions(ROWS, coloured=True)
    assert [row["changed"] for row in with_changes(ROWS)] == [[], ["body"], ["title"], ["body"]]


def test_between_two_changes_only_the_words_beside_them_are_shown() -> None:
    middle = " ".join(f"word{number}" for number in range(40))
    rows = [make_row(1, "T", f"old {middle} old", change_kind="new"), make_row(2, "T", f"new {middle} new")]
    shown = versions(rows, coloured=False).rpartition("body: ")[2].strip()
    begin, end = " ".join(middle.split()[:8]), " ".join(middle.split()[-8:])
    assert shown == f"[-old-]{{+new+}} {begin} … {end} [-old-]{{+new+}}"


def test_what_went_at_the_end_is_held_apart_from_the_word_before() -> None:
    rows = [make_row(1, "Le pont rouvre", "x", change_kind="new"), make_row(2, "Le grand pont", "x")]
    assert versions(rows, coloured=False).rpartition("title: ")[2] == "Le {+grand+} pont [-rouvre-]\n"


def test_texts_without_a_word_in_common_are_one_piece_each() -> None:
    assert word_diff("a b c", "x y") == [("gone", "a b c"), ("come", "x y")]
    assert word_diff("", "") == []
    assert word_diff("a  b", "a\nb") == [("same", "a\nb")]


def test_words_that_stand_everywhere_are_no_anchors_of_a_long_comparison() -> None:
    """A line of one word, thousands of times, takes no longer; the rare words are compared all the same."""
    before = "mot " * 6_000 + "rare " + "mot " * 3_000
    after = "mot mot " + "rare " + "autre mot " * 3_000
    pieces = word_diff(before, after)
    assert "".join(text for kind, text in pieces if kind != "gone") == after.strip()
    assert [word for kind, text in pieces if kind != "come" for word in text.split()] == before.split()
    assert any(kind == "same" and "rare" in text.split() for kind, text in pieces)


def test_many_comparisons_of_one_page_take_no_more_effort_than_there_is() -> None:
    """Of a text of which every other word changed with each version; what is left over is said less finely."""
    texts = [" ".join(f"w{n}" if n % 2 else f"x{n}v{version}" for n in range(4_000)) for version in range(6)]
    effort, found = Effort(), []
    for before, after in pairwise(texts):
        pieces = word_diff(before, after, effort)
        assert "".join(text for kind, text in pieces if kind != "gone").split() == after.split()
        assert "".join(text for kind, text in pieces if kind != "come").split() == before.split()
        assert effort.left >= 0
        found.append(len(pieces))
    assert found[0] > 1_000
    assert found[-1] <= 3
