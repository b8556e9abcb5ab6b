"""Dose behind aluminum from NIST's tables of electrons, their bremsstrahlung and protons (SHIELDOSE-2).

Seltzer followed electrons and their photons by Monte Carlo (ETRAN) and protons along straight lines, for particles
that come from all directions onto aluminum. His tables hold the depth-dose of one energy E at a depth z (g/cm2) in
forms that vary slowly with E, per particle that crosses the plane surface:

    protons           G = E / R        A(E, z/R)        r(E, z/R)
    electrons         G = E a / (x R)  A(E, z/(x R))    r(E, z/R)
    bremsstrahlung    G = E y / R      A(E, z/R)        r(E, z)

R is the CSDA range, a the absorbed fraction, x R the depth to which electrons come, y the radiation yield, r the dose
in the detector's material over that in aluminum. Logarithms of A are splined over the scaled depth (bremsstrahlung:
over its logarithm) and straight lines of ln E (protons: splines). Isotropic particles give behind a
slab, from one side, and at the center of a sphere, from all sides, per omnidirectional fluence Phi = 4 pi j outside

    slab    D/Phi = G_slab / 4                 (finite slab: nothing behind the detector scatters back)
    sphere  D/Phi = (G - z dG/dz) / 2          (G in the half-space).

The second is exact for straight lines: D(z) = 2 pi z int_z^inf d(t) / t^2 dt for particles whose dose at the end of
a path t is d(t), hence D - z dD/dz = 2 pi d(z), and a sphere has 4 pi d(z). What SHIELDOSE-2 prints for spheres is
half of that, "1/2 dose at center of aluminum spheres". For the sphere's dose to have a derivative in z everywhere, G
must be C2, which the splines are: nothing is held with a slope left.
Source: S. M. Seltzer, SHIELDOSE: a computer code for space-shielding radiation dose calculations, NBS Technical Note
1116 (1980), equations 1 to 14; Updated calculations for routine space-shielding radiation dose estimates: SHIELDOSE-2,
NISTIR 5477 (1994), public domain, whose numbers lie beside this file (`tools/shield_dose_tables.py` packs them).
"""

from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.particle.detectors import DETECTORS, Detector

Particle = Literal["electron", "bremsstrahlung", "proton"]
ShieldShape = Literal["sphere", "slab"]
PARTICLES: tuple[Particle, ...] = ("electron", "bremsstrahlung", "proton")

RAD = 1.602176634e-8  # rad per MeV/g
# MeV. Steps of 3 % (electrons) and 0.7 % (protons, whose depth-dose ends at the range).
_ENERGY = {
    "electron": np.geomspace(0.01, 20.0, 257),
    "bremsstrahlung": np.geomspace(0.01, 20.0, 257),
    "proton": np.geomspace(0.1, 1e3, 1281),
}
# Protons' depth-dose, still some percent of that at the surface where it ends at z = R, goes on straight behind it and
# fades out over these z/R, so that its end is seen by a grid of energies: it is what a sphere's dose is largely made
# of. They are chosen so that slabs keep the doses of the sharp end, within 4e-4.
_END = (0.93, 1.11)
_LEAST_DEPTH = 1e-6  # g/cm2: the bremsstrahlung is held at its dose there below


class DoseTable(NamedTuple):
    """One particle's depth-dose in one detector on a grid of energies; see the module's docstring."""

    energy: Float[Array, " energy"]  # MeV
    scale: Float[Array, " energy"]  # G = scale A r, MeV cm2 g-1
    length: Float[Array, " energy"]  # unit of the scaled depth of A, g/cm2
    ratio_length: Float[Array, " energy"]  # that of r, g/cm2
    knot: Float[Array, " knot"]  # scaled depths of ln A; of their logarithms for bremsstrahlung
    dose: Float[Array, "energy interval 4"]  # cubic coefficients of ln A in each interval
    ratio_knot: Float[Array, " ratio_knot"]
    ratio: Float[Array, "energy ratio_interval 4"]


def dose_energies(particle: Particle) -> Float[np.ndarray, " energy"]:
    """The energies (MeV) at which a spectrum is wanted: even in ln E."""
    return _ENERGY[particle]


