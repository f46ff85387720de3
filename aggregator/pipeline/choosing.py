"""Which reports somebody means by words: keys, names, codes and times as a Selection, for commands and the API alike.
Refuses what nothing can match, and names the nearest that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, tzinfo
from difflib import get_close_matches

from msgspec import Struct, field

from aggregator.config.codes import (
    REGIONS,
    countries_named,
    country_name,
    country_names,
    is_country,
    is_language,
    language_names,
    languages_named,
)
from aggregator.model import KnownPublisher, Selection
from aggregator.model.errors import ConfigError, SelectionError
from aggregator.pipeline.opening import load_config
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.tags.mediatopics import topic_code, topic_label, topics_called
from aggregator.tags.vocabulary import topics
from aggregator.text.dates import AHEAD, read_day, read_since, to_iso
from aggregator.text.folding import fold
from aggregator.text.languages import primary_subtag

_LISTED = 12  # known values, that are named where none is near


class Wanted(Struct, frozen=True, kw_only=True):
    """What somebody asked for. Publishers, countries, languages and topics by whatever they are called; the others are
    read.
    """

    publishers: Sequence[str] = ()
    countries: Sequence[str] = ()
    languages: Sequence[str] = ()
    kinds: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    item_classes: tuple[str, ...] = ()
    topics: Sequence[str] = ()
    about: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    on: tuple[datetime, datetime] | None = None


class Chosen(Struct, frozen=True):
    """The Selection, and what is chosen that no publisher here is of: options, each with its values."""

    selection: Selection
    unknown: Mapping[str, Sequence[str]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)  # former keys of publishers, each with the key of today


def choose(paths: Paths, store: Store, now: datetime, wanted: Wanted, option: Callable[[str], str] = str) -> Chosen:
    """What these words choose. `option` writes the name of an option, for messages. Raises SelectionError where nothing
    can match.
    """
    since, until = wanted.since, wanted.until
    if wanted.on:
        if since or until:
            raise SelectionError(f"give {option('on')}, or {option('since')} and {option('until')}")
        since, until = wanted.on
    if since and since > now + AHEAD:
        said = f"nothing can be of that time yet: it begins at {to_iso(since)}, and it is {to_iso(now)}"
        raise SelectionError(said)
    if since and until and since >= until:
        raise SelectionError(f"nothing can match: {to_iso(since)} is not before {to_iso(until)}")
    asks = wanted.publishers or wanted.countries or wanted.kinds or wanted.groups or wanted.languages
    known = store.known_publishers() if asks else {}
    countries = {each.country for each in known.values()}
    languages = {tag for each in known.values() for tag in each.languages}
    keys = {said: publisher_key(paths, store, said) for said in wanted.publishers}
    selection = Selection(
        publishers=tuple(keys.values()),
        countries=tuple(country_code(said, countries) for said in wanted.countries),
        languages=tuple(language_tag(said, languages) for said in wanted.languages),
        kinds=wanted.kinds,
        groups=wanted.groups,
        item_classes=wanted.item_classes,
        topics=tuple(map(topic, wanted.topics)),
        about=tuple(map(about_country, wanted.about)),
        since=since,
        until=until,
    )
    configured = _configured(paths) if keys.keys() - known.keys() else ()
    renamed = {said: one.key for one in configured for said in one.former_keys or () if keys.get(said) == one.key}
    return Chosen(selection, _without_publisher(store, known, selection, option), renamed)


def _without_publisher(
    store: Store, known: Mapping[str, KnownPublisher], selection: Selection, option: Callable[[str], str]
) -> Mapping[str, Sequence[str]]:
    """What is known and has nothing yet is no fault: a publisher may be added tomorrow. That several choices exclude
    each other is one, unless a publisher was all of them at some time.
    """
    choices = {
        "publisher": (selection.publishers, {key: {key} for key in known}),
        "country": (selection.countries, _ever(known, "country")),
        "kind": (selection.kinds, _ever(known, "kind")),
        "group": (selection.groups, _ever(known, "group")),
    }
    choices = {name: choice for name, choice in choices.items() if choice[0]}
    fit = {name: {key for key, was in of.items() if was & {*values}} for name, (values, of) in choices.items()}
    if not choices or set.intersection(*fit.values()):
        return {}
    of_publishers = Selection(
        publishers=selection.publishers, countries=selection.countries, kinds=selection.kinds, groups=selection.groups
    )
    if store.count(of_publishers, most=1):  # of a publisher that has moved to another country, and nobody noted when
        return {}
    said = " and ".join(f"{option(name)} {' or '.join(values)}" for name, (values, _) in choices.items())
    if all(fit.values()):
        raise SelectionError(f"nothing can match: no publisher is of {said}")
    return {
        name: [country_name(each) if name == "country" else each for each in choices[name][0]]
        for name, keys in fit.items()
        if not keys and name != "publisher"  # one that has never been polled is one of the configuration
    }


def _ever(known: Mapping[str, KnownPublisher], what: str) -> dict[str, set[str]]:
    return {key: {getattr(one, what) for one in (each, *each.former)} for key, each in known.items()}


# Times


def until_of(said: str, now: datetime, zone: tzinfo) -> datetime:
    """A time; a day without one is meant whole."""
    day = read_day(said, zone)
    return day[1] if day else since_of(said, now, zone)


def since_of(said: str, now: datetime, zone: tzinfo) -> datetime:
    if moment := read_since(said, now, zone):
        return moment
    raise SelectionError(f"{said!r} is neither a time ago such as 90m, 6h, 2d nor a date such as 2026-11-22")


def day_of(said: str, zone: tzinfo) -> tuple[datetime, datetime]:
    if day := read_day(said, zone):
        return day
    raise SelectionError(f"{said!r} is no day such as 2026-11-22")


# Publishers


class _Configured(Struct, frozen=True):
    """By what a publisher of the configuration may be called."""

    key: str
    name: str
    former_keys: tuple[str, ...] | None = None


def publisher_key(paths: Paths, store: Store, said: str) -> str:
    """The key of a publisher of the database or of the configuration, by its key, its name or a key that it had before
    it was renamed; SelectionError.
    """
    said.encode()  # of what is not UTF-8 the command says so
    known = store.known_publishers()
    if said in known:
        return said
    configured = _configured(paths)
    names = {key: each.name for key, each in known.items()} | {each.key: each.name for each in configured}
    if said in names:
        return said
    words = fold(said).split()
    found = sorted(key for key, name in names.items() if fold(name).split() == words != [])
    found = found or sorted(each.key for each in configured if said in (each.former_keys or ()))
    if not found:  # whoever goes on with the words of before is to get what he got
        former = {(key, word) for key, each in known.items() for was in each.former for word in (was.key, was.name)}
        found = sorted({key for key, word in former if word == said or fold(word).split() == words != []})
    if len(found) > 1:
        raise SelectionError(f"several publishers are called {said!r}: give a key, {' or '.join(found)}", "publisher")
    if not found:
        close = near(said, names, lambda: {name: key for key, name in names.items()})
        raise SelectionError(f"there is no publisher {said!r}{close}; `aggregator publishers` lists them", "publisher")
    return found[0]


def _configured(paths: Paths) -> tuple[_Configured, ...]:
    try:
        config = load_config(paths)
    except ConfigError:  # the database alone is known, then
        return ()
    faulty = (_Configured(each.key, each.key) for each in config.faulty)
    return (*faulty, *(_Configured(each.key, each.name, each.former_keys) for each in config.publishers))


# Countries and languages


def country_code(said: str, here: Collection[str]) -> str:
    """The code of a country, by its code or its name; `here`: those that are known without asking ISO."""
    said.encode()  # of what is not UTF-8 the command says so
    code = said.upper()
    if code in here or (len(code) == 2 and code.isascii() and code.isalpha() and is_country(code)):
        return code
    refusal = f"{said!r} is no country of ISO 3166-1 such as ML or Mali, nor XA or XW"
    return _one(said, countries_named(said), "country", refusal, near(said, here, country_names))


def about_country(said: str) -> str:
    """The code of a country that a report may be about, as `country_code`."""
    try:
        code = country_code(said, ())
    except SelectionError as error:
        raise SelectionError(str(error), "about") from error
    if code in REGIONS:
        raise SelectionError(f"{said!r} is no country: reports are about countries, such as ML or Mali", "about")
    return code


def topic(said: str) -> str:
    """The code of a topic, by a code or a label in one of six languages."""
    said.encode()
    if code := topic_code(said):
        return code
    close = near(said, (), lambda: {label: code for code, each in topics().items() for label in each.labels.values()})
    several = [f"{code} ({topic_label(code)})" for code in topics_called(said)]
    return _one(said, several, "topic", f"{said!r} is no topic of IPTC Media Topics such as 04000000 or economy", close)


def language_tag(said: str, here: Collection[str]) -> str:
    """The tag of a language, by a tag or its name; `here`: those that are known without asking ISO."""
    said.encode()
    if primary_subtag(said) in map(primary_subtag, here) and said.isascii():
        return said
    if said.replace("-", "").isalnum() and said.isascii() and is_language(said):
        return said
    refusal = f"{said!r} is no language of ISO 639 such as fr or French"
    return _one(said, languages_named(said), "language", refusal, near(said, here, language_names))


def _one(said: str, found: Sequence[str], option: str, refusal: str, close: str) -> str:
    if len(found) == 1:
        return found[0]
    if found:
        raise SelectionError(f"{said!r} may be {' or '.join(found)}: give one of these", option)
    raise SelectionError(f"{refusal}{close}", option)


# Words of ours


def words_of(values: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Values that are each one of the known words, however they are written; SelectionError."""
    read = tuple("_".join(value.replace("-", " ").replace("_", " ").split()).lower() for value in values)
    for value, word in zip(values, read, strict=True):
        if word not in known:
            close = near(word, known) or f"; known: {', '.join(known)}"
            raise SelectionError(f"{value!r} is not known{close}")
    return read


def near(word: str, known: Collection[str], names: Callable[[], Mapping[str, str]] = dict) -> str:
    """`; did you mean ...?`, or all that are known, where these are few. `names`: what is known, by its names."""
    by_fold = {each.casefold(): each for each in sorted(known)}
    if close := get_close_matches(word.casefold(), by_fold, n=3):
        return f"; did you mean {' or '.join(by_fold[each] for each in close)}?"
    by_name = {fold(name): (value, name) for name, value in names().items() if name != value}
    likest: dict[str, str] = {}  # each value once, by the name that is most like the word
    for each in get_close_matches(fold(word), by_name, n=9, cutoff=0.7):
        likest.setdefault(*by_name[each])
    if likest:
        said = [f"{value} ({name})" for value, name in likest.items()]
        return f"; did you mean {' or '.join(said[:3])}?"
    return f"; known here: {', '.join(by_fold.values())}" if 0 < len(by_fold) <= _LISTED else ""
