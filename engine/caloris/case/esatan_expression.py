"""Expressions of an ESATAN-style file: arithmetic on numbers, constants, entries of arrays, tables over time.

    expression := term {(+|-) term}        term := factor {(*|/) factor}
    factor := [+|-] base [** factor]       base := number | name | name(...) | entity:node | ( expression )

Functions: SQRT, ABS, EXP, LOG (ALOG), MIN, MAX and INTRP1(x, ARRAY, 1), linear interpolation in an array of pairs.
INTRP1(TIMEM, ARRAY, 1) is a table over time, of which multiples and sums with numbers may be taken.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from caloris.case.errors import nearest
from caloris.case.esatan_cursor import NUMBER, WHOLE, WORD, Cursor, Mistake, number

TIME = "TIMEM"
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "SQRT": math.sqrt,
    "ABS": math.fabs,
    "EXP": math.exp,
    "LOG": math.log,
    "ALOG": math.log,
}
_CHOICES: dict[str, Callable[[list[float]], float]] = {"MIN": min, "MAX": max}


@dataclass(frozen=True)
class OverTime:
    """A value over time, linear between its points."""

    time: tuple[float, ...]
    value: tuple[float, ...]

    def changed(self, change: Callable[[float], float]) -> "OverTime":
        """The same with every value changed."""
        return OverTime(self.time, tuple(change(value) for value in self.value))


Value = float | OverTime


@dataclass
class Names:
    """What names stand for in one model; those of the models around it count too. All names in upper case."""

    outer: "Names | None" = None
    constants: dict[str, float | str] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    entities: Callable[[Cursor, str], float | None] = lambda cursor, entity: None

    def constant(self, name: str) -> float | str | None:
        """A constant of this model or of one around it."""
        if name in self.constants or self.outer is None:
            return self.constants.get(name)
        return self.outer.constant(name)

    def array(self, name: str) -> np.ndarray | None:
        """An array of this model or of one around it, Fortran's order of its entries."""
        if name in self.arrays or self.outer is None:
            return self.arrays.get(name)
        return self.outer.array(name)

    def known(self) -> list[str]:
        """All names of constants and arrays."""
        return [*self.constants, *self.arrays, *(self.outer.known() if self.outer else ())]


def read_number(cursor: Cursor, names: Names, what: str) -> float:
    """An expression that must be one number."""
    start = cursor.skip()
    value = read_value(cursor, names)
    if isinstance(value, OverTime):
        raise Mistake(start, f"{what} is a table over time; expected a number")
    return value


def read_value(cursor: Cursor, names: Names) -> Value:
    """An expression: a number, or a table over time."""
    value = _term(cursor, names)
    while True:
        start = cursor.skip()
        if cursor.take("+"):
            value = _combined(start, value, _term(cursor, names), lambda a, b: a + b)
        elif cursor.take("-"):
            value = _combined(start, value, _term(cursor, names), lambda a, b: a - b)
        else:
            return value


def _term(cursor: Cursor, names: Names) -> Value:
    value = _factor(cursor, names)
    while True:
        start = cursor.skip()
        if cursor.take("*"):
            value = _combined(start, value, _factor(cursor, names), lambda a, b: a * b)
        elif cursor.take("/"):
            divisor = _factor(cursor, names)
            if divisor == 0.0:
                raise Mistake(start, "division by zero")
            value = _combined(start, value, divisor, lambda a, b: a / b)
        else:
            return value


def _factor(cursor: Cursor, names: Names) -> Value:
    if cursor.take("-"):
        value = _factor(cursor, names)
        return value.changed(lambda v: -v) if isinstance(value, OverTime) else -value
    if cursor.take("+"):
        return _factor(cursor, names)
    base = _base(cursor, names)
    start = cursor.skip()
    if not cursor.take("**"):
        return base
    return _combined(start, base, _factor(cursor, names), lambda a, b: a**b)


def _combined(position: int, first: Value, second: Value, operation: Callable[[float, float], float]) -> Value:
    """An operation on two values; NaN and overflow are mistakes, like two tables over time."""
    try:
        if isinstance(first, OverTime) and isinstance(second, OverTime):
            raise Mistake(position, "two tables over time cannot be combined; write one table")
        if isinstance(first, OverTime):
            return first.changed(lambda value: _finite(position, operation(value, second)))  # type: ignore[arg-type]
        if isinstance(second, OverTime):
            return second.changed(lambda value: _finite(position, operation(first, value)))
        return _finite(position, operation(first, second))
    except (ArithmeticError, ValueError):
        raise Mistake(position, "has no finite value") from None


