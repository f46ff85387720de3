"""ledger: a cursor is a line's number and the beginning of its hash, and is read as it is written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Cursor
from tests.rows import every_row


@every_row(
    "text",
    ["", "0", "7", "-", "7-", "7-12", "7-1234567g", "07-12345678", "-7-12345678", "7 12345678", "7-123456789",
     "9" * 19 + "-12345678", "٧-12345678"],
)  # fmt: skip
def test_what_is_no_cursor_is_not_read_as_one(text: str) -> None:
    assert Cursor.read(text) is None


@given(st.integers(1, 10**18 - 1), st.binary(min_size=4, max_size=4))
def test_a_cursor_is_read_as_it_is_written(seq: int, digest: bytes) -> None:
    cursor = Cursor(seq, digest.hex())
    assert Cursor.read(str(cursor)) == Cursor.read(f" {str(cursor).upper()}\n") == cursor


def test_a_cursor_has_the_first_eight_characters_of_its_lines_hash() -> None:
    assert str(Cursor.of(197, bytes.fromhex("5e6f7a8b9c"))) == "197-5e6f7a8b"
