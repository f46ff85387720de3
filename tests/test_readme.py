"""The README keeps its word: its queries run, its commands exist, its tables are the database's."""

from __future__ import annotations

import gzip
import re
import shutil
from pathlib import Path

import pytest

from aggregator.cli import COMMANDS
from aggregator.model import Publisher
from aggregator.store import Store
from tests.conftest import make_entry, record
from tests.make_database import DATABASES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
QUERIES = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)


def test_there_are_ten_queries_at_least() -> None:
    assert len(QUERIES) >= 10


@pytest.mark.parametrize("sql", [*QUERIES, (ROOT / "data" / "demo" / "reports.sql").read_text()])
def test_every_query_runs(store: Store, publisher: Publisher, sql: str) -> None:
    record(store, publisher, make_entry(1), make_entry(2))
    with Store.read(store.path) as reader:
        names, rows = reader.query(sql)
        assert names
        list(rows)


# These list what is wrong, which in the demo is nothing.
_OF_TROUBLE = ("HAVING newest IS NULL", "json_each(p.drops)", "WHERE failures > 0", "HAVING missing > 0")


def test_the_queries_find_something_in_the_demo(tmp_path: Path) -> None:
    database = tmp_path / "wire.db"
    database.write_bytes(gzip.decompress((DATABASES / "0.2.0.db.gz").read_bytes()))
    with Store.open(database) as store:
        while store.index():
            pass
    with Store.read(database) as reader:
        ((last,),) = reader.query("SELECT max(at) FROM changes")[1]
        tried = [sql for sql in QUERIES if not any(each in sql for each in _OF_TROUBLE)]
        assert len(tried) == len(QUERIES) - len(_OF_TROUBLE)
        for sql in tried:
            assert list(reader.query(sql.replace("'now'", f"'{last}'"))[1]), sql


def test_the_commands_are_those_of_the_program() -> None:
    listed = README.partition("<!-- commands:")[2].partition("```text\n")[2].partition("```")[0]
    assert listed == "".join(f"{name:<11} {said}\n" for name, said in COMMANDS.items())


@pytest.mark.parametrize("view", ["wire", "health", "notices", "wire_at"])
def test_the_columns_of_the_views_are_those_of_the_database(store: Store, view: str) -> None:
    (row,) = re.findall(rf"^\| `{view}` \|.*`([^`]*)` \|$", README, re.MULTILINE)
    with Store.read(store.path) as reader:
        names, _ = reader.query(f"SELECT * FROM {view}")  # noqa: S608
    assert row.split() == names


def test_every_table_is_described(store: Store) -> None:
    with Store.read(store.path) as reader:
        _, rows = reader.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%sqlite%'")
        tables = {str(name) for (name,) in rows if not str(name).startswith("article_search_")}
    internal = {"settings", "dictionaries", "search_queue", "search_removals"}
    missing = {table for table in tables - internal if f"`{table}`" not in README}
    assert not missing


def test_every_dependency_has_its_line() -> None:
    names = re.findall(r'^    "([a-z0-9-]+)[><=]', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    table = README.partition("### Dependencies")[2]
    assert names
    for name in names:
        assert re.search(rf"^\|.*\b{name}\b", table, re.MULTILINE), name


def test_the_publisher_of_the_readme_loads(tmp_path: Path) -> None:
    from aggregator.config.loading import load

    text = README.partition("## Add a publisher")[2].partition("```toml\n")[2].partition("```")[0]
    config = tmp_path / "config"
    own = Path("publishers") / "xa" / "example-wire.toml"  # the others need not be read again
    (config / own).parent.mkdir(parents=True)
    for name in ("wire.toml", "rights.toml", own):
        shutil.copy(ROOT / "config" / name, config / name)
    (config / "publishers" / "ml").mkdir()
    (config / "publishers" / "ml" / "daily-example.toml").write_text(text)
    assert "daily-example" in {publisher.key for publisher in load(config).publishers}


def test_the_keys_of_a_source_are_those_of_its_table() -> None:
    from aggregator.config.shapes import SourceTable

    table = README.partition("| key of `[[source]]` |")[2].partition("\n\n")[0]
    named = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(info.alias or name for name, info in SourceTable.model_fields.items())


def test_what_is_named_for_developers_is_there() -> None:
    """Files of the project by their path, and functions and tables by `module.name`."""
    named = re.findall(r"`([\w.]+(?:/[\w.]+)*/?)`", (ROOT / "DEVELOPERS.md").read_text())
    paths = [name for name in named if "/" in name and "KIND" not in name]
    assert len(paths) > 15
    for path in paths:
        assert (ROOT / path).exists() or (ROOT / "aggregator" / path).exists(), path
    functions = [name.removeprefix("tests.").rpartition(".") for name in named if "/" not in name]
    functions = [
        parts
        for parts in functions
        if re.fullmatch(r"[a-z_.]+", parts[0]) and parts[2] not in ("toml", "py", "txt", "lock")
    ]
    assert len(functions) >= 6
    for module, _, name in functions:
        folders = (ROOT / "aggregator", ROOT / "tests", ROOT / "aggregator" / "store" / "sqlite")
        files = [folder / f"{module.replace('.', '/')}{end}" for folder in folders for end in (".py", "/__init__.py")]
        assert any(re.search(rf"\b{name}\b", file.read_text()) for file in files if file.exists()), f"{module}.{name}"
