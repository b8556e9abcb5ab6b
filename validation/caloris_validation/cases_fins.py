"""Reference cases: the lightest radiating fins of three kinds, and an endless rod; by case files."""

import functools
import tempfile
from pathlib import Path
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize

import caloris
from caloris.solve.balance import balance
from caloris_validation import scenes
from caloris_validation.brick_mesh import write_bar
from caloris_validation.cases_solids import face
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import Result, closed, coating, deep_space, rectangle, steady, table

# Base at 400 K, emittance 0.8 on both sides, 0.2 m long and 1 m wide, sky 0 K; the conductivity follows from
# zeta = 2 eps sigma T^3 L^2/(k d).
_SIGMA, _BASE, _EMITTANCE, _LENGTH = 5.670374419e-8, 400.0, 0.8, 0.2
_IDEAL = 2 * _EMITTANCE * _SIGMA * _BASE**4 * _LENGTH


def _conductivity(zeta: float, thickness: float) -> float:
    return 2 * _EMITTANCE * _SIGMA * _BASE**3 * _LENGTH**2 / (zeta * thickness)


# The rectangular fin of least volume for its heat.
_RECTANGULAR = {"zeta": 0.846421, "efficiency": 0.565334, "volume": 6.53880}


def _strip(cells: int, conductivity: float, thickness: float) -> Result:
    """A fin of 1 m width: a strip of cells, half a cell from its base."""
    return Result(
        deep_space(),
        coating("paint", _EMITTANCE),
        table("material", name="metal", density=1, specific_heat=1, conductivity=conductivity),
        rectangle("fin", [0, 0, 0], [_LENGTH, 0, 0], [0, 1, 0], divide=[cells, 1], front="paint", back="paint",
                  thickness=thickness, material="metal"),
        table("node", name="base", temperature=_BASE),
        table("link", between=["base", "fin[0,0]"], conductance=2 * conductivity * thickness * cells / _LENGTH),
        steady(),
    )  # fmt: skip


@functools.cache
def _rectangular(cells: int) -> Result:
    """The rectangular fin at its optimum."""
    return _strip(cells, _conductivity(_RECTANGULAR["zeta"], 2e-3), 2e-3)


def _volume(cells: int) -> float:
    """V k (2 eps sigma)^2 T^9/q^3 = 1/(zeta eta^3) of the fin at its optimum."""
    efficiency = _rectangular(cells).total("node_boundary", "base") / _IDEAL
    return 1.0 / (_RECTANGULAR["zeta"] * efficiency**3)


def _heat_by_emittance() -> float:
    """d ln(heat)/d ln(emittance) of that fin, by the solver's derivative.

    Only zeta counts for the efficiency, so that d ln(eta)/d ln(zeta) is this less one; V = 1/(zeta eta^3) is least
    where that is -1/3.
    """
    result = _rectangular(40)
    thermal = result.model.thermal
    assert thermal is not None
    base, first = (int(result.nodes(name)[0]) for name in ("base", "fin[0,0]"))

    def heat(emittance):
        changed = eqx.tree_at(lambda model: model.coatings.infrared_emittance, thermal, emittance)
        temperature = caloris.solve_steady(changed).temperature
        return thermal.links.conductance[0] * (temperature[base] - temperature[first])

    emittance: Any = thermal.coatings.infrared_emittance
    value, slope = eqx.filter_value_and_grad(lambda e: heat(e))(emittance)
    return float(slope[0] * emittance[0] / value)


# The triangular fin of least volume: as thick at the base as zeta wants, nothing at the tip.
_TRIANGULAR = {"zeta": 0.778736, "efficiency": 0.526947, "volume": 4.38812}
_THICKNESS = 1e-3  # at the base: the faces are longer than the fin by (1e-3/0.4)^2/2 = 3e-6


