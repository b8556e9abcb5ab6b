"""How kernels and verbs are lowered for devices that are not there, and shapes that several are called with."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.export
import jax.numpy as jnp
import numpy as np

from caloris_kernels.magnetic.field import FieldCoefficients
from caloris_kernels.numerics.link_rows import LinkRows, RowValues
from caloris_kernels.trapped.flux_map import FluxMap

PLATFORMS = ("tpu", "cuda")
# Calls that JAX lowers but does not promise to keep for later versions: nothing here is kept.
UNPROMISED = [jax.export.DisabledSafetyCheck.custom_call("__gpu$xla.gpu.triton")]


class Wrapped(NamedTuple):
    """How to call a kernel that takes or returns functions, and the arrays for that call."""

    call: Callable[..., Any]
    arguments: tuple


def f(*shape: int) -> Any:  # stands for an array of that shape
    return jax.ShapeDtypeStruct(shape, jnp.float64)


def f32(*shape: int) -> Any:
    return jax.ShapeDtypeStruct(shape, jnp.float32)


def u64(*shape: int) -> Any:
    return jax.ShapeDtypeStruct(shape, jnp.uint64)


def i(*shape: int) -> Any:
    return jax.ShapeDtypeStruct(shape, jnp.int32)


def b(*shape: int) -> Any:
    return jax.ShapeDtypeStruct(shape, jnp.bool_)


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray | jax.ShapeDtypeStruct)


def lower(function: Callable, *arguments: Any, platforms: tuple[str, ...] = PLATFORMS, **options: Any) -> int:
    """Lower the function of the arrays among the arguments; the size of the program, for all platforms at once."""
    arrays, static = eqx.partition((arguments, options), _is_array)

    def of_arrays(arrays: Any) -> Any:
        positional, named = eqx.combine(arrays, static)
        return eqx.filter(function(*positional, **named), eqx.is_array)

    exported = jax.export.export(jax.jit(of_arrays), platforms=platforms, disabled_checks=UNPROMISED)(arrays)
    assert exported.platforms == platforms
    return len(exported.mlir_module_serialized)


# Pallas wants to know for which GPU.
GPU = jax.sharding.AbstractMesh(
    (), (), abstract_device=jax.sharding.AbstractDevice("NVIDIA H100", num_cores=None, platform="gpu")
)


def functions(package: Any) -> dict[str, Callable]:
    """Functions of a package by module and name, each where it is defined."""
    found = {}
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            is_function = callable(value) and not inspect.isclass(value)
            if is_function and getattr(value, "__module__", "") == module.name:
                found[f"{module.name.removeprefix(package.__name__ + '.')}.{name}"] = value
    return found


ROWS, ROW = LinkRows(i(2, 4), i(2, 4), i(1), i(1), i(1)), RowValues(f(2, 4), f(1))
PAIRS = (f(2, 3, 3), f(2, 3, 3))
FIELD = FieldCoefficients(f(14, 14), f(14, 14))
FLUX_MAP = FluxMap(f(5), f(5, 6), f(5, 6, 9, 4), f(2))
RAYS = (f(8, 12), f(5, 3), f(5, 3), f(5))


def double(v: jax.Array) -> jax.Array:
    return 2.0 * v
