"""Reference cases of the particle environment: belts, their mean over an orbit, cutoff, whole chain."""

from functools import cache, partial
from typing import get_args

import equinox as eqx
import jax.numpy as jnp
import numpy as np

import caloris
from caloris.model.orbit import Orbit
from caloris.model.orbit_environment import Arrival, OrbitEnvironment
from caloris.model.particle_sources import TrappedProtons
from caloris.model.planet import Planet
from caloris.solve.orbit_particles import orbit_spectra
from caloris_kernels.constants import EARTH_RADIUS
from caloris_kernels.magnetic.cutoff import vertical_cutoff
from caloris_kernels.magnetic.drift_shell import DriftShell, drift_shell
from caloris_kernels.magnetic.field import REFERENCE_RADIUS, days_of_year, field_coefficients
from caloris_kernels.particle.galactic import visible_sky_fraction
from caloris_kernels.trapped.flux import trapped_spectrum
from caloris_kernels.trapped.flux_map import MapName, trapped_map
from caloris_validation import creme96_figures as creme96
from caloris_validation.field_line_reference import reference_shells
from caloris_validation.reference_case import ReferenceCase

_CREME96 = "CREME96 run q800a90i of 2022-03-02, PRBEM/IRBEM-extras csda_rpp"
_ECSS = "ECSS-E-ST-10-04C Rev.1 (2020)"
_OTSO = "OTSO, trajectories in IGRF (Larsen, Mishev & Usoskin, J. Geophys. Res. 128 (2023), doi 10.1029/2022JA031061)"
_BALLOONS = "balloons and a polar satellite, 1963 to 1965, Can. J. Phys. 46 (1968), doi 10.1139/p68-422, abstract"
_GTRN = "CREME-MC, help on GTRN: not for orbits at or beyond geosynchronous; ECSS-E-ST-10-04C Rev.1, 9.2.4 (L above 5)"
_RADBELT = "NASA radbelt 0.1 (its own TRMFUN), single precision"

# Orbit mean of AP8MIN at 800 km, 90 deg: energy (MeV), flux above it (m-2 s-1 sr-1).
_CREME96_PROTONS = (
    (1.0, 4.6088e5),
    (3.0, 2.2591e5),
    (6.0, 1.6208e5),
    (15.0, 1.2229e5),
    (30.0, 1.0193e5),
    (50.0, 8.4274e4),
    (100.0, 5.1402e4),
)
# The orbit of that run, with the figures of the part LM7912 of `cases_particle`; 1977 has no date in it. For an orbit
# given by its elements that program has cutoffs of a world grid of 1980 at 20 km, of the internal field as OTSO's here.
_CREME96_CASE = """
[orbit]
altitude = "800 km"
inclination = "90 deg"
raan = "0 deg"
epoch = 1980-01-01T00:00:00Z
[particles]
galactic = { model = "matthia-2013", solar_modulation = 10 }
trapped = { proton = "AP8MIN", field_epoch = "model" }
cutoff = { magnetosphere = "none" }
[[material]]
name = "aluminum"
composition = { Al = 1.0 }
[[device]]
name = "LM7912"
heavy_ion = { onset = "0.5 MeV cm^2/mg", width = "30 MeV cm^2/mg", exponent = 1.0, plateau = "2e-5 cm^2", \
sensitive_volume = ["44.72136 um", "44.72136 um", "1 um"] }
proton = { onset = "30 MeV", width = "10 MeV", exponent = 1.0, plateau = "1e-11 cm^2" }
shield = [{ material = "aluminum", areal_density = "0.6858 g/cm^2" }]
"""

# Galactic ions at that orbit, inside the quiet field and beside the Earth's shadow: Z, flux (m-2 s-1 sr-1 (MeV/u)-1) at
# _GALACTIC_ENERGY (MeV/u), and the bound: the largest difference of the two models from 0.1 to 50 GeV/u, of iron 17 %,
# and for iron, which comes near it at 100 MeV/u, the 2 % by which cutoffs of 14.5 and 16.5 GV/L^2 change the share of
# the orbit that is open there.
_GALACTIC_ENERGY = (100.0, 300.0, 1000.0, 3000.0, 10000.0)
_GALACTIC = (
    (2, (0.07145, 0.0767, 0.03897, 9.261e-3, 9.617e-4), 0.13),
    (8, (1.703e-3, 1.885e-3, 9.939e-4, 2.459e-4, 2.693e-5), 0.13),
    (26, (1.708e-4, 2.019e-4, 1.155e-4, 3.091e-5, 3.607e-6), 0.19),
)

