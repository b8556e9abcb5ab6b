"""A reference case: what is measured, the exact answer with its source, and a bound with its reason."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class ReferenceCase:
    """One number that the engine must reproduce.

    measure runs the public verb (or a case file) and returns the number in `unit`; exact is the reference
    value, source its citation; error is |measured - exact| / |exact|, or |measured - exact| where
    `absolute` is set; bound is the largest error that passes and reason says where the bound comes from
    (discretization, quadrature, printed digits). Where the method converges, observed_order measures the
    order and expected_order is the smallest one that passes. slow marks cases of more than about 10 s.
    """

    name: str
    quantity: str
    unit: str
    exact: float
    bound: float
    reason: str
    source: str
    measure: Callable[[], float]
    absolute: bool = False
    observed_order: Callable[[], float] | None = None
    expected_order: float | None = None
    slow: bool = False
