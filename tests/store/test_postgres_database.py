"""How a database of PostgreSQL is opened, brought up to date, refused and lost; and that it has what SQLite's has.

Each test's wire is a schema of one database, which is also how several wires can share one.
"""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.conninfo import make_conninfo

from aggregator.desk.terms import sync, with_terms
from aggregator.model.errors import QueryRefused, StoreBusy, StoreError
from aggregator.model.place import PostgresPlace
from aggregator.store import Store
from aggregator.store.postgres import migrations, opening, readers
from aggregator.store.postgres.connection import PostgresConnection
from aggregator.store.sqlite import connection as sqlite_connection
from tests import ROOT, postgres
from tests.conftest import AGREEMENT, NOW, WIRE, make_publisher
from tests.rows import every_row

# What only PostgreSQL has, because several machines use it, and what has another form there: docs/postgres.md.
ITS_OWN = {"migrations", "programs", "publisher_writes"}
OF_SQLITE = {"_sqlite_migrations", "search_removals", "article_search"}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> PostgresPlace:
    return postgres.place_of(tmp_path_factory.mktemp("wires") / "wire")


def schema(database: PostgresPlace, request: pytest.FixtureRequest) -> PostgresPlace:
    name = re.sub(r"\W+", "_", request.node.name)[-60:].strip("_").lower()
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return replace(database, url=make_conninfo(database.url, options=f"-csearch_path={name}"))


@pytest.fixture
def place(database: PostgresPlace, request: pytest.FixtureRequest) -> PostgresPlace:
    """An empty schema."""
    return schema(database, request)


@contextmanager
def sql(place: PostgresPlace) -> Iterator[psycopg.Connection]:
    with psycopg.connect(place.url, autocommit=True) as connection:
        yield connection


def tables(place: PostgresPlace) -> set[str]:
    with sql(place) as connection:
        return {
            name
            for (name,) in connection.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
            )
        }


def test_a_new_database_is_made_once_and_read(place: PostgresPlace) -> None:
    with pytest.raises(StoreError, match=r"there is no wire in this database yet; `aggregator fetch` makes it"):
        Store.read(place)
    Store.open(place).close()
    with sql(place) as connection:
        before = connection.execute("SELECT name, applied_at FROM migrations").fetchall()
    with Store.open(place) as store:
        assert store.is_current()
    with sql(place) as connection:
        assert connection.execute("SELECT name, applied_at FROM migrations").fetchall() == before
        assert [name for name, _ in before] == [each.name for each in migrations.known()]
    with Store.read(place) as store:
        assert store.is_current()
        assert store.is_as_stored()


def test_tables_and_views_are_those_of_sqlite_by_name_and_column(tmp_path: Path) -> None:
    Store.open(tmp_path / "wire.db").close()
    place = postgres.place_of(tmp_path / "wire")
    with sql(place) as connection:
        columns = connection.execute(
            "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name NOT LIKE 'procrastinate%' GROUP BY table_name"
        )
        ours = dict(columns.fetchall())
    with closing(sqlite_connection.to_read(tmp_path / "wire.db", 1)) as file:
        names = file.execute(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'view', 'virtual')"
            " AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        theirs = {name: file.columns_of(name) for (name,) in names}
    assert ours.keys() - theirs.keys() == ITS_OWN
    assert theirs.keys() - ours.keys() == OF_SQLITE - ours.keys()
    for name in ours.keys() & theirs.keys() - OF_SQLITE:
        assert [each for each in ours[name] if each != "rowid"] == theirs[name], name  # SQLite's is not listed
    said = (ROOT / "docs" / "postgres.md").read_text()
    assert all(f"`{name}`" in said for name in ITS_OWN)


# What is refused


def test_the_database_of_another_program_is_refused_and_stays_as_it_is(place: PostgresPlace) -> None:
    with sql(place) as connection:
        connection.execute("CREATE TABLE migrations (id integer, migration text, batch integer)")  # as Laravel has it
    for opened in (Store.open, Store.read):
        with pytest.raises(StoreError, match=r"has tables of another program \(such as \"migrations\"\)"):
            opened(place)
    assert tables(place) == {"migrations"}


def test_a_schema_that_is_not_there_is_named(database: PostgresPlace) -> None:
    nowhere = replace(database, url=make_conninfo(database.url, options="-csearch_path=nowhere"))
    with pytest.raises(StoreError, match="there is no schema of those in `search_path`"):
        Store.open(nowhere)


