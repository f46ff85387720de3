"""printable: what is said is made fit for where it goes: a line, an address, JSON, a log, a cell, a command line."""

from __future__ import annotations

import json
import shlex
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.printable import MOST_ADDRESS, address, argument, as_json, cell, escaped, line, lines, log_line
from tests.hostile import UNFIT, URI, hostile
from tests.hostile import addresses as hostile_addresses
from tests.rows import every_row


@given(hostile | st.text())
def test_a_line_is_one_and_holds_nothing_unfit(said: str) -> None:
    made = line(said)
    assert not UNFIT.search(made)
    assert len(made.splitlines()) <= 1
    assert line(made) == made


@given(hostile | st.text())
def test_of_several_lines_only_the_first_is_not_indented(said: str) -> None:
    assert not UNFIT.search(lines(said))
    _, *others = lines(said, indent="  ").splitlines() or [""]
    assert all(other.startswith("  ") for other in others)


@given(hostile | st.text())
def test_what_is_escaped_can_be_seen_and_is_one_line(said: str) -> None:
    assert not UNFIT.search(escaped(said))
    assert "\n" not in escaped(said)
    assert len(escaped(said, 20)) <= 20 * 6


@every_row(
    ("said", "as_line", "as_lines", "seen"),
    [
        ("two\nlines", "two lines", "two\nlines", r"two\nlines"),
        ("a\r\nb\rc", "a b c", "a\nb\nc", r"a\r\nb\rc"),
        ("a\tb", "a b", "a b", r"a\tb"),
        ("\x1b[31mred\x9b0m", "[31mred0m", "[31mred0m", r"\u001b[31mred\u009b0m"),
        ("one\u2028two\u2029three", "one two three", "one\ntwo\nthree", r"one\u2028two\u2029three"),
        ("evil\u202egnp.exe\u2066", "evilgnp.exe", "evilgnp.exe", r"evil\u202egnp.exe\u2066"),
        ("caf\xe9 \ud83d", "café \ufffd", "café \ufffd", "café \\ud83d"),
        ("قال: \u200fنعم\u200f می\u200cخواهم 👩\u200d🌾", *["قال: \u200fنعم\u200f می\u200cخواهم 👩\u200d🌾"] * 3),
        ("", "", "", ""),
    ],
)
def test_what_becomes_of_a_text(said: str, as_line: str, as_lines: str, seen: str) -> None:
    assert (line(said), lines(said), escaped(said)) == (as_line, as_lines, seen)


@given(hostile_addresses)
def test_an_address_is_one_of_rfc_3986_or_none(said: str) -> None:
    made = address(said)
    if made is not None:
        assert URI.fullmatch(made)
        assert len(made) <= MOST_ADDRESS
        assert urlsplit(made).hostname
        assert address(made) == made


@every_row(
    ("said", "expected"),
    [
        ("http://daily.example/a?b=c&d=e#f", "http://daily.example/a?b=c&d=e#f"),
        ("https://daily.example", "https://daily.example"),
        ("HTTPS://Daily.Example/A", "https://daily.example/A"),
        ("  http://daily.example/a\n", "http://daily.example/a"),
        ("http://daily.example/a\n\nb\tc", "http://daily.example/abc"),
        ("http://daily.example/a b", "http://daily.example/a%20b"),
        ("http://daily.example/élection?q=é", "http://daily.example/%C3%A9lection?q=%C3%A9"),
        ("http://daily.example/أخبار", "http://daily.example/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1"),
        ("http://daily.example/%C3%A9", "http://daily.example/%C3%A9"),
        ("http://daily.example/100%", "http://daily.example/100%25"),
        ("http://daily.example/?tx[uid]=1", "http://daily.example/?tx%5Buid%5D=1"),
        ("http://daily.example/a#b#c", "http://daily.example/a#b%23c"),
        ("http://daily.example/${TOKEN}", "http://daily.example/$%7BTOKEN%7D"),
        ("http://daily.example/\x00\x1b\u202e", "http://daily.example/%00%1B%E2%80%AE"),
        ("http://daily.example/\ud800", "http://daily.example/%EF%BF%BD"),
        ("http://journal-été.example/a", "http://xn--journal-t-i4ab.example/a"),
        ("http://daily.example:8080/a", "http://daily.example:8080/a"),
        ("http://[2001:db8::1]/a", "http://[2001:db8::1]/a"),
        ("http://user:secret@daily.example/a", "http://daily.example/a"),
        ("http://daily.example/" + "a" * (MOST_ADDRESS - 21), "http://daily.example/" + "a" * (MOST_ADDRESS - 21)),
        ("http://daily.example/" + "a" * (MOST_ADDRESS - 20), None),
        ("http://daily.example/" + "é" * 1_000, None),
        (f"http://{'a.' * 200}example/", None),
        ("javascript:alert(1)", None),
        ("JavaScript://daily.example/%0aalert(1)", None),
        (" java\nscript:alert(1)", None),
        ("data:text/html,<script>", None),
        ("vbscript:x", None),
        ("file:///etc/passwd", None),
        ("nostr:naddr1", None),
        ("mailto:desk@daily.example", None),
        ("ftp://daily.example/a", None),
        ("tag:daily.example,2026:1", None),
        ("//daily.example/a", None),
        ("/a", None),
        ("http:///a", None),
        ("http://", None),
        ("http://a..b/", None),
        ("http://daily.example:99999/", None),
        ("http://[::1", None),
        ("http://[fe80::1%25eth0]/", None),
        ("http://x\u202e\x9b.example/", None),
        ("http://daily.example\\@evil.example/", None),
        ("", None),
        (None, None),
    ],
)
def test_what_becomes_of_an_address(said: str | None, expected: str | None) -> None:
    assert address(said) == expected