def dose_response(
    particle: Particle, detector: Detector, shape: ShieldShape, depth: Float[Array, " depth"]
) -> Float[Array, "energy depth"]:
    """Dose behind aluminum per omnidirectional fluence 4 pi j in front of it (rad cm2) at `dose_energies(particle)`.

    depth (g/cm2) of aluminum, at least 0: the radius of a solid sphere around the detector with particles from all
    sides, or the thickness of a slab with particles from one side. The equations and the source stand in the
    module's docstring. Valid for electrons from 10 keV to 20 MeV, protons to 1 GeV (beyond, the secondaries
    of nuclei are not absorbed where they are made, as the tables have it: not for cosmic rays); materials other than
    aluminum count by their mass, which holds for electrons within some 20 % up to iron, while heavy metals make more
    bremsstrahlung than the tables know. The tables' own statistics are a few percent, where electrons no longer reach
    (beyond 1.3 R) some ten. Differentiable in depth: slab and sphere are C1 at every depth, but for r of electrons at
    the last knot, 1.25 R, where the sphere's slope jumps with what is left there. Bremsstrahlung is held below 1e-6
    g/cm2, with derivative zero there.
    """
    table = dose_table(particle, detector, shape, depth.dtype)
    photons = particle == "bremsstrahlung"
    held = jnp.maximum(depth, _LEAST_DEPTH) if photons else depth
    value, slope = _product(table, held[None, :], particle)
    if particle == "proton":
        present, fading = _fade(held[None, :] / table.length[:, None])
        value, slope = present * value, present * slope + fading / table.length[:, None] * value
    if shape == "slab":
        return 0.25 * RAD * value
    if photons:
        slope = jnp.where(depth > _LEAST_DEPTH, slope, 0.0)
    return 0.5 * RAD * (value - held * slope)


def spectrum_dose(
    energy: Float[Array, " energy"], flux: Float[Array, " energy"], response: Float[Array, "energy depth"]
) -> Float[Array, " depth"]:
    """Dose rate (rad/s) of a differential flux (m-2 s-1 sr-1 MeV-1), the mean over all directions.

    D = 4 pi 1e-4 int (D/Phi) j E d ln E by the trapezoidal rule; energy (MeV) even in ln E. Linear in the flux. A
    fluence (m-2 sr-1 MeV-1) gives the dose (rad).
    """
    step = jnp.log(energy[1] / energy[0])
    ends = jnp.ones_like(energy).at[0].set(0.5).at[-1].set(0.5)
    return 4e-4 * jnp.pi * step * ((flux * energy * ends) @ response)


def dose_table(particle: Particle, detector: Detector, shape: ShieldShape, dtype: Any = float) -> DoseTable:
    """The table behind `dose_response`; made once in numpy."""
    if detector not in DETECTORS:
        raise ValueError(f"detector {detector!r} is not tabulated; tabulated are {', '.join(DETECTORS)}")
    if particle not in PARTICLES or shape not in ("sphere", "slab"):
        raise ValueError(f"{particle!r} behind a {shape!r} is not tabulated: {', '.join(PARTICLES)}; sphere or slab")
    return DoseTable(*(jnp.asarray(part, dtype) for part in _prepared(particle, detector, shape)))


def _product(table: DoseTable, depth: Array, particle: Particle) -> tuple[Array, Array]:
    """G and its derivative by the depth (g/cm2), each [energy, depth]."""

    def scaled(length: Array) -> tuple[Array, Array]:
        x = depth / length[:, None]
        return (jnp.log(x), 1.0 / depth) if particle == "bremsstrahlung" else (x, 1.0 / length[:, None])

    x, rate = scaled(table.length)
    log_dose, log_slope = _cubic(table.knot, table.dose, x)
    x, ratio_rate = scaled(table.ratio_length)
    ratio, ratio_slope = _cubic(table.ratio_knot, table.ratio, x, held=particle == "electron")
    positive = ratio > 0.0
    ratio, ratio_slope = jnp.where(positive, ratio, 0.0), jnp.where(positive, ratio_slope, 0.0)
    dose = table.scale[:, None] * jnp.exp(log_dose)
    return dose * ratio, dose * (log_slope * rate * ratio + ratio_slope * ratio_rate)


def _fade(x: Array) -> tuple[Array, Array]:
    """One before _END, zero behind it, C2 between; and its derivative."""
    begin, end = _END
    u = jnp.clip((x - begin) / (end - begin), 0.0, 1.0)
    return 1.0 - u**3 * (10.0 - u * (15.0 - 6.0 * u)), -30.0 * (u * (1.0 - u)) ** 2 / (end - begin)


def _cubic(knot: Array, coefficient: Array, x: Array, held: bool = False) -> tuple[Array, Array]:
    """Value and slope of each row's piecewise cubic at x [row, point]; held, or straight on, beyond the last knot."""
    inside = jnp.clip(x, knot[0], knot[-1])
    k = jnp.clip(jnp.searchsorted(knot, inside, side="right") - 1, 0, knot.shape[0] - 2)
    c = jnp.take_along_axis(coefficient, k[..., None], axis=1)
    u = inside - knot[k]
    value = c[..., 0] + u * (c[..., 1] + u * (c[..., 2] + u * c[..., 3]))
    slope = c[..., 1] + u * (2.0 * c[..., 2] + 3.0 * u * c[..., 3])
    if held:
        return value, jnp.where(x == inside, slope, 0.0)
    return value + slope * (x - inside), slope