def test_a_newer_database_is_refused_where_it_has_taken_something_away(place: PostgresPlace) -> None:
    Store.open(place).close()
    with sql(place) as connection:
        connection.execute("INSERT INTO migrations VALUES ('9001_before_more', '2027-01-01T00:00:00Z')")
    with Store.open(place) as store, Store.read(place) as reader:  # the version before goes on
        assert store.is_current()
        assert reader.stored_publishers() == []
    with sql(place) as connection:
        connection.execute("INSERT INTO migrations VALUES ('9001_after_more', '2027-01-01T00:00:00Z')")
    for opened in (Store.open, Store.read):
        with pytest.raises(StoreError, match=r"a newer version .* \(it has 9001_after_more, .*; it was not changed"):
            opened(place)


def test_who_reads_an_older_database_is_told_what_brings_it_up_to_date(place: PostgresPlace, tmp_path: Path) -> None:
    Store.open(place).close()
    (tmp_path / "9001_before_names.sql").touch()
    newer = (*migrations.known(), *migrations.in_folder(tmp_path))
    with closing(PostgresConnection(place, 1, reads_only=True)) as reader:
        has = opening.refuse_foreign(reader, newer)
        opening.refuse_older(reader, has, migrations.known())
        with pytest.raises(StoreError, match="an older version of aggregator made this database; `aggregator fetch`"):
            opening.refuse_older(reader, has, newer)


def test_a_database_that_cannot_hold_every_letter_is_refused(database: PostgresPlace) -> None:
    name = f"{postgres.name_of(database)}_latin1"
    with sql(database) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
        try:
            with pytest.raises(StoreError, match="holds LATIN1 and not UTF8"):
                Store.open(replace(database, url=make_conninfo(database.url, dbname=name)))
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_who_may_not_make_tables_is_told_who_can_allow_it(place: PostgresPlace) -> None:
    with sql(place) as connection:
        (name,) = connection.execute("SELECT current_schema()").fetchone() or ()
        user = f"reader_{postgres.name_of(place)[-20:]}"
        connection.execute(f"CREATE ROLE {user} LOGIN")
        connection.execute(f"GRANT USAGE ON SCHEMA {name} TO {user}")
        as_reader = replace(place, url=make_conninfo(place.url, user=user))
        try:
            with pytest.raises(
                StoreError, match=f"may not make tables in the schema {name}; .* GRANT CREATE ON SCHEMA"
            ):
                Store.open(as_reader)
            Store.open(place).close()
            connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {user}")
            with Store.read(as_reader) as store:
                assert store.stored_publishers() == []
            with Store.open(as_reader) as store, pytest.raises(StoreError, match="may this user write"):
                store.resume_queue("nobody")
        finally:
            connection.execute(f"DROP OWNED BY {user}")
            connection.execute(f"DROP ROLE {user}")


# Migrations


def test_what_a_version_takes_away_goes_when_the_version_before_has_ended(place: PostgresPlace, tmp_path: Path) -> None:
    Store.open(place).close()
    for file in (ROOT / "aggregator" / "store" / "postgres" / "schema").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "9001_before_names.sql").write_text("ALTER TABLE robots ADD COLUMN seen_at text;")
    (tmp_path / "9001_after_names.sql").write_text("ALTER TABLE robots DROP COLUMN fetched_at;")
    newer = migrations.in_folder(tmp_path)
    with closing(PostgresConnection(place, 5, reads_only=False)) as connection:
        with psycopg.connect(place.url, application_name="aggregator 0.0.1"):
            for _ in range(2):
                connection.begin_writing()
                assert migrations.bring_up_to_date(connection, newer)
                connection.commit()
            assert {"seen_at", "fetched_at"} <= set(connection.columns_of("robots"))
        connection.execute("SELECT pg_stat_clear_snapshot()")
        while connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'aggregator 0.0.1'"
        ).fetchone():
            pass  # its server process ends in its own time
        connection.begin_writing()
        migrations.bring_up_to_date(connection, newer)
        connection.commit()
        assert "fetched_at" not in connection.columns_of("robots")
        assert [name for name in migrations.applied(connection) if name.startswith("9001")] == [
            "9001_after_names",
            "9001_before_names",
        ]


def test_before_runs_before_after(tmp_path: Path) -> None:
    for name in ("0002_after_b.sql", "0002_before_b.sql", "0001_before_a.sql", "notes.txt"):
        (tmp_path / name).touch()
    found = [(each.name, each.is_before) for each in migrations.in_folder(tmp_path)]
    assert found == [("0001_before_a", True), ("0002_before_b", True), ("0002_after_b", False)]


# Connections


def end_others(place: PostgresPlace) -> None:
    with sql(place) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'aggregator %'"
        )


