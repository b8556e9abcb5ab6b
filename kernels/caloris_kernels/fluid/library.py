"""The fluids that come with the kernels: tables generated from CoolProp, and each fluid's own limits.

`tools/fluid_tables.py` writes the tables and names the models behind them; here they become splines. Error of the
splines against CoolProp between the knots, as the tests measure it (relative, largest over the whole table): ammonia
4e-5, water 1.1e-4 (conductivity; 9e-6 else), HFE-7100 2e-6; propylene glycol 1.1e-3 in viscosity and vapor pressure at
57 % by mass, below 4e-4 up to 55 %. Errors of the models themselves are larger: see each fluid's note.
"""

from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.fluid.liquid import Liquid, liquid_from_table
from caloris_kernels.fluid.saturation import SaturatedFluid, saturated_from_table
from caloris_kernels.numerics.spline import spline_coefficients, spline_value


class FluidData(NamedTuple):
    """What is known of a fluid beside its table."""

    freezing: float  # K; of a mixture: of the solvent
    boiling: float  # K, at 101325 Pa; of a mixture: of the solvent
    critical_temperature: float | None  # K
    critical_pressure: float | None  # Pa
    molar_mass: float | None  # kg mol-1
    note: str


FLUIDS: dict[str, FluidData] = {
    "ammonia": FluidData(
        195.49, 239.83, 405.56, 11.3634e6, 0.01703052,
        "Saturated, 196 to 386 K. Equation of state of Gao et al. (2020): densities to 0.1 %; transport to some 5 %.",
    ),
    "water": FluidData(
        273.15, 373.12, 647.096, 22.064e6, 0.018015268,
        "Saturated, 274 to 514 K. IAPWS-95: densities and vapor pressure to 0.1 %; transport to 1 to 2 %.",
    ),
    "propylene glycol": FluidData(
        273.15, 373.12, None, None, None,
        "In water, 10 to 60 % by mass, from freezing to 373 K. Melinder (2010), fitted up to 313 K; against the "
        "ASHRAE tables up to 370 K: density 0.8 %, specific heat 0.6 %, conductivity 4 %, viscosity 8 %. Vapor "
        "pressure by Raoult's law. Corrosion inhibitors are not in it.",
    ),
    "HFE-7100": FluidData(
        138.15, 334.15, None, None, 0.25005,
        "193 to 337 K. 3M's product data as straight lines; its printed tables differ among themselves by 3 % in "
        "density and 5 % in viscosity.",
    ),
}  # fmt: skip
TWO_PHASE = ("ammonia", "water")  # of which the vapor is known too
GLYCOL_FRACTIONS = (0.1, 0.6)  # by mass, the first and the last in the table


@lru_cache
def _table(name: str) -> np.ndarray:
    """All columns of the table of one of FLUIDS, in its own order."""
    file = name.lower().replace("-", "_").replace(" ", "_")
    text = files("caloris_kernels.fluid").joinpath("tables", f"{file}.csv").read_text()
    return np.loadtxt(text.splitlines(), delimiter=",", skiprows=2)


def _start_and_step(temperature: np.ndarray) -> tuple[Array, Array]:
    return jnp.asarray(temperature[0]), jnp.asarray((temperature[-1] - temperature[0]) / (len(temperature) - 1))


def volumetric_heat(name: str, temperature: float, mass_fraction: float | None = None) -> float:
    """Density times specific heat (J m-3 K-1) of one of FLUIDS at a temperature (K), between the rows of its table.

    In numpy, linear between the rows (within 1e-4 of the splines), held at the ends: for what a volume stores.
    """
    rows = _table(name)
    if mass_fraction is None:
        return float(np.interp(temperature, rows[:, 0], rows[:, 1] * rows[:, 2]))
    fractions = np.unique(rows[:, 0])
    tables = [rows[rows[:, 0] == one, 1:] for one in fractions]
    values = [np.interp(temperature, table[:, 0], table[:, 1] * table[:, 2]) for table in tables]
    return float(np.interp(mass_fraction, fractions, values))


