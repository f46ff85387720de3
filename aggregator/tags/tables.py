"""By which tables and settings tags are set. Loads nothing that sets them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from aggregator.model import Publisher, Tags, TagSettings
from aggregator.text.languages import stated_or_first

# Of how tags are read: raise it when a rule changes. A change of a table is noticed by itself.
FORM = "2"
_SWITCHES = tuple(name for name in TagSettings.__struct_fields__ if name != "categories")
_LIBRARIES = ("pycld2", "py3langid")  # one of them may be missing


def made_by(settings: TagSettings, languages: Sequence[str]) -> str:
    """What says by which tables and settings tags were set; see `Tags.by`."""
    switches = tuple(getattr(settings, name) for name in _SWITCHES)
    return _made_by(switches, tuple(sorted(settings.categories.items())) if settings.categories else (), (*languages,))


def tables_of(publishers: Iterable[Publisher]) -> dict[str, str]:
    """By which tables and settings the reports of each of these publishers are tagged now."""
    return {each.key: made_by(each.tags, each.languages) for each in publishers}


@lru_cache(1_000)
def _made_by(
    switches: tuple[bool, ...], categories: tuple[tuple[str, str | None], ...], languages: Sequence[str]
) -> str:
    chosen = [*switches, categories, *languages]
    return hashlib.sha256(f"{_tables()} {json.dumps(chosen)}".encode()).hexdigest()[:16]


@lru_cache(1)
def _tables() -> str:
    """A digest of the package's tables, and of which libraries are there."""
    read = hashlib.sha256(FORM.encode())
    here = Path(__file__).parent
    for each in sorted(here.rglob("*")):
        if each.is_file() and each.suffix not in (".py", ".pyc"):
            read.update(each.relative_to(here).as_posix().encode() + each.read_bytes())
    read.update(" ".join(name for name in _LIBRARIES if find_spec(name)).encode())
    return read.hexdigest()


def without_tags(languages: Sequence[str], stated: str | None) -> Tags:
    """Of a report whose words broke what reads them; `retag` tries again."""
    language = stated_or_first(stated, languages)
    return Tags(by="", language=language, language_from="configured" if language else None)
