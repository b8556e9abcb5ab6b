"""The particle chain from spectra outside to upset rates: a batch of shields, many orbits by a device's response."""

import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from caloris.model.device import Device, HeavyIonResponse, ProtonResponse
from caloris.model.particles import ParticleEnvironment
from caloris.model.shield import ShieldLayer
from caloris.model.shield_transport import ShieldTransport
from caloris.solve.response import upset_response
from caloris.solve.upset import upset_rate
from caloris_benchmarks.timing import timed
from caloris_kernels.particle.galactic import galactic_flux

# Seconds on two cores: a shield's thickness in a batch of 64, and an orbit.
GOAL_SHIELD, GOAL_ORBIT = 20e-3, 1e-4


def bench_particle_chain(shields: int = 64, transport: ShieldTransport | None = None) -> list[dict[str, Any]]:
    """Heavy-ion and proton upset rates of 28 ions behind aluminum of many thicknesses, 0.1 to 5 g/cm2, in one batch.

    seconds is the whole batch, the best of three. error is the largest relative difference from the same shields one by
    one. Rows: the rates; the rates and their derivatives by each thickness (forward mode); the rates with the fragments
    of ions, whose error is the largest relative difference from single shields too.
    """
    environment = ParticleEnvironment.from_galactic(10.0, altitude=600e3)
    thickness = jnp.asarray(np.geomspace(0.1, 5.0, shields))

    def rate(one: jax.Array) -> jax.Array:
        return upset_rate(_device(one), environment, transport).rate_per_day

    def followed(one: jax.Array) -> jax.Array:
        return upset_rate(_device(one), environment, ShieldTransport(fragments=True)).rate_per_day

    slopes = eqx.filter_jit(jax.vmap(lambda one: jax.jvp(rate, (one,), (jnp.ones_like(one),))))
    gradient_seconds, gradient_compile, (_, slope) = timed(lambda: slopes(thickness))
    row = {"name": "particle-chain", "size": f"{shields} shields x 28 ions", "peers": {}}
    rows = [
        row | _batch(rate, thickness),
        row | {"name": "particle-chain, derivative", "seconds": gradient_seconds, "compile_seconds": gradient_compile},
        row | {"name": "particle-chain, fragments"} | _batch(followed, thickness),
    ]
    # More aluminum stops particles: a derivative that is not negative would be wrong.
    rows[1]["error"] = 0.0 if bool((np.asarray(slope) < 0.0).all()) else float("nan")
    if shields == 64:
        rows[0]["within"] = rows[0]["seconds"] / shields <= GOAL_SHIELD
    return rows


def bench_particle_response(orbits: int = 10000, batch: int = 500) -> dict[str, Any]:
    """Upset rates of one device in the fluxes of many orbits by its response; the fluxes are there already.

    Fluxes are galactic ones of different solar modulation behind different shares of visible sky. error is the
    largest relative difference of a few from the chain itself. compile_seconds includes the response.
    """
    device, random = _device(jnp.asarray(0.6858)), np.random.default_rng(0)
    begin = time.perf_counter()
    response = jax.block_until_ready(upset_response(device))
    made = time.perf_counter() - begin
    energy = jnp.broadcast_to(response.energy, response.heavy_ion.shape)
    modulation = jnp.asarray(random.uniform(0.0, 150.0, batch))
    flux = jax.block_until_ready(jax.jit(jax.vmap(lambda w: galactic_flux(energy, w)))(modulation))
    day = eqx.filter_jit(lambda response, flux: response.rate_per_day(flux))
    repeats = -(-orbits // batch)
    seconds, compile_seconds, _ = timed(lambda: [day(response, flux) for _ in range(repeats)])
    value = np.asarray(day(response, flux))
    errors = [
        abs(value[k] / float(upset_rate(device, ParticleEnvironment.from_galactic(modulation[k])).rate_per_day) - 1.0)
        for k in range(3)
    ]
    size = f"{repeats * batch} orbits x 28 ions x {response.energy.shape[0]} energies"
    row: dict[str, Any] = {"name": "particle-response", "size": size, "seconds": seconds, "peers": {}}
    row |= {"compile_seconds": compile_seconds + made, "error": float(max(errors))}
    if orbits == 10000:
        row["within"] = seconds / (repeats * batch) <= GOAL_ORBIT
    return row


def _batch(rate: Callable[[jax.Array], jax.Array], thickness: jax.Array) -> dict[str, float]:
    """Times of all thicknesses at once, and the largest relative difference of some from the same one by one."""
    single, batch = eqx.filter_jit(rate), eqx.filter_jit(jax.vmap(rate))
    seconds, compile_seconds, value = timed(lambda: batch(thickness))
    chosen = list(range(0, thickness.shape[0], max(thickness.shape[0] // 4, 1)))
    alone = np.array([float(single(thickness[k])) for k in chosen])
    error = float(np.abs(np.asarray(value)[chosen] / alone - 1.0).max())
    return {"seconds": seconds, "compile_seconds": compile_seconds, "error": error}


def _device(thickness: jax.Array) -> Device:
    """CREME96's test part LM7912 behind aluminum (g/cm2)."""
    heavy_ion = HeavyIonResponse(0.5, 30.0, 1.0, 2e-5, [44.72136, 44.72136, 1.0])
    shield = (ShieldLayer.of("Al", None, thickness),)
    return Device(heavy_ion, ProtonResponse(30.0, 10.0, 1.0, 1e-11), shield=shield)
