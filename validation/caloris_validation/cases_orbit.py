"""Reference cases: orbits, eclipses and the planet's heating, through the public orbit and planet models."""

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from caloris.model.orbit import Orbit, days_since_j2000
from caloris.model.planet import Planet
from caloris_validation.reference_case import ReferenceCase

MEAN_RADIUS, EQUATORIAL_RADIUS = 6371e3, 6378.137e3
_ROUNDING = "closed form in float64; the bound is the last printed digit of the reference"


@eqx.filter_jit
def _infrared(planet: Planet, altitude, tilts):
    """Infrared on plates tilted from nadir per unit of the planet's exitance."""
    state = Orbit.from_beta(planet, altitude, 0.0).state_at_phase(jnp.zeros(1), True)
    normals = jnp.stack([-jnp.cos(tilts), jnp.sin(tilts), jnp.zeros_like(tilts)], axis=-1)
    return planet.infrared_on(normals, state)[0] / planet.infrared_flux


def _plate_view_factor(radius: float, altitude: float, tilt: float) -> float:
    return float(_infrared(Planet(radius=radius), altitude, jnp.deg2rad(jnp.array([tilt])))[0])


def _sphere_view_factor(radius: float, plates: int = 200) -> float:
    """A small sphere at 550 km as the mean over plates of all orientations (Gauss in the cosine of the tilt)."""
    nodes, weights = np.polynomial.legendre.leggauss(plates)
    factors = _infrared(Planet(radius=radius), 550e3, jnp.arccos(jnp.asarray(nodes)))
    return float(0.5 * jnp.sum(jnp.asarray(weights) * factors))


@eqx.filter_jit
def _albedo(planet: Planet, phase):
    """Albedo flux on a nadir plate at solar zenith angles of 2 pi phase, per a S."""
    state = Orbit.from_beta(planet, 408e3, 0.0).state_at_phase(phase, True)
    flux = jax.vmap(lambda normal, one: planet.albedo_on(normal[None], one)[0, 0])(
        -state.zenith, jax.tree.map(lambda array: array[:, None], state)
    )
    return flux / (planet.albedo * planet.solar_flux)


def _albedo_factor(zenith_angle: float) -> float:
    return float(_albedo(Planet(radius=MEAN_RADIUS), jnp.array([zenith_angle / 360]))[0])


@eqx.filter_jit
def _eclipse(radius, altitude, beta, shadow: Literal["cone", "cylinder"]):
    return Orbit.from_beta(Planet(radius=radius), altitude, beta).eclipse_fraction(shadow)


def _eclipse_fraction(
    radius: float, altitude: float, beta: float, shadow: Literal["cone", "cylinder"] = "cylinder"
) -> float:
    return float(_eclipse(jnp.asarray(radius), jnp.asarray(altitude), jnp.deg2rad(beta), shadow))


def _critical_beta(radius: float, altitude: float) -> float:
    """Beta angle in deg at which the eclipse vanishes, by bisection of the orbit's eclipse fraction."""
    low, high = 60.0, 80.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        shadowed = _eclipse_fraction(radius, altitude, middle) > 0
        low, high = (middle, high) if shadowed else (low, middle)
    return 0.5 * (low + high)


def _eclipse_derivative(index: int, forward: bool) -> float:
    """Derivative of the eclipse fraction by altitude (per km) or beta (per rad), 408 km, 30 deg."""

    def fraction(altitude_km, beta):
        return _eclipse(jnp.asarray(MEAN_RADIUS), 1e3 * altitude_km, beta, "cylinder")

    transform = jax.jacfwd if forward else jax.grad
    return float(transform(fraction, index)(jnp.asarray(408.0), jnp.deg2rad(30.0)))


def _sun_synchronous_inclination(altitude: float) -> float:
    return float(jnp.rad2deg(Orbit.sun_synchronous(Planet(), altitude, 6.0, 10215.5).inclination))


def _least_dawn_dusk_beta() -> float:
    """Least |beta| in deg of a 650 km orbit with its node at 06:00 local time, over the days of 2027."""
    days = days_since_j2000(datetime(2027, 1, 1)) + jnp.arange(365.0)
    beta = jax.jit(jax.vmap(lambda day: Orbit.sun_synchronous(Planet(), 650e3, 6.0, day).beta()))(days)
    return float(jnp.rad2deg(jnp.min(jnp.abs(beta))))


