"""lists: what is stored within a column is what older versions stored there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.store.queries.lists import as_list

_WORDS = st.text(st.characters(exclude_categories=["Cs"]))
_VALUES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _WORDS
_LISTS = st.lists(
    st.recursive(_VALUES, lambda inner: st.lists(inner) | st.dictionaries(_WORDS, inner), max_leaves=8), max_size=5
)


@given(those=_LISTS)
def test_a_list_is_written_as_json_writes_it(those: list[Any]) -> None:
    assert as_list(those) == json.dumps(those, ensure_ascii=False)


@pytest.mark.parametrize("every", [range(0x80), range(0x2020, 0x2030), range(0xFDD0, 0xFDF0), range(0x1F600, 0x1F610)])
def test_every_character_stays_what_it_is(every: range) -> None:
    letters = [chr(each) for each in every]
    assert as_list(letters) == json.dumps(letters, ensure_ascii=False)


def test_every_weight_is_written_alike() -> None:
    weights = [round(number / 10_000, 4) for number in range(10_001)]
    assert as_list(weights) == json.dumps(weights)
