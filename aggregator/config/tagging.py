"""The table `[tags]` of a publisher's file: what is not looked for in its reports, and topics of its own categories."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.config.selections import TOPIC_EXPECTED
from aggregator.config.shapes.publisher import TagsTable
from aggregator.model import TagSettings
from aggregator.rights import fault
from aggregator.tags.mediatopics import topic_code


def tag_faults(table: TagsTable) -> Iterator[str]:
    for category, value in table.categories.items():
        key = f'tags.categories."{category}"'
        if not table.topics:
            yield fault(key, value, "no category beside `topics = false`, which sets no topics at all")
        elif value is not False and (not isinstance(value, str) or topic_code(value) is None):
            yield fault(key, value, f"{TOPIC_EXPECTED}, or false for no topic")


def settings_of(table: TagsTable) -> TagSettings:
    """Of a table without faults."""
    return TagSettings(
        language=table.language,
        countries=table.countries,
        topics=table.topics,
        datelines=table.datelines,
        bylines=table.bylines,
        credits=table.credits,
        categories={
            name: topic_code(value) if isinstance(value, str) else None for name, value in table.categories.items()
        },
    )
