"""`aggregator snapshot`: what its tables and its descriptor say, what a public one leaves out, what stays on disk."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aggregator.desk import acts, complaints
from aggregator.desk.purging import chosen, purge
from aggregator.desk.terms import sync
from aggregator.model import Cause, Complaint, Entry, Text
from aggregator.model.snapshots import TABLES
from aggregator.store import Store
from tests.cli.test_cli import make_config
from tests.conftest import AGREEMENT, NOW, QUOTATION, WIRE, make_entry, make_publisher, record
from tests.hostile import Ran, run
from tests.make_database import DATABASES

HOUR = timedelta(hours=1)
FRENCH = make_publisher("le-jour", replace(AGREEMENT, licence="CC-BY-4.0"), name="Le Jour")
SWAHILI = make_publisher("habari", QUOTATION, name="Habari", country="KE", kind="ngo", languages=("sw",))
ARABIC = make_publisher("al-nahar", replace(QUOTATION, text_scope="headline_only"), name="النهار", languages=("ar",))
NOT_ON_THE_WEB = make_publisher("by-mail", replace(AGREEMENT, redistribute=("email",)), name="By Mail")
CLOSED = make_publisher("closed", replace(AGREEMENT, text_scope="none"), name="Closed Office")
PUBLISHERS = (FRENCH, SWAHILI, ARABIC, NOT_ON_THE_WEB, CLOSED)
# Words that no public snapshot may have: of reports that are held, of versions that were taken back, of the desk.
SECRETS = {
    "withheld": "Barafu", "embargoed": "Kipepeo", "withdrawn": "Ngalawa", "purged": "Zawadi", "taken back": "Mkorosho",
    "of the closed": "Chungwa", "of no channel": "Embe", "reason": "Sababu", "complaint": "Lalamiko",
    "complainant": "amina@reader.example", "over an excerpt": "Mwisho", "under a headline": "Ndani",
}  # fmt: skip
FORMS = ("csv", "jsonl", "sqlite")


def entry(number: int, title: str, text: str = "", **more: Any) -> Entry:
    words = (Text(f"<p>{text}</p>"),) if text else ()
    return make_entry(number, title=Text(title, "text/plain"), summary=None, content=words, **more)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wire of five publishers: eight reports in it, of which six may be on the web."""
    path = tmp_path_factory.mktemp("snapshot") / "wire.db"
    make_config(path.with_name("config"))
    long = f"{' '.join(['Neno'] * 60)}. {SECRETS['over an excerpt']}."
    with Store.open(path) as store:
        sync(store, WIRE, PUBLISHERS, NOW, NOW.date())
        record(
            store,
            FRENCH,
            entry(1, "Le pont rouvre", "Lundi."),
            entry(2, "=1+1", "-2"),
            *(entry(n, f"{SECRETS[name]} {n}", f"{SECRETS[name]}.") for n, name in enumerate(_HELD, start=3)),
        )
        record(store, SWAHILI, entry(1, "Mvua", f"Jana. {long}"))
        record(store, ARABIC, entry(1, "فيضان في المدينة", SECRETS["under a headline"]))
        record(store, NOT_ON_THE_WEB, entry(1, f"{SECRETS['of no channel']} one", SECRETS["of no channel"]))
        record(store, CLOSED, entry(1, f"{SECRETS['of the closed']} one", SECRETS["of the closed"]))
        by_title = dict(list(store.query("SELECT title, id FROM articles")[1]))
        held = {name: by_title[f"{SECRETS[name]} {n}"] for n, name in enumerate(_HELD, start=3)}
        cause = Cause(actor="person:ama", reason=SECRETS["reason"])
        acts.withhold(store, held["withheld"], cause, NOW + 2 * HOUR)
        acts.embargo(store, held["embargoed"], NOW + 99 * 365 * 24 * HOUR, cause, NOW + 2 * HOUR)
        acts.withdraw(store, held["withdrawn"], cause, NOW + 2 * HOUR)
        acts.withhold(store, held["taken back"], cause, NOW + 2 * HOUR)
        purge(store, chosen(store, [held["purged"]], None, None), cause, NOW + 2 * HOUR)
        record(
            store,
            FRENCH,
            entry(1, "Le pont rouvre mardi", "Mardi."),
            entry(3 + _HELD.index("taken back"), "Le marché", "Corrigé."),
            now=NOW + 3 * HOUR,
        )
        acts.restore(store, held["taken back"], cause, NOW + 4 * HOUR)
        wrong = Complaint(kind="factual", text=SECRETS["complaint"], complainant=SECRETS["complainant"])
        complaints.complain(store, by_title["Le pont rouvre"], wrong, cause, NOW + 5 * HOUR)
    return path


