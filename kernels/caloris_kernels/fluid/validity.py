"""Which limits a state violates: ranges that correlations were made for, freezing, boiling, ends of tables."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from caloris_kernels.fluid.convection import LAMINAR_END, TURBULENT_START
from caloris_kernels.fluid.liquid import Liquid, highest_temperature, vapor_pressure


class Limit(NamedTuple):
    """The range of one quantity within which a correlation holds."""

    quantity: str
    low: float
    high: float


_ANY = float("inf")
# Ranges by the names of the correlations; their sources stand with them.
RANGES: dict[str, tuple[Limit, ...]] = {
    "laminar": (Limit("reynolds", 0.0, 2300.0), Limit("prandtl", 0.5, _ANY)),
    "laminar uniform flux": (Limit("reynolds", 0.0, 2300.0), Limit("prandtl", 0.5, _ANY)),
    "turbulent": (
        Limit("reynolds", 3000.0, 5e6),
        Limit("prandtl", 0.5, 2000.0),
        Limit("diameter_over_length", 0.0, 1.0),
    ),
    "Dittus-Boelter": (
        Limit("reynolds", 1e4, _ANY),
        Limit("prandtl", 0.6, 160.0),
        Limit("diameter_over_length", 0.0, 0.1),
    ),
    "all regimes": (
        Limit("reynolds", 0.0, 5e6),
        Limit("prandtl", 0.5, 2000.0),
        Limit("diameter_over_length", 0.0, 1.0),
    ),
    "friction": (Limit("reynolds", 0.0, 1e8), Limit("relative_roughness", 0.0, 0.05)),
    # The data that Shah held Liu & Winterton's correlation against (ASME HT2005-72025): 29 fluids, mostly refrigerants
    # and water, and normal gravity.
    "boiling": (
        Limit("mass_flux", 28.0, 11071.0),
        Limit("quality", 0.0, 0.95),
        Limit("reduced_pressure", 0.005, 0.783),
    ),
    # Shah (1979), abstract: the range of his data, all with normal gravity; below 350 he advises against it.
    "condensation": (
        Limit("liquid_reynolds", 350.0, 63000.0),
        Limit("mass_flux", 10.8, 210.6),
        Limit("reduced_pressure", 0.002, 0.44),
        Limit("liquid_prandtl", 1.0, 13.0),
    ),
}


def violations(name: str, quantities: dict[str, Float[Array, "..."]]) -> Bool[Array, "limit ..."]:
    """Whether each limit of `RANGES[name]`, in its order, is violated by the quantities of these names."""
    return jnp.stack([(quantities[q] < low) | (quantities[q] > high) for q, low, high in RANGES[name]])


def transitional(reynolds: Float[Array, "..."]) -> Bool[Array, "..."]:
    """Whether flow is neither laminar nor turbulent: unsteady, and any correlation for it an interpolation."""
    return (reynolds > LAMINAR_END) & (reynolds < TURBULENT_START)


# The order of the answers of `liquid_violations`.
LIQUID_LIMITS = ("freezing", "table low", "table high", "boiling")


def liquid_violations(
    fluid: Liquid, temperature: Float[Array, ""], pressure: Float[Array, ""]
) -> Bool[Array, " limit"]:
    """Whether a liquid at a temperature (K) and pressure (Pa) is frozen, colder or warmer than its table, or boils.

    In the order of LIQUID_LIMITS. Boiling is judged by the vapor pressure, within the table.
    """
    return jnp.stack(
        [
            temperature < fluid.freezing,
            temperature < fluid.start,
            temperature > highest_temperature(fluid),
            vapor_pressure(fluid, temperature) > pressure,
        ]
    )
