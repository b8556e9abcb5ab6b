"""Reference cases: a front that melts its way into a solid at its melting temperature (Stefan), by case files."""

import functools

import numpy as np
from scipy.optimize import root_scalar
from scipy.special import erf

from caloris_validation import scenes
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import Result, rectangle, section, table

# 2000 J/kg/K, 1000 kg/m3, 0.5 W/m/K, 200 kJ/kg, melting at 300 K: the Stefan number is the rise of the wall over 100 K.
_DENSITY, _HEAT, _CONDUCTIVITY, _LATENT, _MELTS = 1000.0, 2000.0, 0.5, 2e5, 300.0
_DEPTH = 0.04


def _root(stefan: float) -> float:
    """lambda of lambda exp(lambda^2) erf(lambda) = Ste/sqrt(pi)."""
    return root_scalar(
        lambda x: x * np.exp(x**2) * erf(x) - stefan / np.sqrt(np.pi), bracket=(1e-3, 2.0), xtol=1e-14
    ).root


@functools.cache
def _front(stefan: float, range_over_rise: float) -> float:
    """lambda of a slab of 40 layers that melts from one side, over a range that is a part of the wall's rise.

    The wall melts through four fifths of the slab. The front is the molten share of all layers times the depth; its
    square grows as 4 lambda^2 a t, and a straight line through it tells lambda, free of the steps in which nodes melt
    one after the other. Without a range of melting, layers of a twentieth of the depth are off by 1e-4 to 4e-4.
    """
    layers, rise = 40, stefan * _LATENT / _HEAT
    width = range_over_rise * rise
    diffusivity = _CONDUCTIVITY / (_DENSITY * _HEAT)
    duration = (0.8 * _DEPTH / (2 * _root(stefan))) ** 2 / diffusivity
    result = Result(
        table("material", name="wax", density=_DENSITY, specific_heat=_HEAT, conductivity=_CONDUCTIVITY,
              melting={"temperature": _MELTS, "latent_heat": _LATENT, "width": width}),
        rectangle("slab", [0, 0, 0], [1, 0, 0], [0, 1, 0], front="inactive", thickness=_DEPTH, material="wax",
                  layers=layers, start_temperature=_MELTS - 0.5 * width),
        table("node", name="wall", temperature=_MELTS + rise),
        table("link", between=["wall", "slab.front"], conductance=1e6),
        section("run", mode="transient", duration=duration, output_every=duration / 200,
                temperature_tolerance=1e-6 * rise),
    )  # fmt: skip
    names = ["slab.front", *(f"slab.{k}" for k in range(1, layers)), "slab.back"]
    temperature = result.arrays["thermal/temperature"][:, [int(result.nodes(name)[0]) for name in names]]
    inside = np.clip((temperature - _MELTS) / width + 0.5, 0.0, 1.0)
    melted = np.where(inside < 0.5, 2 * inside**2, 1 - 2 * (1 - inside) ** 2)
    part = np.full(layers + 1, _DEPTH / layers)
    part[[0, -1]] *= 0.5
    time = np.asarray(result.arrays["thermal/time"])
    late = time >= 0.25 * duration
    slope = np.polyfit(time[late], (melted[late] @ part) ** 2, 1)[0]
    return float(np.sqrt(slope / (4 * diffusivity)))


CASES: tuple[ReferenceCase, ...] = tuple(
    ReferenceCase(
        f"melting-stefan-{stefan:g}",
        f"lambda of a front that melts into a solid at its melting temperature, Stefan number {stefan:g}",
        "1",
        _root(stefan),
        1.4e-3,
        "the range of melting, 5e-3 of the rise, gives up to 0.23 of itself, first order: 1.15e-3, and a fifth",
        "lambda exp(lambda^2) erf(lambda) = Ste/sqrt(pi), Carslaw & Jaeger, Conduction of Heat in Solids (1959), "
        "sect. 11.2",
        functools.partial(_front, stefan, 5e-3),
        observed_order=lambda stefan=stefan: scenes.order(_front(stefan, 1e-2), _front(stefan, 5e-3), _root(stefan)),
        expected_order=0.9,
        slow=stefan < 0.5,
    )
    for stefan in (0.05, 0.1, 0.5, 1.0)
)
