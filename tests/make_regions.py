"""`python -m tests.make_regions FILE` makes the package's table of regions from CLDR's territoryContainment.json, which
https://github.com/unicode-org/cldr-json has in cldr-core/supplemental/.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from aggregator.config.codes import is_country
from aggregator.tags.regions import FILE


def table(given: Path) -> str:
    """Region and what it contains, with a tab between them: regions of UN M49 alone, without groupings that other
    regions are parts of too, and countries of ISO 3166-1 alone.
    """
    contained = json.loads(given.read_text(encoding="utf-8"))["supplemental"]["territoryContainment"]
    lines = ["region\tcontains"]
    for code, of in sorted(contained.items()):
        if code.isdecimal() and "_grouping" not in of:
            parts = [each for each in of["_contains"] if each.isdecimal() or is_country(each)]
            lines.append(f"{code}\t{' '.join(sorted(parts))}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(table(Path(sys.argv[1])), encoding="utf-8")
