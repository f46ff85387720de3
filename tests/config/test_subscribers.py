"""Files of subscribers: every fault of each is named, each stops one subscriber, and the page has every key."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from aggregator.config.loading import load
from aggregator.config.shapes.subscriber import SubscriberFile
from aggregator.model import Selection, Subscriber, Template
from aggregator.pipeline.cached import digest, pack, signature, unpack
from tests import ROOT
from tests.cli.test_cli import make_config

SOUND = 'url = "https://partner.example/hook?token=${TOKEN}"\nsecret = "${PARTNER_SECRET}"\n'
WHOLE = f"""{SOUND}
second_secret = "${{OLD_SECRET}}"
publishers = ["daily"]
countries = ["ML", "XA"]
kinds = ["ngo", "newspaper"]
groups = ["institution"]
languages = ["fr", "pt-MZ"]
classes = ["opinion"]
search = "floods"
channel = "email"
format = "ninjs"
from = "beginning"
enabled = false
contact = "ops@partner.example"
"""
# What stands in a file beside what is sound, and what is said of it.
FAULTS = {
    'url = 1': "url: found 1, expected text in quotes",
    'url = "partner.example"': "url: found",
    'url = "ftp://partner.example/"': "url: found",
    'url = "https://user:pass@partner.example/"': "url: found",
    'url = "https://${HOST}/"': "url: found",
    'url = "https://partner.example:99999/"': "a port from 1 to 65535",
    'secret = "whsec_c2VjcmV0"': "secret: found a text that is not shown",
    'secret = ["${A}"]': "secret: found a text that is not shown",
    'second_secret = ""': "second_secret: found a text that is not shown",
    "publishers = []": "publishers: found [], expected a list that is not empty",
    'publishers = "daily"': "publishers: found",
    'publishers = ["Daily News"]': "publishers[1]: found",
    'countries = ["Mali"]': "countries[1]: found",
    'countries = ["ML", "QX"]': 'countries[2]: found "QX"',
    'languages = ["French", "xx"]': "languages[1]: found",
    'languages = ["fr", "xq"]': 'languages[2]: found "xq"',
    'kinds = ["newspapers"]': 'did you mean "newspaper"',
    'groups = ["own", "all"]': "groups[2]: found",
    'classes = ["sport"]': "classes[1]: found",
    'search = "Floods"': "search: found",
    'search = ["floods"]': "search: found",
    'search = "flods"': 'a saved search, which is a file in searches/; did you mean "floods"',
    'channel = "webhook"': "channel: found",
    'format = "json"': "format: found",
    'from = "2026-01-01"': "from: found",
    'enabled = "no"': "enabled: found",
    'contact = "nobody"': "contact: found",
    'secrets = "${A}"': 'did you mean "secret"',
    "[selection]": "selection: found an unknown key",
}  # fmt: skip


@pytest.fixture
def config(tmp_path: Path) -> Path:
    made = make_config(tmp_path / "config")
    (made / "subscribers").mkdir()
    (made / "searches").mkdir()
    (made / "searches" / "floods.toml").write_text('words = "flood"\n')
    return made


def write(config: Path, text: str | bytes, name: str = "partner.toml") -> Path:
    path = config / "subscribers" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_every_key_does_what_the_page_says(config: Path) -> None:
    write(config, WHOLE)
    write(config, SOUND, "plain.toml")
    whole, plain = load(config).subscribers
    url = Template("https://partner.example/hook?token=${TOKEN}")
    assert plain == Subscriber(name="plain", url=url, secrets=(Template("${PARTNER_SECRET}"),))
    assert whole == Subscriber(
        name="partner",
        url=url,
        secrets=(Template("${PARTNER_SECRET}"), Template("${OLD_SECRET}")),
        selection=Selection(
            publishers=("daily",),
            countries=("ML", "XA"),
            kinds=("ngo", "newspaper"),
            groups=("institution",),
            languages=("fr", "pt-MZ"),
            item_classes=("opinion",),
            search="floods",
        ),
        channel="email",
        format="ninjs",
        from_beginning=True,
        enabled=False,
        contact="ops@partner.example",
    )
    loaded = load(config)
    assert unpack(pack(loaded)) == loaded


def test_the_page_has_every_key() -> None:
    page = (ROOT / "docs" / "subscribers.md").read_text("utf-8")
    table = page.partition("| key | default |")[2].partition("\n\n")[0]
    named = re.findall(r"`(\w+)`", " ".join(row.split("|")[1] for row in table.splitlines()[2:]))
    assert named == [info.alias or name for name, info in SubscriberFile.model_fields.items()]


@pytest.mark.parametrize("line", sorted(FAULTS))
def test_a_fault_is_named_with_its_file_and_stops_one_subscriber(config: Path, line: str) -> None:
    key = line.partition(" ")[0]
    write(config, "".join(row for row in SOUND.splitlines(True) if not row.startswith(f"{key} ")) + f"{line}\n")
    write(config, SOUND, "other.toml")
    found = load(config)
    assert [each.name for each in found.subscribers] == ["other"]
    ((faulty),) = found.faulty_subscribers
    assert (faulty.key, faulty.file) == ("partner", "subscribers/partner.toml")
    assert any(FAULTS[line] in fault for fault in faulty.faults), faulty.faults
    assert all(re.match(r"subscribers/partner\.toml: line \d+: ", fault) for fault in faulty.faults)
    assert found.faults == faulty.faults
    assert found.publishers  # these are polled all the same
    assert "c2VjcmV0" not in str(faulty)


def test_a_search_that_is_gone_stops_those_who_follow_it_and_one_with_a_fault_does_not(config: Path) -> None:
    write(config, f'{SOUND}search = "floods"\n')
    write(config, SOUND, "other.toml")
    assert len(load(config).subscribers) == 2
    file = config / "searches" / "floods.toml"
    file.write_text('words = ""\n')
    found = load(config)  # it goes on as it was, so that what was sent by it is taken back
    assert [each.name for each in found.subscribers] == ["other", "partner"]
    assert [each.key for each in found.faulty_searches] == ["floods"]
    file.unlink()
    found = load(config)
    assert [each.name for each in found.subscribers] == ["other"]
    ((line,),) = (each.faults for each in found.faulty_subscribers)
    assert line.startswith("subscribers/partner.toml: line ")
    said = 'found "floods", expected the name of a saved search, which is a file in searches/'
    assert line.endswith(f"search: {said}")


def test_faults_of_several_keys_and_files_are_named_at_once(config: Path) -> None:
    write(
        config,
        "\n".join(line for line in FAULTS if line.startswith(("channel", 'countries = ["ML', "kinds", "contact"))),
    )
    write(config, "x =", "syntax.toml")
    write(config, b"\xff", "latin.toml")
    write(config, "", "empty.toml")
    write(config, SOUND, "Upper.toml")
    write(config, SOUND, "below/deep.toml")
    (config / "subscribers" / "folder.toml").mkdir()
    (config / "subscribers" / ".hidden.toml").write_text("x")
    (config / "subscribers" / "notes.txt").write_text("x")
    faults = "\n".join(load(config).faults)
    for part in ("url: found nothing", "secret: found", "channel", "countries[2]", "kinds", "contact",
                 "syntax.toml: line 1", "latin.toml: line 1: found bytes", "empty.toml: found no key",
                 "Upper.toml", "below/deep.toml"):  # fmt: skip
        assert part in faults, part
    assert "hidden" not in faults
    # Also where the wire itself has a fault.
    (config / "wire.toml").write_text("")
    with pytest.raises(Exception, match=r"syntax\.toml"):
        load(config)


def test_a_file_that_cannot_be_read_is_named(config: Path) -> None:
    write(config, SOUND)
    (config / "subscribers" / "gone.toml").symlink_to(config / "nowhere")
    found = load(config)
    assert [each.name for each in found.subscribers] == ["partner"]
    assert "gone.toml: found a file that cannot be read" in found.faults[0]


def test_the_folder_may_be_missing_and_a_public_http_address_is_warned_of(config: Path) -> None:
    write(config, SOUND.replace("https", "http").replace("partner.example", "partner.org"))
    assert "can be read on the way" in load(config).warnings[-1]
    shutil.rmtree(config / "subscribers")
    found = load(config)
    assert (found.subscribers, found.faulty_subscribers, found.faults) == ((), (), ())


def test_a_change_of_a_file_is_a_change_of_the_configuration(config: Path) -> None:
    seen = {(digest(config), signature(config))}
    path = write(config, SOUND)
    seen.add((digest(config), signature(config)))
    path.write_text(f"{SOUND}enabled = false\n")
    seen.add((digest(config), signature(config)))
    os.rename(path, path.with_name("other.toml"))
    seen.add((digest(config), signature(config)))
    assert len({of_all for of_all, _ in seen}) == len({of_all for _, of_all in seen}) == 4
