"""reading: what a parsing process read of a document comes to the other process as it was."""

from __future__ import annotations

import pickle
from datetime import timedelta

from msgspec.structs import replace

from aggregator.model import Article, Hints, Seen, Tag, TagEvidence, Tags, Text, articles_of
from aggregator.model.who import Author, Dateline, FoundAgency, Who
from aggregator.pipeline.reading import Reading, packed, unpacked
from aggregator.store.queries.indexing import folded
from aggregator.text.folding import fold
from aggregator.text.packing import raw_of
from tests.conftest import make_articles, make_entry, make_publisher


def test_a_reading_comes_as_it_was() -> None:
    who = Who(
        dateline=Dateline(literal="NAIROBI, Kenya (AFP)", places=("Nairobi",), country="Kenya", agency="AFP"),
        authors=(Author(name="Awa Keïta", place="Bamako"), Author(name="زينب علي", role="editing")),
        agencies=(
            FoundAgency(
                name="Agence France-Presse", kind="news", stated="AFP", where="dateline", words="NAIROBI, Kenya (AFP)"
            ),
        ),
    )
    tags = Tags(
        by="0123",
        language="fr-CA",
        language_from="words",
        topics=(Tag("04000000", 0.5, (TagEvidence("marché", "headline", "word list"),)),),
        countries=(Tag("KE", 1.0, (TagEvidence("NAIROBI, Kenya (AFP)", "dateline", "dateline"),)),),
    )
    articles = make_articles(make_publisher(), make_entry(1), make_entry(2))
    reading = Reading(
        listed=(*(replace(each, who=who, tags=tags) for each in articles), Seen(("id:3",), 2)),
        drops={"duplicate_in_document": 1},
        format="rss20",
        warning=None,
        hints=Hints(every=timedelta(minutes=90), skip_hours=(1, 2)),
    )
    sent = packed(reading)
    assert isinstance(sent, bytes)
    assert _made_again(unpacked(sent)) == reading


def test_words_with_half_of_a_surrogate_pair_come_too() -> None:
    (article,) = make_articles(make_publisher(), make_entry())
    reading = Reading(listed=(replace(article, title="Mji \ud83d"),), drops={}, format="jsonfeed11", warning=None)
    assert _made_again(unpacked(pickle.loads(pickle.dumps(packed(reading))))) == reading


def test_words_that_cost_less_to_fold_again_are_not_handed_over() -> None:
    said = ("A bridge in Segou", "Un pont à Ségou"), ("نص قصير", "A short text")
    entries = [
        replace(make_entry(number), summary=Text(summary), content=(Text(content),))
        for number, (summary, content) in enumerate(said)
    ]
    articles = make_articles(make_publisher(), *entries)
    reading = Reading(listed=tuple(articles), drops={}, format="rss20", warning=None)
    came = articles_of(unpacked(packed(reading)).listed)
    assert [each.folded for each in came] == [("", "un pont a segou"), ("نص قصير", "")]
    assert [folded(each) for each in came] == [folded(each) for each in articles]
    assert [raw_of(each) for each in came] == [each.raw for each in articles]


def _made_again(reading: Reading) -> Reading:
    """With what is not handed over."""
    return replace(
        reading,
        listed=tuple(
            replace(each, raw=raw_of(each), folded=(fold(each.summary), fold(each.text)))
            if isinstance(each, Article)
            else each
            for each in reading.listed
        ),
    )
