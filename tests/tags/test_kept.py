"""Tables kept beside compiled files: made once, and anew when what they are made of changes or they are damaged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from aggregator.model import TagSettings, TagWords
from aggregator.tags.kept import kept_in
from aggregator.tags.tagging import tag_all
from tests import ROOT

_TABLE = {"mali": [(("mali",), "name", None, 1.5)], "ندوة": [((), "none", frozenset(("a", "b")), 2)]}
_REPORTS = (
    ("Mali: the army and police arrest protesters in Bamako after the election", "en"),
    ("Le gouvernement du Niger annonce une réforme de la santé et des hôpitaux", "fr"),
    ("المنتخب المصري يفوز بكأس أفريقيا لكرة القدم في القاهرة", "ar"),
    ("Serikali ya Kenya yatangaza bajeti ya elimu na walimu wapya", "sw"),
    ("የኢትዮጵያ ጠቅላይ ሚኒስትር ስለ ምርጫ ተናገሩ", "am"),
)
_PRINTED = """
import json, sys
from dataclasses import asdict
from aggregator.model import TagSettings, TagWords
from aggregator.tags.tagging import tag_all
reports = [(TagWords(title=title), TagSettings(), (language,)) for title, language in json.loads(sys.argv[1])]
print(json.dumps([asdict(each) for each in tag_all(reports)]))
"""


def test_a_table_is_made_once_and_anew_when_what_it_is_made_of_changes(tmp_path: Path) -> None:
    made: list[str] = []

    def make() -> object:
        made.append("made")
        return _TABLE

    for state, times in (("one", 1), ("one", 1), ("two", 2), ("two", 2), ("one", 3)):
        assert kept_in(tmp_path, "table", state, make) == _TABLE
        assert len(made) == times
        assert len(list(tmp_path.iterdir())) == 1  # what is older goes
    assert kept_in(tmp_path, "another", "one", make) == _TABLE
    assert len(list(tmp_path.iterdir())) == 2


def test_a_table_that_is_damaged_or_has_no_folder_is_made(tmp_path: Path) -> None:
    kept_in(tmp_path, "table", "one", lambda: _TABLE)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"no table"):
        file.write_bytes(damaged)
        assert kept_in(tmp_path, "table", "one", lambda: _TABLE) == _TABLE
        assert file.read_bytes() == whole
    assert kept_in(tmp_path / "missing", "table", "one", lambda: _TABLE) == _TABLE


def test_reports_have_the_same_tags_by_tables_that_were_kept() -> None:
    """In processes of their own, as Python is told here to keep nothing."""
    wanted = [
        asdict(each) for each in tag_all([(TagWords(title=title), TagSettings(), (of,)) for title, of in _REPORTS])
    ]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", _PRINTED, json.dumps(_REPORTS)]
    for _ in range(2):  # the second reads what the first has kept
        printed = subprocess.check_output(command, cwd=ROOT, env=environment, text=True)
        assert json.loads(printed) == json.loads(json.dumps(wanted))
    assert any(each["topics"] for each in wanted)
    assert any(each["countries"] for each in wanted)
