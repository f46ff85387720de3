"""What a report is about, and in which language it is: language, countries and topics put together. Pure.

Countries and topics are read in the language that was found, so that comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.model import LanguageFrom, Tags, TagSettings, TagWords
from aggregator.tags.countries import countries_of
from aggregator.tags.language import language_of
from aggregator.text.languages import stated_or_first
from aggregator.tags.tables import made_by
from aggregator.tags.topics import broader_of, topics_of

# A report's words, its publisher's settings, and the languages that its publisher is configured with.
ToTag = tuple[TagWords, TagSettings, tuple[str, ...]]


def tag_all(reports: Sequence[ToTag]) -> list[Tags]:
    """The tags of each of these reports."""
    return [tagged(*report) for report in reports]


def tagged(words: TagWords, settings: TagSettings, languages: Sequence[str]) -> Tags:
    """The tags of a report. `settings`: its publisher's; `languages`: those that its publisher is configured with."""
    language, language_from = _language(words, settings, languages)
    countries = countries_of(words.title, words.text, None, language) if settings.countries else ()
    topics = (
        topics_of(words.title, words.text, words.categories, language, settings.categories) if settings.topics else ()
    )
    codes = [topic.code for topic in topics]
    return Tags(
        by=made_by(settings, languages),
        language=language,
        language_from=language_from,
        topics=topics,
        countries=countries,
        broader=tuple(sorted({code for each in codes for code in broader_of(each)} - {*codes})),
    )


def _language(
    words: TagWords, settings: TagSettings, languages: Sequence[str]
) -> tuple[str | None, LanguageFrom | None]:
    if settings.language:
        return language_of(words.title, words.text, words.stated, languages)
    language = stated_or_first(words.stated, languages)
    is_stated = words.stated is not None and language is not None and _primary(words.stated) == _primary(language)
    return language, None if language is None else "stated" if is_stated else "configured"


def _primary(tag: str) -> str:
    return tag.partition("-")[0].lower()