@functools.cache
def _wedge(cells: int) -> Result:
    """The triangular fin at its optimum, as a solid of so many slices."""
    with tempfile.TemporaryDirectory() as folder:
        x = np.linspace(0.0, _LENGTH, cells + 1)
        mesh = write_bar(Path(folder) / "wedge.msh", x, _THICKNESS * (1.0 - x / _LENGTH), 1.0)
        conductivity = _conductivity(_TRIANGULAR["zeta"], _THICKNESS)
        return Result(
            deep_space(),
            coating("paint", _EMITTANCE),
            table("material", name="metal", density=1, specific_heat=1, conductivity=conductivity),
            table("solid", name="fin", shape="mesh", file=str(mesh), length_unit="m", material="metal"),
            face("base", temperature=_BASE),
            table("solid.face", on=["below", "above"], coating="paint"),
            steady(),
        )


def _triangular(cells: int) -> float:
    """V k (2 eps sigma)^2 T^9/q^3 = 1/(2 zeta eta^3) of that fin."""
    efficiency = _wedge(cells).total("node_boundary", "fin.base") / _IDEAL
    return 1.0 / (2 * _TRIANGULAR["zeta"] * efficiency**3)


def _wedge_heat_by_emittance() -> float:
    """d ln(heat)/d ln(emittance) of that fin, by the solver's derivative: 2/3 where V is least, as above."""
    thermal = _wedge(40).model.thermal
    assert thermal is not None

    def heat(emittance):
        changed = eqx.tree_at(lambda model: model.coatings.infrared_emittance, thermal, emittance)
        return jnp.sum(balance(caloris.solve_steady(changed)).terms.to_space)

    emittance: Any = thermal.coatings.infrared_emittance
    value, slope = eqx.filter_value_and_grad(lambda e: heat(e))(emittance)
    return float(slope[0] * emittance[0] / value)


# The lightest fin of any profile: thickness as x^(7/2) from the tip, T = T_base (x/L)^(1/2).
@functools.cache
def _any_profile(cells: int) -> float:
    """Least V k (2 eps sigma)^2 T^9/q^3 over the thickness in `cells` places, from that of a plate, by its gradient.

    The strip's conductances are free, each in proportion to the thickness between two cells (or at the base), and so
    to the volume there. The merit does not change with the width, the length or the power at which it is asked.
    """
    zeta, thickness, step = 1.0, 2e-3, _LENGTH / cells
    conductivity = _conductivity(zeta, thickness)
    result = _strip(cells, conductivity, thickness)
    thermal = result.model.thermal
    assert thermal is not None
    base, first = (int(result.nodes(name)[0]) for name in ("base", "fin[0,0]"))
    constant = conductivity * (2 * _EMITTANCE * _SIGMA) ** 2 * _BASE**9

    def solved(relative):
        joint, between = thermal.links.conductance * relative[:1], thermal.conduction.conductance * relative[1:]
        changed = eqx.tree_at(lambda t: (t.links.conductance, t.conduction.conductance), thermal, (joint, between))
        return caloris.solve_steady(changed)

    def merit(logarithm):
        relative = jnp.exp(logarithm)
        temperature = solved(relative).temperature
        heat = thermal.links.conductance[0] * relative[0] * (temperature[base] - temperature[first])
        volume = step * thickness * (0.5 * relative[0] + jnp.sum(relative[1:]))
        return jnp.log(constant * volume / heat**3)

    with_slope = eqx.filter_jit(eqx.filter_value_and_grad(merit))

    def numbers(logarithm):
        value, slope = with_slope(jnp.asarray(logarithm))
        return float(value), np.asarray(slope)

    found = minimize(numbers, np.zeros(cells), jac=True, method="L-BFGS-B", options={"ftol": 1e-12, "maxiter": 400})
    closed(solved(jnp.exp(jnp.asarray(found.x))))
    return float(np.exp(found.fun))


# A rod of 10 mm x 10 mm, 200 W/m/K, emittance 0.9, base at 400 K, sky 0 K; 40 m, in slices that grow.
@functools.cache
def _rod(slices: int) -> float:
    """Heat (W) into the base of the rod; it falls within 0.4 m, (1 + x/0.41 m)^(-5/3) of it passes x."""
    with tempfile.TemporaryDirectory() as folder:
        x = 0.4 * (101.0 ** np.linspace(0.0, 1.0, slices + 1) - 1.0)
        mesh = write_bar(Path(folder) / "rod.msh", x, np.full(slices + 1, 0.01), 0.01)
        result = Result(
            deep_space(),
            coating("paint", 0.9),
            table("material", name="metal", density=1, specific_heat=1, conductivity=200.0),
            table("solid", name="rod", shape="mesh", file=str(mesh), length_unit="m", material="metal"),
            face("base", temperature=400.0),
            table("solid.face", on=["below", "above", "left", "right"], coating="paint"),
            steady(),
        )
    return result.total("node_boundary", "rod.base")