# name of the map, energy (MeV), L, B/B0, flux (cm-2 s-1), bound, source
_POINTS: tuple[tuple[MapName, float, float, float], ...] = (
    ("AP8MIN", 10.0, 1.5, 1.972e5),
    ("AP8MIN", 30.0, 1.5, 3.777e4),
    ("AP8MIN", 100.0, 1.5, 1.340e4),
    ("AE8MAX", 1.0, 4.0, 3.198e6),
    ("AE8MAX", 0.5, 4.5, 1.109e7),
    ("AE8MAX", 2.0, 4.5, 5.198e5),
    ("AE8MAX", 1.0, 6.6, 4.79e5),
)

# Effective vertical cutoffs (GV) at 550 km above 6371.2 km, every hour of a day from 2020-01-01 along an orbit of 53
# deg whose node, perigee and anomaly begin at zero: OTSO 1.3.11, IGRF alone, trajectories from 20 km to 25 radii.
_TRACED = (
    10.81, 2.99, 1.48, 6.16, 11.6, 4.29, 0.49, 8.1, 13.7, 3.34, 1.79, 7.49,
    10.76, 4.92, 2.48, 11.05, 12.81, 4.13, 4.37, 9.23, 8.55, 2.98, 4.97, 14.58,
)  # fmt: skip


# Energies (MeV) of solar protons that do most of a dose behind millimeters of aluminum.
_SOLAR_PROTONS = (10.0, 30.0, 60.0)


@cache
def _creme96_model() -> caloris.Model:
    return caloris.build(caloris.parse_case(_CREME96_CASE))


@cache
def _orbit_mean() -> np.ndarray:
    """Mean flux above CREME96's energies, per steradian."""
    particles = _creme96_model().particles
    assert particles is not None
    (protons,) = [source for source in particles.sources if isinstance(source, TrappedProtons)]
    energy = jnp.array([energy for energy, _ in _CREME96_PROTONS])
    return np.asarray(eqx.filter_jit(TrappedProtons.flux_above)(protons, energy)) / (4.0 * np.pi)


@cache
def _galactic() -> np.ndarray:
    """Flux of Z = 1 to 28 at _GALACTIC_ENERGY, through the field [ion, energy]."""
    particles = _creme96_model().particles
    assert particles is not None
    energy = jnp.broadcast_to(jnp.array(_GALACTIC_ENERGY), (28, len(_GALACTIC_ENERGY)))
    return np.asarray(eqx.filter_jit(lambda p, e: p.flux(e))(particles, energy))


def _rates(model: caloris.Model) -> tuple[float, float]:
    assert model.particles is not None
    rate = caloris.upset_rate(model.device, model.particles)
    return float(rate.heavy_ion_rate_per_bit), float(rate.proton_rate_per_bit)


@cache
def _whole_chain() -> tuple[float, float]:
    """Heavy-ion and proton rate of LM7912 from the models alone."""
    return _rates(_creme96_model())


@cache
def _quiet_chain() -> tuple[float, float]:
    """The same behind the cutoff of the magnetosphere as measured."""
    case = _CREME96_CASE.replace('magnetosphere = "none"', 'magnetosphere = "quiet"')
    return _rates(caloris.build(caloris.parse_case(case)))


@cache
def _geostationary(form: Arrival) -> np.ndarray:
    """Part of solar protons of _SOLAR_PROTONS (MeV) that come to a geostationary orbit, beside the Earth's shadow."""
    start = float(days_of_year(jnp.array(2026.0)))
    orbit = Orbit.from_elements(Planet(), 42164.17e3, 0.0, 0.0, 0.0, 0.0, 0.0, start)
    environment = OrbitEnvironment(orbit, storm=0.0, repeat=(1, 1), arrival=form)
    share = orbit_spectra(environment).transmission
    shadow = float(visible_sky_fraction(jnp.array(42164.17e3 - EARTH_RADIUS), jnp.array(EARTH_RADIUS)))
    return np.asarray(eqx.filter_jit(lambda t, e: t.of_protons(e))(share, jnp.array(_SOLAR_PROTONS))) / shadow


@cache
def _map_flux(name: MapName) -> np.ndarray:
    """Fluxes (cm-2 s-1) [energy, point] of all energies of _POINTS at all their L, on the equator."""
    energies = jnp.array([energy for _, energy, _, _ in _POINTS])
    shells = DriftShell(jnp.array([shell for _, _, shell, _ in _POINTS]), jnp.ones(len(_POINTS)))
    return np.asarray(eqx.filter_jit(trapped_spectrum)(trapped_map(name), energies, shells)) * 1e-4


def _at_point(index: int) -> float:
    return float(_map_flux(_POINTS[index][0])[index, index])