_HELD = ("withheld", "embargoed", "withdrawn", "purged", "taken back")


def snapshot(database: Path, folder: Path, *arguments: str, code: int = 0) -> Ran:
    ran = run("--db", str(database), "snapshot", str(folder), *arguments, folder=database.parent)
    assert ran.code == code, ran
    return ran


def described(folder: Path) -> dict[str, Any]:
    said = json.loads((folder / "datapackage.json").read_text("utf-8"))
    assert isinstance(said, dict)
    return said


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    """By the descriptor, as any reader of Data Packages finds them."""
    (of,) = [each for each in described(folder)["resources"] if each["name"] == table]
    names = [field["name"] for field in of["schema"]["fields"]]
    if of["format"] == "sqlite":
        with closing(sqlite3.connect(folder / of["path"])) as connection:
            cursor = connection.execute(f"SELECT * FROM {of['dialect']['table']}")  # noqa: S608
            assert [column[0] for column in cursor.description] == names
            return [dict(zip(names, row, strict=True)) for row in cursor]
    if of["format"] == "jsonl":
        found = [json.loads(line) for line in (folder / of["path"]).read_text("utf-8").splitlines()]
        assert all(list(row) == names for row in found)
        return found
    with (folder / of["path"]).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        integers = {field["name"] for field in of["schema"]["fields"] if field["type"] == "integer"}
        found = [
            {name: (int(value) if name in integers else value) if value else None for name, value in row.items()}
            for row in reader
        ]
        assert list(reader.fieldnames or ()) == names
        return found


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def taken(made: Path) -> dict[tuple[str, bool], Path]:
    """A snapshot of every form, of all and public."""
    folders = {(form, public): made.with_name(f"{form}-{public}") for form in FORMS for public in (False, True)}
    for (form, public), folder in folders.items():
        snapshot(made, folder, "--format", form, *["--public"] * public, *["--verbatim"] * (form == "csv"))
    return folders


@pytest.mark.parametrize("form", FORMS)
def test_what_is_held_back_is_in_no_file_of_a_public_one(taken: dict[tuple[str, bool], Path], form: str) -> None:
    said = b"".join(contents(taken[form, True]).values()).decode("utf-8", "replace")
    assert [name for name, secret in SECRETS.items() if secret in said] == []
    assert "Le pont rouvre mardi" in said
    assert "فيضان في المدينة" in said
    titles = {row["title"] for row in rows(taken[form, True], "reports")}
    assert titles == {"Le pont rouvre mardi", "=1+1", "Le marché", "Mvua", "فيضان في المدينة"}
    assert {row["publisher"] for row in rows(taken[form, True], "publishers")} == {"le-jour", "habari", "al-nahar"}
    # All that the database holds, a copy for its owner has, but for what is nobody's business there either.
    everything = b"".join(contents(taken[form, False]).values()).decode("utf-8", "replace")
    absent = {name for name, secret in SECRETS.items() if secret not in everything}
    assert absent == {"purged", "complaint", "complainant"}


