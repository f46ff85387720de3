"""writing: a source that was found is written into its publisher's file, whose comments and order stay."""

from __future__ import annotations

import tomllib

import pytest

from aggregator.config.writing import source_table, with_source
from aggregator.model.errors import ConfigError

KEPT = """# A paper of record.
name = "The Daily"   # as it stands on its front page

[[source]]
# nobody knows its feed
url = "https://daily.example/"   # the site
kind = "discover"                # until it is found
class = "opinion"
key = "main"

[[source]]
url = "https://daily.example/notices.xml"

[contact]
corrections = "desk@daily.example"   # Awa
"""


def test_a_source_that_had_to_be_found_is_replaced_and_comments_stay() -> None:
    text = with_source("daily.toml", KEPT, "https://daily.example/feed", "feed")
    expected = KEPT.replace('"https://daily.example/" ', '"https://daily.example/feed" ').replace(
        '"discover"', '"feed"'
    )
    assert text == expected
    again = with_source("daily.toml", text, "https://daily.example/new.json", "jsonfeed")
    assert tomllib.loads(again)["source"][2] == {"url": "https://daily.example/new.json", "kind": "jsonfeed"}
    for comment in ("# A paper of record.", "# as it stands", "# nobody knows", "# the site", "# until", "# Awa"):
        assert comment in again
    with pytest.raises(ConfigError, match="already"):
        with_source("daily.toml", again, "https://daily.example/feed/", "feed")


@pytest.mark.parametrize("text", ['name = "x"\n', "source = []\n", 'name = "x"\r\n[contact]\r\ncorrections = "y"\r\n'])
def test_a_file_without_sources_gets_one(text: str) -> None:
    added = with_source("x.toml", text, "https://x.example/feed", "feed")
    assert tomllib.loads(added)["source"][0]["url"] == "https://x.example/feed"
    assert tomllib.loads(added).items() >= {key: v for key, v in tomllib.loads(text).items() if key != "source"}.items()


def test_an_address_is_quoted_as_toml_wants_it() -> None:
    url = "https://x.example/'feed'?a=ü#[x]"
    assert tomllib.loads(source_table(url, "jsonfeed")) == {"source": [{"url": url, "kind": "jsonfeed"}]}


def test_the_usual_kind_is_not_written() -> None:
    assert source_table("https://x.example/feed", "feed") == '[[source]]\nurl = "https://x.example/feed"\n'


def test_what_was_found_is_never_a_template() -> None:
    for written in (
        source_table("https://x.example/${TOKEN}", "feed"),
        with_source("x.toml", 'name = "x"\n', "https://x.example/${TOKEN}", "feed"),
    ):
        assert tomllib.loads(written)["source"] == [{"url": "https://x.example/$%7BTOKEN%7D"}]


def test_a_list_of_sources_on_one_line_gets_one_more() -> None:
    text = 'source = [{url = "https://x.example/a"}]  # both\n'
    added = with_source("x.toml", text, "https://x.example/b", "jsonfeed")
    assert tomllib.loads(added)["source"] == [
        {"url": "https://x.example/a"},
        {"url": "https://x.example/b", "kind": "jsonfeed"},
    ]
    assert "# both" in added


def test_a_file_that_is_not_toml_gets_no_source() -> None:
    with pytest.raises(ConfigError, match=r"x\.toml: found text that is not TOML \(.+\), expected a publisher's file"):
        with_source("x.toml", "name = ", "https://x.example/feed", "feed")
