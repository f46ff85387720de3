"""What a report is about, and in which language it is: language, countries and topics put together. Pure.

Countries and topics are read in the language that was found, so that comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from aggregator.model import LanguageFrom, Tags, TagSettings, TagWords
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
    return [_tags(report, _configured(report) or language_of(*_asked(report))) for report in reports]


def tag_clear(report: ToTag) -> Tags | None:
    """The tags of a report whose language is clear at a glance; None: it is not, `tag_all` is to say."""
    language = _configured(report) or first_look(*_asked(report))
    return None if language is None else _tags(report, language)


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


def _tags(report: ToTag, found: _Language) -> Tags:
    words, settings, languages = report
    language, language_from = found
    makers = words.makers
    credits = credits_in(makers.captions) if makers and settings.credits else ()
    if makers and credits:
        makers = replace(makers, credits=(*makers.credits, *(credit for _, credit in credits)))
    who = None if makers is None else who_of(words.text, makers, language, settings)
    dateline = who.dateline.literal if who and who.dateline else words.dateline
    about = (
        topics_of(words.title, words.text, words.categories, language, settings.categories) if settings.topics else ()
    )
    codes = {topic.code for topic in about}
    return Tags(
        by=made_by(settings, languages),
        language=language,
        language_from=language_from,
        topics=about,
        countries=countries_of(words.title, words.text, dateline, language) if settings.countries else (),
        who=who,
        credits=credits,
        broader=tuple(sorted({each for code in codes for each in with_broader(code)} - codes)),
    )
