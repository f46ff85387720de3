"""Which reports a request is about: the same parameters for the API, for feeds of searches and for pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import TypeVar

from aggregator.model.errors import SelectionError
from aggregator.pipeline import choosing
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.web import parameters
from aggregator.web.parameters import Given

T = TypeVar("T")


def chosen(paths: Paths, store: Store, now: datetime, zone: tzinfo, given: Given) -> choosing.Chosen:
    """What the parameters OF_REPORTS and TIMES choose; days are those of `zone`. Raises SelectionError, with the name
    of the parameter wherever it is one.
    """
    since, until, on = (given.one(name) for name in ("since", "until", "on"))
    wanted = choosing.Wanted(
        publishers=given.all("publisher"),
        countries=given.all("country"),
        languages=given.all("language"),
        topics=given.all("topic"),
        about=given.all("about"),
        kinds=_words(given, "kind"),
        groups=_words(given, "group"),
        item_classes=_words(given, "class"),
        since=_named("since", lambda: choosing.since_of(since, now, zone)) if since else None,
        until=_named("until", lambda: choosing.until_of(until, now, zone)) if until else None,
        on=_named("on", lambda: choosing.day_of(on, zone)) if on else None,
    )
    return choosing.choose(paths, store, now, wanted)


def _words(given: Given, name: str) -> tuple[str, ...]:
    known = list(next(each.schema["enum"] for each in parameters.OF_REPORTS if each.name == name))
    return _named(name, lambda: choosing.words_of(given.all(name), known))


def _named(name: str, read: Callable[[], T]) -> T:
    """Raises SelectionError with the name of the parameter."""
    try:
        return read()
    except SelectionError as error:
        raise SelectionError(str(error), name) from error
