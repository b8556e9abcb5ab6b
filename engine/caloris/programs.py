"""Compiled verbs whose programs are kept on disk: a later process neither traces nor lowers them again.

JAX's own cache keeps what the compiler makes of a program, but to look there the program must first be traced and
lowered, which for the main case takes longer than the compiled code needs to be read. So the lowered program is kept
too (`jax.export`), under a hash of all that tracing depends on: this source code, the versions of JAX and Equinox,
JAX's settings, the device, and every static value, structure, shape and type of the arguments.
"""

import functools
import hashlib
import pickle
from collections.abc import Callable
from importlib import metadata
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.export
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from caloris.devices import load_bytes, programs_are_kept, source_digest, store_bytes

F = TypeVar("F", bound=Callable[..., Any])
_Program = Callable[[list[Any]], Any]
_NOT_PICKLED = (pickle.PicklingError, AttributeError)
# Settings that say where caches lie or what is logged, not what is traced.
_NO_INFLUENCE = ("cache", "log", "dump", "leaked")


class _Kept(NamedTuple):
    """A program as it is stored."""

    exported: bytes
    result: bytes  # pickled: the result with the number of its array in the place of each


def kept(function: F) -> F:
    """`equinox.filter_jit` of a function of positional arguments, whose program outlives the process.

    Inside a transformation, and where programs are not kept (`caloris.devices.keep_programs`), it is filter_jit.
    What is stored is trusted like the compiled programs beside it: the folder belongs to the user.
    """
    compiled = eqx.filter_jit(function)
    programs: dict[Any, _Program] = {}

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        leaves, structure = jax.tree.flatten(arguments)
        traced = any(isinstance(leaf, Tracer) for leaf in leaves)
        if traced or not programs_are_kept() or jax.config.values["jax_disable_jit"]:
            return compiled(*arguments)
        arrays = [leaf for leaf in leaves if _is_array(leaf)]
        static = tuple(None if _is_array(leaf) else leaf for leaf in leaves)
        types = tuple((a.shape, str(a.dtype), bool(getattr(a, "weak_type", False))) for a in arrays)
        key = (structure, static, types, jnp.result_type(float))
        if key not in programs:
            programs[key] = _find(function, compiled, arguments, arrays, types)
        return programs[key](arrays)

    return call  # pyright: ignore[reportReturnType]


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray)


def _find(function: Callable, compiled: Callable, arguments: tuple, arrays: list, types: tuple) -> _Program:
    """The program from disk, or made and stored now; filter_jit's own where it cannot be stored."""
    fixed = jax.tree.map(lambda leaf: _Place() if _is_array(leaf) else leaf, arguments)
    try:
        static = pickle.dumps((fixed, types))
    except _NOT_PICKLED:
        return lambda arrays: compiled(*_filled(fixed, arrays))
    name = f"{function.__module__}.{function.__qualname__}"
    digest = hashlib.sha256(_circumstances() + name.encode() + static).hexdigest()
    stored = _read(load_bytes("programs", digest))
    if stored is None:
        made = _make(function, fixed, arrays)
        if made is None:
            return lambda arrays: compiled(*_filled(fixed, arrays))
        store_bytes("programs", digest, pickle.dumps(tuple(made)))
        stored = made
    result = pickle.loads(stored.result)
    # The first process runs the stored form as well, so that the compiler's cache holds what later ones ask for.
    run = jax.jit(_named(jax.export.deserialize(bytearray(stored.exported)).call, function))
    return lambda arrays: _filled(result, run(*arrays))


def _named(program: Callable, function: Callable) -> Callable:
    """The program under the function's name, by which JAX's logs and profiles call it."""

    def run(*arrays: Any) -> Any:
        return program(*arrays)

    run.__name__ = function.__name__
    return run


class _Place:
    """Where an array stands, in order."""


def _filled(tree: Any, arrays: Any) -> Any:
    """The tree with the arrays in their places."""
    following = iter(arrays)
    return jax.tree.map(lambda leaf: next(following) if isinstance(leaf, _Place) else leaf, tree)


def _make(function: Callable, fixed: Any, arrays: list) -> _Kept | None:
    """Trace and lower; None where the program holds calls that JAX does not export."""
    shape: list[Any] = []

    def on_arrays(*arrays: Any) -> list[Any]:
        result = function(*_filled(fixed, arrays))
        shape[:] = [jax.tree.map(lambda leaf: _Place() if _is_array(leaf) else leaf, result)]
        return [leaf for leaf in jax.tree.leaves(result) if _is_array(leaf)]

    try:
        exported = jax.export.export(jax.jit(_named(on_arrays, function)))(*arrays)
        return _Kept(bytes(exported.serialize()), pickle.dumps(shape[0]))
    except _NOT_PICKLED:
        return None
    except ValueError as error:
        if "custom call" in str(error):
            return None
        raise


def _read(content: bytes | None) -> _Kept | None:
    """A stored program; None where there is none or it is damaged."""
    if content is None:
        return None
    try:
        return _Kept(*pickle.loads(content))
    except (pickle.UnpicklingError, EOFError, TypeError, ValueError, AttributeError, ImportError):
        return None


def _circumstances() -> bytes:
    """All that tracing depends on but the function and its arguments."""
    settings = {k: v for k, v in sorted(jax.config.values.items()) if not any(word in k for word in _NO_INFLUENCE)}
    device = jax.devices()[0]
    return _code() + repr((settings, device.platform, device.device_kind)).encode()


@functools.cache
def _code() -> bytes:
    """Digest of the source code, and the versions of what traces it."""
    versions = [metadata.version(name) for name in ("jax", "jaxlib", "equinox")]
    return source_digest() + repr(versions).encode()
