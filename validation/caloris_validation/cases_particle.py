"""Reference cases of the particle chain: stopping power, range, shield, spectra, chords, upset rates."""

from functools import cache, partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from caloris.model.device import Device, HeavyIonResponse, ProtonResponse
from caloris.model.particles import ParticleEnvironment
from caloris.model.shield import ShieldLayer
from caloris.solve.upset import upset_rate
from caloris_validation import creme96_figures as creme96
from caloris_validation.reference_case import ReferenceCase

_CREME96 = "CREME96 run q800a90i, PRBEM/IRBEM-extras csda_rpp"
_PSTAR = "NIST PSTAR, electronic (collision) stopping power (Berger and others, doi 10.18434/T4NC7P)"
_PSTAR_RANGE = "NIST PSTAR, CSDA range (doi 10.18434/T4NC7P)"
_SRIM = "SRIM tables of iron in silicon, in PRBEM/IRBEM-extras csda_rpp"
_GEOMETRY = "Cauchy: tracks of an isotropic flux j through a convex body number S/4 4 pi j a second"

_PSTAR_ENERGY = (0.01, 0.1, 1.0, 10.0, 30.0, 100.0, 200.0, 1000.0, 10000.0)  # MeV
_PSTAR_STOPPING = {  # MeV cm2/g
    "Al": (292.1, 446.8, 171.9, 33.75, 14.3, 5.676, 3.525, 1.749, 1.768),
    "Si": (332.0, 504.4, 175.3, 34.58, 14.69, 5.836, 3.627, 1.801, 1.830),
}
_RANGE_ENERGY = (1.0, 10.0, 100.0, 1000.0)  # MeV
_PSTAR_RANGE_VALUE = {"Al": (0.003945, 0.1705, 10.01, 412.4), "Si": (0.003835, 0.1665, 9.737, 400.7)}  # g/cm2
_IRON_LET = ((0.98, 27.56, 0.07), (9.8, 18.04, 0.03), (98.0, 3.898, 0.03), (982.0, 1.193, 0.04))


def _layer(element: str) -> ShieldLayer:
    return ShieldLayer.of(element, {element: 1.0}, creme96.SHIELD)


def _lm7912(shield: tuple[ShieldLayer, ...] = ()) -> Device:
    """The test part LM7912 of CREME96's example."""
    heavy_ion = HeavyIonResponse(0.5, 30.0, 1.0, 2e-5, [44.72136, 44.72136, 1.0])
    return Device(heavy_ion, ProtonResponse(30.0, 10.0, 1.0, 1e-11), shield=shield, name="LM7912")


@cache
def _stopping(element: str) -> np.ndarray:
    layer = _layer(element)
    return np.asarray(eqx.filter_jit(layer.stopping_power)(jnp.ones(1), jnp.array([_PSTAR_ENERGY])))[0]


@cache
def _range(element: str) -> np.ndarray:
    # 60 points a decade from 1 keV; every reference energy is one of them
    grid = np.geomspace(1e-3, 1e3, 361)
    ranges = np.asarray(eqx.filter_jit(_layer(element).proton_range)(jnp.asarray(grid)))
    return np.array([ranges[np.argmin(abs(grid - energy))] for energy in _RANGE_ENERGY])


@cache
def _iron_let() -> np.ndarray:
    energy = jnp.array([[point[0] for point in _IRON_LET]])
    return np.asarray(eqx.filter_jit(_layer("Si").stopping_power)(jnp.array([26.0]), energy))[0] * 1e-3


@cache
def _iron_attenuation() -> dict[float, float]:
    """Flux in front of the shield over flux behind it at the same energy."""
    energy, flux = np.array(creme96.IRON_OUTSIDE).T
    rate = upset_rate(_lm7912((_layer("Al"),)), ParticleEnvironment.from_spectrum([26], energy, flux[None]))
    index = {value: int(np.argmin(abs(rate.energy - value))) for value in (100.0, 1000.0)}
    return {value: float(rate.flux_outside[25, k] / rate.flux_behind[25, k]) for value, k in index.items()}


