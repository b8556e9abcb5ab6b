"""Reference cases of ions in matter: stopping powers and ranges by material, and CREME96's run stage by stage."""

from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import numpy as np

from caloris.model.device import Device, HeavyIonResponse, ProtonResponse
from caloris.model.particles import ParticleEnvironment
from caloris.model.shield import ShieldLayer
from caloris.solve.ranges import ion_range, stopping_power
from caloris.solve.upset import UpsetRate, upset_rate
from caloris_validation import creme96_figures, creme96_fluxes
from caloris_validation.reference_case import ReferenceCase

_CREME96 = "CREME96 run q800a90i, PRBEM/IRBEM-extras csda_rpp"
_PSTAR = "NIST PSTAR, electronic (collision) stopping power (Berger and others, doi 10.18434/T4NC7P)"
_PSTAR_RANGE = "NIST PSTAR, CSDA range (doi 10.18434/T4NC7P)"
_SRIM = "SRIM tables in PRBEM/IRBEM-extras csda_rpp"
_PDG = "Review of Particle Physics, atomic and nuclear properties of materials: minimum ionization"

_ENERGY = (0.1, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0, 10000.0)  # MeV
# Stopping power for protons (MeV cm2/g) at _ENERGY, and the bounds at 0.1 MeV, from 1 to 30 MeV, and above.
_ELEMENT = "ICRU 49 fit, Barkas-Berger shell correction, their join at 1 MeV; PSTAR itself 1 to 4 % there"
_COMPOUND = "Bragg additivity: binding below 1 MeV, density effect of each element by itself above 1 GeV"
_STOPPING: dict[str, tuple[tuple[float, ...], tuple[float, float, float], str]] = {
    "C": ((717.4, 226.1, 103.5, 40.55, 16.68, 6.486, 1.937, 1.871), (0.005, 0.025, 0.005), _ELEMENT),
    "Ti": ((394.8, 143.5, 70.76, 29.67, 12.79, 5.140, 1.600, 1.626), (0.005, 0.012, 0.005), _ELEMENT),
    "Fe": ((283.6, 131.1, 66.49, 28.54, 12.45, 5.041, 1.573, 1.601), (0.005, 0.012, 0.005), _ELEMENT),
    "Cu": ((208.7, 118.3, 61.96, 27.08, 11.91, 4.850, 1.521, 1.552), (0.005, 0.025, 0.005), _ELEMENT),
    "Ag": ((195.0, 95.98, 50.37, 23.04, 10.45, 4.336, 1.389, 1.459), (0.005, 0.03, 0.008), _ELEMENT),
    "W": ((116.0, 63.50, 37.31, 18.18, 8.581, 3.697, 1.219, 1.296), (0.005, 0.045, 0.008), _ELEMENT),
    "Au": ((108.9, 62.91, 36.92, 17.98, 8.496, 3.627, 1.201, 1.288), (0.005, 0.035, 0.008), _ELEMENT),
    "Pb": ((121.1, 62.92, 36.63, 17.78, 8.393, 3.551, 1.185, 1.288), (0.005, 0.045, 0.008), _ELEMENT),
    "polyethylene": ((1054.0, 289.1, 128.2, 49.23, 20.05, 7.743, 2.319, 2.205), (0.07, 0.03, 0.012), _COMPOUND),
    "polyimide": ((778.0, 234.1, 106.6, 41.73, 17.17, 6.678, 2.020, 1.946), (0.02, 0.03, 0.013), _COMPOUND),
    "water": ((814.5, 260.6, 117.1, 45.64, 18.75, 7.286, 2.211, 2.126), (0.20, 0.03, 0.015), _COMPOUND),
}
_RANGE_ENERGY = (1.0, 10.0, 100.0, 1000.0)  # MeV
# CSDA range of protons (g/cm2) at _RANGE_ENERGY; bounds there.
_RANGE: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "Ti": ((0.004783, 0.1961, 11.11, 451.9), (0.02, 0.015, 0.005, 0.004)),
    "Fe": ((0.005444, 0.2064, 11.37, 459.6), (0.02, 0.015, 0.005, 0.004)),
    "Cu": ((0.006373, 0.2199, 11.85, 475.7), (0.03, 0.02, 0.005, 0.004)),
    "Ag": ((0.007702, 0.2635, 13.38, 524.5), (0.03, 0.03, 0.01, 0.006)),
    "W": ((0.01217, 0.3462, 15.96, 602.0), (0.05, 0.05, 0.01, 0.006)),
    "Au": ((0.01247, 0.3501, 16.22, 612.0), (0.05, 0.03, 0.02, 0.006)),
    "Pb": ((0.01183, 0.3528, 16.52, 621.7), (0.05, 0.03, 0.025, 0.006)),
    "polyethylene": ((0.002145, 0.1132, 7.242, 308.3), (0.05, 0.02, 0.005, 0.012)),
    "polyimide": ((0.002712, 0.1348, 8.425, 355.0), (0.05, 0.02, 0.005, 0.012)),
}
_RANGE_REASON = (
    "the stopping power's error at 0.5 to 20 MeV, diluted toward high energy, and of compounds above 500 MeV; "
    "nuclear stopping left out"
)
# Minimum ionization of muons (MeV cm2/g): every element of a shield that PSTAR does not tabulate.
_MINIMUM = {"Mg": 1.674, "V": 1.436, "Cr": 1.456, "Mn": 1.428, "Co": 1.419, "Ni": 1.468, "Zn": 1.411, "Ta": 1.149}
# Material, atomic number, mass number, MeV/u, LET (MeV cm2/mg), bound, range (um) and bound; densities (g/cm3) of SRIM.
_DENSITY = {"Al": 2.702, "Si": 2.321}
_IONS = (
    ("Al", 2, 4, 9.9925, 0.13597, 0.03, 624.44, 0.03),
    ("Al", 6, 12, 10.0, 1.2276, 0.04, 215.41, 0.07),
    ("Al", 26, 56, 98.328, 3.7864, 0.04, 3160.0, 0.05),
    ("Al", 26, 56, 983.28, 1.1572, 0.04, 126480.0, 0.05),
    ("Al", 54, 132, 98.557, 15.955, 0.04, 1880.0, 0.06),
    ("Si", 2, 4, 99.925, 0.023359, 0.03, 41840.0, 0.03),
    ("Si", 26, 56, 9.8328, 18.041, 0.03, 103.83, 0.06),
    ("Si", 54, 132, 985.57, 5.3277, 0.03, 76460.0, 0.05),
    ("Si", 92, 238, 10.502, 111.52, 0.12, 108.46, 0.12),
    ("Si", 92, 238, 105.02, 40.585, 0.12, 1780.0, 0.12),
)


