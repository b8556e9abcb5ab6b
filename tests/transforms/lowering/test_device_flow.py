"""The programs of view factors on a device lower for TPU and CUDA."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import partial

import jax
import jax.export
import jax.numpy as jnp
import pytest

import caloris
import caloris.geometry
from caloris.geometry import device_partial
from caloris.geometry.device_scene import DeviceScene
from caloris_kernels.radiative import bvh_pallas, bvh_walk
from caloris_kernels.radiative.view_factor import Tile
from lowering_shapes import GPU, b, double, f, f32, i, lower, u64

# A chunk of 2 blocks of 8 tiles with 16 points each, one thin part; the programs of `caloris.geometry.device_*`.
LANE = (8, 64)
SCENE = DeviceScene(
    Tile(f32(8, 3, 3, 64), f32(8, 3, 64), f32(*LANE), f32(*LANE), f32(*LANE)),
    exact=f(*LANE, 3, 3),
    corners=f32(*LANE, 3, 3),
    centroid=f(*LANE, 3),
    area=f(*LANE),
    radius=f(*LANE),
    code=u64(*LANE),
    part=i(*LANE),
    lane_slot=i(*LANE, 3),
    place=f32(8, 16, 3),
    normal=f32(8, 16, 3),
    thin_number=i(1),
    thin_ends=f(1, 2, 3),
    thin_radius=f(1),
    thin_extent=f(1),
    size=f(),
)
AGAINST = device_partial.Rays(SCENE, i(4, 2), f32(8, 12), f32(16, 8, 4), u64())
BLOCKS, LIST = f32(4, 64, 64), i(2 * 64 * 64)
DOUBT = device_partial.Doubt(i(32), i(32), f32(32), f(32), b(32))
TRACED = device_partial.Traced(i(32), f(2, 32))
DEVICE: dict[str, tuple] = {
    "device_clear.rough_chunk": (SCENE, i(2, 2), i()),
    "device_clear.places_of_rule": (jax.ShapeDtypeStruct(LIST.shape, jnp.uint8), i()),
    "device_clear.ends_of_slice": (LIST, i(), SCENE.exact, SCENE.area, i(2, 2)),
    "device_clear.write_slice": (f32(2, 64, 64), i(16), f(16)),
    "device_clear._any": (f32(2, 64, 64),),
    "device_clear.write_used": (BLOCKS, i(), f32(2, 64, 64), b(2)),
    "device_points.read_blocks": (BLOCKS, i(2)),
    "device_points.write_blocks": (BLOCKS, i(2), f32(2, 64, 64)),
    "device_points.sort_chunk": (f32(2, 64, 64), i(2), i(), AGAINST, f(), f()),
    "device_partial.append": (DOUBT, i(), DOUBT, i(), i()),
    "device_partial.probe": (DOUBT, AGAINST, f()),
    "device_partial.guessed_hidden": (DOUBT,),
    "device_partial.shares": (DOUBT, TRACED),
    "device_partial.wanted_rows": (DOUBT, TRACED, f()),
    "device_partial.trace": (DOUBT, TRACED, i(32), AGAINST),
    "device_partial.found": (DOUBT, TRACED),
    "device_partial.write_pairs": (BLOCKS, i(32), i(32), f(32)),
    "device_occlusion._total": (BLOCKS,),
    "device_blocks._facet_sums": (BLOCKS, i(4, 2), i(*LANE), 64, True),
    "device_blocks._move": (BLOCKS, i(2), BLOCKS, i(2)),
    "device_blocks._where_seen": (BLOCKS, BLOCKS),
    "device_blocks._with_transposed": (BLOCKS, i(2)),
}
STATIC = {"device_clear.ends_of_slice": {"pairs": 16, "exact": True}}
TRACING = ("device_points.sort_chunk", "device_partial.probe", "device_partial.trace")


def _device_programs() -> dict[str, Callable]:
    """Every compiled function of the modules whose names start with device."""
    found, compiled = {}, type(jax.jit(double))
    for module in pkgutil.iter_modules(caloris.geometry.__path__, "caloris.geometry."):
        if module.name.split(".")[-1].startswith("device_"):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, compiled) and value.__module__ == module.name:
                    found[f"{module.name.split('.')[-1]}.{name}"] = value
    return found


def test_every_program_of_the_device_flow_is_lowered_here() -> None:
    assert set(_device_programs()) == set(DEVICE)


@pytest.mark.parametrize("name", DEVICE)
def test_program_of_the_device_flow_lowers(name: str) -> None:
    program = _device_programs()[name]
    options = {"any_hit": bvh_walk.any_hit, "rays": 64} if name in TRACING else STATIC.get(name, {})
    assert lower(partial(program, **options), *DEVICE[name]) > 0
    if name in TRACING:
        options["any_hit"] = bvh_pallas.any_hit
        with jax.sharding.use_abstract_mesh(GPU):
            assert lower(partial(program, **options), *DEVICE[name], platforms=("cuda",)) > 0
