"""Addresses of databases: what is none is refused without a word of it, and no name has a password."""

from __future__ import annotations

import pytest
from psycopg.conninfo import conninfo_to_dict

from aggregator.model import Template
from aggregator.model.errors import StoreError
from aggregator.text import database_urls

SECRET = "s3cret/p@ss:w#r%d?"
ENVIRONMENT = {"WIRE_PASSWORD": SECRET, "WIRE_HOST": "db.example"}

# What is written, how it is named, and what libpq makes of it (password aside).
SOUND: list[tuple[str, str, dict[str, str]]] = [
    (
        "postgresql://wire:${WIRE_PASSWORD}@db.example/wire",
        "postgresql://wire@db.example/wire",
        {"host": "db.example", "user": "wire", "dbname": "wire"},
    ),
    (
        "postgres://wire:${WIRE_PASSWORD}@db.example:6432/wire?sslmode=verify-full",
        "postgresql://wire@db.example:6432/wire",
        {"port": "6432", "sslmode": "verify-full"},
    ),
    (
        "postgresql:///wire?host=/run/postgresql&password=${WIRE_PASSWORD}",
        "postgresql:///wire?host=/run/postgresql",
        {"host": "/run/postgresql", "dbname": "wire"},
    ),
    (
        "postgresql://wire:${WIRE_PASSWORD}@[2001:db8::1]:5432,db2.example/wire?target_session_attrs=read-write",
        "postgresql://wire@[2001:db8::1]:5432,db2.example/wire",
        {"host": "2001:db8::1,db2.example"},
    ),
    (
        "postgresql://wire:${WIRE_PASSWORD}@${WIRE_HOST}/wire",
        "postgresql://wire@${WIRE_HOST}/wire",
        {"host": "db.example"},
    ),
    (
        "postgresql://?service=wire&password=${WIRE_PASSWORD}",
        "postgresql://?service=wire",
        {"service": "wire"},
    ),
    (
        "postgresql://w%40x:s3cret%2Fp%40ss%3Aw%23r%25d%3F@db.example/wire",
        "postgresql://w%40x@db.example/wire",
        {"user": "w@x"},
    ),
]

UNSOUND = [
    f"postgresql://wire:{SECRET}@db.example/wire",
    "postgresql://wire:s3cret@p@ss@db.example/wire",
    "postgresql://wire:s3cret/p@db.example/wire",
    "postgresql://wire:12/s3cret@db.example/wire",
    "postgresql://wire:12?s3cret@db.example/wire",
    "postgresql://wire:s3cret%zz@db.example/wire",
    "postgresql://wire:s3cret%00@db.example/wire",
    "postgresql://wire:s3cret#x@db.example/wire",
    "postgresql://wire:s3cret x@db.example/wire",
    "postgresql://wire:s3cret\x1b[31m@db.example/wire",
    "postgresql://wire:${s3cret}@db.example/wire",
    "postgresql://wire@db.example/wire?s3cret",
    "postgresql://wire@db.example/wire?password=s3cret=x",
    "postgresql:/wire:s3cret@db.example",
    "postgresql:wire:s3cret",
]


@pytest.mark.parametrize(("written", "name", "parts"), SOUND)
def test_an_address_is_what_libpq_takes_and_its_name_has_no_password(
    written: str, name: str, parts: dict[str, str]
) -> None:
    address = database_urls.read(Template(written), ENVIRONMENT, "--db")
    assert str(address) == address.name == name
    assert "s3cret" not in repr(address)
    taken = conninfo_to_dict(address.url)
    assert taken.pop("password") == SECRET
    assert parts.items() <= taken.items()
    assert database_urls.holds_password(written) is ("${WIRE_PASSWORD}" not in written)


@pytest.mark.parametrize("written", UNSOUND)
def test_what_is_no_address_is_refused_without_a_word_of_it(written: str) -> None:
    assert database_urls.is_database_url(written)
    with pytest.raises(StoreError) as caught:
        database_urls.read(Template(written), ENVIRONMENT, "wire.toml: store.url")
    assert "s3cret" not in str(caught.value)
    assert "db.example" not in str(caught.value)
    assert str(caught.value).startswith("wire.toml: store.url: ")


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(StoreError, match=r"--db: the variable WIRE_PASSWORD of the environment is not set"):
        database_urls.read(Template("postgresql://wire:${WIRE_PASSWORD}@db.example/wire"), {}, "--db")


@pytest.mark.parametrize("written", ["wire.db", "/srv/postgresql:/wire.db", "data/postgres.db", "postgresql"])
def test_a_file_is_no_address(written: str) -> None:
    assert not database_urls.is_database_url(written)
