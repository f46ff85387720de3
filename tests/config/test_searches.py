"""Files of saved searches: what they mean, and every fault of each, while the others go on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aggregator.config.loading import load
from aggregator.config.searches import save_search, text_of
from aggregator.model import SavedSearch, Selection, Tell
from aggregator.model.errors import ConfigError
from aggregator.pipeline.cached import digest, pack, signature, unpack
from tests import ROOT

SOUND = ROOT / "tests" / "fixtures" / "config" / "sound"
MAIL = '[mail]\nhost = "mail.wire.example"\nfrom = "wire@wire.example"\n'
WHOLE = """
words = '(flood* OR "l’eau monte") -football'
title = "Floods"
countries = ["ML", "BF"]
kinds = ["ngo"]
languages = ["fr"]
[[tell]]
email = "desk@wire.example"
[[tell]]
command = ["tell", "-x"]
when = "weekly"
on = "friday"
at = "18:30"
zone = "Africa/Nairobi"
"""
# A file, and what is said of it.
FAULTY = {
    "": "found no key at all",
    "words = ''": 'line 1: words: found "", expected words as `aggregator search` takes them; of these: there is',
    "words = 'a OR'": "OR needs a word on both sides",
    "words = '-a'": "only exclusions",
    "words = 3": "expected text in quotes",
    "word = 'a'": 'word: found an unknown key, expected a known one; did you mean "words"?',
    "title = 'A'": "words: found nothing, expected this key to be set",
    "words = 'a'\ncountries = ['QQ']": 'line 2: countries[1]: found "QQ", expected a country of ISO 3166-1',
    "words = 'a'\nlanguages = ['qq']": "expected a language of ISO 639",
    "words = 'a'\nkinds = ['journal']": "kinds[1]: found",
    "words = 'a'\nclasses = []": "expected a list that is not empty",
    "words = 'a'\n[[tell]]": "tell[1].email: found nothing, expected either this key or `command`",
    "words = 'a'\n[[tell]]\nemail = 'a@b.example'\ncommand = ['x']": "expected either this key or `command`",
    "words = 'a'\n[[tell]]\nemail = 'nobody'": "expected an e-mail address",
    "words = 'a'\n[[tell]]\nemail = 'a@b.example\\nBcc: x@y.example'": "expected an e-mail address",
    "words = 'a'\n[[tell]]\ncommand = []": "tell[1].command: found",
    "words = 'a'\n[[tell]]\nemail = 'a@b.example'\nwhen = 'dayly'": 'did you mean "daily"?',
    "words = 'a'\n[[tell]]\nemail = 'a@b.example'\nwhen = 'daily'\nat = '7:00'": "a time of the day",
    "words = 'a'\n[[tell]]\nemail = 'a@b.example'\nwhen = 'daily'\nat = '24:00'": "a time of the day",
    "words = 'a'\n[[tell]]\nemail = 'a@b.example'\nwhen = 'daily'\nzone = 'Mars'": "a time zone of the IANA database",
    "words = 'a'\n[[tell]]\nemail = 'a@b.example'\nat = '07:00'": 'only beside when = "daily" or "weekly"',
    "words = 'a'\n[[tell]]\nemail = 'a@b.example'\nwhen = 'daily'\non = 'monday'": 'only beside when = "weekly"',
    "words = 'a'\n[[tell]]\nemail = 'a@b.example'\n[[tell]]\nemail = 'a@b.example'": "another one than tell[1]",
    "words = 'a": "line 1: found text that is not TOML",
    "words = '\xff'": "found bytes that are not UTF-8",
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    made = Path(shutil.copytree(SOUND, tmp_path / "config"))
    (made / "searches").mkdir()
    with (made / "wire.toml").open("a") as file:
        file.write(MAIL)
    return made


def write(config: Path, text: str, name: str = "floods") -> None:
    (config / "searches" / f"{name}.toml").write_bytes(text.encode("latin-1" if "\xff" in text else "utf-8"))


def test_a_file_means_a_search(config: Path) -> None:
    write(config, WHOLE)
    read = load(config)
    (search,) = read.searches
    assert search == SavedSearch(
        name="floods",
        words='(flood* OR "l’eau monte") -football',
        title="Floods",
        selection=Selection(countries=("ML", "BF"), kinds=("ngo",), languages=("fr",)),
        tells=(
            Tell(email="desk@wire.example", zone=read.wire.timezone),
            Tell(command=("tell", "-x"), when="weekly", on="friday", at="18:30", zone="Africa/Nairobi"),
        ),
    )
    assert read.faults == ()
    assert read.wire.mail is not None
    assert (read.wire.mail.port, read.wire.mail.security) == (587, "starttls")
    assert unpack(pack(read)) == read


@pytest.mark.parametrize("text", sorted(FAULTY), ids=range(len(FAULTY)))
def test_a_fault_is_named_and_stops_that_search_alone(text: str, config: Path) -> None:
    write(config, text)
    write(config, "words = 'pont'", "ponts")
    read = load(config)
    assert [each.key for each in read.faulty_searches] == ["floods"]
    assert [each.name for each in read.searches] == ["ponts"]
    assert FAULTY[text] in "\n".join(read.faults)
    assert all(line.startswith("searches/floods.toml: ") for line in read.faults)
    assert read.publishers


def test_an_email_needs_a_server(config: Path) -> None:
    write(config, WHOLE)
    wire = config / "wire.toml"
    wire.write_text(wire.read_text().replace(MAIL, ""))
    assert "expected [mail] in wire.toml" in load(config).faults[0]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("user = 'wire'\n", "mail.password: found nothing"),
        ("password = '${X}'\n", "mail.user: found nothing"),
        ("user = 'wire'\npassword = 'open'\n", "mail.password: found a text that is not shown"),
        ("user = 'w'\npassword = '${X}'\nsecurity = 'none'\n", 'mail.security: found "none"'),
        ("port = 0\n", "mail.port: found 0"),
        ("security = 'ssl'\n", 'mail.security: found "ssl"'),
        ("hosts = 'x'\n", "mail.hosts: found an unknown key"),
    ],
)
def test_faults_of_the_mail_server_are_the_wires(said: str, fault: str, config: Path) -> None:
    with (config / "wire.toml").open("a") as file:
        file.write(said)
    with pytest.raises(ConfigError) as refused:
        load(config)
    assert fault in str(refused.value)
    assert "open" not in str(refused.value).replace("open_licence", "")


def test_a_name_is_a_key_and_stands_in_no_folder(config: Path) -> None:
    write(config, WHOLE, "Floods of 2026")
    (config / "searches" / "below").mkdir()
    write(config, WHOLE, "below/floods")
    said = "\n".join(load(config).faults)
    assert 'the file\'s name: found "Floods of 2026"' in said
    assert "and not in a folder below" in said


def test_a_change_of_a_search_is_a_change_of_the_configuration(config: Path) -> None:
    before = digest(config), signature(config)
    write(config, WHOLE)
    assert digest(config) != before[0]
    assert signature(config) != before[1]


def test_a_search_that_is_saved_is_read_as_it_was_meant(config: Path) -> None:
    search = SavedSearch(
        name="saved", words='"l’eau monte" OR pont', title="saved", selection=Selection(item_classes=("opinion",))
    )
    save_search(config, search)
    assert load(config).searches == (search,)
    assert "docs/alerts.md" in text_of(search)
    with pytest.raises(ConfigError, match="there already"):
        save_search(config, search)
    with pytest.raises(ConfigError, match="and not in a folder below"):
        save_search(config, SavedSearch(name="../evil", words="a", title="a"))
    assert not (config / "evil.toml").exists()