def test_no_word_that_the_demo_holds_back_is_in_a_public_one(tmp_path: Path) -> None:
    """Every headline, address and sentence of a report that is not on the web, every reason and every complaint."""
    database = tmp_path / "wire.db"
    database.write_bytes(gzip.decompress((DATABASES / "0.4.0.db.gz").read_bytes()))
    with Store.open(database) as store:
        on_the_web = {str(id) for (id,) in store.query("SELECT id FROM wire WHERE channels LIKE '%web%'")[1]}
        words = list(store.query("""
            SELECT a.id, r.title, a.url, raw_words(r.raw, r.dictionary_id), b.text, b.summary FROM articles AS a
            LEFT JOIN revisions AS r USING (article_id) LEFT JOIN bodies AS b USING (article_id)
        """)[1])  # fmt: skip
        of_desk = list(store.query("SELECT reason FROM acts UNION SELECT text FROM complaints")[1])
    snapshot(database, tmp_path / "out", "--public", "--format", "jsonl")
    said = "\n".join(
        str(value)
        for table in TABLES
        for row in rows(tmp_path / "out", table)
        for name, value in row.items()
        if name != "disclaimer"  # the publisher's own, which may be said in a reason too
    )
    out = {row["id"] for row in rows(tmp_path / "out", "reports")}
    assert out == on_the_web
    held = {part for id, *texts in words if id not in out for text in texts if text for part in _parts(str(text))}
    public = {part for id, *texts in words if id in out for text in texts if text for part in _parts(str(text))}
    secret = (held - public) | {str(text) for (text,) in of_desk}
    assert len(secret) > 60
    assert [each for each in secret if each in said] == []
    assert not {id for id, *_ in words if id not in out and id in said}


def _parts(text: str) -> list[str]:
    """Sentences and values, long enough that nobody says them by chance."""
    return [part.strip() for part in re.split(r"[.!?]\s|<[^>]*>|[\n\"]", text) if len(part.strip()) > 25]


def test_the_three_forms_say_the_same(taken: dict[tuple[str, bool], Path]) -> None:
    for public in (False, True):
        for table in TABLES:
            as_csv, as_jsonl, as_sqlite = (rows(taken[form, public], table) for form in FORMS)
            assert as_csv == as_jsonl == as_sqlite
            assert as_csv, table


def test_each_version_has_its_words_under_the_rights_of_today(taken: dict[tuple[str, bool], Path]) -> None:
    versions = rows(taken["jsonl", True], "versions")
    by_publisher = {
        key: [row for row in versions if row["publisher"] == key] for key in ("le-jour", "habari", "al-nahar")
    }
    bridge = [(row["number"], row["title"], row["text"]) for row in by_publisher["le-jour"] if "pont" in row["title"]]
    assert bridge == [(1, "Le pont rouvre", "Lundi."), (2, "Le pont rouvre mardi", "Mardi.")]
    market = [(row["number"], row["title"]) for row in by_publisher["le-jour"] if row["title"] == "Le marché"]
    assert market == [(2, "Le marché")]  # the first was taken back
    (excerpt,) = by_publisher["habari"]
    assert excerpt["text"] == "Jana."
    (headline,) = by_publisher["al-nahar"]
    assert (headline["text"], headline["summary"], headline["byline"]) == (None, None, None)
    assert {row["licence"] for row in by_publisher["le-jour"]} == {"CC-BY-4.0"}
    assert all(row["credit"] and row["disclaimer"] and row["publisher_name"] for row in versions)
    whole = [row["text"] for row in rows(taken["jsonl", False], "versions") if row["publisher"] == "habari"]
    assert SECRETS["over an excerpt"] in whole[0]