@given(st.recursive(hostile | st.none() | st.integers(), lambda some: st.lists(some) | st.dictionaries(hostile, some)))
def test_json_loses_nothing_and_holds_nothing_unfit(said: object) -> None:
    made = as_json(said)
    assert json.loads(made) == json.loads(json.dumps(said))  # which joins the halves of a pair of surrogates
    assert not UNFIT.search(made)
    assert "\n" not in made
    assert json.loads(as_json(said, indent=1)) == json.loads(json.dumps(said))


def test_json_leaves_every_script_legible() -> None:
    assert as_json({"a": "é فيضان ክትባት 😀"}) == '{"a": "é فيضان ክትባት 😀"}'
    assert as_json("\x9b\u202e\x7f\ud800") == r'"\u009b\u202e\u007f\ud800"'


@given(st.dictionaries(st.sampled_from(["source", "error", "said"]), hostile | st.integers()))
def test_a_line_of_the_log_is_one_and_its_values_are_found_again(said: dict[str, object]) -> None:
    made = log_line(said)
    assert not UNFIT.search(made)
    assert len(made.splitlines()) <= 1
    found, end = {}, 0
    decoder = json.JSONDecoder()
    for key in said:
        assert made.startswith(f"{key}=", end)
        end += len(key) + 1
        if made[end : end + 1] == '"':
            found[key], end = decoder.raw_decode(made, end)
        else:
            found[key] = made[end:].partition(" ")[0]
            end += len(found[key])
        end += 1
    assert found == {key: str(value) for key, value in said.items()}


@every_row(
    "begin",
    ["=", "+", "-", "@", "\t", "\r", " =", "\n=", "\u00a0+", "\u3000@", "\u200b=", "\u200e\u200f-", "\u00ad\u2060=",
     "\uff1d", "\uff0b", "\uff0d", "\uff20", " \uff1d", "\u2212"],
)  # fmt: skip
def test_a_cell_that_a_spreadsheet_would_run_gets_one_apostrophe(begin: str) -> None:
    said = f"{begin}1+1"
    assert str(cell(said)).startswith("'")
    assert str(cell(said)).removeprefix("'") == cell(said, verbatim=True) == lines(said)
    assert cell(f"a{said}") == lines(f"a{said}")
    assert cell(f"'{said}") == lines(f"'{said}")


def test_a_cell_that_is_no_text_or_no_formula_is_left_alone() -> None:
    for number in (-1, -1.5, 0, 3):
        assert cell(number) == number
    assert cell(None) is None
    assert cell(b"=1") == "3d31"
    assert cell("a\nb") == "a\nb"
    assert cell("\x00=1") == "'=1"  # by what is left of it
    assert cell("\u202e=1") == "'=1"


@given(hostile)
def test_an_argument_is_one_word_of_a_shell(said: str) -> None:
    assert shlex.split(argument(said)) == [line(said)]
