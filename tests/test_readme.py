"""README and docs keep their word: queries run, commands exist, tables and keys are the program's, links lead on."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
from msgspec.structs import fields
from pydantic import BaseModel
from rich.cells import cell_len

from aggregator.cli import COMMANDS
from aggregator.config.loading import load
from aggregator.config.shapes.publisher import PublisherFile, SourceTable
from aggregator.config.shapes.wire import WireFile
from aggregator.model import Corrections, Images, Publisher, Rights
from aggregator.model.poll import Outcome
from aggregator.model.publisher import ItemClass, Kind
from aggregator.rights import DEFAULT_DISCLAIMERS
from aggregator.rights.effects import TAKES_EFFECT
from aggregator.store import Store
from tests.conftest import make_entry, record
from tests.databases import upgraded
from tests.rows import every_row

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text()
DATABASE = (DOCS / "database.md").read_text()
CONFIGURATION = (DOCS / "configuration.md").read_text()
COMMANDS_PAGE = (DOCS / "commands.md").read_text()
PAGES = sorted([ROOT / "README.md", ROOT / "DEVELOPERS.md", *DOCS.glob("*.md")])
QUERIES = re.findall(r"```sql\n(.*?)```", README + DATABASE, re.DOTALL)


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
_OF_DAYS = ("FROM figures",)  # that are over, which the day of the demo is not
_OF_TROUBLE = ("HAVING newest IS NULL", "json_each(p.drops)", "WHERE failures > 0", "HAVING missing > 0")


def test_the_queries_find_something_in_the_demo(tmp_path: Path) -> None:
    database = tmp_path / "wire.db"
    database.write_bytes(upgraded("0.2.0"))
    with Store.open(database) as store:
        while store.index():
            pass
    with Store.read(database) as reader:
        ((last,),) = reader.query("SELECT max(at) FROM changes")[1]
        others = (*_OF_TROUBLE, *_OF_DAYS)
        tried = [sql for sql in QUERIES if not any(each in sql for each in others)]
        assert len(tried) == len(QUERIES) - len(others)
        for sql in tried:
            assert list(reader.query(sql.replace("'now'", f"'{last}'"))[1]), sql


def test_the_commands_are_those_of_the_program() -> None:
    listed = COMMANDS_PAGE.partition("<!-- commands:")[2].partition("```text\n")[2].partition("```")[0]
    assert listed == "".join(f"{name:<11} {said}\n" for name, said in COMMANDS.items())


@pytest.mark.parametrize("view", ["wire", "health", "notices", "wire_at"])
def test_the_columns_of_the_views_are_those_of_the_database(store: Store, view: str) -> None:
    (row,) = re.findall(rf"^\| `{view}` \|.*`([^`]*)` \|$", DATABASE, re.MULTILINE)
    with Store.read(store.path) as reader:
        names, _ = reader.query(f"SELECT * FROM {view}")  # noqa: S608
    assert row.split() == names


def test_every_table_is_described(store: Store) -> None:
    with Store.read(store.path) as reader:
        _, rows = reader.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%sqlite%'")
        tables = {str(name) for (name,) in rows if not str(name).startswith("article_search_")}
    internal = {"settings", "dictionaries", "search_queue", "search_removals"}
    missing = {table for table in tables - internal if f"`{table}`" not in DATABASE}
    assert not missing


def test_every_dependency_has_its_line() -> None:
    names = re.findall(r'^    "([a-z0-9-]+)[><=]', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    table = README.partition("### Dependencies")[2]
    assert names
    for name in names:
        assert re.search(rf"^\|.*\b{name}\b", table, re.MULTILINE), name


def test_the_publisher_of_the_readme_loads(tmp_path: Path) -> None:
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
    table = CONFIGURATION.partition("| key of `[[source]]` |")[2].partition("\n\n")[0]
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


def keys(model: type[BaseModel], before: str = "") -> Iterator[tuple[str, str]]:
    """The keys of a TOML file with their defaults as the page writes them; those of tables after a dot."""
    for name, info in model.model_fields.items():
        key = before + (info.alias or name)
        tables = [each for each in get_args(info.annotation) if isinstance(each, type) and issubclass(each, BaseModel)]
        if isinstance(info.default, BaseModel):
            yield from keys(type(info.default), f"{key}.")
        elif tables and info.default is None:  # a table that may be left out
            yield from keys(tables[0], f"{key}.")
        elif info.is_required():
            yield key, "-"
        else:
            yield key, written(info.default)


def written(default: object) -> str:
    return "none" if default is None else f"`{json.dumps(default)}`"


def rows(page: str, name: str) -> list[list[str]]:
    """The cells of the table behind the comment that begins with `name`."""
    table = page.partition(f"<!-- {name}: kept true by tests/test_readme.py -->\n\n")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]


@pytest.mark.parametrize(("name", "model"), [("keys of wire.toml", WireFile), ("keys of a publisher", PublisherFile)])
def test_every_key_is_described_with_its_default(name: str, model: type[BaseModel]) -> None:
    described = [(key.strip("`"), default) for key, default, what in rows(CONFIGURATION, name) if what]
    assert sorted(described) == sorted(keys(model))


def test_every_key_of_rights_is_described_with_default_values_and_effect() -> None:
    described = rows((DOCS / "rights.md").read_text(), "keys of rights")
    nouns = {"": Rights, "images.": Images, "corrections.": Corrections}
    hints = {before + key: hint for before, noun in nouns.items() for key, hint in get_type_hints(noun).items()}
    least = Rights(relationship="none", basis="none", text_scope="none", credit="x")
    required = {each.name for each in fields(Rights) if each.required}
    for key, default, values, effect in described:
        name = key.strip("`")
        assert effect == (TAKES_EFFECT[name] or "nothing yet"), name
        assert default == ("-" if name in required else written(attrgetter(name)(least))), name
        literals = [each for each in (hints[name], *get_args(hints[name])) if get_origin(each) is Literal]
        assert values == ", ".join(f"`{value}`" for each in literals for value in get_args(each)), name
    assert [key.strip("`") for key, *_ in described] == [key for key in TAKES_EFFECT if not key.startswith("contact.")]


def test_the_names_of_disclaimers_kinds_and_classes_are_all_there() -> None:
    (row,) = re.findall(r"^\| `disclaimers` .*$", CONFIGURATION, re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", row)[1:]) == sorted(DEFAULT_DISCLAIMERS)
    for title, values in (("Kinds", get_args(Kind)), ("Classes", get_args(ItemClass))):
        said = CONFIGURATION.partition(f"**{title}**")[2].partition(":")[2].partition(".")[0]
        assert re.findall(r"\w+", said) == list(values)


def test_outcomes_of_polls_are_all_described() -> None:
    table = (DOCS / "polling.md").read_text().partition("| outcome of a poll |")[2].partition("\n\n")[0]
    named = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(get_args(Outcome))


@every_row("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        file, _, part = target.partition("#")
        aim = page.parent / file if file else page
        assert aim.exists(), target
        heads = re.findall(r"^#+ (.*)$", aim.read_text(), re.MULTILINE) if part else []
        assert not part or part in [re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads], target


def test_the_readme_leads_to_every_page() -> None:
    assert set(re.findall(r"\]\(docs/([\w.-]+)\)", README)) >= {page.name for page in DOCS.glob("*.md")}


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 260


def test_the_picture_of_the_readme_fits_a_terminal() -> None:
    picture = README.partition("```text\n")[2].partition("```")[0]
    assert picture.startswith("$ make demo\n")
    assert max(map(cell_len, picture.splitlines())) <= 80
