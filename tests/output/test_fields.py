"""fields: a report's fields have one name in JSON and the database, one before a value, one in differences."""

from __future__ import annotations

import json

from msgspec.structs import replace

from aggregator.model import CHANGED, FIELDS, Media, Publisher, Report, Selection, Text
from aggregator.output import page, versions, with_changes
from aggregator.store import Store
from aggregator.text.raw_words import encode, values
from tests.conftest import NOW, make_entry, record
from tests.releases import FULL_RELEASE, printed

KEYS = [field.key for field in FIELDS]


def report_of(store: Store, publisher: Publisher) -> Report:
    record(store, publisher, make_entry(published=None, updated="2026-11-22T09:00:00Z"))
    (report,) = store.latest(Selection())
    return report


def test_the_database_and_json_have_the_keys(store: Store, publisher: Publisher) -> None:
    report = report_of(store, publisher)
    (written,) = json.loads(printed(store, [report], NOW).as_json)
    columns, _ = store.query("SELECT * FROM wire")
    assert set(KEYS) <= set(columns)
    assert list(written) == KEYS
    assert written["class"] == report.item_class


def test_the_values_below_a_report_have_the_labels() -> None:
    below = page(FULL_RELEASE).rpartition("\n\n")[2]
    written = {line.partition(":")[0].replace("\x1b[2m", "") for line in below.splitlines()}
    assert written == {field.label for field in FIELDS if field.label} | {"Picture", "Terms"}


def test_differences_name_what_changed(publisher: Publisher) -> None:
    """Each field alone, and all of them together in their order."""
    before = make_entry()
    other = {
        "title": {"title": Text("Another headline")},
        "summary": {"summary": Text("Another summary")},
        "body": {"content": (Text("Another text"),)},
        "byline": {"authors": ()},
        "url": {"links": ()},
        "media": {"media": (Media("http://img.example/pont.jpg", credit="Awa Keïta"),)},
        "dates": {"published": None},
    }
    assert [*other, "page"] == list(CHANGED)  # which is said of a version, and found in no words
    together = {name: value for fields in other.values() for name, value in fields.items()}
    for names, fields in (*(([name], of) for name, of in other.items()), (list(other), together)):
        rows = [
            {
                "number": number,
                "change_kind": kind,
                "seen_at": "2026-11-22T10:00:00Z",
                "source_name": "daily/feed",
                "words": said,
            }
            for number, kind, said in ((1, "new", before), (2, "revised", replace(before, **fields)))
        ]
        rows = [{**row, "words": values(encode(row["words"]))} for row in rows]
        assert with_changes(rows)[1]["changed"] == names
        assert f"; changed: {', '.join(names)}\n" in versions(rows, coloured=False)
