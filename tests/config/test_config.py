"""From files to nouns, and every way in which files can be wrong.

Each `fixtures/config/faulty/NAME.txt` is the sound config with some files changed, and the faults that must come of
it; adding a file adds a test. Its sections: `--- FILE` replaces or adds a file, `+++ FILE` appends to one, `xxx FILE`
removes one, `=== faults` lists every fault, in order. A line with `#` before the first section says why.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.config.bare import source_key
from aggregator.config.loading import load
from aggregator.config.shapes.publisher import SourceKind
from aggregator.model import Access, Config, Contact, Corrections, Credentials, IdentityRules, Images, Template
from aggregator.model.errors import ConfigError
from aggregator.pipeline.cached import pack, unpack
from aggregator.pipeline.paths import find_config
from tests import ROOT
from tests.config.shipped import shipped
from tests.conftest import examples
from tests.rows import every_row

FIXTURES = ROOT / "tests" / "fixtures" / "config"
SOUND = FIXTURES / "sound"
CASES = sorted((FIXTURES / "faulty").glob("*.txt"))
DAILY = "publishers/ml/daily.toml"


def sections(case: Path) -> list[tuple[str, str, str]]:
    """Mark, file and text of each section."""
    parts = re.split(r"^(---|\+\+\+|xxx|===) (.+)\n", case.read_text(), flags=re.MULTILINE)[1:]
    return list(zip(parts[0::3], parts[1::3], parts[2::3], strict=True))


def built(case: Path, folder: Path) -> Path:
    """The config folder that a case describes."""
    config = sound(folder)
    for mark, name, text in sections(case):
        file = config / name
        if mark == "xxx":
            file.unlink()
        elif mark != "===":
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text if mark == "---" else file.read_text() + text)
    return config


def sound(folder: Path) -> Path:
    return Path(shutil.copytree(SOUND, folder / "config"))


def faults_of(config: Path) -> list[str]:
    return [line.replace(str(config), "CONFIG") for line in _faults_of(config)]


def _faults_of(config: Path) -> tuple[str, ...]:
    try:
        return load(config).faults
    except ConfigError as error:  # one that touches everybody
        return error.faults


# Faulty


@every_row("case", CASES, ids=lambda case: case.stem)
def test_faulty(case: Path, tmp_path: Path) -> None:
    """Every fault is a line with the file, what was found there and what is expected."""
    [expected] = [text for mark, _, text in sections(case) if mark == "==="]
    faults = faults_of(built(case, tmp_path))
    assert faults == expected.splitlines()
    for line in faults:
        assert re.fullmatch(r"(wire\.toml|rights\.toml|publishers[\w./-]*): .*found .+, expected .+", line)


def test_no_folder(tmp_path: Path) -> None:
    [line] = faults_of(tmp_path / "nowhere")
    assert line == (
        "CONFIG: found no such folder, expected a folder with wire.toml, rights.toml and publishers/; "
        "give it with --config DIR"
    )


def test_a_file_for_a_folder(tmp_path: Path) -> None:
    [line] = faults_of(sound(tmp_path) / "wire.toml")
    assert line.startswith("CONFIG: found a file, expected a folder with wire.toml")


def test_an_empty_folder_lacks_everything(tmp_path: Path) -> None:
    assert [line.partition(":")[0] for line in faults_of(tmp_path)] == ["wire.toml", "rights.toml", "publishers"]


def test_a_folder_for_a_file(tmp_path: Path) -> None:
    config = sound(tmp_path)
    (config / "rights.toml").unlink()
    (config / "rights.toml").mkdir()
    assert faults_of(config) == ["rights.toml: found a file that cannot be read (Is a directory), expected TOML"]


def test_a_link_to_nowhere(tmp_path: Path) -> None:
    config = sound(tmp_path)
    (config / "publishers" / "ml" / "weekly.toml").symlink_to("gone.toml")
    [line] = faults_of(config)
    assert line.startswith("publishers/ml/weekly.toml: found no such file")


def test_not_utf_8(tmp_path: Path) -> None:
    config = sound(tmp_path)
    text = (config / DAILY).read_text().replace("Bamako", "Ségou").encode("latin-1")
    (config / DAILY).write_bytes(text)
    assert faults_of(config) == [f"{DAILY}: line 2: found bytes that are not UTF-8, expected text in UTF-8"]


# Sound


def test_the_sound_config_loads(tmp_path: Path) -> None:
    config = load(sound(tmp_path))
    assert config.wire.name == "Test Wire"
    assert [publisher.key for publisher in config.publishers] == ["daily", "desk"]


def test_the_shipped_config_loads() -> None:
    config = shipped()
    own = next(publisher for publisher in config.publishers if publisher.key == config.wire.publisher)
    assert own.kind == "own"
    assert any(publisher.sources for publisher in config.publishers)


def loaded(tmp_path: Path, more: str = "", wire: str = "") -> Config:
    """The sound config with text appended to the daily's file and to wire.toml."""
    config = sound(tmp_path)
    for name, text in ((DAILY, more), ("wire.toml", wire)):
        (config / name).write_text((config / name).read_text() + text)
    return load(config)


