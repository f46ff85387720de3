"""tags: language, countries and topics put together, and what of it a publisher's file switches off."""

from __future__ import annotations

from msgspec.structs import fields, replace

from aggregator.model import TagSettings, TagWords
from aggregator.tags.tables import made_by
from aggregator.tags.tagging import ToTag, tag_all, tag_clear

KENYA = TagWords(
    title="Harambee Stars beat Ghana in Nairobi",
    text="The Kenyan side won the match two to one before a crowd of forty thousand people in the capital.",
    categories=("Football", "Focus"),
    stated="en-US",
)
MALI = TagWords(
    title="Le Mali rouvre sa frontière avec le Niger",
    text="Le gouvernement malien a annoncé mardi la réouverture de la frontière, fermée depuis six mois.",
)


def report(words: TagWords, languages: tuple[str, ...] = ("en", "sw"), **settings: object) -> ToTag:
    return words, TagSettings(**settings), languages  # type: ignore[arg-type]


def test_what_is_clear_is_said_alike_in_both_places() -> None:
    reports = [report(KENYA), report(MALI, ("fr",)), report(MALI, ("en",))]
    found = tag_all(reports)
    assert [each.language for each in found] == ["en", "fr", "fr"]
    assert [{tag.code for tag in each.countries} for each in found] == [{"KE", "GH"}, {"ML", "NE"}, {"ML", "NE"}]
    assert tag_clear(reports) == found
    football = found[0]
    assert {"15000000", "20001065"} <= {tag.code for tag in football.topics}
    assert "20000822" in football.broader
    assert not {*football.broader} & {tag.code for tag in football.topics}
    assert all(tag.evidence and 0 < tag.weight <= 1 for each in found for tag in (*each.topics, *each.countries))


def test_what_is_not_clear_is_left_to_the_one_process_that_loads_the_library() -> None:
    unclear = report(TagWords(title="Photos"), ("sw",))
    clear = report(KENYA)
    assert tag_clear([unclear, clear, unclear]) == [None, *tag_all([clear]), None]
    (found,) = tag_all([unclear])
    assert found.language == "sw"


def test_each_setting_does_something_and_is_part_of_what_tags_were_made_by() -> None:
    usual = tag_all([report(KENYA)])[0]
    without = {
        "language": replace(KENYA, stated="sw"),
        "countries": KENYA,
        "topics": KENYA,
    }
    (no_language,), (no_countries,), (no_topics,) = (
        tag_all([report(words, **{name: False})]) for name, words in without.items()
    )
    assert (no_language.language, no_language.language_from) == ("sw", "stated")
    assert tag_all([report(replace(KENYA, stated=None), ("sw",), language=False)])[0].language_from == "configured"
    assert (no_countries.countries, no_countries.topics) == ((), usual.topics)
    assert (no_topics.topics, no_topics.broader, no_topics.countries) == ((), (), usual.countries)
    own = tag_all([report(KENYA, categories={"Football": None, "Focus": "04000000"})])[0]
    assert [tag.code for tag in own.topics] == ["04000000"]
    others = [replace(TagSettings(), **{each.name: False}) for each in fields(TagSettings) if each.name != "categories"]
    others.append(TagSettings(categories={"Focus": None}))
    tables = {made_by(each, ("en",)) for each in (TagSettings(), *others)} | {made_by(TagSettings(), ("en", "sw"))}
    assert len(tables) == len(others) + 2
    assert made_by(TagSettings(), ("en", "sw")) == usual.by
