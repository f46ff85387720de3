"""`python -m tests.make_topics [FILE]` makes the package's table of topics from that of IPTC, by default
`../shared/mediatopics.tsv`.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from aggregator.tags.vocabulary import FILE, LANGUAGES
from tests import ROOT

GIVEN = ROOT.parent / "shared" / "mediatopics.tsv"
_COLUMNS = {"en": "en-GB", "pt": "pt-PT"}  # of the languages that IPTC gives by country


def table(given: Path) -> str:
    """Code, broader code and a label a language, with tabs between them and the languages in the order of LANGUAGES; a
    label that is missing is empty.
    """
    with given.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    lines = ["\t".join(("code", "broader", *LANGUAGES))]
    for row in rows:
        labels = (" ".join(row[_COLUMNS.get(language, language)].split()) for language in LANGUAGES)
        lines.append("\t".join((row["code"], row["broader"].rpartition("/")[2], *labels)))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(table(Path(sys.argv[1]) if sys.argv[1:] else GIVEN), encoding="utf-8")
