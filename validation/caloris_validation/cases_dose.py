"""Ionizing dose behind aluminum, displacement damage, and sectors through a mesh."""

from functools import cache, partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import caloris
from caloris.case.build_shield import sector_shield
from caloris.model.dose import DosePoint
from caloris.model.particles import ION_COUNT, ParticleEnvironment
from caloris.model.shield import SectorShield, ShieldLayer
from caloris_kernels.particle.cells import CELLS
from caloris_kernels.particle.niel import effective_damage, electron_niel, proton_niel, remaining_power
from caloris_kernels.particle.shield_dose import dose_energies, dose_response, spectrum_dose
from caloris_validation.reference_case import ReferenceCase

_ORIGINAL = (
    "SHIELDOSE-2 version 2.10 (Seltzer, NISTIR 5477, 1994), run as compiled in spacepy 0.7.0 for 1e3 exp(-E/60 MeV) "
    "protons and 1e6 exp(-E/0.6 MeV) electrons cm-2 MeV-1; sphere: twice its '1/2 dose at center'"
)
_ORBIT = "SHIELDOSE-2 with spectra of AP-8 and AE-8 by the package aep8, 650 km, 97.99 deg, doses at full spheres"
_PROTONS = "trapped protons (AP8MIN)"
_ALUMINUM = {"Al": 1.0}
_YEAR = 365.25 * 86400.0
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


# Altitudes of the reference count from the mean radius of the Earth, 6371.2 km, as do those of AP-8 and its fields.
_MEAN_RADIUS_ORBIT = 'semi_major_axis = "7021.2 km"'
# The same number above the equatorial radius, as a case file reads it: 7 km higher, 5 % more of AP-8's protons.
_EQUATORIAL_ORBIT = 'altitude = "650 km"'
_ORBIT_CASE = """
[orbit]
{size}
inclination = "97.99 deg"
raan = "0 deg"
epoch = 2027-03-21T00:00:00Z
[particles]
trapped = {{ proton = "AP8MIN", electron = "AE8MAX", field_epoch = "model" }}
[[material]]
name = "Al"
density = "2700 kg/m^3"
composition = {{ Al = 1.0 }}
"""
_DOSE_POINT = """
[[dose_point]]
name = "{name}"
target = "Si"
years = "1 year"
shield = [{{ material = "Al", thickness = "{thickness} mm" }}]
"""
_THICKNESSES = (2.54, 5.0, 10.0)  # mm
# MeV: where the reference's spectrum of protons ends. AP-8 goes on to 400 MeV and so does the field: 4 % of the dose.
_REFERENCE_CEILING = 250.0


@cache
def _orbit_model(size: str) -> caloris.Model:
    """The orbit's case, with a dose point behind each of _THICKNESSES."""
    points = "".join(_DOSE_POINT.format(name=f"point {k}", thickness=t) for k, t in enumerate(_THICKNESSES))
    return caloris.build(caloris.parse_case(_ORBIT_CASE.format(size=size) + points))


@cache
def _orbit_dose(size: str, thickness: float) -> dict[str, float]:
    """rad(Si) a year by source behind aluminum (mm), of the case as it stands."""
    model = _orbit_model(size)
    assert model.particles is not None
    found = caloris.dose(model.dose_points[_THICKNESSES.index(thickness)], model.particles)
    return dict(zip(found.sources, np.asarray(found.rate).tolist(), strict=True))


def _protons_to_the_ceiling(size: str, thickness: float) -> float:
    """The same of the case's protons below _REFERENCE_CEILING, which a user gives as a spectrum of its own."""
    model = _orbit_model(size)
    assert model.particles is not None
    energy = np.geomspace(0.1, _REFERENCE_CEILING, 1201)
    flux = eqx.filter_jit(lambda particles, at: particles.flux(at))(
        model.particles, jnp.broadcast_to(energy, (ION_COUNT, energy.size))
    )
    particles = ParticleEnvironment.from_spectrum([1], energy, flux[:1])
    return float(caloris.dose(model.dose_points[_THICKNESSES.index(thickness)], particles).total_rate)


def _all_to_the_ceiling() -> float:
    """rad(Si) a year behind 10 mm by protons below _REFERENCE_CEILING, electrons and bremsstrahlung."""
    found = _orbit_dose(_MEAN_RADIUS_ORBIT, 10.0)
    protons = _protons_to_the_ceiling(_MEAN_RADIUS_ORBIT, 10.0)
    return protons + sum(rate for source, rate in found.items() if source != _PROTONS)


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


