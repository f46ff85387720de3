"""The checked configuration that the database keeps: used while no file has changed, and never afterwards."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.config.loading import load
from aggregator.model.errors import ConfigError
from aggregator.pipeline import opening
from aggregator.pipeline.cached import digest, pack, unpack
from aggregator.pipeline.opening import load_config, open_wire, read_config, read_store
from aggregator.pipeline.paths import Paths
from tests import ROOT
from tests.conftest import NOW
from tests.rows import every_row

CONFIG = ROOT / "data" / "demo" / "config"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Of a wire whose database keeps the configuration."""
    shutil.copytree(CONFIG, tmp_path / "config")
    made = Paths(tmp_path / "config", tmp_path / "wire.db")
    open_wire(made, load_config(made), NOW).close()
    return made


def some_file(paths: Paths) -> Path:
    assert paths.config is not None
    return min((paths.config / "publishers").rglob("*.toml"))


def test_it_comes_back_as_it_was() -> None:
    config = load(CONFIG)
    assert unpack(pack(config)) == config


@every_row("kept", ["", "{}", "[1, 2", '{"wire": 1, "publishers": []}'])
def test_what_is_no_configuration_is_none(kept: str) -> None:
    assert unpack(kept) is None


def test_it_is_read_back_without_reading_toml(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = read_config(paths)
    monkeypatch.setattr(opening, "read_config", lambda paths: pytest.fail("the files were read"))
    config = load_config(paths)
    assert (config.wire, config.publishers) == (checked.wire, checked.publishers)


def test_a_changed_file_is_read(paths: Paths) -> None:
    file = some_file(paths)
    file.write_text(file.read_text().replace('place = "', 'place = "New ', 1))
    changed = load_config(paths)
    assert any(publisher.place.startswith("New ") for publisher in changed.publishers)
    open_wire(paths, changed, NOW + timedelta(hours=1)).close()
    assert load_config(paths) == changed


def test_a_changed_remark_is_kept_too(paths: Paths) -> None:
    file = some_file(paths)
    file.write_text(f"# a remark\n{file.read_text()}")
    open_wire(paths, load_config(paths), NOW).close()
    with read_store(paths) as store:
        assert store.kept_config(digest(paths.config_folder())) is not None


def test_a_new_file_and_a_missing_one_are_noticed(paths: Paths) -> None:
    file = some_file(paths)
    before = len(load_config(paths).publishers)
    file.rename(file.with_name("another-name.toml"))
    assert "another-name" in {publisher.key for publisher in load_config(paths).publishers}
    file.with_name("another-name.toml").unlink()
    assert len(load_config(paths).publishers) == before - 1


def test_a_fault_is_reported_although_a_good_one_is_kept(paths: Paths) -> None:
    some_file(paths).write_text("name = ")
    file = some_file(paths)
    assert [Path(each.file).name for each in load_config(paths).faulty] == [file.name]
    (file.parents[2] / "wire.toml").write_text("name = ")
    with pytest.raises(ConfigError):
        load_config(paths)


def test_what_is_damaged_is_read_anew(paths: Paths) -> None:
    with sqlite3.connect(paths.database()) as connection:
        connection.execute("UPDATE settings SET value = substr(value, 1, 200) WHERE name = 'config_kept'")
    assert load_config(paths).publishers == read_config(paths).publishers
