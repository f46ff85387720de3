"""init as people call it: by options, at a terminal, again, in a folder with other things, and from a checkout."""

from __future__ import annotations

import gzip
import os
import pty
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import click
import pytest

from aggregator.cli import aggregator
from aggregator.config import catalogue
from aggregator.config.loading import load
from aggregator.demo import Press
from aggregator.desk.terms import sync
from aggregator.store import Store
from tests import ROOT, commands
from tests.cli.test_cli import Desk
from tests.conftest import NOW, WIRE, make_entry, make_publisher, record
from tests.hostile import Ran, run
from tests.rows import every_row

OPTIONS = {
    "--name": "Fil du Sahel",
    "--site": "https://fil-du-sahel.ml/",
    "--email": "desk@fil-du-sahel.ml",
    "--timezone": "Africa/Bamako",
}
GIVEN = [word for pair in OPTIONS.items() for word in pair]
FILES = {"wire.toml", "rights.toml", "publishers/fil-du-sahel.toml"}
MALIJET, ESSOR, ECHOS = (f"publishers/ml/{key}.toml" for key in ("malijet", "lessor", "les-echos"))
OWN = "publishers/xa/example-wire.toml"


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def given(**other: str) -> list[str]:
    options = OPTIONS | {f"--{name}": value for name, value in other.items()}
    return [word for pair in options.items() for word in pair]


