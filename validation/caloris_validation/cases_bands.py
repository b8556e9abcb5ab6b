"""Reference cases of wavelength bands and emittances over temperature: spectral integrals, through case files."""

import functools
import math
from typing import Any

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq

from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import Result, deep_space, rectangle, section, steady, sunlight, table

_SPECTRUM = (
    "Planck's law, exact SI constants, by adaptive quadrature over wavelength (scipy), independent of the engine"
)
_SQUARE = [1, 0, 0], [0, 1, 0]
# Wavelengths (m) that split the spectrum at 3 and 8 um.
_EDGES = (0.0, 3e-6, 8e-6, math.inf)
_H, _C, _K, _SIGMA = 6.62607015e-34, 299792458.0, 1.380649e-23, 5.670374419e-8


def _spectral(wavelength: float, temperature: float) -> float:
    """Hemispherical emissive power of a black body per wavelength (W m-3)."""
    x = _H * _C / (wavelength * _K * temperature)
    return 0.0 if x > 700.0 else 2.0 * math.pi * _H * _C**2 / wavelength**5 / math.expm1(x)


@functools.cache
def _emitted(low: float, high: float, temperature: float) -> float:
    """Emissive power between two wavelengths (W m-2), over the logarithm of the wavelength."""
    # Below lambda T = 200 um K lies e^-72 of the whole, above 1 m K 1e-8, which is added in closed form.
    start, end = math.log(max(low, 2e-4 / temperature)), math.log(min(high, 1.0 / temperature))
    if end <= start:
        return 0.0
    middle = [math.log(b / temperature) for b in (1e-3, 3e-3, 1e-2, 1e-1) if start < math.log(b / temperature) < end]
    points = [start, *middle, end]
    total = sum(
        quad(lambda s: math.exp(s) * _spectral(math.exp(s), temperature), a, b, epsrel=1e-12, limit=200)[0]
        for a, b in zip(points, points[1:], strict=False)
    )
    # Beyond lambda T = 1 m K, the Rayleigh-Jeans tail 2 pi c k T / (3 lambda^3), right to 1e-2 of 1e-8.
    tail = 2.0 * math.pi * _C * _K * temperature / 3.0 * temperature**3 if high > 1.0 / temperature else 0.0
    return total + tail


def _bands(temperature: float) -> list[float]:
    return [_emitted(low, high, temperature) for low, high in zip(_EDGES, _EDGES[1:], strict=False)]


# Three bands, emittance over temperature: value at 300 K and at 500 K.
_HOT = ((0.2, 0.5, 0.9), (0.4, 0.7, 0.3))
_COLD = ((0.9, 0.3, 0.1), (0.5, 0.6, 0.8))


def _property(table: tuple, temperature: float) -> list[float]:
    part = (temperature - 300.0) / 200.0
    return [a + part * (b - a) for a, b in zip(*table, strict=True)]


def _varying(name: str, values: tuple) -> str:
    over = {"temperature": [300, 500], "value": list(values)}
    return table("coating", name=name, solar_absorptance=0.5, infrared_emittance=over)


def _three_bands() -> str:
    return section("bands", infrared=["3 um", "8 um"])


def _facing(result: Result) -> float:
    """View factor between two plates of 1 m2 in the model itself (-): other cases judge view factors."""
    assert result.model.thermal is not None
    return float(np.asarray(result.model.thermal.exchange.exchange_area).sum()) / 2.0


def _gained(result: Result) -> float:
    """Net heat (W) that the cold plate takes up by radiation."""
    return result.total("node_exchanged", "cold") - result.total("node_emitted_to_space", "cold")


def _gained_exact(view: float, hot: tuple, cold: tuple, sky: float) -> float:
    """The same from the two radiosities: H_1 = F (eps_2 E_2 + rho_2 H_2) + (1 - F) E_sky, and in turn.

    hot, cold: emittance and emissive power (W m-2). The triangles of a plate change places under half a turn, so that
    each plate is one isothermal, evenly lit surface.
    """
    (first, above), (second, below) = hot, cold
    direct = view * second * below + (1.0 - view) * sky
    other = view * first * above + (1.0 - view) * sky
    onto_hot = (direct + view * (1.0 - second) * other) / (1.0 - view**2 * (1.0 - first) * (1.0 - second))
    onto_cold = other + view * (1.0 - first) * onto_hot
    return second * (onto_cold - below)


