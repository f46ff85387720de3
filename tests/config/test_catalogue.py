"""The catalogue that the package comes with: it is config/, it is searched by names and codes, a copy knows itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from aggregator.config import catalogue
from aggregator.config.catalogue import Search
from aggregator.config.codes import country_called, language_called
from aggregator.model import GROUP_OF_KIND
from tests import ROOT
from tests.make_catalogue import files
from tests.rows import every_row


@pytest.fixture(scope="module")
def listed() -> list[catalogue.Listed]:
    return list(catalogue.all_listed())


def test_it_is_the_configuration_of_the_project() -> None:
    there, packed = files(), catalogue.texts()
    differ = {name for name in {*there, *packed} if there.get(name) != packed.get(name)}
    assert not differ, "run `make catalogue`"


def test_the_same_files_make_the_same_bytes() -> None:
    there = {"wire.toml": 'name = "É"\n', "rights.toml": "", "publishers/ml/a.toml": "x = 1\n"}
    assert catalogue.packed(there) == catalogue.packed(dict(reversed(there.items())))


def test_an_installed_copy_has_it(tmp_path: Path) -> None:
    """Without a checkout: what the package's data are, and nothing else."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert catalogue.FILE.name in declared["aggregator.config"]
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "aggregator", tmp_path / "site" / "aggregator", ignore=ignore)
    command = [sys.executable, "-m", "aggregator", "catalogue", "Journal", "--country", "Mali"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("journal-du-mali\n  Journal du Mali · ML · news_site · fr · feed known\n")


def test_the_example_s_own_publisher_is_none_to_copy(listed: list[catalogue.Listed]) -> None:
    assert len(listed) == len(catalogue.files()) == len(files()) - 3
    assert not [one.key for one in listed if one.kind == "own"]
    assert catalogue.own_publisher() == "publishers/xa/example-wire.toml"


@pytest.mark.parametrize(
    ("search", "some"),
    [
        (Search(countries=["ML"]), "malijet"),
        (Search(countries=["ML", "SN"], kinds=["news_site"]), "malijet"),
        (Search(groups=["institution"], countries=["ML"]), "presidency-of-mali"),
        (Search(languages=["pt"]), "presidency-of-guinea-bissau"),
        (Search(languages=["PT-mz"]), "presidency-of-guinea-bissau"),
        (Search(words=["journal", "mali"]), "journal-du-mali"),
        (Search(words=["ÉCHOS"], countries=["ML"]), "les-echos"),
        (Search(words=["echo"], countries=["ML"]), "les-echos"),
        (Search(words=["malijet.com"]), "malijet"),
        (Search(words=["L'Essor"]), "lessor"),
        (Search(words=["mali", "french", "newspaper"]), "info-matin"),
    ],
)
def test_a_search_finds(listed: list[catalogue.Listed], search: Search, some: str) -> None:
    found = [one for one in listed if search.takes(one)]
    assert some in {one.key for one in found}
    assert len(found) < len(listed) / 4
    assert all(GROUP_OF_KIND[one.kind] == one.group for one in found)


@pytest.mark.parametrize(
    "search",
    [
        Search(words=["alijet"]),  # within a word
        Search(words=["malijet"], countries=["SN"]),
        Search(words=["malijet", "presidency"]),
        Search(kinds=["church"], groups=["individual"]),
        Search(languages=["is"]),
    ],
)
def test_a_search_finds_nothing(listed: list[catalogue.Listed], search: Search) -> None:
    assert not [one.key for one in listed if search.takes(one)]


def test_the_feed_is_known_doubted_or_sought(listed: list[catalogue.Listed]) -> None:
    by_key = {one.key: one.feed for one in listed}
    assert (by_key["malijet"], by_key["maliweb"], by_key["les-echos"]) == ("known", "off", "sought")


@every_row("said", ["ML", "ml", "Mali", "MALI", " mali "])
def test_a_country_by_code_or_name(said: str) -> None:
    assert country_called(said.strip() if len(said) == 2 else said) == "ML"


@every_row(
    ("said", "code"),
    [
        ("Côte d'Ivoire", "CI"),
        ("cote d’ivoire", "CI"),
        ("senegal", "SN"),
        ("Tanzania", "TZ"),
        ("The world", "XW"),
        ("Congo (Kinshasa)", "CD"),
        ("Congo", None),  # which of the two?
        ("ZZ", None),
        ("", None),
        ("Mali; DROP", None),
    ],
)
def test_a_country_by_its_names(said: str, code: str | None) -> None:
    assert country_called(said) == code


@every_row(
    ("said", "tag"),
    [("fr", "fr"), ("French", "fr"), ("pt-MZ", "pt-MZ"), ("swahili", "sw"), ("Amharic", "am"), ("frenchh", None)],
)
def test_a_language_by_code_or_name(said: str, tag: str | None) -> None:
    assert language_called(said) == tag


# Copies


@pytest.mark.parametrize("key", ["malijet", "maliweb", "the-conversation-africa"])
def test_a_copy_says_of_what_it_is_one(key: str) -> None:
    one = catalogue.listed(key)
    text = catalogue.copied(one)
    assert tomllib.loads(text)["catalogue"] == catalogue.mark_of(text) == one.mark
    assert catalogue.without_mark(text) == one.text
    assert catalogue.is_as_copied(text, one.mark)


@every_row(
    "changed",
    [
        lambda text: text + "# mine\n",
        lambda text: text.replace('"quotation"', '"headline"'),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace('kind = "news_site"\n', ""),
    ],
)
def test_a_copy_that_somebody_changed_is_seen_to_be(changed: object) -> None:
    one = catalogue.listed("malijet")
    text = changed(catalogue.copied(one))  # type: ignore[operator]
    assert catalogue.mark_of(text) == one.mark
    assert not catalogue.is_as_copied(text, one.mark)


@every_row(
    ("line", "is_mark"),
    [
        ('catalogue = "malijet@d107e7da5535d8c1"', True),
        ("catalogue='malijet@d107e7da5535d8c1' # by hand", True),
        ('# catalogue = "malijet@d107e7da5535d8c1"', False),
        ('catalogue = "malijet"', False),
        ('catalogue = "../x@d107e7da5535d8c1"', False),
        ("", False),
    ],
)
def test_the_line_may_stand_anywhere(line: str, is_mark: bool) -> None:
    one = catalogue.listed("malijet")
    text = one.text.replace('country = "ML"\n', f'country = "ML"\n{line}\n')
    assert (catalogue.mark_of(text) is not None) is is_mark
    if is_mark:
        assert catalogue.without_mark(text) == one.text
        remarked = catalogue.remarked(text, one)
        assert catalogue.mark_of(remarked) == one.mark
        assert catalogue.without_mark(remarked) == one.text