def _power_left(protons: jax.Array, electrons: jax.Array) -> float:
    """Of GaAs/Ge cells after damage doses (MeV/g)."""
    cell = CELLS["GaAs/Ge"]
    damage = effective_damage(protons, electrons, jnp.asarray(cell.electron_ratio))
    return float(remaining_power(damage, jnp.asarray(cell.coefficient), jnp.asarray(cell.reference_dose)))


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
        "dose of AP-8 MIN in silicon behind 10 mm of aluminum, Sun-synchronous, 650 km above 6371.2 km, by a case file",
        "rad/year",
        169.5,
        0.07,
        "two readings of AP-8 MIN (here in the field of 1964), two transports; 4 % beyond 250 MeV are here alone",
        _ORBIT,
        lambda: _orbit_dose(_MEAN_RADIUS_ORBIT, 10.0)[_PROTONS],
        slow=True,
    ),
    ReferenceCase(
        "dose.orbit.protons.to_250_MeV",
        "the same of protons up to 250 MeV, where the reference's spectrum ends",
        "rad/year",
        169.5,
        0.07,
        "two readings of AP-8 MIN (here in the field of 1964), two transports",
        _ORBIT,
        partial(_protons_to_the_ceiling, _MEAN_RADIUS_ORBIT, 10.0),
        slow=True,
    ),
    ReferenceCase(
        "dose.orbit.protons.to_250_MeV.equatorial",
        "the same 650 km above the equatorial radius, as an altitude of a case file counts",
        "rad/year",
        169.5,
        0.07,
        "as before, and 7 km of altitude, which are 5 %",
        _ORBIT,
        partial(_protons_to_the_ceiling, _EQUATORIAL_ORBIT, 10.0),
        slow=True,
    ),
    ReferenceCase(
        "dose.orbit.protons.5mm",
        "dose of AP-8 MIN in silicon behind 5 mm of aluminum, Sun-synchronous, 650 km above 6371.2 km, by a case file",
        "rad/year",
        217.0,
        0.08,
        "as behind 10 mm",
        _ORBIT,
        lambda: _orbit_dose(_MEAN_RADIUS_ORBIT, 5.0)[_PROTONS],
        slow=True,
    ),
    ReferenceCase(
        "dose.orbit.electrons",
        "dose of AE-8 MAX in silicon behind 2.54 mm of aluminum, the same orbit, by a case file",
        "rad/year",
        1458.0,
        0.12,
        "two readings of AE-8 MAX: field of 1970, interpolated spectra",
        _ORBIT,
        lambda: _orbit_dose(_MEAN_RADIUS_ORBIT, 2.54)["trapped electrons"],
        slow=True,
    ),
    ReferenceCase(
        "dose.orbit.electrons.10mm",
        "the same behind 10 mm",
        "rad/year",
        0.69,
        0.30,
        "near the end of their range: the map's last levels, 5 to 6 MeV, make the dose; two readings of AE-8 MAX",
        _ORBIT,
        lambda: _orbit_dose(_MEAN_RADIUS_ORBIT, 10.0)["trapped electrons"],
        slow=True,
    ),
    ReferenceCase(
        "dose.orbit.all",
        "dose behind 10 mm by protons up to 250 MeV, electrons and bremsstrahlung, the same orbit",
        "rad/year",
        169.5 + 0.69 + 2.8,
        0.07,
        "that of the protons, which are 98 % of it",
        _ORBIT,
        _all_to_the_ceiling,
        slow=True,
    ),
    ReferenceCase(
        "dose.orbit.suncatcher",
        "dose behind 10 mm by AP-8 MIN and AE-8 MAX, 650 km above the equatorial radius, by a case file",
        "rad/year",
        150.0,
        0.30,
        "a figure without its models or the year; AP-8 MIN and MAX alone differ by 40 %",
        "Google, Project Suncatcher (2025), arXiv 2511.19468: 750 rad in five years; second-hand",
        lambda: sum(_orbit_dose(_EQUATORIAL_ORBIT, 10.0).values()),
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
        "dose.damage.cell-protons",
        "power left to GaAs/Ge cells by 1e12 cm-2 protons of 9.5 MeV",
        "-",
        0.762,
        0.029,
        "one curve for three energies of protons, which leaves up to 2.2 % of the new cell's power",
        "B. E. Anspaugh, 22nd IEEE PVSC (1991), p. 1593, read off the figure by The Aerospace Corporation's solarpy",
        lambda: _power_left(1e12 * proton_niel(jnp.asarray(9.5), "GaAs"), jnp.zeros(())),
    ),
    ReferenceCase(
        "dose.damage.cell-electrons",
        "power left to GaAs/Ge cells by 1e15 cm-2 electrons of 1 MeV",
        "-",
        0.839,
        0.072,
        "one ratio for electrons of all energies, which leaves up to 6 % of the new cell's power",
        "B. E. Anspaugh, 22nd IEEE PVSC (1991), p. 1593, read off the figure by The Aerospace Corporation's solarpy",
        lambda: _power_left(jnp.zeros(()), 1e15 * electron_niel(jnp.asarray(1.0), "GaAs")),
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
