"""Absorptance by angle of incidence: a transparent cover over an opaque backing (mirrors under quartz, solar cells).

A second-surface mirror (quartz or FEP over silver) and a solar cell under cover glass are the same thing in
different numbers: a smooth dielectric of index n and optical depth k (normal passage, one way) over a backing that
reflects the part b. With the surface's Fresnel reflectance r(theta) and x(theta) = b exp(-2 k / cos theta_n), theta_n
the angle inside, all passes to and fro add up for each polarization to

    alpha = (1 - r) (1 - x) / (1 - r x),    unpolarized light: the mean of both polarizations.

b follows from the absorptance at normal incidence, so a case states what is measured, and n. Absorptance falls to
zero at grazing incidence like the cover's transmittance; where most of the light comes back (alpha small) it first
stays nearly constant to some 60 degrees.

Sources: Fresnel's formulas in Born & Wolf, Principles of Optics, ch. 1.5; the sum of passes without interference in
Siegel & Howell, Thermal Radiation Heat Transfer, ch. on windows and coatings; for cells De Soto, Klein & Beckman,
Solar Energy 80 (2006) 78, doi:10.1016/j.solener.2005.06.010 (b = 0). Valid for covers much thicker than the
wavelength, n > 1, b and n of the whole band; the change of the backing's own reflectance with the angle is left
out, and so are antireflection layers.
"""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def fresnel_reflectance(
    cosine: Float[Array, "..."], index: Float[Array, "..."]
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """Reflectance of a smooth dielectric from outside, for light polarized across and in the plane of incidence (-).

    r_s = ((c - n c_n) / (c + n c_n))^2,  r_p = ((n c - c_n) / (n c + c_n))^2,  n c_n = (n^2 - 1 + c^2)^(1/2)

    cosine c of the angle of incidence, 0 to 1; index n > 1. Smooth in both up to grazing and normal incidence.
    """
    inside = _inside_cosine(cosine, index)
    across = (cosine - index * inside) / (cosine + index * inside)
    along = (index * cosine - inside) / (index * cosine + inside)
    return across**2, along**2


def covered_absorptance(
    cosine: Float[Array, "..."],
    normal_absorptance: Float[Array, "..."],
    index: Float[Array, "..."],
    optical_depth: Float[Array, "..."] = 0.0,  # pyright: ignore[reportArgumentType]
) -> Float[Array, "..."]:
    """Absorptance (-) of a covered backing by the cosine of the angle of incidence, see above.

    normal_absorptance is that at cosine 1, at most 1 - ((n - 1)/(n + 1))^2: what enters the cover at all.
    optical_depth k is the part of the loss that lies in the cover; 0: all in the backing. It is at most
    -ln(x) / 2 with x at normal incidence: a backing reflects no more than what meets it. Smooth in everything, also
    where nothing is absorbed, at grazing incidence included.
    """
    front = ((index - 1.0) / (index + 1.0)) ** 2
    # 1 - x at normal incidence, and from there at the angle: no digits are lost where little is absorbed.
    lost = normal_absorptance * (1.0 - front) / (1.0 - front - front * normal_absorptance)
    lost = lost - (1.0 - lost) * jnp.expm1(2.0 * optical_depth * (1.0 - 1.0 / _inside_cosine(cosine, index)))

    def absorbed(reflected: Float[Array, "..."]) -> Float[Array, "..."]:
        entering = 1.0 - reflected
        whole = entering + reflected * lost  # 1 - r x
        none = whole == 0.0
        return jnp.where(none, 0.0, entering * lost / jnp.where(none, 1.0, whole))

    across, along = fresnel_reflectance(cosine, index)
    return 0.5 * (absorbed(across) + absorbed(along))


def hemispherical_mean(
    absorptance: Callable[[Float[Array, "..."]], Float[Array, "..."]],
) -> Float[Array, "..."]:
    """Absorptance for diffuse light, 2 int_0^1 alpha(c) c dc, of a function of the cosine (-).

    24-point Gauss rule, exact to 1e-8 for functions smooth in c such as `covered_absorptance` (tested). By
    Kirchhoff's law this is also the hemispherical emittance of the same band.
    """
    cosine, weight = 0.5 * (_POINTS + 1.0), 0.5 * _WEIGHTS
    values = [2.0 * w * c * absorptance(jnp.asarray(c)) for c, w in zip(cosine, weight, strict=True)]
    return jnp.sum(jnp.stack(values), axis=0)


def _inside_cosine(cosine: Float[Array, "..."], index: Float[Array, "..."]) -> Float[Array, "..."]:
    """Cosine of the angle inside the cover (Snell)."""
    return jnp.sqrt(index**2 - 1.0 + cosine**2) / index
