"""Compiled programs kept on disk, so that a later process loads small ones without lowering them.

To look into JAX's own cache a program must be lowered, and to lower a kept one (`caloris.programs`) JAX makes a module
of it and imports scipy.linalg: for the dozen small programs of the view factors that takes twice as long as reading
what was compiled. This is for processors, and for programs without calls out of them (LAPACK's are made ready by
lowering). What is compiled belongs to its machine: the key holds what the processor can do and XLA's flags, beside the
program itself. It is stored once it was read back and gave the same results, and what cannot be read counts as not
there.
"""

import functools
import hashlib
import os
import pickle
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from caloris.devices import load_bytes, store_bytes

_KIND = "executables"
_NOT_STORED = b""
_PROCESSORS = Path("/proc/cpuinfo")
_ABILITIES = ("model name", "flags", "Features", "CPU part")  # lines on x86 and on ARM
_Executable = Callable[..., Sequence[Any]]


def kept_executable(program: str, make: Callable[[str], jax.stages.Wrapped], arrays: Sequence[Any]) -> _Executable:
    """The program with this digest, compiled for arrays like these: from disk, or made now and stored.

    make returns it as a function by jax.jit, the end of whose name it is given. That function is the answer where the
    machine is not known, and where JAX was found unable to store the program.
    """
    machine = _machine()
    if machine is None:
        return make("")
    name = hashlib.sha256(program.encode() + machine).hexdigest()
    content = load_bytes(_KIND, name)
    if content == _sealed(_NOT_STORED):
        return make("")
    loaded = _load(content)
    if loaded is not None:
        return loaded
    # A name of its own makes JAX compile anew: what comes from JAX's cache cannot be stored again.
    compiled = make(f"_{secrets.token_hex(4)}").lower(*arrays).compile()
    store_bytes(_KIND, name, _sealed(_checked(compiled, arrays) or _NOT_STORED))
    return compiled


def _checked(compiled: jax.stages.Compiled, arrays: Sequence[Any]) -> bytes | None:
    """The program as bytes which, read back, give the same results for these arrays; None where they do not."""
    try:
        from jax.experimental.serialize_executable import serialize

        content = pickle.dumps(serialize(compiled))
        again = _read(content)
        same = [np.array_equal(a, b, equal_nan=True) for a, b in zip(compiled(*arrays), again(*arrays), strict=True)]
    except Exception:  # JAX has many words for what it does not serialize, or not run afterwards
        return None
    return content if all(same) else None


def _sealed(content: bytes) -> bytes:
    """The content behind its checksum."""
    return hashlib.sha256(content).digest() + content


def _load(content: bytes | None) -> _Executable | None:
    """A stored program; None where there is none or it is damaged."""
    if content is None or content != _sealed(content[32:]):
        return None
    try:
        return _read(content[32:])
    except Exception:  # nor for what it does not load
        return None


def _read(content: bytes) -> _Executable:
    """The program of these bytes; raises anything."""
    from jax.experimental.serialize_executable import deserialize_and_load

    return deserialize_and_load(*pickle.loads(content))


@functools.cache
def _machine() -> bytes | None:
    """What compiled code depends on beside its program; None where that is not known, or devices are several."""
    if jax.default_backend() != "cpu" or jax.device_count() != 1:
        return None
    try:
        first = _PROCESSORS.read_text().split("\n\n")[0].splitlines()
    except OSError:
        return None
    abilities = [line for line in first if line.startswith(_ABILITIES)]
    return repr((abilities, os.environ.get("XLA_FLAGS", ""))).encode() if abilities else None
