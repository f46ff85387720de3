"""Real sites are not asked under the name that the configuration came with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.config.loading import load
from aggregator.config.placeholders import is_real
from aggregator.demo import Press
from aggregator.pipeline.opening import config_for_polling
from aggregator.pipeline.paths import Paths
from tests import ROOT
from tests.cli.test_cli import Desk
from tests.config.shipped import shipped
from tests.conftest import NOW
from tests.hostile import run
from tests.rows import every_row

KEYS = ("name", "url", "user_agent", "robots_token", "complaints_url", "complaints_email")

OF_OWN = ("name", "homepage", "contact.corrections")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as press:
        yield Desk(tmp_path, press)


@every_row(
    ("url", "real"),
    [
        ("https://daily.co.ke/feed", True),
        ("https://8.8.8.8/feed", True),
        ("https://été.fr/", True),
        ("http://127.0.0.1:8080/feed", False),
        ("http://[::1]/feed", False),
        ("http://10.1.2.3/", False),
        ("http://daily.example/", False),
        ("http://DAILY.EXAMPLE./", False),
        ("http://example.com/", False),
        ("http://localhost:1/", False),
        ("http://intranet/feed", False),
        ("http://nas.local/", False),
        ("http://[", False),
    ],
)
def test_what_a_real_site_is(url: str, real: bool) -> None:
    assert is_real(url) is real


def test_the_shipped_keys_are_named_each_with_its_line() -> None:
    config = shipped()
    assert config.placeholders_forbid_polling
    lines = [line.split(": ") for line in config.placeholders]
    assert [(line[0], line[2]) for line in lines] == [
        *(("wire.toml", key) for key in KEYS),
        *(("publishers/xa/example-wire.toml", key) for key in OF_OWN),
    ]
    assert all(line[1].startswith("line ") for line in lines)


def test_the_demo_asks_no_real_site() -> None:
    assert not load(ROOT / "data" / "demo" / "config").placeholders_forbid_polling


def a_real_source(desk: Desk) -> None:
    file = desk.config / "publishers" / "ml" / "one.toml"
    file.write_text(file.read_text() + '[[source]]\nkey = "real"\nurl = "https://daily.not-there-at-all.ml/feed"\n')


SITE = "https://daily.not-there-at-all.ml/"


@pytest.mark.parametrize(
    "words",
    [
        ("fetch",),
        ("fetch", "--all"),
        ("fetch", "two"),
        ("run",),
        ("recheck",),
        ("check", "--live"),
        ("probe", SITE),
        ("probe", "--write", "one", SITE),
    ],
)
def test_no_command_asks_a_real_site_under_an_example_s_name(desk: Desk, words: tuple[str, ...]) -> None:
    a_real_source(desk)
    ran = run("--config", str(desk.config), *words)
    assert (ran.code, ran.out) == (1, "")
    assert "wire.toml: line 5: user_agent: found" in ran.err
    assert "nothing was fetched" in ran.err
    assert not desk.press.requests
    assert not desk.database.exists()


def test_check_names_the_keys_and_ends_with_1(desk: Desk) -> None:
    assert run("--config", str(desk.config), "check").code == 0  # a test press alone
    a_real_source(desk)
    ran = run("--config", str(desk.config), "check")
    assert ran.code == 1
    named = [key for key in (*KEYS, *OF_OWN[1:]) if f": {key}: found" in ran.err]
    assert named == ["url", "user_agent", "complaints_url", "complaints_email", "homepage"]
    assert "publishers/xa/test-wire.toml: line 7: homepage: found" in ran.err
    assert "Nothing is fetched until the wire has a name of its own" in ran.err
    said = json.loads(run("--config", str(desk.config), "check", "--json").out)
    assert len(said["faults"]) == 5


def test_whoever_has_a_name_of_its_own_may_ask(desk: Desk) -> None:
    a_real_source(desk)
    wire, own = desk.config / "wire.toml", desk.config / "publishers" / "xa" / "test-wire.toml"
    for file in (wire, own):
        assert run("--config", str(desk.config), "check").code == 1  # one of them is not enough
        file.write_text(file.read_text().replace("wire.example", "wire.not-there-at-all.ml"))
    assert config_for_polling(Paths(desk.config, None)).placeholders == ()
    assert run("--config", str(desk.config), "check").code == 0
    wire.write_text(wire.read_text().replace("/bot)", "/bot; ExampleWire)"))
    assert run("--config", str(desk.config), "check").code == 1
    own.write_text(own.read_text() + '[contact]\ncorrections = "desk@wire.example"\n')
    assert ": contact.corrections: found" in run("--config", str(desk.config), "fetch").err


@pytest.mark.parametrize("command", ["check", "fetch", "run"])
def test_the_shipped_wire_polls_nobody_even_without_sources(tmp_path: Path, command: str) -> None:
    """So a fresh clone of which somebody deleted all publishers says it at once, not after the first is added."""
    own = "publishers/xa/example-wire.toml"
    (tmp_path / "config" / own).parent.mkdir(parents=True)
    for name in ("wire.toml", "rights.toml", own):
        shutil.copy(ROOT / "config" / name, tmp_path / "config" / name)
    ran = run("--config", str(tmp_path / "config"), command)
    assert ran.code == 1
    assert [name for name in ("wire.toml: line 3: name", f"{own}: line 2: name", "aggregator init") if name in ran.err]
    assert f"{own}: line 7: homepage: found" in ran.err
    assert "`aggregator init DIR`" in ran.err


def test_what_asks_nobody_needs_no_name(desk: Desk) -> None:
    a_real_source(desk)
    assert run("--config", str(desk.config), "publishers").code == 0