def _finite(position: int, value: float) -> float:
    if isinstance(value, complex) or not math.isfinite(value):
        raise Mistake(position, "has no finite value")
    return value


def _base(cursor: Cursor, names: Names) -> Value:
    start = cursor.skip()
    if cursor.take("("):
        value = read_value(cursor, names)
        cursor.expect(")", "behind the expression")
        return value
    if found := cursor.match(NUMBER):
        return number(found[0])
    word = cursor.match(WORD)
    if word is None:
        raise Mistake(start, f"expected a number, a name or an expression in brackets, found {cursor.shown()}")
    name = word[0].upper()
    if name == "INTRP1":
        return _interpolated(cursor, names)
    if name in (*_FUNCTIONS, *_CHOICES) and cursor.at("("):
        return _call(cursor, names, name, start)
    if (array := names.array(name)) is not None:
        return _entry(cursor, names, array, name)
    value = names.constant(name)
    if value is None:
        value = names.entities(cursor, word[0])
    if value is None:
        if name == TIME:
            raise Mistake(start, f"{TIME} can stand in INTRP1({TIME}, ARRAY, 1) alone")
        raise Mistake(start, f'"{word[0]}" is no constant or array of this model{nearest(name, names.known())}')
    if isinstance(value, str):
        raise Mistake(start, f"{word[0]} is a text; expected a number")
    return value


def _arguments(cursor: Cursor, names: Names) -> list[float]:
    cursor.expect("(", "behind the name")
    found = [read_number(cursor, names, "the argument")]
    while cursor.take(","):
        found.append(read_number(cursor, names, "the argument"))
    cursor.expect(")", "behind the arguments")
    return found


def _call(cursor: Cursor, names: Names, name: str, start: int) -> float:
    arguments = _arguments(cursor, names)
    if name in _CHOICES:
        return _CHOICES[name](arguments)
    if len(arguments) != 1:
        raise Mistake(start, f"{name} takes one argument, found {len(arguments)}")
    try:
        return _finite(start, _FUNCTIONS[name](arguments[0]))
    except (ArithmeticError, ValueError):
        raise Mistake(start, f"{name} of {arguments[0]:g} has no finite value") from None


def _entry(cursor: Cursor, names: Names, array: np.ndarray, name: str) -> float:
    """An entry of an array; indices count from 1, the first runs fastest."""
    start = cursor.skip()
    if not cursor.at("("):
        raise Mistake(start, f'expected "(" and the index of the entry of {name}')
    index = _arguments(cursor, names)
    inside = len(index) == array.ndim and all(
        i == int(i) and 1 <= i <= n for i, n in zip(index, array.shape, strict=True)
    )
    if not inside:
        size = ",".join(str(n) for n in array.shape)
        raise Mistake(start, f"no entry ({', '.join(f'{i:g}' for i in index)}); {name} has the size ({size})")
    return float(array[tuple(int(i) - 1 for i in index)])


def _interpolated(cursor: Cursor, names: Names) -> Value:
    """INTRP1(x, ARRAY, 1): linear between the pairs of ARRAY(2, n); x must lie among them."""
    cursor.expect("(", "behind INTRP1")
    place = cursor.skip()
    over_time = cursor.text[place : place + len(TIME)].upper() == TIME
    if over_time:
        cursor.match(WORD)
    x = 0.0 if over_time else read_number(cursor, names, "the argument")
    cursor.expect(",", "behind the first argument of INTRP1")
    start = cursor.skip()
    name = cursor.need(WORD, "the name of an array")[0].upper()
    array = names.array(name)
    if array is None:
        raise Mistake(start, f'"{name}" is no array of this model{nearest(name, names.known())}')
    if array.ndim != 2 or array.shape[0] != 2 or np.any(np.diff(array[0]) <= 0):
        raise Mistake(start, f"{name} must have the size (2, n): pairs of an ascending point and its value")
    cursor.expect(",", "behind the array")
    degree = cursor.skip()
    if cursor.need(WHOLE, "the degree of the interpolation, 1")[0] != "1":
        raise Mistake(degree, "only the degree 1, linear interpolation, is read")
    cursor.expect(")", "behind the arguments of INTRP1")
    if over_time:
        return OverTime(tuple(map(float, array[0])), tuple(map(float, array[1])))
    if not array[0, 0] <= x <= array[0, -1]:
        raise Mistake(place, f"{x:g} lies outside the points of {name}, {array[0, 0]:g} to {array[0, -1]:g}")
    return float(np.interp(x, array[0], array[1]))
