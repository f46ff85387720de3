"""The keys by which the files of subscribers and of saved searches choose reports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from aggregator.config.codes import (
    COUNTRY_EXPECTED,
    COUNTRY_FORM,
    LANGUAGE_EXPECTED,
    LANGUAGE_FORM,
    REGIONS,
    is_country,
    is_language,
)
from aggregator.config.shapes.search import SearchFile
from aggregator.config.shapes.subscriber import SubscriberFile
from aggregator.config.toml import TomlTable
from aggregator.model import Selection
from aggregator.rights import fault
from aggregator.tags.mediatopics import topic_code

TOPIC_EXPECTED = 'a topic of IPTC Media Topics, by code or name, such as "04000000" or "economy"'
ABOUT_EXPECTED = 'a country of ISO 3166-1, such as "ML"'
_TOPIC_FORM = re.compile(".*")  # a name may be any text

# Each key, in the order of a file, and the field of a Selection.
KEYS = (
    ("publishers", "publishers"),
    ("countries", "countries"),
    ("kinds", "kinds"),
    ("groups", "groups"),
    ("languages", "languages"),
    ("classes", "item_classes"),
    ("topics", "topics"),
    ("about", "about"),
)


def code_faults(table: TomlTable) -> Iterator[str]:
    """Faults of codes of countries, languages and topics that have the form of one, and are not in its list."""
    for key, form, is_known, expected in (
        ("countries", COUNTRY_FORM, is_country, COUNTRY_EXPECTED),
        ("languages", LANGUAGE_FORM, is_language, LANGUAGE_EXPECTED),
        ("about", COUNTRY_FORM, lambda code: code not in REGIONS and is_country(code), ABOUT_EXPECTED),
        ("topics", _TOPIC_FORM, topic_code, TOPIC_EXPECTED),
    ):
        values = table.get(key)
        for number, value in enumerate(values if isinstance(values, list) else (), start=1):
            if isinstance(value, str) and form.fullmatch(value) and not is_known(value):
                yield fault(f"{key}[{number}]", value, expected)


def selection_of(shape: SearchFile | SubscriberFile) -> Selection:
    """What they choose."""
    chosen: dict[str, Any] = {field: getattr(shape, key) or () for key, field in KEYS}
    chosen["topics"] = tuple(topic_code(each) or each for each in chosen["topics"])
    return Selection(**chosen)
