"""What a poll means, and when to ask again: pure, so each case is a line."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from aggregator.decide import decide, is_correction, next_after_failure, next_after_success
from aggregator.types import Due, Known, PollSettings, Text
from tests.conftest import NOW, make_articles, make_entry, make_publisher

PUBLISHER = make_publisher()
(ARTICLE,) = make_articles(PUBLISHER, make_entry())
KNOWN = Known(article=1, revision=1, words_hash=ARTICLE.words_hash, updated=None, entry_hash=ARTICLE.entry_hash)
MINUTE = timedelta(minutes=1)
SETTINGS = PollSettings(every=30 * MINUTE, shortest=5 * MINUTE, longest=24 * 60 * MINUTE)


@pytest.mark.parametrize(
    ("known", "change"),
    [
        (None, "new"),
        (KNOWN, None),
        (replace(KNOWN, entry_hash=b"other"), None),  # dates or categories only
        (replace(KNOWN, entry_hash=b"other", words_hash=b"other"), "revised"),
        (replace(KNOWN, entry_hash=None, words_hash=b"other"), None),  # another source's listing
    ],
)
def test_what_an_entry_means(known: Known | None, change: str | None) -> None:
    (decision,) = decide([ARTICLE], {ARTICLE.keys[0]: known} if known else {})
    assert decision.change == change


@pytest.mark.parametrize(("hours", "change"), [(1, "revised"), (0, None), (-1, None)])
def test_a_later_updated_is_an_update_though_the_words_are_the_same(hours: int, change: str | None) -> None:
    touched = replace(ARTICLE, updated=NOW + timedelta(hours=hours), entry_hash=b"new")
    (decision,) = decide([touched], {ARTICLE.keys[0]: replace(KNOWN, updated=NOW)})
    assert decision.change == change


@pytest.mark.parametrize(
    "words",
    [
        "CORRECTION: Bridge opens on Tuesday", "Corrected: the toll", "An earlier version of this report misstated ...",
        "RECTIFICATIF : le pont", "Erratum. Le nom", "CORREÇÃO: o porto", "Corrección: la fecha", "Fe de erratas",
        "تصحيح: موعد الجسر", "MASAHIHISHO: daraja", "[Correction] Bridge",
    ],
)  # fmt: skip
def test_the_publishers_own_words_make_a_correction(words: str) -> None:
    (article,) = make_articles(PUBLISHER, make_entry(title=Text(words, "text/plain")))
    assert is_correction(article)


@pytest.mark.parametrize(
    "words",
    [
        "Prison officers on strike at correctional centre",
        "The correction of prices",
        "Correction of prices hits traders",
        "Corrections officers strike",
    ],
)
def test_other_words_do_not(words: str) -> None:
    (article,) = make_articles(PUBLISHER, make_entry(title=Text(words, "text/plain"), summary=None, content=()))
    assert not is_correction(article)


@pytest.mark.parametrize(
    ("every", "minutes"), [(None, 30), (10 * MINUTE, 10), (1 * MINUTE, 5), (9_000 * MINUTE, 24 * 60)]
)
def test_after_success_the_source_is_asked_at_its_interval_within_bounds(every: timedelta | None, minutes: int) -> None:
    following = next_after_success(NOW, every, SETTINGS)
    assert (following.at - NOW, following.reason) == (minutes * MINUTE, "interval")


@pytest.mark.parametrize(("failures", "minutes"), [(0, 30), (1, 60), (3, 240), (6, 24 * 60), (10_000, 24 * 60)])
def test_failures_back_off_and_never_give_up(failures: int, minutes: int) -> None:
    due = Due(source=PUBLISHER.sources[0], failures=failures)
    following = next_after_failure(NOW, due, SETTINGS, None)
    assert (following.at - NOW, following.reason) == (minutes * MINUTE, "backoff")


@pytest.mark.parametrize(
    ("asked", "after"),
    [
        (timedelta(seconds=300), timedelta(minutes=5)),
        (NOW + timedelta(hours=2), timedelta(hours=2)),
        (NOW - timedelta(days=1), timedelta(minutes=1)),
        (timedelta(days=365), timedelta(days=7)),
    ],
)
def test_retry_after_is_obeyed_within_reason(asked: timedelta | datetime, after: timedelta) -> None:
    following = next_after_failure(NOW, Due(source=PUBLISHER.sources[0]), SETTINGS, asked)
    assert (following.at - NOW, following.reason) == (after, "retry_after")