def test_a_lost_connection_is_made_anew_between_transactions(
    place: PostgresPlace, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(PostgresConnection(place, 5, reads_only=False)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        with caplog.at_level(logging.WARNING):
            for begins in (lambda: connection.execute("SELECT 1"), connection.begin, connection.begin_writing):
                end_others(place)
                begins()
                connection.rollback()
        assert [record.levelname for record in caplog.records] == ["WARNING"] * 3
        assert all("it is made anew" in record.getMessage() for record in caplog.records)


def test_a_transaction_whose_connection_is_lost_is_undone_and_the_next_one_goes_on(place: PostgresPlace) -> None:
    Store.open(place).close()
    with closing(PostgresConnection(place, 5, reads_only=False)) as connection:
        connection.begin_writing()
        connection.execute("INSERT INTO settings (name, value) VALUES ('a', 'b')")
        end_others(place)
        with pytest.raises(StoreError, match="nothing stored is lost"), connection.explained():
            connection.execute("INSERT INTO settings (name, value) VALUES ('c', 'd')")
        with pytest.raises(StoreError), connection.explained():  # by no other connection, half of it
            connection.execute("INSERT INTO settings (name, value) VALUES ('e', 'f')")
        connection.rollback()
        assert connection.execute("SELECT name FROM settings WHERE name IN ('a', 'c', 'e')").fetchall() == []


def test_who_waits_too_long_for_another_writer_is_told(place: PostgresPlace) -> None:
    with (
        closing(PostgresConnection(place, 5, reads_only=False)) as one,
        closing(PostgresConnection(place, 0.01, reads_only=False)) as another,
    ):
        one.begin_writing()
        with pytest.raises(StoreBusy, match="another program has kept the database locked"), another.explained():
            another.begin_writing()
        assert not another.in_transaction
        one.rollback()
        another.begin_writing()


def test_who_opened_to_read_cannot_write(database: PostgresPlace) -> None:
    with (
        closing(PostgresConnection(database, 5, reads_only=True)) as connection,
        pytest.raises(StoreError, match="read-only transaction"),
        connection.explained(),
    ):
        connection.execute("INSERT INTO settings (name, value) VALUES ('a', 'b')")


def test_stores_that_read_share_a_few_connections(place: PostgresPlace, caplog: pytest.LogCaptureFixture) -> None:
    Store.open(place).close()
    ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'agg%'"
    with sql(place) as admin, ExitStack() as stack:
        stores = [stack.enter_context(closing(PostgresConnection(place, 0.01, reads_only=True))) for _ in range(20)]
        for each in stores:
            assert each.execute("SELECT name FROM settings WHERE name = ?", ("none",)).fetchall() == []
        assert admin.execute(ours).fetchone() == (1,)
        for each in stores[: readers.MOST]:
            each.begin()
            assert each.execute("SHOW transaction_read_only").fetchone() == ("on",)
        assert admin.execute(ours).fetchone() == (readers.MOST,)
        with pytest.raises(StoreBusy, match="all 8 connections by which this program reads are in use"):
            stores[-1].execute("SELECT 1")
        stores[0].rollback()
        assert list(stores[-1].execute("SELECT 1")) == [(1,)]
        end_others(place)
        for each in stores[1 : readers.MOST]:
            with pytest.raises(StoreError), each.explained():
                each.execute("SELECT 1")
            each.rollback()
        with caplog.at_level(logging.WARNING):
            assert [each.execute("SELECT 1").fetchone() for each in stores] == [(1,)] * 20
        assert len(caplog.records) == 1  # the first of them says that its connection was lost


def test_what_one_store_shows_of_its_own_no_other_one_sees(place: PostgresPlace) -> None:
    publisher = make_publisher("daily-example")
    changed = replace(publisher, rights=replace(AGREEMENT, text_scope="headline_only"))
    with Store.open(place) as writer:
        sync(writer, WIRE, [publisher], NOW, NOW.date())
    with Store.read(place) as one, Store.read(place) as another:
        before = list(one.query("SELECT DISTINCT text_scope FROM terms", {})[1])
        one.show_terms([with_terms(changed, WIRE, NOW.date())])
        assert not one.is_as_stored()
        assert list(one.query("SELECT DISTINCT text_scope FROM terms", {})[1]) == [("headline_only",)] != before
        assert another.is_as_stored()
        assert list(another.query("SELECT DISTINCT text_scope FROM terms", {})[1]) == before


# Values


def test_flags_sums_and_texts_are_what_sqlite_takes_and_gives(database: PostgresPlace) -> None:
    with closing(PostgresConnection(database, 5, reads_only=False)) as connection:
        row = connection.execute(
            "SELECT 1 = 1, 1 = 2, sum(x), ? + 0, ? FROM (VALUES (1), (2)) AS v (x)", (True, "a\0b")
        )
        assert [(type(each), each) for each in row.fetchone() or ()] == [
            (int, 1), (int, 0), (int, 3), (int, 1), (str, "a\ufffdb"),
        ]  # fmt: skip
        found = connection.execute("SELECT value FROM json_each(?)", (r'["a\u0000", "\\", true, {"b": 1, "a": 2}]',))
        assert [value for (value,) in found.fetchall()] == ["a\ufffd", "\\", "true", '{"b": 1, "a": 2}']
        assert connection.execute("SELECT fold(?), opening(?)", ('É "x" \\', "Ñandú")).fetchone() == (
            'e "x" \\', "nandu",
        )  # fmt: skip


def test_reports_are_stored_and_read_in_a_schema_of_their_own(place: PostgresPlace) -> None:
    with Store.open(place) as store:
        assert store.stored_publishers() == []
        assert store.health() == []


# SQL of a person's own


def test_sql_of_a_person_reads_rows_as_sqlite_gives_them(place: PostgresPlace) -> None:
    Store.open(place).close()
    with Store.read(place) as store:
        names, rows = store.query(
            "SELECT 'a%' LIKE 'a%' AS so, :what::text AS \":said\", '2026-11-30'::date, ARRAY[1, 2], fold('É') -- :x"
            "\n;",
            {"what": "O'Brien"},
        )
        assert names == ["so", ":said", "date", "array", "fold"]
        assert list(rows) == [(1, "O'Brien", "2026-11-30", "[1, 2]", "e")]
        _, many = store.query("SELECT generate_series(1, 1200) AS n", {})
        assert [n for (n,) in many] == list(range(1, 1201))
        assert list(store.query("SHOW transaction_read_only", {})[1]) == [("on",)]
        assert "Result" in str(list(store.query("EXPLAIN SELECT 1", {})[1]))
        assert list(store.query("(TABLE publishers)", {})[1]) == []


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DELETE FROM settings", "only reading is allowed here .*: begin with SELECT or WITH"),
        ("WITH gone AS (DELETE FROM settings RETURNING *) SELECT * FROM gone", "data-modifying"),
        ("EXPLAIN ANALYZE DELETE FROM settings", "only reading is allowed here"),
        ("SELECT 1; DELETE FROM settings", "multiple commands.*a `query` of its own"),
        ("SELECT 1; COMMIT; DELETE FROM settings", "multiple commands"),
        ("SHOW work_mem; DELETE FROM settings", "multiple commands"),
        ("COMMIT", "only reading is allowed here"),
        ("SELECT set_config('transaction_read_only', 'off', false)", "read-write mode"),
        ("SELECT nextval('acts_act_id_seq')", "only reading is allowed here"),
        ("COPY settings TO 'copied'", "only reading is allowed here"),
        ("SELECT * FROM publisher", r"did you mean `publishers`\? there are acts"),
        ("SELECT 1/0", "division by zero"),
        ("SELECT :word", ":word, and it has no value: give it one with -p word VALUE"),
    ],
)
def test_sql_of_a_person_that_is_no_reading_is_refused(database: PostgresPlace, sql: str, said: str) -> None:
    with Store.read(database) as store:
        with pytest.raises(QueryRefused, match=said):
            list(store.query(sql, {})[1])
        assert list(store.query("SELECT count(*) > 0 FROM settings", {})[1]) == [(1,)]  # and the next one is answered


