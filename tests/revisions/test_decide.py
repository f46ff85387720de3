"""What a poll means, and when to ask again: pure, so each case is a line."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from aggregator.model import Article, Known, Link, Match, Media, Person, PollSettings, Text
from aggregator.revisions.changes import decide
from aggregator.revisions.compare import words_of
from aggregator.revisions.corrections import is_correction
from tests.conftest import NOW, make_articles, make_entry, make_publisher
from tests.rows import every_row

PUBLISHER = make_publisher()
(ARTICLE,) = make_articles(PUBLISHER, make_entry())
(EDITED,) = make_articles(PUBLISHER, make_entry(title=Text("Le pont numéro 1 ne rouvre pas", "text/plain")))
(NOTED,) = make_articles(PUBLISHER, make_entry(summary=Text("<p>RECTIFICATIF : le pont rouvre mardi.</p>")))
(RETAGGED,) = make_articles(PUBLISHER, make_entry(categories=("ponts",)))
(PICTURED,) = make_articles(PUBLISHER, make_entry(media=(Media("http://img.example/pont.jpg", "image"),)))
(SIGNED,) = make_articles(PUBLISHER, make_entry(authors=(Person("Awa Keïta"), Person("Issa Traoré"))))
(TOUCHED,) = make_articles(PUBLISHER, make_entry(updated="2026-11-22T09:00:00Z"))
KNOWN = Known(
    article_id=1,
    revision=1,
    words_hash=ARTICLE.words_hash,
    first_seen=NOW,
    last_revision=NOW,
    entry_hash=ARTICLE.entry_hash,
    listed_words_hash=ARTICLE.words_hash,
    listed_media_hash=ARTICLE.media_hash,
)
OLDER = replace(KNOWN, listed_media_hash=None)  # listed before media were read
MINUTE = timedelta(minutes=1)
SETTINGS = PollSettings(every=30 * MINUTE, shortest=5 * MINUTE, longest=24 * 60 * MINUTE)


@every_row(
    ("article", "known", "change", "changed"),
    [
        (ARTICLE, None, "new", ()),
        (RETAGGED, KNOWN, None, ()),
        (EDITED, KNOWN, "revised", ("title",)),
        (NOTED, KNOWN, "corrected", ("summary",)),
        (EDITED, replace(KNOWN, entry_hash=None), None, ()),  # another source's listing
        (PICTURED, KNOWN, "revised", ("media",)),
        (PICTURED, OLDER, None, ()),
        (PICTURED, replace(KNOWN, entry_hash=None), None, ()),
        (PICTURED, replace(KNOWN, listed_media_hash=PICTURED.media_hash), None, ()),
        (ARTICLE, replace(KNOWN, listed_media_hash=PICTURED.media_hash), "revised", ("media",)),  # it was taken away
        (SIGNED, KNOWN, "revised", ("byline",)),
        (SIGNED, OLDER, None, ()),
        (EDITED, OLDER, "revised", ("title",)),
        (TOUCHED, KNOWN, None, ("dates",)),  # it said no `updated` before
    ],
)
def test_what_an_entry_means(
    article: Article, known: Known | None, change: str | None, changed: tuple[str, ...]
) -> None:
    judged = decide([Match(article=article, known=known)], {1: words_of(ARTICLE)}, NOW)
    (decision,) = judged.decisions
    assert (decision.change, decision.changed) == (change, changed)


def test_only_words_in_force_get_the_media_that_an_older_version_did_not_read() -> None:
    (other,) = make_articles(PUBLISHER, make_entry(2))
    for known, before, brings in (
        (OLDER, ARTICLE, True),
        (OLDER, SIGNED, True),  # of which less of the byline was read
        (OLDER, other, False),
        (KNOWN, ARTICLE, False),
        (replace(OLDER, entry_hash=None), ARTICLE, False),
    ):
        (decision,) = decide([Match(article=PICTURED, known=known)], {1: words_of(before)}, NOW).decisions
        assert decision.brings_media is brings


@pytest.mark.parametrize(("hour", "change"), [(10, "resent"), (9, None), (8, None)])
def test_a_later_updated_over_the_same_words_is_a_refile(hour: int, change: str | None) -> None:
    (article,) = make_articles(PUBLISHER, make_entry(updated=f"2026-11-22T{hour:02}:00:00Z"))
    judged = decide([Match(article=article, known=KNOWN)], {1: words_of(TOUCHED)}, NOW)
    assert judged.decisions[0].change == change


(LINKED,) = make_articles(PUBLISHER, make_entry(links=(Link("http://daily.example/another-page"),)))
SIX = {number: words_of(ARTICLE) for number in range(6)}


def test_a_source_that_changes_everything_at_every_poll_is_pending() -> None:
    matches = [Match(article=LINKED, known=replace(KNOWN, article_id=number)) for number in SIX]
    unstable_polls: tuple[datetime, ...] = ()
    for expected in (False, False, True):
        judged = decide(matches, SIX, NOW + timedelta(hours=1), unstable_polls=unstable_polls)
        unstable_polls = judged.unstable_polls
        assert {decision.pending_revision for decision in judged.decisions} == {expected}
        assert {decision.change for decision in judged.decisions} == {"revised"}
    later = decide(matches, SIX, NOW + timedelta(days=1), unstable_polls=unstable_polls)
    assert not any(decision.pending_revision for decision in later.decisions)


@pytest.mark.parametrize("article", [EDITED, NOTED])
def test_another_headline_and_another_sentence_are_never_pending(article: Article) -> None:
    matches = [Match(article=article, known=replace(KNOWN, article_id=number)) for number in SIX]
    judged = decide(matches, SIX, NOW + timedelta(hours=1), unstable_polls=(NOW, NOW))
    assert len(judged.unstable_polls) == 3
    assert not any(decision.pending_revision for decision in judged.decisions)


@every_row(
    "words",
    [
        "CORRECTION: Bridge opens on Tuesday", "Corrected: the toll", "An earlier version of this report misstated ...",
        "RECTIFICATIF : le pont", "Erratum. Le nom", "CORREÇÃO: o porto", "Corrección: la fecha", "Fe de erratas",
        "تصحيح: موعد الجسر", "MASAHIHISHO: daraja", "[Correction] Bridge",
    ],
)  # fmt: skip
def test_the_publishers_own_words_make_a_correction(words: str) -> None:
    assert is_correction(words)


@every_row(
    "words",
    [
        "Prison officers on strike at correctional centre",
        "The correction of prices",
        "Correction of prices hits traders",
        "Corrections officers strike",
    ],
)
def test_other_words_do_not(words: str) -> None:
    assert not is_correction(words)