def _plates() -> float:
    """Net heat that a plate at 340 K gets from one at 480 K, half a width away, the sky at 300 K, over the exact."""
    hot = rectangle("hot", [0, 0, 0], *_SQUARE, front="a", temperature=480)
    cold = rectangle("cold", [0, 0, 0.5], _SQUARE[1], _SQUARE[0], front="b", temperature=340)
    coatings = [_varying("a", _HOT), _varying("b", _COLD)]
    result = Result(deep_space(300.0), _three_bands(), *coatings, hot, cold, steady())
    bands = (_bands(480.0), _bands(340.0), _bands(300.0), _property(_HOT, 480.0), _property(_COLD, 340.0))
    view = _facing(result)
    exact = sum(_gained_exact(view, (a, hot), (b, cold), sky) for hot, cold, sky, a, b in zip(*bands, strict=True))
    return _gained(result) / exact


def _plate_to_sky() -> float:
    """Net heat (W) that a plate of 1 m2 at 480 K loses to a sky at 340 K, one side."""
    plate = rectangle("plate", [0, 0, 0], *_SQUARE, front="a", temperature=480)
    result = Result(deep_space(340.0), _three_bands(), _varying("a", _HOT), plate, steady())
    return result.total("node_emitted_to_space", "plate")


def _plate_to_sky_exact() -> float:
    emittance = _property(_HOT, 480.0)
    return sum(e * (own - sky) for e, own, sky in zip(emittance, _bands(480.0), _bands(340.0), strict=True))


def _below(product: float) -> float:
    """Part of its black-body emission that a plate at 400 K loses below a wavelength; product in um K.

    In the table's own constants: C1 3.742e8 W um4 m-2, C2 14388 um K, sigma 5.670e-8.
    """
    dark = table("coating", name="filter", solar_absorptance=0.5, infrared_emittance=[1.0, 0.0])
    plate = rectangle("plate", [0, 0, 0], *_SQUARE, front="filter", temperature=400)
    bands = section("bands", infrared=[f"{product / 400.0 * (_H * _C / _K) / 14388e-6!r} um"])
    lost = Result(deep_space(), bands, dark, plate, steady()).total("node_emitted_to_space", "plate")
    scale = math.pi**4 / 15.0 * 3.742e8 / 14388.0**4 / 5.670e-8
    return scale * lost / (_SIGMA * 400.0**4)


_SELECTIVE = (0.9, 0.05)


def _selective(varying: bool) -> float:
    """Equilibrium temperature of a selective absorber in sunlight, adiabatic behind."""
    emittance: object = list(_SELECTIVE)
    if varying:
        emittance = {"temperature": [200, 600], "value": [[0.7, 0.05], [1.0, 0.25]]}
    paint = table("coating", name="s", solar_absorptance=[0.95, 0.6], infrared_emittance=emittance)
    bands = section("bands", infrared=["3 um"], solar=["2 um"], solar_fraction=[0.93, 0.07])
    plate = rectangle("plate", [0, 0, 0], *_SQUARE, front="s", heat_capacity=1)
    return Result(sunlight(), bands, paint, plate, steady(start_temperature=500)).temperature("plate")


@functools.cache
def _selective_exact(varying: bool) -> float:
    absorbed = 1361.0 * (0.93 * 0.95 + 0.07 * 0.6)

    def balance(temperature: float) -> float:
        part = (temperature - 200.0) / 400.0
        short, long = (0.7 + 0.3 * part, 0.05 + 0.2 * part) if varying else _SELECTIVE
        power = short * _emitted(0.0, 3e-6, temperature) + long * _emitted(3e-6, math.inf, temperature)
        return power - absorbed

    found: Any = brentq(balance, 300.0, 600.0 if varying else 900.0, xtol=1e-10)
    return float(found)


