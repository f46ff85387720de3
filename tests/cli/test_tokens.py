"""Tokens: printed once, stored as hashes alone, revoked at once."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.store import Store
from tests.hostile import run
from tests.make_database import CONFIG


@pytest.fixture
def database(tmp_path: Path) -> Path:
    Store.open(tmp_path / "wire.db").close()
    return tmp_path / "wire.db"


def call(database: Path, *arguments: str) -> tuple[int, str, str]:
    ran = run("--config", str(CONFIG), "--db", str(database), "tokens", *arguments)
    return ran.code, ran.out, ran.err


def test_a_token_is_printed_once_and_stored_as_its_hash(database: Path) -> None:
    code, out, err = call(database, "add", "library", "--channel", "api", "--channel", "web", "--rate", "7")
    token = out.strip()
    assert (code, len(token)) == (0, 43)
    assert "once" in err
    with closing(sqlite3.connect(database)) as connection:
        ((found, name, channels, rate),) = connection.execute("SELECT token_hash, name, channels, rate FROM tokens")
        assert (name, channels, rate) == ("library", "api web", 7)
        assert found == hashlib.sha256(token.encode()).hexdigest()
        assert not any(token in line for line in connection.iterdump())
    assert token not in call(database, "list", "--json")[1]
    assert call(database, "add", "library")[0] == 1  # it has one
    assert call(database, "revoke", "library")[0] == 0
    assert call(database, "revoke", "library")[0] == 1
    assert call(database, "add", "library")[0] == 0
    code, out, _ = call(database, "list")
    assert (code, out.count("library")) == (0, 2), out


def test_a_person_has_a_token_for_the_desk_by_which_no_program_reads(database: Path) -> None:
    code, out, err = call(database, "add", "ama@desk.example", "--desk", "act")
    assert (code, len(out.strip())) == (0, 43)
    assert "/desk" in err
    assert call(database, "add", "zola", "--desk", "read")[0] == 0
    assert call(database, "add", "ama@desk.example")[0] == 1  # a name is of one
    with Store.read(database) as store:
        assert store.tokens_in_force() == []
        assert [(person.name, person.right) for _, person in store.desk_people()] == [
            ("ama@desk.example", "act"), ("zola", "read"),
        ]  # fmt: skip
    assert [row["desk"] for row in json.loads(call(database, "list", "--json")[1])] == ["act", "read"]
    assert call(database, "revoke", "zola")[0] == 0
    with Store.read(database) as store:
        assert [person.name for _, person in store.desk_people()] == ["ama@desk.example"]
    for more in (("--channel", "web"), ("--rate", "5"), ("--desk", "all")):
        assert call(database, "add", "other", "--desk", "act", *more)[0] == 2


@pytest.mark.parametrize(
    "arguments", [("add", ""), ("add", "a b"), ("add", "x\x1b[31m"), ("add", "x", "--rate", "0"), ("revoke", "../x"),
                  ("add", "x", "--channel", "fax")],
)  # fmt: skip
def test_what_is_no_client_is_a_usage_error(database: Path, arguments: tuple[str, ...]) -> None:
    code, _, err = call(database, *arguments)
    assert code == 2
    assert "\x1b" not in err