def test_the_descriptor_says_what_it_is_of(made: Path, taken: dict[tuple[str, bool], Path]) -> None:
    with Store.read(made) as store:
        cursor = store.last_cursor()
    for (form, public), folder in taken.items():
        said = described(folder)
        assert said["snapshot"]["cursor"] == str(cursor)
        assert said["snapshot"]["time"] == said["created"] == "2026-11-22T14:00:00Z"
        assert said["snapshot"]["public"] is public
        assert [each["name"] for each in said["licenses"]] == ["CC-BY-4.0"]
        assert said["snapshot"]["verbatim"] is True
        assert [each["name"] for each in said["resources"]] == list(TABLES)
        for each in said["resources"]:
            data = (folder / each["path"]).read_bytes()
            assert each["bytes"] == len(data)
            assert each["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
            assert each["rows"] == len(rows(folder, each["name"]))
            assert all(field["description"] and field["type"] for field in each["schema"]["fields"])
        mode = {stat.S_IMODE(each.stat().st_mode) & 0o077 for each in (folder, *folder.iterdir())}
        assert public or mode == {0}, form  # of a public one the mask of the user decides
    assert "note" in set(rows(taken["csv", False], "changes")[0])


def test_the_same_selection_at_the_same_line_is_the_same_bytes(made: Path, tmp_path: Path) -> None:
    for form in FORMS:
        chosen_by = ("--format", form, "--country", "Mali", "--language", "fr", "--since", "2026-11-01")
        for name in ("one", "two"):
            snapshot(made, tmp_path / f"{form}-{name}", *chosen_by)
        one, two = tmp_path / f"{form}-one", tmp_path / f"{form}-two"
        assert contents(one) == contents(two)
        assert described(one)["snapshot"]["selection"] == {
            "country": ["ML"], "language": ["fr"], "since": "2026-11-01T00:00:00Z",
        }  # fmt: skip
        assert {row["publisher"] for row in rows(one, "reports")} == {"le-jour", "by-mail", "closed"}
        assert {row["id"] for row in rows(one, "versions")} <= {row["id"] for row in rows(one, "reports")}
        assert {row["id"] for row in rows(one, "changes")} <= {row["id"] for row in rows(one, "reports")}


@pytest.mark.parametrize(
    ("arguments", "publishers"),
    [
        (("--publisher", "Habari"), {"habari"}),
        (("--kind", "ngo"), {"habari"}),
        (("--group", "news_organization", "--country", "ML"), {"le-jour", "al-nahar", "by-mail", "closed"}),
        (("--class", "opinion"), set()),
        (("--on", "2026-11-21"), {"le-jour", "habari", "al-nahar", "by-mail", "closed"}),
        (("--until", "2026-11-20"), set()),
    ],
)
def test_it_takes_the_selection_of_all_commands(
    made: Path, tmp_path: Path, arguments: tuple[str, ...], publishers: set[str]
) -> None:
    snapshot(made, tmp_path / "out", *arguments)
    assert {row["publisher"] for row in rows(tmp_path / "out", "reports")} == publishers


def test_what_came_since_has_new_versions_of_older_reports_too(made: Path, tmp_path: Path) -> None:
    database = Path(shutil.copy(made, tmp_path))
    job = ("--cursor", "study", "--public")
    snapshot(database, tmp_path / "first", *job)
    with Store.open(database) as store:
        record(store, FRENCH, entry(1, "Le pont ferme", "Jeudi."), entry(9, "Le port", "Vendredi."), now=NOW + 6 * HOUR)
    snapshot(database, tmp_path / "second", *job)
    assert [row["title"] for row in rows(tmp_path / "second", "reports")] == ["Le port"]
    assert [row["title"] for row in rows(tmp_path / "second", "versions")] == ["Le pont ferme", "Le port"]
    assert sorted(row["change_kind"] for row in rows(tmp_path / "second", "changes")) == ["new", "revised"]
    begin = described(tmp_path / "second")["snapshot"]["selection"]["after"]
    assert begin == described(tmp_path / "first")["snapshot"]["cursor"]
    ran = snapshot(database, tmp_path / "third", "--after", "7-00000000", code=1)
    assert "another hash" in ran.err
    assert not (tmp_path / "third").exists()


@pytest.mark.parametrize("public", [False, True])
def test_as_of_a_time_nothing_comes_back(made: Path, tmp_path: Path, public: bool) -> None:
    more = ["--public"] * public
    ran = snapshot(made, tmp_path / "out", "--at", "2026-11-22T11:00Z", *more)
    assert "what left the wire since has no words here" in ran.err
    said = described(tmp_path / "out")["snapshot"]
    assert said["at"] == said["time"] == "2026-11-22T11:00:00Z"
    assert any("deleted since are missing" in each for each in said["not_known"])
    text = b"".join(contents(tmp_path / "out").values()).decode("utf-8")
    found = {name for name, secret in SECRETS.items() if secret in text}
    assert found == (set() if public else {"of no channel", "over an excerpt", "under a headline"})
    reports = {row["title"]: row for row in rows(tmp_path / "out", "reports")}
    assert (reports["Le pont rouvre"]["number"], reports["Le pont rouvre"]["text"]) == (1, "Lundi.")
    assert "Le marché" not in reports
    assert {row["number"] for row in rows(tmp_path / "out", "versions")} == {1}
    assert all(row["at"] <= "2026-11-22T11:00:00Z" for row in rows(tmp_path / "out", "changes"))
    again = snapshot(made, tmp_path / "later", "--at", "2026-11-22T14:30Z", *more)
    assert again.code == 0
    assert "Le pont rouvre mardi" in {row["title"] for row in rows(tmp_path / "later", "reports")}


def test_a_folder_is_replaced_only_where_nothing_is_lost(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    snapshot(made, folder, "--country", "KE")  # an empty folder is none to keep
    before = contents(folder)
    assert "this folder is not empty" in snapshot(made, folder, code=1).err
    assert contents(folder) == before
    snapshot(made, folder, "--format", "jsonl", "--force")
    assert contents(folder).keys() == {"datapackage.json", *(f"{name}.jsonl" for name in TABLES)}
    (folder / "thesis.odt").write_text("mine")
    assert "thesis.odt, which is no part of a snapshot" in snapshot(made, folder, "--force", code=1).err
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "reports.csv").write_text("mine")
    assert "nothing was deleted" in snapshot(made, tmp_path / "other", "--force", code=1).err
    (tmp_path / "file").write_text("mine")
    assert "this is no folder" in snapshot(made, tmp_path / "file", "--force", code=1).err
    assert "there is no such folder" in snapshot(made, tmp_path / "no" / "out", code=1).err
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "other", "out"]