def test_units_become_types(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        '[[source]]\nurl = "https://daily.test/"\nevery_minutes = 7.5\n',
        "[fetch]\nper_domain_seconds = 0\ntimeout_seconds = 1.5\n[poll]\nevery_minutes = 10\nlongest_minutes = 60\n",
    )
    assert config.wire.fetch.per_domain_spacing == timedelta(0)
    assert config.wire.fetch.timeout == timedelta(seconds=1.5)
    assert config.wire.poll.every == timedelta(minutes=10)
    assert config.wire.poll.longest == timedelta(hours=1)
    assert config.publishers[0].sources[0].every == timedelta(minutes=7.5)


@pytest.mark.parametrize("wire", ["", 'timezone = "Africa/Bamako"\n'])
def test_the_wire_s_time_zone_is_utc_unless_it_names_one(tmp_path: Path, wire: str) -> None:
    assert loaded(tmp_path, wire=wire).wire.timezone == ("Africa/Bamako" if wire else "UTC")


def test_what_is_left_out_is_the_noun_s_default(tmp_path: Path) -> None:
    wire = loaded(tmp_path).wire
    assert wire.fetch == type(wire.fetch)()
    assert wire.poll == type(wire.poll)()


def test_a_source_with_all_keys(tmp_path: Path) -> None:
    text = '[[source]]\nurl = "https://daily.test/a"\nkind = "jsonfeed"\nclass = "opinion"\n'
    [source] = loaded(tmp_path, text + 'key = "op"\nenabled = false\n').publishers[0].sources
    assert source.name == "daily/op"
    assert (source.kind, source.item_class, source.enabled, source.every) == ("jsonfeed", "opinion", False, None)


def test_a_source_that_is_off_says_why(tmp_path: Path) -> None:
    more = '[[source]]\nurl = "https://daily.test/feed"\nenabled = false\nreason = "it answers 404"\n'
    assert loaded(tmp_path, more).publishers[0].sources[0].reason == "it answers 404"


def test_a_homepage_to_look_for_a_feed_on(tmp_path: Path) -> None:
    [source] = loaded(tmp_path, '[[source]]\nkind = "discover"\n').publishers[0].sources
    assert (source.name, source.kind, source.url) == ("daily/main", "discover", "https://daily.test/")
    more = '[[source]]\nkind = "discover"\nurl = "https://daily.test/news"\n'
    [source] = loaded(tmp_path / "more", more).publishers[0].sources
    assert source.url == "https://daily.test/news"


def test_the_place_may_be_left_out(tmp_path: Path) -> None:
    config = sound(tmp_path)
    (config / DAILY).write_text((config / DAILY).read_text().replace('place = "Bamako"\n', ""))
    assert load(config).publishers[0].place is None