@lru_cache
def source_tables() -> dict[str, np.ndarray]:
    """NIST's numbers by name, as `tools/shield_dose_tables.py` packs them."""
    with files("caloris_kernels.particle").joinpath("tables", "shield_dose.npz").open("rb") as file:
        found = np.load(file)
        return {name: found[name] for name in found}


@lru_cache
def _prepared(particle: str, detector: str, shape: str) -> tuple[np.ndarray, ...]:
    """The parts of a DoseTable, in numpy."""
    source, energy = source_tables(), _ENERGY[particle]
    material, side = DETECTORS.index(detector), ("sphere", "slab").index(shape)
    log_energy, ones = np.log(energy), np.ones_like(energy)
    if particle == "proton":
        reach = _log_spline(source["proton_range_energy"], source["proton_range"], energy)
        nodes = np.log(source["proton_energy"])
        # The second of two sets: with protons lost to nuclei, whose charged secondaries are absorbed at once.
        rows = np.log(source["proton_dose"][:, 1]), source["proton_ratio"][:, material]
        dose, ratio = (np.stack([natural_spline_at(nodes, x, log_energy) for x in part.T], axis=1) for part in rows)
        log_dose = natural_spline(source["proton_depth"], np.log(ratio) + dose)
        unit = np.zeros((len(energy), 1, 4)) + np.array([1.0, 0.0, 0.0, 0.0])
        return energy, energy / reach, reach, ones, source["proton_depth"], log_dose, np.array([0.0, 1.0]), unit
    reach = _log_spline(source["electron_range_energy"], source["electron_range"], energy)
    nodes = np.log(source["electron_energy"])
    rows = "electron" if particle == "electron" else "photon"
    log_dose = _linear_rows(nodes, np.log(source[f"{rows}_dose"]), log_energy)
    ratio = np.maximum(_linear_rows(nodes, source[f"{rows}_ratio"][:, material, side], log_energy), 0.0)
    if particle == "electron":
        extent = np.exp(natural_spline_at(nodes, np.log(source["electron_extent"]), log_energy)) * reach
        absorbed = np.exp(natural_spline_at(nodes, np.log(source["electron_absorbed"]), log_energy))
        dose_knot, ratio_knot = source["electron_depth"], source["electron_ratio_depth"]
        cubics = natural_spline(dose_knot, log_dose), natural_spline(ratio_knot, ratio, level_end=True)
        return energy, energy * absorbed / extent, extent, reach, dose_knot, cubics[0], ratio_knot, cubics[1]
    radiated = _log_spline(source["electron_range_energy"], source["radiation_yield"], energy)
    dose_knot, ratio_knot = np.log(source["photon_depth"]), np.log(source["photon_ratio_depth"])
    cubics = natural_spline(dose_knot, log_dose), natural_spline(ratio_knot, ratio)
    return energy, energy * radiated / reach, reach, ones, dose_knot, cubics[0], ratio_knot, cubics[1]


def _log_spline(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Natural spline of ln y over ln x."""
    return np.exp(natural_spline_at(np.log(x), np.log(y), np.log(at)))


def _linear_rows(x: np.ndarray, rows: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Each column of rows [x, column] interpolated by straight lines: [at, column]."""
    return np.stack([np.interp(at, x, column) for column in rows.T], axis=1)


def natural_spline(knot: np.ndarray, values: np.ndarray, level_end: bool = False) -> np.ndarray:
    """Cubic coefficients [..., interval, 4] of the natural spline through values [..., knot] (numpy; not traced).

    level_end: with the slope zero at the last knot instead, for what is held beyond it.
    """
    width, count = np.diff(knot), len(knot)
    matrix, right = np.eye(count), np.zeros((*values.shape[:-1], count))
    secant = np.diff(values, axis=-1) / width
    row = np.arange(1, count - 1)
    matrix[row, row - 1], matrix[row, row], matrix[row, row + 1] = width[:-1], 2.0 * (width[:-1] + width[1:]), width[1:]
    right[..., 1:-1] = 3.0 * np.diff(secant, axis=-1)
    if level_end:
        matrix[-1, -2:] = width[-1] * np.array([1.0, 2.0])
        right[..., -1] = -3.0 * secant[..., -1]
    second = np.linalg.solve(matrix, right[..., None])[..., 0]
    slope = secant - width * (2.0 * second[..., :-1] + second[..., 1:]) / 3.0
    third = np.diff(second, axis=-1) / (3.0 * width)
    return np.stack([values[..., :-1], slope, second[..., :-1], third], axis=-1)


def natural_spline_at(knot: np.ndarray, values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The natural spline through values [knot], held beyond the ends (numpy; not traced)."""
    held = np.clip(at, knot[0], knot[-1])
    k = np.clip(np.searchsorted(knot, held, side="right") - 1, 0, len(knot) - 2)
    c, u = natural_spline(knot, values)[k], held - knot[k]
    return c[:, 0] + u * (c[:, 1] + u * (c[:, 2] + u * c[:, 3]))