@cache
def _protons(material: str) -> np.ndarray:
    return np.asarray(stopping_power(material, 1, np.array(_ENERGY)))


@cache
def _proton_range(material: str) -> np.ndarray:
    return np.asarray(ion_range(material, 1, np.array(_RANGE_ENERGY)))


@cache
def _minimum(material: str) -> float:
    return float(np.min(np.asarray(stopping_power(material, 1, np.geomspace(1000.0, 4000.0, 8 * 25)))))


def _ion_let(material: str, z: int, energy: float) -> float:
    return float(stopping_power(material, z, energy)) * 1e-3


def _ion_depth(material: str, z: int, a: int, energy: float) -> float:
    return float(ion_range(material, z, energy, a)) / _DENSITY[material] * 1e4


def _device(*shield: ShieldLayer) -> Device:
    """The test part LM7912 of CREME96's example."""
    heavy_ion = HeavyIonResponse(0.5, 30.0, 1.0, 2e-5, [44.72136, 44.72136, 1.0])
    return Device(heavy_ion, ProtonResponse(30.0, 10.0, 1.0, 1e-11), shield=shield, name="LM7912")


def outside() -> ParticleEnvironment:
    """CREME96's particles in front of the shield: 28 ions at the energies of either table."""
    energy = np.unique([*creme96_fluxes.PROTON_ENERGY, *creme96_fluxes.ENERGY_OUTSIDE])
    return _environment(energy, creme96_fluxes.ENERGY_OUTSIDE, creme96_fluxes.OUTSIDE)


def behind() -> ParticleEnvironment:
    """CREME96's ions of Z = 2 to 28 behind the shield, without protons."""
    energy = np.array(creme96_fluxes.ENERGY_BEHIND)
    flux = np.array(creme96_fluxes.BEHIND)
    return ParticleEnvironment.from_spectrum(list(range(2, 29)), energy, flux)


def _environment(energy: np.ndarray, ion_energy: tuple, ion_flux: tuple) -> ParticleEnvironment:
    def along(x: tuple, y: tuple) -> np.ndarray:
        return np.exp(np.interp(np.log(energy), np.log(x), np.log(y)))

    protons = along(creme96_fluxes.PROTON_ENERGY, creme96_fluxes.PROTON_OUTSIDE)
    flux = np.stack([protons, *(along(ion_energy, row) for row in ion_flux)])
    return ParticleEnvironment.from_spectrum(list(range(1, 29)), energy, flux)


@cache
def _through_the_shield() -> UpsetRate:
    return upset_rate(_device(ShieldLayer.of("Al", None, creme96_figures.SHIELD)), outside())


@cache
def _at_the_die() -> UpsetRate:
    # The same compiled program: a shield of no thickness.
    return upset_rate(_device(ShieldLayer.of("Al", None, 0.0)), behind())


def _stage_flux(z: int, energy: float) -> float:
    rate = _through_the_shield()
    flux = np.maximum(np.asarray(rate.flux_behind)[z - 1], 1e-30)  # none below the geomagnetic cutoff
    return float(np.exp(np.interp(np.log(energy), np.log(np.asarray(rate.energy)), np.log(flux))))


def _let_flux(rate: UpsetRate, let: float) -> float:
    place, flux = np.log(np.asarray(rate.let)), np.log(np.maximum(np.asarray(rate.integral_let_flux), 1e-30))
    return float(np.exp(np.interp(np.log(let), place, flux)))