def test_the_profile_is_known_by_its_name(tmp_path: Path) -> None:
    assert [publisher.profile for publisher in loaded(tmp_path).publishers] == ["quotation", "own"]


# Warnings


def test_the_sound_config_warns_of_nothing(tmp_path: Path) -> None:
    assert loaded(tmp_path).warnings == ()


READ = "rights.terms_checked is missing: write the date on which you read the publisher's terms"
PUBLIC = '[rights]\nrelationship = "public_body"\n'


@every_row(
    ("more", "warning"),
    [
        (
            '[[source]]\nurl = "http://www.daily.test/feed"\n',
            'source[1].url: found "http://www.daily.test/feed", expected https, which other addresses here have at the '
            "same host",
        ),
        (
            '[[source]]\nurl = "https://daily.test/feed"\nenabled = false\n',
            "source[1].reason: found nothing, expected why it is switched off",
        ),
        (
            PUBLIC,
            f"{READ} (until then it is quoted only)",
        ),
        (
            PUBLIC + 'basis = "statutory"\n',
            f"{READ} (the wire relies on the law)",
        ),
        (
            '[rights]\nrelationship = "open_licence"\nbasis = "open_licence"\nlicence = "CC-BY-4.0"\n'
            'licence_url = "https://licence.test/"\n',
            f"{READ} (the wire relies on its licence)",
        ),
    ],
)
def test_a_warning(tmp_path: Path, more: str, warning: str) -> None:
    assert loaded(tmp_path, more).warnings == (f"{DAILY}: {warning}",)


def test_what_was_looked_at_is_warned_of_no_more(tmp_path: Path) -> None:
    assert loaded(tmp_path, PUBLIC + "terms_checked = 2026-11-22\n").warnings == ()


def test_rules_of_identity(tmp_path: Path) -> None:
    more = """[identity]
ids = "ignored"
ignore_parameters = ["session", "from_*"]
strip_path_prefixes = ["/print"]
same_hosts = ["daily.co.test"]
"""
    assert loaded(tmp_path, more).publishers[0].identity == IdentityRules(
        ids="ignored",
        ignore_parameters=("session", "from_*"),
        strip_path_prefixes=("/print",),
        same_hosts=("daily.test", "daily.co.test"),
    )


@every_row(
    ("line", "fault"),
    [
        ('ids = "maybe"', 'identity.ids: found "maybe", expected'),
        ('ignore = ["x"]', "identity.ignore: found an unknown key, expected"),
        ('ignore_parameters = ["*"]', 'identity.ignore_parameters[1]: found "*", expected the name of a parameter'),
        ('keep_parameters = ["a*"]', 'identity.keep_parameters[1]: found "a*", expected the name of a parameter'),
        ('strip_path_prefixes = ["print/"]', 'identity.strip_path_prefixes[1]: found "print/", expected the beginning'),
        ('same_hosts = ["http://m.daily.test/"]', "identity.same_hosts[1]: found"),
        ('same_hosts = "m.daily.test"', 'identity.same_hosts: found "m.daily.test", expected a list'),
    ],
)
def test_faulty_rules_of_identity(tmp_path: Path, line: str, fault: str) -> None:
    config = sound(tmp_path)
    (config / DAILY).write_text((config / DAILY).read_text() + f"[identity]\n{line}\n")
    [found] = faults_of(config)
    assert re.sub(r"line \d+: ", "", found).startswith(f"{DAILY}: {fault}")


def test_secrets_stay_templates(tmp_path: Path) -> None:
    text = '[[source]]\nurl = "https://daily.test/${KEY}/feed?token=${DAILY_TOKEN}"\n'
    text += '[[source]]\nurl = "https://daily.test/b"\nusername = "desk-${DESK}"\npassword = "${DAILY_PASSWORD}"\n'
    text += '[[source]]\nurl = "https://daily.test/c"\nbearer = "${_TOKEN2}"\n'
    first, second, third = loaded(tmp_path, text).publishers[0].sources
    assert (first.name, first.url) == ("daily/key-feed", "https://daily.test/${KEY}/feed?token=${DAILY_TOKEN}")
    assert first.access == Access(url=Template(first.url))
    basic = Credentials(username=Template("desk-${DESK}"), password=Template("${DAILY_PASSWORD}"))
    assert second.access == Access(url=Template("https://daily.test/b"), credentials=basic)
    bearer = Credentials(bearer=Template("${_TOKEN2}"))
    assert third.access == Access(url=Template("https://daily.test/c"), credentials=bearer)


