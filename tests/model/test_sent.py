"""sent: what goes between processes comes there as it was."""

from __future__ import annotations

import pickle

from msgspec.structs import replace

from aggregator.model import Tag, TagEvidence, Tags
from aggregator.model.who import Author, Dateline, FoundAgency, Who
from tests.conftest import make_articles, make_entry, make_publisher


def test_an_article_comes_as_it_was() -> None:
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
    for article in make_articles(make_publisher(), make_entry(1), make_entry(2)):
        sent = replace(article, who=who, tags=tags)
        arrived = pickle.loads(pickle.dumps(sent, pickle.HIGHEST_PROTOCOL))
        assert arrived == sent
        assert arrived is not sent
