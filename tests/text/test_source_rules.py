"""Rules of a source, by words and by categories, in several languages; and which of them can never do anything."""

from __future__ import annotations

from aggregator.model import SourceRules
from aggregator.text.source_rules import faults, rule_that_leaves_out
from tests.rows import every_row

FLOOD = ("Inondations à Ségou", "Le fleuve monte.", "Des élections anticipées ?\nLe PONT est fermé.")
ARABIC = ("فَيَضَان في نيالا", "", "انقطع الطريق")
SWAHILI = ("Mafuriko yafunga daraja", "Uchaguzi mkuu unaendelea", "")


@every_row(
    ("rules", "words", "categories", "expected"),
    [
        (SourceRules(include_words=("INONDATIONS",)), FLOOD, (), None),
        (SourceRules(include_words=("inondation",)), FLOOD, (), "include_words"),
        (SourceRules(include_words=("inondation*",)), FLOOD, (), None),
        (SourceRules(include_words=("segou",)), FLOOD, (), None),
        (SourceRules(include_words=("élections anticipées",)), FLOOD, (), None),
        (SourceRules(include_words=("monte des",)), FLOOD, (), "include_words"),  # no phrase runs from part to part
        (SourceRules(include_words=("anticipees le",)), FLOOD, (), None),
        (SourceRules(exclude_words=("sport", "Élections")), FLOOD, (), "exclude_words: Élections"),
        (SourceRules(exclude_words=("nations",)), FLOOD, (), None),
        (SourceRules(include_words=("pont",), exclude_words=("fleuve",)), FLOOD, (), "exclude_words: fleuve"),
        (SourceRules(include_words=("فيضان",)), ARABIC, (), None),
        (SourceRules(exclude_words=("طريق", "الطريق")), ARABIC, (), "exclude_words: الطريق"),
        (SourceRules(include_words=("uchaguzi mkuu",)), SWAHILI, (), None),
        (SourceRules(include_words=("kura", "uchaguzi")), SWAHILI, (), None),
        (SourceRules(include_categories=("Société",)), FLOOD, ("SOCIETE", "x"), None),
        (SourceRules(include_categories=("Société",)), FLOOD, ("Société civile",), "include_categories"),
        (SourceRules(include_categories=("Société",)), FLOOD, (), "include_categories"),
        (SourceRules(exclude_categories=("sports",)), SWAHILI, ("Sports",), "exclude_categories: sports"),
        (SourceRules(exclude_categories=("sports",)), SWAHILI, (), None),
        (SourceRules(), FLOOD, (), None),
        # Each rule that is set must be satisfied.
        (SourceRules(include_words=("pont",), include_categories=("a",)), FLOOD, ("b",), "include_categories"),
    ],
)
def test_the_first_rule_that_is_not_satisfied_is_named(
    rules: SourceRules, words: tuple[str, ...], categories: tuple[str, ...], expected: str | None
) -> None:
    assert rule_that_leaves_out(rules, words, categories) == expected


@every_row(
    ("rules", "expected"),
    [
        (SourceRules(include_words=("flood", "pont neuf"), exclude_words=("neuf pont", "floods")), []),
        (SourceRules(include_words=("flood*",), exclude_words=("flood",)), []),
        (SourceRules(include_words=("Élection",), exclude_words=("election",)), ["Élection"]),
        (SourceRules(include_words=("flood warning", "x"), exclude_words=("flood",)), ["flood warning"]),
        (SourceRules(include_words=("flood",), exclude_words=("flo*",)), ["flood"]),
        (SourceRules(include_categories=("Sports",), exclude_categories=("SPORTS", "b")), ["Sports"]),
        (SourceRules(exclude_words=("…",), include_words=("*",)), ["*", "…"]),
        (SourceRules(include_categories=(" - ",)), [" - "]),
    ],
)
def test_a_rule_that_is_empty_or_contradicts_another_is_named(rules: SourceRules, expected: list[str]) -> None:
    assert [value for _, value, _ in faults(rules)] == expected
