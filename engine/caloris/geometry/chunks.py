"""Jitted functions over long lists: chunks of one compiled shape, one computed while the last one is used."""

from collections.abc import Callable, Iterable, Iterator

import jax
import numpy as np


def in_chunks(function: Callable, chunk: int, *arrays: np.ndarray) -> np.ndarray:
    """Call a jitted function of [pair, ...] arrays chunk by chunk, all of one shape, and join its results."""
    count = len(arrays[0])

    def launch() -> Iterator[tuple[int, jax.Array]]:
        for start in range(0, count, chunk):
            stop = min(start + chunk, count)
            part = [a[start:stop] for a in arrays]
            if stop - start < chunk:
                part = [np.concatenate([p, np.repeat(p[-1:], chunk - len(p), axis=0)]) for p in part]
            yield stop - start, function(*part)

    parts = [np.asarray(result)[:length] for length, result in ahead(launch())]
    return np.concatenate(parts) if parts else np.zeros(0)


def ahead(items: Iterable) -> Iterator:
    """Yield each item only after the next one was made: JAX computes that one while the host uses this one."""
    waiting = None
    for item in items:
        if waiting is not None:
            yield waiting
        waiting = item
    if waiting is not None:
        yield waiting
