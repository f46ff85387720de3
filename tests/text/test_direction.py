"""In which direction a language is written."""

from __future__ import annotations

from aggregator.text.direction import direction
from tests.rows import every_row


@every_row(
    ("language", "expected"),
    [("ar", "rtl"), ("fa-IR", "rtl"), ("ur", "rtl"), ("ku-Arab", "rtl"), ("ff-Adlm", "rtl"), ("az-Latn", "ltr"),
     ("ar-Latn", "ltr"), ("am", "ltr"), ("sw", "ltr"), ("fr-CA", "ltr"), (None, "auto"), ("", "auto")],
)  # fmt: skip
def test_the_direction_of_a_language(language: str | None, expected: str) -> None:
    assert direction(language) == expected
