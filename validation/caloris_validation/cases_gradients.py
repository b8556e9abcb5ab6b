"""Reference cases of derivatives: closed forms, and forward against reverse, through the public verbs."""

import functools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import caloris
from caloris.model.thermal import Thermal
from caloris.solve.solution import Solution, SteadySolution
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import closed, coating, deep_space, rectangle, steady, table, transient


@functools.cache
def _plate() -> caloris.Model:
    """A plate of 2 m x 1 m, emittance 0.9 on both sides, 500 W, sky at 0 K."""
    plate = rectangle("plate", [0, 0, 0], [2, 0, 0], [0, 1, 0], front="paint", back="paint", heat_capacity=1)
    load = table("load", on="plate", power=500.0)
    return caloris.build(caloris.parse_case("\n".join([deep_space(), coating("paint", 0.9), plate, load, steady()])))


def _stretched_plate(factor: jax.Array) -> SteadySolution:
    """The plate with its first edge `factor` times as long: geometry, coupling and steady state."""
    model = _plate()
    assert model.visibility is not None and model.context is not None

    def stretched(geometry):
        return geometry.surfaces[0].shape.edge_u

    edge = stretched(model.geometry) * factor
    geometry = eqx.tree_at(stretched, model.geometry, edge)
    return caloris.solve_steady(caloris.couple(geometry, model.visibility, model.context))


def _area_slope(transform: Callable) -> float:
    """A/T dT/dA of the plate."""
    one = jnp.ones(())
    slope = transform(lambda factor: _stretched_plate(factor).temperature[0])(one)
    return float(slope / closed(_stretched_plate(one)).temperature[0])


@functools.cache
def _two_plates() -> caloris.Model:
    """Two plates that face each other, one heated and cooling, for 1000 s."""
    parts = [
        deep_space(),
        coating("dark", 0.9),
        coating("light", 0.3),
        rectangle("lower", [0, 0, 0], [1, 0, 0], [0, 1, 0], front="dark", back="light", heat_capacity=2000,
                  start_temperature=350),
        rectangle("upper", [0, 0, 0.5], [0, 1, 0], [1, 0, 0], front="light", back="dark", heat_capacity=1000,
                  start_temperature=200),
        table("load", on="lower", power=100.0),
        table("link", between=["lower", "upper"], conductance=0.2),
        transient(1000.0),
    ]  # fmt: skip
    return caloris.build(caloris.parse_case("\n".join(parts)))


def _inputs(thermal: Thermal) -> tuple[Any, ...]:
    """Coatings, capacities, start, conductance, exchange areas: numbers of every kind."""
    nodes = thermal.nodes
    return (
        thermal.coatings.infrared_emittance,
        nodes.heat_capacity,
        nodes.start_temperature,
        thermal.links.conductance,
        thermal.exchange.exchange_area,
    )


def _solved(inputs: tuple[jax.Array, ...], is_steady: bool) -> Solution | SteadySolution:
    """Both plates over time, or at rest."""
    thermal = eqx.tree_at(_inputs, _two_plates().thermal, inputs)
    if is_steady:
        return caloris.solve_steady(thermal)
    return caloris.solve_transient(thermal, jnp.array([0.0, 1000.0]), tolerance=1e-6)


def _end(inputs: tuple[jax.Array, ...], is_steady: bool) -> jax.Array:
    """Temperatures of both plates at the end, or at rest."""
    return jnp.atleast_2d(_solved(inputs, is_steady).temperature)[-1]


@functools.cache
def _direction() -> tuple[tuple[jax.Array, ...], tuple[jax.Array, ...], jax.Array]:
    """Inputs, a direction of one part in each of them at random, and a weight of the outputs."""
    thermal = _two_plates().thermal
    assert thermal is not None
    inputs, generator = _inputs(thermal), np.random.default_rng(7)
    # The exchange areas stay symmetric: scaled as a whole.
    ones = [generator.standard_normal(x.shape) for x in inputs[:-1]] + [0.5 * np.ones(inputs[-1].shape)]
    direction = tuple(x * jnp.asarray(one) for x, one in zip(inputs, ones, strict=True))
    return inputs, direction, jnp.asarray(generator.standard_normal(2))


@functools.cache
def _forward(is_steady: bool) -> float:
    inputs, direction, weight = _direction()
    return float(weight @ jax.jvp(lambda x: _end(x, is_steady), (inputs,), (direction,))[1])


@functools.cache
def _reverse(is_steady: bool) -> float:
    inputs, direction, weight = _direction()
    closed(_solved(inputs, is_steady))
    _, pull = jax.vjp(lambda x: _end(x, is_steady), inputs)
    return float(sum(jnp.vdot(a, b) for a, b in zip(pull(weight)[0], direction, strict=True)))


@functools.cache
def _difference(is_steady: bool, step: float) -> float:
    inputs, direction, weight = _direction()

    def value(size: float) -> jax.Array:
        return weight @ _end(jax.tree.map(lambda x, d: x + size * d, inputs, direction), is_steady)

    return float((value(step) - value(-step)) / (2.0 * step))


def _case(name: str, quantity: str, exact: float, bound: float, reason: str, source: str, measure: Callable):
    slow = name.startswith("gradient-transient")
    return ReferenceCase(name, quantity, "1", exact, bound, reason, source, measure, slow=slow)


CASES: tuple[ReferenceCase, ...] = (
    *(
        _case(
            f"gradient-plate-area-{name}",
            "A/T dT/dA of a plate with a given load, from its edge through geometry, coupling and steady state",
            -0.25,
            1e-9,
            "solved to 1e-9 K of 266 K, then one linear solve",
            "T = (P/(2 eps sigma A))^(1/4)",
            functools.partial(_area_slope, transform),
        )
        for name, transform in (("forward", jax.jacfwd), ("reverse", jax.grad))
    ),
    *(
        case
        for mode, is_steady, step, bound, why in (
            ("steady", True, 1e-4, 1e-6, "central difference of 1e-4: its square times a curvature of order ten"),
            (
                "transient",
                False,
                1e-3,
                1e-4,
                "each end of the difference has its own steps: 1e-6 K over 1e-3 of a slope of tens of kelvin",
            ),
        )
        for case in (
            _case(
                f"gradient-{mode}-dot-product",
                f"<w, J v> by jvp over <J^T w, v> by vjp, {mode}, two plates, inputs of five kinds",
                1.0,
                1e-8,
                "both differentiate the same steps; the linear solves inside them stop at 1e-10",
                "adjoint identity",
                lambda is_steady=is_steady: _forward(is_steady) / _reverse(is_steady),
            ),
            _case(
                f"gradient-{mode}-difference",
                f"derivative by vjp over a central difference, {mode}, two plates, inputs of five kinds",
                1.0,
                bound,
                why,
                "central difference of the same verb",
                lambda is_steady=is_steady, step=step: _reverse(is_steady) / _difference(is_steady, step),
            ),
        )
    ),
)
