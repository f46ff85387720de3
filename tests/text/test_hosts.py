"""urls: which hosts are valid, how DNS has them, and what somebody registered."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.rights import is_address
from aggregator.text.urls import ascii_host, domain_of, host_fault, is_host
from tests.rows import every_row

IDN = "journal-été.example"
ACE = "xn--journal-t-i4ab.example"

LABELS = st.text("abcz019-_éß日.x", max_size=12)


@every_row(
    "host",
    ["daily.example", "daily.example.", "localhost", "192.0.2.1", "::1", "2001:db8::1", "journal-été.example",
     "日本.jp", "my_paper.example", "foo-.example", "3.example", "1.2.3.4.example", "xn--caf-dma.example",
     f"{'a' * 63}.example", "0x7f.example", "4chan.org"],
)  # fmt: skip
def test_a_valid_host(host: str) -> None:
    assert is_host(host)
    assert is_address(f"http://[{host}]/" if ":" in host else f"http://{host}/")


@every_row(
    "host",
    ["457.0.0.45", "256.1.1.1", "1.2.3", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "1.2.3.4.5", "daily.1",
     "daily.0x1", "a..example", ".example", "", ".", f"{'a' * 64}.example", ".".join(["abc"] * 70), "a,b.example",
     "a$b.example", "a b", "a!.example", "1::2::3", "12345::", ":::", "é" * 64 + ".example", "a%00b.example"],
)  # fmt: skip
def test_an_invalid_host(host: str) -> None:
    assert not is_host(host)
    assert not is_address(f"http://[{host}]/" if ":" in host else f"http://{host}/")


@given(st.one_of(st.text(max_size=80), LABELS, st.ip_addresses().map(str), st.from_regex(r"[0-9x.]{1,20}")))
def test_a_host_of_numbers_is_an_ip_address_or_none(host: str) -> None:
    last = host.removesuffix(".").rpartition(".")[2]
    if not is_host(host) or not (last.isascii() and last.isdigit()):
        return
    ipaddress.ip_address(host)
    assert urlsplit(f"http://{host}/").hostname == host


@every_row(
    ("host", "ascii_"),
    [
        (IDN, ACE),
        ("JOURNAL-ÉTÉ.example", ACE),
        ("journal-e\u0301te\u0301.example", ACE),  # decomposed
        ("journal-%C3%A9t%C3%A9.example", ACE),
        (ACE, ACE),
        ("daily.example", "daily.example"),
        ("my_feeds.été.example", "my_feeds.xn--t-9fab.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("faß.example", "xn--fa-hia.example"),
        ("أخبار.example", "xn--igbicxr.example"),
        ("１２７.0.0.1", "127.0.0.1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
    ],
)
def test_hosts_are_written_as_dns_has_them(host: str, ascii_: str) -> None:
    assert ascii_host(host) == ascii_


def test_limits_count_all_spellings_of_a_domain_as_one() -> None:
    assert {domain_of(host) for host in (f"www.{IDN}", f"feeds.{ACE}", IDN.upper())} == {ACE}
    assert domain_of("www.été.co.za") == "xn--t-9fab.co.za"
    assert domain_of("☕.example") == "☕.example"


@every_row(
    ("host", "domain"),
    [("www.b.co.za", "b.co.za"), ("feeds.B.co.za.", "b.co.za"), ("a.blogspot.com", "a.blogspot.com"),
     ("the-lantern.example", "the-lantern.example"), ("127.0.0.1", "127.0.0.1"),
     ("[::1]", "::1"), ("localhost", "localhost")],
)  # fmt: skip
def test_limits_count_by_registrable_domain(host: str, domain: str) -> None:
    assert domain_of(host) == domain


REFUSED = [
    ("☕.example", "Codepoint U+2615"),
    ("-é.example", "hyphen"),
    ("é..example", "two dots"),
    (".daily.example", "one stands first"),
    ("a" * 64 + ".example", "aaaaaaaaaaaaaaaaaaaa... has more than 63 characters"),
    ("abc." * 70 + "example", "it has more than 253 characters"),
    ("é." * 200 + "example", "it has more than 253 characters"),
    ("%ff.example", "can't decode byte 0xff"),
    ("%2f.example", "has characters that no host may have"),
]


@every_row(("host", "why"), REFUSED, ids=[why for _, why in REFUSED])
def test_a_host_that_dns_cannot_hold_is_refused_with_the_reason(host: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        ascii_host(host)
    assert why in (host_fault(f"http://{host}/feed") or "")


@every_row("url", ["http://daily.example/", f"http://{IDN}/", "http://[::1]/", "http://[bad/", "/relative", ""])
def test_a_host_that_can_be_looked_up_has_no_fault_nor_has_what_is_no_address(url: str) -> None:
    assert host_fault(url) is None