@pytest.mark.parametrize("form", FORMS)
def test_one_that_cannot_be_finished_leaves_nothing(made: Path, tmp_path: Path, form: str) -> None:
    """The disk takes no more than a few thousand bytes of a file."""

    def little_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096))

    folder = tmp_path / "out"
    snapshot(made, folder, "--country", "KE")
    before = contents(folder)
    command = [sys.executable, "-m", "aggregator", "--db", str(made), "snapshot", str(folder), "--force"]
    ran = subprocess.run(
        [*command, "--format", form], capture_output=True, text=True, check=False, preexec_fn=little_room,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert ran.returncode == 1, ran
    assert ran.stderr.startswith("aggregator: ")
    assert "Traceback" not in ran.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["out"]
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--at", "2999-01-01"), "nothing is known of that time yet"),
        (("--format", "xlsx"), "xlsx"),
        (("--format", "jsonl", "--verbatim"), "--verbatim belongs to"),
        (("--publisher", "le-jor"), "did you mean le-jour"),
        (("--after", "0", "--cursor", "x"), "not both"),
    ],
)
def test_what_cannot_be_meant_is_a_fault_of_usage(
    made: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in snapshot(made, tmp_path / "out", *arguments, code=2).err
    assert not (tmp_path / "out").exists()


def test_a_spreadsheet_runs_nothing(made: Path, tmp_path: Path, taken: dict[tuple[str, bool], Path]) -> None:
    snapshot(made, tmp_path / "out")
    assert "'=1+1" in {row["title"] for row in rows(tmp_path / "out", "reports")}
    assert "=1+1" in {row["title"] for row in rows(taken["csv", False], "reports")}
