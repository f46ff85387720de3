"""query: SQL from the command line, a file or a pipe, with values; rows for people, spreadsheets and programs."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import click
import pytest

from tests import commands, databases
from tests.conftest import DEMO
from tests.hostile import Ran, run


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("query") / "wire.db"
    path.write_bytes(databases.upgraded("0.9.0"))
    return path


def command(database: Path, *arguments: str) -> list[str]:
    config = str(DEMO / "config")
    return [*commands.COMMAND, "--config", config, "--db", str(database), "query", *arguments]


def query(database: Path, *arguments: str, code: int = 0, given: str | bytes | None = None) -> str:
    """Its standard output, or with another code its standard error; with `given` on its standard input, a process of
    its own.
    """
    called = command(database, *arguments)
    if given is None:
        ran = run(*called[len(commands.COMMAND) :])
    else:
        said_to_it = given.encode() if isinstance(given, str) else given
        done = commands.run(called, input=said_to_it, capture_output=True, timeout=60)
        ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    said = (ran.out, ran.err)
    assert ran.code == code, said
    assert bool(said[1]) is bool(code)
    return str(said[bool(code)])


SQL = "SELECT id, title, text FROM wire ORDER BY id LIMIT 3"


def test_sql_comes_as_an_argument_from_a_file_and_from_a_pipe(database: Path) -> None:
    expected = query(database, SQL)
    assert query(database, given=SQL) == query(database, "-", given=f"\ufeff-- mine\n{SQL};\n") == expected
    assert query(database, "--json", given=SQL) == query(database, SQL, "--json")


@pytest.mark.parametrize(
    ("given", "said"),
    [("", "no SQL on standard input"), (" \n", "no SQL"), (b"SELECT '\xff'", "not UTF-8 (byte 9)"),
     ("SELECT 1 " * 200_000, "more than 1,000,000 bytes")],
    ids=["nothing", "blank", "latin-1", "long"],
)  # fmt: skip
def test_standard_input_that_is_no_sql_is_a_usage_error(database: Path, given: str | bytes, said: str) -> None:
    assert said in query(database, given=given, code=2)


def test_values_are_given_by_name_and_are_never_sql(database: Path) -> None:
    for name in ("word", ":word"):
        assert query(database, "-p", name, "O'Brien\" --", "SELECT :word AS x") == "x\nO'Brien\" --\n"
    rows = json.loads(query(database, "--json", "--param", "c", "GH", "-p", "n", "2",
                            "SELECT country FROM wire WHERE country = :c LIMIT $n"))  # fmt: skip
    assert rows == [{"country": "GH"}] * 2
    refused = {
        ("SELECT :x", "-p", "y", "1"): "the SQL has no :y",
        ("SELECT :x", "-p", "", "1"): "the SQL has no :",
        ("SELECT :x", "-p", "x", "1", "-p", ":x", "2"): "'x' has two values",
        ("SELECT :x", "-p", "x"): "requires 2 arguments",
    }
    for arguments, said in refused.items():
        assert said in query(database, *arguments, code=2)


def test_rows_come_in_the_forms_that_programs_read(database: Path) -> None:
    expected = json.loads(query(database, "--json", SQL))
    for option in ("--jsonl", "--nl"):
        assert [json.loads(row) for row in query(database, option, SQL).splitlines()] == expected
    for option, delimiter in (("--csv", ","), ("--tsv", "\t")):
        assert list(csv.DictReader(io.StringIO(query(database, option, SQL)), delimiter=delimiter)) == expected
    odd = "SELECT '=1+1' AS a, x'00ff' AS b, NULL AS c, 'é\nz' AS d"
    assert query(database, "--tsv", odd) == 'a\tb\tc\td\n\'=1+1\t00ff\t\t"é\nz"\n'
    assert query(database, "--tsv", "--verbatim", odd).startswith("a\tb\tc\td\n=1+1\t")
    assert query(database, "--jsonl", odd) == '{"a": "=1+1", "b": "00ff", "c": null, "d": "é\\nz"}\n'
    assert query(database, "--jsonl", "SELECT 1 WHERE 0") == ""
    for two in (("--csv", "--tsv"), ("--json", "--jsonl"), ("--csv", "--json")):
        assert "give one of" in query(database, *two, SQL, code=2)
    for form in ("--json", "--jsonl"):
        assert "--verbatim belongs to" in query(database, form, "--verbatim", SQL, code=2)


def test_in_a_pipe_a_row_is_a_line_with_tabs_and_nothing_else_between_columns(database: Path) -> None:
    rows = json.loads(query(database, "--json", "SELECT * FROM wire"))
    header, *lines = query(database, "SELECT * FROM wire").splitlines()
    assert header.split("\t") == list(rows[0])
    assert len(lines) == len(rows) > 50
    for line, row in zip(lines, rows, strict=True):
        for shown, value in zip(line.split("\t"), row.values(), strict=True):
            assert shown.split() == ("" if value is None else str(value)).split()
    assert query(database, "SELECT 'a\tb\nc' AS x, 1 AS y") == "x\ty\na b c\t1\n"


def at_terminal(database: Path, sql: str, columns: int, more: Mapping[str, str] | None = None) -> str:
    """What it prints at a terminal of this width."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm", **(more or {})}
    done = commands.Popen(command(database, sql), stdout=theirs, stderr=subprocess.PIPE, env=environment)
    os.close(theirs)
    parts = []
    with closing(os.fdopen(ours, "rb", buffering=0)) as terminal:
        while True:
            try:
                part = terminal.read(65_536)
            except OSError:  # nobody writes any more (Linux: EIO)
                break
            if not part:
                break
            parts.append(part)
    assert done.wait(60) == 0
    assert done.stderr is not None
    assert done.stderr.read() == b""
    done.stderr.close()
    return click.unstyle(b"".join(parts).decode()).replace("\r\n", "\n")


