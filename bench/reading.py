"""What each step of reading costs, in time a report and in memory: `python -m bench.reading`.

Each step is measured in a process of its own, so that what it loads counts for it alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.measuring import machine, megabytes, memory, say, table

_ROOT = Path(__file__).parents[1]
_ROUNDS = 5  # over all reports; the fastest counts, as others use the machine too


@dataclass(frozen=True, slots=True)
class Step:
    """A step to come gets its line in STEPS, and functions that import what it needs only when they are called."""

    name: str
    given: Callable[[], Sequence[Any]]  # what it is called with, one a report; made before anything is measured
    loaded: Callable[[], Callable[[Any], object]]  # imports the step and returns it


@dataclass(frozen=True, slots=True)
class Figures:
    """What a step took; times are the processor's."""

    name: str
    reports: int
    load_ms: float  # to import it
    first_ms: float  # the first report, which may load more
    each_us: float  # of those that follow
    memory: tuple[int, int]  # bytes (PSS) that importing it took, and that it took in all


Said = tuple[str, str, str]  # headline, text and language


def _sentences() -> list[Said]:
    """The reports that the tests have, those of all languages mixed: headline, first sentence, language."""
    files = sorted((_ROOT / "tests" / "fixtures" / "language").glob("*.tsv"))
    rows = [[(*line.split("\t"), file.stem) for line in file.read_text().splitlines()] for file in files]
    return [said for row in zip(*rows, strict=False) for said in row]


def _full_of_countries() -> list[Said]:
    """The headlines with which the tests measure countries, a text of many below each: the worst that can come."""
    reports = []
    for file in sorted((_ROOT / "tests" / "fixtures" / "countries").glob("*.tsv")):
        lines = [line.partition("\t")[2] for line in file.read_text().splitlines() if not line.startswith("#")]
        reports += [(line, ". ".join(lines[at : at + 30]), file.stem) for at, line in enumerate(lines)]
    return reports


def _texts_bylines_captions() -> list[Said]:
    """The cases with which the tests measure these: a text, a byline and a caption a report."""
    kinds: dict[str, list[str]] = {"dateline": [], "byline": [], "credit": []}
    for file in sorted((_ROOT / "tests" / "fixtures").glob("extract_*.jsonl")):
        for case in map(json.loads, file.read_text().splitlines()):
            kinds[case["kind"]].append(case["text"])
    return list(zip(*kinds.values(), strict=False))


def _full_of_topics() -> list[Said]:
    """The headlines with which the tests measure topics, a text of many below each: the worst that can come."""
    reports = []
    for file in sorted((_ROOT / "tests" / "fixtures" / "topics").glob("*.tsv")):
        rows = [line.split("\t")[2:] for line in file.read_text(encoding="utf-8").splitlines()[1:]]
        lines = [f"{title}. {text}" for title, text in rows]
        reports += [(row[0], " ".join(lines[at : at + 10]), file.stem) for at, row in enumerate(rows)]
    return reports


def _first_look() -> Callable[[Said], object]:
    from aggregator.tags.language import first_look

    return lambda said: first_look(said[0], said[1], None, [said[2]])


def _language() -> Callable[[Said], object]:
    from aggregator.tags.language import language_of

    return lambda said: language_of(said[0], said[1], None, [said[2]])


def _language_of_headline() -> Callable[[Said], object]:
    from aggregator.tags.language import language_of

    return lambda said: language_of(said[0], "", None, [])


def _held_and_read() -> list[Any]:
    """Of the same reports: as they are held with a headline alone, and pages of thirty paragraphs."""
    from aggregator.model import Entry, Page, PageState, Text
    from aggregator.text.raw_words import encode

    return [
        (
            PageState(
                article_id=number,
                revision=1,
                raw=encode(Entry(id=f"tag:{number}", title=Text(headline, "text/plain"))),
                language=language,
                stated_language=None,
                item_class="news",
                key="",
                source_name="bench/feed",
            ),
            Page(url=f"https://bench.example/{number}", title=headline, paragraphs=(text,) * 30, byline="Awa Keïta"),
        )
        for number, (headline, text, language) in enumerate(_sentences())
    ]


def _page_added() -> Callable[[Any], object]:
    from datetime import UTC, datetime

    from aggregator.model import Publisher, Rights, Source
    from aggregator.pipeline.page_reading import Asked, reading_of

    rights = Rights(relationship="partner", basis="agreement", text_scope="full_text", credit="{publisher}")
    source = Source(publisher="bench", key="feed", url="https://bench.example/feed", pages="text")
    publisher = Publisher(
        key="bench",
        name="Bench",
        country="ML",
        kind="newspaper",
        languages=("fr",),
        homepage="https://bench.example/",
        rights=rights,
        sources=(source,),
    )
    asked = Asked(publisher, source, "text", ["https://bench.example/"])
    return lambda each: reading_of(each[0], each[1], asked, datetime(2026, 11, 22, tzinfo=UTC))