_ROD = (0.4 * 200.0 * 1e-4 * 0.9 * _SIGMA * 0.04 * 400.0**5) ** 0.5  # 12.93159 W

CASES: tuple[ReferenceCase, ...] = (
    ReferenceCase(
        "fin-lightest-rectangular",
        "volume of the lightest rectangular fin, V k (2 eps sigma)^2 T^9/q^3, sky 0 K",
        "1",
        _RECTANGULAR["volume"],
        1.5e-3,
        "three times the efficiency's error of 0.75 zeta/40^2 = 4e-4 on 40 cells (see conduction-fin-zeta-1)",
        "least 1/(zeta eta^3) with eta of d2T/dx2 = zeta T^4, by a boundary-value solver, 6 digits",
        lambda: _volume(40),
        observed_order=lambda: scenes.order(_volume(20), _volume(40), _RECTANGULAR["volume"]),
        expected_order=1.8,
    ),
    ReferenceCase(
        "fin-lightest-rectangular-slope",
        "d ln(heat)/d ln(emittance) of that fin, by the solver's derivative",
        "1",
        2.0 / 3.0,
        1e-3,
        "40 cells: as the efficiency",
        "V = 1/(zeta eta^3) is least where d ln(eta)/d ln(zeta) = -1/3",
        _heat_by_emittance,
    ),
    ReferenceCase(
        "fin-lightest-triangular",
        "volume of the lightest triangular fin, V k (2 eps sigma)^2 T^9/q^3, sky 0 K, as a solid wedge",
        "1",
        _TRIANGULAR["volume"],
        7.5e-4,
        "second order: 2.3e-3 with 20 slices, 5.8e-4 with 40, and a quarter",
        "least 1/(2 zeta eta^3) with eta of d/dx((1 - x) dT/dx) = zeta T^4, by a boundary-value solver, 6 digits",
        lambda: _triangular(40),
        observed_order=lambda: scenes.order(_triangular(20), _triangular(40), _TRIANGULAR["volume"]),
        expected_order=1.8,
        slow=True,
    ),
    ReferenceCase(
        "fin-lightest-triangular-slope",
        "d ln(heat)/d ln(emittance) of that fin, by the solver's derivative",
        "1",
        2.0 / 3.0,
        1e-3,
        "40 slices: as the volume",
        "V = 1/(2 zeta eta^3) is least where d ln(eta)/d ln(zeta) = -1/3",
        _wedge_heat_by_emittance,
        slow=True,
    ),
    ReferenceCase(
        "fin-lightest-profile",
        "volume of the lightest fin of any profile, V k (2 eps sigma)^2 T^9/q^3, by descent along the gradient",
        "1",
        4.0,
        4e-4,
        "second order: 1.2e-3 with 30 places, 3.2e-4 with 60, and a quarter",
        "least int q/(k T') dx with q' = 2 eps sigma T^4: T = T_b (x/L)^(1/2) from the tip, thickness as x^(7/2)",
        lambda: _any_profile(60),
        observed_order=lambda: scenes.order(_any_profile(30), _any_profile(60), 4.0),
        expected_order=1.5,
        slow=True,
    ),
    ReferenceCase(
        "fin-endless-rod",
        "heat of an endless rod of 10 mm x 10 mm, 200 W/m/K, emittance 0.9, base 400 K, sky 0 K, as a solid",
        "W",
        _ROD,
        2.2e-3,
        "second order: 7e-3 with 48 slices, the first of 20 mm, 1.7e-3 with 96, and a quarter",
        "q = sqrt((2/5) k A eps sigma P T^5), first integral of k A T'' = eps sigma P T^4",
        lambda: _rod(96),
        observed_order=lambda: scenes.order(_rod(48), _rod(96), _ROD),
        expected_order=1.8,
        slow=True,
    ),
)
