"""docs/server.md keeps its word: its unit is sound, its commands exist, its folders are those of the unit."""

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
UNIT = ROOT / "deploy" / "aggregator.service"
BLOCKS = re.findall(r"```(?:sh|text)\n(.*?)```", DOC, re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines()]
CALL = re.compile(r"^(?:.*\.venv/bin/|)aggregator (?=\S)")
CALLS = [CALL.sub("", line) for line in LINES if CALL.match(line)]
OPTIONS = re.compile(r"--(?:config|db) \S+ ?")
KEYS = dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE))
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
    name, *words = shlex.split(call)
    context = click.Context(aggregator)
    command = aggregator.get_command(context, name)
    assert command is not None, name
    while isinstance(command, click.Group):
        command = command.get_command(context, words.pop(0))
        assert command is not None, call
    command.make_context(name, words)


def test_folders_and_program_are_those_of_the_unit() -> None:
    program, *words = shlex.split(KEYS["ExecStart"])
    assert program == "/opt/aggregator/.venv/bin/aggregator"
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


@every_row(
    ("key", "value"),
    [
        ("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"), ("ProtectHome", "yes"), ("PrivateTmp", "yes"),
        ("CapabilityBoundingSet", ""), ("ExecReload", "/bin/kill -HUP $MAINPID"), ("Restart", "on-failure"),
        ("UMask", "0077"),
    ],
)  # fmt: skip
def test_the_unit_is_hardened(key: str, value: str) -> None:
    assert KEYS[key] == value


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    """But that the program is not where the unit expects it, so that a copy names one that is there."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd here")
    unit = tmp_path / "aggregator.service"
    there = UNIT.read_text().replace("/opt/aggregator/.venv/bin/aggregator", "/bin/true")
    unit.write_text(re.sub("^(User|Group)=.*\n", "", there, flags=re.MULTILINE))  # who is made by the page
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60)
    said = [line for line in checked.stderr.splitlines() if "aggregator.service" in line]
    assert (checked.returncode, said) == (0, []), checked.stderr
    for line in LINES:
        if line.startswith("systemd-analyze"):
            assert line.split()[1] == "verify"