@cache
def _equatorial_peak(name: MapName, energy: float) -> float:
    shell = jnp.linspace(1.2, 7.0, 581)
    flux = eqx.filter_jit(trapped_spectrum)(trapped_map(name), jnp.array([energy]), DriftShell(shell, jnp.ones(581)))
    return float(flux.max()) * 1e-4


def _cutoff_over_the_gulf_of_guinea() -> float:
    """Vertical cutoff 20 km over latitude 0, longitude 0, in the field of 2020, from the track of an orbit there."""
    orbit = Orbit.from_elements(
        Planet(), EARTH_RADIUS + 20e3, 0.0, 0.0, 0.0, 0.0, 0.0, float(days_of_year(jnp.array(2020.0)))
    )
    environment = OrbitEnvironment(orbit, storm=0.0, internal_field=True)
    track = caloris.particle_track(environment, jnp.linspace(0.0, 5400.0, 512))
    assert track.cutoff is not None
    return float(np.interp(0.0, *_ascending(np.asarray(track.longitude), np.asarray(track.cutoff))))


@cache
def _cutoff_departures() -> np.ndarray:
    """Relative departure of the cutoffs along that orbit from the traced ones."""
    start = float(days_of_year(jnp.array(2020.0)))
    orbit = Orbit.from_elements(Planet(), REFERENCE_RADIUS + 550e3, 0.0, np.radians(53.0), 0.0, 0.0, 0.0, start)
    time = jnp.arange(len(_TRACED)) * 3600.0
    track = caloris.particle_track(OrbitEnvironment(orbit, storm=0.0, internal_field=True), time)
    return np.asarray(track.cutoff) / np.array(_TRACED) - 1.0