def _matter_cases() -> Iterator[ReferenceCase]:
    """Stopping powers and ranges of protons and ions, by material."""

    def case(*fields: Any) -> ReferenceCase:
        return ReferenceCase(*fields)

    for material, (values, bounds, reason) in _STOPPING.items():
        for k, energy in enumerate(_ENERGY):
            yield case(
                f"transport.stopping_power.{material}.{energy:g}_MeV",
                f"stopping power of {material} for protons of {energy:g} MeV",
                "MeV cm2/g",
                values[k],
                bounds[0] if energy < 1.0 else bounds[1] if energy < 100.0 else bounds[2],
                reason,
                _PSTAR,
                partial(lambda material, k: float(_protons(material)[k]), material, k),
            )
    for material, (values, bounds) in _RANGE.items():
        for k, energy in enumerate(_RANGE_ENERGY):
            yield case(
                f"transport.range.{material}.{energy:g}_MeV",
                f"range of protons of {energy:g} MeV in {material}",
                "g/cm2",
                values[k],
                bounds[k],
                _RANGE_REASON,
                _PSTAR_RANGE,
                partial(lambda material, k: float(_proton_range(material)[k]), material, k),
            )
    for material, value in _MINIMUM.items():
        yield case(
            f"transport.minimum_ionization.{material}",
            f"minimum ionization in {material}, of protons",
            "MeV cm2/g",
            value,
            0.005,
            "the source's is of muons, whose largest energy transfer is smaller: 0.2 %; four printed digits 0.05 %",
            _PDG,
            partial(_minimum, material),
        )
    for material, z, a, energy, let, bound, depth, bound_of_depth in _IONS:
        where = f"Z = {z} of {energy:g} MeV/u in {material}"
        name = f"{material}.Z{z}.{energy:g}_MeV_per_u"
        spread = "effective charge scaled from protons: root mean square 2 to 5 % against SRIM, 5 to 11 % for Z > 54"
        fields = ("MeV cm2/mg", let, bound, spread, _SRIM, partial(_ion_let, material, z, energy))
        yield case(f"transport.ion_let.{name}", f"LET of {where}", *fields)
        slow = "the stopping power's error, largest below 1 MeV/u, along the track"
        fields = ("um", depth, bound_of_depth, slow, _SRIM, partial(_ion_depth, material, z, a, energy))
        yield case(f"transport.ion_range.{name}", f"range of {where}", *fields)


def _stage_cases() -> Iterator[ReferenceCase]:
    """CREME96's run: every stage by itself and the chain as a whole."""
    for z, values in creme96_fluxes.STAGE_BEHIND.items():
        for energy, value in zip(creme96_fluxes.STAGE_ENERGY, values, strict=True):
            yield ReferenceCase(
                f"transport.creme96.flux_behind.Z{z}.{energy:g}_MeV_per_u",
                f"flux of Z = {z} at {energy:g} MeV/u behind 100 mil Al from the flux outside",
                "m-2 s-1 sr-1 (MeV/u)-1",
                value,
                0.06,
                "range tables of two codes within 3 %, no fragments (5 % for iron), carried points within 2 %",
                _CREME96 + ", TFX from FLX",
                partial(_stage_flux, z, energy),
            )
    for name, run, what in (
        ("let_from_outside", _through_the_shield, "from the flux outside"),
        ("let_from_behind", _at_the_die, "from the flux behind the shield"),
    ):
        for let, value, bound, reason in (
            (1.0, 0.60542, 0.06, "stopping powers of two codes within 3 % where the spectrum falls as L^-2"),
            (10.0, 2.0717e-3, 0.08, "stopping powers of two codes within 3 % where the spectrum falls as L^-3"),
            (25.0, 9.870e-5, 0.15, "within 15 % of iron's largest LET, where the spectrum falls as L^-9"),
        ):
            yield ReferenceCase(
                f"transport.creme96.{name}.{let:g}",
                f"flux of ions above {let:g} MeV cm2/mg behind 100 mil Al, {what}",
                "m-2 s-1 sr-1",
                value,
                bound,
                reason,
                _CREME96 + ", LET",
                partial(lambda run, let: _let_flux(run(), let), run, let),
            )
    yield ReferenceCase(
        "transport.creme96.heavy_ion_rate",
        "heavy-ion upset rate of LM7912 from CREME96's flux outside the shield",
        "s-1",
        creme96_figures.HEAVY_ION_RATE,
        0.05,
        "LET flux within 4 % where the part upsets, rate from the LET spectrum 0.3 %, carried points 1 %",
        _CREME96 + ", report HUP",
        lambda: float(_through_the_shield().heavy_ion_rate_per_bit),
    )
    yield ReferenceCase(
        "transport.creme96.proton_rate",
        "proton upset rate of LM7912 from CREME96's flux outside the shield",
        "s-1",
        creme96_figures.PROTON_RATE,
        0.02,
        "flux behind the shield within 1 to 2 % from 40 to 300 MeV",
        _CREME96 + ", report PUP",
        lambda: float(_through_the_shield().proton_rate_per_bit),
    )


CASES: tuple[ReferenceCase, ...] = (*_matter_cases(), *_stage_cases())
