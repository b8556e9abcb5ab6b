"""Ionizing dose behind aluminum, displacement damage, and sectors through a mesh."""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np

import caloris
from caloris.case.build_dose import sector_shield
from caloris.model.dose import DosePoint
from caloris.model.particles import ParticleEnvironment
from caloris.model.shield import SectorShield, ShieldLayer
from caloris_kernels.magnetic.drift_shell import drift_shell
from caloris_kernels.magnetic.field import days_of_year, dipole_moment, field_coefficients
from caloris_kernels.particle.niel import proton_niel
from caloris_kernels.particle.shield_dose import dose_energies, dose_response, spectrum_dose
from caloris_kernels.trapped.flux import orbit_flux
from caloris_kernels.trapped.flux_map import FIELD_EPOCHS, trapped_map
from caloris_validation.reference_case import ReferenceCase

_ORIGINAL = (
    "SHIELDOSE-2 version 2.10 (Seltzer, NISTIR 5477, 1994), run as compiled in spacepy 0.7.0 for 1e3 exp(-E/60 MeV) "
    "protons and 1e6 exp(-E/0.6 MeV) electrons cm-2 MeV-1; sphere: twice its '1/2 dose at center'"
)
_ORBIT = "SHIELDOSE-2 with spectra of AP-8 and AE-8 by the package aep8, 650 km, 97.99 deg, doses at full spheres"
_ALUMINUM = {"Al": 1.0}
# m: the mean radius, from which altitudes of AP-8 and its fields count. From the equatorial one the orbit is 7 km
# higher and has 5 % more of AP-8's protons.
_MEAN_RADIUS = 6371.2e3
_YEAR = 365.25 * 86400.0
_DENSITY = 2.70  # g/cm3
# Mean over all directions of 1 / max |n_i|: a cube's wall over its thickness, seen from the center.
_NODE, _WEIGHT = np.polynomial.legendre.leggauss(40)
_CUBE = 1.5 / np.pi * float(np.sum(_WEIGHT[:, None] * _WEIGHT / (1.0 + _NODE[:, None] ** 2 + _NODE**2)))


def _point(depth: float, slab: bool = False) -> DosePoint:
    """Behind depth g/cm2 of aluminum."""
    return DosePoint(SectorShield.sphere([ShieldLayer.of("Al", _ALUMINUM, depth)]), slab=slab)


def _exponential_protons(depth: float, slab: bool) -> float:
    """Dose (rad) by our own slowing down, of the spectrum in _ORIGINAL: its fluence as a flux of one year."""
    energy = np.geomspace(0.1, 1000.0, 400)
    flux = 1e3 * np.exp(-energy / 60.0) / (4e-4 * np.pi) / _YEAR
    particles = ParticleEnvironment.from_spectrum([1], energy, flux[None])
    return float(caloris.dose(_point(depth, slab), particles).total_rate)


def _tabulated(particle: str, shape: str, depth: float) -> float:
    """Dose (rad) by the tables, of the spectra in _ORIGINAL."""
    energy = dose_energies(particle)  # pyright: ignore[reportArgumentType]
    if particle == "proton":
        fluence = 1e3 * np.exp(-energy / 60.0)
    else:
        fluence = np.where((energy >= 0.05) & (energy <= 10.0), 1e6 * np.exp(-energy / 0.6), 0.0)
    # Compiled whole: one operation after the other takes a minute.
    made = jax.jit(lambda z: dose_response(particle, "Si", shape, z))  # pyright: ignore[reportArgumentType]
    flux = jnp.asarray(fluence / (4e-4 * np.pi))
    return float(spectrum_dose(jnp.asarray(energy), flux, made(jnp.asarray([depth])))[0])


