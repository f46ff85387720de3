"""The checked configuration that the database keeps: used while no file has changed, and never afterwards."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.config import load
from aggregator.model.errors import ConfigError
from aggregator.pipeline.cached import digest, pack, unpack
from aggregator.pipeline.opening import Workplace
from tests.conftest import NOW

CONFIG = Path(__file__).parents[1] / "data" / "demo" / "config"


@pytest.fixture
def here(tmp_path: Path) -> Workplace:
    """A workplace whose database keeps the configuration."""
    shutil.copytree(CONFIG, tmp_path / "config")
    made = Workplace(tmp_path / "config", tmp_path / "wire.db")
    made.open_synced(made.load_config(), NOW).close()
    return made


def some_file(here: Workplace) -> Path:
    assert here.config is not None
    return min((here.config / "publishers").rglob("*.toml"))


def test_it_comes_back_as_it_was() -> None:
    config = load(CONFIG)
    assert unpack(pack(config)) == config


@pytest.mark.parametrize("kept", ["", "{}", "[1, 2", '{"wire": 1, "publishers": []}'])
def test_what_is_no_configuration_is_none(kept: str) -> None:
    assert unpack(kept) is None


def test_it_is_read_back_without_reading_toml(here: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = here.check_config()
    monkeypatch.setattr(Workplace, "check_config", lambda self: pytest.fail("the files were read"))
    config = here.load_config()
    assert (config.wire, config.publishers) == (checked.wire, checked.publishers)


def test_a_changed_file_is_read(here: Workplace) -> None:
    file = some_file(here)
    file.write_text(file.read_text().replace('place = "', 'place = "New ', 1))
    changed = here.load_config()
    assert any(publisher.place.startswith("New ") for publisher in changed.publishers)
    here.open_synced(changed, NOW + timedelta(hours=1)).close()
    assert here.load_config() == changed


def test_a_changed_remark_is_kept_too(here: Workplace) -> None:
    file = some_file(here)
    file.write_text(f"# a remark\n{file.read_text()}")
    here.open_synced(here.load_config(), NOW).close()
    with here.read_store() as store:
        assert store.kept_config(digest(here.config_folder())) is not None


def test_a_new_file_and_a_missing_one_are_noticed(here: Workplace) -> None:
    file = some_file(here)
    before = len(here.load_config().publishers)
    file.rename(file.with_name("another-name.toml"))
    assert "another-name" in {publisher.key for publisher in here.load_config().publishers}
    file.with_name("another-name.toml").unlink()
    assert len(here.load_config().publishers) == before - 1


def test_a_fault_is_reported_although_a_good_one_is_kept(here: Workplace) -> None:
    some_file(here).write_text("name = ")
    file = some_file(here)
    assert [Path(each.file).name for each in here.load_config().faulty] == [file.name]
    (file.parents[2] / "wire.toml").write_text("name = ")
    with pytest.raises(ConfigError):
        here.load_config()


def test_what_is_damaged_is_read_anew(here: Workplace) -> None:
    with sqlite3.connect(here.database()) as connection:
        connection.execute("UPDATE settings SET value = substr(value, 1, 200) WHERE name = 'config_kept'")
    assert here.load_config().publishers == here.check_config().publishers
