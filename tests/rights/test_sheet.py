"""docs/rights.md keeps its word: it has every field of what is printed for machines, and every reason."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import get_args

from aggregator.model.release import RefusalReason
from aggregator.rights import Decision
from tests import ROOT

DOC = (ROOT / "docs" / "rights.md").read_text()


def table(name: str) -> list[str]:
    """The first column of a table of the page."""
    (block,) = re.findall(rf"<!-- {name}: .*?-->\n\|.*?\n\|.*?\n((?:\|.*\n)+)", DOC)
    return re.findall(r"^\| `(\w+)` ", block, re.MULTILINE)


def test_the_page_has_the_fields_of_a_decision_and_every_reason() -> None:
    assert set(table("decision")) == {field.name for field in fields(Decision)}
    (line,) = re.findall(r"^\| `reason` .*", DOC, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", line)) - {"reason"} == {*get_args(RefusalReason)}