def test_overrides_merge_key_by_key(tmp_path: Path) -> None:
    more = '[rights]\nexcerpt_max_words = 30\n[rights.corrections]\non_missing = "keep"\non_gone = "suspend"\n'
    more += '[contact]\ncorrections = "desk@daily.test"\n[disclaimers]\nopinion = "Views of the author."\n'
    daily = loaded(tmp_path, more).publishers[0]
    assert (daily.rights.basis, daily.rights.excerpt_max_words) == ("quotation", 30)
    assert daily.rights.corrections == Corrections(on_missing="keep", on_gone="suspend")
    assert daily.contact == Contact(corrections="desk@daily.test")
    assert daily.disclaimers == {"opinion": "Views of the author."}


def test_overrides_merge_in_the_tables_within(tmp_path: Path) -> None:
    config = sound(tmp_path)
    text = (config / DAILY).read_text().replace('"quotation"', '"agreement"')
    (config / DAILY).write_text(text + "[rights.images]\nhotlink = false\n")
    assert load(config).publishers[0].rights.images == Images(scope="agreement", hotlink=False)


def test_a_date_of_toml_and_a_date_in_quotes_are_one(tmp_path: Path) -> None:
    dates = [
        loaded(tmp_path / str(number), f"[rights]\nexpires = {text}\n").publishers[0].rights.expires
        for number, text in enumerate(("2026-12-31", '"2026-12-31"'))
    ]
    assert dates[0] == dates[1]


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    config = sound(tmp_path)
    (config / DAILY).write_bytes(b"\xef\xbb\xbf" + (config / DAILY).read_bytes().replace(b"\n", b"\r\n"))
    assert load(config).publishers[0].name == "The Daily"


def test_a_publisher_without_a_country_s_folder(tmp_path: Path) -> None:
    config = sound(tmp_path)
    (config / DAILY).rename(config / "publishers" / "daily.toml")
    assert [publisher.key for publisher in load(config).publishers] == ["daily", "desk"]


@every_row("name", [".daily.toml", "daily.toml~", "README.md", ".trash/daily.toml", "old.toml/readme"])
def test_what_is_no_publisher_s_file(tmp_path: Path, name: str) -> None:
    config = sound(tmp_path)
    file = config / "publishers" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("not TOML")
    assert len(load(config).publishers) == 2


@every_row(
    ("url", "key"),
    [
        ("https://daily.test/rss/politics.xml", "rss-politics"),
        ("https://daily.test/", "main"),
        ("https://daily.test", "main"),
        ("https://daily.test/?feed=rss2", "main"),
        ("https://daily.test/feed/", "feed"),
        ("https://daily.test/Feed/Index.PHP", "feed-index"),
        ("https://daily.test/%C3%A0-la-une/feed", "la-une-feed"),
        ("https://daily.test/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1", "main"),
        ("https://daily.test/v1.2/feed", "v1-2-feed"),
    ],
)
def test_source_key(url: str, key: str) -> None:
    assert source_key(url) == key


def test_the_kinds_of_sources_are_those_that_parse_knows() -> None:
    try:
        from aggregator.parse import PARSERS
    except ImportError:
        pytest.skip("aggregator.parse is not there yet")
    assert set(get_args(SourceKind)) == {*PARSERS, "discover"}


# Where it is found


def test_the_folder_given_wins(tmp_path: Path) -> None:
    assert find_config(tmp_path / "mine") == tmp_path / "mine"