def test_what_cannot_be_stored_is_found_out_by_storing(database: PostgresPlace) -> None:
    with Store.open(database) as store:
        store.try_writing()
        assert list(store.query("SELECT 1 FROM settings WHERE name = 'room'", {})[1]) == []


_JSON = (
    '["b", "a", null, 3, {"c": 1}]',
    "[]",
    '{"b": 1, "a": "x", "n": null}',
    '"text"',
    "7",
    None,
    '["é", "ß", "ar"]',
)


@every_row("of", _JSON)
def test_json_each_gives_the_rows_of_sqlite(database: PostgresPlace, of: str | None) -> None:
    """Values as texts, an array's in its order."""
    with closing(sqlite3.connect(":memory:")) as connection:
        expected = connection.execute(
            "SELECT CAST(key AS TEXT), CAST(value AS TEXT) FROM json_each(?)", (of,)
        ).fetchall()
    with sql(database) as other:
        found = other.execute("SELECT key, value FROM json_each(%s)", (of,)).fetchall()
    assert [(key, re.sub(r"(?<=:) ", "", value or "") or value) for key, value in found] == expected


def test_the_planner_knows_how_many_values_a_parameter_holds(database: PostgresPlace) -> None:
    """So it looks few publishers up in an index, and joins thousands of reports another way."""
    with sql(database) as other:
        for values in (["a"], ["a", "b", "c"], [str(number) for number in range(3_000)]):
            plan = other.execute("EXPLAIN SELECT value FROM json_each(%s)", (json.dumps(values),)).fetchall()
            assert f" rows={len(values)} " in plan[0][0]
