"""How benchmarks time functions of arrays."""

import time
from collections.abc import Callable
from typing import Any

import jax


def best_of(function: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """The shortest time (s) of some runs, and the result."""
    times, result = [], None
    for _ in range(repeats):
        begin = time.perf_counter()
        result = jax.block_until_ready(function())
        times.append(time.perf_counter() - begin)
    return min(times), result


def timed(function: Callable[[], Any], repeats: int = 3) -> tuple[float, float, Any]:
    """The shortest time (s) of some runs behind a first one, what the first took longer, and the result."""
    first, _ = best_of(function, 1)
    seconds, result = best_of(function, repeats)
    return seconds, max(first - seconds, 0.0), result
