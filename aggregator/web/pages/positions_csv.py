"""Positions side by side as CSV: the page /positions for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aggregator.output import csv
from aggregator.output.beside import is_reserved
from aggregator.output.record import record
from aggregator.web.pages.choice import choice
from aggregator.web.pages.page import Download, PageRoute, Visit
from aggregator.web.pages.positions import ASKED, SUBJECT, Compared, compared, opening
from aggregator.web.pages.rows import counted, until
from aggregator.web.pages.stances import stances
from aggregator.web.problems import Problem

# Of a row of the CSV file: what stands in it, as in `output.record`, but for `day`, `column`, `opening` and the stance.
# Of a publisher without a report here only the cells that are about the publisher are filled in.
CSV_NAMES = (
    "day", "column", "publisher", "publisher_name", "publisher_place", "publisher_kind", "country", "stance",
    "stance_source", "class", "language", "published", "title", "opening", "url", "id", "credit", "copyright_notice",
    "licence", "licence_url", "usage_terms", "disclaimer", "complaints_url",
)  # fmt: skip


def positions_csv(visit: Visit) -> Download:
    """The same as a table for a spreadsheet, a report a row, and then the publishers without one. Raises Problem."""
    asked = choice(visit, ASKED)
    if asked.faults:
        detail = "; ".join(f"{n}: {said}" for n, said in asked.faults.items())
        raise Problem(400, "a parameter cannot be understood", detail)
    if not asked.has(SUBJECT):
        raise Problem(400, "nothing is asked for", f"give one of {', '.join(SUBJECT)}, as on the page /positions")
    found, of = compared(visit, asked), stances(visit.config.publishers)
    rows = [*_rows_of_reports(found, of), *_rows_of_silent(found, of)]
    body = csv.whole(CSV_NAMES, ([row.get(name) for name in CSV_NAMES] for row in rows))
    return Download(
        name="positions.csv",
        body=body,
        media_type=csv.MEDIA_TYPE,
        until=until(found.reports),
        reports=counted(found.reports),
        is_reserved=any(map(is_reserved, found.reports)),
    )


def _rows_of_reports(found: Compared, of: Mapping[str, tuple[str, str]]) -> Iterator[Mapping[str, object]]:
    for day in found.days:
        for column in found.columns:
            for each in day.cells[column.name]:
                stance, source = of.get(each.publisher, (None, None))
                said = {"stance": stance, "stance_source": source, "opening": opening(each)}
                yield {**record(each), **said, "day": day.day.isoformat(), "column": column.heading}


def _rows_of_silent(found: Compared, of: Mapping[str, tuple[str, str]]) -> Iterator[Mapping[str, object]]:
    for column in found.columns:
        for each in column.silent:
            stance, source = of.get(each.key, (None, None))
            yield {
                "column": column.heading, "publisher": each.key, "publisher_name": each.name,
                "publisher_place": each.place, "publisher_kind": each.kind, "country": each.country,
                "stance": stance, "stance_source": source,
            }  # fmt: skip


ROUTES = (PageRoute("/positions.csv", positions_csv, (*ASKED, "before")),)