@eqx.filter_jit
def _zenith_face(orbit: Orbit, phase):
    """Mean direct flux on a zenith face; the face turns away from the Sun before the eclipse begins."""
    state = orbit.state_at_phase(phase, True)
    cosine = jnp.sum(state.zenith * state.sun_direction, axis=1)
    return jnp.mean(state.solar_flux * state.lit_fraction * jnp.maximum(cosine, 0))


def _zenith_face_flux(steps: int = 360) -> float:
    """Orbit-mean direct flux on a zenith face at beta 0; steps divisible by 4 end cells at the terminator."""
    return float(_zenith_face(Orbit.from_beta(Planet(), 408e3, 0.0), (jnp.arange(steps) + 0.5) / steps))


def _zenith_face_order() -> float:
    exact = 1361 / np.pi
    errors = [abs(_zenith_face_flux(steps) - exact) for steps in (180, 360)]
    return float(np.log2(errors[0] / errors[1]))


def _case(name, quantity, unit, exact, bound, reason, source, measure: Callable[[], float], **options):
    return ReferenceCase(name, quantity, unit, exact, bound, reason, source, measure, **options)


def _plates():
    source = "Cunningham, NASA TN D-710 (1961); independent quadrature, 6 digits"
    table = (
        (MEAN_RADIUS, 408e3, (0.883251, 0.658386, 0.286786, 0.0932682)),
        (MEAN_RADIUS, 650e3, (0.823412, 0.601721, 0.240574, 0.0670628)),
        (EQUATORIAL_RADIUS, 650e3, (0.823583, 0.601873, 0.240691, 0.0671254)),
    )
    for radius, altitude, factors in table:
        for tilt, factor in zip((0.0, 45.0, 90.0, 120.0), factors, strict=True):
            yield _case(
                f"planet-plate-{radius / 1e3:.0f}km-{altitude / 1e3:.0f}km-{tilt:.0f}deg",
                "view factor from a plate element to the planet",
                "1",
                factor,
                1e-6,
                _ROUNDING,
                source,
                functools.partial(_plate_view_factor, radius, altitude, tilt),
            )


def _spheres():
    for radius, factor in ((MEAN_RADIUS, 0.304666), (EQUATORIAL_RADIUS, 0.304763)):
        yield _case(
            f"planet-sphere-{radius / 1e3:.0f}km",
            "view factor from a small sphere at 550 km to the planet",
            "1",
            factor,
            3e-6,
            "mean over 200 plates, whose view factor has two contacts of class C1: 1e-6, and the last digit",
            "(1/2)(1 - sqrt(1 - 1/H^2)), elementary solid angle",
            functools.partial(_sphere_view_factor, radius),
        )


def _albedos():
    for angle, factor, bound in ((0, 0.87957, 5e-5), (30, 0.76173, 5e-5), (60, 0.43978, 1e-4), (90, 0.02056, 2e-4)):
        yield _case(
            f"planet-albedo-{angle}deg",
            "albedo on a nadir plate at 408 km, R 6371 km, per a S, by solar zenith angle",
            "1",
            factor,
            bound,
            "16 x 32 points over the visible cap; with the terminator in view 2e-4 of the subsolar value",
            "independent quadrature, 5 digits",
            functools.partial(_albedo_factor, float(angle)),
            absolute=True,
        )


