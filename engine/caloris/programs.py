"""Compiled verbs whose programs are kept on disk: a later process neither traces nor lowers them again.

JAX's own cache keeps what the compiler makes of a program, but to look there the program must first be traced and
lowered, which for the main case takes longer than the compiled code needs to be read. So the lowered program is kept
too (`jax.export`), under a hash of all that tracing depends on: this source code, the versions of JAX and Equinox,
JAX's settings, the device, and every static value, structure, shape and type of the arguments.
"""

import functools
import hashlib
import pickle
import re
from collections.abc import Callable
from importlib import metadata
from typing import Any, NamedTuple, TypeVar

import jax
import jax.export
import numpy as np
from jax.core import Tracer

from caloris.devices import load_bytes, programs_are_kept, source_digest, store_bytes
from caloris.executables import kept_executable

F = TypeVar("F", bound=Callable[..., Any])
_Program = Callable[[list[Any]], Any]
_NOT_PICKLED = (pickle.PicklingError, AttributeError)
# Settings that say where caches lie or what is logged, not what is traced.
_NO_INFLUENCE = ("cache", "log", "dump", "leaked")
# Where in the source code a part of a lowered program is from.
_LOCATIONS = re.compile(r'^#loc.*$|\bloc\((?:#loc\d*|"[^"]*"(?:\(#loc\d+\))?)\)', re.MULTILINE)


class _Kept(NamedTuple):
    """A program as it is stored."""

    exported: bytes
    result: bytes  # pickled: the result with a mark in the place of each array
    digest: str  # of the lowered program alone; empty where its compiled form is not kept


def kept(function: F) -> F:
    """`equinox.filter_jit` of a function of positional arguments, whose program outlives the process.

    Inside a transformation, and where programs are not kept (`caloris.devices.keep_programs`), it is filter_jit.
    What is stored is trusted like the compiled programs beside it: the folder belongs to the user.
    """

    def compiled() -> Callable:
        import equinox  # here, because view factors alone should not wait for it

        return equinox.filter_jit(function)

    return _kept(function, functools.cache(compiled))


def kept_on_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    """`kept` for a small function of arrays, or tuples of them: jax.jit where the other is filter_jit.

    A call costs about as much as one of jax.jit, and a later process does not lower the program either
    (`caloris.executables`): for programs that are called a thousand times and run for milliseconds.
    """
    return _kept(function, functools.cache(lambda: jax.jit(function)), small=True)


def _kept(function: F, compiled: Callable[[], Callable], small: bool = False) -> F:
    """The function by kept programs, or `compiled()` of it."""
    programs: dict[Any, _Program] = {}

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        if not programs_are_kept() or _setting("jax_disable_jit"):
            return compiled()(*arguments)
        leaves, structure = jax.tree.flatten(arguments)
        arrays, static, types = [], [], []
        for leaf in leaves:
            if isinstance(leaf, Tracer):
                return compiled()(*arguments)
            if _is_array(leaf):
                arrays.append(leaf)
                types.append((leaf.shape, leaf.dtype, getattr(leaf, "weak_type", False)))
            else:
                static.append(leaf)
                types.append(type(leaf))
        key = (structure, tuple(static), tuple(types), _setting("jax_enable_x64"))
        program = programs.get(key)
        if program is None:
            program = programs[key] = _find(function, compiled, arguments, arrays, small)
        return program(arrays)

    return call  # pyright: ignore[reportReturnType]


def _setting(name: str) -> Any:
    """One of JAX's settings as it is now; `jax.config.values` takes longer than a small program."""
    return getattr(jax.config, name)


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray)


def _find(
    function: Callable, compiled: Callable[[], Callable], arguments: tuple, arrays: list, small: bool
) -> _Program:
    """The program from disk, or made and stored now; `compiled()` where it cannot be stored."""
    fixed = jax.tree.map(lambda leaf: _Place() if _is_array(leaf) else leaf, arguments)
    types = tuple((a.shape, str(a.dtype), bool(getattr(a, "weak_type", False))) for a in arrays)
    try:
        static = pickle.dumps((fixed, types))
    except _NOT_PICKLED:
        return lambda arrays: compiled()(*_filled(fixed, arrays))
    name = f"{function.__module__}.{function.__qualname__}"
    digest = hashlib.sha256(_circumstances() + name.encode() + static).hexdigest()
    stored = _read(load_bytes("programs", digest))
    if stored is None:
        made = _make(function, fixed, arrays, small)
        if made is None:
            return lambda arrays: compiled()(*_filled(fixed, arrays))
        store_bytes("programs", digest, pickle.dumps(tuple(made)))
        stored = made
    leaves, structure = jax.tree.flatten(pickle.loads(stored.result))

    def make(suffix: str = "") -> Any:
        # The first process runs the stored form as well, so that the compiler's cache holds what later ones ask for.
        exported = jax.export.deserialize(bytearray(stored.exported))
        return jax.jit(_named(exported.call, function.__name__ + suffix))

    run = kept_executable(stored.digest, make, arrays) if stored.digest else make()

    def program(arrays: list[Any]) -> Any:
        following = iter(run(*arrays))
        return structure.unflatten([next(following) if isinstance(leaf, _Place) else leaf for leaf in leaves])

    return program


def _named(program: Callable, name: str) -> Callable:
    """The program under a name, by which JAX's logs and profiles call it."""

    def run(*arrays: Any) -> Any:
        return program(*arrays)

    run.__name__ = name
    return run


class _Place:
    """Where an array stands, in order."""


def _filled(tree: Any, arrays: Any) -> Any:
    """The tree with the arrays in their places."""
    following = iter(arrays)
    return jax.tree.map(lambda leaf: next(following) if isinstance(leaf, _Place) else leaf, tree)


def _make(function: Callable, fixed: Any, arrays: list, small: bool) -> _Kept | None:
    """Trace and lower; None where the program holds calls that JAX does not export."""
    shape: list[Any] = []

    def on_arrays(*arrays: Any) -> list[Any]:
        result = function(*_filled(fixed, arrays))
        shape[:] = [jax.tree.map(lambda leaf: _Place() if _is_array(leaf) else leaf, result)]
        return [leaf for leaf in jax.tree.leaves(result) if _is_array(leaf)]

    try:
        exported = jax.export.export(jax.jit(_named(on_arrays, function.__name__)))(*arrays)
        return _Kept(bytes(exported.serialize()), pickle.dumps(shape[0]), _digest(exported) if small else "")
    except _NOT_PICKLED:
        return None
    except ValueError as error:
        if "custom call" in str(error):
            return None
        raise


def _digest(exported: jax.export.Exported) -> str:
    """Digest of what is compiled, constants included; unlike the source code's it survives a new comment.

    Empty where the program calls functions outside of it, as LAPACK's.
    """
    text = _LOCATIONS.sub("", exported.mlir_module())
    if "custom_call" in text:
        return ""
    return hashlib.sha256(_versions() + _settings() + text.encode()).hexdigest()


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
    return _code() + _settings()


def _settings() -> bytes:
    """JAX's settings and device."""
    settings = {k: v for k, v in sorted(jax.config.values.items()) if not any(word in k for word in _NO_INFLUENCE)}
    device = jax.devices()[0]
    return repr((settings, device.platform, device.device_kind)).encode()


def _code() -> bytes:
    """Digest of the source code, and the versions of what traces it."""
    return source_digest() + _versions()


@functools.cache
def _versions() -> bytes:
    return repr([metadata.version(name) for name in ("jax", "jaxlib", "equinox")]).encode()