def _ascending(place: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(place)
    return place[order], value[order]


def _shell_error() -> float:
    """The error of L that 95 of 100 places with L < 15 stay below, against an integrator of eighth order."""
    random = np.random.default_rng(12)
    direction = random.normal(size=(60, 3))
    radius = REFERENCE_RADIUS + np.exp(random.uniform(np.log(300e3), np.log(36000e3), 60))
    position = radius[:, None] * direction / np.linalg.norm(direction, axis=1)[:, None]
    coefficients = field_coefficients(days_of_year(jnp.array(2020.0)))
    exact, _ = reference_shells(coefficients, position)
    got = np.asarray(eqx.filter_jit(drift_shell)(coefficients, jnp.asarray(position)).mcilwain)
    inner = exact < 15.0
    return float(np.quantile(np.abs(got[inner] / exact[inner] - 1.0), 0.95))


CASES: tuple[ReferenceCase, ...] = (
    *(
        ReferenceCase(
            f"trapped.orbit_mean.AP8MIN.{energy:g}_MeV",
            f"mean flux of protons above {energy:g} MeV at 800 km, 90 deg: AP8MIN in the field of 1964",
            "m-2 s-1 sr-1",
            exact,
            0.15,
            "CREME96 does not say in which field it read the map: those of 1964 and 1980 differ by 13 % above 30 MeV",
            _CREME96 + ", trapped protons",
            partial(lambda k: float(_orbit_mean()[k]), k),
        )
        for k, (energy, exact) in enumerate(_CREME96_PROTONS)
    ),
    *(
        ReferenceCase(
            f"trapped.point.{name}.{energy:g}_MeV.L{shell:g}",
            f"{name} above {energy:g} MeV on the equator at L = {shell:g}",
            "cm-2 s-1",
            exact,
            0.01,
            "the source rounds L and B/B0 down to steps of its maps; this reads half a step lower, continuously",
            _RADBELT,
            partial(_at_point, k),
        )
        for k, (name, energy, shell, exact) in enumerate(_POINTS)
    ),
    ReferenceCase(
        "trapped.peak.AP8MIN",
        "largest equatorial flux of AP8MIN above 10 MeV",
        "cm-2 s-1",
        3.4e5,
        0.02,
        "two printed digits",
        f"{_ECSS}, table I-2",
        partial(_equatorial_peak, "AP8MIN", 10.0),
    ),
    ReferenceCase(
        "trapped.peak.AE8MAX",
        "largest equatorial flux of AE8MAX above 1 MeV",
        "cm-2 s-1",
        4e6,
        0.05,
        "one printed digit",
        f"{_ECSS}, table I-2",
        partial(_equatorial_peak, "AE8MAX", 1.0),
    ),
    ReferenceCase(
        "magnetic.cutoff.gulf_of_guinea",
        "vertical cutoff at latitude 0, longitude 0, 20 km, 2020, internal field: K/L^2 with McIlwain's L",
        "GV",
        13.55,
        0.10,
        "K/L^2 against traced trajectories: root mean square 7 % over 70 places, 18 % at most",
        _OTSO,
        _cutoff_over_the_gulf_of_guinea,
    ),
    ReferenceCase(
        "magnetic.cutoff.orbit",
        "root mean square of relative departures of vertical cutoffs from traced ones in the internal field, 24 places",
        "-",
        0.0,
        0.08,
        "K/L^2 with K = 15.5 GV: 7 % over 70 places at 20 km, and a seventh of that for the chance of 24 places",
        _OTSO,
        lambda: float(np.sqrt(np.mean(_cutoff_departures() ** 2))),
        absolute=True,
    ),
    ReferenceCase(
        "magnetic.cutoff.orbit.mean",
        "mean of these relative departures",
        "-",
        0.0,
        0.03,
        "two standard errors of the mean of 24 places that scatter by 7 %; K = 16 GV would be at 0.053",
        _OTSO,
        lambda: float(np.mean(_cutoff_departures())),
        absolute=True,
    ),
    *(
        ReferenceCase(
            f"magnetic.galactic.Z{z}.{energy:g}_MeV_per_u",
            f"galactic flux of Z = {z} at {energy:g} MeV/u, 800 km, 90 deg, inside the internal field (W = 10)",
            "m-2 s-1 sr-1 (MeV/u)-1",
            exact,
            bound,
            "two models of the same measurements: their largest difference for this ion; of iron 2 % for the cutoff",
            _CREME96 + ", FLX",
            partial(lambda z, k: float(_galactic()[z - 1, k]), z, k),
        )
        for z, values, bound in _GALACTIC
        for k, (energy, exact) in enumerate(zip(_GALACTIC_ENERGY, values, strict=True))
    ),
    ReferenceCase(
        "magnetic.cutoff.high_latitude",
        "vertical cutoff at an invariant latitude of 70 degrees in the quiet magnetosphere",
        "GV",
        0.0,
        0.023,
        "measured as below 12 % of the 0.19 GV that the internal field would have there",
        _BALLOONS,
        lambda: float(vertical_cutoff(jnp.array(np.cos(np.radians(70.0)) ** -2))),
        absolute=True,
    ),
    *(
        ReferenceCase(
            f"magnetic.geostationary.{form}.{energy:g}_MeV",
            f"solar protons of {energy:g} MeV in a geostationary orbit over those outside, {form} cutoff, no shadow",
            "-",
            1.0,
            0.01,
            "without geomagnetic shielding there is nothing between",
            _GTRN,
            partial(lambda form, k: float(_geostationary(form)[k]), form, k),
        )
        for form in get_args(Arrival)
        for k, energy in enumerate(_SOLAR_PROTONS)
    ),
    ReferenceCase(
        "magnetic.drift_shell.error",
        "relative error of McIlwain's L, 95 of 100 places from 300 to 36 000 km with L < 15",
        "-",
        0.0,
        1e-4,
        "fourth-order steps along the field line; see drift_shell",
        "field lines by DOP853 (Hairer, Norsett & Wanner 1993) to 1e-11 and adaptive quadrature of the invariant",
        _shell_error,
        absolute=True,
    ),
    ReferenceCase(
        "upset.heavy_ion.lm7912_whole_chain",
        "heavy-ion upset rate of LM7912 at 800 km, 90 deg from the models alone (W = 10, cutoff K/L^2)",
        "s-1",
        creme96.HEAVY_ION_RATE,
        0.10,
        "W = 5 to 20 and K = 14.5 to 16.5 GV span 0.91 to 1.08; the models' spectra differ by 15 to 25 %",
        _CREME96 + ", report HUP",
        lambda: _whole_chain()[0],
    ),
    ReferenceCase(
        "upset.heavy_ion.lm7912_quiet_magnetosphere",
        "the same behind the cutoffs that were measured in the quiet magnetosphere",
        "s-1",
        creme96.HEAVY_ION_RATE,
        0.15,
        "the bound of the whole chain, and 7 % more particles behind measured cutoffs than behind those of that run",
        _CREME96 + ", report HUP",
        lambda: _quiet_chain()[0],
    ),
    ReferenceCase(
        "upset.proton.lm7912_whole_chain",
        "proton upset rate of LM7912 at 800 km, 90 deg from the models alone (AP8MIN in the field of 1964)",
        "s-1",
        creme96.PROTON_RATE,
        0.15,
        "as the mean flux above 30 MeV, see trapped.orbit_mean",
        _CREME96 + ", report PUP",
        lambda: _whole_chain()[1],
    ),
)
