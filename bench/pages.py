"""How often the text of a page is read right, on pages whose text is known: `python -m bench.pages TRUTH FOLDER`.

TRUTH and FOLDER are as in the article-extraction-benchmark: a JSON object with `articleBody` by the name of a page, and
the pages themselves, as `NAME.html` or `NAME.html.gz`. Compared are runs of four words; precision and recall are the
means over the pages, F1 is that of the two. `--least F1`: exit code 1 below it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import mean

from aggregator.model import FetchResult
from aggregator.model.errors import ParseError
from aggregator.parse.page import page_of

_RUN = 4  # words
_SHOWN = 15  # pages that are worst


def runs(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return Counter(tuple(words[at : at + _RUN]) for at in range(max(1, len(words) - _RUN + 1)) if words)


def shares(found: str, true: str) -> tuple[float, float]:
    """How much of what was found is right, and how much of what is right was found."""
    one, other = runs(found), runs(true)
    if not one or not other:
        return float(one == other), float(one == other)
    both = (one & other).total()
    return both / one.total(), both / other.total()


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def text_of(path: Path, url: str) -> str:
    body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        return "\n".join(page_of(FetchResult(url=url, http_status=200, headers={}, body=body)).paragraphs)
    except ParseError as error:
        print(f"{path.name}: {error}", file=sys.stderr)
        return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truth", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--least", type=float, default=0.0)
    chosen = parser.parse_args()
    began, rows = time.process_time(), []
    for name, said in json.loads(chosen.truth.read_text("utf-8")).items():
        path = next(file for suffix in ("html.gz", "html") if (file := chosen.folder / f"{name}.{suffix}").exists())
        found = text_of(path, str(said.get("url") or "https://page.example/"))
        rows.append((*shares(found, said.get("articleBody") or ""), name))
    each = 1e3 * (time.process_time() - began) / max(len(rows), 1)
    precision, recall = mean(row[0] for row in rows), mean(row[1] for row in rows)
    for row in sorted(rows, key=lambda row: f1(row[0], row[1]))[:_SHOWN]:
        print(f"{row[0]:.3f} {row[1]:.3f} {row[2]}")
    whole = f1(precision, recall)
    print(f"{len(rows)} pages: precision {precision:.3f}, recall {recall:.3f}, F1 {whole:.3f}; {each:.1f} ms a page")
    sys.exit(whole < chosen.least)


if __name__ == "__main__":
    main()