def temperature_range(name: str, mass_fraction: float | None = None) -> tuple[float, float]:
    """First and last temperature (K) of the table of one of FLUIDS; of a mixture at its mass fraction, in numpy."""
    rows = _table(name)
    if mass_fraction is None:
        return float(rows[0, 0]), float(rows[-1, 0])
    fractions = np.unique(rows[:, 0])
    ends = [rows[rows[:, 0] == one, 1][[0, -1]] for one in fractions]
    low, high = (np.interp(mass_fraction, fractions, [end[k] for end in ends]) for k in (0, 1))
    return float(low), float(high)


def pressure_range(name: str) -> tuple[float, float]:
    """Lowest and highest saturation pressure (Pa) in the table of one of TWO_PHASE."""
    rows = _table(name)
    return float(rows[0, 5]), float(rows[-1, 5])


def saturation_temperature(name: str, pressure: float) -> float:
    """Temperature (K) at which one of TWO_PHASE boils at a pressure (Pa), held to its table; in numpy.

    By the spline of the logarithm of the vapor pressure through all rows, as the kernels have it.
    """
    from scipy.interpolate import CubicSpline  # here: only cases with a given pressure wait for scipy
    from scipy.optimize import brentq

    rows = _table(name)
    logarithm = CubicSpline(rows[:, 0], np.log(rows[:, 5]))
    wanted = np.clip(np.log(pressure), logarithm(rows[0, 0]), logarithm(rows[-1, 0]))
    found: Any = brentq(lambda t: logarithm(t) - wanted, rows[0, 0], rows[-1, 0], xtol=1e-12)
    return float(found)


def propylene_glycol(mass_fraction: Float[Array, ""]) -> Liquid:
    """Propylene glycol in water, mass_fraction its part of the mass, 0.1 to 0.6 (-).

    The tables of eleven mixtures, each on its own uniform temperatures from its freezing point to 373.15 K, are joined
    by a spline over the mass fraction at equal parts of that span. Differentiable in the mass fraction.
    """
    rows = _table("propylene glycol")
    fractions = np.unique(rows[:, 0])
    tables = rows[:, 1:].reshape(len(fractions), -1, rows.shape[1] - 1)
    # Logarithms of viscosity and vapor pressure, which span two decades over the mass fractions.
    tables = np.concatenate([tables[..., :4], np.log(tables[..., 4:])], axis=-1)
    position = (jnp.asarray(mass_fraction) - fractions[0]) / (fractions[1] - fractions[0])
    table = spline_value(spline_coefficients(jnp.asarray(tables)), position)
    temperature = table[:, 0]
    step = (temperature[-1] - temperature[0]) / (len(temperature) - 1)
    values = jnp.concatenate([table[:, 1:4], jnp.exp(table[:, 4:])], axis=1)
    return liquid_from_table(temperature[0], step, temperature[0], values)


def liquid_named(name: str, mass_fraction: float | None = None) -> Liquid:
    """The liquid of one of FLUIDS; mass_fraction for the mixture alone, within GLYCOL_FRACTIONS."""
    if name not in FLUIDS:
        raise ValueError(f"fluid {name!r} is not known; known are {', '.join(FLUIDS)}")
    if name == "propylene glycol":
        low, high = GLYCOL_FRACTIONS
        if mass_fraction is None or not low <= mass_fraction <= high:
            raise ValueError(f"propylene glycol needs its part of the mass, {low} to {high}, not {mass_fraction}")
        return propylene_glycol(jnp.asarray(mass_fraction))
    if mass_fraction is not None:
        raise ValueError(f"{name} is no mixture: it has no mass fraction")
    rows = _table(name)
    start, step = _start_and_step(rows[:, 0])
    return liquid_from_table(start, step, jnp.asarray(FLUIDS[name].freezing), jnp.asarray(rows[:, 1:6]))


def saturated_named(name: str) -> SaturatedFluid:
    """Liquid and vapor of ammonia or water."""
    if name not in TWO_PHASE:
        raise ValueError(f"two phases are known of ammonia and water, not of {name!r}")
    data, rows = FLUIDS[name], _table(name)
    start, step = _start_and_step(rows[:, 0])
    liquid = start, step, jnp.asarray(data.freezing)
    critical_pressure, molar_mass = jnp.asarray(data.critical_pressure), jnp.asarray(data.molar_mass)
    return saturated_from_table(liquid, jnp.asarray(rows[:, 1:]), critical_pressure, molar_mass)
