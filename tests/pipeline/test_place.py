"""Where a wire's database is: the command line, the environment, wire.toml, or the usual file."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from aggregator.config.shapes.checking import check
from aggregator.config.shapes.wire import WIRE as SHAPE
from aggregator.model import Template
from aggregator.model.errors import ConfigError, StoreError
from aggregator.model.place import PostgresPlace
from aggregator.pipeline.opening import load_config
from aggregator.pipeline.paths import Paths, limits_beside
from tests.commands import COMMAND, run

WIRE = (Path(__file__).parents[2] / "config" / "wire.toml").read_text()
URL = "postgresql://wire:${WIRE_PASSWORD}@db.example/news"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wire whose wire.toml names a database."""
    monkeypatch.setenv("WIRE_PASSWORD", "s3cret")
    config = tmp_path / "config"
    (config / "publishers").mkdir(parents=True)
    (config / "rights.toml").write_text("")
    _write(config, f'url = "{URL}"')
    return config


def _write(config: Path, lines: str) -> None:
    (config / "wire.toml").write_text(WIRE.replace("[store]\n", f"[store]\n{lines}\n"))


def test_the_database_of_wire_toml_is_used_and_its_files_are_in_the_usual_folder(folder: Path) -> None:
    place = Paths(folder, None).database()
    assert isinstance(place, PostgresPlace)
    assert (place.name, place.url) == ("postgresql://wire@db.example/news", "postgresql://wire:s3cret@db.example/news")
    assert place.beside == folder.parent / "data" / "news.postgresql"
    assert limits_beside(place).name == "news.postgresql.limits"
    assert "s3cret" not in repr(place)


def test_a_folder_of_wire_toml_is_taken_from_there(folder: Path) -> None:
    _write(folder, f'url = "{URL}"\nfolder = "../files"')
    place = Paths(folder, None).database()
    assert isinstance(place, PostgresPlace)
    assert place.beside == folder / "../files" / "news.postgresql"
    assert check(SHAPE, tomllib.loads((folder / "wire.toml").read_text()))[1] == []


@pytest.mark.parametrize("given", [Path("other.db"), Template("postgresql://db2.example/other")])
def test_what_is_given_goes_before_wire_toml(folder: Path, given: Path | Template) -> None:
    place = Paths(folder, given).database()
    assert place == given if isinstance(given, Path) else str(place) == given.text


def test_databases_of_like_names_have_files_of_their_own(folder: Path) -> None:
    names = ["news", "news/x", "news%2Fx", "news_x", "n" * 80, "n" * 81, ""]
    beside = set()
    for name in names:
        if "/" not in name:
            place = Paths(folder, Template(f"postgresql://db.example/{name}")).database()
            assert isinstance(place, PostgresPlace)
            beside.add(place.beside.name)
    assert len(beside) == len(names) - 1


def test_a_wire_toml_that_cannot_be_read_never_leads_to_another_database(folder: Path) -> None:
    _write(folder, f'url = "{URL}"\nkeep_polls_days = = 3')
    with pytest.raises(ConfigError, match="names the database") as caught:
        Paths(folder, None).database()
    assert "WIRE_PASSWORD" not in str(caught.value)
    assert Paths(folder, Path("wire.db")).database() == Path("wire.db")


def test_a_server_keeps_the_database_that_the_file_named_when_it_began(folder: Path) -> None:
    held = Paths(folder, None).held()
    before = held.database()
    _write(folder, 'url = "postgresql://elsewhere.example/other" =')
    assert held.database() == before


def test_a_password_in_wire_toml_is_refused_and_not_shown(folder: Path) -> None:
    _write(folder, 'url = "postgresql://wire:s3cret@db.example/news"')
    with pytest.raises(ConfigError, match=r"store\.url: found a text that is not shown") as caught:
        load_config(Paths(folder, Path("none.db")))
    assert "s3cret" not in str(caught.value)


def test_a_variable_that_is_missing_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WIRE_PASSWORD")
    with pytest.raises(StoreError, match=r"wire\.toml: store\.url: the variable WIRE_PASSWORD"):
        Paths(folder, None).database()


@pytest.mark.parametrize("url", ["postgresql://wire:p@s3cret@db.example/news", "postgresql:/s3cret"])
def test_the_command_line_refuses_what_is_no_address_without_showing_it(url: str) -> None:
    ended = run([*COMMAND, "--db", url, "latest"], capture_output=True, text=True)
    assert ended.returncode == 2
    said = ended.stdout + ended.stderr
    assert "s3cret" not in said
    assert "no address of a database" in said


def test_without_the_driver_one_sentence_says_how_to_install_it(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from aggregator.cli import main\n"
        "main(['--db', 'postgresql://wire:s3cret@db.example/news', 'latest'])"
    )
    ended = run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "pip install 'aggregator[postgres]'" in ended.stderr
    assert "s3cret" not in ended.stderr


@pytest.mark.parametrize("parameter", ["port=x", "sslmode=s3cret", "no_such=1", "host=/none/at/all"])
def test_what_libpq_refuses_is_said_without_the_password(parameter: str, tmp_path: Path) -> None:
    url = f"postgresql://wire:s3cret@/news?{parameter}"
    ended = run([*COMMAND, "--db", url, "latest"], capture_output=True, text=True, cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.startswith("aggregator: postgresql://wire@/news")
    assert "Traceback" not in ended.stderr
    assert "s3cret@" not in ended.stderr