def _eclipses():
    source = "(1/pi) acos(sqrt(h^2 + 2 R h)/(a cos beta)), cylinder of shadow"
    table = (
        (EQUATORIAL_RADIUS, 408e3, 0, 0.389061),
        (EQUATORIAL_RADIUS, 408e3, 30, 0.370972),
        (EQUATORIAL_RADIUS, 408e3, 60, 0.260664),
        (EQUATORIAL_RADIUS, 650e3, 0, 0.362023),
        (MEAN_RADIUS, 408e3, 0, 0.389002),
        (MEAN_RADIUS, 408e3, 30, 0.370902),
        (MEAN_RADIUS, 408e3, 60, 0.260513),
    )
    for radius, altitude, beta, fraction in table:
        yield _case(
            f"eclipse-fraction-{radius / 1e3:.0f}km-{altitude / 1e3:.0f}km-{beta}deg",
            "part of the orbit in the cylinder of shadow",
            "1",
            fraction,
            1e-6,
            "edges are bisected to rounding; last printed digit",
            source,
            functools.partial(_eclipse_fraction, radius, altitude, float(beta)),
            absolute=True,
        )
    for radius, altitude, beta in ((EQUATORIAL_RADIUS, 408e3, 70.031), (EQUATORIAL_RADIUS, 650e3, 65.164),
                                   (MEAN_RADIUS, 408e3, 70.020)):  # fmt: skip
        yield _case(
            f"eclipse-limit-{radius / 1e3:.0f}km-{altitude / 1e3:.0f}km",
            "beta angle beyond which there is no eclipse",
            "deg",
            beta,
            6e-4,
            "last printed digit",
            "sin(beta*) = R/(R + h)",
            functools.partial(_critical_beta, radius, altitude),
            absolute=True,
        )
    yield _case(
        "eclipse-cone-408km-60deg",
        "part of the orbit in shadow by the cone model, penumbra counted half",
        "1",
        0.260664,
        3e-5,
        "the Sun is not at infinity: the shadow of its center widens by R/d = 4.3e-5 rad, which moves each "
        "edge by at most 4.3e-5 / (2 pi) of a turn times the slope of the edge by angle (2 at beta 60 deg)",
        source,
        functools.partial(_eclipse_fraction, EQUATORIAL_RADIUS, 408e3, 60.0, "cone"),
        absolute=True,
    )


def _derivatives():
    for index, name, unit, exact in ((0, "altitude", "km-1", -1.52529e-4), (1, "beta", "rad-1", -0.0789095)):
        for forward in (True, False):
            yield _case(
                f"eclipse-derivative-{name}-{'forward' if forward else 'reverse'}",
                f"derivative of the eclipse fraction by {name}, 408 km, R 6371 km, beta 30 deg",
                unit,
                exact,
                5e-6,
                "implicit derivative of an edge found to rounding; 6 printed digits",
                "derivative of (1/pi) acos(sqrt(h^2 + 2 R h)/(a cos beta))",
                functools.partial(_eclipse_derivative, index, forward),
            )


def _orbits():
    for radius, period in ((EQUATORIAL_RADIUS, 5563.459), (MEAN_RADIUS, 5554.685)):
        yield _case(
            f"orbit-period-{radius / 1e3:.0f}km",
            "period at 408 km",
            "s",
            period,
            1e-7,
            "last printed digit",
            "2 pi sqrt(a^3/mu), mu 398600.4418 km3/s2",
            lambda radius=radius: float(Orbit.from_beta(Planet(radius=radius), 408e3, 0.0).period),
        )
    for altitude, inclination in ((550e3, 97.5930), (650e3, 97.9860)):
        yield _case(
            f"sun-synchronous-{altitude / 1e3:.0f}km",
            "inclination of the sun-synchronous circular orbit",
            "deg",
            inclination,
            1e-4,
            "last printed digit",
            "secular J2 rate (Vallado 2013, eq. 9-37) = 360 deg per tropical year, J2 1.08262668e-3",
            functools.partial(_sun_synchronous_inclination, altitude),
            absolute=True,
        )
    yield _case(
        "dawn-dusk-least-beta-650km",
        "least |beta| over a year of a dawn-dusk orbit at 650 km: below 65.164 deg, so it has an eclipse season",
        "deg",
        58.57,
        0.02,
        "printed digit (0.005), daily sampling (0.001) and the equation of time, up to 0.4 deg of node at the "
        "solstice (0.003); the Sun's position is good to 0.01 deg",
        "90 deg - (97.986 - 90) deg - 23.44 deg",
        _least_dawn_dusk_beta,
        absolute=True,
    )
    yield _case(
        "zenith-face-mean-flux",
        "orbit-mean direct solar flux on a zenith face, beta 0",
        "W m-2",
        433.220,
        2e-5,
        "midpoint rule with 360 steps over a cosine cut at its zero: (pi/360)^2/6 = 1.3e-5",
        "S/pi, S 1361 W/m2",
        _zenith_face_flux,
        observed_order=_zenith_face_order,
        expected_order=1.9,
    )


CASES: tuple[ReferenceCase, ...] = (
    *_plates(),
    *_spheres(),
    *_albedos(),
    *_eclipses(),
    *_derivatives(),
    *_orbits(),
)