def _pages() -> list[Any]:
    """The pages that the tests have, as large as those of newsrooms: about 100 kB, a thousand elements."""
    from aggregator.model import FetchResult

    menu = "".join(
        f'<li class="menu-item menu-item-{n}"><a href="/section/{n}">Section {n}</a></li>' for n in range(300)
    )
    around = f"<header><nav><ul>{menu}</ul></nav></header><script>var state = {'0123456789' * 6_000};</script>".encode()
    files = sorted((_ROOT / "tests" / "fixtures" / "page").glob("*.html"))
    bodies = [file.read_bytes().replace(b"<body>", b"<body>" + around) for file in files if file.stem != "not-a-page"]
    return [FetchResult(url="https://daily.example/a", http_status=200, headers={}, body=body) for body in bodies]


def _page_metadata() -> Callable[[Any], object]:
    from aggregator.parse.page import page_of

    return lambda result: page_of(result, with_text=False)


def _page() -> Callable[[Any], object]:
    from aggregator.parse.page import page_of

    return page_of


def _trafilatura(with_metadata: bool) -> Callable[[], Callable[[Any], object]]:
    def loaded() -> Callable[[Any], object]:
        from trafilatura import bare_extraction

        return lambda result: bare_extraction(result.body, include_comments=False, with_metadata=with_metadata)

    return loaded


def _countries() -> Callable[[Said], object]:
    from aggregator.tags.countries import countries_of

    return lambda said: countries_of(said[0], said[1], None, said[2])


def _countries_of_headline() -> Callable[[Said], object]:
    from aggregator.tags.countries import countries_of

    return lambda said: countries_of(said[0], "", None, said[2])


def _makers() -> Callable[[Said], object]:
    from aggregator.model import Media, TagSettings, Text
    from aggregator.tags.who import maker_words, who_of, with_credits

    settings = TagSettings()

    def call(said: Said) -> object:
        text, byline, caption = said
        media = with_credits([Media("https://daily.example/1.jpg", "image", caption=Text(caption, "text/plain"))])
        return who_of(text, maker_words(text, byline, media, ("The Daily Example",)), "en", settings)

    return call


def _topics() -> Callable[[Said], object]:
    from aggregator.tags.topics import topics_of

    return lambda said: topics_of(said[0], said[1], (), said[2], {})


def _topics_of_categories() -> Callable[[Said], object]:
    from aggregator.tags.topics import topics_of

    return lambda said: topics_of(said[0], said[1], ("News", "Sports", "Politics"), said[2], {"Focus": "04000000"})


STEPS = (
    Step("language, first look (pycld2)", _sentences, _first_look),
    Step("language", _sentences, _language),
    Step("language, headline alone and nothing configured", _sentences, _language_of_headline),
    Step("page, what it says of itself", _pages, _page_metadata),
    Step("page, with its text", _pages, _page),
    Step("for comparison: trafilatura, text", _pages, _trafilatura(False)),
    Step("for comparison: trafilatura, text and metadata", _pages, _trafilatura(True)),
    Step("page, what it adds to its report", _held_and_read, _page_added),
    Step("countries", _sentences, _countries),
    Step("countries, headline alone", _sentences, _countries_of_headline),
    Step("countries, texts full of them", _full_of_countries, _countries),
    Step("dateline, byline and credit of a picture", _texts_bylines_captions, _makers),
    Step("topics, by words", _sentences, _topics),
    Step("topics, by words, texts of 80 words full of them", _full_of_topics, _topics),
    Step("topics, by categories", _sentences, _topics_of_categories),
)


def figures(step: Step) -> Figures:
    """Measures the step in this process."""
    reports = step.given()
    before, began = memory(os.getpid()), time.process_time()
    call = step.loaded()
    load_seconds, after = time.process_time() - began, memory(os.getpid())
    began = time.process_time()
    call(reports[0])
    first_seconds = time.process_time() - began
    for report in reports:  # whatever is loaded when it is needed
        call(report)
    return Figures(
        name=step.name,
        reports=len(reports),
        load_ms=1e3 * load_seconds,
        first_ms=1e3 * first_seconds,
        each_us=1e6 * min(_round(call, reports) for _ in range(_ROUNDS)) / len(reports),
        memory=(after - before, memory(os.getpid()) - before),
    )


def _round(call: Callable[[Any], object], reports: Sequence[Any]) -> float:
    """Seconds of processor time for all reports."""
    began = time.process_time()
    for report in reports:
        call(report)
    return time.process_time() - began


def _of_all(names: Sequence[str]) -> Iterator[Figures]:
    for step in STEPS:
        if not names or any(name in step.name for name in names):
            say(step.name)
            command = [sys.executable, "-m", "bench.reading", "--within", step.name]
            yield Figures(**json.loads(subprocess.check_output(command, cwd=_ROOT, text=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("steps", nargs="*", help="words of the names of steps; all, where none is named")
    parser.add_argument("--within", help="measure the step of this name in this process, and print JSON")
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    if chosen.within:
        print(json.dumps(asdict(figures(next(step for step in STEPS if step.name == chosen.within)))))
        return
    found = list(_of_all(chosen.steps))
    head = ("step", "reports", "to load, ms", "the first, ms", "each, µs", "loaded, MB", "at the end, MB")
    rows = [
        (each.name, each.reports, each.load_ms, each.first_ms, each.each_us, *map(megabytes, each.memory))
        for each in found
    ]
    print(table(head, rows))
    if chosen.json:
        chosen.json.write_text(json.dumps({"machine": machine(), "steps": [asdict(each) for each in found]}, indent=1))


if __name__ == "__main__":
    main()
