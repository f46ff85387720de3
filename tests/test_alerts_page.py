"""docs/alerts.md keeps its word: its keys are those of the files, and its examples are read."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from aggregator.alerts.owed import MOST
from aggregator.alerts.times import GIVE_UP_AFTER
from aggregator.config.loading import load
from aggregator.config.shapes.search import SearchFile, TellTable
from aggregator.output import alert_mail
from tests import ROOT
from tests.alerts.mails import kinds

PAGE = (ROOT / "docs" / "alerts.md").read_text("utf-8")


def keys(heading: str) -> list[str]:
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE)


def test_its_keys_are_those_of_a_file() -> None:
    fields = [name for name in SearchFile.model_fields if name != "tell"]
    assert keys("key | default") == [*fields, *(f"tell.{name}" for name in TellTable.model_fields)]


def test_its_keys_are_those_that_a_command_gets() -> None:
    said = alert_mail.as_object(kinds()["mixed"])
    of_reports = {f"reports.{name}" for report in said["reports"] for name in report}
    assert set(keys("key | what it holds")) == set(said) | of_reports


def test_its_examples_are_read_as_they_stand(tmp_path: Path) -> None:
    config = Path(shutil.copytree(ROOT / "tests" / "fixtures" / "config" / "sound", tmp_path / "config"))
    search, mail = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    (config / "searches").mkdir()
    (config / "searches" / "floods.toml").write_text(search, "utf-8")
    with (config / "wire.toml").open("a") as file:
        file.write(mail)
    read = load(config)
    assert read.faults == ()
    assert [each.name for each in read.searches] == ["floods"]
    assert [tell.when for tell in read.searches[0].tells] == ["at_once", "weekly", "hourly"]


def test_its_numbers_are_those_of_the_program() -> None:
    assert f"A message has {MOST} reports at most" in PAGE
    assert GIVE_UP_AFTER.days == 3
    assert "for three days" in PAGE
