"""docs/server.md and docs/scale.md keep their word: their units are sound, their commands exist, their folders are
those of the units.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from aggregator.cli import COMMANDS, aggregator
from tests import ROOT
from tests.rows import every_row

DOC = (ROOT / "docs" / "server.md").read_text()
SCALE = (ROOT / "docs" / "scale.md").read_text()
UNIT = ROOT / "deploy" / "aggregator.service"
UNITS = sorted((ROOT / "deploy").glob("*.service"))
BLOCKS = re.findall(r"```(?:sh|text)\n(.*?)```", DOC, re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines()]
CALL = re.compile(r"^(?:.*\.venv/bin/|)aggregator (?=\S)")
CALLS = [CALL.sub("", line) for line in LINES if CALL.match(line)]
OPTIONS = re.compile(r"--(?:config|db) \S+ ?")
PROGRAM = "/opt/aggregator/.venv/bin/aggregator"


def keys_of(unit: Path) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.MULTILINE))


KEYS = keys_of(UNIT)
# `backup` comes with the command of that name.
KNOWN = [
    call for call in (OPTIONS.sub("", each) for each in CALLS) if not call.startswith("backup ") or "backup" in COMMANDS
]


def test_there_are_commands_to_be_tried() -> None:
    assert len(CALLS) >= 8


@every_row("call", KNOWN)
def test_every_command_of_the_page_is_one(call: str) -> None:
    """Its name, its options and its arguments are taken; nothing is run."""
    if call == "--version":
        assert "--version" in {name for option in aggregator.params for name in option.opts}
        return
    take(shlex.split(call))


def take(words: list[str]) -> str:
    """The name of the command, whose options and arguments are taken; nothing is run."""
    while words[0] in ("--config", "--db"):
        words = words[2:]
    name, *words = words
    command = aggregator.get_command(click.Context(aggregator), name)
    assert command is not None, name
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words.pop(0))
        assert command is not None, name
    command.make_context(name, words)
    return name


def test_folders_and_program_are_those_of_the_unit() -> None:
    program, *words = shlex.split(KEYS["ExecStart"])
    assert program == PROGRAM
    assert words == ["--config", "/srv/wire/config", "--db", "/srv/wire/data/wire.db", "run"]
    table = re.findall(r"^\| `(/[^`]*)` \|", DOC, re.MULTILINE)
    assert table == ["/opt/aggregator", "/srv/wire/config", "/srv/wire/data"]
    assert KEYS["ReadWritePaths"] == "/srv/wire/data"
    assert KEYS["EnvironmentFile"].lstrip("-") in DOC
    (line,) = [line for line in LINES if line.startswith("*/15")]
    assert line.split(maxsplit=6)[6] == f"{KEYS['ExecStart'].removesuffix('run')}fetch"
    assert f"started again {KEYS['RestartSec']} seconds after" in DOC


def test_what_the_page_names_is_in_the_project() -> None:
    for name in re.findall(r"\]\(([\w.]+)\)", DOC):
        assert (ROOT / "docs" / name).is_file(), name
    assert (ROOT / "requirements.lock").is_file()
    assert f">={re.findall(r'Python (3[.][0-9]+) or newer', DOC)[0]}" in (ROOT / "pyproject.toml").read_text()


HARDENED = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "CapabilityBoundingSet": "", "Restart": "on-failure", "UMask": "0077", "ReadWritePaths": "/srv/wire/data",
    "User": "aggregator",
}  # fmt: skip


@every_row("unit", UNITS)
def test_each_unit_is_hardened_and_what_it_starts_is_a_command(unit: Path) -> None:
    """The units of a wire on several machines find the database in wire.toml, and its password in a file of secrets."""
    keys = keys_of(unit)
    assert {key: keys[key] for key in HARDENED} == HARDENED
    program, *words = shlex.split(keys["ExecStart"])
    assert program == PROGRAM
    assert words[:2] == ["--config", "/srv/wire/config"]
    name = take(words)
    reloads = "/bin/kill -HUP $MAINPID" if name in ("run", "worker") else None  # which others read as their end
    assert keys.get("ExecReload") == reloads
    if unit != UNIT:
        assert keys["EnvironmentFile"] == "/srv/wire/secrets.env"  # without it there is no database
        assert f"../deploy/{unit.name}" in SCALE
    page = re.findall(r"^Documentation=file:///opt/aggregator/(.*)$", unit.read_text(), re.MULTILINE)
    assert all((ROOT / name).is_file() for name in page)


def test_the_commands_of_the_page_on_several_machines_are_commands() -> None:
    calls = re.findall(r"^aggregator (.*?)(?: +#.*)?$", SCALE, re.MULTILINE)
    assert len(calls) >= 2
    for call in calls:
        take(shlex.split(call))


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    """But that the program is not where they expect it, so that copies name one that is there."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd here")
    copies = []
    for unit in UNITS:
        there = unit.read_text().replace(PROGRAM, "/bin/true").replace("EnvironmentFile=/", "EnvironmentFile=-/")
        copies.append(tmp_path / unit.name)
        copies[-1].write_text(re.sub("^(User|Group)=.*\n", "", there, flags=re.MULTILINE))  # who is made by the page
    command = ["systemd-analyze", "verify", "--man=no", *map(str, copies)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60)
    said = [line for line in checked.stderr.splitlines() if "aggregator" in line]
    assert (checked.returncode, said) == (0, []), checked.stderr
    for line in LINES:
        if line.startswith("systemd-analyze"):
            assert line.split()[1] == "verify"