def _cavity() -> float:
    """Net heat between plates of reflectance 0.98 at 400 and 300 K, 0.01 m apart, over the exact."""
    hot = rectangle("hot", [0, 0, 0], *_SQUARE, front="mirror", temperature=400)
    cold = rectangle("cold", [0, 0, 0.01], _SQUARE[1], _SQUARE[0], front="mirror", temperature=300)
    mirror = table("coating", name="mirror", solar_absorptance=0.5, infrared_emittance=0.02)
    result = Result(deep_space(), mirror, hot, cold, steady())
    ends = ((0.02, _SIGMA * temperature**4) for temperature in (400.0, 300.0))
    return _gained(result) / _gained_exact(_facing(result), *ends, sky=0.0)


CASES: tuple[ReferenceCase, ...] = (
    ReferenceCase(
        name="bands-plates-over-temperature",
        quantity="heat between plates at 480 and 340 K before a sky at 300 K over the exact, emittances by band and "
        "over temperature",
        unit="1",
        exact=1.0,
        bound=1e-6,
        reason="view factors in float32 are not quite equal for the two triangles of a plate",
        source=f"radiosity of two surfaces by band with the model's own view factor, E_b from {_SPECTRUM}",
        measure=_plates,
    ),
    ReferenceCase(
        name="bands-plate-to-warm-sky",
        quantity="heat that a plate at 480 K loses to a sky at 340 K, three bands, emittance over temperature",
        unit="W m-2",
        exact=_plate_to_sky_exact(),
        bound=1e-9,
        reason="closed form in float64; the quadrature is good to 1e-10",
        source=f"sum over bands of eps_b(T) (E_b(T) - E_b(sky)), E_b from {_SPECTRUM}",
        measure=_plate_to_sky,
    ),
    *(
        ReferenceCase(
            name=f"bands-planck-fraction-{product}",
            quantity=f"part of a black body's emission below lambda T = {product} um K",
            unit="1",
            exact=printed,
            bound=2.5e-5,
            reason="six printed digits, in the table's own C1, C2 and sigma (together 1.00004 of sigma T^4), of which "
            "C1 and sigma have four digits: 1.3e-5, and up to 8e-6 for the last digit",
            source="Incropera et al., Fundamentals of Heat and Mass Transfer, 6th ed. (2007), table 12.1",
            measure=functools.partial(_below, float(product)),
        )
        for product, printed in ((2000, 0.066728), (4000, 0.480877), (10000, 0.914199))
    ),
    ReferenceCase(
        name="bands-selective-surface",
        quantity="temperature of a selective absorber in sunlight: two solar and two infrared bands",
        unit="K",
        exact=_selective_exact(False),
        bound=1e-9,
        reason="solved to a nanokelvin; the quadrature is good to 1e-10 of the flux, a quarter of which counts in T",
        source=f"sum f_s alpha_s S = sum eps_b E_b(T), E_b from {_SPECTRUM}",
        measure=lambda: _selective(False),
    ),
    ReferenceCase(
        name="bands-selective-surface-over-temperature",
        quantity="temperature of a selective absorber whose emittance grows with temperature",
        unit="K",
        exact=_selective_exact(True),
        bound=1e-9,
        reason="as for constant emittance",
        source=f"sum f_s alpha_s S = sum eps_b(T) E_b(T), E_b from {_SPECTRUM}",
        measure=lambda: _selective(True),
    ),
    ReferenceCase(
        name="bands-mirror-cavity",
        quantity="heat between plates of reflectance 0.98, a hundredth of their width apart, over the exact",
        unit="1",
        exact=1.0,
        bound=1e-6,
        reason="view factors in float32 are not quite equal for the two triangles of a plate",
        source="radiosity of two surfaces with the model's own view factor; Modest & Mazumder, Radiative Heat "
        "Transfer, 4th ed. (2021), sect. 5.3",
        measure=_cavity,
    ),
)
