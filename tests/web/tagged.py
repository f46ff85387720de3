"""The wire of invented publishers, with what the wire found its reports to be about."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from aggregator.pipeline.opening import load_config, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now
from tests.databases import upgraded
from tests.make_database import CONFIG
from tests.web.serving import Served, served

VERSION = "0.8.0"  # the first one of which the database has topics and countries


@contextmanager
def tagged(folder: Path, wire_toml: tuple[str, str] | None = None) -> Iterator[Served]:
    """It may be changed. `wire_toml`: words of its wire.toml, and those that stand in their place."""
    config = Path(shutil.copytree(CONFIG, folder / "config"))
    if wire_toml:
        said = (config / "wire.toml").read_text("utf-8")
        assert wire_toml[0] in said
        (config / "wire.toml").write_text(said.replace(*wire_toml), "utf-8")
    database = folder / "wire.db"
    database.write_bytes(upgraded(VERSION))
    paths = Paths(config, database)
    with open_wire(paths, load_config(paths), utc_now()):  # so that no request reads the files of the configuration
        pass
    with served(folder, config) as found:
        yield found


def page(wire: Served, path: str, **headers: str) -> BeautifulSoup:
    answer = wire.get(path, **headers)
    assert answer.status_code == 200, (path, answer.status_code)
    return BeautifulSoup(answer.text, "lxml")


def listed(soup: BeautifulSoup) -> list[str]:
    """The ids of the reports on a page, in its order."""
    return [str(each["href"]).rpartition("/")[2] for each in soup.select("article .headline a")]


def one(soup: BeautifulSoup | Tag, selector: str) -> Tag:
    (found,) = soup.select(selector)
    return found
