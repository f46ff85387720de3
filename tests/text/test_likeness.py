"""likeness: how alike two texts are, word by word."""

from __future__ import annotations

from aggregator.text.likeness import MOST_WORDS, likeness


def test_likeness_is_of_words_in_their_order() -> None:
    assert likeness("a b c d", "a b c d") == 1.0
    assert likeness("a b c d", "a x c d") == 0.75
    assert likeness("a b", "c d") == likeness("", "a") == likeness("a", "") == 0.0
    assert likeness("a b " * 4_000, "b a c " * 4_000) == likeness(
        "a b " * (MOST_WORDS // 2), "b a c " * (MOST_WORDS // 3)
    )