@cache
def _orbit_spectrum(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Energy (MeV) and mean differential flux (m-2 s-1 sr-1 MeV-1) along 105 revolutions at 650 km and 97.99 deg."""
    field = field_coefficients(days_of_year(jnp.asarray(FIELD_EPOCHS[name])))  # pyright: ignore[reportArgumentType]
    radius, inclination = _MEAN_RADIUS + 650e3, np.radians(97.99)
    phase = np.linspace(0.0, 2.0 * np.pi * 105, 1500, endpoint=False)
    # Sun-synchronous: against the plane of the orbit the Earth turns once a day.
    node = -phase * 2.0 * np.pi * np.sqrt(radius**3 / 3.986004418e14) / 86400.0
    x, y, z = np.cos(phase), np.sin(phase) * np.cos(inclination), np.sin(phase) * np.sin(inclination)
    place = np.stack([np.cos(node) * x - np.sin(node) * y, np.sin(node) * x + np.cos(node) * y, z], axis=1)
    shell = jax.jit(lambda at: drift_shell(field, at, dipole_moment(field)))(jnp.asarray(radius * place))
    energy = dose_energies("proton" if name.startswith("AP") else "electron")
    above = jax.jit(lambda e: orbit_flux(trapped_map(name), e, shell).mean)  # pyright: ignore[reportArgumentType]
    step = 0.02
    difference = above(jnp.asarray(energy * (1 - step))) - above(jnp.asarray(energy * (1 + step)))
    return energy, np.asarray(difference) / (2.0 * step * energy) / (4.0 * np.pi)


def _orbit_protons(depth: float) -> float:
    """rad(Si) a year of AP-8 MIN up to 250 MeV, as in the reference, at the center of a sphere, by our slowing down.

    The map has no level above 400 MeV; its last line, followed to 1 GeV, would add 4 % to the dose.
    """
    energy, flux = _orbit_spectrum("AP8MIN")
    energy, flux = energy[energy < 250.0], flux[energy < 250.0]
    particles = ParticleEnvironment.from_spectrum([1], energy, flux[None])
    return float(caloris.dose(_point(depth), particles).total_rate)


def _orbit_electrons(particle: str, depth: float) -> float:
    """rad(Si) a year of AE-8 MAX, 0.05 to 6 MeV as in the reference, at the center of a sphere."""
    energy, flux = _orbit_spectrum("AE8MAX")
    flux = np.where((energy > 0.05) & (energy < 6.0), flux, 0.0)
    made = jax.jit(lambda z: dose_response(particle, "Si", "sphere", z))  # pyright: ignore[reportArgumentType]
    return _YEAR * float(spectrum_dose(jnp.asarray(energy), jnp.asarray(flux), made(jnp.asarray([depth])))[0])


_BOX = """
[[material]]
name = "Al"
density = "2700 kg/m^3"
specific_heat = "900 J/kg/K"
conductivity = "160 W/m/K"
composition = { Al = 1.0 }
"""
_SHELL = f"""{_BOX}
[[coating]]
name = "black"
solar_absorptance = 0.9
infrared_emittance = 0.9
[[surface]]
name = "box"
shape = "box"
corner = ["-0.5 m", "-0.5 m", "-0.5 m"]
edge_u = ["1 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
edge_w = ["0 m", "0 m", "1 m"]
material = "Al"
thickness = "10 mm"
front = "black"
[[load]]
on = "box"
power = "1 W"
[run]
mode = "steady"
"""
_SOLID = f"""{_BOX}
[[solid]]
name = "block"
shape = "box"
corner = ["-0.5 m", "-0.5 m", "-0.5 m"]
edge_u = ["1 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
edge_w = ["0 m", "0 m", "1 m"]
divide = [2, 2, 2]
material = "Al"
[[load]]
on = "block"
power = "1 W"
[run]
mode = "transient"
duration = "60 s"
start_temperature = "300 K"
"""


def _mean_shield(text: str) -> float:
    """Mean areal density (g/cm2) around the middle of a case's cube."""
    from caloris.case.build_geometry import build_geometry

    case = caloris.parse_case(text)
    return float(sector_shield(case, build_geometry(case), np.zeros(3), 40_000).mean)


def _rows() -> tuple[ReferenceCase, ...]:
    """The original program's own doses: our tables' reading, and our own slowing down of protons."""
    figures = {
        ("proton", "slab"): {0.2: 4.75265e-3, 2.7: 1.27955e-3},
        ("proton", "sphere"): {0.2: 2 * 6.22241e-3, 2.7: 2 * 2.31645e-3},
        ("electron", "slab"): {0.2: 1.18821e-3, 1.35: 9.72888e-6},
        ("electron", "sphere"): {0.2: 2 * 3.87425e-3, 1.35: 2 * 8.59065e-5},
        ("bremsstrahlung", "slab"): {0.2: 4.26513e-6, 2.7: 4.72283e-7},
        ("bremsstrahlung", "sphere"): {0.2: 2 * 1.18301e-5, 2.7: 2 * 9.74160e-7},
    }
    bounds = {"proton": 0.015, "electron": 0.004, "bremsstrahlung": 0.03}
    reasons = {
        "proton": "the original differentiates a spline through doses that step where ranges end",
        "electron": "the same rules of interpolation on another grid of energies",
        "bremsstrahlung": "splines where the original has straight lines",
    }
    found = []
    for (particle, shape), values in figures.items():
        for depth, exact in values.items():
            name = f"dose.tables.{particle}.{shape}.{depth:g}"
            what = f"dose in silicon, {particle}s, {shape} of {depth:g} g/cm2 of aluminum, by the tables"
            call = partial(_tabulated, particle, shape, depth)
            found.append(ReferenceCase(name, what, "rad", exact, bounds[particle], reasons[particle], _ORIGINAL, call))
    own = "another stopping power and nuclear cross-section; the tables absorb secondaries on the spot, ours not"
    for shape, depth in (("slab", 0.2), ("sphere", 0.2), ("slab", 2.7), ("sphere", 2.7)):
        call = partial(_exponential_protons, depth, shape == "slab")
        what = f"dose in silicon, protons, {shape} of {depth:g} g/cm2 of aluminum, by caloris.dose"
        exact = figures["proton", shape][depth]
        found.append(ReferenceCase(f"dose.protons.{shape}.{depth:g}", what, "rad", exact, 0.10, own, _ORIGINAL, call))
    return tuple(found)


CASES = (
    *_rows(),
    ReferenceCase(
        "dose.orbit.protons",
        "dose of AP-8 MIN up to 250 MeV in silicon behind 10 mm of aluminum at 650 km, Sun-synchronous",
        "rad/year",
        169.5,
        0.07,
        "two readings of AP-8 MIN (here the field of 1964 with its own moment, 650 km above 6371.2 km), two transports",
        _ORBIT,
        partial(_orbit_protons, 10.0 * 0.1 * _DENSITY),
        slow=True,
    ),
    ReferenceCase(
        "dose.orbit.protons.5mm",
        "dose of AP-8 MIN up to 250 MeV in silicon behind 5 mm of aluminum at 650 km, Sun-synchronous",
        "rad/year",
        217.0,
        0.08,
        "as behind 10 mm",
        _ORBIT,
        partial(_orbit_protons, 5.0 * 0.1 * _DENSITY),
        slow=True,
    ),
    ReferenceCase(
        "dose.orbit.electrons",
        "dose of AE-8 MAX in silicon behind 2.54 mm of aluminum at 650 km, Sun-synchronous",
        "rad/year",
        1458.0,
        0.12,
        "two readings of AE-8 MAX: field of 1970, interpolated spectra",
        _ORBIT,
        partial(_orbit_electrons, "electron", 2.54 * 0.1 * _DENSITY),
        slow=True,
    ),
    ReferenceCase(
        "dose.damage.proton",
        "NIEL of protons of 10 MeV in gallium arsenide",
        "MeV cm2/g",
        7.42e-3,
        0.08,
        "two calculations: SR-NIEL here, SCREAM there",
        "NRL's SCREAM, as tabulated in The Aerospace Corporation's solarpy",
        lambda: float(proton_niel(jnp.asarray(10.0), "GaAs")),
    ),
    ReferenceCase(
        "sectors.shell",
        "mean areal density around the middle of a cube of 10 mm of aluminum",
        "g/cm2",
        2.7 * _CUBE,
        1e-4,
        "40 000 rays in four lattices: their spread is some 1e-5",
        "thickness times the mean of 1 / max |n_i|, by Gauss-Legendre quadrature",
        partial(_mean_shield, _SHELL),
    ),
    ReferenceCase(
        "sectors.solid",
        "mean areal density around the middle of a solid cube of 1 m of aluminum",
        "g/cm2",
        0.5 * 270.0 * _CUBE,
        1e-4,
        "40 000 rays in four lattices: their spread is some 1e-5",
        "half the edge times the mean of 1 / max |n_i|, by Gauss-Legendre quadrature",
        partial(_mean_shield, _SOLID),
    ),
)
