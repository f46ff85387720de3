"""Makes a class a noun: a frozen dataclass with slots, as `dataclasses.dataclass` does, at a fraction of the cost.

`dataclasses` writes seven methods of each class as source and compiles them at every start, which for two hundred nouns
was a quarter of it. Here all nouns share the same functions, and `__init__` is compiled when the first noun of a class
is made; it sets slots in two thirds of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, fields
from typing import TYPE_CHECKING, Any

from aggregator.model.sent import reduced, setters_of, values_of

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses

    def dataclass(*, frozen, slots, kw_only=False):
        """As `dataclasses.dataclass`. What a class says itself stands."""
        assert frozen
        assert slots

        def made(of):
            of.__doc__ = of.__doc__ or of.__name__  # else its signature is worked out for it
            own = vars(of).keys()
            more = hasattr(of, "__dataclass_fields__")  # a noun with more fields than another: has to be called frozen
            noun = dataclasses.dataclass(init=False, repr=False, eq=False, frozen=more, slots=True, kw_only=kw_only)(of)
            noun.__dataclass_params__.frozen = True
            for name, method in _methods(noun).items():
                if name not in own:
                    setattr(noun, name, method)
            return noun

        return made


def _methods(noun: Any) -> dict[str, Callable[..., Any]]:
    values, names = values_of(noun), tuple(noun.__dataclass_fields__)

    def first(self: Any, *args: Any, **named: Any) -> None:
        noun.__init__ = _initialiser(noun)
        noun.__init__(self, *args, **named)

    def shown(self: Any) -> str:
        return f"{noun.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    def equal(self: Any, other: Any) -> Any:
        return values(self) == values(other) if type(other) is noun else NotImplemented

    def hashed(self: Any) -> int:
        return hash(values(self))

    return {
        "__init__": first,
        "__repr__": shown,
        "__eq__": equal,
        "__hash__": hashed,
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        "__reduce__": reduced,
    }


def _refuse_to_set(_: object, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _initialiser(noun: Any) -> Callable[..., None]:
    """Its `__init__`, compiled: what is not given by a caller is the default, or made anew."""
    names: dict[str, Any] = {"missing": MISSING}
    by_place, by_name, lines = ["self"], ["*"], []
    for number, (field, setter) in enumerate(zip(fields(noun), setters_of(noun), strict=True)):
        names |= {f"set_{number}": setter, f"default_{number}": field.default, f"make_{number}": field.default_factory}
        value, parameter = field.name, field.name
        if field.default is not MISSING:
            parameter = f"{field.name}=default_{number}"
        elif field.default_factory is not MISSING:
            parameter = f"{field.name}=missing"
            value = f"make_{number}() if {field.name} is missing else {field.name}"
        (by_name if field.kw_only else by_place).append(parameter)
        lines.append(f" set_{number}(self, {value})")
    parameters = ", ".join([*by_place, *(by_name if len(by_name) > 1 else ())])
    exec("\n".join([f"def __init__({parameters}):", *lines, " pass"]), names)
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{noun.__qualname__}.__init__"
    return made
