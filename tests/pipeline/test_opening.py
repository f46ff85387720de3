"""Where a wire lies, and how it is opened: to read, to write, as of a time, and where there is nothing yet."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.model import Selection
from aggregator.model.errors import ConfigError, StoreError
from aggregator.pipeline import opening
from aggregator.pipeline.paths import Paths, find_config, limits_beside
from tests import ROOT
from tests.conftest import AGREEMENT, NOW, make_entry, make_publisher, record

DAY = timedelta(days=1)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Of a wire that has a configuration, and no database yet."""
    shutil.copytree(ROOT / "data" / "demo" / "config", tmp_path / "config")
    return Paths(tmp_path / "config", None)


def begun(paths: Paths) -> None:
    (paths.config_folder().parent / "data").mkdir()
    opening.open_wire(paths, opening.load_config(paths), NOW).close()


# Where its files lie


def test_a_folder_that_is_given_is_taken_as_it_is(tmp_path: Path) -> None:
    assert find_config(tmp_path / "none") == tmp_path / "none"


def test_the_folder_of_the_shell_comes_before_that_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_config() == ROOT / "config"
    (tmp_path / "config").mkdir()
    assert find_config() == ROOT / "config"  # one without wire.toml is none
    (tmp_path / "config" / "wire.toml").touch()
    assert find_config() == tmp_path / "config"


def test_the_database_lies_beside_the_configuration_or_where_it_is_said(tmp_path: Path) -> None:
    assert Paths(tmp_path / "config", None).database() == tmp_path / "data" / "wire.db"
    assert Paths(tmp_path / "config", tmp_path / "a.db").database() == tmp_path / "a.db"


def test_programs_that_open_a_database_by_different_names_share_its_limits(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "data" / "wire.db")
    limits = tmp_path / "data" / "wire.db.limits"
    assert limits_beside(tmp_path / "data" / "wire.db") == limits_beside(tmp_path / "link.db") == limits


# The files of publishers


def test_a_publishers_file_is_found_by_its_key(paths: Paths) -> None:
    files = opening.publisher_files(paths)
    for key, file in files.items():
        assert opening.publisher_file(paths, key) == file
        assert (paths.config_folder() / file).is_file()
    with pytest.raises(ConfigError, match=r'found no file of "nobody", expected publishers/COUNTRY/nobody\.toml'):
        opening.publisher_file(paths, "nobody")


# What is in force


def test_whether_the_database_has_the_configuration_of_the_files(paths: Paths) -> None:
    assert opening.is_in_force(paths) is None
    begun(paths)
    assert opening.is_in_force(paths) is True
    wire = paths.config_folder() / "wire.toml"
    wire.write_text(f"{wire.read_text()}# a remark\n")
    assert opening.is_in_force(paths) is False
    wire.unlink()
    with pytest.raises(OSError):
        opening.is_in_force(paths)


def test_a_configuration_that_cannot_be_read_is_a_fault_that_names_the_file(paths: Paths) -> None:
    (paths.config_folder() / "wire.toml").unlink()
    with pytest.raises(ConfigError, match=r"wire\.toml"):
        opening.load_config(paths)


def test_no_real_site_is_asked_in_the_name_of_an_example(paths: Paths) -> None:
    config = replace(opening.read_config(paths), placeholders=("wire.toml: name: found the example's",))
    opening.refuse_placeholders(config, "http://press.example/feed")
    with pytest.raises(ConfigError, match="nothing was fetched"):
        opening.refuse_placeholders(config, "http://press.example/feed", "https://www.lemonde.fr/rss")
    opening.refuse_placeholders(replace(config, placeholders=()), "https://www.lemonde.fr/rss")


# The database


def test_a_database_that_is_not_there_is_made_by_what_begins_a_wire_alone(paths: Paths) -> None:
    for opens in (opening.read_store, opening.open_existing):
        with pytest.raises(StoreError, match="there is no database yet"):
            opens(paths)
        assert not paths.database().exists()
    begun(paths)
    with opening.open_existing(paths) as store:
        assert not store.resume(["nobody/feed"], NOW, "person:amina")  # it can be written to
    assert paths.database().exists()


def test_what_is_read_as_of_a_time_has_the_terms_of_that_time(paths: Paths) -> None:
    begun(paths)
    ending = make_publisher(rights=replace(AGREEMENT, expires=NOW.date()))
    config = replace(opening.load_config(paths), publishers=(ending,), digest=None)
    with opening.open_wire(paths, config, NOW) as store:
        record(store, ending, make_entry())
    for now, scope in ((None, "full_text"), (NOW, "full_text"), (NOW + DAY, "excerpt")):
        with opening.read_store(paths, now) as reader:
            assert [report.text_scope for report in reader.latest(Selection())] == [scope]
