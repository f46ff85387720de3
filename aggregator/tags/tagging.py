"""What a report is about, and in which language it is: language, countries and topics put together. Pure.

Countries and topics are read in the language that was found, so that comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from aggregator.model import LanguageFrom, Tag, Tags, TagSettings, TagWords
from aggregator.model.who import Who
from aggregator.tags.countries import countries_of
from aggregator.tags.language import first_look, language_of
from aggregator.tags.tables import made_by
from aggregator.tags.topics import topics_of
from aggregator.tags.vocabulary import with_broader
from aggregator.tags.who import credits_in, who_of
from aggregator.text.languages import primary_subtag, stated_or_first

# A report's words, its publisher's settings, and the languages that its publisher is configured with.
ToTag = tuple[TagWords, TagSettings, tuple[str, ...]]
_Language = tuple[str | None, LanguageFrom | None]


def tag_all(reports: Sequence[ToTag]) -> list[Tags]:
    """The tags of each of these reports. Loads a library of 90 MB where the language of one is not clear."""
    return _tags(reports, [_configured(each) or language_of(*_asked(each)) for each in reports])


def tag_clear(reports: Sequence[ToTag]) -> list[Tags | None]:
    """The tags of those reports whose language is clear at a glance; None: it is not, `tag_all` is to say."""
    languages = [_configured(each) or first_look(*_asked(each)) for each in reports]
    clear = [(each, language) for each, language in zip(reports, languages, strict=True) if language is not None]
    tags = iter(_tags([each for each, _ in clear], [language for _, language in clear]))
    return [None if language is None else next(tags) for language in languages]


def _asked(report: ToTag) -> tuple[str, str, str | None, tuple[str, ...]]:
    words, _, languages = report
    return words.title, words.text, words.stated, languages


def _configured(report: ToTag) -> _Language | None:
    """None: the language is looked for."""
    words, settings, languages = report
    if settings.language:
        return None
    language = stated_or_first(words.stated, languages)
    is_stated = (
        words.stated is not None and language is not None and primary_subtag(words.stated) == primary_subtag(language)
    )
    return language, None if language is None else "stated" if is_stated else "configured"


def _tags(reports: Sequence[ToTag], found: Sequence[_Language]) -> list[Tags]:
    """Step by step for all: with what a step needs at hand for the next report, the processor takes less time."""
    languages = [language for language, _ in found]
    makers = list(map(_makers, reports, languages))
    topics = list(map(_topics, reports, languages))
    countries = [_countries(*each) for each in zip(reports, languages, makers, strict=True)]
    return [
        Tags(
            by=made_by(settings, configured),
            language=language,
            language_from=language_from,
            topics=topics[number],
            countries=countries[number],
            who=makers[number][0],
            credits=makers[number][1],
            broader=_broader(topics[number]),
        )
        for number, ((_, settings, configured), (language, language_from)) in enumerate(
            zip(reports, found, strict=True)
        )
    ]


_Makers = tuple[Who | None, tuple[tuple[int, str], ...]]  # and the credits that captions hold


def _makers(report: ToTag, language: str | None) -> _Makers:
    words, settings, _ = report
    makers = words.makers
    if makers is None:
        return None, ()
    credits = credits_in(makers.captions) if settings.credits else ()
    if credits:
        makers = replace(makers, credits=(*makers.credits, *(credit for _, credit in credits)))
    return who_of(words.text, makers, language, settings), credits


def _topics(report: ToTag, language: str | None) -> tuple[Tag, ...]:
    words, settings, _ = report
    if not settings.topics:
        return ()
    return topics_of(words.title, words.text, words.categories, language, settings.categories)


def _countries(report: ToTag, language: str | None, makers: _Makers) -> tuple[Tag, ...]:
    words, settings, _ = report
    if not settings.countries:
        return ()
    who, _ = makers
    dateline = who.dateline.literal if who and who.dateline else words.dateline
    return countries_of(words.title, words.text, dateline, language)


def _broader(topics: Sequence[Tag]) -> tuple[str, ...]:
    codes = {topic.code for topic in topics}
    return tuple(sorted({each for code in codes for each in with_broader(code)} - codes))