@cache
def _galactic_above_cutoff() -> dict[int, float]:
    rate = upset_rate(_lm7912(), ParticleEnvironment.from_galactic(10.0, altitude=800e3))
    k = int(np.argmin(abs(rate.energy - 39810.717)))
    return {z: float(rate.flux_outside[z - 1, k]) for z in (8, 26)}


def _lm7912_heavy_ion_rate() -> float:
    let, flux = np.array(creme96.LET_SPECTRUM).T
    return float(upset_rate(_lm7912(), ParticleEnvironment.from_let_spectrum(let, flux)).heavy_ion_rate_per_bit)


def _lm7912_proton_rate() -> float:
    energy, flux = np.array(creme96.PROTONS_BEHIND).T
    environment = ParticleEnvironment.from_spectrum([1], energy, flux[None])
    return float(upset_rate(_lm7912(), environment).proton_rate_per_bit)


_BOX = (3.0, 2.0, 0.5)  # um
_BOX_SURFACE = 2.0 * (3.0 * 2.0 + 2.0 * 0.5 + 0.5 * 3.0)
_BOX_VOLUME = 3.0 * 2.0 * 0.5


def _chord_moment(power: int, points: int = 400) -> float:
    """Mean of chord^power through the box, int_0^max power s^(power-1) C(>s) ds."""
    response = HeavyIonResponse(1.0, 1.0, 1.0, 6e-8, _BOX)
    # The density jumps where s meets an edge or a face's diagonal: Gauss-Legendre between these lengths.
    edges = np.array(_BOX)
    faces = np.sqrt(edges**2 @ np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1]]))
    breaks = np.unique(np.concatenate([[0.0], edges, faces, [np.sqrt((edges**2).sum())]]))
    node, weight = np.polynomial.legendre.leggauss(points // (breaks.size - 1))
    half, middle = 0.5 * np.diff(breaks)[:, None], 0.5 * (breaks[1:] + breaks[:-1])[:, None]
    s, w = (middle + half * node).ravel(), (half * weight).ravel()
    longer = np.asarray(eqx.filter_jit(response.longer_chord_fraction)(jnp.asarray(s)))
    return float(np.sum(w * power * s ** (power - 1) * longer))


def _slab_fraction() -> float:
    response = HeavyIonResponse(1.0, 1.0, 1.0, 1.0, (1e4, 1e4, 1.0))
    return float(eqx.filter_jit(response.longer_chord_fraction)(jnp.array([2.0]))[0])


_SPHERE = 2.0  # um


def _sphere_response(onset: float = 1.0) -> HeavyIonResponse:
    return HeavyIonResponse(onset, 0.0, 1.0, 0.25 * np.pi * _SPHERE**2 * 1e-8, [_SPHERE])


def _sphere_fraction(share: float) -> float:
    return float(eqx.filter_jit(_sphere_response().longer_chord_fraction)(jnp.asarray(share * _SPHERE)))


def _sphere_density(share: float) -> float:
    """Density of chords times the diameter: minus the slope of the fraction, by automatic differentiation."""
    return -_SPHERE * float(jax.grad(_sphere_response().longer_chord_fraction)(jnp.asarray(share * _SPHERE)))


def _sphere_rate(onset: float) -> float:
    """Rate in tracks of the integral flux L^-2 (m-2 s-1 sr-1, L from 1 to 100 MeV cm2/mg), one threshold."""
    let = np.geomspace(1.0, 100.0, 2000)
    tracks = ParticleEnvironment.from_let_spectrum(let, let**-2.0)
    return float(upset_rate(Device(_sphere_response(onset)), tracks).heavy_ion_rate_per_bit)


def _crossing_rate(volume: tuple[float, ...], plateau: float) -> float:
    """Rate of a cell that upsets at every crossing: LETs far above its sharp threshold."""
    device = Device(HeavyIonResponse(1e-3, 1e-6, 1.0, plateau, volume))
    return float(
        upset_rate(device, ParticleEnvironment.from_let_spectrum([50.0, 60.0], [1.0, 0.0])).heavy_ion_rate_per_bit
    )


def _sphere_cases() -> tuple[ReferenceCase, ...]:
    """Chords of a sphere, their density, and rates in tracks of a power law of LET."""
    source = "chords of a sphere under isotropic tracks, f(l) = 2 l/d^2, C(>l) = 1 - (l/d)^2"
    cases = []
    for share in (0.1, 0.5, 0.9):
        name, where = f"upset.chord.sphere.{share:g}", f"{share:g} of the diameter"
        cases += [
            ReferenceCase(
                name,
                f"share of chords of a sphere longer than {where}",
                "-",
                1.0 - share**2,
                1e-12,
                "a closed form",
                source,
                partial(_sphere_fraction, share),
            ),
            ReferenceCase(
                f"{name}.density",
                f"density of the chords of a sphere at {where}, times the diameter",
                "-",
                2.0 * share,
                1e-12,
                "a closed form, differentiated automatically",
                source,
                partial(_sphere_density, share),
            ),
        ]
    for onset in (2.0, 5.0, 20.0):
        # int_Lq^100 2 L^-3 (1 - (Lq/L)^2) dL, and the tracks left at 100.
        cut = 1e-4
        share = (onset**-2 - cut) - 0.5 * onset**2 * (onset**-4 - cut**2) + cut * (1.0 - onset**2 * cut)
        cases.append(
            ReferenceCase(
                f"upset.sphere.onset_{onset:g}",
                f"upset rate of a sphere of 2 um, one threshold of {onset:g} MeV cm2/mg, in tracks F = L^-2",
                "s-1",
                np.pi**2 * _SPHERE**2 * 1e-12 * share,
                2e-3,
                "tracks linear between LETs 2.9 % apart: (0.029)^2 = 9e-4 of a flux that falls as L^-2",
                source + "; Cauchy",
                partial(_sphere_rate, onset),
            )
        )
    return tuple(cases)


def _table_cases() -> tuple[ReferenceCase, ...]:
    """One case per entry of the tables of stopping powers, ranges and LETs."""
    cases: list[ReferenceCase] = []

    def add(*fields: Any) -> None:
        cases.append(ReferenceCase(*fields))

    for element, bound in (("Al", 0.025), ("Si", 0.015)):
        for k, energy in enumerate(_PSTAR_ENERGY):
            add(
                f"particle.stopping_power.{element}.{energy:g}_MeV",
                f"stopping power of {element} for protons of {energy:g} MeV",
                "MeV cm2/g",
                _PSTAR_STOPPING[element][k],
                bound,
                "shell-correction fit, and the join of low-energy fit and Bethe formula at 1 MeV; PSTAR itself 1-4 %",
                _PSTAR,
                partial(lambda element, k: float(_stopping(element)[k]), element, k),
            )
        for k, (energy, bound_of_range) in enumerate(zip(_RANGE_ENERGY, (0.05, 0.02, 0.005, 0.003), strict=True)):
            add(
                f"particle.range.{element}.{energy:g}_MeV",
                f"range of protons of {energy:g} MeV in {element}",
                "g/cm2",
                _PSTAR_RANGE_VALUE[element][k],
                bound_of_range,
                "the stopping power's error at 1 to 5 MeV, diluted toward high energy; nuclear stopping left out",
                _PSTAR_RANGE,
                partial(lambda element, k: float(_range(element)[k]), element, k),
            )
    for k, (energy, let, bound) in enumerate(_IRON_LET):
        add(
            f"particle.iron_let.{energy:g}_MeV_per_u",
            f"LET of iron of {energy:g} MeV/u in silicon",
            "MeV cm2/mg",
            let,
            bound,
            "effective charge scaled from protons: root mean square 2 to 6 % against SRIM for Z = 15 to 28",
            _SRIM,
            partial(lambda k: float(_iron_let()[k]), k),
        )
    return tuple(cases)


CASES: tuple[ReferenceCase, ...] = (
    ReferenceCase(
        "upset.heavy_ion.lm7912_from_let_spectrum",
        "heavy-ion upset rate of LM7912 from CREME96's own LET spectrum",
        "s-1",
        creme96.HEAVY_ION_RATE,
        0.01,
        "56 carried points of the spectrum within 3 %, quadrature 0.1 %, CREME96's own quadrature about 0.3 %",
        _CREME96 + ", report HUP",
        _lm7912_heavy_ion_rate,
    ),
    ReferenceCase(
        "upset.proton.lm7912_from_spectrum",
        "proton upset rate of LM7912 from CREME96's own spectrum behind the shield",
        "s-1",
        creme96.PROTON_RATE,
        0.001,
        "128 carried points follow the spectrum within 0.05 %, 3e-4 of the rate; its full table gives 0.9999",
        _CREME96 + ", report PUP",
        _lm7912_proton_rate,
    ),
    *(
        ReferenceCase(
            f"particle.transport.iron_{energy:g}_MeV_per_u",
            f"iron flux in front of 100 mil of aluminum over that behind it at {energy:g} MeV/u",
            "-",
            exact,
            bound,
            reason,
            _CREME96 + ", FLX / TFX",
            partial(lambda energy: _iron_attenuation()[energy], energy),
        )
        for energy, exact, bound, reason in (
            (100.0, 1.13215, 0.03, "CREME96 loses next to nothing to collisions here: slowing down alone makes 1.1286"),
            (1000.0, 1.041, 0.02, "stopping power of iron within 4 %, cross-section within 20 % of a loss of 3 %"),
        )
    ),
    *(
        ReferenceCase(
            f"particle.galactic.Z{z}_above_cutoff",
            f"galactic flux of Z = {z} at 39.8 GeV/u, 800 km, where no cutoff reaches",
            "m-2 s-1 sr-1 (MeV/u)-1",
            exact,
            bound,
            "two models of the same measurements: their largest difference between 0.1 and 50 GeV/u for this ion",
            _CREME96 + ", FLX",
            partial(lambda z: _galactic_above_cutoff()[z], z),
        )
        for z, exact, bound in ((8, 8.262e-7, 0.13), (26, 1.2574e-7, 0.17))
    ),
    ReferenceCase(
        "upset.chord.mean",
        "mean chord of a 3 x 2 x 0.5 um box",
        "um",
        4.0 * _BOX_VOLUME / _BOX_SURFACE,
        1e-6,
        "Gauss-Legendre quadrature of the chord distribution between its kinks",
        "4 V / S, Cauchy; Santalo, Integral Geometry and Geometric Probability (1976)",
        partial(_chord_moment, 1),
    ),
    ReferenceCase(
        "upset.chord.fourth_moment",
        "mean fourth power of the chord of a 3 x 2 x 0.5 um box",
        "um4",
        12.0 * _BOX_VOLUME**2 / (np.pi * _BOX_SURFACE),
        1e-6,
        "Gauss-Legendre quadrature of the chord distribution between its kinks",
        "12 V^2 / (pi S), Santalo, Integral Geometry and Geometric Probability (1976)",
        partial(_chord_moment, 4),
    ),
    ReferenceCase(
        "upset.chord.slab",
        "share of chords longer than twice the thickness in a wide slab",
        "-",
        0.25,
        1e-3,
        "the edges of a slab 10^4 thicknesses wide hold 2e-4 of its surface",
        "C(>l) = (h/l)^2 for l >= h, isotropic tracks through an infinite slab",
        _slab_fraction,
    ),
    ReferenceCase(
        "upset.crossings",
        "upset rate of a 3 x 2 x 0.5 um cell that upsets at every crossing, in a flux of 1 m-2 s-1 sr-1",
        "s-1",
        np.pi * _BOX_SURFACE * 1e-12,
        1e-4,
        "chords shorter than 2e-5 of the depth do not upset: the share 2e-5 of them at the LET spectrum",
        _GEOMETRY,
        partial(_crossing_rate, _BOX, 6e-8),
    ),
    ReferenceCase(
        "upset.crossings.sphere",
        "upset rate of a sphere of 2 um that upsets at every crossing, in a flux of 1 m-2 s-1 sr-1",
        "s-1",
        np.pi**2 * _SPHERE**2 * 1e-12,
        1e-8,
        "chords shorter than 2e-5 of the diameter do not upset: the share 4e-10 of them",
        _GEOMETRY,
        partial(_crossing_rate, (_SPHERE,), 0.25 * np.pi * _SPHERE**2 * 1e-8),
    ),
    *_sphere_cases(),
    *_table_cases(),
)
