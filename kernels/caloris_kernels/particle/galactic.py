"""Galactic cosmic rays: the modified ISO model of Matthia and others, hydrogen to nickel."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

# Table 1 of Matthia et al. (2013): spectra of Z = 1 to 28.
ATOMIC_NUMBER = np.arange(1, 29)
# fmt: off
MASS_NUMBER = np.array([
    1, 4, 6.9, 9, 10.8, 12, 14, 16, 19, 20.2, 23, 24.3, 27, 28.1, 31, 32.1, 35.4, 39.9, 39.1, 40.1, 44.9, 47.9,
    50.9, 52, 54.9, 55.8, 58.9, 58.7,
])  # u per nucleus; used as nucleons per nucleus
_AMPLITUDE = np.array([
    1.85e4, 3.69e3, 19.5, 17.7, 49.2, 103, 36.7, 87.4, 3.19, 16.4, 4.43, 19.3, 4.17, 13.4, 1.15, 3.06, 1.30, 2.33,
    1.87, 2.17, 0.74, 2.63, 1.23, 2.12, 1.14, 9.32, 0.10, 0.48,
])  # m-2 s-1 sr-1 GV-1
_RIGIDITY_EXPONENT = np.array([
    2.74, 2.77, 2.82, 3.05, 2.96, 2.76, 2.89, 2.70, 2.82, 2.76, 2.84, 2.70, 2.77, 2.66, 2.89, 2.71, 3.00, 2.93,
    3.05, 2.77, 2.97, 2.99, 2.94, 2.89, 2.74, 2.63, 2.63, 2.63,
])
_SPEED_EXPONENT = np.array([
    2.85, 3.12, 3.41, 4.30, 3.93, 3.18, 3.77, 3.11, 4.05, 3.11, 3.14, 3.65, 3.46, 3.00, 4.04, 3.30, 4.40, 4.33,
    4.49, 2.93, 3.78, 3.79, 3.50, 3.28, 3.29, 3.01, 4.25, 3.52,
])
# fmt: on


def galactic_flux(energy: Float[Array, "28 energy"], solar_modulation: Float[Array, ""]) -> Float[Array, "28 energy"]:
    """Differential flux of galactic nuclei near the Earth, outside its field (m-2 s-1 sr-1 (MeV/u)-1).

    Phi(R) = C beta^alpha R^-gamma [R / (R + R0)]^Delta,  R0 = 0.37 + 3e-4 W^1.45 GV,  Delta = 0.02 W + 4.7,
    j(E) = Phi (A/Z) 1e-3 / beta;  rigidity R = (A/Z) sqrt(E (E + 2 m)) (GV), nucleon mass m (GeV), beta = v/c.

    energy (MeV/u) has a row per atomic number Z = 1 to 28; solar_modulation W (-) is 0 to 15 at solar
    minimum and 100 to 150 at maximum, W = 638.7 - 0.093 (Oulu neutron monitor counts per minute).
    Source: Matthia, Berger, Mrigakshi, Reitz, Adv. Space Res. 51, 329 (2013), equations 3 to 7 and table 1,
    doi 10.1016/j.asr.2012.09.022. Fitted to 10 MeV/u and above and 0 <= W <= 200; below 10 MeV/u this is
    its continuation, without anomalous cosmic rays, which a shield of 1 mm of aluminum stops.
    """
    nucleon_mass = jnp.where(ATOMIC_NUMBER == 1, 0.938, 0.939).astype(energy.dtype)[:, None]  # GeV
    nucleons_per_charge = jnp.asarray(MASS_NUMBER / ATOMIC_NUMBER, energy.dtype)[:, None]
    amplitude, steepness, speed_exponent = (
        jnp.asarray(column, energy.dtype)[:, None] for column in (_AMPLITUDE, _RIGIDITY_EXPONENT, _SPEED_EXPONENT)
    )
    kinetic = energy * 1e-3  # GeV/u
    momentum = jnp.sqrt(kinetic * (kinetic + 2.0 * nucleon_mass))
    rigidity = nucleons_per_charge * momentum
    speed = momentum / (kinetic + nucleon_mass)
    # W^1.45 has an infinite second derivative at W = 0 but a finite first one; the guard keeps it free of NaN.
    positive = solar_modulation > 0.0
    power = jnp.where(positive, jnp.where(positive, solar_modulation, 1.0) ** 1.45, 0.0)
    turnover = 0.37 + 3e-4 * power
    modulation = (4.7 + 0.02 * solar_modulation) * jnp.log(rigidity / (rigidity + turnover))
    flux = amplitude * speed ** (speed_exponent - 1.0) * rigidity**-steepness * jnp.exp(modulation)
    return flux * nucleons_per_charge * 1e-3


def visible_sky_fraction(altitude: Float[Array, ""], planet_radius: Float[Array, ""]) -> Float[Array, ""]:
    """Fraction of the sky a planet of radius R leaves free at altitude h (-): [1 + sqrt(1 - (R/(R + h))^2)] / 2.

    The straight-line shadow of the solid planet on an isotropic flux; altitude and planet_radius in m.
    Exact for a sphere; at the surface the fraction is 1/2 and its slope in h is infinite (given as zero).
    """
    square = 1.0 - (planet_radius / (planet_radius + altitude)) ** 2
    outside = square > 0.0
    return 0.5 * (1.0 + jnp.where(outside, jnp.sqrt(jnp.where(outside, square, 1.0)), 0.0))
