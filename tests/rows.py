"""A table as one test: thousands of small tests would take more time to be told apart than to be run."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

_Test = Callable[..., None]


def every_row(
    names: str | Sequence[str], values: Iterable[Any], ids: Iterable[str] | Callable[[Any], object] | None = None
) -> Callable[[_Test], _Test]:
    """What `pytest.mark.parametrize` is, but one test for all rows: it goes through them to the end, and names each
    that fails. Fixtures are made once for all; only `tmp_path` is a folder for each row. For tests that take
    milliseconds, and that leave nothing behind that the next row could meet.
    """
    named = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    table = _table(named, list(values), ids)

    def one_test(test: _Test) -> _Test:
        @functools.wraps(test)
        def of_all(**fixtures: Any) -> None:
            faults: list[BaseException] = []
            folder = fixtures.get("tmp_path")
            for number, (name, row) in enumerate(table):
                if folder is not None:
                    fixtures["tmp_path"] = folder / str(number)
                    fixtures["tmp_path"].mkdir()
                try:
                    test(**fixtures, **row)
                except (Exception, pytest.fail.Exception) as fault:
                    fault.add_note(f"in the row {name}")
                    faults.append(fault)
            if faults:
                raise BaseExceptionGroup(f"{len(faults)} of {len(table)} rows", faults)

        signature = inspect.signature(test)
        kept = [each for each in signature.parameters.values() if each.name not in named]
        assert len(kept) == len(signature.parameters) - len(named), f"{test.__name__} does not take {named}"
        of_all.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
        return of_all

    return one_test


def _table(
    named: list[str], values: list[Any], ids: Iterable[str] | Callable[[Any], object] | None
) -> list[tuple[str, dict[str, Any]]]:
    """The rows with what each is called."""
    assert values, "a table without a row tests nothing"
    told = list(ids) if ids is not None and not callable(ids) else [None] * len(values)
    table = []
    for value, said in zip(values, told, strict=True):
        name, row = said, (value,) if len(named) == 1 else value
        if isinstance(value, type(pytest.param())):
            assert not value.marks, "a row has no marks"
            name, row = str(value.id), value.values
        if name is None:
            name = " ".join(str(ids(each)) if callable(ids) else repr(each)[:80] for each in row)
        table.append((name, dict(zip(named, row, strict=True))))
    return table
