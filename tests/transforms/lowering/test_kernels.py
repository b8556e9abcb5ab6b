"""Every kernel lowers for TPU and CUDA; a new one needs an entry in one of the tables beside."""

import jax
import jax.export
import pytest

import caloris_kernels
from lowering_heat import HOST_HEAT, KERNELS_HEAT
from lowering_particles import HOST_PARTICLES, KERNELS_PARTICLES
from lowering_radiation import HOST_RADIATION, KERNELS_RADIATION
from lowering_shapes import GPU, RAYS, Wrapped, functions, lower
from lowering_stepping import HOST_STEPPING, KERNELS_STEPPING

KERNELS = KERNELS_HEAT | KERNELS_RADIATION | KERNELS_PARTICLES | KERNELS_STEPPING
# Kernels that make no program.
HOST = HOST_HEAT | HOST_RADIATION | HOST_PARTICLES | HOST_STEPPING
# The kernel written for GPUs has its other form, bvh_walk, for TPUs.
GPU_ONLY = {"radiative.bvh_pallas.any_hit": RAYS, "radiative.bvh_pallas.nearest_hit": RAYS}
FOUND = {k: v for k, v in functions(caloris_kernels).items() if not k.split(".")[-1].startswith("_")}


def test_every_kernel_is_lowered_here() -> None:
    known = set(KERNELS) | set(GPU_ONLY) | set(HOST)
    new, gone = sorted(set(FOUND) - known), sorted(known - set(FOUND))
    assert not new, f"kernels without an entry in KERNELS, the shapes that they are called with: {new}"
    assert not gone, f"entries without a kernel: {gone}"


@pytest.mark.parametrize("name", KERNELS)
def test_kernel_lowers(name: str) -> None:
    entry = KERNELS[name]
    call = Wrapped(FOUND[name], entry) if isinstance(entry, tuple) else entry(FOUND[name])
    assert lower(call.call, *call.arguments) > 0


@pytest.mark.parametrize("name", GPU_ONLY)
def test_kernel_for_gpus_lowers(name: str) -> None:
    with jax.sharding.use_abstract_mesh(GPU):
        assert lower(FOUND[name], *GPU_ONLY[name], platforms=("cuda",)) > 0