def test_what_it_writes_loads_and_is_told_what_to_do_next(tmp_path: Path) -> None:
    folder = tmp_path / "a wire"
    ran = run("init", str(folder), *GIVEN, "--country", "Mali", "--language", "French")
    assert (ran.code, ran.err) == (0, "")
    assert set(files_of(folder)) == FILES
    assert (folder / "rights.toml").read_text() == (ROOT / "config" / "rights.toml").read_text()
    config = load(folder)
    assert (config.faults, config.placeholders) == ((), ())
    assert (config.wire.name, config.wire.timezone) == ("Fil du Sahel", "Africa/Bamako")
    assert config.wire.user_agent == "FilDuSahel/1.0 (+https://fil-du-sahel.ml/)"
    (own,) = config.publishers
    assert (own.key, own.name, own.country, own.languages) == ("fil-du-sahel", "Fil du Sahel", "ML", ("fr",))
    assert f"  export AGGREGATOR_CONFIG='{folder}'\n" in ran.out
    assert f"  export AGGREGATOR_DB='{folder}/data/wire.db'\n" in ran.out
    env = {**os.environ, **dict(re.findall(r"export (\w+)='(.*)'", ran.out))}
    next_ones = re.findall(r"^  aggregator ([^#;\n]*)", ran.out, re.MULTILINE)
    assert [words.split()[0] for words in next_ones] == ["catalogue", "add", "check", "fetch"]
    for words in next_ones[:3]:  # the last would ask the site
        command = [*commands.COMMAND, *words.replace("KEY", "malijet").split()]
        done = commands.run(command, env=env, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert (folder / MALIJET).exists()


def test_the_comments_of_wire_toml_stand_below_each_other(tmp_path: Path) -> None:
    run("init", str(tmp_path / "wire"), *GIVEN)
    head = (tmp_path / "wire" / "wire.toml").read_text().partition("[fetch]")[0].splitlines()
    assert {line.index(" # ") for line in head if " # " in line} == {44}


@every_row(
    ("name", "site", "key", "token"),
    [
        ("Sauti ya Pwani 24", "sauti.co.ke", "sauti-ya-pwani-24", "SautiYaPwani"),
        ("سلك الأخبار", "https://akhbar.ly", "akhbar-ly", "AkhbarLy"),
        ("ደጋ ዜና", "https://ደጋ.et/", "et", "Et"),
        ("24", "https://24.ml", "24", "NewsWire"),
        ('Le « Fil » d\'"Ici"', "https://fil.ml/a/b?x=é", "le-fil-d-ici", "LeFilDIci"),
        ("x" * 300, "https://fil.ml", "x" * 80, "X" + "x" * 79),
    ],
)
def test_any_name_gives_a_wire_that_loads(tmp_path: Path, name: str, site: str, key: str, token: str) -> None:
    ran = run("init", str(tmp_path / "wire"), *given(name=name, site=site))
    assert (ran.code, ran.err) == (0, "")
    config = load(tmp_path / "wire")
    assert config.faults == ()
    assert (config.wire.name, config.wire.publisher, config.wire.robots_token) == (name, key, token)


@every_row(
    ("other", "reason"),
    [
        ({"name": "a {b}"}, "one line of text without braces"),
        ({"name": " "}, "one line of text"),
        ({"name": "Example-Wire"}, "that of the example"),
        ({"site": "ftp://x.ml"}, "an http or https address"),
        ({"site": "https://u:p@x.ml"}, "without user name"),
        ({"site": "https://wire.example/"}, "that of the example"),
        ({"email": "desk"}, "an e-mail address"),
        ({"email": "desk@wire.example"}, "that of the example"),
        ({"timezone": "Bamako"}, "a time zone of the IANA database"),
        ({"timezone": "Africa/Bamaco"}, 'did you mean "Africa/Bamako"?'),
        ({"country": "Malli"}, "no country of ISO 3166-1"),
        ({"language": "Frensh"}, "no language of ISO 639"),
    ],
)
def test_a_value_that_cannot_be_is_a_usage_error_and_nothing_is_written(
    tmp_path: Path, other: dict[str, str], reason: str
) -> None:
    ran = run("init", str(tmp_path / "wire"), *given(**other))
    assert (ran.code, ran.out) == (2, "")
    assert reason in ran.err
    assert not (tmp_path / "wire").exists()


def test_without_a_terminal_all_that_is_missing_is_named(tmp_path: Path) -> None:
    ran = run("init", str(tmp_path / "wire"), "--site", "https://fil.ml")
    assert ran.code == 2
    assert "give --name, --email" in ran.err
    assert not (tmp_path / "wire").exists()


def test_a_terminal_is_asked_and_asked_again(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    os.write(leader, b"Fil du Sahel\nfil-du-sahel.ml\nno address\ndesk@fil-du-sahel.ml\nAfrica/Bamako\n")
    command = [*commands.COMMAND, "init", str(tmp_path / "wire")]
    ran = commands.run(command, stdin=follower, capture_output=True, text=True, timeout=60)  # type: ignore[arg-type]
    os.close(follower)
    os.close(leader)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("E-mail address that readers and publishers write to: ") == 2
    assert "expected an e-mail address" in ran.stderr
    assert set(files_of(tmp_path / "wire")) == FILES
    config = load(tmp_path / "wire")
    assert (config.wire.url, config.wire.timezone) == ("https://fil-du-sahel.ml/", "Africa/Bamako")


# What is there already


def test_a_second_time_nothing_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "wire"
    run("init", str(folder), *GIVEN)
    (folder / "wire.toml").write_text(
        (folder / "wire.toml").read_text().replace("every_minutes = 30", "every_minutes = 60")
    )
    before = files_of(folder)
    ran = run("init", str(folder), *given(name="Another"))
    assert ran.code == 0
    assert "nothing was written" in ran.out
    assert "wire.toml was there and stays as it is" in ran.err
    assert files_of(folder) == before


@pytest.mark.parametrize("missing", sorted(FILES - {"wire.toml"}))
def test_what_is_missing_is_written_beside_what_is_there(tmp_path: Path, missing: str) -> None:
    folder = tmp_path / "wire"
    run("init", str(folder), *GIVEN)
    before = files_of(folder)
    (folder / missing).unlink()
    ran = run("init", str(folder))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"wrote      {folder / missing}\n")
    assert files_of(folder) == before


@pytest.mark.parametrize("line", ['publisher = "../../x"', "name = 1", "url = ["])
def test_a_wire_toml_with_a_fault_is_said_and_nothing_is_written(tmp_path: Path, line: str) -> None:
    folder = tmp_path / "wire"
    run("init", str(folder), *GIVEN)
    wire = folder / "wire.toml"
    kept = [row for row in wire.read_text().splitlines() if not row.startswith(line.split()[0])]
    shutil.rmtree(folder / "publishers")
    wire.write_text("\n".join([line, *kept]))
    before = files_of(tmp_path)
    ran = run("init", str(folder))
    assert ran.code == 1
    assert "wire.toml: " in ran.err
    assert files_of(tmp_path) == before


def test_a_folder_with_other_things_is_refused_in_one_sentence(tmp_path: Path) -> None:
    for name in ("photo.jpg", "b.txt", "c", "d"):
        (tmp_path / name).touch()
    before = files_of(tmp_path)
    ran = run("init", str(tmp_path), *GIVEN)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "holds other things (b.txt, c, d and others), expected a new or an empty folder" in ran.err
    assert files_of(tmp_path) == before
    file = tmp_path / "b.txt"
    assert "is a file" in run("init", str(file), *GIVEN).err


def test_a_folder_of_git_alone_is_empty_enough(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert run("init", str(tmp_path), *GIVEN).code == 0


def test_two_wires_beside_each_other_have_a_database_each(tmp_path: Path) -> None:
    said = [run("init", str(tmp_path / name), *GIVEN).out for name in ("one", "two", "config")]
    databases = [re.findall("AGGREGATOR_DB=(.*)", out)[0] for out in said]
    assert databases == [str(tmp_path / part / "data" / "wire.db") for part in ("one", "two", "")]


# From a checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a name, a publisher changed, one added, and a report of one that is as it is shipped."""
    folder = tmp_path / "checkout"
    config = folder / "config"
    folder.mkdir()
    (folder / "aggregator").symlink_to(ROOT / "aggregator")
    for name in ("wire.toml", "rights.toml", OWN, MALIJET, ESSOR, ECHOS):
        (config / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "config" / name, config / name)
    for name in ("wire.toml", OWN):
        text = (config / name).read_text().replace("wire.example", "wire.ml").replace("ExampleWire", "FilDuSahel")
        (config / name).write_text(text.replace("Example Wire", "Fil du Sahel"))
    (config / ESSOR).write_bytes(b"\xef\xbb\xbf" + (config / ESSOR).read_bytes() + b"# mine\n")
    (config / "publishers" / "mine.toml").write_text((ROOT / "config" / MALIJET).read_text().replace("malijet", "mine"))
    (folder / "data").mkdir()
    with Store.open(folder / "data" / "wire.db") as store:
        publishers = [make_publisher("malijet"), make_publisher("les-echos")]
        sync(store, WIRE, publishers, NOW, date(2026, 11, 22))
        record(store, publishers[0], make_entry(1))
    return folder


def test_what_is_one_s_own_is_copied_and_the_checkout_stays(tmp_path: Path, checkout: Path) -> None:
    before = files_of(checkout / "config")
    folder = tmp_path / "wire"
    ran = run("--config", str(checkout / "config"), "init", str(folder), "--from-checkout")
    assert (ran.code, ran.err) == (0, "")
    copied = files_of(folder)
    assert set(copied) == {"wire.toml", "rights.toml", OWN, MALIJET, ESSOR, "publishers/mine.toml"}
    assert copied.pop(MALIJET).decode() == catalogue.copied(catalogue.listed("malijet"))
    assert {name: before[name] for name in copied} == copied
    assert "Not copied: 1 publisher of the catalogue without reports" in ran.out
    assert f"  export AGGREGATOR_CONFIG={folder}\n  export AGGREGATOR_DB={checkout}/data/wire.db\n" in ran.out
    assert files_of(checkout / "config") == before
    assert run("--config", str(folder), "check").code == 0
    again = run("--config", str(checkout / "config"), "init", str(folder), "--from-checkout")
    assert again.code == 0
    assert "0 files copied, 6 there already" in again.out
    assert files_of(folder) == copied | {MALIJET: catalogue.copied(catalogue.listed("malijet")).encode()}


def test_subscribers_are_one_s_own_and_a_folder_of_them_is_no_other_thing(tmp_path: Path, checkout: Path) -> None:
    file = checkout / "config" / "subscribers" / "partner.toml"
    file.parent.mkdir()
    file.write_text('url = "https://partner.example/"\nsecret = "${PARTNER_SECRET}"\n')
    folder = tmp_path / "wire"
    for said in ("7 files copied", "0 files copied, 7 there already"):
        ran = run("--config", str(checkout / "config"), "init", str(folder), "--from-checkout")
        assert ran.code == 0
        assert said in ran.out
    assert (folder / "subscribers" / "partner.toml").read_text() == file.read_text()


def test_without_a_database_the_files_that_differ_are_copied(tmp_path: Path, checkout: Path) -> None:
    shutil.rmtree(checkout / "data")
    folder = tmp_path / "wire"
    assert run("--config", str(checkout / "config"), "init", str(folder), "--from-checkout").code == 0
    assert set(files_of(folder)) == {"wire.toml", "rights.toml", OWN, ESSOR, "publishers/mine.toml"}


def test_the_database_may_be_of_the_first_version(tmp_path: Path, checkout: Path) -> None:
    """It is read as it is: `init` brings no table up to date."""
    database = checkout / "data" / "wire.db"
    before = gzip.decompress((ROOT / "tests" / "fixtures" / "databases" / "0.1.0.db.gz").read_bytes())
    for file in database.parent.iterdir():
        file.unlink()
    database.write_bytes(before)
    ran = run("--config", str(checkout / "config"), "init", str(tmp_path / "wire"), "--from-checkout")
    assert (ran.code, ran.err) == (0, "")
    assert database.read_bytes() == before


def test_from_what_is_no_checkout_nothing_is_copied(tmp_path: Path) -> None:
    run("init", str(tmp_path / "wire"), *GIVEN)
    ran = run("--config", str(tmp_path / "wire"), "init", str(tmp_path / "other"), "--from-checkout")
    assert ran.code == 2
    assert "is not in a checkout of the program" in ran.err
    assert "--name does not go with --from-checkout" in run("init", str(tmp_path / "o"), "--from-checkout", *GIVEN).err
    assert not (tmp_path / "other").exists()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        yield Desk(tmp_path, press)


def test_fetch_in_a_checkout_says_how_to_move_and_elsewhere_nothing(desk: Desk) -> None:
    assert run("--config", str(desk.config), "fetch").err == ""
    (desk.config.parent / "aggregator").symlink_to(ROOT / "aggregator")
    for arguments in (("fetch",), ("fetch", "--all"), ("fetch", "one", "--json")):
        ran = run("--config", str(desk.config), *arguments)
        assert ran.code == 0
        assert ran.err.count("\n") == ran.err.count("`aggregator init DIR --from-checkout`") == 1
    run("--config", str(desk.config), "init", str(desk.config.parent / "own"), "--from-checkout")
    moved = run("--config", str(desk.config.parent / "own"), "--db", str(desk.database), "fetch", "--all")
    assert (moved.code, moved.err) == (0, "")


# What the environment names


def run_with(variables: Mapping[str, str], *arguments: str, folder: Path) -> Ran:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        return run(*arguments, folder=folder)


def test_an_option_comes_before_the_environment_and_that_before_what_is_found(tmp_path: Path) -> None:
    for name in ("by-option", "by-environment", "config"):
        run("init", str(tmp_path / name), *given(name=name))

    def named(*options: str, **variables: str) -> str:
        ran = run_with(variables, *options, "publishers", "--json", folder=tmp_path)
        assert ran.code == 0, ran.err
        return re.findall('"publisher": ?"([a-z-]+)"', ran.out)[0]

    by_environment = {"AGGREGATOR_CONFIG": str(tmp_path / "by-environment")}
    assert named() == "config"
    assert named(AGGREGATOR_CONFIG="") == "config"
    assert named(**by_environment) == "by-environment"
    assert named("--config", str(tmp_path / "by-option"), **by_environment) == "by-option"
    assert tomllib.loads((tmp_path / "config" / "wire.toml").read_text())["publisher"] == "config"


def test_every_command_takes_the_database_of_the_environment(desk: Desk) -> None:
    there = desk.config.parent / "elsewhere" / "my.db"
    env = {"AGGREGATOR_CONFIG": str(desk.config), "AGGREGATOR_DB": str(there)}

    def call(*words: str, code: int = 0) -> str:
        ran = run_with(env, *words, folder=desk.config.parent)
        assert ran.code == code, ran.err
        return ran.out + ran.err

    assert f"{there}: there is no database yet" in call("latest", code=1)
    assert "AGGREGATOR_DB" in call("latest", code=1)
    call("fetch")
    assert there.exists()
    assert not desk.database.exists()
    assert "4" in call("query", "SELECT count(*) AS n FROM wire")
    other = str(desk.config.parent / "other.db")
    assert f"{other}: there is no database yet" in call("--db", other, "latest", code=1)
    env["AGGREGATOR_DB"] = str(desk.config)
    assert f"AGGREGATOR_DB: found the folder {desk.config}, expected a file" in call("latest", code=1)


@every_row("command", [("check",), ("fetch",), ("publishers",), ("add", "malijet"), ("latest",)])
def test_a_variable_that_names_no_wire_is_said_with_its_name(tmp_path: Path, command: tuple[str, ...]) -> None:
    for value in (tmp_path / "none", tmp_path, tmp_path / "file"):
        (tmp_path / "file").touch()
        ran = run_with({"AGGREGATOR_CONFIG": str(value)}, *command, folder=tmp_path)
        assert (ran.code, ran.out) == (1, "")
        assert f"AGGREGATOR_CONFIG: found {value}, which has no wire.toml" in ran.err
        assert f"`aggregator init {value}` makes one" in ran.err


def test_help_names_both_variables() -> None:
    said = run("--help").out
    assert "AGGREGATOR_CONFIG" in said
    assert "AGGREGATOR_DB" in said


# docs/setup.md

PAGE = (ROOT / "docs" / "setup.md").read_text()


def test_the_page_on_setting_up_names_every_option() -> None:
    for name, others in (("init", set()), ("add", {"--name", "--key", "--country", "--group", "--kind", "--language"})):
        command = aggregator.get_command(click.Context(aggregator), name)
        assert command is not None
        options = {each.opts[0] for each in command.params if isinstance(each, click.Option)} - {"--json", "--update"}
        rows = {
            word for row in re.findall(r"^\| (`--.*?) \|", PAGE, re.MULTILINE) for word in re.findall("--[a-z-]+", row)
        }
        assert options - others <= rows, name
        assert all(f"`{option}" in PAGE for option in others)


def test_the_first_steps_of_the_page_work_in_an_empty_folder(tmp_path: Path) -> None:
    steps = PAGE.partition("```sh\n")[2].partition("```")[0]
    env = {name: value for name, value in os.environ.items() if not name.startswith("AGGREGATOR_")}
    printed = ""
    for line in steps.splitlines():
        first, *words = shlex.split(line.replace("$PWD", str(tmp_path)))
        if first == "export":
            env |= [words[0].split("=", 1)]
            continue
        assert first == "aggregator"
        command = [*commands.COMMAND, *words]
        ran = commands.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stderr
        assert "without a fault" not in ran.stderr
        printed += ran.stdout
    assert (tmp_path / "sahel" / MALIJET).exists()
    assert "added      publishers/ml/presidency-of-mali.toml" in printed
