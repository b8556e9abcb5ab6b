"""Derivatives to what a cover is made of, and to the angle at which the Sun meets it."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.solve.couple import couple
from caloris.solve.network import assemble
from caloris_validation.scenes import rectangle, section, steady, table

_ORBIT = section("orbit", altitude="600 km", beta="20 deg")
_NADIR = section("attitude", point="+z", toward="nadir", align="+x", to="velocity")
_AHEAD = {"corner": [0, 0, 0], "edge_u": [0, 0, 1], "edge_v": [0, 1, 0], "front": "inactive", "back": "mirror"}


def _coating(name: str, absorptance: object, emittance: float, **keys: object) -> str:
    return table("coating", name=name, solar_absorptance=absorptance, infrared_emittance=emittance, **keys)


def _model(*parts: str) -> Any:
    return caloris.build(caloris.parse_case("\n".join([_ORBIT, _NADIR, *parts])))


def _agree(total, start, direction) -> Any:
    """Forward against reverse to rounding, and against central differences; returns the gradient.

    Central differences of step 1e-5: the truncation is 1e-9 of the third derivative, rounding 1e-11 over the step.
    """
    forward = jax.jit(lambda x: jax.jvp(total, (x,), (direction,)))
    slope = float(forward(start)[1])
    assert abs(slope) > 1e-4
    gradient = jax.jit(jax.grad(total))(start)
    pairs = zip(jax.tree.leaves(gradient), jax.tree.leaves(direction), strict=True)
    assert sum(float(jnp.vdot(g, d)) for g, d in pairs) == pytest.approx(slope, rel=1e-9)
    step = 1e-5
    up = forward(jax.tree.map(lambda x, d: x + step * d, start, direction))[0]
    down = forward(jax.tree.map(lambda x, d: x - step * d, start, direction))[0]
    assert slope == pytest.approx(float(up - down) / (2 * step), rel=1e-6)
    return gradient


def _leaves(thermal) -> tuple[Any, ...]:
    """The covers, the absorptance at normal incidence, the specularity, the angles."""
    coatings = thermal.coatings
    return (
        coatings.covered.refractive_index,
        coatings.covered.optical_depth,
        coatings.solar_absorptance,
        coatings.specular.solar_specularity,
        thermal.incident.sun_angle.cosine,
    )


@pytest.mark.slow
def test_covers_among_mirrors():
    """One number of all absorbed sunlight and light on cells, by way of a covered mirror and of what it scatters."""
    quartz = {"refractive_index": 1.47, "optical_depth": 0.03}
    glass = {"refractive_index": 1.5, "optical_depth": 0.2}
    sides = ["deck/front", "deck/back"]
    thermal = _model(
        _coating("mirror", 0.12, 0.8, solar_specularity=0.7, cover=quartz),
        _coating("cell", 0.9, 0.85, cover=glass),
        _coating("gray", 0.6, 0.7),
        rectangle("mirror", **_AHEAD, heat_capacity=3000),
        rectangle("deck", [0, 0, 0], [1, 0, 0], [0, 1, 0], front="cell", back="cell", heat_capacity=4000),
        rectangle("wall", [1, 0, 0.5], [0, 0, 1], [0, 1, 0], front="gray", back="gray", heat_capacity=400),
        table("solar_array", on=sides, efficiency=0.3),
        steady(),
    ).thermal
    assert thermal.mirrors is not None and float(thermal.incident.solar.max()) > 0
    start = _leaves(thermal)
    rng = np.random.default_rng(3)
    weight = rng.normal(size=jax.eval_shape(lambda t: assemble(t)[0].surroundings, thermal).shape)

    def total(leaves):
        network = assemble(eqx.tree_at(_leaves, thermal, leaves))[0]
        return jnp.sum(weight * network.surroundings / 1361.0)

    scale = [0.1, 0.01, 0.1, 0.1, 0.1]
    direction = [jnp.asarray(s * rng.normal(size=x.shape)) for s, x in zip(scale, start, strict=True)]
    # A cosine stays below 1, and 0 where the Sun is behind.
    direction[-1] = jnp.where((start[-1] > 0.01) & (start[-1] < 0.99), direction[-1], 0.0)
    gradient = _agree(total, start, tuple(direction))
    assert all(np.all(np.isfinite(g)) for g in gradient)
    assert all(np.any(np.abs(g * s) > 1e-5) for g, s in zip(gradient, scale, strict=True))


@pytest.mark.slow
def test_bands_age_and_the_angle_that_follows_the_orbit():
    """Absorbed sunlight of a mirror that flies ahead: by its ageing law, its cover by band, and the Sun's height.

    With the angle of incidence held still, the slope by the Sun's height is off by more than a percent.
    """
    ageing = {"beginning": [0.12, 0.08], "end": [0.3, 0.2], "time_constant": "3 year"}
    quartz = {"refractive_index": [1.47, 1.45], "optical_depth": [0.03, 0.01]}
    model = _model(
        section("bands", solar=["0.7 um"]),
        _coating("mirror", ageing, 0.8, cover=quartz),
        rectangle("mirror", **_AHEAD, heat_capacity=3000),
        steady(life={"time": "2 year"}),
    )
    assert not model.visibility.shadowed and model.thermal.coatings.covered.refractive_index.shape == (1, 2)
    at = lambda c: c.surroundings.orbit.solar_beta  # noqa: E731
    inside = lambda t: (t.coatings.covered, t.coatings.solar_absorptance)  # noqa: E731

    def absorbed(inputs, still=False):
        beta, covered, law = inputs
        thermal: Any = couple(model.geometry, model.visibility, eqx.tree_at(at, model.context, beta))
        thermal = eqx.tree_at(inside, thermal, (covered, law))
        if still:
            cosine = thermal.incident.sun_angle.cosine
            thermal = eqx.tree_at(lambda t: t.incident.sun_angle.cosine, thermal, jax.lax.stop_gradient(cosine))
        # A third of the orbit, in which the mirror is lit throughout: no kink of the positive part.
        return jnp.sum(assemble(thermal)[0].surroundings[70:110, 0]) / 1361.0

    start = (at(model.context), *inside(model.thermal))
    rng = np.random.default_rng(4)
    direction = jax.tree.map(lambda x: jnp.where(jnp.isfinite(x), 0.1 * x * rng.normal(size=x.shape), 0.0), start)
    gradient = _agree(absorbed, start, direction)
    law = gradient[2]
    parts = gradient[1].refractive_index, gradient[1].optical_depth, law.beginning, law.end, start[2].time * law.time
    assert all(np.all(np.abs(g) > 1e-4) for g in parts)
    without = jax.jit(jax.grad(lambda x: absorbed(x, still=True)))(start)
    assert abs(float(without[0] / gradient[0]) - 1.0) > 1e-2