def test_the_folder_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sound(tmp_path).parent)
    assert find_config(None) == tmp_path / "config"


def test_the_folder_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()  # somebody else's
    assert find_config(None) == ROOT / "config"


def test_an_installed_copy_says_where_it_looked(tmp_path: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "aggregator", tmp_path / "site" / "aggregator", ignore=ignore)
    code = "from aggregator.pipeline.paths import find_config; find_config()"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert result.stderr.splitlines()[-1] == (
        f"aggregator.model.errors.ConfigError: --config: found no wire.toml in {tmp_path}/config nor in "
        f"{tmp_path}/site/config, expected --config DIR or AGGREGATOR_CONFIG, the folder that holds one; "
        "`aggregator init DIR` makes one"
    )


# Whatever stands in the file

SCOPES = st.sampled_from(["none", "headline_only", "excerpt", "full_text"])
BASES = st.sampled_from(["own", "agreement", "open_licence", "public_domain", "statutory", "quotation", "none"])
OVERRIDES = st.fixed_dictionaries(
    {},
    optional={
        "basis": BASES,
        "text_scope": SCOPES,
        "relationship": st.sampled_from(["partner", "none", "own", "open_licence"]),
        "licence": st.sampled_from(["CC-BY-4.0", "CC-BY-ND-4.0", "nonsense licence"]),
        "licence_url": st.just("https://licence.test/"),
        "copyright_holder": st.sampled_from(["", "The Daily"]),
        "systematic_republication": st.sampled_from(["yes", "no", "unstated"]),
    },
)


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(profile=st.sampled_from(["quotation", "open", "agreement", "own"]), overrides=OVERRIDES)
def test_nothing_loads_with_full_text_and_no_ground_for_it(
    tmp_path_factory: pytest.TempPathFactory, profile: str, overrides: dict[str, str]
) -> None:
    config = sound(tmp_path_factory.mktemp("config"))
    text = (config / DAILY).read_text().replace('"quotation"', f'"{profile}"') + "[rights]\n"
    (config / DAILY).write_text(text + "".join(f'{key} = "{value}"\n' for key, value in overrides.items()))
    daily = next((one for one in load(config).publishers if one.key == "daily"), None)
    if daily is None:
        return
    rights = daily.rights
    assert rights.relationship != "own"
    assert rights.basis not in ("none", "quotation") or rights.text_scope != "full_text"
    assert rights.text_scope != "full_text" or rights.copyright_holder or rights.copyright_notice


def assert_daily_alone_is_faulty(config: Config) -> None:
    assert [publisher.key for publisher in config.publishers] == ["desk"]
    [faulty] = config.faulty
    assert (faulty.key, faulty.file, faulty.faults) == ("daily", DAILY, config.faults)
    assert config.faults
    assert unpack(pack(config)) == config


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_a_fault_of_their_publisher_alone(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    config = sound(tmp_path_factory.mktemp("config"))
    (config / DAILY).write_bytes(data)
    assert_daily_alone_is_faulty(load(config))


VALUES = st.recursive(
    st.sampled_from(["1", "-1", "0.5", "nan", "true", '""', '"x"', "2026-01-01", "10:00:00", "[]", "{}"]),
    lambda inner: st.lists(inner, max_size=2).map(lambda items: f"[{', '.join(items)}]"),
    max_leaves=3,
)
KEYS = st.sampled_from(
    [
        "name",
        "place",
        "country",
        "kind",
        "languages",
        "homepage",
        "rights_profile",
        "contact",
        "identity",
        "rights",
        "disclaimers",
        "source",
        "rights.images",
        "rights.redistribute",
        "contact.corrections",
        "identity.same_hosts",
        "disclaimers.own",
        "other",
    ]
)


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_any_values_are_faults_of_their_publisher_alone(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]
) -> None:
    config = sound(tmp_path_factory.mktemp("config"))
    (config / DAILY).write_text("".join(f"{key} = {value}\n" for key, value in values.items()))
    assert_daily_alone_is_faulty(load(config))