NARROW = "SELECT publisher, count(*) AS reports FROM wire GROUP BY publisher LIMIT 3"


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_what_does_not_fit_on_a_terminal_is_a_line_a_column(database: Path, columns: int) -> None:
    wide = at_terminal(database, "SELECT * FROM wire LIMIT 2", columns).splitlines()
    names = query(database, "SELECT * FROM wire LIMIT 0").strip().split("\t")
    assert wide[0] == "-- row 1"
    assert [row.partition(":")[0] for row in wide if not row.startswith((" ", "--"))] == names * 2
    table = at_terminal(database, NARROW, columns)
    assert table.split()[:2] == ["publisher", "reports"]
    assert "-- row" not in table
    assert all(len(row) <= columns for row in table.splitlines())


def test_no_value_passes_for_a_column_or_a_row(database: Path) -> None:
    said = at_terminal(database, f"SELECT 'a\nid: x\n-- row 2' AS text, '{'x' * 90}' AS more", 80)
    assert said == f"-- row 1\ntext: a\n  id: x\n  -- row 2\nmore: {'x' * 90}\n"
    assert "id" in at_terminal(database, "SELECT id FROM wire WHERE 0", 80)
    assert at_terminal(database, "SELECT * FROM wire WHERE 0", 40).split()[:2] == ["id", "publisher"]
    dumb = at_terminal(database, "SELECT * FROM wire LIMIT 1", 80, {"TERM": "dumb", "NO_COLOR": "1"})
    assert "\x1b" not in dumb


HINTS = [
    ("SELECT tittle FROM wire", "did you mean `title`? `wire` has id, publisher,"),
    ("SELECT w.tittle FROM wire AS w JOIN articles AS a USING (article_id)", "did you mean `title`?"),
    ("SELECT headline FROM publishers", "`publishers` has publisher, name,"),
    ("SELECT * FROM wyre", "did you mean `wire`? there are"),
    ("SELECT 1; SELECT 2", "give each statement to a `query` of its own"),
    ("SELECT :word", "-p NAME VALUE"),
    ("SELECT ?", "write :NAME in place of each ?"),
    ("SELEC 1", "look at the SQL just before this place"),
    ("SELECT 'a", "look at the SQL just before this place"),
    ("SELECT (1", "look at the SQL just before this place"),
    ("SELECT rowid FROM article_search WHERE article_search MATCH 'covid-19'", "two kinds of quotes"),
    ("SELECT rowid FROM article_search WHERE article_search MATCH 'a b\"'", "two kinds of quotes"),
    ("SELECT rowid FROM article_search WHERE article_search MATCH 'a AND'", "two kinds of quotes"),
    ("SELECT id FROM wire WHERE title MATCH 'x'", "searched for in `article_search`"),
    ("SELECT nosuch(1)", "fold(text)"),
    ("SELECT fold(1, 2)", "fold takes one"),
    ("SELECT id FROM wire JOIN articles", "write the table or its short name"),
    ("SELECT json_extract(title, '$.x') FROM wire", "json_valid"),
    ("DELETE FROM wire", "only reading is allowed"),
    ("DELETE FROM articles", "only reading is allowed"),
    ("CREATE TABLE x (y)", "only reading is allowed"),
    ("ATTACH 'x.db' AS x", "only reading is allowed"),
    ("PRAGMA journal_mode", "only reading is allowed"),
]


@pytest.mark.parametrize(("sql", "hint"), HINTS)
def test_after_an_error_stands_what_helps_with_it(database: Path, sql: str, hint: str) -> None:
    said = query(database, sql, code=1)
    assert hint in said
    assert len(said.splitlines()) == 1
    assert ".;" not in said


def test_an_error_that_needs_no_hint_has_none(database: Path) -> None:
    assert query(database, "SELECT abs(-9223372036854775807 - 1)", code=1) == "aggregator: integer overflow\n"
